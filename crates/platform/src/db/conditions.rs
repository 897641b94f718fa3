//! Conditions of queries with their values.

use zhida_standards::division::{DivisionCode, Level};

use super::{Value, placeholders};
use crate::access::Reach;

/// Conditions with `$n` for their values, in order.
#[derive(Debug, Default)]
pub struct Where {
    conditions: Vec<String>,
    /// The values, in the order of their numbers.
    pub values: Vec<Value>,
}

impl Where {
    /// Adds a condition; each `?` in it stands for the value.
    pub fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        let number = format!("${}", self.values.len());
        self.conditions.push(condition.replace('?', &number));
    }

    /// Adds a condition whose values, if it has any, are there already.
    pub fn always(&mut self, condition: impl Into<String>) {
        self.conditions.push(condition.into());
    }

    /// Adds that a column has one of these values; without any no row has.
    pub fn among(&mut self, column: &str, members: &[String]) {
        let first = self.values.len() + 1;
        self.always(match members.len() {
            0 => "1 = 0".to_owned(),
            number => format!("{column} IN ({})", placeholders(first, number)),
        });
        let members = members.iter().map(|one| Value::from(one.as_str()));
        self.values.extend(members);
    }

    /// Adds that a row is within reach, by its columns of 统一社会信用代码 and of the division.
    pub fn within(&mut self, reach: &Reach, columns: (&str, &str)) {
        let condition = within(reach, columns, &mut self.values);
        self.always(condition);
    }

    /// `WHERE …`; nothing when there are no conditions.
    #[must_use]
    pub fn sql(&self) -> String {
        match self.conditions.is_empty() {
            true => String::new(),
            false => format!("WHERE {}", self.conditions.join(" AND ")),
        }
    }

    /// The conditions as one, for `CASE WHEN …`; what is always true when there are none.
    #[must_use]
    pub(super) fn together(&self) -> String {
        match self.conditions.is_empty() {
            true => "1 = 1".to_owned(),
            false => self.conditions.join(" AND "),
        }
    }

    /// No conditions yet, whose values are numbered on from those of another.
    #[must_use]
    pub fn after(values: Vec<Value>) -> Self {
        Self {
            conditions: Vec::new(),
            values,
        }
    }
}

/// `%text%` for LIKE … ESCAPE '\\'.
#[must_use]
pub fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.trim().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// The condition for the columns of 统一社会信用代码 and of the division; its parameters follow those in `values`.
#[must_use]
pub fn within(reach: &Reach, columns: (&str, &str), values: &mut Vec<Value>) -> String {
    let (enterprise, place) = columns;
    let parts: Vec<String> = match reach {
        Reach::All => return "1 = 1".to_owned(),
        Reach::Nothing => Vec::new(),
        Reach::Own(codes) => codes
            .iter()
            .map(|code| {
                values.push(code.as_str().into());
                format!("{enterprise} = ${}", values.len())
            })
            .collect(),
        Reach::Places(places) => places
            .iter()
            .map(|code| {
                let (low, high) = area(*code);
                values.extend([low.into(), high.into()]);
                let at = values.len();
                format!("({place} >= ${} AND {place} <= ${at})", at - 1)
            })
            .collect(),
    };
    match parts.is_empty() {
        true => "1 = 0".to_owned(),
        false => format!("({})", parts.join(" OR ")),
    }
}

/// The first and last code in an area: stored codes have six or nine digits.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_patterns_are_themselves() {
        assert_eq!(like(" 100%_\\ "), "%100\\%\\_\\\\%");
    }

    #[test]
    fn one_value_can_stand_twice_in_a_condition() {
        let mut found = Where::default();
        assert_eq!(found.sql(), "");
        found.and("a = ?", 1);
        found.and("(b = ? OR c = ?)", 2);
        assert_eq!(found.sql(), "WHERE a = $1 AND (b = $2 OR c = $2)");
        assert_eq!(found.together(), "a = $1 AND (b = $2 OR c = $2)");
        let mut next = Where::after(found.values);
        assert_eq!(next.together(), "1 = 1");
        next.and("d = ?", 3);
        assert_eq!(
            (next.sql(), next.values.len()),
            ("WHERE d = $3".to_owned(), 3)
        );
    }

    #[test]
    fn one_of_none_is_nothing() {
        let mut found = Where::default();
        found.and("a = ?", 1);
        found.among("b", &["x".to_owned(), "y".to_owned()]);
        assert_eq!(found.sql(), "WHERE a = $1 AND b IN ($2, $3)");
        assert_eq!(found.values[1..], [Value::from("x"), Value::from("y")]);
        found.among("c", &[]);
        assert!(found.sql().ends_with("AND 1 = 0"));
    }

    #[test]
    fn nothing_reaches_nothing_and_places_become_ranges() {
        let mut values = vec![Value::from("x")];
        assert_eq!(within(&Reach::Nothing, ("e", "p"), &mut values), "1 = 0");
        assert_eq!(
            within(&Reach::Own(Vec::new()), ("e", "p"), &mut values),
            "1 = 0"
        );
        let county = DivisionCode::parse("330302").expect("a code");
        let sql = within(&Reach::Places(vec![county]), ("e", "p"), &mut values);
        assert_eq!(sql, "((p >= $2 AND p <= $3))");
        assert_eq!(
            values[1..],
            [Value::from("330302"), Value::from("330302999")]
        );
    }
}
