//! The second factor: codes of an authenticator app (TOTP, RFC 6238) and recovery codes for its loss.

use chrono::{DateTime, Utc};
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;
use totp_rs::{Builder, Secret as Key, Totp};

use crate::error::Error;
use crate::secret::Secret;

/// Who gave the code, as the app shows it.
const ISSUER: &str = "直达";
/// 160 bits, what RFC 4226 §4 recommends.
const KEY_LETTERS: usize = 32;
/// A clock may be a step of 30 seconds early or late.
const SKEW: u16 = 1;
/// Recovery codes of one set.
pub(crate) const RECOVERY_CODES: usize = 8;
/// Groups of a recovery code: 120 bits, enough to be kept as a fast digest (ASVS 5.0 V6.5.2).
const RECOVERY_GROUPS: usize = 6;

/// A new key for an app, in base32 as the app takes it.
pub(crate) fn new_key() -> Secret {
    Secret::base32(KEY_LETTERS)
}

/// A new set of recovery codes.
pub(crate) fn recovery_codes() -> Vec<Secret> {
    (0..RECOVERY_CODES)
        .map(|_| Secret::code(RECOVERY_GROUPS))
        .collect()
}

/// The step of time that the code belongs to, when it is right and later than `last`: a code that was
/// accepted once is not accepted again (RFC 6238 §5.2).
pub(crate) fn accepted_step(
    key: &str,
    code: &str,
    at: DateTime<Utc>,
    last: i64,
) -> Result<Option<i64>, Error> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
    let step = totp(key, "")?.check(&code, seconds);
    Ok(step
        .and_then(|step| i64::try_from(step).ok())
        .filter(|step| *step > last))
}

/// The address that an app reads from the picture (Key URI Format).
pub(crate) fn address(key: &str, login: &str) -> Result<String, Error> {
    totp(key, login)?.to_url().map_err(|_| Error::Factor)
}

/// The picture of an address, as SVG without styles.
pub(crate) fn picture(address: &str) -> Result<String, Error> {
    let code = QRBuilder::new(address).build().map_err(|_| Error::Factor)?;
    Ok(SvgBuilder::default().to_str(&code))
}

fn totp(key: &str, login: &str) -> Result<Totp, Error> {
    let key = Key::try_from_base32(key).map_err(|_| Error::Factor)?;
    Builder::new()
        .with_secret(key)
        .with_skew(SKEW)
        .with_issuer(Some(ISSUER))
        .with_account_name(login)
        .build()
        .map_err(|_| Error::Factor)
}

/// The code an app would show, for tests of other crates and of this one.
#[doc(hidden)]
#[must_use]
pub fn code_at(key: &str, at: DateTime<Utc>) -> Option<String> {
    let seconds = u64::try_from(at.timestamp()).ok()?;
    Some(totp(key, "").ok()?.generate(seconds).to_string())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use chrono::TimeDelta;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238 appendix B: key "12345678901234567890", the last six of eight digits
        let key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804")] {
            assert_eq!(code_at(key, at(seconds)).unwrap(), code);
            assert!(accepted_step(key, code, at(seconds), 0).unwrap().is_some());
        }
    }

    #[test]
    fn a_code_holds_one_step_around_its_own_and_only_once() {
        let key = new_key();
        let now = at(1_800_000_000);
        let code = code_at(key.expose(), now).unwrap();
        let check = |later: i64, last: i64| {
            let when = now + TimeDelta::seconds(later);
            accepted_step(key.expose(), &code, when, last).unwrap()
        };
        let step = check(0, 0).unwrap();
        assert_eq!(check(30, 0), Some(step));
        assert_eq!(check(-30, 0), Some(step));
        assert_eq!(check(61, 0), None);
        assert_eq!(check(-61, 0), None);
        assert_eq!(check(0, step), None);
        assert_eq!(accepted_step(key.expose(), "", now, 0).unwrap(), None);
        assert_eq!(accepted_step(key.expose(), "abcdef", now, 0).unwrap(), None);
    }

    #[test]
    fn the_picture_obeys_the_security_policy() {
        let address = address(new_key().expose(), "zhangsan").unwrap();
        assert!(address.starts_with("otpauth://totp/"), "{address}");
        let picture = picture(&address).unwrap();
        assert!(picture.starts_with("<svg") && !picture.contains("style="));
    }

    #[test]
    fn a_set_of_recovery_codes_has_no_twins() {
        let mut codes: Vec<String> = recovery_codes()
            .iter()
            .map(|code| code.expose().to_owned())
            .collect();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), RECOVERY_CODES);
    }
}
