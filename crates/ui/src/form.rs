//! The form-error model and the small values that component macros take.

use zhida_platform::problem::FieldError;
use zhida_platform::vocabulary::Named;

/// Messages of a form that was sent back: shown in the summary on top and at each field.
#[derive(Clone, Debug, Default)]
pub struct FormErrors(Vec<FieldError>);

impl FormErrors {
    /// No errors: the form is shown for the first time.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a message for the field with this `name`.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError {
            field: field.into(),
            message: message.into(),
        });
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first message for a field, or an empty text.
    pub fn of(&self, field: &str) -> &str {
        self.0
            .iter()
            .find(|error| error.field == field)
            .map_or("", |error| error.message.as_str())
    }

    /// All messages in the order they were added.
    pub fn all(&self) -> &[FieldError] {
        &self.0
    }
}

impl From<Vec<FieldError>> for FormErrors {
    fn from(errors: Vec<FieldError>) -> Self {
        Self(errors)
    }
}

/// One option of a select, radio group or group of checkboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Value sent.
    pub value: String,
    /// Words shown.
    pub label: String,
    /// A line of help under the words; empty for none.
    pub hint: String,
    /// Whether it is chosen now.
    pub chosen: bool,
}

impl Choice {
    /// An option that is chosen when `value` equals `current`.
    pub fn new(value: impl Into<String>, label: impl Into<String>, current: &str) -> Self {
        let value = value.into();
        Self {
            chosen: value == current,
            value,
            label: label.into(),
            hint: String::new(),
        }
    }

    /// A vocabulary as options, with one before it that asks for nothing.
    pub fn words<V: Named>(current: Option<V>, none: &str) -> Vec<Self> {
        let current = current.map_or("", V::slug);
        let words = V::ALL.iter();
        std::iter::once(Self::new("", none, current))
            .chain(words.map(|one| Self::new(one.slug(), one.name(), current)))
            .collect()
    }

    /// Adds a line of help.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// How a condition or an item turned out. Shown by shape and words, not by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// 符合
    Yes,
    /// 不符合
    No,
    /// 信息不足: facts are missing.
    Unknown,
    /// 待核验: a person has to look.
    Manual,
}

impl Mark {
    /// All marks in the order legends show them.
    pub const ALL: [Self; 4] = [Self::Yes, Self::No, Self::Unknown, Self::Manual];

    /// Class suffix in the theme.
    pub fn class(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
            Self::Manual => "manual",
        }
    }

    /// Words shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Yes => "符合",
            Self::No => "不符合",
            Self::Unknown => "信息不足",
            Self::Manual => "待核验",
        }
    }

    /// Path of the sign in a 16 × 16 box: tick, cross, question mark, eye.
    pub fn path(self) -> &'static str {
        match self {
            Self::Yes => "M3.5 8.5l3 3 6-7",
            Self::No => "M4.5 4.5l7 7M11.5 4.5l-7 7",
            Self::Unknown => "M5.6 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.2.8-1.2 1.6v.2M8 12.6v.1",
            Self::Manual => {
                "M1.8 8S4 4.2 8 4.2 14.2 8 14.2 8 12 11.8 8 11.8 1.8 8 1.8 8zM8 9.4a1.4 1.4 0 1 0 0-2.8 1.4 1.4 0 0 0 0 2.8z"
            }
        }
    }
}

/// A tab that leads to a page (works without JavaScript).
#[derive(Clone, Debug)]
pub struct Tab {
    /// Words shown.
    pub label: String,
    /// Address.
    pub href: String,
    /// Number behind the words; empty for none.
    pub count: String,
    /// Whether this is the tab shown.
    pub current: bool,
}

impl Tab {
    /// A tab without a number.
    pub fn new(label: impl Into<String>, href: impl Into<String>, current: bool) -> Self {
        Self {
            label: label.into(),
            href: href.into(),
            count: String::new(),
            current,
        }
    }

    /// Puts a number behind the words.
    #[must_use]
    pub fn count(mut self, count: impl std::fmt::Display) -> Self {
        self.count = count.to_string();
        self
    }
}

/// What stands under a list with keyset paging: how much there is, and the way on.
#[derive(Clone, Debug, Default)]
pub struct Pager {
    /// A sentence such as `共 1,234 家，本页 20 家`.
    pub summary: String,
    /// Address of the first page; empty when this is the first page.
    pub first: String,
    /// Address of the next page; empty when this is the last page.
    pub next: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_shows_its_first_message_only() {
        let mut errors = FormErrors::none();
        assert!(errors.is_empty());
        errors.add("uscc", "统一社会信用代码应为 18 位");
        errors.add("uscc", "校验位不对");
        assert_eq!(errors.of("uscc"), "统一社会信用代码应为 18 位");
        assert_eq!(errors.of("name"), "");
        assert_eq!(errors.all().len(), 2);
    }

    #[test]
    fn a_choice_is_chosen_by_its_value() {
        assert!(Choice::new("330500", "湖州市", "330500").chosen);
        assert!(!Choice::new("330500", "湖州市", "").chosen);
    }

    #[test]
    fn marks_differ_in_words_and_shape() {
        for (at, one) in Mark::ALL.iter().enumerate() {
            for other in &Mark::ALL[at + 1..] {
                assert_ne!(one.label(), other.label());
                assert_ne!(one.path(), other.path());
                assert_ne!(one.class(), other.class());
            }
        }
    }
}
