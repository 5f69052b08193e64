//! 粤政易, the provincial edition of `WeCom` (企业微信): messages of an application to persons ([`app`]), and of a group's
//! robot to its group ([`robot`]).
//!
//! The platform answers HTTP 200 even to what it refuses: `errcode` in the body alone says what became of a message.
//! `errmsg` is never read: it holds hints, addresses and warnings that mean nothing.

pub mod app;
pub mod card;
mod errcode;
mod markup;
mod media;
pub mod outgoing;
mod parts;
pub mod robot;
mod sending;
mod token;

use super::channel::Outcome;
use super::http::{self, NoAnswer};
use crate::time::Instant;
use errcode::Verdict;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What every answer holds.
#[derive(Debug, Deserialize)]
struct Status {
    errcode: i64,
}

/// What the platform says of a message that it took.
#[derive(Debug, Default, Deserialize)]
struct Taken {
    /// Of an application's message: those among the receivers whom it does not know, in lower case, `|` between.
    #[serde(default)]
    invaliduser: Option<String>,
    /// Of an application's message: its id.
    #[serde(default)]
    msgid: Option<String>,
}

impl Taken {
    /// Of several contents of one message: the newest id, and whoever was unknown at any.
    fn and(self, newer: Taken) -> Taken {
        let invaliduser = newer.invaliduser.filter(|ids| !ids.is_empty()).or(self.invaliduser);
        Taken { invaliduser, msgid: newer.msgid.or(self.msgid) }
    }
}

/// Sends once; an answer with errcode 0 is returned as what it holds, any other as the verdict on it.
async fn call<T: DeserializeOwned>(request: RequestBuilder, now: Instant) -> Result<T, Refused> {
    let answer = http::send(request, now).await.map_err(Refused::NoAnswer)?;
    let Ok(status) = serde_json::from_slice::<Status>(&answer.body) else {
        return Err(Refused::Unreadable { status: answer.status, retry_after: answer.retry_after });
    };
    if status.errcode != 0 {
        return Err(Refused::Errcode(status.errcode));
    }
    let unreadable = |_| Refused::Unreadable { status: answer.status, retry_after: answer.retry_after };
    serde_json::from_slice(&answer.body).map_err(unreadable)
}

/// Why a call did not do what it was to do.
#[derive(Debug)]
enum Refused {
    NoAnswer(NoAnswer),
    /// No JSON with an errcode: something between us and the platform has answered.
    Unreadable {
        status: u16,
        retry_after: Option<std::time::Duration>,
    },
    Errcode(i64),
    /// Nothing was asked for: it is known that it would be refused.
    Unfit(String),
}

impl Refused {
    /// Of a call by which no message goes out (for a token, or an upload): whatever became of it, nobody was told anything.
    fn before_sending(self) -> Refused {
        match self {
            Refused::NoAnswer(NoAnswer::Lost(_)) => not_sent("没有答复"),
            Refused::Unreadable { status: 200..=299, .. } => not_sent("答复里没有 errcode"),
            refused => refused,
        }
    }

    /// Whether trying again cannot help.
    fn is_final(&self) -> bool {
        match self {
            Refused::NoAnswer(none) => matches!(none, NoAnswer::Invalid(_)),
            Refused::Errcode(code) => matches!(errcode::verdict(*code), Verdict::Never { .. }),
            Refused::Unreadable { status, .. } => !matches!(status, 200..=299 | 408 | 425 | 429 | 500..=599),
            Refused::Unfit(_) => true,
        }
    }
}

fn not_sent(why: &str) -> Refused {
    Refused::NoAnswer(NoAnswer::NotSent(format!("消息尚未发出：粤政易{why}")))
}

impl From<Refused> for Outcome {
    fn from(refused: Refused) -> Outcome {
        match refused {
            Refused::NoAnswer(none) => none.into(),
            Refused::Errcode(code) => match errcode::verdict(code) {
                Verdict::Later { reason, after } => Outcome::Transient { reason, retry_after: Some(after) },
                Verdict::Never { reason } => Outcome::permanent(reason),
            },
            Refused::Unfit(reason) => Outcome::permanent(reason),
            Refused::Unreadable { status: 200..=299, .. } => {
                Outcome::unknown("粤政易的答复里没有 errcode：可能已送达，请查是否被代理改写")
            }
            Refused::Unreadable { status: status @ (408 | 425 | 429 | 500..=599), retry_after } => {
                Outcome::Transient { reason: format!("粤政易答复 HTTP {status}"), retry_after }
            }
            Refused::Unreadable { status, .. } => {
                Outcome::permanent(format!("粤政易答复 HTTP {status}，没有 errcode：请核对 base_url 或 webhook 地址"))
            }
        }
    }
}
