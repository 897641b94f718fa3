//! How a step of an officer is taken.

use serde_json::{Value, json};
use zhida_casework::event::Stance;
use zhida_casework::{Command, Organisation, Party, Person};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::cases::party;
use zhida_platform::clock::instant_text;
use zhida_platform::db::Tx;
use zhida_platform::ids;

use super::step::{Given, ReplyTo, Step};
use super::store::{self, ReplyRow};
use super::view::AppealView;
use crate::error::Error;
use crate::rules;
use crate::service::Appeals;
use crate::words::{Claim, Confidentiality, Outcome, Stage, Track};

/// Characters of a reply at most.
const REPLY_MAX: usize = 2_000;

impl Appeals {
    /// Takes a step of an officer who saw the appeal at a version.
    ///
    /// # Errors
    /// Beyond reach; a step that is another's, or not possible now; somebody was faster; the database.
    pub(crate) async fn act(
        &self,
        viewer: &Viewer,
        id: &str,
        version: i64,
        step: &Step,
    ) -> Result<(), Error> {
        let sight = self.sight(viewer, id).await?;
        if let Some(words) = step.barred(&sight) {
            return Err(Error::refused(words));
        }
        sight.view.loaded.expect_version(version)?;
        let by = &party(viewer).ok_or_else(|| Error::refused("您的账号没有任职，不能办理"))?;
        let bodies = &self.bodies(&sight.view, step).await?;
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                let view = self.view_in(&tx, id).await?;
                view.loaded.expect_version(version)?;
                let detail = self.take_step(&tx, &view, step, bodies, viewer, by).await?;
                let entry = Entry::new(now, viewer, step.action(), "appeal", id);
                let entry = match view.row.head.enterprise.as_str() {
                    "" => entry,
                    code => entry.enterprise(code),
                };
                audit::append(&tx, &entry.after(detail)).await?;
                Ok(())
            })
            .await
    }

    /// The bodies that a step names, in its order.
    async fn bodies(&self, view: &AppealView, step: &Step) -> Result<Vec<Organisation>, Error> {
        let names: Vec<(&'static str, String)> = match step {
            Step::Dispatch(given) => {
                let lead = self.lead_of(view, &given.department).await?;
                let helpers = given.helpers.iter().filter(|name| !name.trim().is_empty());
                std::iter::once(("department", lead))
                    .chain(helpers.map(|name| ("helpers", name.clone())))
                    .collect()
            }
            Step::SettleObjection { department, .. } if department.trim().is_empty() => {
                return Ok(view.loaded.case.holder().cloned().into_iter().collect());
            }
            Step::SettleObjection { department, .. }
            | Step::Transfer { department, .. }
            | Step::Escalate { department, .. } => vec![("department", department.clone())],
            Step::Ask { departments, .. } => {
                let named = departments.iter().filter(|name| !name.trim().is_empty());
                named.map(|name| ("departments", name.clone())).collect()
            }
            _ => Vec::new(),
        };
        let mut bodies = Vec::with_capacity(names.len());
        for (field, name) in names {
            bodies.push(self.the_body(field, &name).await?);
        }
        Ok(bodies)
    }

    /// Who leads: as named, else as the category says, else the backstop.
    async fn lead_of(&self, view: &AppealView, named: &str) -> Result<String, Error> {
        if !named.trim().is_empty() {
            return Ok(named.to_owned());
        }
        let catalogue = self.catalogue().await?.catalogue;
        let by_category = catalogue.department(&view.row.category).map(str::to_owned);
        let backstop = self.rules().await?.rules.backstop;
        let chosen = by_category.or(Some(backstop).filter(|name| !name.is_empty()));
        chosen.ok_or_else(|| {
            Error::field(
                "department",
                "这个分类没有责任单位，也没有设置兜底单位，请写主办单位的名称",
            )
        })
    }

    /// The one body with a name.
    pub(crate) async fn the_body(&self, field: &str, name: &str) -> Result<Organisation, Error> {
        let name = name.trim();
        if name.is_empty() {
            return Err(Error::field(field, "请写单位的名称"));
        }
        let mut found = self.departments.named(name).await?;
        match (found.len(), found.pop()) {
            (1, Some(body)) => Ok(body),
            (0, _) => Err(Error::field(
                field,
                format!("没有找到单位“{name}”，请写组织机构中的全称"),
            )),
            (n, _) => Err(Error::field(
                field,
                format!("有 {n} 个单位都叫“{name}”，请在组织机构中改成能区分的名称"),
            )),
        }
    }

    async fn take_step(
        &self,
        tx: &Tx,
        view: &AppealView,
        step: &Step,
        bodies: &[Organisation],
        viewer: &Viewer,
        by: &Party,
    ) -> Result<Value, Error> {
        let id = &view.id();
        let first = || {
            bodies
                .first()
                .cloned()
                .ok_or_else(|| Error::field("department", "请写单位的名称"))
        };
        match step {
            Step::Take {} => {
                let handler = Person {
                    account: viewer.account().unwrap_or_default(),
                    name: viewer.name().to_owned(),
                };
                self.run(tx, view, Command::Assign { handler }, by).await?;
                Ok(json!({ "handler": viewer.name() }))
            }
            Step::Accept { category, track } => {
                self.sort(tx, view, category, *track, viewer).await?;
                let view = self.view_in(tx, id).await?;
                need_stage(&view, Stage::Intake)?;
                self.run(tx, &view, advance(Stage::Dispatch, ""), by)
                    .await?;
                Ok(json!({ "category": category, "track": track }))
            }
            Step::TurnDown { outcome, reason } => {
                if !matches!(
                    outcome,
                    Outcome::NotAccepted | Outcome::Redirected | Outcome::Invalid
                ) {
                    return Err(Error::field(
                        "outcome",
                        "只能不予受理、引导其他途径或者认定无效；办结要听诉求人的话",
                    ));
                }
                let reason = required("reason", "请写明原因和应当去哪里，诉求人会看到", reason)?;
                let command = Command::Close {
                    outcome: *outcome,
                    reason: reason.clone(),
                };
                self.run(tx, view, command, by).await?;
                Ok(json!({ "outcome": outcome, "reason": reason }))
            }
            Step::Dispatch(given) => self.dispatch(tx, view, given, bodies, by).await,
            Step::Object { reason } => {
                self.run(
                    tx,
                    view,
                    Command::Object {
                        reason: reason.clone(),
                    },
                    by,
                )
                .await?;
                Ok(json!({ "reason": reason }))
            }
            Step::SettleObjection { reason, .. } => {
                let to = first()?;
                let name = to.name.clone();
                self.run(
                    tx,
                    view,
                    Command::SettleObjection {
                        to,
                        reason: reason.clone(),
                    },
                    by,
                )
                .await?;
                Ok(json!({ "to": name, "reason": reason }))
            }
            Step::Contacted { note } => {
                need_stage(view, Stage::Contact)?;
                let note = required("note", "请写明何时、怎样联系，对方怎么说", note)?;
                let next = match view.route.step(Stage::Plan) {
                    Some(_) => Stage::Plan,
                    None => Stage::Handle,
                };
                self.run(tx, view, advance(next, &note), by).await?;
                Ok(json!({ "note": note }))
            }
            Step::Plan { text } => {
                need_stage(view, Stage::Plan)?;
                let text = required("text", "请写初步答复：怎样办、何时办，诉求人会看到", text)?;
                self.run(tx, view, advance(Stage::Handle, &text), by)
                    .await?;
                Ok(json!({ "text": text }))
            }
            Step::Ask { question, .. } => {
                let question = required("question", "请写明请对方协办什么", question)?;
                self.ask(tx, view, &question, bodies, by).await?;
                Ok(json!({ "question": question, "bodies": names(bodies) }))
            }
            Step::Opinion { text } => {
                let text = required("text", "请写协办意见", text)?;
                let command = Command::GiveOpinion {
                    stance: Stance::Remark,
                    text: text.clone(),
                };
                self.run(tx, view, command, by).await?;
                Ok(json!({ "text": text }))
            }
            Step::Reply(reply) => self.reply(tx, view, reply, viewer, by).await,
            Step::Extend { amount, reason } => {
                let who = (viewer.name(), by);
                self.ask_extension(tx, view, *amount, reason, who).await
            }
            Step::SettleExtension { granted, reason } => {
                let who = (viewer.name(), by);
                self.settle_extension(tx, view, *granted, reason, who).await
            }
            Step::Transfer { reason, .. } => {
                let to = first()?;
                let name = to.name.clone();
                self.run(
                    tx,
                    view,
                    Command::Transfer {
                        to,
                        reason: reason.clone(),
                    },
                    by,
                )
                .await?;
                Ok(json!({ "to": name, "reason": reason }))
            }
            Step::Escalate { reason, .. } => {
                let to = first()?;
                let reason = required("reason", "请写明为什么提级", reason)?;
                let words = format!("提级办理：{reason}");
                let view = self
                    .run(
                        tx,
                        view,
                        Command::Transfer {
                            to: to.clone(),
                            reason: words,
                        },
                        by,
                    )
                    .await?;
                let harder = view.row.track.max(Track::Difficult);
                self.retrack(tx, &view, harder, "提级办理", by).await?;
                Ok(json!({ "to": to.name, "reason": reason }))
            }
            Step::Sort {
                category,
                track,
                reason,
            } => {
                let reason = required("reason", "请写明为什么改", reason)?;
                self.sort(tx, view, category, view.row.track, viewer)
                    .await?;
                let view = self.view_in(tx, id).await?;
                let view = self.retrack(tx, &view, *track, &reason, by).await?;
                let text = format!(
                    "分类改为“{}”，按{}办理：{reason}",
                    view.row.category_name,
                    track.word()
                );
                self.run(tx, &view, Command::Note { text }, by).await?;
                Ok(json!({ "category": category, "track": track, "reason": reason }))
            }
            Step::Note { text } => {
                self.run(tx, view, Command::Note { text: text.clone() }, by)
                    .await?;
                Ok(json!({ "text": text }))
            }
            Step::Merge { number, reason } => {
                self.merge(tx, view, number, reason, viewer, by).await
            }
            Step::Unmerge { reason } => self.unmerge(tx, view, reason, by).await,
            Step::Conceal { confidentiality } => {
                let values = vec![confidentiality.slug().into()];
                store::set(tx, id, "confidentiality = $2", values).await?;
                let text = format!("保密程度改为“{}”", confidentiality.word());
                self.run(tx, view, Command::Note { text }, by).await?;
                Ok(json!({ "confidentiality": confidentiality }))
            }
            Step::Visit(visit) => self.visit(tx, view, visit, viewer.name()).await,
            Step::Supervise(one) => self.supervise(tx, view, one, viewer, by).await,
            Step::Rehandle { reason } => {
                need_stage(view, Stage::Supervision)?;
                let reason = required("reason", "请写明督办的要求", reason)?;
                self.run(tx, view, advance(Stage::Handle, &reason), by)
                    .await?;
                Ok(json!({ "reason": reason }))
            }
            Step::Conclude { reason } => {
                need_stage(view, Stage::Supervision)?;
                let reason = required("reason", "请写明客观原因，诉求人会看到", reason)?;
                let command = Command::Close {
                    outcome: Outcome::Unsolved,
                    reason: reason.clone(),
                };
                self.run(tx, view, command, by).await?;
                Ok(json!({ "reason": reason }))
            }
        }
    }

    /// Gives it to the lead body and asks those that help.
    async fn dispatch(
        &self,
        tx: &Tx,
        view: &AppealView,
        given: &Given,
        bodies: &[Organisation],
        by: &Party,
    ) -> Result<Value, Error> {
        need_stage(view, Stage::Dispatch)?;
        let Some((lead, helpers)) = bodies.split_first() else {
            return Err(Error::field("department", "请写主办单位的名称"));
        };
        if helpers.iter().any(|helper| helper.id == lead.id) {
            return Err(Error::field("helpers", "主办单位不能同时是协办单位"));
        }
        let id = view.id();
        let mut view = view.clone();
        if view
            .loaded
            .case
            .holder()
            .is_none_or(|holder| holder.id != lead.id)
        {
            let note = match given.note.trim() {
                "" => "交办".to_owned(),
                note => note.to_owned(),
            };
            view = self
                .run(
                    tx,
                    &view,
                    Command::Transfer {
                        to: lead.clone(),
                        reason: note,
                    },
                    by,
                )
                .await?;
        }
        store::set(tx, &id, "dispatches = dispatches + 1", Vec::new()).await?;
        store::forget_answers(tx, &id).await?;
        let next = [Stage::Contact, Stage::Plan, Stage::Handle];
        let next = next
            .into_iter()
            .find(|stage| view.route.step(*stage).is_some())
            .unwrap_or(Stage::Handle);
        view = self
            .run(tx, &view, advance(next, given.note.trim()), by)
            .await?;
        if !helpers.is_empty() {
            let question = format!("请协助{}办理：{}", lead.name, view.row.head.title);
            self.ask(tx, &view, &question, helpers, by).await?;
        }
        Ok(json!({ "lead": lead.name, "helpers": names(helpers), "note": given.note }))
    }

    async fn ask(
        &self,
        tx: &Tx,
        view: &AppealView,
        question: &str,
        bodies: &[Organisation],
        by: &Party,
    ) -> Result<AppealView, Error> {
        let command = Command::AskOpinions {
            question: question.to_owned(),
            organisations: bodies.to_vec(),
            limit: None,
        };
        self.run(tx, view, command, by).await
    }

    /// Keeps the reply and goes on to the return visit.
    async fn reply(
        &self,
        tx: &Tx,
        view: &AppealView,
        reply: &ReplyTo,
        viewer: &Viewer,
        by: &Party,
    ) -> Result<Value, Error> {
        let text = required("text", "请写答复的内容，诉求人会看到", &reply.text)?;
        if text.chars().count() > REPLY_MAX {
            return Err(Error::field("text", format!("答复最多 {REPLY_MAX} 字")));
        }
        let signer = reply.signer.trim();
        let again = view.row.dispatches > 1 || view.row.dissatisfied > 0;
        if signer.is_empty() && (view.row.track >= Track::Difficult || again) {
            let who = match reply.claim {
                Claim::Unsolved => "主要领导",
                _ => "分管领导",
            };
            return Err(Error::field(
                "signer",
                format!("疑难、重大和二次交办的诉求由{who}回复，请写姓名和职务"),
            ));
        }
        let (now, id) = (self.clock.now(), view.id());
        let row = ReplyRow {
            id: ids::next(now).to_string(),
            claim: reply.claim.slug().to_owned(),
            text: text.clone(),
            signer: signer.to_owned(),
            organisation_name: view
                .loaded
                .case
                .holder()
                .map(|one| one.name.clone())
                .unwrap_or_default(),
            replied_by: viewer.name().to_owned(),
            replied_at: instant_text(now),
        };
        store::insert_reply(tx, &id, &row).await?;
        let mut view = view.clone();
        if matches!(view.loaded.case.stage(), Stage::Contact | Stage::Plan) {
            view = self
                .run(tx, &view, advance(Stage::Handle, "当即办理"), by)
                .await?;
        }
        need_stage(&view, Stage::Handle)?;
        self.run(tx, &view, advance(Stage::Visit, &text), by)
            .await?;
        store::replied(tx, &id, reply.claim, &text, now).await?;
        Ok(json!({ "claim": reply.claim, "text": text, "signer": signer }))
    }

    /// Sets category and track and notes where the machine was wrong. The track's time is for [`Appeals::retrack`].
    async fn sort(
        &self,
        tx: &Tx,
        view: &AppealView,
        category: &str,
        track: Track,
        viewer: &Viewer,
    ) -> Result<(), Error> {
        let catalogue = rules::catalogue(tx).await?.catalogue;
        let category = category.trim();
        let keeps = view.row.category == category;
        match catalogue.find(category) {
            Some(one) if !one.closed => {}
            _ if keeps && !category.is_empty() && view.row.accepted_at.is_some() => {}
            _ => {
                return Err(Error::field(
                    "category",
                    "请选择一个在用的分类；原来的分类可能已停用",
                ));
            }
        }
        // one that was deleted keeps the name that it had
        let name = match catalogue.find(category) {
            Some(_) => catalogue.full_name(category),
            None => view.row.category_name.clone(),
        };
        let values = vec![category.into(), name.into(), track.slug().into()];
        let (id, now) = (view.id(), self.clock.now());
        store::set(
            tx,
            &id,
            "category = $2, category_name = $3, track = $4",
            values,
        )
        .await?;
        if view.suggested != category {
            store::correct(tx, &id, (&view.suggested, category, viewer.name()), now).await?;
        }
        // what is secret is not learnt from, by night or by day
        if view.row.confidentiality != Confidentiality::Secret {
            self.learn_after(tx, &view.row.head.title, &view.text, category);
        }
        Ok(())
    }

    /// Another track from now on: its time counts from the same beginning as the one before.
    async fn retrack(
        &self,
        tx: &Tx,
        view: &AppealView,
        track: Track,
        reason: &str,
        by: &Party,
    ) -> Result<AppealView, Error> {
        if track == view.row.track {
            return Ok(view.clone());
        }
        store::set(tx, &view.id(), "track = $2", vec![track.slug().into()]).await?;
        let after = self.view_in(tx, &view.id()).await?;
        if after.loaded.case.stage() != Stage::Handle {
            return Ok(after);
        }
        let limit = after.rules.preset.handling(track);
        let reason = format!("按{}办理：{reason}", track.word());
        self.run(tx, &after, Command::Relimit { limit, reason }, by)
            .await
    }

    /// Notes something on an appeal's case within the caller's transaction, who may see it being known to the caller.
    ///
    /// # Errors
    /// No such appeal; too long; the database.
    pub async fn note_in(
        &self,
        tx: &Tx,
        id: &str,
        viewer: &Viewer,
        text: &str,
    ) -> Result<(), Error> {
        let by = party(viewer).ok_or_else(|| Error::refused("您的账号没有任职，不能办理"))?;
        let view = self.view_in(tx, id).await?;
        self.run(
            tx,
            &view,
            Command::Note {
                text: text.to_owned(),
            },
            &by,
        )
        .await?;
        Ok(())
    }
}

pub(super) fn advance(to: Stage, note: &str) -> Command<crate::words::Appeal> {
    Command::Advance {
        to: Some(to),
        note: note.to_owned(),
    }
}

pub(super) fn need_stage(view: &AppealView, stage: Stage) -> Result<(), Error> {
    match view.loaded.case.is_open() && view.loaded.case.stage() == stage {
        true => Ok(()),
        false => Err(Error::refused(format!(
            "这一步在“{}”环节办理，这件诉求现在是“{}”",
            stage.word(),
            view.row.state_words()
        ))),
    }
}

pub(super) fn required(field: &str, missing: &str, text: &str) -> Result<String, Error> {
    match text.trim() {
        "" => Err(Error::field(field, missing)),
        text => Ok(text.to_owned()),
    }
}

fn names(bodies: &[Organisation]) -> Vec<&str> {
    bodies.iter().map(|body| body.name.as_str()).collect()
}
