//! The columns of enterprises.csv: attributes of the dictionary, annual ones once for each year.

use std::fmt::{Display, Write};

use chrono::NaiveDate;
use zhida_rules::Dictionary;

use crate::enterprise::extras;

/// Heading of the first column, the key.
pub(crate) const CODE_HEADING: &str = "统一社会信用代码";

/// A column that the model fills.
pub(crate) struct Spec {
    /// Attribute id of the shipped dictionary.
    pub id: &'static str,
    /// Years for which there are values; 0 when the attribute is not annual.
    pub years: u32,
    /// Rows in which nobody sent the value, per mille, for large enterprises and for micro ones.
    pub unknown: [u32; 2],
}

macro_rules! columns {
    ($($column:ident $id:literal $years:literal [$large:literal $micro:literal];)+) => {
        /// A column that the model fills, by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Column { $($column),+ }
        pub(crate) static SPECS: &[Spec] =
            &[$(Spec { id: $id, years: $years, unknown: [$large, $micro] }),+];
    };
}

columns! {
    Name "name" 0 [0 0];
    EntityType "entity_type" 0 [0 0];
    SubjectClass "subject_class" 0 [0 0];
    LegalPerson "legal_person" 0 [0 0];
    RegisteredOn "registered_on" 0 [0 0];
    RegisteredCapital "registered_capital" 0 [0 60];
    CapitalCurrency "capital_currency" 0 [0 60];
    RegistrationStatus "registration_status" 0 [0 0];
    Division "division" 0 [0 0];
    Zone "development_zone" 0 [50 300];
    Industry "industry" 0 [0 30];
    Scope "business_scope" 0 [0 0];
    RegistrationAuthority "registration_authority" 0 [0 0];
    Size "size" 0 [10 150];
    Employees "employees" 4 [20 350];
    Revenue "revenue" 3 [20 300];
    MainRevenue "main_revenue" 1 [60 550];
    Assets "assets" 2 [30 380];
    Liabilities "liabilities" 1 [60 500];
    NetProfit "net_profit" 1 [50 450];
    TotalProfit "total_profit" 1 [40 400];
    TaxableIncome "taxable_income" 1 [40 330];
    TaxPaid "tax_paid" 1 [20 250];
    VatPaid "vat_paid" 1 [30 300];
    MinorTaxes "minor_taxes" 1 [60 400];
    LocalContribution "local_fiscal_contribution" 1 [150 600];
    CostTotal "cost_total" 1 [80 600];
    IndustrialOutput "industrial_output" 2 [40 500];
    RetailSales "retail_sales" 2 [60 520];
    CateringTurnover "catering_turnover" 2 [60 520];
    VatSmall "vat_small_taxpayer" 0 [10 120];
    QuarterlySales "quarterly_sales" 0 [200 400];
    Restricted "restricted_industry" 0 [50 250];
    RdExpense "rd_expense" 3 [20 400];
    RdDeduction "rd_deduction" 1 [20 350];
    TechStaff "tech_staff" 1 [60 500];
    IpOne "ip_class_one" 0 [30 300];
    IpTwo "ip_class_two" 0 [40 350];
    Insured "insured" 2 [10 280];
    UnemploymentPremium "unemployment_premium" 1 [20 320];
    UnemploymentMonths "unemployment_months" 0 [60 380];
    NewClaimants "new_claimants" 1 [30 350];
    HighTech "high_tech" 0 [0 0];
    HighTechOn "high_tech_on" 0 [20 60];
    TechSme "tech_sme" 0 [0 0];
    InnovativeSme "innovative_sme" 0 [0 0];
    SpecialisedSme "specialised_sme" 0 [0 0];
    LittleGiant "little_giant" 0 [0 0];
    Champion "champion" 0 [0 0];
    Gazelle "gazelle" 0 [0 0];
    Unicorn "unicorn" 0 [0 0];
    GreenFactory "green_factory" 0 [0 0];
    SoftwareEnterprise "software_enterprise" 0 [0 0];
    AboveScale "above_scale" 0 [0 0];
    AboveQuota "above_quota" 0 [0 0];
    FirstSet "first_set_equipment" 0 [0 0];
    NewQualifications "new_qualifications" 3 [0 0];
    SeriousDishonesty "serious_dishonesty" 0 [0 0];
    DishonestDebtor "dishonest_debtor" 0 [0 0];
    AbnormalOperation "abnormal_operation" 0 [0 0];
    MajorAccident "major_accident" 0 [0 0];
    ResearchMisconduct "research_misconduct" 0 [0 0];
    TaxArrears "tax_arrears" 0 [0 0];
    LabourDispatcher "labour_dispatcher" 0 [0 0];
}

/// The order of the cells in a line.
pub(crate) struct Layout {
    /// First cell of each column of the model, then of each extra one.
    starts: Vec<usize>,
    cells: usize,
    header: String,
}

impl Layout {
    /// The columns for a city whose last full year is `last_year`.
    pub fn new(dictionary: &Dictionary, last_year: i32) -> Self {
        let ids = SPECS
            .iter()
            .map(|spec| (spec.id, spec.years))
            .chain(extras::all().map(|extra| (extra.id, extra.years)));
        let mut layout = Self {
            starts: Vec::new(),
            cells: 1,
            header: CODE_HEADING.to_owned(),
        };
        for (id, years) in ids {
            let index = dictionary
                .find(id)
                .expect("a test checks every id against the dictionary");
            let name = &dictionary.attribute(index).name;
            layout.starts.push(layout.cells);
            layout.cells += years.max(1) as usize;
            let mut heading = |text: &dyn Display| {
                write!(layout.header, ",{text}").expect("a string takes every write");
            };
            match years {
                0 => heading(name),
                _ => {
                    let first = first_year(id, last_year);
                    (0..years as i32).for_each(|back| heading(&format!("{name}{}", first - back)));
                }
            }
        }
        layout
    }

    /// The header line without its end.
    pub fn header(&self) -> &str {
        &self.header
    }
}

/// Registers of qualifications and staff run up to the reference date, accounts to the end of the
/// year before.
fn first_year(id: &str, last_year: i32) -> i32 {
    match id {
        "new_qualifications" | "employees" => last_year + 1,
        _ => last_year,
    }
}

/// One line in the making: cells are set in any order and written in the layout's.
pub(crate) struct Row<'a> {
    layout: &'a Layout,
    text: String,
    spans: Vec<(u32, u32)>,
    unknown: [bool; SPECS.len()],
}

impl<'a> Row<'a> {
    pub fn new(layout: &'a Layout) -> Self {
        Self {
            layout,
            text: String::with_capacity(2048),
            spans: vec![(0, 0); layout.cells],
            unknown: [false; SPECS.len()],
        }
    }

    /// Empties the row for the next enterprise.
    pub fn clear(&mut self) {
        self.text.clear();
        self.spans.fill((0, 0));
        self.unknown = [false; SPECS.len()];
    }

    /// Says that nobody sent a column: what is set there is left out.
    pub fn hide(&mut self, column: usize) {
        self.unknown[column] = true;
    }

    fn put(&mut self, cell: usize, value: impl Display) {
        let start = self.text.len() as u32;
        write!(self.text, "{value}").expect("a string takes every write");
        self.spans[cell] = (start, self.text.len() as u32);
    }

    /// The enterprise's code.
    pub fn code(&mut self, code: impl Display) {
        self.put(0, code);
    }

    /// A value that is not annual.
    pub fn set(&mut self, column: Column, value: impl Display) {
        self.annual(column, 0, value);
    }

    /// The value of the year so many before the column's first.
    pub fn annual(&mut self, column: Column, back: usize, value: impl Display) {
        if !self.unknown[column as usize] {
            self.put(self.layout.starts[column as usize] + back, value);
        }
    }

    /// 是 or 否.
    pub fn flag(&mut self, column: Column, value: bool) {
        self.set(column, yes_no(value));
    }

    /// 是, or nothing: registers name their members only.
    pub fn member(&mut self, column: Column, value: bool) {
        if value {
            self.set(column, "是");
        }
    }

    /// A day.
    pub fn day(&mut self, column: Column, day: NaiveDate) {
        self.set(column, day);
    }

    /// The value of an extra column, by its position among them.
    pub fn extra(&mut self, position: usize, back: usize, value: impl Display) {
        self.put(self.layout.starts[SPECS.len() + position] + back, value);
    }

    /// Appends the line.
    pub fn write(&self, out: &mut Vec<u8>) {
        for (cell, &(start, end)) in self.spans.iter().enumerate() {
            if cell > 0 {
                out.push(b',');
            }
            let text = &self.text[start as usize..end as usize];
            if text.contains(['"', ',', '\n', '\r']) {
                out.extend(format!("\"{}\"", text.replace('"', "\"\"")).as_bytes());
            } else {
                out.extend(text.as_bytes());
            }
        }
        out.push(b'\n');
    }
}

pub(crate) fn yes_no(value: bool) -> &'static str {
    if value { "是" } else { "否" }
}
