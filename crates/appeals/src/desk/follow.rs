//! The page on which an appellant follows: where it is, whose turn it is, until when and why, how long it usually takes;
//! there it is rated, taken back or taken up again. By check code, or as the enterprise's own.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use zhida_letters::CheckCode;
use zhida_platform::format::{datetime_zh, until_zh};
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page, ThreadView};

use crate::cases::{Followed, OwnStep, due_words};
use crate::error::Error;
use crate::intake;
use crate::pages::{Answer, to};
use crate::service::Appeals;
use crate::words::{Outcome, Satisfaction, Stage};

#[derive(Template)]
#[template(path = "appeals/desk/follow.html")]
struct FollowPage {
    page: Page,
    errors: FormErrors,
    typed: Fields,
    action: String,
    state: String,
    turn: String,
    due: String,
    derivation: Vec<String>,
    rows: Vec<(&'static str, String)>,
    text: String,
    merged: String,
    replies: Vec<(String, String, String)>,
    history: Vec<(String, String)>,
    can_rate: bool,
    can_reopen: bool,
    can_withdraw: bool,
    reopen_until: String,
    grades: Vec<Choice>,
    talk: ThreadView,
    /// What was typed into a form that is not on the page any more.
    kept: String,
}

impl FollowPage {
    /// What was typed as the reason of a step.
    fn reason(&self, step: &str) -> &str {
        match self.typed.get("step") == step {
            true => self.typed.get("reason"),
            false => "",
        }
    }

    fn wrong(&self, step: &str) -> &str {
        match self.typed.get("step") == step {
            true => self.errors.of("reason"),
            false => "",
        }
    }
}

pub(crate) fn parsed(code: &str) -> Result<CheckCode, Error> {
    code.parse()
        .map_err(|_| Error::missing("这件诉求，请核对校验码"))
}

/// The address of an appeal for whoever has its check code.
pub(crate) fn by_code_address(code: &CheckCode) -> String {
    format!("/appeals/f/{}", code.plain())
}

/// Where the forms of the own enterprise's page go.
pub(crate) fn own_address(id: &str) -> String {
    format!("/appeals/{id}/own")
}

/// 凭校验码查看
pub(super) async fn by_code(
    State(app): State<Arc<Appeals>>,
    frame: Frame,
    Path(code): Path<String>,
) -> Answer {
    let code = parsed(&code)?;
    let followed = app.followed_by_code(&code).await?;
    let action = by_code_address(&code);
    Ok(follow_page(
        &app,
        &frame,
        &followed,
        action,
        Fields::default(),
        FormErrors::none(),
    )
    .await?
    .into_response())
}

/// 凭校验码评价、重新办理、撤回
pub(super) async fn act_by_code(
    State(app): State<Arc<Appeals>>,
    frame: Frame,
    Path(code): Path<String>,
    fields: Fields,
) -> Answer {
    let code = parsed(&code)?;
    let followed = app.followed_by_code(&code).await?;
    act(&app, &frame, &followed, by_code_address(&code), fields).await
}

/// The own enterprise's page of an appeal.
pub(super) async fn for_owner(app: &Arc<Appeals>, frame: &Frame, id: &str) -> Answer {
    let followed = app.followed_by_owner(&frame.viewer, id).await?;
    let action = own_address(id);
    Ok(follow_page(
        app,
        frame,
        &followed,
        action,
        Fields::default(),
        FormErrors::none(),
    )
    .await?
    .into_response())
}

/// 本企业评价、重新办理、撤回
pub(super) async fn act_as_owner(
    State(app): State<Arc<Appeals>>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let followed = app.followed_by_owner(&frame.viewer, &id).await?;
    act(&app, &frame, &followed, own_address(&id), fields).await
}

async fn act(
    app: &Arc<Appeals>,
    frame: &Frame,
    followed: &Followed,
    action: String,
    fields: Fields,
) -> Answer {
    let done = match step(&fields) {
        Ok(step) => app.act_own(&frame.viewer, followed, &step).await,
        Err(error) => Err(error),
    };
    let Err(error) = done else {
        return Ok(to(action.strip_suffix("/own").unwrap_or(&action)));
    };
    let problem = Problem::from(error);
    if problem.status.is_server_error() || problem.status == StatusCode::NOT_FOUND {
        return Err(problem.into());
    }
    let mut errors = FormErrors::none();
    match problem.fields.is_empty() {
        true => errors.add("own", problem.detail),
        false => errors = problem.fields.into(),
    }
    let shown = follow_page(app, frame, followed, action, fields, errors).await?;
    Ok((problem.status, shown).into_response())
}

/// The step of a form; all its fields are texts.
fn step(fields: &Fields) -> Result<OwnStep, Error> {
    let name = fields.get("step");
    let names: &[&str] = match name {
        "rate" => &["satisfaction", "words"],
        _ => &["reason"],
    };
    let mut map = Map::new();
    map.insert("step".to_owned(), Value::from(name));
    for field in names {
        map.insert((*field).to_owned(), Value::from(fields.get(field)));
    }
    serde_json::from_value(Value::Object(map))
        .map_err(|_| Error::field("satisfaction", "请选择满意、基本满意或者不满意"))
}

pub(crate) async fn follow_page(
    app: &Appeals,
    frame: &Frame,
    followed: &Followed,
    action: String,
    typed: Fields,
    errors: FormErrors,
) -> Result<Response, Error> {
    let (own, main) = (&followed.own, &followed.main);
    let case = &main.loaded.case;
    let merged = own.id() != main.id();
    let due = case.due().map(|(_, due)| due.clone());
    let typical = app.typical_days().await?;
    let until = case
        .ending()
        .and_then(|ending| ending.reopen_until.as_ref());
    let rows = vec![
        ("编号", own.row.head.number.clone()),
        ("分类", main.row.category_name.clone()),
        (
            "主办单位",
            main.row.head.holder_name.clone().unwrap_or_default(),
        ),
        ("登记时间", datetime_zh(own.row.head.opened_at)),
        ("一般多久", typical),
    ];
    let gone = match typed.get("step") {
        "rate" => !followed.can_rate,
        "reopen" => !followed.can_reopen,
        "withdraw" => !followed.can_withdraw,
        _ => false,
    };
    let kept = [typed.get("words"), typed.get("reason")].join("");
    let shown = FollowPage {
        talk: app
            .own_talk(&frame.viewer, followed, &action, (&typed, &errors))
            .await?,
        kept: if gone { kept } else { String::new() },
        page: frame
            .page(own.row.head.title.clone())
            .active(intake::MINE)
            .crumb("提诉求", intake::NEW),
        state: main.row.state_words(),
        turn: turn(main),
        due: due.as_ref().map_or_else(String::new, |_| due_words(main)),
        derivation: due.map(|due| due.derivation).unwrap_or_default(),
        rows,
        text: followed.voice.text.clone(),
        merged: match merged {
            true => format!(
                "您的诉求与 {} 反映同一件事，已经合并办理；办理结果同样会单独向您回访。",
                main.row.head.number
            ),
            false => String::new(),
        },
        replies: app.reply_lines(&main.id()).await?,
        history: history(main),
        can_rate: followed.can_rate,
        can_reopen: followed.can_reopen,
        can_withdraw: followed.can_withdraw,
        reopen_until: until.map_or_else(String::new, |until| until_zh(until.at)),
        grades: [
            Satisfaction::Satisfied,
            Satisfaction::Basically,
            Satisfaction::Not,
        ]
        .iter()
        .map(|one| Choice::new(one.slug(), one.word(), typed.get("satisfaction")))
        .collect(),
        action,
        typed,
        errors,
    };
    Ok(Html(shown).into_response())
}

/// Whose turn it is, for somebody outside.
fn turn(view: &crate::cases::AppealView) -> String {
    let case = &view.loaded.case;
    let lead = view.row.head.holder_name.clone().unwrap_or_default();
    match (case.is_open(), case.stage()) {
        (false, _) => String::new(),
        (true, Stage::Intake) => "等待受理".to_owned(),
        (true, Stage::Dispatch) => "等待交办".to_owned(),
        (true, Stage::Visit) => "等您评价；不评价的，会有人回访".to_owned(),
        (true, Stage::Supervision) => "督查督办中".to_owned(),
        (true, _) => format!("{lead}正在办理"),
    }
}

/// What an appellant is told of: stages, not who wrote which note.
fn history(view: &crate::cases::AppealView) -> Vec<(String, String)> {
    use zhida_casework::{Change, Named as _};
    let words = |change: &Change<crate::words::Appeal>| match change {
        Change::Opened { .. } => Some("已登记".to_owned()),
        Change::Advanced { to, .. } => Some(format!("进入“{}”", to.name())),
        Change::Returned {
            to: Stage::Dispatch,
            ..
        } => Some("不满意，再次交办".to_owned()),
        Change::Returned { to, .. } => Some(format!("不满意，进入“{}”", to.name())),
        Change::Transferred { to, .. } => Some(format!("由{}办理", to.name)),
        Change::ObjectionSettled {
            to, moved: true, ..
        } => Some(format!("改由{}办理", to.name)),
        Change::Extended { by, reason } => Some(format!("延期 {by}：{reason}")),
        Change::Closed {
            outcome, reason, ..
        } => Some(match outcome {
            Outcome::NotAccepted | Outcome::Redirected | Outcome::Unsolved => {
                format!("{}：{reason}", outcome.word())
            }
            _ => outcome.word().to_owned(),
        }),
        Change::Withdrawn { .. } => Some("已撤回".to_owned()),
        Change::Reopened { .. } => Some("重新办理".to_owned()),
        Change::Recalculated { why } => Some(format!("期限重新计算：{why}")),
        _ => None,
    };
    let events = view.loaded.events.iter().rev();
    events
        .filter_map(|event| Some((datetime_zh(event.at), words(&event.change)?)))
        .collect()
}
