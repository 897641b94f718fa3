//! A form with files as it arrives: texts, files that were taken, and what is wrong with those that were not.

use std::net::SocketAddr;

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts};
use axum::http::request::Parts;
use zhida_platform::access::Viewer;
use zhida_platform::files::{FileError, FileStore, FileUse, Received, SENT, Upload, kinds};
use zhida_platform::problem::Problem;
use zhida_ui::{Fields, FormErrors};

use crate::error::Error;

/// What may be attached: pictures, film and voice from a phone, and papers.
pub(crate) const EVIDENCE: FileUse = FileUse {
    name: "诉求的附件",
    kinds: &[
        kinds::IMAGES,
        kinds::VIDEO,
        kinds::AUDIO,
        kinds::PAGES,
        kinds::OFFICE,
    ],
    bytes_max: 100 << 20,
};
/// What file inputs offer; a phone then offers its camera and recorder too.
pub(crate) const ACCEPT: &str = "image/*,video/*,audio/*,.pdf,.ofd,.doc,.docx,.xls,.xlsx,.wps,.et";
/// Bytes of a request at most; `limits.upload_bytes_max` holds as well.
const REQUEST_BYTES_MAX: usize = 201 << 20;
/// Bytes of all texts together: 50,000 characters arrive, so that they can be answered.
const TEXT_BYTES_MAX: usize = 1 << 20;
const FIELDS_MAX: usize = 100;
/// The field of files.
pub(crate) const FILES: &str = "files";

/// The layer of routes that take files.
pub(crate) fn upload_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(REQUEST_BYTES_MAX)
}

/// What was sent.
#[derive(Default)]
pub(crate) struct Posted {
    pub fields: Fields,
    pub files: Vec<Received>,
    pub errors: FormErrors,
}

impl Posted {
    /// Reads the form; its files go to disk as they come, never into memory.
    ///
    /// # Errors
    /// It breaks off, or is too large.
    pub(crate) async fn read(
        files: &FileStore,
        viewer: &Viewer,
        files_max: u32,
        mut form: Multipart,
    ) -> Result<Self, Error> {
        let mut posted = Self::default();
        let (mut room, mut count) = (TEXT_BYTES_MAX, 0);
        while let Some(field) = form.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            let file = field.file_name().map(str::to_owned);
            count += 1;
            if count > FIELDS_MAX {
                return Err(Problem::bad_input("表单的栏目太多").into());
            }
            match file {
                Some(file) if !file.is_empty() => {
                    posted.file(files, files_max, &file, field).await?
                }
                Some(_) => {}
                None if name.starts_with(SENT) => {
                    let id = text(field, &mut room).await?;
                    posted.sent(files, viewer, files_max, &id).await?;
                }
                None => posted.fields.put(name, text(field, &mut room).await?),
            }
        }
        Ok(posted)
    }

    async fn file(
        &mut self,
        files: &FileStore,
        files_max: u32,
        name: &str,
        field: Field<'_>,
    ) -> Result<(), Error> {
        if self.files.len() >= files_max as usize {
            let sentence = format!("最多 {files_max} 个附件，“{name}”没有收下");
            self.errors.add(FILES, sentence);
            return Ok(());
        }
        let upload = Upload {
            name,
            bytes: None,
            purpose: &EVIDENCE,
        };
        self.taken(files.receive(upload, field).await)
    }

    /// Takes a file that has come in parts before the form. They stay: when something else of the form is wrong, the
    /// same file need not be sent again.
    async fn sent(
        &mut self,
        files: &FileStore,
        viewer: &Viewer,
        files_max: u32,
        id: &str,
    ) -> Result<(), Error> {
        if self.files.len() >= files_max as usize {
            let sentence = format!("最多 {files_max} 个附件，多出的没有收下");
            self.errors.add(FILES, sentence);
            return Ok(());
        }
        self.taken(files.receive_parts(viewer, id, &EVIDENCE).await)
    }

    fn taken(&mut self, received: Result<Received, FileError>) -> Result<(), Error> {
        match received {
            Ok(received) => self.files.push(received),
            Err(error) => {
                let problem = Problem::from(error);
                if problem.status.is_server_error() {
                    return Err(problem.into());
                }
                self.errors.add(FILES, problem.detail);
            }
        }
        Ok(())
    }

    /// Whether something was recorded, so that no text is needed.
    pub(crate) fn recorded(&self) -> bool {
        let spoken = |file: &Received| {
            kinds::AUDIO.contains(&file.kind()) || kinds::VIDEO.contains(&file.kind())
        };
        self.files.iter().any(spoken)
    }
}

async fn text(mut field: Field<'_>, room: &mut usize) -> Result<String, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        let left = room.checked_sub(chunk.len());
        *room = left.ok_or_else(|| Problem::too_large(TEXT_BYTES_MAX as u64))?;
        bytes.extend_from_slice(&chunk);
    }
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| Problem::bad_input("文字不是 UTF-8 编码，请换浏览器再提交"))?;
    // browsers send line ends as two characters, which would count twice
    Ok(text.replace("\r\n", "\n"))
}

fn broken(_: axum::extract::multipart::MultipartError) -> Error {
    let problem = Problem::bad_input("上传中断，或一次提交的文件总共太大");
    let hint = "请检查网络后重新提交；文件大的请分开提交，或压缩后再传";
    problem.hint(hint).into()
}

/// The address of whoever sends; empty where there is no connection, as in tests.
pub(crate) struct Address(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let address = connection.map(|connection| connection.0.ip().to_canonical().to_string());
        Ok(Self(address.unwrap_or_default()))
    }
}
