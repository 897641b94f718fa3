//! One row read into facts, or the reasons why not.

use std::collections::HashMap;

use zhida_rules::{
    Attribute, AttributeIndex, Dictionary, FactKey, Kind, Number, Value, ValueError,
};
use zhida_standards::division::{self, DivisionCode, Level};
use zhida_standards::uscc::{Uscc, UsccError};

use super::header::{Plan, Target};
use super::rejects::Fault;
use super::source::RawRow;

/// A row that may be stored.
#[derive(Debug, Clone)]
pub(crate) struct Parsed {
    pub row: u64,
    pub code: Uscc,
    pub facts: Vec<(FactKey, Value)>,
    pub cells: Vec<String>,
}

/// A row that may not.
#[derive(Debug, Clone)]
pub(crate) struct Rejected {
    pub row: u64,
    pub faults: Vec<Fault>,
    pub cells: Vec<String>,
}

/// What cells hold when nothing is known.
const BLANKS: &[&str] = &[
    "-", "--", "—", "——", "/", "\\", "\\N", "N/A", "n/a", "#N/A", "NULL", "null", "None", "暂无",
    "不详",
];
/// Divisions remembered by their three names.
const PLACES_MAX: usize = 100_000;
/// Reasons named for one row at most.
const FAULTS_MAX: usize = 5;

/// How the number cells of a column are read.
struct NumberColumn {
    /// The attribute without its bounds: they hold for the product, not for the cell.
    loose: Attribute,
    factor: Number,
}

/// Reads rows by a plan.
pub(crate) struct RowReader<'a> {
    dictionary: &'a Dictionary,
    plan: &'a Plan,
    numbers: Vec<Option<NumberColumn>>,
    province: Option<usize>,
    city: Option<usize>,
    area: Option<usize>,
    division: Option<AttributeIndex>,
    division_column: Option<usize>,
    capital: Option<usize>,
    currency: Option<usize>,
    name: Option<AttributeIndex>,
    places: HashMap<[String; 3], Option<DivisionCode>>,
    seen: HashMap<Uscc, u64>,
    /// Things not imported although the row was, with how often.
    pub notes: HashMap<String, u64>,
}

impl<'a> RowReader<'a> {
    pub(crate) fn new(dictionary: &'a Dictionary, plan: &'a Plan) -> Self {
        let at = |target| {
            plan.columns
                .iter()
                .position(|column| column.target == target)
        };
        let fact = |id: &str| at(Target::Fact(dictionary.find(id)?, None));
        let numbers = plan
            .columns
            .iter()
            .map(|column| number_column(dictionary, column))
            .collect();
        Self {
            dictionary,
            plan,
            numbers,
            province: at(Target::Province),
            city: at(Target::City),
            area: at(Target::Area),
            division: dictionary.find("division"),
            division_column: fact("division"),
            capital: fact("registered_capital"),
            currency: fact("capital_currency"),
            name: dictionary.find("name"),
            places: HashMap::new(),
            seen: HashMap::new(),
            notes: HashMap::new(),
        }
    }

    /// The row's facts. A code that an earlier row of the file has is refused.
    pub(crate) fn read(&mut self, raw: RawRow) -> Result<Parsed, Rejected> {
        let mut faults = Vec::new();
        let mut cells = raw.cells;
        if let Some(fault) = raw.fault {
            faults.push(Fault::whole(
                fault,
                "请用同一种编码（建议 UTF-8）重新保存整个文件后再导入",
            ));
            return Err(Rejected {
                row: raw.number,
                faults,
                cells,
            });
        }
        while cells.len() > self.plan.columns.len()
            && cells.last().is_some_and(|c| c.trim().is_empty())
        {
            cells.pop();
        }
        let width = self.plan.columns.len();
        if cells.len() > width {
            let reason = format!("这一行有 {} 列，表头只有 {width} 列", cells.len());
            faults.push(Fault::whole(
                &reason,
                "请检查单元格里是否有没加引号的分隔符或换行",
            ));
            return Err(Rejected {
                row: raw.number,
                faults,
                cells,
            });
        }
        let code = self.code(&cells, &mut faults);
        let facts = self.facts(&cells, &mut faults);
        let earlier = code.and_then(|code| self.seen.get(&code).copied());
        if let Some(earlier) = earlier {
            let heading = &self.plan.columns[self.plan.code].heading;
            let reason = format!("与第 {earlier} 行的代码相同，只导入第 {earlier} 行");
            faults.push(Fault::new(
                heading,
                cell(&cells, self.plan.code),
                &reason,
                "请核对后只保留一行",
            ));
        }
        match code {
            Some(code) if faults.is_empty() => {
                self.seen.insert(code, raw.number);
                Ok(Parsed {
                    row: raw.number,
                    code,
                    facts,
                    cells,
                })
            }
            _ => {
                faults.truncate(FAULTS_MAX);
                Err(Rejected {
                    row: raw.number,
                    faults,
                    cells,
                })
            }
        }
    }

    fn code(&self, cells: &[String], faults: &mut Vec<Fault>) -> Option<Uscc> {
        let text = cell(cells, self.plan.code);
        match Uscc::parse(text) {
            Ok(code) => Some(code),
            Err(error) => {
                let heading = &self.plan.columns[self.plan.code].heading;
                let mut fault = Fault::of(heading, text, &error);
                if matches!(error, UsccError::Length { .. })
                    && text.contains(['E', 'e'])
                    && text.contains('+')
                {
                    fault.mend =
                        "代码被表格软件改成了科学计数，请把该列设为文本格式后重新填写".to_owned();
                }
                faults.push(fault);
                None
            }
        }
    }

    fn facts(&mut self, cells: &[String], faults: &mut Vec<Fault>) -> Vec<(FactKey, Value)> {
        let mut facts = Vec::with_capacity(self.plan.columns.len());
        for at in 0..self.plan.columns.len().min(cells.len()) {
            let Target::Fact(index, year) = self.plan.columns[at].target else {
                continue;
            };
            let text = cell(cells, at);
            if text.is_empty() || BLANKS.contains(&text) || self.is_foreign(at, text, cells) {
                continue;
            }
            match self.value(at, index, text, cells) {
                Ok(value) => facts.push(((index, year), value)),
                Err(mut fault) => {
                    fault.column.clone_from(&self.plan.columns[at].heading);
                    faults.push(fault);
                }
            }
        }
        let place = self.place(cells, faults);
        if let (Some(index), Some(code), None) = (self.division, place, self.division_column) {
            facts.push(((index, None), Value::Text(code.as_str().to_owned())));
        }
        facts
    }

    fn value(
        &self,
        at: usize,
        index: AttributeIndex,
        text: &str,
        cells: &[String],
    ) -> Result<Value, Fault> {
        let attribute = self.dictionary.attribute(index);
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            return Err(Fault::new(
                "",
                text,
                "含有不可见的控制字符",
                "请删除该单元格内容后重新输入",
            ));
        }
        if Some(index) == self.name && text.chars().count() > 200 {
            return Err(Fault::new(
                "",
                text,
                "企业名称超过 200 个字",
                "请核对是否与其他列错位",
            ));
        }
        let error = match &self.numbers[at] {
            Some(column) => match column.read(attribute, text) {
                Ok(value) => return Ok(value),
                Err(NumberFault::Unit) => {
                    let mend = "请去掉单元格里的单位，或去掉列名里的单位";
                    return Err(Fault::new(
                        "",
                        text,
                        "列名已写明单位，单元格又带了“万”或“亿”",
                        mend,
                    ));
                }
                Err(NumberFault::Value(error)) => error,
            },
            None => match attribute.read_text(text) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            },
        };
        if let ValueError::Division(_) = error {
            let names = [self.province, self.city].map(|at| at.map_or("", |at| cell(cells, at)));
            let found = division::find(names[0], names[1], text);
            if let Some(found) = found.filter(|found| found.level >= Level::County) {
                return Ok(Value::Text(found.code.as_str().to_owned()));
            }
        }
        Err(Fault::of("", text, &error))
    }

    /// Registered capital in a foreign currency is not so many yuan: it is left out, and said so.
    fn is_foreign(&mut self, at: usize, text: &str, cells: &[String]) -> bool {
        if Some(at) != self.capital {
            return false;
        }
        let named = self.currency.map_or("", |at| cell(cells, at));
        let foreign = match foreign_word(text) {
            Some(word) => word,
            None if is_yuan(named) => return false,
            None => named,
        };
        self.note(format!("注册资本的币种是“{foreign}”，没有当作人民币导入"));
        true
    }

    /// The division that the columns 省, 市, 区县 name together.
    fn place(&mut self, cells: &[String], faults: &mut Vec<Fault>) -> Option<DivisionCode> {
        let columns = [self.province, self.city, self.area];
        let texts = columns.map(|at| at.map_or("", |at| cell(cells, at)));
        let deepest = (0..3).rev().find(|at| !texts[*at].is_empty())?;
        if texts[deepest].bytes().all(|byte| byte.is_ascii_digit()) {
            return self.place_by_code(texts[deepest], columns[deepest]?, faults);
        }
        if self.places.len() >= PLACES_MAX {
            self.places.clear();
        }
        let found = *self
            .places
            .entry(texts.map(str::to_owned))
            .or_insert_with(|| {
                let found = division::find(texts[0], texts[1], texts[2])?;
                // a province alone says too little to be a place of registration
                (found.level >= Level::City).then_some(found.code)
            });
        if found.is_none() {
            self.note("省、市、区县列的地名无法确定到市县，所在区划没有导入".to_owned());
        }
        found
    }

    fn place_by_code(
        &self,
        text: &str,
        at: usize,
        faults: &mut Vec<Fault>,
    ) -> Option<DivisionCode> {
        let attribute = self.dictionary.attribute(self.division?);
        match attribute.read_text(text) {
            Ok(_) => division::resolve(text).map(|division| division.code()),
            Err(error) => {
                faults.push(Fault::of(&self.plan.columns[at].heading, text, &error));
                None
            }
        }
    }

    fn note(&mut self, note: String) {
        *self.notes.entry(note).or_default() += 1;
    }
}

/// Why a number cannot be taken.
enum NumberFault {
    /// Heading and cell both name a multiple.
    Unit,
    Value(ValueError),
}

impl NumberColumn {
    fn read(&self, attribute: &Attribute, text: &str) -> Result<Value, NumberFault> {
        let text = text.trim_end_matches("人民币");
        if text.contains(['万', '亿']) {
            return Err(NumberFault::Unit);
        }
        let value = self.loose.read_text(text).map_err(NumberFault::Value)?;
        let Value::Number(number) = value else {
            return Ok(value);
        };
        // 35% says per cent itself, whatever the heading says
        let product = if text.contains(['%', '％']) {
            number
        } else {
            number * self.factor.clone()
        };
        attribute
            .read_text(&product.to_string())
            .map_err(NumberFault::Value)
    }
}

fn number_column(dictionary: &Dictionary, column: &super::header::Column) -> Option<NumberColumn> {
    let Target::Fact(index, _) = column.target else {
        return None;
    };
    let (numerator, denominator) = column.factor.filter(|factor| *factor != (1, 1))?;
    let attribute = dictionary.attribute(index);
    let loose = Attribute {
        min: None,
        max: None,
        ..attribute.clone()
    };
    let factor = Number::ratio(numerator, denominator)?;
    (attribute.kind == Kind::Number).then_some(NumberColumn { loose, factor })
}

fn cell(cells: &[String], at: usize) -> &str {
    cells.get(at).map_or("", |text| text.trim())
}

fn is_yuan(currency: &str) -> bool {
    let upper = currency.to_uppercase();
    BLANKS.contains(&currency)
        || matches!(
            upper.as_str(),
            "" | "CNY"
                | "RMB"
                | "CNH"
                | "156"
                | "人民币"
                | "人民币元"
                | "元"
                | "人民币（元）"
                | "万元"
                | "人民币万元"
        )
}

/// A foreign currency named in the cell itself: “500万美元”.
fn foreign_word(text: &str) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "美元",
        "港元",
        "港币",
        "欧元",
        "日元",
        "英镑",
        "新加坡元",
        "澳元",
        "加元",
        "韩元",
        "台币",
        "瑞士法郎",
        "USD",
        "HKD",
        "EUR",
        "JPY",
        "GBP",
        "SGD",
    ];
    WORDS.iter().find(|word| text.contains(**word)).copied()
}
