//! 可以申请的: what the own enterprise can apply for now. Page, count and API have it from here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::Datelike;
use serde::Serialize;
use utoipa::ToSchema;
use zhida_matching::model::{AmountView, ItemHead, MatchedItem, MissingView};
use zhida_matching::{Detail, Label};
use zhida_platform::access::Viewer;
use zhida_platform::paging::{Page, PageRequest};
use zhida_policies::{Delivery, PublishedItem};

use super::file::{applicant, refusal, unfunded};
use crate::cases::{Other, beside, store as cases};
use crate::closure::period;
use crate::error::Error;
use crate::scheme::{Scheme, store as schemes};
use crate::service::Redemption;

/// Name of the list in its cursors.
const LIST: &str = "redemption_applicable";

/// 可以申请的一项。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ApplicableLine {
    /// 事项。
    #[serde(flatten)]
    pub head: ItemHead,
    /// true 符合，null 信息不足或待人工核验。
    pub verdict: Option<bool>,
    /// 结论。
    #[schema(value_type = String)]
    pub label: Label,
    /// 按今天的数据算出的金额；事项没有写兑现标准的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountView>,
    /// 缺少的数据；补上以后才能判断。
    pub missing: Vec<MissingView>,
    /// 一句话的原因；全部条件都符合的为空。
    pub reason: String,
    /// 现在还不能提交的原因；能提交，或不用申请的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bars: Option<String>,
    /// 申请页的地址；免申即享不用申请，是办理环节的说明。
    pub href: String,
}

/// 本企业可以申请的事项，一页。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ApplicableList {
    /// 本页的事项，按推荐顺序。
    pub items: Vec<ApplicableLine>,
    /// 全部项数。
    pub total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An item with the scheme by which it would be filed.
struct Offer {
    published: Arc<PublishedItem>,
    item: MatchedItem,
    scheme: Scheme,
}

impl Redemption {
    /// A page of what the viewer's own enterprise can apply for now, in the order of recommendation: its conditions are
    /// met, or not known to fail; a published scheme takes new cases; the enterprise has none under way, and has not
    /// had it in this period.
    ///
    /// # Errors
    /// No right; no seat in an enterprise; a cursor of another list; the database.
    pub async fn applicable(
        &self,
        viewer: &Viewer,
        page: &PageRequest,
    ) -> Result<ApplicableList, Error> {
        let code = applicant(viewer)?;
        let after = page.cursor::<String>(LIST)?;
        let mut offers = self.offers(&code).await?;
        let total = offers.len() as u64;
        let place = after.and_then(|id| offers.iter().position(|one| one.item.head.id == id));
        // what was left meanwhile: the list starts over rather than skip
        offers.drain(..place.map_or(0, |place| place + 1));
        let key = |one: &Offer| one.item.head.id.clone();
        let page = Page::from_rows(offers, page, LIST, key)?;
        let shown = self.explained(&code, page.items).await?;
        Ok(ApplicableList {
            items: self.lines(&code, shown).await?,
            total,
            next: page.next,
        })
    }

    async fn offers(&self, code: &str) -> Result<Vec<Offer>, Error> {
        let (conn, today) = (self.db.conn(), self.clock.today());
        let open = schemes::open_to(conn, code).await?;
        let found = self
            .matching
            .for_enterprise_among(code, &open, today, Detail::Verdict)
            .await;
        let found = match found {
            // nothing is known of it, so nothing can be said
            Err(zhida_matching::Error::NoEnterprise(_)) => return Ok(Vec::new()),
            found => found?,
        };
        let can = found.items.into_iter();
        let can: Vec<MatchedItem> = can.filter(|item| item.verdict != Some(false)).collect();
        let ids: Vec<String> = can.iter().map(|item| item.head.id.clone()).collect();
        let mut schemes = self.schemes_of(&ids).await?;
        let offers = can.into_iter().filter_map(|item| {
            Some(Offer {
                scheme: schemes.remove(&item.head.id)?,
                published: self.item(&item.head.id).ok()?,
                item,
            })
        });
        let mut offers: Vec<Offer> = offers.collect();
        let slot = |offer: &Offer| {
            let period = period(offer.scheme.period, today);
            cases::slot(&offer.item.head.id, code, &period)
        };
        let slots: Vec<String> = offers.iter().filter_map(slot).collect();
        let taken = cases::taken(conn, &slots).await?;
        offers.retain(|offer| slot(offer).is_none_or(|slot| !taken.contains(&slot)));
        Ok(offers)
    }

    /// The offers of a page with the words of their verdicts: the others only need to be counted.
    async fn explained(&self, code: &str, offers: Vec<Offer>) -> Result<Vec<Offer>, Error> {
        if offers.is_empty() {
            return Ok(offers);
        }
        let ids: Vec<String> = offers.iter().map(|one| one.item.head.id.clone()).collect();
        let found = self
            .matching
            .for_enterprise_among(code, &ids, self.clock.today(), Detail::Full)
            .await?;
        let items = found.items.into_iter();
        let mut items: HashMap<String, MatchedItem> =
            items.map(|item| (item.head.id.clone(), item)).collect();
        let explained = offers.into_iter().filter_map(|offer| {
            let item = items.remove(&offer.item.head.id)?;
            Some(Offer { item, ..offer })
        });
        Ok(explained.collect())
    }

    async fn lines(&self, code: &str, offers: Vec<Offer>) -> Result<Vec<ApplicableLine>, Error> {
        let (conn, year) = (self.db.conn(), self.clock.today().year());
        let ids: Vec<String> = offers.iter().map(|one| one.item.head.id.clone()).collect();
        let funded = self.funds.open_pools(conn, &ids, year).await?;
        let others = self.others(conn, code, "").await?;
        let told = |offer: Offer| -> Result<ApplicableLine, Error> {
            let bars = bars(&offer, &funded, &others)?;
            Ok(line(offer, bars))
        };
        offers.into_iter().map(told).collect()
    }
}

/// Why an offer cannot be filed now, as its form would say.
fn bars(
    offer: &Offer,
    funded: &HashSet<String>,
    others: &[Other],
) -> Result<Option<String>, Error> {
    let Offer {
        published,
        item,
        scheme,
    } = offer;
    if published.elements.delivery == Delivery::NoApplication {
        return Ok(None);
    }
    if let Some(why) = scheme.bars(item.verdict, item.manual_only, &item.reason) {
        return Ok(Some(why));
    }
    if scheme.holds_money_at_once() && !funded.contains(&item.head.id) {
        return Ok(Some(unfunded(&item.head.department)));
    }
    let fen = item.amount.as_ref().and_then(AmountView::exact_fen);
    refusal(beside(published, scheme, others, fen))
}

fn line(offer: Offer, bars: Option<String>) -> ApplicableLine {
    let item = offer.item;
    ApplicableLine {
        href: match offer.published.elements.delivery {
            Delivery::NoApplication => format!("/schemes/{}", item.head.id),
            Delivery::Instant | Delivery::Application => {
                format!("/redemption/apply/{}", item.head.id)
            }
        },
        missing: missing(&item),
        head: item.head,
        verdict: item.verdict,
        label: item.label,
        amount: item.amount,
        reason: item.reason,
        bars,
    }
}

/// The facts for want of which a verdict is open, each once.
fn missing(item: &MatchedItem) -> Vec<MissingView> {
    let mut found: Vec<MissingView> = Vec::new();
    let conditions = item.conditions.iter().flatten();
    let open = conditions.filter(|condition| condition.verdict.is_none());
    let tests = open.flat_map(|condition| &condition.tests);
    for one in tests.flat_map(|test| &test.missing) {
        if !found.contains(one) {
            found.push(one.clone());
        }
    }
    found
}
