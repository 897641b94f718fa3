//! The store suite: revisions, numbers, drafts, states, the list; on both databases.

use zhida_platform::db::{self, ConnectionTrait};
use zhida_platform::paging::PageRequest;
use zhida_policies::{Delivery, Error, Facet, ItemState, Policies, Query, QueryText, Validity};
use zhida_rules::Dictionary;
use zhida_testkit::{TestDatabase, both_databases};

use crate::{clock, entry, import, sample};

const FIRST: &str = "sample-gaoqi-jiangli";
const SECOND: &str = "sample-yanfa-buzhu";

async fn a_revision_is_added_and_the_old_one_kept(db: TestDatabase) {
    let policies = sample(&db).await;
    let before = policies.item(FIRST).await.unwrap();
    let number = before.record.number.clone().unwrap();
    assert_eq!(number, "直达-2026-000001");
    let mut changed = entry(&policies, FIRST).await;
    changed.item.phone = "0531-12345678".into();
    let after = policies
        .publish("经办员乙", changed.clone(), Some(1))
        .await
        .unwrap();
    assert_eq!(
        (after.record.revision, after.record.number.as_deref()),
        (2, Some(number.as_str()))
    );
    let revisions = policies.revisions(FIRST).await.unwrap();
    assert_eq!(revisions.len(), 2);
    assert_eq!(revisions[0].published_by, "经办员乙");
    assert_eq!(revisions[1], before.current.unwrap());
    assert_eq!(revisions[0].entry, changed);
    // The same content again is no revision.
    let same = policies
        .publish("经办员乙", changed, Some(2))
        .await
        .unwrap();
    assert_eq!(same.record.revision, 2);
    assert_eq!(policies.item(&number).await.unwrap().record.id, FIRST);
}

async fn a_published_revision_stays_byte_for_byte(db: TestDatabase) {
    let policies = sample(&db).await;
    let before = stored(&db).await;
    let mut changed = entry(&policies, FIRST).await;
    changed.item.phone = "1".into();
    policies
        .publish("甲", changed.clone(), Some(1))
        .await
        .unwrap();
    changed.item.phone = "2".into();
    policies.save_draft("甲", &changed).await.unwrap();
    policies.withdraw("甲", FIRST).await.unwrap();
    policies.reinstate("甲", FIRST).await.unwrap();
    policies.publish("甲", changed, None).await.unwrap();
    let after = stored(&db).await;
    assert_eq!(after.len(), before.len() + 2);
    assert!(before.iter().all(|row| after.contains(row)));
}

/// Every stored revision, whole.
async fn stored(db: &TestDatabase) -> Vec<(String, i64, String, String)> {
    let sql = "SELECT item_id, revision, content, digest FROM policy_revision LIMIT 100";
    let rows = db.conn().query_all_raw(sea_orm::Statement::from_string(
        db.conn().get_database_backend(),
        sql,
    ));
    rows.await
        .unwrap()
        .iter()
        .map(|row| {
            let text = |at| row.try_get_by_index::<String>(at).unwrap();
            (text(0), row.try_get_by_index(1).unwrap(), text(2), text(3))
        })
        .collect()
}

async fn a_stale_editor_and_a_foreign_document_are_refused(db: TestDatabase) {
    let policies = sample(&db).await;
    let mut changed = entry(&policies, FIRST).await;
    changed.item.phone = "1".into();
    policies
        .publish("甲", changed.clone(), Some(1))
        .await
        .unwrap();
    changed.item.phone = "2".into();
    let stale = policies.publish("乙", changed.clone(), Some(1)).await;
    assert!(
        matches!(stale, Err(Error::Stale { current: 2, .. })),
        "{stale:?}"
    );
    changed.document.id = "another".into();
    let foreign = policies.publish("乙", changed, None).await;
    assert!(
        matches!(foreign, Err(Error::OtherDocument { .. })),
        "{foreign:?}"
    );
    assert_eq!(entry(&policies, FIRST).await.item.phone, "1");
    assert!(matches!(
        policies.document("another").await,
        Err(Error::NoDocument(_))
    ));
}

async fn a_draft_has_no_number_until_it_is_published(db: TestDatabase) {
    let policies = sample(&db).await;
    let mut draft = entry(&policies, FIRST).await;
    draft.item.id = "new-item".into();
    draft.item.conditions[0].rule = Some("没有这个属性".into());
    policies.save_draft("甲", &draft).await.unwrap();
    let shown = policies.item("new-item").await.unwrap();
    assert_eq!(
        (shown.record.state, shown.record.number.as_deref()),
        (ItemState::Draft, None)
    );
    assert_eq!(shown.record.draft.as_ref(), Some(&draft));
    assert_eq!(policies.count(&Query::default()).await.unwrap(), 2);
    assert!(
        policies
            .catalogue(policies.today())
            .find("new-item")
            .is_none()
    );
    let broken = policies.publish("甲", draft.clone(), Some(0)).await;
    assert!(matches!(broken, Err(Error::Rules { .. })));
    draft.item.conditions[0].rule = Some("高新技术企业".into());
    let published = policies.publish("甲", draft, Some(0)).await.unwrap();
    assert_eq!(published.record.number.as_deref(), Some("直达-2026-000003"));
    assert_eq!(published.record.draft, None);
}

async fn the_catalogue_follows_publication_withdrawal_and_return(db: TestDatabase) {
    let policies = sample(&db).await;
    let today = policies.today();
    let held = policies.catalogue(today);
    assert_eq!((held.items.len(), held.open.len()), (2, 2));
    let first = held.find(FIRST).unwrap();
    assert_eq!(first.automatic, 1);
    assert_eq!(first.rules.conditions()[0].text, "适用区域：山东省济南市");
    policies.withdraw("甲", FIRST).await.unwrap();
    let now = policies.catalogue(today);
    assert!(now.version > held.version && now.find(FIRST).is_none());
    // A reader that holds the old one goes on with it.
    assert_eq!(held.items.len(), 2);
    // What did not change is not compiled again.
    assert!(std::sync::Arc::ptr_eq(
        now.find(SECOND).unwrap(),
        held.find(SECOND).unwrap()
    ));
    policies.reinstate("甲", "直达-2026-000001").await.unwrap();
    assert!(policies.catalogue(today).find(FIRST).is_some());
    // The second is open only between its dates of application.
    let later = policies.catalogue("2026-12-16".parse().unwrap());
    assert_eq!(
        later
            .open
            .iter()
            .map(|item| item.id.as_str())
            .collect::<Vec<_>>(),
        [FIRST]
    );
    assert_eq!(later.items.len(), 2);
}

async fn another_server_sees_the_change_after_a_refresh(db: TestDatabase) {
    let here = sample(&db).await;
    let there = Policies::new(db.handle(), Dictionary::shipped(), clock())
        .await
        .unwrap();
    here.withdraw("甲", FIRST).await.unwrap();
    assert_eq!(there.catalogue(there.today()).items.len(), 2);
    there.refresh().await.unwrap();
    assert_eq!(there.catalogue(there.today()).items.len(), 1);
}

async fn list_count_and_facets_tell_the_same(db: TestDatabase) {
    let policies = sample(&db).await;
    let text = |q: &str| QueryText {
        q: q.into(),
        ..QueryText::default()
    };
    let region = |region: &str| QueryText {
        region: region.into(),
        ..QueryText::default()
    };
    let cases = [
        (QueryText::default(), 2),
        (text("研发"), 1),
        (text("样政发 高企"), 1),
        (text("没有的词"), 0),
        (
            QueryText {
                delivery: "免申即享".into(),
                ..QueryText::default()
            },
            1,
        ),
        (
            QueryText {
                status: "effective".into(),
                ..QueryText::default()
            },
            2,
        ),
        (
            QueryText {
                status: "expired".into(),
                ..QueryText::default()
            },
            0,
        ),
        (
            QueryText {
                level: "city".into(),
                theme: "innovation".into(),
                ..QueryText::default()
            },
            2,
        ),
        (region("370102"), 2),
        (region("370000"), 2),
        (region("330100"), 0),
        (
            QueryText {
                document: "sample-gaoqi-2026".into(),
                ..QueryText::default()
            },
            2,
        ),
    ];
    for (text, expected) in cases {
        let query = text.parse().unwrap();
        let page = policies
            .list(&query, &PageRequest::first(100))
            .await
            .unwrap();
        assert_eq!(
            page.items.len() as u64,
            policies.count(&query).await.unwrap(),
            "{text:?}"
        );
        assert_eq!(page.items.len(), expected, "{text:?}");
        for facet in [
            Facet::Level,
            Facet::Theme,
            Facet::Category,
            Facet::Delivery,
            Facet::Status,
        ] {
            let sum: i64 = policies
                .facet(&query, facet)
                .await
                .unwrap()
                .iter()
                .map(|one| one.count)
                .sum();
            assert!(sum >= expected as i64, "{text:?} {facet:?}");
        }
    }
    let regions = policies
        .facet(&Query::default(), Facet::Region)
        .await
        .unwrap();
    assert_eq!((regions[0].value.as_str(), regions[0].count), ("370100", 2));
    let instant = Query {
        delivery: Some(Delivery::Instant),
        ..Query::default()
    };
    let options = policies.facet(&instant, Facet::Delivery).await.unwrap();
    assert_eq!(
        options.len(),
        2,
        "a facet's own filter does not hide its other options"
    );
}

async fn pages_follow_each_other_without_gap(db: TestDatabase) {
    let policies = sample(&db).await;
    for n in 0..5 {
        let text = crate::SAMPLE
            .replace("sample-", &format!("copy{n}-"))
            .replace("2026-01-05", &format!("2026-01-0{}", n + 1));
        import(&policies, &text).await;
    }
    let mut page = PageRequest::first(5);
    let mut seen = Vec::new();
    loop {
        let found = policies.list(&Query::default(), &page).await.unwrap();
        seen.extend(found.items.iter().map(|row| row.id.clone()));
        assert!(
            found
                .items
                .iter()
                .all(|row| row.validity == Validity::Effective)
        );
        let Some(next) = found.next else { break };
        page.after = Some(next);
    }
    assert_eq!(seen.len(), 12);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 12);
    let wrong = PageRequest {
        after: Some("AAAA".into()),
        limit: 5,
    };
    assert!(policies.list(&Query::default(), &wrong).await.is_err());
}

async fn numbers_are_never_given_twice(db: TestDatabase) {
    let policies = sample(&db).await;
    policies.withdraw("甲", SECOND).await.unwrap();
    import(&policies, &crate::SAMPLE.replace("sample-", "later-")).await;
    let number = |id: &'static str| {
        let policies = &policies;
        async move { policies.item(id).await.unwrap().record.number.unwrap() }
    };
    assert_eq!(number(SECOND).await, "直达-2026-000002");
    assert_eq!(number("later-gaoqi-jiangli").await, "直达-2026-000003");
}

async fn every_change_leaves_an_audit_record(db: TestDatabase) {
    let policies = sample(&db).await;
    policies.withdraw("经办员甲", FIRST).await.unwrap();
    let draft = entry(&policies, SECOND).await;
    policies.save_draft("经办员甲", &draft).await.unwrap();
    for (action, expected) in [
        ("policies.publish", 1),
        ("policies.withdraw", 1),
        ("policies.draft", 1),
    ] {
        let sql = "SELECT COUNT(*) FROM audit_event WHERE action = $1 AND actor = '经办员甲'";
        let count = db::query_count(db.conn(), sql, [action.into()])
            .await
            .unwrap();
        assert_eq!(count, expected, "{action}");
    }
}

both_databases!(
    a_revision_is_added_and_the_old_one_kept,
    a_published_revision_stays_byte_for_byte,
    a_stale_editor_and_a_foreign_document_are_refused,
    a_draft_has_no_number_until_it_is_published,
    the_catalogue_follows_publication_withdrawal_and_return,
    another_server_sees_the_change_after_a_refresh,
    list_count_and_facets_tell_the_same,
    pages_follow_each_other_without_gap,
    numbers_are_never_given_twice,
    every_change_leaves_an_audit_record,
);
