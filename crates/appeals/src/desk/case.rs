//! The case page: what is known, what may be done now, and everything that happened.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use zhida_casework::case::OpinionState;
use zhida_platform::audit::{self, Entry};
use zhida_platform::cases::calendar;
use zhida_platform::clock::parse_instant;
use zhida_platform::files::{Download, Subject};
use zhida_platform::format::{datetime_zh, until_zh, weekday_zh};
use zhida_platform::problem::Problem;
use zhida_ui::phrases::choices;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page, PageError};

use super::choose::{Can, Choose, VisitForm, can, choose, visit_form};
use super::{DESK, follow, forms};
use crate::cases::store::open_extension;
use crate::cases::{AppealView, FILES_OF, Sight, Similar, SuggestedCategory, Voice};
use crate::error::Error;
use crate::intake::told_by;
use crate::model::AppealRow;
use crate::pages::{Answer, to};
use crate::rights;
use crate::rules::{CLOSED, Catalogue};
use crate::service::Appeals;
use crate::talk::{DeskTalk, Of};
use crate::words::{Claim, Satisfaction, Supervision, Way};

/// Alike appeals that are named.
const SIMILAR: usize = 5;

#[derive(Template)]
#[template(path = "appeals/desk/case.html")]
pub(crate) struct CasePage {
    page: Page,
    errors: FormErrors,
    typed: Fields,
    // not `id`: the page's sections have a parameter of that name, which would stand before it
    case_id: String,
    version: i64,
    state: String,
    rows: Vec<(String, String)>,
    merged_into: String,
    clocks: Vec<ClockLine>,
    voices: Vec<VoiceLine>,
    files: Vec<(String, String)>,
    suggestions: Vec<SuggestedCategory>,
    similar: Vec<Similar>,
    refusals: Vec<(String, String)>,
    opinions: Vec<OpinionLine>,
    objection: String,
    replies: Vec<(String, String, String)>,
    visits: Vec<(String, String, String)>,
    extensions: Vec<(String, String, String)>,
    supervisions: Vec<(String, String, String)>,
    history: Vec<(String, String, String)>,
    can: Can,
    choose: Choose,
    bodies: Vec<String>,
    phrases: Offered,
    talk: DeskTalk,
    /// What was typed into a form that is not on the page any more: field by field.
    kept: Vec<String>,
}

impl CasePage {
    /// Whether the form of a step is open: something is typed there, or wrong.
    fn is_open(&self, step: &str) -> bool {
        let start = format!("{step}-");
        let wrong = self.errors.all().iter();
        self.typed
            .starting_with(&start)
            .any(|(_, text)| !text.is_empty())
            || wrong
                .map(|error| &error.field)
                .any(|field| field.starts_with(&start))
    }
}

/// The phrases that each form offers.
struct Offered {
    reply: Vec<Choice>,
    contact: Vec<Choice>,
    dispatch: Vec<Choice>,
    turn_down: Vec<Choice>,
    opinion: Vec<Choice>,
    reason: Vec<Choice>,
}

/// How the page is shown again: what was typed, what is wrong with it, and whose thread.
#[derive(Default)]
pub(crate) struct Shown {
    pub typed: Fields,
    pub errors: FormErrors,
    pub voice: String,
}

struct ClockLine {
    name: &'static str,
    due: String,
    standing: String,
    late: bool,
    derivation: Vec<String>,
}

struct VoiceLine {
    id: String,
    who: String,
    contact: String,
    text: String,
    when: String,
    answer: String,
    is_answered: bool,
    visit: VisitForm,
}

struct OpinionLine {
    name: String,
    state: String,
}

/// 一件诉求
pub(super) async fn show(
    State(app): State<Arc<Appeals>>,
    frame: Frame,
    Path(id): Path<String>,
    Query(of): Query<Of>,
) -> Answer {
    let viewer = &frame.viewer;
    if !rights::is_officer(viewer) {
        return follow::for_owner(&app, &frame, &id).await;
    }
    let sight = app.sight(viewer, &id).await?;
    app.record_look(&frame, &sight).await?;
    let shown = Shown {
        voice: of.voice,
        ..Shown::default()
    };
    Ok(Html(case_page(&app, &frame, sight, shown).await?).into_response())
}

/// 办理一步
pub(super) async fn step(
    State(app): State<Arc<Appeals>>,
    frame: Frame,
    Path((id, name)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    let viewer = &frame.viewer;
    let sight = app.sight(viewer, &id).await?;
    let taken = match app.phrase_applied(viewer, &sight, &fields).await {
        Ok(Some(typed)) => {
            let shown = Shown {
                typed,
                ..Shown::default()
            };
            return Ok(Html(case_page(&app, &frame, sight, shown).await?).into_response());
        }
        Ok(None) => take(&app, &frame, &id, &name, &fields).await,
        Err(error) => Err(error),
    };
    let Err(error) = taken else {
        return Ok(to(&format!("{DESK}/{id}")));
    };
    let problem = Problem::from(error);
    if problem.status.is_server_error() || problem.status == StatusCode::NOT_FOUND {
        return Err(problem.into());
    }
    // what was typed stays on the page, with what is wrong on top
    let mut errors = FormErrors::from(problem.fields);
    if errors.is_empty() {
        errors.add("steps", problem.detail);
    }
    let sight = app.sight(viewer, &id).await?;
    let mut shown = Shown {
        typed: fields,
        errors,
        ..Shown::default()
    };
    shown.typed.set("step", name);
    let page = case_page(&app, &frame, sight, shown).await?;
    Ok((problem.status, Html(page)).into_response())
}

async fn take(
    app: &Appeals,
    frame: &Frame,
    id: &str,
    name: &str,
    fields: &Fields,
) -> Result<(), Error> {
    let version: i64 = fields.get("version").parse().unwrap_or_default();
    let step = forms::step(name, fields)?;
    let done = app.act(&frame.viewer, id, version, &step).await;
    done.map_err(|error| forms::placed(name, fields, error))
}

/// 附件
pub(super) async fn file(
    State(app): State<Arc<Appeals>>,
    frame: Frame,
    Path((id, file)): Path<(String, String)>,
) -> Result<Download, PageError> {
    let sight = app.sight(&frame.viewer, &id).await?;
    let known = app.files_of(&sight.view.id()).await?;
    if known.iter().all(|(known, _)| *known != file) {
        return Err(Error::missing("这个附件").into());
    }
    let reader = frame
        .viewer
        .account()
        .map(|id| id.to_string())
        .unwrap_or_default();
    let opened = app
        .files
        .open_for(&app.db, &file, &reader)
        .await
        .map_err(Problem::from)?;
    let entry = Entry::view(
        app.clock.now(),
        &frame.viewer,
        "appeals.view_file",
        "appeal",
        &id,
    )
    .detail(serde_json::json!({ "part": opened.record.name }));
    audit::record(&app.db, &[entry])
        .await
        .map_err(Error::from)?;
    Ok(opened)
}

impl Appeals {
    /// The files of an appeal: id and name.
    pub(crate) async fn files_of(&self, id: &str) -> Result<Vec<(String, String)>, Error> {
        let subject = Subject { kind: FILES_OF, id };
        let found = self.files.of_subject(self.db.conn(), subject).await?;
        Ok(found.into_iter().map(|file| (file.id, file.name)).collect())
    }

    /// Records that an officer looked at an appeal, and who it was of.
    async fn record_look(&self, frame: &Frame, sight: &Sight) -> Result<(), Error> {
        if sight.own {
            return Ok(());
        }
        let entry = Entry::view(
            self.clock.now(),
            &frame.viewer,
            "appeals.view",
            "appeal",
            sight.view.id(),
        );
        let entry = match sight.view.row.head.enterprise.as_str() {
            "" => entry,
            code => entry.enterprise(code),
        };
        let detail =
            serde_json::json!({ "number": sight.view.row.head.number, "identity": sight.knows });
        Ok(audit::record(&self.db, &[entry.detail(detail)]).await?)
    }
}

/// The page of an appeal for officers.
pub(crate) async fn case_page(
    app: &Appeals,
    frame: &Frame,
    sight: Sight,
    shown: Shown,
) -> Result<CasePage, Error> {
    let phrases = app.phrases_of(&frame.viewer).await?;
    let of = |purpose: &str| choices(&phrases, purpose);
    let talk = app.desk_talk(&frame.viewer, &sight, &shown, of("message"));
    let talk = talk.await?;
    let Shown { typed, errors, .. } = shown;
    let view = &sight.view;
    let (id, row, case) = (view.id(), &view.row, &view.loaded.case);
    let city = calendar::load(app.db.conn()).await?;
    let catalogue = app.catalogue().await?.catalogue;
    let voices = app.voices(&sight).await?;
    let by_intake = sight.intake && case.is_open();
    let suggestions = match by_intake && row.accepted_at.is_none() {
        true => app.suggest(&row.head.title, &view.text).await?,
        false => Vec::new(),
    };
    let similar = match by_intake {
        true => {
            let texts = (row.head.title.as_str(), view.text.as_str());
            let place = (row.head.enterprise.as_str(), row.head.place.as_str());
            app.similar(&frame.viewer, texts, place, Some(row.head.id), SIMILAR)
                .await?
        }
        false => Vec::new(),
    };
    let clocks = clock_lines(&sight, app, &city.calendar);
    let asked = open_extension(app.db.conn(), &id, row.dispatches).await?;
    let can = can(&sight, frame, &city.calendar, asked.is_some());
    let category = match (row.category.as_str(), suggestions.first()) {
        ("", Some(first)) => first.path.clone(),
        (path, _) => path.to_owned(),
    };
    Ok(CasePage {
        page: frame
            .page(row.head.number.clone())
            .lead(row.head.title.clone())
            .active(DESK)
            .crumb("诉求", DESK)
            .office(),
        state: row.state_words(),
        version: row.head.version,
        rows: rows(app, &sight, &category_words(&catalogue, row)).await?,
        merged_into: row.merged_into.map(|id| id.to_string()).unwrap_or_default(),
        clocks,
        files: app.files_of(&id).await?,
        refusals: match by_intake {
            true => catalogue
                .refusals_of(&category)
                .into_iter()
                .map(|one| (one.reason.clone(), one.instead.clone()))
                .collect(),
            false => Vec::new(),
        },
        opinions: case.opinions().iter().map(opinion).collect(),
        objection: case.objection().map_or_else(String::new, |one| {
            let state = if one.settled {
                "已裁定"
            } else {
                "待裁定"
            };
            format!("{}：{}（{state}）", one.organisation.name, one.reason)
        }),
        replies: app.reply_lines(&id).await?,
        visits: app.visit_lines(&id).await?,
        extensions: app.extension_lines(view).await?,
        supervisions: app.supervision_lines(&id).await?,
        history: history(view),
        kept: kept(&can, &typed),
        can,
        bodies: app.departments.names().await?,
        choose: choose(&sight, &catalogue, &category, &typed),
        phrases: Offered {
            reply: of("reply"),
            contact: of("contact"),
            dispatch: of("dispatch"),
            turn_down: of("turn_down"),
            opinion: of("opinion"),
            reason: of("reason"),
        },
        talk,
        voices: (1..)
            .zip(voices)
            .map(|(number, one)| voice(one, number, &typed))
            .collect(),
        suggestions,
        similar,
        case_id: id,
        typed,
        errors,
    })
}

/// What was typed for a step that somebody else has made impossible meanwhile: to be copied, not lost.
fn kept(can: &Can, typed: &Fields) -> Vec<String> {
    const WORDS: [&str; 7] = [
        "text", "reason", "note", "words", "question", "signer", "amount",
    ];
    let step = typed.get("step");
    if step.is_empty() || can.has(step) {
        return Vec::new();
    }
    let start = format!("{step}-");
    let fields = typed.starting_with(&start);
    fields
        .filter(|(name, text)| {
            !text.is_empty() && WORDS.contains(&forms::plain(&name[start.len()..]))
        })
        .map(|(_, text)| text.to_owned())
        .collect()
}

fn clock_lines(
    sight: &Sight,
    app: &Appeals,
    calendar: &zhida_casework::Calendar,
) -> Vec<ClockLine> {
    let (case, now) = (&sight.view.loaded.case, app.clock.now());
    let running = case
        .clocks()
        .iter()
        .filter(|(_, running)| running.clock.stopped.is_none());
    running
        .map(|(name, running)| {
            let standing = running
                .clock
                .standing(running.due.as_ref(), now, calendar)
                .ok();
            ClockLine {
                name: name.words(),
                due: running
                    .due
                    .as_ref()
                    .map_or_else(String::new, |due| until_zh(due.at)),
                standing: standing.map_or_else(String::new, |standing| standing.words()),
                late: standing.is_some_and(|standing| standing.is_late()),
                derivation: running
                    .due
                    .as_ref()
                    .map(|due| due.derivation.clone())
                    .unwrap_or_default(),
            }
        })
        .collect()
}

/// The category in words; one that was deleted keeps the name that it had.
fn category_words(catalogue: &Catalogue, row: &AppealRow) -> String {
    let kept = row.category_name.trim_end_matches(CLOSED);
    match catalogue.find(&row.category) {
        None if !kept.is_empty() => format!("{kept}{CLOSED}"),
        _ => catalogue.full_name(&row.category),
    }
}

async fn rows(
    app: &Appeals,
    sight: &Sight,
    category: &str,
) -> Result<Vec<(String, String)>, Error> {
    let (view, row) = (&sight.view, &sight.view.row);
    let own = |key: &str, value: String| (key.to_owned(), value);
    let enterprise = match (sight.knows, row.head.enterprise.is_empty()) {
        (true, false) => format!("{} {}", row.enterprise_name, row.head.enterprise),
        (false, false) => "（隐名）".to_owned(),
        _ => String::new(),
    };
    let rules = format!("{}，{}", view.rules.preset.name, row.track.word());
    let mut rows = vec![
        own("渠道", row.channel.word().to_owned()),
        own("企业", enterprise),
        own("保密", row.confidentiality.word().to_owned()),
        own(
            "地点",
            format!("{} {}", place_name(&row.head.place), row.place_words)
                .trim()
                .to_owned(),
        ),
        own("分类", category.to_owned()),
        own("时限规则", rules),
        own("主办单位", row.head.holder_name.clone().unwrap_or_default()),
        own(
            "经办人员",
            row.head.handler_name.clone().unwrap_or_default(),
        ),
        own("诉求人数", row.voices.to_string()),
        own("交办次数", row.dispatches.to_string()),
    ];
    // who called, and what else tells of the person, is for those who may know
    if sight.knows {
        rows.extend(told_by(app.db.conn(), &view.id()).await?);
    }
    Ok(rows)
}

/// A division's name, of today or before; what is no code stands as it is.
fn place_name(code: &str) -> String {
    zhida_standards::division::full_name(code).unwrap_or_else(|| code.to_owned())
}

fn voice(voice: Voice, number: usize, typed: &Fields) -> VoiceLine {
    let contact = voice
        .contact
        .map(|known| [known.name, known.phone, known.email]);
    let contact = contact.map_or_else(String::new, |parts| {
        let parts: Vec<&str> = parts
            .iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        parts.join("，")
    });
    let who = match voice.enterprise_name.is_empty() {
        true => "诉求人".to_owned(),
        false => voice.enterprise_name,
    };
    VoiceLine {
        visit: visit_form(&voice.id, number, typed),
        is_answered: voice.answer.is_some(),
        answer: match (voice.answer, voice.tries) {
            (Some(answer), _) => answer.word().to_owned(),
            (None, 0) => "未回访".to_owned(),
            (None, tries) => format!("{tries} 次未接通"),
        },
        id: voice.id,
        who,
        contact,
        text: voice.text,
        when: datetime_zh(voice.said_at),
    }
}

fn opinion(opinion: &zhida_casework::case::Opinion) -> OpinionLine {
    OpinionLine {
        name: opinion.organisation.name.clone(),
        state: match &opinion.state {
            OpinionState::Waiting => "待反馈".to_owned(),
            OpinionState::Given { text, .. } => text.clone(),
            OpinionState::Withdrawn => "不再征求".to_owned(),
        },
    }
}

fn history(view: &AppealView) -> Vec<(String, String, String)> {
    let events = view.loaded.events.iter().rev();
    events
        .map(|event| {
            (
                datetime_zh(event.at),
                event.change.words(),
                event.by.words(),
            )
        })
        .collect()
}

fn when(text: &str) -> String {
    parse_instant(text).map(datetime_zh).unwrap_or_default()
}

impl Appeals {
    /// Replies: when, what, by whom.
    pub(super) async fn reply_lines(
        &self,
        id: &str,
    ) -> Result<Vec<(String, String, String)>, Error> {
        let rows = crate::cases::store::replies(self.db.conn(), id).await?;
        let line = |row: crate::cases::store::ReplyRow| {
            let claim = Claim::parse(&row.claim).map_or("", Claim::word);
            let signer = match row.signer.as_str() {
                "" => row.organisation_name,
                signer => format!("{}（由{signer}回复）", row.organisation_name),
            };
            (
                when(&row.replied_at),
                format!("{claim}：{}", row.text),
                signer,
            )
        };
        Ok(rows.into_iter().map(line).collect())
    }

    async fn visit_lines(&self, id: &str) -> Result<Vec<(String, String, String)>, Error> {
        let rows = crate::cases::store::visits(self.db.conn(), id).await?;
        let line = |row: crate::cases::store::VisitRow| {
            let way = Way::parse(&row.way).map_or("", Way::word);
            let said = Satisfaction::parse(&row.satisfaction).map_or("", Satisfaction::word);
            let resolved = match row.resolved {
                Some(true) => "，已解决",
                Some(false) => "，未解决",
                None => "",
            };
            let words = format!("第 {} 轮，{way}：{said}{resolved} {}", row.round, row.words);
            (when(&row.visited_at), words, row.visited_by)
        };
        Ok(rows.into_iter().map(line).collect())
    }

    async fn extension_lines(
        &self,
        view: &AppealView,
    ) -> Result<Vec<(String, String, String)>, Error> {
        let rows = crate::cases::store::extensions(self.db.conn(), &view.id()).await?;
        let line = |row: crate::cases::store::ExtensionRow| {
            let longer = view.longer(u32::try_from(row.amount).unwrap_or_default());
            let decided = match row.granted {
                None => "待审批".to_owned(),
                Some(true) => format!("{} 同意：{}", row.decided_by, row.words),
                Some(false) => format!("{} 不同意：{}", row.decided_by, row.words),
            };
            let what = format!("申请延期 {longer}：{}（{decided}）", row.reason);
            (when(&row.asked_at), what, row.asked_by)
        };
        Ok(rows.into_iter().map(line).collect())
    }

    async fn supervision_lines(&self, id: &str) -> Result<Vec<(String, String, String)>, Error> {
        let rows = crate::cases::store::supervision(self.db.conn(), id).await?;
        let line = |row: crate::cases::store::SupervisionRow| {
            let step = Supervision::parse(&row.step).map_or("", Supervision::word);
            let due = match row.due_on.as_str() {
                "" => String::new(),
                day => format!(
                    "（{} 前）",
                    day.parse().map_or_else(|_| day.to_owned(), weekday_zh)
                ),
            };
            (
                when(&row.taken_at),
                format!("{step}：{}{due}", row.words),
                row.taken_by,
            )
        };
        Ok(rows.into_iter().map(line).collect())
    }
}
