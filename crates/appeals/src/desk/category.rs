//! One category of appeals as a form: whose duty it is, where, what is taken and what is not.
//!
//! A category keeps its place once it is made, for appeals remember it; one that is in the wrong place is closed and made
//! anew. Every save is a revision of the whole catalogue, which the page of YAML shows too.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page, places};

use super::SETUP;
use crate::error::Error;
use crate::pages::{Answer, to};
use crate::query::AppealQuery;
use crate::rights::SETUP as MAY;
use crate::rules::{Catalogue, Category, PublishedCatalogue, Refusal};
use crate::service::Appeals;
use crate::words::Track;

/// Levels below which nothing can be made.
const LEVELS: usize = 3;
/// Lines of the refusal list that are free to write.
const FREE_LINES: usize = 3;
/// Lines of it at most.
const LINES_MAX: usize = 100;

#[derive(Template)]
#[template(path = "appeals/desk/category.html")]
struct CategoryPage {
    page: Page,
    errors: FormErrors,
    revision: String,
    /// Empty for a new one.
    path: String,
    full_name: String,
    parents: Vec<Choice>,
    // not `name`: fields have a parameter of that name, which would stand before it
    called: String,
    department: String,
    department_hint: String,
    bodies: Vec<String>,
    places: Vec<Choice>,
    tracks: Vec<Choice>,
    accepts: String,
    refusals: Vec<(usize, String, String)>,
    closed: Vec<Choice>,
    open_appeals: u64,
    note: String,
}

/// Which category; both empty: a new one of the first level.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    path: String,
    parent: String,
}

type App = State<Arc<Appeals>>;

/// 一个诉求分类
pub(super) async fn show(State(app): App, frame: Frame, Query(which): Query<Which>) -> Answer {
    frame.viewer.need(MAY)?;
    let published = app.catalogue().await?;
    let category = match which.path.as_str() {
        "" => Category::default(),
        path => found(&published.catalogue, path)?.clone(),
    };
    let mut fields = fields_of(&category);
    fields.put("parent", which.parent);
    fields.put("revision", published.revision.to_string());
    let page = page(&app, &frame, &published, &fields, FormErrors::none()).await?;
    Ok(Html(page).into_response())
}

/// 保存一个诉求分类
pub(super) async fn save(State(app): App, frame: Frame, fields: Fields) -> Answer {
    frame.viewer.need(MAY)?;
    let published = app.catalogue().await?;
    let Err(error) = publish(&app, &frame, &published.catalogue, &fields).await else {
        return Ok(to(&format!("{SETUP}#categories")));
    };
    let problem = Problem::from(error);
    if problem.status.is_server_error() || problem.status == StatusCode::NOT_FOUND {
        return Err(problem.into());
    }
    let mut errors = FormErrors::from(problem.fields);
    if errors.is_empty() {
        errors.add("name", problem.detail);
    }
    let page = page(&app, &frame, &published, &fields, errors).await?;
    Ok((problem.status, Html(page)).into_response())
}

fn found<'c>(catalogue: &'c Catalogue, path: &str) -> Result<&'c Category, Error> {
    let category = catalogue.find(path);
    category.ok_or_else(|| Error::missing("这个诉求分类"))
}

fn fields_of(category: &Category) -> Fields {
    let mut fields = Fields::default();
    fields.put("path", category.path.as_str());
    fields.put("name", category.name.as_str());
    fields.put("department", category.department.as_str());
    fields.put("place", category.place.as_str());
    fields.put("track", category.track.map_or("", Track::slug));
    fields.put("accepts", category.accepts.join("\n"));
    for (at, one) in category.refusals.iter().enumerate() {
        fields.put(format!("reason-{at}"), one.reason.as_str());
        fields.put(format!("instead-{at}"), one.instead.as_str());
    }
    if category.closed {
        fields.put("closed", "yes");
    }
    fields
}

/// The lines of the refusal list as they were typed, empty ones too, numbered.
fn refusal_lines(fields: &Fields) -> Vec<(usize, String, String)> {
    let lines = (0..LINES_MAX).map(|at| {
        let of = |name: &str| fields.get(&format!("{name}-{at}")).to_owned();
        (at, of("reason"), of("instead"))
    });
    let mut lines: Vec<_> = lines.collect();
    let used =
        |(_, reason, instead): &(usize, String, String)| !reason.is_empty() || !instead.is_empty();
    let last = lines.iter().rposition(used).map_or(0, |last| last + 1);
    lines.truncate((last + FREE_LINES).min(LINES_MAX));
    lines
}

async fn publish(
    app: &Appeals,
    frame: &Frame,
    catalogue: &Catalogue,
    fields: &Fields,
) -> Result<(), Error> {
    let category = read(app, catalogue, fields).await?;
    let mut changed = catalogue.clone();
    let words = match changed.find(&category.path) {
        Some(_) => format!("修改“{}”", category.name),
        None => format!("新建“{}”", category.name),
    };
    changed.put(category);
    let note = match fields.get("note") {
        "" => words,
        note => format!("{words}：{note}"),
    };
    let edited = fields.get("revision").parse().unwrap_or(-1);
    let done = app
        .publish_catalogue(&frame.viewer, &changed, edited, &note)
        .await;
    done.map(|_| ()).map_err(|error| match error {
        Error::Field { message, .. } => Error::field("name", message),
        other => other,
    })
}

/// The category as it was typed; what a form can get wrong is said at its field.
async fn read(app: &Appeals, catalogue: &Catalogue, fields: &Fields) -> Result<Category, Error> {
    let path = match fields.get("path") {
        "" => new_path(catalogue, fields.get("parent"))?,
        path => found(catalogue, path)?.path.clone(),
    };
    if fields.get("name").is_empty() {
        return Err(Error::field("name", "请写分类的名称"));
    }
    let department = fields.get("department");
    let above = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    match department {
        "" if catalogue.department(above).is_none() => {
            return Err(Error::field(
                "department",
                "上级分类没有责任单位，请写这个分类的责任单位",
            ));
        }
        "" => {}
        named => {
            app.the_body("department", named).await?;
        }
    }
    let place = fields.get("place");
    if !place.is_empty() && zhida_standards::division::resolve(place).is_none() {
        return Err(Error::field(
            "place",
            "没有这个行政区划代码，请在列表里选择",
        ));
    }
    let mut refusals = Vec::new();
    for (at, reason, instead) in refusal_lines(fields) {
        match (reason.is_empty(), instead.is_empty()) {
            (true, true) => {}
            (false, false) => refusals.push(Refusal { reason, instead }),
            (true, false) => return Err(Error::field(format!("reason-{at}"), "请写原因")),
            (false, true) => {
                return Err(Error::field(format!("instead-{at}"), "请写应当去哪里"));
            }
        }
    }
    Ok(Category {
        path,
        name: fields.get("name").to_owned(),
        department: department.to_owned(),
        place: place.to_owned(),
        track: Track::parse(fields.get("track")),
        accepts: fields.lines("accepts").map(str::to_owned).collect(),
        refusals,
        closed: fields.get("closed") == "yes",
    })
}

fn new_path(catalogue: &Catalogue, parent: &str) -> Result<String, Error> {
    if !parent.is_empty() && !parents(catalogue).any(|one| one.path == parent) {
        return Err(Error::field("parent", "请选择上级分类；第三级下面不能再分"));
    }
    Ok(catalogue.new_path(parent))
}

/// Those that others can be made below.
fn parents(catalogue: &Catalogue) -> impl Iterator<Item = &Category> {
    catalogue
        .open()
        .filter(|one| one.path.split('/').count() < LEVELS)
}

async fn page(
    app: &Appeals,
    frame: &Frame,
    published: &PublishedCatalogue,
    fields: &Fields,
    errors: FormErrors,
) -> Result<CategoryPage, Error> {
    let catalogue = &published.catalogue;
    let (path, parent) = (fields.get("path"), fields.get("parent"));
    let above = match path {
        "" => parent,
        path => path.rsplit_once('/').map_or("", |(above, _)| above),
    };
    let below = AppealQuery {
        category: path.to_owned(),
        ..AppealQuery::default()
    };
    let city = app.rules().await?.rules.place;
    Ok(CategoryPage {
        page: frame
            .page(if path.is_empty() {
                "新建诉求分类"
            } else {
                "修改诉求分类"
            })
            .active(SETUP)
            .crumb("诉求设置", SETUP)
            .office(),
        errors,
        revision: fields.get("revision").to_owned(),
        full_name: catalogue.full_name(path),
        parents: std::iter::once(Choice::new("", "没有，是一级分类", parent))
            .chain(
                parents(catalogue)
                    .map(|one| Choice::new(&one.path, catalogue.full_name(&one.path), parent)),
            )
            .collect(),
        called: fields.get("name").to_owned(),
        department: fields.get("department").to_owned(),
        department_hint: match catalogue.department(above) {
            Some(body) => format!("组织机构中的全称；不写的按上级：{body}"),
            None => "组织机构中的全称".to_owned(),
        },
        bodies: app.departments.names().await?,
        places: places::choices("全部", &[&city], fields.get("place")),
        tracks: std::iter::once(Choice::new("", "按上级，或受理时再定", fields.get("track")))
            .chain(
                Track::ALL
                    .iter()
                    .map(|one| Choice::new(one.slug(), one.word(), fields.get("track"))),
            )
            .collect(),
        accepts: fields.get("accepts").to_owned(),
        refusals: refusal_lines(fields),
        closed: vec![Choice::new("yes", "停用", fields.get("closed"))],
        open_appeals: match path {
            "" => 0,
            _ => app.count(&frame.viewer, &below).await?,
        },
        note: fields.get("note").to_owned(),
        path: path.to_owned(),
    })
}
