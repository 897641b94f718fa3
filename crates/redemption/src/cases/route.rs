//! A scheme as the route that its cases run through.

use zhida_casework::clock::Resume;
use zhida_casework::route::{AtDue, Completion, Extensions, Ladder, Lapse, Opinions};
use zhida_casework::{Draft, Limit, Route, Step, Turn};

use crate::error::Error;
use crate::scheme::Scheme;
use crate::words::{Grant, Outcome, Stage};

/// When the enterprise is reminded.
const ENTERPRISE: [&str; 2] = ["到期前 3 个工作日 提醒", "到期前 1 个工作日 提醒"];
/// How often something may be asked for; the second time only what the first answer brought up.
const ROUNDS: u32 = 2;

/// The route of a scheme's cases.
///
/// # Errors
/// A route that does not hold together: the scheme was published by other rules.
pub(crate) fn of(scheme: &Scheme) -> Result<Route<Grant>, Error> {
    let steps = scheme.route.iter().map(|step| {
        let limit = Limit::new(step.term);
        let line = Step::new(step.stage, turn(step.stage));
        match step.stage {
            Stage::Confirm => line
                .limit(limit)
                .ladder(ladder(&ENTERPRISE))
                .at_due(AtDue::Close(Outcome::Lapsed))
                .closes([Outcome::Declined, Outcome::Lapsed, Outcome::Refused]),
            // the first day of a public notice counts (domain-rules §2.7)
            Stage::Notice => line
                .limit(limit.from_the_same_day())
                .at_due(AtDue::Advance)
                .closes(ends(scheme, step.stage)),
            stage => {
                let line = line
                    .limit(limit)
                    .ladder(Ladder::usual())
                    .closes(ends(scheme, stage));
                let line = match stage.is_approval() {
                    true => line.withdrawable(),
                    false => line,
                };
                match stage.is_approval() && scheme.completion.is_some() {
                    true => line.completable(),
                    false => line,
                }
            }
        }
    });
    let mut draft = Draft::new("兑付", steps);
    draft.withdrawn = scheme
        .route
        .iter()
        .any(|step| step.stage.is_approval())
        .then_some(Outcome::Withdrawn);
    draft.anytime = vec![Outcome::Ended];
    draft.completion = scheme.completion.map(|term| Completion {
        limit: Limit::new(term),
        ladder: ladder(&ENTERPRISE),
        rounds: ROUNDS,
        missing: Resume::Continue,
        wrong: Resume::Continue,
        lapse: Lapse::Close(Outcome::Lapsed),
    });
    draft.extension = scheme.extension.map(|extension| Extensions {
        times: extension.times,
        most: extension.term,
        ahead: None,
    });
    let longest = scheme
        .reviewers
        .iter()
        .map(|one| one.term)
        .max_by_key(|term| term.amount);
    draft.opinions = scheme
        .route
        .iter()
        .any(|step| step.stage.is_approval())
        .then(|| Opinions {
            limit: longest.map_or(Limit::working_days(5), Limit::new),
            ladder: Ladder::usual(),
        });
    Route::new(draft).map_err(|fault| Error::Refused(fault.to_string()))
}

/// Whose turn it is at a stage.
fn turn(stage: Stage) -> Turn {
    match stage {
        Stage::Confirm => Turn::Enterprise,
        Stage::Notice | Stage::Payment => Turn::System,
        _ => Turn::Office,
    }
}

/// How a case may end at a stage: paid at the last one, not granted anywhere.
fn ends(scheme: &Scheme, stage: Stage) -> Vec<Outcome> {
    let mut outcomes = vec![Outcome::Refused];
    if scheme.next(Some(stage)).is_none() {
        outcomes.push(Outcome::Paid);
    }
    if stage.is_approval() && scheme.completion.is_some() {
        outcomes.push(Outcome::Lapsed);
    }
    outcomes
}

fn ladder(rungs: &[&str]) -> Ladder {
    Ladder(rungs.iter().filter_map(|rung| rung.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use zhida_policies::Delivery;

    use super::*;
    use crate::scheme::presets;

    #[test]
    fn every_preset_makes_a_route_that_holds_together() {
        for preset in presets() {
            for class in &preset.classes {
                for delivery in &class.deliveries {
                    let scheme = Scheme::of_preset("item", &preset.id, &class.id, *delivery);
                    let scheme = scheme.expect("a default route");
                    let route = of(&scheme).expect("a route");
                    assert_eq!(route.steps.len(), scheme.route.len());
                    let paid = route
                        .steps
                        .last()
                        .is_some_and(|step| step.closes.contains(&Outcome::Paid));
                    assert!(paid, "{}/{}", preset.id, class.id);
                }
            }
        }
    }

    #[test]
    fn ladders_are_read_and_a_notice_counts_its_first_day() {
        let scheme = Scheme::of_preset("item", "general", "any", Delivery::NoApplication);
        let route = of(&scheme.expect("a scheme")).expect("a route");
        let confirm = route.step(Stage::Confirm).expect("a step");
        assert_eq!(confirm.ladder.0.len(), ENTERPRISE.len());
        let notice = route.step(Stage::Notice).expect("a step");
        let limit = notice.limit.expect("a limit");
        assert_eq!(limit.to_string(), "5 个工作日（当日起算）");
    }
}
