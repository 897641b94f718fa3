//! Waits until a shared and throttled machine runs at full speed.

use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

/// Nanoseconds of one calibration step at full speed, measured on the machine of the study.
const FULL_SPEED: f64 = 1.95;

/// Nanoseconds a step of a dependent xorshift chain, on two threads for 60 ms.
fn calibration() -> f64 {
    let one = || {
        let start = Instant::now();
        let (mut x, mut steps) = (88_172_645_463_325_252_u64, 0_u64);
        while start.elapsed() < Duration::from_millis(60) {
            for _ in 0..10_000 {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
            }
            steps += 10_000;
        }
        black_box(x);
        start.elapsed().as_nanos() as f64 / steps as f64
    };
    thread::scope(|scope| {
        let other = scope.spawn(one);
        let mine = one();
        mine.max(other.join().expect("the loop does not panic"))
    })
}

/// Waits for full speed, `patience` at most: nanoseconds of a step, and whether that is full speed.
pub fn gate(patience: Duration) -> (f64, bool) {
    let start = Instant::now();
    loop {
        let speed = calibration();
        if speed < FULL_SPEED || start.elapsed() > patience {
            return (speed, speed < FULL_SPEED);
        }
        thread::sleep(Duration::from_millis(500));
    }
}
