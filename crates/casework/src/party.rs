//! Who acts in a case, as it will be read years later.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A government body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Organisation {
    /// Its id in the room of organisations.
    pub id: Uuid,
    /// Its name at the time.
    pub name: String,
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    /// The account.
    pub account: Uuid,
    /// The name at the time.
    pub name: String,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "party", rename_all = "snake_case")]
pub enum Party {
    /// The enterprise whose case it is, or its agency.
    Enterprise {
        /// 统一社会信用代码.
        code: String,
        /// Who pressed the button; `None` over an interface without accounts.
        person: Option<Person>,
        /// The agency that acted for it (由…代办).
        agency: Option<String>,
    },
    /// An officer, in the organisation acted for.
    Officer {
        /// Who.
        person: Person,
        /// For which organisation.
        organisation: Organisation,
    },
    /// The program itself: clocks and nightly jobs.
    System {
        /// What of it, in Chinese: 定时任务.
        name: String,
    },
}

impl Party {
    /// The program itself.
    #[must_use]
    pub fn system() -> Self {
        Self::System {
            name: "系统".to_owned(),
        }
    }

    /// The account, if there is one.
    #[must_use]
    pub fn account(&self) -> Option<Uuid> {
        match self {
            Self::Enterprise { person, .. } => person.as_ref().map(|person| person.account),
            Self::Officer { person, .. } => Some(person.account),
            Self::System { .. } => None,
        }
    }

    /// The organisation of an officer.
    #[must_use]
    pub fn organisation(&self) -> Option<&Organisation> {
        match self {
            Self::Officer { organisation, .. } => Some(organisation),
            _ => None,
        }
    }

    /// `enterprise`, `officer` or `system`: what the database holds.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Enterprise { .. } => "enterprise",
            Self::Officer { .. } => "officer",
            Self::System { .. } => "system",
        }
    }

    /// For lists: 江城市经信局 王五, 企业（由江城代理公司代办）, 系统.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Enterprise {
                agency: Some(agency),
                ..
            } => format!("企业（由{agency}代办）"),
            Self::Enterprise { person, .. } => match person {
                Some(person) => format!("企业 {}", person.name),
                None => "企业".to_owned(),
            },
            Self::Officer {
                person,
                organisation,
            } => format!("{} {}", organisation.name, person.name),
            Self::System { name } => name.clone(),
        }
    }
}
