//! 退订: the link of a mail that switches mails of its kind off, without signing in (RFC 8058).
//!
//! The link holds account and kind of message, sealed: nobody can make one for somebody else. All that it can do is
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
    /// Of which kind.
    pub event: &'static EventKind,
}

fn place() -> Place<'static> {
    Place::new(PLACE.0, PLACE.1, PLACE.2)
}

/// The last part of a link; `None` when nothing can be sealed.
pub(super) fn token(sealer: &Sealer, account: &str, event: &str) -> Option<String> {
    let token = || sealer.seal(place(), &format!("{account} {event}")).ok();
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
        let (account, event) = opened.secret.reveal().split_once(' ').ok_or_else(unknown)?;
        let event = self.named(event)?;
        Ok(Unsubscribing {
            account: account.to_owned(),
            event,
        })
    }
}
