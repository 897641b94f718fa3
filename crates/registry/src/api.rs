//! JSON endpoints under `/api/v1`.

use axum::Json;
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, Path, Query as Address, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;
use zhida_platform::progress::Silent;
use zhida_rules::Dictionary;

use crate::background::Import;
use crate::document::{value_json, value_of};
use crate::forms::{ImportFields, ListParams};
use crate::import::{ImportOptions, ImportReport};
use crate::listing::{Sight, seen};
use crate::model::{Batch, FactChange, PastFact, Row};
use crate::pages::views::ViewsParams;
use crate::rights::{IMPORT, TAGS};
use crate::room::App;
use crate::tagging::{TagPreview, TagState};
use crate::tags::sensitivity_level;
use crate::uploads::{self, KeptFile, Upload};
use crate::views::FileView;

const TAG: &str = "市场主体库";

/// The room's endpoints.
pub(crate) fn routes(upload: DefaultBodyLimit) -> OpenApiRouter<App> {
    let uploads = OpenApiRouter::new()
        .routes(routes!(import_enterprises))
        .layer(upload);
    OpenApiRouter::new()
        .routes(routes!(list_enterprises))
        .routes(routes!(count_enterprises))
        .routes(routes!(get_enterprise))
        .routes(routes!(get_enterprise_history))
        .routes(routes!(list_views))
        .routes(routes!(get_import))
        .routes(routes!(list_batches))
        .routes(routes!(get_batch))
        .routes(routes!(list_tags, add_tag))
        .routes(routes!(check_tag))
        .routes(routes!(switch_tag))
        .routes(routes!(recompute_tags))
        .merge(uploads)
}

/// 市场主体的数量。
#[derive(Debug, Serialize, ToSchema)]
struct Count {
    /// 数量。
    count: u64,
}

/// 查看者可以看到的企业档案。
#[derive(Debug, Serialize, ToSchema)]
struct EnterpriseFile {
    /// 名录中显示的内容。
    #[serde(flatten)]
    row: Row,
    /// 各项数据，按属性字典的顺序。
    facts: Vec<FactView>,
    /// 最近一次改动时库的版本。
    version: i64,
    /// 最近一次改动的时间（UTC）。
    updated_at: chrono::DateTime<chrono::Utc>,
}

/// 一项数据。
#[derive(Debug, Serialize, ToSchema)]
struct FactView {
    /// 属性标识。
    attribute: String,
    /// 属性名称。
    name: String,
    /// 年度指标的年份。
    #[serde(skip_serializing_if = "Option::is_none")]
    year: Option<i32>,
    /// 值：true 或 false、十进制数的文本、文本、日期，或文本的列表。
    value: serde_json::Value,
    /// 数的单位。
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// 数据来源部门。
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<String>,
    /// 数据日期。
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<chrono::NaiveDate>,
    /// 导入批次；系统计算的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<String>,
}

/// 查询市场主体
#[utoipa::path(get, path = "/api/v1/enterprises", tag = TAG, params(ListParams, PageRequest),
    responses(
        (status = 200, description = "一页市场主体", body = Page<Row>),
        (status = 400, description = "筛选条件或翻页标记有误", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_enterprises(
    State(app): State<App>,
    viewer: Viewer,
    Address(params): Address<ListParams>,
    page: PageRequest,
) -> Result<Json<Page<Row>>, Problem> {
    Ok(Json(
        app.registry
            .search_as(&viewer, &params.query()?, &page)
            .await?,
    ))
}

/// 市场主体计数
#[utoipa::path(get, path = "/api/v1/enterprises/count", tag = TAG, params(ListParams),
    responses(
        (status = 200, description = "符合筛选条件的数量", body = Count),
        (status = 400, description = "筛选条件有误", body = Problem, content_type = "application/problem+json"),
    ))]
async fn count_enterprises(
    State(app): State<App>,
    viewer: Viewer,
    Address(params): Address<ListParams>,
) -> Result<Json<Count>, Problem> {
    Ok(Json(Count {
        count: app.registry.count_as(&viewer, &params.query()?).await?,
    }))
}

/// 企业档案
#[utoipa::path(get, path = "/api/v1/enterprises/{code}", tag = TAG,
    params(("code" = String, Path, description = "统一社会信用代码")),
    responses(
        (status = 200, description = "查看者可以看到的数据，各附来源和日期", body = EnterpriseFile),
        (status = 404, description = "库中没有这个市场主体", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_enterprise(
    State(app): State<App>,
    viewer: Viewer,
    Path(code): Path<String>,
) -> Result<Json<EnterpriseFile>, Problem> {
    let registry = &app.registry;
    let sight = Sight::of(registry, &viewer).await?;
    let (enterprise, viewer) = registry.shown(&viewer, &code, "企业档案").await?;
    let dictionary = registry.dictionary();
    let mut facts = Vec::new();
    for ((index, year), fact) in enterprise.facts.iter() {
        let attribute = dictionary.attribute(*index);
        if !viewer.can_see(sensitivity_level(attribute.sensitivity)) {
            continue;
        }
        let source = fact.provenance.as_deref();
        facts.push(FactView {
            attribute: attribute.id.clone(),
            name: attribute.name.clone(),
            year: *year,
            value: value_json(&seen(&viewer, attribute, &fact.value)),
            unit: attribute.unit.clone(),
            department: source.map(|source| source.department.clone()),
            as_of: source.and_then(|source| source.as_of),
            batch: source.and_then(|source| source.batch.clone()),
        });
    }
    let (version, updated_at) = (enterprise.version, enterprise.updated_at);
    Ok(Json(EnterpriseFile {
        row: sight.row_of(enterprise),
        facts,
        version,
        updated_at,
    }))
}

/// 企业数据的历史（被替换或未采用的数据）
#[utoipa::path(get, path = "/api/v1/enterprises/{code}/history", tag = TAG,
    params(("code" = String, Path, description = "统一社会信用代码")),
    responses(
        (status = 200, description = "被替换或未采用的数据，新的在前", body = Vec<FactChange>),
        (status = 404, description = "库中没有这个市场主体", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_enterprise_history(
    State(app): State<App>,
    viewer: Viewer,
    Path(code): Path<String>,
) -> Result<Json<Vec<FactChange>>, Problem> {
    let registry = &app.registry;
    let (enterprise, viewer) = registry.shown(&viewer, &code, "数据历史").await?;
    let mut changes = registry.history(&enterprise.code).await?;
    for change in &mut changes {
        let facts = std::mem::take(&mut change.facts).into_iter();
        change.facts = facts
            .filter_map(|fact| past(&viewer, registry.dictionary(), fact))
            .collect();
    }
    changes.retain(|change| !change.facts.is_empty());
    Ok(Json(changes))
}

/// 谁看过本企业的档案
#[utoipa::path(get, path = "/api/v1/enterprises/{code}/views", tag = TAG,
    params(("code" = String, Path, description = "统一社会信用代码"), ViewsParams, PageRequest),
    responses(
        (status = 200, description = "一页查看记录，工作人员姓名脱敏", body = Page<FileView>),
        (status = 400, description = "排序或翻页标记有误", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "不是本企业，或库中没有这个市场主体", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_views(
    State(app): State<App>,
    viewer: Viewer,
    Path(code): Path<String>,
    Address(params): Address<ViewsParams>,
    page: PageRequest,
) -> Result<Json<Page<FileView>>, Problem> {
    let enterprise = app.registry.watched(&viewer, &code).await?;
    let oldest_first = params.oldest_first()?;
    Ok(Json(
        app.registry.views(&enterprise, oldest_first, &page).await?,
    ))
}

/// A past statement as the viewer may see it; one of an attribute that the dictionary lost is shown
/// to nobody.
fn past(viewer: &Viewer, dictionary: &Dictionary, mut fact: PastFact) -> Option<PastFact> {
    let attribute = dictionary.attribute(dictionary.find(&fact.attribute)?);
    if !viewer.can_see(sensitivity_level(attribute.sensitivity)) {
        return None;
    }
    if attribute.personal.is_some()
        && let Some(value) = value_of(attribute.kind, &fact.value)
    {
        fact.value = value_json(&seen(viewer, attribute, &value));
    }
    Some(fact)
}

/// 导入表单。
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "describes the form for the API document; its fields are read by name"
)]
struct ImportForm {
    /// CSV, .csv.gz 或 .xlsx。
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// 数据来源部门。
    department: String,
    /// 数据日期，如 2025-12-31；不填为今天。
    as_of: Option<String>,
    /// 列名没有年份的年度指标属于哪一年。
    year: Option<i32>,
    /// 工作表名。
    sheet: Option<String>,
    /// 列的含义，JSON 对象 {"列名": "属性"}。
    mapping: Option<String>,
    /// true 为试运行。
    dry_run: Option<bool>,
}

/// 已经排队的导入。
#[derive(Debug, Serialize, ToSchema)]
struct ImportAsked {
    /// 导入任务的标识，用来查进展和结果。
    job: Uuid,
    /// 查进展和结果的地址。
    href: String,
}

/// 导入市场主体：整份文件先检查，可以使用的在后台导入
#[utoipa::path(post, path = "/api/v1/enterprises/import", tag = TAG,
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "试运行（dry_run=true）的报告：行数 = 接受 + 退回 + 未变", body = ImportReport),
        (status = 202, description = "已排队；按 href 查进展和结果", body = ImportAsked),
        (status = 400, description = "缺少文件，或填写的内容有误", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "文件太大", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "文件不能导入，没有改动任何数据", body = Problem, content_type = "application/problem+json"),
    ))]
async fn import_enterprises(
    State(app): State<App>,
    viewer: Viewer,
    form: Multipart,
) -> Result<Response, Problem> {
    viewer.need(IMPORT)?;
    let upload = uploads::receive(&app.registry, form).await?;
    let missing = || Problem::bad_input("没有收到文件").field("file", "请在 file 一栏附上文件");
    let file = upload.file.clone().ok_or_else(missing)?;
    let dry_run = upload.field("dry_run") == "true";
    let answer = match dry_run {
        true => try_import(&app, &viewer, &upload, &file).await,
        false => queue_import(&app, &viewer, &upload, &file).await,
    };
    if dry_run || answer.is_err() {
        file.forget();
    }
    answer
}

async fn try_import(
    app: &App,
    viewer: &Viewer,
    upload: &Upload,
    file: &KeptFile,
) -> Result<Response, Problem> {
    let options = fields(upload)?.options(&file.name, viewer, app.limits)?;
    let options = ImportOptions {
        dry_run: true,
        ..options
    };
    let report = app.importer().run(&file.path, &options, &Silent).await?;
    // what was refused stands in the report; the import writes the file
    if let Some(rejects) = &report.rejects {
        let _already_gone = std::fs::remove_file(rejects);
    }
    Ok(Json(ImportReport {
        rejects: None,
        ..report
    })
    .into_response())
}

async fn queue_import(
    app: &App,
    viewer: &Viewer,
    upload: &Upload,
    file: &KeptFile,
) -> Result<Response, Problem> {
    let job = app.ask_import(viewer, file, fields(upload)?).await?;
    let href = format!("/api/v1/enterprise-imports/{job}");
    let asked = Json(ImportAsked { job, href });
    Ok((StatusCode::ACCEPTED, asked).into_response())
}

fn fields(upload: &Upload) -> Result<ImportFields<'_>, Problem> {
    let mapping = match upload.field("mapping") {
        "" => Vec::new(),
        text => serde_json::from_str::<std::collections::BTreeMap<String, String>>(text)
            .map_err(|_| {
                Problem::bad_input("mapping 不是 {\"列名\": \"属性\"} 形式的 JSON 对象")
                    .field("mapping", "请写成 {\"列名\": \"属性\"}")
            })?
            .into_iter()
            .collect(),
    };
    Ok(ImportFields {
        department: upload.field("department"),
        as_of: upload.field("as_of"),
        year: upload.field("year"),
        sheet: upload.field("sheet"),
        mapping,
    })
}

/// 一次导入的进展和结果。
#[derive(Debug, Serialize, ToSchema)]
struct ImportProgress {
    /// 导入任务的标识。
    job: Uuid,
    /// 状态：queued 排队、running 运行中、done 已完成、failed 失败、cancelled 已取消。
    state: &'static str,
    /// 由谁发起。
    asked_by: String,
    /// 已处理的行数。
    done: i64,
    /// 文件的行数；还不知道时没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
    /// 结果，或失败的原因。
    result: String,
    /// 导入批次；还没有开始写入时没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<Batch>,
}

/// 一次导入的进展和结果
#[utoipa::path(get, path = "/api/v1/enterprise-imports/{id}", tag = TAG,
    params(("id" = Uuid, Path, description = "导入任务的标识")),
    responses(
        (status = 200, description = "进展；完成后有批次和行数", body = ImportProgress),
        (status = 404, description = "没有这个导入任务", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_import(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<Json<ImportProgress>, Problem> {
    let Import { job, batch } = app.import(&viewer, id).await?;
    Ok(Json(ImportProgress {
        job: id,
        state: job.state.slug(),
        asked_by: job.asked_by,
        done: job.done,
        total: job.total,
        result: job.result,
        batch,
    }))
}

/// 导入批次列表
#[utoipa::path(get, path = "/api/v1/enterprise-batches", tag = TAG, params(PageRequest),
    responses(
        (status = 200, description = "一页导入批次，新的在前", body = Page<Batch>),
        (status = 400, description = "翻页标记有误", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_batches(
    State(app): State<App>,
    viewer: Viewer,
    page: PageRequest,
) -> Result<Json<Page<Batch>>, Problem> {
    viewer.need(IMPORT)?;
    Ok(Json(app.registry.batches(&page).await?))
}

/// 一个导入批次
#[utoipa::path(get, path = "/api/v1/enterprise-batches/{no}", tag = TAG,
    params(("no" = i64, Path, description = "批次编号")),
    responses(
        (status = 200, description = "导入批次", body = Batch),
        (status = 404, description = "没有这个批次", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_batch(
    State(app): State<App>,
    viewer: Viewer,
    Path(no): Path<i64>,
) -> Result<Json<Batch>, Problem> {
    viewer.need(IMPORT)?;
    Ok(Json(app.registry.batch(no).await?))
}

/// 标签和规则
#[utoipa::path(get, path = "/api/v1/enterprise-tags", tag = TAG,
    responses(
        (status = 200, description = "全部标签", body = Vec<TagState>),
    ))]
async fn list_tags(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<TagState>>, Problem> {
    viewer.need(TAGS)?;
    Ok(Json(app.registry.tags().await?))
}

/// 新标签。
#[derive(Debug, Deserialize, ToSchema)]
struct NewTag {
    /// 标签名称。
    name: String,
    /// 规则。
    rule: String,
    /// 说明。
    #[serde(default)]
    note: String,
}

/// 新增标签
#[utoipa::path(post, path = "/api/v1/enterprise-tags", tag = TAG, request_body = NewTag,
    responses(
        (status = 201, description = "已新增"),
        (status = 400, description = "名称或规则有误", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "已有同名标签", body = Problem, content_type = "application/problem+json"),
    ))]
async fn add_tag(
    State(app): State<App>,
    viewer: Viewer,
    Json(tag): Json<NewTag>,
) -> Result<StatusCode, Problem> {
    app.registry
        .add_tag(&viewer, &tag.name, &tag.rule, &tag.note)
        .await?;
    Ok(StatusCode::CREATED)
}

/// 要检查的规则。
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TagRuleText)]
struct RuleText {
    /// 规则。
    rule: String,
}

/// 检查标签规则并预览数量
#[utoipa::path(post, path = "/api/v1/enterprise-tags/check", tag = TAG, request_body = RuleText,
    responses(
        (status = 200, description = "规范写法和符合的数量", body = TagPreview),
        (status = 400, description = "规则有误", body = Problem, content_type = "application/problem+json"),
    ))]
async fn check_tag(
    State(app): State<App>,
    viewer: Viewer,
    Json(text): Json<RuleText>,
) -> Result<Json<TagPreview>, Problem> {
    viewer.need(TAGS)?;
    Ok(Json(app.registry.preview_tag(&text.rule).await?))
}

/// 启用或停用标签。
#[derive(Debug, Deserialize, ToSchema)]
struct Switch {
    /// true 启用，false 停用。
    active: bool,
}

/// 启用或停用标签
#[utoipa::path(put, path = "/api/v1/enterprise-tags/{name}", tag = TAG, request_body = Switch,
    params(("name" = String, Path, description = "标签名称")),
    responses(
        (status = 204, description = "已启用或停用"),
        (status = 404, description = "没有这个标签", body = Problem, content_type = "application/problem+json"),
    ))]
async fn switch_tag(
    State(app): State<App>,
    viewer: Viewer,
    Path(name): Path<String>,
    Json(switch): Json<Switch>,
) -> Result<StatusCode, Problem> {
    app.registry
        .set_tag_active(&viewer, &name, switch.active)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 重新计算全部标签
#[utoipa::path(post, path = "/api/v1/enterprise-tags/recompute", tag = TAG,
    responses(
        (status = 200, description = "重新计算了多少家市场主体", body = Count),
    ))]
async fn recompute_tags(State(app): State<App>, viewer: Viewer) -> Result<Json<Count>, Problem> {
    viewer.need(TAGS)?;
    Ok(Json(Count {
        count: app.registry.recompute_tags(&viewer, &Silent).await?,
    }))
}
