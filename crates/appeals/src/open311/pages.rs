//! The endpoints, and the page of keys.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::json;
use zhida_platform::format::datetime_zh;
use zhida_standards::division;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page, places};

use super::ask::{Search, bad};
use super::keys::{Key, NewOpen311Key};
use super::model::Fault;
use super::render::{Format, Root};
use super::serve::Faults;
use crate::error::Error;
use crate::intake::take::request_name;
use crate::intake::{SETTINGS, with_fields};
use crate::pages::{Answer, to};
use crate::service::Appeals;

type App = State<Arc<Appeals>>;

/// The page of keys.
const KEYS: &str = "/appeals/open311-keys";
const SPECIFICATION: &str = "http://wiki.open311.org/GeoReport_v2";

/// The endpoints, which programs use, and the page where their keys are made.
pub(crate) fn routes(app: &Arc<Appeals>) -> Router {
    Router::new()
        .route("/open311/v2/{resource}", get(list).post(create))
        .route("/open311/v2/{resource}/{item}", get(single))
        .route("/appeals/open311-keys", get(keys).post(make))
        .route("/appeals/open311-keys/{id}/end", post(end))
        .with_state(Arc::clone(app))
}

fn decoded(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

fn query(query: Option<String>) -> Vec<(String, String)> {
    decoded(query.unwrap_or_default().as_bytes())
}

/// 404 of an address that the specification does not have.
fn no_such(resource: &str) -> Faults {
    vec![Fault {
        code: 404,
        description: format!("没有“{resource}”：本接口有 services、requests、tokens、discovery"),
    }]
}

fn answer<T: Serialize>(format: Format, root: Root, found: Result<T, Faults>) -> Response {
    match found {
        Ok(document) => format.answer(StatusCode::OK, root, &document),
        Err(faults) => format.refuse(&faults),
    }
}

/// `GET services`, `GET requests`, `GET discovery`
async fn list(
    State(app): App,
    headers: HeaderMap,
    Path(resource): Path<String>,
    RawQuery(sent): RawQuery,
) -> Response {
    let (resource, format) = Format::of(&resource, &headers);
    let sent = query(sent);
    if let Err(faults) = app.jurisdiction(&sent).await {
        return format.refuse(&faults);
    }
    match resource {
        "services" => answer(format, Root::Services, app.services(&sent).await),
        "requests" => {
            let found = async {
                let key = app.known(&sent).await?;
                let search = Search::read(&sent, app.clock.now())?;
                app.requests(&key, &search).await
            };
            answer(format, Root::ServiceRequests, found.await)
        }
        "discovery" => format.answer(StatusCode::OK, Root::Discovery, &discovery(&app)),
        other => format.refuse(&no_such(other)),
    }
}

/// `GET services/[service_code]`, `GET requests/[service_request_id]`, `GET tokens/[token]`
async fn single(
    State(app): App,
    headers: HeaderMap,
    Path((resource, item)): Path<(String, String)>,
    RawQuery(sent): RawQuery,
) -> Response {
    let (item, format) = Format::of(&item, &headers);
    let sent = query(sent);
    if let Err(faults) = app.jurisdiction(&sent).await {
        return format.refuse(&faults);
    }
    match resource.as_str() {
        "services" => answer(
            format,
            Root::ServiceDefinition,
            app.service_definition(item).await,
        ),
        "requests" => {
            let found = async {
                let key = app.known(&sent).await?;
                app.request(&key, item).await
            };
            answer(format, Root::ServiceRequests, found.await)
        }
        "tokens" => answer(format, Root::ServiceRequests, app.token(item).await),
        other => format.refuse(&no_such(other)),
    }
}

/// `POST requests`
async fn create(
    State(app): App,
    headers: HeaderMap,
    Path(resource): Path<String>,
    RawQuery(arguments): RawQuery,
    body: Bytes,
) -> Response {
    let (resource, format) = Format::of(&resource, &headers);
    if resource != "requests" {
        return format.refuse(&no_such(resource));
    }
    let found = async {
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.is_empty() && !kind.starts_with("application/x-www-form-urlencoded") {
            let words = "正文应是 application/x-www-form-urlencoded 的表单（UTF-8）";
            return Err(vec![bad(words)]);
        }
        let mut sent = decoded(&body);
        sent.extend(query(arguments));
        app.jurisdiction(&sent).await?;
        let key = app.known(&sent).await?;
        let name = request_name(&headers).map_err(|words| vec![bad(words)])?;
        app.create(&key, &sent, name).await
    };
    answer(
        format,
        Root::ServiceRequests,
        found.await.map(|created| [created]),
    )
}

/// Service discovery (<http://wiki.open311.org/Service_Discovery>).
fn discovery(app: &Appeals) -> serde_json::Value {
    json!({
        "changeset": "2026-11-22T00:00:00+08:00",
        "contact": "本市诉求管理员",
        "key_service": format!("{}{KEYS}", app.site),
        "endpoints": [{
            "specification": SPECIFICATION,
            "url": format!("{}/open311/v2", app.site),
            "changeset": "2026-11-22T00:00:00+08:00",
            "type": "production",
            "formats": ["text/xml", "application/json"],
        }],
    })
}

#[derive(Template)]
#[template(path = "appeals/intake/keys.html")]
struct KeysPage {
    page: Page,
    errors: FormErrors,
    /// A key that was made just now.
    fresh: String,
    rows: Vec<Row>,
    fields: Fields,
    places: Vec<Choice>,
    batch: Vec<Choice>,
}

struct Row {
    id: String,
    name: String,
    hint: String,
    place: String,
    answers: &'static str,
    used: String,
    ended: bool,
}

impl Row {
    fn of(key: Key) -> Self {
        Self {
            place: match key.place.as_str() {
                "" => "本市".to_owned(),
                place => division::full_name(place).unwrap_or_default(),
            },
            answers: match key.batch {
                true => "令牌",
                false => "编号",
            },
            used: key.used_at.map_or_else(|| "还没有".to_owned(), datetime_zh),
            id: key.id,
            name: key.name,
            hint: key.hint,
            ended: key.ended,
        }
    }
}

async fn keys_page(
    app: &Appeals,
    frame: &Frame,
    fields: Fields,
    fresh: String,
    errors: FormErrors,
) -> Result<KeysPage, Error> {
    let keys = app.open311_keys(&frame.viewer).await?;
    let city = app.rules().await?.rules.place;
    let batch = Choice::new(
        "batch",
        "先给令牌，再用令牌换编号（type 为 batch）",
        fields.get("batch"),
    );
    Ok(KeysPage {
        page: frame
            .page("Open311 接口的密钥")
            .active(SETTINGS)
            .crumb("诉求登记设置", SETTINGS)
            .office(),
        errors,
        fresh,
        rows: keys.into_iter().map(Row::of).collect(),
        places: places::choices("本市", &[city], fields.get("place")),
        batch: vec![batch.hint("对方的系统只会处理令牌时才勾选；不勾选的直接给编号（realtime）")],
        fields,
    })
}

/// Open311 密钥
async fn keys(State(app): App, frame: Frame) -> Answer {
    let (fields, errors) = (Fields::default(), FormErrors::none());
    let page = keys_page(&app, &frame, fields, String::new(), errors).await?;
    Ok(Html(page).into_response())
}

/// 新建密钥; the answer is the page itself, for the key is shown once
async fn make(State(app): App, frame: Frame, fields: Fields) -> Answer {
    let new = NewOpen311Key {
        name: fields.get("name"),
        place: fields.get("place"),
        batch: fields.get("batch") == "batch",
    };
    match app.make_open311_key(&frame.viewer, &new).await {
        Ok(secret) => {
            let (fields, errors) = (Fields::default(), FormErrors::none());
            let page = keys_page(&app, &frame, fields, secret, errors).await?;
            Ok(Html(page).into_response())
        }
        Err(error) => {
            let errors = with_fields(error).map_err(|error| *error)?;
            let page = keys_page(&app, &frame, fields, String::new(), errors).await?;
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
    }
}

/// 停用密钥
async fn end(State(app): App, frame: Frame, Path(id): Path<String>) -> Answer {
    app.end_open311_key(&frame.viewer, &id).await?;
    Ok(to(KEYS))
}
