//! The queue's query and the tables of views.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::access::Viewer;
use zhida_platform::cases::Head;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, Choices, ConnectionTrait, Tx, Value};
use zhida_platform::paging::{Page, PageRequest};

use super::query::{DUE, DeskQuery, Rows};
use crate::cases::ended;
use crate::conditions::Where;
use crate::error::Error;
use crate::words::Outcome;

const BY_DUE: &str = "redemption:desk:due";
const BY_OPENING: &str = "redemption:desk:opened";
/// What [`DUE`] says where there is no due date.
const NEVER: &str = "9999";
/// True of every case; it has SQLite choose the index of open cases, of which it knows no sizes.
const IN_QUEUE: &str = "COALESCE(h.due_at, '9999') > ''";

/// A line of the queue.
#[derive(Debug, Clone)]
pub(crate) struct DeskRow {
    pub head: Head,
    pub enterprise_name: String,
    /// The item's name when the case began.
    pub item_name: String,
    pub fen: Option<i64>,
    pub sent_back_fen: i64,
    /// Bodies that were asked and have not answered.
    pub waits: i64,
    /// The side whose answer to a message is waited for.
    pub awaits: Option<String>,
}

impl FromQueryResult for DeskRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let decided: Option<i64> = row.try_get(prefix, "fen_decided")?;
        let computed: Option<i64> = row.try_get(prefix, "fen")?;
        let head = Head::from_query_result(row, prefix)?;
        let enterprise_name: String = row.try_get(prefix, "enterprise_name")?;
        let whose = format!("：{enterprise_name}");
        Ok(Self {
            item_name: head
                .title
                .strip_suffix(&whose)
                .unwrap_or(&head.title)
                .to_owned(),
            head,
            enterprise_name,
            fen: decided.or(computed),
            sent_back_fen: row.try_get(prefix, "sent_back_fen")?,
            waits: row.try_get(prefix, "waits")?,
            awaits: row.try_get(prefix, "awaits")?,
        })
    }
}

impl DeskRow {
    /// How it ended; empty while it is under way.
    pub(crate) fn ended(&self) -> &'static str {
        let outcome = self.head.outcome.as_deref().and_then(Outcome::parse);
        outcome.map_or("", |outcome| ended(outcome, self.sent_back_fen))
    }

    fn key(&self) -> (String, String) {
        let due = self
            .head
            .due_at
            .map_or_else(|| NEVER.to_owned(), instant_text);
        (due, self.head.id.to_string())
    }
}

/// A statement with its parameters.
type Asked = (String, Vec<Value>);

/// The page of the queue: what is due first stands first; closed cases are newest first. Open cases are read in the order of
/// the index `case_head_queue`, others in that of `case_head_list` or `case_head_topic`.
fn listing(
    query: &DeskQuery,
    viewer: &Viewer,
    now: DateTime<Utc>,
    page: &PageRequest,
) -> Result<Asked, Error> {
    let mut found = query.conditions(viewer, now);
    let (name, order) = match query.by_due() {
        true => (BY_DUE, format!("{DUE}, h.id")),
        false => (BY_OPENING, "h.id DESC".to_owned()),
    };
    if let Some((day, id)) = page.cursor::<(String, String)>(name)? {
        if query.by_due() {
            found.values.extend([day.into(), id.into()]);
            let at = found.values.len();
            let day = at - 1;
            // SQLite begins where the first says, the second leaves out what was shown of that day
            found.always(format!("{DUE} >= ${day}"));
            found.always(format!("({DUE}, h.id) > (${day}, ${at})"));
        } else {
            found.and("h.id < ?", id);
        }
    } else if query.by_due() {
        found.always(IN_QUEUE);
    }
    let sql = format!(
        "SELECT {}, c.enterprise_name, c.fen, c.fen_decided, c.sent_back_fen,
            (SELECT COUNT(*) FROM case_clock k WHERE k.case_id = h.id AND k.clock LIKE 'opinion:%') AS waits,
            (SELECT t.awaits FROM thread t WHERE t.room = 'redemption' AND t.subject = h.id) AS awaits
         FROM case_head h JOIN redemption_case c ON c.case_id = h.id {} ORDER BY {order} LIMIT {}",
        Head::COLUMNS,
        found.sql(),
        page.rows_wanted()
    );
    Ok((sql, found.values))
}

/// How many rows [`listing`] has in all, read from an index alone.
fn counting(query: &DeskQuery, viewer: &Viewer, now: DateTime<Utc>) -> Asked {
    let mut found = query.conditions(viewer, now);
    if query.by_due() {
        found.always(IN_QUEUE);
    }
    let sql = format!("SELECT COUNT(*) FROM case_head h {}", found.sql());
    (sql, found.values)
}

/// The same for several queries over the same rows.
fn counting_together(queries: &[&DeskQuery], viewer: &Viewer, now: DateTime<Utc>) -> Choices {
    let mut rows = Where::default();
    if let Some(first) = queries.first() {
        first.rows(viewer, &mut rows);
        if first.by_due() {
            rows.always(IN_QUEUE);
        }
    }
    let mut counts = Choices::among(rows);
    for query in queries {
        counts.choose(|found| query.choice(viewer, now, found));
    }
    counts
}

/// A page of the queue.
pub(super) async fn list(
    conn: &impl ConnectionTrait,
    query: &DeskQuery,
    viewer: &Viewer,
    now: DateTime<Utc>,
    page: &PageRequest,
) -> Result<Page<DeskRow>, Error> {
    let (sql, values) = listing(query, viewer, now, page)?;
    let rows: Vec<DeskRow> = db::query_all(conn, &sql, values).await?;
    let name = if query.by_due() { BY_DUE } else { BY_OPENING };
    Ok(Page::from_rows(rows, page, name, DeskRow::key)?)
}

/// How many rows [`list`] has in all.
pub(super) async fn count(
    conn: &impl ConnectionTrait,
    query: &DeskQuery,
    viewer: &Viewer,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let (sql, values) = counting(query, viewer, now);
    let count = db::query_count(conn, &sql, values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// As [`count`] for several queries, in their order; what is chosen from the same rows is counted in one pass over them.
pub(super) async fn counts(
    conn: &impl ConnectionTrait,
    queries: &[&DeskQuery],
    viewer: &Viewer,
    now: DateTime<Utc>,
) -> Result<Vec<u64>, Error> {
    let mut counts = vec![0; queries.len()];
    for rows in [Rows::Open, Rows::All, Rows::Own] {
        let of_rows = |at: &usize| queries[*at].counted_among() == rows;
        let places: Vec<usize> = (0..queries.len()).filter(of_rows).collect();
        // one alone is found by the best index for it
        if rows == Rows::Own || places.len() < 2 {
            for at in places {
                counts[at] = count(conn, queries[at], viewer, now).await?;
            }
            continue;
        }
        let chosen: Vec<&DeskQuery> = places.iter().map(|at| queries[*at]).collect();
        let together = counting_together(&chosen, viewer, now);
        let found = together.count(conn, "FROM case_head h").await?;
        for (at, count) in places.into_iter().zip(found) {
            counts[at] = count;
        }
    }
    Ok(counts)
}

/// A saved view.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct ViewRow {
    pub id: String,
    pub name: String,
    pub query: String,
}

/// Views of one account at most.
pub(super) const VIEWS_MAX: usize = 12;

pub(super) async fn views(conn: &impl ConnectionTrait, account: &str) -> db::Result<Vec<ViewRow>> {
    let sql = format!(
        "SELECT id, name, query FROM redemption_view WHERE account = $1 ORDER BY id LIMIT {VIEWS_MAX}"
    );
    db::query_all(conn, &sql, [account.into()]).await
}

/// Keeps a view; one of the same name is replaced.
pub(super) async fn save_view(
    tx: &Tx,
    id: &str,
    account: &str,
    name: &str,
    query: &str,
) -> db::Result<u64> {
    let sql = "INSERT INTO redemption_view (id, account, name, query) VALUES ($1, $2, $3, $4)
               ON CONFLICT (account, name) DO UPDATE SET query = excluded.query";
    db::execute(
        tx,
        sql,
        [id.into(), account.into(), name.into(), query.into()],
    )
    .await
}

pub(super) async fn remove_view(tx: &Tx, id: &str, account: &str) -> db::Result<u64> {
    let sql = "DELETE FROM redemption_view WHERE id = $1 AND account = $2";
    db::execute(tx, sql, [id.into(), account.into()]).await
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use zhida_casework::{Named as _, Turn, Urged};
    use zhida_platform::cases::Scope;
    use zhida_platform::db::Engine;
    use zhida_platform::paging::Cursor;
    use zhida_testkit::{TestDatabase, both_databases, seated};

    use super::*;
    use crate::plan::{migrated, plan};
    use crate::words::{Awaits, DueIn, Stage, Whose};

    fn sorts(plan: &str) -> bool {
        plan.contains("Sort") || plan.contains("TEMP B-TREE FOR ORDER BY")
    }

    fn viewer() -> Viewer {
        seated("clerk", Some("370100"), None)
    }

    fn now() -> DateTime<Utc> {
        "2026-11-23T02:00:00Z".parse().unwrap()
    }

    async fn the_queue_is_read_in_the_order_of_an_index(db: TestDatabase) {
        migrated(&db).await;
        let (viewer, now) = (viewer(), now());
        let first = PageRequest::first(20);
        let second = PageRequest {
            after: Some(Cursor::encode(BY_DUE, &("2026-11-24", "x")).unwrap()),
            limit: 20,
        };
        let reply = DeskQuery {
            reply: Some(Awaits::Office),
            ..DeskQuery::default()
        };
        for (query, page) in [
            (DeskQuery::default(), &first),
            (DeskQuery::default(), &second),
            (reply, &first),
        ] {
            let listed = plan(&db, listing(&query, &viewer, now, page).unwrap()).await;
            assert!(!sorts(&listed), "{listed}");
            assert!(listed.contains("case_head_queue"), "{listed}");
        }
    }

    /// Without rows PostgreSQL takes any index for a count: which one is told by SQLite's plan only.
    async fn counts_are_read_from_indexes_of_what_is_asked(db: TestDatabase) {
        migrated(&db).await;
        let (viewer, now) = (viewer(), now());
        let text = str::to_owned;
        let open = DeskQuery::default;
        let all = || DeskQuery {
            state: Some(Scope::All),
            ..open()
        };
        let closed = || DeskQuery {
            state: Some(Scope::Closed),
            ..open()
        };
        let covering = "COVERING INDEX case_head_";
        for (query, index) in [
            (open(), "case_head_queue"),
            (
                DeskQuery {
                    stage: Some(Stage::Review),
                    ..open()
                },
                "case_head_queue",
            ),
            (
                DeskQuery {
                    turn: Some(Turn::Office),
                    ..open()
                },
                "case_head_queue",
            ),
            (
                DeskQuery {
                    due: Some(DueIn::Overdue),
                    ..open()
                },
                "case_head_queue",
            ),
            (
                DeskQuery {
                    who: Some(Whose::Free),
                    ..open()
                },
                "case_head_queue",
            ),
            (
                DeskQuery {
                    item: text("jiuye"),
                    ..open()
                },
                "case_head_queue",
            ),
            (
                DeskQuery {
                    q: text("样例"),
                    ..open()
                },
                "case_head_queue",
            ),
            (
                DeskQuery {
                    urged: Some(Urged::Reminded),
                    ..open()
                },
                "case_head_queue",
            ),
            (
                DeskQuery {
                    urged: Some(Urged::Reminded),
                    ..all()
                },
                "COVERING INDEX case_head_urged",
            ),
            (
                DeskQuery {
                    urged: Some(Urged::Escalated),
                    stage: Some(Stage::Review),
                    ..closed()
                },
                "COVERING INDEX case_head_urged",
            ),
            (closed(), covering),
            (
                DeskQuery {
                    outcome: Some(Outcome::Refused),
                    ..all()
                },
                covering,
            ),
            (
                DeskQuery {
                    item: text("jiuye"),
                    ..closed()
                },
                "COVERING INDEX case_head_topic",
            ),
        ] {
            if db.engine() == Engine::Sqlite {
                let counted = plan(&db, counting(&query, &viewer, now)).await;
                assert!(counted.contains(index), "{query:?}: {counted}");
            }
            let first = PageRequest::first(20);
            let listed = plan(&db, listing(&query, &viewer, now, &first).unwrap()).await;
            assert!(!sorts(&listed), "{query:?}: {listed}");
        }
        let reply = DeskQuery {
            reply: Some(Awaits::Office),
            ..all()
        };
        if db.engine() == Engine::Sqlite {
            let counted = plan(&db, counting(&reply, &viewer, now)).await;
            assert!(counted.contains("thread_awaits"), "{counted}");
        }
    }

    async fn views_are_counted_in_one_pass_over_an_index(db: TestDatabase) {
        migrated(&db).await;
        let (viewer, now) = (viewer(), now());
        let asking = |state: Option<Scope>| {
            let of = |change: fn(&mut DeskQuery)| {
                let mut query = DeskQuery {
                    state,
                    ..DeskQuery::default()
                };
                change(&mut query);
                query
            };
            [
                of(|_| ()),
                of(|query| query.stage = Some(Stage::Review)),
                of(|query| "jiuye".clone_into(&mut query.item)),
                of(|query| query.who = Some(Whose::Free)),
                of(|query| query.reply = Some(Awaits::Office)),
                of(|query| query.urged = query.by_due().then_some(Urged::Escalated)),
            ]
        };
        for (state, index) in [
            (None, "case_head_queue"),
            (Some(Scope::All), "case_head_list"),
        ] {
            let queries = asking(state);
            let queries: Vec<&DeskQuery> = queries.iter().collect();
            let together = counting_together(&queries, &viewer, now);
            let counted = plan(&db, together.sql("FROM case_head h")).await;
            match db.engine() {
                Engine::Sqlite => {
                    let reads = counted.matches("INDEX case_head_").count();
                    assert_eq!(reads, 1, "{counted}");
                    assert!(counted.contains(index), "{counted}");
                }
                Engine::Postgres => {
                    assert!(!counted.contains("Seq Scan on case_head"), "{counted}")
                }
            }
        }
    }

    /// Sixty cases in every state, of places within reach and beyond it.
    async fn various(db: &TestDatabase, account: &str) {
        let nothing = |when: bool, text: &str| (!when).then(|| text.to_owned());
        let write = |tx: Tx| async move {
            for no in 0_usize..60 {
                let id = format!("case-{no:02}");
                let hours = i64::try_from(no).unwrap() * 9 - 270;
                let due = instant_text(now() + chrono::TimeDelta::hours(hours));
                let ended = no % 3 == 0;
                let outcome = Outcome::ALL[no % Outcome::ALL.len()].slug();
                let handler = [Some(account), None, Some("somebody")][no / 2 % 3];
                let place = ["370100", "370102", "330106"][no / 5 % 3];
                let title = format!("事项：样例企业{}号", no % 7);
                let sql = "INSERT INTO case_head (id, room, number, enterprise, place, title, stage, outcome, turn, held,
                        handler, version, opened_at, closed_at, changed_at, due_at, topic, urged)
                    VALUES ($1, 'redemption', $1, 'E', $2, $3, $4, $5, $6, FALSE, $7, 1, '2026', $8, '2026', $9, $10, $11)";
                let values = [
                    id.as_str().into(),
                    place.into(),
                    title.into(),
                    Stage::ALL[no % Stage::ALL.len()].slug().into(),
                    nothing(!ended, outcome).into(),
                    ["office", "enterprise", "system"][no / 3 % 3].into(),
                    handler.map(str::to_owned).into(),
                    nothing(!ended, "2026").into(),
                    nothing(no % 8 == 0, &due).into(),
                    ["jiuye", "gaoqi"][no / 7 % 2].into(),
                    one_of(Urged::ALL, &mut (no / 2)).map(Urged::slug).into(),
                ];
                db::execute(&tx, sql, values).await?;
                let sql = "INSERT INTO redemption_case (case_id, item, item_name, item_revision, scheme_revision, enterprise,
                        enterprise_name, place, period, origin, filed_by, agent, filed_at, judgement, answers, paid_fen, parts)
                    VALUES ($1, 'jiuye', '', 1, 1, 'E', '', '', '', '', '', '', '2026', '{}', '{}', 0, 0)";
                db::execute(&tx, sql, [id.as_str().into()]).await?;
                let sql = "INSERT INTO thread (room, subject, awaits, last_entry, last_at) VALUES ('redemption', $1, $2, '', '')";
                let awaits =
                    [Some("office"), Some("enterprise"), None][no / 4 % 3].map(str::to_owned);
                db::execute(&tx, sql, [id.as_str().into(), awaits.into()]).await?;
            }
            Ok::<_, db::Error>(())
        };
        db.write(write).await.unwrap();
    }

    fn one_of<T: Copy>(all: &[T], rest: &mut usize) -> Option<T> {
        let at = *rest % (all.len() + 1);
        *rest /= all.len() + 1;
        all.get(at).copied()
    }

    async fn counted_together_or_alone_and_listed_they_are_the_same(db: TestDatabase) {
        migrated(&db).await;
        let (viewer, now) = (viewer(), now());
        various(&db, &viewer.account().unwrap().to_string()).await;
        // every combination of filters has a number: some of them, evenly
        let queries: Vec<DeskQuery> = (0..160)
            .map(|no| {
                let rest = &mut (no * 4_001);
                DeskQuery {
                    state: one_of(Scope::ALL, rest),
                    due: one_of(DueIn::ALL, rest),
                    who: one_of(Whose::ALL, rest),
                    reply: one_of(Awaits::ALL, rest),
                    q: one_of(&["样例企业3号", "-1"], rest)
                        .unwrap_or_default()
                        .to_owned(),
                    turn: one_of(&[Turn::Office, Turn::System], rest),
                    item: one_of(&["jiuye"], rest).unwrap_or_default().to_owned(),
                    stage: one_of(&[Stage::Review], rest),
                    outcome: one_of(&[Outcome::Paid], rest),
                    urged: one_of(Urged::ALL, &mut (no / 5)),
                }
            })
            .collect();
        let all: Vec<&DeskQuery> = queries.iter().collect();
        let mut together = Vec::new();
        for some in all.chunks(VIEWS_MAX) {
            together.extend(counts(db.conn(), some, &viewer, now).await.unwrap());
        }
        let page = PageRequest::first(100);
        let mut urged = [0; 3];
        for (query, together) in queries.iter().zip(together) {
            let alone = count(db.conn(), query, &viewer, now).await.unwrap();
            let listed = list(db.conn(), query, &viewer, now, &page).await.unwrap();
            let listed = listed.items.len() as u64;
            assert_eq!((together, alone), (listed, listed), "{query:?}");
            urged[query.urged.map_or(0, |urged| 1 + urged as usize)] += listed;
        }
        assert!(urged.iter().all(|listed| *listed > 0), "{urged:?}");
        let found = queries.iter().map(DeskQuery::counted_among);
        let together = found.filter(|rows| *rows != Rows::Own).count();
        assert!(together > 40, "{together} are counted together");
    }

    both_databases!(
        counted_together_or_alone_and_listed_they_are_the_same,
        views_are_counted_in_one_pass_over_an_index,
        the_queue_is_read_in_the_order_of_an_index,
        counts_are_read_from_indexes_of_what_is_asked
    );
}
