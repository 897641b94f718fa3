//! Handing in appeals as JSON, for an enterprise's or a department's own systems.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;
use zhida_standards::uscc::Uscc;

use super::pages::{FOLLOW, contact_faults, own_enterprise};
use super::take::{Arrival, Source, Taken, new_token, request_name};
use super::text;
use crate::error::Error;
use crate::model::{Contact, NewAppeal};
use crate::rights::{INTAKE, OWN};
use crate::service::Appeals;
use crate::words::{Channel, Confidentiality};

pub(super) fn routes(app: Arc<Appeals>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(submit_appeal))
        .with_state(app)
}

/// 要提交的诉求。
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct AppealToSubmit {
    /// 标题；不填用内容的第一句。
    title: String,
    /// 内容：什么事、在哪里、希望怎样解决。
    #[schema(example = "园区 3 号路路灯坏了一周，夜班工人出入不安全，请尽快修复")]
    text: String,
    /// 分类的路径；不填由受理人员分类。
    #[schema(example = "logistics/road")]
    category: String,
    /// 行政区划代码；不填归本市。
    place: String,
    /// 地点的文字。
    place_words: String,
    /// 统一社会信用代码：受理人员代为登记时填；企业自己的令牌不用填。
    enterprise: String,
    /// 姓名或称呼。
    name: String,
    /// 电话，加密保存。
    phone: String,
    /// 邮箱，加密保存。
    email: String,
    /// 保密；不填为不保密。
    confidentiality: Option<Confidentiality>,
}

/// 登记的诉求。
#[derive(Debug, Serialize, ToSchema)]
struct SubmittedAppeal {
    /// 诉求的标识。
    id: String,
    /// 办件编号。
    #[schema(example = "诉求-2026-000123-8")]
    number: String,
    /// 校验码，凭它和编号可以查进度；同样的内容重复提交时没有。
    check_code: Option<String>,
    /// 查进度的页面。
    follow: String,
    /// 是不是这次登记的：同一个 Idempotency-Key 再次提交，或短时间内内容相同的，为 false。
    new: bool,
}

/// 提交诉求
///
/// 带上请求头 Idempotency-Key（8 至 200 个 ASCII 字符），网络中断后可以放心重发：同一个键只登记一次。
#[utoipa::path(post, path = "/api/v1/appeals", tag = "诉求",
    params(("Idempotency-Key" = Option<String>, Header, description = "这次提交的名字，重发时不变")),
    request_body = AppealToSubmit,
    responses(
        (status = 201, description = "已登记", body = SubmittedAppeal),
        (status = 200, description = "以前已经登记，没有重复登记", body = SubmittedAppeal),
        (status = 400, description = "内容有误，逐项说明", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "没有令牌", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "不能代其他企业提交", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "提交太频繁", body = Problem, content_type = "application/problem+json"),
    ))]
async fn submit_appeal(
    State(app): State<Arc<Appeals>>,
    viewer: Viewer,
    headers: HeaderMap,
    Json(wanted): Json<AppealToSubmit>,
) -> Result<(StatusCode, Json<SubmittedAppeal>), Problem> {
    // a token that was not made for it does not submit
    if !viewer.may(INTAKE) {
        viewer.need(OWN)?;
    }
    let account = viewer.account();
    let account = account.ok_or_else(|| Problem::sign_in("通过接口提交诉求，要先登录"))?;
    check(&app, &wanted).await?;
    let enterprise = enterprise(&app, &viewer, &wanted).await?;
    let token = match request_name(&headers).map_err(Problem::bad_input)? {
        Some(key) => key.to_owned(),
        None => new_token()?,
    };
    let text = text::cleaned(&wanted.text);
    let enterprise = enterprise.as_ref();
    let arrival = Arrival {
        new: NewAppeal {
            channel: Channel::Api,
            source: "",
            title: wanted.title.trim(),
            text: &text,
            category: &wanted.category,
            place: &wanted.place,
            place_words: &wanted.place_words,
            enterprise: enterprise.map(|(code, name)| (code.as_str(), name.as_str())),
            account: Some(account),
            contact: Contact {
                name: wanted.name.trim(),
                phone: wanted.phone.trim(),
                email: wanted.email.trim(),
            },
            confidentiality: wanted.confidentiality.unwrap_or(Confidentiality::Normal),
            files: &[],
        },
        source: Source::Account(account.to_string()),
        token: &token,
        details: &[],
        geo: None,
    };
    let follow = format!("{}{FOLLOW}", app.site);
    Ok(match app.take(&viewer, &arrival).await? {
        Taken::As {
            case,
            number,
            code,
            new,
        } => {
            let answer = SubmittedAppeal {
                id: case,
                number,
                check_code: Some(code.to_string()),
                follow,
                new,
            };
            let status = match new {
                true => StatusCode::CREATED,
                false => StatusCode::OK,
            };
            (status, Json(answer))
        }
        Taken::Repeated { case, number, .. } => {
            let answer = SubmittedAppeal {
                id: case,
                number,
                check_code: None,
                follow,
                new: false,
            };
            (StatusCode::OK, Json(answer))
        }
    })
}

/// All that is wrong with it, at its field.
async fn check(app: &Appeals, wanted: &AppealToSubmit) -> Result<(), Problem> {
    let (settings, _) = app.intake_settings().await?;
    let mut problem = Problem::bad_input("提交的诉求有误");
    let text = text::cleaned(&wanted.text);
    if let Some(fault) = text::fault(&text, settings.text_max as usize, false) {
        problem = problem.field("text", fault);
    }
    for (field, fault) in contact_faults(wanted.name.trim(), wanted.phone.trim()) {
        problem = problem.field(field, fault);
    }
    let words = [
        ("email", &wanted.email),
        ("place_words", &wanted.place_words),
    ];
    for (field, value) in words {
        if value.chars().count() > 200 {
            problem = problem.field(field, "最多 200 个字");
        }
    }
    if !wanted.place.is_empty() && zhida_standards::division::lookup(&wanted.place).is_none() {
        problem = problem.field("place", "没有这个行政区划代码，例如 330502");
    }
    match problem.fields.is_empty() {
        true => Ok(()),
        false => Err(problem),
    }
}

/// Whose appeal it is: the own enterprise's, or that which an officer names.
async fn enterprise(
    app: &Appeals,
    viewer: &Viewer,
    wanted: &AppealToSubmit,
) -> Result<Option<(String, String)>, Problem> {
    let own = own_enterprise(viewer);
    let code = wanted.enterprise.trim();
    if code.is_empty() || own.as_ref().is_some_and(|(own, _)| own == code) {
        return Ok(own);
    }
    if !viewer.may(INTAKE) {
        return Err(
            Problem::forbidden("只能提交本企业的诉求").hint("enterprise 不填，或填本企业的代码")
        );
    }
    let found = app.known_enterprise("enterprise", code).await?;
    Ok(Some(found))
}

impl Appeals {
    /// An enterprise of the register by its code: code and name.
    ///
    /// # Errors
    /// At the field: the code is wrong, or nobody has it; the database.
    pub(crate) async fn known_enterprise(
        &self,
        field: &str,
        code: &str,
    ) -> Result<(String, String), Error> {
        let wrong = |sentence: String| Error::field(field, sentence);
        let code = Uscc::parse(code).map_err(|error| wrong(error.to_string()))?;
        let found = self.registry.enterprise(code.as_str()).await;
        let found = found.map_err(Problem::from)?;
        let found =
            found.ok_or_else(|| wrong("市场主体库里没有这家企业，请核对代码".to_owned()))?;
        Ok((found.code, found.name))
    }
}
