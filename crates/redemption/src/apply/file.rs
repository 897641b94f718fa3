//! Applying: what is known is judged first, the form asks the rest, and one press files it.

use std::sync::Arc;

use serde_json::{Value, json};
use zhida_casework::Command;
use zhida_casework::event::Point;
use zhida_forms::{Draft, Filled, Form, Known, Line, Mark, Start};
use zhida_funds::{KnownPayee, PayeeForm};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::files::Download;
use zhida_policies::{Delivery, PublishedItem};
use zhida_registry::Enterprise;

use crate::cases::{CaseRecord, CaseView, NewCase, Origin, agency, party, store as cases};
use crate::closure::period;
use crate::error::Error;
use crate::judgement::Judgement;
use crate::rights::{APPLY, READ, sees_filled};
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
    /// Another item that the enterprise has stands against it.
    pub overlap: Option<String>,
    /// Money is needed at once, and there is none of this year.
    pub is_unfunded: bool,
}

/// Why nothing can be filed for want of a pool.
pub(super) fn unfunded(department: &str) -> String {
    format!(
        "这个事项今年的资金还没有安排，现在提交不了；资金到位后即可申请，不用重新准备。可以向{department}询问"
    )
}

/// What a refusal says; other errors go on.
pub(super) fn refusal<T>(done: Result<T, Error>) -> Result<Option<String>, Error> {
    match done {
        Ok(_) => Ok(None),
        Err(Error::Refused(why)) => Ok(Some(why)),
        Err(other) => Err(other),
    }
}

/// The code of the enterprise for which the viewer applies.
///
/// # Errors
/// No right; no seat in an enterprise.
pub(super) fn applicant(viewer: &Viewer) -> Result<String, Error> {
    viewer.need(APPLY)?;
    let seat = viewer.seat().and_then(|seat| seat.enterprise.clone());
    seat.ok_or_else(|| Error::Refused("请以企业的身份申请：在“我的账号”里换一个任职".to_owned()))
}

impl Ready {
    /// Whether the enterprise must give its account.
    pub(crate) fn asks_payee(&self) -> bool {
        self.scheme.scheme.asks_payee && self.payee.is_none()
    }

    /// Why it cannot be applied for now; `None` when it can.
    pub(crate) fn bars(&self) -> Option<String> {
        let bars = self.judgement.bars(&self.scheme.scheme);
        let unfunded = || unfunded(&self.item.elements.department);
        bars.or_else(|| self.is_unfunded.then(unfunded))
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
        let code = applicant(viewer)?;
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
        let conn = self.db.conn();
        let beside = self.beside_others(conn, &item, &scheme.scheme, (&code, ""), judgement.fen);
        let overlap = refusal(beside.await)?;
        let is_unfunded = scheme.scheme.holds_money_at_once() && !self.is_funded(&item.id).await?;
        Ok(Ready {
            overlap,
            is_unfunded,
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
        if let Some(reason) = ready.bars() {
            return Err(Error::NotEligible(reason));
        }
        let purpose = applying(ready);
        let start = Start {
            enterprise: &ready.enterprise.code,
            purpose: &purpose,
            form: form.digest(),
            answers: zhida_forms::Answers::default(),
            marks: Vec::new(),
        };
        Ok(self.drafts.open(viewer, &start).await?.draft)
    }

    /// Files an application of an item that asks for no form; the case's id.
    ///
    /// # Errors
    /// As the pages: the item cannot be had now, the conditions are not met, the account is missing or wrong.
    pub async fn apply_for(
        &self,
        viewer: &Viewer,
        item: &str,
        payee: Option<&PayeeForm>,
    ) -> Result<String, Error> {
        let ready = self.prepare(viewer, item).await?;
        self.file(viewer, &ready, payee, None).await
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
        if let Some(reason) = ready.bars() {
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
            Some((_, filled)) => answers(filled, |line| &line.shown),
            None => json!([]),
        };
        let new = NewCase {
            item: &ready.item,
            scheme: &ready.scheme,
            enterprise: code,
            enterprise_name: &ready.enterprise.name,
            place: ready.enterprise.division.as_deref().unwrap_or_default(),
            holder: self.responsible(&ready.item).await?,
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
        let purpose = completing(view);
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
                        let answers = answers(filled, |line| &line.shown);
                        cases::answered(&tx, case, &answers).await?;
                    }
                    self.run(&tx, view, command, &by).await?;
                    audit::append(&tx, &entry).await?;
                    Ok(())
                }
            })
            .await
    }
}

/// The purpose of an application's draft.
fn applying(ready: &Ready) -> String {
    format!("redemption/apply/{}/{}", ready.item.id, ready.period)
}

/// The purpose of the draft in which a completion is made.
fn completing(view: &CaseView) -> String {
    format!("redemption/complete/{}", view.record.case_id)
}

impl Redemption {
    /// A file in the draft of the viewer's own enterprise; any other is answered like one that is not there.
    ///
    /// # Errors
    /// The item cannot be applied for; no such file in the draft; it is in quarantine or damaged.
    pub(crate) async fn draft_file(
        &self,
        viewer: &Viewer,
        item: &str,
        file: &str,
    ) -> Result<Download, Error> {
        let ready = self.prepare(viewer, item).await?;
        let (code, purpose) = (&ready.enterprise.code, applying(&ready));
        self.file_in_draft(viewer, (code, &purpose), file).await
    }

    /// A file that was sent with a case, or stands in the draft of its completion. What officers open is recorded.
    ///
    /// # Errors
    /// No such case within reach, or no such file of it; it is in quarantine or damaged.
    pub(crate) async fn own_file(
        &self,
        viewer: &Viewer,
        id: &str,
        file: &str,
    ) -> Result<Download, Error> {
        let view = self.case(viewer, READ, id).await?;
        match self.file_of(viewer, &view, file).await {
            Err(Error::Missing(_)) if viewer.covers(APPLY, &view.record.access()) => {
                let (code, purpose) = (&view.record.enterprise, completing(&view));
                self.file_in_draft(viewer, (code, &purpose), file).await
            }
            opened => opened,
        }
    }

    async fn file_in_draft(
        &self,
        viewer: &Viewer,
        (enterprise, purpose): (&str, &str),
        file: &str,
    ) -> Result<Download, Error> {
        let missing = || Error::missing("这份材料");
        let draft = self.drafts.find(enterprise, purpose).await?;
        let draft = draft.ok_or_else(missing)?;
        match self.drafts.file(viewer, &draft, file).await {
            Err(zhida_forms::Error::StrangeFile(_)) => Err(missing()),
            opened => Ok(opened?),
        }
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

/// What was filled in, as a record holds it.
fn answers(filled: &Filled, value: impl Fn(&Line) -> &String) -> Value {
    let lines = filled.lines();
    let lines = lines
        .iter()
        .map(|line| json!({ "label": line.label, "value": value(line) }));
    lines.collect()
}

impl Redemption {
    /// A case's record as the viewer may see it: its own people read what they filled in last in plain, where the record
    /// holds it masked.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn record_for(
        &self,
        viewer: &Viewer,
        view: &CaseView,
    ) -> Result<CaseRecord, Error> {
        let mut record = view.record.clone();
        if sees_filled(viewer, &record.access()) {
            let rounds = self.drafts.submissions(self.db.conn(), &record.case_id);
            if let Some(last) = rounds.await?.last() {
                record.answers = answers(&last.filled, |line| &line.plain);
            }
        }
        Ok(record)
    }

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
