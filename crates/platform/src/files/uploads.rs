//! The routes of uploads in parts, after the idea of tus 1.0: begin, ask how far it came, send the next part.
//!
//! Whatever may be handed in with a page's form may come this way before it: the form then names the upload
//! (`sent:` and the input's name) instead of carrying the file, and the room asks its own rights as ever.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::unfinished::{Announced, PART_BYTES_MAX, Unfinished};
use super::{FileError, FileStore};
use crate::access::Viewer;
use crate::problem::Problem;

/// What a form's field begins with that names an upload instead of carrying a file; the input's name follows.
pub const SENT: &str = "sent:";

/// How far a file has come, in answers; where a part goes, in requests.
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// Bytes of a description.
const ANNOUNCED_BYTES_MAX: usize = 8 << 10;

/// The routes, for whatever page has a form with files.
pub fn uploads(store: FileStore) -> Router {
    let announced = DefaultBodyLimit::max(ANNOUNCED_BYTES_MAX);
    let parts = DefaultBodyLimit::max(PART_BYTES_MAX);
    Router::new()
        .route("/uploads", post(announce).layer(announced))
        .route("/uploads/{id}", get(offset).patch(append).layer(parts))
        .with_state(store)
}

fn answer(status: StatusCode, upload: &Unfinished) -> Response {
    let Unfinished {
        id, bytes, offset, ..
    } = upload;
    let body = json!({ "id": id, "bytes": bytes, "offset": offset });
    (status, at(*offset), Json(body)).into_response()
}

fn at(offset: u64) -> [(HeaderName, HeaderValue); 1] {
    [(OFFSET, HeaderValue::from(offset))]
}

/// 开始上传，或找到没传完的同一个文件
async fn announce(
    State(store): State<FileStore>,
    viewer: Viewer,
    Json(announced): Json<Announced>,
) -> Result<Response, Problem> {
    let upload = store.announce(&viewer, announced).await?;
    Ok(answer(StatusCode::CREATED, &upload))
}

/// 已经收到多少
async fn offset(
    State(store): State<FileStore>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let upload = store.unfinished(&viewer, &id).await?;
    Ok(answer(StatusCode::OK, &upload))
}

/// 接着传一段
async fn append(
    State(store): State<FileStore>,
    viewer: Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
    part: Bytes,
) -> Result<Response, Problem> {
    let offset = headers.get(OFFSET).and_then(|value| value.to_str().ok());
    let offset = offset.and_then(|text| text.parse().ok());
    let offset = offset
        .ok_or_else(|| Problem::bad_input("请求头 Upload-Offset 要写这一段从第几字节开始"))?;
    match store.append(&viewer, &id, offset, part).await {
        Ok(offset) => Ok((StatusCode::NO_CONTENT, at(offset)).into_response()),
        Err(error @ FileError::Elsewhere { holds }) => {
            Ok((at(holds), Problem::from(error)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
