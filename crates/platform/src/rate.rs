//! Rates (率): so many of so many, exact, and the one way in which they are written.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

crate::vocabulary! {
    /// How the digits that are not shown are treated. Reports of the same figures differ by it: 2414 of 2422 is 99.67 %
    /// rounded and 99.66 % cut off.
    #[derive(Default)]
    Rounding {
        /// 四舍五入.
        #[default]
        Nearest = "nearest", "四舍五入";
        /// 截尾: further digits are left out.
        Down = "down", "截尾";
    }
}

/// 比率的分子和分母。
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
pub struct Rate {
    /// 分子。
    pub of: u64,
    /// 分母。
    pub all: u64,
}

impl Rate {
    /// `of` of `all`.
    #[must_use]
    pub const fn new(of: u64, all: u64) -> Self {
        Self { of, all }
    }

    /// In hundredths of a per cent: 9966 is 99.66 %. `None` when there is nothing to divide by. What is not all is
    /// never told as 100 %, and what is not nothing never as 0, however it is rounded.
    #[must_use]
    pub fn basis_points(self, rounding: Rounding) -> Option<u64> {
        if self.all == 0 {
            return None;
        }
        let (of, all) = (u128::from(self.of) * 10_000, u128::from(self.all));
        let half = match rounding {
            Rounding::Nearest => all / 2,
            Rounding::Down => 0,
        };
        let points = u64::try_from((of + half) / all).unwrap_or(u64::MAX);
        Some(match (self.of, self.of.cmp(&self.all)) {
            (0, _) => 0,
            (_, Ordering::Less) => points.clamp(1, 9_999),
            _ => points,
        })
    }

    /// `99.66%`; `–` when there is nothing to divide by.
    #[must_use]
    pub fn percent(self, rounding: Rounding) -> String {
        self.basis_points(rounding).map_or_else(
            || "–".to_owned(),
            |points| format!("{}.{:02}%", points / 100, points % 100),
        )
    }

    /// `2414 ÷ 2422`.
    #[must_use]
    pub fn fraction(self) -> String {
        format!("{} ÷ {}", self.of, self.all)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::cut_off(2_414, 2_422, Rounding::Down, "99.66%")]
    #[case::rounded(2_414, 2_422, Rounding::Nearest, "99.67%")]
    #[case::half_goes_up(1, 8, Rounding::Nearest, "12.50%")]
    #[case::half_of_the_last_digit(1, 20_000, Rounding::Nearest, "0.01%")]
    #[case::not_all_is_not_everything(99_999, 100_000, Rounding::Nearest, "99.99%")]
    #[case::not_nothing_is_not_zero(1, 1_000_000, Rounding::Down, "0.01%")]
    #[case::all(7, 7, Rounding::Down, "100.00%")]
    #[case::none_of_some(0, 7, Rounding::Nearest, "0.00%")]
    #[case::nothing_to_divide_by(0, 0, Rounding::Nearest, "–")]
    fn rates_are_written_exactly(
        #[case] of: u64,
        #[case] all: u64,
        #[case] rounding: Rounding,
        #[case] expected: &str,
    ) {
        assert_eq!(Rate::new(of, all).percent(rounding), expected);
    }

    proptest! {
        #[test]
        fn what_is_shown_lies_within_a_hundredth_of_a_per_cent(of in 0_u64..1_000_000, more in 0_u64..1_000_000) {
            let rate = Rate::new(of, of + more);
            prop_assume!(rate.all > 0);
            let (down, near) = (rate.basis_points(Rounding::Down), rate.basis_points(Rounding::Nearest));
            let exact = u128::from(rate.of) * 10_000;
            for points in [down, near].into_iter().flatten() {
                let shown = u128::from(points) * u128::from(rate.all);
                prop_assert!(shown.abs_diff(exact) <= u128::from(rate.all));
                prop_assert!(points < 10_000 || rate.of == rate.all);
            }
            prop_assert!(down <= near);
        }
    }
}
