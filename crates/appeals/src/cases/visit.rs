//! 回访: every voice is asked, and the last word is theirs.

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use zhida_casework::{Command, Party};
use zhida_platform::db::Tx;
use zhida_platform::ids;

use super::steps::{need_stage, required};
use super::store::{self, NewVisitRow, VoiceRow};
use super::view::AppealView;
use crate::error::Error;
use crate::service::Appeals;
use crate::words::{Appeal, Claim, Outcome, Satisfaction, Stage, Way};

/// 一次回访的结果。
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVisit {
    /// 回访哪一位诉求人。
    pub voice: String,
    /// 方式。
    pub way: Way,
    /// 评价。
    pub satisfaction: Satisfaction,
    /// 对方说是否解决；没有说的不写。
    #[serde(default)]
    pub resolved: Option<bool>,
    /// 对方的话；不满意的必须写明。
    #[serde(default)]
    pub words: String,
}

impl Appeals {
    /// Keeps a visit and does what follows: not satisfied → dispatched again, then supervised; all asked → closed.
    pub(super) async fn visit(
        &self,
        tx: &Tx,
        view: &AppealView,
        visit: &NewVisit,
        by: &str,
    ) -> Result<Value, Error> {
        need_stage(view, Stage::Visit)?;
        let (id, now) = (view.id(), self.clock.now());
        let voices = store::voices(tx, &id).await?;
        if voices.iter().all(|voice| voice.id != visit.voice) {
            return Err(Error::field("voice", "请选择回访的是哪一位诉求人"));
        }
        let words = match visit.satisfaction {
            Satisfaction::Not => {
                required("words", "请写明哪里不满意，会转给承办单位", &visit.words)?
            }
            _ => visit.words.trim().to_owned(),
        };
        let row = NewVisitRow {
            id: &ids::next(now).to_string(),
            case: &id,
            voice: &visit.voice,
            round: view.row.dispatches,
            way: visit.way,
            satisfaction: visit.satisfaction,
            resolved: visit.resolved,
            words: &words,
            by,
            at: now,
        };
        store::insert_visit(tx, &row).await?;
        let said = Some(visit.satisfaction)
            .filter(|said| !matches!(said, Satisfaction::Unreached | Satisfaction::Not));
        store::answer(tx, &visit.voice, said, now).await?;
        if visit.satisfaction != Satisfaction::Unreached {
            let values = vec![visit.satisfaction.slug().into()];
            store::set(tx, &id, "satisfaction = $2", values).await?;
        }
        let detail = json!({ "way": visit.way, "satisfaction": visit.satisfaction, "resolved": visit.resolved });
        match visit.satisfaction {
            Satisfaction::Not => self.not_satisfied(tx, view, &words, visit.way, by).await?,
            _ => self.close_when_all_said(tx, view, visit, by).await?,
        }
        Ok(detail)
    }

    /// The first time back to dispatch, from then on to supervision (S3-31).
    async fn not_satisfied(
        &self,
        tx: &Tx,
        view: &AppealView,
        words: &str,
        way: Way,
        by: &str,
    ) -> Result<(), Error> {
        let id = view.id();
        store::set(tx, &id, "dissatisfied = dissatisfied + 1", Vec::new()).await?;
        let to = match view.row.dissatisfied {
            0 => Stage::Dispatch,
            _ => Stage::Supervision,
        };
        let reason = format!("回访不满意：{words}");
        self.run(tx, view, Command::Return { to, reason }, &visitor(way, by))
            .await?;
        Ok(())
    }

    /// Closes when every voice has spoken, or was called as often as the rules ask.
    async fn close_when_all_said(
        &self,
        tx: &Tx,
        view: &AppealView,
        visit: &NewVisit,
        by: &str,
    ) -> Result<(), Error> {
        let voices = store::voices(tx, &view.id()).await?;
        let tries = i64::from(view.rules.tries);
        let settled = |voice: &VoiceRow| voice.answer.is_some() || voice.tries >= tries;
        if !voices.iter().all(settled) {
            return Ok(());
        }
        let said = voices
            .iter()
            .filter_map(|voice| voice.answer.as_deref())
            .filter_map(Satisfaction::parse);
        let said: Vec<Satisfaction> = said.collect();
        let resolved = store::resolutions(tx, &view.id(), view.row.dispatches).await?;
        let outcome = outcome(view.row.claim, &said, all_resolved(&resolved));
        if let Some(least) = least(&said) {
            let values = vec![least.slug().into()];
            store::set(tx, &view.id(), "satisfaction = $2", values).await?;
        }
        let reason = match said.len() {
            0 => format!("回访 {tries} 次均未接通"),
            n => format!(
                "{n} 位诉求人已评价，最近一位：{}",
                visit.satisfaction.word()
            ),
        };
        let command = Command::Close { outcome, reason };
        self.run(tx, view, command, &visitor(visit.way, by)).await?;
        Ok(())
    }

    /// What an appellant says of the reply on the page.
    pub(super) async fn rate(
        &self,
        tx: &Tx,
        view: &AppealView,
        voice: &str,
        satisfaction: Satisfaction,
        words: &str,
    ) -> Result<Value, Error> {
        if !matches!(
            satisfaction,
            Satisfaction::Satisfied | Satisfaction::Basically | Satisfaction::Not
        ) {
            return Err(Error::field(
                "satisfaction",
                "请选择满意、基本满意或者不满意",
            ));
        }
        let visit = NewVisit {
            voice: voice.to_owned(),
            way: Way::Own,
            satisfaction,
            resolved: None,
            words: words.to_owned(),
        };
        self.visit(tx, view, &visit, "本人").await
    }
}

/// Whoever visits brings the appellant's word: it is not the officer who closes.
fn visitor(way: Way, by: &str) -> Party {
    let name = match way {
        Way::Own => "诉求人".to_owned(),
        _ => format!("{}回访（{by}）", way.word()),
    };
    Party::System { name }
}

/// Whether it is solved by what all said of it: one who says no is not outvoted. `None` when nobody said.
fn all_resolved(said: &[bool]) -> Option<bool> {
    (!said.is_empty()).then(|| said.iter().all(|resolved| *resolved))
}

/// What the least satisfied of all voices said.
fn least(said: &[Satisfaction]) -> Option<Satisfaction> {
    [
        Satisfaction::Basically,
        Satisfaction::Satisfied,
        Satisfaction::NoWord,
    ]
    .into_iter()
    .find(|one| said.contains(one))
}

/// How it ends: by what was claimed and what everybody said of it; the least satisfied decides.
pub(super) fn outcome(
    claim: Option<Claim>,
    said: &[Satisfaction],
    resolved: Option<bool>,
) -> Outcome {
    let some = |one: Satisfaction| said.contains(&one);
    if !some(Satisfaction::Satisfied) && !some(Satisfaction::Basically) && resolved != Some(true) {
        return Outcome::Unconfirmed;
    }
    match claim {
        Some(Claim::Unsolved) => Outcome::Unsolved,
        Some(Claim::Explained) => Outcome::Explained,
        _ if resolved == Some(false) => Outcome::Explained,
        _ if some(Satisfaction::Basically) || some(Satisfaction::NoWord) => Outcome::Basically,
        _ => Outcome::Solved,
    }
}

/// The stages at which an appellant can withdraw.
pub(super) fn can_withdraw(view: &AppealView) -> bool {
    let step = view.route.step(view.loaded.case.stage());
    view.loaded.case.is_open()
        && step.is_some_and(|step: &zhida_casework::Step<Appeal>| step.withdrawable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_voice_that_says_no_is_not_outvoted() {
        use Satisfaction::{Basically, NoWord, Satisfied};
        assert_eq!(all_resolved(&[]), None);
        assert_eq!(all_resolved(&[true, true]), Some(true));
        assert_eq!(all_resolved(&[false, true]), Some(false));
        assert_eq!(least(&[]), None);
        assert_eq!(least(&[Satisfied, NoWord]), Some(Satisfied));
        assert_eq!(least(&[Basically, Satisfied]), Some(Basically));
    }

    #[test]
    fn nobody_is_solved_without_somebodys_word() {
        use Satisfaction::{Basically, NoWord, Satisfied, Unreached};
        let solved = Some(Claim::Solved);
        for (claim, said, resolved, expected) in [
            (solved, vec![], None, Outcome::Unconfirmed),
            (solved, vec![Unreached], None, Outcome::Unconfirmed),
            (solved, vec![NoWord], None, Outcome::Unconfirmed),
            (solved, vec![NoWord], Some(true), Outcome::Basically),
            (solved, vec![Satisfied], None, Outcome::Solved),
            (solved, vec![Satisfied, Basically], None, Outcome::Basically),
            (solved, vec![Satisfied], Some(false), Outcome::Explained),
            (
                Some(Claim::Explained),
                vec![Satisfied],
                None,
                Outcome::Explained,
            ),
            (
                Some(Claim::Unsolved),
                vec![Basically],
                None,
                Outcome::Unsolved,
            ),
        ] {
            assert_eq!(
                outcome(claim, &said, resolved),
                expected,
                "{claim:?} {said:?} {resolved:?}"
            );
        }
    }
}
