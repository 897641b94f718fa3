//! A step of an appeal taken, with what follows from it.

use chrono::{DateTime, Utc};
use zhida_casework::escalation::Recipient as Told;
use zhida_casework::route::Act;
use zhida_casework::{Case, Change, ClockName, Command, Event, Organisation, Party, Rules};
use zhida_platform::cases::{Cases, Head, Loaded, calendar};
use zhida_platform::clock::instant_text;
use zhida_platform::db::Tx;
use zhida_platform::format::until_zh;
use zhida_platform::messages::{EventKind, Message, Recipient};

use super::store;
use super::view::AppealView;
use crate::error::Error;
use crate::service::Appeals;
use crate::told::{GIVEN, MOVED, REMINDER, REPLIED};
use crate::words::{Appeal, Part, Stage};

/// The room's cases.
pub(crate) const CASES: Cases<Appeal> = Cases::new("appeals", "诉求");

/// Who is told of what nobody holds, and of objections.
pub(crate) const OPERATORS: &str = "operator";
/// Who is told when nobody stands above a body.
pub(super) const SUPERVISORS: &str = "supervisor";

impl Appeals {
    /// Takes a step within the caller's transaction, with all that follows from it. The caller appends the audit record
    /// last.
    ///
    /// # Errors
    /// The step is not possible; somebody was faster; the database.
    pub(super) async fn run(
        &self,
        tx: &Tx,
        view: &AppealView,
        command: Command<Appeal>,
        by: &Party,
    ) -> Result<AppealView, Error> {
        let city = calendar::load(tx).await?;
        let rules = Rules {
            route: &view.route,
            calendar: &city.calendar,
        };
        let now = self.clock.now();
        let loaded = CASES
            .decide(tx, &view.loaded, command, by, now, &rules)
            .await?;
        self.consequences(tx, &view.loaded.case, &loaded, view.loaded.events.len())
            .await?;
        self.view_in(tx, &view.id()).await
    }

    /// What follows from the events of an appeal from `from` on; `before` is the case before them.
    ///
    /// # Errors
    /// The database; nothing happened then.
    pub(super) async fn consequences(
        &self,
        tx: &Tx,
        before: &Case<Appeal>,
        loaded: &Loaded<Appeal>,
        from: usize,
    ) -> Result<(), Error> {
        let mut case = before.clone();
        for event in loaded.events.get(from..).unwrap_or_default() {
            let was = case.clone();
            case.apply(event)
                .map_err(|_| Error::Stored("诉求的办理过程"))?;
            self.keep_times(tx, &loaded.head, &was, event).await?;
            self.consequence(tx, loaded, &was, event).await?;
        }
        Ok(())
    }

    /// The instants and the lateness that figures ask for.
    async fn keep_times(
        &self,
        tx: &Tx,
        head: &Head,
        was: &Case<Appeal>,
        event: &Event<Appeal>,
    ) -> Result<(), Error> {
        let id = &head.id.to_string();
        let late = is_late(was, event.at);
        // whatever leaves the stage, or moves its clock, after it was over: transferring, sorting anew, an objection. Only
        // another calendar moves a due date that was never right
        let leaves = match event.change {
            Change::Recalculated { .. } => false,
            Change::Closed { .. } | Change::Withdrawn { .. } => true,
            _ => event.clocks.iter().any(|set| set.name == ClockName::Stage),
        };
        if late && leaves && was.stage() != Stage::Visit {
            store::set(tx, id, "late = TRUE", Vec::new()).await?;
        }
        let left = match &event.change {
            Change::Advanced { .. } | Change::Returned { .. } | Change::Closed { .. } => {
                was.stage()
            }
            _ => return Ok(()),
        };
        let advanced = matches!(event.change, Change::Advanced { .. });
        let column = match left {
            Stage::Intake if advanced => "accepted_at",
            Stage::Dispatch if advanced => "dispatched_at",
            Stage::Contact if advanced => {
                let first =
                    "response_late = CASE WHEN responded_at IS NULL THEN $2 ELSE response_late END";
                store::set(tx, id, first, vec![late.into()]).await?;
                "responded_at"
            }
            _ => return Ok(()),
        };
        let sets = format!("{column} = COALESCE({column}, $2)");
        store::set(tx, id, &sets, vec![instant_text(event.at).into()]).await?;
        Ok(())
    }

    async fn consequence(
        &self,
        tx: &Tx,
        loaded: &Loaded<Appeal>,
        was: &Case<Appeal>,
        event: &Event<Appeal>,
    ) -> Result<(), Error> {
        let (head, id) = (&loaded.head, loaded.head.id.to_string());
        match &event.change {
            Change::Transferred { to, .. }
            | Change::ObjectionSettled {
                to, moved: true, ..
            } => {
                store::add_body(tx, &id, &to.id.to_string(), Part::Lead).await?;
                self.tell_body(tx, loaded, to, "请主办").await
            }
            Change::ObjectionSettled { to, .. } => {
                self.tell_body(tx, loaded, to, "异议不成立，请继续办理")
                    .await
            }
            Change::Objected { .. } => {
                let fields = [
                    ("due", due_words_of(loaded)),
                    ("reason", "派单异议待裁定".to_owned()),
                ];
                self.tell_to(
                    tx,
                    head,
                    Recipient::Role(OPERATORS),
                    &REMINDER,
                    &borrowed(&fields),
                )
                .await
            }
            Change::OpinionsAsked { organisations, .. } => {
                for body in organisations {
                    store::add_body(tx, &id, &body.id.to_string(), Part::Asked).await?;
                    self.tell_body(tx, loaded, body, "请协办").await?;
                }
                Ok(())
            }
            Change::OpinionGiven { organisation, .. } => match loaded.case.holder() {
                Some(lead) => {
                    let reason = format!("{}已反馈协办意见", organisation.name);
                    self.tell_body(tx, loaded, lead, &reason).await
                }
                None => Ok(()),
            },
            Change::Advanced {
                to: Stage::Visit, ..
            } => {
                let due = due_words_of(loaded);
                self.tell_appellants(tx, head, &REPLIED, &[("due", &due)])
                    .await
            }
            Change::Advanced { to, .. } if was.stage() == Stage::Dispatch => {
                let lead = loaded.case.holder().map_or("", |lead| lead.name.as_str());
                let reason = format!("已交{lead}办理，进入“{}”", to.word());
                self.tell_appellants(tx, head, &MOVED, &[("reason", &reason)])
                    .await
            }
            Change::Advanced { .. } if was.stage() == Stage::Plan => {
                self.tell_appellants(tx, head, &MOVED, &[("reason", "有初步答复")])
                    .await
            }
            Change::Returned { to, .. } => {
                let (role, reason) = match to {
                    Stage::Supervision => (SUPERVISORS, "再次不满意，请督查督办"),
                    _ => (OPERATORS, "回访不满意，请二次交办"),
                };
                let fields = [("due", due_words_of(loaded)), ("reason", reason.to_owned())];
                self.tell_to(
                    tx,
                    head,
                    Recipient::Role(role),
                    &REMINDER,
                    &borrowed(&fields),
                )
                .await
            }
            Change::Closed { outcome, .. } | Change::Withdrawn { outcome, .. } => {
                let reason = format!("已办结（{}）", outcome.word());
                self.tell_appellants(tx, head, &MOVED, &[("reason", &reason)])
                    .await
            }
            Change::Reopened { .. } => {
                let fields = [
                    ("due", due_words_of(loaded)),
                    ("reason", "诉求人要求重新办理".to_owned()),
                ];
                self.tell_to(
                    tx,
                    head,
                    Recipient::Role(OPERATORS),
                    &REMINDER,
                    &borrowed(&fields),
                )
                .await
            }
            Change::Escalated {
                clock, to, action, ..
            } => self.remind(tx, loaded, *clock, to, *action).await,
            _ => Ok(()),
        }
    }

    /// Tells whom the clock named. What nobody holds, and objections, are the operators'; visits too.
    async fn remind(
        &self,
        tx: &Tx,
        loaded: &Loaded<Appeal>,
        clock: ClockName,
        to: &Told,
        action: Act,
    ) -> Result<(), Error> {
        let id;
        let case = &loaded.case;
        let operators = clock == ClockName::Objection
            || case.stage() == Stage::Visit
            || case.holder().is_none();
        let to = match (to, action) {
            (_, Act::Remind) if operators => Recipient::Role(OPERATORS),
            (Told::Handler { person }, _) => {
                id = person.account.to_string();
                Recipient::Account(&id)
            }
            (Told::Superior { superior, .. }, _) => match &superior.person {
                Some(person) => {
                    id = person.account.to_string();
                    Recipient::Account(&id)
                }
                None => {
                    id = superior.organisation.id.to_string();
                    Recipient::Organisation(&id)
                }
            },
            (Told::Body { organisation }, _) => {
                id = organisation.id.to_string();
                Recipient::Organisation(&id)
            }
            (Told::Enterprise, _) => Recipient::Role(OPERATORS),
            (Told::Administrators, _) => Recipient::Role(SUPERVISORS),
        };
        let reason = match action {
            Act::Remind => format!("{}即将到期或已到期", clock.words()),
            Act::Escalate { level } => format!("{}逾期，上报 {level} 级", clock.words()),
        };
        let fields = [("due", due_words_of(loaded)), ("reason", reason)];
        self.tell_to(tx, &loaded.head, to, &REMINDER, &borrowed(&fields))
            .await
    }

    async fn tell_body(
        &self,
        tx: &Tx,
        loaded: &Loaded<Appeal>,
        body: &Organisation,
        reason: &str,
    ) -> Result<(), Error> {
        let (id, due) = (body.id.to_string(), due_words_of(loaded));
        let fields = [("due", due.as_str()), ("reason", reason)];
        self.tell_to(
            tx,
            &loaded.head,
            Recipient::Organisation(&id),
            &GIVEN,
            &fields,
        )
        .await
    }

    /// Tells everybody who said it and has an enterprise; who has none follows by number and code.
    pub(super) async fn tell_appellants(
        &self,
        tx: &Tx,
        head: &Head,
        event: &'static EventKind,
        fields: &[(&str, &str)],
    ) -> Result<(), Error> {
        let mut told: Vec<String> = Vec::new();
        for voice in store::voices(tx, &head.id.to_string()).await? {
            if !voice.enterprise.is_empty() && !told.contains(&voice.enterprise) {
                self.tell_enterprise(tx, head, &voice.enterprise, event, fields)
                    .await?;
                told.push(voice.enterprise);
            }
        }
        Ok(())
    }

    pub(super) async fn tell_enterprise(
        &self,
        tx: &Tx,
        head: &Head,
        enterprise: &str,
        event: &'static EventKind,
        fields: &[(&str, &str)],
    ) -> Result<(), Error> {
        self.tell_to(tx, head, Recipient::Enterprise(enterprise), event, fields)
            .await
    }

    /// Tells somebody; title and number are filled in.
    pub(super) async fn tell_to(
        &self,
        tx: &Tx,
        head: &Head,
        to: Recipient<'_>,
        event: &'static EventKind,
        fields: &[(&str, &str)],
    ) -> Result<(), Error> {
        let known = [
            ("title", head.title.as_str()),
            ("number", head.number.as_str()),
        ];
        let all: Vec<(&str, &str)> = known.into_iter().chain(fields.iter().copied()).collect();
        let id = head.id.to_string();
        let link = format!("/appeals/{id}");
        let message = Message {
            event,
            to,
            fields: &all,
            link: Some(&link),
            subject: ("case", &id),
        };
        self.messages.send(tx, &message).await?;
        Ok(())
    }
}

/// Whether the stage's clock was over at an instant.
fn is_late(case: &Case<Appeal>, at: DateTime<Utc>) -> bool {
    let running = case.clocks().get(&ClockName::Stage);
    let due = running
        .filter(|running| running.clock.stopped.is_none())
        .and_then(|running| running.due.as_ref());
    due.is_some_and(|due| at > due.at)
}

fn borrowed<'a>(fields: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

/// Until when, in words.
pub(super) fn due_words_of(loaded: &Loaded<Appeal>) -> String {
    let due = loaded.case.due();
    due.map_or_else(|| "未定".to_owned(), |(_, due)| until_zh(due.at))
}

/// The same of a view.
pub(crate) fn due_words(view: &AppealView) -> String {
    due_words_of(&view.loaded)
}
