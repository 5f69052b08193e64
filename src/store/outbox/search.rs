//! Notices and calls as people look for them.

use super::read::{load, read_call};
use super::{Call, CallState, Notice, NoticeId, NoticeState};
use crate::notify::notice::NoticeKind;
use crate::store::error::StoreError;
use crate::store::keyed;
use crate::time::Instant;
use sqlx::sqlite::SqlitePool;
use std::collections::HashMap;

/// Which notices are looked for; what is none or empty does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeQuery {
    /// Those that stand so.
    pub states: Vec<NoticeState>,
    /// Those of these kinds.
    pub kinds: Vec<NoticeKind>,
    /// Those that went, or go, by this channel.
    pub channel: Option<String>,
    /// Those to these recipients, or to a person of one of these names.
    pub to: Vec<String>,
    /// Those about this order.
    pub order: Option<String>,
    /// Those decided from this instant on.
    pub since: Option<Instant>,
    /// Those with smaller numbers.
    pub before: Option<NoticeId>,
}

/// A call with the notice that it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct CallView {
    /// The call.
    pub call: Call,
    /// The notice.
    pub notice: Notice,
}

/// Up to `limit` notices, the newest first.
pub(in crate::store) async fn notices(
    readers: &SqlitePool,
    query: &NoticeQuery,
    limit: u32,
) -> Result<Vec<Notice>, StoreError> {
    let list =
        |words: Vec<&str>| (!words.is_empty()).then(|| serde_json::to_string(&words).expect("words can be written"));
    let ids: Vec<NoticeId> = sqlx::query_scalar(include_str!("../sql/search_notices.sql"))
        .bind(list(query.states.iter().map(|state| state.as_str()).collect()))
        .bind(list(query.kinds.iter().map(|kind| kind.as_str()).collect()))
        .bind(query.channel.as_deref())
        .bind(list(query.to.iter().map(String::as_str).collect()))
        .bind(query.order.as_deref())
        .bind(query.since.map(|at| at.0))
        .bind(query.before.unwrap_or(NoticeId::MAX))
        .bind(limit)
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("look for notices"))?;
    load(readers, &ids).await
}

/// The notice of this key, or of this number.
pub(in crate::store) async fn notice(readers: &SqlitePool, named: &str) -> Result<Option<Notice>, StoreError> {
    // What is told of an order has a key that begins with that of its decision.
    let decision = named.split([':', '>']).next().unwrap_or_default();
    let position = keyed::find(readers, decision).await?;
    let id: Option<NoticeId> = sqlx::query_scalar(include_str!("../sql/find_notice.sql"))
        .bind(named)
        .bind(named.parse::<NoticeId>().ok())
        .bind(position)
        .fetch_optional(readers)
        .await
        .map_err(StoreError::failed("look for a notice"))?;
    let Some(id) = id else { return Ok(None) };
    Ok(load(readers, &[id]).await?.pop())
}

/// Up to `limit` calls that stand so, the oldest first; of those that are over the newest.
pub(in crate::store) async fn calls(
    readers: &SqlitePool,
    state: Option<CallState>,
    limit: u32,
) -> Result<Vec<CallView>, StoreError> {
    let sql = if state == Some(CallState::Open) {
        include_str!("../sql/open_calls.sql")
    } else {
        include_str!("../sql/search_calls.sql")
    };
    let query = sqlx::query(sql).bind(limit).bind(state.map(CallState::as_str));
    let rows = query.fetch_all(readers).await.map_err(StoreError::failed("look for calls"))?;
    let calls = rows.iter().map(read_call).collect::<Result<Vec<_>, _>>()?;
    with_notices(readers, calls).await
}

/// Up to `limit` open calls of which the operators were not told yet.
pub(in crate::store) async fn untold_calls(readers: &SqlitePool, limit: u32) -> Result<Vec<CallView>, StoreError> {
    let query = sqlx::query(include_str!("../sql/untold_calls.sql")).bind(limit);
    let rows = query.fetch_all(readers).await.map_err(StoreError::failed("look for calls"))?;
    let calls = rows.iter().map(read_call).collect::<Result<Vec<_>, _>>()?;
    with_notices(readers, calls).await
}

async fn with_notices(readers: &SqlitePool, calls: Vec<Call>) -> Result<Vec<CallView>, StoreError> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids: Vec<NoticeId> = calls.iter().map(|call| call.notice).collect();
    ids.sort_unstable();
    ids.dedup();
    let notices = load(readers, &ids).await?;
    let by_id: HashMap<NoticeId, Notice> = notices.into_iter().map(|notice| (notice.id, notice)).collect();
    let view = |call: Call| by_id.get(&call.notice).cloned().map(|notice| CallView { call, notice });
    Ok(calls.into_iter().filter_map(view).collect())
}
