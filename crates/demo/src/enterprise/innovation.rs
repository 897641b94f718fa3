//! Research: expenses, staff, intellectual property, and whether it carries a 高新技术企业.

use super::{Enterprise, Kind};
use crate::columns::{Column, Row};
use crate::random::{Quantiles, Random};

/// Research expenses, per ten thousand of the revenue.
const INTENSITY: Quantiles = &[
    (0, 30),
    (300_000, 150),
    (600_000, 350),
    (850_000, 650),
    (970_000, 1_400),
    (1_000_000, 4_500),
];
const IP_ONE: Quantiles = &[
    (0, 0),
    (450_000, 0),
    (700_000, 2),
    (900_000, 6),
    (990_000, 30),
    (1_000_000, 300),
];
const IP_TWO: Quantiles = &[
    (0, 0),
    (150_000, 1),
    (500_000, 6),
    (800_000, 16),
    (990_000, 60),
    (1_000_000, 400),
];

/// 5000 万元 and 2 亿元: the research share asked of a 高新技术企业 falls with the revenue.
const HIGH_TECH_REVENUES: [i64; 2] = [50_000_000, 200_000_000];

/// What an enterprise does in research; all zero for most.
#[derive(Default)]
pub(crate) struct Research {
    pub active: bool,
    pub expense: [Option<i64>; 3],
    pub deducted: bool,
    pub staff: i64,
    pub ip_one: i64,
    pub ip_two: i64,
    pub high_tech: bool,
}

impl Research {
    pub fn draw(random: &mut Random, of: &Enterprise<'_>) -> Self {
        if of.kind != Kind::Enterprise || !random.per_mille(active_per_mille(of)) {
            return Self::default();
        }
        let serious = random.per_mille(of.raised(350, 3));
        let mut intensity = random.quantile(INTENSITY);
        if matches!(of.section(), 'I' | 'M') {
            intensity *= 2;
        }
        let mut staff_share = random.between(20, 450);
        let (mut ip_one, ip_two) = (random.quantile(IP_ONE), random.quantile(IP_TWO));
        if serious {
            intensity = intensity.max(random.between(510, 800));
            staff_share = staff_share.max(120);
            ip_one = ip_one.max(1);
        }
        let expense = of.accounts.revenue.map(|revenue| {
            let even = revenue? / 100 * intensity / 100;
            Some(random.share(even, 960, 1140).min(revenue?))
        });
        let employees = of.accounts.staff[0].unwrap_or(0);
        let mut research = Self {
            active: true,
            expense,
            deducted: random.per_mille(800),
            staff: (employees * staff_share + 999) / 1000,
            ip_one,
            ip_two,
            high_tech: false,
        };
        research.high_tech = research.can_be_high_tech(of) && random.per_mille(750);
        research
    }

    /// The main criteria of 国科发火〔2016〕32号: registered for a year, staff, intellectual
    /// property, research share by revenue in each year known.
    fn can_be_high_tech(&self, of: &Enterprise<'_>) -> bool {
        let per_mille = |revenue: i64| match revenue {
            r if r <= HIGH_TECH_REVENUES[0] => 50,
            r if r <= HIGH_TECH_REVENUES[1] => 40,
            _ => 30,
        };
        let years = self.expense.iter().zip(of.accounts.revenue);
        let shares = years.filter_map(|(expense, revenue)| Some((revenue?, (*expense)?)));
        let employees = of.accounts.staff[0].unwrap_or(0);
        of.age_days() > 400
            && self.staff * 10 >= employees
            && (self.ip_one >= 1 || self.ip_two >= 6)
            && of.accounts.revenue[0].is_some_and(|revenue| revenue > 0)
            && shares.clone().all(|(revenue, expense)| {
                i128::from(expense) * 1000 >= i128::from(revenue) * per_mille(revenue)
            })
    }

    /// Research share of a year so many back, per ten thousand.
    pub fn intensity(&self, of: &Enterprise<'_>, back: usize) -> i64 {
        match (self.expense[back], of.accounts.revenue[back]) {
            (Some(expense), Some(revenue)) if revenue > 0 => {
                (i128::from(expense) * 10_000 / i128::from(revenue)) as i64
            }
            _ => 0,
        }
    }
}

fn active_per_mille(of: &Enterprise<'_>) -> u32 {
    let usual = of.class.habit.research;
    let by_size = match of.accounts.staff_now {
        ..5 => usual / 3,
        5..50 => usual,
        _ => usual * 2,
    };
    of.raised(by_size, 3).min(900)
}

/// What 科技 and 税务 send of research.
pub(super) fn write(of: &Enterprise<'_>, research: &Research, row: &mut Row<'_>) {
    let asked = of.kind == Kind::Enterprise && matches!(of.section(), 'C' | 'I' | 'M');
    if !research.active {
        // These are asked every year, and most say none.
        if asked {
            for (back, revenue) in of.accounts.revenue.iter().enumerate() {
                if revenue.is_some() {
                    row.annual(Column::RdExpense, back, 0);
                }
            }
            row.flag(Column::RdDeduction, false);
            row.set(Column::IpOne, 0);
            row.set(Column::IpTwo, 0);
        }
        return;
    }
    for (back, expense) in research.expense.iter().enumerate() {
        if let Some(expense) = expense {
            row.annual(Column::RdExpense, back, expense);
        }
    }
    if of.accounts.staff[0].is_some() {
        row.flag(Column::RdDeduction, research.deducted);
        row.set(Column::TechStaff, research.staff);
    }
    row.set(Column::IpOne, research.ip_one);
    row.set(Column::IpTwo, research.ip_two);
}
