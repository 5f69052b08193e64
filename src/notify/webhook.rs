//! Decisions and notices as signed JSON to another system.
//!
//! The receiver recognises repeats by `Idempotency-Key`, so whatever failed on the way may be sent again, a time-out
//! included: it is still told apart as unknown, for whoever reads the delivery's record.
//!
//! A wrong address, key or route (3xx, 401, 403, 404 and their like) is mended by an operator, who is told of it, and what
//! was to be pushed waits for that: it is tried again, ever more rarely. Only what is refused for what it says is final, and
//! told, too.

use super::channel::{Channel, Message, Outcome, Reach, Trouble};
use super::http::{self, Answer};
use super::open::{OpenError, headers};
use super::sms::answer::{Troubles, Verdict};
use crate::config::channels::Webhook as Options;
use crate::config::secret::Secret;
use crate::time::Instant;
use chrono_tz::Asia::Shanghai;
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Url};
use sha2::Sha256;

/// `kind: webhook`.
pub struct Webhook {
    client: Client,
    url: Url,
    headers: HeaderMap,
    secret: Option<Secret>,
    troubles: Troubles,
}

impl Webhook {
    /// Reads the secret and sets up the client.
    pub fn open(options: &Options) -> Result<Webhook, OpenError> {
        Ok(Webhook {
            client: http::client(&options.way)?,
            url: http::url(&options.url).ok_or(OpenError::Url { key: "url" })?,
            headers: headers(&options.headers)?,
            secret: options.secret.as_ref().map(crate::config::secret::SecretSource::read).transpose()?,
            troubles: Troubles::default(),
        })
    }

    async fn post(&self, message: &Message, now: Instant) -> Outcome {
        let body = body(message);
        let mut request = self
            .client
            .post(self.url.clone())
            .headers(self.headers.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", &*message.id);
        if let Some(secret) = &self.secret {
            request = request.header("X-Duban-Signature", signature(secret, body.as_bytes()));
        }
        match http::send(request.body(body), now).await {
            Ok(answer) => self.troubles.settled(verdict(&answer)),
            Err(none) => none.into(),
        }
    }
}

impl Channel for Webhook {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn deliver<'a>(&'a self, message: &'a Message, now: Instant) -> BoxFuture<'a, Outcome> {
        Box::pin(self.post(message, now))
    }

    /// By the idempotency key.
    fn recognises_repeats(&self) -> bool {
        true
    }

    /// The other system has it.
    fn proves_delivery(&self) -> bool {
        true
    }

    fn troubles(&self) -> Vec<Trouble> {
        self.troubles.take()
    }
}

/// `sha256=` and the hexadecimal HMAC-SHA256 of the body: what a receiver computes and compares in constant time.
pub fn signature(secret: &Secret, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// The decision as the feed gives it; a notice that is of no decision says what it is.
fn body(message: &Message) -> String {
    if !message.forms.json.is_empty() {
        return message.forms.json.clone();
    }
    serde_json::json!({
        "is": "notice", "id": &*message.id, "kind": &*message.kind, "order": message.order.as_deref(),
        "at": message.at.rfc3339(Shanghai), "subject": message.forms.subject, "text": message.forms.text,
    })
    .to_string()
}

/// What an answer says of what was pushed, and of the other side.
fn verdict(answer: &Answer) -> Verdict {
    let again = |reason| Outcome::Transient { reason, retry_after: answer.retry_after };
    let refused = format!("对方以 HTTP {} 拒收", answer.status);
    let (outcome, mended) = match answer.status {
        200..=299 => (Outcome::Accepted { provider_id: None }, None),
        408 | 425 | 429 | 500..=599 => (again(refused), None),
        300..=399 => {
            let reason = format!("{refused}：要求转往别处，不予跟随，请改 url");
            (again(reason), Some(("要求转往别处，不予跟随", "把 url 改成最终的地址", Reach::Channel)))
        }
        401 | 403 | 407 => {
            (again(refused), Some(("不许访问", "核对 secret、headers，请对方放行本机的出口地址", Reach::Channel)))
        }
        // These are of what it says, not of where it goes.
        400 | 409 | 411..=415 | 422 | 431 => (
            Outcome::permanent(refused),
            Some(("拒收了推送的内容", "请对方核对接口，改好后用 duban notices retry 再推", Reach::Some)),
        ),
        _ => (again(refused), Some(("没有这个接口", "核对 url，请对方核对接口", Reach::Channel))),
    };
    let trouble = mended.map(|(what, remedy, reach)| Trouble {
        code: format!("HTTP {}", answer.status).into(),
        what: format!("对方系统：{what}"),
        remedy: remedy.into(),
        reach,
    });
    Verdict { outcome, trouble }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_known_hmac() {
        // RFC 4231, test case 2.
        assert_eq!(
            signature(&Secret::from("Jefe".to_owned()), b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
