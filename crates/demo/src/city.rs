//! The parameters of a generated city.

use chrono::{Datelike, NaiveDate};
use zhida_standards::division::{self, DivisionCode};

use crate::DemoError;

/// Enterprises that may be asked for at most: the whole country has about 60 million.
pub const ENTERPRISES_MAX: u64 = 60_000_000;

/// Policy items that may be asked for at most.
pub const ITEMS_MAX: u32 = 200_000;

/// What to generate. The default is the demo's: 20,000 enterprises of 济南市 and 300 items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct City {
    /// How many market entities.
    pub enterprises: u64,
    /// How many policy items.
    pub items: u32,
    /// Another seed gives another city.
    pub seed: u64,
    /// The city, or a county or a whole province.
    pub division: DivisionCode,
    /// The day for which the data holds; annual values are of the three years before its year.
    pub reference_date: NaiveDate,
    /// Only 企业; otherwise 企业, 个体工商户 and 农民专业合作社 as 45 : 53 : 2.
    pub only_enterprises: bool,
    /// Divisions outside the city that get some enterprises too, such as those of the shipped
    /// items. A city or province is represented by one county.
    pub elsewhere: Vec<DivisionCode>,
    /// Share of the enterprises that lie in `elsewhere`, per mille; ignored when it is empty.
    pub elsewhere_per_mille: u32,
    /// Names that some enterprises of a place carry, such as those that shipped items ask for.
    pub labels: Vec<Label>,
    /// Write enterprises.csv.gz instead of enterprises.csv.
    pub gzip: bool,
}

/// A free name that enterprises of a place may carry: a development zone, a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// `development_zone` (所在开发区) or `listed_in` (入选名单).
    pub attribute: &'static str,
    /// The name.
    pub value: String,
    /// Where.
    pub division: DivisionCode,
}

impl Default for City {
    fn default() -> Self {
        Self {
            enterprises: 20_000,
            items: 300,
            seed: 1,
            division: DivisionCode::parse("370100").expect("济南市 is a division"),
            reference_date: NaiveDate::from_ymd_opt(2026, 10, 31).expect("a day of the calendar"),
            only_enterprises: true,
            elsewhere: crate::shipped::divisions(),
            elsewhere_per_mille: 150,
            labels: crate::shipped::labels(),
            gzip: false,
        }
    }
}

impl City {
    /// Checks the parameters that do not need the places.
    pub(crate) fn check(&self) -> Result<(), DemoError> {
        if self.items > ITEMS_MAX {
            return Err(DemoError::TooManyItems);
        }
        if self.elsewhere_per_mille > 900 {
            return Err(DemoError::Elsewhere(self.elsewhere_per_mille));
        }
        if !(2010..=2100).contains(&self.reference_date.year()) {
            return Err(DemoError::ReferenceDate(self.reference_date));
        }
        for code in self.elsewhere.iter().chain([&self.division]) {
            if division::get(*code).is_none() {
                return Err(DemoError::Division(code.to_string()));
            }
        }
        Ok(())
    }

    /// The last full year before the reference date, the first of the annual values.
    pub(crate) fn last_year(&self) -> i32 {
        self.reference_date.year() - 1
    }
}
