//! Passwords: which are accepted, and how they are kept (Argon2id, OWASP Password Storage Cheat Sheet).

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::secret::Secret;

/// Characters at least and at most. NIST SP 800-63B asks for length instead of a mixture of kinds.
const LENGTH_MIN: usize = 10;
const LENGTH_MAX: usize = 128;
/// Different characters at least: `aaaaaaaaaa` is long but no secret.
const DISTINCT_MIN: usize = 5;
/// Passwords that may not be used again, the current one included.
pub(crate) const HISTORY: usize = 5;
/// Memory in KiB, passes, lanes: OWASP's first choice for Argon2id with 19 MiB.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Passwords that are hashed at the same time: each takes 19 MiB and a core, and anybody may ask.
const AT_ONCE: usize = 4;

/// Guesses that a password has to withstand. `zxcvbn` knows 30,000 common passwords, and how they are varied.
const GUESSES_MIN: u64 = 1_000_000;

/// What guessing begins with in China, where the lists of `zxcvbn` are thin; compared without regard to case.
const COMMON: [&str; 48] = [
    "1234567890",
    "0123456789",
    "9876543210",
    "12345678910",
    "123456789a",
    "a123456789",
    "aa123456789",
    "abc1234567",
    "abcd123456",
    "abcd12345678",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "qwertyuiop",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "qwe1234567",
    "asdfghjkl1",
    "asdfghjkl;",
    "zxcvbnm123",
    "1qaz2wsx3edc",
    "1qaz@wsx3edc",
    "1qazxsw23edc",
    "qazwsxedcrfv",
    "password12",
    "password123",
    "password1234",
    "passw0rd123",
    "p@ssw0rd123",
    "p@ssword123",
    "admin12345",
    "admin123456",
    "admin@1234",
    "admin@12345",
    "admin@123456",
    "administrator",
    "iloveyou123",
    "woaini1314",
    "woaini520520",
    "woaini5201314",
    "5201314520",
    "5201314woaini",
    "welcome123",
    "letmein123",
    "changeme123",
    "huawei@123",
    "zhida123456",
    "zhengwu123",
];

/// Why a password is not accepted, as a sentence for its field; `None` when it is.
pub(crate) fn weakness(password: &str, login: &str, name: &str) -> Option<String> {
    let length = password.chars().count();
    if length < LENGTH_MIN {
        return Some(format!(
            "密码至少 {LENGTH_MIN} 个字符，现为 {length} 个；可以用几个词连成一句"
        ));
    }
    if length > LENGTH_MAX {
        return Some(format!("密码最多 {LENGTH_MAX} 个字符，请缩短"));
    }
    let lower = password.to_lowercase();
    let contains = |part: &str| part.chars().count() >= 3 && lower.contains(&part.to_lowercase());
    if contains(login) || contains(name) {
        return Some("密码里不要出现登录名或姓名，请换一个".to_owned());
    }
    let distinct: std::collections::HashSet<char> = lower.chars().collect();
    let guessed = || zxcvbn::zxcvbn(password, &[login, name]).guesses() < GUESSES_MIN;
    if COMMON.contains(&lower.as_str())
        || distinct.len() < DISTINCT_MIN
        || is_a_run(&lower)
        || guessed()
    {
        return Some("这个密码太常见，别人一试就中，请换一个".to_owned());
    }
    None
}

/// `abcdefghij`, `9876543210`: every character follows the one before, up or down.
fn is_a_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    [1, -1]
        .iter()
        .any(|step| codes.windows(2).all(|pair| pair[1] - pair[0] == *step))
}

/// Makes and checks hashes, a few at a time and away from the threads that answer requests.
#[derive(Clone)]
pub(crate) struct Hasher {
    turns: Arc<Semaphore>,
    /// The hash of nothing anybody knows: a login that does not exist costs the same work.
    nobody: Arc<str>,
}

impl Hasher {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            nobody: hash(&Secret::session())?.into(),
        })
    }

    /// The hash to keep, a PHC string with its own salt.
    pub(crate) async fn hash(&self, password: &Secret) -> Result<String, Error> {
        let password = password.clone();
        self.work(move || hash(&password)).await?
    }

    /// Whether the password is that of the hash; without one the same work is done for nothing.
    pub(crate) async fn verify(
        &self,
        password: &Secret,
        kept: Option<&str>,
    ) -> Result<bool, Error> {
        let password = password.clone();
        let known = kept.is_some();
        let kept = kept.unwrap_or(&self.nobody).to_owned();
        let right = self.work(move || verify(&password, &kept)).await?;
        Ok(right && known)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _turn = self.turns.acquire().await.map_err(|_| Error::Hashing)?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| Error::Hashing)
    }
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|_| Error::Hashing)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &Secret) -> Result<String, Error> {
    let hash = argon2()?.hash_password(password.expose().as_bytes());
    Ok(hash.map_err(|_| Error::Hashing)?.to_string())
}

fn verify(password: &Secret, kept: &str) -> bool {
    let (Ok(kept), Ok(argon2)) = (PasswordHash::new(kept), argon2()) else {
        return false;
    };
    argon2
        .verify_password(password.expose().as_bytes(), &kept)
        .is_ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn long_and_unexpected_passwords_are_accepted() {
        for good in [
            "西湖边 喝龙井 2026",
            "correct horse battery",
            "k7#mQ2!zRt9w",
        ] {
            assert_eq!(weakness(good, "zhangsan", "张三"), None, "{good}");
        }
    }

    #[test]
    fn short_common_and_personal_passwords_are_refused() {
        for bad in [
            "short",
            "123456789",
            "Password123",
            "aaaaaaaaaaaa",
            "abababababab",
            "ABCDEFGHIJKL",
            "zyxwvutsrqp",
            "my-zhangsan-1",
            "football1234",
            "Manchester1",
            "P@ssw0rd2026",
            "qwertyuiop[]",
            &"长".repeat(129),
        ] {
            assert!(weakness(bad, "zhangsan", "张三").is_some(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_hash_knows_its_password_and_nothing_else() {
        let hasher = Hasher::new().unwrap();
        let kept = hasher.hash(&"西湖边 喝龙井".into()).await.unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        let is = async |typed: &str, kept: Option<&str>| {
            hasher.verify(&typed.into(), kept).await.unwrap()
        };
        assert!(is("西湖边 喝龙井", Some(&kept)).await);
        assert!(!is("西湖边喝龙井", Some(&kept)).await);
        assert!(!is("西湖边 喝龙井", None).await);
        assert!(!is("西湖边 喝龙井", Some("not a hash")).await);
        assert_ne!(hasher.hash(&"甲".into()).await.unwrap(), kept);
    }
}
