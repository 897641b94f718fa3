//! What a form sent. Only the fields that a handler names are read, so others change nothing.

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};

/// Fields of a form at most.
const FIELDS_MAX: usize = 2_000;

/// The fields as sent, or as shown.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let Form(mut fields) = Form::<Vec<(String, String)>>::from_request(request, state)
            .await
            .map_err(IntoResponse::into_response)?;
        fields.truncate(FIELDS_MAX);
        // browsers send line ends as CR LF
        for (_, value) in &mut fields {
            *value = value.replace("\r\n", "\n");
        }
        Ok(Self(fields))
    }
}

impl Fields {
    /// A field's text without spaces around it; empty when it was not sent.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, value)| value.trim())
    }

    /// All texts of a field that may be sent several times.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        let fields = self.0.iter().filter(move |(field, _)| field == name);
        fields.map(|(_, value)| value.trim())
    }

    /// The fields whose names begin so, with their texts.
    pub fn starting_with<'f>(&'f self, start: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        let fields = self
            .0
            .iter()
            .filter(move |(field, _)| field.starts_with(start));
        fields.map(|(field, value)| (field.as_str(), value.trim()))
    }

    /// The lines of a text that are not empty.
    pub fn lines(&self, name: &str) -> impl Iterator<Item = &str> {
        let lines = self.get(name).lines().map(str::trim);
        lines.filter(|line| !line.is_empty())
    }

    /// Replaces a field's text.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(field, _)| field != name);
        self.put(name, value);
    }

    /// Adds a field for showing.
    pub fn put(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }
}

impl From<Vec<(String, String)>> for Fields {
    fn from(mut fields: Vec<(String, String)>) -> Self {
        for (_, value) in &mut fields {
            *value = value.replace("\r\n", "\n");
        }
        Self(fields)
    }
}
