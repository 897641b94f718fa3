//! Two libraries with a few items and enterprises, and the room over them.

use std::path::PathBuf;
use std::sync::Arc;

use zhida_matching::{Matching, room};
use zhida_platform::access::{Viewer, guard};
use zhida_platform::clock::{FixedClock, SharedClock};
use zhida_platform::config::Config;
use zhida_platform::db;
use zhida_platform::progress::Silent;
use zhida_policies::Policies;
use zhida_policies::import::{
    ImportOptions as PolicyOptions, SourceFile, import_files, import_paths,
};
use zhida_registry::Registry;
use zhida_registry::import::{ImportOptions, Importer};
use zhida_rules::Dictionary;
use zhida_standards::uscc::Uscc;
use zhida_testkit::{App, HandClock, TestDatabase};
use zhida_ui::{MenuGroup, Shell, with_frame};

const ITEMS: &str = include_str!("../data/items.yaml");
const EXPIRED: &str = include_str!("../data/expired.yaml");
/// Enterprises besides the first.
pub const OTHERS: usize = 60;

pub struct Setup {
    pub registry: Arc<Registry>,
    pub policies: Arc<Policies>,
    pub matching: Arc<Matching>,
    pub clock: Arc<HandClock>,
    pub folder: tempfile::TempDir,
    pub db: TestDatabase,
}

/// A code of the reserved test range.
pub fn code(number: usize) -> String {
    let code = Uscc::from_parts('9', '1', "370102", &format!("PDY{number:05}")).unwrap();
    code.as_str().to_owned()
}

/// The enterprise that the tests tell of.
pub fn first() -> String {
    code(0)
}

/// Rooms over an empty database.
pub async fn empty(db: TestDatabase) -> Setup {
    let rooms = [
        zhida_registry::migrations(),
        zhida_policies::migrations(),
        zhida_matching::migrations(),
    ];
    db.migrate(&rooms).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let movable = Arc::new(HandClock::on("2026-11-22"));
    let clock: SharedClock = Arc::clone(&movable) as SharedClock;
    let dictionary = Dictionary::shipped();
    let registry = Registry::new(db.handle(), dictionary, Arc::clone(&clock))
        .with_folder(folder.path().join("files"));
    let registry = Arc::new(registry);
    let policies = Policies::new(db.handle(), dictionary, Arc::clone(&clock))
        .await
        .unwrap();
    let policies = Arc::new(policies);
    let matching = Matching::new(
        db.handle(),
        Arc::clone(&registry),
        Arc::clone(&policies),
        dictionary,
        clock,
    );
    Setup {
        registry,
        policies,
        matching: Arc::new(matching),
        clock: movable,
        folder,
        db,
    }
}

/// Rooms with the items that Zhida ships, and the test's enterprises.
pub async fn shipped(db: TestDatabase) -> Setup {
    let rooms = [
        zhida_registry::migrations(),
        zhida_policies::migrations(),
        zhida_matching::migrations(),
    ];
    db.migrate(&rooms).await.unwrap();
    let clock: SharedClock = Arc::new(FixedClock::on("2026-11-22".parse().unwrap()));
    let policies = Policies::new(db.handle(), Dictionary::shipped(), clock)
        .await
        .unwrap();
    let paths = [concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/policies").into()];
    let options = PolicyOptions::default();
    let report = import_paths(&policies, &paths, &options, &Silent)
        .await
        .unwrap();
    assert_eq!(report.rejected, 0, "{:?}", report.reasons);
    let setup = empty(db).await;
    setup.bring(&enterprises(), "2026-06-30").await;
    setup
}

/// Rooms with items and enterprises.
pub async fn filled(db: TestDatabase) -> Setup {
    let rooms = [
        zhida_registry::migrations(),
        zhida_policies::migrations(),
        zhida_matching::migrations(),
    ];
    db.migrate(&rooms).await.unwrap();
    let clock: SharedClock = Arc::new(FixedClock::on("2026-11-22".parse().unwrap()));
    let policies = Policies::new(db.handle(), Dictionary::shipped(), clock)
        .await
        .unwrap();
    let file = |name: &str, text: &str| SourceFile {
        name: name.into(),
        bytes: text.into(),
    };
    let files = vec![file("items.yaml", ITEMS), file("expired.yaml", EXPIRED)];
    let report = import_files(&policies, files, &PolicyOptions::default(), &Silent)
        .await
        .unwrap();
    assert_eq!(
        (report.accepted, report.rejected),
        (8, 0),
        "{:?}",
        report.reasons
    );
    let setup = empty(db).await;
    setup.bring(&enterprises(), "2026-06-30").await;
    setup
}

impl Setup {
    /// The room over the same libraries without an engine: the interpreter answers.
    pub fn interpreter(&self) -> Matching {
        Matching::new(
            self.db.handle(),
            Arc::clone(&self.registry),
            Arc::clone(&self.policies),
            Dictionary::shipped(),
            Arc::clone(&self.clock) as SharedClock,
        )
    }

    /// The room as a new start finds it, with the folder in which earlier ones left snapshots.
    pub fn restarted(&mut self) {
        let folder = self.snapshots();
        self.matching = Arc::new(self.interpreter().with_snapshots(&folder));
    }

    pub fn snapshots(&self) -> PathBuf {
        self.folder.path().join("snapshots")
    }

    /// Changes the database behind the rooms' backs.
    pub async fn tamper(&self, sql: &'static str) {
        let change = |tx| async move { db::execute(&tx, sql, []).await };
        let changed: u64 = self.db.write(change).await.unwrap();
        assert!(changed > 0, "{sql}");
    }

    /// The setup with its engine loaded.
    pub async fn ready(self) -> Self {
        self.matching.prepare(&Silent).await.unwrap();
        self
    }

    /// Publishes one item more, of one rule, under the id `zhankai`.
    pub async fn publish(&self, rule: &str) {
        let item = format!(
            "items:\n  - id: zhankai\n    name: 展开很长的事项\n    theme: 财政支持\n    category: 奖补类\n    \
             delivery: application\n    delivery_basis: source\n    clause: 第九条\n    audience: 各类企业\n    \
             regions: [\"370100\"]\n    conditions:\n      - text: 逐层判断\n        rule: '{rule}'\n    \
             benefit: {{ kind: money, formula: 1万, text: 一次性奖励 1 万元 }}\n    phone: 0531-00000000\n"
        );
        self.publish_items(9, &item).await;
    }

    /// Publishes more items, of a document of their own with this number.
    pub async fn publish_items(&self, number: u32, items: &str) {
        let (document, _) = ITEMS.split_once("items:\n").unwrap();
        let document = document.replace("ceshi-2026", &format!("ceshi-2026-{number}"));
        let document = document.replace("〔2026〕1号", &format!("〔2026〕{number}号"));
        let file = SourceFile {
            name: "more.yaml".into(),
            bytes: format!("{document}{items}").into(),
        };
        let options = PolicyOptions::default();
        let report = import_files(&self.policies, vec![file], &options, &Silent).await;
        let report = report.unwrap();
        assert!(report.accepted > 0, "{:?}", report.reasons);
        assert_eq!(report.rejected, 0, "{:?}", report.reasons);
    }

    /// Imports CSV text as of a day.
    pub async fn bring(&self, text: &str, as_of: &str) {
        let path = self.folder.path().join("file.csv");
        std::fs::write(&path, text).unwrap();
        let options = ImportOptions {
            department: "市场监管".to_owned(),
            as_of: Some(as_of.parse().unwrap()),
            mapping: [("研发今", "rd_expense@2025"), ("研发昔", "rd_expense@2024")]
                .into_iter()
                .filter(|(column, _)| text.contains(column))
                .map(|(column, attribute)| (column.to_owned(), attribute.to_owned()))
                .collect(),
            ..ImportOptions::default()
        };
        let importer = Importer::new(Arc::clone(&self.registry));
        let report = importer.run(&path, &options, &Silent).await.unwrap();
        assert_eq!(report.rejected, 0, "{:?}", report.examples);
    }

    /// The room as the binary serves it.
    pub fn app(&self, viewer: Viewer) -> App {
        App::new(self.site(viewer))
    }

    pub fn site(&self, viewer: Viewer) -> axum::Router {
        let room = room(Arc::clone(&self.matching));
        let (api, _) = room.api.split_for_parts();
        let shell = Shell {
            viewer,
            menu: [MenuGroup::new("", room.menu)].into(),
            ..Shell::default()
        };
        with_frame(guard(room.routes.merge(api)), shell, &Config::default())
    }

    pub fn officer(&self) -> App {
        self.app(Viewer::officer("经办员甲"))
    }
}

/// The first enterprise is a high-tech manufacturer with 80 people; the others differ in every fact,
/// some of which are unknown.
fn enterprises() -> String {
    let mut text =
        "统一社会信用代码,企业名称,所在区划,所属行业,从业人数,营业收入,研发今,研发昔,高新技术企业\n".to_owned();
    text.push_str(&format!(
        "{},济南样例制造有限公司,370102,C35,80,30000000,4000000,3000000,是\n",
        first()
    ));
    for n in 1..=OTHERS {
        let division = ["370102", "370112", "370202", "110101"][n % 4];
        let industry = ["C35", "I65", "", "F52"][n / 2 % 4];
        let people = ["", "20", "150", "0"][n / 3 % 4];
        let revenue = ["500万", "", "2500万"][n % 3];
        let (now, before) = [("100", "90"), ("90", "100"), ("", "")][n / 5 % 3];
        let high_tech = ["是", "否", ""][n / 7 % 3];
        text.push_str(&format!(
            "{},样例企业{n}号,{division},{industry},{people},{revenue},{now},{before},{high_tech}\n",
            code(n)
        ));
    }
    text
}
