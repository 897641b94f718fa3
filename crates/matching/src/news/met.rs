//! A set of enterprises as text: ascending numbers, as differences of seven bits a byte, in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// The text of ascending numbers.
pub(super) fn write(numbers: &[u32]) -> String {
    let mut bytes = Vec::with_capacity(numbers.len() * 2);
    let mut last = 0;
    for number in numbers {
        let mut rest = number - last;
        while rest >= 0x80 {
            bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        last = *number;
    }
    STANDARD_NO_PAD.encode(bytes)
}

/// The numbers of a text; `None` when it is damaged.
pub(super) fn read(text: &str) -> Option<Vec<u32>> {
    let bytes = STANDARD_NO_PAD.decode(text).ok()?;
    let mut numbers = Vec::with_capacity(bytes.len());
    let (mut last, mut rest, mut shift) = (0_u32, 0_u32, 0);
    for byte in bytes {
        rest |= u32::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            last = last.checked_add(rest)?;
            numbers.push(last);
            (rest, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(numbers in prop::collection::btree_set(any::<u32>(), 0..50)) {
            let numbers: Vec<u32> = numbers.into_iter().collect();
            prop_assert_eq!(read(&write(&numbers)), Some(numbers));
        }

        #[test]
        fn anything_may_be_read(text in "[A-Za-z0-9+/=]{0,40}") {
            let _fine = read(&text);
        }
    }
}
