//! Whether an item can be applied for here: another room can tell, this one only asks.

use std::sync::Arc;

use futures::future::BoxFuture;
use zhida_platform::problem::Problem;

use crate::catalogue::PublishedItem;
use crate::model::ItemElements;
use crate::service::Policies;
use crate::vocabulary::Delivery;

/// How an item is had today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applying {
    /// 在线申请: a published scheme takes applications.
    Online,
    /// 免申即享: a published scheme, by which enterprises are asked and nobody applies.
    Unasked,
    /// A published scheme that takes nothing new for the time being.
    Paused,
    /// Not on this site.
    Elsewhere,
    /// Nowhere today; why.
    NotOpen(String),
}

/// Tells how items are had.
pub trait Applications: Send + Sync {
    /// How this item is had today.
    fn applying<'a>(&'a self, item: &'a PublishedItem) -> BoxFuture<'a, Result<Applying, Problem>>;
}

/// What pages say of the way to an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// What to know; empty when the link says it.
    pub words: String,
    /// Where to go and whom to ask instead, as far as the item's text says; empty when it is had here.
    pub contact: String,
    /// Where the steps and the application are; empty when they are not here.
    pub href: String,
    /// The words of the link.
    pub label: &'static str,
}

impl Way {
    fn of(applying: &Applying, item: &ItemElements) -> Self {
        const STEPS: &str = "每一步由谁办、几天办完";
        let (words, label) = match applying {
            Applying::Online => (String::new(), "每一步由谁办、几天办完，在线申请"),
            Applying::Unasked => (
                "免申即享，不用申请：符合条件的，由部门核对后请企业在“我的兑付”里确认。".to_owned(),
                STEPS,
            ),
            Applying::Paused => (
                "现在暂停受理新的申请，已在办理的不受影响。".to_owned(),
                STEPS,
            ),
            Applying::Elsewhere if item.delivery == Delivery::NoApplication => {
                ("免申即享，不用申请；兑付还没有在这里开通。".to_owned(), "")
            }
            Applying::Elsewhere => ("这个事项还不能在这里在线申请。".to_owned(), ""),
            Applying::NotOpen(why) => (format!("现在不能办理：{why}。"), ""),
        };
        let contact = match applying {
            Applying::Paused | Applying::Elsewhere => contact(item),
            Applying::Online | Applying::Unasked | Applying::NotOpen(_) => String::new(),
        };
        Self {
            words,
            contact,
            href: match label {
                "" => String::new(),
                _ => format!("/schemes/{}", item.id),
            },
            label,
        }
    }
}

fn contact(item: &ItemElements) -> String {
    let known = [
        ("办理渠道：", &item.channel),
        ("责任部门：", &item.department),
        ("咨询电话：", &item.phone),
    ];
    let known = known.iter().filter(|(_, text)| !text.trim().is_empty());
    let known: Vec<String> = known
        .map(|(name, text)| format!("{name}{}", text.trim()))
        .collect();
    match known.is_empty() {
        true => "请按政策原文办理，或向发文机关询问。".to_owned(),
        false => format!("{}。", known.join("；")),
    }
}

impl Policies {
    /// Lets the room that takes applications answer how items are had. Once, at start: a second call changes
    /// nothing and answers false. Until then nothing is applied for here.
    pub fn attend(&self, applications: Arc<dyn Applications>) -> bool {
        self.applications.set(applications).is_ok()
    }

    /// The way to a published item today.
    ///
    /// # Errors
    /// What the room that takes applications answers.
    pub async fn way_to(&self, item: &ItemElements) -> Result<Way, Problem> {
        let found = self.catalogue(self.today()).find(&item.id).cloned();
        let applying = match (self.applications.get(), found) {
            (Some(applications), Some(found)) => applications.applying(&found).await?,
            _ => Applying::Elsewhere,
        };
        Ok(Way::of(&applying, item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(channel: &str, phone: &str) -> ItemElements {
        ItemElements {
            channel: channel.to_owned(),
            phone: phone.to_owned(),
            ..crate::sample::entry().item
        }
    }

    #[test]
    fn a_link_is_there_only_where_it_leads_somewhere() {
        let item = item("市政务服务中心", "0531-00000000");
        let online = Way::of(&Applying::Online, &item);
        assert_eq!(online.href, format!("/schemes/{}", item.id));
        assert!(online.words.is_empty() && online.label.contains("在线申请"));
        for applying in [Applying::Unasked, Applying::Paused] {
            let way = Way::of(&applying, &item);
            assert!(!way.words.is_empty() && !way.href.is_empty(), "the steps");
            assert!(!way.label.contains("在线申请"), "{way:?}");
            assert_eq!(way.contact.is_empty(), applying == Applying::Unasked);
        }
        let ended = Way::of(&Applying::NotOpen("政策文件已废止".to_owned()), &item);
        assert!(
            ended.href.is_empty() && ended.contact.is_empty(),
            "{ended:?}"
        );
        assert_eq!(ended.words, "现在不能办理：政策文件已废止。");
        let elsewhere = Way::of(&Applying::Elsewhere, &item);
        assert!(elsewhere.href.is_empty() && elsewhere.label.is_empty());
        for words in ["办理渠道：市政务服务中心", "咨询电话：0531-00000000"] {
            assert!(elsewhere.contact.contains(words), "{elsewhere:?}");
        }
    }

    #[test]
    fn what_the_text_does_not_say_is_not_named() {
        let mut item = item("", " ");
        item.department.clear();
        assert_eq!(contact(&item), "请按政策原文办理，或向发文机关询问。");
        item.department = "市科学技术局".to_owned();
        assert_eq!(contact(&item), "责任部门：市科学技术局。");
    }
}
