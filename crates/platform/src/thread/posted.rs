use axum::extract::DefaultBodyLimit;
use axum::extract::multipart::{Field, Multipart};

use super::{ATTACHMENT, FILES_MAX, NewEntry, Side, ThreadError, WORDS_MAX};
use crate::access::Viewer;
use crate::files::{FileError, FileStore, Received, SENT, Upload};
use crate::problem::Problem;

/// Fields of a request at most.
const FIELDS_MAX: usize = 40;
/// Bytes of a field at most; more is cut off, and then refused for its length.
const FIELD_BYTES_MAX: usize = 4 * WORDS_MAX + 1_024;

/// The layer of routes that take a thread's form: its files and the form around them.
pub fn uploads() -> DefaultBodyLimit {
    let bytes = usize::try_from(ATTACHMENT.bytes_max).unwrap_or(usize::MAX);
    DefaultBodyLimit::max(FILES_MAX * bytes + (1 << 20))
}

/// What a thread's form asks for.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'p> {
    /// To be written.
    Write(NewEntry<'p>),
    /// The office says that no answer is needed.
    Settle,
}

/// A form with texts and files, read to its end: what is wrong with a file does not lose what was typed.
#[derive(Debug, Default)]
pub struct Posted {
    /// The texts, by name.
    pub fields: Vec<(String, String)>,
    /// The files that were taken.
    pub files: Vec<Received>,
    /// A sentence for each file that was not.
    pub faults: Vec<String>,
}

impl Posted {
    /// Reads the request. The route needs a layer that lets its body grow (`DefaultBodyLimit`).
    ///
    /// # Errors
    /// When the request breaks off, or the store cannot write.
    pub async fn read(
        files: &FileStore,
        viewer: &Viewer,
        mut form: Multipart,
    ) -> Result<Self, ThreadError> {
        let mut posted = Self::default();
        while let Some(part) = form.next_field().await.map_err(|_| ThreadError::Broken)? {
            let name = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                // a file input that was left empty
                Some(file) if file.is_empty() => {}
                Some(file) => posted.file(files, &file, part).await?,
                None if posted.fields.len() < FIELDS_MAX => {
                    let text = text(part).await?;
                    if name.starts_with(SENT) {
                        posted.sent(files, viewer, &text).await?;
                    }
                    posted.fields.push((name, text));
                }
                None => return Err(ThreadError::Broken),
            }
        }
        Ok(posted)
    }

    /// A field's text without spaces around it; empty when it was not sent.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, value)| value.trim())
    }

    /// What the form of a thread asks for: its fields are those of `ui::ThreadForm`.
    ///
    /// # Errors
    /// A file that was not taken: nothing is written without it.
    pub fn wanted(&self, side: Side, is_internal: bool) -> Result<Wanted<'_>, ThreadError> {
        if side == Side::Office && self.get("do") == "settle" {
            return Ok(Wanted::Settle);
        }
        let field = if is_internal { "remark" } else { "message" };
        if let Some(fault) = self.faults.first() {
            let message = format!("{fault}。留言还没有发出，请重新选择附件");
            return Err(ThreadError::Field { field, message });
        }
        Ok(Wanted::Write(NewEntry {
            is_internal,
            wants_reply: self.get("message-reply") == "yes",
            ..NewEntry::message(self.get(field), &self.files)
        }))
    }

    async fn file(
        &mut self,
        files: &FileStore,
        name: &str,
        part: Field<'_>,
    ) -> Result<(), ThreadError> {
        if self.files.len() >= FILES_MAX {
            let fault = format!("一次最多 {FILES_MAX} 个附件，“{name}”没有收下");
            self.faults.push(fault);
            return Ok(());
        }
        let upload = Upload {
            name,
            bytes: None,
            purpose: &ATTACHMENT,
        };
        self.taken(files.receive(upload, part).await)
    }

    /// Takes a file that has come in parts before the form. They stay: when something else of the form is wrong, the
    /// same file need not be sent again.
    async fn sent(
        &mut self,
        files: &FileStore,
        viewer: &Viewer,
        id: &str,
    ) -> Result<(), ThreadError> {
        if self.files.len() >= FILES_MAX {
            let fault = format!("一次最多 {FILES_MAX} 个附件，多出的没有收下");
            self.faults.push(fault);
            return Ok(());
        }
        self.taken(files.receive_parts(viewer, id, &ATTACHMENT).await)
    }

    fn taken(&mut self, received: Result<Received, FileError>) -> Result<(), ThreadError> {
        match received {
            Ok(received) => self.files.push(received),
            Err(error) => {
                let words = error.to_string();
                if Problem::from(error).status.is_server_error() {
                    return Err(ThreadError::Broken);
                }
                self.faults.push(words);
            }
        }
        Ok(())
    }
}

async fn text(mut part: Field<'_>) -> Result<String, ThreadError> {
    let mut bytes = Vec::new();
    while let Some(piece) = part.chunk().await.map_err(|_| ThreadError::Broken)? {
        if bytes.len() < FIELD_BYTES_MAX {
            bytes.extend_from_slice(&piece);
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
