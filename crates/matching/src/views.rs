//! The record of those who looked at matches: verdicts rest on all facts and tell of them.

use serde_json::{Value, json};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Look};
use zhida_registry::Query;

use crate::Matching;
use crate::error::Error;
use crate::news::NewsQuery;
use crate::rights::{LIST, READ};
use crate::verdict::Label;

impl Matching {
    /// Records that somebody is about to see matches of one enterprise by more than public facts.
    pub(crate) async fn record_view(
        &self,
        viewer: &Viewer,
        code: &str,
        part: &str,
        item: Option<&str>,
    ) -> Result<(), Error> {
        let look = Look {
            action: "matching.view",
            right: READ,
            part: part.to_owned(),
            filter: item.map_or(Value::Null, |item| json!({ "item": item })),
        };
        let entry = look.of_one(self.clock.now(), viewer, code);
        Ok(audit::record(&self.db, entry.as_slice()).await?)
    }

    /// Records a list or an export of `count` lines of matches.
    pub(crate) async fn record_list(
        &self,
        viewer: &Viewer,
        look: Look,
        count: u64,
    ) -> Result<(), Error> {
        let entry = look.of_many(self.clock.now(), viewer, count);
        Ok(audit::record(&self.db, entry.as_slice()).await?)
    }
}

/// A list of one item's enterprises: `matching.list`, or `matching.export`.
pub(crate) fn of_item(
    action: &'static str,
    item: &str,
    label: Option<Label>,
    query: &Query,
) -> Look {
    let mut filter = query.told();
    filter["item"] = json!(item);
    if let Some(label) = label {
        filter["verdict"] = json!(label.key());
    }
    Look {
        action,
        right: LIST,
        part: "事项的匹配企业".to_owned(),
        filter,
    }
}

/// A list of news: `matching.list`, or `matching.export`.
pub(crate) fn of_news(action: &'static str, query: &NewsQuery) -> Look {
    let given = [("enterprise", &query.enterprise), ("item", &query.item)];
    let mut filter = json!({});
    for (name, text) in given
        .into_iter()
        .filter(|(_, text)| !text.trim().is_empty())
    {
        filter[name] = json!(text.trim());
    }
    Look {
        action,
        right: LIST,
        part: "新匹配".to_owned(),
        filter,
    }
}
