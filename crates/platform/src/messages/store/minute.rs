use chrono::{DateTime, Utc};

use crate::clock::instant_text;
use crate::db::{self, Tx};

/// One row: how many mails all servers together have taken in the minute of the last one.
pub(crate) const MINUTE: &str = "CREATE TABLE mail_minute (
    id BIGINT NOT NULL PRIMARY KEY,
    minute TEXT NOT NULL,
    mails BIGINT NOT NULL
);";

/// Counts one mail more in this minute; `false` when the minute has had as many as it may, or is over for another server.
pub(crate) async fn take_mail(tx: &Tx, now: DateTime<Utc>, most: u32) -> db::Result<bool> {
    let sql = "INSERT INTO mail_minute (id, minute, mails) VALUES (1, $1, 1)
        ON CONFLICT (id) DO UPDATE SET minute = excluded.minute,
            mails = CASE WHEN mail_minute.minute = excluded.minute THEN mail_minute.mails + 1 ELSE 1 END
        WHERE mail_minute.minute < excluded.minute
           OR mail_minute.minute = excluded.minute AND mail_minute.mails < $2";
    let text = instant_text(now);
    let minute = text.get(..16).unwrap_or(&text);
    let values = [minute.into(), i64::from(most).into()];
    Ok(db::execute(tx, sql, values).await? == 1)
}
