//! `zhida cases`: the same report as on the page, for the whole city.

use anyhow::Result;
use serde_json::json;
use zhida_matching::text::table;
use zhida_platform::{
    access::Viewer,
    format::{count, money_fen},
    problem::Problem,
};
use zhida_redemption::{ReportLine, ReportQuery};

use super::{Outcome, open, say, write_csv};
use crate::cli::CasesReport;

/// `zhida cases report`.
pub async fn report(arguments: &CasesReport) -> Result<Outcome> {
    let room = open(&arguments.store).await?.redemption;
    let query = ReportQuery {
        by: arguments.by.slug().to_owned(),
        from: arguments.from.clone(),
        until: arguments.until.clone(),
        item: arguments.item.clone(),
    };
    let found = room
        .report(&Viewer::system("命令行"), &query)
        .await
        .map_err(Problem::from)?;
    if let Some(path) = &arguments.csv {
        write_csv(found.table(), path).await?;
        say(format!("已写入 {}", path.display()))?;
        return Ok(Outcome::Good);
    }
    if arguments.json {
        let total = found.lines.len();
        say(json!({ "items": found.lines, "total": total, "sum": found.sum }))?;
        return Ok(Outcome::Good);
    }
    if found.lines.is_empty() {
        say("没有办件")?;
        return Ok(Outcome::Good);
    }
    let headings = [
        found.by.word(),
        "受理",
        "在办",
        "逾期",
        "已决定",
        "办结",
        "已兑付",
        "按时率",
        "工作日中位",
        "九成",
        "已拨付",
    ];
    let rows: Vec<Vec<String>> = found.lines.iter().chain([&found.sum]).map(row).collect();
    say(table(&headings, &rows).trim_end())?;
    say("按时率 = 按时办结 ÷（办结 + 在办逾期）；工作日不算等待企业的时间。")?;
    Ok(Outcome::Good)
}

fn row(line: &ReportLine) -> Vec<String> {
    let days = |of: Option<u32>| of.map_or_else(|| "–".to_owned(), |days| days.to_string());
    let took = line.days.as_ref();
    vec![
        line.name.clone(),
        count(line.opened),
        count(line.open),
        count(line.overdue),
        count(line.decided),
        count(line.closed),
        count(line.paid),
        line.on_time_percent(),
        days(took.map(|took| took.median)),
        days(took.map(|took| took.p90)),
        money_fen(line.paid_fen),
    ]
}
