//! The check code 校验码: an unguessable name that people can read out and type.
//!
//! 15 symbols of 5 bits and one that checks them (Luhn's method for 32 symbols), in four groups: `7K3M-9QX2-…`. The
//! symbols are Crockford's (<https://www.crockford.com/base32.html>): no I, L, O, U; reading takes 1 for I and L, 0 for O.

use std::fmt;
use std::str::FromStr;

/// Random bytes of a code: 75 of their 80 bits are used. At a thousand guesses a second one of a million letters
/// would be met once in a million years.
pub const CODE_BYTES: usize = 10;

const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Symbols of a code, the checking one included.
const LENGTH: usize = 16;
const GROUP: usize = 4;

/// A check code that passed its own check; whether a letter has it only the archive knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CheckCode([u8; LENGTH]);

/// Why a text is no check code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Too short, too long or with a sign that no code has.
    #[error(
        "校验码是 16 位数字和字母（不含 I、L、O、U），例如 7K3M-9QX2-04TB-C6DP。请对照文书再输入一次"
    )]
    Shape,
    /// One symbol was misread or two were swapped.
    #[error("校验码抄错了一位：最后一位与前面对不上。请对照文书再输入一次")]
    Check,
}

impl CheckCode {
    /// The code of random bytes, which must come from the operating system.
    #[must_use]
    pub fn from_random(bytes: [u8; CODE_BYTES]) -> Self {
        let mut number = bytes
            .iter()
            .fold(0u128, |number, byte| number << 8 | u128::from(*byte));
        let mut values = [0u8; LENGTH];
        for value in &mut values[..LENGTH - 1] {
            *value = (number & 31) as u8;
            number >>= 5;
        }
        values[LENGTH - 1] = check_value(&values[..LENGTH - 1]);
        Self(values.map(|value| SYMBOLS[usize::from(value)]))
    }

    /// The 16 symbols without dashes: what is stored and stands in addresses.
    #[must_use]
    pub fn plain(&self) -> String {
        self.0.iter().copied().map(char::from).collect()
    }
}

impl FromStr for CheckCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let mut symbols = [0u8; LENGTH];
        let mut length = 0;
        for character in text
            .chars()
            .filter(|c| !matches!(c, '-' | '－' | '—') && !c.is_whitespace())
        {
            let slot = symbols.get_mut(length).ok_or(CodeError::Shape)?;
            *slot = symbol(character).ok_or(CodeError::Shape)?;
            length += 1;
        }
        if length != LENGTH {
            return Err(CodeError::Shape);
        }
        let values = symbols.map(value);
        if check_value(&values[..LENGTH - 1]) != values[LENGTH - 1] {
            return Err(CodeError::Check);
        }
        Ok(Self(symbols))
    }
}

impl fmt::Display for CheckCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, symbol) in self.0.iter().enumerate() {
            if index > 0 && index % GROUP == 0 {
                formatter.write_str("-")?;
            }
            write!(formatter, "{}", char::from(*symbol))?;
        }
        Ok(())
    }
}

/// The symbol that a typed character means.
fn symbol(character: char) -> Option<u8> {
    let byte = match character.to_ascii_uppercase() {
        'I' | 'L' => b'1',
        'O' => b'0',
        other => u8::try_from(other).ok()?,
    };
    SYMBOLS.contains(&byte).then_some(byte)
}

/// The number of a symbol; symbols come from [`symbol`].
fn value(symbol: u8) -> u8 {
    let place = SYMBOLS.iter().position(|known| *known == symbol);
    place
        .and_then(|place| u8::try_from(place).ok())
        .unwrap_or_default()
}

/// Luhn's check for 32 symbols: it finds every single mistake and all neighbours swapped but 0 with Z.
fn check_value(values: &[u8]) -> u8 {
    let base = SYMBOLS.len() as u32;
    let sum: u32 = values
        .iter()
        .rev()
        .enumerate()
        .map(|(index, value)| {
            let weighted = u32::from(*value) * if index % 2 == 0 { 2 } else { 1 };
            weighted / base + weighted % base
        })
        .sum();
    ((base - sum % base) % base) as u8
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    fn code() -> CheckCode {
        CheckCode::from_random([0x13, 0x9a, 0x00, 0xff, 0x42, 0x77, 0x08, 0xc1, 0xde, 0x5e])
    }

    #[test]
    fn reads_what_it_prints_and_what_people_type() {
        let printed = code().to_string();
        assert_eq!(printed.len(), 19);
        for typed in [
            printed.clone(),
            printed.to_lowercase(),
            format!(" {} ", printed.replace('-', " ")),
            printed.replace('0', "o").replace('1', "l"),
            code().plain(),
        ] {
            assert_eq!(typed.parse::<CheckCode>(), Ok(code()), "{typed}");
        }
    }

    #[test]
    fn every_single_mistake_is_found() {
        let plain = code().plain();
        for place in 0..LENGTH {
            for wrong in SYMBOLS.iter().map(|symbol| char::from(*symbol)) {
                let typed: String = plain
                    .chars()
                    .enumerate()
                    .map(|(index, right)| if index == place { wrong } else { right })
                    .collect();
                let expected = if typed == plain {
                    Ok(code())
                } else {
                    Err(CodeError::Check)
                };
                assert_eq!(typed.parse(), expected, "{typed}");
            }
        }
    }

    #[test]
    fn swapped_neighbours_are_found() {
        let plain: Vec<char> = code().plain().chars().collect();
        for place in 0..LENGTH - 1 {
            let mut typed = plain.clone();
            typed.swap(place, place + 1);
            let pair = [plain[place], plain[place + 1]];
            if pair[0] != pair[1] && pair != ['0', 'Z'] && pair != ['Z', '0'] {
                let typed: String = typed.into_iter().collect();
                assert_eq!(typed.parse::<CheckCode>(), Err(CodeError::Check), "{typed}");
            }
        }
    }

    #[test]
    fn other_texts_are_no_codes() {
        for text in [
            "",
            "7K3M",
            "7K3M-9QX2-04TB-C6DPP",
            "7K3M-9QX2-04TB-C6D！",
            "UUUU-UUUU-UUUU-UUUU",
        ] {
            assert_eq!(
                text.parse::<CheckCode>().unwrap_err(),
                CodeError::Shape,
                "{text}"
            );
        }
    }
}
