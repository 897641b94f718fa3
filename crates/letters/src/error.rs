//! Why a letter cannot be written as PDF.

use std::path::PathBuf;

/// Each variant says what is missing and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No font was configured and none of the usual files is there.
    #[error(
        "这台机器没有中文字体，写不出 PDF。请安装字体（Debian、Ubuntu：apt-get install fonts-noto-cjk），\
         或在设置 letters.font 写明字体文件。在此之前请用网页上的打印"
    )]
    NoTypeface,
    /// The configured file is not there or cannot be read.
    #[error("读不了字体文件 {}：{error}。请检查设置 letters.font 里的路径和权限", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The file is no font that we can embed.
    #[error("{} 不是能用的 OpenType 字体（ttf、otf、ttc；不支持 CFF2 可变字体）。请换一个字体文件", path.display())]
    NoFont {
        /// The file.
        path: PathBuf,
    },
    /// Characters of the letter that the font does not have: they would print as empty boxes.
    #[error("字体里没有这些字：{characters}。请换一个字更全的字体，或用网页上的打印")]
    Missing {
        /// The characters, with their code points.
        characters: String,
    },
    /// The address does not fit into a QR code.
    #[error("核验网址太长，画不成二维码（{length} 个字节）。请配置短一些的网址")]
    LongAddress {
        /// Its length in bytes.
        length: usize,
    },
    /// A table without columns, or a row with another number of cells than the table has columns.
    #[error("表格第 {row} 行有 {cells} 格，而表头有 {columns} 列")]
    Ragged {
        /// The row, from 1; 0 is the heading.
        row: usize,
        /// Its cells.
        cells: usize,
        /// The columns of the table.
        columns: usize,
    },
    /// The library that writes DOCX refused.
    #[error("写不出 DOCX 文件：{0}。请改用 PDF，并把这句话交给管理员")]
    Document(String),
}
