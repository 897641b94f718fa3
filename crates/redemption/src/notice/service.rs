//! What is done with notices and objections.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use zhida_casework::{ClockName, Command, Party};
use zhida_platform::access::{Row, Viewer};
use zhida_platform::audit::{self, Entry};
use zhida_platform::db::{ConnectionTrait, Tx};
use zhida_platform::export::{Cell, Column, Table};
use zhida_platform::ids;
use zhida_platform::messages::{EventKind, Message, Recipient};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use super::model::{NewRow, NoticeView, Objection, ObjectionState, RowState, RowView};
use super::objections::{self, NewObjection};
use super::query::{NoticeQuery, ObjectionQuery, RowQuery};
use super::store;
use super::words::{OBJECTION, OBJECTION_DECIDED};
use crate::cases::{CaseView, party};
use crate::error::Error;
use crate::rights::{DECIDE, OBJECT};
use crate::service::Redemption;
use crate::words::Outcome;

/// Characters of an objection and of its decision.
const WORDS: std::ops::RangeInclusive<usize> = 5..=2_000;
/// Rows read at a time for an export.
const ROWS_PER_PAGE: u32 = 200;

/// What somebody writes who objects.
#[derive(Debug, Clone, Default)]
pub(crate) struct ObjectionForm {
    pub person: String,
    pub phone: String,
    pub words: String,
}

/// Puts a case before the public, in the transaction in which it enters the stage; the row's id.
pub(crate) async fn publish(
    tx: &Tx,
    new: &NewRow<'_>,
    now: DateTime<Utc>,
) -> Result<String, Error> {
    store::insert(tx, new, now).await
}

/// Records what came of a case's row when the case leaves the stage; nothing happens when none stands open.
pub(crate) async fn conclude(
    tx: &Tx,
    case: &str,
    passed: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(row) = store::open_row(tx, case).await? else {
        return Ok(());
    };
    let objections = objections::count_of_row(tx, &row.id).await?;
    let (state, result) = match (passed, objections) {
        (true, 0) => (RowState::Passed, "公示期满，没有异议".to_owned()),
        (true, count) => (
            RowState::Passed,
            format!("公示期满，收到异议 {count} 件，经核查都不成立"),
        ),
        (false, _) => (RowState::Ended, "办件在公示期内终止".to_owned()),
    };
    store::end(tx, case, state, &result, now).await?;
    Ok(())
}

/// Whether an objection stands against paying a case.
///
/// # Errors
/// The sentence that says so, within `Ok`; the database.
pub(crate) async fn may_pay(
    conn: &impl ConnectionTrait,
    case: &str,
) -> Result<Result<(), String>, Error> {
    Ok(match objections::open_of_case(conn, case).await? {
        0 => Ok(()),
        count => Err(format!("有 {count} 件公示异议还在核查，不能拨付")),
    })
}

impl Redemption {
    /// A page of notices, newest first. They are everybody's.
    pub(crate) async fn notices(
        &self,
        query: &NoticeQuery,
        page: &PageRequest,
    ) -> Result<Page<NoticeView>, Error> {
        store::list(self.db.conn(), query, self.clock.today(), page).await
    }

    /// How many notices [`Redemption::notices`] has in all.
    pub(crate) async fn notice_count(&self, query: &NoticeQuery) -> Result<u64, Error> {
        store::count(self.db.conn(), query, self.clock.today()).await
    }

    /// One notice.
    pub(crate) async fn notice(&self, id: &str) -> Result<NoticeView, Error> {
        let found = store::find(self.db.conn(), id).await?;
        found.ok_or_else(|| Error::missing("这份公示"))
    }

    /// A page of its rows, in the order in which they were published.
    pub(crate) async fn notice_rows(
        &self,
        id: &str,
        query: &RowQuery,
        page: &PageRequest,
    ) -> Result<Page<RowView>, Error> {
        store::rows(self.db.conn(), id, query, page).await
    }

    /// How many rows [`Redemption::notice_rows`] has in all.
    pub(crate) async fn notice_row_count(&self, id: &str, query: &RowQuery) -> Result<u64, Error> {
        store::count_rows(self.db.conn(), id, query).await
    }

    /// The rows as a table.
    pub(crate) fn notice_table(&self, notice: &NoticeView, query: RowQuery) -> Table {
        let (db, id) = (self.db.clone(), notice.id.clone());
        Table::by_pages(
            format!("公示-{}", notice.item_name),
            columns(),
            move |after: Option<String>| {
                let (db, id, query) = (db.clone(), id.clone(), query.clone());
                async move {
                    let page = PageRequest {
                        after,
                        limit: ROWS_PER_PAGE,
                    };
                    let found = store::rows(db.conn(), &id, &query, &page).await?;
                    Ok((found.items.into_iter().map(cells).collect(), found.next))
                }
            },
        )
    }

    /// One row of a notice.
    pub(crate) async fn notice_row(&self, id: &str) -> Result<RowView, Error> {
        let found = store::find_row(self.db.conn(), id).await?;
        found.ok_or_else(|| Error::missing("公示中的这一家"))
    }

    /// Objects to a row. The case is held, and its payment with it, until the objection is decided; the objection's id.
    pub(crate) async fn object(
        &self,
        viewer: &Viewer,
        row: &str,
        form: &ObjectionForm,
    ) -> Result<String, Error> {
        viewer.need(OBJECT)?;
        check(form)?;
        let account = viewer
            .account()
            .map(|id| id.to_string())
            .unwrap_or_default();
        let (now, today) = (self.clock.now(), self.clock.today());
        let id = ids::next(now).to_string();
        let (id_ref, account) = (id.as_str(), account.as_str());
        self.db
            .write(|tx| async move {
                let found = store::find_row(&tx, row).await?;
                let found = found.ok_or_else(|| Error::missing("公示中的这一家"))?;
                self.can_object(&tx, &found, account, today).await?;
                let notice = store::find(&tx, &found.notice).await?;
                let notice = notice.ok_or_else(|| Error::missing("这份公示"))?;
                let new = NewObjection {
                    id: id_ref,
                    row: &found.id,
                    case: &found.case,
                    place: &notice.place,
                    account,
                    person: &form.person,
                    phone: &form.phone,
                    words: &form.words,
                };
                objections::insert(&tx, &new, now).await?;
                store::set_state(&tx, &found.id, RowState::Held, found.ends_on).await?;
                let command = Command::Hold {
                    hold: hold(id_ref),
                    reason: "公示收到异议，正在核查".to_owned(),
                };
                let view = self.case_in(&tx, &found.case).await?;
                self.run(&tx, &view, command, &machine()).await?;
                self.tell_of(
                    &tx,
                    &OBJECTION,
                    Recipient::Enterprise(&found.enterprise),
                    &notice,
                    "",
                    &found.case,
                )
                .await?;
                let entry = Entry::new(now, viewer, "redemption.object", "objection", id_ref)
                    .after(json!({ "row": found.id, "case": found.case, "number": found.number }));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(id)
    }

    async fn can_object(
        &self,
        tx: &Tx,
        row: &RowView,
        account: &str,
        today: NaiveDate,
    ) -> Result<(), Error> {
        if !row.is_open_on(today) {
            let why = match row.result.as_str() {
                "" => format!(
                    "公示已于 {} 结束，不再接受异议；有问题请向公示单位反映",
                    row.ends_on
                ),
                result => format!(
                    "这一家的公示已经结束（{result}），不再接受异议；有问题请向公示单位反映"
                ),
            };
            return Err(Error::Refused(why));
        }
        match objections::has_open(tx, &row.id, account).await? {
            true => Err(Error::Overtaken(
                "您对这一家的异议还在核查，不用再提一次".to_owned(),
            )),
            false => Ok(()),
        }
    }

    /// A page of objections within reach, the longest waiting first.
    pub(crate) async fn objections(
        &self,
        viewer: &Viewer,
        query: &ObjectionQuery,
        page: &PageRequest,
    ) -> Result<Page<Objection>, Error> {
        viewer.need(DECIDE)?;
        objections::list(
            self.db.conn(),
            self.db.sealer(),
            query,
            &viewer.reach(DECIDE),
            page,
        )
        .await
    }

    /// How many objections [`Redemption::objections`] has in all.
    pub(crate) async fn objection_count(
        &self,
        viewer: &Viewer,
        query: &ObjectionQuery,
    ) -> Result<u64, Error> {
        viewer.need(DECIDE)?;
        objections::count(self.db.conn(), query, &viewer.reach(DECIDE)).await
    }

    /// The objections to a case, for whoever handles it: the caller has asked.
    pub(crate) async fn objections_of(&self, case: &str) -> Result<Vec<Objection>, Error> {
        objections::of_case(self.db.conn(), self.db.sealer(), case).await
    }

    /// An objection, for whoever made it and for who decides it. Looking at somebody else's is recorded.
    pub(crate) async fn objection(&self, viewer: &Viewer, id: &str) -> Result<Objection, Error> {
        let found = objections::find(self.db.conn(), self.db.sealer(), id).await?;
        let found = found.ok_or_else(|| Error::missing("这件异议"))?;
        if is_own(viewer, &found) {
            return Ok(found);
        }
        if !covers(viewer, &found) {
            return Err(Error::missing("这件异议"));
        }
        let entry = Entry::view(
            self.clock.now(),
            viewer,
            "redemption.view_objection",
            "objection",
            id,
        )
        .detail(json!({ "part": "异议人的姓名和电话" }));
        audit::record(&self.db, &[entry]).await?;
        Ok(found)
    }

    /// Takes one's own objection back.
    pub(crate) async fn withdraw_objection(&self, viewer: &Viewer, id: &str) -> Result<(), Error> {
        viewer.need(OBJECT)?;
        let own = self.objection(viewer, id).await?;
        if !is_own(viewer, &own) {
            return Err(Problem::forbidden("只有提出异议的人可以撤回").into());
        }
        self.settle(viewer, &own, ObjectionState::Withdrawn, "提出人撤回")
            .await
    }

    /// Decides an objection. Not upheld: the case goes on where it was. Upheld: its row is taken down, and the case goes
    /// back to where it was last approved, or ends when nobody approved it.
    pub(crate) async fn decide_objection(
        &self,
        viewer: &Viewer,
        id: &str,
        upheld: bool,
        words: &str,
    ) -> Result<(), Error> {
        viewer.need(DECIDE)?;
        let words = words.trim();
        if !WORDS.contains(&words.chars().count()) {
            return Err(Error::field("words", "请写明核查情况和理由，5 至 2000 字"));
        }
        let found = objections::find(self.db.conn(), self.db.sealer(), id).await?;
        let found = found
            .filter(|found| covers(viewer, found))
            .ok_or_else(|| Error::missing("这件异议"))?;
        let state = if upheld {
            ObjectionState::Upheld
        } else {
            ObjectionState::Dismissed
        };
        self.settle(viewer, &found, state, words).await
    }

    async fn settle(
        &self,
        viewer: &Viewer,
        found: &Objection,
        state: ObjectionState,
        words: &str,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        // who takes an objection back is told as little as who made it
        let by = &match state {
            ObjectionState::Withdrawn => machine(),
            _ => party(viewer),
        };
        self.db
            .write(|tx| async move {
                if !objections::settle(&tx, &found.id, state, words, viewer.name(), now).await? {
                    return Err(Error::Overtaken(
                        "这件异议已经由别人处理，请刷新页面".to_owned(),
                    ));
                }
                let result = format!("公示异议{}：{words}", state.word());
                let release = Command::Release {
                    hold: hold(&found.id),
                    result: result.clone(),
                };
                let view = self.case_in(&tx, &found.case).await?;
                let view = self.run(&tx, &view, release, by).await?;
                let ends = view
                    .loaded
                    .case
                    .clocks()
                    .get(&ClockName::Stage)
                    .and_then(|running| running.due.as_ref())
                    .map(|due| due.day);
                if state == ObjectionState::Upheld {
                    self.uphold(&tx, found, view, (words, by), now).await?;
                } else if let Some(row) = store::open_row(&tx, &found.case).await? {
                    let others = objections::open_of_case(&tx, &found.case).await?;
                    let now_is = if others == 0 {
                        RowState::Open
                    } else {
                        RowState::Held
                    };
                    store::set_state(&tx, &row.id, now_is, ends.unwrap_or(row.ends_on)).await?;
                }
                if let Some(notice) = store::find(&tx, &found.notice).await? {
                    let event = &OBJECTION_DECIDED;
                    for to in [
                        Recipient::Account(&found.account),
                        Recipient::Enterprise(&found.enterprise),
                    ] {
                        self.tell_of(&tx, event, to, &notice, &result, &found.case)
                            .await?;
                    }
                }
                let entry = Entry::new(
                    now,
                    viewer,
                    "redemption.objection_decide",
                    "objection",
                    &found.id,
                )
                .after(json!({ "state": state.slug(), "case": found.case, "words": words }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Takes the row down and the case back to where it was last approved; a case that nobody approves ends.
    async fn uphold(
        &self,
        tx: &Tx,
        found: &Objection,
        mut view: CaseView,
        (words, by): (&str, &Party),
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let result = format!("异议成立，取消公示：{words}");
        store::end(tx, &found.case, RowState::Upheld, &result, now).await?;
        // others that were open are settled with it, or they would hold the case for good
        for other in objections::of_case(tx, tx.sealer(), &found.case).await? {
            if other.state == ObjectionState::Open {
                let words = "另一件异议成立，已取消公示";
                objections::settle(
                    tx,
                    &other.id,
                    ObjectionState::Upheld,
                    words,
                    &by.words(),
                    now,
                )
                .await?;
                let release = Command::Release {
                    hold: hold(&other.id),
                    result: words.to_owned(),
                };
                view = self.run(tx, &view, release, by).await?;
            }
        }
        let approved = view
            .scheme
            .route
            .iter()
            .map(|step| step.stage)
            .filter(|stage| stage.is_approval())
            .max();
        let command = match approved {
            Some(to) => Command::Return { to, reason: result },
            None => Command::Close {
                outcome: Outcome::Refused,
                reason: result,
            },
        };
        self.run(tx, &view, command, by).await?;
        Ok(())
    }

    async fn tell_of(
        &self,
        tx: &Tx,
        event: &'static EventKind,
        to: Recipient<'_>,
        notice: &NoticeView,
        result: &str,
        case: &str,
    ) -> Result<(), Error> {
        let link = format!("/notices/{}", notice.id);
        let all = [("item", notice.item_name.as_str()), ("result", result)];
        let asked: Vec<(&str, &str)> = all
            .into_iter()
            .filter(|(name, _)| event.fields.iter().any(|field| field.name == *name))
            .collect();
        let message = Message {
            event,
            to,
            fields: &asked,
            link: Some(&link),
            subject: ("case", case),
        };
        self.messages.send(tx, &message).await?;
        Ok(())
    }
}

/// What holds a case while an objection is looked into.
fn hold(objection: &str) -> String {
    format!("objection:{objection}")
}

/// Who objects is not told to whoever may see the case.
fn machine() -> Party {
    Party::System {
        name: "公示异议".to_owned(),
    }
}

fn is_own(viewer: &Viewer, found: &Objection) -> bool {
    viewer
        .account()
        .is_some_and(|account| account.to_string() == found.account)
}

fn covers(viewer: &Viewer, found: &Objection) -> bool {
    let row = Row {
        enterprise: Some(&found.enterprise),
        division: Some(&found.place),
    };
    viewer.covers(DECIDE, &row)
}

fn check(form: &ObjectionForm) -> Result<(), Error> {
    let digits = form.phone.chars().filter(char::is_ascii_digit).count();
    let phone = form
        .phone
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | ' '));
    if !(2..=30).contains(&form.person.chars().count()) {
        return Err(Error::field("person", "请写真实姓名：匿名的异议无法核查"));
    }
    if !phone || !(7..=15).contains(&digits) {
        return Err(Error::field(
            "phone",
            "请写能联系到您的电话，7 至 15 位数字，例如 0571-88880000",
        ));
    }
    if !WORDS.contains(&form.words.chars().count()) {
        return Err(Error::field(
            "words",
            "请写明哪里不符合、依据是什么，5 至 2000 字",
        ));
    }
    Ok(())
}

/// The columns of [`Redemption::notice_table`].
pub(super) fn columns() -> Vec<Column> {
    let columns = [
        ("办件编号", 22),
        ("企业名称", 36),
        ("统一社会信用代码", 22),
        ("金额（元）", 16),
        ("状态", 14),
        ("公示截止", 12),
        ("结果", 30),
    ];
    columns
        .map(|(heading, width)| Column::wide(heading, width))
        .to_vec()
}

fn cells(row: RowView) -> Vec<Cell> {
    let yuan = row
        .fen
        .map(|fen| Cell::Decimal(format!("{}.{:02}", fen / 100, fen % 100)));
    vec![
        row.number.into(),
        row.enterprise_name.into(),
        row.enterprise.into(),
        yuan.unwrap_or(Cell::Empty),
        row.state.word().into(),
        row.ends_on.into(),
        row.result.into(),
    ]
}
