//! Places as people choose and write them: by name.

use zhida_platform::access::{Action, Reach, Viewer};
use zhida_standards::division::{self, Division, DivisionCode, Level};

use crate::Choice;

/// Places of one name that are told apart in a sentence.
const ALIKE_TOLD: usize = 4;

/// What a place is divided into: of a city its counties, of a county its townships; none of what is no place.
pub fn below(place: &str) -> Vec<(DivisionCode, &'static str)> {
    let parts = |one: &'static Division| match one.is_grouping() {
        true => division::children(one.code.as_str()).collect(),
        false => vec![one],
    };
    let places = division::children(place).flat_map(parts);
    places.map(|one| (one.code, one.name)).collect()
}

/// The places within which a viewer has an action: those of the seat, else the city's.
pub fn roots(viewer: &Viewer, action: Action, city: &str) -> Vec<String> {
    match viewer.reach(action) {
        Reach::Places(places) => places.iter().map(|one| one.as_str().to_owned()).collect(),
        _ => vec![city.to_owned()],
    }
}

/// What choosing nothing means, what the places are divided into (a place that is not divided itself), and the one that is
/// chosen, wherever it is.
pub fn choices(none: &str, roots: &[impl AsRef<str>], current: &str) -> Vec<Choice> {
    let mut choices = vec![Choice::new("", none, current)];
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

/// The areas around the chosen one: what it lies in, itself, and what lies in it. So a region is chosen
/// level by level, without a script.
pub fn regions(current: &str) -> Vec<Choice> {
    let mut choices = vec![Choice::new("", "全部地区", current)];
    let Some(chosen) = division::lookup(current) else {
        choices
            .extend(division::provinces().map(|p| Choice::new(p.code.as_str(), p.name, current)));
        return choices;
    };
    let code = chosen.code.as_str();
    let mut above: Vec<_> = division::ancestors(code)
        .filter(|place| !place.is_grouping())
        .collect();
    above.reverse();
    above.push(chosen);
    for (depth, place) in above.iter().enumerate() {
        let label = format!("{}{}", "　".repeat(depth), place.name);
        choices.push(Choice::new(place.code.as_str(), label, code));
    }
    let depth = above.len();
    for place in division::children(code) {
        choices.push(Choice::new(
            place.code.as_str(),
            format!("{}{}", "　".repeat(depth), place.name),
            code,
        ));
    }
    choices
}

/// Where somebody may look: the parts of the places within reach, or, where all is, level by level.
pub fn within_reach(viewer: &Viewer, action: Action, current: &str) -> Vec<Choice> {
    match viewer.reach(action) {
        Reach::Places(_) => choices("全部地区", &roots(viewer, action, ""), current),
        _ => regions(current),
    }
}

/// What a field for a place's name offers: the place, its counties and their townships.
pub fn names_within(place: &str) -> Vec<String> {
    let own = division::full_name(place);
    let mut names: Vec<String> = own.into_iter().collect();
    for (code, _) in below(place) {
        names.extend(division::full_name(code.as_str()));
        names.extend(division::children(code.as_str()).map(Division::full_name));
    }
    names
}

/// What a field for a city's name offers.
pub fn cities() -> Vec<String> {
    let is_city = |one: &&Division| match one.level {
        Level::City => !one.is_grouping(),
        Level::Province => one.name.ends_with('市'),
        _ => false,
    };
    let cities = division::all_upper().iter().filter(is_city);
    cities.map(Division::full_name).collect()
}

/// The code of a place that was written as a name, in full or as far as only one place is called so, or as a code; of
/// nothing, nothing.
///
/// # Errors
/// A sentence: there is no such place, or there are several.
pub fn read(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    let one = division::lookup(text).or_else(|| named_in_full(text));
    let found = one.map_or_else(|| division::find_by_name(text), |one| vec![one]);
    match found.as_slice() {
        [] => Err(format!(
            "没有“{text}”这个地方：请写名称，例如 浙江省湖州市吴兴区，或从提示里选择"
        )),
        [one] => Ok(one.code.as_str().to_owned()),
        several => {
            let names = several.iter().take(ALIKE_TOLD).map(|one| one.full_name());
            let names = names.collect::<Vec<_>>().join("、");
            let more = if several.len() > ALIKE_TOLD {
                "等"
            } else {
                ""
            };
            Err(format!(
                "叫“{text}”的有 {} 处（{names}{more}）：请写全称",
                several.len()
            ))
        }
    }
}

fn named_in_full(text: &str) -> Option<&'static Division> {
    let is_it = |one: &&'static Division| text.ends_with(one.name) && one.full_name() == text;
    let upper = division::all_upper().iter();
    let found = upper.filter(|one| !one.is_grouping()).find(is_it);
    found.or_else(|| {
        let above = division::find("", "", text)?;
        division::find_township(above.code.as_str(), text).filter(is_it)
    })
}

/// The full name of a place; what is no place stands as it is.
pub fn name(code: &str) -> String {
    division::full_name(code).unwrap_or_else(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(roots: &[&str], current: &str) -> Vec<String> {
        let choices = choices("全部", roots, current);
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

    #[test]
    fn a_region_is_chosen_level_by_level() {
        let labels = |code| {
            regions(code)
                .into_iter()
                .map(|choice| choice.label)
                .collect::<Vec<_>>()
        };
        assert_eq!(labels("").len(), 1 + division::provinces().count());
        let of_city = labels("330100");
        assert_eq!(
            &of_city[..4],
            ["全部地区", "浙江省", "　杭州市", "　　上城区"]
        );
        assert!(regions("330100")[2].chosen);
        assert!(labels("110101").contains(&"　东城区".to_owned()));
    }

    #[test]
    fn a_place_is_written_by_its_name() {
        for (written, code) in [
            ("", ""),
            (" 330502 ", "330502"),
            ("浙江省湖州市吴兴区", "330502"),
            ("吴兴区", "330502"),
            ("吴兴", "330502"),
            ("浙江省湖州市吴兴区织里镇", "330502100"),
            ("湖州市", "330500"),
            ("北京市东城区", "110101"),
        ] {
            assert_eq!(read(written).as_deref(), Ok(code), "{written}");
        }
        let nowhere = read("桃花源").expect_err("there is none");
        assert!(nowhere.contains("没有“桃花源”这个地方"), "{nowhere}");
        let several = read("鼓楼区").expect_err("there are several");
        assert!(several.contains("江苏省南京市鼓楼区") && several.contains("请写全称"));
        // part of an address is not taken for the whole
        assert!(read("浙江省鼓楼区").is_err());
    }

    #[test]
    fn every_name_that_is_offered_can_be_read() {
        let offered = [cities(), names_within("330500"), names_within("110000")].concat();
        assert!(
            offered.contains(&"北京市".to_owned()) && offered.contains(&"浙江省湖州市".to_owned())
        );
        assert!(offered.contains(&"浙江省湖州市吴兴区织里镇".to_owned()));
        for name in offered {
            let code = read(&name).expect("offered");
            assert_eq!(super::name(&code), name);
        }
        assert_eq!(names_within(""), Vec::<String>::new());
    }
}
