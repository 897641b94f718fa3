//! Who is 符合 for one item, as other rooms take it over.

use futures::TryStreamExt;
use zhida_matching::{Detail, Eligible, Label};
use zhida_testkit::{TestDatabase, both_databases};

use crate::support::{OTHERS, Setup, code, filled, first};

async fn all(setup: &Setup, item: &str) -> Vec<Eligible> {
    let today = setup.matching.today();
    let portions = setup.matching.eligible(item, today).await.unwrap();
    portions.try_concat().await.unwrap()
}

async fn exactly_those_whom_the_interpreter_finds_eligible(db: TestDatabase) {
    let setup = filled(db).await;
    let by_interpreter = all(&setup, "jiuye").await;
    let setup = setup.ready().await;
    for item in ["gaoqi", "jiuye", "yanfa"] {
        let found = all(&setup, item).await;
        let mut expected = Vec::new();
        for code in std::iter::once(first()).chain((1..=OTHERS).map(code)) {
            let today = setup.matching.today();
            let of = setup
                .matching
                .for_enterprise(&code, today, Detail::Brief)
                .await;
            let items = of.unwrap().items;
            let one = items.into_iter().find(|one| one.head.id == item).unwrap();
            if one.label == Label::Eligible {
                expected.push((code, one.amount.unwrap().low.and_then(|low| low.to_fen())));
            }
        }
        let mut told: Vec<_> = found
            .iter()
            .map(|one| (one.code.clone(), one.fen))
            .collect();
        told.sort();
        expected.sort();
        assert_eq!(told, expected, "{item}");
        assert!(found.iter().all(|one| one.division.is_some()), "{item}");
    }
    assert_eq!(
        all(&setup, "jiuye").await,
        by_interpreter,
        "with and without the engine"
    );
    assert!(!by_interpreter.is_empty());
    assert!(all(&setup, "yanfa").await.is_empty(), "people decide");
    assert!(
        setup
            .matching
            .eligible("none", setup.matching.today())
            .await
            .is_err()
    );
}

both_databases!(exactly_those_whom_the_interpreter_finds_eligible,);
