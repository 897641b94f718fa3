//! Saved views: a list's filters that somebody keeps under a name.

use serde::Serialize;
use zhida_platform::format::count;

use crate::Tab;
use crate::address::filtered;

/// A view as its owner sees it now.
#[derive(Clone, Debug)]
pub struct SavedView<Q> {
    /// Its id.
    pub id: String,
    /// The name its owner gave it.
    pub name: String,
    /// Its filters and what they count; nothing when one of them has a value that there is not any more.
    pub found: Option<(Q, u64)>,
}

impl<Q: PartialEq + Serialize> SavedView<Q> {
    /// The tab that leads to the list with its filters; none when they cannot be shown any more.
    pub fn tab(&self, list: &str, current: &Q) -> Option<Tab> {
        let (filters, found) = self.found.as_ref()?;
        let tab = Tab::new(&self.name, filtered(list, filters, &[]), filters == current);
        Some(tab.count(count(*found)))
    }

    /// What is said of views that cannot be shown any more; `None` when there are none.
    pub fn unreadable(views: &[Self]) -> Option<String> {
        let names = views.iter().filter(|view| view.found.is_none());
        let names: Vec<String> = names.map(|view| format!("“{}”", view.name)).collect();
        (!names.is_empty()).then(|| {
            format!(
                "常用视图{}里有的条件已经不存在，不再显示：请在本页下方删除，需要的重新保存",
                names.concat()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn view(name: &str, found: Option<(Value, u64)>) -> SavedView<Value> {
        SavedView {
            id: "1".to_owned(),
            name: name.to_owned(),
            found,
        }
    }

    #[test]
    fn a_view_is_a_tab_with_what_it_counts() {
        let mine = json!({ "who": "mine" });
        let kept = view("我的", Some((mine.clone(), 1_234)));
        let tab = kept.tab("/desk", &mine).expect("it can be read");
        assert_eq!(
            (tab.href.as_str(), tab.count.as_str()),
            ("/desk?who=mine", "1,234")
        );
        assert!(tab.current);
        assert!(!kept.tab("/desk", &json!({})).is_some_and(|tab| tab.current));
    }

    #[test]
    fn a_view_of_before_is_told_of() {
        let kept = view("我的", Some((json!({}), 0)));
        assert_eq!(SavedView::unreadable(std::slice::from_ref(&kept)), None);
        let gone = view("以前的", None);
        assert!(gone.tab("/desk", &json!({})).is_none());
        let told = SavedView::unreadable(&[kept, gone]).expect("one is gone");
        assert!(
            told.contains("“以前的”") && !told.contains("我的"),
            "{told}"
        );
    }
}
