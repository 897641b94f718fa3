//! What lies in the store of files, by state; never its names, which are the business of others.

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::files::{ContentQuery, ContentRecord, Tally};
use zhida_platform::jobs::{Job, JobQuery};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use super::Office;
use crate::actions::{FILE_MANAGE, FILE_READ};
use crate::background::{SCAN, SWEEP, VERIFY_FILES};
use crate::error::Error;

/// Characters of a reason at most.
const REASON_CHARS_MAX: usize = 200;

/// The store as a whole.
pub(crate) struct Stored {
    /// Contents and bytes of each state.
    pub tally: Vec<Tally>,
    /// Whether a scanner is configured.
    pub scans: bool,
    /// The last job of each kind that looks after the store, if there was one.
    pub last: Vec<Job>,
}

impl Office {
    /// The store as a whole.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub(crate) async fn stored(&self, viewer: &Viewer) -> Result<Stored, Error> {
        viewer.need(FILE_READ)?;
        let mut last = Vec::new();
        for kind in [SCAN, VERIFY_FILES, SWEEP] {
            let query = JobQuery {
                state: None,
                kind: Some(kind.to_owned()),
            };
            let found = self.jobs.list(&query, &PageRequest::first(1)).await?;
            last.extend(found.items);
        }
        Ok(Stored {
            tally: self.files.tally(&self.db).await?,
            scans: self.files.scans(),
            last,
        })
    }

    /// A page of contents, those whose state changed last first.
    ///
    /// # Errors
    /// A viewer who may not; a cursor of another list; the database.
    pub async fn contents(
        &self,
        viewer: &Viewer,
        query: ContentQuery,
        page: &PageRequest,
    ) -> Result<Page<ContentRecord>, Error> {
        viewer.need(FILE_READ)?;
        Ok(self.files.contents(&self.db, query, page).await?)
    }

    /// How many contents [`Office::contents`] has in all.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn content_count(&self, viewer: &Viewer, query: ContentQuery) -> Result<u64, Error> {
        viewer.need(FILE_READ)?;
        Ok(self.files.contents_count(&self.db, query).await?)
    }

    /// One content.
    ///
    /// # Errors
    /// A viewer who may not; no such content; the database.
    pub async fn content(&self, viewer: &Viewer, digest: &str) -> Result<ContentRecord, Error> {
        viewer.need(FILE_READ)?;
        let found = self.files.content(&self.db, digest).await?;
        found.ok_or(Error::NoContent)
    }

    /// Lets a content out of quarantine; the reason is shown with its files.
    ///
    /// # Errors
    /// A viewer who may not; no reason; no such content in quarantine; the database.
    pub async fn release(&self, viewer: &Viewer, digest: &str, why: &str) -> Result<(), Error> {
        viewer.need(FILE_MANAGE)?;
        let why = why.trim();
        if why.is_empty() || why.chars().count() > REASON_CHARS_MAX {
            return Err(Problem::bad_input("没有写放行的理由")
                .field(
                    "reason",
                    format!("请写明为什么放行，最多 {REASON_CHARS_MAX} 个字"),
                )
                .into());
        }
        self.db
            .write(|tx| async move {
                self.files.release_content(&tx, digest, why).await?;
                let entry = Entry::new(
                    self.clock.now(),
                    viewer,
                    "files.release",
                    "file_content",
                    digest,
                )
                .detail(json!({ "reason": why }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}
