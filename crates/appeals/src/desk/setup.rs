//! 诉求设置: whose clocks a city takes, and its categories with their duty lists.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page, Tone, places};

use super::SETUP;
use crate::error::Error;
use crate::pages::{Answer, to};
use crate::rights::SETUP as MAY;
use crate::rules::{Catalogue, CityRules, Preset, presets};
use crate::service::Appeals;
use crate::words::Track;

#[derive(Template)]
#[template(path = "appeals/desk/setup.html")]
struct SetupPage {
    page: Page,
    errors: FormErrors,
    revision: i64,
    note: String,
    chosen: Vec<(String, String)>,
    source: String,
    assumption: String,
    presets: Vec<Choice>,
    tries: String,
    backstop: String,
    place: String,
    cities: Vec<String>,
    bodies: Vec<String>,
    catalogue_revision: i64,
    catalogue: String,
    categories: Vec<CategoryLine>,
}

struct CategoryLine {
    path: String,
    name: String,
    department: String,
}

/// What follows when the settings name no city, and how to mend it.
pub(crate) const NO_CITY: &str = "“诉求设置”里没有填本市：没有写地点的诉求不算在任何地方，只按辖区看的人（督查、领导）在列表和数据里看不到它们。请管理员在“诉求设置 - 换一套时限”里填写。";

type App = State<Arc<Appeals>>;

/// 诉求设置
pub(super) async fn show(State(app): App, frame: Frame) -> Answer {
    let page = page(&app, &frame, &Fields::default(), FormErrors::none()).await?;
    Ok(Html(page).into_response())
}

/// 发布时限规则
pub(super) async fn rules(State(app): App, frame: Frame, fields: Fields) -> Answer {
    let done = publish_rules(&app, &frame, &fields).await;
    answer(&app, &frame, &fields, done).await
}

/// 发布诉求分类
pub(super) async fn categories(State(app): App, frame: Frame, fields: Fields) -> Answer {
    let done = publish_categories(&app, &frame, &fields).await;
    answer(&app, &frame, &fields, done).await
}

async fn publish_rules(app: &Appeals, frame: &Frame, fields: &Fields) -> Result<(), Error> {
    let preset = Preset::find(fields.get("preset"))
        .ok_or_else(|| Error::field("preset", "请选择一套时限"))?;
    let place = places::read(fields.get("place")).map_err(|why| Error::field("place", why))?;
    let backstop = fields.get("backstop");
    if !backstop.is_empty() {
        app.the_body("backstop", backstop).await?;
    }
    let rules = CityRules {
        tries: fields.get("tries").parse().unwrap_or_default(),
        backstop: backstop.to_owned(),
        place,
        ..CityRules::of(preset)
    };
    let edited = fields.get("revision").parse().unwrap_or_default();
    app.publish_rules(&frame.viewer, &rules, edited, fields.get("note"))
        .await?;
    Ok(())
}

async fn publish_categories(app: &Appeals, frame: &Frame, fields: &Fields) -> Result<(), Error> {
    let catalogue: Catalogue =
        serde_norway::from_str(fields.get("catalogue")).map_err(|error| {
            Error::field(
                "catalogue",
                format!("分类读不出来：{error}。请对照原来的写法修改"),
            )
        })?;
    let edited = fields.get("revision").parse().unwrap_or_default();
    app.publish_catalogue(&frame.viewer, &catalogue, edited, fields.get("note"))
        .await?;
    Ok(())
}

async fn answer(app: &Appeals, frame: &Frame, fields: &Fields, done: Result<(), Error>) -> Answer {
    let Err(error) = done else {
        return Ok(to(SETUP));
    };
    let problem = Problem::from(error);
    if problem.status.is_server_error() || problem.status == StatusCode::FORBIDDEN {
        return Err(problem.into());
    }
    let mut errors = FormErrors::none();
    match problem.fields.is_empty() {
        true => errors.add("preset", problem.detail),
        false => errors = problem.fields.into(),
    }
    let page = page(app, frame, fields, errors).await?;
    Ok((problem.status, Html(page)).into_response())
}

async fn page(
    app: &Appeals,
    frame: &Frame,
    typed: &Fields,
    errors: FormErrors,
) -> Result<SetupPage, Error> {
    frame.viewer.need(MAY)?;
    let published = app.rules().await?;
    let categories = app.catalogue().await?;
    let rules = &published.rules;
    let or = |name: &str, kept: &str| match typed.get(name) {
        "" => kept.to_owned(),
        typed => typed.to_owned(),
    };
    let catalogue = &categories.catalogue;
    let text = serde_norway::to_string(catalogue).map_err(|_| Error::Stored("诉求分类"))?;
    let chosen = or("preset", &rules.preset.id);
    let mut shown = frame
        .page("诉求设置")
        .lead("改过的时限和分类从下一件诉求起生效；在办的保留登记时的规则。")
        .active(SETUP)
        .office();
    if rules.place.is_empty() {
        shown = shown.notice(Tone::Warning, NO_CITY);
    }
    Ok(SetupPage {
        page: shown,
        errors,
        revision: published.revision,
        note: published.note,
        chosen: lines(&rules.preset),
        source: rules.preset.source.clone(),
        assumption: rules.preset.assumption.clone(),
        presets: presets()
            .iter()
            .map(|one| Choice::new(&one.id, &one.name, &chosen).hint(&one.rule))
            .collect(),
        tries: or("tries", &rules.tries.to_string()),
        backstop: or("backstop", &rules.backstop),
        place: or("place", &places::name(&rules.place)),
        cities: places::cities(),
        bodies: app.departments.names().await?,
        catalogue_revision: categories.revision,
        catalogue: or("catalogue", &text),
        categories: catalogue
            .categories
            .iter()
            .map(|one| CategoryLine {
                path: one.path.clone(),
                name: catalogue.full_name(&one.path),
                department: catalogue
                    .department(&one.path)
                    .unwrap_or_default()
                    .to_owned(),
            })
            .collect(),
    })
}

/// The limits of a preset, in the order of the route.
fn lines(preset: &Preset) -> Vec<(String, String)> {
    let own = |key: &str, value: String| (key.to_owned(), value);
    let mut lines = vec![
        own("受理", preset.intake.to_string()),
        own("交办（自登记起）", preset.dispatch.to_string()),
    ];
    lines.extend(
        preset
            .contact
            .map(|limit| own("响应（自交办起）", limit.to_string())),
    );
    lines.extend(
        preset
            .plan
            .map(|limit| own("初步答复（自交办起）", limit.to_string())),
    );
    for track in Track::ALL {
        lines.push((
            format!("办理：{}（自交办起）", track.word()),
            preset.handling(*track).to_string(),
        ));
    }
    lines.push(own("协办", preset.opinion.to_string()));
    lines.extend(preset.extension.map(|one| {
        let ahead = one
            .ahead
            .map(|term| format!("，提前 {term} 申请"))
            .unwrap_or_default();
        own(
            "延期",
            format!("{} 次，每次最多 {}{ahead}", one.times, one.most),
        )
    }));
    lines.extend(preset.objection.map(|one| {
        own(
            "派单异议",
            format!(
                "收到后 {} 内提出，{} 内裁定，裁定一次",
                one.window, one.decide
            ),
        )
    }));
    lines.push(own("回访", preset.visit.to_string()));
    lines.push(own("重新办理", format!("办结后 {} 内", preset.reopening)));
    lines
}
