//! The gate in front of every route: what it asks for stands in `[routes]` of `data/rights.toml`.

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};

use super::{Open, Rights, Viewer};
use crate::export::percent_encoded;
use crate::problem::Problem;

/// The page on which one signs in; `?next=` names the address to go on to.
pub const SIGN_IN: &str = "/sign-in";

/// The address of the sign-in page that leads back to `next`, a path of this site.
#[must_use]
pub fn sign_in_address(next: &str) -> String {
    format!("{SIGN_IN}?next={}", percent_encoded(next))
}

/// Puts the gate before all routes that the router has so far. Unknown addresses stay 404.
pub fn guard(router: Router) -> Router {
    router.route_layer(from_fn(gate))
}

/// Lets a request through to its route when the viewer may do what the route asks for.
///
/// A route that is not in the table is refused and logged: forgetting it can only close. So is a
/// method that the table does not have for a path, as 405.
pub async fn gate(request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    let path = matched
        .map(|path| path.as_str().to_owned())
        .unwrap_or_default();
    let routes = Rights::shipped().routes_at(&path);
    if routes.is_empty() {
        tracing::error!(path, "权限表 data/rights.toml 里没有这个地址，已拒绝");
        return Problem::forbidden("这个地址还没有写明谁可以使用").into_response();
    }
    let asked = match request.method() {
        &Method::HEAD => &Method::GET,
        method => method,
    };
    let Some(route) = routes.iter().find(|route| route.method == *asked) else {
        let methods: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
        return not_allowed(&methods.join(","));
    };
    if let Open::To(action) = &route.open {
        let viewer = request.extensions().get::<Viewer>().cloned();
        if let Err(problem) = viewer.unwrap_or_default().need_slug(action) {
            return problem.into_response();
        }
    }
    next.run(request).await
}

/// Without a type, so that `http::harden` says it in the words of all such refusals.
fn not_allowed(methods: &str) -> Response {
    let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
    if let Ok(methods) = HeaderValue::from_str(methods) {
        response.headers_mut().insert(header::ALLOW, methods);
    }
    response
}

/// Why this viewer may not do it, and what to do about it.
pub(super) fn refusal(viewer: &Viewer, action: &str) -> Problem {
    let rights = Rights::shipped();
    let name = rights.action_name(action).unwrap_or(action);
    if viewer.is_visitor() {
        return Problem::sign_in(format!("{name}，要先登录")).hint(format!(
            "请到 {SIGN_IN} 登录有权限的账号；程序请在 Authorization 头里带访问令牌"
        ));
    }
    let forbidden = Problem::forbidden(format!("没有“{name}”的权限"));
    let Some(person) = viewer.as_person() else {
        return forbidden;
    };
    let mandate = person
        .seat
        .as_ref()
        .and_then(|seat| seat.on_behalf_of.as_ref());
    if let Some(enterprise) = mandate {
        return forbidden.hint(format!(
            "正在代办“{enterprise}”，它的授权里没有这一项：请它另行授权，或到“我的账号”换回自己的任职"
        ));
    }
    if person.token.is_some() {
        return forbidden.hint("这个访问令牌没有这项权限，请换一个令牌，或按需要重新建立");
    }
    match &person.seat {
        None => forbidden.hint("账号还没有任职，请联系本单位的管理员"),
        Some(seat) => match rights.role(&seat.role) {
            Some(role) if role.second_factor && !person.second_factor => {
                forbidden.hint("这个任职要先通过第二因素验证，请重新登录并完成验证")
            }
            Some(role) => forbidden.hint(format!(
                "现在的任职是“{} {}”；有其他任职的请先切换，没有的请联系管理员",
                seat.organisation_name, role.name
            )),
            None => forbidden,
        },
    }
}
