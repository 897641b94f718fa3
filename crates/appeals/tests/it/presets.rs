//! All shipped clock presets make routes, and compute what their examples say.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use zhida_appeals::words::{Appeal, Stage, Track};
use zhida_appeals::{CityRules, Example, Preset, presets};
use zhida_casework::{
    Calendar, Case, Clock, ClockName, Command, Opening, Organisation, Party, Person, Route, Rules,
};

/// The route of a preset: as an appeal that begins under it has it.
fn route(preset: &Preset, track: Track) -> Route<Appeal> {
    CityRules::of(preset).route(track).unwrap()
}

fn officer() -> Party {
    Party::Officer {
        person: Person {
            account: Uuid::from_u128(1),
            name: "王五".to_owned(),
        },
        organisation: Organisation {
            id: Uuid::from_u128(9),
            name: "受理中心".to_owned(),
        },
    }
}

/// A case that reaches a stage of its route at an instant, all stages before it passing in that same instant.
fn reaching(route: &Route<Appeal>, stage: Stage, at: DateTime<Utc>) -> Case<Appeal> {
    let calendar = Calendar::default();
    let rules = Rules {
        route,
        calendar: &calendar,
    };
    let by = officer();
    let events = Case::open(&Opening::default(), &by, at, &rules).unwrap();
    let mut case = Case::replay(&events).unwrap();
    while case.stage() != stage {
        let onward = route.onward(case.stage());
        let next = onward.iter().find(|one| **one == stage);
        let next = next
            .or(onward.iter().find(|one| **one != Stage::Supervision))
            .copied();
        let command = Command::Advance {
            to: next,
            note: String::new(),
        };
        for event in case.decide(command, &by, at, &rules).unwrap() {
            case.apply(&event).unwrap();
        }
    }
    case
}

fn due_of(preset: &Preset, example: &Example) -> String {
    let route = route(preset, example.track);
    let case = reaching(&route, example.stage, example.start);
    let mut clock: Clock = case.clocks()[&ClockName::Stage].clock.clone();
    for _ in 0..example.extended {
        let extension = preset.extension.unwrap();
        clock.extend(extension.most.amount, "案情复杂", example.start);
    }
    clock.due(&Calendar::default()).unwrap().unwrap().words()
}

#[test]
fn all_seventeen_presets_compute_their_worked_examples() {
    assert_eq!(presets().len(), 17);
    let ids: BTreeSet<&str> = presets().iter().map(|preset| preset.id.as_str()).collect();
    assert_eq!(ids.len(), 17);
    for preset in presets() {
        assert!(!preset.examples.is_empty(), "{}", preset.id);
        assert!(
            !preset.source.is_empty() && !preset.rule.is_empty(),
            "{}",
            preset.id
        );
        for example in &preset.examples {
            assert_eq!(
                due_of(preset, example),
                example.due,
                "{} {example:?}",
                preset.id
            );
        }
        for track in Track::ALL {
            let _ = route(preset, *track);
        }
    }
}

#[test]
fn what_the_lead_body_promises_counts_from_when_it_got_the_appeal() {
    // 山东：1 个工作日启动核实、3 个工作日答复、15 个工作日解决，都自交办起：响应用掉一天，办理仍是第 15 个工作日
    let preset = Preset::find("shandong").unwrap();
    let route = route(preset, Track::Single);
    let start: DateTime<Utc> = "2026-03-02T02:00:00Z".parse().unwrap();
    let mut case = reaching(&route, Stage::Contact, start);
    let calendar = Calendar::default();
    let rules = Rules {
        route: &route,
        calendar: &calendar,
    };
    let mut at = start;
    for stage in [Stage::Plan, Stage::Handle] {
        at += chrono::TimeDelta::days(1);
        let command = Command::Advance {
            to: Some(stage),
            note: String::new(),
        };
        for event in case.decide(command, &officer(), at, &rules).unwrap() {
            case.apply(&event).unwrap();
        }
    }
    let (_, due) = case.due().unwrap();
    assert_eq!(due.words(), "2026年3月23日 24:00");
}
