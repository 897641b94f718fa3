//! What one sign-in with an identity provider carries. All of it is derived from one secret that only the browser
//! has, in a cookie of its own: the provider sees `state` and `nonce`, nobody else sees the PKCE verifier, and
//! nothing of it is kept here but a digest. So an answer is of use to the browser that asked, and to no other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// The derived values of one secret.
pub(crate) struct Flow(Secret);

impl Flow {
    pub(crate) fn of(secret: &Secret) -> Self {
        Self(secret.clone())
    }

    /// Comes back with the answer (RFC 6749 §10.12).
    pub(crate) fn state(&self) -> String {
        self.derived("state")
    }

    /// Comes back in the ID token (OpenID Connect Core §15.5.2).
    pub(crate) fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// Shows that whoever redeems the code asked for it: 43 characters, as RFC 7636 §4.1 recommends.
    pub(crate) fn verifier(&self) -> String {
        self.derived("verifier")
    }

    /// Whether a state that came back is this one, in a time that does not tell how much of it is right.
    pub(crate) fn is_state(&self, state: &str) -> bool {
        Sha256::digest(state) == Sha256::digest(self.state())
    }

    fn derived(&self, use_of: &str) -> String {
        let text = format!("zhida {use_of} {}", self.0.expose());
        URL_SAFE_NO_PAD.encode(Sha256::digest(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_its_own_and_tells_nothing_of_the_others() {
        let secret = Secret::session();
        let flow = Flow::of(&secret);
        let values = [flow.state(), flow.nonce(), flow.verifier()];
        assert!(values.iter().all(|value| value.len() == 43));
        assert!(values[0] != values[1] && values[1] != values[2] && values[0] != values[2]);
        assert!(flow.is_state(&values[0]) && !flow.is_state(&values[1]) && !flow.is_state(""));
        assert_ne!(Flow::of(&Secret::session()).state(), values[0]);
    }
}
