use zhida_platform::db::{self, Bulk, FromQueryResult};
use zhida_platform::paging::{Page, PageRequest};
use zhida_testkit::{TestDatabase, both_databases};

const LIST: &str = "thing:name";

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, FromQueryResult)]
struct Thing {
    name: String,
    id: i64,
}

both_databases!(pages_in_a_row_are_the_list);

async fn page(db: &TestDatabase, request: &PageRequest) -> Page<Thing> {
    let (name, id) = request
        .cursor::<(String, i64)>(LIST)
        .expect("our own cursor")
        .unwrap_or_else(|| (String::new(), i64::MIN));
    let rows = db::query_all(
        db.conn(),
        "SELECT name, id FROM thing WHERE (name, id) > ($1, $2) ORDER BY name, id LIMIT $3",
        [name.into(), id.into(), request.rows_wanted().into()],
    )
    .await
    .expect("read");
    Page::from_rows(rows, request, LIST, |last: &Thing| {
        (last.name.clone(), last.id)
    })
    .expect("a page")
}

async fn pages_in_a_row_are_the_list(db: TestDatabase) {
    // equal names across page ends, and texts whose order locales disagree on
    let names = ["乙", "甲", "a", "B", "", "丙𠮷", "甲", "A-1", "１"];
    let mut all: Vec<Thing> = (0..60)
        .map(|id| Thing {
            name: names[id % names.len()].to_owned(),
            id: i64::try_from(id).expect("small"),
        })
        .collect();
    let rows = &all;
    db.write(|tx| async move {
        db::execute(
            &tx,
            "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)",
            [],
        )
        .await?;
        let mut bulk = Bulk::insert("thing", &["id", "name"]);
        for thing in rows {
            bulk.push(&tx, [thing.id.into(), thing.name.as_str().into()])
                .await?;
        }
        bulk.finish(&tx).await
    })
    .await
    .expect("written");
    all.sort();
    for limit in [1, 7, 59, 60, 61] {
        let mut request = PageRequest::first(limit);
        let mut seen = Vec::new();
        loop {
            let page = page(&db, &request).await;
            seen.extend(page.items);
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, all, "pages of {limit}");
    }
}
