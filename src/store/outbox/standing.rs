//! What may have changed since a notice was queued, asked when it is about to be sent: a notice says what was decided then, but
//! one whose decision counts no more is not sent, and what is confidential by now is told so.

use super::{DeliveryOutcome, NoticeId};
use crate::notify::facts::is_confidential;
use crate::store::error::StoreError;
use crate::store::orders::numbers;
use crate::store::twins;
use crate::time::Instant;
use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use std::sync::Arc;

/// How things stand about a notice now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The notice.
    pub notice: NoticeId,
    /// Whether its decision was revoked or lifted.
    pub is_revoked: bool,
    /// Whether its order is confidential.
    pub is_confidential: bool,
    /// The earliest push of the same order to the same system that is still to go out.
    pub ahead: Option<Ahead>,
}

/// An earlier push that is still to go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// When it is to be tried.
    pub due_at: Instant,
    /// Whether somebody is sending it just now.
    pub is_claimed: bool,
}

/// By what an address was told of the same decision as another recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldBy {
    /// Which of the notices asked about says the same.
    pub notice: NoticeId,
    /// The message's id.
    pub message: Arc<str>,
    /// By what the other side knows it.
    pub provider_id: Option<String>,
    /// How it ended.
    pub outcome: DeliveryOutcome,
    /// Whether its receipt says that it did not arrive.
    pub has_failed: bool,
}

pub(in crate::store) async fn of(readers: &SqlitePool, notices: &[NoticeId]) -> Result<Vec<Standing>, StoreError> {
    let rows = sqlx::query(include_str!("../sql/standing_of_notices.sql"))
        .bind(numbers(notices.iter().copied()))
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("look up how notices stand"))?;
    rows.iter().map(read_standing).collect()
}

fn read_standing(row: &SqliteRow) -> Result<Standing, StoreError> {
    let failed = || StoreError::failed("look up how notices stand");
    let order: Option<i64> = row.try_get(1).map_err(failed())?;
    let attributes: Option<&str> = row.try_get(3).map_err(failed())?;
    let attributes = attributes.map(|text| twins::read_attributes(order.unwrap_or_default(), text)).transpose()?;
    let due_at: Option<i64> = row.try_get(4).map_err(failed())?;
    let is_claimed = row.try_get(5).map_err(failed())?;
    Ok(Standing {
        notice: row.try_get(0).map_err(failed())?,
        is_revoked: row.try_get(2).map_err(failed())?,
        is_confidential: attributes.is_some_and(|attributes| is_confidential(&attributes)),
        ahead: due_at.map(|due_at| Ahead { due_at: Instant(due_at), is_claimed }),
    })
}

pub(in crate::store) async fn told(
    readers: &SqlitePool,
    notices: &[NoticeId],
    channel: &str,
    address: &str,
) -> Result<Vec<ToldBy>, StoreError> {
    let failed = || StoreError::failed("look up who was told already");
    let rows = sqlx::query(include_str!("../sql/told_of_decision.sql"))
        .bind(numbers(notices.iter().copied()))
        .bind(channel)
        .bind(address)
        .fetch_all(readers)
        .await
        .map_err(failed())?;
    let read = |row: &SqliteRow| {
        let notice: NoticeId = row.try_get(0).map_err(failed())?;
        let message: &str = row.try_get(1).map_err(failed())?;
        let outcome: &str = row.try_get(3).map_err(failed())?;
        let outcome = DeliveryOutcome::ALL.into_iter().find(|known| known.as_str() == outcome);
        Ok(ToldBy {
            notice,
            message: message.into(),
            provider_id: row.try_get(2).map_err(failed())?,
            outcome: outcome.ok_or(StoreError::BadRow { table: "deliveries", id: notice, column: "outcome" })?,
            has_failed: row.try_get(4).map_err(failed())?,
        })
    };
    rows.iter().map(read).collect()
}
