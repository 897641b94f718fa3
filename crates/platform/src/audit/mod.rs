//! Who did what to what, for whom and from where: one record beside every change and every view of
//! personal data, in the transaction of what it records, chained so that a later change is found.
//!
//! ```text
//! // in a service: load → decide → save, and last the record
//! db.write(|tx| async move {
//!     store::rename(&tx, code, new).await?;
//!     let entry = Entry::new(clock.now(), viewer, "registry.rename", "enterprise", code)
//!         .enterprise(code)
//!         .before(json!({ "name": old }))
//!         .after(json!({ "name": new }));
//!     audit::append(&tx, &entry).await?;
//!     Ok(())
//! })
//! .await
//!
//! // in a page that shows more than everybody sees; the enterprise's own people leave no record
//! let look = Look { action: "registry.view", right: READ, part: "企业档案".to_owned(), filter: Value::Null };
//! audit::record(db, look.of_one(clock.now(), &viewer, code).as_slice()).await?;
//! ```
//!
//! # The chain
//! Records are numbered from 1 without gaps; each carries `SM3(hash of the one before ‖ canonical form)`
//! ([`Record`] says what that is), and the head (number, hash) stands in a row of its own. With a key
//! ([`Key`], held by the [`Database`](crate::db::Database)) the hash is HMAC-SM3, so that whoever has the database alone cannot
//! rebuild the chain; [`adopt_key`] begins with it. [`verify`] reads it all again. A [`Checkpoint`] kept elsewhere finds even an end
//! that was cut off together with the head. Records of before the chain have numbers up to 0 and are
//! listed, but nothing is claimed of them.
//!
//! # Append last
//! [`append`] locks the head until the transaction ends: on PostgreSQL it puts all writers in one row
//! from there on. Append as the last thing of a transaction, several records with one [`append_all`].
//! Then nobody who holds the head waits for anything else, so there is no deadlock; a writer that
//! appends early can meet one, which [`Database::write`](crate::db::Database::write) answers by running its work again.
//!
//! # How long
//! Records are kept at least [`RETENTION_DAYS_MIN`] days (《中华人民共和国网络安全法》（2025 年修正，2026 年 1 月 1 日起施行）第二十三条，
//! 修正前为第二十一条：留存相关的网络日志不少于六个月). [`prune`] refuses younger ones and says in the chain what it removed.

mod adopt;
mod chain;
mod checkpoint;
mod desk;
mod entry;
mod error;
mod export;
mod key;
mod list;
mod prune;
mod record;
mod report;
pub(crate) mod schema;
mod verify;
mod view;

pub use adopt::{adopt_key, key_name};
pub use chain::{append, append_all};
pub use checkpoint::Checkpoint;
pub(crate) use desk::Desk;
pub use desk::record;
pub use entry::{Actor, Entry, Origin};
pub use error::Error;
pub use export::{json_lines, table};
pub use key::Key;
pub use list::{Query, count, count_up_to, find, list, views_of};
pub use prune::{Pruned, RETENTION_DAYS_MIN, prune};
pub use record::Record;
pub use report::{Finding, Report};
pub use verify::{verify, verify_since};
pub use view::Look;
