//! Import of policy files: one file is one document, one row is one item. Everything is read and
//! checked first; what is accepted is then published in one transaction.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use zhida_platform::audit::Actor;
use zhida_platform::progress::Progress;

use crate::error::Error;
use crate::lint::{Finding, Peer, Peers};
use crate::model::{ItemElements, PolicyDocument, PolicyEntry};
use crate::read::{self, Issue};
use crate::service::Policies;
use crate::yaml;

/// Files of one import at most.
const FILES_MAX: usize = 20_000;
/// Items of one import at most.
const ITEMS_MAX: usize = 100_000;
/// Folders within each other at most.
const FOLDERS_MAX: usize = 8;

/// How to import.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Check only; nothing is stored.
    pub dry_run: bool,
    /// Who imports, for the audit record.
    pub actor: Actor,
    /// Where the rejects go as CSV; not written when nothing is rejected.
    pub rejects: Option<PathBuf>,
}

/// A file's content by name, for uploads.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its name, for messages.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// 一个事项没有导入的一条原因。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reject {
    /// 文件。
    pub file: String,
    /// 事项标识，或它在文件里的位置（第 2 项）；指整个文件时为空。
    pub item: String,
    /// 字段。
    pub field: String,
    /// 错在哪里。
    pub message: String,
    /// 怎样改正。
    pub hint: String,
}

/// 导入或试运行的结果：事项数 = 接受 + 退回 + 未变。
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PolicyImportReport)]
pub struct ImportReport {
    /// 事项数；读不了的文件算一项。
    pub rows: u64,
    /// 发布为新版本的事项数（试运行时为将发布的）。
    pub accepted: u64,
    /// 退回的事项数。
    pub rejected: u64,
    /// 内容没有变化的事项数。
    pub unchanged: u64,
    /// 退回明细写在哪个文件；没有时为空。
    #[schema(value_type = Option<String>)]
    pub rejects: Option<PathBuf>,
    /// 读取的文件数。
    pub files: u64,
    /// 退回的原因；一个事项可以有几条。
    pub reasons: Vec<Reject>,
    /// 接受的事项里发现的问题。
    pub warnings: Vec<Warning>,
}

/// 接受的事项里的一个问题。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Warning {
    /// 事项标识。
    pub item: String,
    /// 发现的问题。
    #[serde(flatten)]
    pub finding: Finding,
}

struct Found {
    file: String,
    entry: PolicyEntry,
}

/// Imports files and folders (with the folders in them): `.yaml`, `.yml`, `.json`.
///
/// # Errors
/// A path that cannot be read, no files, too many; the database. Mistakes in files are in the
/// report instead.
pub async fn import_paths(
    policies: &Policies,
    paths: &[PathBuf],
    options: &ImportOptions,
    progress: &dyn Progress,
) -> Result<ImportReport, Error> {
    let mut names = Vec::new();
    for path in paths {
        let before = names.len();
        collect(path, 0, &mut names)?;
        if names.len() == before {
            return Err(Error::NoFiles(path.clone()));
        }
    }
    let mut files = Vec::with_capacity(names.len());
    for path in names {
        files.push(SourceFile {
            name: path.display().to_string(),
            bytes: load(&path)?,
        });
    }
    let mut report = import_files(policies, files, options, progress).await?;
    if let (Some(path), true) = (&options.rejects, report.rejected > 0) {
        let written = std::fs::write(path, rejects_csv(&report.reasons));
        written.map_err(|error| Error::File {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        report.rejects = Some(path.clone());
    }
    Ok(report)
}

/// Imports files that are in memory, such as uploads.
///
/// # Errors
/// Too many files or items; the database.
pub async fn import_files(
    policies: &Policies,
    files: Vec<SourceFile>,
    options: &ImportOptions,
    progress: &dyn Progress,
) -> Result<ImportReport, Error> {
    let total = files.len() as u64;
    let mut report = ImportReport {
        files: total,
        ..ImportReport::default()
    };
    let mut found = Vec::new();
    for (at, file) in files.into_iter().enumerate() {
        progress.report(at as u64, Some(total), "读取政策文件");
        read_file(&file, &mut found, &mut report);
        if found.len() > ITEMS_MAX {
            return Err(Error::TooMany {
                what: "事项",
                limit: ITEMS_MAX,
            });
        }
    }
    refuse_doubles(&mut found, &mut report);
    let ids: Vec<&str> = found.iter().map(|one| one.entry.item.id.as_str()).collect();
    let stored = policies.stored(&ids).await?;
    let prepared = check(policies, found, &stored, &mut report);
    progress.report(total, Some(total), "保存");
    if options.dry_run {
        report.accepted = prepared
            .iter()
            .filter(|one| {
                stored
                    .get(&one.entry.item.id)
                    .is_none_or(|(_, digest)| *digest != one.digest)
            })
            .count() as u64;
    } else if !prepared.is_empty() {
        let changes = policies.publish_prepared(&options.actor, &prepared).await?;
        report.accepted = changes.iter().filter(|change| change.changed).count() as u64;
    }
    report.unchanged = prepared.len() as u64 - report.accepted;
    Ok(report)
}

/// The rejects as CSV with a BOM, cells guarded against formulas.
#[must_use]
pub fn rejects_csv(reasons: &[Reject]) -> Vec<u8> {
    let mut text = String::from("\u{feff}文件,事项,字段,问题,怎样修改\r\n");
    for reason in reasons {
        let cells = [
            &reason.file,
            &reason.item,
            &reason.field,
            &reason.message,
            &reason.hint,
        ];
        let cells = cells.map(|cell| {
            let guarded = zhida_platform::export::guarded(cell);
            format!("\"{}\"", guarded.replace('"', "\"\""))
        });
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn collect(path: &Path, depth: usize, names: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::File {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let meta = std::fs::metadata(path).map_err(failed)?;
    if meta.is_file() {
        let kind = path
            .extension()
            .and_then(|kind| kind.to_str())
            .unwrap_or_default();
        if depth == 0 || matches!(kind.to_ascii_lowercase().as_str(), "yaml" | "yml" | "json") {
            names.push(path.to_owned());
        }
        return if names.len() > FILES_MAX {
            Err(Error::TooMany {
                what: "文件",
                limit: FILES_MAX,
            })
        } else {
            Ok(())
        };
    }
    if depth >= FOLDERS_MAX {
        return Ok(());
    }
    let mut inside = std::fs::read_dir(path)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    inside.sort();
    inside
        .iter()
        .try_for_each(|path| collect(path, depth + 1, names))
}

fn load(path: &Path) -> Result<Vec<u8>, Error> {
    use std::io::Read as _;
    let failed = |error: std::io::Error| Error::File {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut bytes = Vec::new();
    // One byte more than allowed tells the reader that there is more.
    let limit = yaml::FILE_BYTES_MAX as u64 + 1;
    std::fs::File::open(path)
        .map_err(failed)?
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Ok(bytes)
}

fn read_file(file: &SourceFile, found: &mut Vec<Found>, report: &mut ImportReport) {
    let whole = |message: String, hint: &str| vec![Issue::new("", message, hint)];
    let (head, items) = match yaml::read(&file.bytes).map(split) {
        Ok(Ok(parts)) => parts,
        Ok(Err(message)) => {
            return reject(
                report,
                file,
                "",
                whole(message, "一个文件写一个 document 和它的 items"),
            );
        }
        Err(message) => return reject(report, file, "", whole(message, "请按示例文件的格式书写")),
    };
    let document = match read::document(head) {
        Ok(document) => document,
        Err(issues) => {
            // Without its document no item of the file can be taken.
            for (at, item) in items.iter().enumerate() {
                reject(report, file, &label(at, item), issues.clone());
            }
            return;
        }
    };
    for (at, item) in items.into_iter().enumerate() {
        let label = label(at, &item);
        match read::item(item) {
            Ok(item) => {
                report.rows += 1;
                let entry = PolicyEntry {
                    document: document.clone(),
                    item,
                };
                found.push(Found {
                    file: file.name.clone(),
                    entry,
                });
            }
            Err(issues) => reject(report, file, &label, issues),
        }
    }
}

fn split(value: Value) -> Result<(Option<Value>, Vec<Value>), String> {
    let Value::Object(mut object) = value else {
        return Err("文件最外层应是 document 和 items".to_owned());
    };
    let head = object.shift_remove("document");
    let items = object.shift_remove("items");
    if let Some(key) = object.keys().next() {
        return Err(format!("文件最外层没有“{key}”这个字段"));
    }
    match items {
        Some(Value::Array(items)) if !items.is_empty() => Ok((head, items)),
        _ => Err("文件里没有政策事项（items）".to_owned()),
    }
}

fn label(at: usize, item: &Value) -> String {
    match item.get("id").and_then(Value::as_str) {
        Some(id) if !id.trim().is_empty() => id.chars().take(80).collect(),
        _ => format!("第 {} 项", at + 1),
    }
}

/// Counts one row as rejected, with its reasons.
fn reject(report: &mut ImportReport, file: &SourceFile, item: &str, issues: Vec<Issue>) {
    report.rows += 1;
    refuse(report, &file.name, item, issues);
}

fn refuse(report: &mut ImportReport, file: &str, item: &str, issues: Vec<Issue>) {
    report.rejected += 1;
    report
        .reasons
        .extend(issues.into_iter().map(|issue| Reject {
            file: file.to_owned(),
            item: item.to_owned(),
            field: issue.field,
            message: issue.message,
            hint: issue.hint,
        }));
}

/// The first of several items of one id, or documents of one id, counts.
fn refuse_doubles(found: &mut Vec<Found>, report: &mut ImportReport) {
    let mut items: HashMap<String, String> = HashMap::new();
    let mut documents: HashMap<String, (String, PolicyDocument)> = HashMap::new();
    found.retain(|one| {
        let (item, document) = (&one.entry.item, &one.entry.document);
        let (owner, first) = documents
            .entry(document.id.clone())
            .or_insert_with(|| (one.file.clone(), document.clone()));
        let issue = if first != document {
            let message = format!("政策文件标识“{}”在“{owner}”中已用于另一份文件", document.id);
            Some(Issue::new(
                "document.id",
                message,
                "请给其中一份换一个标识，或合并为一个文件",
            ))
        } else if let Some(file) = items.get(&item.id) {
            let message = format!("事项标识“{}”在“{file}”中已经出现", item.id);
            Some(Issue::new("id", message, "请给其中一项换一个标识"))
        } else {
            items.insert(item.id.clone(), one.file.clone());
            None
        };
        match issue {
            None => true,
            Some(issue) => {
                refuse(report, &one.file, &item.id, vec![issue]);
                false
            }
        }
    });
}

fn check(
    policies: &Policies,
    found: Vec<Found>,
    stored: &HashMap<String, (String, String)>,
    report: &mut ImportReport,
) -> Vec<crate::store::Prepared> {
    let catalogue = policies.catalogue(policies.today());
    let fresh: Vec<ItemElements> = found.iter().map(|one| one.entry.item.clone()).collect();
    let ids: HashSet<&str> = fresh.iter().map(|item| item.id.as_str()).collect();
    let old = catalogue
        .items
        .iter()
        .filter(|item| !ids.contains(item.id.as_str()));
    let peers: Peers<'_> = old
        .map(|item| Peer {
            id: &item.id,
            item: &item.elements,
        })
        .chain(fresh.iter().map(|item| Peer { id: &item.id, item }))
        .collect();
    let mut prepared = Vec::with_capacity(found.len());
    for Found { file, entry } in found {
        let id = entry.item.id.clone();
        if let Some((owner, _)) = stored
            .get(&id)
            .filter(|(owner, _)| *owner != entry.document.id)
        {
            let message = format!("事项标识“{id}”已属于政策文件“{owner}”");
            refuse(
                report,
                &file,
                &id,
                vec![Issue::new("id", message, "请换一个标识")],
            );
            continue;
        }
        let checked = policies.check_among(&entry, &peers);
        match checked.rules {
            Ok(rules) => {
                let findings = checked.findings.iter().cloned();
                report.warnings.extend(findings.map(|finding| Warning {
                    item: id.clone(),
                    finding,
                }));
                prepared.push(policies.prepare(entry, &rules, &checked.findings, None));
            }
            Err(errors) => {
                let automatic = entry.automatic_conditions().len();
                let issues = errors
                    .iter()
                    .map(|error| crate::analysis::rule_issue(error, automatic));
                refuse(report, &file, &id, issues.collect());
            }
        }
    }
    prepared
}
