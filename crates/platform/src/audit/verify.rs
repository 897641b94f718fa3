use super::chain::{GENESIS, Head};
use super::prune::{self, Base};
use super::record::{COLUMNS, Row};
use super::report::{Finding, Report};
use super::{Checkpoint, Error, Key};
use crate::db::{self, Database};

/// Records read at a time.
const RECORDS_PER_PAGE: i64 = 1_000;

/// Reads the whole chain again and compares it with its head and with the checkpoints kept elsewhere.
/// Writers may go on meanwhile. The key is the one that the [`Database`] holds.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(db: &Database, known: &[Checkpoint]) -> Result<Report, Error> {
    run(db, None, known).await
}

/// Reads only what came after a checkpoint: for every day, while [`verify`] is for every month. What the
/// checkpoint covers is taken to be as it was.
///
/// # Errors
/// As [`verify`].
pub async fn verify_since(db: &Database, from: &Checkpoint) -> Result<Report, Error> {
    run(db, Some(from), std::slice::from_ref(from)).await
}

async fn run(
    db: &Database,
    from: Option<&Checkpoint>,
    known: &[Checkpoint],
) -> Result<Report, Error> {
    let Some(head) = Head::read(db.conn()).await? else {
        let mut report = Report::default();
        report.find(Finding::NoHead);
        return Ok(report);
    };
    let mut walk = Walk::new(db.audit().key(), from, known, head);
    walk.count_outside(db).await?;
    loop {
        let page = rows_after(db, walk.report.last).await?;
        if page.is_empty() {
            // the head is read after the rows: what it knows and they did not show comes with one page more
            let head = Head::read(db.conn()).await?;
            let more = rows_after(db, walk.report.last).await?;
            match head {
                Some(head) if more.is_empty() && head.base_no != walk.begin.base_no => {
                    // pruned meanwhile: what was read no longer fits together
                    walk = Walk::new(db.audit().key(), from, known, head);
                    walk.count_outside(db).await?;
                }
                Some(head) if more.is_empty() => return Ok(walk.end(head)),
                Some(_) => walk.take_all(more),
                None => {
                    walk.report.find(Finding::NoHead);
                    return Ok(walk.report);
                }
            }
        } else {
            walk.take_all(page);
        }
        if walk.lost {
            return Ok(walk.report);
        }
    }
}

async fn rows_after(db: &Database, no: i64) -> db::Result<Vec<Row>> {
    let sql = format!(
        "SELECT {} FROM audit_event WHERE no > $1 ORDER BY no LIMIT $2",
        COLUMNS.join(", ")
    );
    db::query_all(db.conn(), &sql, [no.into(), RECORDS_PER_PAGE.into()]).await
}

/// The state of one reading from the beginning to the end.
struct Walk<'a> {
    key: Option<&'a Key>,
    known: &'a [Checkpoint],
    /// Hash of the last record; none after a gap, where the next cannot be recomputed.
    hash: Option<String>,
    begin: Head,
    /// Whether the chain's own beginning is read, not only what follows a checkpoint.
    whole: bool,
    /// What the newest pruning said.
    base: Option<Base>,
    key_name: String,
    /// Without the right key nothing further can be said.
    lost: bool,
    report: Report,
}

impl<'a> Walk<'a> {
    fn new(
        key: Option<&'a Key>,
        from: Option<&Checkpoint>,
        known: &'a [Checkpoint],
        begin: Head,
    ) -> Self {
        let later = from.filter(|from| from.no > begin.base_no);
        let (last, hash) = match later {
            // the checkpoint's own record is read once more: its hash must be as noted
            Some(from) => (from.no - 1, None),
            None => (begin.base_no, Some(begin.base_hash.clone())),
        };
        let report = Report {
            last,
            pruned: begin.base_no,
            ..Report::default()
        };
        Self {
            key,
            known,
            hash,
            whole: later.is_none(),
            begin,
            base: None,
            key_name: String::new(),
            lost: false,
            report,
        }
    }

    /// Counts what lies outside the chain, and what should.
    async fn count_outside(&mut self, db: &Database) -> db::Result<()> {
        let sql = "SELECT COUNT(*) FROM audit_event WHERE no < 1";
        let before = db::query_count(db.conn(), sql, []).await?;
        self.report.before_chain = u64::try_from(before).unwrap_or_default();
        let base = self.begin.base_no;
        let sql = "SELECT COUNT(*) FROM audit_event WHERE no > 0 AND no <= $1";
        let count = db::query_count(db.conn(), sql, [base.into()]).await?;
        if count > 0 {
            self.report.find(Finding::Leftover { base, count });
        }
        let begin = &self.begin.base_hash;
        if self.known.iter().any(|c| c.no == base && c.hash != *begin) {
            self.report.find(Finding::Checkpoint { no: base });
        }
        Ok(())
    }

    fn take_all(&mut self, rows: Vec<Row>) {
        for row in rows {
            if self.lost {
                return;
            }
            self.take(row);
        }
    }

    fn take(&mut self, row: Row) {
        let no = row.no;
        let next = self.report.last + 1;
        if no != next {
            self.report.find(Finding::Removed {
                from: next,
                to: no - 1,
            });
            self.hash = None;
        }
        self.report.last = no;
        self.report.checked += 1;
        self.check_key(&row);
        if self.lost {
            return;
        }
        let key = self.key.filter(|_| !row.key_id.is_empty());
        let sound = self
            .hash
            .as_ref()
            .is_none_or(|before| row.hash_after(before, key) == row.hash);
        if !sound {
            self.report.find(Finding::Changed { no });
        }
        if self.known.iter().any(|c| c.no == no && c.hash != row.hash) {
            self.report.find(Finding::Checkpoint { no });
        }
        if row.action == prune::ACTION {
            let base = row.detail.as_deref().map(serde_json::from_str::<Base>);
            self.base = base.and_then(Result::ok).or(self.base.take());
        }
        self.hash = Some(row.hash);
    }

    fn check_key(&mut self, row: &Row) {
        let no = row.no;
        if row.key_id.is_empty() {
            if !self.key_name.is_empty() {
                self.report.find(Finding::NoKey { no });
            }
        } else if self.key.is_none_or(|key| key.name() != row.key_id) {
            let name = row.key_id.clone();
            self.report.find(Finding::OtherKey { no, name });
            self.lost = true;
        } else {
            self.report.keyed_from.get_or_insert(no);
        }
        self.key_name.clone_from(&row.key_id);
    }

    fn end(mut self, head: Head) -> Report {
        if !self.whole && self.report.checked == 0 {
            self.report.last = head.no;
        }
        let found = self.report.last;
        let expected = self.known.iter().map(|known| known.no).max();
        let expected = expected.unwrap_or(0).max(head.no);
        if expected > found {
            self.report.find(Finding::Truncated { expected, found });
        }
        if head.no < found {
            let head = head.no;
            self.report.find(Finding::BehindEnd { head, found });
        } else if head.no == found && self.hash.as_ref().is_some_and(|hash| *hash != head.hash) {
            self.report.find(Finding::HeadDiffers { no: found });
        }
        self.check_seal(&head);
        let unkeyed = self.report.keyed_from.is_none() && self.report.checked > 0;
        if self.key.is_some() && unkeyed {
            self.report.find(Finding::NoKey { no: found });
        }
        self.check_base(&head);
        self.report
    }

    fn check_seal(&mut self, head: &Head) {
        let untouched = head.no == 0 && head.hash == GENESIS && head.base_no == 0;
        let key = self.key.filter(|_| !head.key_id.is_empty());
        if !untouched && !head.is_sealed_with(key) {
            self.report.find(Finding::Seal);
        }
    }

    fn check_base(&mut self, head: &Head) {
        let said = self.base.as_ref().map_or(0, |base| base.up_to);
        let agrees = match &self.base {
            Some(base) => base.up_to == head.base_no && base.hash == head.base_hash,
            None => head.base_no == 0,
        };
        // after a checkpoint the pruning's record may lie before it
        if !agrees && (self.whole || said > 0) {
            let base = head.base_no;
            self.report.find(Finding::Base { base });
        }
    }
}
