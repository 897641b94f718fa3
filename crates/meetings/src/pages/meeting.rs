//! One meeting: agenda, attendees, tasks, minutes, and the steps between.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Deserialize;
use zhida_platform::format::date_zh;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page, PageError};

use super::{Answer, App, MEETINGS, form_errors, to};
use crate::error::Error;
use crate::model::{Attendee, Item, Meeting, NewTask, Task};
use crate::papers;
use crate::questions::Question;
use crate::rights::MANAGE;
use crate::service::{Appointment, Meetings, lateness};
use crate::words::{AttendeePart, MeetingState};

pub(super) fn routes() -> Router<std::sync::Arc<Meetings>> {
    Router::new()
        .route("/meetings/{id}", get(show))
        .route("/meetings/{id}/papers/{file}", get(paper))
        .route("/meetings/{id}/{step}", post(step))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// Narrows the appeals that are offered.
    q: String,
}

#[derive(Template)]
#[template(path = "meetings/meeting.html")]
struct MeetingPage {
    page: Page,
    errors: FormErrors,
    meeting: Meeting,
    when: String,
    items: Vec<Item>,
    attendees: Vec<Attendee>,
    tasks: Vec<TaskLine>,
    candidates: Vec<Question>,
    q: String,
    parts: Vec<Choice>,
    item_choices: Vec<Choice>,
    new: NewTask,
    typed: Typed,
    manages: bool,
    is_planned: bool,
    is_held: bool,
    is_issued: bool,
}

struct TaskLine {
    task: Task,
    due: String,
    late: String,
}

/// What somebody typed into a form that was sent back.
#[derive(Default)]
struct Typed {
    topic: String,
    words: String,
    body: String,
    person: String,
    minutes: Option<String>,
    why: String,
}

async fn page(
    app: &Meetings,
    frame: &Frame,
    id: &str,
    q: &str,
    fields: Option<&Fields>,
    errors: FormErrors,
) -> Result<MeetingPage, PageError> {
    let whole = app.whole(&frame.viewer, id).await?;
    let meeting = whole.meeting;
    let manages = frame.viewer.covers(MANAGE, &meeting.access());
    let offers = manages && matches!(meeting.state, MeetingState::Planned | MeetingState::Held);
    let candidates = match offers {
        true => app.candidates(&frame.viewer, &whole.items, q).await?,
        false => Vec::new(),
    };
    let (today, city) = (app.clock.today(), app.city().await?);
    let get = |name: &str| {
        fields
            .map(|fields| fields.get(name).to_owned())
            .unwrap_or_default()
    };
    let new = new_task(&get);
    let mut item_choices = vec![Choice::new("", "与议题无关", &new.item)];
    item_choices.extend(whole.items.iter().map(|item| {
        let label = format!("{}．{}", item.position, item.title);
        Choice::new(item.id.clone(), label, &new.item)
    }));
    let part = get("part");
    let part = if part.is_empty() {
        AttendeePart::Member.slug()
    } else {
        part.as_str()
    };
    let line = |task: Task| TaskLine {
        due: date_zh(task.due_on),
        late: lateness(&task, today, &city),
        task,
    };
    Ok(MeetingPage {
        page: frame
            .page(meeting.title.clone())
            .active(MEETINGS)
            .crumb("调度会", MEETINGS)
            .office(),
        errors,
        when: format!("{} {}", date_zh(meeting.held_on), meeting.at_time),
        parts: AttendeePart::ALL
            .iter()
            .map(|one| Choice::new(one.slug(), one.word(), part))
            .collect(),
        item_choices,
        new,
        typed: Typed {
            topic: get("topic"),
            words: get("words"),
            body: get("attendee"),
            person: get("attendee_person"),
            minutes: fields
                .map(|fields| fields.get("minutes").to_owned())
                .filter(|text| !text.is_empty()),
            why: get("why"),
        },
        items: whole.items,
        attendees: whole.attendees,
        tasks: whole.tasks.into_iter().map(line).collect(),
        candidates,
        q: q.to_owned(),
        manages,
        is_planned: meeting.state == MeetingState::Planned,
        is_held: meeting.state == MeetingState::Held,
        is_issued: meeting.state == MeetingState::Issued,
        meeting,
    })
}

fn new_task(get: &impl Fn(&str) -> String) -> NewTask {
    NewTask {
        item: get("item"),
        matter: get("matter"),
        measure: get("measure"),
        leader: get("leader"),
        body: get("body"),
        person: get("person"),
        due_on: get("due_on"),
    }
}

/// 一次调度会
async fn show(
    State(app): App,
    frame: Frame,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let page = page(&app, &frame, &id, asked.q.trim(), None, FormErrors::none()).await?;
    Ok(Html(page).into_response())
}

/// 议程、交办清单、纪要的文件
async fn paper(State(app): App, frame: Frame, Path((id, file)): Path<(String, String)>) -> Answer {
    let Some((paper, format)) = papers::read(&file) else {
        return Err(Problem::not_found(format!("文件 {file}")).into());
    };
    let (name, bytes) = app.paper(&frame.viewer, &id, paper, format).await?;
    Ok(papers::download(&name, bytes))
}

/// 会议的一步
async fn step(
    State(app): App,
    frame: Frame,
    Path((id, step)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    let here = format!("{MEETINGS}/{id}");
    let Some((done, anchor)) = run(&app, &frame, &id, &step, &fields).await else {
        return Err(Problem::not_found(format!("操作 {step}")).into());
    };
    match done {
        Ok(()) => Ok(to(&format!("{here}#{anchor}"))),
        Err(error) => {
            let errors = form_errors(error, first_field(&step))?;
            let page = page(&app, &frame, &id, "", Some(&fields), errors).await?;
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
    }
}

/// The field at which a refusal of a step is shown.
fn first_field(step: &str) -> &'static str {
    match step {
        "appeals" => "appeal",
        "topic" => "topic",
        "attendee" | "attendee-remove" => "attendee",
        "minutes" | "issue" => "minutes",
        "task" => "body",
        "cancel" => "why",
        _ => "agenda",
    }
}

async fn run(
    app: &Meetings,
    frame: &Frame,
    id: &str,
    step: &str,
    fields: &Fields,
) -> Option<(Result<(), Error>, &'static str)> {
    let viewer = &frame.viewer;
    let version = fields.get("version").parse().unwrap_or_default();
    let all = |name: &str| -> Vec<String> { fields.all(name).map(str::to_owned).collect() };
    let get = |name: &str| fields.get(name).to_owned();
    Some(match step {
        "appeals" => {
            let added = app.add_appeals(viewer, id, &all("appeal")).await;
            (added.map(|_| ()), "agenda")
        }
        "topic" => {
            let added = app
                .add_topic(viewer, id, &get("topic"), &get("words"))
                .await;
            (added.map(|_| ()), "agenda")
        }
        "item-remove" => (app.remove_item(viewer, id, &get("item")).await, "agenda"),
        "item-raise" => (app.raise_item(viewer, id, &get("item")).await, "agenda"),
        "result" => {
            let decided = app.decide_item(viewer, id, fields.get("item"), fields.get("result"));
            (decided.await, "agenda")
        }
        "attendee" => {
            let (part, body, person) = (get("part"), get("attendee"), get("attendee_person"));
            let added = app.add_attendee(viewer, id, &part, &body, &person).await;
            (added.map_err(renamed), "people")
        }
        "attendee-remove" => (
            app.remove_attendee(viewer, id, &get("attendee")).await,
            "people",
        ),
        "when" => {
            let asked = Appointment {
                held_on: get("held_on"),
                at_time: get("at_time"),
                venue: get("venue"),
                chair: get("chair"),
            };
            (app.reschedule(viewer, id, version, &asked).await, "agenda")
        }
        "hold" => (
            app.hold(viewer, id, version, &all("present")).await,
            "people",
        ),
        "cancel" => (app.cancel(viewer, id, version, &get("why")).await, "agenda"),
        "task" => {
            let given = app.give(viewer, id, &new_task(&get)).await;
            (given.map(|_| ()), "tasks")
        }
        "minutes" | "issue" => {
            let text = fields.get("minutes");
            let saved = app.save_minutes(viewer, id, version, text, step == "issue");
            (saved.await, "minutes-part")
        }
        _ => return None,
    })
}

/// The fields of the attendee's form have names of their own: the page has a body and a person already.
fn renamed(error: Error) -> Error {
    match error {
        Error::Field {
            field: "body",
            message,
        } => Error::field("attendee", message),
        Error::Field {
            field: "person",
            message,
        } => Error::field("attendee_person", message),
        other => other,
    }
}
