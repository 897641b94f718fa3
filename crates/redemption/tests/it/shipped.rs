//! The schemes that the demonstration publishes, for the items that Zhida ships.

use std::path::PathBuf;
use std::sync::Arc;

use zhida_platform::progress::Silent;
use zhida_policies::import::{ImportOptions, import_paths};
use zhida_redemption::Scheme;
use zhida_testkit::sqlite;

use crate::bank::{pay, payer};
use crate::talk::send;
use crate::world::{CNAPS, World, boss, clerk, code, decider, editor, name};

/// The world with the shipped items.
async fn shipped() -> World {
    let world = World::new(sqlite().await).await;
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
    let report = import_paths(
        &Arc::clone(&world.policies),
        &[root.join("policies")],
        &ImportOptions::default(),
        &Silent,
    )
    .await
    .unwrap();
    assert_eq!(report.rejected, 0, "{:?}", report.reasons);
    world
}

fn scheme(file: &str) -> Scheme {
    let path = format!(
        "{}/../../data/schemes/demo/{file}",
        env!("CARGO_MANIFEST_DIR")
    );
    Scheme::read(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// 小微企业招用高校毕业生社会保险补贴: filled in, filed, decided and paid, with the form as it is shipped.
#[tokio::test]
async fn the_shipped_form_is_filled_in_and_filed() {
    const ITEM: &str = "p079-shebao";
    let world = shipped().await;
    world
        .redemption
        .publish_scheme(&editor(), &scheme("p079-shebao.yaml"), 0)
        .await
        .unwrap();
    world.pool(ITEM, 1_000_000).await;
    let text = format!(
        "统一社会信用代码,企业名称,企业规模,招用毕业生人数,毕业生单位社保缴费额\n{},{},小型,3,36000\n",
        code(1),
        name(1)
    );
    world.bring(&text, "2026-11-20").await;
    let own = world.app(boss(1));
    let path = format!("/redemption/apply/{ITEM}/form");
    let holder = name(1);
    let mut given = vec![
        ("contact", "张三"),
        ("phone", "13800138000"),
        ("graduates", "3"),
        ("period", "上半年"),
        ("payee-holder", holder.as_str()),
        ("payee-bank", "中国工商银行济南样例支行"),
        ("payee-cnaps", CNAPS),
        ("payee-number", "3700123409000012345"),
        ("do", "submit"),
    ];
    let unpromised = send(&own, &path, &given, None).await.expect_status(400);
    assert!(unpromised.text().contains("承诺"), "{}", unpromised.text());
    given.insert(0, ("promise", "true"));
    let _ = send(&own, &path, &given, None).await.expect_status(303);
    let case = world.case(1, ITEM).await;
    let answers = case["record"]["answers"].as_array().unwrap();
    let answer = |label: &str| {
        let line = answers.iter().find(|line| line["label"] == label);
        line.unwrap_or_else(|| panic!("{label} in {answers:?}"))["value"].clone()
    };
    assert_eq!(answer("本次申请补贴的毕业生人数"), "3");
    assert_eq!(answer("补贴期间"), "上半年");
    assert_eq!(answer("本企业承诺以上内容真实"), "已承诺");
    assert_eq!(case["record"]["fen"].as_i64(), Some(3_600_000));

    let id = case["id"].as_str().unwrap();
    let room = &world.redemption;
    room.advance(&clerk(), id, "材料齐全").await.unwrap();
    room.advance(&clerk(), id, "符合").await.unwrap();
    let version = world.redemption_version(id).await.parse().unwrap();
    room.grant(&decider(), id, version, None, "同意")
        .await
        .unwrap();
    world.clock.pass(7);
    world.work().await;
    let payer = payer(&world).await;
    pay(&world, &payer, 1).await;
    let case = world.case(1, ITEM).await;
    assert_eq!(case["status"]["words"], "已办结：已兑付");
}

#[tokio::test]
async fn every_shipped_scheme_can_be_published_and_has_nothing_against_it() {
    let world = shipped().await;
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
    let mut published = 0;
    for file in std::fs::read_dir(root.join("schemes/demo")).unwrap() {
        let path = file.unwrap().path();
        let scheme = Scheme::read(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let checked = world.redemption.check_scheme(&scheme).await.unwrap();
        assert!(
            checked.errors().is_empty(),
            "{}: {:?}",
            path.display(),
            checked.errors()
        );
        world
            .redemption
            .publish_scheme(&editor(), &scheme, 0)
            .await
            .unwrap();
        published += 1;
    }
    assert_eq!(published, 3);
    let broken = Scheme::read("item: x\npreset: [").unwrap_err();
    assert!(broken.detail.contains("第 2 行"), "{}", broken.detail);
}
