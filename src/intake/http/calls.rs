//! `GET /api/v1/calls` and `POST /api/v1/calls/{id}/done`: who is to be called because no channel reached them, and that
//! somebody did. Names and numbers are shown to scope `supervise` alone, which this takes.

use super::Api;
use super::acts;
use super::receive::receive;
use super::refusal::Refusal;
use crate::clock;
use crate::store::outbox::hand::CallEnded;
use crate::store::outbox::search::CallView;
use crate::store::outbox::{Call, CallState};
use crate::text::Text;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const BYTES_MAX: usize = 64 << 10;
const LIMIT_MAX: u32 = 1000;
const LIMIT: u32 = 100;

/// Which calls are asked for.
#[derive(Deserialize)]
pub(super) struct Asked {
    state: Option<String>,
    limit: Option<String>,
}

pub(super) async fn list(State(api): State<Arc<Api>>, Query(asked): Query<Asked>) -> Response {
    match listed(&api, &asked).await {
        Ok(calls) => Json(json!({ "calls": calls })).into_response(),
        Err(refusal) => refusal.answer(api.lang),
    }
}

async fn listed(api: &Api, asked: &Asked) -> Result<Vec<Value>, Refusal> {
    let state = match asked.state.as_deref().unwrap_or("open") {
        "all" => None,
        name => Some(CallState::ALL.into_iter().find(|state| state.as_str() == name).ok_or_else(malformed_query)?),
    };
    let limit = match &asked.limit {
        None => LIMIT,
        Some(limit) => {
            limit.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(malformed_query)?
        }
    };
    let calls = api.store.calls(state, limit).await.map_err(|error| api.health.store_failed(api, &error))?;
    let zone = zone(api);
    Ok(calls.iter().map(|view| shown(view, zone)).collect())
}

pub(super) async fn done(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    ended(&api, &id, &headers, body).await.unwrap_or_else(|refusal| refusal.answer(api.lang))
}

async fn ended(api: &Api, id: &str, headers: &HeaderMap, body: Body) -> Result<Response, Refusal> {
    let body = receive(headers, body, BYTES_MAX).await?;
    let sent = acts::read(&body)?;
    let id: i64 = id.parse().map_err(|_| no_such_call())?;
    let (by, note) = (sent.by.trim(), sent.note.as_deref());
    let ended = api.store.end_call(id, by, note, clock::now()).await;
    match ended.map_err(|error| api.health.store_failed(api, &error))? {
        CallEnded::Done(_) => Ok(answer(id, false)),
        CallEnded::Not(call) if is_same(&call, by) => Ok(answer(id, true)),
        CallEnded::Not(_) => Err(Refusal::new(
            StatusCode::CONFLICT,
            Text::new("这个电话已不用打，或已由别人打过", "this call is closed, or somebody else made it"),
        )),
        CallEnded::Unknown => Err(no_such_call()),
    }
}

fn is_same(call: &Call, by: &str) -> bool {
    call.state == CallState::Done && call.by.as_deref() == Some(by)
}

fn answer(id: i64, is_repeated: bool) -> Response {
    Json(json!({ "call": id, "state": CallState::Done.as_str(), "repeated": is_repeated })).into_response()
}

/// A call whole: whom, at which number, what to say.
fn shown(view: &CallView, zone: Tz) -> Value {
    let CallView { call, notice } = view;
    let mut shown = json!({
        "id": call.id,
        "state": call.state.as_str(),
        "at": call.at.rfc3339(zone),
        "whom": &*call.party,
        "say": notice.queued.forms.short,
        "why": call.why,
        "kind": notice.queued.kind.as_str(),
        "to": notice.queued.target.name(),
        "notice": &*notice.queued.key,
    });
    let more = [
        ("number", call.number.as_ref().map(ToString::to_string)),
        ("order", notice.queued.order.as_ref().map(ToString::to_string)),
        ("decision", notice.queued.decision.as_ref().map(ToString::to_string)),
        ("ended_at", call.ended_at.map(|at| at.rfc3339(zone))),
        ("by", call.by.clone()),
        ("note", call.note.clone()),
    ];
    for (name, value) in more.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        shown[name] = value.into();
    }
    shown
}

fn zone(api: &Api) -> Tz {
    api.words.load().as_ref().map_or(chrono_tz::UTC, |words| words.zone)
}

fn no_such_call() -> Refusal {
    Refusal::unknown(Text::new("没有这个待打电话", "there is no such call"))
}

fn malformed_query() -> Refusal {
    Refusal::malformed(Text::new(
        "state 可以写 open、done、closed、all，limit 可以写 1 至 1000",
        "`state` is one of open, done, closed, all; `limit` is 1 to 1000",
    ))
}
