//! Promises about the repository that the compiler does not keep: `cargo xtask tidy`.

mod arrows;
mod audit_words;
mod files;
mod licences;
mod metadata;
mod named_tests;
mod templates;

use anyhow::Result;

use crate::{root, vendor};
use metadata::Metadata;

/// Prints every broken promise; true when there is none.
pub fn run() -> Result<bool> {
    let metadata = Metadata::load(&root())?;
    let mut problems = arrows::problems(&metadata);
    problems.extend(licences::problems(&metadata));
    problems.extend(files::problems(&root(), &metadata)?);
    problems.extend(named_tests::problems(&root())?);
    problems.extend(templates::problems(&root())?);
    problems.extend(audit_words::problems(&root())?);
    problems.extend(vendor::problems()?);
    for problem in &problems {
        eprintln!("{problem}");
    }
    if problems.is_empty() {
        println!(
            "依赖方向、许可证、文件约定、文档所引的测试、页面模板的名字、审计动作的中文都符合"
        );
    } else {
        eprintln!("共 {} 处不符合约定", problems.len());
    }
    Ok(problems.is_empty())
}
