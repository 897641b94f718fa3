//! The one door of all channels: the same request is taken once, the same text of the same source is counted, what is too
//! much is refused with words, and everything else becomes an appeal.

use axum::http::{HeaderMap, StatusCode};
use chrono::TimeDelta;
use serde_json::json;
use sha2::{Digest, Sha256};
use zhida_letters::CheckCode;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::db::Tx;
use zhida_platform::files::Received;
use zhida_platform::problem::Problem;

use super::settings::IntakeSettings;
use super::{store, text};
use crate::cases::code_digest;
use crate::error::Error;
use crate::model::NewAppeal;
use crate::service::Appeals;

/// Random bytes of a request's token.
const TOKEN_BYTES: usize = 16;
/// Characters of a token that a program makes.
const TOKEN_MIN: usize = 8;
const TOKEN_MAX: usize = 200;
const CODE_WINDOW: TimeDelta = TimeDelta::minutes(10);
const ADDRESS_WINDOW: TimeDelta = TimeDelta::minutes(10);
const ACCOUNT_WINDOW: TimeDelta = TimeDelta::hours(24);

/// Where an appeal comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Somebody with an account, on the page.
    Account(String),
    /// Somebody without, at this address, which is compared but not kept.
    Public(String),
    /// Through a QR code, at this address.
    Code(String, String),
    /// Written down by this officer.
    Officer(String),
    /// A program with this account's token, or with this key.
    Program(String),
}

impl Source {
    /// As the appeal's row has it, for everybody who sees the appeal.
    fn kept(&self) -> String {
        match self {
            Self::Account(account) => format!("account:{account}"),
            Self::Public(_) => "public".to_owned(),
            Self::Code(code, _) => format!("code:{code}"),
            Self::Officer(account) => format!("officer:{account}"),
            Self::Program(key) => format!("program:{key}"),
        }
    }

    fn address(&self) -> &str {
        match self {
            Self::Public(address) | Self::Code(_, address) => address,
            _ => "",
        }
    }

    /// As it is counted in `appeal_intake.source`: whoever has no account is told apart by the address, of which only this
    /// digest is kept.
    fn counted(&self, salt: &str) -> String {
        match self {
            Self::Public(address) => format!("public:{}", digest(salt, &[address])),
            _ => self.kept(),
        }
    }
}

/// What is handed in at the door.
pub(crate) struct Arrival<'a> {
    pub new: NewAppeal<'a>,
    pub source: Source,
    /// Names the request: sent again, it is the same one.
    pub token: &'a str,
    /// What the channel asks beside the text.
    pub details: &'a [(String, String)],
    /// What Open311 sent, as JSON.
    pub geo: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// An appeal; also the same one when the request came twice.
    As {
        case: String,
        number: String,
        code: CheckCode,
        /// Whether this request made it.
        new: bool,
    },
    /// The same text as a moment ago: counted, not registered again.
    Repeated {
        case: String,
        number: String,
        times: i64,
    },
}

/// A token for a form.
pub(crate) fn new_token() -> Result<String, Error> {
    let mut random = [0; TOKEN_BYTES];
    getrandom::fill(&mut random).map_err(Problem::internal)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The name that a program gives its request, in the header `Idempotency-Key`.
///
/// # Errors
/// The sentence that says what it must be.
pub(crate) fn request_name(headers: &HeaderMap) -> Result<Option<&str>, String> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let fits = |text: &&str| (TOKEN_MIN..=TOKEN_MAX).contains(&text.len());
    let text = value.to_str().ok().filter(fits);
    text.map(Some).ok_or_else(|| {
        format!("请求头 Idempotency-Key 应是 {TOKEN_MIN} 至 {TOKEN_MAX} 个 ASCII 字符")
    })
}

impl Appeals {
    /// Takes what arrived; its text was looked over by the caller.
    ///
    /// # Errors
    /// Too much from one source; what [`Appeals::submit`] refuses; the database.
    pub(crate) async fn take(
        &self,
        viewer: &Viewer,
        arrival: &Arrival<'_>,
    ) -> Result<Taken, Error> {
        let (settings, _) = self.intake_settings().await?;
        let settings = &settings;
        self.db
            .write(|tx| async move { self.take_in(&tx, viewer, arrival, settings).await })
            .await
    }

    /// The appeal of a request by the token with which it was sent.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn by_request_token(
        &self,
        source: &Source,
        name: &str,
    ) -> Result<Option<String>, Error> {
        let came = store::by_token(self.db.conn(), &token(&source.kept(), name)).await?;
        Ok(came.map(|came| came.case_id))
    }

    /// The appeal of a check code: case and number.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn by_code(
        &self,
        code: &CheckCode,
    ) -> Result<Option<(String, String)>, Error> {
        store::by_code(self.db.conn(), &code_digest(code)).await
    }

    async fn take_in(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        arrival: &Arrival<'_>,
        settings: &IntakeSettings,
    ) -> Result<Taken, Error> {
        let source = arrival.source.kept();
        store::take_turn(tx, &source).await?;
        let token = token(&source, arrival.token);
        if let Some(came) = store::by_token(tx, &token).await? {
            let code = came.check_code(tx.sealer())?;
            return Ok(Taken::As {
                case: came.case_id,
                number: came.number,
                code,
                new: false,
            });
        }
        let salt = store::salt(tx).await?;
        let digest = digest_of(&salt, arrival);
        if let Some(repeated) = self
            .repeated(tx, viewer, arrival, &digest, settings)
            .await?
        {
            return Ok(repeated);
        }
        let counted = arrival.source.counted(&salt);
        self.not_too_much(tx, &arrival.source, &counted, settings)
            .await?;
        let now = self.clock.now();
        let new = NewAppeal {
            source: &source,
            ..arrival.new.clone()
        };
        let submitted = self.submit(tx, &new, viewer).await?;
        let (case, code) = (submitted.case_id, submitted.check_code);
        let plain = code.plain();
        let intake = store::NewIntake {
            case: &case,
            source: &counted,
            token: &token,
            digest: &digest,
            code: &plain,
            details: arrival.details,
            geo: arrival.geo.clone(),
        };
        store::insert(tx, &intake, now).await?;
        let entry = Entry::new(now, viewer, "appeals.submit", "appeal", &case);
        let entry = match arrival.new.enterprise {
            Some((code, _)) => entry.enterprise(code),
            None => entry,
        };
        let entry = entry.after(json!({
            "number": submitted.number,
            "channel": arrival.new.channel.slug(),
            "files": arrival.new.files.len(),
        }));
        audit::append(tx, &entry).await?;
        Ok(Taken::As {
            case,
            number: submitted.number,
            code,
            new: true,
        })
    }

    /// Whether the same came a moment ago; then it is counted there.
    async fn repeated(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        arrival: &Arrival<'_>,
        digest: &str,
        settings: &IntakeSettings,
    ) -> Result<Option<Taken>, Error> {
        // an officer who writes the same twice means two callers
        if matches!(arrival.source, Source::Officer(_)) || settings.repeat_minutes == 0 {
            return Ok(None);
        }
        let now = self.clock.now();
        let since = now - TimeDelta::minutes(settings.repeat_minutes.into());
        let Some(came) = store::by_digest(tx, digest, since).await? else {
            return Ok(None);
        };
        store::repeat(tx, &came.case_id).await?;
        let times = came.repeats + 2;
        let entry = Entry::new(now, viewer, "appeals.repeat", "appeal", &came.case_id);
        audit::append(tx, &entry.after(json!({ "times": times }))).await?;
        Ok(Some(Taken::Repeated {
            case: came.case_id,
            number: came.number,
            times,
        }))
    }

    async fn not_too_much(
        &self,
        tx: &Tx,
        source: &Source,
        counted: &str,
        settings: &IntakeSettings,
    ) -> Result<(), Error> {
        let (window, most, words) = match source {
            Source::Public(_) => (
                ADDRESS_WINDOW,
                settings.address_ten_minutes_max,
                "您所在的网络地址在 10 分钟内",
            ),
            Source::Account(_) => (
                ACCOUNT_WINDOW,
                settings.account_day_max,
                "您的账号在 24 小时内",
            ),
            Source::Code(..) => (
                CODE_WINDOW,
                settings.code_ten_minutes_max,
                "这个二维码在 10 分钟内",
            ),
            _ => return Ok(()),
        };
        let since = self.clock.now() - window;
        let count = store::count_since(tx, counted, since).await?;
        if count < i64::from(most) {
            return Ok(());
        }
        let detail = format!("{words}已经收到 {count} 件诉求，暂时不再接收，您写的还在，没有丢");
        Err(too_many(detail, &settings.hotline).into())
    }
}

/// 429, with another way.
fn too_many(detail: String, hotline: &str) -> Problem {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let problem = Problem::new(status, "too-many-requests", "提交太频繁", detail);
    problem.hint(match hotline {
        "" => "请过一会儿再提交".to_owned(),
        hotline => format!("请过一会儿再提交；着急的请拨打 {hotline}"),
    })
}

/// A token belongs to its source: nobody meets another's.
fn token(source: &str, token: &str) -> String {
    let token: String = token.chars().take(TOKEN_MAX).collect();
    hex(&Sha256::digest(format!("{}:{source}{token}", source.len())))
}

/// What is the same: source, address, contact, enterprise, text and files.
fn digest_of(salt: &str, arrival: &Arrival<'_>) -> String {
    let new = &arrival.new;
    let (source, phone) = (arrival.source.kept(), text::compared(new.contact.phone));
    // where it is, so that one caller may tell of the same at two places
    let (words, place) = (text::compared(new.text), text::compared(new.place_words));
    let mut parts = vec![
        source.as_str(),
        arrival.source.address(),
        &phone,
        new.enterprise.map_or("", |(code, _)| code),
        &words,
        &place,
    ];
    parts.extend(new.files.iter().map(Received::digest));
    digest(salt, &parts)
}

/// With the salt nobody can find what is behind a digest by trying all addresses or telephones.
fn digest(salt: &str, parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in std::iter::once(&salt).chain(parts) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
