//! Storing events: each is accepted once, its order is due, and its ledger entry stands, all in one transaction.

use super::error::StoreError;
use super::event::{NewEvent, Subject, Taken};
use super::ledger::{self, Content, Hash, Kind, Link};
use super::rows;
use super::writer::Writing;
use crate::time::Instant;
use sha2::{Digest, Sha256};
use sqlx::Row;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What one caller hands in.
pub(super) struct Batch {
    pub(super) events: Vec<NewEvent>,
    pub(super) now: Instant,
    /// Whether the events keep their `recorded_at` and set nothing in motion.
    pub(super) history: bool,
}

/// An event with what it is given when it is stored.
struct Placed<'a> {
    event: &'a NewEvent,
    seq: i64,
    order: Option<i64>,
    recorded_at: Instant,
    salt: [u8; 16],
    /// When its order is due by it.
    due_at: Option<Instant>,
}

/// An order that events are added to.
struct Growing {
    nr: i64,
    first_at: Instant,
    last_seq: i64,
    due_at: Option<Instant>,
    received: bool,
    link: Link,
}

/// Orders by id.
type Orders = HashMap<Arc<str>, Growing>;

/// Stores what several callers handed in; what became of each event, caller by caller.
pub(super) async fn append(writing: &mut Writing, batches: &[Batch]) -> Result<Vec<Vec<Taken>>, StoreError> {
    if batches.is_empty() {
        return Ok(Vec::new());
    }
    let failed = StoreError::failed("store events");
    append_all(writing, batches).await.map_err(failed)
}

async fn append_all(writing: &mut Writing, batches: &[Batch]) -> Result<Vec<Vec<Taken>>, sqlx::Error> {
    let mut orders = find_orders(writing, batches).await?;
    let placed = place(writing, batches, &orders);
    let accepted = insert(writing, &placed).await?;
    let known = known_digests(writing, placed.iter().filter(|placed| !accepted.contains(&placed.seq))).await?;
    let mut figures = HashMap::new();
    for one in placed.iter().filter(|placed| accepted.contains(&placed.seq)) {
        grow(writing, &mut orders, &mut figures, one);
    }
    write_orders(writing, &orders).await?;
    write_figures(writing, &figures).await?;
    let mut taken = placed.iter().map(|placed| {
        let key = (&*placed.event.source, &*placed.event.id);
        match known.get(&(key.0.to_owned(), key.1.to_owned())) {
            _ if accepted.contains(&placed.seq) => Taken::Accepted,
            // Of what was erased nobody can tell any more whether it is the same.
            Some(digest) if *digest == placed.event.digest || *digest == [0; 32] => Taken::Duplicate,
            _ => Taken::Conflict,
        }
    });
    Ok(batches.iter().map(|batch| taken.by_ref().take(batch.events.len()).collect()).collect())
}

/// The orders of these events that are known; those that are not get a number, and a row once an event is accepted.
async fn find_orders(writing: &mut Writing, batches: &[Batch]) -> Result<Orders, sqlx::Error> {
    let events = || batches.iter().flat_map(|batch| &batch.events);
    let ids: HashSet<&str> = events().filter_map(order_of).map(|id| &**id).collect();
    let list = serde_json::to_string(&ids).unwrap_or_default();
    let sql = include_str!("sql/find_orders.sql");
    let mut orders = Orders::new();
    for row in sqlx::query(sql).bind(list).fetch_all(&mut writing.conn).await? {
        let link = Link { count: row.try_get(2)?, head: ledger::hash_of(&row, 3)? };
        let growing = Growing {
            nr: row.try_get(1)?,
            first_at: Instant(row.try_get(4)?),
            last_seq: 0,
            due_at: None,
            received: false,
            link,
        };
        orders.insert(row.try_get::<&str, _>(0)?.into(), growing);
    }
    for event in events() {
        let Some(id) = order_of(event).filter(|id| !orders.contains_key(*id)) else { continue };
        writing.numbers.order += 1;
        let nr = writing.numbers.order;
        let first_at = Instant(i64::MAX);
        let link = Link::begin(&format!("order {id}"));
        orders.insert(id.clone(), Growing { nr, first_at, last_seq: 0, due_at: None, received: false, link });
    }
    Ok(orders)
}

fn order_of(event: &NewEvent) -> Option<&Arc<str>> {
    match &event.subject {
        Subject::Order { order, .. } => Some(order),
        Subject::Figure { .. } => None,
    }
}

fn place<'a>(writing: &mut Writing, batches: &'a [Batch], orders: &Orders) -> Vec<Placed<'a>> {
    let mut placed = Vec::with_capacity(batches.iter().map(|batch| batch.events.len()).sum());
    let mut salts = salts(placed.capacity()).into_iter();
    for batch in batches {
        writing.note(batch.now);
        for event in &batch.events {
            writing.numbers.seq += 1;
            let salt = salts.next().unwrap_or_default();
            placed.push(Placed {
                event,
                seq: writing.numbers.seq,
                order: order_of(event).map(|id| orders[id].nr),
                recorded_at: if batch.history { event.recorded_at } else { batch.now },
                salt,
                due_at: (!batch.history).then_some(batch.now),
            });
        }
    }
    placed
}

/// A salt for each event: see [`body_hash`]. All are drawn at once.
fn salts(count: usize) -> Vec<[u8; 16]> {
    let mut salts = vec![[0; 16]; count];
    getrandom::fill(salts.as_flattened_mut()).expect("the operating system gives random bytes");
    salts
}

/// Inserts what is new; the numbers of what was.
async fn insert(writing: &mut Writing, placed: &[Placed<'_>]) -> Result<HashSet<i64>, sqlx::Error> {
    let sql = include_str!("sql/insert_events.sql");
    let accepted = rows::execute(&mut writing.conn, sql, placed, |query, placed| {
        query
            .bind(placed.seq)
            .bind(placed.event.source.clone())
            .bind(placed.event.id.clone())
            .bind(placed.order)
            .bind(kind_of(placed.event))
            .bind(placed.event.at.0)
            .bind(placed.recorded_at.0)
            .bind(&placed.event.digest[..])
            .bind(placed.event.body.clone())
            .bind(placed.salt.to_vec())
    })
    .await?;
    if accepted == placed.len() as u64 {
        return Ok(placed.iter().map(|placed| placed.seq).collect());
    }
    let first = placed.first().map_or(i64::MAX, |placed| placed.seq);
    let accepted = sqlx::query_scalar(include_str!("sql/events_from.sql")).bind(first).fetch_all(&mut writing.conn);
    Ok(accepted.await?.into_iter().collect())
}

pub(super) fn kind_of(event: &NewEvent) -> Arc<str> {
    match &event.subject {
        Subject::Order { kind, .. } => kind.clone(),
        Subject::Figure { figure, .. } => format!("figure {figure}").into(),
    }
}

type Digests = HashMap<(String, String), Hash>;

async fn known_digests<'a>(
    writing: &mut Writing,
    refused: impl Iterator<Item = &'a Placed<'a>>,
) -> Result<Digests, sqlx::Error> {
    let names: Vec<_> = refused.map(|placed| (&*placed.event.source, &*placed.event.id)).collect();
    if names.is_empty() {
        return Ok(Digests::new());
    }
    let list = serde_json::to_string(&names).unwrap_or_default();
    let sql = include_str!("sql/known_digests.sql");
    let known = sqlx::query(sql).bind(list).fetch_all(&mut writing.conn).await?;
    known.iter().map(|row| Ok(((row.try_get(0)?, row.try_get(1)?), ledger::hash_of(row, 2)?))).collect()
}

type Figures<'a> = HashMap<(&'a str, String, &'a str), (f64, i64)>;

/// Takes an accepted event into its order, or into the figures, and chains it.
fn grow<'a>(writing: &mut Writing, orders: &mut Orders, figures: &mut Figures<'a>, placed: &Placed<'a>) {
    let content = content(
        placed.seq,
        &placed.event.source,
        &placed.event.id,
        order_of(placed.event).map(|id| &**id),
        &kind_of(placed.event),
        [placed.event.at.0, placed.recorded_at.0],
        &body_hash(Some(&placed.salt), &placed.event.body),
    );
    match &placed.event.subject {
        Subject::Order { order, kind } => {
            let Some(order) = orders.get_mut(order) else { return };
            order.first_at = order.first_at.min(placed.recorded_at);
            order.last_seq = placed.seq;
            order.due_at = order.due_at.or(placed.due_at);
            order.received |= **kind == *"received";
            order.link = writing.chain(order.nr, order.link, Kind::Event, placed.seq, content);
        }
        Subject::Figure { figure, day, department, value } => {
            let department = department.as_deref().unwrap_or_default();
            figures.insert((figure, day.to_string(), department), (*value, placed.seq));
            writing.chain_system(Kind::Event, placed.seq, content);
        }
    }
}

/// The hash of an event's body. Salted, so that once salt and body are erased nobody finds a caller's number by trying
/// all of them against it.
pub(super) fn body_hash(salt: Option<&[u8]>, body: &str) -> Hash {
    Sha256::new().chain_update(salt.unwrap_or_default()).chain_update(body).finalize().into()
}

/// The hash of an event's content, as it is chained and verified.
pub(super) fn content(
    seq: i64,
    source: &str,
    id: &str,
    order: Option<&str>,
    kind: &str,
    [at, recorded_at]: [i64; 2],
    body: &Hash,
) -> Hash {
    Content::of(Kind::Event)
        .number(seq)
        .text(source)
        .text(id)
        .maybe_text(order)
        .text(kind)
        .number(at)
        .number(recorded_at)
        .hashed(body)
        .hash()
}

async fn write_orders(writing: &mut Writing, orders: &Orders) -> Result<(), sqlx::Error> {
    let mut grown: Vec<_> = orders.iter().filter(|(_, order)| order.last_seq > 0).collect();
    grown.sort_unstable_by_key(|(_, order)| order.nr);
    let sql = include_str!("sql/upsert_orders.sql");
    rows::execute(&mut writing.conn, sql, &grown, |query, (id, order)| {
        query
            .bind(order.nr)
            .bind((*id).clone())
            .bind(order.first_at.0)
            .bind(order.last_seq)
            .bind(order.due_at.map(|at| at.0))
            .bind(order.received)
            .bind(order.link.count)
            .bind(order.link.head.to_vec())
    })
    .await?;
    Ok(())
}

async fn write_figures(writing: &mut Writing, figures: &Figures<'_>) -> Result<(), sqlx::Error> {
    let figures: Vec<_> = figures.iter().collect();
    let sql = include_str!("sql/upsert_figures.sql");
    rows::execute(&mut writing.conn, sql, &figures, |query, ((figure, day, department), (value, seq))| {
        query.bind((*figure).to_owned()).bind(day.clone()).bind((*department).to_owned()).bind(*value).bind(*seq)
    })
    .await?;
    Ok(())
}
