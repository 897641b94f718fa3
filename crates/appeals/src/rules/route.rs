//! A preset as the route that appeals run through.

use zhida_casework::route::{Act, Extensions, Ladder, Objections, Opinions, Reopening, Rung, When};
use zhida_casework::{Draft, Limit, Route, Step, Term, Turn};

use super::preset::Preset;
use crate::error::Error;
use crate::words::{Appeal, Outcome, Stage, Track};

/// How often an appeal can be taken up again after its end.
const REOPENINGS: u32 = 3;

/// The route of an appeal on a track. All tracks have the same steps: a track only decides the time for handling.
///
/// # Errors
/// A route that does not hold together: the rules were published by another program.
pub(crate) fn of(preset: &Preset, track: Track) -> Result<Route<Appeal>, Error> {
    let turned_down = [Outcome::NotAccepted, Outcome::Redirected, Outcome::Invalid];
    let mut steps = vec![
        timed(Stage::Intake, preset.intake)
            .closes(turned_down)
            .withdrawable(),
        timed(Stage::Dispatch, preset.dispatch)
            .closes(turned_down)
            .withdrawable(),
    ];
    // all that the lead body promises counts from when it got the appeal
    let mut first = None;
    for (stage, limit) in [(Stage::Contact, preset.contact), (Stage::Plan, preset.plan)] {
        if let Some(limit) = limit {
            let step = timed(stage, limit).optional().withdrawable();
            steps.push(counted(step, first));
            first = first.or(Some(stage));
        }
    }
    steps.push(
        Step::new(Stage::Supervision, Turn::Office)
            .optional()
            .closes([Outcome::Unsolved]),
    );
    let handle = timed(Stage::Handle, preset.handling(track)).withdrawable();
    steps.push(counted(handle, first));
    steps.push(
        Step::new(Stage::Visit, Turn::Enterprise)
            .limit(preset.visit)
            .ladder(ladder(preset.visit))
            .closes([
                Outcome::Solved,
                Outcome::Basically,
                Outcome::Explained,
                Outcome::Unsolved,
                Outcome::Unconfirmed,
            ])
            .withdrawable(),
    );
    let mut draft = Draft::new("诉求", steps);
    draft.withdrawn = Some(Outcome::Withdrawn);
    draft.anytime = vec![Outcome::Merged];
    draft.opinions = Some(Opinions {
        limit: preset.opinion,
        ladder: ladder(preset.opinion),
    });
    draft.extension = preset.extension.map(|extension| Extensions {
        times: extension.times,
        most: extension.most,
        ahead: extension.ahead,
    });
    draft.objection = preset.objection.map(|objection| Objections {
        window: objection.window,
        decide: objection.decide,
        ladder: ladder(objection.decide),
    });
    draft.reopening = Some(Reopening {
        window: preset.reopening,
        stage: Stage::Dispatch,
        times: REOPENINGS,
        outcomes: vec![
            Outcome::Solved,
            Outcome::Basically,
            Outcome::Explained,
            Outcome::Unsolved,
            Outcome::Unconfirmed,
            Outcome::Merged,
        ],
    });
    Route::new(draft).map_err(|fault| Error::Refused(fault.to_string()))
}

fn timed(stage: Stage, limit: Limit) -> Step<Appeal> {
    Step::new(stage, Turn::Office)
        .limit(limit)
        .ladder(ladder(limit))
}

fn counted(step: Step<Appeal>, since: Option<Stage>) -> Step<Appeal> {
    match since {
        Some(stage) => step.since(stage),
        None => step,
    }
}

/// Who is told when: ahead, on the day, the superior, the superior's superior. Short times warn in hours.
fn ladder(limit: Limit) -> Ladder {
    let term = limit.term();
    if !term.unit.is_days() {
        let hour = |amount| Term::new(amount, zhida_casework::Unit::Hours);
        return Ladder(vec![
            Rung::remind(When::AtDue),
            Rung::escalate(When::After(hour(4)), 1),
            Rung::escalate(When::After(hour(24)), 2),
        ]);
    }
    let ahead = Rung::remind(When::Before(Term::working_days(1)));
    let usual = Ladder::usual();
    match term.amount {
        // a day ahead of one day is when it begins
        0..=1 => Ladder(usual.0.into_iter().filter(|rung| *rung != ahead).collect()),
        _ => {
            debug_assert!(usual.0.iter().any(|rung| matches!(rung.act, Act::Remind)));
            usual
        }
    }
}
