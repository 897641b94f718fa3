//! The table of the method: which row an industry falls in, and the row's lower bounds.

use super::Indicator;
use crate::FEN_PER_WAN;
use crate::industry::{self, Industry, IndustryLevel};

/// A row of the table: indicators and their lower bounds for 大, 中 and 小, in persons or fen.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Name of the row, for explanations.
    pub name: &'static str,
    /// Each indicator with its three lower bounds.
    pub bounds: &'static [(Indicator, [i64; 3])],
}

/// What the method says of an industry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Row(&'static Row),
    Outside(&'static str),
}

const fn persons(large: i64, medium: i64, small: i64) -> (Indicator, [i64; 3]) {
    (Indicator::Employees, [large, medium, small])
}

const fn revenue(large: i64, medium: i64, small: i64) -> (Indicator, [i64; 3]) {
    (
        Indicator::Revenue,
        [
            large * FEN_PER_WAN,
            medium * FEN_PER_WAN,
            small * FEN_PER_WAN,
        ],
    )
}

const fn assets(large: i64, medium: i64, small: i64) -> (Indicator, [i64; 3]) {
    (
        Indicator::Assets,
        [
            large * FEN_PER_WAN,
            medium * FEN_PER_WAN,
            small * FEN_PER_WAN,
        ],
    )
}

/// Declares the rows; amounts in 万元 as printed in the method.
macro_rules! rows {
    ($($id:ident $name:literal [$($bound:expr),+];)+) => {
        $(static $id: Row = Row { name: $name, bounds: &[$($bound),+] };)+
        /// Every row, for tests that go over the whole table.
        #[cfg(test)]
        pub(super) static ROWS: &[&Row] = &[$(&$id),+];
    };
}

rows! {
    FARMING "农、林、牧、渔业" [revenue(20_000, 500, 50)];
    MANUFACTURING "工业" [persons(1000, 300, 20), revenue(40_000, 2000, 300)];
    CONSTRUCTION "建筑业" [revenue(80_000, 6000, 300), assets(80_000, 5000, 300)];
    WHOLESALE "批发业" [persons(200, 20, 5), revenue(40_000, 5000, 1000)];
    RETAIL "零售业" [persons(300, 50, 10), revenue(20_000, 500, 100)];
    TRANSPORT "交通运输业" [persons(1000, 300, 20), revenue(30_000, 3000, 200)];
    STORAGE "仓储业" [persons(200, 100, 20), revenue(30_000, 1000, 100)];
    POST "邮政业" [persons(1000, 300, 20), revenue(30_000, 2000, 100)];
    LODGING "住宿业" [persons(300, 100, 10), revenue(10_000, 2000, 100)];
    CATERING "餐饮业" [persons(300, 100, 10), revenue(10_000, 2000, 100)];
    TRANSMISSION "信息传输业" [persons(2000, 100, 10), revenue(100_000, 1000, 100)];
    SOFTWARE "软件和信息技术服务业" [persons(300, 100, 10), revenue(10_000, 1000, 50)];
    REAL_ESTATE "房地产开发经营" [revenue(200_000, 1000, 100), assets(10_000, 5000, 2000)];
    PROPERTY "物业管理" [persons(1000, 300, 100), revenue(5000, 1000, 500)];
    LEASING "租赁和商务服务业" [persons(300, 100, 10), assets(120_000, 8000, 100)];
    OTHER "其他未列明行业" [persons(300, 100, 10)];
}

/// The rows that an industry may fall in: one for a code fine enough, several for F, G, G59, I
/// and the like. The scopes of the asterisked rows are those of note 2 of the method.
pub(super) fn reaches(industry: &'static Industry) -> Vec<Reach> {
    if let Some(reach) = single(industry) {
        return vec![reach];
    }
    let mut reaches = Vec::new();
    for child in industry::children(industry.code) {
        for reach in self::reaches(child) {
            if !reaches.contains(&reach) {
                reaches.push(reach);
            }
        }
    }
    reaches
}

/// The one row of an industry, `None` when its parts fall in different rows.
fn single(industry: &Industry) -> Option<Reach> {
    let digits = &industry.code[1..];
    let row = match &industry.code[..1] {
        "A" => &FARMING,
        "B" | "C" | "D" => &MANUFACTURING,
        "E" => &CONSTRUCTION,
        "L" => &LEASING,
        "M" | "N" | "O" | "R" => &OTHER,
        "J" => return Some(Reach::Outside("金融业不适用统计上大中小微型企业划分办法")),
        "P" => return Some(Reach::Outside("教育不适用统计上大中小微型企业划分办法")),
        "S" => {
            return Some(Reach::Outside(
                "公共管理、社会保障和社会组织不适用统计上大中小微型企业划分办法",
            ));
        }
        "T" => return Some(Reach::Outside("国际组织不适用统计上大中小微型企业划分办法")),
        _ if industry.level == IndustryLevel::Section => return None,
        _ => match &digits[..2] {
            "51" => &WHOLESALE,
            "52" => &RETAIL,
            "53" => {
                return Some(Reach::Outside(
                    "铁路运输业不适用统计上大中小微型企业划分办法",
                ));
            }
            "54" | "55" | "56" | "57" | "58" => &TRANSPORT,
            "60" => &POST,
            "61" => &LODGING,
            "62" => &CATERING,
            "63" | "64" => &TRANSMISSION,
            "65" => &SOFTWARE,
            "84" => return Some(Reach::Outside("卫生不适用统计上大中小微型企业划分办法")),
            "85" => &OTHER,
            _ if digits.len() < 3 => return None,
            _ => match &digits[..3] {
                "591" => &TRANSPORT,
                "701" => &REAL_ESTATE,
                "702" => &PROPERTY,
                "703" | "709" => &OTHER,
                // 房地产租赁经营 of 2017 is what note 2 calls 自有房地产经营活动, the name of 2011.
                "704" => {
                    return Some(Reach::Outside(
                        "自有房地产经营（房地产租赁经营）不适用统计上大中小微型企业划分办法",
                    ));
                }
                _ => &STORAGE,
            },
        },
    };
    Some(Reach::Row(row))
}
