//! The pages of the room. Every one works without JavaScript.

mod accounts;
mod choices;
pub(crate) mod demo;
mod form;
mod identities;
mod invitations;
mod organisations;
mod own;
mod seats;
mod setup;
mod sign_in;
mod staff;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use zhida_platform::format::date_zh;
use zhida_ui::{Frame, PageError};

use crate::cookie::Door;
use crate::model::{Organisation, Seat};
use crate::secret::Secret;
use crate::service::People;

type App = Arc<People>;
type Answer = Result<Response, PageError>;

pub(crate) fn routes(people: Arc<People>) -> Router {
    Router::new()
        .merge(coming_in())
        .merge(own())
        .merge(administration())
        .merge(staff())
        .with_state(people)
}

/// Before somebody has signed in completely.
fn coming_in() -> Router<App> {
    Router::new()
        .route("/setup", get(setup::show).post(setup::submit))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route(
            "/sign-in/code",
            get(sign_in::code).post(sign_in::submit_code),
        )
        .route("/sign-in/with/{id}", get(identities::depart))
        .route("/sign-in/callback/{id}", get(identities::arrive))
        .route("/sign-out", post(sign_in::sign_out))
        .route(
            "/account/password",
            get(sign_in::password).post(sign_in::submit_password),
        )
        .route(
            "/account/factor",
            get(sign_in::factor).post(sign_in::submit_factor),
        )
        .route(
            "/invitations/accept",
            get(invitations::accept).post(invitations::submit_accept),
        )
}

/// What everybody does with the own account.
fn own() -> Router<App> {
    Router::new()
        .route("/account", get(own::show))
        .route("/account/seat", post(own::switch))
        .route("/account/sessions/end", post(own::end_session))
        .route(
            "/account/identities/{id}",
            get(identities::link).post(identities::submit_link),
        )
        .route("/account/identities/{id}/end", post(identities::end_own))
        .route("/account/codes", get(own::codes).post(own::submit_codes))
        .route(
            "/account/tokens/new",
            get(own::new_token).post(own::submit_token),
        )
        .route("/account/tokens/{id}/end", post(own::end_token))
}

fn administration() -> Router<App> {
    Router::new()
        .route("/organisations", get(organisations::list))
        .route(
            "/organisations/new",
            get(organisations::new).post(organisations::submit_new),
        )
        .route("/organisations/choices", get(choices::organisations))
        .route("/organisations/{id}", get(organisations::show))
        .route(
            "/organisations/{id}/edit",
            get(organisations::edit).post(organisations::submit),
        )
        .route("/accounts", get(accounts::list))
        .route(
            "/accounts/new",
            get(accounts::new).post(accounts::submit_new),
        )
        .route("/accounts/choices", get(choices::persons))
        .route("/accounts/{id}", get(accounts::show))
        .route(
            "/accounts/{id}/edit",
            get(accounts::edit).post(accounts::submit),
        )
        .route("/accounts/{id}/state", post(accounts::set_state))
        .route("/accounts/{id}/password", post(accounts::reset_password))
        .route("/accounts/{id}/factor", post(accounts::reset_factor))
        .route("/accounts/{id}/access", post(accounts::end_access))
        .route(
            "/accounts/{id}/seats/new",
            get(seats::new).post(seats::submit_new),
        )
        .route(
            "/accounts/{id}/hand-over",
            get(seats::hand_over).post(seats::submit_hand_over),
        )
        .route(
            "/accounts/{id}/identities/new",
            get(identities::expect).post(identities::submit_expect),
        )
        .route("/identities/{id}/end", post(identities::end))
        .route("/seats/{id}/end", post(seats::end))
        .route("/invitations", get(invitations::list))
        .route(
            "/invitations/new",
            get(invitations::new).post(invitations::submit_new),
        )
        .route("/invitations/{id}/revoke", post(invitations::revoke))
}

/// The people of one's own enterprise: the same use cases at other addresses, since the gate knows one right for each.
fn staff() -> Router<App> {
    Router::new()
        .route("/staff", get(staff::show))
        .route("/staff/agencies", get(choices::agencies))
        .route(
            "/staff/invitations/new",
            get(staff::new_invitation).post(staff::submit_invitation),
        )
        .route("/staff/invitations/{id}/revoke", post(staff::revoke))
        .route("/staff/seats/{id}/end", post(staff::end_seat))
        .route(
            "/staff/people/{id}/hand-over",
            get(staff::hand_over).post(staff::submit_hand_over),
        )
        .route(
            "/staff/mandates/new",
            get(staff::new_mandate).post(staff::submit_mandate),
        )
        .route("/staff/mandates/{id}/end", post(staff::end_mandate))
}

/// Goes on to another page after a write.
fn to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// Goes on with a session's cookie.
fn to_with(address: &str, door: Door, cookie: &Secret) -> Response {
    with_cookie(to(address), door.set(cookie))
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A seat as lists show it.
pub(crate) struct SeatLine {
    pub id: String,
    pub account: String,
    pub person: String,
    pub login: String,
    pub place: String,
    pub role: String,
    pub period: String,
    /// 在任, 未开始 or 已结束, with its tone.
    pub state: (&'static str, &'static str),
    pub granted_by: String,
    pub reason: String,
    /// Whether it can be ended.
    pub ahead: bool,
}

impl SeatLine {
    fn new(seat: &Seat, people: &People) -> Self {
        let today = people.today();
        let until = seat.valid_until.map_or_else(|| "长期".to_owned(), date_zh);
        let state = match (seat.active(today), seat.ahead(today)) {
            (true, _) => ("在任", "green"),
            (false, true) => ("未开始", "blue"),
            (false, false) => ("已结束", "grey"),
        };
        Self {
            id: seat.id.to_string(),
            account: seat.account.to_string(),
            person: seat.account_name.clone(),
            login: seat.account_login.clone(),
            place: seat.place.name().to_owned(),
            role: seat.role_name().to_owned(),
            period: format!("{} 至 {until}", date_zh(seat.valid_from)),
            state,
            granted_by: seat.granted_by.clone(),
            reason: seat.reason.clone(),
            ahead: seat.ahead(today),
        }
    }

    fn all(seats: &[Seat], people: &People) -> Vec<Self> {
        seats.iter().map(|seat| Self::new(seat, people)).collect()
    }
}

/// An organisation's period in words.
fn period_of(organisation: &Organisation) -> String {
    let until = organisation.valid_until;
    let until = until.map_or_else(|| "长期".to_owned(), date_zh);
    format!("{} 至 {until}", date_zh(organisation.valid_from))
}

/// The frame's page in the look of the back office.
fn office(frame: &Frame, title: &str, active: &str) -> zhida_ui::Page {
    frame.page(title).active(active).office()
}
