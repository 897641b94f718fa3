//! The forms of the case page as steps. A field of a step is named after it: `reply-text`; what stands there again has a
//! number behind it: `dispatch-helpers.2`, `visit-words.2`.

use serde_json::{Map, Value};
use zhida_ui::Fields;

use crate::cases::Step;
use crate::error::Error;

/// Fields that hold several names.
const LISTS: [&str; 2] = ["helpers", "departments"];
/// Fields that are left out when nothing is chosen.
const OPTIONAL: [&str; 3] = ["due_on", "resolved", "granted"];

/// The name of a field without its number.
pub(super) fn plain(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// The step that a form asks for.
pub(super) fn step(name: &str, fields: &Fields) -> Result<Step, Error> {
    let prefix = format!("{name}-");
    let mut map = Map::new();
    for (field, value) in fields.starting_with(&prefix) {
        let field = plain(&field[prefix.len()..]);
        let value = match (field, value) {
            (field, "") if OPTIONAL.contains(&field) => continue,
            (field, value) if LISTS.contains(&field) => {
                let names = value
                    .split(['\n', '、', '，', ',', ';', '；'])
                    .map(str::trim);
                let names = names.filter(|name| !name.is_empty()).map(Value::from);
                match map.remove(field) {
                    Some(Value::Array(before)) => before.into_iter().chain(names).collect(),
                    _ => names.collect(),
                }
            }
            ("amount", value) => value
                .parse::<u32>()
                .map(Value::from)
                .map_err(|_| Error::field("amount", "请写延长多少，例如 5"))?,
            ("resolved" | "granted", value) => Value::from(value == "yes"),
            (_, value) => Value::from(value),
        };
        map.insert(field.to_owned(), value);
    }
    map.insert("step".to_owned(), Value::from(name.replace('-', "_")));
    serde_json::from_value(Value::Object(map)).map_err(|_| {
        Error::refused(
            "这一步没有填完整：请选好每一个选项、写好日期（例如 2026-12-01），再提交一次",
        )
    })
}

/// The same error at the field's name on the page, with the number under which it was sent.
pub(super) fn placed(step: &str, fields: &Fields, error: Error) -> Error {
    match error {
        Error::Field { field, message } => {
            let field = format!("{step}-{field}");
            let sent = fields.starting_with(&field).map(|(name, _)| name);
            let sent = sent.filter(|name| plain(name) == field).min();
            Error::Field {
                field: sent.map_or_else(|| field.clone(), str::to_owned),
                message,
            }
        }
        other => other,
    }
}
