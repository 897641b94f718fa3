//! Which column means what: headings to attributes, with unit and year read from the heading.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;
use zhida_rules::{Attribute, AttributeIndex, Dictionary, nearest};

use super::ImportError;
use super::heading::{Heading, fold};

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// 统一社会信用代码.
    Code,
    /// 省, as a name or a code.
    Province,
    /// 市.
    City,
    /// 区县 or an address that begins with it.
    Area,
    /// A fact, of a year when the attribute is annual.
    Fact(AttributeIndex, Option<i32>),
    /// Nothing to import.
    Ignored,
}

/// One column of the file.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub heading: String,
    pub target: Target,
    /// What a number in the column is multiplied by, as numerator and denominator.
    pub factor: Option<(i64, i64)>,
}

/// 一列的含义是怎样理解的。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ColumnReport {
    /// 文件里的列名。
    pub column: String,
    /// 作为什么导入：code、province、city、area 或属性标识；不导入的为空。
    pub target: String,
    /// 用中文说明的含义，带单位和年份。
    pub meaning: String,
    /// 不导入的原因；导入的为空。
    pub problem: String,
    /// 可能想写的名称。
    pub suggestions: Vec<String>,
}

/// The columns of a file and how they were understood.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub columns: Vec<Column>,
    pub reports: Vec<ColumnReport>,
    pub code: usize,
}

/// Columns of a file at most.
pub(crate) const COLUMNS_MAX: usize = 1_000;

const CODE_NAMES: &[&str] = &[
    "统一社会信用代码",
    "社会信用代码",
    "统一信用代码",
    "信用代码",
    "统一代码",
    "信用代码证号",
    "纳税人识别号",
    "uscc",
    "code",
    "credit_code",
    "creditcode",
    "unified_code",
    "统一社会信用代码证号",
    "统一社会信用代码/注册号",
];
const PROVINCE_NAMES: &[&str] = &["province", "省", "省份", "所属省份", "所在省", "省级"];
const CITY_NAMES: &[&str] = &[
    "city",
    "市",
    "城市",
    "地市",
    "地级市",
    "所属城市",
    "所在市",
    "市级",
];
const AREA_NAMES: &[&str] = &[
    "area",
    "area_coarse",
    "district",
    "county",
    "区",
    "县",
    "区县",
    "县区",
    "区/县",
    "县(市、区)",
    "县市区",
    "所在区县",
    "地区",
];

/// Reads headings against a dictionary.
pub(crate) struct Mapper<'a> {
    dictionary: &'a Dictionary,
    words: HashMap<String, AttributeIndex>,
    /// Year of annual columns whose heading names none.
    year: i32,
    overrides: &'a [(String, String)],
}

impl<'a> Mapper<'a> {
    pub(crate) fn new(
        dictionary: &'a Dictionary,
        year: i32,
        overrides: &'a [(String, String)],
    ) -> Self {
        let mut words = HashMap::new();
        for index in dictionary.indices() {
            let attribute = dictionary.attribute(index);
            for alias in &attribute.aliases {
                words.entry(fold(alias)).or_insert(index);
            }
        }
        // ids and names go last: they win over another attribute's alias
        for index in dictionary.indices() {
            let attribute = dictionary.attribute(index);
            words.insert(fold(&attribute.id), index);
            words.insert(fold(&attribute.name), index);
        }
        Self {
            dictionary,
            words,
            year,
            overrides,
        }
    }

    /// Whether a row of cells is the heading: it names the column of codes.
    pub(crate) fn is_heading(&self, cells: &[String]) -> bool {
        cells
            .iter()
            .any(|cell| matches!(self.column(cell), Ok((Target::Code, _))))
    }

    /// Understands all headings.
    pub(crate) fn plan(&self, headings: &[String]) -> Result<Plan, ImportError> {
        if headings.len() > COLUMNS_MAX {
            return Err(ImportError::TooManyColumns {
                found: headings.len(),
                max: COLUMNS_MAX,
            });
        }
        for (column, target) in self.overrides {
            self.check_override(headings, column, target)?;
        }
        let (mut columns, mut reports) = (Vec::new(), Vec::new());
        let mut taken: HashMap<Target, usize> = HashMap::new();
        for (position, heading) in headings.iter().enumerate() {
            let (mut target, factor, mut problem) = match self.column(heading) {
                Ok((target, factor)) => (target, factor, String::new()),
                Err(problem) => (Target::Ignored, None, problem),
            };
            if target != Target::Ignored
                && let Some(first) = taken.insert(target, position)
            {
                taken.insert(target, first);
                problem = format!(
                    "与第 {} 列“{}”含义相同，只导入前一列",
                    first + 1,
                    headings[first]
                );
                target = Target::Ignored;
            }
            reports.push(self.report(heading, target, factor, problem));
            columns.push(Column {
                heading: heading.clone(),
                target,
                factor,
            });
        }
        let code = taken.get(&Target::Code).copied();
        let code = code.ok_or_else(|| ImportError::NoCodeColumn {
            headers: joined(headings),
        })?;
        Ok(Plan {
            columns,
            reports,
            code,
        })
    }

    fn check_override(
        &self,
        headings: &[String],
        column: &str,
        target: &str,
    ) -> Result<(), ImportError> {
        let wrong = |reason: String| {
            Err(ImportError::Mapping {
                column: column.into(),
                target: target.into(),
                reason,
            })
        };
        if !headings
            .iter()
            .any(|heading| heading.trim() == column.trim())
        {
            return wrong(format!("文件里没有这一列，表头为：{}", joined(headings)));
        }
        match self.resolve(target, &Heading::read(column)) {
            Ok(_) => Ok(()),
            Err(reason) => wrong(reason),
        }
    }

    /// What a heading means, or why it means nothing here.
    fn column(&self, text: &str) -> Result<(Target, Option<(i64, i64)>), String> {
        let heading = Heading::read(text);
        let chosen = self
            .overrides
            .iter()
            .find(|(column, _)| column.trim() == text.trim());
        if let Some((_, target)) = chosen {
            return self.resolve(target, &heading);
        }
        let whole = fold(text);
        if whole.is_empty() {
            return Ok((Target::Ignored, None));
        }
        for word in [&whole, &heading.word] {
            if let Some(target) = special(word) {
                return Ok((target, None));
            }
            if let Some(index) = self.words.get(word.as_str()) {
                // a name that holds brackets or digits of its own has neither unit nor year
                let plain = Heading::default();
                let heading = if *word == whole && heading.word != whole {
                    &plain
                } else {
                    &heading
                };
                return self.fact(*index, heading);
            }
        }
        Err("字典中没有这个名称，未导入".to_owned())
    }

    /// What a target of the mapping form or command line means, with the heading's unit and year.
    fn resolve(
        &self,
        target: &str,
        heading: &Heading,
    ) -> Result<(Target, Option<(i64, i64)>), String> {
        let target = target.trim();
        if target.is_empty() || target == "-" {
            return Ok((Target::Ignored, None));
        }
        let wanted = Heading::read(target);
        if let Some(special) = special(&wanted.word) {
            return Ok((special, None));
        }
        let index = self
            .words
            .get(&fold(target))
            .or_else(|| self.words.get(&wanted.word));
        let index = index.ok_or_else(|| format!("字典中没有“{target}”"))?;
        let heading = Heading {
            word: wanted.word,
            year: wanted.year.or(heading.year),
            unit: wanted.unit.or_else(|| heading.unit.clone()),
        };
        self.fact(*index, &heading)
    }

    fn fact(
        &self,
        index: AttributeIndex,
        heading: &Heading,
    ) -> Result<(Target, Option<(i64, i64)>), String> {
        let attribute = self.dictionary.attribute(index);
        if attribute.formula.is_some() {
            return Err(format!("“{}”由公式计算，不能导入", attribute.name));
        }
        let year = match (attribute.annual, heading.year) {
            (true, year) => Some(year.unwrap_or(self.year)),
            (false, None) => None,
            (false, Some(year)) => {
                return Err(format!(
                    "“{}”不分年度，而列名写了 {year} 年，未导入",
                    attribute.name
                ));
            }
        };
        let factor = match &heading.unit {
            None => None,
            Some(unit) => super::heading::factor(unit, attribute)?,
        };
        Ok((Target::Fact(index, year), factor))
    }

    fn report(
        &self,
        heading: &str,
        target: Target,
        factor: Option<(i64, i64)>,
        problem: String,
    ) -> ColumnReport {
        let (target, meaning) = match target {
            Target::Code => ("code".to_owned(), "统一社会信用代码".to_owned()),
            Target::Province => (
                "province".to_owned(),
                "省（与市、区县合并为所在区划）".to_owned(),
            ),
            Target::City => (
                "city".to_owned(),
                "市（与省、区县合并为所在区划）".to_owned(),
            ),
            Target::Area => (
                "area".to_owned(),
                "区县（与省、市合并为所在区划）".to_owned(),
            ),
            Target::Ignored => (String::new(), String::new()),
            Target::Fact(index, year) => {
                let attribute = self.dictionary.attribute(index);
                (attribute.id.clone(), meaning(attribute, year, factor))
            }
        };
        let known = self
            .dictionary
            .attributes()
            .iter()
            .filter(|attribute| attribute.formula.is_none());
        let suggestions = match problem.is_empty() {
            true => Vec::new(),
            false => nearest(
                &Heading::read(heading).word,
                known.map(|a| a.name.as_str()),
                3,
            ),
        };
        ColumnReport {
            column: heading.to_owned(),
            target,
            meaning,
            problem,
            suggestions: suggestions.into_iter().map(str::to_owned).collect(),
        }
    }
}

fn meaning(attribute: &Attribute, year: Option<i32>, factor: Option<(i64, i64)>) -> String {
    let mut text = attribute.name.clone();
    if let Some(year) = year {
        text = format!("{year} 年{text}");
    }
    match factor {
        Some((by, 1)) if by != 1 => text.push_str(&format!(
            "（数值乘以 {by}，以{}计）",
            attribute.unit.as_deref().unwrap_or_default()
        )),
        Some((1, by)) if by != 1 => text.push_str(&format!("（数值除以 {by}）")),
        _ => {}
    }
    text
}

fn special(word: &str) -> Option<Target> {
    let is_in = |names: &[&str]| names.iter().any(|name| fold(name) == word);
    if is_in(CODE_NAMES) {
        Some(Target::Code)
    } else if is_in(PROVINCE_NAMES) {
        Some(Target::Province)
    } else if is_in(CITY_NAMES) {
        Some(Target::City)
    } else if is_in(AREA_NAMES) {
        Some(Target::Area)
    } else {
        None
    }
}

fn joined(headings: &[String]) -> String {
    let mut text = headings
        .iter()
        .take(30)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("、");
    if headings.len() > 30 {
        text.push('…');
    }
    text.chars().take(600).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(headings: &[&str], overrides: &[(&str, &str)]) -> Plan {
        let dictionary = Dictionary::shipped();
        let overrides: Vec<(String, String)> = overrides
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        let headings: Vec<String> = headings.iter().map(|text| (*text).to_owned()).collect();
        let mapper = Mapper::new(dictionary, 2025, &overrides);
        mapper
            .plan(&headings)
            .expect("the headings hold a column of codes")
    }

    fn meanings(headings: &[&str]) -> Vec<(String, String)> {
        let plan = understood(headings, &[]);
        let reports = plan.reports.into_iter().skip(1);
        reports
            .map(|report| (report.meaning, report.problem))
            .collect()
    }

    #[test]
    fn units_and_years_are_read_from_headings() {
        let found = meanings(&[
            "USCC",
            "注册资本(万元)",
            "capital_10k2",
            "营业收入2024",
            "2023年度营业收入（万元）",
            "revenue@2022",
            "资产总额",
            "从业人员(人)",
            "企业(机构)名称",
            "研发强度(%)",
            "高新技术企业2024",
            "出口额(万元)",
            "出口额(万美元)",
        ]);
        let meaning: Vec<&str> = found.iter().map(|(meaning, _)| meaning.as_str()).collect();
        assert_eq!(
            meaning,
            [
                "注册资本（数值乘以 10000，以元计）",
                "",
                "2024 年营业收入",
                "2023 年营业收入（数值乘以 10000，以元计）",
                "2022 年营业收入",
                "2025 年资产总额",
                "2025 年从业人数",
                "企业名称",
                "",
                "",
                "",
                "2025 年出口额（数值乘以 10000，以美元计）",
            ]
        );
        assert!(found[8].1.contains("由公式计算"), "{found:?}");
        assert!(found[9].1.contains("不分年度"), "{found:?}");
        assert!(found[10].1.contains("单位"), "{found:?}");
    }

    #[test]
    fn the_shandong_headings_are_all_understood_but_one() {
        let plan = understood(
            &[
                "name",
                "uscc",
                "registered_on",
                "entity_type",
                "capital_10k",
                "currency",
                "business_scope",
                "province",
                "city",
                "area_coarse",
                "uscc_valid",
            ],
            &[],
        );
        let unmapped: Vec<&str> = plan
            .reports
            .iter()
            .filter(|r| r.target.is_empty())
            .map(|r| r.column.as_str())
            .collect();
        assert_eq!(unmapped, ["uscc_valid"]);
        assert_eq!(plan.columns[4].factor, Some((10_000, 1)));
        assert_eq!(plan.code, 1);
    }

    #[test]
    fn unknown_headings_get_suggestions_and_twins_are_refused() {
        let plan = understood(&["信用代码", "营收收入", "注册资金", "注册资本"], &[]);
        assert_eq!(plan.reports[1].suggestions[0], "营业收入");
        assert!(
            plan.reports[3].problem.contains("与第 3 列"),
            "{:?}",
            plan.reports[3]
        );
    }

    #[test]
    fn a_mapping_overrides_the_name_and_keeps_unit_and_year() {
        let plan = understood(
            &["代号", "流水2024(万元)", "备注"],
            &[
                ("代号", "code"),
                ("流水2024(万元)", "营业收入"),
                ("备注", "-"),
            ],
        );
        let revenue = Dictionary::shipped().find("revenue").expect("shipped");
        assert_eq!(plan.columns[1].target, Target::Fact(revenue, Some(2024)));
        assert_eq!(plan.columns[1].factor, Some((10_000, 1)));
        assert_eq!(plan.columns[2].target, Target::Ignored);
    }

    #[test]
    fn a_file_without_codes_names_its_headings() {
        let mapper = Mapper::new(Dictionary::shipped(), 2025, &[]);
        let error = mapper
            .plan(&["名称".to_owned(), "地址".to_owned()])
            .expect_err("no code");
        assert!(error.to_string().contains("名称、地址"), "{error}");
    }
}
