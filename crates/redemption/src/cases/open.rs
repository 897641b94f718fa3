//! How a case begins.

use serde_json::Value;
use zhida_casework::{Case, Opening, Organisation, Party, Rules};
use zhida_platform::access::Viewer;
use zhida_platform::cases::{NewCase as Head, calendar};
use zhida_platform::db::{self, Tx};
use zhida_platform::format::money_fen;
use zhida_policies::PublishedItem;

use super::record::{CaseRecord, Origin};
use super::run::{CASES, CaseView, due_words};
use super::{route, store};
use crate::error::Error;
use crate::judgement::Judgement;
use crate::letters::Verdict;
use crate::scheme::Published;
use crate::service::Redemption;
use crate::told::{CONFIRM, FILED};
use crate::words::Stage;

/// A case that is to begin.
#[derive(Debug, Clone)]
pub(crate) struct NewCase<'a> {
    pub item: &'a PublishedItem,
    pub scheme: &'a Published,
    pub enterprise: &'a str,
    pub enterprise_name: &'a str,
    /// Division code; empty when unknown.
    pub place: &'a str,
    /// The body that answers for the item, if it is known: reminders and escalation begin there.
    pub holder: Option<Organisation>,
    /// In which period it is had; empty when that does not matter.
    pub period: &'a str,
    pub origin: Origin,
    pub filed_by: &'a str,
    /// The agency that filed it; empty when none did.
    pub agent: &'a str,
    pub judgement: &'a Judgement,
    pub answers: Value,
}

/// What was opened.
pub(crate) struct Opened {
    pub id: String,
    pub number: String,
}

impl Redemption {
    /// Opens a case within the caller's transaction and tells the enterprise.
    ///
    /// # Errors
    /// The enterprise has one of this item in this period; the database.
    pub(crate) async fn open_case(
        &self,
        tx: &Tx,
        new: NewCase<'_>,
        by: &Party,
    ) -> Result<Opened, Error> {
        let (item, scheme) = (new.item, &new.scheme.scheme);
        store::take_turn(tx, new.enterprise).await?;
        if let Some(other) = store::holder(tx, &item.id, new.enterprise, new.period).await? {
            return Err(self.already(tx, &other.case_id).await?);
        }
        let fen = self
            .beside_others(tx, item, scheme, (new.enterprise, ""), new.judgement.fen)
            .await?;
        let route = route::of(scheme)?;
        let city = calendar::load(tx).await?;
        let rules = Rules {
            route: &route,
            calendar: &city.calendar,
        };
        let now = self.clock.now();
        let opening = Opening {
            holder: new.holder.clone(),
            ..Opening::default()
        };
        let events = Case::open(&opening, by, now, &rules)
            .map_err(|refusal| Error::Refused(refusal.to_string()))?;
        let title = format!("{}：{}", item.name, new.enterprise_name);
        let head = Head {
            enterprise: new.enterprise,
            place: new.place,
            title: &title,
            topic: &item.id,
        };
        let loaded = CASES.open(tx, &head, &events, &rules).await?;
        let id = loaded.head.id.to_string();
        // nobody approves: data decided already
        let is_decided = !scheme
            .route
            .iter()
            .any(|step| step.stage.is_approval() || step.stage == Stage::Confirm);
        let record = CaseRecord {
            case_id: id.clone(),
            item: item.id.clone(),
            item_name: item.name.clone(),
            item_revision: item.revision,
            scheme_revision: new.scheme.revision,
            enterprise: new.enterprise.to_owned(),
            enterprise_name: new.enterprise_name.to_owned(),
            place: new.place.to_owned(),
            period: new.period.to_owned(),
            origin: new.origin,
            filed_by: new.filed_by.to_owned(),
            agent: new.agent.to_owned(),
            filed_at: now,
            judgement: new.judgement.clone(),
            answers: new.answers,
            fen,
            fen_decided: fen.filter(|_| is_decided),
            recheck: None,
            rechecked_at: None,
            decision: is_decided.then(|| "数据核对符合全部条件，按规则核定".to_owned()),
            paid_fen: 0,
            sent_back_fen: 0,
            parts: 0,
        };
        match store::insert(tx, &record).await {
            Ok(_) => {}
            Err(error) if error.is_unique_violation() => {
                return Err(Error::Already("另一件正在提交".to_owned()));
            }
            Err(error) => return Err(error.into()),
        }
        let number = loaded.head.number.clone();
        let view = CaseView {
            loaded,
            record,
            scheme: scheme.clone(),
            route,
        };
        if is_decided && scheme.has(Stage::Payment) {
            self.reserve(tx, &view, &by.words()).await?;
        }
        if is_decided {
            // what the data decides is a decision as any other
            let fen = view.record.fen_decided.unwrap_or_default();
            let system = Viewer::system("系统");
            let verdict = Verdict::Granted { fen };
            self.write_letter(tx, &system, &view, &Party::system(), verdict)
                .await?;
        }
        self.entered(tx, &view, &by.words()).await?;
        let due = due_words(&view);
        match view.loaded.case.stage() {
            Stage::Confirm => {
                let amount = view
                    .record
                    .fen
                    .map_or_else(|| "待核定".to_owned(), money_fen);
                self.tell(tx, &view, &CONFIRM, &[("amount", &amount), ("due", &due)])
                    .await?;
            }
            _ => self.tell(tx, &view, &FILED, &[("due", &due)]).await?,
        }
        Ok(Opened { id, number })
    }

    async fn already(&self, conn: &impl db::ConnectionTrait, case: &str) -> Result<Error, Error> {
        let id = case.parse().map_err(|_| Error::Stored("办件"))?;
        let loaded = CASES.need(conn, id).await?;
        Ok(Error::Already(loaded.head.number))
    }
}
