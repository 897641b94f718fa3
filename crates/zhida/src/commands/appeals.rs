//! `zhida appeals`: the monthly report, for whoever sends it on by themselves.

use std::{fs::OpenOptions, io::Write, path::Path};

use anyhow::{Result, anyhow, bail};
use zhida_appeals::{Counted, Group, Measure, Month, Report, ReportFile};
use zhida_matching::text::table;
use zhida_platform::{
    access::Viewer,
    clock::{Clock as _, SystemClock},
    format::count,
    problem::Problem,
    rate::Rounding,
};

use super::{Outcome, cannot_write, open, say, write_csv};
use crate::{app::App, cli::AppealsReport};

/// Who asks.
const ACTOR: &str = "命令行";

/// `zhida appeals report`.
pub async fn report(arguments: &AppealsReport) -> Result<Outcome> {
    let month = match &arguments.month {
        Some(text) => text
            .parse()
            .map_err(|why| anyhow!("--month {text}：{why}"))?,
        None => Month::of(SystemClock.today()).before(),
    };
    let rounding = match arguments.cut {
        true => Rounding::Down,
        false => Rounding::Nearest,
    };
    let app = open(&arguments.store).await?;
    if let Some(path) = &arguments.out {
        write(&app, month, rounding, path).await?;
        say(format!(
            "{}的诉求月报已写到 {}，导出已记入审计",
            month.words(),
            path.display()
        ))?;
        return Ok(Outcome::Good);
    }
    let viewer = Viewer::system(ACTOR);
    let report = app
        .appeals
        .report(&viewer, month)
        .await
        .map_err(Problem::from)?;
    if arguments.json {
        say(serde_json::to_string(&report)?)?;
        return Ok(Outcome::Good);
    }
    show(&report, rounding)
}

/// Writes the report as the file's name says.
async fn write(app: &App, month: Month, rounding: Rounding, path: &Path) -> Result<()> {
    if path.exists() {
        bail!("已有文件 {}，请换一个文件名", path.display());
    }
    let (viewer, appeals) = (Viewer::system(ACTOR), &app.appeals);
    let extension = path.extension().and_then(|end| end.to_str());
    let kind = match extension {
        Some("csv") => {
            let table = appeals.report_table(&viewer, month, rounding).await;
            return write_csv(table.map_err(Problem::from)?, path).await;
        }
        Some("json") => {
            let report = appeals
                .report(&viewer, month)
                .await
                .map_err(Problem::from)?;
            return keep(path, &serde_json::to_vec_pretty(&report)?);
        }
        Some("pdf") => ReportFile::Pdf,
        Some("docx") => ReportFile::Docx,
        _ => bail!("文件名请以 .csv、.json、.pdf 或 .docx 结尾"),
    };
    let bytes = appeals.report_file(&viewer, month, rounding, kind).await;
    keep(path, &bytes.map_err(Problem::from)?)
}

fn keep(path: &Path, bytes: &[u8]) -> Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let written = opened.and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| cannot_write(path, &error))
}

fn show(report: &Report, rounding: Rounding) -> Result<Outcome> {
    let (whole, before) = (&report.whole, &report.before);
    say(format!(
        "{}登记的诉求，百分比{}",
        whole.name,
        rounding.word()
    ))?;
    let counted = |one: &Counted| {
        let of = |group: &Group| count(group.figures.get(*one));
        vec![one.word().to_owned(), of(whole), of(before)]
    };
    let rows: Vec<Vec<String>> = Counted::ALL.iter().map(counted).collect();
    say(table(&["项目（件）", "当月", "上月"], &rows).trim_end())?;
    let rate = |one: &Measure| {
        let (rate, earlier) = (whole.figures.rate(*one), before.figures.rate(*one));
        vec![
            one.word().to_owned(),
            rate.percent(rounding),
            rate.fraction(),
            earlier.percent(rounding),
            one.definition().to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = Measure::ALL.iter().map(rate).collect();
    say("")?;
    say(table(&["比率", "当月", "分子 ÷ 分母", "上月", "口径"], &rows).trim_end())?;
    if let Some(days) = report.days {
        say(format!(
            "办理用时（工作日）：中位 {} 天，九成不超过 {} 天，按最近办结的 {} 件计算",
            days.median, days.p90, days.of
        ))?;
    }
    Ok(Outcome::Good)
}
