use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::clock::parse_instant;
use zhida_standards::bank::{self, AccountNumber};

/// Characters of a name of a person, enterprise or bank at most: ISO 20022 Max140Text.
const NAME_CHARS_MAX: usize = 140;

/// 收款账户 as somebody typed it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PayeeForm {
    /// 户名
    pub holder: String,
    /// 开户银行, with its branch
    pub bank: String,
    /// 支付系统行号, 12 digits
    pub cnaps: String,
    /// 账号
    pub account: String,
}

impl std::fmt::Debug for PayeeForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // an account number never reaches a log
        f.debug_struct("PayeeForm")
            .field("bank", &self.bank)
            .finish_non_exhaustive()
    }
}

/// What is wrong in one field of an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PayeeFault {
    /// `holder`, `bank`, `cnaps` or `account`.
    pub field: &'static str,
    /// Chinese sentence: what is wrong and how to mend it.
    pub message: String,
}

/// An account that can be paid to, or from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub holder: String,
    pub bank: String,
    pub cnaps: String,
    pub number: AccountNumber,
}

impl PayeeForm {
    /// Checks the form of an account that belongs to this enterprise: the holder's name is the enterprise's, the branch
    /// number has the right check digit, the account number passes what can be checked of it. Forms of other rooms call it to
    /// show mistakes before anything is kept.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check(&self, enterprise_name: &str) -> Result<(), Vec<PayeeFault>> {
        self.account(Some(enterprise_name)).map(|_| ())
    }

    /// The account, of this enterprise or (`None`) of anybody.
    pub(crate) fn account(&self, owner: Option<&str>) -> Result<Account, Vec<PayeeFault>> {
        let mut faults = Vec::new();
        let mut fault = |field, message: String| faults.push(PayeeFault { field, message });
        let holder = named(&self.holder).unwrap_or_else(|why| {
            fault("holder", format!("户名{why}"));
            String::new()
        });
        let same = |owner: &str| holder.is_empty() || folded(&holder) == folded(owner);
        if let Some(owner) = owner.filter(|owner| !same(owner)) {
            let words = format!("户名应与企业名称一致：{owner}。财政资金不能付给别的户名");
            fault("holder", words);
        }
        let bank = named(&self.bank).unwrap_or_else(|why| {
            fault("bank", format!("开户银行{why}"));
            String::new()
        });
        let cnaps = bank::cnaps(&self.cnaps);
        if let Err(error) = &cnaps {
            fault("cnaps", error.to_string());
        }
        let number = bank::account_number(&self.account);
        if let Err(error) = &number {
            fault("account", error.to_string());
        }
        match (cnaps, number, faults.is_empty()) {
            (Ok(cnaps), Ok(number), true) => Ok(Account {
                holder,
                bank,
                cnaps,
                number,
            }),
            _ => Err(faults),
        }
    }
}

fn named(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("没有填写"),
        _ if text.chars().any(char::is_control) => Err("不能有换行等控制字符"),
        1..=NAME_CHARS_MAX => Ok(text.to_owned()),
        _ => Err("太长，最多 140 个字"),
    }
}

/// A name without what people write in two ways: spaces, and brackets and dots of full or half width.
fn folded(name: &str) -> String {
    let chars = name.chars().filter(|letter| !letter.is_whitespace());
    chars
        .map(|letter| match letter {
            '（' => '(',
            '）' => ')',
            '．' | '•' => '·',
            other => other.to_ascii_uppercase(),
        })
        .collect()
}

/// An enterprise's account as screens show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPayee {
    /// Its id; another account of the enterprise has another one.
    pub id: String,
    /// 户名
    pub holder: String,
    /// 开户银行
    pub bank: String,
    /// 支付系统行号
    pub cnaps: String,
    /// The account's last four digits.
    pub last_four: String,
    /// What was checked of it.
    pub checked: String,
    /// Why the bank could not pay to it; empty: nothing is known against it.
    pub fault: String,
    /// Since when it is known.
    pub kept_at: DateTime<Utc>,
}

impl KnownPayee {
    /// The account with all but its last four digits hidden.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("**** {}", self.last_four)
    }
}

impl FromQueryResult for KnownPayee {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let kept_at: String = row.try_get(prefix, "kept_at")?;
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            holder: row.try_get(prefix, "holder")?,
            bank: row.try_get(prefix, "bank")?,
            cnaps: row.try_get(prefix, "cnaps")?,
            last_four: row.try_get(prefix, "last_four")?,
            checked: row.try_get(prefix, "checked")?,
            fault: row.try_get(prefix, "fault")?,
            kept_at: parse_instant(&kept_at).unwrap_or_default(),
        })
    }
}

/// 付款账户: an account from which is paid.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Payer {
    pub id: String,
    /// The division whose officers use it.
    pub place: String,
    pub holder: String,
    pub bank: String,
    pub cnaps: String,
    pub last_four: String,
    pub is_open: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> PayeeForm {
        PayeeForm {
            holder: "江城(甲)科技 有限公司".to_owned(),
            bank: "中国工商银行江城支行".to_owned(),
            cnaps: "102100099996".to_owned(),
            account: "1202 0224 1990 0012 345".to_owned(),
        }
    }

    fn faults(form: &PayeeForm) -> Vec<&'static str> {
        let faults = form
            .check("江城（甲）科技有限公司")
            .err()
            .unwrap_or_default();
        faults.iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn the_holder_is_the_enterprise_however_brackets_are_written() {
        assert!(faults(&form()).is_empty());
        let other = PayeeForm {
            holder: "乙公司".to_owned(),
            ..form()
        };
        assert_eq!(faults(&other), ["holder"]);
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let wrong = PayeeForm {
            holder: String::new(),
            bank: "甲\n乙".to_owned(),
            cnaps: "102100099997".to_owned(),
            // a card with a wrong check digit
            account: "6222020200112233440".to_owned(),
        };
        assert_eq!(faults(&wrong), ["holder", "bank", "cnaps", "account"]);
    }

    #[test]
    fn no_log_has_the_number() {
        assert!(!format!("{:?}", form()).contains("1202"));
    }
}
