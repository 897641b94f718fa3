//! The time of an answer must not tell which logins exist.

use std::time::{Duration, Instant};

use super::super::city::{City, FORM, form};

/// Attempts of each kind; the medians are compared.
const ATTEMPTS: usize = 21;
/// How many times as long one kind may take as another. The hash of a password takes some twenty times as
/// long as everything else, so an answer that goes without it is far outside, and a busy machine is not.
const RATIO_MAX: f64 = 2.0;

/// How long a refused sign-in takes.
async fn refused(city: &City, login: &str, password: &str) -> Duration {
    let fields = form(&[("login", login), ("password", password)]);
    let started = Instant::now();
    let answer = city.ask("", "POST", "/sign-in", FORM, fields).await;
    let took = started.elapsed();
    assert!(answer.status.is_client_error(), "{}", answer.status);
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_exists_is_refused_as_fast_as_one_that_does_not() {
    let city = City::new().await;
    // five failures pause a login, so each known one is asked four times at most
    let known = [
        "legal",
        "finance",
        "reader",
        "agent",
        "clerk",
        "specialist",
        "supervisor",
        "leader",
    ];
    let paused = "handler";
    for _ in 0..6 {
        refused(&city, paused, "不是这个密码").await;
    }
    let (mut unknown, mut wrong, mut locked) = (Vec::new(), Vec::new(), Vec::new());
    for attempt in 0..ATTEMPTS {
        // one after the other, so that what else the machine does falls on all alike
        unknown.push(refused(&city, &format!("nobody{attempt}"), "不是这个密码").await);
        wrong.push(refused(&city, known[attempt % known.len()], "不是这个密码").await);
        locked.push(refused(&city, paused, city.password()).await);
    }
    let medians = [unknown, wrong, locked].map(median);
    let (least, most) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    let ratio = most.as_secs_f64() / least.as_secs_f64();
    println!("unknown, wrong, paused: {medians:?}, ratio {ratio:.2}");
    assert!(
        ratio < RATIO_MAX,
        "unknown, wrong, paused: {medians:?}, ratio {ratio:.2}"
    );
}
