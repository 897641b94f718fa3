//! Rising numbers as few bytes: each as the distance to the one before, seven bits a byte.

/// Rising numbers; at most one more than the last byte tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
    last: u32,
}

impl Packed {
    /// Appends a number above the last one (or any first one).
    pub(super) fn push(&mut self, number: u32) {
        debug_assert!(self.bytes.is_empty() || number > self.last);
        let mut distance = number - self.last;
        while distance >= 0x80 {
            self.bytes.push(distance as u8 | 0x80);
            distance >>= 7;
        }
        self.bytes.push(distance as u8);
        self.last = number;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        unpack(&self.bytes)
    }

    /// Bytes in memory beside the struct itself.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Only what is needed to read them.
    pub(super) fn into_bytes(self) -> Box<[u8]> {
        self.bytes.into_boxed_slice()
    }
}

/// The numbers again.
pub(super) fn unpack(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let mut rest = bytes.iter();
    let mut last = 0_u32;
    std::iter::from_fn(move || {
        let mut distance = 0_u32;
        let mut shift = 0;
        loop {
            let byte = *rest.next()?;
            distance |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                last += distance;
                return Some(last);
            }
            shift += 7;
        }
    })
}
