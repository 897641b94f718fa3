//! `zhida payments`: files to the bank and back, for transfers that run by themselves. Drawing and approving is for people.

use std::{fs::OpenOptions, io::Write, path::Path};

use anyhow::{Context, Result, bail};
use zhida_funds::FileFormat;
use zhida_platform::access::Viewer;

use super::{Outcome, cannot_write, open, say};
use crate::cli::{PaymentsExport, PaymentsImport};

/// `zhida payments export`.
pub async fn export(arguments: &PaymentsExport) -> Result<Outcome> {
    let format = match arguments.out.extension().and_then(|end| end.to_str()) {
        Some("xml") => FileFormat::Pain001,
        Some("csv") => FileFormat::Csv,
        _ => bail!("文件名请以 .xml（ISO 20022 pain.001）或 .csv 结尾"),
    };
    let funds = open(&arguments.store).await?.funds;
    let viewer = Viewer::system("命令行");
    let file = funds
        .export_batch(&viewer, &arguments.batch, format)
        .await?;
    write_private(&arguments.out, &file)?;
    say(format!(
        "批次 {} 的付款文件已写到 {}",
        arguments.batch,
        arguments.out.display()
    ))?;
    say("文件里有完整的账号：交给银行后请删除。导出已记入审计。")?;
    Ok(Outcome::Good)
}

/// A new file that only its owner reads.
fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| cannot_write(path, &error))
}

/// `zhida payments import`.
pub async fn import(arguments: &PaymentsImport) -> Result<Outcome> {
    let path = &arguments.file;
    let bytes = std::fs::read(path).with_context(|| format!("读不了 {}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let funds = open(&arguments.store).await?.funds;
    let viewer = Viewer::system("命令行");
    let report = funds.import_receipts(&viewer, &name, &bytes).await?;
    if report.again {
        say("这个文件已经导入过，这次什么也没有做。当时的结果：")?;
    }
    say(format!(
        "回单 {} 条：已付 {}，退回 {}，重复 {}，未认领 {}",
        report.receipts, report.paid, report.returned, report.repeated, report.unclaimed
    ))?;
    if report.unclaimed > 0 {
        say("没有据未认领的回单付款，请在“资金 — 未认领”页面核对。")?;
    }
    Ok(Outcome::of(report.unclaimed == 0))
}
