//! Tag rules and the tags they gave.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult};
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, Bulk, Tx};

use super::instant;
use crate::model::TagRule;
use crate::tags::RULES_MAX;

/// Rows deleted with one statement.
const DELETE_ROWS: usize = 5_000;

#[derive(FromQueryResult)]
struct StoredRule {
    name: String,
    rule: String,
    note: String,
    active: bool,
    updated_at: String,
}

/// All tag rules by name.
pub(crate) async fn rules(conn: &impl ConnectionTrait) -> db::Result<Vec<TagRule>> {
    let sql = "SELECT name, rule, note, active, updated_at FROM tag_rule ORDER BY name LIMIT $1";
    let rows: Vec<StoredRule> = db::query_all(conn, sql, [(RULES_MAX as i64).into()]).await?;
    let rules = rows.into_iter().map(|row| TagRule {
        name: row.name,
        rule: row.rule,
        note: row.note,
        active: row.active,
        updated_at: instant(&row.updated_at),
    });
    Ok(rules.collect())
}

/// Adds a rule; fails on its unique key when the tag is there.
pub(crate) async fn insert_rule(tx: &Tx, rule: &TagRule) -> db::Result<()> {
    let sql =
        "INSERT INTO tag_rule (name, rule, note, active, updated_at) VALUES ($1, $2, $3, $4, $5)";
    let values = [
        rule.name.as_str().into(),
        rule.rule.as_str().into(),
        rule.note.as_str().into(),
        rule.active.into(),
        instant_text(rule.updated_at).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Switches a rule on or off; `false` when there is none.
pub(crate) async fn set_active(
    tx: &Tx,
    name: &str,
    active: bool,
    at: DateTime<Utc>,
) -> db::Result<bool> {
    let sql = "UPDATE tag_rule SET active = $1, updated_at = $2 WHERE name = $3";
    let changed = db::execute(
        tx,
        sql,
        [active.into(), instant_text(at).into(), name.into()],
    )
    .await?;
    Ok(changed == 1)
}

#[derive(FromQueryResult)]
struct Counted {
    tag: String,
    holders: i64,
}

/// How many enterprises have each tag.
pub(crate) async fn tag_counts(conn: &impl ConnectionTrait) -> db::Result<Vec<(String, u64)>> {
    let sql =
        "SELECT tag, COUNT(*) AS holders FROM enterprise_tag GROUP BY tag ORDER BY tag LIMIT $1";
    let rows: Vec<Counted> = db::query_all(conn, sql, [(RULES_MAX as i64).into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.tag, u64::try_from(row.holders).unwrap_or_default()))
        .collect())
}

/// What the tags of one enterprise are judged by.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct Holding {
    pub seq: i64,
    pub code: String,
    pub facts: String,
}

/// Enterprises after a number, for judging tags anew.
pub(crate) async fn tags_after(
    conn: &impl ConnectionTrait,
    after: i64,
    limit: i64,
) -> db::Result<Vec<Holding>> {
    let sql = "SELECT e.seq, e.code, f.facts FROM enterprise e \
               JOIN enterprise_facts f ON f.seq = e.seq WHERE e.seq > $1 ORDER BY e.seq LIMIT $2";
    db::query_all(conn, sql, [after.into(), limit.into()]).await
}

/// Sets the tags of enterprises; those in `known` may have had others.
pub(crate) async fn replace_tags(
    tx: &Tx,
    known: &[i64],
    tags: &[(i64, &[String])],
) -> db::Result<()> {
    for chunk in known.chunks(DELETE_ROWS) {
        let sql = format!(
            "DELETE FROM enterprise_tag WHERE seq IN ({})",
            db::number_members(tx)
        );
        db::execute(tx, &sql, [db::members_value(chunk.iter().copied())]).await?;
    }
    let mut rows = Bulk::insert("enterprise_tag", &["seq", "tag"]);
    for (seq, tags) in tags {
        for tag in *tags {
            rows.push(tx, [(*seq).into(), tag.as_str().into()]).await?;
        }
    }
    rows.finish(tx).await?;
    Ok(())
}
