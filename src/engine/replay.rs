//! Replaying a log: every order decided by itself, on all cores, and what comes of it gathered compactly.
//!
//! What is gathered does not depend on the number of threads: [`Outcome`] is in the order in which decisions are made
//! (`made_at`), then by order, policy, rule and step; what one step of one order decides at once stays as it was decided.
//! A decision takes about 64 bytes there: whatever many of them share (rule, step, recipients, clause) is kept once.

mod outcome;

pub use outcome::{Copies, DecisionShape, Made, ObligationShape, Outcome, Part, Stood};

use crate::engine::decision::Decided;
use crate::order::History;
use crate::order::log::Log;
use crate::time::Instant;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many orders a thread takes at once: enough that the counter costs nothing, few enough that all end together.
const ORDERS_AT_ONCE: usize = 64;

/// Takes what was decided of each order, on one thread.
pub trait Gather: Send {
    /// Takes what was decided of an order, named by its place in [`Log::orders`].
    fn take(&mut self, order: usize, decided: Decided);
}

/// Decides every order of a log as it is known at `until`, on `threads` threads, and gathers what comes of it: one
/// gatherer a thread. Orders of which nothing is known by then are left out.
pub fn replay<G: Gather>(
    log: &Log,
    until: Instant,
    threads: NonZero<usize>,
    decide: impl Fn(&History) -> Decided + Sync,
    gather: impl Fn() -> G,
) -> Vec<G> {
    let orders: Vec<usize> = (0..log.orders().len()).collect();
    on_all_cores(&orders, threads, gather, |gatherer, order| {
        if let Some(history) = log.history(order, until) {
            gatherer.take(order, decide(&history));
        }
    })
}

/// Takes each of these orders (by whatever numbers them) on one of `threads` threads: one gatherer a thread.
pub fn on_all_cores<G: Send>(
    orders: &[usize],
    threads: NonZero<usize>,
    gather: impl Fn() -> G,
    take: impl Fn(&mut G, usize) + Sync,
) -> Vec<G> {
    let next = AtomicUsize::new(0);
    let work = |mut gatherer: G| {
        loop {
            let first = next.fetch_add(ORDERS_AT_ONCE, Ordering::Relaxed);
            let Some(rest) = orders.get(first..).filter(|rest| !rest.is_empty()) else { return gatherer };
            rest.iter().take(ORDERS_AT_ONCE).for_each(|order| take(&mut gatherer, *order));
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.get())
            .map(|_| {
                let gatherer = gather();
                scope.spawn(|| work(gatherer))
            })
            .collect();
        workers.into_iter().map(join).collect()
    })
}

/// A panic of a worker is the caller's.
fn join<T>(worker: thread::ScopedJoinHandle<'_, T>) -> T {
    worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests;
