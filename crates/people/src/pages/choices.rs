//! Choosing one of many by name: a field that suggests while one types, and without JavaScript takes the name itself.

use axum::extract::{Query, State};
use serde::Deserialize;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;
use zhida_ui::{Frame, Html, PageError};

use super::App;
use super::form::Input;
use crate::AccountQuery;
use crate::model::{Account, Organisation, OrganisationKind};
use crate::service::People;

const ORGANISATIONS: &str = "/organisations/choices";
const PERSONS: &str = "/accounts/choices";
const AGENCIES: &str = "/staff/agencies";
/// Characters of what was typed that are looked for.
const TYPED_MAX: usize = 80;

/// What a field sends while somebody types, by the names that such fields have.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    organisation: String,
    parent: String,
    successor: String,
}

impl Typed {
    fn text(&self) -> String {
        let all = [&self.organisation, &self.parent, &self.successor];
        let text = all.into_iter().find(|text| !text.trim().is_empty());
        let text = text.map_or("", |text| text.trim());
        text.chars().take(TYPED_MAX).collect()
    }
}

/// The suggestions for a field, to be put into its list.
#[derive(askama::Template)]
#[template(
    source = "{% for option in options %}<option value=\"{{ option }}\"></option>{% endfor %}",
    ext = "html"
)]
pub(crate) struct Options {
    options: Vec<String>,
}

type Suggested = Result<Html<Options>, PageError>;

/// 组织的提示
pub(crate) async fn organisations(
    State(people): State<App>,
    frame: Frame,
    Query(typed): Query<Typed>,
) -> Suggested {
    let options = suggested(&people, &frame.viewer, None, &typed.text()).await?;
    Ok(Html(Options { options }))
}

/// 代办机构的提示
pub(crate) async fn agencies(
    State(people): State<App>,
    frame: Frame,
    Query(typed): Query<Typed>,
) -> Suggested {
    let kind = Some(OrganisationKind::Agency);
    let options = suggested(&people, &frame.viewer, kind, &typed.text()).await?;
    Ok(Html(Options { options }))
}

/// 人员的提示
pub(crate) async fn persons(
    State(people): State<App>,
    frame: Frame,
    Query(typed): Query<Typed>,
) -> Suggested {
    let options = somebody(&people, &frame.viewer, &typed.text()).await?;
    Ok(Html(Options { options }))
}

async fn suggested(
    people: &People,
    viewer: &Viewer,
    kind: Option<OrganisationKind>,
    text: &str,
) -> Result<Vec<String>, Problem> {
    let found = people.suggested(viewer, kind, text).await?;
    Ok(found.iter().map(Organisation::label).collect())
}

async fn somebody(people: &People, viewer: &Viewer, text: &str) -> Result<Vec<String>, Problem> {
    let query = AccountQuery {
        text: text.to_owned(),
        open: Some(true),
    };
    let first = zhida_platform::paging::PageRequest::first(20);
    let found = people.accounts(viewer, &query, &first).await?;
    Ok(found.items.iter().map(person).collect())
}

/// A person as the field names one.
pub(super) fn person(account: &Account) -> String {
    format!("{}（{}）", account.name, account.login)
}

/// The login in what somebody typed or chose: `张三（zhang）`, or the login itself.
pub(super) fn login_in(text: &str) -> &str {
    let text = text.trim();
    let inside = text
        .strip_suffix('）')
        .and_then(|text| text.rsplit_once('（'));
    inside.map_or(text, |(_, login)| login.trim())
}

/// The field for an organisation. `value` is what was typed, or the id of one that is chosen already.
pub(super) async fn organisation(
    people: &People,
    viewer: &Viewer,
    name: &'static str,
    label: &str,
    value: &str,
) -> Result<Input, Problem> {
    let value = match Uuid::parse_str(value) {
        Ok(id) => people.organisation(viewer, id).await?.label(),
        Err(_) => value.to_owned(),
    };
    let options = suggested(people, viewer, None, "").await?;
    Ok(Input::search(name, label, &value, options, ORGANISATIONS))
}

/// The field for an agency.
pub(super) async fn agency(
    people: &People,
    viewer: &Viewer,
    value: &str,
) -> Result<Input, Problem> {
    let options = suggested(people, viewer, Some(OrganisationKind::Agency), "").await?;
    Ok(Input::search(
        "organisation",
        "代办机构",
        value,
        options,
        AGENCIES,
    ))
}

/// The field for whoever follows somebody; `among` are the only ones suggested, when there are such.
pub(super) async fn successor(
    people: &People,
    viewer: &Viewer,
    value: &str,
    among: Option<Vec<String>>,
) -> Result<Input, Problem> {
    let (options, from) = match among {
        Some(options) => (options, ""),
        None => (somebody(people, viewer, "").await?, PERSONS),
    };
    Ok(Input::search(
        "successor",
        "接任的人（无人接任就空着）",
        value,
        options,
        from,
    ))
}

#[cfg(test)]
mod tests {
    use super::login_in;

    #[test]
    fn somebody_is_named_by_login() {
        for (typed, login) in [
            ("张三（zhang）", "zhang"),
            (" zhang ", "zhang"),
            ("张三（二）（zhang）", "zhang"),
            ("张三", "张三"),
            ("", ""),
        ] {
            assert_eq!(login_in(typed), login, "{typed}");
        }
    }
}
