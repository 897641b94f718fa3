//! Rows: which of them an action reaches.

use serde::{Deserialize, Serialize};
use zhida_standards::division::DivisionCode;

/// The rows an action reaches for a viewer. Lists, counts and exports put it into their query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// No row.
    Nothing,
    /// The rows of these enterprises, by unified social credit code.
    Own(Vec<String>),
    /// The rows within these divisions. Rows whose division is unknown are in none.
    Places(Vec<DivisionCode>),
    /// Every row.
    All,
}

/// What of a row decides whether it is within reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Row<'a> {
    /// The enterprise it belongs to, by unified social credit code.
    pub enterprise: Option<&'a str>,
    /// The division it lies in, a code of any length that [`DivisionCode::parse`] reads.
    pub division: Option<&'a str>,
}

impl Reach {
    /// Whether the row is within reach. Divisions are compared by hierarchy, never by prefix:
    /// what is no division code (33010, 3301060) lies nowhere.
    #[must_use]
    pub fn covers(&self, row: &Row) -> bool {
        match self {
            Self::Nothing => false,
            Self::Own(codes) => row
                .enterprise
                .is_some_and(|code| codes.iter().any(|own| own == code)),
            Self::Places(places) => {
                let division = row.division.and_then(|code| DivisionCode::parse(code).ok());
                division.is_some_and(|code| places.iter().any(|place| code.is_within(*place)))
            }
            Self::All => true,
        }
    }

    /// Whether everything within `other` is within this one, too.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) | (_, Self::Nothing) => true,
            (Self::Own(codes), Self::Own(others)) => others.iter().all(|code| codes.contains(code)),
            (Self::Places(places), Self::Places(others)) => others
                .iter()
                .all(|code| places.iter().any(|place| code.is_within(*place))),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn places(codes: &[&str]) -> Reach {
        let parse = |code: &&str| DivisionCode::parse(code).expect("a code");
        Reach::Places(codes.iter().map(parse).collect())
    }

    #[rstest]
    #[case::the_county("330106", "330106", true)]
    #[case::its_township("330106", "330106109", true)]
    #[case::twelve_digits("330106", "330106109000", true)]
    #[case::four_digits_name_the_city("3301", "330106", true)]
    #[case::the_city_above("330106", "330100", false)]
    #[case::the_next_county("330106", "330105", false)]
    #[case::no_code_of_five_digits("3301", "33010", false)]
    #[case::no_code_of_seven_digits("330106", "3301060", false)]
    #[case::the_city_of_a_similar_number("330100", "331000", false)]
    #[case::county_of_a_similar_number("331002", "330100", false)]
    #[case::an_abolished_county_in_its_city("330100", "330103", true)]
    #[case::an_abolished_county_beside("330105", "330103", false)]
    #[case::the_abolished_county_itself("330103", "330103", true)]
    #[case::nothing_known("330106", "", false)]
    fn places_are_compared_by_hierarchy(
        #[case] place: &str,
        #[case] division: &str,
        #[case] within: bool,
    ) {
        let row = Row {
            division: Some(division),
            ..Row::default()
        };
        assert_eq!(places(&[place]).covers(&row), within);
    }

    #[test]
    fn a_row_without_a_division_is_in_no_place_and_one_without_a_code_is_nobodys() {
        assert!(!places(&["33"]).covers(&Row::default()));
        assert!(!Reach::Own(vec![String::new()]).covers(&Row::default()));
        assert!(!Reach::Nothing.covers(&Row::default()));
        assert!(Reach::All.covers(&Row::default()));
    }

    #[test]
    fn a_wider_reach_includes_a_narrower() {
        let own = Reach::Own(vec!["甲".to_owned()]);
        assert!(Reach::All.includes(&places(&["33"])));
        assert!(places(&["3301"]).includes(&places(&["330106"])));
        assert!(!places(&["330106"]).includes(&places(&["3301"])));
        assert!(!places(&["3301"]).includes(&own) && !own.includes(&Reach::All));
        assert!(own.includes(&own) && own.includes(&Reach::Nothing));
    }
}
