//! What the engine refuses.

/// Why a question cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatcherError {
    /// The same id twice.
    #[error("企业编号 {0} 出现了两次，请先去重再建立匹配索引")]
    DuplicateEnterprise(u64),
    /// More rows than row numbers.
    #[error("共有 {0} 家企业，一个匹配索引最多容纳 42 亿家，请按地区分开建立")]
    TooManyEnterprises(usize),
    /// A value of another kind than its attribute.
    #[error("“{0}”的值与属性字典规定的类型不符，请核对数据后重新导入")]
    Kind(String),
    /// No such item.
    #[error("没有第 {item} 个事项，当前共有 {items} 个")]
    NoSuchItem {
        /// What was asked for.
        item: u32,
        /// How many there are.
        items: usize,
    },
    /// No such item.
    #[error("没有编号为 {0} 的事项")]
    NoSuchKey(u64),
    /// The caller's memory bound is too small for one thread's work.
    #[error("允许使用的内存为 {given} 字节，至少需要 {needed} 字节，请调大内存上限")]
    Memory {
        /// The bound in bytes.
        given: usize,
        /// The least that is needed, in bytes.
        needed: usize,
    },
    /// The lists do not fit the caller's memory bound.
    #[error("名单用去的内存超过了允许的 {given} 字节，请调大内存上限，或分批计算")]
    Lists {
        /// The bound in bytes.
        given: usize,
    },
    /// A rule cannot be written as SQL.
    #[error("规则不能写成 SQL：{0}")]
    Sql(String),
}
