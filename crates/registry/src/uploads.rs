//! Files that officers send through a page or the API, kept until they are imported. One whose import failed or was
//! cancelled stays, too, so that its job can be run again; what never is imported, the sweep of files removes.

use std::path::{Path, PathBuf};

use axum::extract::multipart::{Field, Multipart};
use tokio::io::AsyncWriteExt;
use zhida_platform::clock::SharedClock;
use zhida_platform::problem::Problem;

use crate::{Registry, RegistryError};

/// Bytes of a text field of the form at most.
const FIELD_BYTES_MAX: usize = 64 << 10;
/// Fields of the form at most.
const FIELDS_MAX: usize = 2_000;

/// An upload form: the file, and its other fields in their order.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    pub file: Option<KeptFile>,
    pub fields: Vec<(String, String)>,
}

/// A file that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptFile {
    /// Name in forms and jobs; it names the file in the room’s folder of uploads.
    pub token: String,
    /// The name its sender gave it.
    pub name: String,
    pub path: PathBuf,
}

impl KeptFile {
    /// Lets the sweep count from now on.
    pub(crate) fn touch(&self, clock: &SharedClock) -> std::io::Result<()> {
        let file = std::fs::File::options().append(true).open(&self.path)?;
        file.set_modified(clock.now().into())
    }

    /// It is no longer needed.
    pub(crate) fn forget(&self) {
        let _already_gone = std::fs::remove_file(&self.path);
    }
}

impl Upload {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, value)| value.trim())
    }
}

/// Reads a form; its file goes to disk as it comes, never into memory.
pub(crate) async fn receive(
    registry: &Registry,
    mut form: Multipart,
) -> Result<Upload, RegistryError> {
    let mut upload = Upload::default();
    let broken = |_| {
        RegistryError::from(Problem::bad_input("上传中断或格式有误").hint("请重新选择文件上传"))
    };
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            Some(file_name) if !file_name.is_empty() => {
                upload.file = Some(keep(registry, &mut field, &file_name).await?);
            }
            Some(_) => {}
            None => {
                let mut text = Vec::new();
                while let Some(bytes) = field.chunk().await.map_err(broken)? {
                    text.extend_from_slice(&bytes);
                    if text.len() > FIELD_BYTES_MAX {
                        return Err(Problem::bad_input(format!("“{name}”一栏太长")).into());
                    }
                }
                upload
                    .fields
                    .push((name, String::from_utf8_lossy(&text).into_owned()));
            }
        }
        if upload.fields.len() > FIELDS_MAX {
            return Err(Problem::bad_input("表单的栏目太多").into());
        }
    }
    Ok(upload)
}

async fn keep(
    registry: &Registry,
    field: &mut Field<'_>,
    file_name: &str,
) -> Result<KeptFile, RegistryError> {
    let broken = |_| {
        RegistryError::from(
            Problem::bad_input("文件没有传完，或超过了一次上传的上限")
                .hint("请重试；大文件请压缩为 .csv.gz，或请管理员在服务器上用命令行导入"),
        )
    };
    let folder = registry.received()?;
    let (file, path) = tempfile::Builder::new()
        .prefix("upload-")
        .rand_bytes(24)
        .tempfile_in(&folder)?
        .keep()
        .map_err(|error| error.error)?;
    let mut target = tokio::fs::File::from_std(file);
    let written = async {
        while let Some(bytes) = field.chunk().await.map_err(broken)? {
            target.write_all(&bytes).await?;
        }
        target.flush().await?;
        Ok::<(), RegistryError>(())
    };
    if let Err(error) = written.await {
        let _already_gone = std::fs::remove_file(&path);
        return Err(error);
    }
    let token = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let name: String = Path::new(file_name)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .chars()
        .filter(|c| !c.is_control())
        .take(120)
        .collect();
    let file = KeptFile { token, name, path };
    file.touch(registry.clock())?;
    Ok(file)
}

/// The kept file of a token that came back in a form or a job.
pub(crate) fn kept(
    registry: &Registry,
    token: &str,
    name: &str,
) -> Result<KeptFile, RegistryError> {
    // the token names a file of ours and can lead nowhere else
    let random = token
        .strip_prefix("upload-")
        .ok_or(RegistryError::NoUpload)?;
    if random.len() != 24 || !random.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(RegistryError::NoUpload);
    }
    let path = registry.received()?.join(token);
    if !path.is_file() {
        return Err(RegistryError::NoUpload);
    }
    let name = name.chars().filter(|c| !c.is_control()).take(120).collect();
    Ok(KeptFile {
        token: token.to_owned(),
        name,
        path,
    })
}
