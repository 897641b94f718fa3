//! What is remembered of texts: which category they look like, and which others are like them. In memory, made anew from the
//! database after a start and every night, so that a restart forgets nothing; what is not remembered yet is only not suggested.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use zhida_classifier::{Ask, Index, Likeness, Model, Options, Sample, Text, TrainError};
use zhida_platform::access::Viewer;
use zhida_platform::db::Tx;
use zhida_platform::jobs::{Cadence, JobContext, JobError, Jobs, Kind, Outcome, Schedule};

use super::store;
use crate::error::Error;
use crate::service::Appeals;
use crate::words::Confidentiality;

/// Candidates that are named.
const CANDIDATES: usize = 3;
/// Sorted appeals that the model is trained with at most, newest first.
const LEARNT_MAX: usize = 20_000;
/// Appeals that are compared with at most, newest first.
const INDEX_MAX: usize = 200_000;
/// Rows read at once.
const BATCH: i64 = 2_000;
const TIME_LIMIT: Duration = Duration::from_secs(1_800);

/// The model and the index.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    model: Option<Model>,
    index: Index<Known>,
    learnt_on: Option<NaiveDate>,
    /// What came while the next memory is being made, for that one too; `None` while none is made.
    meanwhile: Option<Vec<News>>,
}

/// What is remembered at once.
#[derive(Debug, Clone)]
enum News {
    /// A text that may be compared.
    Text(u128, Known, String),
    /// A category that somebody decided.
    Decided(Sample),
}

impl Memory {
    fn take_in(&mut self, news: News) {
        match &news {
            News::Text(id, known, text) => {
                self.index.add(*id, known.clone(), text);
            }
            News::Decided(sample) => {
                if let Some(model) = &mut self.model {
                    model.learn(sample);
                }
            }
        }
        if let Some(meanwhile) = &mut self.meanwhile {
            meanwhile.push(news);
        }
    }

    /// Puts another model and index in place, with what came while they were made.
    fn replace(&mut self, model: Model, index: Index<Known>, today: NaiveDate) {
        let meanwhile = self.meanwhile.take().unwrap_or_default();
        *self = Self {
            model: Some(model),
            index,
            learnt_on: Some(today),
            meanwhile: None,
        };
        for news in meanwhile {
            self.take_in(news);
        }
    }
}

/// What of an appeal alike ones are told apart by.
#[derive(Debug, Clone, Default)]
struct Known {
    enterprise: String,
    place: String,
}

/// A category that a text looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SuggestedCategory {
    /// 分类的路径。
    pub path: String,
    /// 名称，含上级。
    pub name: String,
    /// 这一类的责任单位；没有写明的为空，交办时交兜底单位。
    pub department: String,
    /// 把握，千分数。
    pub confidence: u16,
    /// 是否有把握；没有的只供参考。
    pub sure: bool,
}

/// An appeal that a text looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Similar {
    /// 标识。
    #[schema(value_type = String)]
    pub case: Uuid,
    /// 办件编号。
    pub number: String,
    /// 标题。
    pub title: String,
    /// 怎样相像：内容相同、几乎相同、相似。
    pub likeness: &'static str,
    /// 同一企业。
    pub same_enterprise: bool,
    /// 同一地方。
    pub same_place: bool,
    /// 现在到了哪里。
    pub state: String,
}

/// Registers the job that makes the memory anew, after a start and every night: it looks every minute whether it is today's.
pub(super) fn background(appeals: &Arc<Appeals>, jobs: &Jobs) {
    let (name, title) = ("appeals.learn", "诉求分类学习");
    let appeals = Arc::clone(appeals);
    let kind = Kind::new(name, title, move |context: JobContext, _: Value| {
        let appeals = Arc::clone(&appeals);
        async move { appeals.learn(&context).await }
    });
    jobs.register(kind.time_limit(TIME_LIMIT));
    jobs.schedule(Schedule::new(name, title, name, Cadence::every(1)));
}

/// What is shipped to begin with.
fn seeds() -> Vec<Sample> {
    let text = include_str!("../../../../data/appeals/samples.yaml");
    serde_norway::from_str(text).unwrap_or_else(|error| {
        tracing::error!(%error, "诉求分类的样例读不出来");
        Vec::new()
    })
}

impl Appeals {
    /// The likeliest categories of a text, likeliest first, without names and bodies.
    pub(super) fn guess(&self, title: &str, body: &str) -> Vec<SuggestedCategory> {
        let memory = self.memory.read().unwrap_or_else(PoisonError::into_inner);
        let Some(model) = &memory.model else {
            return Vec::new();
        };
        let suggested = model.suggest(Text { title, body }, CANDIDATES);
        let sure = suggested.sure.as_ref().map(|one| one.class.to_string());
        let candidates = suggested.sure.iter().chain(&suggested.candidates);
        let mut found: Vec<SuggestedCategory> = Vec::new();
        for one in candidates {
            let path = one.class.to_string();
            if found.iter().all(|known| known.path != path) {
                found.push(SuggestedCategory {
                    sure: sure.as_ref() == Some(&path),
                    path,
                    name: String::new(),
                    department: String::new(),
                    confidence: one.confidence,
                });
            }
        }
        found
    }

    /// The likeliest categories of a text with the bodies that answer for them, likeliest first; those that are closed are not
    /// named. None of them being `sure` means 不确定.
    ///
    /// # Errors
    /// The database.
    pub async fn suggest(&self, title: &str, body: &str) -> Result<Vec<SuggestedCategory>, Error> {
        let catalogue = self.catalogue().await?.catalogue;
        let mut found = self.guess(title, body);
        found.retain(|one| catalogue.open().any(|category| category.path == one.path));
        for one in &mut found {
            one.name = catalogue.full_name(&one.path);
            let department = catalogue.department(&one.path).unwrap_or_default();
            department.clone_into(&mut one.department);
        }
        Ok(found)
    }

    /// Appeals within a viewer's reach that say the same or nearly so, likeliest first: candidates for merging.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn similar(
        &self,
        viewer: &Viewer,
        (title, body): (&str, &str),
        (enterprise, place): (&str, &str),
        except: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Similar>, Error> {
        let text = format!("{title}\n{body}");
        let alike = {
            let memory = self.memory.read().unwrap_or_else(PoisonError::into_inner);
            memory.index.query(&text, &Ask::default(), |_| true)
        };
        let mut found = Vec::new();
        for one in alike {
            let id = Uuid::from_u128(one.id);
            if Some(id) == except {
                continue;
            }
            let Some(row) = self.one(viewer, &id.to_string()).await? else {
                continue;
            };
            found.push(Similar {
                case: id,
                number: row.head.number.clone(),
                title: row.head.title.clone(),
                likeness: words(one.likeness),
                same_enterprise: !enterprise.is_empty() && one.attributes.enterprise == enterprise,
                same_place: !place.is_empty() && one.attributes.place == place,
                state: row.state_words(),
            });
            if found.len() == limit {
                break;
            }
        }
        Ok(found)
    }

    /// Remembers a text once the caller's transaction is committed.
    pub(super) fn remember_after(
        &self,
        tx: &Tx,
        id: Uuid,
        text: String,
        enterprise: &str,
        place: &str,
    ) {
        let known = Known {
            enterprise: enterprise.to_owned(),
            place: place.to_owned(),
        };
        self.tell_after(tx, News::Text(id.as_u128(), known, text));
    }

    /// Learns a person's decision at once, when the caller's transaction is committed.
    pub(super) fn learn_after(&self, tx: &Tx, title: &str, body: &str, category: &str) {
        if let Some(sample) = sample(category, title, body) {
            self.tell_after(tx, News::Decided(sample));
        }
    }

    fn tell_after(&self, tx: &Tx, news: News) {
        let memory = Arc::clone(&self.memory);
        tx.on_commit(move || {
            let mut memory = memory.write().unwrap_or_else(PoisonError::into_inner);
            memory.take_in(news);
        });
    }

    /// Trains the model with what people decided and what is shipped, and fills the index.
    async fn learn(&self, context: &JobContext) -> Result<Outcome, JobError> {
        let today = self.clock.today();
        {
            let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
            if memory.learnt_on == Some(today) {
                return Ok(Outcome::nothing());
            }
            memory.meanwhile = Some(Vec::new());
        }
        let decided = self.texts(context, true, LEARNT_MAX).await?;
        let texts = self.texts(context, false, INDEX_MAX).await?;
        let made = tokio::task::spawn_blocking(move || (train(&decided), index(texts))).await;
        let (trained, index) = made.map_err(|error| JobError::Retry(error.to_string()))?;
        let (model, samples, decided) =
            trained.map_err(|error| JobError::Failed(error.to_string()))?;
        let count = index.len();
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        memory.replace(model, index, today);
        Ok(Outcome::done(format!(
            "学习样例 {samples} 条、人工分类 {decided} 件，可查重 {count} 件"
        )))
    }

    /// Texts that may be compared, newest first: what is secret stays out.
    async fn texts(
        &self,
        context: &JobContext,
        sorted: bool,
        max: usize,
    ) -> Result<Vec<store::TextRow>, JobError> {
        let mut found = Vec::new();
        let mut before = "g".to_owned();
        while found.len() < max {
            context.check()?;
            let rows = store::texts(self.db.conn(), &before, sorted, BATCH).await?;
            let Some(last) = rows.last() else { break };
            before.clone_from(&last.id);
            let secret = Confidentiality::Secret.slug();
            found.extend(rows.into_iter().filter(|row| row.confidentiality != secret));
        }
        found.truncate(max);
        Ok(found)
    }
}

/// A model of what is shipped and what people decided, newest first, with how many there were of each.
fn train(decided: &[store::TextRow]) -> Result<(Model, usize, usize), TrainError> {
    let shipped = seeds();
    let sample_of = |row: &store::TextRow| sample(&row.category, &row.title, &row.text);
    let own: Vec<Sample> = decided.iter().filter_map(sample_of).collect();
    let counts = (shipped.len(), own.len());
    let all: Vec<Sample> = shipped.into_iter().chain(own).collect();
    let mut model = Model::train(&all, &Options::default())?;
    // where the machine was wrong, it goes by what people said of that text, the last of them
    let corrected = decided.iter().rev().filter(|row| row.corrected);
    for sample in corrected.filter_map(sample_of) {
        if !says(&model, &sample) {
            model.learn(&sample);
        }
    }
    Ok((model, counts.0, counts.1))
}

/// Whether a model puts the text of a sample into its class.
fn says(model: &Model, sample: &Sample) -> bool {
    let text = Text {
        title: &sample.title,
        body: &sample.text,
    };
    let first = model.suggest(text, 1).candidates.into_iter().next();
    first.is_some_and(|first| first.class == sample.class)
}

fn index(texts: Vec<store::TextRow>) -> Index<Known> {
    let mut index = Index::new();
    for row in texts {
        let Ok(id) = row.id.parse::<Uuid>() else {
            continue;
        };
        let known = Known {
            enterprise: row.enterprise,
            place: row.place,
        };
        index.add(id.as_u128(), known, &format!("{}\n{}", row.title, row.text));
    }
    index
}

fn sample(category: &str, title: &str, text: &str) -> Option<Sample> {
    Some(Sample {
        class: category.parse().ok()?,
        title: title.to_owned(),
        text: text.to_owned(),
    })
}

fn words(likeness: Likeness) -> &'static str {
    match likeness {
        Likeness::Copy => "内容相同",
        Likeness::NearCopy => "几乎相同",
        Likeness::OtherDetails => "除细节外相同",
        Likeness::Similar => "相似",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_while_the_next_memory_was_made_is_in_it() {
        let text = "园区三号路的路灯坏了一周，夜班工人出入不安全";
        let decided = sample(
            "logistics/commute",
            "",
            "末班车九点就没有了，夜班工人只能打车",
        );
        let Some(decided) = decided else {
            panic!("a category's path is a class")
        };
        let Ok((model, _, _)) = train(&[]) else {
            panic!("the shipped samples train")
        };
        let today = NaiveDate::default();
        let mut memory = Memory {
            meanwhile: Some(Vec::new()),
            ..Memory::default()
        };
        memory.take_in(News::Text(7, Known::default(), text.to_owned()));
        memory.take_in(News::Decided(decided.clone()));
        assert!(memory.index.contains(7) && memory.model.is_none());
        memory.replace(model, Index::new(), today);
        assert!(memory.index.contains(7), "the text is kept");
        assert!(memory.model.is_some_and(|model| says(&model, &decided)));
        assert!(memory.meanwhile.is_none());
    }
}
