//! Front-end files of others: fetched by npm, compared with the digests in `assets/vendor/VERSIONS.toml`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::root;

/// `assets/vendor/VERSIONS.toml`.
#[derive(Deserialize)]
struct Versions {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    /// A licence text of ours where the package carries none; it only has to be there.
    notice: Option<String>,
    file: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    /// Path inside the npm package.
    from: String,
    /// Path below `assets/vendor`.
    to: String,
    sha256: String,
}

fn folder() -> PathBuf {
    root().join("assets/vendor")
}

fn versions() -> Result<Versions> {
    let path = folder().join("VERSIONS.toml");
    let text = fs::read_to_string(&path).context("读不到 assets/vendor/VERSIONS.toml")?;
    toml::from_str(&text).context("assets/vendor/VERSIONS.toml 写得不对")
}

/// Compares the committed files with their digests; prints what differs.
pub fn check() -> Result<bool> {
    let problems = problems()?;
    for problem in &problems {
        eprintln!("{problem}");
    }
    if problems.is_empty() {
        println!("前端文件与 VERSIONS.toml 一致");
    }
    Ok(problems.is_empty())
}

/// One sentence for each file that is missing or differs.
pub fn problems() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for package in versions()?.package {
        for file in &package.file {
            match fs::read(folder().join(&file.to)) {
                Ok(bytes) if digest(&bytes) == file.sha256 => {}
                Ok(bytes) => problems.push(format!(
                    "assets/vendor/{} 的摘要是 {}，VERSIONS.toml 里写的是 {}",
                    file.to,
                    digest(&bytes),
                    file.sha256
                )),
                Err(_) => problems.push(format!(
                    "缺少 assets/vendor/{}，请运行 cargo xtask vendor",
                    file.to
                )),
            }
        }
        if let Some(notice) = package.notice
            && !folder().join(&notice).is_file()
        {
            problems.push(format!("缺少许可证文本 assets/vendor/{notice}"));
        }
    }
    Ok(problems)
}

/// Fetches every package again and writes its files, when their digests are the expected ones.
pub fn fetch() -> Result<bool> {
    let scratch = root().join("target/vendor");
    fs::create_dir_all(&scratch)?;
    for package in versions()?.package {
        let unpacked = unpack(&package, &scratch)?;
        for file in &package.file {
            let bytes = fs::read(unpacked.join(&file.from))
                .with_context(|| format!("{} 包里没有 {}", package.name, file.from))?;
            let found = digest(&bytes);
            ensure!(
                found == file.sha256,
                "{} {} 的 {} 摘要是 {found}，VERSIONS.toml 里写的是 {}；看过变化后改 VERSIONS.toml",
                package.name,
                package.version,
                file.from,
                file.sha256
            );
            let to = folder().join(&file.to);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&to, bytes)?;
            println!("{} {}：{}", package.name, package.version, file.to);
        }
    }
    Ok(true)
}

/// `npm pack`, then `tar`; answers the folder `package/` inside.
fn unpack(package: &Package, scratch: &Path) -> Result<PathBuf> {
    let wanted = format!("{}@{}", package.name, package.version);
    let output = Command::new("npm")
        .args(["pack", &wanted, "--silent", "--pack-destination", "."])
        .current_dir(scratch)
        .output()
        .context("运行不了 npm，请先安装：apt-get install npm")?;
    if !output.status.success() {
        bail!(
            "npm pack {wanted} 失败：{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let printed = String::from_utf8(output.stdout)?;
    let archive = printed
        .trim()
        .lines()
        .last()
        .context("npm pack 没有给出文件名")?;
    let into = scratch.join(format!("{}-{}", package.name, package.version));
    fs::create_dir_all(&into)?;
    let status = Command::new("tar")
        .args(["xzf", archive, "-C"])
        .arg(&into)
        .current_dir(scratch)
        .status()
        .context("运行不了 tar")?;
    ensure!(status.success(), "解不开 {archive}");
    Ok(into.join("package"))
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn the_digest_is_sha_256() {
        assert_eq!(
            digest(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn committed_files_are_those_of_the_packages() {
        assert_eq!(problems().unwrap(), Vec::<String>::new());
    }
}
