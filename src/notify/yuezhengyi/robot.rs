//! A group's robot: one URL that is the secret, markdown up to 4096 bytes, 20 messages a minute.
//!
//! A long text's parts go out together or wait together: room for all is taken before the first is sent. The limit
//! holds over all senders that share this value; two daemons with one robot learn of each other by 45009.

use super::super::channel::{Channel, Message, Outcome};
use super::super::http;
use super::super::open::OpenError;
use super::super::rate::{Limit, Window};
use super::parts::{Progress, split};
use super::{Refused, Status, call, content, errcode};
use crate::config::channels::YuezhengyiRobot as Options;
use crate::time::Instant;
use futures_util::future::BoxFuture;
use reqwest::{Client, Url};
use serde_json::json;
use std::sync::{Mutex, MutexGuard, PoisonError};

const MARKDOWN_BYTES_MAX: usize = 4096;
const MINUTE_MS: i64 = 60_000;

/// `kind: yuezhengyi` with `webhook`.
pub struct Robot {
    client: Client,
    url: Url,
    window: Mutex<Window>,
    progress: Progress,
}

impl Robot {
    /// Reads the URL and sets up the client.
    pub fn open(options: &Options) -> Result<Robot, OpenError> {
        let url = http::url(options.webhook.read()?.expose()).ok_or(OpenError::Url { key: "webhook" })?;
        let per_minute = Limit { count: options.per_minute.max(1) as usize, span_ms: MINUTE_MS };
        Ok(Robot {
            client: http::client_connecting_anew(&options.way)?,
            url,
            window: Mutex::new(Window::new(vec![per_minute])),
            progress: Progress::default(),
        })
    }

    async fn send(&self, message: &Message, now: Instant) -> Outcome {
        let parts = split(content(message), MARKDOWN_BYTES_MAX);
        let done = self.progress.of(&message.id).min(parts.len() - 1);
        if let Err(not_before) = self.window().take(parts.len() - done, now) {
            return Outcome::Deferred { not_before };
        }
        for (index, part) in parts.iter().enumerate().skip(done) {
            if let Err(refused) = self.post(part, now).await {
                return self.stopped(message, index, refused, now);
            }
        }
        self.progress.finished(&message.id);
        Outcome::Accepted { provider_id: None }
    }

    async fn post(&self, part: &str, now: Instant) -> Result<(), Refused> {
        let body = json!({ "msgtype": "markdown", "markdown": { "content": part } });
        call::<Status>(self.client.post(self.url.clone()).json(&body), now).await.map(drop)
    }

    fn stopped(&self, message: &Message, done: usize, refused: Refused, now: Instant) -> Outcome {
        if matches!(refused, Refused::Errcode(code) if errcode::is_rate(code)) {
            self.window().close(now.plus_ms(MINUTE_MS));
        }
        let outcome = Outcome::from(refused);
        match outcome {
            Outcome::Permanent { .. } => self.progress.finished(&message.id),
            _ => self.progress.stopped(&message.id, done),
        }
        outcome
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Channel for Robot {
    fn kind(&self) -> &'static str {
        "yuezhengyi"
    }

    fn deliver<'a>(&'a self, message: &'a Message, now: Instant) -> BoxFuture<'a, Outcome> {
        Box::pin(self.send(message, now))
    }
}
