//! 办件留言: what the enterprise and the office write to each other about a case, remarks of officers, and the phrases
//! they write with. The threads are the platform's; here stands who reads and writes them and who is told.

mod api;
mod pages;

use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry as Record};
use zhida_platform::clock::to_shanghai;
use zhida_platform::db::Tx;
use zhida_platform::files::Download;
use zhida_platform::format::{date_zh, money_fen};
use zhida_platform::messages::{Field, Recipient};
use zhida_platform::phrases::{Book, Phrase};
use zhida_platform::thread::{About, Entry, NewEntry, Side, Standing, Told};
use zhida_ui::Fields;
use zhida_ui::phrases::applied;

pub(crate) use api::routes as api;
pub(crate) use pages::{DeskTalk, routes};

use crate::cases::CaseView;
use crate::desk::DESK;
use crate::error::Error;
use crate::pages::case_address;
use crate::rights::HANDLE;
use crate::service::Redemption;

/// The page of phrases.
pub(crate) const PHRASES: &str = "/redemption/phrases";

/// What the room's phrases are for, and which places they fill in.
pub(crate) const BOOK: Book = Book {
    room: "redemption",
    actions: &[HANDLE],
    uses: &[
        ("reply", "留言答复"),
        ("completion", "补正要求"),
        ("advance", "办理意见"),
        ("grant", "审定意见"),
        ("refusal", "不予兑付的理由"),
        ("opinion", "征求意见和部门意见"),
        ("return", "退回、延期的原因"),
    ],
    fields: &[
        Field::new("enterprise", "企业名称"),
        Field::new("item", "事项"),
        Field::new("number", "编号"),
        Field::new("due", "截止日期"),
        Field::new("amount", "金额"),
        Field::new("stage", "环节"),
        Field::new("department", "本单位"),
        Field::new("today", "今天"),
    ],
};

fn about(view: &CaseView) -> About<'_> {
    About {
        room: "redemption",
        id: &view.record.case_id,
    }
}

/// The thread of a case as one side reads it.
pub(crate) struct Talk {
    pub entries: Vec<Entry>,
    pub standing: Standing,
}

impl Redemption {
    /// The thread of a case that the caller has found the viewer to see.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn talk(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        side: Side,
    ) -> Result<Talk, Error> {
        let conn = self.db.conn();
        Ok(Talk {
            entries: self.threads.entries(conn, about(view), side).await?,
            standing: self
                .threads
                .standing(conn, about(view), viewer, side)
                .await?,
        })
    }

    /// Notes that one side has read what the other wrote.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn has_read(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        side: Side,
    ) -> Result<(), Error> {
        Ok(self
            .threads
            .read(&self.db, about(view), viewer, side)
            .await?)
    }

    /// Writes a message or a remark and tells the other side of a message; its id. The caller has found the viewer to
    /// stand on this side of the case.
    ///
    /// # Errors
    /// What is wrong with it; the database.
    pub(crate) async fn write_entry(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        side: Side,
        new: &NewEntry<'_>,
    ) -> Result<String, Error> {
        let action = match new.is_internal {
            true => "redemption.remark",
            false => "redemption.message",
        };
        let files: Vec<&str> = new.files.iter().map(|file| file.name()).collect();
        let entry = &self
            .entry(viewer, action, view)
            .detail(serde_json::json!({ "files": files, "wants_reply": new.wants_reply }));
        self.db
            .write(|tx| async move {
                let id = self
                    .threads
                    .write(&tx, about(view), viewer, side, new)
                    .await?;
                if !new.is_internal {
                    self.tell_other(&tx, view, side).await?;
                }
                audit::append(&tx, entry).await?;
                Ok(id)
            })
            .await
    }

    /// The office is whoever handles the case, else the body that holds it; when nobody does, the queue shows it.
    async fn tell_other(&self, tx: &Tx, view: &CaseView, wrote: Side) -> Result<(), Error> {
        let head = &view.loaded.head;
        let (id, title) = (&view.record.case_id, view.record.item_name.as_str());
        let (threads, messages) = (&self.threads, &self.messages);
        Ok(match wrote {
            Side::Office => {
                let told = Told {
                    to: Recipient::Enterprise(&view.record.enterprise),
                    title,
                    number: &head.number,
                    link: &format!("{}#messages", case_address(id)),
                };
                threads.tell(tx, messages, about(view), wrote, &told).await
            }
            Side::Enterprise => {
                let shown = (title, &*format!("{DESK}/{id}#messages"));
                threads
                    .tell_office(tx, messages, about(view), head, shown, None)
                    .await
            }
        }?)
    }

    /// Says that the enterprise's last message needs no answer.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn settle_talk(&self, viewer: &Viewer, view: &CaseView) -> Result<(), Error> {
        let entry = &self.entry(viewer, "redemption.message_settle", view);
        self.db
            .write(|tx| async move {
                if self.threads.settle(&tx, about(view)).await? {
                    audit::append(&tx, entry).await?;
                }
                Ok(())
            })
            .await
    }

    /// A file of a case's thread; that an officer opened it is recorded.
    pub(crate) async fn thread_file(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        side: Side,
        file: &str,
    ) -> Result<Download, Error> {
        let opened = self
            .threads
            .file(&self.db, about(view), (viewer, side), file)
            .await?;
        if side == Side::Office {
            let (case, now) = (&view.record.case_id, self.clock.now());
            let entry = Record::view(now, viewer, "redemption.view_file", "case", case)
                .enterprise(&view.record.enterprise)
                .detail(serde_json::json!({ "part": opened.record.name }));
            audit::record(&self.db, &[entry]).await?;
        }
        Ok(opened)
    }

    /// The phrases that a viewer can choose from; none for whoever does not handle cases.
    pub(crate) async fn phrases_of(&self, viewer: &Viewer) -> Result<Vec<Phrase>, Error> {
        match viewer.may(HANDLE) {
            true => Ok(self.phrases.list(viewer).await?),
            false => Ok(Vec::new()),
        }
    }

    /// The fields with a phrase filled in, when 套用 was pressed.
    ///
    /// # Errors
    /// No phrase was chosen, or another's; the database.
    pub(crate) async fn phrase_applied(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        fields: &Fields,
    ) -> Result<Option<Fields>, Error> {
        let (head, record) = (&view.loaded.head, &view.record);
        let due = view.loaded.case.due();
        let due = due.map(|(_, due)| date_zh(due.day)).unwrap_or_default();
        let amount = record.amount().map(money_fen).unwrap_or_default();
        let body = viewer.seat().map(|seat| seat.organisation_name.as_str());
        let today = date_zh(to_shanghai(self.clock.now()).date_naive());
        let values = [
            ("enterprise", record.enterprise_name.as_str()),
            ("item", record.item_name.as_str()),
            ("number", head.number.as_str()),
            ("due", due.as_str()),
            ("amount", amount.as_str()),
            ("stage", view.loaded.case.stage().word()),
            ("department", body.unwrap_or_default()),
            ("today", today.as_str()),
        ];
        let found = applied(&self.phrases, viewer, fields, &values).await?;
        Ok(found.map(|(_, fields)| fields))
    }
}
