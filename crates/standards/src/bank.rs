//! 银行账户: what can be checked of an account without asking a bank.
//!
//! The 12 digits of a bank branch (支付系统行号, CNAPS) end in a check digit by ISO 7064 MOD 11,10. The rule is not printed
//! in the publications of 中国人民银行 that are free to read; it holds for every published number tried (see the tests).
//! Numbers of bank cards end in Luhn's check digit (ISO/IEC 7812-1; 银联标准卡 begin with 62, JR/T 0008-2000).
//! Accounts of enterprises have no common check digit: there only length and characters can be checked, and
//! [`AccountNumber::check`] says so.

use std::fmt;

/// Digits of a branch number.
const CNAPS_DIGITS: usize = 12;
/// Digits of an account number, cards included.
pub const ACCOUNT_DIGITS: std::ops::RangeInclusive<usize> = 8..=32;
/// Digits of a card number (ISO/IEC 7812-1; shorter ones than these are not issued in China).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 16..=19;
/// What the numbers of 银联标准卡 begin with.
const CARD_PREFIX: &str = "62";

/// Why a text is no branch number or account number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BankError {
    /// Something else than digits, spaces and hyphens.
    #[error("“{0}”不能出现在号码里，只能有数字（空格和短横会自动去掉）")]
    Character(char),
    /// Not twelve digits.
    #[error("支付系统行号应为 12 位数字，这里有 {0} 位：开户银行的网点可以告知")]
    CnapsLength(usize),
    /// The check digit does not fit.
    #[error("支付系统行号的校验位不对，有一位写错了：请对照开户许可证或银行回单核对")]
    CnapsCheck,
    /// Too short or too long.
    #[error("账号应为 8 至 32 位数字，这里有 {0} 位")]
    AccountLength(usize),
    /// A card number whose check digit does not fit.
    #[error("账号的校验位不对，有一位写错了：请对照银行卡或银行回单核对")]
    AccountCheck,
}

/// Which check an account number has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountCheck {
    /// Luhn's check digit of a card: one wrong digit would have been found.
    Luhn,
    /// Length and characters only: accounts of enterprises have no common check digit.
    LengthOnly,
}

impl AccountCheck {
    /// What was checked, for the person who looks at the account.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Luhn => "卡号校验位正确",
            Self::LengthOnly => "对公账号没有统一的校验位，只核对了位数",
        }
    }
}

/// An account number in normal form: digits only.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountNumber {
    digits: String,
    check: AccountCheck,
}

impl AccountNumber {
    /// All digits; for payment files, never for a screen.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.digits
    }

    /// Which check it has passed.
    #[must_use]
    pub fn check(&self) -> AccountCheck {
        self.check
    }

    /// The last four digits, for screens and messages.
    #[must_use]
    pub fn last_four(&self) -> &str {
        &self.digits[self.digits.len() - 4..]
    }
}

impl fmt::Debug for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountNumber(…{}, {:?})", self.last_four(), self.check)
    }
}

/// Reads a branch number; spaces and hyphens are dropped.
///
/// # Errors
/// When it is not twelve digits, or the check digit does not fit.
pub fn cnaps(text: &str) -> Result<String, BankError> {
    let digits = digits(text)?;
    if digits.len() != CNAPS_DIGITS {
        return Err(BankError::CnapsLength(digits.len()));
    }
    match mod_11_10(&digits) {
        true => Ok(digits),
        false => Err(BankError::CnapsCheck),
    }
}

/// Reads an account or card number; spaces and hyphens are dropped.
///
/// # Errors
/// When it has other characters, is too short or too long, or is a card number whose check digit does not fit.
pub fn account_number(text: &str) -> Result<AccountNumber, BankError> {
    let digits = digits(text)?;
    if !ACCOUNT_DIGITS.contains(&digits.len()) {
        return Err(BankError::AccountLength(digits.len()));
    }
    let is_card = CARD_DIGITS.contains(&digits.len()) && digits.starts_with(CARD_PREFIX);
    let check = match is_card {
        true if !luhn(&digits) => return Err(BankError::AccountCheck),
        true => AccountCheck::Luhn,
        false => AccountCheck::LengthOnly,
    };
    Ok(AccountNumber { digits, check })
}

/// Luhn's rule (ISO/IEC 7812-1, annex B): from the right every second digit doubled, the sum of digits a multiple of ten.
/// False for a text that is not all digits.
#[must_use]
pub fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (place, c) in digits.chars().rev().enumerate() {
        let Some(digit) = c.to_digit(10) else {
            return false;
        };
        let weighed = digit << (place % 2);
        sum += weighed / 10 + weighed % 10;
    }
    !digits.is_empty() && sum % 10 == 0
}

/// ISO 7064 MOD 11,10 over all digits, the check digit last.
fn mod_11_10(digits: &str) -> bool {
    let mut values = digits.chars().filter_map(|c| c.to_digit(10));
    let Some(check) = values.next_back() else {
        return false;
    };
    let product = values.fold(10, |product, digit| {
        let sum = (product + digit) % 10;
        let sum = if sum == 0 { 10 } else { sum };
        sum * 2 % 11
    });
    (product + check) % 10 == 1
}

fn digits(text: &str) -> Result<String, BankError> {
    text.trim()
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{3000}' | '\u{a0}' | '-' | '－'))
        .map(|c| match c {
            '0'..='9' => Ok(c),
            '０'..='９' => Ok(char::from(b'0' + (c as u32 - '０' as u32) as u8)),
            other => Err(BankError::Character(other)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    /// Numbers of branches as banks publish them (ICBC, CCB, BOC, ABC, and city banks).
    const BRANCHES: [&str; 12] = [
        "102100099996",
        "105100000017",
        "104100000004",
        "103100000026",
        "313651027012",
        "313651024047",
        "313651021013",
        "313522004113",
        "402795602394",
        "402873300213",
        "402873400011",
        "402871040141",
    ];

    #[test]
    fn published_branches_pass_and_no_other_last_digit_does() {
        for branch in BRANCHES {
            assert_eq!(cnaps(branch).as_deref(), Ok(branch));
            for last in '0'..='9' {
                let other = format!("{}{last}", &branch[..11]);
                assert_eq!(cnaps(&other).is_ok(), other == branch, "{other}");
            }
        }
    }

    #[rstest]
    #[case("1051 0000 0017", Ok("105100000017"))]
    #[case("１０５100000017", Ok("105100000017"))]
    #[case("10510000001", Err(BankError::CnapsLength(11)))]
    #[case("105100000018", Err(BankError::CnapsCheck))]
    #[case("10510000001O", Err(BankError::Character('O')))]
    #[case("", Err(BankError::CnapsLength(0)))]
    fn branches(#[case] text: &str, #[case] expected: Result<&str, BankError>) {
        assert_eq!(cnaps(text), expected.map(str::to_owned));
    }

    #[rstest]
    #[case("6222 0212 3456 7890 128", AccountCheck::Luhn)]
    #[case("33050164613500000123", AccountCheck::LengthOnly)]
    #[case("571-9066-6610-701", AccountCheck::LengthOnly)]
    fn accounts(#[case] text: &str, #[case] check: AccountCheck) {
        let read = account_number(text).expect("an account");
        assert_eq!(read.check(), check);
        assert!(read.expose().ends_with(read.last_four()));
        assert!(!format!("{read:?}").contains(read.expose()));
    }

    #[test]
    fn wrong_accounts_say_what_is_wrong() {
        let wrong = |text: &str| account_number(text).expect_err("wrong").to_string();
        assert!(wrong("6222021234567890127").contains("校验位"));
        assert!(wrong("1234567").contains("7 位"));
        assert!(wrong("12345678a").contains("“a”"));
        assert!(wrong(&"1".repeat(33)).contains("33 位"));
    }

    proptest! {
        /// ISO 7064 MOD 11,10 and Luhn both find every single wrong digit.
        #[test]
        fn one_wrong_digit_is_found(branch in prop::sample::select(&BRANCHES[..]), at in 0_usize..12, by in 1_u8..10) {
            let mut changed = branch.as_bytes().to_vec();
            changed[at] = b'0' + (changed[at] - b'0' + by) % 10;
            let changed = String::from_utf8(changed).expect("digits");
            prop_assert_eq!(cnaps(&changed), Err(BankError::CnapsCheck));
        }

        #[test]
        fn one_wrong_digit_of_a_card_is_found(body in "62[0-9]{14}", at in 2_usize..17, by in 1_u8..10) {
            let card = ('0'..='9').map(|last| format!("{body}{last}")).find(|card| luhn(card));
            let card = card.expect("one of ten digits fits");
            let mut changed = card.clone().into_bytes();
            changed[at] = b'0' + (changed[at] - b'0' + by) % 10;
            let changed = String::from_utf8(changed).expect("digits");
            prop_assert!(account_number(&card).is_ok());
            prop_assert_eq!(account_number(&changed), Err(BankError::AccountCheck));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,60}") {
            let _ = cnaps(&text);
            if let Ok(read) = account_number(&text) {
                prop_assert!(ACCOUNT_DIGITS.contains(&read.expose().len()));
            }
        }
    }
}
