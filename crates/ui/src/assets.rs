//! The files a page needs, inside the binary, under names that carry their digest.
//!
//! A file's address changes with its content, so browsers may keep it for a year.
//! govuk-frontend is served without the font, crest and name that only GOV.UK may use.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

/// Parts of the theme in the order they cascade.
const THEME: &[&str] = &[
    include_str!("../theme/tokens.css"),
    include_str!("../theme/base.css"),
    include_str!("../theme/frame.css"),
    include_str!("../theme/forms.css"),
    include_str!("../theme/ask.css"),
    include_str!("../theme/components.css"),
    include_str!("../theme/tables.css"),
    include_str!("../theme/verdicts.css"),
    include_str!("../theme/charts.css"),
    include_str!("../theme/print.css"),
];

const GOVUK_CSS: &str =
    include_str!("../../../assets/vendor/govuk-frontend/govuk-frontend.min.css");
const GOVUK_JS: &str = include_str!("../../../assets/vendor/govuk-frontend/govuk-frontend.min.js");
const HTMX_JS: &str = include_str!("../../../assets/vendor/htmx.org/htmx.min.js");
const APP_JS: &str = include_str!("../theme/app.js");
const AUTOSAVE_JS: &str = include_str!("../theme/autosave.js");
const RESUME_JS: &str = include_str!("../theme/resume.js");
const ICON_SVG: &str = include_str!("../theme/icon.svg");

/// One file as it is served.
struct Asset {
    url: &'static str,
    kind: &'static str,
    body: &'static str,
}

/// All files by their plain name. Made once per process; the leaked texts live as long as it does.
static ASSETS: LazyLock<HashMap<&'static str, Asset>> = LazyLock::new(|| {
    let css = "text/css; charset=utf-8";
    let js = "text/javascript; charset=utf-8";
    let mut assets = HashMap::new();
    let mut add = |name: &'static str, kind, body: String| -> &'static str {
        let url: &'static str = digest_name(name, &body).leak();
        let body: &'static str = body.leak();
        assets.insert(name, Asset { url, kind, body });
        url
    };
    add("govuk-frontend.css", css, plain_govuk_css(GOVUK_CSS));
    add("theme.css", css, THEME.concat());
    add("htmx.js", js, without_source_map(HTMX_JS).into_owned());
    let govuk = add(
        "govuk-frontend.js",
        js,
        without_source_map(GOVUK_JS).into_owned(),
    );
    let autosave = add("autosave.js", js, AUTOSAVE_JS.to_owned());
    // A module names its imports by address, so their digests go into our script, too.
    let app = APP_JS.replace("./govuk-frontend.js", govuk);
    let app = app.replace("./autosave.js", autosave);
    let resume = add("resume.js", js, RESUME_JS.to_owned());
    add("app.js", js, app.replace("./resume.js", resume));
    add("icon.svg", "image/svg+xml", ICON_SVG.to_owned());
    assets
});

/// Address of a file, such as `/assets/theme.0123456789ab.css`.
///
/// # Panics
/// When no file has that name: a mistake in a template, found by the first test that renders it.
pub fn url(name: &str) -> &'static str {
    ASSETS
        .get(name)
        .unwrap_or_else(|| panic!("没有名为 {name} 的静态文件，见 crates/ui/src/assets.rs"))
        .url
}

/// Serves `/assets/*`; merged by [`crate::with_frame`].
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{name}", get(serve))
}

async fn serve(Path(name): Path<String>) -> Response {
    let Some(asset) = ASSETS
        .values()
        .find(|asset| asset.url.strip_prefix("/assets/") == Some(name.as_str()))
    else {
        return (StatusCode::NOT_FOUND, "没有这个静态文件").into_response();
    };
    (
        [
            (header::CONTENT_TYPE, asset.kind),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        ],
        asset.body,
    )
        .into_response()
}

/// `/assets/` + stem + first 12 hex digits of the SHA-256 + extension.
fn digest_name(name: &str, body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    let hex: String = digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "bin"));
    format!("/assets/{stem}.{hex}.{extension}")
}

/// govuk-frontend without the licensed font and the crest, in our font stack.
fn plain_govuk_css(css: &str) -> String {
    let mut plain = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(start) = rest.find("@font-face{") {
        let end = rest[start..]
            .find('}')
            .map_or(rest.len(), |length| start + length + 1);
        plain.push_str(&rest[..start]);
        rest = &rest[end..];
    }
    plain.push_str(rest);
    let plain = plain
        .replace("GDS Transport,arial,sans-serif", "var(--zd-font)")
        .replace("url(/assets/images/govuk-crest.svg)", "none");
    without_source_map(&plain).into_owned()
}

/// Drops the comment that would make developer tools ask for a map we do not ship.
fn without_source_map(text: &str) -> Cow<'_, str> {
    ["/*# sourceMappingURL", "//# sourceMappingURL"]
        .iter()
        .find_map(|mark| text.rfind(mark))
        .map_or(Cow::Borrowed(text), |at| Cow::Owned(text[..at].to_owned()))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn fetch(path: &str) -> Response {
        router::<()>()
            .oneshot(Request::get(path).body(Body::empty()).expect("address"))
            .await
            .expect("infallible")
    }

    #[tokio::test]
    async fn files_are_kept_for_a_year_under_their_digest() {
        let address = url("theme.css");
        assert!(address.starts_with("/assets/theme.") && address.ends_with(".css"));
        let response = fetch(address).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()[header::CACHE_CONTROL],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/css; charset=utf-8"
        );
        let body = to_bytes(response.into_body(), 1 << 20).await.expect("body");
        let text = std::str::from_utf8(&body).expect("utf-8");
        assert_eq!(digest_name("theme.css", text), address);
    }

    #[tokio::test]
    async fn an_old_digest_or_a_path_outside_is_not_found() {
        for path in [
            "/assets/theme.000000000000.css",
            "/assets/theme.css",
            "/assets/..%2Fsrc%2Flib.rs",
        ] {
            assert_eq!(fetch(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn another_content_gets_another_name() {
        assert_ne!(digest_name("a.css", "x"), digest_name("a.css", "y"));
        assert_eq!(
            digest_name("a.css", "abc"),
            "/assets/a.ba7816bf8f01.css",
            "SHA-256 of abc, FIPS 180-4"
        );
    }

    #[test]
    fn nothing_that_belongs_to_gov_uk_is_served() {
        for asset in ASSETS.values() {
            for foreign in ["GDS Transport", "crest.svg", "/assets/fonts", "@font-face"] {
                assert!(!asset.body.contains(foreign), "{}: {foreign}", asset.url);
            }
            assert!(!asset.body.contains("sourceMappingURL"), "{}", asset.url);
        }
    }

    #[test]
    fn our_script_imports_the_file_that_is_served() {
        let app = ASSETS["app.js"].body;
        assert!(app.contains(url("govuk-frontend.js")));
        assert!(!app.contains("./govuk-frontend.js"));
    }

    #[test]
    fn our_files_work_under_the_content_security_policy() {
        assert!(!APP_JS.contains("eval(") && !APP_JS.contains("new Function"));
        for part in THEME {
            assert!(!part.contains("http://") && !part.contains("https://"));
        }
    }
}
