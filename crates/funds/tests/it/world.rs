//! The room over a database, with another room whose cases are paid and a clock that the test moves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::prelude::async_trait::async_trait;
use uuid::Uuid;
use zhida_funds::{
    Cap, Claim, Error, Funds, Items, LastCheck, MayPay, Money, NewPool, PaidPart, PayeeForm,
    PaymentNews, Pool, Recovered, Reservation, ReturnedPart,
};
use zhida_platform::access::{Viewer, guard};
use zhida_platform::clock::Clock;
use zhida_platform::config::Config;
use zhida_platform::db::{self, Database, Tx};
use zhida_platform::messages::{AddressBook, Contact, MailAddress, Messages, Recipient};
use zhida_platform::problem::Problem;
use zhida_testkit::{App, TestDatabase, seated};
use zhida_ui::{Shell, with_frame};

pub(crate) const ENTERPRISE: &str = "91330302MAPDY00011";
pub(crate) const NAME: &str = "江城（甲）科技有限公司";
pub(crate) const OTHER: &str = "91330302MAPDY00022";
pub(crate) const OTHER_NAME: &str = "江城乙公司";
pub(crate) const BY: &str = "张三";

/// A clock that the test moves.
#[derive(Debug)]
pub(crate) struct Hands(Mutex<DateTime<Utc>>);

impl Hands {
    pub(crate) fn pass(&self, time: TimeDelta) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Nobody to push messages to: they are in the inbox.
#[derive(Debug)]
struct NoBook;

#[async_trait]
impl AddressBook for NoBook {
    async fn contacts(&self, _: &Tx, _: Recipient<'_>) -> db::Result<Vec<Contact>> {
        Ok(Vec::new())
    }

    async fn enterprises(&self, _: &Tx, _: &str, _: u64) -> db::Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn mail_of(&self, _: &Database, _: &str) -> db::Result<MailAddress> {
        Ok(MailAddress::default())
    }

    async fn keep_mail(&self, _: &Tx, _: &str, _: &str, _: DateTime<Utc>) -> db::Result<()> {
        Ok(())
    }
}

/// The room whose cases are paid: whom it refuses, and what it heard.
#[derive(Debug, Default)]
pub(crate) struct Cases {
    pub refused: Mutex<BTreeMap<String, String>>,
    pub heard: Mutex<Vec<String>>,
}

impl Cases {
    pub(crate) fn refuse(&self, case: &str, why: &str) {
        let mut refused = self.refused.lock().unwrap();
        refused.insert(case.to_owned(), why.to_owned());
    }

    pub(crate) fn allow(&self, case: &str) {
        self.refused.lock().unwrap().remove(case);
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    fn hear(&self, words: String) {
        self.heard.lock().unwrap().push(words);
    }
}

#[async_trait]
impl LastCheck for Cases {
    async fn may_pay(&self, _: &Tx, case: &str) -> Result<MayPay, Problem> {
        let refused = self.refused.lock().unwrap();
        Ok(match refused.get(case) {
            Some(why) => MayPay::No(why.clone()),
            None => MayPay::Yes,
        })
    }
}

#[async_trait]
impl Items for Cases {
    async fn has_item(&self, id: &str) -> Result<bool, Problem> {
        Ok(!id.starts_with("no-"))
    }
}

#[async_trait]
impl PaymentNews for Cases {
    async fn reserved(&self, _: &Tx, claim: Claim<'_>, money: &Money) -> Result<(), Problem> {
        self.hear(format!("{} reserved {}", claim.case, money.reserved));
        Ok(())
    }

    async fn paid(&self, _: &Tx, part: &PaidPart<'_>) -> Result<(), Problem> {
        let last = if part.is_last { " last" } else { "" };
        self.hear(format!("{} paid {}{last}", part.claim.case, part.amount));
        Ok(())
    }

    async fn returned(&self, _: &Tx, part: &ReturnedPart<'_>) -> Result<(), Problem> {
        let paid = if part.was_paid { " after paid" } else { "" };
        self.hear(format!(
            "{} returned {}{paid}: {}",
            part.claim.case, part.amount, part.reason
        ));
        Ok(())
    }

    async fn recovered(&self, _: &Tx, recovered: &Recovered<'_>) -> Result<(), Problem> {
        let how = match recovered.is_written_off {
            true => "written off",
            false => "repaid",
        };
        self.hear(format!(
            "{} {how} {}, left {}",
            recovered.claim.case, recovered.amount, recovered.left
        ));
        Ok(())
    }
}

/// Somebody of a government body of 江城 in this role, with this account's number.
pub(crate) fn officer(role: &str, number: u128) -> Viewer {
    let viewer = seated(role, Some("330300"), None);
    let mut person = viewer.as_person().unwrap().clone();
    person.account = Uuid::from_u128(number);
    person.name = format!("{role}{number}");
    Viewer::person(person)
}

pub(crate) fn treasurer() -> Viewer {
    officer("treasurer", 11)
}

/// Somebody of an enterprise.
pub(crate) fn staff(code: &str, name: &str) -> Viewer {
    let viewer = seated("finance", None, Some(code));
    let mut person = viewer.as_person().unwrap().clone();
    person.seat.as_mut().unwrap().organisation_name = name.to_owned();
    Viewer::person(person)
}

pub(crate) struct World {
    pub db: TestDatabase,
    pub clock: Arc<Hands>,
    pub cases: Arc<Cases>,
    pub funds: Arc<Funds>,
}

impl World {
    pub(crate) async fn new(db: TestDatabase) -> Self {
        db.migrate(&[zhida_funds::migrations()]).await.unwrap();
        let start = "2026-11-22T01:00:00Z".parse().unwrap();
        let clock = Arc::new(Hands(Mutex::new(start)));
        let events = zhida_funds::EVENTS;
        let config = Config::default();
        let messages =
            Messages::new(&config, events, Arc::new(NoBook), None, clock.clone()).unwrap();
        let funds = Funds::new(db.handle(), clock.clone(), messages);
        let cases = Arc::new(Cases::default());
        assert!(funds.attend(cases.clone(), cases.clone(), cases.clone()));
        assert!(!funds.attend(cases.clone(), cases.clone(), cases.clone()));
        Self {
            db,
            clock,
            cases,
            funds,
        }
    }

    /// The pages and the API as this viewer sees them.
    pub(crate) fn router(&self, viewer: Viewer) -> Router {
        let room = zhida_funds::room(Arc::clone(&self.funds));
        let (api, _) = room.api.split_for_parts();
        let router = guard(room.routes.merge(api));
        let router = router.layer(from_fn(move |mut request: Request, next: Next| {
            request.extensions_mut().insert(viewer.clone());
            next.run(request)
        }));
        with_frame(router, Shell::default(), &Config::default())
    }

    pub(crate) fn app(&self, viewer: Viewer) -> App {
        App::new(self.router(viewer))
    }

    /// A pool of 2026.
    pub(crate) async fn pool(&self, item: &str, amount: i64) -> Pool {
        let new = NewPool {
            item: item.to_owned(),
            item_name: format!("事项{item}"),
            year: 2026,
            organisation: "江城市科技局".to_owned(),
            place: "330302".to_owned(),
            amount,
            note: String::new(),
        };
        self.funds.open_pool(&treasurer(), &new).await.unwrap()
    }

    pub(crate) async fn reserve(
        &self,
        item: &str,
        case: &str,
        amount: i64,
    ) -> Result<Money, Error> {
        self.reserve_for((ENTERPRISE, NAME), item, case, amount, &[])
            .await
    }

    pub(crate) async fn reserve_for(
        &self,
        (enterprise, enterprise_name): (&str, &str),
        item: &str,
        case: &str,
        amount: i64,
        caps: &[Cap],
    ) -> Result<Money, Error> {
        let number = &format!("兑付-{case}");
        let wanted = &Reservation {
            claim: Claim::of(case),
            case_number: number,
            enterprise,
            enterprise_name,
            item,
            item_name: item,
            year: 2026,
            amount,
            caps,
        };
        let funds = &self.funds;
        self.db
            .write(|tx| async move { funds.reserve(&tx, wanted, BY).await })
            .await
    }

    pub(crate) async fn commit(&self, case: &str, amount: i64) -> Result<Money, Error> {
        let funds = &self.funds;
        self.db
            .write(|tx| async move { funds.commit(&tx, Claim::of(case), amount, BY).await })
            .await
    }

    pub(crate) async fn release(&self, case: &str) -> Result<i64, Error> {
        let funds = &self.funds;
        self.db
            .write(|tx| async move { funds.release(&tx, Claim::of(case), "撤回", BY).await })
            .await
    }

    pub(crate) async fn payable(&self, case: &str, number: i64, amount: i64) -> Result<(), Error> {
        let part = &zhida_funds::Part {
            number,
            label: "全额",
            amount,
            not_before: None,
        };
        let funds = &self.funds;
        self.db
            .write(|tx| async move { funds.payable(&tx, Claim::of(case), part).await })
            .await
    }

    pub(crate) async fn money(&self, case: &str) -> Money {
        let found = self.funds.standing(self.db.conn(), Claim::of(case)).await;
        found.unwrap().unwrap()
    }

    /// A case that may be paid at once, to an enterprise with an account.
    pub(crate) async fn due(&self, item: &str, case: &str, amount: i64) {
        self.reserve(item, case, amount).await.unwrap();
        self.commit(case, amount).await.unwrap();
        self.payable(case, 1, amount).await.unwrap();
    }

    pub(crate) async fn keep_payee(&self, code: &str, name: &str) {
        let form = &account(name);
        let funds = &self.funds;
        self.db
            .write(|tx| async move { funds.keep_payee(&tx, (code, name), form, BY).await })
            .await
            .unwrap();
    }

    /// Every pool and claim is what its ledger says, and no pool has spent more than it has.
    pub(crate) async fn balances_hold(&self) {
        let pools = "SELECT COUNT(*) FROM fund_pool p WHERE p.reserved + p.committed + p.paid > p.amount
            OR p.amount <> (SELECT COALESCE(SUM(CASE e.kind WHEN 'raise' THEN e.amount WHEN 'cut' THEN -e.amount ELSE 0 END), 0)
                FROM fund_entry e WHERE e.pool = p.id)
            OR p.reserved <> (SELECT COALESCE(SUM(CASE e.kind WHEN 'reserve' THEN e.amount WHEN 'release' THEN -e.amount
                WHEN 'commit' THEN -e.amount ELSE 0 END), 0) FROM fund_entry e WHERE e.pool = p.id)
            OR p.committed <> (SELECT COALESCE(SUM(CASE e.kind WHEN 'commit' THEN e.amount WHEN 'free' THEN -e.amount
                WHEN 'pay' THEN -e.amount WHEN 'return' THEN e.amount ELSE 0 END), 0) FROM fund_entry e WHERE e.pool = p.id)
            OR p.paid <> (SELECT COALESCE(SUM(CASE e.kind WHEN 'pay' THEN e.amount WHEN 'return' THEN -e.amount ELSE 0 END), 0)
                FROM fund_entry e WHERE e.pool = p.id)";
        assert_eq!(self.count(pools).await, 0, "a pool differs from its ledger");
        let claims = "SELECT COUNT(*) FROM fund_pool p
            WHERE p.reserved <> (SELECT COALESCE(SUM(c.reserved), 0) FROM fund_claim c WHERE c.pool = p.id)
               OR p.committed <> (SELECT COALESCE(SUM(c.committed), 0) FROM fund_claim c WHERE c.pool = p.id)
               OR p.paid <> (SELECT COALESCE(SUM(c.paid), 0) FROM fund_claim c WHERE c.pool = p.id)";
        assert_eq!(
            self.count(claims).await,
            0,
            "a pool differs from its claims"
        );
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        db::query_count(self.db.conn(), sql, []).await.unwrap()
    }
}

/// An account of an enterprise of this name.
pub(crate) fn account(name: &str) -> PayeeForm {
    PayeeForm {
        holder: name.to_owned(),
        bank: "中国工商银行江城支行".to_owned(),
        cnaps: "102100099996".to_owned(),
        account: "1202022419900012345".to_owned(),
    }
}
