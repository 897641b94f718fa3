//! An appeal that nobody answers comes before a meeting, and what the meeting does stands on its case.

use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use chrono::{DateTime, TimeDelta, Utc};
use zhida_appeals::words::{Channel, Confidentiality};
use zhida_appeals::{Contact, NewAppeal};
use zhida_platform::access::{Viewer, guard};
use zhida_platform::clock::Clock;
use zhida_platform::config::Config;
use zhida_platform::db::{self, Tx};
use zhida_testkit::{App as Asked, seated};
use zhida_ui::Shell;

use crate::app::App;

#[derive(Debug)]
struct Hands(Mutex<DateTime<Utc>>);

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

#[tokio::test]
async fn an_overdue_appeal_comes_before_a_meeting_and_its_case_says_so() {
    let start = "2026-11-23T02:00:00Z".parse().unwrap();
    let clock = Arc::new(Hands(Mutex::new(start)));
    let mut config = Config::default();
    config.database.url = "sqlite::memory:".to_owned();
    let app = App::open_by(&config, false, clock.clone()).await.unwrap();
    let system = &Viewer::system("测试");
    let new = &NewAppeal {
        channel: Channel::Hotline,
        source: "",
        title: "厂房扩建用地指标迟迟不下",
        text: "申请用地指标三个月没有答复，厂房不能开工。",
        category: "",
        place: "370102",
        place_words: "",
        enterprise: None,
        account: None,
        contact: Contact {
            name: "王女士",
            phone: "0531-88880000",
            email: "",
        },
        confidentiality: Confidentiality::Normal,
        files: &[],
    };
    let appeals = &app.appeals;
    let submitted = app
        .db
        .write(|tx: Tx| async move { appeals.submit(&tx, new, system).await })
        .await
        .unwrap();
    *clock.0.lock().unwrap() += TimeDelta::days(30);

    let viewer = seated("supervisor", Some("370100"), None);
    let room = zhida_meetings::room(app.meetings.clone());
    let seated = from_fn(move |mut request: Request, next: Next| {
        request.extensions_mut().insert(viewer.clone());
        next.run(request)
    });
    let router = guard(room.routes).layer(seated);
    let asked = Asked::new(zhida_ui::with_frame(router, Shell::default(), &config));
    let fields = [
        ("title", "双周调度会"),
        ("held_on", "2026-12-23"),
        ("at_time", "09:30"),
        ("chair", "分管副市长"),
        ("task_days", "14"),
    ];
    let made = asked
        .post_form("/meetings/new", &fields)
        .await
        .expect_status(303);
    let here = made.header("location").to_owned();
    let page = asked.get(&here).await.expect_status(200);
    assert!(
        page.text().contains(&submitted.number) && page.text().contains("已逾期"),
        "{}",
        page.text()
    );
    let chosen = [("appeal", submitted.case_id.as_str())];
    let _ = asked
        .post_form(&format!("{here}/appeals"), &chosen)
        .await
        .expect_status(303);
    let sql = "SELECT COUNT(*) FROM case_event WHERE case_id = $1 AND body LIKE '%双周调度会%'";
    let noted = db::query_count(app.db.conn(), sql, [submitted.case_id.as_str().into()]).await;
    assert_eq!(noted.unwrap(), 1, "the meeting is noted on the case");
}
