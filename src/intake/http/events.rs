//! `POST /api/v1/events`: one object, an array, or lines; each item is taken or refused by itself, and the answer comes
//! after all that it counts as accepted is durable.

use super::receive::{BYTES_MAX, receive};
use super::refusal::Refusal;
use super::tokens::Caller;
use super::{Api, Words};
use crate::clock;
use crate::config::Scope;
use crate::intake::body::{Item, ItemReader, Refused, Sent, id_of, split_json, split_lines};
use crate::metrics::EventResult;
use crate::store::event::{NewEvent, Subject, Taken};
use crate::text::{Lang, Text};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;

/// Event types by which people act on a decision (language.md §2).
pub(crate) const ACT_KINDS: [&str; 4] = ["acknowledged", "approved", "refused", "lifted"];

/// Reading a body of this size takes long enough that other requests should not wait for it.
const LONG_BYTES: usize = 64 << 10;

/// What became of what was sent.
#[derive(Debug, Default, Serialize)]
struct Answer {
    accepted: usize,
    duplicates: usize,
    rejected: Vec<Rejected>,
    /// Whether a single object was sent, whose refusal is the request's.
    #[serde(skip)]
    is_single: bool,
}

#[derive(Debug, Serialize)]
struct Rejected {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    error: String,
}

/// A body that was read: what is to be stored, each with its place in the body, and what is refused.
struct ReadBody {
    events: Vec<NewEvent>,
    places: Vec<usize>,
    undeclared: u64,
    answer: Answer,
}

pub(super) async fn take(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match taken(&api, &caller, &headers, body).await {
        Ok(answer) => answer.into_response(),
        Err(refusal) => refusal.answer(api.lang),
    }
}

async fn taken(api: &Api, caller: &Caller, headers: &HeaderMap, body: Body) -> Result<Answer, Refusal> {
    let body = receive(headers, body, BYTES_MAX).await?;
    let words = api.words.load_full().ok_or_else(super::no_words)?;
    let is_lines = is_lines(headers);
    let reading = || read(&body, is_lines, &words, caller, api.lang);
    let read = if body.len() > LONG_BYTES { tokio::task::block_in_place(reading) } else { reading() }?;
    let ReadBody { events, places, undeclared, mut answer } = read;
    let ids: Vec<Arc<str>> = events.iter().map(|event| Arc::clone(&event.id)).collect();
    let taken =
        api.store.append_events(events, clock::now()).await.map_err(|error| api.health.store_failed(api, &error))?;
    for ((result, place), id) in taken.into_iter().zip(places).zip(ids) {
        answer.count(result, place, &id, api.lang);
    }
    answer.rejected.sort_by_key(|rejected| rejected.index);
    count(api, caller, &answer, undeclared);
    if answer.accepted > 0 {
        api.wake.notify_one();
    }
    Ok(answer)
}

fn read(body: &Bytes, is_lines: bool, words: &Words, caller: &Caller, lang: Lang) -> Result<ReadBody, Refusal> {
    let sent = if is_lines { split_lines(body) } else { split_json(body).ok_or_else(|| not_json(body))? };
    let (items, is_single) = match sent {
        Sent::One(item) if !item.starts_with(b"{") => return Err(not_json(body)),
        Sent::One(item) => (vec![item], true),
        Sent::Many(items) => (items, false),
    };
    let reader = ItemReader { words: &words.reader, source: &caller.name, now: clock::now(), is_history: false };
    let answer = Answer { is_single, ..Answer::default() };
    let mut read = ReadBody { events: Vec::with_capacity(items.len()), places: Vec::new(), undeclared: 0, answer };
    for (index, item_sent) in items.iter().enumerate() {
        match reader.read(item_sent) {
            Ok(item) if is_act(&item) && !caller.may(Scope::Supervise) => {
                let error = acts_need_supervise().in_lang(lang).to_owned();
                read.answer.rejected.push(Rejected { index, id: id_of(item_sent), error });
            }
            Ok(item) => read.keep(index, item),
            Err(refused) => {
                let error = refused.message(lang);
                read.answer.rejected.push(Rejected { index, id: id_of(item_sent), error });
            }
        }
    }
    Ok(read)
}

/// Whether it is what a person does with a decision: approving by an event what only a supervisor may approve.
fn is_act(item: &Item) -> bool {
    matches!(&item.event.subject, Subject::Order { kind, .. } if ACT_KINDS.contains(&&**kind))
}

fn acts_need_supervise() -> Text {
    let zh = "签收督办、同意、不同意、撤销须由具有 supervise 权限的令牌提交";
    let en = "acknowledging, approving, refusing and lifting need a token with the scope `supervise`";
    Text::new(zh, en)
}

impl ReadBody {
    fn keep(&mut self, index: usize, item: Item) {
        self.undeclared += u64::from(item.undeclared);
        self.places.push(index);
        self.events.push(item.event);
    }
}

impl Answer {
    fn count(&mut self, taken: Taken, index: usize, id: &str, lang: Lang) {
        match taken {
            Taken::Accepted => self.accepted += 1,
            Taken::Duplicate => self.duplicates += 1,
            Taken::Conflict => {
                let error = Refused::Conflict.message(lang);
                self.rejected.push(Rejected { index, id: Some(id.to_owned()), error });
            }
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let is_refused = self.is_single && !self.rejected.is_empty();
        let status = if is_refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        (status, Json(self)).into_response()
    }
}

fn count(api: &Api, caller: &Caller, answer: &Answer, undeclared: u64) {
    let results = [
        (EventResult::Accepted, answer.accepted),
        (EventResult::Duplicate, answer.duplicates),
        (EventResult::Rejected, answer.rejected.len()),
    ];
    for (result, number) in results {
        api.metrics.count_events(&caller.name, result, number as u64);
    }
    api.metrics.undeclared_attributes.inc_by(undeclared);
}

fn is_lines(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(
        kind.as_str(),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines"
    )
}

/// A body that is no JSON object or array, and where it stops being one.
fn not_json(body: &[u8]) -> Refusal {
    let (zh, en) = match (std::str::from_utf8(body), serde_json::from_slice::<serde::de::IgnoredAny>(body)) {
        (Err(error), _) => {
            let byte = error.valid_up_to() + 1;
            (format!("（第 {byte} 个字节起不是 UTF-8）"), format!(" (no UTF-8 from byte {byte} on)"))
        }
        (_, Err(error)) => {
            let (line, column) = (error.line(), error.column());
            (format!("（第 {line} 行第 {column} 列有误）"), format!(" (wrong at line {line}, column {column})"))
        }
        _ => Default::default(),
    };
    let zh = format!("请求体不是合法的 JSON（UTF-8）对象或数组{zh}；逐行发送请用 Content-Type: application/x-ndjson");
    let en =
        format!("the body is no JSON object or array in UTF-8{en}; for lines send Content-Type: application/x-ndjson");
    Refusal::malformed(Text::new(zh, en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_no_json_says_where() {
        let said = |body: &[u8]| format!("{:?}", not_json(body));
        assert!(said(b"{\"id\":\"1\",\n\"at\":}").contains("第 2 行第 6 列有误"));
        assert!(said(b"{\"id\":\"\xff\"}").contains("第 8 个字节起不是 UTF-8"));
        assert!(!said(b"7").contains("有误"), "a number is JSON, but no event");
    }
}
