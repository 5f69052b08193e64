//! A group's robot: one URL that is the secret, texts up to 2048 bytes and markdown up to 4096, 20 messages a minute.
//!
//! A long text's parts go out together or wait together: room for all is taken before the first is sent. The limit
//! holds over all senders that share this value; two daemons with one robot learn of each other by 45009.

use super::super::channel::{Channel, File, Message, Outcome, Trouble};
use super::super::http;
use super::super::open::{OpenError, headers};
use super::super::rate::{self, InMemory, Limit, Rates};
use super::media::Media;
use super::outgoing::{Content, Limits, ROBOT};
use super::sending::{Line, Sending};
use super::{Refused, Taken, call, errcode};
use crate::config::channels::yuezhengyi::Robot as Options;
use crate::time::Instant;
use futures_util::future::BoxFuture;
use reqwest::header::HeaderMap;
use reqwest::{Client, Url};
use serde_json::json;
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;
/// The last part of a robot's path, and of the path by which its files are uploaded.
const SEND: &str = "send";
const UPLOAD: &str = "upload_media";

/// `kind: yuezhengyi` with `webhook`.
pub struct Robot {
    client: Client,
    headers: HeaderMap,
    url: Url,
    per_minute: Limit,
    key: String,
    rates: Arc<dyn Rates>,
    mention: Vec<Arc<str>>,
    sending: Sending,
}

impl Robot {
    /// Reads the URL and sets up the client.
    pub fn open(options: &Options) -> Result<Robot, OpenError> {
        let url = http::url(options.webhook.read()?.expose()).ok_or(OpenError::Url { key: "webhook" })?;
        let per_minute = Limit { count: options.per_minute.max(1) as usize, span_ms: MINUTE_MS };
        Ok(Robot {
            client: http::client_connecting_anew(&options.way)?,
            headers: headers(&options.headers)?,
            key: rate::key("robot", &[url.as_str()]),
            url,
            per_minute,
            rates: Arc::new(InMemory::default()),
            mention: options.mentioned(),
            sending: Sending::new(options.forms.clone()),
        })
    }

    /// Where files are uploaded: beside where messages are sent, of the same robot.
    fn upload_url(&self) -> Option<Url> {
        let path = self.url.path().strip_suffix(SEND)?;
        let mut url = self.url.clone();
        url.set_path(&format!("{path}{UPLOAD}"));
        url.query_pairs_mut().append_pair("type", "file");
        Some(url)
    }

    /// Counts what it sends there.
    #[must_use]
    pub fn counting_in(self, rates: Arc<dyn Rates>) -> Robot {
        Robot { rates, ..self }
    }
}

impl Line for Robot {
    const LIMITS: Limits = ROBOT;

    async fn take_room(&self, _: &Message, count: usize, now: Instant) -> Result<(), Instant> {
        self.rates.take(&[&self.key], &[self.per_minute], count, now).await
    }

    async fn post(
        &self,
        _: &Message,
        content: &Content,
        media_id: Option<&str>,
        now: Instant,
    ) -> Result<Taken, Refused> {
        let kind = content.kind();
        let body = json!({ "msgtype": kind, kind: content.json(media_id) });
        let request = self.client.post(self.url.clone()).headers(self.headers.clone()).json(&body);
        let answer = call(request, now).await;
        if matches!(answer, Err(Refused::Errcode(code)) if errcode::is_rate(code)) {
            self.rates.close(&self.key, now.plus_ms(MINUTE_MS)).await;
        }
        answer
    }

    async fn upload(&self, media: &Media, file: &File, now: Instant) -> Result<Arc<str>, Refused> {
        let no_url = || Refused::Unfit("webhook 地址不以 /send 结尾，推不出上传附件的地址".into());
        let url = self.upload_url().ok_or_else(no_url)?;
        media.upload(self.client.post(url).headers(self.headers.clone()), file, now).await
    }

    fn taken(&self, _: &Message, _: Taken) -> Result<Outcome, (Trouble, Outcome)> {
        Ok(Outcome::Accepted { provider_id: None })
    }
}

impl Channel for Robot {
    fn kind(&self) -> &'static str {
        "yuezhengyi"
    }

    fn deliver<'a>(&'a self, message: &'a Message, now: Instant) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sending.deliver(self, message, now))
    }

    fn mentions(&self) -> &[Arc<str>] {
        &self.mention
    }

    fn takes_files(&self) -> bool {
        true
    }

    fn troubles(&self) -> Vec<Trouble> {
        self.sending.troubles()
    }
}
