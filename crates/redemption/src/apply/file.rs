//! Applying: what is known is judged first, the form asks the rest, and one press files it.

use std::sync::Arc;

use serde_json::json;
use zhida_casework::Command;
use zhida_casework::event::Point;
use zhida_forms::{Draft, Filled, Form, Known, Mark, Start};
use zhida_funds::{KnownPayee, PayeeForm};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_policies::{Delivery, PublishedItem};
use zhida_registry::Enterprise;

use crate::cases::{CaseView, NewCase, Origin, agency, party, store as cases};
use crate::closure::period;
use crate::error::Error;
use crate::judgement::Judgement;
use crate::rights::APPLY;
use crate::scheme::Published;
use crate::service::Redemption;

/// Everything that an application rests on.
pub(crate) struct Ready {
    pub item: Arc<PublishedItem>,
    pub scheme: Published,
    pub enterprise: Enterprise,
    pub judgement: Judgement,
    pub period: String,
    /// The account that is known.
    pub payee: Option<KnownPayee>,
    pub form: Option<Form>,
    /// The case that the enterprise has already.
    pub holder: Option<String>,
}

impl Ready {
    /// Whether the enterprise must give its account.
    pub(crate) fn asks_payee(&self) -> bool {
        self.scheme.scheme.asks_payee && self.payee.is_none()
    }

    /// What forms prefill from.
    pub(crate) fn known<'k>(&'k self, room: &Redemption) -> Known<'k> {
        Known {
            facts: &self.enterprise.facts,
            on: room.clock.today(),
        }
    }
}

impl Redemption {
    /// What the viewer's own enterprise can apply for with this item.
    ///
    /// # Errors
    /// No seat in an enterprise; the item cannot be applied for now; no scheme; the database.
    pub(crate) async fn prepare(&self, viewer: &Viewer, item: &str) -> Result<Ready, Error> {
        viewer.need(APPLY)?;
        let seat = viewer.seat().and_then(|seat| seat.enterprise.clone());
        let code = seat.ok_or_else(|| {
            Error::Refused("请以企业的身份申请：在“我的账号”里换一个任职".to_owned())
        })?;
        let item = self.item(item)?;
        let today = self.clock.today();
        if let Some(reason) = zhida_matching::judge::not_open_reason(&item, today) {
            return Err(Error::NotOpen(reason));
        }
        if item.elements.delivery == Delivery::NoApplication {
            return Err(Error::NotOpen(
                "免申即享，不用申请；符合条件的，系统会请贵单位确认".to_owned(),
            ));
        }
        let scheme = self.scheme_in_force(&item).await?;
        let enterprise = self.registry.enterprise(&code).await?;
        let enterprise = enterprise.ok_or_else(|| Error::missing("贵单位的档案"))?;
        let judgement = self.judge(&enterprise, &item.id, item.revision).await?;
        let period = period(scheme.scheme.period, today);
        let holder = cases::holder(self.db.conn(), &item.id, &code, &period).await?;
        Ok(Ready {
            form: self.form_of(&scheme.scheme)?,
            payee: self.funds.payee(self.db.conn(), &code).await?,
            holder: holder.map(|record| record.case_id),
            item,
            scheme,
            enterprise,
            judgement,
            period,
        })
    }

    /// Starts the draft of an application, or opens the one that is there.
    ///
    /// # Errors
    /// The item asks for no form; the database.
    pub(crate) async fn start(
        &self,
        viewer: &Viewer,
        ready: &Ready,
        form: &Form,
    ) -> Result<Draft, Error> {
        if let Some(reason) = ready.judgement.bars(&ready.scheme.scheme) {
            return Err(Error::NotEligible(reason));
        }
        let purpose = format!("redemption/apply/{}/{}", ready.item.id, ready.period);
        let start = Start {
            enterprise: &ready.enterprise.code,
            purpose: &purpose,
            form: form.digest(),
            answers: zhida_forms::Answers::default(),
            marks: Vec::new(),
        };
        Ok(self.drafts.open(viewer, &start).await?.draft)
    }

    /// Files an application: the case begins, the draft becomes its first round.
    ///
    /// # Errors
    /// The conditions are not met; the enterprise has one already; the account is missing or wrong; the database.
    pub(crate) async fn file(
        &self,
        viewer: &Viewer,
        ready: &Ready,
        payee: Option<&PayeeForm>,
        sent: Option<(&Draft, &Filled)>,
    ) -> Result<String, Error> {
        if let Some(reason) = ready.judgement.bars(&ready.scheme.scheme) {
            return Err(Error::NotEligible(reason));
        }
        let from_form = sent.and_then(|(_, filled)| filled.payee()).map(payee_form);
        let payee = payee.or(from_form.as_ref());
        if ready.asks_payee() && payee.is_none() {
            return Err(Error::field("holder", "请填写收款账户"));
        }
        let by = party(viewer);
        let now = self.clock.now();
        let agent = agency(&by);
        let code = ready.enterprise.code.as_str();
        let answers = match sent {
            Some((_, filled)) => json!(
                filled
                    .lines()
                    .iter()
                    .map(|line| json!({ "label": line.label, "value": line.shown }))
                    .collect::<Vec<_>>()
            ),
            None => json!([]),
        };
        let new = NewCase {
            item: &ready.item,
            scheme: &ready.scheme,
            enterprise: code,
            enterprise_name: &ready.enterprise.name,
            place: ready.enterprise.division.as_deref().unwrap_or_default(),
            period: &ready.period,
            origin: Origin::Application,
            filed_by: viewer.name(),
            agent: &agent,
            judgement: &ready.judgement,
            answers,
        };
        let entry =
            Entry::new(now, viewer, "redemption.file", "item", &ready.item.id).enterprise(code);
        self.db
            .write(|tx| {
                let (new, by, entry) = (new.clone(), by.clone(), entry.clone());
                async move {
                    cases::take_turn(&tx, code).await?;
                    if let Some(payee) = payee {
                        let who = (code, ready.enterprise.name.as_str());
                        self.funds
                            .keep_payee(&tx, who, payee, viewer.actor())
                            .await?;
                    }
                    let opened = self.open_case(&tx, new, &by).await?;
                    if let Some((draft, filled)) = sent {
                        let by = viewer.actor();
                        self.drafts
                            .submit(&tx, draft, filled, &opened.id, by, now)
                            .await?;
                    }
                    let entry = entry.after(json!({
                        "case": opened.number,
                        "item_revision": ready.item.revision,
                        "scheme_revision": ready.scheme.revision,
                    }));
                    audit::append(&tx, &entry).await?;
                    Ok(opened.id)
                }
            })
            .await
    }

    /// The draft in which a completion is made: the last answers, with what was marked.
    ///
    /// # Errors
    /// Nothing was asked for; the database.
    pub(crate) async fn completing(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        form: &Form,
    ) -> Result<Draft, Error> {
        let completion = view.loaded.case.completion();
        let completion =
            completion.ok_or_else(|| Error::Refused("现在没有要补正的内容".to_owned()))?;
        let rounds = self
            .drafts
            .submissions(self.db.conn(), &view.record.case_id)
            .await?;
        let purpose = format!("redemption/complete/{}", view.record.case_id);
        let start = Start {
            enterprise: &view.record.enterprise,
            purpose: &purpose,
            form: form.digest(),
            answers: rounds
                .last()
                .map(|round| round.filled.answers.clone())
                .unwrap_or_default(),
            marks: completion.points.iter().map(mark).collect(),
        };
        Ok(self.drafts.open(viewer, &start).await?.draft)
    }

    /// The enterprise completed what it was asked for.
    ///
    /// # Errors
    /// Nothing was asked for, or it is too late; the database.
    pub(crate) async fn complete(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        note: &str,
        sent: Option<(&Draft, &Filled)>,
    ) -> Result<(), Error> {
        let by = party(viewer);
        let now = self.clock.now();
        let entry = self.entry(viewer, "redemption.complete", view);
        let command = Command::AnswerCompletion {
            note: note.to_owned(),
        };
        self.db
            .write(|tx| {
                let (by, entry, command) = (by.clone(), entry.clone(), command.clone());
                async move {
                    if let Some((draft, filled)) = sent {
                        let case = &view.record.case_id;
                        self.drafts
                            .submit(&tx, draft, filled, case, viewer.actor(), now)
                            .await?;
                    }
                    self.run(&tx, view, command, &by).await?;
                    audit::append(&tx, &entry).await?;
                    Ok(())
                }
            })
            .await
    }
}

fn mark(point: &Point) -> Mark {
    Mark {
        path: point.field.clone(),
        words: point.text.clone(),
        by: "经办部门".to_owned(),
    }
}

fn payee_form(account: &zhida_forms::BankAccount) -> PayeeForm {
    PayeeForm {
        holder: account.holder.clone(),
        bank: account.bank.clone(),
        cnaps: account.cnaps.clone(),
        account: account.number.clone(),
    }
}

impl Redemption {
    /// The enterprise of a case as it is today.
    ///
    /// # Errors
    /// It is gone; the database.
    pub(crate) async fn facts_of(&self, view: &CaseView) -> Result<Enterprise, Error> {
        let found = self.registry.enterprise(&view.record.enterprise).await?;
        found.ok_or_else(|| Error::missing("这家企业的档案"))
    }

    /// What forms prefill from.
    pub(crate) fn known_of<'k>(&self, enterprise: &'k Enterprise) -> Known<'k> {
        Known {
            facts: &enterprise.facts,
            on: self.clock.today(),
        }
    }
}
