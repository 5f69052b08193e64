//! Orders that are to be decided: finding them, loading what deciding needs, setting aside what fails.
//!
//! A timer is a row (`due_at`, indexed), never memory: an idle store costs nothing, and a start rebuilds nothing.

use super::error::StoreError;
use super::event::StoredEvent;
use super::gathered::{self, Columns};
use super::prepared;
use super::twins;
use super::writer::Writing;
use crate::engine::decision::Standing;
use crate::time::Instant;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};
use std::collections::HashMap;
use std::sync::Arc;

/// An order by its place in the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrderRef {
    /// The order's id.
    pub order: Arc<str>,
    pub(super) nr: i64,
}

/// What deciding an order needs.
#[derive(Clone, Debug)]
pub struct LoadedOrder {
    /// Which order.
    pub order: OrderRef,
    /// All its events, in the order of arrival.
    pub events: Vec<StoredEvent>,
    /// What was decided so far, and on what knowledge.
    pub standing: Standing,
    /// What must still hold when it is saved.
    pub fence: Fence,
}

/// How an order stood when it was loaded. If it stands otherwise when what was decided is saved, that is dropped, and the
/// order is simply decided again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    pub(super) last_seq: i64,
    pub(super) revision: i64,
    /// The digests of the rows of its obligations; none: unknown.
    pub(super) written: Option<Arc<[u64]>>,
}

impl Fence {
    /// Whether both saw the order at the same point.
    pub(super) fn is_at(&self, last_seq: i64, revision: i64) -> bool {
        (self.last_seq, self.revision) == (last_seq, revision)
    }

    /// The same, but not trusting what the rows of its obligations are said to hold.
    #[must_use]
    pub fn with_rows_unknown(self) -> Fence {
        Fence { written: None, ..self }
    }
}

/// Orders that ought not to be: how many there are, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Odd {
    /// How many.
    pub count: u64,
    /// The longest-standing of them: the order's id, since when, and (if it was set aside) why.
    pub first: Vec<(Arc<str>, Instant, Option<String>)>,
}

/// Orders due after one instant and up to another, the longest-waiting first.
pub(super) async fn due(
    readers: &SqlitePool,
    after: Instant,
    until: Instant,
    limit: u32,
) -> Result<Vec<OrderRef>, StoreError> {
    let failed = || StoreError::failed("find orders that are due");
    let due: Option<String> = sqlx::query_scalar(include_str!("sql/due_orders.sql"))
        .bind(after.0)
        .bind(until.0)
        .bind(limit)
        .fetch_one(readers)
        .await
        .map_err(failed())?;
    let read = |columns: &mut Columns<'_>| Some(OrderRef { nr: columns.number()?, order: columns.text()?.into() });
    let due = due.map_or(Some(Vec::new()), |due| gathered::rows(&due, read));
    due.ok_or_else(|| failed()(not_gathered()))
}

pub(super) async fn open(
    readers: &SqlitePool,
    after: Option<&OrderRef>,
    limit: u32,
) -> Result<Vec<OrderRef>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(include_str!("sql/open_orders.sql"))
        .bind(after.map_or(0, |order| order.nr))
        .bind(limit)
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("find orders that go on"))?;
    Ok(rows.into_iter().map(|(nr, id)| OrderRef { order: id.into(), nr }).collect())
}

pub(super) async fn next_due(readers: &SqlitePool) -> Result<Option<Instant>, StoreError> {
    let next: Option<i64> = sqlx::query_scalar(include_str!("sql/next_due.sql"))
        .fetch_one(readers)
        .await
        .map_err(StoreError::failed("find the next due"))?;
    Ok(next.map(Instant))
}

pub(super) async fn after(
    readers: &SqlitePool,
    after: Option<&OrderRef>,
    limit: u32,
) -> Result<Vec<OrderRef>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(include_str!("sql/orders_after.sql"))
        .bind(after.map_or(0, |order| order.nr))
        .bind(limit)
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("find orders"))?;
    Ok(rows.into_iter().map(|(nr, id)| OrderRef { order: id.into(), nr }).collect())
}

pub(super) async fn find(readers: &SqlitePool, id: &str) -> Result<Option<OrderRef>, StoreError> {
    let nr: Option<i64> = sqlx::query_scalar(include_str!("sql/find_order.sql"))
        .bind(id)
        .fetch_optional(readers)
        .await
        .map_err(StoreError::failed("find an order"))?;
    Ok(nr.map(|nr| OrderRef { order: id.into(), nr }))
}

/// Loads orders in three questions, in one snapshot: what is loaded hangs together.
pub(super) async fn load(readers: &SqlitePool, orders: &[OrderRef]) -> Result<Vec<LoadedOrder>, StoreError> {
    let mut loaded = HashMap::with_capacity(orders.len());
    load_into(readers, orders, &mut loaded).await?;
    Ok(orders.iter().filter_map(|order| loaded.remove(&order.nr)).collect())
}

pub(super) async fn warm(readers: &SqlitePool, orders: &[OrderRef]) -> Result<(), StoreError> {
    let list = numbers(orders.iter().map(|order| order.nr));
    let sql = include_str!("sql/warm.sql");
    sqlx::query(sql).bind(list).fetch_one(readers).await.map_err(StoreError::failed("read orders ahead"))?;
    Ok(())
}

async fn load_into(
    readers: &SqlitePool,
    orders: &[OrderRef],
    loaded: &mut HashMap<i64, LoadedOrder>,
) -> Result<(), StoreError> {
    let failed = || StoreError::failed("load orders");
    let ids: HashMap<i64, &OrderRef> = orders.iter().map(|order| (order.nr, order)).collect();
    let list = numbers(orders.iter().map(|order| order.nr));
    let mut snapshot = readers.begin().await.map_err(failed())?;
    let sql = include_str!("sql/load_orders.sql");
    let known = gathered::fetch(&mut snapshot, sql, &list, |columns| read_order(columns, &ids)).await;
    let known = known.and_then(|known| known.ok_or_else(not_gathered)).map_err(failed())?;
    loaded.extend(known.into_iter().map(|order| (order.order.nr, order)));
    for (nr, event) in load_events(&mut snapshot, &list).await.map_err(failed())? {
        loaded.entry(nr).and_modify(|order| order.events.push(event));
    }
    for (nr, position, body) in load_decisions(&mut snapshot, &list).await.map_err(failed())? {
        let Some(order) = loaded.get_mut(&nr) else { continue };
        order.standing.decisions.push(twins::read_decision(position, &body)?);
    }
    Ok(())
}

/// All events of the orders of a list, each order's in the order of arrival.
async fn load_events(
    snapshot: &mut SqliteConnection,
    list: &str,
) -> Result<impl Iterator<Item = (i64, StoredEvent)>, sqlx::Error> {
    let sql = include_str!("sql/gather_events.sql");
    let gathered = gathered::fetch(snapshot, sql, list, gathered_event).await?;
    let mut events = if let Some(events) = gathered {
        events
    } else {
        let sql = include_str!("sql/load_events.sql");
        let rows = sqlx::query(sql).bind(list).fetch_all(snapshot).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, read_event(row)?))).collect::<Result<_, sqlx::Error>>()?
    };
    events.sort_unstable_by_key(|(_, event)| event.seq);
    Ok(events.into_iter())
}

/// What stands for the orders of a list, each order's in the order made.
async fn load_decisions(
    snapshot: &mut SqliteConnection,
    list: &str,
) -> Result<impl Iterator<Item = (i64, i64, String)>, sqlx::Error> {
    let sql = include_str!("sql/gather_decisions.sql");
    let read = |columns: &mut Columns<'_>| Some((columns.number()?, columns.number()?, columns.text()?.to_owned()));
    let mut decisions: Vec<(i64, i64, String)> = match gathered::fetch(snapshot, sql, list, read).await? {
        Some(decisions) => decisions,
        None => sqlx::query_as(include_str!("sql/load_decisions.sql")).bind(list).fetch_all(snapshot).await?,
    };
    decisions.sort_unstable_by_key(|(_, position, _)| *position);
    Ok(decisions.into_iter())
}

/// Numbers always gather: what does not is no answer to what was asked.
pub(super) fn not_gathered() -> sqlx::Error {
    sqlx::Error::Decode("rows that were gathered otherwise than asked".into())
}

/// A list of numbers as one parameter.
pub(super) fn numbers(numbers: impl Iterator<Item = i64>) -> String {
    let numbers: Vec<i64> = numbers.collect();
    serde_json::to_string(&numbers).expect("numbers can be written")
}

fn read_order(columns: &mut Columns<'_>, ids: &HashMap<i64, &OrderRef>) -> Option<LoadedOrder> {
    let order = (*ids.get(&columns.number()?)?).clone();
    let (last_seq, revision) = (columns.number()?, columns.number()?);
    let known = columns.maybe_number()?.map(unsigned);
    let decided_until = columns.maybe_number()?.map(Instant);
    let fence = Fence { last_seq, revision, written: prepared::read_digests(columns.text()?) };
    let standing = Standing { decisions: Vec::new(), known, decided_until };
    Some(LoadedOrder { order, events: Vec::new(), standing, fence })
}

/// An event from a row of `gather_events.sql`, with its order.
fn gathered_event(columns: &mut Columns<'_>) -> Option<(i64, StoredEvent)> {
    let order = columns.number()?;
    let event = StoredEvent {
        seq: columns.number()?,
        source: columns.text()?.into(),
        id: columns.text()?.into(),
        kind: columns.text()?.into(),
        at: Instant(columns.number()?),
        recorded_at: Instant(columns.number()?),
        body: columns.text()?.into(),
    };
    Some((order, event))
}

/// An event from a row of `load_events.sql`.
pub(super) fn read_event(row: &SqliteRow) -> Result<StoredEvent, sqlx::Error> {
    let text = |column: usize| row.try_get::<&str, _>(column).map(Arc::from);
    Ok(StoredEvent {
        seq: unsigned(row.try_get(1)?),
        source: text(2)?,
        id: text(3)?,
        kind: text(4)?,
        at: Instant(row.try_get(5)?),
        recorded_at: Instant(row.try_get(6)?),
        body: text(7)?,
    })
}

/// A number that the store gave, which is never negative.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

pub(super) async fn set_aside(
    writing: &mut Writing,
    order: &OrderRef,
    error: &str,
    now: Instant,
) -> Result<(), StoreError> {
    writing.note(now);
    sqlx::query(include_str!("sql/set_aside.sql"))
        .bind(order.nr)
        .bind(error)
        .bind(now.0)
        .execute(&mut writing.conn)
        .await
        .map_err(StoreError::failed("set an order aside"))?;
    Ok(())
}

pub(super) async fn retry_set_aside(writing: &mut Writing, now: Instant) -> Result<u64, StoreError> {
    let done = sqlx::query(include_str!("sql/retry_set_aside.sql"))
        .bind(now.0)
        .execute(&mut writing.conn)
        .await
        .map_err(StoreError::failed("try orders again that were set aside"))?;
    Ok(done.rows_affected())
}

/// Marks the next orders due after a change of the rules; whether there are more.
pub(super) async fn mark_some(writing: &mut Writing, now: Instant, limit: u32) -> Result<bool, StoreError> {
    let failed = || StoreError::failed("mark orders due");
    let from: Option<i64> =
        sqlx::query_scalar(include_str!("sql/marking_from.sql")).fetch_one(&mut writing.conn).await.map_err(failed())?;
    let Some(from) = from else { return Ok(false) };
    let until = from.saturating_add(i64::from(limit));
    sqlx::query(include_str!("sql/mark_due.sql"))
        .bind(now.0)
        .bind(from)
        .bind(until)
        .execute(&mut writing.conn)
        .await
        .map_err(failed())?;
    let rest = (until <= writing.numbers.order).then_some(until);
    mark_from(writing, rest).await?;
    Ok(rest.is_some())
}

/// Says from which order on all are still to be marked due.
pub(super) async fn mark_from(writing: &mut Writing, from: Option<i64>) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/mark_from.sql"))
        .bind(from)
        .execute(&mut writing.conn)
        .await
        .map_err(StoreError::failed("mark orders due"))?;
    Ok(())
}

/// Orders whose first event was stored before an instant, and that have no `received` yet.
pub(super) async fn without_received(readers: &SqlitePool, before: Instant, limit: u32) -> Result<Odd, StoreError> {
    let sql = (include_str!("sql/count_without_received.sql"), include_str!("sql/without_received.sql"));
    odd(readers, sql, before, limit).await.map_err(StoreError::failed("find orders without `received`"))
}

/// Orders that were set aside.
pub(super) async fn aside(readers: &SqlitePool, limit: u32) -> Result<Odd, StoreError> {
    let sql = (include_str!("sql/count_set_aside.sql"), include_str!("sql/aside.sql"));
    odd(readers, sql, Instant(i64::MAX), limit).await.map_err(StoreError::failed("find orders that were set aside"))
}

async fn odd(
    readers: &SqlitePool,
    (count, first): (&'static str, &'static str),
    before: Instant,
    limit: u32,
) -> Result<Odd, sqlx::Error> {
    let count: i64 = sqlx::query_scalar(count).bind(before.0).fetch_one(readers).await?;
    let first: Vec<(String, i64, Option<String>)> =
        sqlx::query_as(first).bind(before.0).bind(limit).fetch_all(readers).await?;
    let first = first.into_iter().map(|(id, since, why)| (id.into(), Instant(since), why)).collect();
    Ok(Odd { count: unsigned(count), first })
}
