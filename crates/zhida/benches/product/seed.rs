//! What the product is about before anybody asks for anything: enterprises, items, schemes, money, accounts.

use std::{fs, io::BufWriter, path::Path};

use chrono::Datelike as _;
use zhida_demo::{City, generate, shipped};
use zhida_funds::NewPool;
use zhida_platform::{access::Viewer, db, progress::Silent};
use zhida_policies::{
    Delivery,
    import::{ImportOptions as PolicyOptions, SourceFile, import_files},
};
use zhida_redemption::{Scheme, words::Stage};
use zhida_registry::import::{ImportLimits, ImportOptions, Importer};
use zhida_standards::uscc::Uscc;

use super::Product;

/// Items of 济南市 that ask for little: one of each delivery, as the room's tests have them.
const ITEMS: &str = include_str!("../../../redemption/tests/data/items.yaml");
/// The city, in which officers sit, and the county of the sample enterprises.
pub const CITY: &str = "370100";
pub const COUNTY: &str = "370102";
/// Money of a pool, in fen: more than all copies ask for.
const POOL: i64 = 1_000_000_000_000_000;
/// Enterprises of which the samples are made.
pub const SAMPLES: usize = 12;

/// The code of a sample enterprise, of a county that the generated city knows nothing of.
pub fn code(number: usize) -> String {
    let code = Uscc::from_parts('9', '1', "540102", &format!("PDY9{number:04}")).unwrap();
    code.as_str().to_owned()
}

pub fn name(number: usize) -> String {
    format!("样本企业{number}号有限公司")
}

pub fn system() -> Viewer {
    Viewer::system("实测")
}

impl Product {
    /// So many generated enterprises; false when there are some already.
    pub async fn enterprises(&self, enterprises: u64) -> bool {
        if self.count("SELECT COUNT(*) FROM enterprise").await > 0 {
            return false;
        }
        let city = City {
            enterprises,
            ..City::default()
        };
        let file = self.folder.join("enterprises.csv");
        let mut out = BufWriter::new(fs::File::create(&file).unwrap());
        generate::enterprises_csv(&city, &mut out, |_, _| ()).unwrap();
        drop(out);
        self.bring(&file, city.reference_date, None).await;
        fs::remove_file(&file).unwrap();
        true
    }

    /// Those of which the samples are made: large, of high technology, in a county of the city.
    pub async fn sample_enterprises(&self) {
        let mut text =
            "统一社会信用代码,企业名称,所在区划,所属行业,从业人数,高新技术企业\n".to_owned();
        for number in 1..=SAMPLES {
            let (code, name) = (code(number), name(number));
            text.push_str(&format!("{code},{name},{COUNTY},C3913,100,是\n"));
        }
        let file = self.folder.join("samples.csv");
        fs::write(&file, text).unwrap();
        // annual figures of last year, whatever this year is
        let last = self.app.matching.today().year() - 1;
        self.bring(&file, self.app.matching.today(), Some(last))
            .await;
        fs::remove_file(&file).unwrap();
    }

    /// Imports a file as of a day.
    pub async fn bring(&self, file: &Path, as_of: chrono::NaiveDate, year: Option<i32>) {
        let options = ImportOptions {
            department: "实测数据".to_owned(),
            as_of: Some(as_of),
            year,
            // as the command has it: a file here may be larger than what comes over the network
            limits: ImportLimits {
                bytes_max: u64::MAX,
                ..ImportLimits::default()
            },
            ..ImportOptions::default()
        };
        let report = Importer::new(self.app.registry.clone())
            .run(file, &options, &Silent)
            .await
            .unwrap();
        assert_eq!(report.rejected, 0, "{:?}", report.examples);
    }

    /// The shipped items, the demonstration's own, the sample ones, and so many generated.
    pub async fn items(&self, generated: u32) {
        let mut files: Vec<SourceFile> = shipped::policy_files()
            .chain([shipped::demo_policy_file()])
            .map(|(name, text)| SourceFile {
                name: name.to_owned(),
                bytes: text.into(),
            })
            .collect();
        files.push(SourceFile {
            name: "items.yaml".to_owned(),
            bytes: ITEMS.into(),
        });
        if generated > 0 {
            let city = City {
                items: generated,
                ..City::default()
            };
            files.extend(
                generate::policy_files(&city)
                    .unwrap()
                    .map(|file| SourceFile {
                        name: file.name.clone(),
                        bytes: file.text.clone().into_bytes(),
                    }),
            );
        }
        let options = PolicyOptions::default();
        let report = import_files(&self.app.policies, files, &options, &Silent)
            .await
            .unwrap();
        assert_eq!(report.rejected, 0, "{:?}", report.reasons);
    }

    /// A general scheme for every 免申 item that has none and that nobody has to look at: its amount follows from data, and
    /// its conditions too. How many have one then.
    pub async fn unasked_schemes(&self) -> u64 {
        let catalogue = self.app.policies.catalogue(self.app.matching.today());
        let ids: Vec<String> = catalogue
            .items
            .iter()
            .filter(|item| item.elements.delivery == Delivery::NoApplication)
            .map(|item| item.id.clone())
            .collect();
        let mut published = 0;
        for id in &ids {
            let scheme = Scheme::of_preset(id, "general", "any", Delivery::NoApplication);
            let mut scheme = scheme.unwrap();
            let mut faults = self.faults(&scheme).await;
            if faults.iter().any(|code| code == "right") {
                // it gives a right, not money
                scheme.route.retain(|step| step.stage != Stage::Payment);
                scheme.asks_payee = false;
                faults = self.faults(&scheme).await;
            }
            if faults.is_empty() {
                self.publish(&scheme).await;
                published += 1;
            }
        }
        published
    }

    async fn faults(&self, scheme: &Scheme) -> Vec<String> {
        let checked = self.app.redemption.check_scheme(scheme).await.unwrap();
        let errors = checked.errors();
        errors.iter().map(|error| error.code.to_string()).collect()
    }

    /// Publishes a scheme for an item that has none, with a pool of money.
    pub async fn publish(&self, scheme: &Scheme) {
        let shown = self.app.redemption.scheme(&scheme.item).await.unwrap();
        if shown.current.is_some() {
            return;
        }
        let room = &self.app.redemption;
        room.publish_scheme(&system(), scheme, 0).await.unwrap();
        let new = NewPool {
            item: scheme.item.clone(),
            item_name: shown.item.name.clone(),
            year: self.app.matching.today().year(),
            organisation: "样例市财政局".to_owned(),
            place: CITY.to_owned(),
            amount: POOL,
            note: String::new(),
        };
        self.app.funds.open_pool(&system(), &new).await.unwrap();
    }

    /// The next revision of a scheme.
    pub async fn revise(&self, scheme: &Scheme) {
        let shown = self.app.redemption.scheme(&scheme.item).await.unwrap();
        let revision = shown.current.map_or(0, |current| current.revision);
        let room = &self.app.redemption;
        room.publish_scheme(&system(), scheme, revision)
            .await
            .unwrap();
    }

    /// The demonstration's schemes, one of them with a form.
    pub async fn shipped_schemes(&self) {
        for (_, text) in shipped::schemes() {
            self.publish(&Scheme::read(text).unwrap()).await;
        }
    }

    /// An account for each role: officers of the city, enterprise roles in the first sample enterprise.
    pub async fn accounts(&self) {
        let first = code(1);
        let made = self.app.people.make_demo_accounts(CITY, Some(&first)).await;
        made.unwrap();
    }

    /// A count of rows.
    pub async fn count(&self, sql: &str) -> u64 {
        let count = db::query_count(self.app.db.conn(), sql, []).await;
        u64::try_from(count.unwrap()).unwrap()
    }
}
