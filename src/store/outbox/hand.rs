//! What people do with notices: have them tried again, take them back, call whom no channel reached. Each act is in the
//! journal of the same transaction, with who and why. Safe beside a running daemon: a claim that it holds is lost.

use super::{Call, CallState, NoticeId, NoticeState, read};
use crate::store::error::StoreError;
use crate::store::state;
use crate::store::writer::Writing;
use crate::time::Instant;
use serde_json::json;
use sqlx::Row;

/// The journal's words.
const RETRIED: &str = "notice-retried";
const CANCELLED: &str = "notice-cancelled";
const CALLED: &str = "call-done";

/// An act of a person.
#[derive(Clone, Debug)]
pub(in crate::store) struct Act {
    /// The notice's or the call's number.
    pub(in crate::store) id: i64,
    pub(in crate::store) by: String,
    pub(in crate::store) note: Option<String>,
    pub(in crate::store) now: Instant,
}

/// What became of an act on a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// It is done, and in the journal.
    Done,
    /// There is no such notice.
    Unknown,
    /// As it stands nothing of that kind can be done with it.
    Not(NoticeState),
}

/// What became of a call that somebody says is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEnded {
    /// It is done, and in the journal.
    Done(Call),
    /// There is no such call.
    Unknown,
    /// It is not open any more.
    Not(Call),
}

pub(in crate::store) async fn retry(writing: &mut Writing, act: &Act) -> Result<Handled, StoreError> {
    handle(writing, act, include_str!("../sql/retry_notice.sql"), RETRIED).await
}

pub(in crate::store) async fn cancel(writing: &mut Writing, act: &Act) -> Result<Handled, StoreError> {
    let handled = handle(writing, act, include_str!("../sql/cancel_notice.sql"), CANCELLED).await?;
    if handled == Handled::Done {
        sqlx::query(include_str!("../sql/close_calls.sql"))
            .bind(act.id)
            .bind(act.now.0)
            .execute(&mut writing.conn)
            .await
            .map_err(StoreError::failed("close a notice's calls"))?;
    }
    Ok(handled)
}

/// Does what the statement says with a notice, if its state lets it, and enters that in the journal.
async fn handle(
    writing: &mut Writing,
    act: &Act,
    sql: &'static str,
    what: &'static str,
) -> Result<Handled, StoreError> {
    let failed = || StoreError::failed("change a notice");
    let row = sqlx::query(include_str!("../sql/notice_to_handle.sql")).bind(act.id);
    let Some(row) = row.fetch_optional(&mut writing.conn).await.map_err(failed())? else {
        return Ok(Handled::Unknown);
    };
    let state: &str = row.try_get(0).map_err(failed())?;
    let (key, order): (String, Option<String>) = (row.try_get(1).map_err(failed())?, row.try_get(2).map_err(failed())?);
    let was = NoticeState::parse(state).ok_or(StoreError::BadRow { table: "notices", id: act.id, column: "state" })?;
    let said = match &act.note {
        Some(note) => format!("{}：{note}", act.by),
        None => act.by.clone(),
    };
    let done = sqlx::query(sql).bind(act.id).bind(act.now.0).bind(said).execute(&mut writing.conn).await;
    if done.map_err(failed())?.rows_affected() == 0 {
        return Ok(Handled::Not(was));
    }
    let body = json!({
        "notice": act.id, "key": key, "order": order, "was": was.as_str(), "by": act.by, "note": act.note,
    });
    writing.note(act.now);
    state::record(writing, what, &body.to_string(), act.now).await?;
    Ok(Handled::Done)
}

/// Somebody called: the notice is looked at again, for whoever was called was told.
pub(in crate::store) async fn end_call(writing: &mut Writing, act: &Act) -> Result<CallEnded, StoreError> {
    let failed = || StoreError::failed("end a call");
    let found = sqlx::query(include_str!("../sql/call.sql")).bind(act.id).fetch_optional(&mut writing.conn);
    let Some(row) = found.await.map_err(failed())? else { return Ok(CallEnded::Unknown) };
    let call = read::read_call(&row)?;
    if call.state != CallState::Open {
        return Ok(CallEnded::Not(call));
    }
    sqlx::query(include_str!("../sql/end_call.sql"))
        .bind(act.id)
        .bind(act.now.0)
        .bind(&act.by)
        .bind(act.note.as_deref())
        .execute(&mut writing.conn)
        .await
        .map_err(failed())?;
    poke(writing, call.notice, act.now).await.map_err(failed())?;
    let body = json!({ "call": act.id, "notice": call.notice, "by": act.by, "note": act.note });
    writing.note(act.now);
    state::record(writing, CALLED, &body.to_string(), act.now).await?;
    let (by, note) = (Some(act.by.clone()), act.note.clone());
    Ok(CallEnded::Done(Call { state: CallState::Done, ended_at: Some(act.now), by, note, ..call }))
}

async fn poke(writing: &mut Writing, notice: NoticeId, now: Instant) -> Result<(), sqlx::Error> {
    let poke = sqlx::query(include_str!("../sql/poke_notice.sql")).bind(notice).bind(now.0);
    poke.execute(&mut writing.conn).await?;
    Ok(())
}

/// The operators were told of the calls up to a number.
pub(in crate::store) async fn calls_told(writing: &mut Writing, until: i64) -> Result<(), StoreError> {
    sqlx::query(include_str!("../sql/calls_told.sql"))
        .bind(until)
        .execute(&mut writing.conn)
        .await
        .map_err(StoreError::failed("note that calls were told"))?;
    Ok(())
}
