//! Who may write, and from where.

use axum::http::HeaderMap;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;

/// Lets officers through whose browser says that the request comes from our own pages: another
/// site must not be able to write with an officer's session (W3C Fetch Metadata). Programs send no
/// such header.
pub(crate) fn writer(viewer: &Viewer, headers: &HeaderMap) -> Result<(), Problem> {
    if !viewer.can_write() {
        return Err(Problem::forbidden("编辑和发布政策只对工作人员开放"));
    }
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    match site {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => {
            Err(Problem::forbidden("这个请求来自别的网站，没有执行").hint("请从本系统的页面操作"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors_and_other_sites_cannot_write() {
        let officer = Viewer::Officer { name: "甲".into() };
        let from = |site: &'static str| {
            HeaderMap::from_iter([(
                "sec-fetch-site".parse().expect("a name"),
                site.parse().expect("a value"),
            )])
        };
        assert!(writer(&Viewer::Public, &HeaderMap::new()).is_err());
        assert!(writer(&officer, &HeaderMap::new()).is_ok());
        assert!(writer(&officer, &from("same-origin")).is_ok());
        assert!(writer(&officer, &from("cross-site")).is_err());
    }
}
