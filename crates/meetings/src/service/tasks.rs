//! 交办清单: who was charged with what, how far it is, and striking it off.

use chrono::{Days, NaiveDate};
use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::cases::calendar::CityCalendar;
use zhida_platform::db::Tx;
use zhida_platform::export::{Cell, Chosen, Column, Table};
use zhida_platform::format::date_zh;
use zhida_platform::ids;
use zhida_platform::messages::Recipient;
use zhida_platform::paging::{Page, PageRequest};

use super::{Meetings, line, reached, some_line, text};
use crate::error::Error;
use crate::model::{Meeting, NewTask, Note, Tally, Task};
use crate::pages::TASKS;
use crate::query::{TaskQuery, own_body};
use crate::rhythm::open_day;
use crate::rights::{MANAGE, READ, STRIKE, TASK};
use crate::store;
use crate::told::{CHANGED, GIVEN};
use crate::words::{MeetingState, NoteKind, TaskState};

/// Rows read at a time for an export.
const ROWS_PER_PAGE: u32 = 200;
/// Characters of a reason at least.
const REASON_MIN: usize = 5;

/// What is done with a task.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The body says how far it is.
    Progress,
    /// The body says that it is done.
    Done,
    /// The meeting's side finds that it is not.
    Return,
    /// The meeting's side sets another last day.
    Move(String),
    /// The chair strikes it off.
    Strike,
    /// It was struck off wrongly.
    Restore,
}

impl Step {
    /// The step of a form.
    pub(crate) fn read(slug: &str, due_on: &str) -> Option<Self> {
        Some(match slug {
            "progress" => Self::Progress,
            "done" => Self::Done,
            "return" => Self::Return,
            "move" => Self::Move(due_on.to_owned()),
            "strike" => Self::Strike,
            "restore" => Self::Restore,
            _ => return None,
        })
    }

    fn kind(&self) -> NoteKind {
        match self {
            Self::Progress => NoteKind::Progress,
            Self::Done => NoteKind::Done,
            Self::Return => NoteKind::Returned,
            Self::Move(_) => NoteKind::Moved,
            Self::Strike => NoteKind::Struck,
            Self::Restore => NoteKind::Restored,
        }
    }

    fn is_the_bodys(&self) -> bool {
        matches!(self, Self::Progress | Self::Done)
    }
}

/// What a viewer may do with a task.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct May {
    pub report: bool,
    pub manage: bool,
    pub strike: bool,
}

impl Meetings {
    /// A page of tasks, what is due first coming first: those of the place, and those of one's own body.
    ///
    /// # Errors
    /// No right; a cursor of another list; the database.
    pub async fn tasks(
        &self,
        viewer: &Viewer,
        query: &TaskQuery,
        page: &PageRequest,
    ) -> Result<Page<Task>, Error> {
        may_look(viewer)?;
        store::tasks::list(self.db.conn(), query, viewer, self.clock.today(), page).await
    }

    /// How the tasks of [`Meetings::tasks`] stand; `all` is how many there are.
    ///
    /// # Errors
    /// As [`Meetings::tasks`].
    pub async fn tally(&self, viewer: &Viewer, query: &TaskQuery) -> Result<Tally, Error> {
        may_look(viewer)?;
        store::tasks::tally(self.db.conn(), query, viewer, self.clock.today()).await
    }

    /// A task with what happened to it, newest first.
    ///
    /// # Errors
    /// Beyond reach; the database.
    pub async fn task(&self, viewer: &Viewer, id: &str) -> Result<(Task, Vec<Note>), Error> {
        may_look(viewer)?;
        let found = store::tasks::find(self.db.conn(), id).await?;
        let found = found.filter(|task| sees(viewer, task));
        let task = found.ok_or(Error::Missing("这个交办事项"))?;
        let notes = store::tasks::notes(self.db.conn(), id).await?;
        Ok((task, notes))
    }

    /// What the viewer may do with a task.
    pub(crate) fn may(&self, viewer: &Viewer, task: &Task) -> May {
        let row = task.access();
        May {
            report: is_own(viewer, task) || viewer.covers(MANAGE, &row),
            manage: viewer.covers(MANAGE, &row),
            strike: viewer.covers(STRIKE, &row),
        }
    }

    /// Charges a body with something; the task's id. A task from an appeal is noted on the appeal's case.
    ///
    /// # Errors
    /// A field that is wrong; a body that is unknown or one of several of that name; a meeting that has not taken place.
    pub async fn give(&self, viewer: &Viewer, id: &str, new: &NewTask) -> Result<String, Error> {
        let meeting = &reached(self.db.conn(), viewer, MANAGE, id).await?;
        if !matches!(meeting.state, MeetingState::Held) {
            return Err(Error::refused(match meeting.state {
                MeetingState::Planned => "会议召开之后才能交办；请先登记“已召开”",
                MeetingState::Issued => "纪要已经印发，不能再增加交办事项；请在下次会议交办",
                _ => "会议已取消，不能交办",
            }));
        }
        let task = &self.new_task(meeting, new).await?;
        let entry = &self
            .entry(viewer, "meeting.give_task", "meeting_task", &task.id)
            .after(json!({ "meeting": id, "matter": task.matter, "body": task.body, "due_on": task.due_on }));
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                store::tasks::insert(&tx, task, now).await?;
                let words = format!("{}，限 {} 前办结", task.measure, date_zh(task.due_on));
                let kind = NoteKind::Given;
                store::tasks::insert_note(&tx, &task.id, kind, &words, viewer.name(), now).await?;
                if let Some(appeal) = &task.appeal {
                    let words = format!("“{}”交办{}：{words}", meeting.title, task.body);
                    self.questions.note(&tx, viewer, appeal, &words).await?;
                }
                self.tell_body(&tx, &GIVEN, task, "").await?;
                audit::append(&tx, entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(task.id.clone())
    }

    async fn new_task(&self, meeting: &Meeting, new: &NewTask) -> Result<Task, Error> {
        let items = store::meetings::items(self.db.conn(), &meeting.id).await?;
        let item = match new.item.trim() {
            "" => None,
            id => Some(
                items
                    .into_iter()
                    .find(|one| one.id == id)
                    .ok_or_else(|| Error::field("item", "请从本次会议的议题中选择"))?,
            ),
        };
        let matter = match (new.matter.trim(), &item) {
            ("", Some(item)) => item.title.clone(),
            (matter, _) => line("matter", matter, "事项")?,
        };
        let body = line("body", &new.body, "责任单位")?;
        let before = store::tasks::of_meeting(self.db.conn(), &meeting.id).await?;
        Ok(Task {
            id: ids::next(self.clock.now()).to_string(),
            meeting: meeting.id.clone(),
            meeting_title: meeting.title.clone(),
            meeting_on: meeting.held_on,
            position: i64::try_from(before.len() + 1).unwrap_or(i64::MAX),
            appeal: item.as_ref().and_then(|item| item.appeal.clone()),
            appeal_number: item
                .as_ref()
                .map(|item| item.number.clone())
                .unwrap_or_default(),
            item: item.map(|item| item.id),
            place: meeting.place.clone(),
            matter,
            measure: text("measure", &new.measure, "举措和目标", 2)?,
            leader: some_line("leader", &new.leader, "包联领导")?,
            body_id: self.body(&body).await?,
            body,
            person: line("person", &new.person, "责任人")?,
            due_on: self.due_on(meeting, &new.due_on).await?,
            state: TaskState::Open,
            done_on: None,
            struck_at: None,
            struck_by: String::new(),
            version: 1,
        })
    }

    /// The id of the body of this name.
    async fn body(&self, name: &str) -> Result<String, Error> {
        let found = self.departments.named(name).await?;
        match found.as_slice() {
            [one] => Ok(one.id.to_string()),
            [] => Err(Error::field(
                "body",
                format!("组织机构中没有“{name}”，请写全称；还没有的单位请系统管理员先建立"),
            )),
            many => Err(Error::field(
                "body",
                format!(
                    "有 {} 个单位都叫“{name}”，分不清交办给哪一个，请在组织机构中把名称写全（例如带上区县）",
                    many.len()
                ),
            )),
        }
    }

    /// The last day: as asked, or the meeting's usual number of days later, on a working day.
    async fn due_on(&self, meeting: &Meeting, asked: &str) -> Result<NaiveDate, Error> {
        let city = self.city().await?;
        let day = match asked.trim() {
            "" => {
                let days = Days::new(meeting.task_days.unsigned_abs());
                meeting
                    .held_on
                    .checked_add_days(days)
                    .unwrap_or(meeting.held_on)
            }
            text => text
                .parse()
                .map_err(|_| Error::field("due_on", "请写日期，例如 2026-12-09"))?,
        };
        if day < self.clock.today() {
            return Err(Error::field("due_on", "期限已经过去，请写今天或以后的日期"));
        }
        let open =
            open_day(day, &city).map_err(|problem| Error::field("due_on", problem.detail))?;
        Ok(open.0)
    }

    /// Does one step with a task that was shown with this version.
    pub(crate) async fn step(
        &self,
        viewer: &Viewer,
        id: &str,
        version: i64,
        step: &Step,
        words: &str,
    ) -> Result<(), Error> {
        let (before, _) = self.task(viewer, id).await?;
        self.allowed(viewer, &before, step)?;
        if before.version != version {
            return Err(Error::Stale("这个事项"));
        }
        let words = self.words_for(&before, step, words).await?;
        let mut task = before.clone();
        let words = &self.apply(viewer, &mut task, step, words).await?;
        let kind = step.kind();
        let told = |one: &Task| json!({ "state": one.state.slug(), "due_on": one.due_on });
        let entry = &self
            .entry(viewer, "meeting.task_step", "meeting_task", id)
            .before(told(&before))
            .after(json!({ "step": kind.slug(), "task": told(&task), "words": words }));
        let task = &task;
        self.db
            .write(|tx| async move {
                store::tasks::update(&tx, task).await?;
                let now = self.clock.now();
                store::tasks::insert_note(&tx, id, kind, words, viewer.name(), now).await?;
                self.follow(&tx, viewer, task, step, words).await?;
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    fn allowed(&self, viewer: &Viewer, task: &Task, step: &Step) -> Result<(), Error> {
        let may = self.may(viewer, task);
        let (fine, why) = match step {
            Step::Progress | Step::Done => (may.report, "只有责任单位和会议的组织单位可以报送进展"),
            Step::Return | Step::Move(_) => (may.manage, "只有会议的组织单位可以退回或调整期限"),
            Step::Strike | Step::Restore => (may.strike, "只有主持会议的领导可以销号"),
        };
        if !fine {
            return Err(Error::Problem(Box::new(
                zhida_platform::problem::Problem::forbidden(why),
            )));
        }
        let fits = match step {
            Step::Progress | Step::Done | Step::Move(_) => task.state == TaskState::Open,
            Step::Return => task.state == TaskState::Done,
            Step::Strike => task.state != TaskState::Struck,
            Step::Restore => task.state == TaskState::Struck,
        };
        match fits {
            true => Ok(()),
            false => Err(Error::refused(format!(
                "这个事项{}，不能再这样操作；请刷新页面",
                task.state.word()
            ))),
        }
    }

    /// What is written with a step. Striking off needs a reason unless the body has reported it done and, where the task
    /// comes from an appeal, the enterprise has said that it is solved.
    async fn words_for(&self, task: &Task, step: &Step, words: &str) -> Result<String, Error> {
        let least = match step {
            Step::Progress => 2,
            _ => REASON_MIN,
        };
        if !matches!(step, Step::Strike) {
            return text("words", words, "情况", least);
        }
        let confirmed = match &task.appeal {
            Some(appeal) => self
                .questions
                .question(&Viewer::system("销号"), appeal, self.clock.now())
                .await?
                .is_some_and(|one| one.confirmed),
            None => true,
        };
        if confirmed && task.state == TaskState::Done && words.trim().is_empty() {
            return Ok(match task.appeal {
                Some(_) => "责任单位报送办结，企业确认已解决".to_owned(),
                None => "责任单位报送办结，经核实销号".to_owned(),
            });
        }
        if words.trim().chars().count() >= REASON_MIN {
            return text("words", words, "销号的理由", REASON_MIN);
        }
        Err(Error::field(
            "words",
            match (confirmed, task.state) {
                (false, _) => format!(
                    "这一项来自企业诉求 {}，企业还没有确认解决。请等企业回访评价；确有理由先销号的，写明理由，至少 {REASON_MIN} 个字",
                    task.appeal_number
                ),
                _ => format!(
                    "责任单位还没有报送办结；确有理由销号的，请写明，至少 {REASON_MIN} 个字"
                ),
            },
        ))
    }

    /// Changes the task; the words of its note.
    async fn apply(
        &self,
        viewer: &Viewer,
        task: &mut Task,
        step: &Step,
        words: String,
    ) -> Result<String, Error> {
        match step {
            Step::Progress => {}
            Step::Done => {
                task.state = TaskState::Done;
                task.done_on = Some(self.clock.today());
            }
            Step::Return => {
                task.state = TaskState::Open;
                task.done_on = None;
            }
            Step::Move(due_on) => {
                let (meeting_on, before) = (task.meeting_on, task.due_on);
                let meeting = store::meetings::find(self.db.conn(), &task.meeting).await?;
                let meeting = meeting.ok_or(Error::Missing("这次会议"))?;
                task.due_on = self.due_on(&meeting, due_on).await?;
                if task.due_on < meeting_on || task.due_on == before {
                    return Err(Error::field("due_on", "请写与现在不同的期限"));
                }
                return Ok(format!(
                    "期限由 {} 调整为 {}：{words}",
                    date_zh(before),
                    date_zh(task.due_on)
                ));
            }
            Step::Strike => {
                task.state = TaskState::Struck;
                task.struck_at = Some(self.clock.now());
                viewer.name().clone_into(&mut task.struck_by);
            }
            Step::Restore => {
                task.state = TaskState::Open;
                (task.done_on, task.struck_at) = (None, None);
                task.struck_by.clear();
            }
        }
        Ok(words)
    }

    /// Tells whoever waits, and the appeal's case.
    async fn follow(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        task: &Task,
        step: &Step,
        words: &str,
    ) -> Result<(), Error> {
        if let Some(appeal) = task
            .appeal
            .as_deref()
            .filter(|_| !matches!(step, Step::Progress))
        {
            let words = format!(
                "“{}”交办事项{}：{words}",
                task.meeting_title,
                step.kind().word()
            );
            self.questions.note(tx, viewer, appeal, &words).await?;
        }
        let what = step.kind().word();
        if !step.is_the_bodys() {
            return self.tell_body(tx, &CHANGED, task, what).await;
        }
        let meeting = store::meetings::find(tx, &task.meeting).await?;
        let secretary = meeting.map(|meeting| meeting.secretary).unwrap_or_default();
        match secretary.as_str() {
            "" => Ok(()),
            account => {
                let to = Recipient::Account(account);
                self.tell_of(tx, &CHANGED, to, task, what).await
            }
        }
    }

    pub(crate) async fn tell_body(
        &self,
        tx: &Tx,
        event: &'static zhida_platform::messages::EventKind,
        task: &Task,
        words: &str,
    ) -> Result<(), Error> {
        match task.body_id.as_str() {
            "" => Ok(()),
            body => {
                let to = Recipient::Organisation(body);
                self.tell_of(tx, event, to, task, words).await
            }
        }
    }

    pub(crate) async fn tell_of(
        &self,
        tx: &Tx,
        event: &'static zhida_platform::messages::EventKind,
        to: Recipient<'_>,
        task: &Task,
        words: &str,
    ) -> Result<(), Error> {
        let due = date_zh(task.due_on);
        let fields = [
            ("meeting", task.meeting_title.as_str()),
            ("matter", task.matter.as_str()),
            ("due", due.as_str()),
            ("words", words),
        ];
        let link = format!("{TASKS}/{}", task.id);
        self.tell(tx, event, to, &fields, &link).await
    }

    /// The chosen columns of the tasks as a table; that it was taken away is on record before the first row leaves.
    pub(crate) async fn task_table(
        &self,
        viewer: &Viewer,
        query: TaskQuery,
        chosen: &Chosen,
    ) -> Result<Table, Error> {
        let rows = self.tally(viewer, &query).await?.all;
        let entry = zhida_platform::audit::Entry::view(
            self.clock.now(),
            viewer,
            "meeting.task_export",
            "meeting_task",
            "",
        )
        .detail(chosen.told(json!({ "filters": query, "rows": rows })));
        let (db, viewer, today) = (self.db.clone(), viewer.clone(), self.clock.today());
        let fetch = move |after: Option<String>| {
            let (db, viewer, query) = (db.clone(), viewer.clone(), query.clone());
            async move {
                let page = PageRequest {
                    after,
                    limit: ROWS_PER_PAGE,
                };
                let found = store::tasks::list(db.conn(), &query, &viewer, today, &page).await?;
                Ok((found.items.into_iter().map(cells).collect(), found.next))
            }
        };
        let table = Table::by_pages("交办清单", task_columns(), fetch).only(chosen)?;
        audit::record(&self.db, &[entry]).await?;
        Ok(table)
    }
}

/// The columns of [`Meetings::task_table`].
pub(crate) fn task_columns() -> Vec<Column> {
    let columns = [
        ("会议", 30),
        ("日期", 12),
        ("序号", 8),
        ("事项", 36),
        ("诉求编号", 22),
        ("举措和目标", 40),
        ("包联领导", 14),
        ("责任单位", 24),
        ("责任人", 14),
        ("期限", 12),
        ("状态", 12),
        ("报送办结", 12),
        ("销号人", 14),
    ];
    columns
        .map(|(heading, width)| Column::wide(heading, width))
        .to_vec()
}

fn cells(task: Task) -> Vec<Cell> {
    vec![
        task.meeting_title.into(),
        task.meeting_on.into(),
        task.position.into(),
        task.matter.into(),
        task.appeal_number.into(),
        task.measure.into(),
        task.leader.into(),
        task.body.into(),
        task.person.into(),
        task.due_on.into(),
        task.state.word().into(),
        task.done_on.into(),
        task.struck_by.into(),
    ]
}

fn may_look(viewer: &Viewer) -> Result<(), Error> {
    match viewer.may(TASK) {
        true => Ok(()),
        false => Ok(viewer.need(READ)?),
    }
}

fn is_own(viewer: &Viewer, task: &Task) -> bool {
    own_body(viewer).is_some_and(|body| body == task.body_id)
}

fn sees(viewer: &Viewer, task: &Task) -> bool {
    is_own(viewer, task) || viewer.covers(READ, &task.access())
}

/// How late a task is: 今日到期, 逾期 2 个工作日; empty while there is time or when it is done.
pub(crate) fn lateness(task: &Task, today: NaiveDate, city: &CityCalendar) -> String {
    if task.state != TaskState::Open || task.due_on > today {
        return String::new();
    }
    if task.due_on == today {
        return "今日到期".to_owned();
    }
    match city.calendar.working_days_between(task.due_on, today) {
        Ok(0) | Err(_) => "已逾期".to_owned(),
        Ok(days) => format!("逾期 {days} 个工作日"),
    }
}
