//! Routes are data, and every mistake in them is told when they are made.

use zhida_casework::route::{AtDue, Ladder, Lapse, Rung, When};
use zhida_casework::{Draft, Limit, Route, Step, Term, Turn};

use crate::kit::{Grant, Outcome, Stage, draft, limit, route};

fn faults(draft: Draft<Grant>) -> Vec<String> {
    Route::new(draft).unwrap_err().sentences
}

fn only_fault(draft: Draft<Grant>, expected: &str) {
    let faults = faults(draft);
    assert!(
        faults.len() == 1 && faults[0].contains(expected),
        "{faults:?}"
    );
}

fn step(stage: Stage) -> Step<Grant> {
    Step::new(stage, Turn::Office).closes([Outcome::Refused])
}

#[test]
fn a_route_is_read_and_written_as_data() {
    let json = serde_json::to_string_pretty(&route()).unwrap();
    for text in [
        "\"5 个工作日（当日起算）\"",
        "\"到期前 1 个工作日 提醒\"",
        "\"review\"",
        "\"restart\"",
    ] {
        assert!(json.contains(text), "{text} in {json}");
    }
    assert_eq!(
        serde_json::from_str::<Route<Grant>>(&json).unwrap(),
        route()
    );
}

#[test]
fn what_is_misspelt_in_the_data_is_told() {
    let json = serde_json::to_string(&route()).unwrap();
    for (right, wrong, told) in [
        (
            "\"review\"",
            "\"reviwe\"",
            "没有「reviwe」，可以写：confirm、accept",
        ),
        ("\"10 个工作日\"", "\"10 周\"", "单位「周」看不懂"),
        (
            "\"withdrawable\"",
            "\"withdrawabel\"",
            "unknown field `withdrawabel`",
        ),
        ("\"name\":\"申报\"", "\"name\":\"\"", "流程没有名称"),
    ] {
        let error = serde_json::from_str::<Route<Grant>>(&json.replace(right, wrong)).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn a_route_goes_on_and_back() {
    let route = route();
    assert_eq!(route.onward(Stage::Accept), [Stage::Review]);
    assert_eq!(route.onward(Stage::Review), [Stage::Inspect, Stage::Decide]);
    assert_eq!(route.onward(Stage::Pay), []);
    assert_eq!(route.back(Stage::Accept), []);
    assert_eq!(route.back(Stage::Inspect), [Stage::Accept, Stage::Review]);
}

#[test]
fn every_mistake_has_its_sentence() {
    assert!(faults(Draft::new("空", []))[0].contains("没有环节"));
    only_fault(Draft::new("", [step(Stage::Review)]), "没有名称");
    let many = std::iter::repeat_n(step(Stage::Review), 31);
    assert!(faults(Draft::new("长", many))[0].contains("最多 30 个"));
    only_fault(
        Draft::new("重", [step(Stage::Review), step(Stage::Review)]),
        "出现了两次",
    );
    only_fault(
        Draft::new("不终", [Step::new(Stage::Review, Turn::Office)]),
        "最后一个环节“审核”没有办结结果",
    );
    only_fault(
        Draft::new(
            "重",
            [step(Stage::Review).closes([Outcome::Paid, Outcome::Paid])],
        ),
        "“已兑付”写了两次",
    );
    only_fault(
        Draft::new("首", [step(Stage::Accept).optional(), step(Stage::Review)]),
        "不能写成可跳过",
    );
    only_fault(
        Draft::new("撤", [step(Stage::Review).withdrawable()]),
        "没有写撤回的结果",
    );
    only_fault(
        Draft::new("补", [step(Stage::Review).completable()]),
        "没有写补正规则",
    );
    let five = Limit::working_days(5);
    only_fault(
        Draft::new(
            "期",
            [step(Stage::Review).at_due(AtDue::Close(Outcome::Refused))],
        ),
        "没有时限，却写了到期自动处理",
    );
    only_fault(
        Draft::new(
            "期",
            [step(Stage::Review).limit(five).at_due(AtDue::Advance)],
        ),
        "到期不能自动进入下一环节",
    );
    only_fault(
        Draft::new(
            "期",
            [step(Stage::Review)
                .limit(five)
                .at_due(AtDue::Close(Outcome::Lapsed))],
        ),
        "不在本环节的办结结果 closes 里",
    );
    only_fault(
        Draft::new("催", [step(Stage::Review).ladder(Ladder::usual())]),
        "催办规则 ladder 不会起作用",
    );
    let twice = Ladder(vec![Rung::remind(When::AtDue); 2]);
    only_fault(
        Draft::new("催", [step(Stage::Review).limit(five).ladder(twice)]),
        "“到期 提醒”写了两次",
    );
    let many = (1..22)
        .map(|n| Rung::remind(When::After(Term::working_days(n))))
        .collect();
    only_fault(
        Draft::new("催", [step(Stage::Review).limit(five).ladder(Ladder(many))]),
        "多于 20 条",
    );
}

#[test]
fn policies_fit_the_steps() {
    let change = |change: fn(&mut Draft<Grant>)| {
        let mut draft = draft();
        change(&mut draft);
        draft
    };
    let completion =
        |draft: &mut Draft<Grant>, lapse| draft.completion.as_mut().unwrap().lapse = lapse;
    let mut wrong = draft();
    completion(&mut wrong, Lapse::Close(Outcome::Paid));
    only_fault(wrong, "没有一个允许补正的环节可以这样办结");
    only_fault(
        change(|draft| draft.completion.as_mut().unwrap().rounds = 0),
        "补正次数 rounds 至少为 1",
    );
    only_fault(
        change(|draft| draft.extension.as_mut().unwrap().times = 0),
        "延期次数 times 至少为 1",
    );
    only_fault(
        change(|draft| draft.extension.as_mut().unwrap().most = "24 小时".parse().unwrap()),
        "没有一个部门办理的环节以此计时",
    );
    only_fault(
        change(|draft| draft.reopening.as_mut().unwrap().times = 0),
        "重新办理要写明次数",
    );
    only_fault(
        change(|draft| {
            draft.reopening.as_mut().unwrap().stage = Stage::Decide;
            draft.steps.retain(|step| step.stage != Stage::Decide);
        }),
        "重新办理从“审定”开始，但流程没有这个环节",
    );
    only_fault(
        change(|draft| {
            draft.total = None;
            draft.total_ladder = Ladder::usual();
        }),
        "总时限没有时限",
    );
    let mut enterprise = draft();
    enterprise.steps[4].completable = true;
    only_fault(enterprise, "不由部门办理，不能要求补正");
    assert!(Route::new(change(|draft| draft.total = Some(limit("90 个自然日")))).is_ok());
}
