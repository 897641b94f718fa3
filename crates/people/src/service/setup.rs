//! The first run: whoever started the server has an address that works once, and names the first organisation and
//! the three administrators.

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::db::Tx;
use zhida_platform::ids;
use zhida_platform::problem::Problem;

use super::organisations::{checked, told};
use super::{NewAccount, OrganisationForm, People};
use crate::error::Error;
use crate::model::{Account, Organisation, Place, Seat};
use crate::record;
use crate::secret::{Secret, code_digest};
use crate::store;

/// Roles of the administrators, in the order of the form.
pub const ADMINISTRATORS: [&str; 3] = ["sysadmin", "secadmin", "auditor"];
/// Groups of the address's code: 160 bits.
const CODE_GROUPS: usize = 8;

/// What the wizard asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetUp {
    /// The body that runs the platform.
    pub organisation: OrganisationForm,
    /// Login and name of each administrator, in the order of [`ADMINISTRATORS`].
    pub administrators: [NewAccount; 3],
}

/// An administrator that was made, with the initial password, shown once.
pub struct SetUpAccount {
    /// The role's name.
    pub role: String,
    /// The account.
    pub account: Account,
    /// Its initial password.
    pub password: Secret,
}

impl People {
    /// The code of the set-up address, when nobody has an account yet. An earlier one no longer works.
    ///
    /// # Errors
    /// The database.
    pub async fn first_run(&self) -> Result<Option<Secret>, Error> {
        if store::accounts::any(self.db.conn()).await? {
            return Ok(None);
        }
        let code = Secret::code(CODE_GROUPS);
        let (digest, now) = (code_digest(code.expose()), self.now());
        let digest = digest.as_str();
        self.db
            .write(|tx| async move { store::setup::set(&tx, digest, now).await })
            .await?;
        Ok(Some(code))
    }

    /// Whether the wizard may be shown.
    ///
    /// # Errors
    /// Another code, or one that was used; the database.
    pub async fn may_set_up_with(&self, code: &str) -> Result<(), Error> {
        let conn = self.db.conn();
        let open = store::setup::is(conn, &code_digest(code)).await?;
        match open && !store::accounts::any(conn).await? {
            true => Ok(()),
            false => Err(Error::SetUp),
        }
    }

    /// Makes the first organisation and the three administrators, all or nothing.
    ///
    /// # Errors
    /// Another code, or one that was used; a field that is wrong; the database.
    pub async fn set_up(&self, code: &str, form: &SetUp) -> Result<Vec<SetUpAccount>, Error> {
        self.may_set_up_with(code).await?;
        let organisation = checked(self.new_id(), &form.organisation)
            .map_err(|error| prefixed(error, "organisation_"))?;
        let accounts = self.administrators(form)?;
        let mut hashes = Vec::new();
        let mut made = Vec::new();
        for (role, account) in ADMINISTRATORS.iter().zip(accounts) {
            let password = Secret::code(4);
            hashes.push(self.hasher.hash(&password).await?);
            made.push(SetUpAccount {
                role: crate::model::role_name(role).to_owned(),
                account,
                password,
            });
        }
        let (organisation, hashes, people) = (&organisation, &hashes, &made);
        let digest = code_digest(code);
        let digest = digest.as_str();
        self.db
            .write(|tx| async move {
                store::lock_seats(&tx).await?;
                if !store::setup::take(&tx, digest).await? || store::accounts::any(&tx).await? {
                    return Err(Error::SetUp);
                }
                store::organisations::insert(&tx, organisation, self.now()).await?;
                for ((role, one), hash) in ADMINISTRATORS.iter().zip(people).zip(hashes) {
                    self.insert_account(&tx, &one.account, hash).await?;
                    self.seat_first(&tx, organisation, &one.account, role)
                        .await?;
                }
                let viewer = Viewer::system("首次设置");
                let names: Vec<&str> = people
                    .iter()
                    .map(|one| one.account.login.as_str())
                    .collect();
                let entry = record::entry(
                    self.now(),
                    &viewer,
                    "people.set_up",
                    "organisation",
                    organisation.id,
                );
                let entry = entry.after(told(organisation));
                audit::append(&tx, &entry.detail(json!({ "administrators": names }))).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(made)
    }

    fn administrators(&self, form: &SetUp) -> Result<Vec<Account>, Error> {
        let mut accounts: Vec<Account> = Vec::new();
        for (role, new) in ADMINISTRATORS.iter().zip(&form.administrators) {
            let prefix = format!("{role}_");
            let account = new
                .checked(self)
                .map_err(|error| prefixed(error, &prefix))?;
            if accounts.iter().any(|other| other.login == account.login) {
                let field = format!("{role}_login");
                return Err(Error::field(&field, "三个管理员须是三个人，登录名不能相同"));
            }
            accounts.push(account);
        }
        Ok(accounts)
    }

    pub(super) async fn seat_first(
        &self,
        tx: &Tx,
        organisation: &Organisation,
        account: &Account,
        role: &str,
    ) -> Result<Seat, Error> {
        let seat = Seat {
            id: ids::next(self.now()),
            account: account.id,
            account_name: account.name.clone(),
            account_login: account.login.clone(),
            place: Place::Organisation {
                id: organisation.id,
                name: organisation.name.clone(),
                division: organisation.division.clone(),
            },
            role: role.to_owned(),
            valid_from: self.today(),
            valid_until: None,
            granted_by: "首次设置".to_owned(),
            ended_at: None,
            reason: String::new(),
        };
        self.seat_in(tx, account, &seat).await?;
        Ok(seat)
    }
}

/// The same mistakes at the wizard's fields.
fn prefixed(error: Error, prefix: &str) -> Error {
    let mut problem = Problem::from(error);
    for field in &mut problem.fields {
        field.field = format!("{prefix}{}", field.field);
    }
    problem.into()
}
