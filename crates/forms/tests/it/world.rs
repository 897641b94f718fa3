//! The gallery over a database, with a clock that stands still.

use std::sync::Arc;

use chrono::NaiveDate;
use tempfile::TempDir;
use zhida_forms::{Answer, Answers, Form, FormSource, Known, Mistake, Row};
use zhida_platform::clock::FixedClock;
use zhida_platform::config::Config;
use zhida_platform::files::{FileStore, FilesConfig};
use zhida_rules::{Dictionary, Facts};
use zhida_testkit::{App, TestDatabase};

use crate::gallery::{Gallery, routes};

pub(crate) struct World {
    pub gallery: Arc<Gallery>,
    pub db: TestDatabase,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn new(db: TestDatabase) -> Self {
        db.migrate(&[zhida_forms::migrations()])
            .await
            .expect("the schema is built");
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let config = FilesConfig {
            folder: folder.path().display().to_string(),
            ..Config::default().files
        };
        let clock = Arc::new(FixedClock::on(day()));
        let files = FileStore::open(&config, clock.clone()).expect("the store opens");
        Self {
            gallery: Gallery::new(db.handle(), files, clock),
            db,
            _folder: folder,
        }
    }

    pub(crate) fn app(&self) -> App {
        App::new(routes(Arc::clone(&self.gallery)))
    }
}

pub(crate) fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day")
}

/// A form from its nodes alone.
pub(crate) fn form(nodes: &str) -> Result<Form, Vec<Mistake>> {
    let source = FormSource::read(&format!("title: 试\nnodes:\n{nodes}"));
    Form::new(
        source.map_err(|mistake| vec![mistake])?,
        Dictionary::shipped(),
    )
}

pub(crate) fn known(facts: &Facts) -> Known<'_> {
    Known { facts, on: day() }
}

pub(crate) fn answers(texts: &[(&str, &str)]) -> Answers {
    let mut answers = Answers::default();
    for (id, text) in texts {
        answers.set(*id, *text);
    }
    answers
}

pub(crate) fn row(texts: &[(&str, &str)]) -> Row {
    let cell = |(id, text): &(&str, &str)| ((*id).to_owned(), Answer::Text((*text).to_owned()));
    texts.iter().map(cell).collect()
}
