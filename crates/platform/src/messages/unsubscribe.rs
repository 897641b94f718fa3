//! 退订: the link of a mail that switches mails of its kind off, without signing in (RFC 8058).
//!
//! The link holds account and kinds of messages, sealed: nobody can make one for somebody else. A digest's has the kinds
//! that it brings. All that it can do is
//! switch mail off, which the person sees and changes in the preferences. Without a key there is no link.

use super::event::EventKind;
use super::{MessageError, Messages};
use crate::seal::{Place, Sealer};

const PLACE: (&str, &str, &str) = ("message_preference", "mode", "unsubscribe");

/// What a link switches off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribing {
    /// Whose mails.
    pub account: String,
    /// Of which kinds.
    pub events: Vec<&'static EventKind>,
}

impl Unsubscribing {
    /// The kinds, for people.
    #[must_use]
    pub fn words(&self) -> String {
        let names: Vec<&str> = self.events.iter().map(|event| event.name).collect();
        names.join("、")
    }
}

fn place() -> Place<'static> {
    Place::new(PLACE.0, PLACE.1, PLACE.2)
}

/// The last part of a link; `None` when nothing can be sealed.
pub(super) fn token(sealer: &Sealer, account: &str, events: &[&str]) -> Option<String> {
    let text = format!("{account} {}", events.join(","));
    let token = || sealer.seal(place(), &text).ok();
    sealer.is_on().then(token).flatten()
}

impl Messages {
    /// What the link with this last part switches off.
    ///
    /// # Errors
    /// When this program has not made it, or mails of the kind cannot be switched off.
    pub fn unsubscribing(
        &self,
        sealer: &Sealer,
        token: &str,
    ) -> Result<Unsubscribing, MessageError> {
        let unknown = || MessageError::NotFound("这个退订链接".to_owned());
        let opened = sealer.open(place(), token).map_err(|_| unknown())?;
        // a text that is not sealed opens too, and anybody can write one
        if opened.stale || !sealer.is_on() {
            return Err(unknown());
        }
        let text = opened.secret.reveal();
        let (account, events) = text.split_once(' ').ok_or_else(unknown)?;
        let events: Result<Vec<_>, _> = events.split(',').map(|slug| self.named(slug)).collect();
        Ok(Unsubscribing {
            account: account.to_owned(),
            events: events?,
        })
    }
}
