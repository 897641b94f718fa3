//! The pages of the room. Every one works without JavaScript.

mod deliveries;
mod fields;
mod messages;
mod preferences;
mod templates;
mod unsubscribe;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use zhida_ui::{Frame, Page, PageError, Tab};

use crate::service::Inbox;

type App = Arc<Inbox>;
type Answer = Result<Response, PageError>;

/// Rows of a page of a list.
const ROWS: u32 = 20;

pub(crate) const MESSAGES: &str = "/messages";
pub(crate) const DELIVERIES: &str = "/office/deliveries";
pub(crate) const WEBHOOKS: &str = "/office/webhooks";
pub(crate) const TEMPLATES: &str = "/office/templates";

pub(crate) fn routes(inbox: App) -> Router {
    Router::new()
        .route("/messages", get(messages::list))
        .route("/messages/read-all", post(messages::read_all))
        .route("/messages/{id}/read", post(messages::read))
        .route("/messages/{id}/mute", post(messages::mute))
        .route("/messages/{id}/mute-item", post(messages::mute_item))
        .route("/messages/muted/{id}/restore", post(preferences::restore))
        .route(
            "/messages/off/{token}",
            get(unsubscribe::show).post(unsubscribe::submit),
        )
        .route(
            "/messages/preferences",
            get(preferences::show).post(preferences::submit),
        )
        .route("/messages/mail", post(preferences::submit_mail))
        .route("/messages/mail/code", post(preferences::submit_code))
        .route("/office/deliveries", get(deliveries::list))
        .route("/office/deliveries/export.csv", get(deliveries::csv))
        .route("/office/deliveries/export.xlsx", get(deliveries::xlsx))
        .route("/office/deliveries/{id}/retry", post(deliveries::retry))
        .route("/office/webhooks", get(webhooks::list))
        .route(
            "/office/webhooks/new",
            get(webhooks::new).post(webhooks::submit_new),
        )
        .route("/office/webhooks/{id}", get(webhooks::show))
        .route("/office/webhooks/{id}/switch", post(webhooks::switch))
        .route("/office/webhooks/{id}/secret", post(webhooks::renew_secret))
        .route("/office/webhooks/{id}/replay", post(webhooks::replay))
        .route("/office/webhooks/{id}/test", post(webhooks::test))
        .route("/office/webhooks/{id}/remove", post(webhooks::remove))
        .route("/office/templates", get(templates::list))
        .route(
            "/office/templates/{event}/{channel}",
            get(templates::edit).post(templates::submit),
        )
        .route(
            "/office/templates/{event}/{channel}/reset",
            post(templates::reset),
        )
        .with_state(inbox)
}

/// Goes on to another page after a write.
fn to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// A page of the back office of messages.
fn office(frame: &Frame, title: &str) -> Page {
    frame.page(title).active(DELIVERIES).office()
}

/// The three parts of the back office.
fn tabs(here: &str) -> Vec<Tab> {
    [
        ("发送记录", DELIVERIES),
        ("接口推送", WEBHOOKS),
        ("消息模板", TEMPLATES),
    ]
    .into_iter()
    .map(|(label, href)| Tab::new(label, href, href == here))
    .collect()
}
