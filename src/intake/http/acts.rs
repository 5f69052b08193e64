//! `POST /api/v1/decisions/{key}/…`: what people do with a decision. Each act is an event of the decision's order, so that
//! it is history, in the ledger, and takes part in deciding like any other.
//!
//! An act is answered once it is durable; the same act again changes nothing and is answered alike. Acts that exclude each
//! other (approving what was declined) are refused with 409.

use super::Api;
use super::events::ACT_KINDS;
use super::receive::receive;
use super::refusal::Refusal;
use super::tokens::Caller;
use crate::clock;
use crate::engine::decision::{Decision, DecisionKind};
use crate::store::event::{NewEvent, StoredEvent, Subject, Taken};
use crate::text::Text;
use crate::time::Instant;
use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const BYTES_MAX: usize = 64 << 10;
const BY_CHARACTERS_MAX: usize = 100;
const NOTE_CHARACTERS_MAX: usize = 2000;

/// What is done with a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// 签收督办.
    Acknowledge,
    /// 同意.
    Approve,
    /// 不同意.
    Decline,
    /// 人工撤销.
    Withdraw,
}

impl Act {
    /// The type of the event that it is.
    fn event(self) -> &'static str {
        match self {
            Act::Acknowledge => "acknowledged",
            Act::Approve => "approved",
            Act::Decline => "refused",
            Act::Withdraw => "lifted",
        }
    }
}

/// Who did it, and what they say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    pub(super) by: String,
    #[serde(default)]
    pub(super) note: Option<String>,
}

/// An act as it is kept.
#[derive(Serialize)]
struct Kept<'a> {
    id: &'a str,
    order: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    at: String,
    attrs: Attributes<'a>,
}

#[derive(Serialize)]
struct Attributes<'a> {
    decision: &'a str,
    by: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

/// What an act on a decision meets there.
#[derive(Debug, PartialEq, Eq)]
enum Meets {
    /// Nothing that speaks against it.
    Nothing,
    /// The same act, done before.
    Same,
    /// Something that excludes it.
    Conflict(&'static str, &'static str),
}

pub(super) async fn acknowledge(
    state: State<Arc<Api>>,
    caller: Extension<Caller>,
    key: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    act(Act::Acknowledge, state.0, &caller, &key, &headers, body).await
}

pub(super) async fn approve(
    state: State<Arc<Api>>,
    caller: Extension<Caller>,
    key: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    act(Act::Approve, state.0, &caller, &key, &headers, body).await
}

pub(super) async fn decline(
    state: State<Arc<Api>>,
    caller: Extension<Caller>,
    key: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    act(Act::Decline, state.0, &caller, &key, &headers, body).await
}

pub(super) async fn withdraw(
    state: State<Arc<Api>>,
    caller: Extension<Caller>,
    key: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    act(Act::Withdraw, state.0, &caller, &key, &headers, body).await
}

async fn act(act: Act, api: Arc<Api>, caller: &Caller, key: &str, headers: &HeaderMap, body: Body) -> Response {
    done(act, &api, caller, key, headers, body).await.unwrap_or_else(|refusal| refusal.answer(api.lang))
}

async fn done(
    act: Act,
    api: &Api,
    caller: &Caller,
    key: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let body = receive(headers, body, BYTES_MAX).await?;
    let sent = read(&body)?;
    if act == Act::Withdraw && sent.note.as_ref().is_none_or(|note| note.trim().is_empty()) {
        return Err(without_reason());
    }
    let failed = |error| api.health.store_failed(api, &error);
    let decided = api.store.decision(key).await.map_err(failed)?.ok_or_else(no_such_decision)?;
    let order = api.store.find_order(&decided.order).await.map_err(failed)?.ok_or_else(no_such_decision)?;
    let loaded = api.store.load_orders(std::slice::from_ref(&order)).await.map_err(failed)?;
    let loaded = loaded.first().ok_or_else(no_such_decision)?;
    match meets(act, key, sent.by.trim(), &loaded.standing.decisions, &loaded.events)? {
        Meets::Same => return Ok(answer(act, key, &order.order, true)),
        Meets::Conflict(zh, en) => return Err(Refusal::new(StatusCode::CONFLICT, Text::new(zh, en))),
        Meets::Nothing => {}
    }
    let event = event(act, key, &order.order, &sent, caller, clock::now());
    let taken = api.store.append_events(vec![event], clock::now()).await.map_err(failed)?;
    api.wake.notify_one();
    // Someone else did the same at this very moment: their event stands.
    let is_repeated = taken.first() != Some(&Taken::Accepted);
    Ok(answer(act, key, &order.order, is_repeated))
}

/// Who did it and what they say, of an act or a call.
pub(super) fn read(body: &[u8]) -> Result<Sent, Refusal> {
    let sent: Sent = serde_json::from_slice(body).map_err(|_| malformed())?;
    let is_good = !sent.by.trim().is_empty()
        && sent.by.chars().count() <= BY_CHARACTERS_MAX
        && sent.note.as_ref().is_none_or(|note| note.chars().count() <= NOTE_CHARACTERS_MAX);
    if is_good { Ok(sent) } else { Err(malformed()) }
}

/// What an act meets among an order's decisions and the acts done so far.
fn meets(act: Act, key: &str, by: &str, decisions: &[Decision], events: &[StoredEvent]) -> Result<Meets, Refusal> {
    let decision = decisions.iter().find(|decision| &*decision.key == key).ok_or_else(no_such_decision)?;
    let done: Vec<(&str, String)> = events.iter().filter_map(|event| act_on(event, key)).collect();
    let has = |kind: &str| done.iter().any(|(done, _)| *done == kind);
    let is_same = match act {
        Act::Acknowledge => done.iter().any(|(kind, who)| *kind == act.event() && who == by),
        _ => has(act.event()),
    };
    let is_revoked = decisions.iter().any(|other| is_revocation_of(other, key));
    Ok(match act {
        _ if is_same => Meets::Same,
        Act::Acknowledge => Meets::Nothing,
        Act::Approve | Act::Decline if decision.approval.is_none() => {
            Meets::Conflict("这项决定不需要审批", "this decision asks for no approval")
        }
        _ if is_revoked => Meets::Conflict("这项决定已撤销", "this decision was revoked"),
        Act::Approve if has("refused") => Meets::Conflict("这项建议已被否决", "this proposal was declined"),
        Act::Decline if has("approved") => Meets::Conflict("这项建议已获同意", "this proposal was approved"),
        Act::Approve | Act::Decline if has("lifted") => {
            Meets::Conflict("这项决定已人工撤销", "this decision was withdrawn")
        }
        Act::Withdraw if matches!(decision.kind, DecisionKind::Revoke { .. }) => {
            Meets::Conflict("撤销本身不能再撤销", "a revocation cannot be withdrawn")
        }
        _ => Meets::Nothing,
    })
}

fn is_revocation_of(decision: &Decision, key: &str) -> bool {
    matches!(&decision.kind, DecisionKind::Revoke { revoked, .. } if &**revoked == key)
}

/// The type of an act on this decision, and by whom.
fn act_on<'a>(event: &'a StoredEvent, key: &str) -> Option<(&'a str, String)> {
    #[derive(Deserialize)]
    struct Body {
        attrs: On,
    }
    #[derive(Deserialize)]
    struct On {
        decision: String,
        #[serde(default)]
        by: Option<serde_json::Value>,
    }
    if !ACT_KINDS.contains(&&*event.kind) {
        return None;
    }
    let on = serde_json::from_str::<Body>(&event.body).ok()?.attrs;
    let by = on.by.and_then(|by| Some(by.as_str()?.trim().to_owned())).unwrap_or_default();
    (on.decision == key).then_some((&event.kind, by))
}

fn event(act: Act, key: &str, order: &Arc<str>, sent: &Sent, caller: &Caller, now: Instant) -> NewEvent {
    let by = sent.by.trim();
    let id = match act {
        // Several may acknowledge, each once.
        Act::Acknowledge => format!("{}:{key}:{}", act.event(), &hex::encode(Sha256::digest(by))[..16]),
        _ => format!("{}:{key}", act.event()),
    };
    let attrs = Attributes { decision: key, by, note: sent.note.as_deref() };
    let kept = Kept { id: &id, order, kind: act.event(), at: now.rfc3339(chrono_tz::UTC), attrs };
    let body = serde_json::to_string(&kept).expect("texts can be written");
    NewEvent {
        source: Arc::clone(&caller.name),
        subject: Subject::Order { order: Arc::clone(order), kind: act.event().into() },
        at: now,
        recorded_at: now,
        digest: Sha256::digest(&body).into(),
        id: id.into(),
        body: body.into(),
    }
}

fn answer(act: Act, key: &str, order: &str, is_repeated: bool) -> Response {
    Json(serde_json::json!({ "decision": key, "order": order, "act": act.event(), "repeated": is_repeated }))
        .into_response()
}

fn no_such_decision() -> Refusal {
    Refusal::unknown(Text::new("没有这项决定", "there is no such decision"))
}

fn malformed() -> Refusal {
    Refusal::malformed(Text::new(
        "请求体应为 {\"by\": \"姓名\", \"note\": \"说明\"}，人工撤销须写说明，其余可不写",
        "the body should be {\"by\": \"NAME\", \"note\": \"TEXT\"}; the note may be left out but to withdraw",
    ))
}

/// What is lifted by hand is shown with its reason for good.
fn without_reason() -> Refusal {
    Refusal::malformed(Text::new("人工撤销要写明原因（note）", "to withdraw needs a reason, in `note`"))
}
