//! Saving what was decided: decisions, obligations, state, next due, notices and ledger entries of many orders, all or none.
//!
//! An order that stands otherwise than when it was loaded is left out, and so decided again: nothing is decided twice, and
//! nothing on old knowledge.

use super::error::StoreError;
use super::gathered::{self, Columns};
use super::ledger::{Content, Hash, Kind, Link};
use super::orders::{Fence, OrderRef, not_gathered, numbers};
use super::outbox;
use super::prepared::{self, Prepared};
use super::rows;
use super::twins;
use super::writer::Writing;
use crate::engine::decision::{Decided, Decision, Key, Obligation};
use crate::notify::notice::QueuedNotice;
use crate::time::Instant;
use std::collections::HashMap;
use std::sync::Arc;

/// What was decided for an order.
#[derive(Clone, Debug)]
pub struct SavedOrder {
    /// Which order.
    pub order: OrderRef,
    /// As it was loaded.
    pub fence: Fence,
    /// Up to which instant it was decided.
    pub until: Instant,
    /// What was decided.
    pub decided: Decided,
    /// The proposals of earlier or now that were approved since: they are fed from here on.
    pub approved: Vec<Key>,
    /// What a person lifted since: it is fed once more, if it was fed.
    pub lifted: Vec<Lifted>,
    /// When the order is to be looked at again though nothing is decided then; none: not before its next due.
    pub look_at: Option<Instant>,
    /// The notices of its new decisions, and of proposals now approved.
    pub notices: Vec<QueuedNotice>,
}

/// A decision that a person lifted.
#[derive(Clone, Debug)]
pub struct Lifted {
    /// Its key.
    pub decision: Key,
    /// As it is fed: shaped like a revocation.
    pub fed: Decision,
    /// Who lifted it.
    pub by: Option<String>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is durable.
    Saved,
    /// The order has changed since it was loaded: it is still due.
    Stale,
}

/// An order as it stands within the transaction.
struct Found {
    last_seq: i64,
    revision: i64,
    link: Link,
}

impl Found {
    fn is_at(&self, fence: &Fence) -> bool {
        fence.is_at(self.last_seq, self.revision)
    }
}

pub(super) async fn save(writing: &mut Writing, orders: &[Prepared]) -> Result<Vec<Saved>, StoreError> {
    save_all(writing, orders).await.map_err(StoreError::failed("save what was decided"))
}

async fn save_all(writing: &mut Writing, orders: &[Prepared]) -> Result<Vec<Saved>, sqlx::Error> {
    let mut found = find(writing, orders).await?;
    let mut fresh = Vec::with_capacity(orders.len());
    let mut saved = Vec::with_capacity(orders.len());
    for order in orders {
        // Taken once: the same order twice in a batch is stale the second time.
        match found.remove(&order.saved.order.nr).filter(|found| found.is_at(&order.saved.fence)) {
            Some(found) => {
                fresh.push((order, found.link));
                saved.push(Saved::Saved);
            }
            None => saved.push(Saved::Stale),
        }
    }
    write_decisions(writing, &mut fresh).await?;
    write_approvals(writing, &fresh).await?;
    write_liftings(writing, &fresh).await?;
    outbox::queue::queue(writing, &mut fresh).await?;
    write_obligations(writing, &fresh).await?;
    write_orders(writing, &fresh).await?;
    Ok(saved)
}

async fn find(writing: &mut Writing, orders: &[Prepared]) -> Result<HashMap<i64, Found>, sqlx::Error> {
    let list = numbers(orders.iter().map(|order| order.saved.order.nr));
    let sql = include_str!("sql/find_fences.sql");
    let found = gathered::fetch(&mut writing.conn, sql, &list, read_found).await?;
    Ok(found.ok_or_else(not_gathered)?.into_iter().collect())
}

fn read_found(columns: &mut Columns<'_>) -> Option<(i64, Found)> {
    let nr = columns.number()?;
    let (last_seq, revision) = (columns.number()?, columns.number()?);
    let mut link = Link { count: columns.number()?, head: [0; 32] };
    hex::decode_to_slice(columns.text()?, &mut link.head).ok()?;
    Some((nr, Found { last_seq, revision, link }))
}

/// An order to be written, and where its chain stands.
pub(super) type Fresh<'a> = (&'a Prepared, Link);

struct DecisionRow<'a> {
    position: i64,
    order: i64,
    decision: &'a Decision,
    body: Arc<str>,
}

async fn write_decisions(writing: &mut Writing, fresh: &mut [Fresh<'_>]) -> Result<(), sqlx::Error> {
    let mut rows = Vec::new();
    for (prepared, link) in fresh {
        let saved = &prepared.saved;
        writing.note(saved.until);
        for (decision, body) in saved.decided.new.iter().zip(&prepared.bodies) {
            writing.numbers.position += 1;
            let position = writing.numbers.position;
            let kind = twins::kind_name(&decision.kind);
            let at = [decision.at.0, decision.made_at.0];
            let content = content(position, &decision.key, &saved.order.order, at, kind, body);
            *link = writing.chain(saved.order.nr, *link, Kind::Decision, position, content);
            rows.push(DecisionRow { position, order: saved.order.nr, decision, body: body.clone() });
        }
    }
    rows::execute(&mut writing.conn, include_str!("sql/insert_decisions.sql"), &rows, |query, row| {
        query
            .bind(row.position)
            .bind(row.decision.key.clone())
            .bind(row.order)
            .bind(row.decision.at.0)
            .bind(row.decision.made_at.0)
            .bind(twins::kind_name(&row.decision.kind))
            .bind(row.decision.approval.is_some())
            .bind(row.body.clone())
    })
    .await?;
    Ok(())
}

/// Something of each order, with the order's nr.
fn of_orders<'a, T: 'a>(fresh: &'a [Fresh<'_>], of: fn(&SavedOrder) -> &Vec<T>) -> impl Iterator<Item = (i64, &'a T)> {
    fresh.iter().flat_map(move |(prepared, _)| of(&prepared.saved).iter().map(|one| (prepared.saved.order.nr, one)))
}

async fn write_approvals(writing: &mut Writing, fresh: &[Fresh<'_>]) -> Result<(), sqlx::Error> {
    for (nr, key) in of_orders(fresh, |saved| &saved.approved) {
        let done = sqlx::query(include_str!("sql/insert_approval.sql"))
            .bind(writing.numbers.position + 1)
            .bind(nr)
            .bind(&**key)
            .execute(&mut writing.conn)
            .await?;
        writing.numbers.position += i64::from(done.rows_affected() > 0);
    }
    Ok(())
}

async fn write_liftings(writing: &mut Writing, fresh: &[Fresh<'_>]) -> Result<(), sqlx::Error> {
    for (nr, lifted) in of_orders(fresh, |saved| &saved.lifted) {
        let done = sqlx::query(include_str!("sql/insert_lifting.sql"))
            .bind(writing.numbers.position + 1)
            .bind(nr)
            .bind(&*lifted.decision)
            .bind(lifted.by.as_deref())
            .bind(twins::write_decision(&lifted.fed))
            .execute(&mut writing.conn)
            .await?;
        writing.numbers.position += i64::from(done.rows_affected() > 0);
    }
    Ok(())
}

/// The hash of a decision's content, as it is chained and verified.
pub(super) fn content(position: i64, key: &str, order: &str, [at, made_at]: [i64; 2], kind: &str, body: &str) -> Hash {
    Content::of(Kind::Decision)
        .number(position)
        .text(key)
        .text(order)
        .number(at)
        .number(made_at)
        .text(kind)
        .erasable(body)
        .hash()
}

async fn write_obligations(writing: &mut Writing, fresh: &[Fresh<'_>]) -> Result<(), sqlx::Error> {
    let mut sorted: Vec<&Prepared> = fresh.iter().map(|(prepared, _)| *prepared).collect();
    sorted.sort_unstable_by_key(|prepared| prepared.saved.order.nr);
    let fewer = sorted.iter().filter(|prepared| prepared.may_have_fewer_rows());
    let kept: Vec<(i64, usize)> = fewer.map(|prepared| (prepared.saved.order.nr, prepared.rows.len())).collect();
    if !kept.is_empty() {
        let kept = serde_json::to_string(&kept).expect("numbers can be written");
        sqlx::query(include_str!("sql/delete_obligations.sql")).bind(kept).execute(&mut writing.conn).await?;
    }
    let rows: Vec<(i64, i64, &Obligation)> = sorted
        .iter()
        .flat_map(|prepared| prepared.changed_rows().map(|(place, row)| (prepared.saved.order.nr, place, row)))
        .collect();
    rows::execute(
        &mut writing.conn,
        include_str!("sql/insert_obligations.sql"),
        &rows,
        |query, (order, place, obligation)| {
            query
                .bind(*order)
                .bind(*place)
                .bind(obligation.policy.as_str())
                .bind(obligation.rule.as_str())
                .bind(obligation.round)
                .bind(obligation.occurrence)
                .bind(obligation.opened.0)
                .bind(obligation.start.0)
                .bind(obligation.due.map(|due| due.0))
                .bind(obligation.provisional)
                .bind(twins::outcome_name(obligation.outcome))
                .bind(obligation.stopped_at.map(|at| at.0))
                .bind(obligation.department.clone())
        },
    )
    .await?;
    Ok(())
}

async fn write_orders(writing: &mut Writing, fresh: &[Fresh<'_>]) -> Result<(), sqlx::Error> {
    let sql = include_str!("sql/update_decided_orders.sql");
    rows::execute(&mut writing.conn, sql, fresh, |query, (prepared, link)| {
        let saved = &prepared.saved;
        let state = &saved.decided.state;
        query
            .bind(saved.order.nr)
            .bind(saved.fence.last_seq)
            .bind(saved.until.0)
            .bind(saved.decided.next_due.map(|due| due.0))
            .bind(state.round)
            .bind(state.ended)
            .bind(prepared.attributes.clone())
            .bind(prepared.policies.clone())
            .bind(link.count)
            .bind(link.head.to_vec())
            .bind(saved.look_at.map(|at| at.0))
            .bind(prepared::write_digests(&prepared.rows))
    })
    .await?;
    Ok(())
}
