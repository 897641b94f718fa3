//! What is said of an amount that the facts of now do not tell.

use serde_json::Value;
use zhida_testkit::{TestDatabase, both_databases};

use crate::support::{Setup, filled, first};

/// Items whose formula is zero for 80 people: of the first the condition fails for the same reason, the second is met;
/// of the third one number is not known, and whatever it is, nothing comes of it.
const ITEMS: &str = r#"items:
  - id: kuoyuan
    name: 扩员奖励
    theme: 人工成本
    category: 奖补类
    delivery: instant
    delivery_basis: source
    clause: 第九条
    audience: 各类企业
    regions: ["370100"]
    conditions:
      - text: 从业人数 100 人以上
        rule: 上年.从业人数 >= 100
    benefit: { kind: money, formula: "max(上年.从业人数 - 99, 0) * 1000", text: 超过 99 人的部分每人 1000 元 }
    phone: 0531-00000000
  - id: chaoe
    name: 超额奖励
    theme: 人工成本
    category: 奖补类
    delivery: instant
    delivery_basis: source
    clause: 第十条
    audience: 各类企业
    regions: ["370100"]
    conditions:
      - text: 有从业人员
        rule: 上年.从业人数 >= 1
    benefit: { kind: money, formula: "max(上年.从业人数 - 99, 0) * 1000", text: 超过 99 人的部分每人 1000 元 }
    phone: 0531-00000000
  - id: zengliang
    name: 增量奖励
    theme: 人工成本
    category: 奖补类
    delivery: instant
    delivery_basis: source
    clause: 第十一条
    audience: 各类企业
    regions: ["370100"]
    conditions:
      - text: 其他人员 100 人以上
        rule: 上年.从业人数 - 招用毕业生人数 >= 100
    benefit: { kind: money, formula: "分档(上年.从业人数 - 招用毕业生人数, [100, 20万])", text: 100 人以上奖励 20 万元 }
    phone: 0531-00000000
"#;

fn amount<'v>(items: &'v Value, id: &str) -> &'v Value {
    let mut items = items["items"].as_array().unwrap().iter();
    &items.find(|item| item["id"] == id).unwrap()["amount"]
}

async fn a_zero_is_told_of_those_who_meet_the_conditions_only(db: TestDatabase) {
    let setup = filled(db).await;
    setup.publish_items(8, ITEMS).await;
    let app = setup.officer();
    let all = format!("/api/v1/match/enterprises/{}", first());
    let all = app.get(&all).await.expect_status(200).json();
    let near = amount(&all, "kuoyuan");
    assert_eq!(near["text"], "金额待定");
    assert_eq!(
        (near["kind"].as_str(), &near["high"]),
        (Some("range"), &Value::Null)
    );
    assert_eq!(
        amount(&all, "chaoe")["text"],
        "0 元",
        "met, and nothing comes of it"
    );
    assert_eq!(amount(&all, "zengliang")["text"], "金额待定");

    let base = format!("/enterprises/{}/matches", first());
    let page = app.get(&format!("{base}?group=near_miss")).await;
    let page = page.expect_status(200);
    assert!(page.text().contains("扩员奖励") && page.text().contains("金额待定"));
    assert!(!page.text().contains(">0 元<"), "{}", page.text());
    let page = app.get(&format!("{base}/kuoyuan")).await.expect_status(200);
    assert!(!page.text().contains(">0 元<"), "{}", page.text());

    // the list of the item's enterprises, by the interpreter and by the engine
    let near = "/api/v1/match/items/kuoyuan?verdict=near_miss&limit=200";
    let unknown = "/api/v1/match/items/zengliang?verdict=one_unknown&limit=200";
    let told = async |setup: &Setup, path: &str| {
        let list = setup.officer().get(path).await.expect_status(200).json();
        let rows = list["enterprises"].as_array().unwrap().clone();
        let texts = rows.iter().map(|row| row["amount"]["text"].clone());
        texts.collect::<Vec<Value>>()
    };
    let mut before = Vec::new();
    for path in [near, unknown] {
        let texts = told(&setup, path).await;
        assert!(
            !texts.is_empty() && texts.iter().all(|text| text != "0 元"),
            "{texts:?}"
        );
        before.push(texts);
    }
    assert!(
        before[0].iter().all(|text| text == "金额待定"),
        "{before:?}"
    );
    let setup = setup.ready().await;
    for (path, texts) in [near, unknown].into_iter().zip(before) {
        assert_eq!(told(&setup, path).await, texts);
    }
}

both_databases!(a_zero_is_told_of_those_who_meet_the_conditions_only,);
