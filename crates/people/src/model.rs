//! Organisations, accounts, seats, mandates, invitations, sessions and tokens.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use zhida_platform::access::{Rights, Role, Side};
use zhida_standards::division;

/// 组织的类型。
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationKind {
    /// 地方政府: 省、市、县、乡镇; its level is that of its division.
    Government,
    /// 园区管理机构.
    Park,
    /// 部门 of a government or park.
    Department,
    /// 代办机构: acts for enterprises under their mandates.
    Agency,
}

impl OrganisationKind {
    /// All kinds in the order of forms.
    pub const ALL: [Self; 4] = [Self::Government, Self::Park, Self::Department, Self::Agency];

    /// As stored and sent.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Government => "government",
            Self::Park => "park",
            Self::Department => "department",
            Self::Agency => "agency",
        }
    }

    /// As shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Government => "地方政府",
            Self::Park => "园区",
            Self::Department => "部门",
            Self::Agency => "代办机构",
        }
    }

    /// Reads [`OrganisationKind::slug`].
    #[must_use]
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.slug() == slug)
    }

    /// Whether roles of this side are held in it.
    #[must_use]
    pub fn seats(self, side: Side) -> bool {
        match side {
            Side::Agency => self == Self::Agency,
            Side::Government | Side::Administration => self != Self::Agency,
            Side::Public | Side::Enterprise => false,
        }
    }
}

/// A government body, park or agency in the tree of organisations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its id.
    pub id: Uuid,
    /// The one above it; `None` at the root.
    pub parent: Option<Uuid>,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: OrganisationKind,
    /// Its jurisdiction by division code; a child's lies within its parent's.
    pub division: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; `None` without end.
    pub valid_until: Option<NaiveDate>,
}

impl Organisation {
    /// Name and division, as fields suggest it: 样例市发展和改革局（浙江省温州市）.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}（{}）", self.name, self.place())
    }

    /// The name of its division.
    #[must_use]
    pub fn place(&self) -> String {
        division::full_name(&self.division).unwrap_or_else(|| self.division.clone())
    }
}

/// Whether days are within a period whose last day belongs to it.
pub(crate) fn holds(from: NaiveDate, until: Option<NaiveDate>, on: NaiveDate) -> bool {
    from <= on && until.is_none_or(|last| on <= last)
}

/// Somebody who can sign in. An account alone may do nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// What is typed at sign-in, in small letters.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// Telephone; may be empty.
    pub phone: String,
    /// E-mail; may be empty.
    pub email: String,
    /// Whether the account is in use; a closed one cannot sign in.
    pub open: bool,
    /// Made by `zhida demo`: signs in without a second factor, and only there.
    pub demo: bool,
    /// Whether the password has to be changed before anything else.
    pub must_change: bool,
    /// Whether an authenticator app is set up.
    pub factor: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When somebody last signed in with it.
    pub signed_in_at: Option<DateTime<Utc>>,
}

/// 任职: an account in an organisation or an enterprise, in a role, for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Its id.
    pub id: Uuid,
    /// Who sits in it.
    pub account: Uuid,
    /// That person's name.
    pub account_name: String,
    /// That person's login.
    pub account_login: String,
    /// Where.
    pub place: Place,
    /// Id of a role of `data/rights.toml`.
    pub role: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; `None` without end.
    pub valid_until: Option<NaiveDate>,
    /// Who granted it.
    pub granted_by: String,
    /// When it was ended before its last day.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it was ended.
    pub reason: String,
}

/// Where a seat is: in an organisation or in an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A government body, park or agency.
    Organisation {
        /// Its id.
        id: Uuid,
        /// Its name.
        name: String,
        /// Its division.
        division: String,
    },
    /// An enterprise.
    Enterprise {
        /// Unified social credit code.
        code: String,
        /// Its name when the seat was granted.
        name: String,
    },
}

impl Place {
    /// The name shown.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Organisation { name, .. } | Self::Enterprise { name, .. } => name,
        }
    }

    /// The organisation's id.
    #[must_use]
    pub fn organisation(&self) -> Option<Uuid> {
        match self {
            Self::Organisation { id, .. } => Some(*id),
            Self::Enterprise { .. } => None,
        }
    }

    /// The enterprise's code.
    #[must_use]
    pub fn enterprise(&self) -> Option<&str> {
        match self {
            Self::Organisation { .. } => None,
            Self::Enterprise { code, .. } => Some(code),
        }
    }
}

impl Seat {
    /// The role; `None` when the table no longer has it, which gives no rights.
    #[must_use]
    pub fn role(&self) -> Option<&'static Role> {
        Rights::shipped().role(&self.role)
    }

    /// The role's name.
    #[must_use]
    pub fn role_name(&self) -> &str {
        self.role()
            .map_or(self.role.as_str(), |role| role.name.as_str())
    }

    /// Whether the seat gives its rights on that day.
    #[must_use]
    pub fn active(&self, on: NaiveDate) -> bool {
        self.ended_at.is_none() && holds(self.valid_from, self.valid_until, on)
    }

    /// Whether it gives rights on that day or will later.
    #[must_use]
    pub fn ahead(&self, on: NaiveDate) -> bool {
        self.ended_at.is_none() && self.valid_until.is_none_or(|last| on <= last)
    }
}

/// 委托: an agency acts for an enterprise, from a day to a day, in chosen actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// Its id.
    pub id: Uuid,
    /// The enterprise that gave it.
    pub enterprise: String,
    /// That enterprise's name.
    pub enterprise_name: String,
    /// The agency.
    pub organisation: Uuid,
    /// That agency's name.
    pub organisation_name: String,
    /// Slugs of the actions.
    pub actions: Vec<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day: a mandate always ends.
    pub valid_until: NaiveDate,
    /// Who gave it.
    pub granted_by: String,
    /// When it was taken back before its last day.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Mandate {
    /// Whether it holds on that day.
    #[must_use]
    pub fn active(&self, on: NaiveDate) -> bool {
        self.ended_at.is_none() && holds(self.valid_from, Some(self.valid_until), on)
    }
}

/// An invitation to a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: Uuid,
    /// Where the seat is.
    pub place: Place,
    /// In which role.
    pub role: String,
    /// Whom it is meant for, as the inviter wrote.
    pub invitee: String,
    /// Who invited.
    pub created_by: String,
    /// That person's account.
    pub created_by_account: Option<Uuid>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Until when the code can be used.
    pub expires_at: DateTime<Utc>,
    /// When it was used.
    pub used_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl Invitation {
    /// Whether the code can still be used.
    #[must_use]
    pub fn open(&self, at: DateTime<Utc>) -> bool {
        self.used_at.is_none() && self.revoked_at.is_none() && at < self.expires_at
    }

    /// The role's name.
    #[must_use]
    pub fn role_name(&self) -> &str {
        role_name(&self.role)
    }
}

/// The Chinese name of a role.
pub(crate) fn role_name(id: &str) -> &str {
    Rights::shipped()
        .role(id)
        .map_or(id, |role| role.name.as_str())
}

/// A browser that has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, which is not the cookie.
    pub id: Uuid,
    /// Whose.
    pub account: Uuid,
    /// The seat in which it acts.
    pub seat: Option<Uuid>,
    /// The mandate under which it acts.
    pub mandate: Option<Uuid>,
    /// Whether the second factor was given.
    pub factor: bool,
    /// The identity with which it was started; `None` for login and password.
    pub identity: Option<Uuid>,
    /// The address from which it was started.
    pub address: String,
    /// What the browser says it is.
    pub agent: String,
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub seen_at: DateTime<Utc>,
}

/// Who an account is with a city's identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub account: Uuid,
    /// The provider's issuer identifier.
    pub issuer: String,
    /// The value of the provider's claim by which an administrator named the person, before the first sign-in.
    pub expected: Option<String>,
    /// The provider's subject; `None` until somebody has come with the expected value.
    pub subject: Option<String>,
    /// Whether the provider's word for a second factor counts.
    pub trusted: bool,
    /// Who linked it.
    pub linked_by: String,
    /// When.
    pub linked_at: DateTime<Utc>,
    /// When somebody last signed in with it.
    pub signed_in_at: Option<DateTime<Utc>>,
}

/// An API token: a seat's rights cut down to chosen actions, for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id, which is not the token.
    pub id: Uuid,
    /// Its first characters, to tell it from others.
    pub hint: String,
    /// Whose.
    pub account: Uuid,
    /// The seat whose rights it carries.
    pub seat: Uuid,
    /// What it is for.
    pub name: String,
    /// Slugs of the actions.
    pub actions: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub used_at: Option<DateTime<Utc>>,
    /// When it was ended.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Token {
    /// Whether it can be used.
    #[must_use]
    pub fn open(&self, at: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && at < self.expires_at
    }
}

/// Reads a login: small letters, digits and `. _ - @`, 3 to 40 of them, the first a letter or digit.
///
/// # Errors
/// The sentence for its field.
pub fn login(text: &str) -> Result<String, String> {
    let login = text.trim().to_lowercase();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-@".contains(c);
    let starts = login.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !(3..=40).contains(&login.len()) || !starts || !login.chars().all(fits) {
        return Err("登录名要 3 至 40 个英文字母、数字或 . _ - @，以字母或数字开头".to_owned());
    }
    Ok(login)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn a_period_includes_its_first_and_last_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let (from, until) = (day("2026-11-01"), Some(day("2026-11-22")));
        for (on, within) in [
            ("2026-10-31", false),
            ("2026-11-01", true),
            ("2026-11-22", true),
            ("2026-11-23", false),
        ] {
            assert_eq!(holds(from, until, day(on)), within, "{on}");
        }
        assert!(holds(from, None, day("2036-01-01")));
    }

    #[test]
    fn logins_are_plain_and_small() {
        assert_eq!(login(" Zhang.San "), Ok("zhang.san".to_owned()));
        for wrong in [
            "",
            "ab",
            "张三三",
            "a b c",
            "-abc",
            "a/b/c",
            &"a".repeat(41),
        ] {
            assert!(login(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn roles_are_held_where_they_belong() {
        assert!(OrganisationKind::Agency.seats(Side::Agency));
        assert!(!OrganisationKind::Agency.seats(Side::Government));
        assert!(OrganisationKind::Department.seats(Side::Administration));
        assert!(!OrganisationKind::Government.seats(Side::Enterprise));
        for kind in OrganisationKind::ALL {
            assert_eq!(OrganisationKind::parse(kind.slug()), Some(kind));
        }
    }
}
