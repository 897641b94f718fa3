//! Money for cases: reserve → commit → payable → settle, and release. All within the caller's transaction, which also
//! holds the caller's audit record; the ledger keeps each movement.

use zhida_platform::db::{ConnectionTrait, Tx};
use zhida_platform::format::money_fen;
use zhida_standards::Fen;

use super::Funds;
use crate::amount::difference;
use crate::error::Error;
use crate::model::{
    Balance, Cap, Claim, ClaimRow, Entry, Kind, Money, Part, Payment, PaymentState, Pool,
    Reservation, Standing, Waiting, is_payable,
};
use crate::store;

impl Funds {
    /// 预占: holds money for a case, or puts it into the queue 等待资金 when the pool has not enough or others wait before
    /// it; whoever asked first is served first. Asked again it answers what stands; asked again after a release it asks anew.
    ///
    /// # Errors
    /// No pool for the item and year, a closed one, a cap of the enterprise that would be exceeded, an amount that cannot be
    /// paid; the database.
    pub async fn reserve(
        &self,
        tx: &Tx,
        wanted: &Reservation<'_>,
        by: &str,
    ) -> Result<Money, Error> {
        if !is_payable(wanted.amount) {
            return Err(Error::state(format!(
                "金额 {} 不能拨付：应大于零，且不超过系统上限",
                money_fen(wanted.amount)
            )));
        }
        let year = i64::from(wanted.year);
        let known = store::claims::find(tx, wanted.claim).await?;
        if let Some(row) = known.as_ref().filter(|row| !is_free(row)) {
            return self.money(tx, row).await;
        }
        store::claims::lock_enterprise(tx, wanted.enterprise, year).await?;
        self.within_caps(tx, wanted).await?;
        let pool = store::pools::lock_of(tx, wanted.item, year).await?;
        let pool = pool.ok_or_else(|| Error::NoPool {
            item: wanted.item_name.to_owned(),
            year: wanted.year,
        })?;
        if !pool.is_open {
            return Err(Error::Closed {
                item: pool.item_name,
                year,
            });
        }
        let row = self.row(wanted, &pool, known.as_ref());
        match known {
            Some(_) => {
                store::claims::renew(tx, &row).await?;
            }
            None if !store::claims::insert(tx, &row, self.now()).await? => {
                // somebody else asked for the same case at the same moment
                let row = self.claim(tx, wanted.claim).await?;
                return self.money(tx, &row).await;
            }
            None => {}
        }
        self.serve(tx, &pool.id, Some(&row.id), by).await?;
        let row = self.claim(tx, wanted.claim).await?;
        self.money(tx, &row).await
    }

    /// 锁定: what was reserved may be paid now; what was reserved too much goes back to the pool. Asked again with the same
    /// amount it answers what stands.
    ///
    /// # Errors
    /// The claim waits for money, is released, is committed to another amount already, or less was reserved.
    pub async fn commit(
        &self,
        tx: &Tx,
        claim: Claim<'_>,
        amount: Fen,
        by: &str,
    ) -> Result<Money, Error> {
        let row = self.locked(tx, claim).await?;
        match row.standing {
            Standing::Reserved => {}
            Standing::Waiting => return Err(Error::state(self.money(tx, &row).await?.words())),
            Standing::Released => {
                return Err(Error::state("这笔资金已解除预占，不能锁定：请重新预占"));
            }
            Standing::Committed | Standing::Paid if row.committed + row.paid == amount => {
                return self.money(tx, &row).await;
            }
            Standing::Committed | Standing::Paid => {
                return Err(Error::state(format!(
                    "已锁定 {}，不能改为 {}：差额请用清算办理",
                    money_fen(row.committed + row.paid),
                    money_fen(amount)
                )));
            }
        }
        if !(1..=row.reserved).contains(&amount) {
            return Err(Error::state(format!(
                "只预占了 {}，不能锁定 {}：请先解除预占，再按新的金额预占",
                money_fen(row.reserved),
                money_fen(amount)
            )));
        }
        let rest = row.reserved - amount;
        let row = self.shift(tx, &row, Kind::Commit, amount, "", by).await?;
        let row = self
            .shift(tx, &row, Kind::Release, rest, "锁定的少于预占", by)
            .await?;
        self.serve(tx, &row.pool, None, by).await?;
        self.money(tx, &row).await
    }

    /// 解除: what is reserved or committed and not paid goes back to the pool, and parts that were to be paid are cancelled. How
    /// much; 0 when nothing was held.
    ///
    /// # Errors
    /// A part stands in an open batch: money may be on its way. Withdraw the batch, or wait for the receipt.
    pub async fn release(
        &self,
        tx: &Tx,
        claim: Claim<'_>,
        reason: &str,
        by: &str,
    ) -> Result<Fen, Error> {
        let row = self.locked(tx, claim).await?;
        if matches!(row.standing, Standing::Released | Standing::Paid) {
            return Ok(0);
        }
        for part in store::payments::of_claim(tx, &row.id).await? {
            self.cancel(tx, &part, reason).await?;
        }
        let held = row.reserved + row.committed;
        let (reserved, committed) = (row.reserved, row.committed);
        let row = self
            .shift(tx, &row, Kind::Release, reserved, reason, by)
            .await?;
        let row = self
            .shift(tx, &row, Kind::Free, committed, reason, by)
            .await?;
        if row.standing == Standing::Waiting {
            let none = Balance::default();
            store::claims::shift(tx, &row.id, none, Standing::Released).await?;
        }
        self.serve(tx, &row.pool, None, by).await?;
        Ok(held)
    }

    async fn cancel(&self, tx: &Tx, part: &Payment, reason: &str) -> Result<(), Error> {
        match part.state {
            PaymentState::Paid | PaymentState::Cancelled => return Ok(()),
            PaymentState::Drawn => {}
            state @ (PaymentState::Due | PaymentState::Returned) => {
                let to = PaymentState::Cancelled;
                if store::payments::change(tx, &part.id, state, to, reason).await? {
                    return Ok(());
                }
            }
        }
        Err(Error::state(format!(
            "{}已列入拨付批次，钱可能已在路上，现在不能解除：请先撤回批次，或等银行回单",
            part.label
        )))
    }

    /// 可以拨付: makes a part of a committed claim ready to be drawn into a batch. A part is made once: asked again with the
    /// same amount it does nothing. One that was cancelled with its claim's release is made anew.
    ///
    /// # Errors
    /// Nothing is committed, or the parts come to more than is committed; the part exists with another amount.
    pub async fn payable(&self, tx: &Tx, claim: Claim<'_>, part: &Part<'_>) -> Result<(), Error> {
        let row = self.locked(tx, claim).await?;
        let parts = store::payments::of_claim(tx, &row.id).await?;
        let known = parts.iter().find(|made| made.part == part.number);
        let stands = |made: &&Payment| made.state != PaymentState::Cancelled;
        if let Some(made) = known.filter(stands) {
            return match made.amount == part.amount {
                true => Ok(()),
                false => Err(Error::state(format!(
                    "第 {} 期已按 {} 办理，不能改为 {}",
                    part.number,
                    money_fen(made.amount),
                    money_fen(part.amount)
                ))),
            };
        }
        let left = row.committed - outstanding(&parts);
        if !(1..=left).contains(&part.amount) {
            return Err(Error::state(format!(
                "锁定的资金还可以安排 {}，不能安排 {}",
                money_fen(left),
                money_fen(part.amount)
            )));
        }
        if let Some(made) = known {
            store::payments::renew(tx, &made.id, part, self.now()).await?;
            return Ok(());
        }
        let year = self.year();
        let number = store::next_number(tx, "payment", year).await?;
        let payment = Payment {
            id: self.new_id(),
            number: format!("付-{year}-{number:06}"),
            claim: row.id,
            case: row.case,
            case_number: row.case_number,
            pool: row.pool,
            enterprise: row.enterprise,
            enterprise_name: row.enterprise_name,
            part: part.number,
            label: part.label.to_owned(),
            amount: part.amount,
            not_before: part.not_before,
            state: PaymentState::Due,
            reason: String::new(),
            paid_on: None,
            created_at: self.now(),
        };
        store::payments::insert(tx, &payment).await?;
        Ok(())
    }

    /// What a claim holds; `None` when the case never asked.
    ///
    /// # Errors
    /// The database.
    pub async fn standing(
        &self,
        conn: &impl ConnectionTrait,
        claim: Claim<'_>,
    ) -> Result<Option<Money>, Error> {
        match store::claims::find(conn, claim).await? {
            Some(row) => Ok(Some(self.money(conn, &row).await?)),
            None => Ok(None),
        }
    }

    /// All claims of a case by their purpose, oldest first, for its page.
    ///
    /// # Errors
    /// The database.
    pub async fn of_case(
        &self,
        conn: &impl ConnectionTrait,
        case: &str,
    ) -> Result<Vec<(String, Money)>, Error> {
        let mut all = Vec::new();
        for row in store::claims::of_case(conn, case).await? {
            let money = self.money(conn, &row).await?;
            all.push((row.purpose, money));
        }
        Ok(all)
    }

    /// How much the caps leave an enterprise for an item and year; `None` when there is no cap. What waits for money counts
    /// as used.
    ///
    /// # Errors
    /// The database.
    pub async fn headroom(
        &self,
        conn: &impl ConnectionTrait,
        enterprise: &str,
        (item, year): (&str, i32),
        caps: &[Cap],
    ) -> Result<Option<Fen>, Error> {
        let mut least = None;
        for cap in caps {
            let used = store::claims::used(conn, enterprise, year.into(), cap, item).await?;
            let left = difference(cap.amount, used);
            least = Some(least.map_or(left, |before: Fen| before.min(left)));
        }
        Ok(least)
    }

    async fn within_caps(&self, tx: &Tx, wanted: &Reservation<'_>) -> Result<(), Error> {
        for cap in wanted.caps {
            let year = wanted.year.into();
            let used = store::claims::used(tx, wanted.enterprise, year, cap, wanted.item).await?;
            let left = difference(cap.amount, used);
            if wanted.amount > left {
                return Err(Error::OverCap {
                    name: cap.name.clone(),
                    cap: cap.amount,
                    used,
                    left,
                    wanted: wanted.amount,
                });
            }
        }
        Ok(())
    }

    fn row(&self, wanted: &Reservation<'_>, pool: &Pool, known: Option<&ClaimRow>) -> ClaimRow {
        ClaimRow {
            id: known.map_or_else(|| self.new_id(), |row| row.id.clone()),
            case: wanted.claim.case.to_owned(),
            purpose: wanted.claim.purpose.to_owned(),
            case_number: wanted.case_number.to_owned(),
            pool: pool.id.clone(),
            item: wanted.item.to_owned(),
            year: wanted.year.into(),
            enterprise: wanted.enterprise.to_owned(),
            enterprise_name: wanted.enterprise_name.to_owned(),
            wanted: wanted.amount,
            reserved: 0,
            committed: 0,
            paid: 0,
            standing: Standing::Waiting,
            turn: self.new_id(),
        }
    }

    pub(super) async fn claim(
        &self,
        conn: &impl ConnectionTrait,
        claim: Claim<'_>,
    ) -> Result<ClaimRow, Error> {
        let row = store::claims::find(conn, claim).await?;
        row.ok_or_else(|| Error::missing(format!("办件 {} 的资金预占", claim.case)))
    }

    /// The claim while its pool is held: nobody else moves its money until the transaction ends.
    pub(super) async fn locked(&self, tx: &Tx, claim: Claim<'_>) -> Result<ClaimRow, Error> {
        let row = self.claim(tx, claim).await?;
        store::pools::lock(tx, &row.pool).await?;
        self.claim(tx, claim).await
    }

    /// Moves money of a claim and its pool, and says so in the ledger; the claim afterwards.
    pub(super) async fn shift(
        &self,
        tx: &Tx,
        row: &ClaimRow,
        kind: Kind,
        amount: Fen,
        reason: &str,
        by: &str,
    ) -> Result<ClaimRow, Error> {
        if amount == 0 {
            return Ok(row.clone());
        }
        let change = kind.effect().times(amount);
        if !store::pools::shift(tx, &row.pool, change).await? {
            let pool = store::pools::lock(tx, &row.pool).await?;
            let left = pool.map_or(0, |pool| pool.left());
            return Err(Error::Short {
                left,
                short: amount - left,
            });
        }
        let mut after = row.clone();
        after.reserved += change.reserved;
        after.committed += change.committed;
        after.paid += change.paid;
        after.standing = standing_of(&after);
        store::claims::shift(tx, &row.id, change, after.standing).await?;
        self.note(tx, &row.pool, Some(&row.id), (kind, amount), reason, by)
            .await?;
        Ok(after)
    }

    /// Writes a line of the ledger.
    pub(super) async fn note(
        &self,
        tx: &Tx,
        pool: &str,
        claim: Option<&str>,
        (kind, amount): (Kind, Fen),
        reason: &str,
        by: &str,
    ) -> Result<(), Error> {
        let entry = Entry {
            id: self.new_id(),
            kind,
            amount,
            case_number: String::new(),
            enterprise_name: String::new(),
            reason: reason.to_owned(),
            at: self.now(),
            by: by.to_owned(),
        };
        store::pools::append(tx, &entry, pool, claim).await?;
        Ok(())
    }

    /// Gives free money to those who wait, in the order of asking: who does not fit holds up all behind, or whoever wants much
    /// would never be served. `asking` is not told, for it is answered. The pool's row is held.
    pub(super) async fn serve(
        &self,
        tx: &Tx,
        pool: &str,
        asking: Option<&str>,
        by: &str,
    ) -> Result<(), Error> {
        while let Some(row) = store::claims::first_waiting(tx, pool).await? {
            let pool = store::pools::lock(tx, pool).await?;
            let enough = pool.is_some_and(|pool| pool.is_open && pool.left() >= row.wanted);
            if !enough {
                return Ok(());
            }
            let row = self
                .shift(tx, &row, Kind::Reserve, row.wanted, "", by)
                .await?;
            let told = self.news().filter(|_| asking != Some(row.id.as_str()));
            if let Some(news) = told {
                let money = self.money(tx, &row).await?;
                news.reserved(tx, row.claim(), &money).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn money(
        &self,
        conn: &impl ConnectionTrait,
        row: &ClaimRow,
    ) -> Result<Money, Error> {
        let waiting = match row.standing {
            Standing::Waiting => {
                let pool = store::pools::get(conn, &row.pool).await?;
                let left = pool.map_or(0, |pool| pool.left());
                let (place, wanted) =
                    store::claims::queue(conn, &row.pool, Some(&row.turn)).await?;
                Some(Waiting {
                    place: u64::try_from(place).unwrap_or(0),
                    left,
                    short: difference(wanted, left),
                })
            }
            _ => None,
        };
        Ok(Money {
            standing: row.standing,
            pool: row.pool.clone(),
            wanted: row.wanted,
            reserved: row.reserved,
            committed: row.committed,
            paid: row.paid,
            waiting,
        })
    }
}

/// Whether the claim holds nothing and may be asked for anew.
fn is_free(row: &ClaimRow) -> bool {
    row.standing == Standing::Released && row.paid == 0
}

/// What the figures of a claim mean.
fn standing_of(row: &ClaimRow) -> Standing {
    match (row.reserved, row.committed, row.paid) {
        (_, committed, _) if committed > 0 => Standing::Committed,
        (reserved, ..) if reserved > 0 => Standing::Reserved,
        (_, _, paid) if paid > 0 => Standing::Paid,
        _ => Standing::Released,
    }
}

/// What is still to be paid of the parts that were made.
pub(super) fn outstanding(parts: &[Payment]) -> Fen {
    let open = parts
        .iter()
        .filter(|part| !matches!(part.state, PaymentState::Paid | PaymentState::Cancelled));
    open.map(|part| part.amount).sum()
}
