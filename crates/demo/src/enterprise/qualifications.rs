//! Lists of qualifications and of bad credit. Their registers are complete: an enterprise that is
//! not named does not have it.

use chrono::{Datelike, Days, NaiveDate};
use zhida_standards::above_scale::{self, ScaleFacts, ScaleResult};
use zhida_standards::size::Size;

use super::{Enterprise, Kind, Research};
use crate::columns::{Column, Row};
use crate::random::Random;

/// Distinctions of 高新技术企业 in a year, per mille; `true` for those of manufacturing.
const DISTINCTIONS: &[(u32, &str, bool)] = &[
    (20, "国家级创新型企业", false),
    (50, "市级创新型企业", false),
    (50, "区级创新型企业", false),
    (25, "省级首版次软件", false),
    (40, "名优高新技术产品", false),
    (10, "省级未来工厂", true),
    (20, "省级智能工厂", true),
    (30, "市级智能工厂", true),
    (30, "省级数字化车间", true),
    (50, "市级数字化车间", true),
    (15, "单项冠军产品", true),
    (5, "国家级制造业创新中心", true),
    (10, "省级制造业创新中心", true),
    (5, "国家级技术创新中心", false),
    (8, "国家地方联合工程研究中心", false),
];

/// New qualifications of the reference year and of the two years before.
struct Fresh {
    this_year: i32,
    lists: [Vec<&'static str>; 3],
}

impl Fresh {
    /// This year or one of so many before.
    fn year(&self, random: &mut Random, back: i64) -> i32 {
        self.this_year - random.between(0, back) as i32
    }

    fn add(&mut self, year: i32, name: &'static str) {
        if let Some(list) = usize::try_from(self.this_year - year)
            .ok()
            .and_then(|i| self.lists.get_mut(i))
        {
            list.push(name);
        }
    }
}

pub(super) fn write(
    random: &mut Random,
    of: &Enterprise<'_>,
    research: &Research,
    row: &mut Row<'_>,
) {
    let this_year = of.last_year + 1;
    let mut fresh = Fresh {
        this_year,
        lists: [Vec::new(), Vec::new(), Vec::new()],
    };
    if of.kind == Kind::Enterprise {
        scale(random, of, row, &mut fresh);
        if research.high_tech {
            high_tech(random, of, row, &mut fresh);
        }
        if research.active {
            gradient(random, of, research, row, &mut fresh);
        }
        industry(random, of, research, row);
    }
    credit(random, of, research, row);
    for (back, list) in fresh.lists.iter().enumerate() {
        if !list.is_empty() {
            row.annual(Column::NewQualifications, back, list.join("、"));
        }
    }
}

fn scale(random: &mut Random, of: &Enterprise<'_>, row: &mut Row<'_>, fresh: &mut Fresh) {
    let above = |revenue: Option<i64>| {
        let facts = ScaleFacts {
            revenue: revenue.map(|yuan| yuan * 100),
            construction_qualification: Some(of.accounts.staff_now >= 20),
            development_activity: Some(of.accounts.staff_now >= 10),
        };
        matches!(
            above_scale::classify(of.class.industry.code, &facts),
            ScaleResult::Above { .. }
        )
    };
    if !of.accounts.revenue[0].is_some_and(|revenue| above(Some(revenue))) || !random.per_mille(960)
    {
        return;
    }
    let trade = matches!(of.section(), 'F' | 'H');
    row.member(Column::AboveScale, true);
    row.member(Column::AboveQuota, trade);
    let before = of.accounts.revenue[1].is_some_and(|revenue| above(Some(revenue)));
    // A new member of the list elsewhere, for the items that reward it.
    if !before || (!of.seat.home && random.per_mille(250)) {
        let name = if trade {
            "首次纳统限上"
        } else {
            "首次入规"
        };
        fresh.add(fresh.year(random, 1), name);
        if of.section() == 'C' && of.age_days() < 1100 {
            fresh.add(fresh.this_year, "新投产入规");
        }
    }
}

fn high_tech(random: &mut Random, of: &Enterprise<'_>, row: &mut Row<'_>, fresh: &mut Fresh) {
    // Certificates hold three years; the first comes a year after the founding at the earliest.
    let longest = if of.seat.home { 1090 } else { 900 };
    let back = random.between(20, longest.min(of.age_days() - 370));
    let on = days_before(of.today, back);
    row.member(Column::HighTech, true);
    row.day(Column::HighTechOn, on);
    let kind = match of.age_days() - back {
        ..1800 => "高企首次认定",
        _ if random.per_mille(40) => "高企整体迁入",
        _ => "高企重新认定",
    };
    fresh.add(on.year(), kind);
}

/// The gradient of good small enterprises: 科技型 and 创新型, 专精特新, 小巨人.
fn gradient(
    random: &mut Random,
    of: &Enterprise<'_>,
    research: &Research,
    row: &mut Row<'_>,
    fresh: &mut Fresh,
) {
    let (Some(revenue), Some(staff), Some(assets)) = (
        of.accounts.revenue[0],
        of.accounts.staff[0],
        of.accounts.assets[0],
    ) else {
        return;
    };
    let sme = of.size.is_some_and(|size| size != Size::Large);
    let intense = (0..2).all(|back| research.intensity(of, back) >= 300);
    let mut expenses = research.expense[..2].iter().flatten();
    let enough = expenses.all(|expense| *expense >= 1_000_000);
    let sound = of.accounts.main >= 800 && of.accounts.debt <= 800 && of.age_days() >= 3 * 365;
    let small = staff <= 500 && revenue <= 200_000_000 && assets <= 200_000_000;
    let tech = small && research.staff * 10 >= staff && intense;
    row.member(Column::TechSme, tech && random.per_mille(700));
    let innovative = sme && research.ip_one >= 1;
    row.member(
        Column::InnovativeSme,
        innovative && random.per_mille(of.raised(250, 3)),
    );
    let may = innovative && revenue >= 15_000_000 && sound && enough && intense;
    let specialised = may && random.per_mille(of.raised(550, 2));
    row.member(Column::SpecialisedSme, specialised);
    if specialised {
        fresh.add(fresh.year(random, 4), "省级专精特新");
    }
    let may = specialised && revenue >= 50_000_000 && research.ip_one >= 4;
    let giant = may && random.per_mille(of.raised(250, 3));
    row.member(Column::LittleGiant, giant);
    if giant {
        fresh.add(fresh.year(random, 3), "国家级小巨人");
    }
    leaders(random, of, research, revenue, (row, fresh));
}

/// 单项冠军, 瞪羚, 独角兽, and distinctions of a single year.
fn leaders(
    random: &mut Random,
    of: &Enterprise<'_>,
    research: &Research,
    revenue: i64,
    (row, fresh): (&mut Row<'_>, &mut Fresh),
) {
    let maker = of.section() == 'C';
    let champion = maker && revenue >= 400_000_000 && random.per_mille(of.raised(60, 5));
    row.member(Column::Champion, champion);
    if champion {
        fresh.add(fresh.year(random, 3), "单项冠军企业");
    }
    let growing = of.accounts.revenue[2].is_some_and(|before| revenue >= before / 10 * 14);
    let may = growing && research.high_tech && revenue >= 10_000_000;
    let gazelle = may && random.per_mille(of.raised(350, 2));
    row.member(Column::Gazelle, gazelle);
    if gazelle {
        let first = random.per_mille(700);
        let kind = if first {
            "瞪羚企业首次评价"
        } else {
            "瞪羚企业复评"
        };
        fresh.add(fresh.year(random, 2), kind);
    }
    let unicorn = gazelle && revenue >= 100_000_000 && random.per_mille(of.raised(30, 10));
    row.member(Column::Unicorn, unicorn);
    if unicorn {
        fresh.add(fresh.year(random, 2), "独角兽榜单首次入选");
    }
    for (per_mille, name, makers) in DISTINCTIONS {
        let may = research.high_tech && (!makers || maker);
        if may && random.per_mille(of.raised(*per_mille, 8)) {
            fresh.add(fresh.year(random, 1), name);
        }
    }
}

fn industry(random: &mut Random, of: &Enterprise<'_>, research: &Research, row: &mut Row<'_>) {
    let maker = of.section() == 'C';
    let large = of.accounts.revenue[0].unwrap_or(0) >= 20_000_000;
    row.member(Column::GreenFactory, maker && large && random.per_mille(40));
    let software = of.division() == "I65" && research.active;
    row.member(
        Column::SoftwareEnterprise,
        software && random.per_mille(of.raised(350, 2)),
    );
    let equipment = matches!(
        of.division(),
        "C34" | "C35" | "C36" | "C37" | "C38" | "C39" | "C40"
    );
    row.member(
        Column::FirstSet,
        equipment && research.high_tech && random.per_mille(60),
    );
    let dispatch = of.class.industry.name.contains("劳务派遣");
    row.member(Column::LabourDispatcher, dispatch && random.per_mille(700));
}

fn credit(random: &mut Random, of: &Enterprise<'_>, research: &Research, row: &mut Row<'_>) {
    let micro = of.size == Some(Size::Micro) || of.size.is_none();
    let small = if micro { 2 } else { 1 };
    row.member(Column::SeriousDishonesty, random.per_mille(small));
    row.member(Column::DishonestDebtor, random.per_mille(4 * small));
    row.member(Column::AbnormalOperation, random.per_mille(16 * small));
    row.member(Column::TaxArrears, random.per_mille(3 * small));
    row.member(Column::MajorAccident, random.per_mille(1));
    row.member(
        Column::ResearchMisconduct,
        research.active && random.per_mille(1),
    );
}

fn days_before(day: NaiveDate, days: i64) -> NaiveDate {
    day.checked_sub_days(Days::new(days.max(0) as u64))
        .expect("the reference date is after 2010, no fact older than a hundred years")
}
