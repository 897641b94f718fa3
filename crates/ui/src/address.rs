//! Addresses of pages with what was asked for.

use serde::Serialize;
use zhida_platform::export::percent_encoded;

/// The address of a page with these fields; those that are empty do not stand in it.
pub fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let said = fields.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = said
        .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
        .collect();
    match pairs.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", pairs.join("&")),
    }
}

/// The address of a list with its filters, and more fields behind them.
pub fn filtered(path: &str, filters: &impl Serialize, more: &[(&str, &str)]) -> String {
    let filters = serde_json::to_value(filters).unwrap_or_default();
    let filters = filters.as_object().into_iter().flatten();
    let texts = filters.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let fields: Vec<(&str, &str)> = texts.chain(more.iter().copied()).collect();
    address(path, &fields)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_set_stands_in_an_address() {
        assert_eq!(address("/a", &[]), "/a");
        assert_eq!(address("/a", &[("q", ""), ("after", "")]), "/a");
        assert_eq!(
            address("/a", &[("q", ""), ("state", "open")]),
            "/a?state=open"
        );
    }

    #[test]
    fn what_was_typed_stays_one_value() {
        let typed = address("/a", &[("q", "a&b=c d+e%"), ("after", "x")]);
        assert_eq!(typed, "/a?q=a%26b%3Dc%20d%2Be%25&after=x");
    }

    #[test]
    fn filters_stand_before_what_else_is_asked() {
        let filters = json!({ "q": "", "state": "all", "from": null });
        let here = filtered("/a", &filters, &[("by", "week"), ("after", "")]);
        assert_eq!(here, "/a?state=all&by=week");
        assert_eq!(filtered("/a", &json!({}), &[]), "/a");
    }
}
