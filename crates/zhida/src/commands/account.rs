//! `zhida account`: for people who cannot sign in any more, by whoever runs the machine.

use anyhow::Result;
use zhida_platform::access::Viewer;

use super::{Outcome, open, say};
use crate::cli::ResetPassword;

/// `zhida account reset-password LOGIN`.
pub async fn reset_password(arguments: &ResetPassword) -> Result<Outcome> {
    let people = open(&arguments.store).await?.people;
    let viewer = Viewer::system("命令行");
    let account = people.account_by_login(&viewer, &arguments.login).await?;
    let password = people.reset_password(&viewer, account.id).await?;
    if arguments.second_factor {
        people.reset_factor(&viewer, account.id).await?;
    }
    say(format!(
        "{}（{}）的初始密码：{}",
        account.name,
        account.login,
        password.expose()
    ))?;
    say("只显示这一次；首次登录要修改，原来的登录都已退出。")?;
    if !people.identities(&viewer, account.id).await?.is_empty() {
        say("这个账号关联了统一身份，仍可用它登录；不该再用的，请系统管理员在账号页面解除关联。")?;
    }
    Ok(Outcome::Good)
}
