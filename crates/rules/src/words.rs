//! The words of the rule language, in every spelling that is accepted.

const KEYWORDS: [&str; 10] = [
    "and", "or", "not", "in", "between", "if", "then", "else", "true", "false",
];

/// Chinese spellings of keywords and operators; longer ones first where one begins another.
pub(crate) const SPELLINGS: [(&str, &str); 38] = [
    ("并且", "and"),
    ("而且", "and"),
    ("且", "and"),
    ("或者", "or"),
    ("或", "or"),
    ("不低于", ">="),
    ("不少于", ">="),
    ("不小于", ">="),
    ("大于等于", ">="),
    ("大于或等于", ">="),
    ("至少", ">="),
    ("不超过", "<="),
    ("不高于", "<="),
    ("不大于", "<="),
    ("不多于", "<="),
    ("小于等于", "<="),
    ("小于或等于", "<="),
    ("至多", "<="),
    ("高于", ">"),
    ("超过", ">"),
    ("大于", ">"),
    ("多于", ">"),
    ("低于", "<"),
    ("少于", "<"),
    ("小于", "<"),
    ("不足", "<"),
    ("不等于", "!="),
    ("等于", "="),
    ("不属于", "not in"),
    ("属于", "in"),
    ("如果", "if"),
    ("那么", "then"),
    ("否则", "else"),
    ("是", "true"),
    ("否", "false"),
    ("真", "true"),
    ("假", "false"),
    ("非", "not"),
];

/// Functions by every accepted spelling.
pub(crate) const FUNCTIONS: [(&str, &str); 31] = [
    ("min", "min"),
    ("最小", "min"),
    ("max", "max"),
    ("最大", "max"),
    ("sum", "sum"),
    ("合计", "sum"),
    ("abs", "abs"),
    ("绝对值", "abs"),
    ("floor", "floor"),
    ("向下取整", "floor"),
    ("ceiling", "ceiling"),
    ("向上取整", "ceiling"),
    ("round", "round"),
    ("四舍五入", "round"),
    ("date", "date"),
    ("日期", "date"),
    ("满月数", "满月数"),
    ("满年数", "满年数"),
    ("天数", "天数"),
    ("分档", "分档"),
    ("二维分档", "二维分档"),
    ("超额累进", "超额累进"),
    ("累计", "累计"),
    ("补差", "补差"),
    ("已知", "已知"),
    ("包含", "包含"),
    ("包含任一", "包含任一"),
    ("包含全部", "包含全部"),
    ("某年", "某年"),
    ("is_known", "已知"),
    ("contains", "包含"),
];

pub(crate) const YEARS: [(&str, i32); 4] =
    [("本年", 0), ("上年", -1), ("前年", -2), ("大前年", -3)];
pub(crate) const REFERENCE_DATE: &str = "基准日";
pub(crate) const UNITS: [&str; 20] = [
    "平方米",
    "个月",
    "万元",
    "亿元",
    "元",
    "人",
    "年",
    "月",
    "天",
    "日",
    "项",
    "件",
    "户",
    "家",
    "个",
    "次",
    "吨",
    "亩",
    "名",
    "倍",
];

/// Words with a fixed meaning, which no attribute may have as its name.
pub(crate) fn is_reserved(word: &str) -> bool {
    KEYWORDS.contains(&word)
        || SPELLINGS.iter().any(|(spelling, _)| *spelling == word)
        || FUNCTIONS.iter().any(|(spelling, _)| *spelling == word)
        || YEARS.iter().any(|(spelling, _)| *spelling == word)
        || word == REFERENCE_DATE
}

pub(crate) const INFIX: [&str; 15] = [
    "and", "or", "in", "between", "then", "else", "=", "!=", "<", "<=", ">", ">=", "+", "*", "/",
];

/// An operator of symbols and its length in characters.
pub(crate) fn operator(c: char, next: Option<char>) -> Option<(&'static str, usize)> {
    Some(match (c, next) {
        ('<', Some('=')) | ('≤', _) | ('≦', _) => ("<=", if c == '<' { 2 } else { 1 }),
        ('>', Some('=')) | ('≥', _) | ('≧', _) => (">=", if c == '>' { 2 } else { 1 }),
        ('!', Some('=')) => ("!=", 2),
        ('<', Some('>')) => ("!=", 2),
        ('≠', _) => ("!=", 1),
        ('=', Some('=')) => ("=", 2),
        ('=', _) => ("=", 1),
        ('<', _) => ("<", 1),
        ('>', _) => (">", 1),
        ('+', _) => ("+", 1),
        ('*', _) => ("*", 1),
        ('/', _) => ("/", 1),
        ('&', Some('&')) => ("and", 2),
        ('|', Some('|')) => ("or", 2),
        _ => return None,
    })
}

/// What a character behind a number multiplies it by.
pub(crate) fn multiplier(c: char) -> Option<i64> {
    Some(match c {
        '百' => 100,
        '千' => 1_000,
        '万' => 10_000,
        '亿' => 100_000_000,
        _ => return None,
    })
}
