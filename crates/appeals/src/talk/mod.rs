//! 留言: what an appellant and the office write to each other, remarks of officers, and the phrases they write with. The
//! threads are the platform's; here stands who reads and writes them and who is told.
//!
//! Each voice has a thread of its own, so that merging shows nobody what another wrote, and goes on with it wherever the
//! voice goes. Remarks are the case's. Whoever may not know whose an appeal is reads 诉求人 for a name.

mod api;
mod pages;

use chrono::TimeDelta;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Actor, Entry as Record};
use zhida_platform::clock::to_shanghai;
use zhida_platform::db::Tx;
use zhida_platform::files::Download;
use zhida_platform::format::date_zh;
use zhida_platform::messages::{Field, Recipient};
use zhida_platform::phrases::{Book, Phrase};
use zhida_platform::thread::{About, Entry, NewEntry, Side, Standing, Told};
use zhida_ui::Fields;
use zhida_ui::phrases::applied;

pub(crate) use api::routes as api;
pub(crate) use pages::{DeskTalk, Of, routes};

use crate::cases::{AppealView, OPERATORS, Sight, VoiceRow};
use crate::desk::DESK;
use crate::error::Error;
use crate::rights::{HANDLE, INTAKE, SUPERVISE, VISIT};
use crate::service::Appeals;

/// The page of phrases.
pub(crate) const PHRASES: &str = "/appeals/phrases";
/// What the office calls the other side.
pub(crate) const APPELLANT: &str = "诉求人";
/// Messages of one appellant within a day at most: a script cannot flood a desk.
const A_DAY_MAX: usize = 20;

/// What the room's phrases are for, and which places they fill in.
pub(crate) const BOOK: Book = Book {
    room: "appeals",
    actions: &[HANDLE, INTAKE, VISIT, SUPERVISE],
    uses: &[
        ("message", "留言"),
        ("reply", "答复"),
        ("contact", "响应和初步答复"),
        ("dispatch", "交办意见"),
        ("turn_down", "不予受理的原因和去处"),
        ("opinion", "协办意见"),
        ("reason", "延期、异议、督办的要求和原因"),
    ],
    fields: &[
        Field::new("enterprise", "企业名称"),
        Field::new("title", "诉求标题"),
        Field::new("number", "编号"),
        Field::new("category", "分类"),
        Field::new("lead", "主办单位"),
        Field::new("due", "截止日期"),
        Field::new("stage", "环节"),
        Field::new("department", "本单位"),
        Field::new("today", "今天"),
    ],
};

/// A voice, or a case, as the subject of a thread: their ids never meet.
fn about(id: &str) -> About<'_> {
    About {
        room: "appeals",
        id,
    }
}

/// A voice's thread as one side reads it.
pub(crate) struct Talk {
    pub entries: Vec<Entry>,
    pub standing: Standing,
}

/// Where something is written: the case, and the voice unless it is a remark.
pub(crate) struct Spot<'a> {
    pub case: &'a AppealView,
    pub voice: Option<&'a VoiceRow>,
    pub side: Side,
}

impl Spot<'_> {
    fn id(&self) -> String {
        match self.voice {
            Some(voice) => voice.id.clone(),
            None => self.case.id(),
        }
    }
}

impl Sight {
    /// On which side of the threads somebody in an office stands: who only looks on reads what the appellant reads.
    pub(crate) fn side(&self) -> Side {
        match self.is_inside() {
            true => Side::Office,
            false => Side::Enterprise,
        }
    }
}

impl Appeals {
    /// The thread of a voice, or the remarks of a case, of which the caller has found the viewer to see it. `knows`: whether
    /// they may know whose it is.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn talk(
        &self,
        viewer: &Viewer,
        id: &str,
        (side, knows): (Side, bool),
    ) -> Result<Talk, Error> {
        let conn = self.db.conn();
        let mut entries = self.threads.entries(conn, about(id), side).await?;
        let nobody = Viewer::visitor();
        let theirs = entries
            .iter_mut()
            .filter(|entry| entry.side == Side::Enterprise);
        for entry in theirs.filter(|entry| !knows || entry.author == nobody.name()) {
            APPELLANT.clone_into(&mut entry.author);
        }
        let standing = self.threads.standing(conn, about(id), viewer, side).await?;
        Ok(Talk { entries, standing })
    }

    /// Notes that one side has read what the other wrote.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn has_read(
        &self,
        viewer: &Viewer,
        voice: &str,
        side: Side,
    ) -> Result<(), Error> {
        Ok(self
            .threads
            .read(&self.db, about(voice), viewer, side)
            .await?)
    }

    /// Writes a message or a remark and tells the other side of a message; its id. The caller has found the viewer to
    /// stand on this side.
    ///
    /// # Errors
    /// What is wrong with it, too many in a day; the database.
    pub(crate) async fn write_entry(
        &self,
        viewer: &Viewer,
        spot: &Spot<'_>,
        new: &NewEntry<'_>,
    ) -> Result<String, Error> {
        let (subject, now) = (&spot.id(), self.clock.now());
        if spot.side == Side::Enterprise {
            self.not_too_many(subject).await?;
        }
        let action = match new.is_internal {
            true => "appeals.remark",
            false => "appeals.message",
        };
        let files: Vec<&str> = new.files.iter().map(|file| file.name()).collect();
        let entry = &Record::new(now, actor(viewer), action, "appeal", spot.case.id())
            .detail(serde_json::json!({ "files": files, "wants_reply": new.wants_reply }));
        self.db
            .write(|tx| async move {
                let id = self
                    .threads
                    .write(&tx, about(subject), viewer, spot.side, new)
                    .await?;
                if let Some(voice) = spot.voice.filter(|_| !new.is_internal) {
                    self.tell_other(&tx, spot, voice).await?;
                }
                audit::append(&tx, entry).await?;
                Ok(id)
            })
            .await
    }

    async fn not_too_many(&self, voice: &str) -> Result<(), Error> {
        let since = self.clock.now() - TimeDelta::days(1);
        let said = self
            .threads
            .entries(self.db.conn(), about(voice), Side::Enterprise);
        let said = said.await?;
        let today = said
            .iter()
            .filter(|entry| entry.side == Side::Enterprise && entry.at > since);
        match today.count() < A_DAY_MAX {
            true => Ok(()),
            false => Err(Error::field(
                "message",
                format!("一天最多留言 {A_DAY_MAX} 条，请等答复，或者明天再写"),
            )),
        }
    }

    /// Who has no account follows by number and code, and finds it there. What nobody holds yet is the operators'.
    async fn tell_other(&self, tx: &Tx, spot: &Spot<'_>, voice: &VoiceRow) -> Result<(), Error> {
        let (head, case) = (&spot.case.loaded.head, spot.case.id());
        let (threads, messages) = (&self.threads, &self.messages);
        if spot.side == Side::Enterprise {
            let link = format!("{DESK}/{case}?voice={}#messages", voice.id);
            let shown = (head.title.as_str(), link.as_str());
            let otherwise = Some(Recipient::Role(OPERATORS));
            let told = threads.tell_office(tx, messages, about(&voice.id), head, shown, otherwise);
            return Ok(told.await?);
        }
        let Some(to) = told(voice) else {
            return Ok(());
        };
        let told = Told {
            to,
            title: &head.title,
            number: &head.number,
            link: &format!("{DESK}/{}#messages", voice.origin),
        };
        let told = threads.tell(tx, messages, about(&voice.id), spot.side, &told);
        Ok(told.await?)
    }

    /// Says that a voice's last message needs no answer.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn settle_talk(
        &self,
        viewer: &Viewer,
        case: &str,
        voice: &str,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let entry = &Record::new(now, viewer, "appeals.message_settle", "appeal", case);
        self.db
            .write(|tx| async move {
                if self.threads.settle(&tx, about(voice)).await? {
                    audit::append(&tx, entry).await?;
                }
                Ok(())
            })
            .await
    }

    /// A file of a thread; that an officer opened it is recorded.
    pub(crate) async fn thread_file(
        &self,
        viewer: &Viewer,
        (case, subject): (&str, &str),
        (side, is_officer): (Side, bool),
        file: &str,
    ) -> Result<Download, Error> {
        let opened = self
            .threads
            .file(&self.db, about(subject), (viewer, side), file);
        let opened = opened.await?;
        if is_officer {
            let now = self.clock.now();
            let entry = Record::view(now, viewer, "appeals.view_file", "appeal", case)
                .detail(serde_json::json!({ "part": opened.record.name }));
            audit::record(&self.db, &[entry]).await?;
        }
        Ok(opened)
    }

    /// The phrases that a viewer can choose from; none for whoever does nothing here.
    pub(crate) async fn phrases_of(&self, viewer: &Viewer) -> Result<Vec<Phrase>, Error> {
        match BOOK.is_open_to(viewer) {
            true => Ok(self.phrases.list(viewer).await?),
            false => Ok(Vec::new()),
        }
    }

    /// The fields with a phrase filled in, when 套用 was pressed. The enterprise's name is left to be written for who may
    /// not know it.
    ///
    /// # Errors
    /// No phrase was chosen, or another's; the database.
    pub(crate) async fn phrase_applied(
        &self,
        viewer: &Viewer,
        sight: &Sight,
        fields: &Fields,
    ) -> Result<Option<Fields>, Error> {
        let (case, row) = (&sight.view.loaded.case, &sight.view.row);
        let due = case.due().map(|(_, due)| date_zh(due.day));
        let body = viewer.seat().map(|seat| seat.organisation_name.as_str());
        let today = date_zh(to_shanghai(self.clock.now()).date_naive());
        let enterprise = match sight.knows {
            true => row.enterprise_name.as_str(),
            false => "",
        };
        let values = [
            ("enterprise", enterprise),
            ("title", row.head.title.as_str()),
            ("number", row.head.number.as_str()),
            ("category", row.category_name.as_str()),
            ("lead", row.head.holder_name.as_deref().unwrap_or_default()),
            ("due", due.as_deref().unwrap_or_default()),
            ("stage", case.stage().word()),
            ("department", body.unwrap_or_default()),
            ("today", today.as_str()),
        ];
        let found = applied(&self.phrases, viewer, fields, &values).await?;
        Ok(found.map(|(_, fields)| fields))
    }
}

/// Who is told what the office writes to a voice; nobody who has no account.
fn told(voice: &VoiceRow) -> Option<Recipient<'_>> {
    match (voice.enterprise.as_str(), &voice.account) {
        ("", None) => None,
        ("", Some(account)) => Some(Recipient::Account(account)),
        (enterprise, _) => Some(Recipient::Enterprise(enterprise)),
    }
}

/// Who did it, for the audit.
fn actor(viewer: &Viewer) -> Actor {
    match viewer.is_visitor() {
        true => Actor::named("诉求人（凭校验码）"),
        false => Actor::from(viewer),
    }
}
