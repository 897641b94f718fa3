//! Granting seats, ending them, handing them over; for the security administrator.

use axum::extract::{Path, State};
use uuid::Uuid;
use zhida_platform::access::{Side, Viewer};
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Frame};

use super::accounts::HERE;
use super::form::{Fields, FormPage, Input};
use super::{Answer, App, choices, office, to};
use crate::error::Error;
use crate::model::{Account, Seat};
use crate::service::{HandOver, NewSeat, People, PlaceKey};

/// 授予任职
pub(crate) async fn new(State(people): State<App>, frame: Frame, Path(id): Path<Uuid>) -> Answer {
    let (account, _) = people
        .account(&frame.viewer, id)
        .await
        .map_err(Problem::from)?;
    Ok(grant_form(&people, &frame, &account, None).await?.shown())
}

async fn grant_form(
    people: &People,
    frame: &Frame,
    account: &Account,
    sent: Option<&Fields>,
) -> Result<FormPage, Problem> {
    let was = |name: &str| sent.map_or("", |fields| fields.get(name)).to_owned();
    let organisation = was("organisation");
    let organisation =
        choices::organisation(people, &frame.viewer, "organisation", "组织", &organisation).await?;
    let from = match sent {
        Some(fields) => fields.get("valid_from").to_owned(),
        None => people.today().to_string(),
    };
    let title = format!("给{}授予任职", account.name);
    let page = office(frame, &title, HERE).crumb("账号", HERE);
    Ok(
        FormPage::new(page, format!("{HERE}/{}/seats/new", account.id), "授予")
            .input(organisation.hint("输入名称里的字，从提示里选；企业的任职不填，在下面填代码"))
            .input(
                Input::text("enterprise", "企业的统一社会信用代码", &was("enterprise"))
                    .hint("组织的任职不填"),
            )
            .input(Input::select("role", "角色", role_choices(&was("role"))))
            .input(Input::date("valid_from", "起始日", &from))
            .input(Input::date(
                "valid_until",
                "截止日（可不填）",
                &was("valid_until"),
            ))
            .cancel(format!("{HERE}/{}", account.id)),
    )
}

/// All roles that are held somewhere, with where.
pub(super) fn role_choices(current: &str) -> Vec<Choice> {
    let roles = zhida_platform::access::Rights::shipped().roles().iter();
    roles
        .filter_map(|role| {
            let side = match role.side {
                Side::Public => return None,
                Side::Enterprise => "企业",
                Side::Agency => "代办机构",
                Side::Government => "政府",
                Side::Administration => "平台管理",
            };
            let label = format!("{side}：{}", role.name);
            Some(Choice::new(role.id.as_str(), label, current))
        })
        .collect()
}

/// The one of both that was filled in.
pub(super) async fn place(
    people: &People,
    viewer: &Viewer,
    fields: &Fields,
) -> Result<PlaceKey, Error> {
    let organisation = fields.get("organisation");
    let organisation = people.named(viewer, None, "organisation", organisation);
    match (organisation.await?, fields.get("enterprise")) {
        (Some(id), "") => Ok(PlaceKey::Organisation(id)),
        (None, code) if !code.is_empty() => Ok(PlaceKey::Enterprise(code.to_owned())),
        _ => Err(Error::field(
            "organisation",
            "组织和企业请填一个，也只填一个",
        )),
    }
}

pub(crate) async fn submit_new(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
    fields: Fields,
) -> Answer {
    let granted = match read(&people, &frame.viewer, id, &fields).await {
        Ok(seat) => people.grant(&frame.viewer, &seat).await,
        Err(error) => Err(error),
    };
    match granted {
        Ok(_) => Ok(to(&format!("{HERE}/{id}"))),
        Err(error) => {
            let (account, _) = people
                .account(&frame.viewer, id)
                .await
                .map_err(Problem::from)?;
            grant_form(&people, &frame, &account, Some(&fields))
                .await?
                .refused(error)
        }
    }
}

async fn read(
    people: &People,
    viewer: &Viewer,
    account: Uuid,
    fields: &Fields,
) -> Result<NewSeat, Error> {
    Ok(NewSeat {
        account,
        place: place(people, viewer, fields).await?,
        role: fields.get("role").to_owned(),
        valid_from: fields.day("valid_from")?,
        valid_until: fields.maybe_day("valid_until")?,
    })
}

/// 结束任职
pub(crate) async fn end(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
    fields: Fields,
) -> Answer {
    let seat = people
        .end_seat(&frame.viewer, id, fields.get("reason"))
        .await
        .map_err(Problem::from)?;
    Ok(to(&format!("{HERE}/{}", seat.account)))
}

/// 离任交接
pub(crate) async fn hand_over(
    State(people): State<App>,
    frame: Frame,
    Path(id): Path<Uuid>,
) -> Answer {
    let found = people
        .seats_to_hand_over(&frame.viewer, id)
        .await
        .map_err(Problem::from)?;
    let action = format!("{HERE}/{id}/hand-over");
    Ok(hand_over_form(&people, &frame, &found, None, action, None)
        .await?
        .shown())
}

/// `among`: whom to suggest as successor, when it is not everybody.
pub(super) async fn hand_over_form(
    people: &People,
    frame: &Frame,
    (account, seats): &(Account, Vec<Seat>),
    among: Option<Vec<String>>,
    action: String,
    sent: Option<&Fields>,
) -> Result<FormPage, Problem> {
    let was = |name: &str| sent.map_or("", |fields| fields.get(name)).to_owned();
    let on = match sent {
        Some(fields) => fields.get("on").to_owned(),
        None => people.today().to_string(),
    };
    let title = format!("{}离任交接", account.name);
    let lead =
        "到交接日，离任的人的任职全部结束，由接任的人担任。办过和在办的事属于单位，一件也不会丢。";
    let mut form = FormPage::new(office(frame, &title, "").lead(lead), action, "确认交接");
    for seat in seats {
        form = form.note(format!("{}：{}", seat.place.name(), seat.role_name()));
    }
    let successor = was("successor");
    let successor = choices::successor(people, &frame.viewer, &successor, among).await?;
    Ok(form
        .input(successor.hint("输入姓名或登录名，从提示里选；提示里没有的填登录名"))
        .input(Input::date("on", "交接日", &on).hint("接任的人从这一天起任职；今天就是立即"))
        .input(Input::text("reason", "原因", &was("reason"))))
}

/// The order, the successor named by login.
pub(super) async fn order(
    people: &People,
    leaver: Uuid,
    fields: &Fields,
) -> Result<HandOver, Error> {
    let unknown = || Error::field("successor", "没有这个登录名，请核对；没有账号的请先邀请");
    let successor = match choices::login_in(fields.get("successor")) {
        "" => None,
        login => Some(people.id_of(login).await?.ok_or_else(unknown)?),
    };
    Ok(HandOver {
        leaver,
        successor,
        on: fields.day("on")?,
        reason: fields.get("reason").to_owned(),
    })
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
    let here = format!("{HERE}/{id}");
    match done {
        Ok(_) => Ok(to(&here)),
        Err(error) => {
            let found = people
                .seats_to_hand_over(&frame.viewer, id)
                .await
                .map_err(Problem::from)?;
            let action = format!("{here}/hand-over");
            hand_over_form(&people, &frame, &found, None, action, Some(&fields))
                .await?
                .refused(error)
        }
    }
}
