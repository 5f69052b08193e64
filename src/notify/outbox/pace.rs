//! When to try again: pauses that grow, with jitter, so that a gateway that comes back is not met by everybody at once.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST: Duration = Duration::from_hours(1);
/// The longest pause that another side may ask for.
pub(super) const LONGEST_ASKED: Duration = Duration::from_hours(24);
/// So often a notice is tried: for more than a day.
pub(super) const ATTEMPTS_MAX: u32 = 36;
/// So often one way to a person is tried while there is another.
pub(super) const WAY_ATTEMPTS_MAX: usize = 4;
/// So often a way is tried whose outcome stays unknown and whose other side would tell the person each time.
pub(super) const UNKNOWN_MAX: usize = 2;
/// What a crash interrupted is asked about for so long before it is sent again.
pub(super) const ASK_FIRST_MS: i64 = 2 * 60 * 1000;
/// What was sent without an answer is asked about for so long where its kind sets no time, before it counts as unknown.
pub(super) const PATIENCE_MS: i64 = 30 * 60 * 1000;

/// The pause after the how-manieth attempt: doubled each time, up to a fifth more by jitter that `seed` decides. Never
/// shorter than what the other side asked for, and not for much longer.
pub(super) fn pause_ms(attempt: u32, asked: Option<Duration>, seed: u64) -> i64 {
    let doubled = FIRST.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1).min(20)).unwrap_or(u32::MAX));
    let own = doubled.min(LONGEST);
    let pause = own.max(asked.unwrap_or_default().min(LONGEST_ASKED));
    let jitter = own.as_millis() * u128::from(mixed(seed, attempt) % 1000) / 5000;
    i64::try_from(pause.as_millis() + jitter).unwrap_or(i64::MAX)
}

/// A number that looks random and is the same for the same notice and attempt (splitmix64).
fn mixed(seed: u64, attempt: u32) -> u64 {
    let mut z = seed.wrapping_add(u64::from(attempt).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_seconds_to_an_hour_with_jitter() {
        let seconds: Vec<i64> = (1..=12).map(|attempt| pause_ms(attempt, None, 7) / 1000).collect();
        for (attempt, pair) in seconds.windows(2).enumerate() {
            assert!(pair[1] >= pair[0] || attempt >= 9, "{seconds:?}");
        }
        assert!((5..=6).contains(&seconds[0]) && (3600..=4320).contains(&seconds[11]), "{seconds:?}");
        assert_ne!(pause_ms(11, None, 7), pause_ms(11, None, 8));
        assert!(pause_ms(u32::MAX, None, 1) >= 3_600_000);
    }

    #[test]
    fn what_the_other_side_asks_for_is_honoured_up_to_a_bound() {
        assert!(pause_ms(1, Some(Duration::from_mins(2)), 7) >= 120_000);
        assert!(pause_ms(1, Some(Duration::from_secs(1)), 7) >= 5_000);
        assert!(pause_ms(1, Some(Duration::from_secs(1_000_000)), 7) <= 24 * 3_600_000 + 1_000);
    }

    #[test]
    fn all_attempts_together_span_more_than_a_day() {
        let total: i64 = (1..ATTEMPTS_MAX).map(|attempt| pause_ms(attempt, None, 0)).sum();
        assert!(total > 24 * 3_600_000, "{} h", total / 3_600_000);
    }
}
