use zhida_platform::access::Reach;
use zhida_platform::db::Value;
use zhida_standards::division::{DivisionCode, Level};

/// The one query of a list: its conditions and parameters, for rows, count and export alike.
#[derive(Debug, Clone, Default)]
pub(crate) struct Select {
    clauses: Vec<String>,
    values: Vec<Value>,
}

impl Select {
    /// A parameter; its number.
    pub(crate) fn push(&mut self, value: impl Into<Value>) -> usize {
        self.values.push(value.into());
        self.values.len()
    }

    /// A condition where `$` stands for the value.
    pub(crate) fn only(&mut self, condition: &str, value: impl Into<Value>) {
        let number = self.push(value);
        self.clauses
            .push(condition.replace('$', &format!("${number}")));
    }

    /// A condition without a value.
    pub(crate) fn only_if(&mut self, condition: &str) {
        self.clauses.push(condition.to_owned());
    }

    /// The rows that the viewer's right reaches, by a column of 统一社会信用代码 and one of divisions.
    pub(crate) fn reach(&mut self, reach: &Reach, enterprise: Option<&str>, place: &str) {
        if let Some(reached) = self.reached(reach, enterprise, place) {
            self.clauses.push(reached);
        }
    }

    /// The payments `y` that the viewer's right reaches: by their enterprise, or by the place of their pool, of which there
    /// are few.
    pub(crate) fn payments_within(&mut self, reach: &Reach) {
        let Some(reached) = self.reached(reach, Some("y.enterprise"), "p.place") else {
            return;
        };
        self.clauses.push(match reach {
            Reach::Places(_) => {
                format!("y.pool IN (SELECT p.id FROM fund_pool p WHERE {reached})")
            }
            _ => reached,
        });
    }

    fn reached(&mut self, reach: &Reach, enterprise: Option<&str>, place: &str) -> Option<String> {
        let parts: Vec<String> = match (reach, enterprise) {
            (Reach::All, _) => return None,
            (Reach::Nothing, _) | (Reach::Own(_), None) => Vec::new(),
            (Reach::Own(codes), Some(column)) => codes
                .iter()
                .map(|code| format!("{column} = ${}", self.push(code.as_str())))
                .collect(),
            (Reach::Places(places), _) => places
                .iter()
                .map(|code| self.lies_in(place, *code))
                .collect(),
        };
        Some(match parts.is_empty() {
            true => "1 = 0".to_owned(),
            false => format!("({})", parts.join(" OR ")),
        })
    }

    fn lies_in(&mut self, column: &str, place: DivisionCode) -> String {
        let (low, high) = area(place);
        let (low, high) = (self.push(low), self.push(high));
        format!("{column} >= ${low} AND {column} <= ${high}")
    }

    /// `WHERE …`, or nothing.
    pub(crate) fn filter(&self) -> String {
        match self.clauses.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.clauses.join(" AND ")),
        }
    }

    pub(crate) fn values(&self) -> Vec<Value> {
        self.values.clone()
    }
}

/// The first and last code in an area. Stored codes have six or nine digits, those of an area share its own, so between the
/// two there is no other.
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
