//! The wizard of the first run.

use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Frame, places};

use super::form::{Fields, FormPage, Input, OncePage};
use super::{Answer, App};
use crate::error::Error;
use crate::model::{OrganisationKind, role_name};
use crate::service::{ADMINISTRATORS, NewAccount, OrganisationForm, People, SetUp};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Code {
    code: String,
}

/// 首次设置
pub(crate) async fn show(
    State(people): State<App>,
    frame: Frame,
    Query(Code { code }): Query<Code>,
) -> Answer {
    people.may_set_up_with(&code).await.map_err(Problem::from)?;
    Ok(wizard(&frame, &code, None).shown())
}

fn wizard(frame: &Frame, code: &str, sent: Option<&Fields>) -> FormPage {
    let was = |name: &str| sent.map_or("", |fields| fields.get(name)).to_owned();
    let page = frame
        .page("首次设置")
        .lead("填写运行本平台的单位和三位管理员。系统、安全、审计管理员须由三人分任，互相制约。");
    let kinds = [
        OrganisationKind::Government,
        OrganisationKind::Department,
        OrganisationKind::Park,
    ]
    .map(|kind| Choice::new(kind.slug(), kind.word(), &was("organisation_kind")));
    let mut form = FormPage::new(page, "/setup", "完成设置")
        .note("系统管理员建立组织和账号，安全管理员授予任职、重置第二因素，审计管理员查看审计记录；谁都不能做别人的事。")
        .input(Input::hidden("code", code))
        .input(Input::Heading("单位".to_owned()))
        .input(Input::text("organisation_name", "单位名称", &was("organisation_name")))
        .input(Input::select("organisation_kind", "单位类别", kinds.to_vec()))
        .input(
            Input::search(
                "organisation_division",
                "辖区",
                &was("organisation_division"),
                places::cities(),
                "",
            )
            .hint("写名称，例如 浙江省温州市；辖区是全省的写到省"),
        );
    for role in ADMINISTRATORS {
        let (login, name) = (format!("{role}_login"), format!("{role}_name"));
        let values = (was(&login), was(&name));
        form = form
            .input(Input::Heading(role_name(role).to_owned()))
            .input(Input::text(login, "登录名", &values.0))
            .input(Input::text(name, "姓名", &values.1));
    }
    form
}

pub(crate) async fn submit(State(people): State<App>, frame: Frame, fields: Fields) -> Answer {
    let code = fields.get("code");
    match set_up(&people, code, &fields).await {
        Ok((note, secrets)) => Ok(done(&frame, note, secrets)),
        Err(error) => wizard(&frame, code, Some(&fields)).refused(error),
    }
}

async fn set_up(
    people: &People,
    code: &str,
    fields: &Fields,
) -> Result<(String, Vec<(String, String)>), Error> {
    let kind = OrganisationKind::parse(fields.get("organisation_kind"))
        .ok_or_else(|| Error::field("organisation_kind", "请选择单位类别"))?;
    let administrator = |role: &str| NewAccount {
        login: fields.get(&format!("{role}_login")).to_owned(),
        name: fields.get(&format!("{role}_name")).to_owned(),
        ..NewAccount::default()
    };
    let form = SetUp {
        organisation: OrganisationForm {
            parent: None,
            name: fields.get("organisation_name").to_owned(),
            kind,
            division: places::read(fields.get("organisation_division"))
                .map_err(|why| Error::field("organisation_division", why))?,
            valid_from: people.today(),
            valid_until: None,
        },
        administrators: ADMINISTRATORS.map(administrator),
    };
    let made = people.set_up(code, &form).await?;
    let secrets = made.iter().map(|one| {
        let label = format!("{}（登录名 {}）", one.role, one.account.login);
        (label, one.password.expose().to_owned())
    });
    let note = "三个初始密码请分别交给本人，互相不要知道。首次登录要修改密码、设置第二因素。";
    Ok((note.to_owned(), secrets.collect()))
}

fn done(frame: &Frame, note: String, secrets: Vec<(String, String)>) -> Response {
    OncePage {
        page: frame.page("设置完成"),
        note,
        secrets,
        next: "/sign-in".to_owned(),
        button: "去登录",
    }
    .shown()
}
