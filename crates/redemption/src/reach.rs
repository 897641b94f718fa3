//! The rows that a viewer's right reaches, as a condition of a query.

use zhida_platform::access::Reach;
use zhida_platform::db::Value;
use zhida_standards::division::{DivisionCode, Level};

/// The condition for the columns of 统一社会信用代码 and of the division; its parameters follow those in `values`.
pub(crate) fn within(reach: &Reach, columns: (&str, &str), values: &mut Vec<Value>) -> String {
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
