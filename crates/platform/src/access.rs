//! Who is looking, and what they may see: the one place that decides.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// How widely a fact may be shown, from everyone to the officers in charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 公开: anyone may see it.
    Public,
    /// 内部: officers only.
    Internal,
    /// 保密: officers only, and marked as such where shown.
    Confidential,
}

/// Whoever made the request.
///
/// As an extractor it is what the binary put into the request's extensions,
/// and [`Viewer::Public`] when nothing was put there: forgetting to sign
/// somebody in can only show less.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Viewer {
    /// A visitor nobody has signed in.
    #[default]
    Public,
    /// An officer.
    Officer {
        /// The officer's name, as the audit record shows it.
        name: String,
    },
}

impl Viewer {
    /// Whether facts of this level may be shown.
    #[must_use]
    pub fn can_see(&self, level: Level) -> bool {
        match self {
            Self::Public => level == Level::Public,
            Self::Officer { .. } => true,
        }
    }

    /// Whether pages and endpoints that write are open.
    #[must_use]
    pub fn can_write(&self) -> bool {
        matches!(self, Self::Officer { .. })
    }

    /// The name for the audit record.
    #[must_use]
    pub fn actor(&self) -> &str {
        match self {
            Self::Public => "公众",
            Self::Officer { name } => name,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_sees_public_facts_only_and_writes_nothing() {
        let visitor = Viewer::default();
        assert!(visitor.can_see(Level::Public));
        assert!(!visitor.can_see(Level::Internal));
        assert!(!visitor.can_see(Level::Confidential));
        assert!(!visitor.can_write());
        assert_eq!(visitor.actor(), "公众");
    }

    #[test]
    fn an_officer_sees_all_and_is_named() {
        let officer = Viewer::Officer {
            name: "经办员甲".to_owned(),
        };
        assert!(officer.can_see(Level::Confidential));
        assert!(officer.can_write());
        assert_eq!(officer.actor(), "经办员甲");
    }
}
