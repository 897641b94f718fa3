//! A rule as text: the normal FEEL form that is stored and shown back, and plain Chinese.

use crate::{
    Comparison, Dictionary, Expr, Function, Hierarchy, Kind, Members, Number, Operator, Table,
    Test, Value, Year,
};

/// Writes expressions of one dictionary (and one item's intermediate quantities) as text.
#[derive(Clone, Copy)]
pub(crate) struct Render<'a> {
    pub dictionary: &'a Dictionary,
    pub locals: &'a [String],
}

fn year_word(year: Year) -> String {
    match year {
        Year::None => String::new(),
        Year::Relative(0) => "本年".into(),
        Year::Relative(-1) => "上年".into(),
        Year::Relative(-2) => "前年".into(),
        Year::Relative(-3) => "大前年".into(),
        Year::Relative(offset) => format!("第{offset}年"),
        Year::Absolute(year) => format!("{year}年"),
    }
}

fn function_name(function: Function) -> &'static str {
    match function {
        Function::Min => "min",
        Function::Max => "max",
        Function::Sum => "sum",
        Function::Abs => "abs",
        Function::Floor => "floor",
        Function::Ceiling => "ceiling",
        Function::Round => "round",
        Function::Months => "满月数",
        Function::Years => "满年数",
        Function::Days => "天数",
        Function::TopUp => "补差",
    }
}

fn table_name(table: Table) -> &'static str {
    match table {
        Table::Tier => "分档",
        Table::Matrix => "二维分档",
        Table::Marginal => "超额累进",
    }
}

/// Binding strength: what stands inside a weaker one needs brackets.
fn strength(expr: &Expr) -> u8 {
    match expr {
        Expr::If(..) => 0,
        Expr::Any(_) => 1,
        Expr::All(_) => 2,
        Expr::Compare(..) | Expr::In(..) => 3,
        Expr::Arithmetic(Operator::Add | Operator::Subtract, ..) => 4,
        Expr::Arithmetic(..) => 5,
        _ => 6,
    }
}

impl Render<'_> {
    /// The normal FEEL form; compiling it again gives the same expression.
    pub(crate) fn feel(&self, expr: &Expr) -> String {
        match expr {
            Expr::Literal(value) => literal(value),
            Expr::Attribute(index, year) => {
                let name = &self.dictionary.attribute(*index).name;
                match year {
                    Year::None => name.clone(),
                    Year::Absolute(year) => format!("某年({name}, {year})"),
                    relative => format!("{}.{name}", year_word(*relative)),
                }
            }
            Expr::Constant(index) => self.dictionary.constant(*index).name.clone(),
            Expr::ReferenceDate => "基准日".into(),
            Expr::Local(position) => self.local(*position),
            Expr::Known(inner) => format!("已知({})", self.feel(inner)),
            Expr::Not(inner) => format!("not({})", self.feel(inner)),
            Expr::All(parts) => self.join(parts, " and ", 2),
            Expr::Any(parts) => self.join(parts, " or ", 1),
            Expr::Compare(comparison, left, right) => {
                format!(
                    "{} {} {}",
                    self.inside(left, 4),
                    comparison.symbol(),
                    self.inside(right, 4)
                )
            }
            Expr::In(subject, tests, _) => {
                let tests: Vec<String> = tests.iter().map(|test| self.test(test)).collect();
                match (tests.as_slice(), tests.first()) {
                    ([only], _) if only.ends_with([']', ')']) && only.contains("..") => {
                        format!("{} in {only}", self.inside(subject, 4))
                    }
                    _ => format!("{} in ({})", self.inside(subject, 4), tests.join(", ")),
                }
            }
            Expr::Contains(members, set, wanted) => {
                let name = match (members, wanted.len()) {
                    (_, 1) => "包含",
                    (Members::Any, _) => "包含任一",
                    (Members::All, _) => "包含全部",
                };
                let wanted: Vec<String> = wanted.iter().map(|text| quoted(text)).collect();
                format!("{name}({}, {})", self.feel(set), wanted.join(", "))
            }
            Expr::If(condition, yes, no) => format!(
                "if {} then {} else {}",
                self.feel(condition),
                self.inside(yes, 1),
                self.inside(no, 0)
            ),
            Expr::Arithmetic(operator, left, right) => {
                let (symbol, level) = match operator {
                    Operator::Add => ("+", 4),
                    Operator::Subtract => ("-", 4),
                    Operator::Multiply => ("*", 5),
                    Operator::Divide => ("/", 5),
                };
                format!(
                    "{} {symbol} {}",
                    self.inside(left, level),
                    self.inside(right, level + 1)
                )
            }
            Expr::Call(function, arguments) => {
                format!("{}({})", function_name(*function), self.list(arguments))
            }
            Expr::Table(table, subjects, rows) => {
                let rows: Vec<String> = rows
                    .iter()
                    .map(|row| format!("[{}]", self.list(row)))
                    .collect();
                format!(
                    "{}({}, {})",
                    table_name(*table),
                    self.list(subjects),
                    rows.join(", ")
                )
            }
            Expr::Stages(set, stages) => {
                let rows: Vec<String> = stages
                    .iter()
                    .map(|(stage, amount)| format!("[{}, {}]", quoted(stage), self.feel(amount)))
                    .collect();
                format!("累计({}, {})", self.feel(set), rows.join(", "))
            }
        }
    }

    fn local(&self, position: usize) -> String {
        self.locals.get(position).cloned().unwrap_or_default()
    }

    fn list(&self, parts: &[Expr]) -> String {
        parts
            .iter()
            .map(|part| self.feel(part))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn join(&self, parts: &[Expr], word: &str, level: u8) -> String {
        parts
            .iter()
            .map(|part| self.inside(part, level + 1))
            .collect::<Vec<_>>()
            .join(word)
    }

    /// The text, in brackets when it binds weaker than `level`.
    fn inside(&self, expr: &Expr, level: u8) -> String {
        let text = self.feel(expr);
        if strength(expr) < level {
            format!("({text})")
        } else {
            text
        }
    }

    fn test(&self, test: &Test) -> String {
        match test {
            Test::Is(value) => self.feel(value),
            Test::Compares(comparison, value) => {
                format!("{} {}", comparison.symbol(), self.feel(value))
            }
            Test::Between {
                low,
                low_closed,
                high,
                high_closed,
            } => format!(
                "{}{}..{}{}",
                if *low_closed { '[' } else { '(' },
                self.feel(low),
                self.feel(high),
                if *high_closed { ']' } else { ')' },
            ),
        }
    }

    /// The expression in plain Chinese, for people who do not read formulas.
    pub(crate) fn plain(&self, expr: &Expr) -> String {
        match expr {
            Expr::Literal(value) => show(value, None),
            Expr::Attribute(index, year) => {
                format!(
                    "{}{}",
                    year_word(*year),
                    self.dictionary.attribute(*index).name
                )
            }
            Expr::Constant(_) | Expr::ReferenceDate | Expr::Local(_) => self.feel(expr),
            Expr::Known(inner) => format!("有{}的数据", self.plain(inner)),
            Expr::Not(inner) => match inner.as_ref() {
                inner if inner.is_connective() => format!("并非（{}）", self.plain(inner)),
                inner => self.sentence(inner, true),
            },
            Expr::All(parts) => self.plain_join(parts, "，并且"),
            Expr::Any(parts) => self.plain_join(parts, "，或者"),
            Expr::If(condition, yes, no) => format!(
                "{}时为{}，否则为{}",
                self.plain(condition),
                self.plain(yes),
                self.plain(no)
            ),
            Expr::Arithmetic(operator, left, right) => {
                let symbol = match operator {
                    Operator::Add => "＋",
                    Operator::Subtract => "－",
                    Operator::Multiply => "×",
                    Operator::Divide => "÷",
                };
                let scales = matches!(operator, Operator::Multiply | Operator::Divide);
                let side = |part: &Expr| match (part, strength(part)) {
                    (_, 4) if scales => format!("（{}）", self.plain(part)),
                    (_, 0) => format!("（{}）", self.plain(part)),
                    // A factor carries no unit of its own; below one it is read as a share.
                    (Expr::Literal(Value::Number(factor)), _) if scales => show_factor(factor),
                    _ => self.plain_value(part, self.unit(expr)),
                };
                format!("{}{symbol}{}", side(left), side(right))
            }
            Expr::Call(function, arguments) => {
                let word = match function {
                    Function::Min => "其中最小的：",
                    Function::Max => "其中最大的：",
                    Function::Sum => "合计：",
                    Function::Abs => "绝对值：",
                    Function::Floor => "向下取整：",
                    Function::Ceiling => "向上取整：",
                    Function::Round => "四舍五入：",
                    Function::Months => "相隔月数：",
                    Function::Years => "相隔年数：",
                    Function::Days => "相隔天数：",
                    Function::TopUp => "补足差额：",
                };
                let unit = self.unit(expr);
                let parts: Vec<String> = arguments
                    .iter()
                    .map(|part| self.plain_value(part, unit))
                    .collect();
                format!("{word}（{}）", parts.join("、"))
            }
            Expr::Table(table, subjects, _) => {
                let subjects: Vec<String> = subjects.iter().map(|s| self.plain(s)).collect();
                format!("按{}{}", subjects.join("和"), table_name(*table))
            }
            Expr::Stages(set, _) => format!("{}各阶段金额之和", self.plain(set)),
            Expr::Compare(..) | Expr::In(..) | Expr::Contains(..) => self.sentence(expr, false),
        }
    }

    fn plain_value(&self, expr: &Expr, unit: Option<&str>) -> String {
        match expr {
            Expr::Literal(value) => show(value, unit),
            other => self.plain(other),
        }
    }

    fn plain_join(&self, parts: &[Expr], word: &str) -> String {
        parts
            .iter()
            .map(|part| match part {
                Expr::All(_) | Expr::Any(_) => format!("（{}）", self.plain(part)),
                Expr::Attribute(..) => self.sentence(part, false),
                part => self.plain(part),
            })
            .collect::<Vec<_>>()
            .join(word)
    }

    fn sentence(&self, condition: &Expr, negated: bool) -> String {
        let required = self.required(condition, negated);
        match condition {
            Expr::Compare(..) | Expr::In(..) | Expr::Contains(..) => {
                format!("{}{required}", self.subject(condition))
            }
            Expr::Known(inner) if negated => format!("没有{}的数据", self.plain(inner)),
            Expr::Known(_) => self.subject(condition),
            yes_or_no => format!("{}（{required}）", self.subject(yes_or_no)),
        }
    }

    /// What a single condition is about.
    pub(crate) fn subject(&self, condition: &Expr) -> String {
        match condition {
            Expr::Compare(_, left, _) | Expr::In(left, ..) => self.plain(left),
            Expr::Contains(_, set, _) => self.plain(set),
            other => self.plain(other),
        }
    }

    /// What a single condition asks of its subject: “不低于 2,000 万元”.
    pub(crate) fn required(&self, condition: &Expr, negated: bool) -> String {
        match condition {
            Expr::Compare(comparison, left, right) => {
                let comparison = if negated {
                    comparison.negated()
                } else {
                    *comparison
                };
                let value = self.plain_value(right, self.unit(left));
                if self.is_date(left) {
                    return format!("{}{value}", date_word(comparison));
                }
                format!("{}{value}", comparison_word(comparison))
            }
            Expr::In(subject, tests, hierarchy) => {
                let word = match (hierarchy, negated) {
                    (Some(Hierarchy::Division), false) => "在",
                    (Some(Hierarchy::Division), true) => "不在",
                    (Some(Hierarchy::Industry), false) => "属于",
                    (Some(Hierarchy::Industry), true) => "不属于",
                    (None, false) => "为",
                    (None, true) => "不为",
                };
                let unit = self.unit(subject);
                let mut tests: Vec<String> = tests
                    .iter()
                    .map(|test| self.plain_test(test, unit, *hierarchy))
                    .collect();
                let more = tests.len().saturating_sub(12);
                tests.truncate(12);
                let tail = if more > 0 {
                    format!(" 等 {} 项", more + 12)
                } else {
                    String::new()
                };
                format!("{word}{}{tail}", tests.join(" 或 "))
            }
            Expr::Contains(members, _, wanted) => {
                let joint = if *members == Members::All {
                    "、"
                } else {
                    " 或 "
                };
                format!(
                    "{}包含{}",
                    if negated { "不" } else { "" },
                    wanted.join(joint)
                )
            }
            _ => (if negated { "否" } else { "是" }).to_owned(),
        }
    }

    fn plain_test(&self, test: &Test, unit: Option<&str>, hierarchy: Option<Hierarchy>) -> String {
        match test {
            Test::Is(Expr::Literal(Value::Text(code))) => match hierarchy {
                Some(hierarchy) => code_name(hierarchy, code),
                None => code.clone(),
            },
            Test::Is(value) => self.plain_value(value, unit),
            Test::Compares(comparison, value) => {
                format!(
                    "{}{}",
                    comparison_word(*comparison),
                    self.plain_value(value, unit)
                )
            }
            Test::Between {
                low,
                low_closed,
                high,
                high_closed,
            } => format!(
                "{}（{}）至{}（{}）",
                self.plain_value(low, unit),
                if *low_closed { "含" } else { "不含" },
                self.plain_value(high, unit),
                if *high_closed { "含" } else { "不含" },
            ),
        }
    }

    fn is_date(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Attribute(index, _) => self.dictionary.attribute(*index).kind == Kind::Date,
            Expr::ReferenceDate => true,
            _ => false,
        }
    }

    /// The unit of an expression's number, where it follows from its parts.
    pub(crate) fn unit(&self, expr: &Expr) -> Option<&str> {
        match expr {
            Expr::Attribute(index, _) => self.dictionary.attribute(*index).unit.as_deref(),
            Expr::Constant(index) => self.dictionary.constant(*index).unit.as_deref(),
            Expr::Arithmetic(Operator::Add | Operator::Subtract, left, right) => {
                self.unit(left).or_else(|| self.unit(right))
            }
            Expr::Arithmetic(Operator::Multiply, left, right) => {
                match (self.unit(left), self.unit(right)) {
                    (Some("%") | None, unit) | (unit, Some("%") | None) => unit,
                    _ => None,
                }
            }
            Expr::Arithmetic(Operator::Divide, left, right) => {
                match (self.unit(left), self.unit(right)) {
                    (left, right) if left.is_some() && left == right => Some("%"),
                    (left, None) => left,
                    _ => None,
                }
            }
            Expr::Call(Function::Months, _) => Some("个月"),
            Expr::Call(Function::Years, _) => Some("年"),
            Expr::Call(Function::Days, _) => Some("天"),
            Expr::Call(_, arguments) => arguments.iter().find_map(|part| self.unit(part)),
            Expr::If(_, yes, no) => self.unit(yes).or_else(|| self.unit(no)),
            _ => None,
        }
    }
}

fn comparison_word(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "为",
        Comparison::NotEqual => "不为",
        Comparison::Less => "低于",
        Comparison::LessOrEqual => "不超过",
        Comparison::Greater => "超过",
        Comparison::GreaterOrEqual => "不低于",
    }
}

fn date_word(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "为",
        Comparison::NotEqual => "不为",
        Comparison::Less => "早于",
        Comparison::LessOrEqual => "不晚于",
        Comparison::Greater => "晚于",
        Comparison::GreaterOrEqual => "不早于",
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Date(date) => format!("date(\"{date}\")"),
        // Exact, because literals come from decimals.
        Value::Number(number) => number.exact_text().unwrap_or_else(|| number.to_string()),
        other => other.to_string(),
    }
}

/// The name of a code with the code behind it, as a person reads it.
pub(crate) fn code_name(hierarchy: Hierarchy, code: &str) -> String {
    use zhida_standards::{division, industry};
    match hierarchy {
        Hierarchy::Division => division::full_name(code),
        Hierarchy::Industry => industry::lookup(code).map(|found| found.name.to_owned()),
    }
    .unwrap_or_else(|| code.to_owned())
}

/// A value as a person reads it, with its unit: `2,000 万元`, `5%`, `2025年1月31日`, `是`.
pub fn show(value: &Value, unit: Option<&str>) -> String {
    use chrono::Datelike;
    match value {
        Value::Bool(true) => "是".into(),
        Value::Bool(false) => "否".into(),
        Value::Number(number) => show_number(number, unit),
        Value::Date(date) => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        Value::Set(members) if members.is_empty() => "无".into(),
        other => other.to_string(),
    }
}

/// A number with its unit; money of 10,000 yuan and more in 万元 where that is exact and short.
pub fn show_number(number: &Number, unit: Option<&str>) -> String {
    match unit {
        Some("%") => {
            let percent = number.clone() * Number::integer(100);
            let text = match percent.exact_text() {
                Some(text) if text.len() <= 12 => text,
                _ => trim(percent.fixed_text(2)),
            };
            format!("{}%", group(&text))
        }
        Some("元") => {
            let wan = number
                .divide(&Number::integer(10_000))
                .unwrap_or_else(Number::zero);
            // 万元 only where it is short and nothing is lost: 31.25 万元, but 100,519.93 元.
            if number.abs() >= Number::integer(10_000) && wan.round(2) == wan {
                format!("{} 万元", group(&trim(wan.fixed_text(2))))
            } else {
                format!("{} 元", group(&trim(number.fixed_text(2))))
            }
        }
        Some(unit) => format!("{} {unit}", group(&number.to_string())),
        None => group(&number.to_string()),
    }
}

fn show_factor(factor: &Number) -> String {
    let is_share = *factor > Number::zero() && *factor < Number::integer(1);
    show_number(factor, is_share.then_some("%"))
}

fn trim(text: String) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Separates thousands with commas.
fn group(text: &str) -> String {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (whole, part) = digits
        .split_once('.')
        .map_or((digits, None), |(w, p)| (w, Some(p)));
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match part {
        Some(part) => format!("{sign}{grouped}.{part}"),
        None => format!("{sign}{grouped}"),
    }
}
