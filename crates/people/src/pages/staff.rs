//! 本企业人员: the enterprise's own people, invitations and mandates.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::format::date_zh;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Frame, Html, Page};

use super::form::{Fields, FormPage, Input};
use super::invitations::{InvitationLine, code_page, days};
use super::seats::{hand_over_form, order};
use super::{Answer, App, SeatLine, choices, to};
use crate::error::Error;
use crate::model::{Mandate, OrganisationKind};
use crate::service::{
    NewInvitation, NewMandate, People, PlaceKey, mandate_actions, own_enterprise, roles_in,
};

const HERE: &str = "/staff";

struct MandateLine {
    id: String,
    agency: String,
    actions: String,
    period: String,
    granted_by: String,
    state: (&'static str, &'static str),
    ahead: bool,
}

impl MandateLine {
    fn new(mandate: &Mandate, people: &People) -> Self {
        let today = people.today();
        let ahead = mandate.ended_at.is_none() && today <= mandate.valid_until;
        let names = mandate_actions();
        let name = |slug: &String| {
            let found = names.iter().find(|(known, _)| known == slug);
            found.map_or(slug.as_str(), |(_, name)| name).to_owned()
        };
        Self {
            id: mandate.id.to_string(),
            agency: mandate.organisation_name.clone(),
            actions: mandate
                .actions
                .iter()
                .map(name)
                .collect::<Vec<_>>()
                .join("、"),
            period: format!(
                "{} 至 {}",
                date_zh(mandate.valid_from),
                date_zh(mandate.valid_until)
            ),
            granted_by: mandate.granted_by.clone(),
            state: match (mandate.active(today), ahead) {
                (true, _) => ("有效", "green"),
                (false, true) => ("未开始", "blue"),
                (false, false) => ("已结束", "grey"),
            },
            ahead,
        }
    }
}

#[derive(Template)]
#[template(path = "people/staff.html")]
struct StaffPage {
    page: Page,
    seats: Vec<SeatLine>,
    invitations: Vec<InvitationLine>,
    mandates: Vec<MandateLine>,
}

fn own_place(frame: &Frame) -> Result<PlaceKey, Problem> {
    Ok(PlaceKey::Enterprise(
        own_enterprise(&frame.viewer)?.to_owned(),
    ))
}

/// 本企业人员
pub(crate) async fn show(State(people): State<App>, frame: Frame) -> Answer {
    let viewer = &frame.viewer;
    let seats = people
        .seats_at(viewer, &own_place(&frame)?)
        .await
        .map_err(Problem::from)?;
    let invitations = people.invitations(viewer).await.map_err(Problem::from)?;
    let mandates = people.mandates(viewer).await.map_err(Problem::from)?;
    let page = frame
        .page("本企业人员")
        .active(HERE)
        .lead("权限属于企业的任职，不属于个人：有人离开时办理交接，事情都还在。");
    Ok(Html(StaffPage {
        page,
        seats: SeatLine::all(&seats, &people),
        invitations: InvitationLine::all(&invitations, &people),
        mandates: mandates
            .iter()
            .map(|one| MandateLine::new(one, &people))
            .collect(),
    })
    .into_response())
}

/// 邀请同事
pub(crate) async fn new_invitation(frame: Frame) -> Answer {
    Ok(invitation_form(&frame, None).shown())
}

fn invitation_form(frame: &Frame, sent: Option<&Fields>) -> FormPage {
    let was = |name: &str| sent.map_or("", |fields| fields.get(name)).to_owned();
    let roles = roles_in(None)
        .into_iter()
        .map(|role| Choice::new(role.id.as_str(), role.name.as_str(), &was("role")));
    let page = frame
        .page("邀请同事")
        .active(HERE)
        .crumb("本企业人员", HERE);
    FormPage::new(page, format!("{HERE}/invitations/new"), "生成邀请码")
        .input(Input::text("invitee", "邀请谁", &was("invitee")).hint("姓名或称呼，只作记录"))
        .input(Input::select("role", "角色", roles.collect()))
        .input(Input::text("days", "有效天数", days(sent)).hint("1 至 30"))
        .cancel(HERE)
}

pub(crate) async fn submit_invitation(
    State(people): State<App>,
    frame: Frame,
    fields: Fields,
) -> Answer {
    let place = own_place(&frame)?;
    let made = match fields.number("days") {
        Ok(days) => {
            let new = NewInvitation {
                place,
                role: fields.get("role").to_owned(),
                invitee: fields.get("invitee").to_owned(),
                days,
            };
            people.invite(&frame.viewer, &new).await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok((invitation, code)) => Ok(code_page(&frame, &invitation, &code, HERE).shown()),
        Err(error) => invitation_form(&frame, Some(&fields)).refused(error),
    }
}

/// 撤回邀请
pub(crate) async fn revoke(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
) -> Answer {
    people
        .revoke_invitation(&frame.viewer, id)
        .await
        .map_err(Problem::from)?;
    Ok(to(HERE))
}

/// 结束任职
pub(crate) async fn end_seat(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
    fields: Fields,
) -> Answer {
    people
        .end_seat(&frame.viewer, id, fields.get("reason"))
        .await
        .map_err(Problem::from)?;
    Ok(to(HERE))
}

/// 离任交接
pub(crate) async fn hand_over(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
) -> Answer {
    Ok(hand_over_page(&people, &frame, id, None).await?.shown())
}

async fn hand_over_page(
    people: &People,
    frame: &Frame,
    leaver: Uuid,
    sent: Option<&Fields>,
) -> Result<FormPage, Problem> {
    let found = people.seats_to_hand_over(&frame.viewer, leaver).await?;
    let colleagues = people.seats_at(&frame.viewer, &own_place(frame)?).await?;
    let today = people.today();
    let mut among: Vec<String> = colleagues
        .iter()
        .filter(|seat| seat.account != leaver && seat.active(today))
        .map(|seat| format!("{}（{}）", seat.account_name, seat.account_login))
        .collect();
    among.dedup();
    let action = format!("{HERE}/people/{leaver}/hand-over");
    let form = hand_over_form(people, frame, &found, Some(among), action, sent);
    Ok(form.await?.cancel(HERE))
}

pub(crate) async fn submit_hand_over(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
    fields: Fields,
) -> Answer {
    let done = match order(&people, id, &fields).await {
        Ok(order) => people.hand_over(&frame.viewer, &order).await,
        Err(error) => Err(error),
    };
    match done {
        // whoever handed the own seat over sees this page no more
        Ok(_) if frame.viewer.account() == Some(id) => Ok(to("/account")),
        Ok(_) => Ok(to(HERE)),
        Err(error) => hand_over_page(&people, &frame, id, Some(&fields))
            .await?
            .refused(error),
    }
}

/// 授权代办
pub(crate) async fn new_mandate(State(people): State<App>, frame: Frame) -> Answer {
    Ok(mandate_form(&people, &frame, None).await?.shown())
}

async fn mandate_form(
    people: &People,
    frame: &Frame,
    sent: Option<&Fields>,
) -> Result<FormPage, Problem> {
    let was = |name: &str| sent.map_or("", |fields| fields.get(name)).to_owned();
    let chosen = sent.map(|fields| fields.all("actions")).unwrap_or_default();
    let agency = choices::agency(people, &frame.viewer, &was("organisation")).await?;
    let actions = mandate_actions().into_iter().map(|(slug, name)| Choice {
        chosen: chosen.iter().any(|one| one == slug),
        ..Choice::new(slug, name, "")
    });
    let from = match sent {
        Some(fields) => fields.get("valid_from").to_owned(),
        None => people.today().to_string(),
    };
    let page = frame
        .page("授权代办")
        .active(HERE)
        .crumb("本企业人员", HERE)
        .lead("代办机构在期间之内以本企业的名义办理选定的事项，处处写明“由…代办”。随时可以撤回。");
    Ok(FormPage::new(page, format!("{HERE}/mandates/new"), "授权")
        .input(agency)
        .input(Input::checks("actions", "可办事项", actions.collect()))
        .input(Input::date("valid_from", "起始日", &from))
        .input(Input::date("valid_until", "截止日", &was("valid_until")).hint("最长 12 个月"))
        .cancel(HERE))
}

pub(crate) async fn submit_mandate(
    State(people): State<App>,
    frame: Frame,
    fields: Fields,
) -> Answer {
    let given = match read_mandate(&people, &frame.viewer, &fields).await {
        Ok(new) => people.give_mandate(&frame.viewer, &new).await,
        Err(error) => Err(error),
    };
    match given {
        Ok(_) => Ok(to(HERE)),
        Err(error) => mandate_form(&people, &frame, Some(&fields))
            .await?
            .refused(error),
    }
}

async fn read_mandate(
    people: &People,
    viewer: &Viewer,
    fields: &Fields,
) -> Result<NewMandate, Error> {
    let agency = Some(OrganisationKind::Agency);
    let organisation = fields.get("organisation");
    let organisation = people.named(viewer, agency, "organisation", organisation);
    let missing = || Error::field("organisation", "请填写代办机构");
    Ok(NewMandate {
        organisation: organisation.await?.ok_or_else(missing)?,
        actions: fields.all("actions"),
        valid_from: fields.day("valid_from")?,
        valid_until: fields.day("valid_until")?,
    })
}

/// 撤回授权
pub(crate) async fn end_mandate(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
) -> Answer {
    people
        .end_mandate(&frame.viewer, id)
        .await
        .map_err(Problem::from)?;
    Ok(to(HERE))
}
