//! The one error of handlers: RFC 9457 `application/problem+json`.
//!
//! A room's error enum converts into [`Problem`] in its `error.rs`; handlers
//! answer `Result<_, Problem>`. The response also carries the problem in its
//! extensions, so that the page frame can show it as a page instead.

use std::error::Error as StdError;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{db, http};

/// 填错的一项：表单的一栏，或 JSON 正文的一个字段。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// 字段名，与发来的一致。
    pub field: String,
    /// 错在哪里、怎样改正。
    pub message: String,
}

/// 出了什么问题、在哪里、怎样改正（RFC 9457）。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// HTTP 状态码。
    #[serde(serialize_with = "status_number")]
    #[schema(value_type = u16, example = 404)]
    pub status: StatusCode,
    /// 给程序判断用的代号，不会改变，例如 not-found。
    pub code: &'static str,
    /// 是哪一类问题。
    pub title: String,
    /// 这一次发生了什么。
    pub detail: String,
    /// 怎样改正；可以为空。
    pub hint: String,
    /// 填错的各项，按表单的顺序；没有时不出现。
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
}

fn status_number<S: serde::Serializer>(
    status: &StatusCode,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem with an empty hint and no fields.
    #[must_use]
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            title: title.into(),
            detail: detail.into(),
            hint: String::new(),
            fields: Vec::new(),
        }
    }

    /// 404: `what` is not there, for instance `企业「91…」`.
    #[must_use]
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "没有找到",
            format!("没有找到{what}"),
        )
        .hint("请核对编号或地址，或回到列表重新查找")
    }

    /// 400: what was sent cannot be used; `detail` says what and where.
    #[must_use]
    pub fn bad_input(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-input",
            "提交的内容有误",
            detail,
        )
        .hint("请按提示改正后重新提交")
    }

    /// 401: it takes an account, and nobody has signed in.
    #[must_use]
    pub fn sign_in(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sign-in", "请先登录", detail)
            .hint("请登录有权限的账号后再试")
    }

    /// 403: this viewer may not do it.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "没有权限", detail)
            .hint("请用有权限的账号操作，或联系管理员")
    }

    /// 409: somebody else changed it, or it is there already.
    #[must_use]
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "与已有内容冲突", detail)
            .hint("请刷新页面，看过最新内容后再操作")
    }

    /// 422: it was understood, but cannot be done as things stand; `detail` says why.
    #[must_use]
    pub fn refused(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "refused",
            "现在不能这样办理",
            detail,
        )
        .hint("请按提示改正，或改用别的办法")
    }

    /// 413: more bytes than allowed.
    #[must_use]
    pub fn too_large(bytes_max: u64) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "提交的内容太大",
            format!("一次提交不得超过 {} 字节", crate::format::count(bytes_max)),
        )
        .hint("请把文件拆小，或请管理员调整设置 limits.upload_bytes_max")
    }

    /// 500: the inner error goes to the log with the request's id, never to
    /// the visitor.
    #[must_use]
    pub fn internal(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let error = error.into();
        let id = http::current_request_id();
        tracing::error!(error = %chain(&*error), "处理请求时出错");
        Self::broken(&id)
    }

    pub(crate) fn broken(id: &str) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "系统出错",
            format!("系统处理这个请求时出了错，请求编号 {id}"),
        )
        .hint("请稍后重试；仍不成功，请把请求编号告诉管理员")
    }

    /// Says how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Adds a wrong field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.fields.push(FieldError {
            field: field.into(),
            message: message.into(),
        });
        self
    }

    /// The body: RFC 9457 members plus `code`, `hint` and `fields`. `instance` is the request's id, the
    /// one in the log and in the header `X-Request-Id`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut body = serde_json::json!({ "type": format!("urn:zhida:problem:{}", self.code) });
        if let Some(id) = http::request_id() {
            body["instance"] = format!("urn:uuid:{id}").into();
        }
        if let (Some(members), Ok(serde_json::Value::Object(own))) =
            (body.as_object_mut(), serde_json::to_value(self))
        {
            members.extend(own);
        }
        body
    }
}

/// The error and all its sources in one line, for the log.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(" ← ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}：{}", self.title, self.detail)?;
        if !self.hint.is_empty() {
            write!(f, "。{}", self.hint)?;
        }
        Ok(())
    }
}

impl StdError for Problem {}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        Self::internal(error)
    }
}

impl From<sea_orm::DbErr> for Problem {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::internal(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.to_json())).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 asks every 401 to name a way in; browsers do not answer this one with a window
            let way = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, way);
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_the_members_of_the_rfc_and_ours() {
        let problem = Problem::bad_input("日期写错").field("date", "请写成 2026-11-22");
        let body = problem.to_json();
        assert_eq!(body["type"], "urn:zhida:problem:bad-input");
        assert_eq!(body["status"], 400);
        assert_eq!(body["title"], "提交的内容有误");
        assert_eq!(body["detail"], "日期写错");
        assert_eq!(body["fields"][0]["field"], "date");
    }

    #[test]
    fn an_internal_problem_never_shows_the_inner_text() {
        let inner = sea_orm::DbErr::Custom("password=s3cret".to_owned());
        let problem = Problem::from(inner);
        assert_eq!(problem.status, StatusCode::INTERNAL_SERVER_ERROR);
        let body = problem.to_json().to_string();
        assert!(!body.contains("s3cret"), "{body}");
        assert!(body.contains("请求编号"), "{body}");
    }

    #[test]
    fn the_response_is_problem_json_and_carries_the_problem() {
        let response = Problem::not_found("企业「甲」").into_response();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
        let carried = response.extensions().get::<Problem>();
        assert_eq!(carried.map(|problem| problem.code), Some("not-found"));
    }
}
