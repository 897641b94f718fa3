//! Forms of the room: what was sent, and the one template that shows them.

use askama::Template;
use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use uuid::Uuid;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, FormErrors, Html, Page, PageError, Tone};

use crate::error::Error;
use crate::secret::Secret;

/// Fields of a form at most.
const FIELDS_MAX: usize = 200;

/// What a form sent. Only the fields that a handler names are read, so others change nothing. It has no `Debug`: some
/// hold passwords.
pub(crate) struct Fields(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let Form(mut fields) = Form::<Vec<(String, String)>>::from_request(request, state)
            .await
            .map_err(IntoResponse::into_response)?;
        fields.truncate(FIELDS_MAX);
        Ok(Self(fields))
    }
}

impl Fields {
    /// A field's text without spaces around it; empty when it was not sent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    fn raw(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, value)| value.as_str())
    }

    /// A password as it was typed.
    pub(crate) fn secret(&self, name: &str) -> Secret {
        Secret::from(self.raw(name))
    }

    /// All values of a group of checkboxes.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let named = self.0.iter().filter(|(field, _)| field == name);
        named.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// An id; an error at the field when it is none.
    pub(crate) fn id(&self, name: &str) -> Result<Uuid, Error> {
        Uuid::parse_str(self.get(name)).map_err(|_| Error::field(name, "请从列表中选择"))
    }

    /// An id that may be left out.
    pub(crate) fn maybe_id(&self, name: &str) -> Result<Option<Uuid>, Error> {
        match self.get(name) {
            "" => Ok(None),
            _ => self.id(name).map(Some),
        }
    }

    /// A date; an error at the field when it is none.
    pub(crate) fn day(&self, name: &str) -> Result<NaiveDate, Error> {
        self.get(name)
            .parse()
            .map_err(|_| Error::field(name, "请写日期，如 2026-11-22"))
    }

    /// A date that may be left out.
    pub(crate) fn maybe_day(&self, name: &str) -> Result<Option<NaiveDate>, Error> {
        match self.get(name) {
            "" => Ok(None),
            _ => self.day(name).map(Some),
        }
    }

    /// A small whole number; an error at the field when it is none.
    pub(crate) fn number(&self, name: &str) -> Result<u16, Error> {
        self.get(name)
            .parse()
            .map_err(|_| Error::field(name, "请写整数"))
    }
}

/// One input of a form.
pub(crate) enum Input {
    Text {
        name: String,
        label: String,
        value: String,
        hint: &'static str,
        kind: &'static str,
        /// What the browser may fill in.
        fills: &'static str,
    },
    Select {
        name: String,
        label: String,
        choices: Vec<Choice>,
        hint: &'static str,
    },
    Checks {
        name: String,
        label: String,
        choices: Vec<Choice>,
        hint: &'static str,
    },
    /// One of many, by name.
    Search {
        name: String,
        label: String,
        value: String,
        /// The first suggestions.
        options: Vec<String>,
        /// Where more of them come from; empty for nowhere.
        from: &'static str,
        hint: &'static str,
    },
    Hidden {
        name: String,
        value: String,
    },
    Heading(String),
}

impl Input {
    pub(crate) fn text(name: impl Into<String>, label: impl Into<String>, value: &str) -> Self {
        Self::kind(name, label, value, "text", "off")
    }

    pub(crate) fn date(name: &str, label: &str, value: &str) -> Self {
        Self::kind(name, label, value, "date", "off")
    }

    /// Somebody's login, which a password manager may fill in.
    pub(crate) fn login(value: &str) -> Self {
        Self::kind("login", "登录名", value, "text", "username")
    }

    /// `fills` is `current-password` or `new-password`.
    pub(crate) fn password(name: &str, label: &str, fills: &'static str) -> Self {
        Self::kind(name, label, "", "password", fills)
    }

    pub(crate) fn code(label: &str) -> Self {
        Self::kind("code", label, "", "text", "one-time-code")
    }

    fn kind(
        name: impl Into<String>,
        label: impl Into<String>,
        value: &str,
        kind: &'static str,
        fills: &'static str,
    ) -> Self {
        Self::Text {
            name: name.into(),
            label: label.into(),
            value: value.to_owned(),
            hint: "",
            kind,
            fills,
        }
    }

    pub(crate) fn select(name: &str, label: &str, choices: Vec<Choice>) -> Self {
        Self::Select {
            name: name.to_owned(),
            label: label.to_owned(),
            choices,
            hint: "",
        }
    }

    pub(crate) fn checks(name: &str, label: &str, choices: Vec<Choice>) -> Self {
        Self::Checks {
            name: name.to_owned(),
            label: label.to_owned(),
            choices,
            hint: "",
        }
    }

    pub(crate) fn search(
        name: &str,
        label: &str,
        value: &str,
        options: Vec<String>,
        from: &'static str,
    ) -> Self {
        Self::Search {
            name: name.to_owned(),
            label: label.to_owned(),
            value: value.to_owned(),
            options,
            from,
            hint: "输入名称里的字，从提示里选",
        }
    }

    pub(crate) fn hidden(name: &str, value: &str) -> Self {
        Self::Hidden {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    pub(crate) fn hint(mut self, words: &'static str) -> Self {
        if let Self::Text { hint, .. }
        | Self::Select { hint, .. }
        | Self::Checks { hint, .. }
        | Self::Search { hint, .. } = &mut self
        {
            *hint = words;
        }
        self
    }
}

/// A page that is one form.
#[derive(Template)]
#[template(path = "people/form.html")]
pub(crate) struct FormPage {
    pub page: Page,
    pub errors: FormErrors,
    pub action: String,
    /// Paragraphs above the inputs.
    pub notes: Vec<String>,
    pub inputs: Vec<Input>,
    pub button: &'static str,
    /// Where not to do it leads; empty for nowhere.
    pub cancel: String,
    /// Whether the sign-in is not complete and can be given up.
    pub leave: bool,
    /// Other ways to the same end, with where they lead.
    pub others: Vec<(String, String)>,
}

impl FormPage {
    pub(crate) fn new(page: Page, action: impl Into<String>, button: &'static str) -> Self {
        Self {
            page,
            errors: FormErrors::none(),
            action: action.into(),
            notes: Vec::new(),
            inputs: Vec::new(),
            button,
            cancel: String::new(),
            leave: false,
            others: Vec::new(),
        }
    }

    pub(crate) fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    pub(crate) fn input(mut self, input: Input) -> Self {
        self.inputs.push(input);
        self
    }

    pub(crate) fn cancel(mut self, href: impl Into<String>) -> Self {
        self.cancel = href.into();
        self
    }

    /// Offers another way to the same end.
    pub(crate) fn other(mut self, label: String, href: String) -> Self {
        self.others.push((label, href));
        self
    }

    /// Offers to give up a sign-in that is not complete.
    pub(crate) fn leave(mut self) -> Self {
        self.leave = true;
        self
    }

    /// The form again with what was wrong: at its fields, or on top when it is no field's fault. What nobody can mend
    /// here becomes the page of its problem.
    pub(crate) fn refused(mut self, error: Error) -> Result<Response, PageError> {
        let problem = Problem::from(error);
        let status = problem.status;
        let gone = [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&status);
        if gone || status.is_server_error() || problem.code == "sign-in" {
            return Err(problem.into());
        }
        if problem.fields.is_empty() {
            self.page = self.page.notice(Tone::Error, problem.detail);
        } else {
            self.errors = problem.fields.into();
        }
        Ok((status, Html(self)).into_response())
    }

    pub(crate) fn shown(self) -> Response {
        Html(self).into_response()
    }
}

/// A page with secrets that are shown once.
#[derive(Template)]
#[template(path = "people/once.html")]
pub(crate) struct OncePage {
    pub page: Page,
    pub note: String,
    /// What it is, and the secret.
    pub secrets: Vec<(String, String)>,
    /// Where to go on.
    pub next: String,
    pub button: &'static str,
}

impl OncePage {
    /// Never kept by a cache or the browser's history.
    pub(crate) fn shown(self) -> Response {
        let mut response = Html(self).into_response();
        response.headers_mut().insert(
            axum::http::header::CACHE_CONTROL,
            axum::http::HeaderValue::from_static("no-store"),
        );
        response
    }
}
