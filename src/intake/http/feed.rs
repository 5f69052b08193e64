//! `GET /api/v1/decisions`: the feed by which a platform carries out returns and routes, in the order made, without gaps.
//!
//! What a person lifted after it was fed is fed once more, shaped like a revocation, with who lifted it.
//!
//! A cursor is the place after a decision; whoever keeps the last one goes on there after any interruption.

use super::refusal::Refusal;
use super::shown::ShownDecision;
use super::{Api, Words};
use crate::store::feed::FedDecision;
use crate::text::Text;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 1000;
const WAIT_MAX: Duration = Duration::from_mins(1);

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    after: u64,
    limit: u32,
    wait: Duration,
}

#[derive(Serialize)]
struct Answer<'a> {
    decisions: Vec<Fed<'a>>,
    /// Where to go on.
    cursor: String,
}

#[derive(Serialize)]
struct Fed<'a> {
    cursor: String,
    #[serde(flatten)]
    decision: ShownDecision<'a>,
}

pub(super) async fn read(State(api): State<Arc<Api>>, RawQuery(query): RawQuery) -> Response {
    match fed(&api, query.as_deref().unwrap_or_default()).await {
        Ok(response) => response,
        Err(refusal) => refusal.answer(api.lang),
    }
}

async fn fed(api: &Api, query: &str) -> Result<Response, Refusal> {
    let asked = Asked::parse(query)?;
    let words = api.words.load_full().ok_or_else(super::no_words)?;
    let found = news(api, &asked).await?;
    Ok(answer(&found, &asked, &words))
}

/// What there is after the cursor; where there is nothing, what comes while one waits.
async fn news(api: &Api, asked: &Asked) -> Result<Vec<FedDecision>, Refusal> {
    let mut news = api.store.news();
    let end = tokio::time::Instant::now() + asked.wait;
    loop {
        // Marked as seen before the question, so that what is committed in between wakes us.
        news.mark_unchanged();
        let found = api.store.feed(asked.after, asked.limit).await;
        let found = found.map_err(|error| api.health.store_failed(api, &error))?;
        if !found.is_empty() || tokio::time::Instant::now() >= end {
            return Ok(found);
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return Ok(found) },
            () = tokio::time::sleep_until(end) => {}
            () = api.stop.cancelled() => return Ok(found),
        }
    }
}

fn answer(found: &[FedDecision], asked: &Asked, words: &Words) -> Response {
    let fed = |fed: &'_ FedDecision| fed.position.to_string();
    let decisions = found.iter().map(|one| Fed { cursor: fed(one), decision: shown(words, one) }).collect();
    let cursor = found.last().map_or_else(|| asked.after.to_string(), fed);
    Json(Answer { decisions, cursor }).into_response()
}

fn shown<'a>(words: &'a Words, fed: &'a FedDecision) -> ShownDecision<'a> {
    words.decision(&fed.order, &fed.decision).by(fed.by.as_deref())
}

impl Asked {
    fn parse(query: &str) -> Result<Asked, Refusal> {
        let mut asked = Asked { after: 0, limit: LIMIT_DEFAULT, wait: Duration::ZERO };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "after" if value.is_empty() => {}
                "after" => {
                    asked.after = value.parse().map_err(|_| {
                        malformed("after", "从上次答复的 cursor 续读", "the cursor of an earlier answer")
                    })?;
                }
                "limit" => asked.limit = parse_limit(value)?,
                "wait" => asked.wait = parse_wait(value)?,
                _ => {}
            }
        }
        Ok(asked)
    }
}

fn parse_limit(value: &str) -> Result<u32, Refusal> {
    let limit = value.parse().ok().filter(|limit| *limit >= 1);
    limit
        .map(|limit: u32| limit.min(LIMIT_MAX))
        .ok_or_else(|| malformed("limit", "1 至 1000 的整数", "a whole number from 1 to 1000"))
}

fn parse_wait(value: &str) -> Result<Duration, Refusal> {
    let wait = value.parse().map(Duration::from_secs);
    wait.map(|wait| wait.min(WAIT_MAX)).map_err(|_| malformed("wait", "秒数，最多 60", "seconds, 60 at most"))
}

fn malformed(name: &str, zh: &str, en: &str) -> Refusal {
    Refusal::malformed(Text::new(format!("参数 {name} 应为{zh}"), format!("`{name}` should be {en}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: Option<(u64, u32, u64)>) {
        let expected = expected.map(|(after, limit, wait)| Asked { after, limit, wait: Duration::from_secs(wait) });
        assert_eq!(Asked::parse(query).ok(), expected, "{query}");
    }

    #[test]
    fn what_is_asked_for_has_defaults_and_bounds() {
        check("", Some((0, 100, 0)));
        check("after=7&limit=5&wait=30", Some((7, 5, 30)));
        check("after=&limit=99999&wait=3600", Some((0, 1000, 60)));
        check("after=x", None);
        check("after=-1", None);
        check("limit=0", None);
        check("wait=soon", None);
    }
}
