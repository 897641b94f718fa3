//! Where the program's log goes: standard error, as text or JSON lines.

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Starts logging for the whole process. A second call changes nothing, so
/// tests may call it freely.
pub fn init(config: &LogConfig) {
    let filter = EnvFilter::new(&config.level);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // an error here means that a subscriber is already installed
    let _already_installed = match config.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
