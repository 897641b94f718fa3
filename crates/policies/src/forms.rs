//! The rule editor's form: an item as form fields, and back through the same reader as files.

use serde_json::{Map, Value, json};

use crate::model::{ItemElements, PolicyDocument, PolicyEntry};
use crate::read::{self, CONDITIONS_MAX, Issue, benefit_slug, round_word};

/// Fields of a form at most.
const FIELDS_MAX: usize = 1_000;
/// Empty rows for more conditions.
const EMPTY_ROWS: usize = 3;

/// Texts sent as they are.
const TEXTS: [&str; 19] = [
    "id",
    "name",
    "theme",
    "category",
    "delivery",
    "delivery_basis",
    "clause",
    "audience",
    "process",
    "apply_from",
    "apply_until",
    "window",
    "pay_within",
    "channel",
    "department",
    "phone",
    "interpretation_url",
    "exclusive_group",
    "clawback",
];
/// Lists written one a line.
const LINES: [&str; 2] = ["qualifications", "materials"];
/// Lists of short words, written with separators.
const WORDS: [&str; 5] = ["regions", "industries", "sizes", "tags", "excludes"];
/// Texts of the benefit.
const BENEFIT: [&str; 6] = ["formula", "cap", "floor", "de_minimis", "round_to", "text"];

/// The fields as sent or as shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct EditForm(Vec<(String, String)>);

/// One condition of the form.
pub(crate) struct ConditionRow {
    pub number: usize,
    pub text: String,
    pub rule: String,
    pub manual: String,
}

impl ConditionRow {
    /// Name of one of the row's fields.
    pub(crate) fn field(&self, kind: &str) -> String {
        format!("{kind}-{}", self.number)
    }
}

impl EditForm {
    pub(crate) fn sent(mut fields: Vec<(String, String)>) -> Self {
        fields.truncate(FIELDS_MAX);
        // Browsers send line ends as CR LF.
        fields
            .iter_mut()
            .for_each(|(_, value)| *value = value.replace("\r\n", "\n"));
        Self(fields)
    }

    pub(crate) fn of(entry: &PolicyEntry, revision: i64) -> Self {
        let item = &entry.item;
        let mut form = Self::default();
        let value = serde_json::to_value(item).expect("an item has text keys only");
        for name in TEXTS {
            let text = value.get(name).and_then(Value::as_str).unwrap_or_default();
            form.put(name, text);
        }
        form.put("notes", &item.notes);
        form.put("qualifications", item.qualifications.join("\n"));
        form.put("materials", item.materials.join("\n"));
        for (name, list) in [
            ("regions", &item.regions),
            ("industries", &item.industries),
            ("sizes", &item.sizes),
            ("tags", &item.tags),
            ("excludes", &item.excludes),
        ] {
            form.put(name, list.join("、"));
        }
        for (at, condition) in item.conditions.iter().enumerate() {
            form.put(format!("condition-{}", at + 1), &condition.text);
            form.put(
                format!("rule-{}", at + 1),
                condition.rule.as_deref().unwrap_or_default(),
            );
            form.put(
                format!("manual-{}", at + 1),
                condition.manual.as_deref().unwrap_or_default(),
            );
        }
        if let Some(benefit) = &item.benefit {
            let locals: Vec<String> = benefit
                .locals
                .iter()
                .map(|(name, text)| format!("{name} = {text}"))
                .collect();
            form.put("benefit-kind", benefit_slug(benefit.kind));
            form.put("benefit-let", locals.join("\n"));
            form.put(
                "benefit-formula",
                benefit.formula.as_deref().unwrap_or_default(),
            );
            form.put("benefit-cap", benefit.cap.as_deref().unwrap_or_default());
            form.put(
                "benefit-floor",
                benefit.floor.as_deref().unwrap_or_default(),
            );
            form.put(
                "benefit-de_minimis",
                benefit.de_minimis.as_deref().unwrap_or_default(),
            );
            form.put("benefit-round_to", round_word(benefit.round_to));
            form.put(
                "benefit-budget_limited",
                if benefit.budget_limited { "yes" } else { "" },
            );
            form.put("benefit-text", &benefit.text);
        } else {
            form.put("benefit-kind", "none");
        }
        form.put("document_id", &entry.document.id);
        form.put("revision", revision.to_string());
        form
    }

    /// An empty form for a new item of a document.
    pub(crate) fn blank(document: &str) -> Self {
        let mut form = Self::default();
        form.put("document_id", document);
        form.put("revision", "0");
        form
    }

    fn put(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.0.retain(|(field, _)| field != name);
        self.put(name, value);
    }

    /// A field's value, trimmed; empty when it was not sent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, value)| value.trim())
    }

    fn all(&self, name: &str) -> String {
        let values: Vec<&str> = self
            .0
            .iter()
            .filter(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
            .collect();
        values.join("、")
    }

    /// Whether a checkbox's value was sent.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(field, sent)| {
            field == name
                && sent
                    .split(['、', ',', '，', ' '])
                    .any(|part| part.trim() == value)
        })
    }

    /// The conditions that hold anything, and a few empty rows.
    pub(crate) fn rows(&self) -> Vec<ConditionRow> {
        let mut rows = self.filled_rows();
        for _ in 0..EMPTY_ROWS {
            rows.push(ConditionRow {
                number: rows.len() + 1,
                text: String::new(),
                rule: String::new(),
                manual: String::new(),
            });
        }
        rows
    }

    fn filled_rows(&self) -> Vec<ConditionRow> {
        let mut rows = Vec::new();
        for sent in 1..=CONDITIONS_MAX {
            let of = |kind: &str| self.get(&format!("{kind}-{sent}")).to_owned();
            let (text, rule, manual) = (of("condition"), of("rule"), of("manual"));
            if !(text.is_empty() && rule.is_empty() && manual.is_empty()) {
                rows.push(ConditionRow {
                    number: rows.len() + 1,
                    text,
                    rule,
                    manual,
                });
            }
        }
        rows
    }

    /// The item, by the same reader as files.
    pub(crate) fn item(&self) -> Result<ItemElements, Vec<Issue>> {
        let mut object = Map::new();
        for name in TEXTS.into_iter().chain(["notes"]) {
            object.insert(name.to_owned(), self.get(name).into());
        }
        for name in LINES {
            let lines: Vec<&str> = self
                .get(name)
                .lines()
                .map(str::trim)
                .filter(|l| !l.is_empty())
                .collect();
            object.insert(name.to_owned(), json!(lines));
        }
        for name in WORDS {
            let joined = self.all(name);
            let words: Vec<&str> = joined
                .split(['、', ',', '，', '\n', ' ', ';', '；'])
                .map(str::trim)
                .filter(|word| !word.is_empty())
                .collect();
            object.insert(name.to_owned(), json!(words));
        }
        let conditions: Vec<Value> = self
            .filled_rows()
            .into_iter()
            .map(|row| json!({ "text": row.text, "rule": row.rule, "manual": row.manual }))
            .collect();
        object.insert("conditions".to_owned(), conditions.into());
        if !matches!(self.get("benefit-kind"), "" | "none") {
            object.insert("benefit".to_owned(), self.benefit());
        }
        read::item(Value::Object(object))
    }

    fn benefit(&self) -> Value {
        let mut benefit = Map::new();
        benefit.insert("kind".to_owned(), self.get("benefit-kind").into());
        for name in BENEFIT {
            benefit.insert(name.to_owned(), self.get(&format!("benefit-{name}")).into());
        }
        let mut locals = Map::new();
        for line in self
            .get("benefit-let")
            .lines()
            .filter(|line| !line.trim().is_empty())
        {
            let (name, formula) = line.split_once(['=', '＝']).unwrap_or((line, ""));
            locals.insert(name.trim().to_owned(), formula.trim().into());
        }
        benefit.insert("let".to_owned(), locals.into());
        let limited = !self.get("benefit-budget_limited").is_empty();
        benefit.insert("budget_limited".to_owned(), limited.into());
        Value::Object(benefit)
    }

    /// The entry of a document.
    pub(crate) fn entry(&self, document: &PolicyDocument) -> Result<PolicyEntry, Vec<Issue>> {
        Ok(PolicyEntry {
            document: document.clone(),
            item: self.item()?,
        })
    }
}

/// The form's field where a mistake of the reader or the compiler is shown.
pub(crate) fn form_field(field: &str) -> String {
    if let Some((head, rest)) = field.split_once('[') {
        let (number, part) = rest.split_once(']').unwrap_or((rest, ""));
        return match (head, part) {
            ("conditions", ".rule") => format!("rule-{number}"),
            ("conditions", ".manual") => format!("manual-{number}"),
            ("conditions", _) => format!("condition-{number}"),
            _ => head.to_owned(),
        };
    }
    match field.split_once('.') {
        Some(("benefit", "let")) => "benefit-let".to_owned(),
        Some(("benefit", part)) => {
            format!("benefit-{}", part.split('.').next().unwrap_or(part))
        }
        Some(("document", _)) => "document_id".to_owned(),
        _ if field == "benefit" => "benefit-kind".to_owned(),
        _ if field == "conditions" => "condition-1".to_owned(),
        _ => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn an_item_survives_the_way_through_the_form() {
        let mut entry = sample::entry();
        let benefit = entry.item.benefit.as_mut().expect("has one");
        benefit.locals.insert("基数".into(), "20万".into());
        benefit.budget_limited = true;
        entry.item.sizes = vec!["小型".into(), "微型".into()];
        entry.item.materials = vec!["甲、乙".into(), "丙".into()];
        let form = EditForm::sent(EditForm::of(&entry, 3).0);
        assert_eq!(form.entry(&entry.document).expect("valid"), entry);
        assert_eq!(form.get("revision"), "3");
    }

    #[test]
    fn mistakes_are_shown_at_their_fields() {
        for (field, expected) in [
            ("conditions[2].rule", "rule-2"),
            ("conditions[2].text", "condition-2"),
            ("benefit.formula", "benefit-formula"),
            ("benefit.let", "benefit-let"),
            ("regions[1]", "regions"),
            ("name", "name"),
        ] {
            assert_eq!(form_field(field), expected);
        }
    }
}
