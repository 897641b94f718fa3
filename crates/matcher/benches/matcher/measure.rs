//! Times, memory, and what the caller asked for.

use std::{
    num::NonZero,
    thread,
    time::{Duration, Instant},
};

use crate::gate::gate;

/// Sizes from the environment.
pub fn size(name: &str, default: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text.parse().expect("the size is a number"),
        Err(_) => default,
    }
}

/// Was a block asked for by its name?
pub fn named(block: &str) -> bool {
    let only = std::env::var("ZHIDA_BENCH_ONLY").unwrap_or_default();
    only.split(',').any(|name| name == block)
}

/// Is a block asked for, by its name or because all are?
pub fn wanted(block: &str) -> bool {
    std::env::var_os("ZHIDA_BENCH_ONLY").is_none() || named(block)
}

/// Waits for full speed, a quarter of a minute at most, and says which block follows.
pub fn calm(what: &str) {
    let (speed, full) = gate(Duration::from_secs(15));
    let note = if full { "" } else { "  UNGATED" };
    println!("-- {what} (calibration {speed:.2} ns{note})");
}

/// Cores that the engine uses.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Runs something once.
pub fn once<T>(call: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let made = call();
    (made, start.elapsed())
}

/// The time of each call.
pub fn timed<T>(inputs: &[T], mut call: impl FnMut(&T)) -> Vec<Duration> {
    inputs.iter().map(|input| once(|| call(input)).1).collect()
}

/// How a list of times is distributed.
pub fn percentiles(mut times: Vec<Duration>) -> String {
    if times.is_empty() {
        return "none of these".to_owned();
    }
    times.sort_unstable();
    let at = |per_cent: usize| times[(times.len() - 1) * per_cent / 100];
    format!(
        "median {:.1?}, mean {:.1?}, p99 {:.1?}",
        at(50),
        mean(&times),
        at(99)
    )
}

/// The middle and the ends of some times, for those that are few.
pub fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |per_cent: usize| times[(times.len() - 1) * per_cent / 100];
    format!(
        "then {} times: median {:.3?} ({:.3?} to {:.3?})",
        times.len(),
        at(50),
        at(0),
        at(100)
    )
}

/// The mean of some times, one at least.
pub fn mean(times: &[Duration]) -> Duration {
    times.iter().sum::<Duration>() / times.len() as u32
}

/// A line of what the system says of this process, such as `VmRSS` or `VmHWM`.
pub fn memory(line: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find(|found| found.starts_with(line));
    match found.and_then(|found| found.split_whitespace().nth(1)?.parse::<u64>().ok()) {
        Some(kilobytes) => format!("{line} {} MB", kilobytes >> 10),
        None => format!("{line} unknown"),
    }
}
