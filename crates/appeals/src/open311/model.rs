//! The documents of the specification, field by field in its order. What is not known is null in JSON and an empty
//! element in XML, as in its examples.

use chrono::{DateTime, FixedOffset};
use serde::{Serialize, Serializer};

/// A kind of request that can be made: one category of appeals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Service {
    pub service_code: String,
    pub service_name: String,
    pub description: String,
    /// Whether there is a definition with further attributes.
    pub metadata: bool,
    #[serde(rename = "type")]
    pub kind: ServiceKind,
    /// Comma-separated.
    pub keywords: String,
    pub group: String,
}

/// When a client gets the id of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ServiceKind {
    /// At once.
    Realtime,
    /// Later, for a token.
    Batch,
}

/// What else may be told with a request of a service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ServiceDefinition {
    pub service_code: String,
    pub attributes: Vec<Attribute>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Attribute {
    /// Whether an answer is wanted; false for mere information.
    pub variable: bool,
    pub code: &'static str,
    pub datatype: Datatype,
    pub required: bool,
    pub datatype_description: &'static str,
    /// From 1.
    pub order: u32,
    pub description: &'static str,
    pub values: Vec<AttributeValue>,
}

/// What an answer looks like; of the specification's types those that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Datatype {
    String,
    SingleValueList,
}

/// One answer of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct AttributeValue {
    pub key: &'static str,
    pub name: &'static str,
}

/// The answer to a request that was taken: its id, or a token for it, never both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Created {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    pub service_notice: String,
    pub account_id: Option<String>,
}

/// Which request a token stands for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct TokenAnswer {
    pub service_request_id: String,
    pub token: String,
}

/// A request as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ServiceRequest {
    pub service_request_id: String,
    pub status: Status,
    pub status_notes: Option<String>,
    pub service_name: Option<String>,
    pub service_code: String,
    pub description: Option<String>,
    pub agency_responsible: Option<String>,
    pub service_notice: Option<String>,
    #[serde(serialize_with = "w3")]
    pub requested_datetime: DateTime<FixedOffset>,
    #[serde(serialize_with = "w3")]
    pub updated_datetime: DateTime<FixedOffset>,
    #[serde(serialize_with = "w3_or_null")]
    pub expected_datetime: Option<DateTime<FixedOffset>>,
    pub address: Option<String>,
    pub address_id: Option<String>,
    pub zipcode: Option<String>,
    /// WGS 84.
    pub lat: Option<f64>,
    pub long: Option<f64>,
    pub media_url: Option<String>,
}

/// All that the specification tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Open,
    Closed,
}

/// One thing that is wrong; an answer may have several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// As the HTTP status of the answer.
    pub code: u16,
    pub description: String,
}

/// The subset of ISO 8601 in <https://www.w3.org/TR/NOTE-datetime>: seconds, and the offset.
fn w3<S: Serializer>(at: &DateTime<FixedOffset>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&at.format("%Y-%m-%dT%H:%M:%S%:z"))
}

fn w3_or_null<S: Serializer>(
    at: &Option<DateTime<FixedOffset>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => w3(at, serializer),
        None => serializer.serialize_none(),
    }
}
