//! What the room keeps.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use zhida_platform::audit::Checkpoint;

/// 一次审计链核验的结果。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Verification {
    /// 标识。
    pub id: Uuid,
    /// 何时核验完。
    pub at: DateTime<Utc>,
    /// 由谁发起：每夜自动进行的是“定时”。
    pub asked_by: String,
    /// 核验全部记录，还是上一个检查点之后的。
    pub whole: bool,
    /// 核验了多少条。
    pub checked: i64,
    /// 发现多少处问题；0 为完整。
    pub findings: i64,
    /// 结果的说明，逐条列出问题。
    pub words: String,
    /// 检查点：核验开始时的最后一条。
    pub checkpoint_no: i64,
    /// 这一条的校验值。
    pub checkpoint_hash: String,
    /// 取检查点的时间。
    pub checkpoint_at: DateTime<Utc>,
}

impl Verification {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings == 0
    }

    /// The checkpoint, to be kept elsewhere.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            no: self.checkpoint_no,
            hash: self.checkpoint_hash.clone(),
            at: self.checkpoint_at,
        }
    }
}
