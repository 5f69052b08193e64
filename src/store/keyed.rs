//! Decisions by their keys alone, without their orders.
//!
//! A key is a hash, so that each decision has its own place in an index over keys, and a heap of them would write a page
//! each. The index is therefore filled for many decisions at a time, in its own order. The newest are not in it yet; they are
//! found by looking through them, and there are never many.

use super::error::StoreError;
use super::rows;
use super::writer::Writing;
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnection, SqlitePool};

/// So many decisions are entered at a time.
const FILLED: i64 = 65_536;

/// Enters the decisions that are not in the index yet, once they are many.
pub(super) async fn fill(writing: &mut Writing) -> Result<(), sqlx::Error> {
    fill_from(writing, FILLED).await
}

async fn fill_from(writing: &mut Writing, many: i64) -> Result<(), sqlx::Error> {
    let from = writing.keyed_until;
    if writing.numbers.position - from < many {
        return Ok(());
    }
    let missing: Vec<(i64, String)> =
        sqlx::query_as(include_str!("sql/missing_keys.sql")).bind(from).bind(many).fetch_all(&mut writing.conn).await?;
    let mut entries: Vec<(i64, i64)> = missing.iter().map(|(position, key)| (short(key), *position)).collect();
    entries.sort_unstable();
    insert(&mut writing.conn, &entries).await?;
    // Approvals and liftings have positions, too: where there are no more decisions, all up to here are entered.
    let last = missing.last().filter(|_| i64::try_from(missing.len()) == Ok(many)).map(|(position, _)| *position);
    let until = last.unwrap_or(writing.numbers.position);
    sqlx::query(include_str!("sql/key_until.sql")).bind(until).execute(&mut writing.conn).await?;
    Ok(())
}

async fn insert(conn: &mut SqliteConnection, entries: &[(i64, i64)]) -> Result<(), sqlx::Error> {
    let sql = include_str!("sql/insert_keyed.sql");
    rows::execute(conn, sql, entries, |query, (short, position)| query.bind(*short).bind(*position)).await?;
    Ok(())
}

/// The position of the decision of this key.
pub(super) async fn find(readers: &SqlitePool, key: &str) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar(include_str!("sql/find_key.sql"))
        .bind(key)
        .bind(short(key))
        .fetch_optional(readers)
        .await
        .map_err(StoreError::failed("find a decision"))
}

/// Eight bytes that stand for a key in the index.
fn short(key: &str) -> i64 {
    let digest = Sha256::digest(key);
    i64::from_be_bytes(digest[..8].try_into().expect("eight of 32 bytes"))
}
