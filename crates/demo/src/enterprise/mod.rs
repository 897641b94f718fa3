//! One enterprise: who and where it is, then its accounts, research, qualifications and projects.

mod accounts;
pub(crate) mod extras;
mod innovation;
mod qualifications;

use chrono::{Datelike, Days, NaiveDate};
use zhida_rules::Dictionary;
use zhida_standards::size::{self, Size, SizeResult};

use crate::columns::{Column, Layout, Row, SPECS};
use crate::industries::{Class, Industries};
use crate::places::{Places, Seat};
use crate::random::{Domain, Quantiles, Random};
use crate::{City, DemoError, names};
use accounts::Accounts;
use innovation::Research;

/// What is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Enterprise,
    SelfEmployed,
    Cooperative,
}

/// 45 : 53 : 2, as in 济南市's register.
const KINDS: [u32; 3] = [450, 980, 1000];

/// Age in days: half of the register is younger than five years.
const AGES: Quantiles = &[
    (0, 20),
    (100_000, 300),
    (300_000, 900),
    (500_000, 1700),
    (700_000, 2900),
    (850_000, 4600),
    (950_000, 7500),
    (990_000, 10_500),
    (1_000_000, 15_000),
];

const STATUSES: [&str; 6] = ["存续", "停业", "清算", "吊销", "迁出", "注销"];
const STATUS_WEIGHTS: [u32; 6] = [955, 962, 965, 980, 985, 1000];

/// Registered capital in 万元: round numbers.
const CAPITALS: [i64; 20] = [
    1, 3, 5, 10, 10, 20, 30, 50, 50, 100, 100, 200, 300, 500, 500, 1000, 2000, 3000, 5000, 10_000,
];

/// Everything that rows are made from.
pub(crate) struct World {
    pub places: Places,
    pub layout: Layout,
    industries: Industries,
    seed: u64,
    only_enterprises: bool,
    last_year: i32,
    today: NaiveDate,
}

/// What the parts of a row need of each other.
pub(crate) struct Enterprise<'a> {
    seat: &'a Seat,
    kind: Kind,
    class: &'a Class,
    founded: NaiveDate,
    today: NaiveDate,
    last_year: i32,
    accounts: Accounts,
    /// `None` where the method does not apply or there is no year to measure.
    size: Option<Size>,
}

impl Enterprise<'_> {
    fn section(&self) -> char {
        self.class.industry.code.chars().next().unwrap_or_default()
    }

    fn division(&self) -> &str {
        self.class.habit.division
    }

    /// A chance per mille that is raised elsewhere, where each of the few enterprises should be
    /// of use to the shipped items.
    fn raised(&self, per_mille: u32, factor: u32) -> u32 {
        if self.seat.home {
            per_mille
        } else {
            (per_mille * factor).min(900)
        }
    }

    fn age_days(&self) -> i64 {
        (self.today - self.founded).num_days()
    }

    /// Large enterprises are known best; of the self-employed little is known.
    fn unknown_per_mille(&self, [large, micro]: [u32; 2]) -> u32 {
        let rate = match (self.kind, self.size) {
            (Kind::Enterprise, Some(Size::Large)) => large,
            (Kind::Enterprise, Some(Size::Medium)) => large + (micro - large) / 6,
            (Kind::Enterprise, Some(Size::Small)) => large + (micro - large) / 3,
            (Kind::Enterprise, _) => micro,
            _ => (micro * 3 / 2).min(700),
        };
        // Enterprises elsewhere are there to be found by the shipped items.
        if self.seat.home { rate } else { rate / 8 }
    }
}

impl World {
    pub fn new(city: &City, dictionary: &Dictionary) -> Result<Self, DemoError> {
        Ok(Self {
            places: Places::new(city)?,
            layout: Layout::new(dictionary, city.last_year()),
            industries: Industries::new(),
            seed: city.seed,
            only_enterprises: city.only_enterprises,
            last_year: city.last_year(),
            today: city.reference_date,
        })
    }

    /// Fills a row; nothing but the seed and the row's number decides what it says.
    pub fn fill(&self, index: u64, row: &mut Row<'_>) {
        row.clear();
        let mut random = Random::new(self.seed, Domain::Enterprise, index);
        let random = &mut random;
        let (seat, rank) = self.places.seat(index);
        let enterprise = self.enterprise(random, seat);
        let kind = match enterprise.kind {
            Kind::Enterprise => '1',
            Kind::SelfEmployed => '2',
            Kind::Cooperative => '3',
        };
        row.code(seat.code(rank, kind));
        for (column, spec) in SPECS.iter().enumerate() {
            if spec.unknown != [0, 0]
                && random.per_mille(enterprise.unknown_per_mille(spec.unknown))
            {
                row.hide(column);
            }
        }
        register(random, &enterprise, row);
        let research = Research::draw(random, &enterprise);
        accounts::write(random, &enterprise, &research, row);
        innovation::write(&enterprise, &research, row);
        qualifications::write(random, &enterprise, &research, row);
        extras::write(random, &enterprise, &research, row);
    }

    fn enterprise<'a>(&'a self, random: &mut Random, seat: &'a Seat) -> Enterprise<'a> {
        let kind = match random.weighted(&KINDS) {
            _ if self.only_enterprises || !seat.home => Kind::Enterprise,
            0 => Kind::Enterprise,
            1 => Kind::SelfEmployed,
            _ => Kind::Cooperative,
        };
        let class = match seat.home {
            true => self.industries.draw(random, kind),
            false => self.industries.draw_elsewhere(random),
        };
        let age = random.quantile(AGES) as u64;
        let founded = self
            .today
            .checked_sub_days(Days::new(age))
            .expect("the reference date is after 2010, the age under 42 years");
        let accounts = Accounts::draw(random, kind, class, seat.home, founded, self.last_year);
        let size = size_of(class, &accounts);
        let (today, last_year) = (self.today, self.last_year);
        Enterprise {
            seat,
            kind,
            class,
            founded,
            today,
            last_year,
            accounts,
            size,
        }
    }
}

fn size_of(class: &Class, accounts: &Accounts) -> Option<Size> {
    let fen = |yuan: i64| yuan * 100;
    let staff = accounts.staff[0]? as u64;
    let (revenue, assets) = (accounts.revenue[0].map(fen), accounts.assets[0].map(fen));
    match size::classify(class.industry.code, Some(staff), revenue, assets) {
        SizeResult::Class(size) => Some(size),
        _ => None,
    }
}

/// What the register of 市场监管 says.
fn register(random: &mut Random, of: &Enterprise<'_>, row: &mut Row<'_>) {
    let seat = of.seat;
    row.set(
        Column::Name,
        names::name(random, seat, of.kind, of.class.habit.words),
    );
    let (class, entity) = match of.kind {
        Kind::Enterprise => ("企业", entity_type(random)),
        Kind::SelfEmployed => ("个体工商户", "个体工商户"),
        Kind::Cooperative => ("农民专业合作社", "农民专业合作社"),
    };
    row.set(Column::EntityType, entity);
    row.set(Column::SubjectClass, class);
    let branch = entity.ends_with("分公司");
    row.flag(
        Column::LegalPerson,
        of.kind != Kind::SelfEmployed && !branch,
    );
    row.day(Column::RegisteredOn, of.founded);
    if !branch {
        row.set(Column::RegisteredCapital, capital(random, of) * 10_000);
        let foreign = entity.contains("外商") && random.per_mille(400);
        row.set(
            Column::CapitalCurrency,
            if foreign { "美元" } else { "人民币" },
        );
    }
    row.set(
        Column::RegistrationStatus,
        STATUSES[random.weighted(&STATUS_WEIGHTS)],
    );
    row.set(Column::Division, seat.division.code);
    zone(random, seat, row);
    row.set(Column::Industry, of.class.industry.code);
    row.set(
        Column::Scope,
        format_args!("一般项目：{}。", of.class.industry.name),
    );
    row.set(
        Column::RegistrationAuthority,
        format_args!("{}行政审批服务局", seat.division.name),
    );
    if let Some(size) = of.size {
        row.set(Column::Size, size);
    }
}

/// A development zone that the list has as a county, one that items name, or any.
fn zone(random: &mut Random, seat: &Seat, row: &mut Row<'_>) {
    let labels = seat.labels("development_zone");
    if seat.division.name.contains("开发区") {
        row.set(Column::Zone, seat.division.name);
    } else if !labels.is_empty() && random.per_mille(600) {
        row.set(Column::Zone, random.pick(&labels));
    } else if random.per_mille(90) {
        row.set(Column::Zone, format_args!("{}经济开发区", seat.short));
    } else {
        row.set(Column::Zone, "无");
    }
}

fn entity_type(random: &mut Random) -> &'static str {
    match random.below(1000) {
        0..430 => "有限责任公司(自然人独资)",
        430..840 => "有限责任公司(自然人投资或控股)",
        840..890 => "有限责任公司(非自然人投资或控股的法人独资)",
        890..930 => "其他有限责任公司",
        930..955 => "股份有限公司(非上市、自然人投资或控股)",
        955..970 => "有限责任公司(外商投资、非独资)",
        970..980 => "有限责任公司(国有独资)",
        _ => "有限责任公司分公司",
    }
}

/// In 万元, larger for larger staff.
fn capital(random: &mut Random, of: &Enterprise<'_>) -> i64 {
    let staff = of.accounts.staff_now.max(1) as u64;
    let step = match of.kind {
        Kind::SelfEmployed => random.below(7) as usize,
        _ => 3 + staff.ilog2() as usize + random.below(9) as usize,
    };
    CAPITALS[step.min(CAPITALS.len() - 1)]
}

/// Months of `year` in which an enterprise founded on a day existed.
fn months_in(founded: NaiveDate, year: i32) -> i64 {
    match founded.year().cmp(&year) {
        std::cmp::Ordering::Less => 12,
        std::cmp::Ordering::Equal => 13 - i64::from(founded.month()),
        std::cmp::Ordering::Greater => 0,
    }
}
