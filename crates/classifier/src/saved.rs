//! A model as bytes. What is damaged, cut off, or of another version is refused with words; it is made anew then.

use sha2::{Digest, Sha256};

use crate::{
    model::{About, Model},
    tree::{Node, Saved},
};

/// First bytes of every saved model.
const MAGIC: &[u8; 4] = b"ZHCM";
/// Raised whenever the bytes, or what is computed from them, change.
const VERSION: u16 = 1;
const HEAD: usize = MAGIC.len() + size_of::<u16>();
const DIGEST: usize = 32;

/// Why bytes are no model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// Something else, or cut off at the very start.
    #[error("这不是分类模型的文件；请重新训练")]
    NotAModel,
    /// Another version of this program wrote it.
    #[error("分类模型是第 {found} 版格式，本程序只读第 {VERSION} 版；请重新训练")]
    OtherVersion {
        /// The version in the file.
        found: u16,
    },
    /// The bytes are not those that were written.
    #[error("分类模型的文件已损坏（校验和或内容不符）；请重新训练")]
    Damaged,
}

impl Model {
    /// The model as bytes: head, version, SHA-256 of the content, content. Equal models give equal bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut nodes = Vec::new();
        self.tree.save(&mut nodes);
        let content =
            postcard::to_allocvec(&(&self.about, nodes)).expect("plain values into memory");
        let mut bytes = Vec::with_capacity(HEAD + DIGEST + content.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&Sha256::digest(&content));
        bytes.extend_from_slice(&content);
        bytes
    }

    /// Reads a model again.
    ///
    /// # Errors
    /// The bytes are none, of another version, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, SavedError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(SavedError::NotAModel)?;
        let (version, rest) = rest.split_first_chunk().ok_or(SavedError::NotAModel)?;
        let found = u16::from_le_bytes(*version);
        if found != VERSION {
            return Err(SavedError::OtherVersion { found });
        }
        let (digest, content) = rest.split_at_checked(DIGEST).ok_or(SavedError::Damaged)?;
        if Sha256::digest(content).as_slice() != digest {
            return Err(SavedError::Damaged);
        }
        let (about, nodes): (About, Vec<Saved>) =
            postcard::from_bytes(content).map_err(|_| SavedError::Damaged)?;
        let mut nodes = nodes.into_iter();
        let tree = Node::read(&mut nodes, 0).filter(|_| nodes.next().is_none() && about.is_sound());
        tree.map(|tree| Model { tree, about })
            .ok_or(SavedError::Damaged)
    }
}
