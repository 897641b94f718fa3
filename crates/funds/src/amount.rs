//! How much an enterprise gets beside what it has got already: pure and exact, in fen.
//!
//! Sources of the rules: docs/domain-rules §2.4 and part 3 nos. 11 (instalments and settlement) and 14 (从高不重复, 级差补足,
//! 上级已补只补差).

use zhida_standards::Fen;

/// 从高不重复: of several benefits for one thing only the highest is given. Its index and amount; the first of equals.
#[must_use]
pub fn highest(amounts: &[Fen]) -> Option<(usize, Fen)> {
    let mut best: Option<(usize, Fen)> = None;
    for (index, amount) in amounts.iter().copied().enumerate() {
        if best.is_none_or(|(_, most)| amount > most) {
            best = Some((index, amount));
        }
    }
    best
}

/// 级差补足、上级已补只补差: what is still missing to `due` when `had` was given for the lower grade, or by a higher
/// level of government, before. Never below zero: what is too much is not taken back here.
#[must_use]
pub fn difference(due: Fen, had: Fen) -> Fen {
    due.saturating_sub(had).max(0)
}

/// 封顶: as much of `amount` as a cap leaves after what is used.
#[must_use]
pub fn capped(amount: Fen, cap: Fen, used: Fen) -> Fen {
    amount.min(difference(cap, used)).max(0)
}

/// 先拨一部分: that many per cent of `amount`, whole fen, the rest of a fen left for the settlement.
#[must_use]
pub fn share(amount: Fen, percent: u32) -> Fen {
    let part = i128::from(amount) * i128::from(percent.min(100)) / 100;
    Fen::try_from(part).unwrap_or(0)
}

/// What is left to do when the final amount is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Nothing: as much as is due was paid.
    Nothing,
    /// This much is still to be paid.
    Pay(Fen),
    /// This much was paid too much.
    TakeBack(Fen),
}

/// 清算: what the final amount leaves to do after what was paid.
#[must_use]
pub fn settlement(due: Fen, paid: Fen) -> Rest {
    match due.saturating_sub(paid) {
        0 => Rest::Nothing,
        more if more > 0 => Rest::Pay(more),
        less => Rest::TakeBack(less.saturating_neg()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zhida_standards::FEN_PER_WAN;

    use super::*;

    const fn wan(wan: i64) -> Fen {
        wan * FEN_PER_WAN
    }

    /// domain-rules part 3 no. 14: a city gives 20万 for 省级专精特新 and 50万 for 小巨人.
    #[test]
    fn the_highest_counts_once_and_a_higher_grade_gets_the_difference() {
        assert_eq!(highest(&[wan(20), wan(50), wan(50)]), Some((1, wan(50))));
        assert_eq!(highest(&[]), None);
        assert_eq!(difference(wan(50), wan(20)), wan(30));
        assert_eq!(difference(wan(50), wan(80)), 0);
    }

    /// domain-rules part 3 no. 11: 金华 80 % first and settlement; 新乡 100万 first, then what is missing;
    /// 龙岩 a first part of at most 15万; 青海 stages that sum up to 1000万.
    #[test]
    fn instalments_and_settlement() {
        let first = share(wan(100), 80);
        assert_eq!(first, wan(80));
        assert_eq!(settlement(wan(95), first), Rest::Pay(wan(15)));
        assert_eq!(settlement(wan(80), first), Rest::Nothing);
        assert_eq!(settlement(wan(60), first), Rest::TakeBack(wan(20)));
        assert_eq!(settlement(wan(130), wan(100)), Rest::Pay(wan(30)));
        assert_eq!(capped(wan(40), wan(15), 0), wan(15));
        assert_eq!(
            [50, 150, 200, 200, 400].map(wan).iter().sum::<Fen>(),
            wan(1_000)
        );
    }

    #[test]
    fn a_share_keeps_the_rest_of_a_fen_for_the_settlement() {
        assert_eq!(share(101, 50), 50);
        assert_eq!(settlement(101, share(101, 50)), Rest::Pay(51));
        assert_eq!(share(Fen::MAX, 100), Fen::MAX);
        assert_eq!(share(100, 250), 100);
    }

    #[test]
    fn caps_leave_what_is_not_used() {
        assert_eq!(capped(wan(30), wan(50), wan(30)), wan(20));
        assert_eq!(capped(wan(30), wan(50), wan(50)), 0);
        assert_eq!(capped(wan(30), wan(50), wan(70)), 0);
    }

    proptest! {
        #[test]
        fn parts_and_settlement_sum_up_to_what_is_due(due in 0..Fen::MAX / 2, percent in 0u32..=100) {
            let first = share(due, percent);
            prop_assert!(first <= due);
            let rest = match settlement(due, first) {
                Rest::Nothing => 0,
                Rest::Pay(more) => more,
                Rest::TakeBack(_) => return Err(TestCaseError::fail("a share is never more than all")),
            };
            prop_assert_eq!(first + rest, due);
        }

        #[test]
        fn no_cap_is_exceeded(amount in 0..Fen::MAX / 4, cap in 0..Fen::MAX / 4, used in 0..Fen::MAX / 4) {
            prop_assert!(capped(amount, cap, used) + used.min(cap) <= cap.max(used));
        }
    }
}
