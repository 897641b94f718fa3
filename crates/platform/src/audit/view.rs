//! Records of looking: who saw more of an enterprise than everybody sees.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Entry;
use crate::access::{Action, Rights, Side, Viewer};

/// What was looked at: `part` in words for the enterprise, and whatever a room adds.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// What was done, a stable slug `room.verb`, for instance `registry.view`.
    pub action: &'static str,
    /// The right by which it could be.
    pub right: Action,
    /// Which part, for instance `企业档案`.
    pub part: String,
    /// The conditions of a list, the item of a match; `Null` for nothing.
    pub filter: Value,
}

impl Look {
    /// The record that the viewer looked at the file of one enterprise; `None` when none is due: for
    /// the enterprise's own people, and for the program itself. Ask only when more was shown than a
    /// visitor sees.
    #[must_use]
    pub fn of_one(self, at: DateTime<Utc>, viewer: &Viewer, code: &str) -> Option<Entry> {
        if viewer.account().is_none() || is_of(viewer, Some(code)) {
            return None;
        }
        let detail = self.detail(viewer, None);
        let entry = Entry::view(at, viewer, self.action, "enterprise", code);
        Some(entry.enterprise(code).detail(detail))
    }

    /// The record of a list or an export with `count` enterprises or lines; `None` when none is due:
    /// an enterprise's own people see no more of others than everybody.
    #[must_use]
    pub fn of_many(self, at: DateTime<Utc>, viewer: &Viewer, count: u64) -> Option<Entry> {
        if viewer.account().is_none() || is_of(viewer, None) {
            return None;
        }
        let detail = self.detail(viewer, Some(count));
        Some(Entry::view(at, viewer, self.action, "list", self.part).detail(detail))
    }

    fn detail(&self, viewer: &Viewer, count: Option<u64>) -> Value {
        let mut detail = json!({ "part": self.part, "right": self.right.0 });
        if let Some(seat) = viewer.seat() {
            detail["role"] = json!(seat.role);
            detail["seat"] = json!(seat.id);
        }
        if let Some(person) = viewer.as_person() {
            // the actor of a mandate is named together with the principal
            detail["person"] = json!(person.name);
        }
        if let Some(count) = count {
            detail["count"] = json!(count);
        }
        if !self.filter.is_null() {
            detail["filter"] = self.filter.clone();
        }
        detail
    }
}

/// Whether somebody sits in the enterprise of this code, or in any.
fn is_of(viewer: &Viewer, code: Option<&str>) -> bool {
    viewer.seat().is_some_and(|seat| {
        let role = Rights::shipped().role(&seat.role);
        let own = code.is_none() || seat.enterprise.as_deref() == code;
        own && role.is_some_and(|role| role.side == Side::Enterprise)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "a test stops at the first surprise")]
    use uuid::Uuid;

    use super::*;
    use crate::access::{Origin, Person, Seat};

    const OWN: &str = "91330106MA27XL0A1B";
    const OTHER: &str = "91330106MA27XL0A2X";

    fn seated(role: &str) -> Viewer {
        let mandate = (role == "agent").then(|| "甲公司".to_owned());
        Viewer::person(Person {
            account: Uuid::from_u128(1),
            name: "张三".to_owned(),
            seat: Some(Seat {
                id: Uuid::from_u128(2),
                organisation: None,
                organisation_name: "某单位".to_owned(),
                role: role.to_owned(),
                division: Some("330106".to_owned()),
                enterprise: Some(OWN.to_owned()),
                on_behalf_of: mandate,
            }),
            second_factor: true,
            token: None,
            origin: Origin {
                address: "203.0.113.9".parse().ok(),
                agent: "浏览器".to_owned(),
            },
        })
    }

    fn look() -> Look {
        Look {
            action: "registry.view",
            right: Action("enterprise.read"),
            part: "企业档案".to_owned(),
            filter: Value::Null,
        }
    }

    #[test]
    fn an_officer_and_an_agent_are_told_with_seat_and_principal() {
        let entry = look().of_one(DateTime::UNIX_EPOCH, &seated("clerk"), OTHER);
        let entry = entry.expect("a record");
        assert!(entry.viewed);
        assert_eq!(entry.enterprise.as_deref(), Some(OTHER));
        assert_eq!(entry.actor.organisation.as_deref(), Some("某单位"));
        assert_eq!(entry.detail["role"], "clerk");
        assert_eq!(entry.detail["part"], "企业档案");
        let origin = entry.actor.origin.expect("from where");
        assert_eq!(
            (origin.address.as_str(), origin.agent.as_str()),
            ("203.0.113.9", "浏览器")
        );
        let entry = look().of_one(DateTime::UNIX_EPOCH, &seated("agent"), OWN);
        let entry = entry.expect("a record");
        assert_eq!(entry.detail["person"], "张三");
        assert_eq!(entry.actor.on_behalf_of.as_deref(), Some("甲公司"));
    }

    #[test]
    fn the_enterprise_itself_and_the_program_leave_none() {
        let at = DateTime::UNIX_EPOCH;
        for role in ["legal", "handler", "finance", "reader"] {
            assert_eq!(look().of_one(at, &seated(role), OWN), None);
            assert_eq!(look().of_many(at, &seated(role), 3), None);
            assert!(look().of_one(at, &seated(role), OTHER).is_some());
        }
        assert_eq!(look().of_one(at, &Viewer::system("夜间任务"), OWN), None);
        assert_eq!(look().of_many(at, &Viewer::visitor(), 3), None);
    }

    #[test]
    fn a_list_is_told_with_its_filter_and_count() {
        let look = Look {
            filter: json!({ "region": "330106" }),
            ..look()
        };
        let entry = look.of_many(DateTime::UNIX_EPOCH, &seated("clerk"), 7);
        let entry = entry.expect("a record");
        assert_eq!(entry.enterprise, None);
        assert_eq!(entry.detail["count"], 7);
        assert_eq!(entry.detail["filter"]["region"], "330106");
    }
}
