//! Ids that sort by the time of their making, also within one microsecond of
//! one process: what was written first comes first.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use uuid::{Builder, Uuid};

/// A UUIDv7 of `now` (RFC 9562, 6.2, methods 3 and 1): the fraction of the
/// millisecond, then a counter of this process, then random bits.
#[must_use]
pub fn next(now: DateTime<Utc>) -> Uuid {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    // a millisecond has 4,096 parts here
    let fraction = (now.timestamp_subsec_micros() % 1_000) * 4_096 / 1_000;
    let counter = COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let random = Uuid::now_v7().into_bytes();
    let [.., r1, r2, r3] = random;
    let [.., f1, f2] = fraction.to_be_bytes();
    let [c1, c2, c3, c4] = counter;
    Builder::from_unix_timestamp_millis(millis, &[f1, f2, 0, c1, c2, c3, c4, r1, r2, r3])
        .into_uuid()
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeDelta};

    use super::*;
    use crate::clock::{Clock, FixedClock};

    #[test]
    fn ids_sort_by_time_and_by_turn() {
        let now =
            FixedClock::on(NaiveDate::from_ymd_opt(2026, 11, 22).expect("a valid date")).now();
        let mut ids: Vec<Uuid> = (0..1_000).map(|_| next(now)).collect();
        ids.extend((1..1_000).map(|micros| next(now + TimeDelta::microseconds(micros))));
        assert!(ids.is_sorted());
        assert_eq!(ids[0].get_version_num(), 7);
        ids.dedup();
        assert_eq!(ids.len(), 1_999);
    }
}
