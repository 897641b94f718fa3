//! The same document as JSON and as XML: the XML is made of the JSON, so they cannot differ.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde::Serialize;
use serde_json::Value;

use super::model::Fault;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
}

/// The root of a document; in JSON lists have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    Services,
    ServiceDefinition,
    ServiceRequests,
    Errors,
    Discovery,
}

impl Root {
    fn name(self) -> &'static str {
        match self {
            Self::Services => "services",
            Self::ServiceDefinition => "service_definition",
            Self::ServiceRequests => "service_requests",
            Self::Errors => "errors",
            Self::Discovery => "discovery",
        }
    }
}

impl Format {
    /// The resource without its `.xml` or `.json`, and the format; without either what the client accepts, else XML,
    /// the one format that the specification requires.
    pub(crate) fn of<'p>(resource: &'p str, headers: &HeaderMap) -> (&'p str, Self) {
        if let Some(bare) = resource.strip_suffix(".json") {
            return (bare, Self::Json);
        }
        if let Some(bare) = resource.strip_suffix(".xml") {
            return (bare, Self::Xml);
        }
        let accepted = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        let json = accepted.is_some_and(|accepted| accepted.contains("application/json"));
        (resource, if json { Self::Json } else { Self::Xml })
    }

    /// A document as an answer.
    pub(crate) fn answer(
        self,
        status: StatusCode,
        root: Root,
        content: &impl Serialize,
    ) -> Response {
        // our own types have neither maps with odd keys nor failing serializers
        let value = serde_json::to_value(content).unwrap_or_default();
        let (kind, body) = match self {
            Self::Json => ("application/json; charset=utf-8", value.to_string()),
            Self::Xml => ("text/xml; charset=utf-8", xml(root, &value)),
        };
        (status, [(header::CONTENT_TYPE, kind)], body).into_response()
    }

    /// What is wrong, with the status of the first.
    pub(crate) fn refuse(self, faults: &[Fault]) -> Response {
        let status = faults.first().map(|fault| fault.code);
        let status = status.and_then(|code| StatusCode::from_u16(code).ok());
        self.answer(
            status.unwrap_or(StatusCode::BAD_REQUEST),
            Root::Errors,
            &faults,
        )
    }
}

/// The document with its declaration.
pub(crate) fn xml(root: Root, value: &Value) -> String {
    let mut writer = Writer::new(Vec::new());
    let declaration = BytesDecl::new("1.0", Some("utf-8"), None);
    // a Vec takes everything
    let written = writer
        .write_event(Event::Decl(declaration))
        .and_then(|()| element(&mut writer, root.name(), value));
    debug_assert!(written.is_ok());
    String::from_utf8(writer.into_inner()).unwrap_or_default()
}

fn element(writer: &mut Writer<Vec<u8>>, name: &str, value: &Value) -> std::io::Result<()> {
    let text = match value {
        Value::Null => return empty(writer, name),
        Value::Array(items) if items.is_empty() => return empty(writer, name),
        Value::Array(_) | Value::Object(_) => None,
        Value::String(text) if text.is_empty() => return empty(writer, name),
        Value::String(text) => Some(text.chars().filter(|one| allowed(*one)).collect()),
        other => Some(other.to_string()),
    };
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    match (value, text) {
        (Value::Array(items), _) => {
            for item in items {
                element(writer, item_name(name), item)?;
            }
        }
        (Value::Object(fields), _) => {
            for (field, value) in fields {
                element(writer, field, value)?;
            }
        }
        (_, text) => {
            let text: String = text.unwrap_or_default();
            writer.write_event(Event::Text(BytesText::new(&text)))?;
        }
    }
    writer.write_event(Event::End(BytesEnd::new(name)))
}

fn empty(writer: &mut Writer<Vec<u8>>, name: &str) -> std::io::Result<()> {
    writer.write_event(Event::Empty(BytesStart::new(name)))
}

/// The element of one item of a list.
fn item_name(list: &str) -> &str {
    match list {
        "services" => "service",
        "service_requests" => "request",
        "errors" => "error",
        "attributes" => "attribute",
        "values" => "value",
        "endpoints" => "endpoint",
        "formats" => "format",
        other => other,
    }
}

/// `Char` of XML 1.0 §2.2: other control characters cannot stand in a document, escaped or not.
fn allowed(one: char) -> bool {
    matches!(one, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use axum::http::HeaderValue;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_extension_says_the_format_then_the_header_then_xml() {
        let mut headers = HeaderMap::new();
        assert_eq!(Format::of("requests", &headers), ("requests", Format::Xml));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        assert_eq!(Format::of("requests", &headers), ("requests", Format::Json));
        assert_eq!(Format::of("a.b.xml", &headers), ("a.b", Format::Xml));
        assert_eq!(Format::of("a.b.json", &headers), ("a.b", Format::Json));
    }

    #[test]
    fn errors_look_as_in_the_specification() {
        let faults = vec![
            Fault {
                code: 403,
                description: "api_key <无效> & 停用".to_owned(),
            },
            Fault {
                code: 404,
                description: String::new(),
            },
        ];
        assert_eq!(
            xml(Root::Errors, &serde_json::to_value(&faults).unwrap()),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><errors><error><code>403</code><description>api_key &lt;无效&gt; &amp; 停用</description></error><error><code>404</code><description/></error></errors>"
        );
        assert_eq!(Format::Xml.refuse(&faults).status(), StatusCode::FORBIDDEN);
    }

    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        let text = xml(
            Root::Services,
            &json!([{ "description": "甲\u{0}\u{b}乙\u{FFFF}\n" }]),
        );
        let document = roxmltree::Document::parse(&text).unwrap();
        let found = document.descendants().find(|node| node.is_text()).unwrap();
        assert_eq!(found.text(), Some("甲乙\n"));
    }

    proptest! {
        /// Whatever people write comes back from the XML as it went in, but for characters that XML has not.
        #[test]
        fn every_text_survives(text in any::<String>(), number in any::<u32>()) {
            let written = xml(Root::ServiceRequests, &json!([{ "description": text, "lat": number }]));
            let document = roxmltree::Document::parse(&written).unwrap();
            let field = |name| {
                let node = document.descendants().find(|node| node.has_tag_name(name)).unwrap();
                node.text().unwrap_or_default().to_owned()
            };
            let kept: String = text.chars().filter(|one| allowed(*one)).collect();
            // a reader makes one line feed of every line end (XML 1.0 §2.11)
            let read = kept.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(field("description").replace("\r\n", "\n").replace('\r', "\n"), read);
            prop_assert_eq!(field("lat"), number.to_string());
        }
    }
}
