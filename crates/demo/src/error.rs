//! What can go wrong while a city is generated.

use std::path::PathBuf;

/// Why a city cannot be generated.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// More enterprises than distinct codes, or than the limit.
    #[error("最多可为“{place}”生成 {most} 家市场主体（自定义区代码的上限），请减少数量")]
    TooManyEnterprises {
        /// The division.
        place: String,
        /// How many fit.
        most: u64,
    },
    /// More items than the limit.
    #[error("最多可生成 {} 个政策事项，请减少数量", crate::ITEMS_MAX)]
    TooManyItems,
    /// A division that today's list lacks.
    #[error("行政区划代码“{0}”不在现行名录中，请核对，例如 370100（济南市）")]
    Division(String),
    /// A share above the whole.
    #[error("外地企业占比应在 0‰ 至 900‰ 之间，现为 {0}‰")]
    Elsewhere(u32),
    /// More places than a period of rows can hold.
    #[error("外地区划过多（{0} 个），请减少外地区划或提高外地企业占比")]
    TooManyPlaces(usize),
    /// A reference date whose data nobody could have.
    #[error("基准日应在 2010 年至 2100 年之间，现为 {0}")]
    ReferenceDate(chrono::NaiveDate),
    /// The folder holds something.
    #[error("文件夹“{}”不是空的，请换一个空文件夹，以免覆盖已有文件", .0.display())]
    NotEmpty(PathBuf),
    /// A file could not be written.
    #[error("无法写入“{}”：{source}，请检查磁盘空间和权限", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}
