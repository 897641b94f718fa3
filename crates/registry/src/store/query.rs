//! One query object behind list, count and export.

use sea_orm::{ConnectionTrait, FromQueryResult};
use zhida_platform::access::Reach;
use zhida_platform::db::{self, Engine, Value};
use zhida_platform::search;
use zhida_standards::division::{self, DivisionCode, Level};
use zhida_standards::industry;

use super::NAMES;
use crate::RegistryError;
use crate::model::{Order, Query};

/// Characters of a condition at most; longer ones can only be a mistake.
const CHARS_MAX: usize = 200;

/// A line of the list as it is stored.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct StoredRow {
    pub seq: i64,
    pub code: String,
    pub name: String,
    pub division: String,
    pub industry: String,
    pub size: String,
    pub status: String,
    pub registered_on: String,
}

/// How a text is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texts {
    /// All rows that contain it are found first.
    Rare,
    /// Rows are read in the list's order and asked whether they contain it: most do not have to be passed over.
    Common,
}

/// A WHERE clause under construction.
pub(crate) struct Conditions {
    clauses: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// The conditions of a query.
    pub(crate) fn new(query: &Query, engine: Engine) -> Result<Self, RegistryError> {
        Self::after_values(query, engine, Texts::Rare, Vec::new())
    }

    /// The conditions of a query, whose parameters follow these.
    fn after_values(
        query: &Query,
        engine: Engine,
        texts: Texts,
        values: Vec<Value>,
    ) -> Result<Self, RegistryError> {
        let mut conditions = Self {
            clauses: Vec::new(),
            values,
        };
        let named = [
            ("q", &query.text),
            ("code", &query.code),
            ("tag", &query.tag),
            ("size", &query.size),
            ("status", &query.status),
        ];
        if let Some((field, _)) = named
            .iter()
            .find(|(_, text)| text.chars().count() > CHARS_MAX || text.contains('\0'))
        {
            return Err(RegistryError::Query(
                field,
                format!("查询条件超过 {CHARS_MAX} 个字或含有控制字符，请缩短"),
            ));
        }
        conditions.text(&query.text, engine, texts);
        conditions.code(&query.code);
        conditions.region(&query.region)?;
        conditions.industry(&query.industry)?;
        conditions.equal("e.size", &query.size);
        conditions.equal("e.status", &query.status);
        conditions.reach(&query.reach);
        if !query.tag.is_empty() {
            let no = conditions.push(query.tag.as_str().into());
            conditions.clauses.push(format!(
                "EXISTS (SELECT 1 FROM enterprise_tag t WHERE t.seq = e.seq AND t.tag = ${no})"
            ));
        }
        Ok(conditions)
    }

    fn push(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len()
    }

    fn between(&mut self, column: &str, low: String, high: String) {
        let low = self.push(low.into());
        let high = self.push(high.into());
        self.clauses
            .push(format!("{column} >= ${low} AND {column} <= ${high}"));
    }

    fn equal(&mut self, column: &str, wanted: &str) {
        if !wanted.is_empty() {
            let no = self.push(wanted.into());
            self.clauses.push(format!("{column} = ${no}"));
        }
    }

    fn text(&mut self, text: &str, engine: Engine, texts: Texts) {
        if let Some(value) = search::match_value(engine, text) {
            let no = self.push(value);
            self.clauses.push(match texts {
                Texts::Rare => NAMES.match_condition(engine, "e.seq", no),
                Texts::Common => NAMES.match_each(engine, "e.seq", no),
            });
        }
    }

    /// The beginning of a code: nothing in the alphabet sorts after Z.
    fn code(&mut self, code: &str) {
        let code: String = code
            .to_uppercase()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(18)
            .collect();
        if !code.is_empty() {
            self.between("e.code", code.clone(), format!("{code:Z<18}"));
        }
    }

    fn region(&mut self, region: &str) -> Result<(), RegistryError> {
        if region.is_empty() || region == "000000" {
            return Ok(());
        }
        let code = DivisionCode::parse(region)
            .map_err(|error| RegistryError::Query("region", error.to_string()))?;
        if division::resolve(region).is_none() {
            return Err(RegistryError::Query(
                "region",
                format!(
                    "没有代码为“{region}”的行政区划，请从列表中选择，或写六位代码，例如 330302"
                ),
            ));
        }
        let (low, high) = area(code);
        self.between("e.division", low, high);
        Ok(())
    }

    /// The rows that the viewer's right reaches.
    fn reach(&mut self, reach: &Reach) {
        let parts: Vec<String> = match reach {
            Reach::All => return,
            Reach::Nothing => Vec::new(),
            Reach::Own(codes) => codes.iter().map(|code| self.is_code(code)).collect(),
            Reach::Places(places) => places.iter().map(|place| self.lies_in(*place)).collect(),
        };
        self.clauses.push(match parts.is_empty() {
            true => "1 = 0".to_owned(),
            false => format!("({})", parts.join(" OR ")),
        });
    }

    fn is_code(&mut self, code: &str) -> String {
        format!("e.code = ${}", self.push(code.into()))
    }

    fn lies_in(&mut self, place: DivisionCode) -> String {
        let (low, high) = area(place);
        let (low, high) = (self.push(low.into()), self.push(high.into()));
        format!("e.division >= ${low} AND e.division <= ${high}")
    }

    fn industry(&mut self, code: &str) -> Result<(), RegistryError> {
        if code.is_empty() {
            return Ok(());
        }
        let found = industry::parse(code)
            .map_err(|error| RegistryError::Query("industry", error.to_string()))?;
        self.between(
            "e.industry",
            found.code.to_owned(),
            format!("{:9<5}", found.code),
        );
        Ok(())
    }

    /// Goes on after the last key of a page.
    pub(crate) fn after(&mut self, order: Order, after: Option<&(String, String)>) {
        let Some((key, code)) = after else { return };
        let code = self.push(code.as_str().into());
        if order == Order::Code {
            self.clauses.push(format!("e.code > ${code}"));
            return;
        }
        let key = self.push(key.as_str().into());
        self.clauses.push(match order {
            Order::RegisteredOn => format!("(e.registered_on, e.code) < (${key}, ${code})"),
            _ => format!("(e.name, e.code) > (${key}, ${code})"),
        });
    }

    fn where_clause(&self) -> String {
        match self.clauses.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.clauses.join(" AND ")),
        }
    }

    /// A SELECT of these columns in this order, and its parameters.
    pub(crate) fn select(
        mut self,
        columns: &str,
        order: Order,
        limit: i64,
    ) -> (String, Vec<Value>) {
        let filter = self.where_clause();
        let limit = self.push(limit.into());
        let order = match order {
            Order::Code => "e.code",
            Order::Name => "e.name, e.code",
            Order::RegisteredOn => "e.registered_on DESC, e.code DESC",
        };
        let sql =
            format!("SELECT {columns} FROM enterprise e{filter} ORDER BY {order} LIMIT ${limit}");
        (sql, self.values)
    }
}

/// The first and last code in an area. Stored codes have six or nine digits, those of an area share
/// its own, so between the two there is no other.
fn area(code: DivisionCode) -> (String, String) {
    let digits = match code.level() {
        Level::Province => 2,
        Level::City => 4,
        Level::County => 6,
        Level::Township => 9,
    };
    let prefix = &code.as_str()[..digits];
    (format!("{prefix:0<6}"), format!("{prefix:9<9}"))
}

/// Rows of the list after a key.
pub(crate) async fn list(
    conn: &impl ConnectionTrait,
    engine: Engine,
    query: &Query,
    texts: Texts,
    after: Option<&(String, String)>,
    limit: i64,
) -> Result<Vec<StoredRow>, RegistryError> {
    let mut conditions = Conditions::after_values(query, engine, texts, Vec::new())?;
    conditions.after(query.order, after);
    let columns =
        "e.seq, e.code, e.name, e.division, e.industry, e.size, e.status, e.registered_on";
    let (sql, values) = conditions.select(columns, query.order, limit);
    Ok(db::query_all(conn, &sql, values).await?)
}

/// How many enterprises there are in all.
pub(crate) async fn count(
    conn: &impl ConnectionTrait,
    engine: Engine,
    query: &Query,
) -> Result<u64, RegistryError> {
    let conditions = Conditions::new(query, engine)?;
    let sql = format!(
        "SELECT COUNT(*) FROM enterprise e{}",
        conditions.where_clause()
    );
    let count = db::query_count(conn, &sql, conditions.values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// That the number in a column of another table is an enterprise's of a query.
pub(crate) fn condition(
    engine: Engine,
    query: &Query,
    column: &str,
    values: &mut Vec<Value>,
) -> Result<String, RegistryError> {
    let mut conditions =
        Conditions::after_values(query, engine, Texts::Common, std::mem::take(values))?;
    conditions.clauses.push(format!("e.seq = {column}"));
    let filter = conditions.where_clause();
    *values = conditions.values;
    Ok(format!("EXISTS (SELECT 1 FROM enterprise e{filter})"))
}

#[derive(FromQueryResult)]
struct Seq {
    seq: i64,
}

/// The numbers of all enterprises of a query.
pub(crate) async fn seqs(
    conn: &impl ConnectionTrait,
    engine: Engine,
    query: &Query,
) -> Result<Vec<i64>, RegistryError> {
    let conditions = Conditions::new(query, engine)?;
    let sql = format!(
        "SELECT e.seq FROM enterprise e{}",
        conditions.where_clause()
    );
    let rows: Vec<Seq> = db::query_all(conn, &sql, conditions.values).await?;
    Ok(rows.into_iter().map(|row| row.seq).collect())
}
