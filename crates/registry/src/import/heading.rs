//! A heading taken apart: the word, a year, a unit.

use zhida_rules::Attribute;

/// What a heading says besides its word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Heading {
    /// The word without year and unit, folded.
    pub word: String,
    pub year: Option<i32>,
    pub unit: Option<String>,
}

/// Suffixes of English headings that name a unit.
const SUFFIXES: &[(&str, &str)] = &[
    ("_10k_yuan", "万元"),
    ("_10k", "万元"),
    ("_wan", "万元"),
    ("_wanyuan", "万元"),
    ("_1k", "千元"),
    ("_thousand", "千元"),
    ("_million", "百万元"),
    ("_yi", "亿元"),
    ("_yuan", "元"),
    ("_percent", "%"),
    ("_pct", "%"),
];

/// Lower case, half-width, without blanks and with plain brackets, so that spellings compare equal.
pub(crate) fn fold(text: &str) -> String {
    let half = text.chars().map(|c| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '【' | '〔' | '[' => '(',
        '】' | '〕' | ']' => ')',
        other => other,
    });
    half.filter(|c| !c.is_whitespace() && !matches!(c, '\u{feff}' | '*' | '"'))
        .flat_map(char::to_lowercase)
        .collect()
}

impl Heading {
    /// Takes a heading apart: `2024年营业收入（万元）`, `revenue@2024`, `营业收入2024`, `capital_10k`.
    pub(crate) fn read(text: &str) -> Self {
        let mut heading = Self::default();
        let mut word = heading.take_brackets(&fold(text));
        if let Some((rest, unit)) = SUFFIXES
            .iter()
            .find_map(|(end, unit)| Some((word.strip_suffix(end)?, unit)))
        {
            heading.unit.get_or_insert_with(|| (*unit).to_owned());
            word = rest.to_owned();
        }
        for prefix in ["上年度", "上年", "上一年度", "上一年"] {
            if let Some(rest) = word.strip_prefix(prefix) {
                // the year that annual columns without one have anyway
                word = rest.trim_start_matches(['.', '的']).to_owned();
                break;
            }
        }
        heading.word = heading.take_year(&word);
        heading
    }

    /// Removes bracketed parts, keeping a year or a unit found in them.
    fn take_brackets(&mut self, text: &str) -> String {
        let mut word = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('(') {
            word.push_str(before);
            let Some((inside, behind)) = after.split_once(')') else {
                rest = after;
                continue;
            };
            let inside = inside.strip_prefix("单位:").unwrap_or(inside);
            match whole_year(inside) {
                Some(year) => self.year = Some(year),
                None if is_unit(inside) => self.unit = Some(inside.to_owned()),
                None => {}
            }
            rest = behind;
        }
        word.push_str(rest);
        word
    }

    /// Removes a year at the beginning or the end.
    fn take_year(&mut self, word: &str) -> String {
        let chars: Vec<char> = word.chars().collect();
        let year_at = |part: &[char]| whole_year(&part.iter().collect::<String>());
        let text = |part: &[char]| part.iter().collect::<String>();
        if chars.len() > 4
            && let Some(year) = year_at(&chars[..4])
        {
            self.year = Some(year);
            let rest = text(&chars[4..]);
            let rest = rest
                .strip_prefix("年度")
                .or_else(|| rest.strip_prefix('年'))
                .unwrap_or(&rest);
            return rest.trim_start_matches(['_', '-', '.']).to_owned();
        }
        let bare = word
            .strip_suffix("年度")
            .or_else(|| word.strip_suffix('年'))
            .unwrap_or(word);
        let chars: Vec<char> = bare.chars().collect();
        if chars.len() > 4
            && let Some(year) = year_at(&chars[chars.len() - 4..])
            && !chars[chars.len() - 5].is_ascii_digit()
        {
            self.year = Some(year);
            return text(&chars[..chars.len() - 4])
                .trim_end_matches(['@', '_', '-', '.'])
                .to_owned();
        }
        word.to_owned()
    }
}

fn whole_year(text: &str) -> Option<i32> {
    let text = text
        .strip_suffix("年度")
        .or_else(|| text.strip_suffix('年'))
        .unwrap_or(text);
    let year: i32 = text.parse().ok().filter(|_| text.len() == 4)?;
    (1990..=2100).contains(&year).then_some(year)
}

/// Money units as multiples of the plain one.
const MULTIPLES: &[(&str, i64)] = &[
    ("亿", 100_000_000),
    ("千万", 10_000_000),
    ("百万", 1_000_000),
    ("万", 10_000),
    ("千", 1_000),
];
const UNITS: &[&str] = &[
    "元",
    "美元",
    "%",
    "人",
    "项",
    "家",
    "个",
    "天",
    "月",
    "年",
    "平方米",
    "立方米",
    "吨",
    "分",
    "名",
    "人民币",
    "人民币元",
];

fn multiple(unit: &str) -> (i64, &str) {
    let found = MULTIPLES
        .iter()
        .find_map(|(word, by)| Some((*by, unit.strip_prefix(word)?)));
    found.unwrap_or((1, unit))
}

fn is_unit(text: &str) -> bool {
    let (by, rest) = multiple(text);
    UNITS.contains(&rest) || (by > 1 && rest.is_empty())
}

/// What numbers under a heading with this unit are multiplied by, as numerator and denominator.
pub(crate) fn factor(unit: &str, attribute: &Attribute) -> Result<Option<(i64, i64)>, String> {
    let own = attribute.unit.as_deref().unwrap_or_default();
    let (by, rest) = multiple(unit);
    let rest = match rest {
        "人民币" | "人民币元" => "元",
        // “(万)” alone is a multiple of whatever the attribute is counted in
        "" => own,
        other => other,
    };
    if rest != own {
        let shown = if own.is_empty() { "没有单位" } else { own };
        return Err(format!(
            "列名的单位“{unit}”与“{}”的单位（{shown}）不符，未导入",
            attribute.name
        ));
    }
    Ok(match own {
        "%" => Some((1, 100)),
        _ => Some((by, 1)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_come_apart() {
        for (text, word, year, unit) in [
            ("营业收入2024", "营业收入", Some(2024), None),
            ("2024年营业收入", "营业收入", Some(2024), None),
            (
                "2024年度营业收入（万元）",
                "营业收入",
                Some(2024),
                Some("万元"),
            ),
            ("revenue@2024", "revenue", Some(2024), None),
            ("Revenue_2024", "revenue", Some(2024), None),
            (
                "营业收入（2024年）(单位：亿元)",
                "营业收入",
                Some(2024),
                Some("亿元"),
            ),
            ("capital_10k", "capital", None, Some("万元")),
            (" 注册 资本【万元】* ", "注册资本", None, Some("万元")),
            ("科技统计607", "科技统计607", None, None),
            ("1234567", "1234567", None, None),
            ("营业收入2024年", "营业收入", Some(2024), None),
        ] {
            let found = Heading::read(text);
            assert_eq!(
                (found.word.as_str(), found.year, found.unit.as_deref()),
                (word, year, unit),
                "{text}"
            );
        }
    }
}
