//! An application's messages to persons.
//!
//! One access token serves all senders: it is fetched once, kept until shortly before it expires, and fetched again
//! once when the platform says that it no longer holds (it may end a token early). The platform drops without a word
//! what exceeds 30 messages a minute or 1000 an hour to one person, so those limits are kept here. Its own check for
//! repeats is switched on: a second line behind ours.

use super::super::channel::{Channel, Message, Outcome};
use super::super::http::{self, NoAnswer};
use super::super::open::OpenError;
use super::super::rate::{Limit, Window};
use super::parts::{Progress, split};
use super::{Refused, call, content, errcode};
use crate::config::channels::YuezhengyiApp as Options;
use crate::config::secret::Secret;
use crate::time::Instant;
use futures_util::future::BoxFuture;
use reqwest::{Client, Url};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};

const MARKDOWN_BYTES_MAX: usize = 2048;
const PERSON: [Limit; 2] = [Limit { count: 30, span_ms: 60_000 }, Limit { count: 1000, span_ms: 3_600_000 }];
/// Windows of persons whom nothing was sent to of late are dropped when there are more than this.
const PERSONS_MAX: usize = 10_000;
/// A token is renewed so long before it expires.
const EXPIRY_MARGIN_MS: i64 = 300_000;
/// After the platform refused the credentials it is not asked for another token for so long.
const REFUSED_PAUSE_MS: i64 = 60_000;
const REPEAT_CHECK_S: u32 = 1800;

/// `kind: yuezhengyi` with `corp_id`.
pub struct App {
    client: Client,
    base: Url,
    corp_id: String,
    agent_id: u64,
    secret: Secret,
    token: tokio::sync::Mutex<Cached>,
    persons: std::sync::Mutex<HashMap<String, Window>>,
    progress: Progress,
}

/// What is known of the token.
#[derive(Default)]
enum Cached {
    #[default]
    Nothing,
    Token {
        text: Arc<str>,
        until: Instant,
    },
    /// The credentials were refused with this code.
    Refused {
        code: i64,
        until: Instant,
    },
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: i64,
}

#[derive(Serialize)]
struct Body<'a> {
    touser: &'a str,
    msgtype: &'static str,
    agentid: u64,
    markdown: Markdown<'a>,
    enable_duplicate_check: u8,
    duplicate_check_interval: u32,
}

#[derive(Serialize)]
struct Markdown<'a> {
    content: &'a str,
}

#[derive(Deserialize)]
struct SendAnswer {
    #[serde(default)]
    invaliduser: Option<String>,
    msgid: Option<String>,
}

impl App {
    /// Reads the secret and sets up the client; asks for no token yet.
    pub fn open(options: &Options) -> Result<App, OpenError> {
        let base = format!("{}/cgi-bin/", options.base_url.trim_end_matches('/'));
        Ok(App {
            client: http::client(&options.way)?,
            base: http::url(&base).ok_or(OpenError::Url { key: "base_url" })?,
            corp_id: options.corp_id.clone(),
            agent_id: options.agent_id,
            secret: options.secret.read()?,
            token: tokio::sync::Mutex::default(),
            persons: std::sync::Mutex::default(),
            progress: Progress::default(),
        })
    }

    async fn send(&self, message: &Message, now: Instant) -> Outcome {
        let receivers = receivers(&message.to);
        if receivers.is_empty() {
            return Outcome::permanent("收件人没有粤政易账号");
        }
        let parts = split(content(message), MARKDOWN_BYTES_MAX);
        let done = self.progress.of(&message.id).min(parts.len() - 1);
        if let Err(not_before) = self.take_room(&receivers, parts.len() - done, now) {
            return Outcome::Deferred { not_before };
        }
        let ended = self.send_parts(&receivers, &parts, done, now).await;
        self.settle(message, ended)
    }

    /// Sends the parts that are still missing; of an error it says at which part.
    async fn send_parts(
        &self,
        receivers: &[&str],
        parts: &[String],
        done: usize,
        now: Instant,
    ) -> Result<SendAnswer, (usize, Refused)> {
        let to = receivers.join("|");
        let mut last = None;
        for (index, part) in parts.iter().enumerate().skip(done) {
            last = Some(self.post(&self.body(&to, part), now).await.map_err(|refused| (index, refused))?);
        }
        Ok(last.unwrap_or(SendAnswer { invaliduser: None, msgid: None }))
    }

    fn settle(&self, message: &Message, ended: Result<SendAnswer, (usize, Refused)>) -> Outcome {
        let outcome = match ended {
            Ok(answer) => outcome(answer, &receivers(&message.to)),
            Err((done, refused)) => {
                self.progress.stopped(&message.id, done);
                refused.into()
            }
        };
        if matches!(outcome, Outcome::Accepted { .. } | Outcome::Permanent { .. }) {
            self.progress.finished(&message.id);
        }
        outcome
    }

    fn body<'a>(&self, to: &'a str, part: &'a str) -> Body<'a> {
        Body {
            touser: to,
            msgtype: "markdown",
            agentid: self.agent_id,
            markdown: Markdown { content: part },
            enable_duplicate_check: 1,
            duplicate_check_interval: REPEAT_CHECK_S,
        }
    }

    /// Posts with the token at hand; if that one no longer holds, once more with a new one.
    async fn post(&self, body: &Body<'_>, now: Instant) -> Result<SendAnswer, Refused> {
        let token = self.token(None, now).await?;
        match self.post_with(&token, body, now).await {
            Err(Refused::Errcode(code)) if errcode::is_token(code) => {
                let renewed = self.token(Some(&token), now).await?;
                self.post_with(&renewed, body, now).await
            }
            ended => ended,
        }
    }

    async fn post_with(&self, token: &str, body: &Body<'_>, now: Instant) -> Result<SendAnswer, Refused> {
        let url = self.url("message/send", &[("access_token", token)]);
        call(self.client.post(url).json(body), now).await
    }

    /// The token that holds now, unless it is the one that was just refused. Whoever fetches one has all others wait
    /// for it: the platform refuses those who ask often.
    async fn token(&self, refused: Option<&str>, now: Instant) -> Result<Arc<str>, Refused> {
        let mut cached = self.token.lock().await;
        match &*cached {
            Cached::Token { text, until } if *until > now && refused != Some(text) => return Ok(Arc::clone(text)),
            Cached::Refused { code, until } if *until > now => return Err(Refused::Errcode(*code)),
            _ => *cached = Cached::Nothing,
        }
        match self.fetch_token(now).await {
            Ok(answer) => {
                let text: Arc<str> = answer.access_token.into();
                let until = now.plus_ms(answer.expires_in.saturating_mul(1000).saturating_sub(EXPIRY_MARGIN_MS));
                *cached = Cached::Token { text: Arc::clone(&text), until };
                Ok(text)
            }
            Err(refused) => {
                if let Refused::Errcode(code) = refused {
                    *cached = Cached::of_refusal(code, now);
                }
                Err(refused)
            }
        }
    }

    async fn fetch_token(&self, now: Instant) -> Result<TokenAnswer, Refused> {
        let url = self.url("gettoken", &[("corpid", &self.corp_id), ("corpsecret", self.secret.expose())]);
        call(self.client.get(url), now).await.map_err(|refused| match refused {
            // Only a token was asked for: no message can have been delivered.
            Refused::NoAnswer(NoAnswer::Lost(_)) => not_sent("没有答复"),
            Refused::Unreadable { status: 200..=299 } => not_sent("答复里没有 errcode"),
            refused => refused,
        })
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    /// Takes room in every receiver's window, or in none.
    fn take_room(&self, receivers: &[&str], count: usize, now: Instant) -> Result<(), Instant> {
        let mut persons = self.persons();
        if persons.len() > PERSONS_MAX {
            persons.retain(|_, window| !window.is_idle(now));
        }
        let fresh = || Window::new(PERSON.to_vec());
        let wait = receivers
            .iter()
            .filter_map(|person| persons.entry((*person).into()).or_insert_with(fresh).wait_for(count, now));
        if let Some(not_before) = wait.max() {
            return Err(not_before);
        }
        for person in receivers {
            persons.entry((*person).into()).or_insert_with(fresh).take(count, now)?;
        }
        Ok(())
    }

    fn persons(&self) -> MutexGuard<'_, HashMap<String, Window>> {
        self.persons.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cached {
    /// Refused credentials are remembered, what may pass is not.
    fn of_refusal(code: i64, now: Instant) -> Cached {
        match errcode::verdict(code) {
            errcode::Verdict::Never { .. } => Cached::Refused { code, until: now.plus_ms(REFUSED_PAUSE_MS) },
            errcode::Verdict::Later { .. } => Cached::Nothing,
        }
    }
}

impl Channel for App {
    fn kind(&self) -> &'static str {
        "yuezhengyi"
    }

    fn deliver<'a>(&'a self, message: &'a Message, now: Instant) -> BoxFuture<'a, Outcome> {
        Box::pin(self.send(message, now))
    }

    /// For half an hour, by the whole request.
    fn recognises_repeats(&self) -> bool {
        true
    }
}

fn not_sent(why: &str) -> Refused {
    Refused::NoAnswer(NoAnswer::NotSent(format!("未能取得 access_token：{why}")))
}

/// The user ids, of which an address may hold several with `|` between. `@all` is nobody: an order's notice is for those
/// whom the directory names.
fn receivers(to: &str) -> Vec<&str> {
    to.split('|').map(str::trim).filter(|id| !id.is_empty() && *id != "@all").collect()
}

/// The platform takes a message of which some receivers are unknown to it.
fn outcome(answer: SendAnswer, receivers: &[&str]) -> Outcome {
    let unknown = answer.invaliduser.as_deref().unwrap_or_default();
    let unknown = unknown.split('|').filter(|id| !id.is_empty()).count();
    if unknown == 0 {
        return Outcome::Accepted { provider_id: answer.msgid };
    }
    Outcome::permanent(format!(
        "粤政易：{}个收件人中有{unknown}个不存在或不在应用的可见范围，其余已送达：请核对 directory.yaml 里的 yuezhengyi 账号",
        receivers.len()
    ))
}
