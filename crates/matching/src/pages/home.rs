//! The home page: search, figures, ways in for enterprises, visitors and officers, what is new and
//! what ends soon.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use zhida_platform::format::{count, date_zh};
use zhida_platform::problem::Problem;
use zhida_policies::{Delivery, Facet, FacetCount, PublishedItem, QueryText, Theme, Validity};
use zhida_registry::rights::LIST as ENTERPRISES;
use zhida_ui::chart::{Caption, Chart, Datum, bars};
use zhida_ui::{Frame, Html, Page, PageError};

use super::percent;
use super::places::{self, Spread};
use crate::Matching;
use crate::judge::deadline;
use crate::rights::LIST;

/// Items of each list.
const LISTED: usize = 6;

/// An item of a short list.
struct Line {
    name: String,
    href: String,
    note: String,
}

#[derive(Template)]
#[template(path = "matching/home.html")]
pub(crate) struct HomePage {
    page: Page,
    officer: bool,
    /// The code of the viewer's own enterprise; empty for others.
    own: String,
    items: u64,
    documents: u64,
    deliveries: Vec<(String, String, String)>,
    enterprises: String,
    map: Option<Chart>,
    themes: Option<Chart>,
    latest: Vec<Line>,
    ending: Vec<Line>,
}

/// 首页
pub(crate) async fn show(
    State(matching): State<Arc<Matching>>,
    frame: Frame,
) -> Result<Html<HomePage>, PageError> {
    let on = matching.today();
    let catalogue = matching.policies.catalogue(on);
    let officer = frame.viewer.may(LIST);
    let spread = if officer {
        matching
            .spreads
            .current(&matching.registry, frame.viewer.reach(ENTERPRISES))
            .await
            .map_err(Problem::from)?
    } else {
        Spread::default()
    };
    let open = &catalogue.open;
    let in_force = catalogue
        .items
        .iter()
        .filter(|item| item.validity(on).is_in_force());
    let mut documents: Vec<&str> = in_force.map(|item| item.document.id.as_str()).collect();
    documents.sort_unstable();
    documents.dedup();
    let figures = figures(&matching).await?;
    let line = |item: &Arc<PublishedItem>, note: String| Line {
        name: item.name.clone(),
        href: format!("/policies/{}", percent(&item.id)),
        note,
    };
    let mut newest: Vec<&Arc<PublishedItem>> = open.iter().collect();
    newest.sort_by(|a, b| {
        b.published_at
            .cmp(&a.published_at)
            .then(b.number.cmp(&a.number))
    });
    let mut ending: Vec<(chrono::NaiveDate, &Arc<PublishedItem>)> = open
        .iter()
        .filter_map(|item| Some((deadline(item)?, item)))
        .filter(|(day, item)| item.validity(on) == Validity::Expiring || is_soon(on, *day))
        .collect();
    ending.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.id.cmp(&b.1.id)));
    let name = "惠企政策，直达企业";
    Ok(Html(HomePage {
        page: frame.page(name).own_heading().active("/"),
        officer,
        own: frame.viewer.own_enterprise().unwrap_or_default().to_owned(),
        items: figures.items,
        documents: documents.len() as u64,
        deliveries: deliveries(&figures.deliveries),
        enterprises: if spread.total > 0 {
            count(spread.total)
        } else {
            String::new()
        },
        map: places::map(&spread),
        themes: themes(&figures.themes),
        latest: newest
            .iter()
            .take(LISTED)
            .map(|item| line(item, item.document.issuer.clone()))
            .collect(),
        ending: ending
            .iter()
            .take(LISTED)
            .map(|(day, item)| line(item, format!("{}截止", date_zh(*day))))
            .collect(),
    }))
}

/// Within the days that the library calls 即将到期.
fn is_soon(on: chrono::NaiveDate, day: chrono::NaiveDate) -> bool {
    (0..=zhida_policies::EXPIRING_DAYS as i64).contains(&(day - on).num_days())
}

/// What the list of policies counts before anybody chooses: the figures lead there.
struct Figures {
    items: u64,
    deliveries: Vec<FacetCount>,
    themes: Vec<FacetCount>,
}

async fn figures(matching: &Matching) -> Result<Figures, Problem> {
    let policies = &matching.policies;
    let query = QueryText::default().parse()?;
    let deliveries = policies.facet(&query, Facet::Delivery).await?;
    Ok(Figures {
        // each item has one
        items: deliveries.iter().map(number).sum(),
        deliveries,
        themes: policies.facet(&query, Facet::Theme).await?,
    })
}

fn number(one: &FacetCount) -> u64 {
    one.count.unsigned_abs()
}

fn deliveries(counts: &[FacetCount]) -> Vec<(String, String, String)> {
    let of = |delivery: &Delivery| {
        let slug = delivery.slug();
        let found = counts.iter().find(|one| one.value == slug)?;
        let href = format!("/policies?delivery={slug}");
        Some((delivery.word().to_owned(), count(number(found)), href))
    };
    Delivery::ALL.iter().filter_map(of).collect()
}

fn themes(counts: &[FacetCount]) -> Option<Chart> {
    let known = counts.iter();
    let known = known.filter_map(|one| Some((Theme::parse(&one.value)?, number(one))));
    let mut numbers: Vec<(Theme, u64)> = known.collect();
    numbers.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let most = numbers.first()?;
    let caption = Caption::new(
        "政策事项，按主题",
        format!("{}最多，{} 项。", most.0.word(), most.1),
        "主题",
        "事项数（项）",
    );
    let data: Vec<Datum> = numbers
        .iter()
        .map(|(theme, number)| {
            Datum::new(theme.word(), *number).href(format!("/policies?theme={}", theme.slug()))
        })
        .collect();
    Some(bars(&caption, &data))
}
