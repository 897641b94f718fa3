//! Importing a file: upload, trial run with the meaning of the columns, and asking for the import.

use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::{RawForm, State};
use axum::response::{IntoResponse, Redirect, Response};
use zhida_platform::format;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_platform::progress::Silent;
use zhida_ui::{Choice, FormErrors, Frame, Html, Page, PageError, Pager};

use super::batch::BatchLine;
use super::{IMPORT, JOBS, LIST};
use crate::forms::ImportFields;
use crate::import::{ColumnReport, ImportOptions, ImportReport};
use crate::room::App;
use crate::uploads::{self, KeptFile};
use crate::{RegistryError, rights};

/// Data rows that a trial run reads.
const SAMPLE_ROWS: u64 = 20_000;

#[derive(Template)]
#[template(path = "registry/import.html")]
struct ImportPage {
    page: Page,
    errors: FormErrors,
    departments: Vec<String>,
    department: String,
    as_of: String,
    year: String,
    sheet: String,
    bytes_max: String,
    batches: Vec<BatchLine>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "registry/import_preview.html")]
struct PreviewPage {
    page: Page,
    report: ImportReport,
    columns: Vec<ColumnLine>,
    token: String,
    file_name: String,
    department: String,
    as_of: String,
    year: String,
    sheet: String,
    sampled: bool,
}

/// A column in the mapping form.
struct ColumnLine {
    report: ColumnReport,
    name: String,
    label: String,
    choices: Vec<Choice>,
}

/// 导入页
pub(crate) async fn form(
    State(app): State<App>,
    frame: Frame,
    page: PageRequest,
) -> Result<Response, PageError> {
    frame.viewer.need(rights::IMPORT)?;
    let today = app.registry.clock().today().to_string();
    let fields = ImportFields {
        department: "市场监管",
        as_of: &today,
        ..ImportFields::default()
    };
    let view = form_view(&app, &frame, &page, fields, FormErrors::none()).await?;
    Ok(Html(view).into_response())
}

async fn form_view(
    app: &App,
    frame: &Frame,
    page: &PageRequest,
    fields: ImportFields<'_>,
    errors: FormErrors,
) -> Result<ImportPage, PageError> {
    let found = app.registry.batches(page).await?;
    let mut departments: Vec<String> = Vec::new();
    for attribute in app.registry.dictionary().attributes() {
        if !departments.contains(&attribute.department) {
            departments.push(attribute.department.clone());
        }
    }
    let head = frame
        .page("导入市场主体")
        .lead("上传 CSV（可用 .csv.gz 压缩）或 Excel（.xlsx）。先试运行，核对列的含义和退回的行，再正式导入；试运行不改动任何数据。")
        .active(IMPORT)
        .crumb("市场主体", LIST)
        .office();
    Ok(ImportPage {
        page: head,
        errors,
        departments,
        department: fields.department.to_owned(),
        as_of: fields.as_of.to_owned(),
        year: fields.year.to_owned(),
        sheet: fields.sheet.to_owned(),
        bytes_max: format::count(app.limits.bytes_max >> 20),
        pager: Pager {
            summary: format!("本页 {} 个批次", found.items.len()),
            first: page
                .after
                .as_ref()
                .map(|_| IMPORT.to_owned())
                .unwrap_or_default(),
            next: found
                .next
                .map(|next| format!("{IMPORT}?after={next}"))
                .unwrap_or_default(),
        },
        batches: found.items.into_iter().map(BatchLine::new).collect(),
    })
}

/// 上传并试运行
pub(crate) async fn upload(
    State(app): State<App>,
    frame: Frame,
    form: Multipart,
) -> Result<Response, PageError> {
    frame.viewer.need(rights::IMPORT)?;
    let upload = uploads::receive(&app.registry, form).await?;
    let fields = ImportFields {
        department: upload.field("department"),
        as_of: upload.field("as_of"),
        year: upload.field("year"),
        sheet: upload.field("sheet"),
        mapping: Vec::new(),
    };
    let tried = match upload.file.clone() {
        None => Err(RegistryError::Query(
            "file",
            "请选择要导入的文件".to_owned(),
        )),
        Some(file) => try_run(&app, &frame, file, fields.clone()).await,
    };
    match tried {
        Ok(preview) => Ok(Html(preview).into_response()),
        Err(error) => refuse(&app, &frame, fields, error).await,
    }
}

/// The form again with what is wrong; an error that is not the sender's stays one.
async fn refuse(
    app: &App,
    frame: &Frame,
    fields: ImportFields<'_>,
    error: RegistryError,
) -> Result<Response, PageError> {
    let problem = Problem::from(error);
    if problem.fields.is_empty() {
        return Err(problem.into());
    }
    let errors = FormErrors::from(problem.fields);
    let view = form_view(app, frame, &PageRequest::default(), fields, errors).await?;
    Ok((problem.status, Html(view)).into_response())
}

async fn try_run(
    app: &App,
    frame: &Frame,
    file: KeptFile,
    fields: ImportFields<'_>,
) -> Result<PreviewPage, RegistryError> {
    let shown = fields.clone();
    let options = fields.options(&file.name, &frame.viewer, app.limits)?;
    let options = ImportOptions {
        dry_run: true,
        sample: Some(SAMPLE_ROWS),
        ..options
    };
    let report = match app.importer().run(&file.path, &options, &Silent).await {
        Ok(report) => report,
        Err(error) => {
            file.forget();
            return Err(error.into());
        }
    };
    // the trial's rejects are shown in the page, the import writes them anew
    if let Some(rejects) = &report.rejects {
        let _already_gone = std::fs::remove_file(rejects);
    }
    let page = frame
        .page("试运行结果")
        .lead("还没有写入任何数据。请核对列的含义；改动后可以再试一次，无误后正式导入。")
        .active(IMPORT)
        .crumb("市场主体", LIST)
        .crumb("导入", IMPORT)
        .office();
    Ok(PreviewPage {
        page,
        columns: column_lines(app, &report.columns),
        sampled: report.rows == SAMPLE_ROWS,
        token: file.token,
        file_name: file.name,
        department: shown.department.to_owned(),
        as_of: shown.as_of.to_owned(),
        year: shown.year.to_owned(),
        sheet: shown.sheet.to_owned(),
        report,
    })
}

fn column_lines(app: &App, columns: &[ColumnReport]) -> Vec<ColumnLine> {
    let mut targets = vec![
        ("-".to_owned(), "不导入".to_owned()),
        ("code".to_owned(), "统一社会信用代码".to_owned()),
        ("province".to_owned(), "省".to_owned()),
        ("city".to_owned(), "市".to_owned()),
        ("area".to_owned(), "区县".to_owned()),
    ];
    let attributes = app
        .registry
        .dictionary()
        .attributes()
        .iter()
        .filter(|a| a.formula.is_none());
    targets.extend(attributes.map(|a| (a.id.clone(), format!("{}：{}", a.group, a.name))));
    let lines = columns.iter().enumerate().map(|(at, report)| {
        let current = if report.target.is_empty() {
            "-"
        } else {
            &report.target
        };
        ColumnLine {
            name: format!("column-{at}"),
            label: format!("“{}”列的含义", report.column),
            choices: targets
                .iter()
                .map(|(value, label)| Choice::new(value, label, current))
                .collect(),
            report: report.clone(),
        }
    });
    lines.collect()
}

/// 再试一次，或正式导入
pub(crate) async fn run(
    State(app): State<App>,
    frame: Frame,
    RawForm(bytes): RawForm,
) -> Result<Response, PageError> {
    frame.viewer.need(rights::IMPORT)?;
    let form = pairs(&bytes);
    let of = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    };
    let fields = ImportFields {
        department: of("department"),
        as_of: of("as_of"),
        year: of("year"),
        sheet: of("sheet"),
        mapping: mapping(&form),
    };
    let file = match uploads::kept(&app.registry, of("token"), of("file_name")) {
        Ok(file) => file,
        Err(error) => {
            let error = RegistryError::Query("file", error.to_string());
            return refuse(&app, &frame, fields, error).await;
        }
    };
    if of("action") != "import" {
        return match try_run(&app, &frame, file, fields.clone()).await {
            Ok(preview) => Ok(Html(preview).into_response()),
            Err(error) => refuse(&app, &frame, fields, error).await,
        };
    }
    match app.ask_import(&frame.viewer, &file, fields.clone()).await {
        Ok(id) => Ok(Redirect::to(&format!("{JOBS}/{id}")).into_response()),
        Err(error) => refuse(&app, &frame, fields, error).await,
    }
}

/// Columns come as `heading-N` with `column-N`.
fn mapping(form: &[(String, String)]) -> Vec<(String, String)> {
    let headings = form
        .iter()
        .filter_map(|(key, heading)| Some((key.strip_prefix("heading-")?, heading)));
    headings
        .filter_map(|(at, heading)| {
            let wanted = format!("column-{at}");
            let (_, target) = form.iter().find(|(key, _)| *key == wanted)?;
            Some((heading.clone(), target.clone()))
        })
        .collect()
}

/// The fields of an `application/x-www-form-urlencoded` body; repeated names are kept.
fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    let fields = bytes.split(|byte| *byte == b'&').take(3_000);
    fields
        .filter(|field| !field.is_empty())
        .map(|field| {
            let at = field
                .iter()
                .position(|byte| *byte == b'=')
                .unwrap_or(field.len());
            (
                decoded(&field[..at]),
                decoded(field.get(at + 1..).unwrap_or_default()),
            )
        })
        .collect()
}

fn decoded(text: &[u8]) -> String {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|value| value as u8);
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let pair = (
            text[at],
            text.get(at + 1).copied().and_then(digit),
            text.get(at + 2).copied().and_then(digit),
        );
        match pair {
            (b'%', Some(high), Some(low)) => {
                bytes.push(high << 4 | low);
                at += 2;
            }
            (b'+', ..) => bytes.push(b' '),
            (byte, ..) => bytes.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded() {
        let form = pairs(
            "heading-0=%E4%BB%A3+%E7%A0%81&column-0=code&heading-1=a%26b&column-1=-&x".as_bytes(),
        );
        assert_eq!(
            mapping(&form),
            [
                ("代 码".to_owned(), "code".to_owned()),
                ("a&b".to_owned(), "-".to_owned())
            ]
        );
        assert_eq!(pairs(b"a=%zz%4"), [("a".to_owned(), "%zz%4".to_owned())]);
    }
}
