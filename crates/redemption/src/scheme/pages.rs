//! 兑付方案: the list, and one item's scheme as everybody may read it.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use zhida_platform::clock::to_shanghai;
use zhida_platform::format::date_zh;
use zhida_policies::Delivery;
use zhida_ui::{Frame, Html, Page};

use super::difference::Change;
use super::editor;
use super::model::Scheme;
use super::preset;
use super::service::{Revised, SchemeLine};
use crate::fields::Fields;
use crate::pages::{Answer, SCHEMES, to};
use crate::rights::{APPLY, SCHEME};
use crate::service::Redemption;

pub(crate) fn routes(app: Arc<Redemption>) -> Router {
    Router::new()
        .route("/schemes", get(list))
        .route("/schemes/{item}", get(show))
        .route(
            "/schemes/{item}/edit",
            get(editor::edit).post(editor::submit),
        )
        .route("/schemes/{item}/check", post(editor::check))
        .route("/schemes/{item}/pause", post(pause))
        .with_state(app)
}

#[derive(Template)]
#[template(path = "redemption/schemes.html")]
struct ListPage {
    page: Page,
    lines: Vec<SchemeLine>,
    published: usize,
}

/// 兑付方案
async fn list(State(app): State<Arc<Redemption>>, frame: Frame) -> Answer {
    frame.viewer.need(SCHEME)?;
    let lines = app.schemes().await?;
    let published = lines.iter().filter(|line| line.revision > 0).count();
    Ok(Html(ListPage {
        page: frame
            .page("兑付方案")
            .lead("每个事项怎样从申请走到资金到账：环节、时限、公示、拨付。发布后的版本不再改变，在办的按开始时的版本办完。")
            .active(SCHEMES)
            .office(),
        lines,
        published,
    })
    .into_response())
}

/// One step as pages show it.
pub(super) struct StepLine {
    pub name: &'static str,
    pub term: String,
    pub turn: &'static str,
    pub about: &'static str,
}

pub(super) fn steps(scheme: &Scheme) -> Vec<StepLine> {
    use crate::words::Stage;
    let about = |stage| match stage {
        Stage::Confirm => ("企业", "企业确认要不要，一键完成"),
        Stage::Accept => ("经办部门", "看材料是否齐全"),
        Stage::Review => ("经办部门", "核对条件和金额"),
        Stage::Joint => ("联审部门", "几个部门同时出意见"),
        Stage::Inspection => ("经办部门", "到现场核查"),
        Stage::Scoring => ("评审专家", "专家分别打分"),
        Stage::Audit => ("经办部门", "委托审计"),
        Stage::Decision => ("审定人员", "决定是否兑付和金额"),
        Stage::Notice => ("系统", "向社会公示，无异议再拨付"),
        Stage::Payment => ("财政部门", "资金拨付到账"),
    };
    let line = |step: &super::model::Step| {
        let (turn, about) = about(step.stage);
        StepLine {
            name: step.stage.word(),
            term: step.term.to_string(),
            turn,
            about,
        }
    };
    scheme.route.iter().map(line).collect()
}

/// A revision as pages show it.
struct RevisionLine {
    day: String,
    title: String,
    is_first: bool,
    changes: Vec<Change>,
    /// Cases under way that stay on it, for those who look after schemes; empty for none.
    running: String,
}

fn revision(one: Revised, may_edit: bool) -> RevisionLine {
    let published = one.published;
    RevisionLine {
        day: date_zh(to_shanghai(published.at).date_naive()),
        title: format!("第 {} 版，{}发布", published.revision, published.by),
        is_first: published.revision == 1,
        changes: one.changes,
        running: match may_edit && one.running > 0 {
            true => format!("在办 {} 件，按这一版办完", one.running),
            false => String::new(),
        },
    }
}

#[derive(Template)]
#[template(path = "redemption/scheme.html")]
struct ShowPage {
    page: Page,
    item: String,
    item_name: String,
    delivery: &'static str,
    preset: String,
    steps: Vec<StepLine>,
    period: &'static str,
    completion: String,
    reviewers: Vec<(String, String)>,
    parts: Vec<(u32, String)>,
    revisions: Vec<RevisionLine>,
    is_published: bool,
    paused: bool,
    /// What is applied for, unlike what is offered without an application.
    is_applied_for: bool,
    may_apply: bool,
    /// An agent that has not chosen for whom.
    wants_enterprise: bool,
    is_visitor: bool,
    may_edit: bool,
}

/// 一个事项的兑付方案
async fn show(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(item): Path<String>,
) -> Answer {
    let shown = app.scheme(&item).await?;
    let revisions = app.scheme_revisions(&shown.item.id).await?;
    let scheme = shown.current.as_ref().map(|current| &current.scheme);
    let preset = scheme.and_then(|scheme| preset::class(&scheme.preset, &scheme.class));
    let may_apply = frame.viewer.may(APPLY);
    let has_enterprise = frame.viewer.own_enterprise().is_some();
    Ok(Html(ShowPage {
        page: frame
            .page(format!("怎样兑付：{}", shown.item.name))
            .active(SCHEMES)
            .crumb("惠企政策", "/policies")
            .crumb(
                shown.item.name.clone(),
                format!("/policies/{}", shown.item.id),
            ),
        item: shown.item.id.clone(),
        item_name: shown.item.name.clone(),
        delivery: shown.item.elements.delivery.word(),
        preset: preset.map_or_else(String::new, |(preset, class)| {
            format!("{}，{}", preset.name, class.name)
        }),
        steps: scheme.map(steps).unwrap_or_default(),
        period: scheme.map_or("", |scheme| scheme.period.word()),
        completion: scheme
            .and_then(|scheme| scheme.completion)
            .map(|term| term.to_string())
            .unwrap_or_default(),
        reviewers: scheme.map_or_else(Vec::new, |scheme| {
            let all = scheme.reviewers.iter();
            all.map(|one| (one.department.clone(), one.term.to_string()))
                .collect()
        }),
        parts: scheme.map_or_else(Vec::new, |scheme| {
            let all = scheme.parts.iter();
            all.map(|part| (part.percent, part.when.clone())).collect()
        }),
        revisions: revisions
            .into_iter()
            .map(|one| revision(one, frame.viewer.may(SCHEME)))
            .collect(),
        is_published: shown.current.is_some(),
        paused: shown.paused,
        is_applied_for: shown.item.elements.delivery != Delivery::NoApplication,
        may_apply: may_apply && has_enterprise,
        wants_enterprise: may_apply && !has_enterprise,
        is_visitor: frame.viewer.account().is_none(),
        may_edit: frame.viewer.may(SCHEME),
    })
    .into_response())
}

/// 暂停受理、恢复受理
async fn pause(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(item): Path<String>,
    fields: Fields,
) -> Answer {
    app.pause_scheme(&frame.viewer, &item, fields.get("paused") == "1")
        .await?;
    Ok(to(&format!("{SCHEMES}/{item}")))
}
