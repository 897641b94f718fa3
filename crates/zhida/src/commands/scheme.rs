//! `zhida scheme`: how items are carried out, from files and to the terminal.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::json;
use zhida_matching::text::table;
use zhida_platform::{access::Viewer, problem::Problem};
use zhida_policies::lint::Severity;
use zhida_redemption::{Finding, Scheme};

use super::{Outcome, open, say};
use crate::cli::{SchemeFile, SchemeList, SchemeShow};

/// Who publishes.
const ACTOR: &str = "命令行";

/// `zhida scheme list`.
pub async fn list(arguments: &SchemeList) -> Result<Outcome> {
    let room = open(&arguments.store).await?.redemption;
    let mut lines = room.schemes().await.map_err(Problem::from)?;
    lines.retain(|line| arguments.all || line.revision > 0 || line.has_draft);
    if arguments.json {
        say(serde_json::to_string(&lines)?)?;
        return Ok(Outcome::Good);
    }
    if lines.is_empty() {
        say(
            "还没有兑付方案。写一个方案文件，用 zhida scheme publish 发布，或在“兑付方案”页面里做。",
        )?;
        return Ok(Outcome::Good);
    }
    let rows: Vec<Vec<String>> = lines
        .into_iter()
        .map(|line| {
            let state = match (line.revision, line.paused, line.has_draft) {
                (0, _, true) => "草稿".to_owned(),
                (0, _, false) => "没有方案".to_owned(),
                (revision, true, _) => format!("第 {revision} 版，暂停受理"),
                (revision, false, _) => format!("第 {revision} 版"),
            };
            vec![
                line.item,
                line.name,
                line.delivery.to_owned(),
                state,
                line.route,
            ]
        })
        .collect();
    say(table(&["事项标识", "事项", "兑现方式", "方案", "环节"], &rows).trim_end())?;
    Ok(Outcome::Good)
}

/// `zhida scheme show`.
pub async fn show(arguments: &SchemeShow) -> Result<Outcome> {
    let room = open(&arguments.store).await?.redemption;
    let shown = room.scheme(&arguments.item).await.map_err(Problem::from)?;
    let Some(published) = shown.current else {
        eprintln!("事项“{}”还没有发布兑付方案", shown.item.name);
        return Ok(Outcome::Bad);
    };
    if arguments.json {
        say(serde_json::to_string_pretty(&published.scheme)?)?;
        return Ok(Outcome::Good);
    }
    let scheme = &published.scheme;
    say(format!("{}（{}）", shown.item.name, shown.item.id))?;
    say(format!(
        "第 {} 版，{} 发布{}",
        published.revision,
        published.by,
        if shown.paused { "，暂停受理" } else { "" }
    ))?;
    say(format!(
        "{}，预设 {}/{}",
        scheme.delivery.word(),
        scheme.preset,
        scheme.class
    ))?;
    let rows: Vec<Vec<String>> = scheme
        .route
        .iter()
        .map(|step| vec![step.stage.word().to_owned(), step.term.to_string()])
        .collect();
    say(table(&["环节", "时限"], &rows).trim_end())?;
    say(format!(
        "{}；{}；已享受同组事项的{}",
        scheme.period.word(),
        scheme.release.word(),
        scheme.overlap.word()
    ))?;
    if let Some(term) = scheme.completion {
        say(format!("补正期限 {term}"))?;
    }
    for part in &scheme.parts {
        say(format!("分期拨付：{}% {}", part.percent, part.when))?;
    }
    for reviewer in &scheme.reviewers {
        say(format!("联审：{}，{}", reviewer.department, reviewer.term))?;
    }
    if !scheme.lists.is_empty() {
        say(format!("比对名单：{}", scheme.lists.join("、")))?;
    }
    Ok(Outcome::Good)
}

/// `zhida scheme check`.
pub async fn check(arguments: &SchemeFile) -> Result<Outcome> {
    let scheme = read(&arguments.file)?;
    let room = open(&arguments.store).await?.redemption;
    let checked = room.check_scheme(&scheme).await.map_err(Problem::from)?;
    told(&checked.findings, arguments.json)?;
    Ok(Outcome::of(checked.errors().is_empty()))
}

/// `zhida scheme publish`.
pub async fn publish(arguments: &SchemeFile) -> Result<Outcome> {
    let scheme = read(&arguments.file)?;
    let room = open(&arguments.store).await?.redemption;
    let checked = room.check_scheme(&scheme).await.map_err(Problem::from)?;
    if !checked.errors().is_empty() {
        told(&checked.findings, arguments.json)?;
        eprintln!("没有发布：请改正错误");
        return Ok(Outcome::Bad);
    }
    let shown = room.scheme(&scheme.item).await.map_err(Problem::from)?;
    let before = shown.current.map_or(0, |current| current.revision);
    let published = room
        .publish_scheme(&Viewer::system(ACTOR), &scheme, before)
        .await
        .map_err(Problem::from)?;
    if arguments.json {
        let answer = json!({
            "item": scheme.item,
            "revision": published.revision,
            "is_new": published.revision > before,
            "findings": checked.findings,
        });
        say(answer)?;
        return Ok(Outcome::Good);
    }
    told(&checked.findings, false)?;
    match published.revision > before {
        true => say(format!(
            "已发布“{}”的第 {} 版方案：{}",
            shown.item.name,
            published.revision,
            scheme.route_words()
        ))?,
        false => say(format!("内容与第 {before} 版相同，没有产生新版本"))?,
    }
    Ok(Outcome::Good)
}

fn read(path: &Path) -> Result<Scheme> {
    let text = fs::read_to_string(path).with_context(|| format!("读不了 {}", path.display()))?;
    Ok(Scheme::read(&text)?)
}

fn told(findings: &[Finding], as_json: bool) -> Result<()> {
    if as_json {
        say(serde_json::to_string(findings)?)?;
        return Ok(());
    }
    if findings.is_empty() {
        say("没有发现问题")?;
    }
    for finding in findings {
        let kind = match finding.severity {
            Severity::Error => "错误",
            Severity::Warning => "提醒",
            Severity::Notice => "提示",
        };
        say(format!("{kind}：{}。{}", finding.message, finding.hint))?;
    }
    Ok(())
}
