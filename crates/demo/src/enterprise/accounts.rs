//! Staff, revenue, assets, profit, taxes and insurance of up to three years.

use chrono::NaiveDate;

use super::{Enterprise, Kind, Research, months_in};
use crate::columns::{Column, Row};
use crate::industries::Class;
use crate::random::{Quantiles, Random};

const STAFF: Quantiles = &[
    (0, 1),
    (200_000, 2),
    (400_000, 4),
    (600_000, 7),
    (750_000, 12),
    (850_000, 22),
    (920_000, 45),
    (960_000, 90),
    (980_000, 160),
    (990_000, 290),
    (997_000, 800),
    (999_500, 3_500),
    (1_000_000, 20_000),
];
const STAFF_SELF_EMPLOYED: Quantiles = &[
    (0, 1),
    (500_000, 2),
    (800_000, 3),
    (950_000, 7),
    (1_000_000, 30),
];
const STAFF_COOPERATIVE: Quantiles = &[(0, 5), (500_000, 7), (900_000, 20), (1_000_000, 150)];

/// Revenue a head, per mille of what is usual in the industry.
const PRODUCTIVITY: Quantiles = &[
    (0, 20),
    (80_000, 150),
    (250_000, 500),
    (500_000, 1_000),
    (750_000, 1_900),
    (900_000, 3_600),
    (990_000, 11_000),
    (1_000_000, 40_000),
];

/// Growth of revenue against the year before, per mille.
const GROWTH: Quantiles = &[
    (0, -600),
    (100_000, -200),
    (300_000, -30),
    (500_000, 50),
    (700_000, 130),
    (850_000, 300),
    (950_000, 700),
    (1_000_000, 2_500),
];

/// Assets, per mille of what is usual for the revenue.
const CAPITAL_INTENSITY: Quantiles = &[
    (0, 200),
    (250_000, 600),
    (500_000, 1_000),
    (750_000, 1_600),
    (950_000, 3_500),
    (1_000_000, 9_000),
];

/// Liabilities, per mille of the assets.
const DEBT: Quantiles = &[
    (0, 30),
    (200_000, 250),
    (500_000, 480),
    (800_000, 680),
    (950_000, 850),
    (1_000_000, 1_150),
];

/// Profit before tax, per mille of the revenue.
const MARGIN: Quantiles = &[
    (0, -600),
    (100_000, -80),
    (250_000, 5),
    (500_000, 35),
    (750_000, 80),
    (950_000, 180),
    (1_000_000, 380),
];

/// The figures that other figures follow from; position 0 is the last full year. Yuan, persons.
pub(crate) struct Accounts {
    /// Staff on the reference date.
    pub staff_now: i64,
    pub staff: [Option<i64>; 3],
    pub revenue: [Option<i64>; 3],
    pub assets: [Option<i64>; 2],
    /// Liabilities, per mille of the assets.
    pub debt: i64,
    /// 主营业务收入, per mille of the revenue.
    pub main: i64,
}

impl Accounts {
    pub fn draw(
        random: &mut Random,
        kind: Kind,
        class: &Class,
        home: bool,
        founded: NaiveDate,
        last_year: i32,
    ) -> Self {
        let habit = class.habit;
        let staff_now = staff(random, kind, habit.staff, home);
        let dormant = random.per_mille(if home { 60 } else { 0 });
        let mut productivity = if dormant {
            0
        } else {
            random.quantile(PRODUCTIVITY)
        };
        if !home {
            productivity = productivity.max(random.quantile(PRODUCTIVITY));
        }
        let full_year = staff_now * habit.per_head * productivity;
        let growths = [random.quantile(GROWTH), random.quantile(GROWTH)];
        let intensity = random.quantile(CAPITAL_INTENSITY);
        let cash = random.skewed(5_000, 400_000);
        let mut accounts = Self {
            staff_now,
            staff: [None; 3],
            revenue: [None; 3],
            assets: [None; 2],
            debt: random.quantile(DEBT),
            main: 1000 - random.skewed(0, 400),
        };
        // Nobody turns over whole hundreds.
        let (mut revenue, mut staff) = (full_year + random.between(0, 99), staff_now);
        if dormant {
            revenue = 0;
        }
        for year in 0..3 {
            let months = months_in(founded, last_year - year as i32);
            if months == 0 {
                break;
            }
            accounts.revenue[year] = Some(revenue * months / 12);
            accounts.staff[year] = Some(staff);
            if let Some(assets) = accounts.assets.get_mut(year) {
                *assets = Some(revenue / 1000 * habit.assets / 1000 * intensity + cash);
            }
            let growth = growths.get(year).copied().unwrap_or(0);
            revenue = revenue * 1000 / (1000 + growth);
            staff = (staff * 1000 / (1000 + growth / 3)).max(1);
        }
        accounts
    }
}

fn staff(random: &mut Random, kind: Kind, per_cent: i64, home: bool) -> i64 {
    let drawn = match kind {
        Kind::Enterprise if home => random.quantile(STAFF),
        // One in three: few places have more than some dozens, and items are for the larger ones.
        Kind::Enterprise => (0..3).map(|_| random.quantile(STAFF)).max().unwrap_or(1),
        Kind::SelfEmployed => return random.quantile(STAFF_SELF_EMPLOYED),
        Kind::Cooperative => return random.quantile(STAFF_COOPERATIVE),
    };
    (drawn * per_cent / 100).max(1)
}

/// What statistics, tax and social insurance send.
pub(super) fn write(
    random: &mut Random,
    of: &Enterprise<'_>,
    research: &Research,
    row: &mut Row<'_>,
) {
    let accounts = &of.accounts;
    let mut years = |column, values: &[Option<i64>]| {
        for (back, value) in values.iter().enumerate() {
            if let Some(value) = value {
                row.annual(column, back, value);
            }
        }
    };
    let [last, before, first] = accounts.staff;
    years(
        Column::Employees,
        &[Some(accounts.staff_now), last, before, first],
    );
    years(Column::Revenue, &accounts.revenue);
    if of.kind != Kind::SelfEmployed {
        years(Column::Assets, &accounts.assets);
    }
    sector_years(of, &mut years);
    let Some(revenue) = accounts.revenue[0] else {
        return;
    };
    row.flag(Column::VatSmall, revenue <= 5_000_000);
    row.set(Column::QuarterlySales, random.share(revenue / 4, 600, 1400));
    row.flag(Column::Restricted, random.per_mille(8));
    insurance(random, of, row);
    if of.kind == Kind::Enterprise {
        profit_and_tax(random, of, research, revenue, row);
    }
}

/// Figures that only some industries have, in the proportion to the revenue that is usual there.
fn sector_years(of: &Enterprise<'_>, years: &mut impl FnMut(Column, &[Option<i64>])) {
    let revenue = &of.accounts.revenue[..2];
    let main = of.accounts.main;
    let part = |share: i64| [0, 1].map(|year: usize| revenue[year].map(|r| r / 1000 * share));
    match (of.section(), of.division()) {
        ('B' | 'C' | 'D', _) => years(Column::IndustrialOutput, &part(main + 30)),
        (_, "F52") => years(Column::RetailSales, &part(main)),
        (_, "F51") => years(Column::RetailSales, &part((1000 - main) / 2)),
        ('H', _) => years(Column::CateringTurnover, &part(main)),
        _ => {}
    }
}

fn insurance(random: &mut Random, of: &Enterprise<'_>, row: &mut Row<'_>) {
    let share = match of.kind {
        Kind::Enterprise => random.between(350, 1000),
        _ => random.between(0, 600),
    };
    let insured = of
        .accounts
        .staff
        .map(|staff| staff.map(|staff| staff * share / 1000));
    for (back, insured) in insured.into_iter().take(2).enumerate() {
        if let Some(insured) = insured {
            row.annual(Column::Insured, back, insured);
        }
    }
    let Some(insured) = insured[0] else { return };
    // One per cent of a wage of 42,000 to 96,000 yuan a year.
    row.set(
        Column::UnemploymentPremium,
        insured * random.between(420, 960),
    );
    let months = of.age_days() / 31;
    let paid = if random.per_mille(850) {
        months
    } else {
        random.between(0, months)
    };
    row.set(
        Column::UnemploymentMonths,
        if insured == 0 { 0 } else { paid.min(300) },
    );
    let left = if random.per_mille(700) {
        0
    } else {
        random.skewed(0, 150)
    };
    row.set(Column::NewClaimants, insured * left / 1000);
}

fn profit_and_tax(
    random: &mut Random,
    of: &Enterprise<'_>,
    research: &Research,
    revenue: i64,
    row: &mut Row<'_>,
) {
    let assets = of.accounts.assets[0].unwrap_or(0);
    let profit = revenue * random.quantile(MARGIN) / 1000;
    let deducted = if research.deducted {
        research.expense[0].unwrap_or(0)
    } else {
        0
    };
    let taxable = (random.share(profit, 950, 1100) - deducted).max(0);
    let staff = of.accounts.staff[0].unwrap_or(0);
    let small = taxable <= 3_000_000 && staff <= 300 && assets <= 50_000_000;
    let per_mille = match (small, research.high_tech) {
        (true, _) => 50,
        (false, true) => 150,
        (false, false) => 250,
    };
    let income_tax = taxable * per_mille / 1000;
    let vat = random.share(revenue, 3, if revenue <= 5_000_000 { 10 } else { 42 });
    let minor = random.share(vat, 90, 180) + random.share(revenue, 0, 2);
    let paid = vat + income_tax + minor;
    row.set(Column::MainRevenue, revenue / 1000 * of.accounts.main);
    row.set(Column::Liabilities, assets * of.accounts.debt / 1000);
    row.set(Column::TotalProfit, profit);
    row.set(Column::NetProfit, profit - income_tax);
    row.set(Column::TaxableIncome, taxable);
    row.set(Column::VatPaid, vat);
    row.set(Column::MinorTaxes, minor);
    row.set(Column::TaxPaid, paid);
    row.set(Column::LocalContribution, random.share(paid, 250, 450));
    row.set(Column::CostTotal, revenue - profit);
}
