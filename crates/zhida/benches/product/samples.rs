//! One case for each place where cases are, brought there through the product: by its pages, as the people do.

use serde_json::json;
use zhida_platform::{
    clock::{Clock as _, SystemClock},
    db::{self, FromQueryResult},
    progress::Silent,
};
use zhida_policies::Delivery;
use zhida_redemption::{Scheme, words::Stage};
use zhida_testkit::seated;

use super::{
    Product,
    client::Client,
    copies::{Hanging, Sample, Shared},
    seed::{code, name, system},
};

/// What the rooms of 兑付, forms, money and messages keep of a case.
pub const REDEMPTION: Hanging = Hanging {
    rows: &[
        ("case_head", "id = $1"),
        ("case_event", "case_id = $1"),
        ("case_clock", "case_id = $1"),
        ("redemption_case", "case_id = $1"),
        ("redemption_notice_row", "case_id = $1"),
        ("fund_claim", "case_id = $1"),
        ("fund_payment", "case_id = $1"),
        (
            "fund_entry",
            "claim IN (SELECT id FROM fund_claim WHERE case_id = $1)",
        ),
        (
            "fund_payee",
            "enterprise = (SELECT enterprise FROM redemption_case WHERE case_id = $1)",
        ),
        (
            "fund_batch_row",
            "payment IN (SELECT id FROM fund_payment WHERE case_id = $1)",
        ),
        (
            "fund_receipt",
            "reference IN (SELECT reference FROM fund_batch_row r JOIN fund_payment p ON p.id = r.payment WHERE p.case_id = $1)",
        ),
        ("form_submission", "subject = $1"),
        ("message", "subject_id = $1"),
    ],
    shared: &[
        Shared {
            table: "redemption_notice",
            key: "id",
            of_case: "SELECT notice FROM redemption_notice_row WHERE case_id = $1",
            size: 1_000,
        },
        Shared {
            table: "fund_batch",
            key: "id",
            of_case: "SELECT r.batch FROM fund_batch_row r JOIN fund_payment p ON p.id = r.payment WHERE p.case_id = $1",
            size: 500,
        },
        Shared {
            table: "fund_receipt_file",
            key: "digest",
            of_case: "SELECT e.file FROM fund_receipt e JOIN fund_batch_row r ON r.reference = e.reference
                      JOIN fund_payment p ON p.id = r.payment WHERE p.case_id = $1",
            size: 500,
        },
    ],
    unique: &[
        ("fund_payment", "number"),
        ("fund_batch", "number"),
        ("fund_batch_row", "reference"),
        ("redemption_letter", "code"),
        ("redemption_notice", "organisation"),
    ],
    period: &[
        ("redemption_case", "period"),
        ("redemption_case", "slot"),
        ("redemption_candidate", "period"),
    ],
    verbatim: &[
        ("redemption_letter", "content"),
        ("redemption_letter", "digest"),
    ],
    once: &["fund_payee", "redemption_candidate"],
};

#[derive(FromQueryResult)]
struct Known {
    case_id: String,
    number: String,
    is_open: bool,
}

/// The desk of the officers, and of the money.
struct Desk {
    clerk: Client,
    decider: Client,
    treasurer: Client,
    approver: Client,
}

impl Product {
    /// Cases under way and over, for the first sample enterprises.
    pub async fn samples(&self) -> Vec<Sample> {
        let site = &self.site;
        let desk = Desk {
            clerk: Client::enter(site, "clerk").await,
            decider: Client::enter(site, "decider").await,
            treasurer: Client::enter(site, "treasurer").await,
            approver: Client::enter(site, "payment_approver").await,
        };
        let mut samples = Vec::new();
        // the first is of the enterprise whose own pages are asked for
        self.paid(&desk).await;
        samples.push(self.sample("jiuye", 1, 550).await);
        samples.push(self.sample("jiuye", 2, 50).await);
        self.unasked().await;
        samples.push(self.sample("gaoqi", 1, 70).await);
        samples.push(self.sample("gaoqi", 2, 60).await);
        samples.push(self.sample("gaoqi", 3, 40).await);
        self.reviewed(&desk).await;
        for (number, share) in [(1, 50), (2, 60), (3, 40), (4, 30), (5, 50)] {
            samples.push(self.sample("yanfa", number, share).await);
        }
        samples
    }

    fn boss(&self, number: usize) -> Client {
        let viewer = seated("legal", None, Some(&code(number)));
        Client::seated(&self.site, viewer)
    }

    async fn known(&self, item: &str, number: usize) -> Known {
        let sql =
            "SELECT c.case_id, h.number, h.closed_at IS NULL AS is_open FROM redemption_case c
                   JOIN case_head h ON h.id = c.case_id WHERE c.item = $1 AND c.enterprise = $2";
        let values = [item.into(), code(number).into()];
        let known = db::query_one(self.app.db.conn(), sql, values).await;
        known
            .unwrap()
            .unwrap_or_else(|| panic!("no case of {item}, {number}"))
    }

    async fn sample(&self, item: &str, number: usize, share: u64) -> Sample {
        let known = self.known(item, number).await;
        Sample {
            case: known.case_id,
            number: known.number,
            enterprise: code(number),
            name: name(number),
            share,
            is_open: known.is_open,
        }
    }

    /// 即申即享 whose scheme knows no notice, so that it is payable at once: one paid with its receipt, one waiting.
    /// The scheme's next revision has the notice.
    async fn paid(&self, desk: &Desk) {
        let whole = Scheme::of_preset("jiuye", "general", "any", Delivery::Instant).unwrap();
        let mut short = whole.clone();
        short.route.retain(|step| step.stage != Stage::Notice);
        self.publish(&short).await;
        let payer = [
            ("holder", "样例市财政局"),
            ("bank", "中国建设银行济南样例支行"),
            ("cnaps", "105100000017"),
            ("account", "33050162858300000123"),
        ];
        let answer = desk.treasurer.form("/funds/payers", &payer).await;
        let _ = answer.expect_status(303);
        self.apply("jiuye", 1).await;
        self.pay(desk).await;
        assert!(!self.known("jiuye", 1).await.is_open, "it was paid");
        let case = self.known("jiuye", 1).await.case_id;
        let rating = [("grade", "4"), ("words", "很快")];
        let rated = format!("/redemption/cases/{case}/rating");
        let _ = self.boss(1).form(&rated, &rating).await.expect_status(303);
        self.apply("jiuye", 2).await;
        self.revise(&whole).await;
    }

    async fn apply(&self, item: &str, number: usize) {
        let holder = name(number);
        let payee = [
            ("holder", holder.as_str()),
            ("bank", "中国工商银行济南样例支行"),
            ("cnaps", "102100099996"),
            ("account", "3700123409000012345"),
        ];
        let path = format!("/redemption/apply/{item}");
        let answer = self.boss(number).form(&path, &payee).await;
        let _ = answer.expect_status(303);
    }

    /// Draws what is due, has it approved and sent, and takes the bank's receipt.
    async fn pay(&self, desk: &Desk) {
        let payers = desk
            .treasurer
            .get("/funds/batches/new")
            .await
            .expect_status(200);
        let payer = payers.text().split_once("name=\"payer\"").unwrap().1;
        let payer = payer.split_once("value=\"").unwrap().1;
        let payer = payer.split_once('"').unwrap().0;
        let batches = "/api/v1/payment-batches";
        let drawn = desk
            .treasurer
            .json(batches, &json!({ "payer": payer }))
            .await;
        let drawn = drawn.expect_status(200).json();
        let batch = format!("{batches}/{}", drawn["batch"].as_str().unwrap());
        let approved = desk
            .approver
            .json(&format!("{batch}/approve"), &json!({}))
            .await;
        let _ = approved.expect_status(200);
        let exported = desk.treasurer.get(&format!("{batch}/pain001")).await;
        let _ = exported.expect_status(200);
        let today = SystemClock.today().to_string();
        let sent = desk
            .treasurer
            .json(&format!("{batch}/sent"), &json!({ "on": today }))
            .await;
        let _ = sent.expect_status(204);
        let batch = desk.treasurer.get(&batch).await.expect_status(200).json();
        let (number, fen) = (
            batch["number"].as_str().unwrap(),
            batch["drawn"].as_i64().unwrap(),
        );
        let receipt = format!(
            "付款参考号,结果,金额(元),日期,原因\n{number}-0001,已付,{}.{:02},{today},\n",
            fen / 100,
            fen % 100
        );
        let taken = desk
            .treasurer
            .send("POST", "/api/v1/payment-receipts", "", receipt)
            .await;
        assert_eq!(taken.expect_status(200).json()["paid"], 1);
    }

    /// 免申即享: one that waits for the enterprise, one in public notice, one declined.
    async fn unasked(&self) {
        let scheme = Scheme::of_preset("gaoqi", "general", "any", Delivery::NoApplication);
        self.publish(&scheme.unwrap()).await;
        let room = &self.app.redemption;
        room.night(&Silent).await.unwrap();
        let mut candidates = Vec::new();
        for number in 1..=3 {
            let sql =
                "SELECT id AS case_id, '' AS number, TRUE AS is_open FROM redemption_candidate
                       WHERE item = 'gaoqi' AND enterprise = $1";
            let found = db::query_one(self.app.db.conn(), sql, [code(number).into()]).await;
            let found: Option<Known> = found.unwrap();
            candidates.push(found.expect("a sample enterprise is a candidate").case_id);
        }
        room.release(&system(), "gaoqi", &candidates).await.unwrap();
        for (number, step) in [(2, "confirm"), (3, "decline")] {
            let case = self.known("gaoqi", number).await.case_id;
            let holder = name(number);
            let fields = [
                ("holder", holder.as_str()),
                ("bank", "中国工商银行济南样例支行"),
                ("cnaps", "102100099996"),
                ("account", "3700123409000012345"),
                ("reason", "不需要"),
            ];
            let path = format!("/redemption/cases/{case}/{step}");
            let answer = self.boss(number).form(&path, &fields).await;
            let _ = answer.expect_status(303);
        }
    }

    /// 申报: to be accepted, in review with somebody, at the decision, waiting for a completion, refused.
    async fn reviewed(&self, desk: &Desk) {
        let scheme = Scheme::of_preset("yanfa", "general", "any", Delivery::Application);
        self.publish(&scheme.unwrap()).await;
        for number in 1..=5 {
            self.apply("yanfa", number).await;
        }
        let note = [("advance-note", "材料齐全")];
        for number in 2..=5 {
            self.step(&desk.clerk, number, "take", &[]).await;
            self.step(&desk.clerk, number, "advance", &note).await;
        }
        let lacks = [
            ("lack", "missing"),
            ("completion-whole", "请补充研发费用明细"),
        ];
        self.step(&desk.clerk, 4, "completion", &lacks).await;
        for number in [3, 5] {
            self.step(&desk.clerk, number, "advance", &note).await;
        }
        let reason = [("reason", "项目不具有示范作用")];
        self.step(&desk.decider, 5, "refuse", &reason).await;
    }

    /// One step of the desk's page, by the version that it shows.
    async fn step(&self, who: &Client, number: usize, step: &str, fields: &[(&str, &str)]) {
        let case = self.known("yanfa", number).await.case_id;
        let sql = "SELECT version FROM case_head WHERE id = $1";
        let version = db::query_count(self.app.db.conn(), sql, [case.as_str().into()]).await;
        let version = version.unwrap().to_string();
        let fields = [fields, &[("version", version.as_str())]].concat();
        let path = format!("/redemption/desk/{case}/{step}");
        let answer = who.form(&path, &fields).await;
        assert_eq!(answer.status.as_u16(), 303, "{step}: {}", answer.text());
    }
}
