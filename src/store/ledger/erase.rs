//! Erasing personal data by law (个人信息保护法 art. 47): the values go, a stub says who erased them, when and why, and
//! the chain still holds.
//!
//! An event keeps the hash of its body as it was accepted, which its entry chains; the salt goes with the values, so that
//! nobody finds them again by trying. What the body says since is chained by the erasure's own entry. No condition may
//! ask for a personal value, so nothing is decided otherwise.

use super::{Content, Hash, Kind, Link};
use crate::store::Store;
use crate::store::append;
use crate::store::error::StoreError;
use crate::store::writer::Writing;
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::Row;

/// Whether an attribute is to be erased, by the event's type (none: as the order's) and its name.
pub type Chosen = Box<dyn Fn(Option<&str>, &str) -> bool + Send + Sync>;

/// What is to be erased.
pub struct Erasing {
    /// The order's id.
    pub order: String,
    /// Which attributes.
    pub chosen: Chosen,
    /// What stands in the values' place.
    pub stub: String,
    /// Who erases.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub now: Instant,
}

/// What was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Of how many events.
    pub events: usize,
    /// How many values.
    pub values: usize,
}

/// Each event with the hash of its body as it stands since.
#[derive(Serialize, Deserialize)]
struct Since {
    event: i64,
    body: String,
}

impl Store {
    /// Erases values of an order; none: there is no such order. Where there is nothing to erase, nothing is written.
    pub async fn erase(&self, erasing: Erasing) -> Result<Option<Erased>, StoreError> {
        self.write(erasing, |erasing, writing| Box::pin(erase(writing, erasing))).await
    }
}

async fn erase(writing: &mut Writing, erasing: &Erasing) -> Result<Option<Erased>, StoreError> {
    erase_all(writing, erasing).await.map_err(StoreError::failed("erase personal data"))
}

async fn erase_all(writing: &mut Writing, erasing: &Erasing) -> Result<Option<Erased>, sqlx::Error> {
    let order = sqlx::query(include_str!("../sql/order_to_erase.sql")).bind(&erasing.order);
    let Some(order) = order.fetch_optional(&mut writing.conn).await? else { return Ok(None) };
    let (nr, attributes): (i64, String) = (order.try_get(0)?, order.try_get(1)?);
    let link = Link { count: order.try_get(2)?, head: super::hash_of(&order, 3)? };
    // What is overwritten is to be gone from the file, not only from the table.
    sqlx::query("PRAGMA secure_delete = ON").execute(&mut writing.conn).await?;
    let (since, values) = erase_events(writing, erasing, nr).await?;
    let erased = Erased { events: since.len(), values };
    if since.is_empty() {
        return Ok(Some(erased));
    }
    let attributes = without(&attributes, erasing);
    let link = enter(writing, erasing, (nr, link), &since).await?;
    sqlx::query(include_str!("../sql/erase_attributes.sql"))
        .bind(nr)
        .bind(attributes)
        .bind(erasing.now.0)
        .bind(link.count)
        .bind(&link.head[..])
        .execute(&mut writing.conn)
        .await?;
    Ok(Some(erased))
}

async fn erase_events(writing: &mut Writing, erasing: &Erasing, nr: i64) -> Result<(Vec<Since>, usize), sqlx::Error> {
    let rows = sqlx::query(include_str!("../sql/events_to_erase.sql")).bind(nr).fetch_all(&mut writing.conn).await?;
    let (mut since, mut values) = (Vec::new(), 0);
    for row in rows {
        let (seq, kind, body): (i64, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let Ok(mut parsed) = serde_json::from_str(&body) else { continue };
        let count = erase_values(&mut parsed, &kind, erasing);
        if count == 0 {
            continue;
        }
        let salt: Option<&[u8]> = row.try_get(3)?;
        let now = parsed.to_string();
        sqlx::query(include_str!("../sql/erase_event.sql"))
            .bind(seq)
            .bind(&now)
            .bind(append::body_hash(salt, &body).to_vec())
            .execute(&mut writing.conn)
            .await?;
        since.push(Since { event: seq, body: hex::encode(body_hash(&now)) });
        values += count;
    }
    Ok((since, values))
}

/// Puts the stub where a chosen value stands; how many there were.
fn erase_values(body: &mut Value, kind: &str, erasing: &Erasing) -> usize {
    let Some(attributes) = body.get_mut("attrs").and_then(Value::as_object_mut) else { return 0 };
    let mut count = 0;
    for (name, value) in attributes {
        let is_stub = value.as_str().is_some_and(is_stub);
        if !value.is_null() && !is_stub && (erasing.chosen)(Some(kind), name) {
            *value = erasing.stub.as_str().into();
            count += 1;
        }
    }
    count
}

/// How every stub begins.
pub const STUB: &str = "〔已依法删除";

fn is_stub(text: &str) -> bool {
    text.starts_with(STUB)
}

/// An order's attributes as its row keeps them, without what was chosen: until it is decided again, which is at once.
fn without(attributes: &str, erasing: &Erasing) -> String {
    let Ok(mut pairs) = serde_json::from_str::<Vec<(String, Value)>>(attributes) else { return "[]".into() };
    pairs.retain(|(name, _)| !(erasing.chosen)(None, name));
    serde_json::to_string(&pairs).unwrap_or_else(|_| "[]".into())
}

async fn enter(
    writing: &mut Writing,
    erasing: &Erasing,
    (nr, link): (i64, Link),
    since: &[Since],
) -> Result<Link, sqlx::Error> {
    writing.note(erasing.now);
    let Erasing { order, by, reason, now, .. } = erasing;
    let body = serde_json::to_string(since).expect("texts and numbers can be written");
    let id: i64 = sqlx::query_scalar(include_str!("../sql/insert_erasure.sql"))
        .bind(nr)
        .bind(now.0)
        .bind(by)
        .bind(reason)
        .bind(&body)
        .fetch_one(&mut writing.conn)
        .await?;
    Ok(writing.chain(nr, link, Kind::Erasure, id, content(id, order, now.0, by, reason, &body)))
}

/// The hash of an erasure's content, as it is chained and verified.
pub(super) fn content(id: i64, order: &str, at: i64, by: &str, reason: &str, body: &str) -> Hash {
    Content::of(Kind::Erasure).number(id).text(order).number(at).text(by).text(reason).text(body).hash()
}

/// The hash of a body of which something was erased.
pub(super) fn body_hash(body: &str) -> Hash {
    Sha256::digest(body).into()
}

/// The bodies that an erasure left, by event.
pub(super) fn declared(body: &str) -> Vec<(i64, Hash)> {
    let since: Vec<Since> = serde_json::from_str(body).unwrap_or_default();
    let read = |one: &Since| Some((one.event, hex::decode(&one.body).ok()?.try_into().ok()?));
    since.iter().filter_map(read).collect()
}
