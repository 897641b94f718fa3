//! The editor of schemes, with check and preview.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use zhida_platform::access::Reach;
use zhida_platform::format::count;
use zhida_platform::problem::Problem;
use zhida_policies::lint::Severity;
use zhida_policies::{Delivery, PublishedItem};
use zhida_ui::{Choice, FormErrors, Frame, Html, Page};

use super::fields::{read, shown};
use super::lint::Finding;
use super::model::Scheme;
use super::pages::{StepLine, steps};
use super::preset::presets;
use super::service::Next;
use crate::closure::list_store as lists;
use crate::error::Error;
use crate::fields::Fields;
use crate::pages::{Answer, SCHEMES, to};
use crate::rights::SCHEME;
use crate::service::Redemption;
use crate::words::{Overlap, Period, Release, Stage};

#[derive(Template)]
#[template(path = "redemption/scheme_edit.html")]
struct EditPage {
    page: Page,
    errors: FormErrors,
    action: String,
    form: Fields,
    presets: Vec<Choice>,
    terms: Vec<TermField>,
    lists: Vec<Choice>,
    periods: Vec<Choice>,
    releases: Vec<Choice>,
    overlaps: Vec<Choice>,
    payee: Vec<Choice>,
    self_taking: Vec<Choice>,
    is_closure: bool,
    confirm: Vec<Choice>,
    check: Option<Check>,
}

struct TermField {
    name: String,
    label: &'static str,
    value: String,
}

#[derive(Template)]
#[template(path = "redemption/scheme_check.html")]
struct CheckPart {
    check: Option<Check>,
}

/// What the check shows.
struct Check {
    findings: Vec<(Finding, &'static str)>,
    is_good: bool,
    next: Next,
    steps: Vec<StepLine>,
    eligible: String,
    cost: String,
    problem: String,
}

/// 编辑方案
pub(super) async fn edit(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(item): Path<String>,
) -> Answer {
    frame.viewer.need(SCHEME)?;
    let shown_now = app.scheme(&item).await?;
    let revision = shown_now
        .current
        .as_ref()
        .map_or(0, |current| current.revision);
    let kept = shown_now.draft.map(|(scheme, _)| scheme);
    let kept = kept.or_else(|| shown_now.current.map(|current| current.scheme));
    let scheme = match kept {
        Some(scheme) => scheme,
        None => fresh(&shown_now.item)?,
    };
    let check = check_of(&app, &scheme).await?;
    let form = shown(&scheme, revision);
    let page = page(
        &app,
        &frame,
        &shown_now.item,
        form,
        FormErrors::none(),
        Some(check),
    )
    .await?;
    Ok(Html(page).into_response())
}

/// A new scheme by the first preset that knows the item's delivery.
fn fresh(item: &PublishedItem) -> Result<Scheme, Error> {
    let delivery = item.elements.delivery;
    Scheme::of_preset(&item.id, "general", "any", delivery).ok_or(Error::Stored("通用预设"))
}

async fn page(
    app: &Redemption,
    frame: &Frame,
    item: &PublishedItem,
    form: Fields,
    errors: FormErrors,
    check: Option<Check>,
) -> Result<EditPage, Error> {
    let delivery = item.elements.delivery;
    let chosen = form.get("preset").to_owned();
    let mut options = Vec::new();
    for preset in presets() {
        for class in preset
            .classes
            .iter()
            .filter(|class| class.deliveries.contains(&delivery))
        {
            let value = format!("{}/{}", preset.id, class.id);
            let label = match preset.name == class.name {
                true => preset.name.clone(),
                false => format!("{}：{}", preset.name, class.name),
            };
            options.push(Choice::new(value, label, &chosen).hint(class.about.clone()));
        }
    }
    let on: Vec<&str> = form.all("lists").collect();
    let lists = lists::named(app.db.conn()).await?;
    let lists = lists.into_iter().map(|list| Choice {
        chosen: on.contains(&list.id.as_str()),
        ..Choice::new(list.id, format!("{}（{}）", list.name, list.department), "")
    });
    let term = |stage: &Stage| {
        let name = format!("term-{}", stage.slug());
        TermField {
            value: form.get(&name).to_owned(),
            label: stage.word(),
            name,
        }
    };
    Ok(EditPage {
        page: frame
            .page(format!("兑付方案：{}", item.name))
            .lead("先选预设，再按需要改环节和时限；检查没有错误就可以发布。")
            .active(SCHEMES)
            .crumb("兑付方案", SCHEMES)
            .office(),
        action: format!("{SCHEMES}/{}", item.id),
        presets: options,
        terms: Stage::ALL.iter().map(term).collect(),
        lists: lists.collect(),
        periods: Period::ALL
            .iter()
            .map(|one| Choice::new(one.slug(), one.word(), form.get("period")))
            .collect(),
        releases: Release::ALL
            .iter()
            .map(|one| Choice::new(one.slug(), one.word(), form.get("release")))
            .collect(),
        overlaps: Overlap::ALL
            .iter()
            .map(|one| Choice::new(one.slug(), one.word(), form.get("overlap")))
            .collect(),
        self_taking: vec![Choice::new(
            "1",
            "专家可以自己领取名额；不勾选就只由部门指派",
            form.get("self_taking"),
        )],
        payee: vec![Choice::new(
            "1",
            "确认或申请时由企业填写收款账户",
            form.get("asks_payee"),
        )],
        is_closure: delivery == Delivery::NoApplication,
        confirm: vec![Choice::new("yes", "我已看过检查结果，确认发布", "")],
        form,
        errors,
        check,
    })
}

async fn check_of(app: &Redemption, scheme: &Scheme) -> Result<Check, Error> {
    let checked = app.check_scheme(scheme).await?;
    let is_good = checked.errors().is_empty();
    let tone = |finding: Finding| {
        let tone = match finding.severity {
            Severity::Error => "red",
            Severity::Warning => "yellow",
            Severity::Notice => "grey",
        };
        (finding, tone)
    };
    let item = app.item(&scheme.item)?;
    let reach = app.reach_of(&item, &Reach::All).await;
    let (eligible, cost, problem) = match reach {
        Ok((eligible, cost)) => (count(eligible), cost, String::new()),
        Err(error) => (String::new(), String::new(), Problem::from(error).detail),
    };
    Ok(Check {
        findings: checked.findings.into_iter().map(tone).collect(),
        is_good,
        next: app.next_revision(scheme).await?,
        steps: steps(scheme),
        eligible,
        cost,
        problem,
    })
}

/// 检查
pub(super) async fn check(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(item): Path<String>,
    fields: Fields,
) -> Answer {
    frame.viewer.need(SCHEME)?;
    let item = app.item(&item)?;
    let (check, errors) = match read(&item, &fields) {
        Ok(scheme) => (Some(check_of(&app, &scheme).await?), FormErrors::none()),
        Err(errors) => (None, errors),
    };
    if frame.htmx && errors.is_empty() {
        return Ok(Html(CheckPart { check }).into_response());
    }
    let status = match errors.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::BAD_REQUEST,
    };
    let page = page(&app, &frame, &item, fields, errors, check).await?;
    Ok((status, Html(page)).into_response())
}

/// 套用预设、保存草稿、发布
pub(super) async fn submit(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(item): Path<String>,
    fields: Fields,
) -> Answer {
    frame.viewer.need(SCHEME)?;
    let item = app.item(&item)?;
    if fields.get("do") == "preset" {
        return preset(&app, &frame, &item, &fields).await;
    }
    let scheme = match read(&item, &fields) {
        Ok(scheme) => scheme,
        Err(errors) => return refused(&app, &frame, &item, fields, errors).await,
    };
    if fields.get("do") != "publish" {
        app.save_scheme_draft(&frame.viewer, &scheme).await?;
        return Ok(to(&format!("{SCHEMES}/{}/edit", item.id)));
    }
    if fields.get("confirm") != "yes" {
        let mut errors = FormErrors::none();
        errors.add("confirm", "请先确认已看过检查结果");
        return refused(&app, &frame, &item, fields, errors).await;
    }
    let expected = fields.get("revision").parse().unwrap_or(0);
    match app.publish_scheme(&frame.viewer, &scheme, expected).await {
        Ok(_) => Ok(to(&format!("{SCHEMES}/{}", item.id))),
        Err(error @ Error::Lint(_)) => {
            let errors = Problem::from(error).fields.into();
            refused(&app, &frame, &item, fields, errors).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn preset(app: &Redemption, frame: &Frame, item: &PublishedItem, fields: &Fields) -> Answer {
    let (preset, class) = fields.get("preset").split_once('/').unwrap_or_default();
    let Some(scheme) = Scheme::of_preset(&item.id, preset, class, item.elements.delivery) else {
        return Err(Error::field("preset", "请在列表里选一个预设").into());
    };
    let revision = fields.get("revision").parse().unwrap_or(0);
    let check = check_of(app, &scheme).await?;
    let form = shown(&scheme, revision);
    let page = page(app, frame, item, form, FormErrors::none(), Some(check)).await?;
    Ok(Html(page).into_response())
}

async fn refused(
    app: &Redemption,
    frame: &Frame,
    item: &PublishedItem,
    fields: Fields,
    errors: FormErrors,
) -> Answer {
    let check = match read(item, &fields) {
        Ok(scheme) => Some(check_of(app, &scheme).await?),
        Err(_) => None,
    };
    let page = page(app, frame, item, fields, errors, check).await?;
    Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
}
