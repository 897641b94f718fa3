//! 并案: several appeals handled as one. No voice is lost: each keeps its words, is visited and hears the news.

use serde_json::{Value, json};
use zhida_casework::{Command, Party};
use zhida_platform::access::Viewer;
use zhida_platform::cases::read_number;
use zhida_platform::db::Tx;

use super::run::CASES;
use super::steps::required;
use super::store;
use super::view::{AppealView, missing};
use crate::error::Error;
use crate::service::Appeals;
use crate::words::Outcome;

impl Appeals {
    /// Ends an appeal within another, to which its voices go.
    pub(super) async fn merge(
        &self,
        tx: &Tx,
        view: &AppealView,
        number: &str,
        reason: &str,
        viewer: &Viewer,
        by: &Party,
    ) -> Result<Value, Error> {
        let reason = required("reason", "请写明为什么并案", reason)?;
        let number =
            read_number(number).map_err(|error| Error::field("number", error.to_string()))?;
        let into = CASES.find(tx, &number).await?;
        let unknown = || Error::field("number", format!("没有找到“{number}”这件诉求"));
        let into = into.ok_or_else(unknown)?.to_string();
        if into == view.id() {
            return Err(Error::field("number", "不能并入自己"));
        }
        if !store::reaches(tx, viewer, &into, self.clock.now()).await? {
            return Err(unknown());
        }
        let main = self.view_in(tx, &into).await?;
        if !main.loaded.case.is_open() {
            return Err(Error::field("number", "那一件已经办结，不能并入"));
        }
        if main.row.confidentiality != view.row.confidentiality {
            return Err(Error::refused(
                "两件的保密程度不同，不能并案，否则保密的会让不该知道的人看到",
            ));
        }
        // all of them are read to be asked
        if main.row.voices + view.row.voices > store::VOICES_MAX as i64 {
            return Err(Error::refused(format!(
                "一件诉求最多 {} 位诉求人，{number} 已有 {} 位：请把其余的并入另一件",
                store::VOICES_MAX,
                main.row.voices
            )));
        }
        let command = Command::Close {
            outcome: Outcome::Merged,
            reason: format!("并入 {number}：{reason}"),
        };
        self.run(tx, view, command, by).await?;
        store::set(
            tx,
            &view.id(),
            "merged_into = $2",
            vec![into.as_str().into()],
        )
        .await?;
        let moved = store::move_voices(tx, &view.id(), &into).await?;
        self.recount(tx, &view.id()).await?;
        self.recount(tx, &into).await?;
        let text = format!(
            "并入 {}（{moved} 位诉求人）：{reason}",
            view.row.head.number
        );
        self.run(tx, &main, Command::Note { text }, by).await?;
        Ok(json!({ "into": number, "voices": moved, "reason": reason }))
    }

    /// Takes an appeal out again: it goes on by itself, with the voices that were submitted as it.
    pub(super) async fn unmerge(
        &self,
        tx: &Tx,
        view: &AppealView,
        reason: &str,
        by: &Party,
    ) -> Result<Value, Error> {
        let reason = required("reason", "请写明为什么撤销并案", reason)?;
        let Some(into) = view.row.merged_into.map(|id| id.to_string()) else {
            return Err(Error::refused("这件诉求没有并案"));
        };
        let holder = self.holder_of_voices(tx, &into).await?;
        self.run(
            tx,
            view,
            Command::Reopen {
                reason: format!("撤销并案：{reason}"),
            },
            by,
        )
        .await?;
        let origins = store::merged_tree(tx, &view.id()).await?;
        store::set(tx, &view.id(), "merged_into = NULL", Vec::new()).await?;
        let moved = store::return_voices(tx, &holder, &view.id(), &origins).await?;
        self.recount(tx, &view.id()).await?;
        self.recount(tx, &holder).await?;
        let main = self.view_in(tx, &holder).await?;
        let text = format!(
            "撤销并案 {}（{moved} 位诉求人）：{reason}",
            view.row.head.number
        );
        self.run(tx, &main, Command::Note { text }, by).await?;
        Ok(json!({ "from": main.row.head.number, "voices": moved, "reason": reason }))
    }

    /// Where the voices of a case are that may itself have been merged since.
    async fn holder_of_voices(&self, tx: &Tx, case: &str) -> Result<String, Error> {
        let mut at = case.to_owned();
        // a chain cannot be longer than merges were made; a circle would be a defect
        for _ in 0..100 {
            let kept = store::find(tx, &at).await?.ok_or_else(missing)?;
            match kept.row.merged_into {
                Some(next) => at = next.to_string(),
                None => return Ok(at),
            }
        }
        Err(Error::Stored("并案关系"))
    }

    async fn recount(&self, tx: &Tx, case: &str) -> Result<(), Error> {
        let sets = "voices = (SELECT COUNT(*) FROM appeal_voice v WHERE v.case_id = $1)";
        store::set(tx, case, sets, Vec::new()).await?;
        Ok(())
    }
}
