use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::super::{MessageError, Secret};

/// What a secret begins with, so that scanners recognise a leaked one.
const PREFIX: &str = "whsec_";
/// Bytes of a secret; the specification asks for 24 to 64.
const BYTES: usize = 32;

/// A random secret, `whsec_` and base64.
pub(super) fn new_secret() -> Result<Secret, MessageError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| MessageError::Settings(format!("系统随机数不可用：{error}")))?;
    Ok(Secret::new(format!("{PREFIX}{}", STANDARD.encode(bytes))))
}

/// One entry of `webhook-signature`: `v1,` and the HMAC-SHA256 of
/// `id.timestamp.body` in base64 (Standard Webhooks 1.0.0). A secret that is
/// not `whsec_` and base64 is taken as its own bytes.
#[must_use]
pub fn sign(secret: &Secret, id: &str, timestamp: i64, body: &str) -> String {
    let text = secret.reveal();
    let key = text
        .strip_prefix(PREFIX)
        .and_then(|coded| STANDARD.decode(coded).ok());
    let key = key.unwrap_or_else(|| text.as_bytes().to_vec());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vector of the reference libraries.
    #[test]
    fn signs_as_the_reference_does() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signature = sign(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_are_long_and_differ() {
        let (a, b) = (new_secret().expect("random"), new_secret().expect("random"));
        assert_ne!(a, b);
        assert_eq!(a.reveal().len(), PREFIX.len() + 44);
    }
}
