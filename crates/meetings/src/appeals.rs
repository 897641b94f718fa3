//! The appeals of the room 诉求 on agendas.

use chrono::{DateTime, Utc};
use sea_orm::prelude::async_trait::async_trait;
use zhida_appeals::words::{Alert, Outcome, Track};
use zhida_appeals::{AppealQuery, AppealRow, Appeals};
use zhida_platform::access::Viewer;
use zhida_platform::db::Tx;
use zhida_platform::format::{date_zh, until};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;

use crate::questions::{Question, Questions};

/// Appeals that are offered for each reason at most.
const OFFERED: u32 = 20;

/// Why appeals are worth a meeting, with the query that finds them.
fn reasons(words: &str) -> Vec<(&'static str, AppealQuery)> {
    let open = AppealQuery {
        q: words.to_owned(),
        ..AppealQuery::default()
    };
    let standing = |alert: Alert| AppealQuery {
        standing: Some(alert),
        ..open.clone()
    };
    let track = |track: Track| AppealQuery {
        track: Some(track),
        ..open.clone()
    };
    let mut reasons = vec![
        ("逾期", standing(Alert::Overdue)),
        ("督查督办中", standing(Alert::Supervised)),
        ("不满意", standing(Alert::Dissatisfied)),
        ("疑难", track(Track::Difficult)),
        ("重大", track(Track::Major)),
    ];
    // who looks for one by its number may bring it, whatever it is
    if !words.is_empty() {
        reasons.push(("在办", open));
    }
    reasons
}

/// The last day on which it was in time: what is due at midnight was due the day before.
fn overdue_since(due: DateTime<Utc>) -> String {
    format!("，已逾期（期限 {}）", date_zh(until(due).0))
}

fn question(row: AppealRow, why: &str, now: DateTime<Utc>) -> Question {
    let outcome = row.head.outcome.as_deref().and_then(Outcome::parse);
    let overdue = row
        .head
        .due_at
        .filter(|due| row.head.is_open() && *due < now);
    let mut standing = row.state_words();
    if let Some(due) = overdue {
        standing.push_str(&overdue_since(due));
    }
    Question {
        id: row.head.id.to_string(),
        number: row.head.number,
        title: row.head.title,
        enterprise_name: row.enterprise_name,
        standing,
        why: why.to_owned(),
        confirmed: matches!(
            outcome,
            Some(Outcome::Solved | Outcome::Basically | Outcome::Explained)
        ),
    }
}

#[async_trait]
impl Questions for Appeals {
    async fn worth_a_meeting(
        &self,
        viewer: &Viewer,
        words: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Question>, Problem> {
        let mut found: Vec<Question> = Vec::new();
        for (why, query) in reasons(words) {
            let page = self
                .list(viewer, &query, &PageRequest::first(OFFERED))
                .await?;
            for row in page.items {
                let id = row.head.id.to_string();
                match found.iter_mut().find(|one| one.id == id) {
                    Some(known) if why != "在办" => known.why = format!("{}、{why}", known.why),
                    Some(_) => {}
                    None => found.push(question(row, why, now)),
                }
            }
        }
        // ids sort by time
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(found)
    }

    async fn question(
        &self,
        viewer: &Viewer,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Question>, Problem> {
        let row = self.one(viewer, id).await?;
        Ok(row.map(|row| question(row, "", now)))
    }

    async fn note(&self, tx: &Tx, viewer: &Viewer, id: &str, words: &str) -> Result<(), Problem> {
        Ok(self.note_in(tx, id, viewer, words).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_is_the_end_of_the_day_before() {
        // 24:00 of 10 November and 17:30 of 11 November, in China
        for (due, day) in [
            ("2026-11-10T16:00:00Z", "2026年11月10日"),
            ("2026-11-11T09:30:00Z", "2026年11月11日"),
        ] {
            let said = overdue_since(due.parse().expect("an instant"));
            assert!(said.contains(day), "{said}");
        }
    }
}
