//! What the tests need besides Rust: a database server, a browser with Chinese fonts, a reader of PDF, a validator of XML, Node.js
//! for an identity provider, the test runner.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

const DEBIAN_PACKAGES: [&str; 6] = [
    "postgresql",
    "chromium",
    "chromium-driver",
    "fonts-noto-cjk",
    "poppler-utils",
    "libxml2-utils",
];
/// Programs that other packages than Debian's may bring, with Debian's.
const PROGRAMS: [(&str, &str); 2] = [("node", "nodejs"), ("npm", "npm")];

/// Installs what is missing; changes nothing when all is there.
pub fn all() -> Result<()> {
    debian()?;
    component("fmt", "rustfmt")?;
    component("clippy", "clippy")?;
    nextest()
}

fn debian() -> Result<()> {
    let packages = DEBIAN_PACKAGES
        .into_iter()
        .filter(|package| !is_installed(package));
    let programs = PROGRAMS
        .into_iter()
        .filter(|(program, _)| !quiet(program, &["--version"]))
        .map(|(_, package)| package);
    let missing: Vec<&str> = packages.chain(programs).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("apt-get install {}", missing.join(" "));
    ensure!(
        quiet("apt-get", &["--version"]),
        "缺少软件包：{}。这台机器没有 apt-get，请用它自己的办法装上再试",
        missing.join("、")
    );
    let root = is_root();
    if !root && !quiet("sudo", &["--version"]) {
        bail!("缺少软件包，而当前用户不是 root，也没有 sudo。请由管理员执行：{by_hand}");
    }
    println!("安装缺少的软件包：{}", missing.join(" "));
    apt(root, &["update"]).with_context(|| format!("也可以自己执行：{by_hand}"))?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(missing);
    apt(root, &arguments).with_context(|| format!("也可以自己执行：{by_hand}"))
}

fn is_installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["-W", "-f=${db:Status-Status}", package])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.stdout == b"installed")
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn apt(root: bool, arguments: &[&str]) -> Result<()> {
    let mut command = if root {
        Command::new("env")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.arg("env");
        sudo
    };
    let status = command
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .args(arguments)
        .status()
        .context("运行不了 apt-get")?;
    ensure!(status.success(), "apt-get {} 失败", arguments.join(" "));
    Ok(())
}

/// A part of the toolchain that a minimal installation leaves out.
fn component(subcommand: &str, name: &str) -> Result<()> {
    if quiet("cargo", &[subcommand, "--version"]) {
        return Ok(());
    }
    let status = Command::new("rustup")
        .args(["component", "add", name])
        .status()
        .with_context(|| format!("缺少 {name}，也没有 rustup 可以安装它"))?;
    ensure!(status.success(), "rustup component add {name} 失败");
    Ok(())
}

fn nextest() -> Result<()> {
    if quiet("cargo", &["nextest", "--version"]) {
        return Ok(());
    }
    println!("安装 cargo-nextest（一次，几分钟）");
    let status = Command::new("cargo")
        .args(["install", "--locked", "cargo-nextest"])
        .status()
        .context("运行不了 cargo")?;
    ensure!(
        status.success(),
        "cargo install --locked cargo-nextest 失败"
    );
    Ok(())
}

fn quiet(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
