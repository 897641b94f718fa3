use axum::body::Bytes;
use futures::stream::{self, Stream};

use super::list::{Position, ordered, position};
use super::{Error, Query, Record};
use crate::clock::to_shanghai;
use crate::db::Database;
use crate::export::{Cell, Column, Row, Table};
use crate::problem::Problem;

/// Records read at a time.
const RECORDS_PER_PAGE: i64 = 500;

/// The records as a table for CSV or XLSX, newest first, read as it is written. The export is itself a
/// view of personal data: the caller records it.
#[must_use]
pub fn table(db: Database, query: Query) -> Table {
    let columns = [
        ("编号", 8),
        ("时间", 20),
        ("操作人", 14),
        ("账号", 36),
        ("单位", 24),
        ("代办对象", 24),
        ("操作", 22),
        ("性质", 8),
        ("对象类别", 16),
        ("对象", 24),
        ("企业", 20),
        ("之前", 40),
        ("之后", 40),
        ("说明", 40),
        ("来源地址", 16),
        ("客户端", 24),
        ("请求编号", 36),
        ("校验值", 64),
    ]
    .map(|(heading, width)| Column::wide(heading, width))
    .to_vec();
    Table::by_pages("审计记录", columns, move |after| {
        let (db, query) = (db.clone(), query.clone());
        async move {
            let (records, next) = read(&db, &query, after).await?;
            Ok((records.into_iter().map(row).collect(), next))
        }
    })
}

/// The records as lines of JSON, newest first, in pages.
pub fn json_lines(
    db: Database,
    query: Query,
) -> impl Stream<Item = Result<Bytes, Problem>> + Send + 'static {
    stream::try_unfold(Some(None), move |position| {
        let (db, query) = (db.clone(), query.clone());
        async move {
            let Some(after) = position else {
                return Ok(None);
            };
            let (records, next) = read(&db, &query, after).await?;
            let lines = lines(&records).map_err(Problem::internal)?;
            Ok(Some((lines, next.map(Some))))
        }
    })
}

/// A page, and where the next begins; `None` after the last.
async fn read(
    db: &Database,
    query: &Query,
    after: Option<Position>,
) -> Result<(Vec<Record>, Option<Position>), Error> {
    let records = ordered(db, query, after, RECORDS_PER_PAGE).await?;
    let whole = i64::try_from(records.len()) == Ok(RECORDS_PER_PAGE);
    let next = records.last().filter(|_| whole).map(position);
    Ok((records, next))
}

fn lines(records: &[Record]) -> serde_json::Result<Bytes> {
    let mut bytes = Vec::new();
    for record in records {
        serde_json::to_writer(&mut bytes, record)?;
        bytes.push(b'\n');
    }
    Ok(bytes.into())
}

fn row(record: Record) -> Row {
    let json = |value: Option<serde_json::Value>| value.map(|value| value.to_string());
    let at = to_shanghai(record.at);
    vec![
        record.no.into(),
        at.format("%Y-%m-%d %H:%M:%S").to_string().into(),
        record.actor.into(),
        record.account.map(|id| id.to_string()).into(),
        record.organisation.into(),
        record.on_behalf_of.into(),
        record.action.into(),
        Cell::from(if record.viewed { "查看" } else { "变更" }),
        record.subject_kind.into(),
        record.subject_id.into(),
        record.enterprise.into(),
        json(record.before).into(),
        json(record.after).into(),
        json(record.detail).into(),
        record.address.into(),
        record.agent.into(),
        record.request.into(),
        record.hash.into(),
    ]
}
