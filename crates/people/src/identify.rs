//! The layer that finds out who makes a request: cookie or API token → `Viewer`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use zhida_platform::access::Origin;
use zhida_platform::http::names_loopback;
use zhida_platform::problem::Problem;

use crate::cookie::Door;
use crate::error::Error;
use crate::secret::{Secret, TOKEN_PREFIX};
use crate::service::{Current, People, Recognised, Stage};

/// Characters of `User-Agent` that are kept.
const AGENT_MAX: usize = 200;

/// Puts the layer around all routes that the router has so far, the gate included.
pub fn identified(router: Router, people: Arc<People>) -> Router {
    router.layer(from_fn_with_state(people, identify))
}

async fn identify(State(people): State<Arc<People>>, mut request: Request, next: Next) -> Response {
    let door = Door {
        secure: !names_loopback(&request),
    };
    let origin = origin_of(&request);
    let recognised = match recognise(&people, request.headers(), door, &origin).await {
        Ok(recognised) => recognised,
        Err(error) => return Problem::from(error).into_response(),
    };
    let extensions = request.extensions_mut();
    extensions.insert(door);
    extensions.insert(origin);
    // the frame's page of an error is made after the request is gone
    let mut seen_as = None;
    if let Recognised::Somebody(current) = recognised {
        let viewer = current.viewer();
        seen_as = Some(viewer.clone());
        extensions.insert(viewer);
        extensions.insert(Arc::new(*current));
    }
    let mut response = next.run(request).await;
    if let Some(viewer) = seen_as {
        response.extensions_mut().insert(viewer);
    }
    response
}

async fn recognise(
    people: &People,
    headers: &HeaderMap,
    door: Door,
    origin: &Origin,
) -> Result<Recognised, Error> {
    if let Some(token) = bearer(headers) {
        return people.by_token(&token, origin).await;
    }
    match door.read(headers) {
        Some(cookie) => people.by_cookie(&cookie, origin).await,
        None => Ok(Recognised::Nobody),
    }
}

fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let ours = scheme.eq_ignore_ascii_case("bearer") && token.trim().starts_with(TOKEN_PREFIX);
    ours.then(|| Secret::from(token.trim()))
}

fn origin_of(request: &Request) -> Origin {
    let connection = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let agent = request.headers().get(header::USER_AGENT);
    let agent = agent
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default();
    Origin {
        address: connection.map(|connection| connection.0.ip()),
        agent: agent.chars().take(AGENT_MAX).collect(),
    }
}

/// Whoever has signed in completely, or whose token it is.
pub(crate) struct Me(pub Arc<Current>);

impl<S: Send + Sync> FromRequestParts<S> for Me {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let current = parts.extensions.get::<Arc<Current>>();
        current
            .filter(|current| current.stage == Stage::Complete)
            .map(|current| Self(Arc::clone(current)))
            .ok_or_else(|| Error::NotSignedIn.into())
    }
}

/// The session of the browser, complete or not; `None` without one.
pub(crate) struct Begun(pub Option<Arc<Current>>);

impl<S: Send + Sync> FromRequestParts<S> for Begun {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let current = parts.extensions.get::<Arc<Current>>();
        let session = current.filter(|current| current.session.is_some());
        Ok(Self(session.cloned()))
    }
}

impl Begun {
    pub(crate) fn session(self) -> Result<Arc<Current>, Problem> {
        self.0.ok_or_else(|| Error::NotSignedIn.into())
    }
}

/// How and from where the browser reached us.
pub(crate) struct Visit {
    pub door: Door,
    pub origin: Origin,
    /// The secret of a sign-in with a provider that is under way.
    pub flow: Option<Secret>,
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let door = parts.extensions.get::<Door>().copied();
        let origin = parts.extensions.get::<Origin>().cloned();
        let door = door.unwrap_or(Door { secure: true });
        Ok(Self {
            door,
            origin: origin.unwrap_or_default(),
            flow: door.read_flow(&parts.headers),
        })
    }
}
