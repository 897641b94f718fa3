//! What happened in the demonstration's city in the last eight weeks: deeds in the order of time, each by the services and
//! pages of every day, at the time at which it is said to have happened.

use std::{cmp::Reverse, sync::Arc};

use anyhow::Result;
use zhida_appeals::NewOpen311Key;
use zhida_platform::{
    access::Viewer,
    clock::{Clock as _, SharedClock},
    config::Config,
    jobs::{Jobs, Settings, Worker},
    paging::PageRequest,
    problem::Problem,
};
use zhida_registry::Query;

use super::{
    ACTOR, CITY,
    appeals::{self, Appeals},
    cast::{BUREAU, Cast, Company},
    grants::{self, Grants},
    meetings::{self, Meetings},
    past::Past,
    stage::Stage,
};
use crate::app::App;

/// Working days ago on which it begins.
const BEGINS: u32 = 40;
/// The minute of a day at which the office opens, after what the night has done.
const MORNING: u32 = 8 * 60;
/// Working days ago on which notices run out before the next deed: each look costs a night's comparison.
const LOOKS: [u32; 3] = [32, 19, 5];
/// Enterprises that have something to say.
const COMPANIES: u32 = 60;

/// When something happens: working days ago, and the minute of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    pub ago: u32,
    pub minute: u32,
}

/// What happens.
pub enum Deed {
    Appeal(usize, appeals::Step),
    Grant(grants::Step),
    Meeting(meetings::Step),
}

/// What is told at the start.
#[derive(Debug, Default)]
pub struct Told {
    pub schemes: usize,
    pub asked: u64,
    pub paid: i64,
    pub returned: i64,
    pub appeals: usize,
    /// The key with which the hotline's system hands in appeals over Open311.
    pub open311_key: String,
    /// What could not be done, and why.
    pub failed: Vec<String>,
}

/// The city with its people while it is filled.
pub struct World<'a> {
    pub app: &'a App,
    pub past: &'a Past,
    pub cast: Cast,
    pub stage: Stage,
    pub appeals: Appeals,
    pub grants: Grants,
    pub meetings: Meetings,
    pub told: Told,
    companies: Vec<Company>,
}

impl World<'_> {
    /// An enterprise of the city; the example is the first.
    pub fn company(&self, turn: usize) -> Option<&Company> {
        self.companies.iter().cycle().nth(turn)
    }
}

/// The clock's first day of the story.
pub fn begin(past: &Past) {
    past.set(past.workdays_ago(BEGINS), MORNING);
}

/// Lets everything happen; the clock shows the time afterwards.
pub async fn tell(app: &App, config: &Config, past: &Arc<Past>) -> Result<Told> {
    begin(past);
    let shared: SharedClock = past.clone();
    let worker = worker(app, &shared);
    let schemes = grants::publish(app, past.today(), past.workdays_ago(0)).await?;
    let example = match grants::example(app).await? {
        Some(example) => Some(example),
        None => super::most_items(app).await?,
    };
    let cast = Cast::gather(app, shared, example.clone()).await?;
    city_rules(app).await?;
    let open311_key = hotline_key(app, &cast).await?;
    let mut world = World {
        app,
        past,
        stage: Stage::new(app, config),
        cast,
        appeals: Appeals::new(),
        grants: Grants::default(),
        meetings: Meetings::default(),
        told: Told {
            schemes,
            open311_key,
            ..Told::default()
        },
        companies: companies(app, example).await?,
    };
    world.applicants().await?;
    // the first look registers what is done at night, and finds the candidates
    worker.run_due().await?;
    let mut deeds = world.appeals.deeds();
    deeds.extend(grants::deeds());
    deeds.extend(meetings::deeds());
    deeds.sort_by_key(|(at, _)| (Reverse(at.ago), at.minute));
    let mut day = BEGINS;
    for (at, deed) in deeds {
        let date = past.workdays_ago(at.ago);
        let looks = LOOKS.iter().any(|look| at.ago <= *look && *look < day);
        if looks {
            past.set(date, MORNING);
            worker.run_due().await?;
        }
        day = at.ago;
        past.set(date, at.minute);
        if let Err(error) = world.happens(&deed).await {
            world.told.failed.push(format!("{date}：{error:#}"));
        }
    }
    past.return_to_present();
    app.appeals.find_themes().await.map_err(Problem::from)?;
    world.told.appeals = world.appeals.made.len();
    Ok(world.told)
}

impl World<'_> {
    async fn happens(&mut self, deed: &Deed) -> Result<()> {
        match deed {
            Deed::Appeal(index, step) => self.appeal(*index, step).await,
            Deed::Grant(step) => self.grant(step).await,
            Deed::Meeting(step) => self.meeting(*step).await,
        }
    }
}

/// Does what 兑付 does by itself: finds candidates, ends notices. Everything else waits for the program's own worker.
fn worker(app: &App, clock: &SharedClock) -> Worker {
    let jobs = Jobs::new(app.db.clone(), clock.clone());
    zhida_redemption::background(&app.redemption, &jobs);
    Worker::new(jobs, Settings::default())
}

/// Whose appeals are those that name no place, and who takes what nobody is in charge of.
async fn city_rules(app: &App) -> Result<()> {
    let room = &app.appeals;
    let mut published = room.rules().await.map_err(Problem::from)?;
    published.rules.place = CITY.to_owned();
    published.rules.backstop = BUREAU.to_owned();
    let system = Viewer::system(ACTOR);
    let published = room.publish_rules(&system, &published.rules, published.revision, ACTOR);
    published.await.map_err(Problem::from)?;
    Ok(())
}

/// The key of the hotline's system, made by whoever sets appeals up.
async fn hotline_key(app: &App, cast: &Cast) -> Result<String> {
    let new = NewOpen311Key {
        name: "演示 12345 热线平台",
        place: "",
        batch: false,
    };
    let manager = cast.role("appeal_manager")?;
    let key = app.appeals.make_open311_key(&manager, &new);
    Ok(key.await.map_err(Problem::from)?)
}

async fn companies(app: &App, example: Option<Company>) -> Result<Vec<Company>> {
    let city = Query {
        region: CITY.to_owned(),
        ..Query::default()
    };
    let page = PageRequest::first(COMPANIES);
    let found = app.registry.search(&city, &page).await?.items.into_iter();
    let company = |row: zhida_registry::Row| Company {
        code: row.code,
        name: row.name,
    };
    let others = found
        .map(company)
        .filter(|one| Some(one) != example.as_ref());
    Ok(example.clone().into_iter().chain(others).collect())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test stops at the first surprise; benches read this file without tests"
    )]
    use zhida_demo::shipped;
    use zhida_platform::clock::FixedClock;

    use super::super::*;
    use super::*;

    /// After the longest holidays, and across a new year of which the calendar is not out.
    #[tokio::test]
    async fn it_is_told_whole_on_any_day() {
        for day in ["2026-02-25", "2027-01-12"] {
            let folder = TempDir::new().unwrap();
            let mut config = Config::default();
            config.database.url = format!("sqlite:{}", folder.path().join("zhida.db").display());
            config.files.folder = folder.path().join("files").display().to_string();
            let past = Past::new(Arc::new(FixedClock::on(day.parse().unwrap())));
            begin(&past);
            let app = App::open_by(&config, true, past.clone()).await.unwrap();
            import_city(&app, &past, folder.path(), 2_000)
                .await
                .unwrap();
            let own = std::iter::once(shipped::demo_policy_file());
            for files in [shipped::policy_files().collect(), own.collect::<Vec<_>>()] {
                import_policies(&app, files.into_iter()).await.unwrap();
            }
            let told = tell(&app, &config, &past).await.unwrap();
            assert_eq!(told.failed, Vec::<String>::new(), "{day}");
            assert!(told.paid >= 8 && told.returned == 1, "{day}: {told:?}");
        }
    }
}
