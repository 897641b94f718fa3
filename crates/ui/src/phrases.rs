//! Phrases 常用语 on pages: choosing one in a form, and the page on which they are written.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use zhida_platform::access::Viewer;
use zhida_platform::format::datetime_zh;
use zhida_platform::phrases::{NewPhrase, Phrase, Phrases};
use zhida_platform::problem::Problem;

use crate::{Choice, Fields, FormErrors, Frame, Html, Page, PageError};

/// The page's state: a room makes one and adds the routes
///
/// ```text
/// .route("/redemption/phrases", get(phrases::list).post(phrases::add))
/// .route("/redemption/phrases/{id}", get(phrases::edit).post(phrases::change))
/// .with_state(pages)
/// ```
#[derive(Debug, Clone)]
pub struct PhrasePages {
    /// The room's phrases.
    pub phrases: Phrases,
    /// Where the page is: `/redemption/phrases`.
    pub path: &'static str,
    /// Words and address of the page it belongs to.
    pub home: (&'static str, &'static str),
}

/// The phrases of a purpose as choices of `ui::phrased`.
#[must_use]
pub fn choices(phrases: &[Phrase], purpose: &str) -> Vec<Choice> {
    let of_purpose = phrases.iter().filter(|phrase| phrase.purpose == purpose);
    of_purpose
        .map(|phrase| {
            let whose = if phrase.is_shared {
                "本单位"
            } else {
                "自己"
            };
            Choice::new(&phrase.id, format!("{}（{whose}）", phrase.name), "")
        })
        .collect()
}

/// The fields of a form whose button 套用 was pressed, with the phrase filled in behind what was typed, and the name of
/// the area; `None` when another button was pressed. The room shows its page with them, status 200.
///
/// # Errors
/// No phrase was chosen: a sentence at the area's field; the phrase is another's; the database.
pub async fn applied(
    phrases: &Phrases,
    viewer: &Viewer,
    fields: &Fields,
    values: &[(&str, &str)],
) -> Result<Option<(String, Fields)>, Problem> {
    let area = fields.get("apply");
    if area.is_empty() {
        return Ok(None);
    }
    let chosen = fields.get(&format!("{area}-phrase"));
    if chosen.is_empty() {
        let words = "请先选择一条常用语，再按“套用”";
        return Err(Problem::bad_input(words).field(area, words));
    }
    let phrase = phrases.get(viewer, chosen).await?;
    let filled = phrases.book().fill(&phrase.text, values);
    let text = match fields.get(area) {
        "" => filled,
        typed => format!("{typed}\n{filled}"),
    };
    let mut after = fields.clone();
    after.set(area, text);
    Ok(Some((area.to_owned(), after)))
}

#[derive(Template)]
#[template(path = "ui/phrases.html")]
struct PhrasesPage {
    page: Page,
    errors: FormErrors,
    action: String,
    path: &'static str,
    lines: Vec<Line>,
    places: String,
    /// Name of the phrase that is changed; empty: a new one.
    changing: String,
    heading: String,
    purposes: Vec<Choice>,
    owners: Vec<Choice>,
    called: String,
    text: String,
}

struct Line {
    id: String,
    purpose: &'static str,
    name: String,
    text: String,
    whose: &'static str,
    updated: String,
}

async fn page(
    pages: &PhrasePages,
    frame: &Frame,
    changed: Option<&Phrase>,
    typed: Option<&Fields>,
) -> Result<PhrasesPage, Problem> {
    let all = pages.phrases.list(&frame.viewer).await?;
    let book = pages.phrases.book();
    let given = |name: &str, kept: &str| {
        typed.map_or_else(|| kept.to_owned(), |fields| fields.get(name).to_owned())
    };
    let purpose = given("purpose", changed.map_or("", |phrase| &phrase.purpose));
    let kept = changed.map_or("", |phrase| if phrase.is_shared { "yes" } else { "no" });
    let shared = match given("shared", kept).as_str() {
        "yes" => "yes",
        _ => "no",
    };
    let has_body = frame
        .viewer
        .seat()
        .is_some_and(|seat| seat.organisation.is_some());
    let owners = [("no", "只给自己用"), ("yes", "本单位的人都能用")];
    let line = |phrase: &Phrase| Line {
        id: phrase.id.clone(),
        purpose: book.use_name(&phrase.purpose).unwrap_or("已不用"),
        name: phrase.name.clone(),
        text: phrase.text.clone(),
        whose: if phrase.is_shared {
            "本单位"
        } else {
            "自己"
        },
        updated: format!("{} {}", phrase.updated_by, datetime_zh(phrase.updated_at)),
    };
    let (label, href) = pages.home;
    Ok(PhrasesPage {
        page: frame
            .page("常用语")
            .lead("反复要写的话写一次，办理时选用；选用之后还可以改。")
            .active(href)
            .crumb(label, href)
            .office(),
        errors: FormErrors::none(),
        action: match changed {
            Some(phrase) => format!("{}/{}", pages.path, phrase.id),
            None => pages.path.to_owned(),
        },
        path: pages.path,
        lines: all.iter().map(line).collect(),
        places: book.places(),
        heading: changed.map_or_else(
            || "新写一条".to_owned(),
            |phrase| format!("修改：{}", phrase.name),
        ),
        changing: changed
            .map(|phrase| phrase.name.clone())
            .unwrap_or_default(),
        purposes: std::iter::once(Choice::new("", "请选择", &purpose))
            .chain(
                book.uses
                    .iter()
                    .map(|(slug, name)| Choice::new(*slug, *name, &purpose)),
            )
            .collect(),
        owners: owners
            .into_iter()
            .filter(|(value, _)| has_body || *value == "no")
            .map(|(value, label)| Choice::new(value, label, shared))
            .collect(),
        called: given("name", changed.map_or("", |phrase| &phrase.name)),
        text: given("text", changed.map_or("", |phrase| &phrase.text)),
    })
}

async fn save(
    pages: &PhrasePages,
    frame: &Frame,
    changed: Option<&Phrase>,
    fields: &Fields,
) -> Result<Response, PageError> {
    let new = NewPhrase {
        purpose: fields.get("purpose"),
        name: fields.get("name"),
        text: fields.get("text"),
        is_shared: fields.get("shared") == "yes",
    };
    let id = changed.map(|phrase| phrase.id.as_str());
    match pages.phrases.save(&frame.viewer, id, &new).await {
        Ok(_) => Ok(Redirect::to(pages.path).into_response()),
        Err(problem) if !problem.fields.is_empty() => {
            let mut shown = page(pages, frame, changed, Some(fields)).await?;
            shown.errors = problem.fields.into();
            Ok((StatusCode::BAD_REQUEST, Html(shown)).into_response())
        }
        Err(problem) => Err(problem.into()),
    }
}

/// 常用语
pub async fn list(State(pages): State<PhrasePages>, frame: Frame) -> Result<Response, PageError> {
    Ok(Html(page(&pages, &frame, None, None).await?).into_response())
}

/// 新写一条
pub async fn add(
    State(pages): State<PhrasePages>,
    frame: Frame,
    fields: Fields,
) -> Result<Response, PageError> {
    save(&pages, &frame, None, &fields).await
}

/// 修改一条
pub async fn edit(
    State(pages): State<PhrasePages>,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let phrase = pages.phrases.get(&frame.viewer, &id).await?;
    Ok(Html(page(&pages, &frame, Some(&phrase), None).await?).into_response())
}

/// 保存修改，或删除
pub async fn change(
    State(pages): State<PhrasePages>,
    frame: Frame,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    if fields.get("do") == "remove" {
        pages.phrases.remove(&frame.viewer, &id).await?;
        return Ok(Redirect::to(pages.path).into_response());
    }
    let phrase = pages.phrases.get(&frame.viewer, &id).await?;
    save(&pages, &frame, Some(&phrase), &fields).await
}
