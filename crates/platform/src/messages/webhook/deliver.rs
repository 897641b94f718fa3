use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::super::deliver::{DeliverReport, LEASE};
use super::super::event::WEBHOOK_OFF;
use super::super::send::Message;
use super::super::store::{self, DueEndpoint, Event, Lease};
use super::super::{MessageError, Messages};
use super::poster::{Answer, Headers};
use super::{Owner, place, sign};
use crate::clock::{instant_text, parse_instant};
use crate::db::Database;
use crate::ids;
use crate::seal::{SealError, Sealer};

/// Events of one endpoint that are sent before the others have their turn.
const EVENTS_MAX: i64 = 50;
/// The pause after the first failure; doubles up to six hours.
const PAUSE: TimeDelta = TimeDelta::seconds(10);
const PAUSE_MAX: TimeDelta = TimeDelta::hours(6);
const GONE: u16 = 410;
/// What a test is of.
const TEST: &str = "platform.webhook-test";

/// How a try at one event has ended.
enum Try {
    Taken,
    Failed(String),
    /// The endpoint wants no more events.
    Unwanted,
}

impl Messages {
    pub(in crate::messages) async fn deliver_webhooks(
        &self,
        db: &Database,
        rounds_max: u64,
        report: &mut DeliverReport,
    ) -> Result<(), MessageError> {
        for _ in 0..rounds_max {
            let lease = &self.lease();
            let endpoint = db
                .write(|tx| async move {
                    let endpoint = store::claim_endpoint(&tx, lease).await?;
                    if let Some(endpoint) = &endpoint {
                        store::number_events(&tx, endpoint, EVENTS_MAX).await?;
                    }
                    Ok::<_, MessageError>(endpoint)
                })
                .await?;
            let Some(endpoint) = endpoint else {
                return Ok(());
            };
            self.serve_endpoint(db, endpoint, report).await?;
        }
        Ok(())
    }

    /// Sends an endpoint's events in order until one fails.
    async fn serve_endpoint(
        &self,
        db: &Database,
        mut endpoint: DueEndpoint,
        report: &mut DeliverReport,
    ) -> Result<(), MessageError> {
        let owner = self.inner.owner.as_str();
        for event in store::next_events(db.conn(), &endpoint.id, EVENTS_MAX).await? {
            let now = self.now();
            let lease = &Lease {
                owner,
                now,
                until: now + LEASE,
            };
            let id = endpoint.id.as_str();
            let renewed = db
                .write(|tx| async move { store::renew_lease(&tx, id, lease).await })
                .await?;
            if renewed == 0 {
                // switched off, removed, or taken over since
                return Ok(());
            }
            match self.try_event(db.sealer(), &endpoint, &event).await {
                Try::Taken => {
                    report.sent += 1;
                    self.note_taken(db, &endpoint, &event).await?;
                    endpoint.attempts = 0;
                    endpoint.failing_since.clear();
                }
                Try::Failed(why) => {
                    report.postponed += 1;
                    return self.note_failed(db, &endpoint, &event, &why).await;
                }
                Try::Unwanted => {
                    report.postponed += 1;
                    let why = "对方答复 410，表示不再接收";
                    return self.turn_off(db, &endpoint, &event, why).await;
                }
            }
        }
        let id = endpoint.id.as_str();
        db.write(|tx| async move { store::release(&tx, id, owner, None).await })
            .await?;
        Ok(())
    }

    async fn try_event(&self, sealer: &Sealer, endpoint: &DueEndpoint, event: &Event) -> Try {
        let now = self.now();
        let body = body_of(event).to_string();
        let timestamp = now.timestamp();
        let signature = match signatures(sealer, endpoint, now, &event.id, &body) {
            Ok(signature) => signature,
            Err(error) => return Try::Failed(error.to_string()),
        };
        let headers = Headers {
            id: &event.id,
            timestamp,
            signature: &signature,
        };
        match self.inner.poster.post(&endpoint.url, &headers, body).await {
            Ok(Answer {
                status: 200..=299, ..
            }) => Try::Taken,
            Ok(Answer { status: GONE, .. }) => Try::Unwanted,
            Ok(Answer {
                status: status @ 300..=399,
                ..
            }) => Try::Failed(format!(
                "对方答复 {status}，要求跳转；系统不跟随跳转，请改推送地址"
            )),
            Ok(Answer { status, snippet }) => Try::Failed(format!("对方答复 {status}：{snippet}")),
            Err(why) => Try::Failed(why),
        }
    }

    async fn note_taken(
        &self,
        db: &Database,
        endpoint: &DueEndpoint,
        event: &Event,
    ) -> Result<(), MessageError> {
        let now = self.now();
        db.write(|tx| async move {
            store::settle_event(&tx, &event.id, None, now).await?;
            store::recovered(&tx, &endpoint.id).await
        })
        .await?;
        Ok(())
    }

    async fn note_failed(
        &self,
        db: &Database,
        endpoint: &DueEndpoint,
        event: &Event,
        why: &str,
    ) -> Result<(), MessageError> {
        let now = self.now();
        tracing::warn!(
            endpoint = endpoint.id,
            number = event.number,
            why,
            "推送没有成功"
        );
        let since = parse_instant(&endpoint.failing_since).unwrap_or(now);
        let days = i64::try_from(self.inner.webhooks.off_after_days).unwrap_or(i64::MAX);
        if now - since >= TimeDelta::days(days) {
            let why = format!("连续 {days} 天推送失败，最后一次：{why}");
            return self.turn_off(db, endpoint, event, &why).await;
        }
        let owner = self.inner.owner.as_str();
        let due = now + pause(endpoint.attempts + 1);
        db.write(|tx| async move {
            store::settle_event(&tx, &event.id, Some(why), now).await?;
            store::release(&tx, &endpoint.id, owner, Some((since, due))).await
        })
        .await?;
        Ok(())
    }

    async fn turn_off(
        &self,
        db: &Database,
        endpoint: &DueEndpoint,
        event: &Event,
        why: &str,
    ) -> Result<(), MessageError> {
        let now = self.now();
        let owner = &Owner::of(&endpoint.owner_kind, endpoint.owner.clone());
        // the page is for whoever runs the program
        let link = format!("/office/webhooks/{}", endpoint.id);
        let link = matches!(owner, Owner::Role(_)).then_some(link.as_str());
        db.write(|tx| async move {
            store::settle_event(&tx, &event.id, Some(why), now).await?;
            store::switch_off(&tx, owner, &endpoint.id, why).await?;
            let message = Message {
                event: &WEBHOOK_OFF,
                to: owner.recipient(),
                fields: &[("url", &endpoint.url), ("reason", why)],
                link,
                subject: ("webhook", &endpoint.id),
            };
            self.send(&tx, &message).await
        })
        .await?;
        Ok(())
    }
}

/// How an endpoint met a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    /// Whether it answered with 2xx.
    pub is_taken: bool,
    /// Chinese words: the answer, or why there was none.
    pub words: String,
}

impl Messages {
    /// Sends one signed request of type `platform.webhook-test`, whether the
    /// endpoint is on or off.
    ///
    /// # Errors
    /// When there is no such endpoint, or the statement fails; an endpoint that
    /// does not answer is no error.
    pub async fn test_endpoint(&self, db: &Database, id: &str) -> Result<TestReport, MessageError> {
        let found = store::endpoint_to_test(db.conn(), id).await?;
        let endpoint = found.ok_or_else(|| MessageError::NotFound(format!("推送地址「{id}」")))?;
        let now = self.now();
        let body = json!({
            "type": TEST, "timestamp": instant_text(now), "data": { "title": "测试推送" },
        })
        .to_string();
        let (number, timestamp) = (ids::next(now).to_string(), now.timestamp());
        let signature = signatures(db.sealer(), &endpoint, now, &number, &body)?;
        let headers = Headers {
            id: &number,
            timestamp,
            signature: &signature,
        };
        let answer = self.inner.poster.post(&endpoint.url, &headers, body).await;
        Ok(match answer {
            Ok(Answer { status, .. }) if (200..300).contains(&status) => TestReport {
                is_taken: true,
                words: format!("对方已收下，答复 {status}"),
            },
            Ok(Answer { status, snippet }) => TestReport {
                is_taken: false,
                words: format!("对方答复 {status}：{snippet}"),
            },
            Err(words) => TestReport {
                is_taken: false,
                words,
            },
        })
    }
}

/// What signs a request now: the secret, and for a day the one before it.
fn signatures(
    sealer: &Sealer,
    endpoint: &DueEndpoint,
    now: DateTime<Utc>,
    id: &str,
    body: &str,
) -> Result<String, SealError> {
    let opened = |kept: &str| sealer.open(place(&endpoint.id), kept);
    let timestamp = now.timestamp();
    let new = sign(&opened(&endpoint.secret)?.secret, id, timestamp, body);
    if !is_before(now, &endpoint.previous_until) {
        return Ok(new);
    }
    let old = opened(&endpoint.secret_previous)?.secret;
    Ok(format!("{new} {}", sign(&old, id, timestamp, body)))
}

fn body_of(event: &Event) -> Value {
    let fields: Value = serde_json::from_str(&event.fields).unwrap_or(Value::Null);
    json!({
        "type": event.event,
        "number": event.number,
        "timestamp": event.created_at,
        "data": {
            "fields": fields,
            "title": event.title,
            "body": event.body,
            "link": event.link,
            "subject": { "kind": event.subject_kind, "id": event.subject_id },
            "recipient": { "kind": event.recipient_kind, "id": event.recipient },
        },
    })
}

fn is_before(now: DateTime<Utc>, until: &str) -> bool {
    parse_instant(until).is_some_and(|until| now < until)
}

fn pause(attempts: i64) -> TimeDelta {
    let doublings = u32::try_from(attempts.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(12);
    (PAUSE * 2_i32.pow(doublings)).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_six_hours() {
        let seconds: Vec<i64> = (1..=4)
            .map(|attempts| pause(attempts).num_seconds())
            .collect();
        assert_eq!(seconds, [10, 20, 40, 80]);
        assert_eq!(pause(13), PAUSE_MAX);
        assert_eq!(pause(i64::MAX), PAUSE_MAX);
    }
}
