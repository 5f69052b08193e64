//! An HTTP server that stands for an SMS gateway, for 粤政易 and for a system that takes decisions.
//!
//! 粤政易 is played as its documentation describes it: HTTP 200 whatever happens, `errcode` says what did; a token is
//! asked for, holds until another is, and is refused by 40014 then; texts that are too long are refused by 40058.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value as Json, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;

const ROBOT_BYTES_MAX: usize = 4096;
const APP_BYTES_MAX: usize = 2048;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its method.
    pub method: Method,
    /// Its path and query.
    pub uri: Uri,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl Received {
    /// Its body as JSON; null where it is none.
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or(Json::Null)
    }

    /// A parameter of the query, as it stands there.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let pairs = self.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An answer other than the usual one.
#[derive(Clone, Debug)]
pub enum Reply {
    /// This status, header and body.
    With {
        /// The status.
        status: u16,
        /// A header, if there is to be one.
        header: Option<(HeaderName, String)>,
        /// The body.
        body: String,
    },
    /// The usual one, this much later.
    After(Duration),
    /// A status of 200, and the connection is cut within the body.
    Cut,
}

impl Reply {
    /// HTTP 200 with this body.
    pub fn ok(body: &str) -> Reply {
        Reply::status(200, body)
    }

    /// A status and a body.
    pub fn status(status: u16, body: &str) -> Reply {
        Reply::With { status, header: None, body: body.into() }
    }
}

/// Asked before every answer.
type Say = dyn Fn(&Received) -> Option<Reply> + Send + Sync;

/// The server's state.
pub struct Gateway {
    say: Box<Say>,
    received: Mutex<Vec<Received>>,
    tokens: AtomicUsize,
}

impl Gateway {
    /// A gateway that takes everything that the real ones would.
    pub fn taking_all() -> Gateway {
        Gateway::saying(|_| None)
    }

    /// A gateway whose answers may be others than the usual.
    pub fn saying(say: impl Fn(&Received) -> Option<Reply> + Send + Sync + 'static) -> Gateway {
        Gateway { say: Box::new(say), received: Mutex::default(), tokens: AtomicUsize::new(0) }
    }

    /// Serves until the future is dropped.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, self.router()).await
    }

    /// The server as a router, for whoever puts TLS around it.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(take).with_state(self)
    }

    /// Everything received so far.
    pub fn received(&self) -> Vec<Received> {
        self.lock().clone()
    }

    /// What was received under this path.
    pub fn received_at(&self, path: &str) -> Vec<Received> {
        self.lock().iter().filter(|request| request.uri.path() == path).cloned().collect()
    }

    fn usual(&self, request: &Received) -> Json {
        match request.uri.path() {
            "/cgi-bin/gettoken" => self.token(request),
            "/cgi-bin/message/send" => self.application_message(request),
            "/cgi-bin/webhook/send" => robot_message(request),
            _ => json!({ "code": "0", "message": "ok" }),
        }
    }

    fn token(&self, request: &Received) -> Json {
        if request.parameter("corpid").is_none() || request.parameter("corpsecret").is_none() {
            return errcode(40001, "invalid credential");
        }
        let number = self.tokens.fetch_add(1, Ordering::Relaxed) + 1;
        json!({ "errcode": 0, "errmsg": "ok", "access_token": format!("token-{number}"), "expires_in": 7200 })
    }

    fn application_message(&self, request: &Received) -> Json {
        let body = request.json();
        let current = format!("token-{}", self.tokens.load(Ordering::Relaxed));
        if request.parameter("access_token") != Some(&current) {
            errcode(40014, "invalid access_token")
        } else if body["touser"].as_str().is_none_or(str::is_empty) {
            errcode(82001, "touser, toparty and totag are all empty")
        } else if content(&body).len() > APP_BYTES_MAX {
            errcode(40058, "markdown.content exceed max length 2048")
        } else {
            let msgid = format!("msg-{}", self.lock().len());
            json!({ "errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": msgid })
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Received>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn take(
    State(gateway): State<Arc<Gateway>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Received { method, uri, headers, body: String::from_utf8_lossy(&body).into_owned() };
    gateway.lock().push(request.clone());
    match (gateway.say)(&request) {
        None => usual(&gateway, &request),
        Some(Reply::After(pause)) => {
            tokio::time::sleep(pause).await;
            usual(&gateway, &request)
        }
        Some(Reply::Cut) => cut(),
        Some(Reply::With { status, header, body }) => with(status, header, body),
    }
}

fn usual(gateway: &Gateway, request: &Received) -> Response {
    axum::Json(gateway.usual(request)).into_response()
}

fn with(status: u16, header: Option<(HeaderName, String)>, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match header {
        Some(header) => (status, [header], body).into_response(),
        None => (status, body).into_response(),
    }
}

fn cut() -> Response {
    let chunks = [Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("cut"))];
    Response::new(Body::from_stream(stream::iter(chunks)))
}

fn robot_message(request: &Received) -> Json {
    if request.parameter("key").is_none_or(str::is_empty) {
        errcode(93000, "invalid webhook url")
    } else if content(&request.json()).len() > ROBOT_BYTES_MAX {
        errcode(40058, "markdown.content exceed max length 4096")
    } else {
        errcode(0, "ok")
    }
}

fn content(body: &Json) -> &str {
    body["markdown"]["content"].as_str().or(body["text"]["content"].as_str()).unwrap_or_default()
}

fn errcode(code: i64, message: &str) -> Json {
    json!({ "errcode": code, "errmsg": message })
}
