//! API tokens: a seat's rights cut down to chosen actions, for a year at most.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::Rights;
use zhida_platform::audit;
use zhida_platform::problem::Problem;

use super::{Current, People, Stage};
use crate::error::Error;
use crate::model::Token;
use crate::record;
use crate::secret::Secret;
use crate::store;

/// Days that a token can be used at most.
const DAYS_MAX: u16 = 365;
/// Tokens of one account that can be used at the same time.
const OPEN_MAX: u64 = 20;
/// First characters that are kept to tell tokens apart.
const HINT: usize = 12;

/// A token that is to be made, for the seat in which one acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// Slugs of the actions.
    pub actions: Vec<String>,
    /// Days that it can be used.
    pub days: u16,
}

/// The actions that a token of the current seat can have, by slug and name.
pub(crate) fn token_actions(current: &Current) -> Vec<(&'static str, &'static str)> {
    let rights = Rights::shipped();
    let role = current.seat.as_ref().and_then(|seat| seat.role());
    let may = role.into_iter().flat_map(|role| role.may());
    may.map(|(slug, _)| (slug, rights.action_name(slug).unwrap_or(slug)))
        .collect()
}

impl People {
    /// Makes a token, shown once. Only a session can: a token does not make tokens.
    ///
    /// # Errors
    /// No session or seat; a field that is wrong; too many; the database.
    pub(crate) async fn create_token(
        &self,
        current: &Current,
        new: &NewToken,
    ) -> Result<(Token, Secret), Error> {
        if current.session.is_none() || current.stage != Stage::Complete {
            return Err(Error::NotSignedIn);
        }
        let seat = current.seat.as_ref();
        let seat = seat.ok_or(Error::First("请先选择以哪个任职办事，再建立访问令牌"))?;
        if current.mandate.is_some() {
            return Err(Error::First("代办时不能建立访问令牌，请先切换任职"));
        }
        check(current, new)?;
        let secret = Secret::token();
        let now = self.now();
        let token = Token {
            id: self.new_id(),
            hint: secret.expose().chars().take(HINT).collect(),
            account: current.account.id,
            seat: seat.id,
            name: new.name.trim().to_owned(),
            actions: new.actions.clone(),
            created_at: now,
            expires_at: now + TimeDelta::days(new.days.into()),
            used_at: None,
            ended_at: None,
        };
        let (kept, digest, account) = (&token, secret.digest(), &current.account);
        let digest = digest.as_str();
        self.db
            .write(|tx| async move {
                if store::tokens::open(&tx, account.id, now).await? >= OPEN_MAX {
                    return Err(Error::Conflict(format!(
                        "可用的访问令牌最多 {OPEN_MAX} 个，请先停用不用的"
                    )));
                }
                store::tokens::insert(&tx, kept, digest).await?;
                let entry = record::own_entry(now, account, &current.origin, "people.create_token")
                    .after(
                        json!({ "token": kept.id, "name": kept.name, "seat": kept.seat,
                                "actions": kept.actions, "expires_at": kept.expires_at }),
                    );
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok((token, secret))
    }

    /// One's own tokens, newest first, ended ones last.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn own_tokens(&self, current: &Current) -> Result<Vec<Token>, Error> {
        Ok(store::tokens::of_account(self.db.conn(), current.account.id).await?)
    }

    /// Ends one of one's own tokens.
    ///
    /// # Errors
    /// None such; the database.
    pub(crate) async fn end_token(&self, current: &Current, id: Uuid) -> Result<(), Error> {
        let account = &current.account;
        self.db
            .write(|tx| async move {
                if !store::tokens::end(&tx, account.id, id, self.now()).await? {
                    return Err(Error::Missing("这个访问令牌"));
                }
                let entry =
                    record::own_entry(self.now(), account, &current.origin, "people.end_token")
                        .detail(json!({ "token": id }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}

fn check(current: &Current, new: &NewToken) -> Result<(), Error> {
    let mut problem = Problem::bad_input("访问令牌的内容有误");
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 40 {
        problem = problem.field("name", "请写这个令牌给谁用，最多 40 个字");
    }
    let known = token_actions(current);
    let unknown = |slug: &String| !known.iter().any(|(known, _)| known == slug);
    if new.actions.is_empty() || new.actions.iter().any(unknown) {
        problem = problem.field("actions", "请在列出的权限里选择，至少一项");
    }
    if !(1..=DAYS_MAX).contains(&new.days) {
        problem = problem.field("days", format!("有效天数请写 1 至 {DAYS_MAX}"));
    }
    match problem.fields.is_empty() {
        true => Ok(()),
        false => Err(problem.into()),
    }
}
