//! The decisions: the enterprise confirms or declines, the office grants or refuses; and the money that follows.

use serde_json::json;
use zhida_casework::{Command, Party};
use zhida_funds::{Cap, Claim, Part, PayeeForm, Reservation, Standing, amount};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::cases::Loaded;
use zhida_platform::clock::to_shanghai;
use zhida_platform::db::Tx;
use zhida_platform::format::money_fen;
use zhida_platform::problem::Problem;

use super::run::{CaseView, party};
use super::store;
use crate::closure::store::lose_offered;
use crate::error::Error;
use crate::judgement::Judgement;
use crate::letters::Verdict;
use crate::rights::{APPLY, DECIDE, HANDLE};
use crate::service::Redemption;
use crate::told::DECIDED;
use crate::words::{Grant, Outcome, Stage};

/// What an enterprise's yes came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmed {
    /// The case goes on.
    Yes,
    /// It does not meet the conditions any more, or the policy ended; the case was closed with this reason.
    NoLonger(String),
}

/// What is told where nothing can be confirmed for want of a pool.
pub(crate) const UNFUNDED: &str =
    "这个事项今年的资金还没有安排，现在确认不了；资金到位后再来确认，不影响资格";

/// What is granted, in fen: something, and no more than the rules allow.
fn granted(fen: Option<i64>, most: Option<i64>) -> Result<i64, Error> {
    let wrong = |words: String| Err(Error::field("amount", words));
    match (fen, most) {
        (None, _) => wrong("请填写核定金额".to_owned()),
        (Some(..=0), _) => wrong("核定金额要大于 0".to_owned()),
        (Some(fen), Some(most)) if fen > most => {
            let most = money_fen(most);
            wrong(format!("按规则最多 {most}，核定金额不能更多"))
        }
        (Some(fen), _) => Ok(fen),
    }
}

impl Redemption {
    /// Whether the money that a confirmation holds can be held: there is a pool of this year.
    pub(crate) async fn may_confirm_now(&self, view: &CaseView) -> Result<bool, Error> {
        Ok(!view.scheme.holds_money_at_once() || self.is_funded(&view.record.item).await?)
    }

    /// The conditions by the facts of now and the rules of filing, and the lists; with why it must not be
    /// granted or paid.
    pub(crate) async fn recheck(
        &self,
        view: &CaseView,
    ) -> Result<(Option<Judgement>, Option<String>), Error> {
        let record = &view.record;
        let Some(enterprise) = self.registry.enterprise(&record.enterprise).await? else {
            return Ok((None, Some("市场主体库中已没有这家企业".to_owned())));
        };
        let judgement = self
            .judge(&enterprise, &record.item, record.item_revision)
            .await?;
        let lists = &view.scheme.lists;
        let listed =
            crate::closure::store::held_back(self.db.conn(), lists, &record.enterprise).await?;
        let reason = judgement
            .bars(&view.scheme)
            .or_else(|| listed.map(|list| format!("在比对名单上：{list}")));
        Ok((Some(judgement), reason))
    }

    /// One tap of the enterprise: yes.
    ///
    /// # Errors
    /// Beyond reach; not at this stage; an account is missing or wrong; the database.
    pub async fn confirm(
        &self,
        viewer: &Viewer,
        id: &str,
        payee: Option<&PayeeForm>,
    ) -> Result<Confirmed, Error> {
        let view = self.case(viewer, APPLY, id).await?;
        self.at(&view, Stage::Confirm)?;
        let by = party(viewer);
        let item = self.item(&view.record.item);
        let open = item
            .as_ref()
            .is_ok_and(|item| item.is_open(self.clock.today()));
        if !open {
            let reason = "政策已废止、到期或撤下".to_owned();
            return self.no_longer(viewer, &view, Outcome::Ended, reason).await;
        }
        let (judgement, reason) = self.recheck(&view).await?;
        let fen = judgement.as_ref().and_then(|judgement| judgement.fen);
        if let Some(reason) = reason {
            return self
                .no_longer(viewer, &view, Outcome::Refused, reason)
                .await;
        }
        let known = self
            .funds
            .payee(self.db.conn(), &view.record.enterprise)
            .await?;
        if view.scheme.asks_payee && known.is_none() && payee.is_none() {
            return Err(Error::field("holder", "请填写收款账户"));
        }
        let decides = view.scheme.decides_at_once();
        if !self.may_confirm_now(&view).await? {
            return Err(Error::Refused(UNFUNDED.to_owned()));
        }
        let entry = self
            .entry(viewer, "redemption.confirm", &view)
            .after(json!({ "amount": fen, "item_revision": view.record.item_revision }));
        self.db
            .write(|tx| {
                let (view, by, entry, judgement) =
                    (view.clone(), by.clone(), entry.clone(), judgement.clone());
                async move {
                    store::take_turn(&tx, &view.record.enterprise).await?;
                    if let Some(payee) = payee {
                        let who = (
                            view.record.enterprise.as_str(),
                            view.record.enterprise_name.as_str(),
                        );
                        self.funds
                            .keep_payee(&tx, who, payee, viewer.actor())
                            .await?;
                    }
                    let case = &view.record.case_id;
                    if let Some(judgement) = &judgement {
                        store::recheck(&tx, case, judgement, self.clock.now()).await?;
                    }
                    store::filed_by(&tx, case, viewer.name(), &agency(&by)).await?;
                    let mut view = view.clone();
                    let fen = self.beside_others_of(&tx, &view, fen).await?;
                    if decides {
                        let words = "数据核对符合全部条件，企业已确认";
                        store::decide(&tx, case, fen, words).await?;
                        view.record.fen_decided = fen;
                        self.reserve(&tx, &view, &by.words()).await?;
                        view.record.recheck.clone_from(&judgement);
                        let verdict = Verdict::Granted {
                            fen: fen.unwrap_or_default(),
                        };
                        self.write_letter(&tx, viewer, &view, &Party::system(), verdict)
                            .await?;
                    }
                    let note = "企业确认领取".to_owned();
                    self.run(&tx, &view, Command::Advance { to: None, note }, &by)
                        .await?;
                    audit::append(&tx, &entry).await?;
                    Ok(Confirmed::Yes)
                }
            })
            .await
    }

    /// One tap of the enterprise: no.
    ///
    /// # Errors
    /// Beyond reach; not at this stage; the database.
    pub(crate) async fn decline(
        &self,
        viewer: &Viewer,
        id: &str,
        reason: &str,
    ) -> Result<(), Error> {
        let view = self.case(viewer, APPLY, id).await?;
        self.at(&view, Stage::Confirm)?;
        let command = Command::Close {
            outcome: Outcome::Declined,
            reason: reason.to_owned(),
        };
        self.act(viewer, &view, command, "redemption.decline").await
    }

    /// The enterprise takes its application back.
    ///
    /// # Errors
    /// Beyond reach; too late; the database.
    pub(crate) async fn withdraw(
        &self,
        viewer: &Viewer,
        id: &str,
        reason: &str,
    ) -> Result<(), Error> {
        let view = self.case(viewer, APPLY, id).await?;
        let command = Command::Withdraw {
            reason: reason.to_owned(),
        };
        self.act(viewer, &view, command, "redemption.withdraw")
            .await
    }

    /// One step with its audit record, for steps that need nothing more.
    ///
    /// # Errors
    /// The step is not possible; somebody was faster; the database.
    pub(crate) async fn act(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        command: Command<Grant>,
        action: &'static str,
    ) -> Result<(), Error> {
        let by = party(viewer);
        let entry = self.entry(viewer, action, view);
        self.db
            .write(|tx| {
                let (command, by, entry) = (command.clone(), by.clone(), entry.clone());
                async move {
                    self.run(&tx, view, command, &by).await?;
                    audit::append(&tx, &entry).await?;
                    Ok(())
                }
            })
            .await
    }

    /// Goes on to the next stage; the last approval is [`Redemption::grant`]'s.
    ///
    /// # Errors
    /// No right; a decision is due; the step is not possible; the database.
    pub async fn advance(&self, viewer: &Viewer, id: &str, note: &str) -> Result<(), Error> {
        let view = self.case(viewer, HANDLE, id).await?;
        let command = Command::Advance {
            to: None,
            note: note.to_owned(),
        };
        self.act(viewer, &view, command, "redemption.advance").await
    }

    /// Grants a case at its last approval: an amount, no more than the rules allow beside what the enterprise has of other
    /// items, after the conditions were looked at again. Where the rules say exactly how much, none needs to be given.
    ///
    /// # Errors
    /// No right; not at the last approval; a condition is not met any more; somebody was faster; the database.
    pub async fn grant(
        &self,
        viewer: &Viewer,
        id: &str,
        version: i64,
        fen: Option<i64>,
        words: &str,
    ) -> Result<(), Error> {
        let view = self.case(viewer, HANDLE, id).await?;
        self.may_decide(viewer, &view)?;
        view.loaded.expect_version(version)?;
        if let Some(why) = self.repealed(&view.record.item) {
            return Err(Error::Refused(format!(
                "{why}，没有核定的办件不再核定，请以“已终止”办结"
            )));
        }
        let (judgement, reason) = self.recheck(&view).await?;
        if let Some(reason) = reason {
            return Err(Error::NotEligible(format!(
                "现在不能核定：{reason}。请核对数据，或作不予兑付的决定"
            )));
        }
        let is_exact = judgement.as_ref().is_some_and(|one| one.fen.is_some());
        let by_rules = judgement.as_ref().and_then(|one| one.fen.or(one.most));
        let most = self
            .beside_others_of(self.db.conn(), &view, by_rules)
            .await?;
        let pays = view.scheme.has(Stage::Payment);
        let fen = match pays {
            true => Some(granted(fen.or(most.filter(|_| is_exact)), most)?),
            false => None,
        };
        let by = party(viewer);
        let entry = self.entry(viewer, "redemption.grant", &view).after(json!({
            "amount": fen,
            "item_revision": view.record.item_revision,
            "scheme_revision": view.record.scheme_revision,
        }));
        self.db
            .write(|tx| {
                let (mut view, by, entry) = (view.clone(), by.clone(), entry.clone());
                let judgement = judgement.clone();
                async move {
                    let case = view.record.case_id.clone();
                    store::take_turn(&tx, &view.record.enterprise).await?;
                    view.loaded = self.undecided(&tx, id, version).await?;
                    if self.beside_others_of(&tx, &view, by_rules).await? != most {
                        return Err(Error::Overtaken(
                            "同一家企业的另一件办件刚刚变动，请刷新后再核定".to_owned(),
                        ));
                    }
                    if let Some(judgement) = &judgement {
                        store::recheck(&tx, &case, judgement, self.clock.now()).await?;
                    }
                    store::decide(&tx, &case, fen, words).await?;
                    view.record.fen_decided = fen;
                    view.record.decision = Some(words.to_owned());
                    if pays {
                        self.reserve(&tx, &view, &by.words()).await?;
                    }
                    view.record.recheck.clone_from(&judgement);
                    let verdict = Verdict::Granted {
                        fen: fen.unwrap_or_default(),
                    };
                    let letter = self.write_letter(&tx, viewer, &view, &by, verdict).await?;
                    let amount = fen.map_or_else(|| "（权益或资质）".to_owned(), money_fen);
                    self.tell(&tx, &view, &DECIDED, &[("amount", &amount)])
                        .await?;
                    let command = match view.scheme.next(Some(view.loaded.case.stage())) {
                        Some(_) => Command::Advance {
                            to: None,
                            note: words.to_owned(),
                        },
                        None => Command::Close {
                            outcome: Outcome::Paid,
                            reason: words.to_owned(),
                        },
                    };
                    self.run(&tx, &view, command, &by).await?;
                    let entry = entry.detail(json!({ "letter": letter.number }));
                    audit::append(&tx, &entry).await?;
                    Ok(())
                }
            })
            .await
    }

    /// Refuses a case, with the reason that the enterprise reads.
    ///
    /// # Errors
    /// No right; no reason; somebody was faster; the database.
    pub async fn refuse(
        &self,
        viewer: &Viewer,
        id: &str,
        version: i64,
        reason: &str,
    ) -> Result<(), Error> {
        let view = self.case(viewer, HANDLE, id).await?;
        if view.loaded.case.stage().is_approval() {
            self.may_decide(viewer, &view)?;
        }
        view.loaded.expect_version(version)?;
        if reason.trim().is_empty() {
            return Err(Error::field("reason", "请写明不予兑付的理由，企业会看到"));
        }
        let reason = reason.trim();
        let command = Command::Close {
            outcome: Outcome::Refused,
            reason: reason.to_owned(),
        };
        let by = party(viewer);
        let entry = self
            .entry(viewer, "redemption.refuse", &view)
            .after(json!({ "reason": reason }));
        self.db
            .write(|tx| {
                let (command, by, entry, mut view) =
                    (command.clone(), by.clone(), entry.clone(), view.clone());
                async move {
                    store::take_turn(&tx, &view.record.enterprise).await?;
                    view.loaded = self.undecided(&tx, id, version).await?;
                    let verdict = Verdict::Refused { reason };
                    let letter = self.write_letter(&tx, viewer, &view, &by, verdict).await?;
                    self.run(&tx, &view, command, &by).await?;
                    let entry = entry.detail(json!({ "letter": letter.number }));
                    audit::append(&tx, &entry).await?;
                    Ok(())
                }
            })
            .await
    }

    /// The case as it is once it is one's turn, if nobody decided since the version that was seen.
    async fn undecided(&self, tx: &Tx, id: &str, version: i64) -> Result<Loaded<Grant>, Error> {
        let loaded = self.case_in(tx, id).await?.loaded;
        loaded.expect_version(version)?;
        Ok(loaded)
    }

    /// Whether this is the last approval, and the viewer's to give: 审定 by those who decide, others by those
    /// who handle.
    fn may_decide(&self, viewer: &Viewer, view: &CaseView) -> Result<(), Error> {
        let stage = view.loaded.case.stage();
        if !view.is_at_decision() {
            return Err(Error::Refused(format!(
                "现在在“{}”环节，还不能核定",
                stage.word()
            )));
        }
        let needed = if stage == Stage::Decision {
            DECIDE
        } else {
            HANDLE
        };
        match viewer.covers(needed, &view.record.access()) {
            true => Ok(()),
            false => Err(Problem::forbidden("这一步由审定人员决定").into()),
        }
    }

    fn at(&self, view: &CaseView, stage: Stage) -> Result<(), Error> {
        let case = &view.loaded.case;
        match case.is_open() && case.stage() == stage {
            true => Ok(()),
            // the page offers it at this stage only: somebody moved it since
            false => Err(Error::Overtaken(format!(
                "这件办件现在是“{}”，不能再{}",
                case.words(),
                stage.word()
            ))),
        }
    }

    pub(crate) fn entry(&self, viewer: &Viewer, action: &'static str, view: &CaseView) -> Entry {
        Entry::new(
            self.clock.now(),
            viewer,
            action,
            "case",
            &view.record.case_id,
        )
        .enterprise(&view.record.enterprise)
    }

    async fn no_longer(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        outcome: Outcome,
        reason: String,
    ) -> Result<Confirmed, Error> {
        let command = Command::Close {
            outcome,
            reason: reason.clone(),
        };
        let entry = self
            .entry(viewer, "redemption.confirm_refused", view)
            .after(json!({ "reason": reason }));
        let by = Party::system();
        self.db
            .write(|tx| {
                let (command, by, entry) = (command.clone(), by.clone(), entry.clone());
                async move {
                    self.run(&tx, view, command, &by).await?;
                    let record = &view.record;
                    let whose = (record.item.as_str(), record.enterprise.as_str());
                    let now = self.clock.now();
                    lose_offered(&tx, whose, &record.case_id, now).await?;
                    audit::append(&tx, &entry).await?;
                    Ok::<_, Error>(())
                }
            })
            .await?;
        Ok(Confirmed::NoLonger(reason))
    }

    /// Holds the money of a decided case; when the pool has too little, the case waits its turn.
    pub(super) async fn reserve(&self, tx: &Tx, view: &CaseView, by: &str) -> Result<(), Error> {
        use chrono::Datelike;
        let record = &view.record;
        let Some(fen) = record.fen_decided.filter(|fen| *fen > 0) else {
            return Ok(());
        };
        let name = record.item_name.clone();
        let caps: Vec<Cap> = view
            .scheme
            .cap_yuan
            .iter()
            .map(|yuan| Cap {
                name: format!("一家企业每年最高 {}", money_fen(yuan.saturating_mul(100))),
                items: Vec::new(),
                amount: yuan.saturating_mul(100),
            })
            .collect();
        let wanted = Reservation {
            claim: Claim::of(&record.case_id),
            case_number: &view.loaded.head.number,
            enterprise: &record.enterprise,
            enterprise_name: &record.enterprise_name,
            item: &record.item,
            item_name: &name,
            year: to_shanghai(self.clock.now()).year(),
            amount: fen,
            caps: &caps,
        };
        self.funds.reserve(tx, &wanted, by).await?;
        Ok(())
    }

    /// Locks what was held and makes the first part payable; a case that waits for money does so later.
    pub(super) async fn make_payable(
        &self,
        tx: &Tx,
        view: &CaseView,
        by: &str,
    ) -> Result<(), Error> {
        let claim = Claim::of(&view.record.case_id);
        let Some(fen) = view.record.fen_decided else {
            return Ok(());
        };
        let money = self.funds.standing(tx, claim).await?;
        if money.is_none_or(|money| money.standing != Standing::Reserved) {
            return Ok(());
        }
        self.funds.commit(tx, claim, fen, by).await?;
        let parts = &view.scheme.parts;
        let (label, part) = match parts.first() {
            Some(first) if parts.len() > 1 => {
                (first.when.as_str(), amount::share(fen, first.percent))
            }
            _ => ("全额", fen),
        };
        if !store::next_part(tx, &view.record.case_id, 0).await? {
            return Ok(());
        }
        let part = Part {
            number: 1,
            label,
            amount: part,
            not_before: None,
        };
        self.funds.payable(tx, claim, &part).await?;
        Ok(())
    }

    /// A case that goes back to where it is decided is decided anew: its money is free, its letter does not hold.
    ///
    /// # Errors
    /// Money is on its way, or was paid: that is demanded back, not decided again; the database.
    pub(super) async fn undecide(
        &self,
        tx: &Tx,
        view: &CaseView,
        to: Stage,
        by: &str,
    ) -> Result<(), Error> {
        let onward = view.scheme.route.iter().skip_while(|step| step.stage != to);
        let decides = |stage: Stage| stage.is_approval() || stage == Stage::Confirm;
        let is_decided_again = onward.map(|step| step.stage).any(decides);
        if view.record.decision.is_none() || !is_decided_again {
            return Ok(());
        }
        let case = &view.record.case_id;
        let why = format!("退回“{}”重新办理", to.word());
        self.free_money(tx, view, &why, by).await?;
        let money = self.funds.standing(tx, Claim::of(case)).await?;
        if money.is_some_and(|money| money.paid > 0) {
            return Err(Error::Refused(
                "已经拨付过资金，不能退回重新核定：多付的在办结之后追回".to_owned(),
            ));
        }
        self.letters
            .revoke(tx, case, &why, self.clock.now())
            .await?;
        store::undecide(tx, case).await?;
        Ok(())
    }

    pub(super) async fn free_money(
        &self,
        tx: &Tx,
        view: &CaseView,
        why: &str,
        by: &str,
    ) -> Result<(), Error> {
        let claim = Claim::of(&view.record.case_id);
        if self.funds.standing(tx, claim).await?.is_some() {
            self.funds.release(tx, claim, why, by).await?;
        }
        Ok(())
    }
}

/// The agency that acted; empty when none did.
pub(crate) fn agency(by: &Party) -> String {
    match by {
        Party::Enterprise { agency, .. } => agency.clone().unwrap_or_default(),
        _ => String::new(),
    }
}
