//! `manifest.json`: what a snapshot's other files are, so that nothing is read that was not written.

use std::io;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zhida_rules::Dictionary;

use super::{SnapshotError, VERSION};

/// A SHA-256 in hexadecimal digits.
pub(super) type Sum = String;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub version: u32,
    /// The caller's.
    pub mark: String,
    pub rows: u64,
    /// Of the dictionary's attributes as the columns depend on them.
    pub dictionary: Sum,
    pub enterprises: File,
    pub rules: File,
    /// Of all the rest.
    pub manifest: Sum,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub bytes: u64,
    pub sha256: Sum,
}

/// The part that every version has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Manifest {
    /// With the sum of all the rest.
    pub fn summed(mut self) -> Result<Self, SnapshotError> {
        self.manifest = Sum::new();
        let text = serde_json::to_vec(&self).map_err(io::Error::from)?;
        self.manifest = hexadecimal(Sha256::digest(text));
        Ok(self)
    }

    pub fn from_json(text: &[u8]) -> Result<Self, SnapshotError> {
        let damaged = |error: serde_json::Error| SnapshotError::damaged(error);
        let Versioned { version: found } = serde_json::from_slice(text).map_err(damaged)?;
        match found {
            VERSION => {
                let mut manifest: Self = serde_json::from_slice(text).map_err(damaged)?;
                let written = std::mem::take(&mut manifest.manifest);
                manifest = manifest.summed()?;
                match manifest.manifest == written {
                    true => Ok(manifest),
                    false => Err(SnapshotError::damaged("清单被改动")),
                }
            }
            ..VERSION => Err(SnapshotError::Older { found }),
            _ => Err(SnapshotError::Newer { found }),
        }
    }
}

impl File {
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            sha256: hexadecimal(Sha256::digest(bytes)),
        }
    }
}

pub(super) fn hexadecimal(sum: impl AsRef<[u8]>) -> Sum {
    sum.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// SHA-256 of the attributes as the columns depend on them: ids, kinds, and which are annual.
pub(super) fn fingerprint(dictionary: &Dictionary) -> Sum {
    let mut sum = Sha256::new();
    for attribute in dictionary.attributes() {
        // An id holds no space.
        sum.update(format!(
            "{} {:?} {}\n",
            attribute.id, attribute.kind, attribute.annual
        ));
    }
    hexadecimal(sum.finalize())
}
