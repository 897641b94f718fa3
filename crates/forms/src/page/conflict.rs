//! What came too late, beside the draft.

use super::view::when_and_who;
use crate::difference::{Change, difference, lines};
use crate::drafts::Draft;
use crate::form::Form;

/// Answers that were kept aside, as the page offers them.
pub(crate) struct AsideView {
    pub tab: String,
    /// Who wrote them, when.
    pub whose: String,
    /// Who saved the draft that stands, when.
    pub current: String,
    pub parts: Vec<Part>,
}

/// One field, or all rows of a group: the smallest thing that can be taken.
pub(crate) struct Part {
    pub id: String,
    pub label: String,
    pub changes: Vec<Change>,
}

pub(crate) fn asides(form: &Form, draft: &Draft) -> Vec<AsideView> {
    let current = lines(form, &draft.answers);
    let view = |aside: &crate::Aside| {
        let theirs = lines(form, &aside.answers);
        let mut parts: Vec<Part> = Vec::new();
        for change in difference(&current, &theirs) {
            match parts.iter_mut().find(|part| part.id == change.id) {
                Some(part) => part.changes.push(change),
                None => parts.push(Part {
                    label: label(form, &change),
                    id: change.id.clone(),
                    changes: vec![change],
                }),
            }
        }
        AsideView {
            tab: aside.tab.clone(),
            whose: when_and_who(aside.kept_at, &aside.kept_by),
            current: when_and_who(draft.saved_at, &draft.saved_by),
            parts,
        }
    };
    draft.asides.iter().map(view).collect()
}

fn label(form: &Form, change: &Change) -> String {
    let field = form.field(&change.id).map(|field| field.label.clone());
    let group = || {
        form.group(&change.id)
            .map(|group| format!("{}（整组）", group.label))
    };
    field.or_else(group).unwrap_or_else(|| change.label.clone())
}
