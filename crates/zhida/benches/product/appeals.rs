//! Appeals in each place where appeals are, and meetings about some, brought there by pages and interface.

use serde_json::{Value, json};
use zhida_platform::{
    access::Viewer,
    clock::{Clock as _, SystemClock},
    db::{self, FromQueryResult},
};
use zhida_testkit::seated;

use super::{
    Product,
    client::Client,
    copies::Sample,
    seed::{CITY, COUNTY, code, name},
};

/// The body in which the demonstration's officers sit, and how many others there are.
const OWN_BODY: &str = "演示市发展和改革局";
const BODIES: usize = 9;
const MEETINGS: usize = 40;

/// Of what appeals are made: category, and what is said.
const MATTERS: &[(&str, &str)] = &[
    (
        "labour/insurance/injury",
        "工伤待遇申请两个月没有到账，受伤职工多次询问，请核实并尽快支付",
    ),
    (
        "logistics/road",
        "园区三号路路灯坏了一周，夜班工人出入不安全，希望尽快修复",
    ),
    (
        "labour/insurance/injury",
        "新招的员工社保增员一直显示审核中，影响申请补贴，请协调办理",
    ),
    (
        "logistics/road",
        "货车通行证到期后续办不了，原料进不了厂，生产线只开了一半",
    ),
];

#[derive(FromQueryResult)]
struct Known {
    number: String,
    version: i64,
}

/// Where a sample stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stand {
    Intake,
    Dispatch,
    Contact,
    Handle,
    Visit,
    Closed,
}

/// Officers, and who handles.
struct Desk {
    operator: Client,
    /// Name of the body, and somebody of it.
    bodies: Vec<(String, Client)>,
}

impl Product {
    /// Appeals under way and over, most of other bodies than the one of the demonstration's officers; the first is of
    /// the enterprise whose own pages are asked for.
    pub async fn appeal_samples(&self) -> Vec<Sample> {
        let desk = self.appeal_desk().await;
        let mut wanted = vec![
            (0, Stand::Closed, 60),
            (0, Stand::Handle, 10),
            (0, Stand::Visit, 10),
            (0, Stand::Contact, 10),
            (0, Stand::Dispatch, 5),
            (0, Stand::Intake, 5),
        ];
        for body in 1..=BODIES {
            wanted.extend([(body, Stand::Closed, 90), (body, Stand::Handle, 10)]);
        }
        let mut samples = Vec::new();
        for (number, (body, stand, share)) in wanted.into_iter().enumerate() {
            let sample = self.appeal(&desk, number, body, stand, share).await;
            samples.push(sample);
        }
        samples
    }

    async fn appeal_desk(&self) -> Desk {
        let site = &self.site;
        let admin = Client::enter(site, "sysadmin").await;
        let own = Client::enter(site, "clerk").await;
        let mut bodies = vec![(OWN_BODY.to_owned(), own)];
        for number in 1..=BODIES {
            let name = format!("样例市第{number}局");
            let wanted = json!({ "name": name, "kind": "department", "division": CITY,
                "valid_from": SystemClock.today().to_string() });
            let made = admin.json("/api/v1/organisations", &wanted).await;
            let id = made.expect_status(201).json()["id"].clone();
            let viewer = seated("clerk", Some(CITY), None);
            let mut person = viewer.as_person().unwrap().clone();
            let seat = person.seat.as_mut().unwrap();
            seat.organisation = Some(id.as_str().unwrap().parse().unwrap());
            seat.organisation_name.clone_from(&name);
            bodies.push((name, Client::seated(site, Viewer::person(person))));
        }
        Desk {
            operator: Client::enter(site, "operator").await,
            bodies,
        }
    }

    async fn appeal(
        &self,
        desk: &Desk,
        number: usize,
        body: usize,
        stand: Stand,
        share: u64,
    ) -> Sample {
        // the first few enterprises take turns, the first of all first
        let enterprise = 1 + number % 6;
        let boss = Client::seated(&self.site, seated("legal", None, Some(&code(enterprise))));
        let (category, words) = MATTERS[number % MATTERS.len()];
        let text = format!("{}：{words}", name(enterprise));
        let wanted = json!({ "text": text, "place": COUNTY, "place_words": format!("{number}号厂房"),
            "name": "张三", "phone": "13800001111" });
        let made = boss.json("/api/v1/appeals", &wanted).await;
        let id = made.expect_status(201).json()["id"].clone();
        let id = id.as_str().unwrap().to_owned();
        let (lead, clerk) = &desk.bodies[body];
        let way = [
            (
                Stand::Dispatch,
                &desk.operator,
                json!({ "step": "accept", "category": category, "track": "single" }),
            ),
            (
                Stand::Contact,
                &desk.operator,
                json!({ "step": "dispatch", "department": lead, "helpers": [], "note": "请尽快办理" }),
            ),
            (
                Stand::Handle,
                clerk,
                json!({ "step": "contacted", "note": "已电话联系，对方说明了情况" }),
            ),
            (
                Stand::Visit,
                clerk,
                json!({ "step": "reply", "claim": "solved", "text": "已经核实并办理，结果已经告知企业" }),
            ),
        ];
        for (reached, who, step) in way {
            if reached <= stand {
                self.appeal_step(who, &id, step).await;
            }
        }
        if stand == Stand::Closed {
            let rating = [("step", "rate"), ("satisfaction", "satisfied")];
            let rated = boss.form(&format!("/appeals/{id}/own"), &rating).await;
            let _ = rated.expect_status(303);
        }
        Sample {
            number: self.appeal_known(&id).await.number,
            case: id,
            enterprise: code(enterprise),
            name: name(enterprise),
            share,
            is_open: stand != Stand::Closed,
        }
    }

    async fn appeal_known(&self, id: &str) -> Known {
        let sql = "SELECT number, version FROM case_head WHERE id = $1";
        let known = db::query_one(self.app.db.conn(), sql, [id.into()]).await;
        known.unwrap().unwrap()
    }

    async fn appeal_step(&self, who: &Client, id: &str, mut step: Value) {
        step["version"] = self.appeal_known(id).await.version.into();
        let path = format!("/api/v1/appeals/{id}/steps");
        let done = who.json(&path, &step).await;
        let _ = done.expect_status(204);
    }

    /// Meetings that took place, with some tasks each; a code and a key of the channels.
    pub async fn meetings(&self) {
        let supervisor = Client::enter(&self.site, "supervisor").await;
        let today = SystemClock.today().to_string();
        for number in 1..=MEETINGS {
            let new = json!({ "title": format!("第{number}次企业诉求调度会"), "held_on": today, "at_time": "09:30",
                "venue": "第一会议室", "chair": "李副市长", "members": "样例市第1局\n样例市第2局", "task_days": 14 });
            let made = supervisor.json("/api/v1/meetings", &new).await;
            let id = made.expect_status(201).json()["id"].clone();
            let here = format!("/meetings/{}", id.as_str().unwrap());
            let topic = [("topic", "设备更新贷款贴息"), ("words", "12 家企业反映")];
            for (step, fields) in [("topic", &topic[..]), ("hold", &[("version", "1")][..])] {
                let done = supervisor.form(&format!("{here}/{step}"), fields).await;
                let _ = done.expect_status(303);
            }
            for task in 1..=3 {
                let new = json!({ "matter": format!("解决第{task}家企业的用地"), "measure": "一周内提出方案，两周内报批",
                    "body": "样例市第1局", "person": "王科长", "leader": "李副市长" });
                let given = supervisor.json(&format!("/api/v1{here}/tasks"), &new).await;
                let _ = given.expect_status(201);
            }
        }
        let manager = Client::enter(&self.site, "appeal_manager").await;
        let fields = [("kind", "place"), ("name", "政务服务中心"), ("place", CITY)];
        let made = manager.form("/appeals/codes", &fields).await;
        let _ = made.expect_status(303);
    }
}
