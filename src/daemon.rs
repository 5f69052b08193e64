//! The daemon: a loop around [`tick`], which decides what is due now and says when to look again.
//!
//! What is in the store is complete; what is not will be done again and comes out the same. So a stop, `kill -9` included,
//! needs no care: a start goes on where it was. Nothing is decided while the clock guard holds, or without rules. Rules are
//! exchanged between ticks, never within one.

mod ahead;
mod calling;
mod counted;
pub mod decide;
pub mod jobs;
pub mod log;
mod moved;
mod odd;
mod papers;
pub mod rebuild;
pub mod reload;
pub mod rules;
pub mod run;
pub(crate) mod story;
pub mod systemd;
pub mod tick;
mod troubled;
pub mod watch;

use crate::store::Store;
use crate::store::error::StoreError;
use crate::time::Instant;
use rules::Rules;

/// Queues a notice to the operators, if the directory has any: title, what happened, what to do.
async fn tell_operators(
    store: &Store,
    rules: &Rules,
    incident: &str,
    (title, text, ask): (&str, &str, &str),
    now: Instant,
) -> Result<(), StoreError> {
    let Some((_, calendar)) = rules.calendars.first() else { return Ok(()) };
    let notice = rules.teller.health(incident, title, text, ask, now, calendar);
    match notice {
        Some(notice) => store.queue_notices(vec![notice]).await.map(|_| ()),
        None => Ok(()),
    }
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
