use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde_json::{Value, json};

use super::Column;
use crate::problem::Problem;

/// The parameter of an address that chooses columns.
pub const COLUMNS: &str = "columns";
/// Characters of an unknown heading that an answer repeats.
const REPEATED_MAX: usize = 30;

/// Which columns of an export somebody wants, by their headings; without the parameter `columns` all of them.
///
/// The parameter may stand there several times, as check boxes send it, and hold several headings with commas between
/// them. A form sends it empty besides, so that nothing checked is not taken for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen(Option<Vec<String>>);

impl Chosen {
    /// What the values of the parameter say.
    pub fn read<'v>(values: impl IntoIterator<Item = &'v str>) -> Self {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return Self(None);
        }
        let mut headings: Vec<String> = Vec::new();
        for heading in values.flat_map(|value| value.split(',')).map(str::trim) {
            if !heading.is_empty() && !headings.iter().any(|known| known == heading) {
                headings.push(heading.to_owned());
            }
        }
        Self(Some(headings))
    }

    /// The headings, when they were chosen.
    ///
    /// # Errors
    /// The parameter is there, but names none.
    pub fn headings(&self) -> Result<Option<&[String]>, Problem> {
        match self.0.as_deref() {
            Some([]) => {
                let words = "一列也没有选，请至少选择一列";
                Err(Problem::bad_input(words).field(COLUMNS, words))
            }
            headings => Ok(headings),
        }
    }

    /// The detail of an export's audit record, with the columns that left if they were chosen.
    #[must_use]
    pub fn told(&self, mut detail: Value) -> Value {
        if let Some(headings) = &self.0 {
            detail[COLUMNS] = json!(headings);
        }
        detail
    }

    /// Of each column whether it is wanted; `None`: all are.
    pub(super) fn among(&self, columns: &[Column]) -> Result<Option<Vec<bool>>, Problem> {
        let Some(wanted) = self.headings()? else {
            return Ok(None);
        };
        let known = |heading: &&String| columns.iter().any(|one| one.heading == **heading);
        if let Some(other) = wanted.iter().find(|heading| !known(heading)) {
            let joined = match other.contains(['、', '，']) {
                true => "列名之间用英文逗号隔开；",
                false => "",
            };
            let other: String = other.chars().take(REPEATED_MAX).collect();
            let known: Vec<&str> = columns.iter().map(|one| one.heading.as_str()).collect();
            let words = format!(
                "没有“{other}”这一列；{joined}可选的列：{}",
                known.join("、")
            );
            return Err(Problem::bad_input(words.clone()).field(COLUMNS, words));
        }
        let kept = columns.iter().map(|one| wanted.contains(&one.heading));
        Ok(Some(kept.collect()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Chosen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let pairs = pairs.map_err(|_| Problem::bad_input("地址里的查询条件读不出来"))?;
        let values = pairs.iter().filter(|(name, _)| name == COLUMNS);
        Ok(Self::read(values.map(|(_, value)| value.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        ["名称", "=人数", "金额（元）"].map(Column::new).to_vec()
    }

    #[test]
    fn check_boxes_and_a_line_with_commas_say_the_same() {
        let repeated = Chosen::read(["", "金额（元）", "名称", "名称"]);
        assert_eq!(repeated, Chosen::read(["金额（元）, 名称"]));
        let kept = repeated.among(&columns()).expect("known");
        assert_eq!(kept, Some(vec![true, false, true]));
        assert_eq!(Chosen::default().among(&columns()).expect("all"), None);
    }

    #[test]
    fn nothing_and_what_is_not_there_are_refused_in_words() {
        for nothing in [&[""][..], &[" , "], &["", ""]] {
            let chosen = Chosen::read(nothing.iter().copied());
            let problem = chosen.among(&columns()).expect_err("nothing");
            assert_eq!(problem.status.as_u16(), 400);
            assert!(problem.detail.contains("至少选择一列"), "{problem}");
        }
        let long = "手".repeat(200);
        let problem = Chosen::read(["名称", &long])
            .among(&columns())
            .expect_err("unknown");
        assert_eq!(problem.status.as_u16(), 400);
        assert!(
            problem.detail.ends_with("名称、=人数、金额（元）"),
            "{problem}"
        );
        assert!(problem.detail.chars().count() < 80, "{problem}");
        assert!(!problem.detail.contains("英文逗号"), "{problem}");
        let problem = Chosen::read(["名称、日期"])
            .among(&columns())
            .expect_err("joined as Chinese joins");
        assert!(problem.detail.contains("用英文逗号隔开"), "{problem}");
    }

    #[test]
    fn a_record_tells_of_columns_only_when_they_were_chosen() {
        let detail = json!({ "rows": 3 });
        assert_eq!(Chosen::default().told(detail.clone()), detail);
        let told = Chosen::read(["名称"]).told(detail);
        assert_eq!(told, json!({ "rows": 3, "columns": ["名称"] }));
    }
}
