//! `--help` of every command: in Chinese, nothing left of the library's English.

use crate::program::zhida;

const COMMANDS: [&str; 53] = [
    "",
    "demo",
    "serve",
    "account",
    "account reset-password",
    "message",
    "message test",
    "payments",
    "payments export",
    "payments import",
    "scheme",
    "scheme list",
    "scheme show",
    "scheme check",
    "scheme publish",
    "cases",
    "cases report",
    "config",
    "config check",
    "audit",
    "audit verify",
    "audit checkpoint",
    "audit export",
    "audit prune",
    "calendar",
    "calendar show",
    "calendar close",
    "calendar open",
    "calendar hours",
    "calendar import",
    "backup",
    "restore",
    "import",
    "import enterprises",
    "import policies",
    "match",
    "match enterprise",
    "match policy",
    "match all",
    "verify",
    "verify uscc",
    "rule",
    "rule check",
    "rule eval",
    "rule sql",
    "generate",
    "generate city",
    "appeals",
    "appeals report",
    "open311",
    "open311 list",
    "open311 add",
    "open311 revoke",
];
const ENGLISH: [&str; 12] = [
    "Usage",
    "usage",
    "Options",
    "OPTIONS",
    "Arguments",
    "Commands",
    "COMMAND",
    "default",
    "env:",
    "possible",
    "Print",
    "help for",
];

fn help(command: &str) -> String {
    let words = command.split_whitespace().chain(["--help"]);
    zhida(words).expect(0).out
}

/// The names that a help text lists under 命令.
fn listed(text: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with("命令"));
    let names = lines.skip(1).take_while(|line| line.starts_with("  "));
    names
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

#[test]
fn every_command_explains_itself_in_chinese() {
    for command in COMMANDS {
        let text = help(command);
        assert!(text.contains("用法：zhida"), "{command}：{text}");
        for word in ENGLISH {
            // the configuration file is named config.default.toml
            let text = text.replace("config.default.toml", "");
            assert!(!text.contains(word), "{command}：“{word}”在\n{text}");
        }
        for line in text
            .lines()
            .filter(|line| line.trim_start().starts_with('-'))
        {
            let chinese = line
                .chars()
                .any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
            assert!(chinese, "{command}：{line}");
        }
    }
}

#[test]
fn the_list_of_commands_above_is_whole() {
    let mut found = vec![String::new()];
    let mut at = 0;
    while let Some(command) = found.get(at).cloned() {
        let below = listed(&help(&command));
        found.extend(
            below
                .iter()
                .map(|name| format!("{command} {name}").trim().to_owned()),
        );
        at += 1;
    }
    found.sort();
    let mut known = COMMANDS.map(str::to_owned).to_vec();
    known.sort();
    assert_eq!(found, known);
}

#[test]
fn defaults_and_headings_are_told() {
    let text = help("demo");
    for part in ["选项:", "[选项]", "默认 127.0.0.1:8080", "默认 20000"] {
        assert!(text.contains(part), "{part} 不在\n{text}");
    }
    let text = help("match enterprise");
    assert!(
        text.contains("参数:") && text.contains("ZHIDA_CONFIG"),
        "{text}"
    );
}

#[test]
fn without_a_command_the_help_comes_and_the_exit_code_is_2() {
    let ran = zhida([] as [&str; 0]).expect(2);
    assert!(ran.err.contains("用法：zhida"), "{}", ran.err);
    let ran = zhida(["generate"]).expect(2);
    assert!(
        ran.err.contains("city") && !ran.err.contains("Usage"),
        "{}",
        ran.err
    );
}

#[test]
fn the_version_is_told() {
    let ran = zhida(["--version"]).expect(0);
    assert_eq!(ran.out, format!("zhida {}\n", env!("CARGO_PKG_VERSION")));
}
