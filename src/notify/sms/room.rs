//! Room under what a vendor states of one number, taken before a message goes out.
//!
//! What a vendor answers of a number that has had enough is kept by the outbox, for every channel alike.

use super::super::channel::Outcome;
use super::super::rate::{Limit, Rates};
use crate::time::Instant;

/// What has room within so long waits; what has not goes another way.
const WAIT_MS_MAX: i64 = 3_600_000;

/// Takes room for a message; an error is what becomes of it where there is none. `full` says why it goes another way.
pub(super) async fn take(
    rates: &dyn Rates,
    key: &str,
    limits: &[Limit],
    full: &str,
    now: Instant,
) -> Result<(), Outcome> {
    if limits.is_empty() {
        return Ok(());
    }
    rates.take(&[key], limits, 1, now).await.map_err(|not_before| too_often(not_before, full, now))
}

fn too_often(not_before: Instant, full: &str, now: Instant) -> Outcome {
    match not_before.ms_since(now) {
        ..=WAIT_MS_MAX => Outcome::Deferred { not_before },
        _ => Outcome::permanent(full),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_waits_for_it_unless_that_is_tomorrow() {
        let (now, soon) = (Instant(0), Instant(WAIT_MS_MAX));
        assert_eq!(too_often(soon, "full", now), Outcome::Deferred { not_before: soon });
        assert_eq!(too_often(soon.plus_ms(1), "full", now), Outcome::permanent("full"));
    }
}
