//! How often one number may be sent the same: a window for each number and template.

use super::super::channel::Outcome;
use super::super::rate::{self, InMemory, Limit, Rates};
use crate::time::Instant;
use std::sync::Arc;

/// What has room within so long waits here; what has not goes another way.
const WAIT_MS_MAX: i64 = 3_600_000;

/// Windows by key.
pub struct Often {
    limit: Limit,
    rates: Arc<dyn Rates>,
}

impl Often {
    /// At most so many to one key in any span of so many milliseconds.
    pub fn new(count: usize, span_ms: i64) -> Often {
        Often { limit: Limit { count, span_ms }, rates: Arc::new(InMemory::default()) }
    }

    /// Counts what it sends there.
    #[must_use]
    pub fn counting_in(self, rates: Arc<dyn Rates>) -> Often {
        Often { rates, ..self }
    }

    /// Takes room for one message, or says what becomes of it; `reason` is why it cannot go today. The key may hold a
    /// number: it is kept as a digest.
    pub async fn take(&self, key: &str, now: Instant, reason: &str) -> Result<(), Outcome> {
        let taken = self.rates.take(&rate::key("number", &[key]), &[self.limit], 1, now).await;
        taken.map_err(|not_before| match not_before.ms_since(now) {
            ..=WAIT_MS_MAX => Outcome::Deferred { not_before },
            _ => Outcome::permanent(reason),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_fifty_first_to_a_number_in_a_day_goes_another_way_until_there_is_room_soon() {
        let often = Often::new(50, 24 * 3_600_000);
        let at = |hours: i64| Instant(hours * 3_600_000);
        for _ in 0..50 {
            assert_eq!(often.take("t 13800138000", at(0), "满").await, Ok(()));
        }
        assert_eq!(often.take("t 13800138000", at(1), "满").await, Err(Outcome::permanent("满")));
        assert_eq!(often.take("t 13900139000", at(1), "满").await, Ok(()));
        assert_eq!(often.take("t 13800138000", at(23), "满").await, Err(Outcome::Deferred { not_before: at(24) }));
        assert_eq!(often.take("t 13800138000", at(24), "满").await, Ok(()));
    }
}
