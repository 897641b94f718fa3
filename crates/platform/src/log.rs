//! Where the program's log goes: standard error, as text or JSON lines.
//!
//! Never logged, at any level: what people send (queries, forms, headers), SQL and its parameters, secrets.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Starts logging for the whole process. A second call changes nothing, so
/// tests may call it freely.
pub fn init(config: &LogConfig) {
    let filter = EnvFilter::new(&config.level);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr);
    // an error here means that a subscriber is already installed
    let _already_installed = match config.format {
        LogFormat::Text => builder.try_init(),
        // one object a line, the request's id beside the fields of the event
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init(),
    };
}
