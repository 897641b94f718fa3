//! The pages of `zhida serve`: usable by everybody, with and without JavaScript.

use std::{path::PathBuf, time::Duration};

use tempfile::TempDir;
use zhida_testkit::{Browser, Program, block_on};

use crate::{
    program::{ZHIDA, zhida},
    snapshot::ROOT,
    visitor::Visitor,
};

const ITEM: &str = "p050-xiaoxing-weili";
const DOCUMENT: &str = "xiaoxing-weili-2027";

/// A city's data, and the program that serves it to everybody.
struct Site {
    base: String,
    code: String,
    _program: Program,
    _folder: TempDir,
}

async fn site() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    let text = |name: &str| path(name).display().to_string();
    let database = format!("sqlite:{}", text("zhida.db"));
    let run = |arguments: &[&str]| zhida(arguments).expect(0);
    let city = [
        "generate",
        "city",
        "--enterprises",
        "60",
        "--items",
        "1",
        "--division",
        "330300",
    ];
    run(&[&city[..], &["--out", &text("city")]].concat());
    let file = text("city/enterprises.csv");
    run(&["import", "enterprises", &file, "--database", &database]);
    let policies = format!("{ROOT}/data/policies");
    run(&["import", "policies", &policies, "--database", &database]);
    let enterprises = std::fs::read_to_string(path("city/enterprises.csv")).unwrap();
    let first = enterprises.lines().nth(1).unwrap();
    let code = first.split(',').next().unwrap().to_owned();
    let arguments = ["serve", "--addr", "127.0.0.1:0", "--database", &database];
    let program = Program::start(ZHIDA, &arguments);
    let said = program.says("/setup?code=", Duration::from_secs(60)).await;
    let word = said
        .split("http://")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next();
    Site {
        base: format!("http://{}", word.unwrap()),
        code,
        _program: program,
        _folder: folder,
    }
}

#[test]
fn every_public_page_passes_axe() {
    block_on(async {
        let site = site().await;
        let visitor = Visitor::new(Browser::start().await, &site.base);
        let code = &site.code;
        let pages = [
            ("home", "/".to_owned(), "查政策"),
            ("policies", "/policies".to_owned(), "惠企政策库"),
            (
                "nothing-found",
                "/policies?q=查无此策".to_owned(),
                "没有符合条件的政策事项",
            ),
            ("policy", format!("/policies/{ITEM}"), "30 个要素"),
            (
                "document",
                format!("/policies/documents/{DOCUMENT}"),
                "小型微利",
            ),
            ("calculator", "/calculator".to_owned(), "请回答"),
            (
                "calculator-answered",
                "/calculator?division=330302&industry=C35&size=小型".to_owned(),
                "已回答 3 题",
            ),
            (
                "check",
                format!("/match/check?item={ITEM}"),
                "小型微利企业所得税优惠",
            ),
            (
                "check-answered",
                format!("/match/check?item={ITEM}&code={code}"),
                "结论",
            ),
            ("enterprises", "/enterprises".to_owned(), code),
            ("enterprise", format!("/enterprises/{code}"), code),
            ("api", "/api".to_owned(), "/api/v1/policies"),
            ("not-found", "/policies/no-such-item".to_owned(), "怎么办"),
        ];
        for (name, path, words) in &pages {
            visitor.open(path).await;
            visitor.sees(&[words]).await;
            visitor.looks(&format!("public-{name}")).await;
        }
        visitor.browser.phone().await;
        for (name, path, words) in &pages {
            visitor.open(path).await;
            visitor.sees(&[words]).await;
            visitor.browser.axe(&format!("public-{name}-phone")).await;
            let wide = "return document.documentElement.scrollWidth - window.innerWidth";
            let wider = visitor.script(wide, &[]).await.as_i64();
            assert!(
                wider.is_some_and(|by| by <= 0),
                "{path} 在手机上宽出 {wider:?} 像素"
            );
        }
    });
}

#[test]
fn calculator_and_filter_work_without_javascript() {
    block_on(async {
        let site = site().await;
        let visitor = Visitor::new(Browser::without_javascript().await, &site.base);
        visitor.open("/policies").await;
        let all = visitor.count(".zd-card").await;
        visitor.chooses("#region", "330300").await;
        visitor.click(".zd-filter__submit").await;
        visitor.is_at("region=330300").await;
        visitor.sees(&["浙江省温州市"]).await;
        let some = visitor.count(".zd-card").await;
        assert!(0 < some && some < all, "{some} of {all}");

        visitor.open("/calculator").await;
        for value in ["330000", "330300", "330302"] {
            visitor.chooses("#area, #division", value).await;
            visitor.click("#questions button[type=submit]").await;
            visitor.is_at(value).await;
        }
        visitor
            .sees(&["已回答 1 题", "请回答", "可同时享受合计"])
            .await;
        visitor
            .browser
            .screenshot("public-calculator-without-javascript")
            .await;
    });
}
