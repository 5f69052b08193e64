//! One order as it stands, whole; and the counts that metrics show.

use super::error::StoreError;
use super::event::StoredEvent;
use super::feed::{self, FedDecision};
use super::orders::{self, OrderRef, unsigned};
use super::outbox::{self, Notice};
use super::twins;
use crate::engine::decision::{Obligation, OrderState};
use crate::symbol::Symbol;
use crate::time::Instant;
use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use std::sync::Arc;

/// One order as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderView {
    /// The order's id.
    pub order: Arc<str>,
    /// Its round, attributes and policies, as last decided. `received` is what is known now.
    pub state: OrderState,
    /// Up to which instant it was decided; none: not yet.
    pub decided_until: Option<Instant>,
    /// Whether something became known since: what is shown will be decided again.
    pub is_behind: bool,
    /// When something would be decided next without any new event.
    pub next_due: Option<Instant>,
    /// Why and since when it is set aside.
    pub set_aside: Option<(String, Instant)>,
    /// Its events, in the order of arrival.
    pub events: Vec<StoredEvent>,
    /// Its obligations, by policy, start, rule.
    pub obligations: Vec<Obligation>,
    /// Its decisions and revocations, in the order made.
    pub decisions: Vec<FedDecision>,
    /// Its notices, in the order queued.
    pub notices: Vec<Notice>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events and figures that were accepted, about: numbers of refused ones are counted too.
    pub events: u64,
    /// Orders.
    pub orders: u64,
    /// Decisions and revocations.
    pub decisions: u64,
    /// Entries of the ledger.
    pub ledger: u64,
    /// Orders that are due.
    pub due: u64,
    /// Since when the longest-waiting of them is due: the decide loop's lag.
    pub oldest_due: Option<Instant>,
    /// Orders set aside.
    pub set_aside: u64,
}

pub(super) async fn order(readers: &SqlitePool, id: &str) -> Result<Option<OrderView>, StoreError> {
    let Some(found) = orders::find(readers, id).await? else { return Ok(None) };
    let failed = || StoreError::failed("read an order");
    let row =
        sqlx::query(include_str!("sql/view_order.sql")).bind(found.nr).fetch_one(readers).await.map_err(failed())?;
    let mut view = read_order(&found, &row)?;
    view.events = events(readers, &found).await?;
    view.obligations = obligations(readers, &found).await?;
    view.decisions = feed::of_order(readers, found.nr).await?;
    view.notices = outbox::read::of_order(readers, found.nr).await?;
    Ok(Some(view))
}

fn read_order(found: &OrderRef, row: &SqliteRow) -> Result<OrderView, StoreError> {
    let failed = || StoreError::failed("read an order");
    let at = |column: usize| row.try_get::<Option<i64>, _>(column).map(|at| at.map(Instant)).map_err(failed());
    let state = OrderState {
        round: row.try_get(0).map_err(failed())?,
        ended: row.try_get(1).map_err(failed())?,
        received: row.try_get(2).map_err(failed())?,
        attributes: twins::read_attributes(found.nr, row.try_get(3).map_err(failed())?)?,
        policies: twins::read_policies(found.nr, row.try_get(4).map_err(failed())?)?,
    };
    let set_aside: Option<String> = row.try_get(8).map_err(failed())?;
    Ok(OrderView {
        order: found.order.clone(),
        state,
        decided_until: at(5)?,
        is_behind: row.try_get(6).map_err(failed())?,
        next_due: at(7)?,
        set_aside: set_aside.zip(at(9)?),
        events: Vec::new(),
        obligations: Vec::new(),
        decisions: Vec::new(),
        notices: Vec::new(),
    })
}

async fn events(readers: &SqlitePool, order: &OrderRef) -> Result<Vec<StoredEvent>, StoreError> {
    let failed = || StoreError::failed("read an order's events");
    let rows = sqlx::query(include_str!("sql/load_events.sql"))
        .bind(orders::numbers(std::iter::once(order.nr)))
        .fetch_all(readers)
        .await
        .map_err(failed())?;
    rows.iter().map(orders::read_event).collect::<Result<_, _>>().map_err(failed())
}

async fn obligations(readers: &SqlitePool, order: &OrderRef) -> Result<Vec<Obligation>, StoreError> {
    let rows = sqlx::query(include_str!("sql/obligations_of_order.sql"))
        .bind(order.nr)
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("read an order's obligations"))?;
    rows.iter().map(|row| read_obligation(order.nr, row)).collect()
}

fn read_obligation(nr: i64, row: &SqliteRow) -> Result<Obligation, StoreError> {
    let failed = || StoreError::failed("read an obligation");
    let bad = |column| StoreError::BadRow { table: "obligations", id: nr, column };
    let word = |column: usize| row.try_get::<&str, _>(column).map(Symbol::new).map_err(failed());
    let at = |column: usize| row.try_get::<Option<i64>, _>(column).map(|at| at.map(Instant)).map_err(failed());
    Ok(Obligation {
        policy: word(0)?,
        rule: word(1)?,
        round: row.try_get(2).map_err(failed())?,
        occurrence: row.try_get(3).map_err(failed())?,
        opened: at(4)?.ok_or_else(|| bad("opened"))?,
        start: at(5)?.ok_or_else(|| bad("start"))?,
        due: at(6)?,
        provisional: row.try_get(7).map_err(failed())?,
        outcome: twins::read_outcome(row.try_get(8).map_err(failed())?).ok_or_else(|| bad("outcome"))?,
        stopped_at: at(9)?,
        department: row.try_get::<Option<&str>, _>(10).map_err(failed())?.map(Arc::from),
    })
}

pub(super) async fn counts(readers: &SqlitePool, now: Instant) -> Result<Counts, StoreError> {
    let row = sqlx::query(include_str!("sql/counts.sql"))
        .bind(now.0)
        .fetch_one(readers)
        .await
        .map_err(StoreError::failed("count"))?;
    let count = |column: usize| row.try_get(column).map(unsigned).map_err(StoreError::failed("count"));
    let oldest: Option<i64> = row.try_get(5).map_err(StoreError::failed("count"))?;
    Ok(Counts {
        events: count(0)?,
        orders: count(1)?,
        decisions: count(2)?,
        ledger: count(3)?,
        due: count(4)?,
        oldest_due: oldest.map(Instant),
        set_aside: count(6)?,
    })
}
