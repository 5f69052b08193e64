//! An application's messages to persons.
//!
//! The platform drops without a word what exceeds 30 messages a minute or 1000 an hour to one person, so those limits are
//! kept here. Its own check for repeats is switched on: a second line behind ours.

use super::super::channel::{Channel, File, Message, Outcome, Trouble};
use super::super::http;
use super::super::open::{OpenError, headers};
use super::super::rate::{self, InMemory, Limit, Rates};
use super::media::Media;
use super::outgoing::{APP, Content, Limits};
use super::sending::{Line, Sending};
use super::token::{self, Tokens};
use super::{Refused, Taken, call, errcode};
use crate::config::channels::yuezhengyi::App as Options;
use crate::config::secret::Secret;
use crate::time::Instant;
use futures_util::future::BoxFuture;
use reqwest::header::HeaderMap;
use reqwest::{Client, Url};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const PERSON: [Limit; 2] = [Limit { count: 30, span_ms: 60_000 }, Limit { count: 1000, span_ms: 3_600_000 }];
const MINUTE_MS: i64 = 60_000;
const REPEAT_CHECK_S: u32 = 1800;

/// `kind: yuezhengyi` with `corp_id`.
pub struct App {
    client: Client,
    headers: HeaderMap,
    base: Url,
    corp_id: String,
    agent_id: u64,
    secret: Secret,
    tokens: Arc<Tokens>,
    attach_dossier: bool,
    rates: Arc<dyn Rates>,
    /// The platform has had enough from the application until then.
    closed_until: Mutex<Instant>,
    sending: Sending,
}

impl App {
    /// Reads the secret and sets up the client; asks for no token yet.
    pub fn open(options: &Options) -> Result<App, OpenError> {
        let base = format!("{}/cgi-bin/", options.base_url.trim_end_matches('/'));
        let secret = options.secret.read()?;
        Ok(App {
            client: http::client(&options.way)?,
            headers: headers(&options.headers)?,
            tokens: Tokens::of(&base, &options.corp_id, secret.expose()),
            base: http::url(&base).ok_or(OpenError::Url { key: "base_url" })?,
            corp_id: options.corp_id.clone(),
            agent_id: options.agent_id,
            secret,
            attach_dossier: options.attach_dossier,
            rates: Arc::new(InMemory::default()),
            closed_until: Mutex::new(Instant::BEGINNING),
            sending: Sending::new(options.forms.clone()),
        })
    }

    async fn send(&self, message: &Message, now: Instant) -> Outcome {
        if receivers(&message.to).is_empty() {
            return Outcome::permanent("收件人没有粤政易账号");
        }
        self.sending.deliver(self, message, now).await
    }

    fn body(&self, message: &Message, content: &Content, media_id: Option<&str>) -> Value {
        let kind = content.kind();
        let mut body = json!({
            "touser": receivers(&message.to).join("|"),
            "msgtype": kind,
            "agentid": self.agent_id,
            kind: content.json(media_id),
            "enable_duplicate_check": 1,
            "duplicate_check_interval": REPEAT_CHECK_S,
        });
        // Neither forwarded nor copied, and shown with the reader's name; markdown and cards have no such thing.
        if message.confidential && matches!(content, Content::Text { .. } | Content::File(_)) {
            body["safe"] = json!(1);
        }
        body
    }

    /// Does something with the token at hand; if that one no longer holds, once more with a new one.
    async fn with_token<T, F>(&self, now: Instant, act: impl Fn(Arc<str>) -> F) -> Result<T, Refused>
    where
        F: Future<Output = Result<T, Refused>>,
    {
        let token = self.token(None, now).await?;
        match act(Arc::clone(&token)).await {
            Err(Refused::Errcode(code)) if errcode::is_token(code) => act(self.token(Some(&token), now).await?).await,
            ended => ended,
        }
    }

    async fn token(&self, refused: Option<&str>, now: Instant) -> Result<Arc<str>, Refused> {
        self.tokens.get(refused, now, || self.fetch_token(now)).await
    }

    async fn fetch_token(&self, now: Instant) -> Result<token::Answer, Refused> {
        let url = self.url("gettoken", &[("corpid", &self.corp_id), ("corpsecret", self.secret.expose())]);
        let request = self.client.get(url).headers(self.headers.clone());
        call(request, now).await.map_err(Refused::before_sending)
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    /// Counts what it sends there.
    #[must_use]
    pub fn counting_in(self, rates: Arc<dyn Rates>) -> App {
        App { rates, ..self }
    }
}

impl Line for App {
    const LIMITS: Limits = APP;

    /// Takes room in every receiver's window, or in none.
    async fn take_room(&self, message: &Message, count: usize, now: Instant) -> Result<(), Instant> {
        // A clock set far back does not close it for long.
        let closed_until = *self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        if (1..=MINUTE_MS).contains(&closed_until.0.saturating_sub(now.0)) {
            return Err(closed_until);
        }
        let agent_id = self.agent_id.to_string();
        let key = |person: &str| rate::key("member", &[self.base.as_str(), &self.corp_id, &agent_id, person]);
        let keys: BTreeSet<String> = receivers(&message.to).into_iter().map(key).collect();
        self.rates.take(&keys.iter().map(String::as_str).collect::<Vec<_>>(), &PERSON, count, now).await
    }

    async fn post(
        &self,
        message: &Message,
        content: &Content,
        media_id: Option<&str>,
        now: Instant,
    ) -> Result<Taken, Refused> {
        let body = self.body(message, content, media_id);
        let post = |token: Arc<str>| {
            let url = self.url("message/send", &[("access_token", &token)]);
            call(self.client.post(url).headers(self.headers.clone()).json(&body), now)
        };
        self.with_token(now, post).await.inspect_err(|refused| {
            if matches!(refused, Refused::Errcode(code) if errcode::is_rate(*code)) {
                let mut closed = self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
                *closed = now.plus_ms(MINUTE_MS);
            }
        })
    }

    async fn upload(&self, media: &Media, file: &File, now: Instant) -> Result<Arc<str>, Refused> {
        let upload = |token: Arc<str>| {
            let url = self.url("media/upload", &[("access_token", &token), ("type", "file")]);
            media.upload(self.client.post(url).headers(self.headers.clone()), file, now)
        };
        self.with_token(now, upload).await
    }

    /// The platform takes a message of which some receivers are unknown to it.
    fn taken(&self, message: &Message, taken: Taken) -> Result<Outcome, (Trouble, Outcome)> {
        let unknown = taken.invaliduser.as_deref().unwrap_or_default();
        let unknown = unknown.split('|').filter(|id| !id.is_empty()).count();
        if unknown == 0 {
            return Ok(Outcome::Accepted { provider_id: taken.msgid });
        }
        let outcome = Outcome::permanent(partly(receivers(&message.to).len(), unknown));
        match errcode::trouble(errcode::RECEIVER_INVALID) {
            Some(trouble) => Err((trouble, outcome)),
            None => Ok(outcome),
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

    /// By the whole request.
    fn recognises_repeats(&self) -> bool {
        true
    }

    /// As long as it is asked to, less what a request may take.
    fn repeats_for(&self) -> Option<Duration> {
        Some(Duration::from_secs((REPEAT_CHECK_S - 60).into()))
    }

    fn attaches_dossier(&self) -> bool {
        self.attach_dossier
    }

    fn takes_files(&self) -> bool {
        true
    }

    fn troubles(&self) -> Vec<Trouble> {
        self.sending.troubles()
    }
}

/// The user ids, of which an address may hold several with `|` between. `@all` is nobody: an order's notice is for those
/// whom the directory names.
fn receivers(to: &str) -> Vec<&str> {
    to.split('|').map(str::trim).filter(|id| !id.is_empty() && *id != "@all").collect()
}

fn partly(receivers: usize, unknown: usize) -> String {
    let remedy = "请核对 directory.yaml 里的 yuezhengyi 账号，并在管理后台调整应用的可见范围";
    if receivers == 1 {
        return format!("粤政易：收件人不存在或不在应用的可见范围：{remedy}");
    }
    format!("粤政易：{receivers}个收件人中有{unknown}个不存在或不在应用的可见范围，其余已送达：{remedy}")
}
