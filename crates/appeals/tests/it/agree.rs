//! At random: the same appeals give the same numbers, whichever way they are counted.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use zhida_appeals::words::{Alert, Awaits, Channel, Outcome, Satisfaction, Stage, Track, Whose};
use zhida_appeals::{AppealQuery, Counted, Dimension, Month};
use zhida_platform::access::Viewer;
use zhida_platform::cases::Scope;
use zhida_platform::db::{self, Tx, Value};
use zhida_testkit::{TestDatabase, both_databases};

use crate::kept::{Kept, supervisor};
use crate::world::{World, boss, clerk, code, manager, operator};

/// Appeals of a world.
const APPEALS: usize = 150;
/// Queries that are tried.
const QUERIES: usize = 60;

fn one_of<T: Clone + std::fmt::Debug + 'static>(all: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(all.to_vec())
}

fn maybe<T: Clone + std::fmt::Debug + 'static>(
    all: &[T],
) -> impl Strategy<Value = Option<T>> + use<T> {
    prop::option::weighted(0.2, one_of(all))
}

fn kept() -> impl Strategy<Value = Kept> {
    let outcomes: Vec<_> = Outcome::ALL.iter().map(|one| one.slug()).collect();
    let stages: Vec<_> = Stage::ALL.iter().map(|one| one.slug()).collect();
    let words: Vec<_> = Satisfaction::ALL.iter().map(|one| one.slug()).collect();
    let of = (
        one_of(&[
            "2026-09-30T15:59:59Z",
            "2026-09-30T16:00:00Z",
            "2026-10-19T03:00:00Z",
            "2026-10-31T15:59:59Z",
        ]),
        one_of(&["web", "hotline", "code"]),
        one_of(&["", "utilities/power", "labour/insurance", "labour/wages"]),
        one_of(&["", "370100", "370102", "370102001", "370112"]),
        one_of(&["normal", "concealed", "secret"]),
        (0..4_usize, one_of(&[0, 21, 22_u128])),
    );
    let stands = (
        one_of(&stages),
        prop::option::of(one_of(&outcomes)),
        prop::option::of(one_of(&[
            "2026-11-20T16:00:00Z",
            "2026-11-23T16:00:00Z",
            "2027-01-01T00:00:00Z",
        ])),
        prop::option::of(one_of(&words)),
        one_of(&["phone", "own"]),
        one_of::<&[(usize, &str)]>(&[&[], &[(1, "not")], &[(2, "not"), (2, "satisfied")]]),
    );
    let marks = (any::<[bool; 5]>(), 0..3_i64, 0..2_i64);
    (of, stands, marks).prop_map(|(of, stands, (marks, dispatches, reopenings))| Kept {
        channel: of.1,
        category: of.2,
        place: of.3,
        confidentiality: of.4,
        enterprise: of.5.0,
        body: of.5.1,
        stage: stands.0,
        outcome: stands.1,
        due_at: stands.2,
        satisfaction: stands.3,
        way: stands.4,
        before: stands.5,
        late: marks[0],
        responded: marks[1],
        response_late: marks[2],
        replied: marks[3],
        visited: marks[4],
        dispatches,
        reopenings,
        ..Kept::solved(of.0)
    })
}

fn query() -> impl Strategy<Value = AppealQuery> {
    let words = (
        maybe(&[Channel::Web, Channel::Hotline]),
        maybe(Stage::ALL),
        maybe(Alert::ALL),
        maybe(Whose::ALL),
        maybe(Awaits::ALL),
        maybe(Scope::ALL),
        maybe(Outcome::ALL),
        maybe(Satisfaction::ALL),
        maybe(&[Track::Single, Track::Joint]),
        maybe(Counted::ALL),
    );
    let texts = (
        maybe(&["labour", "labour/wages", "utilities"]),
        maybe(&["370102", "370112"]),
        maybe(&["停电", "企业1号"]),
        maybe(&["2026-10-01"]),
        maybe(&[code(1)]),
    );
    (words, texts).prop_map(|(words, texts)| AppealQuery {
        channel: words.0,
        stage: words.1,
        standing: words.2,
        who: words.3,
        reply: words.4,
        state: words.5,
        outcome: words.6,
        satisfaction: words.7,
        track: words.8,
        counted: words.9,
        category: texts.0.unwrap_or_default().to_owned(),
        place: texts.1.unwrap_or_default().to_owned(),
        q: texts.2.unwrap_or_default().to_owned(),
        from: texts.3.and_then(|day| day.parse().ok()),
        enterprise: texts.4.unwrap_or_default(),
        ..AppealQuery::default()
    })
}

fn drawn<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, number: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    let all = prop::collection::vec(strategy, number);
    all.new_tree(&mut runner).unwrap().current()
}

async fn views_are_counted_together_as_each_alone(db: TestDatabase) {
    let world = World::new(db).await;
    world.keep(&drawn(kept(), APPEALS)).await;
    let queries = drawn(query(), QUERIES);
    let mut some = 0;
    for viewer in [
        operator(),
        manager(),
        supervisor(),
        clerk(0),
        boss(1),
        Viewer::visitor(),
    ] {
        let together = world.appeals.counts(&viewer, &queries).await.unwrap();
        for (query, count) in queries.iter().zip(together) {
            let alone = world.appeals.count(&viewer, query).await.unwrap();
            assert_eq!(count, alone, "{}: {query:?}", viewer.name());
            some += usize::from(count > 0);
        }
    }
    assert!(some > 20, "hardly anything was counted: {some}");
}

impl World {
    /// Gives the bodies that lead these appeals another name.
    async fn rename(&self, ids: &[String], name: &str) {
        let holders = db::placeholders(2, ids.len());
        let sql = &format!(
            "UPDATE case_head SET holder_name = $1 WHERE holder IS NOT NULL AND id IN ({holders})"
        );
        let values: &Vec<Value> = &std::iter::once(name)
            .chain(ids.iter().map(String::as_str))
            .map(Value::from)
            .collect();
        let renamed = self
            .db
            .write(|tx: Tx| async move { db::execute(&tx, sql, values.clone()).await });
        assert!(renamed.await.unwrap() > 0);
    }
}

/// The figures by one dimension are grouped by the database; those of a report, by all of them at once, are summed here.
async fn a_report_has_the_figures_of_each_dimension(db: TestDatabase) {
    let world = World::new(db).await;
    let ids = world.keep(&drawn(kept(), APPEALS)).await;
    // bodies that were renamed, to what databases and Rust may put in another order
    let (before, since) = ids.split_at(APPEALS / 2);
    world.rename(before, "ab中").await;
    world.rename(since, "B 局").await;
    for viewer in [supervisor(), manager()] {
        let month: Month = "2026-10".parse().unwrap();
        let query = AppealQuery {
            from: Some(month.first()),
            to: Some(month.last()),
            ..AppealQuery::all()
        };
        let report = world.appeals.report(&viewer, month).await.unwrap();
        assert!(report.whole.figures.get(Counted::Received) > 50);
        for by in Dimension::ALL {
            let (whole, groups) = world
                .appeals
                .figures_by(&viewer, &query, *by)
                .await
                .unwrap();
            assert_eq!(whole, report.whole.figures, "by {}", by.word());
            assert_eq!(
                Some(&groups),
                report.groups.get(by.slug()),
                "by {}",
                by.word()
            );
        }
    }
}

both_databases!(
    views_are_counted_together_as_each_alone,
    a_report_has_the_figures_of_each_dimension,
);
