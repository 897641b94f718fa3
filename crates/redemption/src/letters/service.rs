//! Issuing, reading and checking letters.

use std::sync::Arc;

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use futures::stream;
use zhida_letters::{CODE_BYTES, CheckCode, Letter, Press};
use zhida_platform::access::{Row, Viewer};
use zhida_platform::audit::{self, Actor, Entry};
use zhida_platform::clock::{SharedClock, to_shanghai};
use zhida_platform::config::Config;
use zhida_platform::db::{ConnectionTrait, Database, Tx};
use zhida_platform::files::{Download, FileStore, FileUse, Subject, Upload, kinds};
use zhida_platform::format::date_zh;
use zhida_platform::ids;
use zhida_platform::problem::Problem;

use super::compose::compose;
use super::model::{Decided, Issued, Kept, LetterState, Verification};
use super::pages::VERIFY;
use super::store::{self, NewLetter};
use crate::error::Error;
use crate::rights::READ;

/// 决定书 as a file.
const PDF: FileUse = FileUse {
    name: "决定书",
    kinds: &[kinds::PAGES],
    bytes_max: 10 << 20,
};
const SUBJECT: &str = "redemption_letter";
/// Who hands in the files: a file is read by whoever handed it in even before it is scanned.
const PROGRAM: &str = "zhida";

/// Where letters are made and kept.
pub struct Letters {
    db: Database,
    clock: SharedClock,
    files: FileStore,
    press: Press,
    site: String,
}

impl Letters {
    /// Over a migrated database; font and site address by the settings.
    #[must_use]
    pub fn new(db: Database, clock: SharedClock, files: FileStore, config: &Config) -> Arc<Self> {
        Arc::new(Self {
            db,
            clock,
            files,
            press: Press::new(config.letters.font().map(std::path::Path::to_owned)),
            site: config.messages.site_url.trim_end_matches('/').to_owned(),
        })
    }

    /// Issues the letter of a decision, in the decision's transaction; an earlier letter of the case is replaced.
    /// The caller's audit record names [`Issued::number`].
    ///
    /// # Errors
    /// The database.
    pub async fn issue(
        &self,
        tx: &Tx,
        decided: &Decided<'_>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Issued, Error> {
        let issued = store::count_of_case(tx, decided.case).await?;
        let number = format!("{}-决{}", decided.number, issued + 1);
        store::replace(tx, decided.case, &format!("由 {number} 取代"), now).await?;
        let mut random = [0; CODE_BYTES];
        getrandom::fill(&mut random).map_err(Problem::internal)?;
        let code = CheckCode::from_random(random);
        let address = match self.site.as_str() {
            "" => String::new(),
            site => format!("{site}{VERIFY}/{}", code.plain()),
        };
        let letter = compose(decided, &number, &code, address);
        let content = serde_json::to_string(&letter).map_err(Problem::internal)?;
        let id = ids::next(now).to_string();
        let new = NewLetter {
            id: &id,
            code: &code.plain(),
            number: &number,
            content: &content,
            by: &by.name,
            at: now,
        };
        store::insert(tx, decided, &new).await?;
        Ok(Issued {
            id,
            code: code.plain(),
            number,
        })
    }

    /// Revokes the grant that is in force of a case, in the caller's transaction; how many letters. A refusal stands.
    ///
    /// # Errors
    /// The database.
    pub async fn revoke(
        &self,
        tx: &Tx,
        case: &str,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<u64, Error> {
        Ok(store::revoke(tx, case, why, now).await?)
    }

    /// The letters of a case, newest first. Who may see the case may see them: the caller has asked.
    pub(crate) async fn of_case(
        &self,
        conn: &impl ConnectionTrait,
        case: &str,
    ) -> Result<Vec<Kept>, Error> {
        store::of_case(conn, case).await
    }

    /// A letter, for whoever may see its case.
    pub(crate) async fn letter(&self, viewer: &Viewer, id: &str) -> Result<Kept, Error> {
        viewer.need(READ)?;
        let kept = store::find(self.db.conn(), id).await?;
        kept.filter(|kept| covers(viewer, kept))
            .ok_or_else(|| Error::missing("这份决定书"))
    }

    /// A letter as PDF, for whoever may see its case.
    pub(crate) async fn pdf(&self, viewer: &Viewer, id: &str) -> Result<Download, Error> {
        let kept = self.letter(viewer, id).await?;
        if !kept.is_intact {
            return Err(Error::Stored("决定书"));
        }
        let file = match kept.file {
            Some(file) => file,
            None => self.write(&kept, Actor::from(viewer)).await?,
        };
        let opened = self.files.open_for(&self.db, &file, PROGRAM).await;
        Ok(opened.map_err(Problem::from)?)
    }

    /// What the holder of a check code is told.
    pub(crate) async fn verify(&self, code: &CheckCode) -> Result<Option<Verification>, Error> {
        let kept = store::by_code(self.db.conn(), &code.plain()).await?;
        Ok(kept.map(|kept| verification(&kept, code)))
    }

    /// Whether a file of this SHA-256 is the one that was issued; `None` when no PDF was ever made of the letter.
    pub(crate) async fn is_issued_file(
        &self,
        code: &CheckCode,
        digest: &str,
    ) -> Result<Option<bool>, Error> {
        let kept = store::by_code(self.db.conn(), &code.plain()).await?;
        let kept = kept.ok_or_else(|| Error::missing("这个校验码的文书"))?;
        Ok(kept.file_digest.map(|known| known == digest))
    }

    /// Writes the PDF and keeps it; its file.
    async fn write(&self, kept: &Kept, by: Actor) -> Result<String, Error> {
        let bytes = self.printed(&kept.letter)?;
        let upload = Upload {
            name: &format!("{}.pdf", kept.number),
            bytes: Some(bytes.len() as u64),
            purpose: &PDF,
        };
        let content = stream::iter([Ok::<_, std::io::Error>(Bytes::from(bytes))]);
        let received = self.files.receive(upload, content).await;
        let received = &received.map_err(Problem::from)?;
        let entry = &Entry::new(
            self.clock.now(),
            by,
            "redemption.letter_print",
            SUBJECT,
            &kept.id,
        )
        .after(serde_json::json!({ "number": kept.number, "sha256": received.digest() }));
        self.db
            .write(|tx| async move {
                let subject = Subject {
                    kind: SUBJECT,
                    id: &kept.id,
                };
                let file = self.files.attach(&tx, received, subject, PROGRAM).await;
                let file = file.map_err(Problem::from)?;
                if !store::set_file(&tx, &kept.id, &file.id, received.digest()).await? {
                    // somebody else was first: theirs has the same bytes
                    let there = store::find(&tx, &kept.id).await?.and_then(|kept| kept.file);
                    self.files
                        .detach(&tx, &file.id)
                        .await
                        .map_err(Problem::from)?;
                    return there.ok_or_else(|| Error::missing("这份决定书"));
                }
                audit::append(&tx, entry).await?;
                Ok(file.id)
            })
            .await
    }

    fn printed(&self, letter: &Letter) -> Result<Vec<u8>, Error> {
        self.press
            .pdf(letter)
            .map_err(|why| Error::from(Problem::refused(why).hint("“打印”页不需要字体，随时可用")))
    }
}

fn covers(viewer: &Viewer, kept: &Kept) -> bool {
    let row = Row {
        enterprise: Some(&kept.enterprise),
        division: Some(&kept.place),
    };
    viewer.covers(READ, &row)
}

fn verification(kept: &Kept, code: &CheckCode) -> Verification {
    let state_words = match kept.state {
        LetterState::InForce => String::new(),
        LetterState::Replaced | LetterState::Revoked => {
            let day = date_zh(to_shanghai(kept.state_at).date_naive());
            format!("{day}{}：{}", kept.state.word(), kept.state_why)
        }
    };
    Verification {
        code: code.to_string(),
        number: kept.number.clone(),
        title: kept.kind.word().to_owned(),
        enterprise_name: kept.enterprise_name.clone(),
        item_name: kept.item_name.clone(),
        organisation: kept.organisation.clone(),
        fen: kept.fen,
        decided_on: kept.decided_on,
        state: kept.state,
        state_words,
        is_intact: kept.is_intact,
    }
}
