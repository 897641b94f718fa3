//! 国民经济行业分类 (GB/T 4754-2017): 20 sections, 97 divisions, 473 groups, 1,380 classes.
//!
//! The normal form of a code is the section's letter and the digits: C, C27, C271, C2710. Digits
//! alone (27, 2710) are understood, since each division belongs to one section. Amendment no. 1
//! of 2019 is not in the list.
//!
//! Codes of the 2011 edition cannot be told from those of 2017 by their form (both have 20
//! letters and four digits, and most codes agree); translating them is out of scope. A file whose
//! names disagree with [`Industry::name`], such as A05 “农、林、牧、渔服务业” or B11
//! “开采辅助活动”, is of 2011.

use std::sync::LazyLock;

use serde::Serialize;
use thiserror::Error;

/// The level of an industry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IndustryLevel {
    /// 门类, a letter.
    Section,
    /// 大类, two digits.
    Division,
    /// 中类, three digits.
    Group,
    /// 小类, four digits.
    Class,
}

impl IndustryLevel {
    /// The level in Chinese.
    pub fn name(self) -> &'static str {
        match self {
            Self::Section => "门类",
            Self::Division => "大类",
            Self::Group => "中类",
            Self::Class => "小类",
        }
    }
}

/// An industry of the classification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Industry {
    /// Normal form: letter and digits.
    pub code: &'static str,
    /// The name in the standard.
    pub name: &'static str,
    /// The level.
    pub level: IndustryLevel,
}

/// Why a text is no industry code of 2017.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IndustryError {
    /// Neither a letter A–T, nor a letter with two to four digits, nor two to four digits.
    #[error("“{code}”不是行业代码的写法，应为门类字母加 2–4 位数字，例如 C2710")]
    Form {
        /// The code as given, cut at 20 characters.
        code: String,
    },
    /// The letter is not that of the digits: F27 for C27.
    #[error(
        "行业代码“{code}”的门类字母与数字不符，按 GB/T 4754-2017 应为“{expected}”，若来自 2011 版请先换算"
    )]
    Section {
        /// The code as given.
        code: String,
        /// The code with the right letter.
        expected: String,
    },
    /// No such code in the edition of 2017.
    #[error("GB/T 4754-2017 中没有行业代码“{code}”，请核对；若来自 2011 版请先换算")]
    Unknown {
        /// The code as given.
        code: String,
    },
}

/// All industries, sorted by code.
static INDUSTRIES: LazyLock<Vec<Industry>> = LazyLock::new(|| {
    include_str!("../../../data/standards/industries_2017.csv")
        .lines()
        .map(|line| {
            let (code, name) = line.split_once(',').expect("an embedded line is code,name");
            let level = match code.len() {
                1 => IndustryLevel::Section,
                3 => IndustryLevel::Division,
                4 => IndustryLevel::Group,
                _ => IndustryLevel::Class,
            };
            Industry { code, name, level }
        })
        .collect()
});

/// The section's letter of each two-digit division, 0 where there is none.
static SECTION_OF_DIVISION: LazyLock<[u8; 100]> = LazyLock::new(|| {
    let mut sections = [0; 100];
    for industry in INDUSTRIES
        .iter()
        .filter(|i| i.level == IndustryLevel::Division)
    {
        let number: usize = industry.code[1..]
            .parse()
            .expect("a division has two digits");
        sections[number] = industry.code.as_bytes()[0];
    }
    sections
});

impl Industry {
    /// The industry one level up; `None` for a section.
    pub fn parent(&self) -> Option<&'static Industry> {
        match self.level {
            IndustryLevel::Section => None,
            IndustryLevel::Division => get(&self.code[..1]),
            _ => get(&self.code[..self.code.len() - 1]),
        }
    }

    /// Whether this is `ancestor` or lies in it.
    pub fn is_within(&self, ancestor: &Industry) -> bool {
        self.code.starts_with(ancestor.code)
    }
}

/// The industry of a code in any of its spellings: C, C13, 13, c1311, 1311.
///
/// # Errors
/// Another form, a letter that does not belong to the digits, a code the edition lacks.
pub fn parse(code: &str) -> Result<&'static Industry, IndustryError> {
    let given = || code.chars().take(20).collect();
    let form = || IndustryError::Form { code: given() };
    let (chars, found) = crate::uscc::normalised::<5>(code);
    if found == 0 || found > 5 || !chars[..found].iter().all(char::is_ascii) {
        return Err(form());
    }
    let mut key = [0_u8; 5];
    for (slot, c) in key.iter_mut().zip(chars) {
        *slot = c as u8;
    }
    let letter = key[0].is_ascii_uppercase().then_some(key[0]);
    let digits = if letter.is_some() {
        &key[1..found]
    } else {
        &key[..found]
    };
    if !digits.iter().all(u8::is_ascii_digit) || !matches!(digits.len(), 0 | 2..=4) {
        return Err(form());
    }
    let mut normal = [0_u8; 5];
    normal[1..=digits.len()].copy_from_slice(digits);
    let unknown = || IndustryError::Unknown { code: given() };
    normal[0] = match (digits, letter) {
        ([], Some(letter)) => letter,
        ([tens, ones, ..], _) => {
            let section = SECTION_OF_DIVISION[usize::from((tens - b'0') * 10 + ones - b'0')];
            if section == 0 {
                return Err(unknown());
            } else {
                section
            }
        }
        _ => return Err(form()),
    };
    let text = std::str::from_utf8(&normal[..=digits.len()]).expect("the code holds ASCII only");
    if letter.is_some_and(|letter| letter != normal[0]) {
        return Err(IndustryError::Section {
            code: given(),
            expected: text.to_owned(),
        });
    }
    get(text).ok_or_else(unknown)
}

/// The industry of a code in any of its spellings, `None` for what [`parse`] refuses.
pub fn lookup(code: &str) -> Option<&'static Industry> {
    parse(code).ok()
}

/// The section (门类) of a code.
pub fn section_of(code: &str) -> Option<&'static Industry> {
    get(&lookup(code)?.code[..1])
}

/// The industry one level up.
pub fn parent(code: &str) -> Option<&'static Industry> {
    lookup(code)?.parent()
}

/// The industries above a code, nearest first, the section last.
pub fn ancestors(code: &str) -> impl Iterator<Item = &'static Industry> {
    std::iter::successors(parent(code), |industry| industry.parent())
}

/// The industries one level down, in the order of their codes.
pub fn children(code: &str) -> impl Iterator<Item = &'static Industry> {
    let above = lookup(code);
    let range = above.map_or(0..0, |above| {
        let start = INDUSTRIES.partition_point(|i| i.code <= above.code);
        let len = INDUSTRIES[start..].partition_point(|i| i.code.starts_with(above.code));
        start..start + len
    });
    INDUSTRIES[range]
        .iter()
        .filter(move |industry| industry.parent() == above)
}

/// Whether `code` is `ancestor` or lies in it; false when either is no code of 2017.
pub fn is_within(code: &str, ancestor: &str) -> bool {
    match (lookup(code), lookup(ancestor)) {
        (Some(code), Some(ancestor)) => code.is_within(ancestor),
        _ => false,
    }
}

/// All industries of this name, in the order of their codes; groups that are not subdivided share
/// the name of their only class.
pub fn find_by_name(name: &str) -> Vec<&'static Industry> {
    let name = name.trim();
    INDUSTRIES
        .iter()
        .filter(|industry| industry.name == name)
        .collect()
}

/// All industries, in the order of their codes.
pub fn all() -> &'static [Industry] {
    &INDUSTRIES
}

fn get(code: &str) -> Option<&'static Industry> {
    let list: &'static [Industry] = &INDUSTRIES;
    list.binary_search_by(|industry| industry.code.cmp(code))
        .ok()
        .map(|index| &list[index])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[test]
    fn the_list_is_that_of_2017() {
        let count = |level| all().iter().filter(|i| i.level == level).count();
        assert_eq!(count(IndustryLevel::Section), 20);
        assert_eq!(count(IndustryLevel::Division), 97);
        assert_eq!(count(IndustryLevel::Group), 473);
        assert_eq!(count(IndustryLevel::Class), 1380);
        assert!(all().is_sorted_by_key(|i| i.code));
        assert_eq!(
            lookup("A05").unwrap().name,
            "农、林、牧、渔专业及辅助性活动"
        );
        assert_eq!(lookup("B11").unwrap().name, "开采专业及辅助性活动");
        assert_eq!(lookup("N79").unwrap().name, "土地管理业");
    }

    #[rstest]
    #[case("C", "C")]
    #[case("13", "C13")]
    #[case("c13", "C13")]
    #[case("1311", "C1311")]
    #[case("C1311", "C1311")]
    #[case("2710", "C2710")]
    #[case("27", "C27")]
    #[case(" Ｃ 27 ", "C27")]
    #[case("011", "A011")]
    #[case("97", "T97")]
    fn spellings_are_normalised(#[case] given: &str, #[case] code: &str) {
        assert_eq!(parse(given).unwrap().code, code);
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        for text in ["", "1", "C1", "C13111", "13111", "1C", "制造业", "13.1"] {
            assert!(
                matches!(parse(text), Err(IndustryError::Form { .. })),
                "{text}"
            );
        }
        for text in ["98", "1398", "U", "C1398", "0000"] {
            assert!(
                matches!(parse(text), Err(IndustryError::Unknown { .. })),
                "{text}"
            );
        }
        assert_eq!(
            parse("F27"),
            Err(IndustryError::Section {
                code: "F27".into(),
                expected: "C27".into()
            })
        );
    }

    #[test]
    fn the_hierarchy_runs_both_ways() {
        let names: Vec<_> = ancestors("2710").map(|i| i.code).collect();
        assert_eq!(names, ["C271", "C27", "C"]);
        assert_eq!(section_of("6511").unwrap().code, "I");
        assert_eq!(children("C").count(), 31);
        assert_eq!(children("C27").map(|i| i.code).next(), Some("C271"));
        assert_eq!(children("2710").count(), 0);
        assert_eq!(children("?").count(), 0);
        assert!(is_within("2710", "C27") && is_within("C27", "27") && is_within("27", "C"));
        assert!(!is_within("C", "27") && !is_within("2710", "C28") && !is_within("1", "C"));
        assert_eq!(
            find_by_name("软件开发").iter().map(|i| i.code).next(),
            Some("I651")
        );
        assert!(find_by_name("").is_empty());
    }

    proptest! {
        #[test]
        fn every_industry_lies_in_its_ancestors(index in 0..1970_usize) {
            let industry = &all()[index];
            prop_assert_eq!(parse(industry.code), Ok(industry));
            prop_assert!(is_within(industry.code, industry.code));
            let top = ancestors(industry.code).last().unwrap_or(industry);
            prop_assert_eq!(top.level, IndustryLevel::Section);
            prop_assert_eq!(ancestors(industry.code).count(), industry.level as usize);
            for above in ancestors(industry.code) {
                prop_assert!(is_within(industry.code, above.code));
                prop_assert!(!is_within(above.code, industry.code));
            }
            if let Some(above) = industry.parent() {
                prop_assert!(children(above.code).any(|child| child == industry));
            }
            if industry.level != IndustryLevel::Section {
                prop_assert_eq!(parse(&industry.code[1..]), Ok(industry));
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,8}") {
            let _ = parse(&text);
        }
    }
}
