//! 组织机构: the tree, level by level.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::format::count;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Frame, Html, Page, Pager, places};

use super::form::{Fields, FormPage, Input};
use super::{Answer, App, SeatLine, choices, office, period_of, to};
use crate::OrganisationQuery;
use crate::actions::{ORGANISATION_MANAGE, SEAT_GRANT};
use crate::error::Error;
use crate::model::{Organisation, OrganisationKind, holds};
use crate::next::percent;
use crate::service::{OrganisationForm, People, PlaceKey};

/// Rows of a page.
const PAGE: u32 = 50;
const HERE: &str = "/organisations";

pub(super) struct Line {
    href: String,
    name: String,
    kind: &'static str,
    place: String,
    period: String,
    over: bool,
}

impl Line {
    fn new(organisation: &Organisation, people: &People) -> Self {
        Self {
            href: format!("{HERE}/{}", organisation.id),
            name: organisation.name.clone(),
            kind: organisation.kind.word(),
            place: organisation.place(),
            period: period_of(organisation),
            over: !holds(
                organisation.valid_from,
                organisation.valid_until,
                people.today(),
            ),
        }
    }
}

#[derive(Template)]
#[template(path = "people/organisations.html")]
struct ListPage {
    page: Page,
    q: String,
    rows: Vec<Line>,
    pager: Pager,
    manages: bool,
}

#[derive(Template)]
#[template(path = "people/organisation.html")]
struct ShowPage {
    page: Page,
    own_id: String,
    organisation: Organisation,
    period: String,
    children: Vec<Line>,
    more: bool,
    /// Those who sit here, for viewers who grant seats.
    seats: Option<Vec<SeatLine>>,
    manages: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    q: String,
    after: Option<String>,
    parent: Option<Uuid>,
}

/// 组织机构
pub(crate) async fn list(
    State(people): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    let text: String = asked.q.trim().chars().take(80).collect();
    let query = OrganisationQuery {
        roots: text.is_empty(),
        text: text.clone(),
        ..OrganisationQuery::default()
    };
    let request = PageRequest {
        after: asked.after,
        limit: PAGE,
    }
    .checked(PAGE)?;
    let viewer = &frame.viewer;
    let total = people
        .organisation_count(viewer, &query)
        .await
        .map_err(Problem::from)?;
    let found = people
        .organisations(viewer, &query, &request)
        .await
        .map_err(Problem::from)?;
    let address = |after: &str| format!("{HERE}?q={}&after={}", percent(&text), percent(after));
    let page = office(&frame, "组织机构", HERE).lead(match text.is_empty() {
        true => "最上一级的组织；点开看下级。",
        false => "名称里有这些字的组织，不分级别。",
    });
    Ok(Html(ListPage {
        page,
        rows: found
            .items
            .iter()
            .map(|one| Line::new(one, &people))
            .collect(),
        pager: Pager {
            summary: format!("共 {} 个", count(total)),
            first: request.after.map_or_else(String::new, |_| address("")),
            next: found.next.map_or_else(String::new, |next| address(&next)),
        },
        q: text,
        manages: viewer.may(ORGANISATION_MANAGE),
    })
    .into_response())
}

pub(crate) async fn show(State(people): State<App>, frame: Frame, Path(id): Path<Uuid>) -> Answer {
    let viewer = &frame.viewer;
    let organisation = people
        .organisation(viewer, id)
        .await
        .map_err(Problem::from)?;
    let below = OrganisationQuery {
        parent: Some(id),
        ..OrganisationQuery::default()
    };
    let children = people
        .organisations(
            viewer,
            &below,
            &PageRequest::first(zhida_platform::paging::LIMIT_MAX),
        )
        .await
        .map_err(Problem::from)?;
    let seats = match viewer.may(SEAT_GRANT) {
        true => {
            let key = PlaceKey::Organisation(id);
            let seats = people.seats_at(viewer, &key).await.map_err(Problem::from)?;
            Some(SeatLine::all(&seats, &people))
        }
        false => None,
    };
    let mut page = office(&frame, &organisation.name, HERE).crumb("组织机构", HERE);
    let mut above = people.above(viewer, id).await.map_err(Problem::from)?;
    above.reverse();
    for one in above {
        page = page.crumb(one.name, format!("{HERE}/{}", one.id));
    }
    Ok(Html(ShowPage {
        page,
        own_id: id.to_string(),
        period: period_of(&organisation),
        organisation,
        children: children
            .items
            .iter()
            .map(|one| Line::new(one, &people))
            .collect(),
        more: children.next.is_some(),
        seats,
        manages: viewer.may(ORGANISATION_MANAGE),
    })
    .into_response())
}

/// What the form holds: as it was sent, or as the organisation is.
#[derive(Default)]
struct Values {
    parent: String,
    name: String,
    kind: String,
    division: String,
    valid_from: String,
    valid_until: String,
}

impl Values {
    fn of(organisation: &Organisation) -> Self {
        let text = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
        Self {
            parent: organisation
                .parent
                .map(|id| id.to_string())
                .unwrap_or_default(),
            name: organisation.name.clone(),
            kind: organisation.kind.slug().to_owned(),
            division: places::name(&organisation.division),
            valid_from: organisation.valid_from.to_string(),
            valid_until: text(organisation.valid_until).unwrap_or_default(),
        }
    }

    fn sent(fields: &Fields) -> Self {
        let get = |name| fields.get(name).to_owned();
        Self {
            parent: get("parent"),
            name: get("name"),
            kind: get("kind"),
            division: get("division"),
            valid_from: get("valid_from"),
            valid_until: get("valid_until"),
        }
    }
}

async fn read(
    people: &People,
    viewer: &Viewer,
    fields: &Fields,
) -> Result<OrganisationForm, Error> {
    let parent = fields.get("parent");
    Ok(OrganisationForm {
        parent: people.named(viewer, None, "parent", parent).await?,
        name: fields.get("name").to_owned(),
        kind: OrganisationKind::parse(fields.get("kind"))
            .ok_or_else(|| Error::field("kind", "请选择类别"))?,
        division: places::read(fields.get("division"))
            .map_err(|why| Error::field("division", why))?,
        valid_from: fields.day("valid_from")?,
        valid_until: fields.maybe_day("valid_until")?,
    })
}

async fn form(
    people: &People,
    frame: &Frame,
    title: &str,
    action: String,
    values: &Values,
) -> Result<FormPage, Problem> {
    let page = office(frame, title, HERE).crumb("组织机构", HERE);
    let parent =
        choices::organisation(people, &frame.viewer, "parent", "上级", &values.parent).await?;
    let kinds = OrganisationKind::ALL
        .map(|kind| Choice::new(kind.slug(), kind.word(), &values.kind))
        .to_vec();
    let within = match places::read(&values.division) {
        Ok(place) if !place.is_empty() => places::names_within(&place),
        _ => places::cities(),
    };
    Ok(FormPage::new(page, action, "保存")
        .input(parent.hint("输入名称里的字，从提示里选；最上一级的不填"))
        .input(Input::text("name", "名称", &values.name))
        .input(Input::select("kind", "类别", kinds))
        .input(
            Input::search("division", "辖区", &values.division, within, "")
                .hint("写名称，例如 浙江省湖州市吴兴区；要在上级的辖区之内"),
        )
        .input(Input::date("valid_from", "起始日", &values.valid_from))
        .input(Input::date(
            "valid_until",
            "截止日（可不填）",
            &values.valid_until,
        ))
        .cancel(HERE))
}

/// 新建组织
pub(crate) async fn new(
    State(people): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    let mut values = Values {
        valid_from: people.today().to_string(),
        ..Values::default()
    };
    if let Some(parent) = asked.parent {
        let above = people
            .organisation(&frame.viewer, parent)
            .await
            .map_err(Problem::from)?;
        values.parent = parent.to_string();
        values.division = places::name(&above.division);
        values.kind = OrganisationKind::Department.slug().to_owned();
    }
    Ok(
        form(&people, &frame, "新建组织", format!("{HERE}/new"), &values)
            .await?
            .shown(),
    )
}

pub(crate) async fn submit_new(State(people): State<App>, frame: Frame, fields: Fields) -> Answer {
    let made = match read(&people, &frame.viewer, &fields).await {
        Ok(new) => people.create_organisation(&frame.viewer, &new).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(organisation) => Ok(to(&format!("{HERE}/{}", organisation.id))),
        Err(error) => {
            let values = Values::sent(&fields);
            form(&people, &frame, "新建组织", format!("{HERE}/new"), &values)
                .await?
                .refused(error)
        }
    }
}

/// 修改组织
pub(crate) async fn edit(State(people): State<App>, frame: Frame, Path(id): Path<Uuid>) -> Answer {
    let organisation = people
        .organisation(&frame.viewer, id)
        .await
        .map_err(Problem::from)?;
    let values = Values::of(&organisation);
    Ok(form(
        &people,
        &frame,
        "修改组织",
        format!("{HERE}/{id}/edit"),
        &values,
    )
    .await?
    .shown())
}

pub(crate) async fn submit(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
    fields: Fields,
) -> Answer {
    let changed = match read(&people, &frame.viewer, &fields).await {
        Ok(new) => people.change_organisation(&frame.viewer, id, &new).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(to(&format!("{HERE}/{id}"))),
        Err(error) => {
            let values = Values::sent(&fields);
            form(
                &people,
                &frame,
                "修改组织",
                format!("{HERE}/{id}/edit"),
                &values,
            )
            .await?
            .refused(error)
        }
    }
}
