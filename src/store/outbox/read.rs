//! Notices and their deliveries as they stand: rows become what was written at this door.

use super::receipts::read_outcome;
use super::twins::{read_forms, read_target};
use super::{
    Call, CallState, Delivery, DeliveryOutcome, HeldBy, KeptReceipt, Notice, NoticeId, NoticeState, OutboxHealth,
    ReceiptSource,
};
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
    let mut calls = load_calls(readers, ids).await?;
    for notice in &mut notices {
        notice.deliveries = deliveries.remove(&notice.id).unwrap_or_default();
        notice.calls = calls.remove(&notice.id).unwrap_or_default();
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
    let mut receipts = if rows.is_empty() { HashMap::new() } else { load_receipts(readers, notices).await? };
    let mut deliveries: HashMap<NoticeId, Vec<Delivery>> = HashMap::new();
    for row in &rows {
        let (id, notice, delivery) = read_delivery(row)?;
        let receipts = receipts.remove(&id).unwrap_or_default();
        deliveries.entry(notice).or_default().push(Delivery { receipts, ..delivery });
    }
    Ok(deliveries)
}

/// Receipts by their delivery's number.
async fn load_receipts(
    readers: &SqlitePool,
    notices: &[NoticeId],
) -> Result<HashMap<i64, Vec<KeptReceipt>>, StoreError> {
    let failed = || StoreError::failed("load receipts");
    let rows = sqlx::query(include_str!("../sql/load_receipts.sql"))
        .bind(numbers(notices.iter().copied()))
        .fetch_all(readers)
        .await
        .map_err(failed())?;
    let mut receipts: HashMap<i64, Vec<KeptReceipt>> = HashMap::new();
    for row in &rows {
        let delivery: i64 = row.try_get(0).map_err(failed())?;
        let bad = |column| StoreError::BadRow { table: "receipts", id: delivery, column };
        let source: &str = row.try_get(3).map_err(failed())?;
        let sources = [ReceiptSource::Callback, ReceiptSource::Asked];
        receipts.entry(delivery).or_default().push(KeptReceipt {
            at: Instant(row.try_get(1).map_err(failed())?),
            known_at: Instant(row.try_get(2).map_err(failed())?),
            source: sources.into_iter().find(|known| known.as_str() == source).ok_or_else(|| bad("source"))?,
            outcome: read_outcome(row.try_get(4).map_err(failed())?).ok_or_else(|| bad("outcome"))?,
            detail: row.try_get(5).map_err(failed())?,
        });
    }
    Ok(receipts)
}

async fn load_calls(readers: &SqlitePool, notices: &[NoticeId]) -> Result<HashMap<NoticeId, Vec<Call>>, StoreError> {
    let rows = sqlx::query(include_str!("../sql/load_calls.sql"))
        .bind(numbers(notices.iter().copied()))
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("load calls"))?;
    let mut calls: HashMap<NoticeId, Vec<Call>> = HashMap::new();
    for row in &rows {
        let call = read_call(row)?;
        calls.entry(call.notice).or_default().push(call);
    }
    Ok(calls)
}

/// A call from a row of `load_calls.sql`, `call.sql` or `open_calls.sql`.
pub(super) fn read_call(row: &SqliteRow) -> Result<Call, StoreError> {
    let failed = || StoreError::failed("read a call");
    let id: i64 = row.try_get(0).map_err(failed())?;
    let text = |column: usize| row.try_get::<Option<&str>, _>(column).map_err(failed());
    let must = |column: usize, name| text(column)?.ok_or(StoreError::BadRow { table: "calls", id, column: name });
    let state = must(6, "state")?;
    let known = CallState::ALL.into_iter().find(|known| known.as_str() == state);
    Ok(Call {
        id,
        notice: row.try_get(1).map_err(failed())?,
        party: must(2, "party")?.into(),
        number: text(3)?.map(Arc::from),
        why: must(4, "why")?.into(),
        at: Instant(row.try_get(5).map_err(failed())?),
        state: known.ok_or(StoreError::BadRow { table: "calls", id, column: "state" })?,
        ended_at: row.try_get::<Option<i64>, _>(7).map_err(failed())?.map(Instant),
        by: text(8)?.map(Into::into),
        note: text(9)?.map(Into::into),
    })
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
        message: row.try_get::<Option<&str>, _>(9).map_err(failed())?.map(Arc::from),
        party: row.try_get::<Option<&str>, _>(10).map_err(failed())?.map(Arc::from),
        receipts: Vec::new(),
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
            calendar: maybe_text("calendar")?.map(Arc::from),
            forms: read_forms(text("words")?).ok_or_else(|| bad("forms"))?,
        },
        state: NoticeState::parse(state).ok_or_else(|| bad("state"))?,
        is_open: row.try_get("is_open").map_err(failed())?,
        due_at: Instant(row.try_get("due_at").map_err(failed())?),
        attempt: row.try_get("attempt").map_err(failed())?,
        settled_at: maybe_at("settled_at")?,
        held: maybe_text("held")?.and_then(HeldBy::parse),
        reason: maybe_text("reason")?.map(Into::into),
        bundle: row.try_get("bundle").map_err(failed())?,
        retries: row.try_get("retries").map_err(failed())?,
        forgiven: row.try_get::<u32, _>("forgiven").map_err(failed())? as usize,
        deliveries: Vec::new(),
        calls: Vec::new(),
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
    let failed = || StoreError::failed("count notices");
    let counts: Vec<(String, i64)> =
        sqlx::query_as(include_str!("../sql/outbox_health.sql")).fetch_all(readers).await.map_err(failed())?;
    let (oldest, calls): (Option<i64>, i64) =
        sqlx::query_as(include_str!("../sql/outbox_waiting.sql")).fetch_one(readers).await.map_err(failed())?;
    let states = counts.into_iter().filter_map(|(state, count)| Some((NoticeState::parse(&state)?, unsigned(count))));
    let health = OutboxHealth { states: states.collect(), ..OutboxHealth::default() };
    let queued = health.count(NoticeState::Queued) + health.count(NoticeState::Sent);
    Ok(OutboxHealth { queued, oldest_due: oldest.map(Instant), calls: unsigned(calls), ..health })
}

pub(in crate::store) async fn next_due(readers: &SqlitePool) -> Result<Option<Instant>, StoreError> {
    let next: Option<i64> = sqlx::query_scalar(include_str!("../sql/next_notice.sql"))
        .fetch_one(readers)
        .await
        .map_err(StoreError::failed("find the next notice"))?;
    Ok(next.map(Instant))
}
