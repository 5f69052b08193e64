//! What people answered (上行) to what they were sent, each kept once, and under the message that it answers; and how much of
//! a long message has arrived.
//!
//! No gateway says which message a reply answers: it is the newest that its number was sent by the same channel before.

use super::Store;
use super::error::StoreError;
use super::outbox::NoticeId;
use super::writer::Writing;
use crate::notify::channel::{Part, Reply};
use crate::time::Instant;
use std::sync::Arc;

/// The clocks of gateways may be so far behind.
const SKEW_MS: i64 = 5 * 60_000;
/// A gateway reports for no longer than three days.
const PARTS_FOR_MS: i64 = 80 * 3_600_000;

/// What became of replies that were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepliesTaken {
    /// To a message that is known.
    pub known: u64,
    /// From a number that was sent nothing.
    pub unknown: u64,
    /// Kept before.
    pub repeated: u64,
}

/// A reply as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReply {
    /// By which channel.
    pub channel: String,
    /// From which address; personal.
    pub from: String,
    /// When, as the other side says.
    pub at: Instant,
    /// What; personal.
    pub text: String,
}

struct Taking {
    channel: Arc<str>,
    replies: Vec<Reply>,
    now: Instant,
}

impl Store {
    /// Keeps what people answered by a channel.
    pub async fn take_replies(
        &self,
        channel: &str,
        replies: Vec<Reply>,
        now: Instant,
    ) -> Result<RepliesTaken, StoreError> {
        let taking = Taking { channel: channel.into(), replies, now };
        self.write(taking, |taking, writing| Box::pin(take(writing, taking))).await
    }

    /// What was answered to the messages of a notice, the oldest first.
    pub async fn replies_to(&self, notice: NoticeId) -> Result<Vec<KeptReply>, StoreError> {
        let rows: Vec<(String, String, i64, String)> = sqlx::query_as(include_str!("sql/replies_to.sql"))
            .bind(notice)
            .fetch_all(&self.0.readers)
            .await
            .map_err(StoreError::failed("load replies"))?;
        let kept = |(channel, from, at, text)| KeptReply { channel, from, at: Instant(at), text };
        Ok(rows.into_iter().map(kept).collect())
    }

    /// A part of a message has arrived by a channel; whether all of it has by now.
    pub async fn take_part(&self, channel: &str, part: Part, now: Instant) -> Result<bool, StoreError> {
        let given = (channel.to_owned(), part, now);
        self.write(given, |(channel, part, now), writing| Box::pin(take_part(writing, channel, part, *now))).await
    }
}

async fn take(writing: &mut Writing, taking: &Taking) -> Result<RepliesTaken, StoreError> {
    take_all(writing, taking).await.map_err(StoreError::failed("keep replies"))
}

async fn take_all(writing: &mut Writing, taking: &Taking) -> Result<RepliesTaken, sqlx::Error> {
    let mut taken = RepliesTaken::default();
    for reply in &taking.replies {
        let message = answered(writing, &taking.channel, reply, taking.now).await?;
        let done = sqlx::query(include_str!("sql/insert_reply.sql"))
            .bind(&*taking.channel)
            .bind(message.as_deref())
            .bind(&*reply.from)
            .bind(reply.at.0)
            .bind(taking.now.0)
            .bind(&reply.text)
            .execute(&mut writing.conn)
            .await?;
        match (done.rows_affected(), message) {
            (0, _) => taken.repeated += 1,
            (_, Some(_)) => taken.known += 1,
            (_, None) => taken.unknown += 1,
        }
    }
    Ok(taken)
}

/// The message that a reply answers: the newest that was sent before it, else the newest.
async fn answered(
    writing: &mut Writing,
    channel: &str,
    reply: &Reply,
    now: Instant,
) -> Result<Option<String>, sqlx::Error> {
    for before in [reply.at.plus_ms(SKEW_MS), now] {
        let found: Option<String> = sqlx::query_scalar(include_str!("sql/message_answered.sql"))
            .bind(channel)
            .bind(national(&reply.from))
            .bind(before.0)
            .fetch_optional(&mut writing.conn)
            .await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// A number without its country's code and without what separates its digits; any other address as it is.
fn national(address: &str) -> String {
    const NATIONAL: usize = 11;
    let digits: String = address.chars().filter(char::is_ascii_digit).collect();
    let is_number = address.chars().all(|char| char.is_ascii_digit() || "+- ".contains(char));
    if is_number && digits.len() >= NATIONAL {
        digits[digits.len() - NATIONAL..].to_owned()
    } else {
        address.to_owned()
    }
}

async fn take_part(writing: &mut Writing, channel: &str, part: &Part, now: Instant) -> Result<bool, StoreError> {
    count_part(writing, channel, part, now).await.map_err(StoreError::failed("keep that a part arrived"))
}

async fn count_part(writing: &mut Writing, channel: &str, part: &Part, now: Instant) -> Result<bool, sqlx::Error> {
    let forget = sqlx::query("DELETE FROM parts WHERE known_at < $1").bind(now.0 - PARTS_FOR_MS);
    forget.execute(&mut writing.conn).await?;
    sqlx::query("INSERT OR IGNORE INTO parts (channel, message, part, known_at) VALUES ($1, $2, $3, $4)")
        .bind(channel)
        .bind(&*part.message)
        .bind(part.number)
        .bind(now.0)
        .execute(&mut writing.conn)
        .await?;
    let count = "SELECT count(*) FROM parts WHERE channel = $1 AND message = $2 AND part <= $3";
    let count = sqlx::query_scalar(count).bind(channel).bind(&*part.message).bind(part.of);
    let arrived: u32 = count.fetch_one(&mut writing.conn).await?;
    Ok(arrived >= part.of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for number in ["13800000000", "+8613800000000", "8613800000000", "138-0000 0000"] {
            assert_eq!(national(number), "13800000000");
        }
        assert_eq!(national("a@example.gov.cn"), "a@example.gov.cn");
        assert_eq!(national("12345"), "12345");
    }

    #[tokio::test]
    async fn a_message_has_arrived_with_the_last_of_its_parts_whatever_their_order() {
        let store = Store::temporary().await.unwrap();
        let part = |number| Part { message: "m1".into(), number, of: 3 };
        for (number, whole) in [(3, false), (1, false), (1, false), (2, true), (2, true)] {
            assert_eq!(store.take_part("sms", part(number), Instant(0)).await.unwrap(), whole, "{number}");
        }
        let other = Part { message: "m2".into(), ..part(2) };
        assert!(!store.take_part("sms", other, Instant(0)).await.unwrap());
    }
}
