//! The public pages: list, item, document.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query as Parameters, State};
use axum::routing::{get, post};
use zhida_platform::format::{count, date_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Frame, Html, Page, PageError, Pager, Tone};

use crate::analysis;
use crate::api::visible;
use crate::applying::Way;
use crate::attachments::Attachments;
use crate::document;
use crate::editor;
use crate::error::Error;
use crate::model::region_name;
use crate::preview::Preview;
use crate::query::{ALL, Facet, Query, QueryText};
use crate::rights::{EDIT, MATCHES};
use crate::service::Policies;
use crate::store::{FacetCount, ListRow};
use crate::view::{ItemView, RevisionLine};
use crate::vocabulary::{Category, Delivery, Level, Theme, Validity};

/// Items of a page of the list.
pub(crate) const PAGE: u32 = 20;

#[derive(Clone)]
pub(crate) struct App {
    pub policies: Arc<Policies>,
    pub attachments: Attachments,
    pub preview: Option<Arc<dyn Preview>>,
}

pub(crate) fn routes(app: App) -> Router {
    Router::new()
        .route("/policies", get(list))
        .route("/policies/new", get(editor::new).post(editor::submit_new))
        .route("/policies/check", post(editor::check))
        .route("/policies/documents/{id}", get(document::show))
        .route(
            "/policies/documents/{id}/files",
            post(document::attach).layer(document::upload_limit()),
        )
        .route(
            "/policies/documents/{id}/files/{file}",
            get(document::download),
        )
        .route(
            "/policies/documents/{id}/files/{file}/remove",
            post(document::detach),
        )
        .route("/policies/{id}", get(show))
        .route(
            "/policies/{id}/edit",
            get(editor::edit).post(editor::submit),
        )
        .route("/policies/{id}/withdraw", post(editor::withdraw))
        .route("/policies/{id}/reinstate", post(editor::reinstate))
        .with_state(app)
}

/// Tone of a tag for a 时效.
pub(crate) fn validity_tone(validity: Validity) -> &'static str {
    match validity {
        Validity::Effective => "green",
        Validity::Expiring => "yellow",
        Validity::Upcoming => "blue",
        Validity::Expired => "red",
    }
}

pub(crate) fn delivery_tone(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::NoApplication => "teal",
        Delivery::Instant => "blue",
        Delivery::Application => "grey",
    }
}

#[derive(Template)]
#[template(path = "policies/list.html")]
struct ListPage {
    page: Page,
    text: QueryText,
    levels: Vec<Choice>,
    regions: Vec<Choice>,
    themes: Vec<Choice>,
    categories: Vec<Choice>,
    deliveries: Vec<Choice>,
    statuses: Vec<Choice>,
    others: Others,
    rows: Vec<Line>,
    pager: Pager,
    may_edit: bool,
}

pub(crate) struct Line {
    pub name: String,
    pub href: String,
    pub meta: String,
    document: String,
    level: &'static str,
    pub delivery: &'static str,
    pub delivery_tone: &'static str,
    pub validity: &'static str,
    pub validity_tone: &'static str,
    pub amount: String,
    /// The amount is words, not money: it is not shouted.
    pub quiet: bool,
}

/// 政策库
async fn list(
    State(app): State<App>,
    frame: Frame,
    Parameters(text): Parameters<QueryText>,
    Parameters(after): Parameters<After>,
) -> Result<Html<ListPage>, PageError> {
    let query = text.parse()?;
    let request = PageRequest {
        after: after.after,
        limit: PAGE,
    }
    .checked(PAGE)?;
    let policies = &app.policies;
    let total = policies.count(&query).await.map_err(Problem::from)?;
    let found = policies
        .list(&query, &request)
        .await
        .map_err(Problem::from)?;
    let rows: Vec<Line> = found.items.iter().map(|row| line(policies, row)).collect();
    let pager = Pager {
        summary: format!("共 {} 项，本页 {} 项", count(total), rows.len()),
        first: request
            .after
            .as_ref()
            .map_or_else(String::new, |_| text.to_address(None)),
        next: found
            .next
            .map_or_else(String::new, |next| text.to_address(Some(&next))),
    };
    let page = frame
        .page("惠企政策库")
        .lead("把政策拆到最小的事项：条款原文旁边是能计算的条件，每一条都可以核对。")
        .active("/policies");
    let facets = Facets {
        policies,
        query: &query,
    };
    let by_status = facets.counts(Facet::Status).await?;
    Ok(Html(ListPage {
        page,
        levels: facets
            .choices(Facet::Level, "全部层级", &text.level, |v| {
                Level::parse(v).map(Level::word)
            })
            .await?,
        regions: facets.regions(&text.region).await?,
        themes: facets
            .choices(Facet::Theme, "全部主题", &text.theme, |v| {
                Theme::parse(v).map(Theme::word)
            })
            .await?,
        categories: facets
            .choices(Facet::Category, "全部类别", &text.category, |v| {
                Category::parse(v).map(Category::word)
            })
            .await?,
        deliveries: facets
            .choices(Facet::Delivery, "全部方式", &text.delivery, |v| {
                Delivery::parse(v).map(Delivery::word)
            })
            .await?,
        statuses: status_choices(&by_status, &text.status),
        others: Others::new(&by_status, &text),
        rows,
        pager,
        may_edit: frame.viewer.may(EDIT),
        text,
    }))
}

/// What the list leaves out because it is not in force, and the way to see it and back.
struct Others {
    /// 尚未施行 1 项、已失效 5 项; empty when nothing is left out, or all is shown.
    words: String,
    href: String,
    /// Everything is shown, in force or not.
    shown: bool,
}

impl Others {
    fn new(counts: &[FacetCount], text: &QueryText) -> Self {
        let asked = text.status.trim();
        let left_out = Validity::ALL.iter().filter(|one| !one.is_in_force());
        let parts = left_out.filter_map(|validity| {
            let found = counts.iter().find(|one| one.value == validity.slug())?;
            Some(format!("{} {} 项", validity.word(), found.count))
        });
        let words: Vec<String> = parts.filter(|_| asked.is_empty()).collect();
        let shown = asked == ALL;
        let other = QueryText {
            status: if shown { "" } else { ALL }.to_owned(),
            ..text.clone()
        };
        Self {
            words: words.join("、"),
            href: other.to_address(None),
            shown,
        }
    }
}

/// In force first, which is what is shown when nothing is chosen.
fn status_choices(counts: &[FacetCount], current: &str) -> Vec<Choice> {
    let of = |validity: Validity| {
        let found = counts.iter().find(|one| one.value == validity.slug());
        found.map_or(0, |one| one.count)
    };
    let sum = |validities: &[Validity]| -> i64 { validities.iter().map(|one| of(*one)).sum() };
    let in_force = format!("现行有效（{}）", sum(&Validity::IN_FORCE));
    let all = format!("全部时效（{}）", sum(Validity::ALL));
    let mut choices = vec![Choice::new("", in_force, current)];
    choices.extend(Validity::ALL.iter().map(|one| {
        let label = format!("{}（{}）", one.word(), of(*one));
        Choice::new(one.slug(), label, current)
    }));
    choices.push(Choice::new(ALL, all, current));
    choices
}

#[derive(serde::Deserialize)]
pub(crate) struct After {
    pub after: Option<String>,
}

struct Facets<'a> {
    policies: &'a Policies,
    query: &'a Query,
}

impl Facets<'_> {
    async fn counts(&self, facet: Facet) -> Result<Vec<FacetCount>, Problem> {
        Ok(self.policies.facet(self.query, facet).await?)
    }

    async fn choices(
        &self,
        facet: Facet,
        all: &str,
        current: &str,
        word: fn(&str) -> Option<&'static str>,
    ) -> Result<Vec<Choice>, Problem> {
        let mut choices = vec![Choice::new("", all, current)];
        choices.extend(self.counts(facet).await?.iter().filter_map(|one| {
            Some(Choice::new(
                &one.value,
                format!("{}（{}）", word(&one.value)?, one.count),
                current,
            ))
        }));
        // An option that was chosen stays, even when the other filters leave nothing of it.
        if !choices.iter().any(|choice| choice.chosen)
            && let Some(word) = word(current)
        {
            choices.push(Choice::new(current, format!("{word}（0）"), current));
        }
        Ok(choices)
    }

    async fn regions(&self, current: &str) -> Result<Vec<Choice>, Problem> {
        let mut choices = vec![Choice::new("", "全部区域", current)];
        choices.extend(self.counts(Facet::Region).await?.iter().map(|one| {
            let label = format!("{}（{}）", region_name(&one.value), one.count);
            Choice::new(&one.value, label, current)
        }));
        if !choices.iter().any(|choice| choice.chosen) {
            choices.push(Choice::new(current, region_name(current), current));
        }
        Ok(choices)
    }
}

pub(crate) fn line(policies: &Policies, row: &ListRow) -> Line {
    let today = policies.today();
    let catalogue = policies.catalogue(today);
    let item = catalogue.find(&row.id);
    let regions = item.map_or_else(String::new, |item| {
        item.elements
            .regions
            .iter()
            .take(3)
            .map(|code| region_name(code))
            .collect::<Vec<_>>()
            .join("、")
    });
    let until = row
        .valid_until
        .map(|day| format!("有效期至 {}", date_zh(day)))
        .unwrap_or_default();
    let (amount, quiet) = item
        .and_then(|item| analysis::headline(&item.rules, policies.dictionary(), today))
        .unwrap_or_default();
    let department = item.map_or_else(String::new, |item| item.elements.department.clone());
    let meta = [regions, department, until];
    Line {
        name: row.name.clone(),
        href: format!("/policies/{}", row.id),
        meta: meta
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        document: row.document_title.clone(),
        level: row.level.word(),
        delivery: row.delivery.word(),
        delivery_tone: delivery_tone(row.delivery),
        validity: row.validity.word(),
        validity_tone: validity_tone(row.validity),
        amount,
        quiet,
    }
}

#[derive(Template)]
#[template(path = "policies/show.html")]
struct ShowPage {
    page: Page,
    view: ItemView,
    way: Way,
    /// The code of the enterprise that the viewer acts for.
    own_code: String,
    revisions: Vec<RevisionLine>,
    may_edit: bool,
    may_match: bool,
    withdrawn: bool,
    published: bool,
    has_draft: bool,
}

/// 政策事项
async fn show(
    State(app): State<App>,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Html<ShowPage>, PageError> {
    let policies = &app.policies;
    let shown = visible(policies, &frame.viewer, &id)
        .await
        .map_err(Problem::from)?;
    let Some(entry) = shown.entry() else {
        return Err(Problem::from(Error::NoItem(id)).into());
    };
    let document = policies
        .document(&shown.record.document_id)
        .await
        .map_err(Problem::from)?;
    let revisions = policies
        .revisions(&shown.record.id)
        .await
        .map_err(Problem::from)?;
    let may_edit = frame.viewer.may(EDIT);
    let view = ItemView::new(policies, entry, &document, shown.record.number.as_deref());
    let mut page = frame
        .page(entry.item.name.clone())
        .active("/policies")
        .crumb("惠企政策库", "/policies")
        .crumb(
            document.title.clone(),
            format!("/policies/documents/{}", document.id),
        );
    match entry.document.validity(policies.today()) {
        Validity::Expired => {
            page = page.notice(Tone::Warning, "本事项所依据的政策已失效，仅供查阅。")
        }
        Validity::Upcoming => page = page.notice(Tone::Info, "本事项所依据的政策尚未施行。"),
        Validity::Effective | Validity::Expiring => {}
    }
    let state = shown.record.state;
    if state != crate::ItemState::Published {
        page = page.notice(
            Tone::Warning,
            format!("本事项{}，公众看不到这一页。", state.word()),
        );
    }
    let way = match state {
        crate::ItemState::Published => policies.way_to(&entry.item).await?,
        _ => Way::default(),
    };
    Ok(Html(ShowPage {
        page,
        view,
        way,
        own_code: frame.viewer.own_enterprise().unwrap_or_default().to_owned(),
        revisions: RevisionLine::all(&revisions, may_edit),
        may_edit,
        may_match: frame.viewer.may(MATCHES),
        withdrawn: state == crate::ItemState::Withdrawn,
        published: state == crate::ItemState::Published,
        has_draft: shown.record.draft.is_some(),
    }))
}

pub(crate) fn paragraphs(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}
