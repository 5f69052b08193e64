//! Request bodies: never more than is allowed in memory, and whoever sends more still hears why.

use super::refusal::Refusal;
use crate::text::Text;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;
use std::time::Duration;

/// The largest body that is taken.
pub(super) const BYTES_MAX: usize = 8 << 20;
/// A caller who is refused while sending is read to the end up to here, because most clients look for an answer only then.
const DRAINED_BYTES_MAX: usize = 64 << 20;
const DRAIN_FOR: Duration = Duration::from_secs(10);
const RECEIVE_FOR: Duration = Duration::from_secs(30);

/// The whole body.
pub(super) async fn receive(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Bytes, Refusal> {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        drain(body).await;
        let text = Text::new("不接受压缩的请求体", "compressed bodies are not taken");
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > bytes_max as u64) {
        // Who asks first has not sent anything yet.
        if !headers.contains_key(header::EXPECT) {
            drain(body).await;
        }
        return Err(too_large(bytes_max));
    }
    let received = tokio::time::timeout(RECEIVE_FOR, collect(body, length, bytes_max)).await;
    received.unwrap_or_else(|_| Err(too_slow()))
}

async fn collect(body: Body, length: Option<u64>, bytes_max: usize) -> Result<Bytes, Refusal> {
    let mut stream = body.into_data_stream();
    let mut whole = match stream.next().await.transpose().map_err(|_| broken_off())? {
        None => return Ok(Bytes::new()),
        Some(first) if length == Some(first.len() as u64) => return Ok(first),
        Some(first) => Vec::from(first),
    };
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_| broken_off())?;
        if whole.len() + part.len() > bytes_max {
            drain_stream(stream).await;
            return Err(too_large(bytes_max));
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole.into())
}

/// Reads what a refused caller still sends, and forgets it.
pub(super) async fn drain(body: Body) {
    drain_stream(body.into_data_stream()).await;
}

async fn drain_stream(mut stream: axum::body::BodyDataStream) {
    let reading = async {
        let mut read = 0;
        while let Some(Ok(part)) = stream.next().await {
            read += part.len();
            if read > DRAINED_BYTES_MAX {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DRAIN_FOR, reading).await;
}

fn too_large(bytes_max: usize) -> Refusal {
    let mib = bytes_max >> 20;
    let zh = format!("请求体超过 {mib} MiB：请分批发送");
    let en = format!("the body is larger than {mib} MiB: send several");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Text::new(zh, en))
}

fn too_slow() -> Refusal {
    let text = Text::new("请求体在 30 秒内没有送完", "the body did not arrive within 30 seconds");
    Refusal::new(StatusCode::REQUEST_TIMEOUT, text)
}

fn broken_off() -> Refusal {
    Refusal::malformed(Text::new("请求体没有送完", "the body broke off"))
}
