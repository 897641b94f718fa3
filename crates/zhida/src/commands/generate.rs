//! `zhida generate`: a city for demo, tests and benchmarks.

use anyhow::{Context, Result};
use zhida_demo::{City, generate};
use zhida_platform::progress::Progress;
use zhida_standards::division::DivisionCode;

use super::{Outcome, say};
use crate::{cli::GenerateCity, terminal::Terminal};

/// `zhida generate city`.
pub fn city(arguments: &GenerateCity) -> Result<Outcome> {
    let division = DivisionCode::parse(&arguments.division)
        .with_context(|| format!("“{}”不是行政区划代码", arguments.division))?;
    let city = City {
        enterprises: arguments.enterprises,
        items: arguments.items,
        seed: arguments.seed,
        division,
        only_enterprises: arguments.only_enterprises,
        ..City::default()
    };
    let terminal = Terminal::new();
    let summary = generate::city(&city, &arguments.out, |done, total| {
        terminal.report(done, Some(total), "生成企业");
    })?;
    drop(terminal);
    say(serde_json::to_string_pretty(&summary)?)?;
    Ok(Outcome::Good)
}
