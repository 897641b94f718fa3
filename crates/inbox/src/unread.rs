//! The number beside “消息” in the head of every page: one indexed query for a page of somebody who has signed in.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use zhida_platform::access::Viewer;
use zhida_ui::Unread;

use crate::service::Inbox;

/// Addresses that are no pages.
const NO_PAGES: [&str; 2] = ["/api/", "/assets/"];

/// Counts the unread messages of whoever asks for a page; inside of what knows who that is.
pub fn counted(router: Router, inbox: Arc<Inbox>) -> Router {
    router.layer(from_fn_with_state(inbox, count))
}

async fn count(State(inbox): State<Arc<Inbox>>, mut request: Request, next: Next) -> Response {
    let viewer = request.extensions().get::<Viewer>().cloned();
    let path = request.uri().path();
    let page = !NO_PAGES.iter().any(|start| path.starts_with(start));
    // after a write comes another page, which counts again
    let shows = page && request.method() == Method::GET;
    if let Some(viewer) = viewer.filter(|viewer| shows && viewer.as_person().is_some()) {
        match inbox.unread_up_to(&viewer, Unread::MOST + 1).await {
            Ok(number) => {
                request.extensions_mut().insert(Unread(number));
            }
            // a page without the number is better than no page
            Err(error) => tracing::warn!(%error, "没有数出未读消息"),
        }
    }
    next.run(request).await
}
