//! `zhida message`: why mails do not arrive, for whoever runs the machine.

use anyhow::Result;
use zhida_platform::clock::{Clock, SystemClock};
use zhida_platform::config::Config;
use zhida_platform::messages::{ProbeStep, probe_mail};

use super::{Outcome, say};
use crate::cli::MessageTest;

/// `zhida message test 收件人`. It needs no database and no running server.
pub async fn test(arguments: &MessageTest) -> Result<Outcome> {
    let config = Config::load(arguments.config.as_deref())?;
    let mut tell = |step: ProbeStep| {
        let (sign, words) = match &step.outcome {
            Ok(words) => ("✔", words),
            Err(words) => ("✘", words),
        };
        // the reader of a pipe may be gone; the mail is sent all the same
        let _ = say(format!("{sign} {}：{words}", step.name));
    };
    let taken = probe_mail(
        &config.mail,
        arguments.to.trim(),
        SystemClock.now(),
        &mut tell,
    )
    .await?;
    if taken {
        say("测试邮件已交给邮件服务器。")?;
        return Ok(Outcome::Good);
    }
    say("测试邮件没有发出。改正后请再试一次。")?;
    Ok(Outcome::Bad)
}
