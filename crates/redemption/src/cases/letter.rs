//! The letter of a decision, from what was judged and decided.

use zhida_casework::Party;
use zhida_platform::access::Viewer;
use zhida_platform::audit::Actor;
use zhida_platform::db::Tx;

use super::run::CaseView;
use crate::error::Error;
use crate::judgement::{JudgedCondition, Judgement};
use crate::letters::{Basis, Decided, Issued, Verdict};
use crate::service::Redemption;

impl Redemption {
    /// Issues the letter of a decision, in its transaction.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn write_letter(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        view: &CaseView,
        by: &Party,
        verdict: Verdict<'_>,
    ) -> Result<Issued, Error> {
        let record = &view.record;
        let item = self.revised(&record.item, record.item_revision).await?;
        let policy = match item.document.doc_no.is_empty() {
            true => format!("《{}》", item.document.title),
            false => format!("《{}》（{}）", item.document.title, item.document.doc_no),
        };
        let judgement = record.recheck.as_ref().unwrap_or(&record.judgement);
        let basis: Vec<Basis> = judgement.conditions.iter().map(basis).collect();
        let words = match verdict {
            Verdict::Granted { .. } => &view.scheme.letter.granted,
            Verdict::Refused { .. } => &view.scheme.letter.refused,
        };
        let organisation = match by.organisation() {
            Some(organisation) => organisation.name.clone(),
            None => item.elements.department.clone(),
        };
        let decided = Decided {
            case: &record.case_id,
            number: &view.loaded.head.number,
            item: &record.item,
            item_name: &item.name,
            item_revision: record.item_revision,
            scheme_revision: record.scheme_revision,
            policy: &policy,
            enterprise: &record.enterprise,
            enterprise_name: &record.enterprise_name,
            place: &record.place,
            organisation: &organisation,
            verdict,
            basis: &basis,
            formula: &formula(judgement),
            words,
            on: self.clock.today(),
        };
        self.letters
            .issue(tx, &decided, &Actor::from(viewer), self.clock.now())
            .await
    }
}

fn basis(condition: &JudgedCondition) -> Basis {
    let verdict = match (condition.verdict, &condition.manual) {
        (Some(true), _) => "符合",
        (Some(false), _) => "不符合",
        (None, Some(_)) => "人工核验",
        (None, None) => "信息不足",
    };
    let known = [condition.known(), condition.source()];
    let known: Vec<String> = known.into_iter().filter(|text| !text.is_empty()).collect();
    Basis {
        condition: condition.text.clone(),
        required: condition.required(),
        known: known.join("；"),
        verdict: verdict.to_owned(),
    }
}

fn formula(judgement: &Judgement) -> String {
    let step = |step: &crate::judgement::JudgedStep| match &step.value {
        Some(value) => format!("{}：{} = {value}", step.name, step.formula),
        None => format!("{}：{}", step.name, step.formula),
    };
    let steps: Vec<String> = judgement.steps.iter().map(step).collect();
    steps.join("；")
}
