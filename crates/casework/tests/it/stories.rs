//! What happens to a case, told; and what is refused, in words.

use rstest::rstest;
use zhida_casework::case::OpinionState;
use zhida_casework::event::{Lack, Stance};
use zhida_casework::{Case, Change, ClockName, Command, Opening, Party, Rules, Turn, case::Broken};

use crate::kit::{
    Grant, Outcome, Play, Stage, advance, answer, at, body, bureau, close, enterprise, handler,
    lacking, officer, officer_of, refusal, route, simple,
};

fn text(words: &str) -> String {
    words.to_owned()
}

fn words(play: &Play) -> Vec<String> {
    play.events
        .iter()
        .map(|event| event.change.words())
        .collect()
}

#[test]
fn an_application_runs_from_filing_to_payment() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    assert_eq!(play.case.words(), "受理（待部门办理）");
    play.office("2026-03-02 11:00", Command::Assign { handler: handler() });
    play.office("2026-03-03 10:00", advance());
    assert_eq!(
        (play.case.stage(), play.stage_due()),
        (Stage::Review, text("2026年3月17日 24:00"))
    );
    // the inspection may be left out
    play.office(
        "2026-03-10 10:00",
        Command::Advance {
            to: Some(Stage::Decide),
            note: text("无需核查"),
        },
    );
    assert_eq!(play.due(ClockName::Stage), None, "this step has no limit");
    play.office("2026-03-11 10:00", advance());
    assert_eq!(
        (play.case.turn(), play.case.words().as_str()),
        (Turn::Enterprise, "意愿确认（待企业办理）")
    );
    assert_eq!(
        play.due(ClockName::Total),
        None,
        "the office's promise waits for the enterprise"
    );
    play.company("2026-03-12 10:00", advance());
    // 公示: 12 March is day 1
    assert_eq!(play.stage_due(), "2026年3月18日 24:00");
    let early = play.ask(
        "2026-03-18 23:59",
        &Party::system(),
        Command::TimeUp {
            clock: ClockName::Stage,
        },
    );
    assert!(refusal(early).contains("未到期"));
    play.system(
        "2026-03-19 00:00",
        Command::Note {
            text: text("核对")
        },
    );
    play.system(
        "2026-03-19 00:01",
        Command::TimeUp {
            clock: ClockName::Stage,
        },
    );
    play.system("2026-03-20 10:00", close(Outcome::Paid));
    assert_eq!(play.case.words(), "已办结：已兑付");
    assert_eq!(
        words(&play),
        [
            "开始办理，进入“受理”",
            "由王五办理",
            "进入“审核”",
            "进入“审定”：无需核查",
            "进入“意愿确认”",
            "进入“公示”",
            "核对",
            "进入“拨付”：时限届满",
            "办结：已兑付：按规定办理",
        ]
    );
    // 60 working days from 3 March on, without 11 and 12 March
    let total = play.case.clocks()[&ClockName::Total].due.clone().unwrap();
    assert!(
        total
            .derivation
            .contains(&text("3月11日至12日 等待企业办理，不计")),
        "{total:?}"
    );
}

#[test]
fn a_joint_review_waits_for_each_department() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    let (tax, talent) = (body(2, "税务局"), body(3, "人社局"));
    play.office("2026-03-03 10:00", advance());
    play.office(
        "2026-03-03 11:00",
        Command::AskOpinions {
            question: text("是否同意兑付"),
            organisations: vec![tax.clone(), talent.clone()],
            limit: None,
        },
    );
    for organisation in [&tax, &talent] {
        let due = play.due(ClockName::Opinion(organisation.id)).unwrap();
        assert_eq!(due.words(), "2026年3月6日 24:00");
    }
    let waiting = refusal(play.ask("2026-03-04 10:00", &officer(), advance()));
    assert_eq!(
        waiting,
        "还有 2 个部门未反馈意见（税务局、人社局），请等待反馈，或先撤回征求意见"
    );
    let agree = Command::GiveOpinion {
        stance: Stance::Agree,
        text: String::new(),
    };
    play.ask("2026-03-04 11:00", &officer_of(tax), agree.clone())
        .unwrap();
    let stranger = refusal(play.ask("2026-03-04 11:00", &officer(), agree));
    assert!(stranger.contains("没有向您的部门征求意见"), "{stranger}");
    let why = Command::GiveOpinion {
        stance: Stance::Disagree,
        text: text(" "),
    };
    assert_eq!(
        refusal(play.ask("2026-03-04 12:00", &officer_of(talent.clone()), why)),
        "请填写意见"
    );
    play.office(
        "2026-03-04 13:00",
        Command::WithdrawOpinion {
            organisation: talent.id,
            reason: text("不再需要"),
        },
    );
    play.office("2026-03-05 10:00", advance());
    let states: Vec<&OpinionState> = play
        .case
        .opinions()
        .iter()
        .map(|opinion| &opinion.state)
        .collect();
    assert_eq!(
        states,
        [
            &OpinionState::Given {
                stance: Stance::Agree,
                text: String::new()
            },
            &OpinionState::Withdrawn
        ]
    );
}

#[test]
fn what_is_not_completed_in_time_ends_the_case() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    play.office("2026-03-03 10:00", lacking(Lack::Missing));
    let twice = refusal(play.ask("2026-03-03 11:00", &officer(), lacking(Lack::Missing)));
    assert!(twice.contains("正在等待企业补正"), "{twice}");
    // 10 working days from the day after: 17 March
    play.system(
        "2026-03-18 00:01",
        Command::TimeUp {
            clock: ClockName::Completion,
        },
    );
    assert_eq!(play.case.ending().unwrap().outcome, Outcome::Lapsed);
    assert_eq!(
        words(&play)[2..],
        ["逾期未补正", "办结：逾期未补正：逾期未补正"]
    );
    let late = refusal(play.ask("2026-03-18 10:00", &enterprise(), answer()));
    assert_eq!(late, "事项已办结（逾期未补正），不能再办理");
}

#[test]
fn a_completion_late_but_before_it_lapsed_is_taken() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    play.office("2026-03-03 10:00", lacking(Lack::Wrong));
    play.company("2026-03-18 08:00", answer());
    assert!(play.case.is_open());
    let again = refusal(play.ask("2026-03-18 09:00", &officer(), lacking(Lack::Wrong)));
    assert!(again.contains("补正最多要求 1 次"), "{again}");
}

#[test]
fn an_objection_stops_the_clock_and_the_way() {
    let mut play = Play::open(simple("5 个工作日"), "2026-03-02 10:00");
    let hold = |id: &str| Command::Hold {
        hold: text(id),
        reason: text("有人提出异议"),
    };
    play.office("2026-03-03 10:00", hold("异议1"));
    play.office("2026-03-04 10:00", hold("异议2"));
    assert!(refusal(play.ask("2026-03-04 10:00", &officer(), hold("异议2"))).contains("不必重复"));
    assert_eq!(
        refusal(play.ask("2026-03-04 10:00", &officer(), close(Outcome::Paid))),
        "事项暂停办理（有人提出异议），请先处理后再继续"
    );
    assert_eq!(play.case.words(), "审核（暂停办理）");
    let release = |id: &str| Command::Release {
        hold: text(id),
        result: text("异议不成立"),
    };
    play.office("2026-03-05 10:00", release("异议1"));
    assert_eq!(play.stage_due(), "暂停", "the other still holds it");
    play.office("2026-03-06 10:00", release("异议2"));
    // 3 to 6 March do not count
    assert_eq!(play.stage_due(), "2026年3月13日 24:00");
    play.office("2026-03-09 10:00", close(Outcome::Paid));
}

#[test]
fn an_extension_is_asked_for_in_time_once() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    let extend = |amount| Command::Extend {
        amount,
        reason: text("情况复杂"),
    };
    // due on 9 March, so a working day before is 6 March
    for (when, amount, why) in [
        ("2026-03-03 10:00", 6, "本环节每次最多延期 5 个工作日"),
        ("2026-03-03 10:00", 0, "本环节每次最多延期 5 个工作日"),
        (
            "2026-03-07 00:01",
            5,
            "延期须在到期前 1 个工作日 提出，现已来不及",
        ),
    ] {
        let mut late = Play::open(route(), "2026-03-02 10:00");
        assert_eq!(refusal(late.ask(when, &officer(), extend(amount))), why);
    }
    play.office("2026-03-06 23:59", extend(5));
    assert_eq!(play.stage_due(), "2026年3月16日 24:00");
    let due = play.due(ClockName::Stage).unwrap();
    assert!(
        due.derivation
            .contains(&text("3月6日 经批准延期 5 个工作日（情况复杂）")),
        "{due:?}"
    );
    assert_eq!(
        play.case.clocks()[&ClockName::Total].clock.total().amount,
        65,
        "the promise moves along"
    );
    assert_eq!(
        refusal(play.ask("2026-03-06 23:59", &officer(), extend(1))),
        "最多延期 1 次，已用完"
    );
}

#[test]
fn a_transfer_keeps_the_clock_and_drops_the_handler() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    play.office("2026-03-02 11:00", Command::Assign { handler: handler() });
    let before = play.stage_due();
    let to = |organisation| Command::Transfer {
        to: organisation,
        reason: text("属于人社局职责"),
    };
    play.office("2026-03-03 10:00", to(body(3, "人社局")));
    assert_eq!((play.case.handler(), play.stage_due()), (None, before));
    assert!(
        refusal(play.ask("2026-03-03 11:00", &officer(), to(body(3, "人社局"))))
            .contains("无需转办")
    );
}

#[test]
fn a_refused_case_is_reopened_once_within_its_window() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    let reopen = || Command::Reopen {
        reason: text("材料齐全"),
    };
    assert!(refusal(play.ask("2026-03-02 11:00", &enterprise(), reopen())).contains("正在办理"));
    let extend = Command::Extend {
        amount: 1,
        reason: text("复杂"),
    };
    play.office("2026-03-02 12:00", extend.clone());
    play.office("2026-03-03 10:00", close(Outcome::Refused));
    play.company("2026-03-18 20:00", reopen());
    assert_eq!(
        (play.case.stage(), play.case.is_open()),
        (Stage::Review, true)
    );
    assert_eq!(play.stage_due(), "2026年4月1日 24:00");
    // and begins anew: what it may ask for was not used up before
    play.office("2026-03-19 09:00", extend);
    play.office("2026-03-19 10:00", close(Outcome::Refused));
    assert!(play.case.ending().unwrap().reopen_until.is_none());
    let used_up = refusal(play.ask("2026-03-19 11:00", &enterprise(), reopen()));
    assert!(used_up.contains("次数已用完"), "{used_up}");
    // other outcomes are final
    let mut play = Play::open(route(), "2026-03-02 10:00");
    play.company(
        "2026-03-03 10:00",
        Command::Withdraw {
            reason: String::new(),
        },
    );
    assert!(play.case.ending().unwrap().withdrawn);
    assert!(
        play.ask("2026-03-03 11:00", &enterprise(), reopen())
            .is_err()
    );
}

#[test]
fn a_repealed_policy_ends_a_case_whatever_is_open() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    play.office("2026-03-03 10:00", lacking(Lack::Wrong));
    let asked = Command::AskOpinions {
        question: text("请核实"),
        organisations: vec![body(2, "税务局")],
        limit: Some("1 个工作日".parse().unwrap()),
    };
    play.office("2026-03-03 11:00", asked);
    play.office(
        "2026-03-03 12:00",
        Command::Hold {
            hold: text("1"),
            reason: text("异议"),
        },
    );
    play.office("2026-03-04 10:00", close(Outcome::Ended));
    assert!(play.case.holds().is_empty() && play.case.completion().is_none());
    assert!(
        play.case
            .clocks()
            .values()
            .all(|running| running.clock.stopped.is_some())
    );
    assert!(play.case.due().is_none());
}

#[rstest]
#[case::enterprise_in_the_offices_turn(enterprise(), advance(), "这一步由部门办理")]
#[case::enterprise_closes(enterprise(), close(Outcome::Refused), "这一步由部门办理")]
#[case::office_answers(officer(), answer(), "这一步由企业办理")]
#[case::office_withdraws(officer(), Command::Withdraw { reason: String::new() }, "这一步由企业办理")]
#[case::clock_by_hand(officer(), Command::TimeUp { clock: ClockName::Stage }, "由系统按时限自动处理")]
#[case::outcome_of_another_step(officer(), close(Outcome::Paid), "不能以“已兑付”办结")]
#[case::too_far(officer(), Command::Advance { to: Some(Stage::Pay), note: String::new() }, "可以进入：审核")]
#[case::not_back(officer(), Command::Return { to: Stage::Pay, reason: "错了".to_owned() }, "不能退回")]
#[case::no_reason(officer(), Command::Hold { hold: "1".to_owned(), reason: " ".to_owned() }, "请填写")]
#[case::too_long(officer(), Command::Note { text: "长".repeat(2_001) }, "最多 2000 字")]
#[case::nothing_to_complete(officer(), Command::AskCompletion { lack: Lack::Wrong, points: vec![] }, "请写明要补正什么")]
#[case::nothing_held(officer(), Command::Release { hold: "1".to_owned(), result: "好".to_owned() }, "没有因此暂停")]
#[case::nobody_asked(officer(), Command::AskOpinions { question: "问".to_owned(), organisations: vec![], limit: None }, "请选择征求意见的部门")]
fn what_does_not_fit_is_refused_in_words(
    #[case] by: Party,
    #[case] command: Command<Grant>,
    #[case] why: &str,
) {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    let refusal = refusal(play.ask("2026-03-03 10:00", &by, command));
    assert!(refusal.contains(why), "{refusal}");
    assert_eq!(play.events.len(), 1);
}

#[test]
fn a_due_date_that_cannot_be_computed_opens_no_case() {
    let (route, calendar) = (route(), zhida_casework::Calendar::default());
    let rules = Rules {
        route: &route,
        calendar: &calendar,
    };
    let opening = Opening {
        holder: Some(bureau()),
        handler: None,
    };
    let refusal = Case::open(&opening, &enterprise(), at("2027-12-30 10:00"), &rules).unwrap_err();
    assert!(
        refusal.to_string().contains("2028 年的放假安排"),
        "{refusal}"
    );
}

#[test]
fn a_slow_servers_clock_does_not_turn_time_back() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    play.office("2026-03-03 10:00", advance());
    play.office(
        "2026-03-03 09:59",
        Command::Note {
            text: text("另一台服务器慢一分钟"),
        },
    );
    assert_eq!(play.events[2].at, at("2026-03-03 10:00"));
}

#[test]
fn events_that_cannot_follow_are_told_apart() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    play.office("2026-03-03 10:00", advance());
    assert_eq!(Case::<Grant>::replay(&[]), Err(Broken::Empty));
    let late = Case::replay(&play.events[1..]);
    assert_eq!(
        late,
        Err(Broken::Gap {
            expected: 1,
            found: 2
        })
    );
    let mut wrong = play.events[1].clone();
    wrong.change = Change::CompletionLapsed {};
    let broken = Case::replay(&[play.events[0].clone(), wrong]).unwrap_err();
    assert_eq!(
        broken.to_string(),
        "事项的第 2 条记录（completion_lapsed）与之前的记录不符"
    );
}
