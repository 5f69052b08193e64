//! How many messages were sent of late, by what is limited; and which channels are paused because they go on failing.

use super::Store;
use super::error::StoreError;
use super::writer::Writing;
use crate::notify::rate::{self, Limit, Window};
use crate::time::Instant;

/// A channel that is paused, or was not long ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The channel's name.
    pub channel: String,
    /// Since when it has been failing.
    pub since: Instant,
    /// Until when nothing is tried.
    pub until: Instant,
    /// How often in a row it was paused.
    pub times: u32,
    /// Why.
    pub why: String,
}

type Taken = Result<(), Instant>;

impl Store {
    /// Takes room for `count` messages under each of the keys, all or none; where one has none, from when all have.
    pub async fn take_room(
        &self,
        keys: &[&str],
        limits: &[Limit],
        count: usize,
        now: Instant,
    ) -> Result<Taken, StoreError> {
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let given = (keys, limits.to_vec(), count, now);
        self.write(given, |(keys, limits, count, now), writing| Box::pin(take(writing, keys, limits, *count, *now)))
            .await
    }

    /// No room under a key before an instant.
    pub async fn close_room(&self, key: &str, until: Instant) -> Result<(), StoreError> {
        self.write((key.to_owned(), until), |(key, until), writing| Box::pin(close(writing, key, *until))).await
    }

    /// Of these keys those under which there is no room yet, each with until when.
    pub async fn closed_until(&self, keys: &[String], now: Instant) -> Result<Vec<(String, Instant)>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(include_str!("sql/closed_until_all.sql"))
            .bind(serde_json::to_string(keys).expect("texts can be written"))
            .bind(now.0)
            .fetch_all(&self.0.readers)
            .await
            .map_err(StoreError::failed("find what is closed"))?;
        Ok(rows.into_iter().map(|(key, until)| (key, Instant(until))).collect())
    }

    /// The channels that are paused.
    pub async fn pauses(&self) -> Result<Vec<Pause>, StoreError> {
        let rows: Vec<(String, i64, i64, u32, String)> = sqlx::query_as(include_str!("sql/pauses.sql"))
            .fetch_all(&self.0.readers)
            .await
            .map_err(StoreError::failed("find paused channels"))?;
        let pause = |(channel, since, until, times, why)| Pause {
            channel,
            since: Instant(since),
            until: Instant(until),
            times,
            why,
        };
        Ok(rows.into_iter().map(pause).collect())
    }

    /// Keeps that a channel is paused.
    pub async fn pause(&self, pause: Pause) -> Result<(), StoreError> {
        self.write(pause, |pause, writing| Box::pin(keep_pause(writing, pause))).await
    }

    /// A channel works again.
    pub async fn end_pause(&self, channel: &str) -> Result<(), StoreError> {
        self.write(channel.to_owned(), |channel, writing| Box::pin(end_pause(writing, channel))).await
    }
}

async fn take(
    writing: &mut Writing,
    keys: &[String],
    limits: &[Limit],
    count: usize,
    now: Instant,
) -> Result<Taken, StoreError> {
    take_rows(writing, keys, limits, count, now).await.map_err(StoreError::failed("count messages"))
}

async fn take_rows(
    writing: &mut Writing,
    keys: &[String],
    limits: &[Limit],
    count: usize,
    now: Instant,
) -> Result<Taken, sqlx::Error> {
    let mut windows = Vec::with_capacity(keys.len());
    for key in keys {
        windows.push(window(writing, key, limits, now).await?);
    }
    let taken = rate::take_all(&mut windows, count, now);
    if taken.is_ok() {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        for key in keys {
            let sql = include_str!("sql/insert_sent.sql");
            sqlx::query(sql).bind(key).bind(now.0).bind(count).execute(&mut writing.conn).await?;
        }
    }
    Ok(taken)
}

/// A key's window as the rows have it; what is too old for it is deleted.
async fn window(writing: &mut Writing, key: &str, limits: &[Limit], now: Instant) -> Result<Window, sqlx::Error> {
    let longest = limits.iter().map(|limit| limit.span_ms).max().unwrap_or(0);
    let forgotten = now.plus_ms(-longest);
    sqlx::query(include_str!("sql/forget_sent.sql")).bind(key).bind(forgotten.0).execute(&mut writing.conn).await?;
    let rows: Vec<(i64, i64)> =
        sqlx::query_as(include_str!("sql/sent_of_late.sql")).bind(key).fetch_all(&mut writing.conn).await?;
    let closed: Option<i64> =
        sqlx::query_scalar(include_str!("sql/closed_until.sql")).bind(key).fetch_optional(&mut writing.conn).await?;
    let sent = rows
        .iter()
        .flat_map(|(at, count)| std::iter::repeat_n(Instant(*at), usize::try_from(*count).unwrap_or_default()));
    let closed_until = closed.map_or(Instant::BEGINNING, Instant);
    Ok(Window::restored(limits.to_vec(), sent, closed_until))
}

async fn close(writing: &mut Writing, key: &str, until: Instant) -> Result<(), StoreError> {
    let sql = include_str!("sql/close_room.sql");
    let done = sqlx::query(sql).bind(key).bind(until.0).execute(&mut writing.conn).await;
    done.map(|_| ()).map_err(StoreError::failed("close a channel for a while"))
}

async fn keep_pause(writing: &mut Writing, pause: &Pause) -> Result<(), StoreError> {
    let done = sqlx::query(include_str!("sql/keep_pause.sql"))
        .bind(&pause.channel)
        .bind(pause.since.0)
        .bind(pause.until.0)
        .bind(pause.times)
        .bind(&pause.why)
        .execute(&mut writing.conn)
        .await;
    done.map(|_| ()).map_err(StoreError::failed("pause a channel"))
}

async fn end_pause(writing: &mut Writing, channel: &str) -> Result<(), StoreError> {
    let done = sqlx::query(include_str!("sql/end_pause.sql")).bind(channel).execute(&mut writing.conn).await;
    done.map(|_| ()).map_err(StoreError::failed("end a channel's pause"))
}
