//! Notices and their deliveries as they stand: rows become what was written at this door.

use super::{Delivery, DeliveryOutcome, Notice, NoticeId, NoticeState, OutboxHealth, read_forms, read_target};
use crate::notify::notice::{NoticeKind, QueuedNotice};
use crate::store::error::StoreError;
use crate::store::orders::{numbers, unsigned};
use crate::time::Instant;
use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use std::collections::HashMap;
use std::sync::Arc;

/// Notices by number, with their deliveries.
pub(in crate::store) async fn load(readers: &SqlitePool, ids: &[NoticeId]) -> Result<Vec<Notice>, StoreError> {
    let rows = sqlx::query(include_str!("../sql/load_notices.sql"))
        .bind(numbers(ids.iter().copied()))
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("load notices"))?;
    let mut notices = rows.iter().map(read_notice).collect::<Result<Vec<_>, _>>()?;
    let mut deliveries = load_deliveries(readers, ids).await?;
    for notice in &mut notices {
        notice.deliveries = deliveries.remove(&notice.id).unwrap_or_default();
    }
    Ok(notices)
}

async fn load_deliveries(
    readers: &SqlitePool,
    notices: &[NoticeId],
) -> Result<HashMap<NoticeId, Vec<Delivery>>, StoreError> {
    let rows = sqlx::query(include_str!("../sql/load_deliveries.sql"))
        .bind(numbers(notices.iter().copied()))
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("load deliveries"))?;
    let mut deliveries: HashMap<NoticeId, Vec<Delivery>> = HashMap::new();
    for row in &rows {
        let (_, notice, delivery) = read_delivery(row)?;
        deliveries.entry(notice).or_default().push(delivery);
    }
    Ok(deliveries)
}

/// A delivery from a row of `load_deliveries.sql`: its number, its notice's, and itself.
fn read_delivery(row: &SqliteRow) -> Result<(i64, NoticeId, Delivery), StoreError> {
    let failed = || StoreError::failed("read a delivery");
    let id: i64 = row.try_get(0).map_err(failed())?;
    let bad = |column| StoreError::BadRow { table: "deliveries", id, column };
    let outcome: &str = row.try_get(6).map_err(failed())?;
    let delivery = Delivery {
        attempt: row.try_get(2).map_err(failed())?,
        channel: row.try_get::<&str, _>(3).map_err(failed())?.into(),
        address: row.try_get::<&str, _>(4).map_err(failed())?.into(),
        at: Instant(row.try_get(5).map_err(failed())?),
        outcome: DeliveryOutcome::ALL
            .into_iter()
            .find(|known| known.as_str() == outcome)
            .ok_or_else(|| bad("outcome"))?,
        detail: row.try_get(7).map_err(failed())?,
        provider_id: row.try_get(8).map_err(failed())?,
    };
    Ok((id, row.try_get(1).map_err(failed())?, delivery))
}

fn read_notice(row: &SqliteRow) -> Result<Notice, StoreError> {
    let failed = || StoreError::failed("read a notice");
    let id: i64 = row.try_get("id").map_err(failed())?;
    let bad = |column| StoreError::BadRow { table: "notices", id, column };
    let text = |column| row.try_get::<&str, _>(column).map_err(failed());
    let maybe_text = |column| row.try_get::<Option<&str>, _>(column).map_err(failed());
    let maybe_at = |column| row.try_get::<Option<i64>, _>(column).map(|at| at.map(Instant)).map_err(failed());
    let state = text("state")?;
    Ok(Notice {
        id,
        queued: QueuedNotice {
            key: text("key")?.into(),
            order: maybe_text("order_id")?.map(Arc::from),
            decision: maybe_text("decision")?.map(Arc::from),
            kind: NoticeKind::parse(text("kind")?).ok_or_else(|| bad("kind"))?,
            target: read_target(text("target")?).ok_or_else(|| bad("target"))?,
            at: Instant(row.try_get("at").map_err(failed())?),
            expires_at: maybe_at("expires_at")?,
            confidential: row.try_get("confidential").map_err(failed())?,
            forms: read_forms(text("words")?).ok_or_else(|| bad("forms"))?,
        },
        state: NoticeState::ALL.into_iter().find(|known| known.as_str() == state).ok_or_else(|| bad("state"))?,
        due_at: Instant(row.try_get("due_at").map_err(failed())?),
        attempt: row.try_get("attempt").map_err(failed())?,
        settled_at: maybe_at("settled_at")?,
        reason: maybe_text("reason")?.map(Into::into),
        deliveries: Vec::new(),
    })
}

pub(in crate::store) async fn of_order(readers: &SqlitePool, nr: i64) -> Result<Vec<Notice>, StoreError> {
    let ids: Vec<NoticeId> = sqlx::query_scalar(include_str!("../sql/notices_of_order.sql"))
        .bind(nr)
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("find an order's notices"))?;
    load(readers, &ids).await
}

pub(in crate::store) async fn unsent(readers: &SqlitePool, limit: u32) -> Result<Vec<Notice>, StoreError> {
    let ids: Vec<NoticeId> = sqlx::query_scalar(include_str!("../sql/unsent_notices.sql"))
        .bind(limit)
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("find notices that were not sent"))?;
    load(readers, &ids).await
}

pub(in crate::store) async fn health(readers: &SqlitePool) -> Result<OutboxHealth, StoreError> {
    let (queued, oldest, failed, given_up): (i64, Option<i64>, i64, i64) =
        sqlx::query_as(include_str!("../sql/outbox_health.sql"))
            .fetch_one(readers)
            .await
            .map_err(StoreError::failed("count notices"))?;
    Ok(OutboxHealth {
        queued: unsigned(queued),
        oldest_due: oldest.map(Instant),
        failed: unsigned(failed),
        given_up: unsigned(given_up),
    })
}

pub(in crate::store) async fn next_due(readers: &SqlitePool) -> Result<Option<Instant>, StoreError> {
    let next: Option<i64> = sqlx::query_scalar(include_str!("../sql/next_notice.sql"))
        .fetch_one(readers)
        .await
        .map_err(StoreError::failed("find the next notice"))?;
    Ok(next.map(Instant))
}
