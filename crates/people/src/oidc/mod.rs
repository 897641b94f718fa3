//! OpenID Connect: signing in with a city's own identity provider, by authorization code with PKCE.
//!
//! The library `openidconnect` knows the protocol and checks signatures, issuer, audience, expiry and nonce; here is
//! what it leaves to its users: which algorithms, which server is asked, when keys are fetched anew, what proves a
//! second factor. Who the person is here, `service::identities` decides.

mod ask;
mod flow;

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod,
    CoreJwsSigningAlgorithm as Alg, CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, IssuerUrl,
    LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, Scope, TokenResponse,
};
use serde_json::Value;
use zhida_platform::config::OidcConfig;
use zhida_platform::outgoing::Client as Outgoing;

use crate::secret::Secret;
use ask::Asker;
pub(crate) use flow::Flow;

/// Public-key signatures only: a shared secret proves nothing to others, and `none` nothing at all.
const ALGORITHMS: [Alg; 9] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
];
/// How long the provider's document and keys are not asked for again; keys that are not known yet are, at once.
const KEPT: TimeDelta = TimeDelta::hours(1);
/// How long one that does not answer is left alone while what was known of it holds.
const PAUSE: TimeDelta = TimeDelta::minutes(5);
/// Characters of a subject (OpenID Connect Core §2) and of the claim.
pub(crate) const VALUE_MAX: usize = 255;

type Rp = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// An identity provider.
pub(crate) struct Provider {
    pub config: OidcConfig,
    issuer: IssuerUrl,
    secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    home: PostLogoutRedirectUrl,
    asker: Asker,
    known: Mutex<Option<(DateTime<Utc>, Arc<ProviderMetadataWithLogout>)>>,
}

/// Whom the provider vouches for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    /// The provider's own, never reused name of the person.
    pub subject: String,
    /// The claim by which an administrator names people.
    pub value: Option<String>,
    /// Whether the provider saw a second factor.
    pub factor: bool,
}

/// Why the provider vouches for nobody.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// It does not answer, or with something else than OpenID Connect.
    #[error("{0}")]
    Unreachable(String),
    /// What it answered does not prove anything.
    #[error("{0}")]
    Unproved(String),
}

impl Provider {
    /// Reads secret and certificates.
    ///
    /// # Errors
    /// Which setting cannot be used, and why.
    pub(crate) fn new(config: &OidcConfig, site: &str) -> Result<Self, String> {
        let id = &config.id;
        let wrong = |key: &str, fault: String| format!("sign_in.oidc（{id}）的 {key}：{fault}");
        let read = |key: &str, file: &str| {
            std::fs::read_to_string(file).map_err(|_| {
                let fault = format!("读不到文件「{file}」，请检查路径与读权限");
                wrong(key, fault)
            })
        };
        let secret = match config.client_secret_file.as_str() {
            "" => None,
            file => {
                let text = read("client_secret_file", file)?;
                let line = text.lines().next().unwrap_or_default().trim().to_owned();
                Some(ClientSecret::new(line))
            }
        };
        let client = match config.ca_file.as_str() {
            "" => Outgoing::default(),
            file => Outgoing::trusting(read("ca_file", file)?.as_bytes())
                .map_err(|fault| wrong("ca_file", fault))?,
        };
        let unfit = |key: &'static str| move |_| wrong(key, "不是完整的网址".to_owned());
        let issuer = IssuerUrl::new(config.issuer.clone()).map_err(unfit("issuer"))?;
        let site = site.trim_end_matches('/');
        let redirect = RedirectUrl::new(format!("{site}/sign-in/callback/{id}"));
        let home = PostLogoutRedirectUrl::new(format!("{site}/sign-in"));
        Ok(Self {
            asker: Asker::new(client, issuer.url().clone()),
            issuer,
            secret,
            redirect: redirect.map_err(unfit("id"))?,
            home: home.map_err(unfit("id"))?,
            config: config.clone(),
            known: Mutex::new(None),
        })
    }

    /// Where the browser goes to sign in. `again`: the person proves to be there, even if signed in before.
    pub(crate) async fn address(
        &self,
        flow: &Flow,
        again: bool,
        at: DateTime<Utc>,
    ) -> Result<String, Fault> {
        let client = self.client(&*self.metadata(at).await?);
        let verifier = PkceCodeVerifier::new(flow.verifier());
        let scopes = self.config.scopes.iter().cloned().map(Scope::new);
        let (state, nonce) = (flow.state(), flow.nonce());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(scopes);
        if again {
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        Ok(request.url().0.into())
    }

    /// Redeems a code and checks what comes for it.
    pub(crate) async fn prove(
        &self,
        flow: &Flow,
        code: &Secret,
        at: DateTime<Utc>,
    ) -> Result<Proof, Fault> {
        let metadata = self.metadata(at).await?;
        let client = self.client(&metadata);
        let request = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .map_err(|_| Fault::Unreachable("发现文档里没有 token_endpoint".to_owned()))?
            .set_pkce_verifier(PkceCodeVerifier::new(flow.verifier()));
        let answer: CoreTokenResponse = request
            .request_async(&self.asker)
            .await
            .map_err(|error| Fault::Unproved(format!("换取令牌没有成功：{error}")))?;
        let claims = match self.verified(&metadata, &answer, flow, at) {
            // perhaps its keys are new
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let metadata = self.discover(at).await?;
                self.verified(&metadata, &answer, flow, at)
            }
            other => other,
        };
        let claims = claims.map_err(|error| Fault::Unproved(error.to_string()))?;
        self.proof(&metadata, &answer, &claims).await
    }

    /// The payload of the ID token, once everything about it is right.
    fn verified(
        &self,
        metadata: &ProviderMetadataWithLogout,
        answer: &CoreTokenResponse,
        flow: &Flow,
        at: DateTime<Utc>,
    ) -> Result<Value, ClaimsVerificationError> {
        let other = |text: &str| ClaimsVerificationError::Other(text.to_owned());
        let client = self.client(metadata);
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || at);
        let token = answer.id_token().ok_or_else(|| other("没有 id_token"))?;
        let claims = token.claims(&verifier, &Nonce::new(flow.nonce()))?;
        if let Some(expected) = claims.access_token_hash() {
            let alg = token.signing_alg();
            let key = token.signing_key(&verifier);
            let (alg, key) = (
                alg.map_err(ClaimsVerificationError::SignatureVerification)?,
                key.map_err(ClaimsVerificationError::SignatureVerification)?,
            );
            let hash = AccessTokenHash::from_token(answer.access_token(), alg, key);
            if hash.ok().as_ref() != Some(expected) {
                return Err(other("at_hash 与访问令牌不符"));
            }
        }
        let text = token.to_string();
        let payload = text.split('.').nth(1).unwrap_or_default();
        let bytes = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
        serde_json::from_slice(&bytes).map_err(|_| other("id_token 的内容读不出来"))
    }

    async fn proof(
        &self,
        metadata: &ProviderMetadataWithLogout,
        answer: &CoreTokenResponse,
        claims: &Value,
    ) -> Result<Proof, Fault> {
        let subject = text_of(claims, "sub");
        let subject = subject.ok_or_else(|| Fault::Unproved("sub 是空的或太长".to_owned()))?;
        let mut value = text_of(claims, &self.config.claim);
        if value.is_none() {
            // the person is proved already: who is linked comes in though the rest cannot be asked for
            match self.user_info(metadata, answer, &subject).await {
                Ok(more) => value = text_of(&more, &self.config.claim),
                Err(fault) => tracing::warn!(
                    provider = self.config.id,
                    ?fault,
                    "身份源没有答复用户信息（userinfo），只按 sub 认人"
                ),
            }
        }
        Ok(Proof {
            subject,
            value: value.map(|text| text.trim().to_owned()),
            factor: self.saw_a_factor(claims),
        })
    }

    /// Many providers tell only here what is not `sub`. What is of another subject is of nobody.
    async fn user_info(
        &self,
        metadata: &ProviderMetadataWithLogout,
        answer: &CoreTokenResponse,
        subject: &str,
    ) -> Result<Value, Fault> {
        let Some(endpoint) = metadata.userinfo_endpoint() else {
            return Ok(Value::Null);
        };
        let bearer = format!("Bearer {}", answer.access_token().secret());
        let request: HttpRequest = axum::http::Request::get(endpoint.as_str())
            .header("authorization", bearer)
            .header("accept", "application/json")
            .body(Vec::new())
            .map_err(|error| Fault::Unreachable(error.to_string()))?;
        let answer = self.asker.ask(request).await;
        let answer = answer.map_err(|error| Fault::Unreachable(error.to_string()))?;
        let claims: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        match text_of(&claims, "sub").as_deref() == Some(subject) {
            true => Ok(claims),
            false => Ok(Value::Null),
        }
    }

    /// Whether `amr` (RFC 8176) or `acr` holds one of the values that the operator named.
    fn saw_a_factor(&self, claims: &Value) -> bool {
        let methods = claims["amr"].as_array().into_iter().flatten();
        let mut values = methods.chain(std::iter::once(&claims["acr"]));
        values.any(|value| {
            let value = value.as_str().unwrap_or_default();
            self.config.second_factor.iter().any(|one| one == value)
        })
    }

    /// Where the browser goes to sign out there, too (OpenID Connect RP-Initiated Logout 1.0); `None` when the provider
    /// has no such page or cannot be asked.
    pub(crate) async fn leave(&self, at: DateTime<Utc>) -> Option<String> {
        let metadata = self.metadata(at).await.ok()?;
        let end = metadata
            .additional_metadata()
            .end_session_endpoint
            .clone()?;
        let request = LogoutRequest::from(end)
            .set_client_id(ClientId::new(self.config.client_id.clone()))
            .set_post_logout_redirect_uri(self.home.clone());
        Some(request.http_get_url().into())
    }

    fn client(&self, metadata: &ProviderMetadataWithLogout) -> Rp {
        let id = ClientId::new(self.config.client_id.clone());
        let client = CoreClient::from_provider_metadata(metadata.clone(), id, self.secret.clone())
            .set_redirect_uri(self.redirect.clone());
        // basic is what a provider takes that does not say (OpenID Connect Discovery §3)
        let methods = metadata.token_endpoint_auth_methods_supported();
        match methods {
            Some(methods) if !methods.contains(&CoreClientAuthMethod::ClientSecretBasic) => {
                client.set_auth_type(AuthType::RequestBody)
            }
            _ => client,
        }
    }

    async fn metadata(&self, at: DateTime<Utc>) -> Result<Arc<ProviderMetadataWithLogout>, Fault> {
        let kept = self.kept();
        match &kept {
            Some((since, metadata)) if at - *since < KEPT => Ok(Arc::clone(metadata)),
            // what was known holds while the provider cannot be asked
            _ => match (self.discover(at).await, kept) {
                (Err(fault), Some((_, metadata))) => {
                    tracing::warn!(provider = self.config.id, ?fault, "身份源的说明没有更新");
                    // nobody else waits for the time-out until then
                    self.keep(at - KEPT + PAUSE, &metadata);
                    Ok(metadata)
                }
                (found, _) => found,
            },
        }
    }

    fn keep(&self, since: DateTime<Utc>, metadata: &Arc<ProviderMetadataWithLogout>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((since, Arc::clone(metadata)));
    }

    async fn discover(&self, at: DateTime<Utc>) -> Result<Arc<ProviderMetadataWithLogout>, Fault> {
        let found =
            ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.asker).await;
        let found = found.map_err(|error| Fault::Unreachable(told(&error)))?;
        let found = Arc::new(found);
        self.keep(at, &found);
        Ok(found)
    }

    fn kept(&self) -> Option<(DateTime<Utc>, Arc<ProviderMetadataWithLogout>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    /// Whether an answer that names its sender (RFC 9207) came from this provider.
    pub(crate) fn sent(&self, issuer: &str) -> bool {
        issuer == self.config.issuer
    }

    /// The provider's name for itself, under which identities are kept.
    pub(crate) fn issuer(&self) -> &str {
        &self.config.issuer
    }
}

/// A claim that is a text, or a number as the provider wrote it; neither blank nor too long.
fn text_of(claims: &Value, name: &str) -> Option<String> {
    let text = match &claims[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let fits = !text.trim().is_empty() && text.chars().count() <= VALUE_MAX;
    fits.then_some(text)
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(" ← {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use serde_json::json;

    use super::*;

    fn config() -> OidcConfig {
        OidcConfig {
            id: "city".into(),
            name: "市统一身份认证".into(),
            issuer: "https://sso.example.gov.cn".into(),
            client_id: "zhida".into(),
            claim: "employee_number".into(),
            second_factor: vec!["otp".into(), "urn:gold".into()],
            ..OidcConfig::default()
        }
    }

    #[test]
    fn a_factor_is_what_the_operator_named() {
        let provider = Provider::new(&config(), "https://zhida.example.gov.cn/").unwrap();
        for (claims, factor) in [
            (json!({ "amr": ["pwd", "otp"] }), true),
            (json!({ "acr": "urn:gold" }), true),
            (json!({ "amr": ["pwd"], "acr": "urn:silver" }), false),
            (json!({ "amr": "otp" }), false),
            (json!({ "amr": [["otp"]], "acr": ["urn:gold"] }), false),
            (json!({}), false),
        ] {
            assert_eq!(provider.saw_a_factor(&claims), factor, "{claims}");
        }
        let callback = "https://zhida.example.gov.cn/sign-in/callback/city";
        assert_eq!(provider.redirect.as_str(), callback);
    }

    #[test]
    fn claims_are_texts_of_a_sane_length() {
        let claims = json!({ "a": "甲", "b": 12, "c": " ", "d": ["x"], "e": "x".repeat(256) });
        assert_eq!(text_of(&claims, "a").as_deref(), Some("甲"));
        assert_eq!(text_of(&claims, "b").as_deref(), Some("12"));
        for name in ["c", "d", "e", "f"] {
            assert_eq!(text_of(&claims, name), None, "{name}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let mut config = config();
        config.client_secret_file = "没有这个文件".into();
        let fault = Provider::new(&config, "https://a.example").err().unwrap();
        assert!(
            fault.contains("city") && fault.contains("没有这个文件"),
            "{fault}"
        );
    }
}
