//! Recipients behind whom there is nobody: named at once, in the log and to whoever listens, and until there is somebody.
//!
//! Their notices are tried for more than a day, because a directory can be mended; nobody is to learn of it only then.

use super::sender::Sender;
use super::ways;
use crate::notify::notice::Target;
use crate::policy::directory::Directory;
use crate::time::Instant;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::{error, info};

/// Who is told, each time it changes, why somebody who ought to be told cannot be.
pub type Listener = Arc<dyn Fn(Vec<String>) + Send + Sync>;

/// Who has nobody behind them, as far as notices have met them.
#[derive(Clone)]
pub(super) struct Vacant {
    known: Arc<Mutex<Vec<(Target, String)>>>,
    listener: Listener,
}

impl Vacant {
    pub(super) fn new(listener: Listener) -> Vacant {
        Vacant { known: Arc::default(), listener }
    }

    /// A notice has nobody to go to.
    pub(super) fn found(&self, target: &Target, order: Option<&str>, why: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.iter().any(|(vacant, _)| vacant == target) {
            return;
        }
        error!(
            to = target.name(),
            order.id = order,
            reason = why,
            "a notice has nobody to go to; it is tried again until the directory names somebody, for a day at least"
        );
        known.push((target.clone(), why.to_owned()));
        (self.listener)(known.iter().map(|(_, why)| why.clone()).collect());
    }

    /// Forgets those behind whom there is somebody by now.
    pub(super) fn look_again(&self, directory: &Directory, sender: &Sender, now: Instant) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.len();
        known.retain(|(target, _)| ways::parties(target, directory, sender, now).is_err());
        if known.len() < before {
            info!(left = known.len(), "recipients who had nobody behind them have somebody now");
            (self.listener)(known.iter().map(|(_, why)| why.clone()).collect());
        }
    }
}
