//! The one test command: installs what is missing, runs every check and every test, counts.

mod count;
mod install;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::{root, tidy};
use count::Tally;

/// Runs everything; true when nothing failed. The last line printed is `N passed, N failed`.
pub fn run() -> Result<bool> {
    let mut tally = Tally::default();
    match install::all() {
        Ok(()) => every_check(&mut tally)?,
        Err(error) => {
            eprintln!("出错：{error:#}");
            tally.check("安装测试所需软件", false);
        }
    }
    for failure in tally.failures() {
        eprintln!("没有通过：{failure}");
    }
    // Standard error is often shown beside standard output: the tally must come last in both.
    std::io::stderr().flush()?;
    println!("{tally}");
    Ok(tally.is_clean())
}

fn every_check(tally: &mut Tally) -> Result<()> {
    tally.check("cargo fmt --check", succeeds(&["fmt", "--all", "--check"])?);
    step("cargo xtask tidy");
    let tidy = tidy::run().unwrap_or_else(|error| {
        eprintln!("出错：{error:#}");
        false
    });
    tally.check("cargo xtask tidy", tidy);
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    tally.check("cargo clippy", succeeds(&clippy)?);
    let (output, success) = watched(&[
        "nextest",
        "run",
        "--workspace",
        "--no-fail-fast",
        "--color",
        "never",
    ])?;
    tally.nextest(&output, success);
    let (output, success) = watched(&["test", "--doc", "--workspace", "--no-fail-fast"])?;
    tally.doc_tests(&output, success);
    Ok(())
}

/// Runs cargo with its output going straight through.
fn succeeds(arguments: &[&str]) -> Result<bool> {
    step(&format!("cargo {}", arguments.join(" ")));
    let status = Command::new("cargo")
        .args(arguments)
        .current_dir(root())
        .status()
        .context("运行不了 cargo")?;
    Ok(status.success())
}

/// Runs cargo, shows each line as it comes and keeps those that count.
fn watched(arguments: &[&str]) -> Result<(Vec<String>, bool)> {
    step(&format!("cargo {}", arguments.join(" ")));
    let mut child = Command::new("cargo")
        .args(arguments)
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("运行不了 cargo")?;
    let stdout = child.stdout.take().context("没有标准输出")?;
    let stderr = child.stderr.take().context("没有标准错误")?;
    // Two pipes have to be read at the same time, or the fuller one stops the child.
    let beside = std::thread::spawn(move || show(stdout));
    let mut kept = show(stderr)?;
    kept.extend(
        beside
            .join()
            .map_err(|_| anyhow::anyhow!("读取输出时出错"))??,
    );
    Ok((kept, child.wait()?.success()))
}

/// Shows each line; keeps the lines that tell counts.
fn show(stream: impl std::io::Read) -> Result<Vec<String>> {
    let mut kept = Vec::new();
    for line in BufReader::new(stream).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        if count::counts(&line) {
            kept.push(line);
        }
    }
    Ok(kept)
}

fn step(name: &str) {
    println!("\n== {name}");
}
