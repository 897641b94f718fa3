//! Pools and claims: reserve, commit, release, the queue, caps, budgets.

use zhida_funds::{Cap, Claim, Demand, Error, NewPool, Settled, Standing};
use zhida_platform::problem::Problem;
use zhida_testkit::{TestDatabase, both_databases, sqlite};

use crate::world::{BY, ENTERPRISE, NAME, OTHER, OTHER_NAME, World, account, officer, treasurer};

async fn money_goes_from_reserved_to_committed_and_back(db: TestDatabase) {
    let world = World::new(db).await;
    world.pool("A", 100_000).await;
    let money = world.reserve("A", "1", 60_000).await.unwrap();
    assert_eq!(
        (money.standing, money.reserved),
        (Standing::Reserved, 60_000)
    );
    assert_eq!(money.words(), "已预占 600 元");
    // less was decided: the rest is free again
    let money = world.commit("1", 50_000).await.unwrap();
    assert_eq!(
        (money.standing, money.committed),
        (Standing::Committed, 50_000)
    );
    assert_eq!(
        world.reserve("A", "2", 50_000).await.unwrap().standing,
        Standing::Reserved
    );
    world.balances_hold().await;
    assert_eq!(world.release("1").await.unwrap(), 50_000);
    assert_eq!(world.release("2").await.unwrap(), 50_000);
    assert_eq!(world.money("1").await.standing, Standing::Released);
    world.balances_hold().await;
    // and it can be asked for anew
    let money = world.reserve("A", "1", 100_000).await.unwrap();
    assert_eq!(
        (money.standing, money.reserved),
        (Standing::Reserved, 100_000)
    );
    world.balances_hold().await;
}

async fn asking_twice_moves_nothing(db: TestDatabase) {
    let world = World::new(db).await;
    world.pool("A", 100_000).await;
    let first = world.reserve("A", "1", 60_000).await.unwrap();
    assert_eq!(world.reserve("A", "1", 60_000).await.unwrap(), first);
    let first = world.commit("1", 60_000).await.unwrap();
    assert_eq!(world.commit("1", 60_000).await.unwrap(), first);
    let error = world.commit("1", 50_000).await.unwrap_err();
    assert!(error.to_string().contains("已锁定 600 元"), "{error}");
    world.payable("1", 1, 48_000).await.unwrap();
    world.payable("1", 1, 48_000).await.unwrap();
    assert!(world.payable("1", 1, 1).await.is_err());
    // the parts never come to more than is committed
    let error = world.payable("1", 2, 12_001).await.unwrap_err();
    assert!(error.to_string().contains("还可以安排 120 元"), "{error}");
    world.payable("1", 2, 12_000).await.unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM fund_payment").await, 2);
    assert_eq!(world.release("1").await.unwrap(), 60_000);
    assert_eq!(world.release("1").await.unwrap(), 0);
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM fund_payment WHERE state = 'cancelled'")
            .await,
        2
    );
    world.balances_hold().await;
}

async fn who_asked_first_is_served_first(db: TestDatabase) {
    let world = World::new(db).await;
    let pool = world.pool("A", 100_000).await;
    world.reserve("A", "1", 80_000).await.unwrap();
    let second = world.reserve("A", "2", 50_000).await.unwrap();
    assert_eq!(second.standing, Standing::Waiting);
    assert_eq!(
        second.words(),
        "等待资金：排在第 1 位；资金池余额 200 元，还差 300 元"
    );
    // it would fit, but does not overtake
    let third = world.reserve("A", "3", 10_000).await.unwrap();
    assert_eq!(
        third.waiting.map(|waiting| (waiting.place, waiting.short)),
        Some((2, 40_000))
    );
    let error = world.commit("3", 10_000).await.unwrap_err();
    assert!(error.to_string().starts_with("等待资金"), "{error}");
    world
        .funds
        .change_budget(&treasurer(), &pool.id, 130_000, "追加")
        .await
        .unwrap();
    assert_eq!(world.cases.heard(), ["2 reserved 50000"]);
    assert_eq!(world.money("3").await.standing, Standing::Waiting);
    world.release("1").await.unwrap();
    assert_eq!(world.cases.heard(), ["3 reserved 10000"]);
    world.balances_hold().await;
    // whoever gives up the wait lets the next ones through
    world.reserve("A", "4", 100_000).await.unwrap();
    world.reserve("A", "5", 70_000).await.unwrap();
    assert_eq!(world.release("4").await.unwrap(), 0);
    assert_eq!(world.cases.heard(), ["5 reserved 70000"]);
    world.balances_hold().await;
}

async fn a_budget_is_not_cut_below_what_is_spoken_for(db: TestDatabase) {
    let world = World::new(db).await;
    let pool = world.pool("A", 100_000).await;
    world.reserve("A", "1", 30_000).await.unwrap();
    world.reserve("A", "2", 20_000).await.unwrap();
    world.commit("2", 20_000).await.unwrap();
    let cut = world
        .funds
        .change_budget(&treasurer(), &pool.id, 49_999, "核减")
        .await;
    let error = cut.unwrap_err();
    assert_eq!(
        error.to_string(),
        "预算不能减到 499.99 元：已预占 300 元、锁定 200 元、拨付 0 元，合计 500 元。可以先解除没有用的预占，或减到不低于合计数"
    );
    assert_eq!(Problem::from(error).fields[0].field, "amount");
    world
        .funds
        .change_budget(&treasurer(), &pool.id, 50_000, "核减")
        .await
        .unwrap();
    assert!(
        world
            .funds
            .change_budget(&treasurer(), &pool.id, 60_000, " ")
            .await
            .is_err()
    );
    world.balances_hold().await;
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM audit_event WHERE action = 'funds.change_budget'")
            .await,
        1
    );
}

async fn pools_are_one_an_item_and_year_and_closed_ones_take_nothing(db: TestDatabase) {
    let world = World::new(db).await;
    let pool = world.pool("A", 1_000).await;
    let new = NewPool {
        item: "A".to_owned(),
        item_name: "又一个".to_owned(),
        year: 2026,
        organisation: "局".to_owned(),
        place: "330302".to_owned(),
        ..NewPool::default()
    };
    assert!(world.funds.open_pool(&treasurer(), &new).await.is_err());
    for (field, wrong) in [
        (
            "place",
            NewPool {
                place: "33".repeat(9),
                ..new.clone()
            },
        ),
        (
            "place",
            NewPool {
                place: "330102".to_owned(),
                ..new.clone()
            },
        ),
        (
            "year",
            NewPool {
                year: 26,
                ..new.clone()
            },
        ),
        (
            "amount",
            NewPool {
                amount: -1,
                item: "B".to_owned(),
                ..new.clone()
            },
        ),
        (
            "item_name",
            NewPool {
                item_name: " ".to_owned(),
                ..new.clone()
            },
        ),
    ] {
        let error = world
            .funds
            .open_pool(&treasurer(), &wrong)
            .await
            .unwrap_err();
        assert_eq!(Problem::from(error).fields[0].field, field);
    }
    let nothing = NewPool {
        item: "no-item".to_owned(),
        ..new
    };
    let error = world.funds.open_pool(&treasurer(), &nothing).await;
    let problem = Problem::from(error.unwrap_err());
    assert_eq!(problem.status.as_u16(), 422);
    assert!(problem.fields[0].message.contains("no-item"), "{problem}");
    let error = world.reserve("B", "1", 1).await.unwrap_err();
    assert!(matches!(error, Error::NoPool { .. }), "{error}");
    assert!(world.reserve("A", "1", 0).await.is_err());
    world
        .funds
        .switch_pool(&treasurer(), &pool.id, false)
        .await
        .unwrap();
    let error = world.reserve("A", "1", 1).await.unwrap_err();
    assert!(matches!(error, Error::Closed { .. }), "{error}");
    // beyond reach it is not there at all
    let elsewhere = zhida_testkit::seated("treasurer", Some("330100"), None);
    let error = world.funds.pool(&elsewhere, &pool.id).await.unwrap_err();
    assert!(matches!(error, Error::Missing(_)), "{error}");
    assert!(
        world
            .funds
            .switch_pool(&officer("leader", 3), &pool.id, true)
            .await
            .is_err()
    );
}

async fn an_enterprise_gets_no_more_than_its_caps(db: TestDatabase) {
    let world = World::new(db).await;
    world.pool("A", 1_000_000).await;
    world.pool("B", 1_000_000).await;
    let caps = [
        Cap {
            name: "单项限额".to_owned(),
            items: Vec::new(),
            amount: 60_000,
        },
        Cap {
            name: "两项合计".to_owned(),
            items: vec!["A".to_owned(), "B".to_owned()],
            amount: 100_000,
        },
    ];
    let us = (ENTERPRISE, NAME);
    world
        .reserve_for(us, "A", "1", 60_000, &caps)
        .await
        .unwrap();
    let error = world.reserve_for(us, "A", "2", 1, &caps).await.unwrap_err();
    assert!(error.to_string().contains("单项限额"), "{error}");
    let error = world
        .reserve_for(us, "B", "3", 50_000, &caps)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "超出限额“两项合计”：上限 1,000 元，已用 600 元，还可以给 400 元，这次要 500 元"
    );
    let left = world
        .funds
        .headroom(world.db.conn(), ENTERPRISE, ("B", 2026), &caps)
        .await;
    assert_eq!(left.unwrap(), Some(40_000));
    world
        .reserve_for(us, "B", "3", 40_000, &caps)
        .await
        .unwrap();
    // another enterprise has caps of its own, and what is released counts no more
    world
        .reserve_for((OTHER, OTHER_NAME), "A", "4", 60_000, &caps)
        .await
        .unwrap();
    world.release("1").await.unwrap();
    world
        .reserve_for(us, "A", "2", 60_000, &caps)
        .await
        .unwrap();
    world.balances_hold().await;
}

async fn a_wrong_account_is_refused_field_by_field(db: TestDatabase) {
    let world = World::new(db).await;
    let form = &zhida_funds::PayeeForm {
        holder: "别的公司".to_owned(),
        cnaps: "102100099997".to_owned(),
        // a card whose check digit is wrong
        account: "6222020200112233440".to_owned(),
        ..account(NAME)
    };
    let funds = &world.funds;
    let kept = world
        .db
        .write(|tx| async move { funds.keep_payee(&tx, (ENTERPRISE, NAME), form, BY).await });
    let problem = Problem::from(kept.await.unwrap_err());
    let fields: Vec<&str> = problem
        .fields
        .iter()
        .map(|field| field.field.as_str())
        .collect();
    assert_eq!(fields, ["holder", "cnaps", "account"]);
    assert!(
        funds
            .payee(world.db.conn(), ENTERPRISE)
            .await
            .unwrap()
            .is_none()
    );
    world.keep_payee(ENTERPRISE, NAME).await;
    world.keep_payee(ENTERPRISE, NAME).await;
    let payee = funds
        .payee(world.db.conn(), ENTERPRISE)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(payee.masked(), "**** 2345");
    assert!(payee.checked.contains("校验位"), "{}", payee.checked);
    // the number stands nowhere in plain text when there is a key
    if world.db.sealer().is_on() {
        let plain = "SELECT COUNT(*) FROM fund_payee WHERE account LIKE '%1202022419900012345%'";
        assert_eq!(world.count(plain).await, 0);
    }
}

async fn settlement_and_demands_never_exceed_what_was_paid(db: TestDatabase) {
    let world = World::new(db).await;
    world.pool("A", 100_000).await;
    world.due("A", "1", 50_000).await;
    let funds = &world.funds;
    let due_on = "2026-12-31".parse().unwrap();
    let settle = |due| {
        world.db.write(move |tx| async move {
            funds
                .settle(&tx, Claim::of("1"), due, (2, due_on), BY)
                .await
        })
    };
    // the first part is on its way
    assert!(settle(50_000).await.is_err());
    let demand = &Demand {
        key: "fraud",
        amount: 1,
        reason: "不再符合条件",
        due_on,
        link: "/payee",
    };
    let demanded = world
        .db
        .write(|tx| async move { funds.demand(&tx, Claim::of("1"), demand, BY).await });
    let error = demanded.await.unwrap_err();
    assert!(error.to_string().contains("还可以追回 0 元"), "{error}");
    // committed without a part: all of it becomes the last part, what is beyond is free again
    world.reserve("A", "2", 40_000).await.unwrap();
    world.commit("2", 40_000).await.unwrap();
    let settle = |due| {
        world.db.write(move |tx| async move {
            funds
                .settle(&tx, Claim::of("2"), due, (1, due_on), BY)
                .await
        })
    };
    assert_eq!(settle(30_000).await.unwrap(), Settled::Payable(30_000));
    let money = world.money("2").await;
    assert_eq!(
        (money.committed, money.standing),
        (30_000, Standing::Committed)
    );
    // decided anew: what was settled before does not count
    assert_eq!(world.release("2").await.unwrap(), 30_000);
    world.reserve("A", "2", 25_000).await.unwrap();
    world.commit("2", 25_000).await.unwrap();
    assert_eq!(settle(20_000).await.unwrap(), Settled::Payable(20_000));
    assert_eq!(world.money("2").await.committed, 20_000);
    world.balances_hold().await;
}

#[tokio::test]
async fn where_a_pool_is_for_is_chosen_by_name() {
    let world = World::new(sqlite().await).await;
    let app = world.app(treasurer());
    let page = app.get("/funds/pools/new").await.expect_status(200);
    for option in ["本单位的区划", "鹿城区"] {
        let option = format!(">{option}</option>");
        assert!(page.text().contains(&option), "{}", page.text());
    }
    let make = async |item: &str, place: &str| {
        let fields = [
            ("item", item),
            ("item_name", "研发费用补助"),
            ("year", "2026"),
            ("amount", "1000"),
            ("organisation", "江城市科技局"),
            ("place", place),
        ];
        app.post_form("/funds/pools/new", &fields).await
    };
    for (item, chosen, name) in [
        ("A", "330302", "浙江省温州市鹿城区"),
        ("B", "", "浙江省温州市"),
    ] {
        let made = make(item, chosen).await.expect_status(303);
        let page = app.get(made.header("location")).await.expect_status(200);
        assert!(page.text().contains(name), "{}", page.text());
    }
    // what was chosen is there again when something else was wrong
    let page = make("", "330302").await.expect_status(400);
    let chosen = "<option value=\"330302\" selected>鹿城区</option>";
    assert!(page.text().contains(chosen), "{}", page.text());
}

both_databases!(
    money_goes_from_reserved_to_committed_and_back,
    asking_twice_moves_nothing,
    who_asked_first_is_served_first,
    a_budget_is_not_cut_below_what_is_spoken_for,
    pools_are_one_an_item_and_year_and_closed_ones_take_nothing,
    an_enterprise_gets_no_more_than_its_caps,
    a_wrong_account_is_refused_field_by_field,
    settlement_and_demands_never_exceed_what_was_paid,
);
