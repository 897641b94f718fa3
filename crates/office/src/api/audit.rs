//! The audit and its chain.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::audit::Record;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;

use super::App;
use crate::filters::AuditFilters;
use crate::model::Verification;
use crate::service::Office;

pub(super) fn routes() -> OpenApiRouter<Arc<Office>> {
    OpenApiRouter::new()
        .routes(routes!(list_audit))
        .routes(routes!(get_audit))
        .routes(routes!(list_audit_verifications, ask_audit_verification))
}

/// 一条审计记录。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditRecord {
    /// 编号，从 1 起连续；0 和负数写于启用防篡改链之前。
    no: i64,
    /// 时间。
    at: DateTime<Utc>,
    /// 账号。
    account: Option<Uuid>,
    /// 操作人。
    actor: String,
    /// 单位。
    organisation: Option<String>,
    /// 由其代办的企业。
    on_behalf_of: Option<String>,
    /// 操作，如 people.sign_in。
    action: String,
    /// 是查看，不是变更。
    viewed: bool,
    /// 对象类别。
    subject_kind: String,
    /// 对象标识。
    subject_id: String,
    /// 企业的统一社会信用代码。
    enterprise: Option<String>,
    /// 之前。
    before: Option<Value>,
    /// 之后。
    after: Option<Value>,
    /// 说明。
    detail: Option<Value>,
    /// 来源地址。
    address: Option<String>,
    /// 客户端。
    agent: Option<String>,
    /// 请求编号。
    request: Option<String>,
    /// 校验值。
    hash: String,
}

impl From<Record> for AuditRecord {
    fn from(record: Record) -> Self {
        Self {
            no: record.no,
            at: record.at,
            account: record.account,
            actor: record.actor,
            organisation: record.organisation,
            on_behalf_of: record.on_behalf_of,
            action: record.action,
            viewed: record.viewed,
            subject_kind: record.subject_kind,
            subject_id: record.subject_id,
            enterprise: record.enterprise,
            before: record.before,
            after: record.after,
            detail: record.detail,
            address: record.address,
            agent: record.agent,
            request: record.request,
            hash: record.hash,
        }
    }
}

/// 一页审计记录。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditRecords {
    /// 本页记录，新的在前。
    items: Vec<AuditRecord>,
    /// 总数。
    total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 审计记录，新的在前
#[utoipa::path(get, path = "/api/v1/audit", tag = "后台",
    params(AuditFilters, PageRequest),
    responses(
        (status = 200, description = "一页审计记录和总数", body = AuditRecords),
        (status = 400, description = "条件有误", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_audit(
    State(office): App,
    viewer: Viewer,
    Parameters(filters): Parameters<AuditFilters>,
    page: PageRequest,
) -> Result<Json<AuditRecords>, Problem> {
    let query = filters.query()?;
    let total = office.record_count(&viewer, &query).await?;
    let found = office.records(&viewer, &query, &page).await?;
    Ok(Json(AuditRecords {
        items: found.items.into_iter().map(AuditRecord::from).collect(),
        total,
        next: found.next,
    }))
}

/// 一条审计记录；查看会留下记录
#[utoipa::path(get, path = "/api/v1/audit/{no}", tag = "后台",
    params(("no" = i64, Path, description = "编号")),
    responses(
        (status = 200, description = "记录", body = AuditRecord),
        (status = 404, description = "没有这一条", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_audit(
    State(office): App,
    viewer: Viewer,
    Path(no): Path<i64>,
) -> Result<Json<AuditRecord>, Problem> {
    Ok(Json(office.record(&viewer, no).await?.into()))
}

/// 一页审计链核验的结果。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verifications {
    /// 本页核验，新的在前。
    items: Vec<Verification>,
    /// 总数。
    total: u64,
    /// 有核验在排队或进行。
    live: bool,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 审计链历次核验的结果和检查点，新的在前
#[utoipa::path(get, path = "/api/v1/audit-verifications", tag = "后台", params(PageRequest),
    responses(
        (status = 200, description = "一页核验和总数", body = Verifications),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_audit_verifications(
    State(office): App,
    viewer: Viewer,
    page: PageRequest,
) -> Result<Json<Verifications>, Problem> {
    let live = office.chain(&viewer).await?.live.is_some();
    let total = office.verification_count(&viewer).await?;
    let found = office.verifications(&viewer, &page).await?;
    Ok(Json(Verifications {
        items: found.items,
        total,
        live,
        next: found.next,
    }))
}

/// 核验全部审计记录：排队，尽快开始
#[utoipa::path(post, path = "/api/v1/audit-verifications", tag = "后台", responses(
    (status = 202, description = "已排队"),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn ask_audit_verification(State(office): App, viewer: Viewer) -> Result<StatusCode, Problem> {
    office.ask_to_verify(&viewer).await?;
    Ok(StatusCode::ACCEPTED)
}
