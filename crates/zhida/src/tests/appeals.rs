//! 诉求 among the other rooms: what the office does to the calendar moves due dates that were given.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use chrono::TimeDelta;
use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::config::Config;
use zhida_platform::jobs::{Settings, Worker};
use zhida_testkit::{App as Site, HandClock, TestResponse, seated};

use super::city::{FORM, JSON, form};
use crate::app::App;

/// A New Year of four days: one more than the law gives, which is all that can be known before.
const NOTICE: &str = "日期,类别,节日
2027-01-01至2027-01-04,放假,元旦
2027-02-05至2027-02-11,放假,春节
2027-04-03至2027-04-05,放假,清明节
2027-05-01至2027-05-05,放假,劳动节
2027-06-09,放假,端午节
2027-09-15,放假,中秋节
2027-10-01至2027-10-07,放假,国庆节";

#[tokio::test]
async fn a_holiday_announced_later_moves_due_dates_that_were_given_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.database.url = format!("sqlite:{}", folder.path().join("zhida.db").display());
    config.files.folder = folder.path().join("files").display().to_string();
    let clock = Arc::new(HandClock::on("2026-12-31"));
    let app = App::open_by(&config, false, clock.clone()).await.unwrap();
    let site = Site::new(app.router(&config, Viewer::visitor(), false));
    let ask = async |role: &str, method: &str, path: &str, body: String| -> TestResponse {
        let kind = match path.starts_with("/api/") {
            true => JSON,
            false => FORM,
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, kind)
            .extension(seated(role, Some("370100"), None));
        site.send(request.body(Body::from(body)).unwrap()).await
    };
    let work = async || {
        let worker = Worker::new(app.jobs.clone(), Settings::default());
        worker.run_due().await.unwrap();
    };
    // the first look registers what is done every minute
    work().await;

    let appeal =
        json!({ "text": "厂区从昨天起停电，两条生产线停产，请尽快恢复。", "place": "370102" });
    let taken = ask("operator", "POST", "/api/v1/appeals", appeal.to_string()).await;
    let id = taken.expect_status(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = async || {
        let path = format!("/api/v1/appeals/{id}");
        ask("operator", "GET", &path, String::new())
            .await
            .expect_status(200)
            .json()
    };
    assert_eq!(shown().await["due"], "2027年1月4日（周一）24:00");
    let page = ask("operator", "GET", &format!("/appeals/{id}"), String::new()).await;
    assert!(
        page.expect_status(200)
            .text()
            .contains("暂按法定节假日推算")
    );

    // the office sees what it would do, then does it
    let why = "国务院办公厅公布 2027 年放假安排";
    let source = "国办发明电〔2026〕7号";
    let fields = [
        ("form", "notice"),
        ("year", "2027"),
        ("source", source),
        ("days", NOTICE),
        ("why", why),
    ];
    let tried = ask("sysadmin", "POST", "/office/calendar", form(&fields)).await;
    let tried = tried.expect_status(200);
    assert!(
        tried.text().contains("1 件的到期日会变"),
        "{}",
        tried.text()
    );
    let change = json!({
        "change": { "kind": "notice", "year": 2027, "source": source, "days": NOTICE },
        "why": why,
        "version": 0,
    });
    let saved = ask("sysadmin", "POST", "/api/v1/calendar", change.to_string()).await;
    let _ = saved.expect_status(204);
    clock.advance(TimeDelta::minutes(2));
    work().await;

    let after = shown().await;
    assert_eq!(after["due"], "2027年1月5日（周二）24:00");
    let history = after["history"].to_string();
    assert!(
        history.contains("重新计算时限：") && history.contains(why),
        "{history}"
    );
    let page = ask("operator", "GET", &format!("/appeals/{id}"), String::new()).await;
    let page = page.expect_status(200);
    assert!(!page.text().contains("暂按"), "the year is announced");
}
