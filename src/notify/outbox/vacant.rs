//! Recipients behind whom there is nobody: named at once, in the log and to whoever listens, and until there is somebody.
//!
//! Their notices are tried for more than a day, because a directory can be mended; nobody is to learn of it only then. Of a
//! recipient who was met by confidential notices alone neither the name nor the place is told: only that there is one.

use super::sender::Sender;
use super::ways;
use crate::notify::notice::{QueuedNotice, Target};
use crate::policy::directory::Directory;
use crate::time::Instant;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::{error, info};

/// Who is told, each time it changes, why somebody who ought to be told cannot be.
pub type Listener = Arc<dyn Fn(Vec<String>) + Send + Sync>;

/// Who has nobody behind them, as far as notices have met them.
#[derive(Clone)]
pub(super) struct Vacant {
    known: Arc<Mutex<Vec<Place>>>,
    listener: Listener,
}

/// A recipient who has nobody behind them.
struct Place {
    target: Target,
    why: String,
    /// Whether only confidential notices have met it.
    is_confidential: bool,
}

impl Vacant {
    pub(super) fn new(listener: Listener) -> Vacant {
        Vacant { known: Arc::default(), listener }
    }

    /// A notice has nobody to go to.
    pub(super) fn found(&self, notice: &QueuedNotice, why: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let met = known.iter_mut().find(|place| place.target == notice.target);
        match met {
            Some(place) if notice.confidential || !place.is_confidential => return,
            Some(place) => place.is_confidential = false,
            None => known.push(Place {
                target: notice.target.clone(),
                why: why.to_owned(),
                is_confidential: notice.confidential,
            }),
        }
        let told = (!notice.confidential).then_some((notice.target.name(), notice.order.as_deref(), why));
        error!(
            to = told.map(|told| told.0),
            order.id = told.and_then(|told| told.1),
            reason = told.map(|told| told.2),
            confidential = notice.confidential,
            "a notice has nobody to go to; it is tried again until the directory names somebody, for a day at least"
        );
        (self.listener)(reasons(&known));
    }

    /// Forgets those behind whom there is somebody by now.
    pub(super) fn look_again(&self, directory: &Directory, sender: &Sender, now: Instant) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.len();
        known.retain(|place| ways::parties(&place.target, directory, sender, now).is_err());
        if known.len() < before {
            info!(left = known.len(), "recipients who had nobody behind them have somebody now");
            (self.listener)(reasons(&known));
        }
    }
}

/// A line for each, but one for all that are confidential.
fn reasons(known: &[Place]) -> Vec<String> {
    let named = known.iter().filter(|place| !place.is_confidential).map(|place| place.why.clone());
    let secret = known.iter().filter(|place| place.is_confidential).count();
    named.chain((secret > 0).then(|| format!("{secret}件保密事项没有人可以告知"))).collect()
}
