//! The decision feed: committed decisions in the order made, nothing left out.
//!
//! Positions are given within the transaction that saves, by the only writer, so that whoever reads position n has read all
//! before it. A proposal is made at one position and fed at another, that of its approval. What a person lifts after it was
//! fed is fed once more, as a revocation.

use super::error::StoreError;
use super::keyed;
use super::orders::unsigned;
use super::twins;
use crate::engine::decision::Decision;
use sqlx::sqlite::SqlitePool;
use std::sync::Arc;

/// A decision in the feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FedDecision {
    /// Its place: ascending in the order made, approved or lifted. Numbers may be left out, decisions never.
    pub position: u64,
    /// Its order.
    pub order: Arc<str>,
    /// What was decided; of a lifting what it would be as a revocation.
    pub decision: Decision,
    /// Who lifted it; none: it is no lifting, or nobody is named.
    pub by: Option<Arc<str>>,
}

type Row = (i64, String, String, Option<String>);

pub(super) async fn after(readers: &SqlitePool, position: u64, limit: u32) -> Result<Vec<FedDecision>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/feed.sql"))
        .bind(i64::try_from(position).unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("read the decision feed"))?;
    rows.into_iter().map(read).collect()
}

pub(super) async fn by_key(readers: &SqlitePool, key: &str) -> Result<Option<FedDecision>, StoreError> {
    let Some(position) = keyed::find(readers, key).await? else { return Ok(None) };
    let row: Option<Row> = sqlx::query_as(include_str!("sql/decision_at.sql"))
        .bind(position)
        .fetch_optional(readers)
        .await
        .map_err(StoreError::failed("find a decision"))?;
    row.map(read).transpose()
}

pub(super) async fn of_order(readers: &SqlitePool, nr: i64) -> Result<Vec<FedDecision>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/decisions_of_order.sql"))
        .bind(nr)
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("read an order's decisions"))?;
    rows.into_iter().map(read).collect()
}

fn read((position, order, body, by): Row) -> Result<FedDecision, StoreError> {
    let decision = twins::read_decision(position, &body)?;
    Ok(FedDecision { position: unsigned(position), order: order.into(), decision, by: by.map(Arc::from) })
}
