//! Progress on the terminal.

use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use zhida_platform::progress::Progress;

/// A bar on standard error, shown only when that is a terminal.
pub struct Terminal {
    bar: ProgressBar,
    message: Mutex<String>,
}

impl Terminal {
    /// A bar without a total yet.
    pub fn new() -> Self {
        Self {
            bar: ProgressBar::new_spinner(),
            message: Mutex::default(),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Terminal {
    fn report(&self, done: u64, total: Option<u64>, message: &str) {
        if let Some(total) = total
            && self.bar.length() != Some(total)
        {
            let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} 剩余 {eta}");
            self.bar
                .set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
        if let Ok(mut last) = self.message.lock()
            && *last != message
        {
            message.clone_into(&mut last);
            self.bar.set_message(message.to_owned());
        }
    }
}
