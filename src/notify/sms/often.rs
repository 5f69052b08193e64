//! How often one number may be sent the same: a window for each number and template.
//!
//! Kept in memory: after a restart the gateway itself refuses what is too much, and is believed.

use super::super::channel::Outcome;
use super::super::rate::{Limit, Window};
use crate::time::Instant;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Windows to which nothing was sent of late are dropped when there are more than this.
const WINDOWS_MAX: usize = 20_000;
/// What has room within so long waits here; what has not goes another way.
const WAIT_MS_MAX: i64 = 3_600_000;

/// Windows by key.
pub struct Often {
    limit: Limit,
    windows: Mutex<HashMap<String, Window>>,
}

impl Often {
    /// At most so many to one key in any span of so many milliseconds.
    pub fn new(count: usize, span_ms: i64) -> Often {
        Often { limit: Limit { count, span_ms }, windows: Mutex::default() }
    }

    /// Takes room for one message, or says what becomes of it; `reason` is why it cannot go today.
    pub fn take(&self, key: &str, now: Instant, reason: &str) -> Result<(), Outcome> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() > WINDOWS_MAX {
            windows.retain(|_, window| !window.is_idle(now));
        }
        let window = windows.entry(key.to_owned()).or_insert_with(|| Window::new(vec![self.limit]));
        window.take(1, now).map_err(|not_before| match not_before.ms_since(now) {
            ..=WAIT_MS_MAX => Outcome::Deferred { not_before },
            _ => Outcome::permanent(reason),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifty_first_to_a_number_in_a_day_goes_another_way_until_there_is_room_soon() {
        let often = Often::new(50, 24 * 3_600_000);
        let at = |hours: i64| Instant(hours * 3_600_000);
        for _ in 0..50 {
            assert_eq!(often.take("t 13800138000", at(0), "满"), Ok(()));
        }
        assert_eq!(often.take("t 13800138000", at(1), "满"), Err(Outcome::permanent("满")));
        assert_eq!(often.take("t 13900139000", at(1), "满"), Ok(()));
        assert_eq!(often.take("t 13800138000", at(23), "满"), Err(Outcome::Deferred { not_before: at(24) }));
        assert_eq!(often.take("t 13800138000", at(24), "满"), Ok(()));
    }
}
