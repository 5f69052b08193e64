//! 粤政易, the provincial edition of `WeCom` (企业微信): messages of an application to persons ([`app`]), and of a group's
//! robot to its group ([`robot`]).
//!
//! The platform answers HTTP 200 even to what it refuses: `errcode` in the body alone says what became of a message.
//! `errmsg` is never read: it holds hints, addresses and warnings that mean nothing.

pub mod app;
mod errcode;
mod parts;
pub mod robot;

use super::channel::{Message, Outcome};
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

/// Sends once; an answer with errcode 0 is returned as what it holds, any other as the verdict on it.
async fn call<T: DeserializeOwned>(request: RequestBuilder, now: Instant) -> Result<T, Refused> {
    let answer = http::send(request, now).await.map_err(Refused::NoAnswer)?;
    let Ok(status) = serde_json::from_slice::<Status>(&answer.body) else {
        return Err(Refused::Unreadable { status: answer.status });
    };
    if status.errcode != 0 {
        return Err(Refused::Errcode(status.errcode));
    }
    serde_json::from_slice(&answer.body).map_err(|_| Refused::Unreadable { status: answer.status })
}

/// Why a call did not do what it was to do.
#[derive(Debug)]
enum Refused {
    NoAnswer(NoAnswer),
    /// No JSON with an errcode: something between us and the platform has answered.
    Unreadable {
        status: u16,
    },
    Errcode(i64),
}

impl From<Refused> for Outcome {
    fn from(refused: Refused) -> Outcome {
        match refused {
            Refused::NoAnswer(none) => none.into(),
            Refused::Errcode(code) => match errcode::verdict(code) {
                Verdict::Later { reason, after } => Outcome::Transient { reason, retry_after: Some(after) },
                Verdict::Never { reason } => Outcome::permanent(reason),
            },
            Refused::Unreadable { status: 200..=299 } => {
                Outcome::unknown("粤政易的答复里没有 errcode：可能已送达，请查是否被代理改写")
            }
            Refused::Unreadable { status: status @ (408 | 425 | 429 | 500..=599) } => {
                Outcome::transient(format!("粤政易答复 HTTP {status}"))
            }
            Refused::Unreadable { status } => {
                Outcome::permanent(format!("粤政易答复 HTTP {status}，没有 errcode：请核对 base_url 或 webhook 地址"))
            }
        }
    }
}

/// What is sent: the markdown form, or the short one where there is none.
fn content(message: &Message) -> &str {
    if message.forms.markdown.trim().is_empty() { &message.forms.short } else { &message.forms.markdown }
}
