//! `zhida import`: enterprises and policies from files.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde_json::json;
use zhida_registry::import::{ImportLimits, ImportOptions, ImportReport, Importer};

use super::{Outcome, say};
use crate::{
    app::{self, App},
    cli::{ImportEnterprises, ImportPolicies},
    terminal::Terminal,
};

const ACTOR: &str = "命令行";
/// A file of 2 GB and more is refused: it is no list of enterprises.
const FILE_BYTES_MAX: u64 = 1_999_999_999;
/// Refused rows shown on the terminal; the file has them all.
const EXAMPLES_SHOWN: usize = 5;

/// `zhida import enterprises FILE…`.
pub async fn enterprises(arguments: &ImportEnterprises) -> Result<Outcome> {
    let config = app::config(&arguments.store)?;
    let mapping = arguments
        .map
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((heading, meaning)) => Ok((heading.to_owned(), meaning.to_owned())),
            None => bail!("--map 应写成 列名=属性，而不是“{pair}”"),
        })
        .collect::<Result<Vec<_>>>()?;
    if arguments.rejects.is_some() && arguments.files.len() > 1 {
        bail!("--rejects 只能用于一个文件；不写时每个数据文件旁各有一个 .rejects.csv");
    }
    for file in &arguments.files {
        if !file.is_file() {
            bail!("没有文件 {}", file.display());
        }
        if arguments
            .rejects
            .as_deref()
            .is_some_and(|rejects| is_same(rejects, file))
        {
            bail!(
                "--rejects 写的就是数据文件 {}，会把它覆盖：请换一个文件名",
                file.display()
            );
        }
    }
    let app = App::open(&config).await?;
    let importer = Importer::new(app.registry.clone());
    let mut reports = Vec::new();
    for file in &arguments.files {
        let rejects = arguments.rejects.clone().unwrap_or_else(|| beside(file));
        let options = ImportOptions {
            dry_run: arguments.dry_run,
            department: arguments.department.clone(),
            as_of: arguments.as_of,
            mapping: mapping.clone(),
            actor: ACTOR.into(),
            rejects: Some(rejects),
            // `upload_bytes_max` is for what comes over the network; a file here may be larger.
            limits: ImportLimits {
                bytes_max: FILE_BYTES_MAX,
                ..(&config.limits).into()
            },
            ..Default::default()
        };
        let report = match importer.run(file, &options, &Terminal::new()).await {
            Ok(report) => report,
            Err(error) => {
                if arguments.json && !reports.is_empty() {
                    say(together(&reports)?)?;
                }
                let done = stopped_at(&arguments.files, reports.len());
                return Err(anyhow::Error::from(error).context(done));
            }
        };
        if !arguments.json {
            say(text(file, &report).trim_end())?;
        }
        reports.push(report);
    }
    if arguments.json {
        say(together(&reports)?)?;
    }
    Ok(Outcome::Good)
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    real(one).is_some_and(|path| real(other) == Some(path))
}

/// What was done when the file at this place failed.
fn stopped_at(files: &[PathBuf], at: usize) -> String {
    let names = |files: &[PathBuf]| -> Vec<String> {
        files
            .iter()
            .map(|file| file.display().to_string())
            .collect()
    };
    let mut text = format!("{} 没有导入", files[at].display());
    if at > 0 {
        text.push_str(&format!(
            "；在它之前的 {} 已处理完",
            names(&files[..at]).join("、")
        ));
    }
    if at + 1 < files.len() {
        text.push_str(&format!(
            "；在它之后的 {} 没有处理，改正后可只导入这些文件",
            names(&files[at + 1..]).join("、")
        ));
    }
    text
}

/// `enterprises.csv.gz` → `enterprises.csv.gz.rejects.csv`.
fn beside(file: &Path) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".rejects.csv");
    name.into()
}

/// One file: its report. Several: the sums, and each report under `files`.
fn together(reports: &[ImportReport]) -> Result<serde_json::Value> {
    if let [only] = reports {
        return Ok(serde_json::to_value(only)?);
    }
    let sum = |part: fn(&ImportReport) -> u64| reports.iter().map(part).sum::<u64>();
    Ok(json!({
        "rows": sum(|report| report.rows),
        "accepted": sum(|report| report.accepted),
        "rejected": sum(|report| report.rejected),
        "unchanged": sum(|report| report.unchanged),
        "rejects": reports.iter().filter_map(|report| report.rejects.as_ref()).collect::<Vec<_>>(),
        "files": reports,
    }))
}

fn text(file: &Path, report: &ImportReport) -> String {
    let mut text = format!(
        "{}（{}）：共 {} 行，{} {} 行（其中新企业 {} 家），未变 {} 行，未通过 {} 行\n",
        file.display(),
        report.file.form,
        report.rows,
        if report.dry_run {
            "可导入"
        } else {
            "导入"
        },
        report.accepted,
        report.created,
        report.unchanged,
        report.rejected,
    );
    if let Some(after) = report.resumed_after {
        text.push_str(&format!("  接着上次中断的第 {after} 行继续\n"));
    }
    for column in report
        .columns
        .iter()
        .filter(|column| !column.problem.is_empty())
    {
        text.push_str(&format!(
            "  列“{}”没有采用：{}",
            column.column, column.problem
        ));
        if !column.suggestions.is_empty() {
            let pairs = column
                .suggestions
                .iter()
                .map(|name| format!("{}={name}", column.column));
            let maps: Vec<String> = pairs.map(|pair| format!("--map {pair}")).collect();
            text.push_str(&format!("（要采用可加 {}）", maps.join(" 或 ")));
        }
        text.push('\n');
    }
    for note in &report.notes {
        text.push_str(&format!("  {}：{} 处\n", note.message, note.count));
    }
    for row in report.examples.iter().take(EXAMPLES_SHOWN) {
        text.push_str(&format!(
            "  第 {} 行 {}“{}”：{}。{}\n",
            row.row, row.column, row.value, row.reason, row.mend
        ));
    }
    if let Some(path) = &report.rejects {
        text.push_str(&format!("  未通过的行和原因在 {}\n", path.display()));
    }
    if report.dry_run {
        text.push_str("  只是试运行，没有写入\n");
    }
    text
}

/// `zhida import policies FILE…|DIR`.
pub async fn policies(arguments: &ImportPolicies) -> Result<Outcome> {
    let config = app::config(&arguments.store)?;
    for path in &arguments.paths {
        if !path.exists() {
            bail!("没有文件或目录 {}", path.display());
        }
    }
    let app = App::open(&config).await?;
    let rejects = arguments
        .rejects
        .clone()
        .unwrap_or_else(|| "policies.rejects.csv".into());
    let options = zhida_policies::import::ImportOptions {
        dry_run: arguments.dry_run,
        actor: ACTOR.into(),
        rejects: Some(rejects),
    };
    let paths = &arguments.paths;
    let report =
        zhida_policies::import::import_paths(&app.policies, paths, &options, &Terminal::new())
            .await?;
    if arguments.json {
        say(serde_json::to_string(&report)?)?;
        return Ok(Outcome::Good);
    }
    say(format!(
        "{} 个文件，共 {} 个事项：{} {} 项，未变 {} 项，未通过 {} 项，另有 {} 条质检提示",
        report.files,
        report.rows,
        if arguments.dry_run {
            "可发布"
        } else {
            "发布"
        },
        report.accepted,
        report.unchanged,
        report.rejected,
        report.warnings.len(),
    ))?;
    for reject in report.reasons.iter().take(4 * EXAMPLES_SHOWN) {
        say(format!(
            "  {} {} {}：{} {}",
            reject.file, reject.item, reject.field, reject.message, reject.hint
        ))?;
    }
    if let Some(path) = &report.rejects {
        say(format!("  未通过的事项和原因在 {}", path.display()))?;
    }
    Ok(Outcome::Good)
}
