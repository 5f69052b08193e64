//! `POST /api/v1/receipts/{channel}/{token}`: what an SMS gateway says later of messages that it took (状态报告).
//!
//! Gateways show no bearer token, so the token stands in the address; it is compared in constant time and is in no log, as
//! is what they post. A post is answered as the gateway wants to hear it once it is durable, and may be posted again. What it
//! says of messages that are not known is counted, not refused: others may send through the same account. What people
//! answered (上行) comes the same way and is kept with the message that it answers.

use super::Api;
use super::receive::{drain, receive};
use super::refusal::Refusal;
use crate::clock;
use crate::notify::channel::{Posted, Receipts};
use crate::notify::outbox::sender::NotHeard;
use crate::store::outbox::ReceiptSource;
use crate::text::Text;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tracing::{info, warn};

/// No gateway posts more at once.
const BYTES_MAX: usize = 1 << 20;

pub(super) async fn take(
    State(api): State<Arc<Api>>,
    Path((channel, token)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let receipts = match api.sender.receipts(&channel, &token) {
        Ok(receipts) => receipts,
        Err(not_heard) => {
            drain(body).await;
            return refused(not_heard).answer(api.lang);
        }
    };
    taken(&api, &channel, receipts, &headers, body).await.unwrap_or_else(|refusal| refusal.answer(api.lang))
}

async fn taken(
    api: &Api,
    channel: &str,
    receipts: &dyn Receipts,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let body = receive(headers, body, BYTES_MAX).await?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let now = clock::now();
    let posted = Posted { content_type, body: &body, at: now };
    let mut read = receipts.read(&posted).map_err(|error| {
        warn!(channel, error = %error, "what was posted as receipts cannot be read");
        api.metrics.count_receipts(channel, "unreadable", 1);
        malformed()
    })?;
    if let Some(part) = receipts.part(&posted) {
        let is_whole = api.store.take_part(channel, part, now).await;
        if !is_whole.map_err(|error| api.health.store_failed(api, &error))? {
            api.metrics.count_receipts(channel, "part", 1);
            read.clear();
        }
    }
    let replies = receipts.replies(&posted);
    if !replies.is_empty() {
        let taken = api.store.take_replies(channel, replies, now).await;
        api.metrics.replies_taken(channel, taken.map_err(|error| api.health.store_failed(api, &error))?);
    }
    let taken = api.store.take_receipts(channel, ReceiptSource::Callback, read, now).await;
    let taken = taken.map_err(|error| api.health.store_failed(api, &error))?;
    api.metrics.receipts_taken(channel, taken);
    if taken.unknown > 0 {
        info!(channel, count = taken.unknown, "receipts of messages that are not known here");
    }
    let (content_type, thanks) = receipts.thanks();
    Ok(([(header::CONTENT_TYPE, content_type)], thanks.to_owned()).into_response())
}

fn refused(not_heard: NotHeard) -> Refusal {
    match not_heard {
        NotHeard::NoSuchChannel => {
            Refusal::unknown(Text::new("没有接收回执的这个渠道", "there is no such channel that takes receipts"))
        }
        NotHeard::WrongToken => Refusal::new(StatusCode::UNAUTHORIZED, Text::new("回执令牌不对", "the token is wrong")),
    }
}

fn malformed() -> Refusal {
    Refusal::malformed(Text::new("回执读不懂，见日志", "the receipts cannot be read: see the log"))
}
