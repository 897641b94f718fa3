//! 调度会: the list, and a new one.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use zhida_platform::access::Viewer;
use zhida_platform::format::{count, date_zh};
use zhida_platform::paging::PageRequest;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page, Pager, Tab, places};

use super::{After, Answer, App, MEETINGS, address, form_errors, to};
use crate::model::{Line, NewMeeting};
use crate::query::MeetingQuery;
use crate::rights::MANAGE;
use crate::words::MeetingState;

const ROWS: u32 = 20;

pub(super) fn routes() -> Router<std::sync::Arc<crate::service::Meetings>> {
    Router::new()
        .route("/meetings", get(list))
        .route("/meetings/new", get(ask).post(plan))
}

#[derive(Template)]
#[template(path = "meetings/list.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    lines: Vec<Shown>,
    pager: Pager,
    q: String,
    state: &'static str,
    manages: bool,
}

struct Shown {
    line: Line,
    when: String,
}

/// 调度会
async fn list(
    State(app): App,
    frame: Frame,
    Query(query): Query<MeetingQuery>,
    Query(after): Query<After>,
) -> Answer {
    let viewer = &frame.viewer;
    let request = PageRequest {
        after: after.after,
        limit: ROWS,
    }
    .checked(ROWS)?;
    let total = app.meeting_count(viewer, &query).await?;
    let found = app.meetings(viewer, &query, &request).await?;
    let here = |state: Option<MeetingState>, after: &str| {
        let fields = [
            ("state", state.map_or("", MeetingState::slug)),
            ("q", query.q.as_str()),
            ("series", query.series.as_str()),
            ("after", after),
        ];
        address(MEETINGS, &fields)
    };
    let mut tabs = vec![Tab::new("全部", here(None, ""), query.state.is_none())];
    tabs.extend(MeetingState::ALL.iter().map(|state| {
        let state = Some(*state);
        Tab::new(
            state.map_or("", MeetingState::word),
            here(state, ""),
            state == query.state,
        )
    }));
    let next = found.next.map(|next| here(query.state, &next));
    let shown = |line: Line| Shown {
        when: format!("{} {}", date_zh(line.meeting.held_on), line.meeting.at_time),
        line,
    };
    Ok(Html(ListPage {
        page: frame
            .page("调度会")
            .lead("把逾期、疑难的诉求提上会，定责任、定举措、定期限，办完由主持人销号。")
            .active(MEETINGS)
            .office(),
        pager: Pager {
            summary: format!("共 {} 次会议", count(total)),
            first: request
                .after
                .as_ref()
                .map(|_| here(query.state, ""))
                .unwrap_or_default(),
            next: next.unwrap_or_default(),
        },
        lines: found.items.into_iter().map(shown).collect(),
        manages: viewer.may(MANAGE),
        tabs,
        q: query.q,
        state: query.state.map_or("", MeetingState::slug),
    })
    .into_response())
}

#[derive(Template)]
#[template(path = "meetings/new.html")]
struct NewPage {
    page: Page,
    errors: FormErrors,
    new: NewMeeting,
    places: Vec<Choice>,
    task_days: String,
}

fn new_page(frame: &Frame, new: NewMeeting, errors: FormErrors) -> NewPage {
    NewPage {
        page: frame
            .page("新建调度会")
            .lead("临时召开的会议在这里建立；按周、双周、按月召开的，请建立例会，日期自动排好。")
            .active(MEETINGS)
            .crumb("调度会", MEETINGS)
            .office(),
        errors,
        places: place_choices(&frame.viewer, &new.place),
        task_days: new.task_days.to_string(),
        new,
    }
}

/// 新建调度会
async fn ask(State(app): App, frame: Frame) -> Answer {
    frame.viewer.need(MANAGE)?;
    let new = NewMeeting {
        held_on: app.clock.today().to_string(),
        at_time: "09:30".to_owned(),
        task_days: 14,
        ..NewMeeting::default()
    };
    Ok(Html(new_page(&frame, new, FormErrors::none())).into_response())
}

/// 建立调度会
async fn plan(State(app): App, frame: Frame, fields: Fields) -> Answer {
    let new = new_meeting(&fields);
    match app.plan(&frame.viewer, &new).await {
        Ok(id) => Ok(to(&format!("{MEETINGS}/{id}"))),
        Err(error) => {
            let errors = form_errors(error, "title")?;
            let page = new_page(&frame, new, errors);
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        }
    }
}

/// Where a meeting may be held for: the seat's own place, or a part of it.
pub(super) fn place_choices(viewer: &Viewer, current: &str) -> Vec<Choice> {
    let roots = places::roots(viewer, MANAGE, "");
    places::choices("本单位的区划", &roots, current)
}

pub(super) fn new_meeting(fields: &Fields) -> NewMeeting {
    let text = |name: &str| fields.get(name).to_owned();
    NewMeeting {
        title: text("title"),
        place: text("place"),
        held_on: text("held_on"),
        at_time: text("at_time"),
        venue: text("venue"),
        chair: text("chair"),
        members: text("members"),
        // what is no number is out of range, and said so
        task_days: fields.get("task_days").parse().unwrap_or(-1),
    }
}
