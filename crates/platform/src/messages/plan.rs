//! What becomes of a message for one person: pure decisions.

use chrono::{DateTime, Days, FixedOffset, NaiveTime, TimeDelta, TimeZone, Utc};

use super::book::Side;
use super::event::{Channel, EventKind, Urgency};
use crate::clock::to_shanghai;
use crate::vocabulary;

vocabulary! {
    /// When somebody gets what is pushed to them on one channel; in the order of a settings page.
    #[schema(as = MessageMode)]
    Mode {
        /// As soon as it is written.
        Now = "now", "立即";
        /// With the others of a day.
        Digest = "digest", "每日汇总";
        /// Not pushed: the inbox still has it.
        Off = "off", "不推送";
    }
}

impl Mode {
    /// What holds for somebody who has chosen nothing.
    #[must_use]
    pub fn default_for(event: &EventKind, side: &Side, channel: Channel) -> Self {
        if !event.channels.contains(&channel) {
            return Self::Off;
        }
        match (event.urgency, side, channel) {
            (Urgency::Urgent | Urgency::Required, ..) | (_, Side::Enterprise { .. }, _) => {
                Self::Now
            }
            (Urgency::Normal, Side::Officer, Channel::Mail) => Self::Digest,
            (Urgency::Normal, Side::Officer, _) => Self::Off,
        }
    }
}

/// The next time that digests go out, after `now`; with `tomorrow`, on another
/// day of Asia/Shanghai than `now`.
pub(super) fn next_digest(now: DateTime<Utc>, at: NaiveTime, tomorrow: bool) -> DateTime<Utc> {
    let here = to_shanghai(now);
    let today = here.date_naive();
    let day = match tomorrow || here.time() >= at {
        true => today.checked_add_days(Days::new(1)).unwrap_or(today),
        false => today,
    };
    let offset: FixedOffset = *here.offset();
    // a fixed offset knows every local time exactly once
    offset
        .from_local_datetime(&day.and_time(at))
        .single()
        .map_or(now, |then| then.to_utc())
}

/// The pause after the n-th failure: a minute, then four times as long each
/// time, six hours at most.
pub(super) fn pause(attempts: i64) -> TimeDelta {
    let times = u32::try_from(attempts.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(8);
    (TimeDelta::minutes(1) * 4_i32.pow(times)).min(TimeDelta::hours(6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::event::WEBHOOK_OFF;

    #[test]
    fn officers_get_digests_and_enterprises_get_it_at_once() {
        let urgent = WEBHOOK_OFF;
        let channels: &[Channel] = &[Channel::Mail, Channel::Sms];
        let normal = EventKind {
            urgency: Urgency::Normal,
            channels,
            ..urgent
        };
        let enterprise = Side::Enterprise {
            uscc: String::new(),
        };
        for (event, side, channel, mode) in [
            (&normal, &Side::Officer, Channel::Mail, Mode::Digest),
            (&normal, &Side::Officer, Channel::Sms, Mode::Off),
            (&normal, &enterprise, Channel::Mail, Mode::Now),
            (&normal, &enterprise, Channel::Sms, Mode::Now),
            (&urgent, &Side::Officer, Channel::Mail, Mode::Now),
            (&urgent, &enterprise, Channel::Sms, Mode::Off),
        ] {
            assert_eq!(
                Mode::default_for(event, side, channel),
                mode,
                "{side:?} {channel:?}"
            );
        }
    }

    #[test]
    fn digests_go_out_in_the_morning_of_shanghai() {
        let at = NaiveTime::from_hms_opt(8, 30, 0).expect("a time");
        let instant = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        for (now, tomorrow, then) in [
            ("2026-11-22T00:29:59Z", false, "2026-11-22T00:30:00Z"),
            ("2026-11-22T00:30:00Z", false, "2026-11-23T00:30:00Z"),
            ("2026-11-22T00:29:59Z", true, "2026-11-23T00:30:00Z"),
            // half past midnight in Shanghai, of the next day
            ("2026-11-22T16:30:00Z", false, "2026-11-23T00:30:00Z"),
            ("2026-11-22T16:30:00Z", true, "2026-11-24T00:30:00Z"),
        ] {
            assert_eq!(
                next_digest(instant(now), at, tomorrow),
                instant(then),
                "{now}"
            );
        }
    }

    #[test]
    fn pauses_grow_to_six_hours() {
        let minutes: Vec<i64> = (1..=7)
            .map(|attempts| pause(attempts).num_minutes())
            .collect();
        assert_eq!(minutes, [1, 4, 16, 64, 256, 360, 360]);
        assert_eq!(pause(i64::MAX), TimeDelta::hours(6));
    }
}
