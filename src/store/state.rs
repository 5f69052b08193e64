//! What holds for the whole store: its first start, the newest instant in it, and the journal of what concerns no order.

use super::error::StoreError;
use super::ledger::{Content, Hash, Kind};
use super::writer::Writing;
use crate::clock::Acceptance;
use crate::time::Instant;
use sqlx::sqlite::SqlitePool;

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its number, ascending.
    pub id: i64,
    /// When.
    pub at: Instant,
    /// What was done, in one word: `clock-accepted`, `signed-in`, `exported`.
    pub what: String,
    /// Its particulars as JSON.
    pub body: String,
}

/// The journal's word for an accepted clock. Its body is the store's newest instant then, in milliseconds.
const CLOCK_ACCEPTED: &str = "clock-accepted";

/// The instant of the first start: that given, if there was none yet.
pub(super) async fn first_start(writing: &mut Writing, now: Instant) -> Result<Instant, StoreError> {
    sqlx::query_scalar(include_str!("sql/first_start.sql"))
        .bind(now.0)
        .fetch_one(&mut writing.conn)
        .await
        .map(Instant)
        .map_err(StoreError::failed("note the first start"))
}

pub(super) async fn newest_instant(readers: &SqlitePool) -> Result<Option<Instant>, StoreError> {
    let newest: Option<i64> = sqlx::query_scalar(include_str!("sql/newest_instant.sql"))
        .fetch_one(readers)
        .await
        .map_err(StoreError::failed("find the newest instant"))?;
    Ok(newest.map(Instant))
}

pub(super) async fn record(writing: &mut Writing, what: &str, body: &str, now: Instant) -> Result<i64, StoreError> {
    writing.numbers.journal += 1;
    let id = writing.numbers.journal;
    sqlx::query(include_str!("sql/insert_journal.sql"))
        .bind(id)
        .bind(now.0)
        .bind(what)
        .bind(body)
        .execute(&mut writing.conn)
        .await
        .map_err(StoreError::failed("write the journal"))?;
    writing.chain_system(Kind::Journal, id, content(id, now.0, what, body));
    Ok(id)
}

/// The hash of a journal entry's content, as it is chained and verified.
pub(super) fn content(id: i64, at: i64, what: &str, body: &str) -> Hash {
    Content::of(Kind::Journal).number(id).number(at).text(what).erasable(body).hash()
}

/// Accepts the clock as it is. The acceptance's own instant is not noted as the newest: the clock may be behind.
pub(super) async fn accept_clock(writing: &mut Writing, now: Instant) -> Result<Acceptance, StoreError> {
    let newest: Option<i64> = sqlx::query_scalar(include_str!("sql/newest_instant.sql"))
        .fetch_one(&mut writing.conn)
        .await
        .map_err(StoreError::failed("accept the clock"))?;
    let newest = newest.unwrap_or(now.0);
    let number = record(writing, CLOCK_ACCEPTED, &newest.to_string(), now).await?;
    Ok(Acceptance { number, newest: Instant(newest) })
}

pub(super) async fn clock_acceptance(readers: &SqlitePool) -> Result<Option<Acceptance>, StoreError> {
    let row: Option<(i64, String)> = sqlx::query_as(include_str!("sql/newest_journal.sql"))
        .bind(CLOCK_ACCEPTED)
        .fetch_optional(readers)
        .await
        .map_err(StoreError::failed("find the clock's acceptance"))?;
    let Some((number, body)) = row else { return Ok(None) };
    let bad = |_| StoreError::BadRow { table: "journal", id: number, column: "body" };
    Ok(Some(Acceptance { number, newest: Instant(body.parse().map_err(bad)?) }))
}

pub(super) async fn newest_record(readers: &SqlitePool, what: &str) -> Result<Option<JournalEntry>, StoreError> {
    let row: Option<(i64, i64, String)> = sqlx::query_as(include_str!("sql/newest_record.sql"))
        .bind(what)
        .fetch_optional(readers)
        .await
        .map_err(StoreError::failed("read the journal"))?;
    Ok(row.map(|(id, at, body)| JournalEntry { id, at: Instant(at), what: what.to_owned(), body }))
}

pub(super) async fn journal(readers: &SqlitePool, after: i64, limit: u32) -> Result<Vec<JournalEntry>, StoreError> {
    let rows: Vec<(i64, i64, String, String)> = sqlx::query_as(include_str!("sql/journal.sql"))
        .bind(after)
        .bind(limit)
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("read the journal"))?;
    Ok(rows.into_iter().map(|(id, at, what, body)| JournalEntry { id, at: Instant(at), what, body }).collect())
}
