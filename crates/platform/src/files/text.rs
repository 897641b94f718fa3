use std::io::{self, Read};

use encoding_rs::{DecoderResult, Encoding, GB18030, UTF_8};

/// Whether everything is text that a person could have written: UTF-8 or
/// GB18030 without control characters (UTF-16 has NUL in it and is not).
pub(super) fn is_text(mut content: impl Read) -> io::Result<bool> {
    let mut readers = [Some(Reader::new(UTF_8)), Some(Reader::new(GB18030))];
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = content.read(&mut buffer)?;
        let bytes = &buffer[..read];
        if bytes
            .iter()
            .any(|byte| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'))
        {
            return Ok(false);
        }
        for reader in &mut readers {
            if reader
                .as_mut()
                .is_some_and(|reader| !reader.takes(bytes, read == 0))
            {
                *reader = None;
            }
        }
        if read == 0 || readers.iter().all(Option::is_none) {
            return Ok(readers.iter().any(Option::is_some));
        }
    }
}

/// Follows one encoding until something is not of it.
struct Reader {
    decoder: encoding_rs::Decoder,
    text: String,
}

impl Reader {
    fn new(encoding: &'static Encoding) -> Self {
        Self {
            decoder: encoding.new_decoder_without_bom_handling(),
            text: String::with_capacity(64 << 10),
        }
    }

    fn takes(&mut self, mut bytes: &[u8], last: bool) -> bool {
        loop {
            self.text.clear();
            let (result, read) =
                self.decoder
                    .decode_to_string_without_replacement(bytes, &mut self.text, last);
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return true,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_text;

    #[test]
    fn text_is_told_from_other_bytes() {
        let (gbk, ..) = encoding_rs::GBK.encode("统一社会信用代码,名称\r\n");
        let long = "甲乙丙丁\n".repeat(20_000);
        for (bytes, text) in [
            (&b"code,name\n"[..], true),
            ("\u{FEFF}代码,名称\r\n\t".as_bytes(), true),
            (&gbk, true),
            (long.as_bytes(), true),
            (&b"a\0b"[..], false),
            (&[0xFF, 0xFE, b'a', 0][..], false),
            (&[0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A][..], false),
            (&[b'a', 0xFF, 0xFF][..], false),
            // a character cut off
            (&"代码".as_bytes()[..5], false),
        ] {
            assert_eq!(is_text(bytes).expect("memory is read"), text, "{bytes:?}");
        }
    }
}
