//! Accounts, as administrators look after them.

use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::{Viewer, mask};
use zhida_platform::audit;
use zhida_platform::db::{ConnectionTrait, Tx};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use super::People;
use super::organisations::NAME_MAX;
use crate::actions::{ACCOUNT_READ, ORGANISATION_MANAGE, SESSION_MANAGE};
use crate::error::Error;
use crate::model::{self, Account, Seat};
use crate::record;
use crate::secret::Secret;
use crate::store::{self, accounts::AccountQuery};
use crate::told;

/// Groups of an initial password: 80 bits.
const INITIAL_GROUPS: usize = 4;

/// Who gets an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewAccount {
    /// What is typed at sign-in.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// Telephone; may be empty.
    pub phone: String,
    /// E-mail; may be empty.
    pub email: String,
}

impl NewAccount {
    /// The account, when every field is right.
    pub(super) fn checked(&self, people: &People) -> Result<Account, Error> {
        let mut problem = Problem::bad_input("账号的内容有误");
        let login = model::login(&self.login).unwrap_or_else(|message| {
            problem.fields.push(zhida_platform::problem::FieldError {
                field: "login".to_owned(),
                message,
            });
            String::new()
        });
        let (name, phone, email) = (self.name.trim(), self.phone.trim(), self.email.trim());
        if name.is_empty() || name.chars().count() > NAME_MAX {
            problem = problem.field("name", format!("请填写姓名，最多 {NAME_MAX} 个字"));
        }
        let phones = |c: char| c.is_ascii_digit() || "+-() ".contains(c);
        if phone.len() > 30 || !phone.chars().all(phones) {
            problem = problem.field("phone", "电话只能有数字、空格和 + - ( )，最多 30 位");
        }
        if !email.is_empty() && !is_email(email) {
            problem = problem.field("email", "邮箱应写成 name@example.cn，最多 100 个字符");
        }
        if !problem.fields.is_empty() {
            return Err(problem.into());
        }
        Ok(Account {
            id: people.new_id(),
            login,
            name: name.to_owned(),
            phone: phone.to_owned(),
            email: email.to_owned(),
            open: true,
            demo: false,
            must_change: true,
            factor: false,
            created_at: people.now(),
            signed_in_at: None,
        })
    }
}

/// Good enough to catch slips; whether it exists only a message can tell.
fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    text.len() <= 100
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && parts.is_some_and(|(local, host)| !local.is_empty() && host.contains('.'))
}

impl People {
    /// A page of accounts; telephone and e-mail are masked for viewers who may not see them.
    ///
    /// # Errors
    /// A viewer who may not; a cursor of another list; the database.
    pub async fn accounts(
        &self,
        viewer: &Viewer,
        query: &AccountQuery,
        page: &PageRequest,
    ) -> Result<Page<Account>, Error> {
        viewer.need(ACCOUNT_READ)?;
        let found = store::accounts::list(self.db.conn(), query, page).await?;
        Ok(found.map(|account| shown(account, viewer)))
    }

    /// How many the list has.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn account_count(&self, viewer: &Viewer, query: &AccountQuery) -> Result<u64, Error> {
        viewer.need(ACCOUNT_READ)?;
        Ok(store::accounts::number(self.db.conn(), query).await?)
    }

    /// One account with its seats; telephone and e-mail masked as in the list.
    ///
    /// # Errors
    /// A viewer who may not; none such; the database.
    pub async fn account(&self, viewer: &Viewer, id: Uuid) -> Result<(Account, Vec<Seat>), Error> {
        viewer.need(ACCOUNT_READ)?;
        let account = known(self.db.conn(), id).await?;
        let seats = store::seats::of_account(self.db.conn(), id).await?;
        Ok((shown(account, viewer), seats))
    }

    /// Makes an account without any rights; the initial password is shown once and has to be changed.
    ///
    /// # Errors
    /// A viewer who may not; a field that is wrong; a login that is taken; the database.
    pub async fn create_account(
        &self,
        viewer: &Viewer,
        new: &NewAccount,
    ) -> Result<(Account, Secret), Error> {
        viewer.need(ORGANISATION_MANAGE)?;
        let account = new.checked(self)?;
        let password = Secret::code(INITIAL_GROUPS);
        let hash = self.hasher.hash(&password).await?;
        let (account_ref, hash) = (&account, hash.as_str());
        self.db
            .write(|tx| async move {
                self.insert_account(&tx, account_ref, hash).await?;
                let entry = record::entry(
                    self.now(),
                    viewer,
                    "people.create_account",
                    "account",
                    account_ref.id,
                );
                let entry =
                    entry.after(json!({ "login": account_ref.login, "name": account_ref.name }));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok((account, password))
    }

    /// Keeps an account and its first password.
    pub(super) async fn insert_account(
        &self,
        tx: &Tx,
        account: &Account,
        hash: &str,
    ) -> Result<(), Error> {
        if !store::accounts::insert(tx, account).await? {
            return Err(Error::field("login", "这个登录名已经有人用了，请换一个"));
        }
        let must_change = account.must_change;
        store::accounts::set_password(tx, account.id, hash, must_change, self.now()).await?;
        Ok(())
    }

    /// Corrects name, telephone and e-mail.
    ///
    /// # Errors
    /// A viewer who may not; none such; a field that is wrong; the database.
    pub async fn change_account(
        &self,
        viewer: &Viewer,
        id: Uuid,
        new: &NewAccount,
    ) -> Result<(), Error> {
        viewer.need(ORGANISATION_MANAGE)?;
        let before = known(self.db.conn(), id).await?;
        let login = before.login.clone();
        let after = &NewAccount {
            login,
            ..new.clone()
        }
        .checked(self)?;
        let before = &before;
        self.db
            .write(|tx| async move {
                let details = (&after.name, &after.phone, &after.email);
                store::accounts::set_details(&tx, id, details.0, details.1, details.2).await?;
                let entry =
                    record::entry(self.now(), viewer, "people.change_account", "account", id)
                        .before(json!({ "name": before.name }))
                        .after(json!({ "name": after.name }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Gives an account a new initial password, shown once; its sessions end.
    ///
    /// # Errors
    /// A viewer who may not; none such; the database.
    pub async fn reset_password(&self, viewer: &Viewer, id: Uuid) -> Result<Secret, Error> {
        viewer.need(ORGANISATION_MANAGE)?;
        let account = &known(self.db.conn(), id).await?;
        let password = Secret::code(INITIAL_GROUPS);
        let hash = self.hasher.hash(&password).await?;
        let hash = hash.as_str();
        self.db
            .write(|tx| async move {
                store::accounts::set_password(&tx, id, hash, true, self.now()).await?;
                store::attempts::forget(&tx, &account.login).await?;
                let ended = store::sessions::end_all(&tx, id, None).await?;
                self.tell(&tx, id, &told::PASSWORD_RESET).await?;
                let entry =
                    record::entry(self.now(), viewer, "people.reset_password", "account", id)
                        .detail(json!({ "sessions_ended": ended }));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(password)
    }

    /// The account with this login, for the command line.
    ///
    /// # Errors
    /// A viewer who may not; none such; the database.
    pub async fn account_by_login(&self, viewer: &Viewer, login: &str) -> Result<Account, Error> {
        viewer.need(ACCOUNT_READ)?;
        store::accounts::by_login(self.db.conn(), &login.trim().to_lowercase())
            .await?
            .map(|account| shown(account, viewer))
            .ok_or(Error::Missing("这个账号"))
    }

    /// The id behind a login that somebody was told, for naming a successor; nothing else of the account is shown.
    pub(crate) async fn id_of(&self, login: &str) -> Result<Option<Uuid>, Error> {
        let found = store::accounts::by_login(self.db.conn(), &login.trim().to_lowercase()).await?;
        Ok(found
            .filter(|account| account.open)
            .map(|account| account.id))
    }

    /// Closes an account, or opens it again. A closed one keeps its seats on record and cannot be used.
    ///
    /// # Errors
    /// A viewer who may not; the own account; the last holder of a role; the database.
    pub async fn set_account_open(
        &self,
        viewer: &Viewer,
        id: Uuid,
        open: bool,
    ) -> Result<(), Error> {
        viewer.need(ORGANISATION_MANAGE)?;
        if viewer.account() == Some(id) {
            return Err(Problem::forbidden("不能停用自己的账号").into());
        }
        self.db
            .write(|tx| async move {
                store::lock_seats(&tx).await?;
                known(&tx, id).await?;
                if !open {
                    for seat in store::seats::of_account(&tx, id).await? {
                        if seat.ahead(self.today()) {
                            self.keeps_a_holder(&tx, &seat).await?;
                        }
                    }
                    store::sessions::end_all(&tx, id, None).await?;
                }
                store::accounts::set_open(&tx, id, open).await?;
                let action = match open {
                    true => "people.open_account",
                    false => "people.close_account",
                };
                let entry = record::entry(self.now(), viewer, action, "account", id);
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Takes the second factor off, so that a lost one can be set up anew at the next sign-in; sessions end.
    ///
    /// # Errors
    /// A viewer who may not; the own account; none such; the database.
    pub async fn reset_factor(&self, viewer: &Viewer, id: Uuid) -> Result<(), Error> {
        viewer.need(SESSION_MANAGE)?;
        if viewer.account() == Some(id) {
            return Err(
                Problem::forbidden("不能重置自己的第二因素，请由另一位安全管理员办理").into(),
            );
        }
        self.db
            .write(|tx| async move {
                known(&tx, id).await?;
                store::accounts::clear_factor(&tx, id).await?;
                store::sessions::end_all(&tx, id, None).await?;
                self.tell(&tx, id, &told::FACTOR_RESET).await?;
                let entry = record::entry(self.now(), viewer, "people.reset_factor", "account", id);
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Ends all sessions and tokens of an account, and lifts the pause after failures.
    ///
    /// # Errors
    /// A viewer who may not; none such; the database.
    pub async fn end_access(&self, viewer: &Viewer, id: Uuid) -> Result<(), Error> {
        viewer.need(SESSION_MANAGE)?;
        self.db
            .write(|tx| async move {
                let account = known(&tx, id).await?;
                let sessions = store::sessions::end_all(&tx, id, None).await?;
                let tokens = store::tokens::end_all(&tx, id, self.now()).await?;
                store::attempts::forget(&tx, &account.login).await?;
                let entry = record::entry(self.now(), viewer, "people.end_access", "account", id)
                    .detail(json!({ "sessions_ended": sessions, "tokens_ended": tokens }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}

pub(super) async fn known(conn: &impl ConnectionTrait, id: Uuid) -> Result<Account, Error> {
    store::accounts::one(conn, id)
        .await?
        .ok_or(Error::Missing("这个账号"))
}

fn shown(mut account: Account, viewer: &Viewer) -> Account {
    if !viewer.sees_personal() {
        if !account.phone.is_empty() {
            account.phone = mask::phone(&account.phone);
        }
        if !account.email.is_empty() {
            account.email = mask::email(&account.email);
        }
    }
    account
}
