use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use chrono::TimeDelta;

/// Gives a number from 0 to 1000 for each wait, so that jobs that failed together do not come back
/// together. Tests give a constant.
pub type Jitter = Arc<dyn Fn() -> u32 + Send + Sync>;

/// Randomness of the standard library: good enough to spread, and no secret.
pub(super) fn random() -> Jitter {
    Arc::new(|| {
        let random = RandomState::new().hash_one(0_u8) % 1_001;
        u32::try_from(random).unwrap_or_default()
    })
}

/// How long to wait after a failure: about twice as long each time, up to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BackOff {
    pub(crate) first: TimeDelta,
    pub(crate) most: TimeDelta,
}

impl Default for BackOff {
    fn default() -> Self {
        Self {
            first: TimeDelta::seconds(10),
            most: TimeDelta::hours(1),
        }
    }
}

impl BackOff {
    /// The wait after this attempt (from 1): between half and all of `first · 2^(attempt-1)`.
    pub(crate) fn after(&self, attempt: i64, permille: u32) -> TimeDelta {
        let doublings = (attempt - 1).clamp(0, 30);
        let most = self.most.num_milliseconds().max(0);
        let first = self.first.num_milliseconds().max(0);
        let whole = first.saturating_mul(1_i64 << doublings).min(most);
        let half = whole / 2;
        let extra = half.saturating_mul(i64::from(permille.min(1_000))) / 1_000;
        TimeDelta::milliseconds(half + extra)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_jitter_takes_up_to_half() {
        let back_off = BackOff::default();
        let seconds = |attempt, permille| back_off.after(attempt, permille).num_seconds();
        let whole: Vec<_> = (1..=4).map(|attempt| seconds(attempt, 1_000)).collect();
        assert_eq!(whole, [10, 20, 40, 80]);
        assert_eq!((seconds(1, 0), seconds(2, 500)), (5, 15));
        assert_eq!(
            (seconds(20, 1_000), seconds(i64::MAX, 1_000)),
            (3_600, 3_600)
        );
        assert_eq!(seconds(1, u32::MAX), 10);
    }

    #[test]
    fn the_random_source_stays_within_its_bounds_and_varies() {
        let random = random();
        let numbers: Vec<u32> = (0..50).map(|_| random()).collect();
        assert!(numbers.iter().all(|number| *number <= 1_000));
        assert!(numbers.iter().any(|number| *number != numbers[0]));
    }
}
