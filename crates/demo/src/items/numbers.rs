//! Round numbers with a long tail, written as policies write them.

use crate::random::Random;

/// Leading digits of round thresholds, most usual first.
const ROUND: [i64; 4] = [10, 20, 30, 50];
const LESS_ROUND: [i64; 6] = [15, 25, 40, 60, 80, 12];

/// A number between 10^`low` and 10^(`high`+1): mostly 1, 2, 3 or 5 with zeros.
pub(super) fn round(random: &mut Random, low: u32, high: u32) -> i64 {
    let digits = match random.below(100) {
        0..72 => random.pick(&ROUND),
        72..95 => random.pick(&LESS_ROUND),
        _ => random.between(11, 99),
    };
    let power = random.between(i64::from(low), i64::from(high)) as u32;
    digits * 10_i64.pow(power) / 10
}

/// Yuan as the rule language and policies write them: 2000万, 1.5亿, 800.
pub(super) fn yuan(amount: i64) -> String {
    let of = |unit: i64, word: &str| {
        let (whole, rest) = (amount / unit, amount % unit * 100 / unit);
        match rest {
            0 => format!("{whole}{word}"),
            _ if rest % 10 == 0 => format!("{whole}.{}{word}", rest / 10),
            _ => format!("{whole}.{rest:02}{word}"),
        }
    };
    match amount {
        100_000_000.. if amount % 1_000_000 == 0 => of(100_000_000, "亿"),
        10_000.. if amount % 100 == 0 => of(10_000, "万"),
        _ => amount.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_policies_do() {
        assert_eq!(yuan(20_000_000), "2000万");
        assert_eq!(yuan(150_000_000), "1.5亿");
        assert_eq!(yuan(105_000_000), "1.05亿");
        assert_eq!(yuan(15_000), "1.5万");
        assert_eq!(yuan(800), "800");
    }
}
