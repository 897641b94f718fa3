//! What a form sent. Only the fields that a handler names are read, so others change nothing.

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};

/// Fields of a form at most.
const FIELDS_MAX: usize = 500;

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

    /// All values of a group of checkboxes.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let named = self.0.iter().filter(|(field, _)| field == name);
        named.map(|(_, value)| value.trim().to_owned()).collect()
    }
}
