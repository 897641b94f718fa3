use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use zhida_platform::db::{self, Error, FromQueryResult, MigrationSet};
use zhida_platform::search::{self, Index, normalise};
use zhida_platform::search_step;
use zhida_testkit::{TestDatabase, both_databases};

const INDEX: Index = Index {
    table: "thing_search",
};
const SETS: [MigrationSet; 1] = [MigrationSet {
    room: "test",
    steps: &[search_step!("001-search", "thing_search")],
}];

both_databases!(
    finds_exactly_what_contains_it,
    replaced_and_deleted_rows_are_not_found,
    hostile_queries_are_only_text,
    long_texts_are_found_to_their_end,
    a_text_too_long_is_refused,
);

#[derive(FromQueryResult)]
struct Hit {
    seq: i64,
}

async fn set(db: &TestDatabase, texts: &[(i64, String)]) {
    db.write(|tx| async move {
        INDEX
            .upsert_many(&tx, texts.iter().map(|(seq, text)| (*seq, text)))
            .await
    })
    .await
    .expect("indexed");
}

/// Stands for a store: a table of sequence numbers, here made by VALUES.
async fn find(db: &TestDatabase, seqs: i64, query: &str) -> Vec<i64> {
    let all = format!(
        "WITH RECURSIVE e(seq) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT seq + 1 FROM e WHERE seq < {seqs})"
    );
    let (condition, values) = match search::match_value(db.engine(), query) {
        Some(value) => (INDEX.match_condition(db.engine(), "e.seq", 1), vec![value]),
        None => ("1 = 1".to_owned(), vec![]),
    };
    let sql = format!("{all} SELECT e.seq FROM e WHERE {condition} ORDER BY e.seq LIMIT 10000");
    let hits: Vec<Hit> = db::query_all(db.conn(), &sql, values).await.expect(query);
    hits.into_iter().map(|hit| hit.seq).collect()
}

/// The specification: every word of the query is contained.
fn naive(texts: &[String], query: &str) -> Vec<i64> {
    let words: Vec<String> = query.split_whitespace().map(normalise).collect();
    (0..)
        .zip(texts)
        .filter(|(_, text)| {
            let text = normalise(text);
            words.iter().all(|word| text.contains(word.as_str()))
        })
        .map(|(seq, _)| seq)
        .collect()
}

fn names() -> impl Strategy<Value = Vec<String>> {
    vec(
        "[江城科技有限公司集团甲𠮷aAＡ1１é（）·'%_|&!:*\\\\\" -]{0,12}",
        1..80,
    )
}

fn queries() -> impl Strategy<Value = Vec<String>> {
    vec("[江城科技有限公司甲𠮷aＡ1é（'%_|&!:*\\\\\" ]{0,5}", 1..40)
}

async fn finds_exactly_what_contains_it(db: TestDatabase) {
    db.migrate(&SETS).await.expect("migrated");
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    for _ in 0..12 {
        let case = (names(), queries()).new_tree(&mut runner).expect("a case");
        let (texts, queries) = case.current();
        db.write(|tx| async move {
            let all: Vec<i64> = (0..100).collect();
            INDEX.delete(&tx, &all).await
        })
        .await
        .expect("emptied");
        let rows: Vec<(i64, String)> = (0..).zip(texts.iter().cloned()).collect();
        set(&db, &rows).await;
        let last = i64::try_from(texts.len()).expect("small") - 1;
        for query in &queries {
            assert_eq!(
                find(&db, last, query).await,
                naive(&texts, query),
                "{query:?} in {texts:?}"
            );
        }
        // the first two characters of a text find at least that text
        for (seq, text) in &rows {
            let start: String = normalise(text).chars().take(2).collect();
            assert!(
                find(&db, last, &start).await.contains(seq),
                "{start:?} in {text:?}"
            );
        }
    }
}

async fn replaced_and_deleted_rows_are_not_found(db: TestDatabase) {
    db.migrate(&SETS).await.expect("migrated");
    set(
        &db,
        &[(1, "江城科技".to_owned()), (2, "江城商贸".to_owned())],
    )
    .await;
    assert_eq!(find(&db, 9, "江城").await, [1, 2]);
    set(&db, &[(1, "湖州科技".to_owned())]).await;
    assert_eq!(find(&db, 9, "江城").await, [2]);
    assert_eq!(find(&db, 9, "湖").await, [1]);
    db.write(|tx| async move { INDEX.delete(&tx, &[1, 7]).await })
        .await
        .expect("deleted");
    assert_eq!(find(&db, 9, "湖州").await, [] as [i64; 0]);
    assert_eq!(find(&db, 9, "商 江").await, [2]);
}

async fn hostile_queries_are_only_text(db: TestDatabase) {
    db.migrate(&SETS).await.expect("migrated");
    set(&db, &[(1, "甲 OR 乙 NEAR".to_owned())]).await;
    for query in [
        "\" OR 1=1 --",
        "甲' | '乙",
        "a:b",
        "NOT near",
        "甲乙丙*",
        "\0甲\0丙",
        "|",
        "(((",
        "-甲乙",
        "^甲乙",
    ] {
        assert!(find(&db, 3, query).await.len() <= 4, "{query}");
    }
    assert_eq!(find(&db, 3, "or乙ＮＥＡＲ").await, [1]);
    assert_eq!(find(&db, 3, &"甲".repeat(100_000)).await, [] as [i64; 0]);
}

async fn long_texts_are_found_to_their_end(db: TestDatabase) {
    db.migrate(&SETS).await.expect("migrated");
    // beyond the positions a tsvector can hold, of one word and in all
    let text = format!(
        "{}小微企业{}末尾条款",
        "企业".repeat(500),
        "政策".repeat(10_000)
    );
    set(&db, &[(1, text)]).await;
    for (query, hits) in [
        ("小微企业", 1),
        ("末尾条款", 1),
        ("款", 1),
        ("策末", 1),
        ("尾末", 0),
        ("业政小", 0),
    ] {
        assert_eq!(find(&db, 3, query).await.len(), hits, "{query}");
    }
}

async fn a_text_too_long_is_refused(db: TestDatabase) {
    db.migrate(&SETS).await.expect("migrated");
    let longest = "甲".repeat(search::TEXT_CHARS_MAX);
    set(&db, &[(1, longest.clone())]).await;
    let longer = format!("{longest}甲");
    let longer = &longer;
    let answer = db
        .write(|tx| async move { INDEX.upsert_many(&tx, [(2, longer)]).await })
        .await;
    assert!(
        matches!(answer, Err(Error::SearchTextTooLong { .. })),
        "{answer:?}"
    );
}
