//! Conditions of queries with their values.

use zhida_platform::db::Value;

/// Conditions with `$n` for their values, in order.
#[derive(Debug, Default)]
pub(crate) struct Where {
    conditions: Vec<String>,
    pub(crate) values: Vec<Value>,
}

impl Where {
    /// Adds a condition; each `?` in it stands for the value.
    pub(crate) fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        let number = format!("${}", self.values.len());
        self.conditions.push(condition.replace('?', &number));
    }

    /// Adds a condition whose values, if it has any, are there already.
    pub(crate) fn always(&mut self, condition: impl Into<String>) {
        self.conditions.push(condition.into());
    }

    /// `WHERE …`; nothing when there are no conditions.
    pub(crate) fn sql(&self) -> String {
        match self.conditions.is_empty() {
            true => String::new(),
            false => format!("WHERE {}", self.conditions.join(" AND ")),
        }
    }
}

/// `%text%` for LIKE … ESCAPE '\\'.
pub(crate) fn like(text: &str) -> String {
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
    }
}
