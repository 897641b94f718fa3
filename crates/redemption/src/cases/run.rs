//! A case loaded for somebody, and a step of it taken.

use serde_json::json;
use uuid::Uuid;
use zhida_casework::escalation::Recipient as Told;
use zhida_casework::route::Act;
use zhida_casework::{Change, Command, Organisation, Party, Person, Route, Rules};
use zhida_platform::access::{Action, Viewer};
use zhida_platform::audit;
use zhida_platform::cases::{Cases, Loaded, calendar};
use zhida_platform::db::Tx;
use zhida_platform::format::{money_fen, until_zh};
use zhida_platform::messages::{Message, Recipient};

use super::record::{CaseRecord, SENT_BACK, ended};
use super::{route, store};
use crate::error::Error;
use crate::notice::{self, NewRow};
use crate::rights::READ;
use crate::scheme::Scheme;
use crate::service::Redemption;
use crate::told::{COMPLETION, ENDED, PAID, REMINDER};
use crate::words::{Grant, Outcome, Stage};

/// Who handles cases.
pub(super) const CLERK: &str = "clerk";
/// Who is told when nobody stands above a body.
const SUPERVISOR: &str = "supervisor";

/// The room's cases.
pub(crate) const CASES: Cases<Grant> = Cases::new("redemption", "兑付");

/// A case with everything that it runs by.
#[derive(Debug, Clone)]
pub(crate) struct CaseView {
    /// As the platform keeps it.
    pub loaded: Loaded<Grant>,
    /// As the room keeps it.
    pub record: CaseRecord,
    /// The revision of the scheme it began with.
    pub scheme: Scheme,
    /// The route that follows from it.
    pub route: Route<Grant>,
}

impl CaseView {
    /// How the case stands: its own words, but that of a paid one the bank may have sent money back.
    pub(crate) fn words(&self) -> String {
        let case = &self.loaded.case;
        match case.ending() {
            Some(_) if self.is_sent_back() => format!("已办结：{SENT_BACK}"),
            _ => case.words(),
        }
    }

    /// Whether it ended as paid, and the bank sent money back since.
    pub(crate) fn is_sent_back(&self) -> bool {
        let ending = self.loaded.case.ending();
        ending.is_some_and(|end| ended(end.outcome, self.record.sent_back_fen) == SENT_BACK)
    }

    /// Whether the case is at its last approval, where it is granted or refused.
    pub(crate) fn is_at_decision(&self) -> bool {
        let last = self
            .scheme
            .route
            .iter()
            .rev()
            .find(|step| step.stage.is_approval());
        self.loaded.case.is_open() && last.map(|step| step.stage) == Some(self.loaded.case.stage())
    }

    /// Bodies that were asked and have not answered.
    pub(super) fn unanswered(&self) -> Vec<Uuid> {
        let opinions = self.loaded.case.opinions().iter();
        let open = opinions.filter(|opinion| opinion.is_open());
        open.map(|opinion| opinion.organisation.id).collect()
    }
}

/// Whoever made a request, as a party; the demonstration's officer of everything too.
pub(crate) fn party(viewer: &Viewer) -> Party {
    let officer = || {
        let account = viewer.account().unwrap_or_default();
        Party::Officer {
            person: Person {
                account,
                name: viewer.name().to_owned(),
            },
            organisation: Organisation {
                id: account,
                name: "工作人员".to_owned(),
            },
        }
    };
    let system = || Party::System {
        name: viewer.name().to_owned(),
    };
    let known = zhida_platform::cases::party(viewer);
    known.unwrap_or_else(|| match viewer.account() {
        Some(_) => officer(),
        None => system(),
    })
}

impl Redemption {
    /// A case with its row, for the program itself.
    ///
    /// # Errors
    /// No such case; the database.
    pub(crate) async fn case_of(&self, id: &str) -> Result<CaseView, Error> {
        let parsed = id.parse().map_err(|_| Error::missing("这件办件"))?;
        let record = store::find(self.db.conn(), id).await?;
        let record = record.ok_or_else(|| Error::missing("这件办件"))?;
        let loaded = CASES.need(self.db.conn(), parsed).await?;
        let published = self
            .scheme_revision(&record.item, record.scheme_revision)
            .await?;
        Ok(CaseView {
            loaded,
            route: route::of(&published.scheme)?,
            scheme: published.scheme,
            record,
        })
    }

    /// A case for a viewer whose right reaches it; another is answered like one that is not there.
    ///
    /// # Errors
    /// No such case, or beyond reach; the database.
    pub(crate) async fn case(
        &self,
        viewer: &Viewer,
        action: Action,
        id: &str,
    ) -> Result<CaseView, Error> {
        let view = self.case_of(id).await?;
        match viewer.covers(action, &view.record.access()) {
            true => Ok(view),
            false => Err(Error::missing("这件办件")),
        }
    }

    /// Takes a step within the caller's transaction, with all that follows from it: money, notice, messages. The
    /// caller appends the audit record last.
    ///
    /// # Errors
    /// The step is not possible; somebody was faster; the database.
    pub(crate) async fn run(
        &self,
        tx: &Tx,
        view: &CaseView,
        command: Command<Grant>,
        by: &Party,
    ) -> Result<CaseView, Error> {
        if matches!(command, Command::Advance { .. })
            && view.is_at_decision()
            && view.record.decision.is_none()
        {
            return Err(Error::Refused(
                "这是最后一个审批环节，要作出核定或不予兑付的决定".to_owned(),
            ));
        }
        let city = calendar::load(tx).await?;
        let rules = Rules {
            route: &view.route,
            calendar: &city.calendar,
        };
        let now = self.clock.now();
        let loaded = CASES
            .decide(tx, &view.loaded, command, by, now, &rules)
            .await?;
        let after = CaseView {
            loaded,
            ..view.clone()
        };
        self.follow(tx, &after, view.loaded.events.len()).await?;
        Ok(after)
    }

    /// What follows from the events of a case from `from` on.
    ///
    /// # Errors
    /// Those of money, notice and messages: nothing happened then.
    pub(crate) async fn follow(&self, tx: &Tx, view: &CaseView, from: usize) -> Result<(), Error> {
        for event in view.loaded.events.iter().skip(from) {
            let by = event.by.words();
            match &event.change {
                Change::Advanced { .. } => {
                    self.leave_notice(tx, view, true).await?;
                    self.entered(tx, view, &by).await?;
                }
                Change::Returned { to, .. } => {
                    self.leave_notice(tx, view, false).await?;
                    self.undecide(tx, view, *to, &by).await?;
                }
                Change::Closed {
                    outcome, reason, ..
                }
                | Change::Withdrawn { outcome, reason } => {
                    self.leave_notice(tx, view, *outcome == Outcome::Paid)
                        .await?;
                    self.note_end(tx, view, *outcome).await?;
                    self.ended(tx, view, *outcome, reason, &by).await?;
                }
                Change::CompletionAsked { .. } => {
                    self.tell(tx, view, &COMPLETION, &[("due", &due_words(view))])
                        .await?;
                }
                Change::Escalated { to, action, .. } => self.remind(tx, view, to, *action).await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// What entering a stage brings with it.
    pub(super) async fn entered(&self, tx: &Tx, view: &CaseView, by: &str) -> Result<(), Error> {
        match view.loaded.case.stage() {
            Stage::Notice => self.publish_notice(tx, view).await,
            Stage::Payment => self.make_payable(tx, view, by).await,
            _ => Ok(()),
        }
    }

    async fn publish_notice(&self, tx: &Tx, view: &CaseView) -> Result<(), Error> {
        let due = view.loaded.case.due().map(|(_, due)| due);
        let due = due.ok_or_else(|| {
            Error::Refused("公示环节没有期限，不能公示：请检查兑付方案".to_owned())
        })?;
        let record = &view.record;
        let name = record.item_name.clone();
        let organisation = self.department(&record.item);
        let row = NewRow {
            case: &record.case_id,
            number: &view.loaded.head.number,
            item: &record.item,
            item_name: &name,
            organisation: &organisation,
            place: &record.place,
            enterprise: &record.enterprise,
            enterprise_name: &record.enterprise_name,
            fen: record.fen_decided,
            starts_on: self.clock.today(),
            ends_on: due.day,
        };
        notice::publish(tx, &row, self.clock.now()).await?;
        Ok(())
    }

    async fn leave_notice(&self, tx: &Tx, view: &CaseView, passed: bool) -> Result<(), Error> {
        match view.scheme.has(Stage::Notice) {
            true => notice::conclude(tx, &view.record.case_id, passed, self.clock.now()).await,
            false => Ok(()),
        }
    }

    async fn ended(
        &self,
        tx: &Tx,
        view: &CaseView,
        outcome: Outcome,
        reason: &str,
        by: &str,
    ) -> Result<(), Error> {
        if outcome == Outcome::Paid {
            let amount = view.record.amount().map(money_fen).unwrap_or_default();
            return self.tell(tx, view, &PAID, &[("amount", &amount)]).await;
        }
        // who took it back, or was refused, may apply again; what was given up is not offered again
        if outcome != Outcome::Declined {
            store::free(tx, &view.record.case_id).await?;
        }
        self.free_money(tx, view, outcome.word(), by).await?;
        let now = self.clock.now();
        self.letters
            .revoke(tx, &view.record.case_id, outcome.word(), now)
            .await?;
        let reason = match reason.is_empty() {
            true => outcome.word().to_owned(),
            false => format!("{}，{reason}", outcome.word()),
        };
        self.tell(tx, view, &ENDED, &[("reason", &reason)]).await
    }

    /// Tells whom the clock named: a body as a whole where it named no person.
    async fn remind(&self, tx: &Tx, view: &CaseView, to: &Told, action: Act) -> Result<(), Error> {
        let id;
        let to = match to {
            Told::Enterprise => Recipient::Enterprise(&view.record.enterprise),
            Told::Handler { person } => {
                id = person.account.to_string();
                Recipient::Account(&id)
            }
            Told::Superior { superior, .. } => match &superior.person {
                Some(person) => {
                    id = person.account.to_string();
                    Recipient::Account(&id)
                }
                None => {
                    id = superior.organisation.id.to_string();
                    Recipient::Organisation(&id)
                }
            },
            Told::Body { organisation } => {
                id = organisation.id.to_string();
                Recipient::Organisation(&id)
            }
            Told::Administrators => Recipient::Role(SUPERVISOR),
        };
        let reason = match action {
            Act::Remind => "即将到期或已到期".to_owned(),
            Act::Escalate { level } => format!("逾期，上报 {level} 级"),
        };
        let fields = [("due", due_words(view)), ("reason", reason)];
        let fields = [
            ("due", fields[0].1.as_str()),
            ("reason", fields[1].1.as_str()),
        ];
        self.tell_to(tx, view, &REMINDER, to, &fields).await
    }

    /// Tells the enterprise; item and number are filled in.
    pub(crate) async fn tell(
        &self,
        tx: &Tx,
        view: &CaseView,
        event: &'static zhida_platform::messages::EventKind,
        fields: &[(&str, &str)],
    ) -> Result<(), Error> {
        let to = Recipient::Enterprise(&view.record.enterprise);
        self.tell_to(tx, view, event, to, fields).await
    }

    pub(crate) async fn tell_to(
        &self,
        tx: &Tx,
        view: &CaseView,
        event: &'static zhida_platform::messages::EventKind,
        to: Recipient<'_>,
        fields: &[(&str, &str)],
    ) -> Result<(), Error> {
        let name = view.record.item_name.clone();
        let known = [
            ("item", name.as_str()),
            ("number", view.loaded.head.number.as_str()),
        ];
        let asked = |(field, _): &(&str, &str)| event.fields.iter().any(|one| one.name == *field);
        let mut all: Vec<(&str, &str)> = known.into_iter().filter(asked).collect();
        all.extend_from_slice(fields);
        let link = format!("/redemption/cases/{}", view.record.case_id);
        let message = Message {
            event,
            to,
            fields: &all,
            link: Some(&link),
            subject: ("case", &view.record.case_id),
        };
        self.messages.send(tx, &message).await?;
        Ok(())
    }

    /// The department that answers for an item.
    pub(crate) fn department(&self, item: &str) -> String {
        let catalogue = self.policies.catalogue(self.clock.today());
        catalogue
            .find(item)
            .map_or_else(String::new, |item| item.elements.department.clone())
    }
}

/// Until when, in words.
pub(crate) fn due_words(view: &CaseView) -> String {
    let due = view.loaded.case.due();
    due.map_or_else(|| "未定".to_owned(), |(_, due)| until_zh(due.at))
}

impl Redemption {
    /// Records that an officer looked at a case; the enterprise's own people leave no record.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn record_look(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        own: bool,
    ) -> Result<(), Error> {
        if own {
            return Ok(());
        }
        let look = audit::Look {
            action: "redemption.view",
            right: READ,
            part: "兑付办件".to_owned(),
            filter: json!({ "case": view.loaded.head.number }),
        };
        let entry = look.of_one(self.clock.now(), viewer, &view.record.enterprise);
        Ok(audit::record(&self.db, entry.as_slice()).await?)
    }
}
