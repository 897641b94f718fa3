//! What stands in the files: lengths, headers, paths of somebody's machine, floats and clocks where they must not be.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::metadata::Metadata;

/// Lines of a Rust file at most; aim for 300.
const LINES_MAX: usize = 700;
/// Folders whose files are not ours to change.
const FOREIGN: [&str; 1] = ["assets/vendor/"];
/// Folders of somebody's machine; a path into them works nowhere else.
const MACHINE: [&str; 3] = ["root", "home", "work"];
/// Crates whose numbers decide money and verdicts.
const EXACT: [&str; 2] = ["crates/rules/src/", "crates/standards/src/"];
/// The one file that may read the clock of the machine.
const CLOCK: &str = "crates/platform/src/clock.rs";
const CLOCK_READS: [&str; 3] = ["Utc::now(", "Local::now(", "SystemTime::now("];

/// One sentence for each promise a file breaks.
pub fn problems(root: &Path, metadata: &Metadata) -> Result<Vec<String>> {
    let mut problems = headers(root, metadata)?;
    for path in committed(root)? {
        if FOREIGN.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        // Files that are gone but not yet committed as such, and those that are no text.
        let Ok(text) = std::fs::read_to_string(root.join(&path)) else {
            continue;
        };
        problems.extend(of_file(&path, &text));
    }
    Ok(problems)
}

/// Files that are, or would be, committed.
pub fn committed(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .context("运行不了 git")?;
    ensure!(
        output.status.success(),
        "git ls-files 失败：{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut paths: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect();
    paths.sort_unstable();
    paths.dedup();
    Ok(paths)
}

/// Each crate's first file begins with what the crate is for.
fn headers(root: &Path, metadata: &Metadata) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for package in metadata.members() {
        for target in &package.targets {
            if !target
                .kind
                .iter()
                .any(|kind| kind == "lib" || kind == "bin")
            {
                continue;
            }
            let text = std::fs::read_to_string(&target.src_path)
                .with_context(|| format!("读不到 {}", target.src_path.display()))?;
            if !has_header(&text) {
                let path = target
                    .src_path
                    .strip_prefix(root)
                    .unwrap_or(&target.src_path);
                problems.push(format!(
                    "{}：第一行应是 //! 加一句话，说明这个库做什么",
                    path.display()
                ));
            }
        }
    }
    Ok(problems)
}

fn has_header(text: &str) -> bool {
    text.lines()
        .next()
        .and_then(|line| line.strip_prefix("//!"))
        .is_some_and(|rest| !rest.trim().is_empty())
}

fn of_file(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let rust = path.ends_with(".rs");
    if rust && text.lines().count() > LINES_MAX {
        problems.push(format!(
            "{path} 有 {} 行，上限 {LINES_MAX} 行：请按主题分开",
            text.lines().count()
        ));
    }
    for (at, line) in text.lines().enumerate() {
        let place = format!("{path}:{}", at + 1);
        if let Some(folder) = machine_path(line) {
            problems.push(format!("{place} 写了某台机器上的路径 {folder}"));
        }
        if !rust || line.trim_start().starts_with("//") {
            continue;
        }
        if EXACT.iter().any(|folder| path.starts_with(folder))
            && ["f64", "f32"].iter().any(|float| has_word(line, float))
        {
            problems.push(format!("{place} 用了浮点数：金额、比例和结论只用精确数"));
        }
        if path.starts_with("crates/")
            && path != CLOCK
            && CLOCK_READS.iter().any(|read| line.contains(read))
        {
            problems.push(format!("{place} 自己看了钟：时间由 Clock 参数给出"));
        }
    }
    problems
}

/// The folder of somebody's machine that a line names as an absolute path; parts of web addresses do not count.
fn machine_path(line: &str) -> Option<String> {
    MACHINE.into_iter().find_map(|name| {
        let folder = format!("/{name}/");
        let absolute = line.match_indices(&folder).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            before.is_none_or(|character| {
                !character.is_alphanumeric() && !"._-/~".contains(character)
            })
        });
        absolute.then_some(folder)
    })
}

/// Whether `word` stands in `line` on its own.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(part_of_word) && !line[at + word.len()..].starts_with(part_of_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_found_where_numbers_must_be_exact() {
        let line = "let share: f64 = 0.5;";
        assert_eq!(of_file("crates/rules/src/a.rs", line).len(), 1);
        assert!(of_file("crates/ui/src/a.rs", line).is_empty());
        assert!(of_file("crates/rules/src/a.rs", "// no f64 here").is_empty());
        assert!(of_file("crates/rules/src/a.rs", "let bf64x = 1;").is_empty());
    }

    #[test]
    fn only_the_clock_reads_the_clock() {
        let line = "let now = Utc::now();";
        assert_eq!(of_file("crates/registry/src/a.rs", line).len(), 1);
        assert!(of_file(CLOCK, line).is_empty());
    }

    #[test]
    fn paths_of_a_machine_are_found_and_web_addresses_are_not() {
        let path = format!("see \"/{}/someone/zhida\"", "home");
        assert_eq!(of_file("README.md", &path).len(), 1);
        let address = format!("https://www.example.gov.cn/{}/notice.html", "home");
        assert!(of_file("README.md", &address).is_empty());
    }

    #[test]
    fn long_files_and_missing_headers_are_found() {
        assert_eq!(of_file("crates/ui/src/a.rs", &"\n".repeat(701)).len(), 1);
        assert!(of_file("crates/ui/src/a.rs", &"\n".repeat(700)).is_empty());
        assert!(has_header("//! Rules.\n"));
        assert!(!has_header("//! \n") && !has_header("fn main() {}"));
    }
}
