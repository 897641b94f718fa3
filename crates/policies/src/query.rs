//! The one query object of the policy list: it serves list, count, facets and the API.

use chrono::{Days, NaiveDate};
use serde::Deserialize;
use utoipa::IntoParams;
use zhida_platform::db::{Engine, Value, placeholders};
use zhida_platform::problem::Problem;
use zhida_platform::search::{self, Index};
use zhida_standards::division;

use crate::model::{EXPIRING_DAYS, WHOLE_COUNTRY};
use crate::vocabulary::{Category, Delivery, ItemState, Level, Theme, Validity};

pub(crate) const SEARCH: Index = Index {
    table: "policy_item_search",
};

/// Which items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Words in name, document, tags.
    pub text: String,
    /// 发布层级.
    pub level: Option<Level>,
    /// Items that apply in this division, in one above it, or in one below it.
    pub region: Option<String>,
    /// 主题分类.
    pub theme: Option<Theme>,
    /// 政策类别.
    pub category: Option<Category>,
    /// 兑现方式.
    pub delivery: Option<Delivery>,
    /// 时效.
    pub status: Option<Validity>,
    /// Only what is in force today, when no 时效 is asked for.
    pub in_force: bool,
    /// Items of this document.
    pub document: Option<String>,
    /// State in the library; published when not given.
    pub state: Option<ItemState>,
}

/// The query as an address or form carries it: empty texts mean nothing is asked.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct QueryText {
    /// 检索词：事项名称、政策文件、标签等。
    pub q: String,
    /// 发布层级：national、province、city、county。
    pub level: String,
    /// 适用区域：区划代码。
    pub region: String,
    /// 主题分类。
    pub theme: String,
    /// 政策类别：relief、award、right、qualification。
    pub category: String,
    /// 兑现方式：no_application、instant、application。
    pub delivery: String,
    /// 时效：effective、expiring、upcoming、expired，或 all（全部）；不填为现行有效的（effective 和 expiring）。
    pub status: String,
    /// 政策文件标识。
    pub document: String,
}

/// What an address asks for that wants every 时效.
pub(crate) const ALL: &str = "all";

impl QueryText {
    /// Reads it.
    ///
    /// # Errors
    /// 400 naming the field and its options.
    pub fn parse(&self) -> Result<Query, Problem> {
        let status = self.status.trim();
        let status = if status == ALL { "" } else { status };
        Ok(Query {
            text: self.q.trim().chars().take(200).collect(),
            level: one("level", &self.level, Level::parse)?,
            region: region(&self.region)?,
            theme: one("theme", &self.theme, Theme::parse)?,
            category: one("category", &self.category, Category::parse)?,
            delivery: one("delivery", &self.delivery, Delivery::parse)?,
            status: one("status", status, Validity::parse)?,
            in_force: self.status.trim().is_empty(),
            document: Some(self.document.trim().to_owned()).filter(|id| !id.is_empty()),
            state: None,
        })
    }

    /// The address's query part with these values, `after` added when given.
    #[must_use]
    pub fn to_address(&self, after: Option<&str>) -> String {
        let fields = [
            ("q", self.q.as_str()),
            ("level", &self.level),
            ("region", &self.region),
            ("theme", &self.theme),
            ("category", &self.category),
            ("delivery", &self.delivery),
            ("status", &self.status),
            ("document", &self.document),
            ("after", after.unwrap_or_default()),
        ];
        let parts: Vec<String> = fields
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", percent(value)))
            .collect();
        if parts.is_empty() {
            "/policies".to_owned()
        } else {
            format!("/policies?{}", parts.join("&"))
        }
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986).
pub(crate) fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "%{byte:02X}");
        }
        out
    })
}

fn one<T>(
    field: &'static str,
    text: &str,
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    parse(text).map(Some).ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        Problem::bad_input(format!("筛选条件 {field} 没有“{text}”这个选项"))
            .field(field, "请从列表中选择")
    })
}

fn region(text: &str) -> Result<Option<String>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text == WHOLE_COUNTRY {
        return Ok(Some(text.to_owned()));
    }
    match division::resolve(text) {
        Some(found) => Ok(Some(found.code().as_str().to_owned())),
        None => Err(Problem::bad_input("筛选条件 region 不是行政区划代码")
            .field("region", "请写六位代码，如 370100")),
    }
}

/// Part of the query whose own filter is left out when its options are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facet {
    /// 发布层级.
    Level,
    /// 适用区域.
    Region,
    /// 主题分类.
    Theme,
    /// 政策类别.
    Category,
    /// 兑现方式.
    Delivery,
    /// 时效.
    Status,
}

/// A WHERE clause over `policy_item i` and its parameters.
pub(crate) struct Filter {
    pub clause: String,
    pub values: Vec<Value>,
    engine: Engine,
    today: NaiveDate,
}

impl Filter {
    pub(crate) fn new(engine: Engine, today: NaiveDate) -> Self {
        Self {
            clause: "1 = 1".to_owned(),
            values: Vec::new(),
            engine,
            today,
        }
    }

    pub(crate) fn param(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn and(&mut self, condition: &str) {
        self.clause.push_str(" AND ");
        self.clause.push_str(condition);
    }

    /// 时效 as an expression over the item's columns; the same as `PolicyDocument::validity`.
    pub(crate) fn validity(&mut self) -> String {
        let soon = self
            .today
            .checked_add_days(Days::new(EXPIRING_DAYS))
            .unwrap_or(self.today);
        let today = self.param(self.today.to_string());
        let soon = self.param(soon.to_string());
        format!(
            "CASE WHEN i.document_status IN ('expired', 'repealed') OR i.valid_until < {today} THEN 'expired' \
             WHEN i.valid_from > {today} THEN 'upcoming' \
             WHEN i.valid_until <= {soon} THEN 'expiring' ELSE 'effective' END"
        )
    }

    /// Adds the query's conditions; `regions` are the stored codes that go with its region.
    pub(crate) fn add(
        &mut self,
        query: &Query,
        regions: Option<&[String]>,
        without: Option<Facet>,
    ) {
        let state = query.state.unwrap_or(ItemState::Published).slug();
        let state = self.param(state);
        self.and(&format!("i.state = {state}"));
        if let Some(value) = search::match_value(self.engine, &query.text) {
            self.values.push(value);
            let condition = SEARCH.match_condition(self.engine, "i.seq", self.values.len());
            self.and(&condition);
        }
        let columns = [
            (Facet::Level, "i.level", query.level.map(Level::slug)),
            (Facet::Theme, "i.theme", query.theme.map(Theme::slug)),
            (
                Facet::Category,
                "i.category",
                query.category.map(Category::slug),
            ),
            (
                Facet::Delivery,
                "i.delivery",
                query.delivery.map(Delivery::slug),
            ),
        ];
        for (facet, column, value) in columns {
            if let (Some(value), true) = (value, without != Some(facet)) {
                let value = self.param(value);
                self.and(&format!("{column} = {value}"));
            }
        }
        if without != Some(Facet::Status) {
            self.add_validity(query);
        }
        if let Some(document) = &query.document {
            let document = self.param(document.as_str());
            self.and(&format!("i.document_id = {document}"));
        }
        if let (Some(regions), true) = (regions, without != Some(Facet::Region)) {
            self.add_regions(regions);
        }
    }

    fn add_validity(&mut self, query: &Query) {
        let wanted: &[Validity] = match &query.status {
            Some(status) => std::slice::from_ref(status),
            None if query.in_force => &Validity::IN_FORCE,
            None => return,
        };
        let validity = self.validity();
        let wanted: Vec<String> = wanted
            .iter()
            .map(|status| self.param(status.slug()))
            .collect();
        self.and(&format!("{validity} IN ({})", wanted.join(", ")));
    }

    fn add_regions(&mut self, regions: &[String]) {
        if regions.is_empty() {
            self.and("1 = 0");
            return;
        }
        let list = placeholders(self.values.len() + 1, regions.len());
        self.values
            .extend(regions.iter().map(|code| code.as_str().into()));
        self.and(&format!(
            "i.id IN (SELECT r.item_id FROM policy_item_region r WHERE r.region IN ({list}))"
        ));
    }
}

/// Whether an item for `code` matters to somebody in (or looking over) `asked`.
pub(crate) fn region_matters(code: &str, asked: &str) -> bool {
    code == WHOLE_COUNTRY
        || asked == WHOLE_COUNTRY && code == asked
        || division::is_within(asked, code)
        || division::is_within(code, asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_matter_up_and_down_the_hierarchy() {
        assert!(region_matters("370000", "370102"));
        assert!(region_matters("370102", "370000"));
        assert!(region_matters(WHOLE_COUNTRY, "370102"));
        assert!(!region_matters("330100", "370102"));
        assert!(!region_matters("370000", WHOLE_COUNTRY));
    }

    #[test]
    fn addresses_round_what_was_asked() {
        let text = QueryText {
            q: "高企 & 奖".into(),
            level: "city".into(),
            ..QueryText::default()
        };
        assert_eq!(
            text.to_address(Some("x")),
            "/policies?q=%E9%AB%98%E4%BC%81%20%26%20%E5%A5%96&level=city&after=x"
        );
        assert_eq!(QueryText::default().to_address(None), "/policies");
    }

    #[test]
    fn only_what_is_in_force_is_asked_for_unless_something_else_is() {
        let parsed = |status: &str| {
            let text = QueryText {
                status: status.into(),
                ..QueryText::default()
            };
            let query = text.parse().expect("an option");
            (query.status, query.in_force)
        };
        assert_eq!(parsed(""), (None, true));
        assert_eq!(parsed("all"), (None, false));
        assert_eq!(parsed("expired"), (Some(Validity::Expired), false));
    }

    #[test]
    fn a_wrong_option_is_named() {
        let text = QueryText {
            level: "planet".into(),
            ..QueryText::default()
        };
        let problem = text.parse().expect_err("wrong");
        assert_eq!(problem.fields[0].field, "level");
    }
}
