/// Findings that are listed; more are counted only.
const FINDINGS_MAX: usize = 100;

/// Something that cannot be if nobody touched the record. Each says in Chinese which number and what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// Content and hash do not go together.
    #[error("第 {no} 条与校验值不符：这一条被改动过、换过位置，或前一条连同校验值被改写")]
    Changed {
        /// The record.
        no: i64,
    },
    /// Numbers are missing within the chain.
    #[error("第 {from} 条至第 {to} 条不见了：被删除，或编号被改动")]
    Removed {
        /// The first missing.
        from: i64,
        /// The last missing.
        to: i64,
    },
    /// The end is missing.
    #[error("链尾被截断：应当到第 {expected} 条，现在只到第 {found} 条")]
    Truncated {
        /// The last number that is known to have been.
        expected: i64,
        /// The last that is there.
        found: i64,
    },
    /// There are records after the end.
    #[error(
        "链首记录停在第 {head} 条，表里却有第 {found} 条：有人绕过程序写入，或把链首记录改了回去"
    )]
    BehindEnd {
        /// Number of the head.
        head: i64,
        /// The last record.
        found: i64,
    },
    /// The head's hash is not that of the last record.
    #[error("链首记录的校验值与第 {no} 条不符：其中之一被改写")]
    HeadDiffers {
        /// The last record.
        no: i64,
    },
    /// The head's seal is not the one the program wrote.
    #[error("链首记录的封印不符：它不是由持有密钥的程序写下的")]
    Seal,
    /// There is no head.
    #[error("链首记录不见了")]
    NoHead,
    /// A checkpoint kept elsewhere says otherwise.
    #[error("第 {no} 条与当时留存的检查点不符：它或它之前的记录被改写")]
    Checkpoint {
        /// Number of the checkpoint.
        no: i64,
    },
    /// The chain does not begin where its last pruning says.
    #[error("链从第 {} 条之后开始，但没有与之相符的清理记录：开头的记录被擅自删除", .base)]
    Base {
        /// The number before the first record.
        base: i64,
    },
    /// Records that are said to have been pruned are there.
    #[error("第 {base} 条及之前的记录已登记为清理，却仍有 {count} 条在表里")]
    Leftover {
        /// The last number pruned.
        base: i64,
        /// How many there are.
        count: i64,
    },
    /// A record was written with another key, or with one where none was given.
    #[error("第 {no} 条起用密钥「{name}」保护，核验用的不是这把：请换用那时的密钥文件再核验")]
    OtherKey {
        /// The record.
        no: i64,
        /// Name of the key.
        name: String,
    },
    /// A record without a key comes after one with it, or there is none with it.
    #[error("第 {no} 条没有用密钥保护，而它应当用：由没有配置密钥的程序写入，或是伪造")]
    NoKey {
        /// The record.
        no: i64,
    },
}

impl Finding {
    /// A stable word for programs.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "changed",
            Self::Removed { .. } => "removed",
            Self::Truncated { .. } => "truncated",
            Self::BehindEnd { .. } => "behind-end",
            Self::HeadDiffers { .. } => "head-differs",
            Self::Seal => "seal",
            Self::NoHead => "no-head",
            Self::Checkpoint { .. } => "checkpoint",
            Self::Base { .. } => "base",
            Self::Leftover { .. } => "leftover",
            Self::OtherKey { .. } => "other-key",
            Self::NoKey { .. } => "no-key",
        }
    }

    /// The number it is about, if it is about one.
    #[must_use]
    pub fn no(&self) -> Option<i64> {
        match *self {
            Self::Changed { no }
            | Self::Removed { from: no, .. }
            | Self::Truncated { found: no, .. }
            | Self::BehindEnd { head: no, .. }
            | Self::HeadDiffers { no }
            | Self::Checkpoint { no }
            | Self::Base { base: no }
            | Self::Leftover { base: no, .. }
            | Self::OtherKey { no, .. }
            | Self::NoKey { no } => Some(no),
            Self::Seal | Self::NoHead => None,
        }
    }

    /// What it means for who reads it, and what to do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::OtherKey { .. } => {
                "没有查完：请核对设置 audit.key_file 或环境变量 ZHIDA_AUDIT__KEY 是不是那时的密钥"
            }
            Self::NoKey { .. } => {
                "刚配置密钥、还没有启动过服务的，先启动一次 zhida serve 再核验；否则说明有人不持密钥写了记录"
            }
            Self::Removed { .. } | Self::Truncated { .. } | Self::Base { .. } => {
                "缺少的记录不能再作证据：请先保存数据库原样，再从备份中找回这些编号的记录对照"
            }
            Self::Seal
            | Self::NoHead
            | Self::HeadDiffers { .. }
            | Self::BehindEnd { .. }
            | Self::Leftover { .. } => {
                "有人绕过程序改过数据库：请先保存数据库原样，查数据库的登录与操作日志，再与检查点和备份对照"
            }
            Self::Changed { .. } | Self::Checkpoint { .. } => {
                "这一条及以后的内容不能直接采信：请先保存数据库原样，再与更早的备份逐条对照"
            }
        }
    }
}

/// What [`super::verify`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Records read and checked.
    pub checked: u64,
    /// The last number.
    pub last: i64,
    /// Records from before the chain (numbers up to 0), of which nothing is claimed.
    pub before_chain: u64,
    /// Records up to this number were pruned after their retention; 0 for none.
    pub pruned: i64,
    /// The first number checked that a key protects.
    pub keyed_from: Option<i64>,
    /// What cannot be, in the order of the chain; at most 100 are kept.
    pub findings: Vec<Finding>,
    /// How many there were in all.
    pub findings_count: u64,
}

impl Report {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings_count == 0
    }

    pub(super) fn find(&mut self, finding: Finding) {
        self.findings_count += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let checked = crate::format::count(self.checked);
        write!(f, "核验 {checked} 条审计记录，至第 {} 条", self.last)?;
        if self.pruned > 0 {
            write!(f, "；第 {} 条及之前的已按期清理", self.pruned)?;
        }
        if self.before_chain > 0 {
            let count = crate::format::count(self.before_chain);
            write!(f, "；另有 {count} 条写于启用防篡改链之前，不在核验之内")?;
        }
        match self.keyed_from {
            Some(no) => write!(f, "；第 {no} 条起有密钥保护")?,
            None => write!(f, "；没有密钥保护")?,
        }
        if self.is_sound() {
            return write!(f, "。完整，没有改动。");
        }
        write!(f, "。发现 {} 处问题：", self.findings_count)?;
        for finding in &self.findings {
            write!(f, "\n  {finding}")?;
        }
        Ok(())
    }
}
