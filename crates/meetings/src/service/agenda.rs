//! The agenda and who takes part.

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::ids;

use super::{Meetings, line, reached, some_line, text};
use crate::error::Error;
use crate::model::{Attendee, Item, Meeting};
use crate::questions::Question;
use crate::rights::MANAGE;
use crate::store;
use crate::words::{AttendeePart, MeetingState};

/// Items of an agenda at most.
const ITEMS_MAX: usize = 100;

impl Meetings {
    /// Appeals that are worth this meeting and are not on its agenda yet.
    pub(crate) async fn candidates(
        &self,
        viewer: &Viewer,
        items: &[Item],
        words: &str,
    ) -> Result<Vec<Question>, Error> {
        let mut found = self
            .questions
            .worth_a_meeting(viewer, words, self.clock.now())
            .await?;
        found.retain(|one| {
            items
                .iter()
                .all(|item| item.appeal.as_deref() != Some(one.id.as_str()))
        });
        Ok(found)
    }

    /// Puts appeals on the agenda; how many were not there yet.
    pub(crate) async fn add_appeals(
        &self,
        viewer: &Viewer,
        id: &str,
        appeals: &[String],
    ) -> Result<usize, Error> {
        if appeals.is_empty() {
            return Err(Error::field("appeal", "请勾选要上会的诉求"));
        }
        let mut new = Vec::new();
        for appeal in appeals {
            let found = self
                .questions
                .question(viewer, appeal, self.clock.now())
                .await?;
            let found = found.ok_or(Error::Missing("这件诉求"))?;
            new.push(Item {
                id: String::new(),
                position: 0,
                appeal: Some(found.id),
                number: found.number,
                title: found.title,
                enterprise_name: found.enterprise_name,
                words: found.standing,
                result: String::new(),
            });
        }
        self.add(viewer, id, new).await
    }

    /// Puts an item of one's own on the agenda.
    pub(crate) async fn add_topic(
        &self,
        viewer: &Viewer,
        id: &str,
        title: &str,
        words: &str,
    ) -> Result<usize, Error> {
        let item = Item {
            id: String::new(),
            position: 0,
            appeal: None,
            number: String::new(),
            title: line("topic", title, "议题")?,
            enterprise_name: String::new(),
            words: text("words", words, "情况说明", 0)?,
            result: String::new(),
        };
        self.add(viewer, id, vec![item]).await
    }

    async fn add(&self, viewer: &Viewer, id: &str, mut new: Vec<Item>) -> Result<usize, Error> {
        let meeting = &open(reached(self.db.conn(), viewer, MANAGE, id).await?)?;
        let there = store::meetings::items(self.db.conn(), id).await?;
        new.retain(|item| {
            item.appeal.is_none() || there.iter().all(|one| one.appeal != item.appeal)
        });
        if there.len() + new.len() > ITEMS_MAX {
            return Err(Error::refused(format!("一次会议最多 {ITEMS_MAX} 个议题")));
        }
        let now = self.clock.now();
        for (position, item) in (there.len() + 1..).zip(&mut new) {
            item.id = ids::next(now).to_string();
            item.position = i64::try_from(position).unwrap_or(i64::MAX);
        }
        let titles: Vec<&str> = new.iter().map(|item| item.title.as_str()).collect();
        let entry = &self
            .entry(viewer, "meeting.add_items", "meeting", id)
            .after(json!({ "items": titles }));
        let new = &new;
        self.db
            .write(|tx| async move {
                for item in new {
                    store::meetings::insert_item(&tx, id, item).await?;
                    if let Some(appeal) = &item.appeal {
                        let words =
                            format!("列入 {} 召开的“{}”议程", meeting.held_on, meeting.title);
                        self.questions.note(&tx, viewer, appeal, &words).await?;
                    }
                }
                audit::append(&tx, entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(new.len())
    }

    /// Takes an item off the agenda of a planned meeting.
    pub(crate) async fn remove_item(
        &self,
        viewer: &Viewer,
        id: &str,
        item: &str,
    ) -> Result<(), Error> {
        let meeting = reached(self.db.conn(), viewer, MANAGE, id).await?;
        if meeting.state != MeetingState::Planned {
            return Err(Error::refused(
                "会议已经召开，议题不能再删；可以写明“未研究”",
            ));
        }
        let entry = &self
            .entry(viewer, "meeting.remove_item", "meeting", id)
            .before(json!({ "item": item }));
        self.db
            .write(|tx| async move {
                if !store::meetings::remove_item(&tx, id, item).await? {
                    return Err(Error::Missing("这个议题"));
                }
                let left = store::meetings::items(&tx, id).await?;
                store::meetings::order_items(&tx, &left).await?;
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Moves an item one place up.
    pub(crate) async fn raise_item(
        &self,
        viewer: &Viewer,
        id: &str,
        item: &str,
    ) -> Result<(), Error> {
        open(reached(self.db.conn(), viewer, MANAGE, id).await?)?;
        let mut items = store::meetings::items(self.db.conn(), id).await?;
        let at = items.iter().position(|one| one.id == item);
        let at = at.ok_or(Error::Missing("这个议题"))?;
        items.swap(at, at.saturating_sub(1));
        let order: Vec<&str> = items.iter().map(|one| one.title.as_str()).collect();
        let entry = &self
            .entry(viewer, "meeting.order_items", "meeting", id)
            .after(json!({ "order": order }));
        let items = &items;
        self.db
            .write(|tx| async move {
                store::meetings::order_items(&tx, items).await?;
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Records what a meeting decided on an item; on an appeal's case, too.
    pub(crate) async fn decide_item(
        &self,
        viewer: &Viewer,
        id: &str,
        item: &str,
        result: &str,
    ) -> Result<(), Error> {
        let meeting = &reached(self.db.conn(), viewer, MANAGE, id).await?;
        if meeting.state != MeetingState::Held {
            return Err(Error::refused("会议召开之后、纪要印发之前，才能写研究意见"));
        }
        let result = &text("result", result, "研究意见", 2)?;
        let items = store::meetings::items(self.db.conn(), id).await?;
        let found = items.iter().find(|one| one.id == item);
        let found = found.ok_or(Error::Missing("这个议题"))?;
        let entry = &self
            .entry(viewer, "meeting.decide_item", "meeting", id)
            .before(json!({ "item": found.title, "result": found.result }))
            .after(json!({ "item": found.title, "result": result }));
        self.db
            .write(|tx| async move {
                store::meetings::set_result(&tx, item, result).await?;
                if let Some(appeal) = &found.appeal {
                    let words = format!("“{}”研究意见：{result}", meeting.title);
                    self.questions.note(&tx, viewer, appeal, &words).await?;
                }
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Adds somebody who takes part.
    pub(crate) async fn add_attendee(
        &self,
        viewer: &Viewer,
        id: &str,
        part: &str,
        body: &str,
        person: &str,
    ) -> Result<(), Error> {
        open(reached(self.db.conn(), viewer, MANAGE, id).await?)?;
        let one = &Attendee {
            id: ids::next(self.clock.now()).to_string(),
            part: AttendeePart::parse(part).ok_or_else(|| Error::field("part", "请选身份"))?,
            body: line("body", body, "单位或企业")?,
            person: some_line("person", person, "姓名和职务")?,
            present: false,
        };
        let entry = &self
            .entry(viewer, "meeting.add_attendee", "meeting", id)
            .after(json!({ "part": one.part.slug(), "body": one.body }));
        self.db
            .write(|tx| async move {
                store::meetings::insert_attendee(&tx, id, one).await?;
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Takes somebody off the list.
    pub(crate) async fn remove_attendee(
        &self,
        viewer: &Viewer,
        id: &str,
        attendee: &str,
    ) -> Result<(), Error> {
        open(reached(self.db.conn(), viewer, MANAGE, id).await?)?;
        let entry = &self
            .entry(viewer, "meeting.remove_attendee", "meeting", id)
            .before(json!({ "attendee": attendee }));
        self.db
            .write(|tx| async move {
                if !store::meetings::remove_attendee(&tx, id, attendee).await? {
                    return Err(Error::Missing("这位参会人员"));
                }
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }
}

/// A meeting whose agenda may still change.
fn open(meeting: Meeting) -> Result<Meeting, Error> {
    match meeting.state {
        MeetingState::Planned | MeetingState::Held => Ok(meeting),
        state => Err(Error::refused(format!("会议{}，不能再修改", state.word()))),
    }
}
