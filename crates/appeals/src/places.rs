//! Places as people choose them: by name.

use zhida_platform::access::{Action, Reach, Viewer};
use zhida_standards::division::{self, Division, DivisionCode};
use zhida_ui::Choice;

/// What a place is divided into: of a city its counties, of a county its townships; none of what is no place.
pub(crate) fn below(place: &str) -> Vec<(DivisionCode, &'static str)> {
    let parts = |one: &'static Division| match one.is_grouping() {
        true => division::children(one.code.as_str()).collect(),
        false => vec![one],
    };
    let places = division::children(place).flat_map(parts);
    places.map(|one| (one.code, one.name)).collect()
}

/// The places within which a viewer has an action: those of the seat, else the city's.
pub(crate) fn roots(viewer: &Viewer, action: Action, city: &str) -> Vec<String> {
    match viewer.reach(action) {
        Reach::Places(places) => places.iter().map(|one| one.as_str().to_owned()).collect(),
        _ => vec![city.to_owned()],
    }
}

/// All, what the places are divided into (a place that is not divided itself), and the one that is chosen, wherever it is.
pub(crate) fn choices(roots: &[impl AsRef<str>], current: &str) -> Vec<Choice> {
    let mut choices = vec![Choice::new("", "全部", current)];
    for root in roots
        .iter()
        .map(AsRef::as_ref)
        .filter(|root| !root.is_empty())
    {
        let parts = below(root);
        if parts.is_empty() {
            choices.push(Choice::new(root, name(root), current));
        }
        let parts = parts.into_iter();
        choices.extend(parts.map(|(code, name)| Choice::new(code.as_str(), name, current)));
    }
    if choices.iter().all(|choice| !choice.chosen) {
        choices.push(Choice::new(current, name(current), current));
    }
    choices
}

/// The full name of a place; what is no place stands as it is.
fn name(code: &str) -> String {
    division::full_name(code).unwrap_or_else(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(roots: &[&str], current: &str) -> Vec<String> {
        let choices = choices(roots, current);
        assert_eq!(choices.iter().filter(|one| one.chosen).count(), 1);
        choices.into_iter().map(|one| one.label).collect()
    }

    #[test]
    fn people_choose_among_the_counties_of_the_city() {
        let names = |city| below(city).into_iter().map(|(_, name)| name);
        assert!(names("330500").any(|name| name == "吴兴区"));
        assert!(names("110000").any(|name| name == "东城区"));
        assert_eq!(names("").count(), 0);
    }

    #[test]
    fn a_place_that_is_chosen_stands_in_the_list_wherever_it_is() {
        assert_eq!(labels(&[""], ""), ["全部"]);
        let county = labels(&["330502"], "");
        assert!(county.contains(&"织里镇".to_owned()), "{county:?}");
        // a township is divided no further
        let town = labels(&["330502100"], "");
        assert_eq!(town.len(), 2, "{town:?}");
        assert!(town[1].starts_with("浙江省湖州市吴兴区"), "{town:?}");
        let city = labels(&["330500"], "330502");
        assert!(
            city.contains(&"吴兴区".to_owned()) && city.len() > 4,
            "{city:?}"
        );
        let beyond = labels(&["330500"], "110101");
        assert_eq!(beyond.last().map(String::as_str), Some("北京市东城区"));
        let typed = labels(&["330500"], "x");
        assert_eq!(typed.last().map(String::as_str), Some("x"));
    }
}
