//! Industries as people choose them: by name, level by level.

use zhida_standards::industry::{self, Industry, IndustryLevel};

use crate::Choice;

/// Sections, and under the chosen industry what it is divided into.
pub fn choices(current: &str) -> Vec<Choice> {
    let chosen = industry::lookup(current).map_or("", |found| found.code);
    let mut choices = vec![Choice::new("", "全部行业", chosen)];
    let label = |depth: usize, found: &Industry| {
        format!("{}{} {}", "　".repeat(depth), found.code, found.name)
    };
    let mut path: Vec<&str> = industry::ancestors(chosen)
        .map(|found| found.code)
        .collect();
    path.push(chosen);
    let sections = industry::all()
        .iter()
        .filter(|found| found.level == IndustryLevel::Section);
    for section in sections {
        choices.push(Choice::new(section.code, label(0, section), chosen));
        if path.contains(&section.code) {
            let mut branch: Vec<&str> = path
                .iter()
                .copied()
                .filter(|code| *code != section.code)
                .collect();
            branch.sort_unstable();
            let mut depth = 1;
            for found in branch.into_iter().filter_map(industry::lookup) {
                choices.push(Choice::new(found.code, label(depth, found), chosen));
                depth += 1;
            }
            choices.extend(
                industry::children(chosen).map(|c| Choice::new(c.code, label(depth, c), chosen)),
            );
        }
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_industry_is_chosen_level_by_level() {
        let of = |code| {
            choices(code)
                .into_iter()
                .map(|choice| (choice.value, choice.chosen))
                .collect::<Vec<_>>()
        };
        assert_eq!(of("").len(), 21);
        let manufacture = of("C27");
        assert!(
            manufacture.contains(&("C27".into(), true))
                && manufacture.contains(&("C271".into(), false))
        );
        assert!(
            manufacture.contains(&("D".into(), false))
                && !manufacture.contains(&("C26".into(), false))
        );
    }
}
