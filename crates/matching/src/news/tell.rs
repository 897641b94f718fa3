//! Telling enterprises what the night found: one message for each enterprise and run, whoever runs it and
//! however often it is begun.
//!
//! Told are the enterprises that somebody acts for, or for which another system listens; the others have the same
//! list on their page. Every step moves the run's mark in the transaction that sends, so that nothing is told twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use zhida_platform::access::Reach;
use zhida_platform::audit;
use zhida_platform::format::{count, date_zh};
use zhida_platform::jobs::{Cadence, JobContext, JobError, Jobs, Kind, Outcome, Schedule};
use zhida_platform::messages::{
    Audience, EventKind, Field, Message, Messages, Recipient, TOPICS_NAMED, Topic,
};
use zhida_platform::problem::Problem;
use zhida_registry::Query;

use super::mute::topic;
use super::store::{self, Untold};
use crate::Matching;
use crate::error::Error;

const TELL: &str = "matching.tell";
/// Enterprises told in one transaction.
const CHUNK: u32 = 100;

/// Tells an enterprise what it newly meets.
pub(crate) const NEWS: EventKind =
    EventKind::new("matching.news", "新符合的政策", Audience::Enterprises)
        .fields(&[
        Field::new("count", "项数"),
        Field::new("items", "事项"),
        Field::new("day", "基准日"),
    ])
        .says("新符合 {项数} 项政策", "按 {基准日} 的数据，贵单位新符合以下政策事项的条件：\n{事项}\n\n符合条件不等于已经享受，要求和办理方式见详情；结果供参考，以主管部门审核为准。")
        .sms("贵单位新符合 {项数} 项政策，请登录惠企直达平台查看");
/// Tells the city's own systems that a run is over.
pub(crate) const RUN: EventKind = EventKind::new("matching.run", "全量匹配完成", Audience::Systems)
    .channels(&[])
    .fields(&[
        Field::new("day", "基准日"),
        Field::new("news", "新匹配条数"),
        Field::new("told", "通知企业数"),
    ])
    .says(
        "全量匹配完成：新匹配 {新匹配条数} 条",
        "基准日 {基准日}，新匹配 {新匹配条数} 条，已通知 {通知企业数} 家企业。",
    );

/// What an enterprise is told.
struct Told {
    code: String,
    /// Names of the items.
    items: Vec<String>,
    /// The same, as somebody mutes them.
    topics: Vec<Topic>,
}

/// Registers the job, when there is somebody to tell it to.
pub(super) fn background(matching: &Arc<Matching>, jobs: &Jobs) {
    if matching.messages.is_none() {
        return;
    }
    let matching = Arc::clone(matching);
    let tell = move |context: JobContext, _: Value| {
        let matching = Arc::clone(&matching);
        async move { tell(&matching, &context).await }
    };
    jobs.register(Kind::new(TELL, "通知企业新匹配", tell));
    jobs.schedule(Schedule::new(
        TELL,
        "通知企业新匹配",
        TELL,
        Cadence::every(5),
    ));
}

async fn tell(matching: &Matching, context: &JobContext) -> Result<Outcome, JobError> {
    let mut told = 0;
    while let Some(step) = matching.tell_step().await? {
        told += step;
        context.check()?;
    }
    Ok(match told {
        0 => Outcome::nothing(),
        _ => Outcome::done(format!("已通知 {} 家企业", count(told))),
    })
}

impl Matching {
    /// Tells some enterprises what the oldest run that is not told yet found for them; how many, `None` when all
    /// runs are told.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn tell_step(&self) -> Result<Option<u64>, Error> {
        let Some(messages) = &self.messages else {
            return Ok(None);
        };
        let found = self
            .db
            .write(|tx| async move {
                let Some(run) = store::untold(&tx).await? else {
                    return Ok(None);
                };
                let codes = messages.enterprises(&tx, &run.last_code, CHUNK).await?;
                Ok::<_, Error>(Some((run, codes)))
            })
            .await?;
        let Some((run, codes)) = found else {
            return Ok(None);
        };
        if codes.is_empty() {
            self.close_telling(messages, &run).await?;
            return Ok(Some(0));
        }
        let told = self.news_for(&run, &codes).await?;
        let last = codes.last().map(String::as_str).unwrap_or_default();
        let (run, told) = (&run, &told);
        self.db
            .write(|tx| async move {
                if !store::move_mark(&tx, run, last, told.len() as u64).await? {
                    // another server told them
                    return Ok(Some(0));
                }
                for one in told {
                    let message = Message {
                        event: &NEWS,
                        to: Recipient::Enterprise(&one.code),
                        fields: &[],
                        link: Some(&format!("/enterprises/{}/matches", one.code)),
                        subject: ("match_run", &run.no.to_string()),
                    };
                    let about = |places: &[usize]| {
                        let items: Vec<&str> =
                            places.iter().map(|at| one.items[*at].as_str()).collect();
                        vec![
                            ("count", count(items.len() as u64)),
                            ("items", listed(&items)),
                            ("day", date_zh(run.day())),
                        ]
                    };
                    let sent = messages
                        .send_topics(&tx, &message, &one.topics, about)
                        .await;
                    sent.map_err(Problem::from)?;
                }
                Ok(Some(told.len() as u64))
            })
            .await
    }

    /// What the run found for these enterprises; those without news are left out.
    async fn news_for(&self, run: &Untold, codes: &[String]) -> Result<Vec<Told>, Error> {
        let query = Query {
            reach: Reach::Own(codes.to_vec()),
            ..Query::default()
        };
        let numbers = self.registry.seqs(&query).await?;
        let names = self.registry.names(&numbers).await?;
        let catalogue = self.policies.catalogue(self.today());
        let mut items: BTreeMap<i64, Vec<(String, String)>> = BTreeMap::new();
        for line in store::of_run(self.db.conn(), run.no, &numbers).await? {
            // withdrawn since
            let Some(item) = catalogue.find(&line.item) else {
                continue;
            };
            let of_enterprise = items.entry(line.enterprise).or_default();
            of_enterprise.push((item.id.clone(), item.name.clone()));
        }
        let told = names.into_iter().filter_map(|name| {
            let items = items.remove(&name.seq)?;
            let topic = |(id, item): &(String, String)| topic(&name.code, &name.name, id, item);
            Some(Told {
                topics: items.iter().map(topic).collect(),
                items: items.into_iter().map(|(_, item)| item).collect(),
                code: name.code,
            })
        });
        Ok(told.collect())
    }

    async fn close_telling(&self, messages: &Messages, run: &Untold) -> Result<(), Error> {
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                let Some(told) = store::close_telling(&tx, run, now).await? else {
                    return Ok(());
                };
                let fields = [
                    ("day", &*date_zh(run.day())),
                    ("news", &count(run.news.unsigned_abs())),
                    ("told", &count(told)),
                ];
                let no = &run.no.to_string();
                let message = Message {
                    event: &RUN,
                    to: Recipient::Subscribers,
                    fields: &fields,
                    link: Some("/match/news"),
                    subject: ("match_run", no),
                };
                messages.send(&tx, &message).await.map_err(Problem::from)?;
                let entry = audit::Entry::new(now, "系统", TELL, "match_run", no.as_str())
                    .detail(json!({ "enterprises": told }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}

/// The first items by name, and how many more there are.
fn listed(items: &[&str]) -> String {
    let named = items.iter().take(TOPICS_NAMED).enumerate();
    let mut lines: Vec<String> = named
        .map(|(at, name)| format!("{}. {name}", at + 1))
        .collect();
    if items.len() > TOPICS_NAMED {
        lines.push(format!("……共 {} 项，全部见详情", items.len()));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_five_items_at_most() {
        let names = ["甲", "乙", "丙", "丁", "戊", "己", "庚"];
        assert_eq!(listed(&names[..2]), "1. 甲\n2. 乙");
        let many = listed(&names);
        assert_eq!(many.lines().count(), 6);
        assert!(many.ends_with("……共 7 项，全部见详情"), "{many}");
    }
}
