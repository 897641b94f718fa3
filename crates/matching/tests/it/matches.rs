//! One enterprise: verdicts, best combination, what-if, news.

use std::collections::BTreeMap;

use zhida_matching::{Detail, Label, Telling, answers_from_json};
use zhida_rules::{Dictionary, Facts};
use zhida_testkit::{TestDatabase, both_databases};

use crate::support::{empty, filled, first};

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

async fn one_enterprise_is_matched_in_full(db: TestDatabase) {
    let setup = filled(db).await;
    let on = day("2026-11-22");
    let found = setup
        .matching
        .for_enterprise(&first(), on, Detail::Full)
        .await
        .unwrap();
    insta::assert_json_snapshot!("enterprise", found);
}

async fn a_page_tells_the_beginning_of_each_label(db: TestDatabase) {
    let setup = filled(db).await;
    let on = day("2026-11-22");
    let whole = setup
        .matching
        .for_enterprise(&first(), on, Detail::Full)
        .await
        .unwrap();
    let telling = Telling {
        more: Some((Label::Ineligible, 2)),
        ..Telling::first(Detail::Full, 1)
    };
    let page = setup
        .matching
        .told_to_enterprise(&first(), on, telling)
        .await
        .unwrap();
    let mut shown: BTreeMap<Label, usize> = BTreeMap::new();
    let mut expected = whole.clone();
    expected.items.retain(|item| {
        let most = if item.label == Label::Ineligible {
            2
        } else {
            1
        };
        let place = shown.entry(item.label).or_default();
        *place += 1;
        *place <= most
    });
    assert!(
        expected.items.len() < whole.items.len(),
        "something is left out"
    );
    assert_eq!(page, expected);
}

async fn verdicts_alone_are_the_same(db: TestDatabase) {
    let setup = filled(db).await;
    let on = day("2026-11-22");
    let matching = &setup.matching;
    let (code, brief) = (first(), Detail::Brief);
    let whole = matching.for_enterprise(&code, on, brief).await.unwrap();
    let verdict = Detail::Verdict;
    let mut bare = matching.for_enterprise(&code, on, verdict).await.unwrap();
    for (bare, whole) in bare.items.iter_mut().zip(&whole.items) {
        assert!(bare.reason.is_empty() && bare.amount.is_none());
        bare.manual_only = whole.manual_only;
        bare.amount.clone_from(&whole.amount);
        bare.reason.clone_from(&whole.reason);
    }
    assert_eq!(bare, whole);
}

async fn the_terminal_shows_the_same(db: TestDatabase) {
    let setup = filled(db).await;
    let on = day("2026-11-22");
    let found = setup
        .matching
        .for_enterprise(&first(), on, Detail::Brief)
        .await
        .unwrap();
    insta::assert_snapshot!("terminal", zhida_matching::text::enterprise(&found));
}

async fn what_opens_when_facts_change(db: TestDatabase) {
    let setup = filled(db).await;
    let on = day("2026-11-22");
    let dictionary = Dictionary::shipped();
    let json = serde_json::json!({"从业人数": {"2025": 120}, "高新技术企业": false});
    let changes = answers_from_json(dictionary, &json, on).unwrap();
    let news = setup
        .matching
        .what_if(&first(), &changes, on)
        .await
        .unwrap();
    let flips: Vec<(&str, Label, Label)> = news
        .flips
        .iter()
        .map(|flip| (flip.head.id.as_str(), flip.from, flip.to))
        .collect();
    assert_eq!(
        flips,
        [
            ("jiuye", Label::NearMiss, Label::Eligible),
            ("gaoqi", Label::Eligible, Label::NearMiss)
        ]
    );
    assert!(news.flips[0].opens() && !news.flips[1].opens());
    assert_eq!(news.flips[0].amount_to.as_deref(), Some("6 万元"));
    assert_eq!(news.changes.len(), 2);
    assert_eq!(
        news.changes
            .iter()
            .filter(|c| c.attribute == "从业人数")
            .count(),
        1
    );
    let stored = setup
        .matching
        .for_enterprise(&first(), on, Detail::Brief)
        .await
        .unwrap();
    assert_eq!(stored.counts, news.before, "nothing was stored");
}

async fn a_new_fact_is_news(db: TestDatabase) {
    let setup = filled(db).await;
    let on = day("2026-11-22");
    let before = setup.matching.enterprise(&first()).await.unwrap().facts;
    setup
        .bring(
            &format!(
                "统一社会信用代码,企业名称,研发今\n{},济南样例制造有限公司,6000000\n",
                first()
            ),
            "2026-09-30",
        )
        .await;
    let after = setup.matching.enterprise(&first()).await.unwrap().facts;
    let news = setup
        .matching
        .fact_news(&first(), before, after, on)
        .await
        .unwrap();
    assert!(news.flips.is_empty());
    let amounts: Vec<&str> = news
        .amounts
        .iter()
        .map(|flip| flip.head.id.as_str())
        .collect();
    assert_eq!(amounts, ["yanfa"]);
    assert_eq!(news.amounts[0].amount_from.as_deref(), Some("20 万元"));
    assert_eq!(news.amounts[0].amount_to.as_deref(), Some("30 万元"));
}

async fn of_a_stranger_nothing_is_taken_for_no(db: TestDatabase) {
    let setup = filled(db).await;
    let found = setup
        .matching
        .for_facts(Facts::stated(), day("2026-11-22"), Detail::Brief)
        .await
        .unwrap();
    assert_eq!(found.counts.total, 6);
    assert_eq!(
        found.counts.unknown + found.counts.one_unknown,
        6,
        "{:?}",
        found.counts
    );
}

async fn the_day_decides_what_is_open(db: TestDatabase) {
    let setup = filled(db).await;
    let at = async |text| {
        let found = setup
            .matching
            .for_enterprise(&first(), day(text), Detail::Brief)
            .await;
        let mut reasons: Vec<(String, String)> = found
            .unwrap()
            .not_open
            .into_iter()
            .map(|item| (item.id, item.reason))
            .collect();
        reasons.sort();
        reasons
    };
    let reason = |id: &str, reason: &str| (id.to_owned(), reason.to_owned());
    assert_eq!(
        at("2026-11-22").await,
        [
            reason("guoqi", "政策文件已于 2025年12月31日 到期"),
            reason("weilai", "2027年3月1日 开始申报")
        ]
    );
    let later = at("2026-12-16").await;
    assert_eq!(later[2], reason("yanfa", "申报已于 2026年12月15日 截止"));
    assert!(
        at("2026-01-31")
            .await
            .contains(&reason("gaoqi", "政策文件自 2026年2月1日 起施行"))
    );
    let beyond = setup
        .matching
        .for_enterprise(&first(), day("0001-01-01"), Detail::Brief)
        .await;
    assert!(beyond.unwrap_err().to_string().contains("1990-01-01"));
}

async fn nobody_and_nothing_are_told_apart(db: TestDatabase) {
    let setup = empty(db).await;
    let on = day("2026-11-22");
    let missing = setup
        .matching
        .for_enterprise("91370102PDY000009X", on, Detail::Brief)
        .await;
    assert!(
        missing
            .unwrap_err()
            .to_string()
            .contains("91370102PDY000009X")
    );
    assert!(
        setup
            .matching
            .item("keine", on)
            .unwrap_err()
            .to_string()
            .contains("keine")
    );
    let found = setup
        .matching
        .for_facts(Facts::stated(), on, Detail::Brief)
        .await
        .unwrap();
    assert_eq!(found.counts.total, 0);
    assert!(found.best_combination.exact);
}

both_databases!(
    a_page_tells_the_beginning_of_each_label,
    verdicts_alone_are_the_same,
    one_enterprise_is_matched_in_full,
    the_terminal_shows_the_same,
    what_opens_when_facts_change,
    a_new_fact_is_news,
    of_a_stranger_nothing_is_taken_for_no,
    the_day_decides_what_is_open,
    nobody_and_nothing_are_told_apart,
);
