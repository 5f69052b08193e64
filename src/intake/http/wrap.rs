//! What surrounds every request: its id, its time limit, its one log line, and the headers that keep browsers out.

use super::Api;
use super::refusal::Refusal;
use crate::text::Text;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tracing::{Instrument, debug, error, info_span};

/// Longer than anyone may wait for news.
const ANSWER_WITHIN: Duration = Duration::from_secs(75);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// For every answer: it is data for programs, nothing for a browser to keep, run or frame.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
];

pub(super) async fn around(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let span = info_span!("http", request.id = %id.to_str().unwrap_or_default(), route);
    let answer = answer(&api, request, next).instrument(span.clone()).await;
    api.metrics.count_request(&route, answer.status().as_u16());
    span.in_scope(|| debug!(status = answer.status().as_u16(), "answered"));
    finished(answer, id)
}

async fn answer(api: &Api, request: Request, next: Next) -> Response {
    let running = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(ANSWER_WITHIN, running).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            // The panic's own message and place are in the log already, by the panic hook.
            error!("a request failed by a mistake in the program");
            let text = Text::new("服务内部出错，已记入日志", "the daemon made a mistake, which is in its log");
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, text).answer(api.lang)
        }
        Err(_) => Refusal::unavailable(Text::new("处理超时", "this took too long")).answer(api.lang),
    }
}

fn finished(mut answer: Response, id: HeaderValue) -> Response {
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(REQUEST_ID, id);
    answer
}

/// The caller's own id for the request where it is a short printable one, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let is_good = |id: &&HeaderValue| (1..=64).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic);
    headers.get(REQUEST_ID).filter(is_good).cloned().unwrap_or_else(new_request_id)
}

fn new_request_id() -> HeaderValue {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    HeaderValue::try_from(format!("{:x}-{number:x}", std::process::id())).expect("hexadecimal digits")
}

pub(super) async fn no_such_route(State(api): State<Arc<Api>>) -> Response {
    let text = Text::new("没有这个地址：见 /openapi.json", "there is no such address: see /openapi.json");
    Refusal::unknown(text).answer(api.lang)
}

pub(super) async fn no_such_method(State(api): State<Arc<Api>>) -> Response {
    let text = Text::new("此地址不支持这种请求方法", "this address does not take this method");
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, text).answer(api.lang)
}
