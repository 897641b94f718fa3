//! Keyset paging: a page says where the next one starts, no page is counted.
//!
//! A cursor holds the last row's key values, readable by anyone: it selects
//! where to go on and must never decide what may be seen.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// Items of a page when nothing is asked.
pub const LIMIT_DEFAULT: u32 = 20;
/// Items of a page at most, whatever is configured.
pub const LIMIT_MAX: u32 = 200;
/// Characters of a cursor at most: key values are short.
const CURSOR_CHARS_MAX: usize = 4_096;

/// Which page is wanted: `?after=…&limit=…`.
///
/// As an extractor it is checked against `limits.page_limit_max`; made from
/// elsewhere (a query struct of a room) call [`PageRequest::checked`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageRequest {
    /// 上一页答复中的 next；第一页不填。
    pub after: Option<String>,
    /// 每页条数，1 至 200。
    #[serde(default = "limit_default")]
    #[param(default = 20, minimum = 1, maximum = 200)]
    pub limit: u32,
}

fn limit_default() -> u32 {
    LIMIT_DEFAULT
}

impl Default for PageRequest {
    fn default() -> Self {
        Self {
            after: None,
            limit: LIMIT_DEFAULT,
        }
    }
}

/// The configured limit, put into requests by [`crate::http::harden`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConfiguredLimit(pub u32);

impl PageRequest {
    /// The first page with `limit` items.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// Accepts 1 to `limit_max` items (never more than [`LIMIT_MAX`]); an
    /// empty `after` is the first page.
    ///
    /// # Errors
    /// 400 when the limit is outside.
    pub fn checked(mut self, limit_max: u32) -> Result<Self, Problem> {
        let limit_max = limit_max.clamp(1, LIMIT_MAX);
        if self.limit == 0 || self.limit > limit_max {
            return Err(
                Problem::bad_input(format!("每页条数 limit={} 超出范围", self.limit))
                    .field("limit", format!("请写 1 至 {limit_max} 的整数")),
            );
        }
        self.after = self.after.filter(|after| !after.is_empty());
        Ok(self)
    }

    /// LIMIT for the statement: one more than the page, which tells whether
    /// another follows. For [`Page::from_rows`].
    #[must_use]
    pub fn rows_wanted(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The key values to go on after; `None` on the first page.
    ///
    /// # Errors
    /// 400 when the cursor is not one of `list`.
    pub fn cursor<K: DeserializeOwned>(&self, list: &str) -> Result<Option<K>, Problem> {
        self.after
            .as_deref()
            .map(|after| Cursor::decode(list, after))
            .transpose()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PageRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(request) = Query::<Self>::from_request_parts(parts, state)
            .await
            .map_err(|_| {
                Problem::bad_input("分页参数看不懂")
                    .field("limit", format!("请写 1 至 {LIMIT_MAX} 的整数"))
            })?;
        let limit_max = parts
            .extensions
            .get::<ConfiguredLimit>()
            .map_or(LIMIT_MAX, |limit| limit.0);
        request.checked(limit_max)
    }
}

/// 列表的一页。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page<T> {
    /// 本页的内容。
    pub items: Vec<T>,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page from up to [`PageRequest::rows_wanted`] rows; `key` gives
    /// the key values of a row, the same that the statement compares.
    ///
    /// # Errors
    /// When the key values cannot be written as JSON (a defect; 500).
    pub fn from_rows<K: Serialize>(
        mut rows: Vec<T>,
        request: &PageRequest,
        list: &str,
        key: impl FnOnce(&T) -> K,
    ) -> Result<Self, Problem> {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = match rows.last() {
            Some(last) if more => Some(Cursor::encode(list, &key(last))?),
            _ => None,
        };
        Ok(Self { items: rows, next })
    }

    /// The same page with other items.
    #[must_use]
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
        }
    }
}

/// Cursors: base64url of the JSON `[list, keys]`, where `list` names the list
/// and its order, for instance `enterprise:name`, so that a cursor of another
/// order is refused instead of silently giving a wrong page.
#[derive(Debug, Clone, Copy)]
pub struct Cursor;

impl Cursor {
    /// Writes a cursor.
    ///
    /// # Errors
    /// When the key values cannot be written as JSON (a defect; 500).
    pub fn encode<K: Serialize>(list: &str, keys: &K) -> Result<String, Problem> {
        let json = serde_json::to_vec(&(list, keys)).map_err(Problem::internal)?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    /// Reads a cursor of the same list.
    ///
    /// # Errors
    /// 400 when it is not one.
    pub fn decode<K: DeserializeOwned>(list: &str, text: &str) -> Result<K, Problem> {
        Self::read(list, text).ok_or_else(|| {
            Problem::bad_input("翻页位置 after 无效：它不完整、被改动过，或属于另一种排序的列表")
                .field("after", "请从第一页重新翻起")
        })
    }

    fn read<K: DeserializeOwned>(list: &str, text: &str) -> Option<K> {
        if text.len() > CURSOR_CHARS_MAX {
            return None;
        }
        let json = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (of, keys) = serde_json::from_slice::<(String, K)>(&json).ok()?;
        (of == list).then_some(keys)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn limits_are_held_on_both_sides() {
        for (limit, max, ok) in [
            (0, 200, false),
            (1, 200, true),
            (200, 200, true),
            (201, 200, false),
            (201, 9_999, false),
            (51, 50, false),
            (50, 50, true),
        ] {
            assert_eq!(
                PageRequest::first(limit).checked(max).is_ok(),
                ok,
                "{limit} of {max}"
            );
        }
    }

    #[test]
    fn an_empty_after_is_the_first_page() {
        let request = PageRequest {
            after: Some(String::new()),
            limit: 5,
        };
        assert_eq!(request.checked(200).map(|request| request.after), Ok(None));
    }

    #[test]
    fn a_page_tells_whether_another_follows() {
        let request = PageRequest::first(2);
        let more = Page::from_rows(vec![1, 2, 3], &request, "n", |n| *n).expect("a page");
        assert_eq!(more.items, [1, 2]);
        assert_eq!(
            more.next
                .as_deref()
                .map(|next| Cursor::decode::<i32>("n", next)),
            Some(Ok(2))
        );
        let last = Page::from_rows(vec![1, 2], &request, "n", |n| *n).expect("a page");
        assert_eq!(last.next, None);
    }

    #[test]
    fn a_cursor_of_another_list_or_shape_is_refused_with_a_way_out() {
        let cursor = Cursor::encode("enterprise:name", &("甲", 7)).expect("a cursor");
        let problem =
            Cursor::decode::<(String, i64)>("enterprise:size", &cursor).expect_err("another list");
        assert_eq!(problem.code, "bad-input");
        assert!(problem.fields[0].message.contains("第一页"));
        assert!(Cursor::decode::<(i64, i64)>("enterprise:name", &cursor).is_err());
        assert!(Cursor::decode::<i64>("n", &"A".repeat(CURSOR_CHARS_MAX + 1)).is_err());
    }

    proptest! {
        #[test]
        fn cursors_round_trip(name in ".*", seq: i64) {
            let cursor = Cursor::encode("l", &(&name, seq)).expect("a cursor");
            prop_assert_eq!(Cursor::decode::<(String, i64)>("l", &cursor), Ok((name, seq)));
        }

        #[test]
        fn any_other_text_is_a_clear_400(text in ".{0,40}") {
            if let Err(problem) = Cursor::decode::<(String, i64)>("l", &text) {
                prop_assert_eq!(problem.status.as_u16(), 400);
            } else {
                prop_assert!(false, "{text} was accepted");
            }
        }
    }
}
