//! What a form sent. Only the fields that a handler names are read, so others change nothing.

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use zhida_standards::Fen;

use crate::error::Error;
use crate::files::parse_yuan;

/// Fields of a form at most.
const FIELDS_MAX: usize = 100;

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
        let field = self.0.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, value)| value.trim())
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.get(name).to_owned()
    }

    /// Money in yuan, as fen.
    pub(crate) fn yuan(&self, name: &'static str) -> Result<Fen, Error> {
        parse_yuan(self.get(name)).ok_or_else(|| {
            Error::field(name, "请写金额，单位元，最多两位小数，如 500000 或 1234.50")
        })
    }
}
