//! Chores of the repository: `cargo xtask ci | tidy | vendor [--check]`.

mod ci;
mod tidy;
mod vendor;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "用法：
  cargo xtask ci               跑完全部检查和测试，最后一行是 “N passed, N failed”
  cargo xtask tidy             检查依赖方向、文件长度、许可证等约定
  cargo xtask vendor           用 npm 重新取得前端文件，并核对摘要
  cargo xtask vendor --check   只核对摘要，不联网";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["ci"] => ci::run(),
        ["tidy"] => tidy::run(),
        ["vendor"] => vendor::fetch(),
        ["vendor", "--check"] => vendor::check(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("出错：{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's root: the folder above this package.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package
        .parent()
        .map_or_else(|| package.clone(), PathBuf::from)
}
