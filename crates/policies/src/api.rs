//! JSON endpoints under `/api/v1`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query as Parameters, State};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::clock::instant_text;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_platform::progress::Silent;
use zhida_rules::{Dictionary, Rule, RuleError, Span};

use crate::analysis;
use crate::diff::{FieldChange, diff};
use crate::error::Error;
use crate::import::{self, ImportOptions, ImportReport, SourceFile};
use crate::lint::Finding;
use crate::model::PolicyEntry;
use crate::query::QueryText;
use crate::rights::EDIT;
use crate::service::{Policies, Shown};
use crate::store::ListRow;
use crate::vocabulary::{Category, Delivery, ItemState, Level, Theme, Validity};

/// Characters of a rule that is checked at most.
const RULE_MAX: usize = 8_000;

pub(crate) fn routes(policies: Arc<Policies>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_policies))
        .routes(routes!(get_policy))
        .routes(routes!(list_policy_revisions))
        .routes(routes!(lint_policy))
        .routes(routes!(check_rule))
        .routes(routes!(import_policies))
        .with_state(policies)
}

/// 列表中的一个事项。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicySummary {
    /// 事项标识。
    id: String,
    /// 事项编号。
    number: Option<String>,
    /// 事项名称。
    name: String,
    /// 政策文件标识。
    document_id: String,
    /// 政策名称。
    document_title: String,
    /// 发布层级。
    level: Level,
    /// 主题分类。
    theme: Theme,
    /// 政策类别。
    category: Category,
    /// 兑现方式。
    delivery: Delivery,
    /// 时效。
    validity: Validity,
    /// 有效期至。
    valid_until: Option<NaiveDate>,
}

impl From<ListRow> for PolicySummary {
    fn from(row: ListRow) -> Self {
        Self {
            id: row.id,
            number: row.number,
            name: row.name,
            document_id: row.document_id,
            document_title: row.document_title,
            level: row.level,
            theme: row.theme,
            category: row.category,
            delivery: row.delivery,
            validity: row.validity,
            valid_until: row.valid_until,
        }
    }
}

/// 一页政策事项。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyList {
    /// 本页事项。
    items: Vec<PolicySummary>,
    /// 符合筛选条件的事项总数。
    total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 政策事项列表
#[utoipa::path(get, path = "/api/v1/policies", tag = "惠企政策库", params(QueryText, PageRequest),
    responses(
        (status = 200, description = "一页事项和总数", body = PolicyList),
        (status = 400, description = "筛选条件或翻页标记有误", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_policies(
    State(policies): State<Arc<Policies>>,
    Parameters(text): Parameters<QueryText>,
    page: PageRequest,
) -> Result<Json<PolicyList>, Problem> {
    let query = text.parse()?;
    let total = policies.count(&query).await?;
    let found = policies.list(&query, &page).await?;
    let items = found.items.into_iter().map(PolicySummary::from).collect();
    Ok(Json(PolicyList {
        items,
        total,
        next: found.next,
    }))
}

/// 一条资格条件。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConditionView {
    /// 条款原文。
    text: String,
    /// 规则的规范形式；人工核验的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// 白话。
    plain: String,
    /// 由适用区域、行业、规模自动生成。
    automatic: bool,
}

/// 政策事项。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyDetail {
    /// 事项编号；未发布的草稿没有。
    number: Option<String>,
    /// 当前版本；0 为未发布。
    revision: i64,
    /// 库中状态。
    state: ItemState,
    /// 时效。
    validity: Validity,
    /// 政策文件与 30 个要素。
    #[serde(flatten)]
    entry: PolicyEntry,
    /// 全部条件，自动生成的在前。
    condition_rules: Vec<ConditionView>,
    /// 兑现公式的规范形式。
    #[serde(skip_serializing_if = "Option::is_none")]
    formula: Option<String>,
    /// 不知道企业情况时能说的金额。
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
}

/// 一个政策事项
#[utoipa::path(get, path = "/api/v1/policies/{id}", tag = "惠企政策库",
    params(("id" = String, Path, description = "事项标识或编号")),
    responses(
        (status = 200, description = "政策文件、30 个要素、条件与公式", body = PolicyDetail),
        (status = 404, description = "没有这个事项", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_policy(
    State(policies): State<Arc<Policies>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<PolicyDetail>, Problem> {
    let shown = visible(&policies, &viewer, &id).await?;
    let entry = shown.entry().cloned().ok_or_else(|| Error::NoItem(id))?;
    let dictionary = policies.dictionary();
    let rules = entry.compile(dictionary).ok();
    let automatic = entry.automatic_conditions().len();
    let conditions = rules.iter().flat_map(|rules| {
        rules
            .conditions()
            .iter()
            .enumerate()
            .map(move |(at, condition)| ConditionView {
                text: condition.text.clone(),
                rule: rules.normal_text(dictionary, condition),
                plain: rules.plain_text(dictionary, condition),
                automatic: at < automatic,
            })
    });
    Ok(Json(PolicyDetail {
        number: shown.record.number.clone(),
        revision: shown.record.revision,
        state: shown.record.state,
        validity: entry.document.validity(policies.today()),
        condition_rules: conditions.collect(),
        formula: rules
            .as_ref()
            .and_then(|rules| analysis::formula_texts(&entry, rules, dictionary))
            .map(|(feel, _)| feel),
        amount: rules
            .as_ref()
            .and_then(|rules| analysis::amount_text(rules, dictionary, policies.today())),
        entry,
    }))
}

/// An item that this viewer may see: visitors see published ones only.
pub(crate) async fn visible(
    policies: &Policies,
    viewer: &Viewer,
    id: &str,
) -> Result<Shown, Error> {
    let shown = policies.item(id).await?;
    if shown.record.state == ItemState::Published || viewer.may(EDIT) {
        return Ok(shown);
    }
    Err(Error::NoItem(shown.record.id))
}

/// 一个版本，和它与上一版的差别。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevisionView {
    /// 版本号。
    revision: i64,
    /// 发布时间（UTC）。
    published_at: String,
    /// 内容的 SHA-256。
    digest: String,
    /// 与上一版相比改动的字段；第 1 版没有。
    changes: Vec<FieldChange>,
}

/// 政策事项的历次版本
#[utoipa::path(get, path = "/api/v1/policies/{id}/revisions", tag = "惠企政策库",
    params(("id" = String, Path, description = "事项标识或编号")),
    responses(
        (status = 200, description = "历次版本，新的在前", body = [RevisionView]),
        (status = 404, description = "没有这个事项", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_policy_revisions(
    State(policies): State<Arc<Policies>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<Vec<RevisionView>>, Problem> {
    let shown = visible(&policies, &viewer, &id).await?;
    let revisions = policies.revisions(&shown.record.id).await?;
    let views = revisions
        .iter()
        .enumerate()
        .map(|(at, revision)| RevisionView {
            revision: revision.revision,
            published_at: instant_text(revision.published_at),
            digest: revision.digest.clone(),
            changes: revisions
                .get(at + 1)
                .map_or_else(Vec::new, |before| diff(&before.entry, &revision.entry)),
        });
    Ok(Json(views.collect()))
}

/// 政策事项的质量检查
#[utoipa::path(get, path = "/api/v1/policies/{id}/lint", tag = "惠企政策库",
    params(("id" = String, Path, description = "事项标识或编号")),
    responses(
        (status = 200, description = "质量检查发现的问题；没有问题时为空", body = [Finding]),
        (status = 404, description = "没有这个事项", body = Problem, content_type = "application/problem+json"),
    ))]
async fn lint_policy(
    State(policies): State<Arc<Policies>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<Vec<Finding>>, Problem> {
    let shown = visible(&policies, &viewer, &id).await?;
    let entry = shown.entry().ok_or_else(|| Error::NoItem(id))?;
    Ok(Json(policies.check(entry).findings))
}

/// 要检查的规则。
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RuleText {
    /// 规则原文，写法见《规则语言》。
    rule: String,
}

/// 规则中的一处错误。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleMistake {
    /// 错误种类。
    code: String,
    /// 第一个字的位置，从 0 数起；说不清位置时没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<usize>,
    /// 最后一个字之后的位置。
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<usize>,
    /// 错在哪里。
    message: String,
    /// 怎样修改。
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl From<RuleError> for RuleMistake {
    fn from(error: RuleError) -> Self {
        let Span { start, end } = error.at.unwrap_or(Span { start: 0, end: 0 });
        Self {
            code: error.code.to_owned(),
            start: error.at.map(|_| start),
            end: error.at.map(|_| end),
            message: error.message,
            hint: error.hint,
        }
    }
}

/// 检查结果。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleChecked {
    /// 可以使用。
    valid: bool,
    /// 错误；没有错误时为空。
    errors: Vec<RuleMistake>,
    /// 规范形式。
    #[serde(skip_serializing_if = "Option::is_none")]
    normal: Option<String>,
    /// 白话。
    #[serde(skip_serializing_if = "Option::is_none")]
    plain: Option<String>,
    /// 用到的属性。
    attributes: Vec<String>,
}

/// 检查一条规则
#[utoipa::path(post, path = "/api/v1/rules/check", tag = "惠企政策库", request_body = RuleText,
    responses(
        (status = 200, description = "规范写法和白话，或错在哪里、怎样修改", body = RuleChecked),
        (status = 400, description = "规则太长", body = Problem, content_type = "application/problem+json"),
    ))]
async fn check_rule(
    State(policies): State<Arc<Policies>>,
    Json(text): Json<RuleText>,
) -> Result<Json<RuleChecked>, Problem> {
    if text.rule.chars().count() > RULE_MAX {
        return Err(
            Problem::bad_input(format!("规则超过 {RULE_MAX} 个字")).field("rule", "请拆成几条")
        );
    }
    Ok(Json(checked(policies.dictionary(), &text.rule)))
}

fn checked(dictionary: &Dictionary, text: &str) -> RuleChecked {
    match Rule::compile(dictionary, text) {
        Ok(rule) => RuleChecked {
            valid: true,
            errors: Vec::new(),
            normal: Some(rule.normal_text(dictionary)),
            plain: Some(rule.plain_text(dictionary)),
            attributes: rule
                .expr()
                .attributes()
                .into_iter()
                .map(|index| dictionary.attribute(index).name.clone())
                .collect(),
        },
        Err(error) => RuleChecked {
            valid: false,
            errors: vec![error.into()],
            normal: None,
            plain: None,
            attributes: Vec::new(),
        },
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct ImportParameters {
    /// 只检查，不保存。
    dry_run: bool,
}

/// 导入一个政策文件（YAML 或 JSON，一个 document 和它的 items）
#[utoipa::path(post, path = "/api/v1/policies/import", tag = "惠企政策库", params(ImportParameters),
    request_body(content = String, content_type = "application/yaml"),
    responses(
        (status = 200, description = "导入或试运行的报告：事项数 = 接受 + 退回 + 未变", body = ImportReport),
        (status = 400, description = "没有收到文件，或事项太多、请拆分文件", body = Problem, content_type = "application/problem+json"),
    ))]
async fn import_policies(
    State(policies): State<Arc<Policies>>,
    viewer: Viewer,
    Parameters(parameters): Parameters<ImportParameters>,
    body: Bytes,
) -> Result<Json<ImportReport>, Problem> {
    viewer.need(EDIT)?;
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::bad_input("没有收到政策文件：请求正文是空的")
            .hint("请把一个政策文件（YAML 或 JSON）的内容作为请求正文发送，例如 curl --data-binary @政策.yaml"));
    }
    let file = SourceFile {
        name: "上传的文件".to_owned(),
        bytes: body.to_vec(),
    };
    let options = ImportOptions {
        dry_run: parameters.dry_run,
        actor: (&viewer).into(),
        rejects: None,
    };
    Ok(Json(
        import::import_files(&policies, vec![file], &options, &Silent).await?,
    ))
}
