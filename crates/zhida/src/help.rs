//! The words of the help texts that clap writes itself, in Chinese.

use clap::{Arg, Command};

/// The whole command line with its headings, usage lines and remarks in Chinese.
pub fn in_chinese(mut command: Command) -> Command {
    // Only a built command knows its full name, which the usage line starts with.
    command.build();
    translated(command)
}

fn translated(mut command: Command) -> Command {
    let usage = command.render_usage().to_string();
    let usage = usage
        .trim_start_matches("Usage: ")
        .replace("[OPTIONS]", "[选项]");
    command
        .override_usage(usage)
        .mut_args(|argument| {
            let heading = if argument.is_positional() {
                "参数"
            } else {
                "选项"
            };
            remarked(argument).help_heading(heading)
        })
        .mut_subcommands(translated)
}

/// The default value and the environment variable, told within the sentence.
fn remarked(argument: Arg) -> Arg {
    let defaults = argument.get_default_values().iter();
    let defaults: Vec<String> = defaults
        .map(|value| format!("默认 {}", value.to_string_lossy()))
        .collect();
    let variable = argument
        .get_env()
        .map(|name| format!("环境变量 {}", name.to_string_lossy()));
    let takes_value = argument.get_action().takes_values();
    let remarks: Vec<String> = defaults.into_iter().chain(variable).collect();
    let help = argument.get_help().map(ToString::to_string);
    let argument = argument.hide_default_value(true).hide_env(true);
    match help {
        Some(help) if takes_value && !remarks.is_empty() => {
            argument.help(format!("{help}（{}）", remarks.join("；")))
        }
        _ => argument,
    }
}
