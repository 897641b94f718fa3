//! Messages as the program wires them: what a room tells reaches the inbox and the list of deliveries.

use zhida_people::AccountQuery;
use zhida_platform::access::Viewer;
use zhida_platform::jobs::{Settings, Worker};
use zhida_platform::paging::PageRequest;

use super::city::{City, FORM, PLACE, code};

#[tokio::test]
async fn what_happens_to_an_account_is_told_and_seen_by_whoever_looks_after_it() {
    let city = City::new().await;
    let system = Viewer::system("测试");
    let page = PageRequest::first(50);
    let all = AccountQuery::default();
    let accounts = city.app.people.accounts(&system, &all, &page).await;
    let accounts = accounts.unwrap().items;
    let officer = accounts.iter().find(|one| one.login == "clerk").unwrap();
    let clerk = city.sign_in("clerk").await;
    let seen = city
        .ask(&clerk, "GET", "/messages", FORM, "")
        .await
        .expect_status(200);
    assert!(seen.text().contains("没有未读消息"), "{}", seen.text());
    city.app
        .people
        .reset_factor(&system, officer.id)
        .await
        .unwrap();

    // the sessions have ended with it
    let clerk = city.sign_in("clerk").await;
    let seen = city
        .ask(&clerk, "GET", "/messages", FORM, "")
        .await
        .expect_status(200);
    assert!(seen.text().contains("您的第二因素已被重置") && seen.text().contains("未读消息 1"));
    let other = city.sign_in("specialist").await;
    let seen = city
        .ask(&other, "GET", "/messages", FORM, "")
        .await
        .expect_status(200);
    assert!(!seen.text().contains("第二因素已被重置"));
    let admin = city.sign_in("sysadmin").await;
    let list = city
        .ask(&admin, "GET", "/office/deliveries", FORM, "")
        .await;
    let list = list.expect_status(200);
    assert!(
        list.text().contains("您的第二因素已被重置"),
        "{}",
        list.text()
    );
    assert!(list.text().contains("没有配置邮件服务器"));
}

#[tokio::test]
async fn whoever_imports_is_told_of_rejected_rows() {
    let city = City::new().await;
    let cookie = city.sign_in("data_manager").await;
    let table = format!(
        "统一社会信用代码,企业名称,所在区划\n{},第五有限公司,{PLACE}\n91330302MAPDY00000,坏代码有限公司,{PLACE}\n",
        code(5)
    );
    let part = |name: &str, rest: &str, content: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n\r\n{content}\r\n")
    };
    let body = [
        part("department", "", "市场监管"),
        part("as_of", "", "2026-10-01"),
        part("file", "; filename=\"enterprises.csv\"", &table),
        "--b--\r\n".to_owned(),
    ];
    let kind = "multipart/form-data; boundary=b";
    let path = "/api/v1/enterprises/import";
    let asked = city.ask(&cookie, "POST", path, kind, body.concat()).await;
    let asked = asked.expect_status(202).json();
    let worker = Worker::new(city.app.jobs.clone(), Settings::default());
    worker.run_due().await.unwrap();
    let progress = city
        .ask(&cookie, "GET", asked["href"].as_str().unwrap(), FORM, "")
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (
            &progress["state"],
            &progress["batch"]["accepted"],
            &progress["batch"]["rejected"]
        ),
        (&"done".into(), &1.into(), &1.into()),
        "{progress}"
    );
    let seen = city
        .ask(&cookie, "GET", "/messages", FORM, "")
        .await
        .expect_status(200);
    assert!(
        seen.text().contains("导入完成，退回 1 行"),
        "{}",
        seen.text()
    );
    assert!(
        !seen.text().contains("坏代码"),
        "the rows stay on the page of the batch"
    );
}
