//! `zhida verify`: are codes valid, and what do they say?

use std::io::{self, Write};

use serde::Serialize;
use zhida_standards::uscc::Uscc;

use super::Outcome;
use crate::cli::VerifyUscc;

#[derive(Serialize)]
struct Line<'a> {
    input: &'a str,
    valid: bool,
    #[serde(flatten)]
    parts: Option<Parts>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Parts {
    code: String,
    authority: &'static str,
    kind: &'static str,
    region: String,
    region_name: Option<String>,
    region_abolished: bool,
    organisation_code: String,
    check: char,
    synthetic: bool,
}

impl Parts {
    fn of(code: &Uscc) -> Self {
        let division = code.region_division();
        Self {
            code: code.to_string(),
            authority: code.authority().name,
            kind: code.kind().name,
            region: code.region().to_owned(),
            region_name: division.as_ref().map(|division| division.full_name()),
            region_abolished: division.is_some_and(|division| division.is_historical()),
            organisation_code: code.organisation_code().to_owned(),
            check: code.check(),
            synthetic: code.is_synthetic(),
        }
    }

    fn text(&self) -> String {
        let region = match (&self.region_name, self.region_abolished) {
            (Some(name), false) => name.clone(),
            (Some(name), true) => format!("{name}（已撤销）"),
            (None, _) => "未列入区划表".to_owned(),
        };
        let (body, inner) = self.organisation_code.split_at(8);
        let synthetic = if self.synthetic {
            "  自定义区代码（非真实主体）"
        } else {
            ""
        };
        format!(
            "{}  有效  {}·{}  {} {region}  组织机构代码 {body}-{inner}  校验码 {}{synthetic}",
            self.code, self.authority, self.kind, self.region, self.check
        )
    }
}

/// `zhida verify uscc CODE…`.
pub fn uscc(arguments: &VerifyUscc) -> io::Result<Outcome> {
    let mut out = io::stdout().lock();
    let mut all = true;
    for input in &arguments.codes {
        let parsed = Uscc::parse(input);
        all &= parsed.is_ok();
        let line = Line {
            input,
            valid: parsed.is_ok(),
            parts: parsed.as_ref().ok().map(Parts::of),
            error: parsed.as_ref().err().map(ToString::to_string),
        };
        match (&line.parts, &line.error) {
            _ if arguments.json => {
                serde_json::to_writer(&mut out, &line)?;
                writeln!(out)?;
            }
            (Some(parts), _) => writeln!(out, "{}", parts.text())?,
            (None, error) => {
                writeln!(
                    out,
                    "{input}  无效  {}",
                    error.as_deref().unwrap_or_default()
                )?;
            }
        }
    }
    Ok(Outcome::of(all))
}
