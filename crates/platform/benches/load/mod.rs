//! What benches of commands share: arguments, databases, clients side by side, and how times are told.

use std::env;
use std::time::{Duration, Instant};

use zhida_platform::db::{Database, Engine};
use zhida_testkit::TestDatabase;

/// What stands after an argument's name.
pub fn argument(name: &str) -> Option<String> {
    env::args().skip_while(|argument| argument != name).nth(1)
}

/// A number after an argument's name, or the usual one.
pub fn number(name: &str, usual: u64) -> u64 {
    argument(name).map_or(usual, |text| text.parse().unwrap())
}

/// Which databases are asked for: `--database sqlite`, `postgres`, an address, or both kinds when nothing is said.
pub fn databases() -> Vec<String> {
    match argument("--database") {
        Some(one) => vec![one],
        None => vec!["sqlite".to_owned(), "postgres".to_owned()],
    }
}

/// A database; that of the tests goes with it.
pub enum Kept {
    Test(TestDatabase),
    Running(Database),
}

impl Kept {
    pub async fn open(asked: &str) -> Self {
        match asked {
            "sqlite" => Self::Test(zhida_testkit::sqlite().await),
            "postgres" => Self::Test(zhida_testkit::postgres().await),
            url => Self::Running(Database::connect(url).await.unwrap()),
        }
    }

    pub fn handle(&self) -> Database {
        match self {
            Self::Test(db) => db.handle(),
            Self::Running(db) => db.clone(),
        }
    }

    pub fn name(&self) -> &'static str {
        match self.handle().engine() {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        }
    }
}

/// The times of each of some steps.
pub type Times<const STEPS: usize> = [Vec<Duration>; STEPS];

/// Runs so many lanes at once, each given its number; rounds a second, and the times of all.
pub async fn side_by_side<const STEPS: usize, Lane>(
    clients: u64,
    rounds: u64,
    lane: impl Fn(u64) -> Lane,
) -> (f64, Times<STEPS>)
where
    Lane: Future<Output = Times<STEPS>> + Send + 'static,
{
    let began = Instant::now();
    let lanes: Vec<_> = (0..clients)
        .map(|number| tokio::spawn(lane(number)))
        .collect();
    let mut times: Times<STEPS> = [const { Vec::new() }; STEPS];
    for lane in lanes {
        for (all, more) in times.iter_mut().zip(lane.await.unwrap()) {
            all.extend(more);
        }
    }
    (rounds as f64 / began.elapsed().as_secs_f64(), times)
}

/// `1.23 / 4.56`: the median and the 99th percentile, in milliseconds.
pub fn median_and_p99(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| {
        let position = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times
            .get(position)
            .map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    };
    format!("{:.2} / {:.2}", at(50), at(99))
}
