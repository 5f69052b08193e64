//! The one place that reads the clock, and the guard that judges what it reads.
//!
//! Nothing is ever decided by a clock that has just stepped: while the [`Guard`] holds, events are still taken, nothing is
//! decided, and operators are told. A step forward is seen by the monotonic clock, which a suspended machine stops too: a
//! machine that wakes up is held for five minutes like one whose clock was set.

use crate::time::Instant;
use std::time::Duration;

/// A step forward of more than this is held.
const STEP_MS_MAX: i64 = 2 * 60 * 1000;
/// So long must the clock run true before a hold ends by itself.
const TRUE_FOR: Duration = Duration::from_mins(5);

/// The wall clock.
#[allow(clippy::disallowed_methods)] // the one place
pub fn now() -> Instant {
    Instant(chrono::Utc::now().timestamp_millis())
}

/// Both clocks, read together.
pub fn read() -> Reading {
    Reading { wall: now(), monotonic: monotonic() }
}

/// How long this process's monotonic clock has run.
pub fn monotonic() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

/// What both clocks showed at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock.
    pub wall: Instant,
    /// The monotonic clock, since any fixed moment.
    pub monotonic: Duration,
}

/// How the clock left the true line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It jumped ahead by so many milliseconds against the monotonic clock.
    Forward(i64),
    /// It is so many milliseconds behind the newest instant in the store.
    Behind(i64),
}

/// What an operator accepted with `duban clock accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Which acceptance it is: ascending.
    pub number: i64,
    /// The store's newest instant then: a clock behind it is accepted.
    pub newest: Instant,
}

/// Judges the clock at every tick: see [`Guard::observe`].
#[derive(Clone, Debug)]
pub struct Guard {
    last: Reading,
    accepted: Option<Acceptance>,
    hold: Option<Hold>,
}

/// Decisions are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Why.
    pub step: Step,
    /// Since when, by the monotonic clock.
    pub since: Duration,
    /// Since when it was seen to run true again; none while it is behind the store.
    true_since: Option<Duration>,
}

impl Guard {
    /// A guard at the daemon's start. `newest` is the newest instant in the store, `accepted` the newest acceptance.
    pub fn start(reading: Reading, newest: Option<Instant>, accepted: Option<Acceptance>) -> Guard {
        let mut guard = Guard { last: reading, accepted, hold: None };
        guard.judge(reading, newest);
        guard
    }

    /// Takes a tick's reading in; the hold that is now in force, if any.
    pub fn observe(&mut self, reading: Reading, newest: Option<Instant>, accepted: Option<Acceptance>) -> Option<Hold> {
        let is_new = accepted.map(|it| it.number) > self.accepted.map(|it| it.number);
        if is_new {
            self.accepted = accepted;
            self.hold = None;
            self.last = reading;
        }
        self.judge(reading, newest);
        self.hold
    }

    /// The hold in force.
    pub fn hold(&self) -> Option<Hold> {
        self.hold
    }

    fn judge(&mut self, reading: Reading, newest: Option<Instant>) {
        let drift = drift_ms(self.last, reading);
        self.last = reading;
        let step = if drift > STEP_MS_MAX { Some(Step::Forward(drift)) } else { self.behind(reading.wall, newest) };
        let Some(hold) = self.hold else {
            self.hold = step.map(|step| Hold { step, since: reading.monotonic, true_since: rest(step, reading) });
            return;
        };
        let true_since = match step {
            Some(step) => rest(step, reading),
            // Stepping back while held is no true running either: a clock that swings must first come to rest.
            None if drift < -STEP_MS_MAX => Some(reading.monotonic),
            None => hold.true_since.or(Some(reading.monotonic)),
        };
        let is_over = true_since.is_some_and(|since| reading.monotonic.saturating_sub(since) >= TRUE_FOR);
        self.hold = (!is_over).then_some(Hold { true_since, ..hold });
    }

    fn behind(&self, wall: Instant, newest: Option<Instant>) -> Option<Step> {
        let newest = newest.filter(|&newest| wall < newest)?;
        let accepted = self.accepted.is_some_and(|acceptance| newest <= acceptance.newest);
        (!accepted).then(|| Step::Behind(newest.ms_since(wall)))
    }
}

/// From when a clock that has just shown this step may count as running true: a jump is over when it is seen.
fn rest(step: Step, reading: Reading) -> Option<Duration> {
    match step {
        Step::Forward(_) => Some(reading.monotonic),
        Step::Behind(_) => None,
    }
}

/// By how much more the wall clock advanced than the monotonic one.
fn drift_ms(earlier: Reading, later: Reading) -> i64 {
    let elapsed = later.monotonic.saturating_sub(earlier.monotonic).as_millis();
    later.wall.ms_since(earlier.wall).saturating_sub(i64::try_from(elapsed).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    /// Both clocks so many minutes after the start; the wall clock off by so many.
    fn at(minute: i64, off: i64) -> Reading {
        let monotonic = Duration::from_millis(u64::try_from(minute * MINUTE).unwrap());
        Reading { wall: Instant((minute + off) * MINUTE), monotonic }
    }

    fn minute(minute: i64) -> Instant {
        Instant(minute * MINUTE)
    }

    #[test]
    fn a_clock_that_runs_true_is_never_held() {
        let mut guard = Guard::start(at(0, 0), None, None);
        for tick in 1..1000 {
            assert_eq!(guard.observe(at(tick, 0), Some(minute(tick)), None), None);
        }
    }

    #[test]
    fn a_step_forward_of_two_minutes_is_taken_and_more_is_held() {
        let mut guard = Guard::start(at(0, 0), None, None);
        assert_eq!(guard.observe(at(1, 2), None, None), None);
        let hold = guard.observe(at(2, 5), None, None).expect("three more minutes");
        assert_eq!(hold.step, Step::Forward(3 * MINUTE));
    }

    #[test]
    fn a_hold_ends_when_the_clock_has_run_true_for_five_minutes() {
        let mut guard = Guard::start(at(0, 0), None, None);
        assert!(guard.observe(at(1, 60), None, None).is_some());
        assert!(guard.observe(at(5, 60), None, None).is_some());
        assert_eq!(guard.observe(at(6, 60), None, None), None);
    }

    #[test]
    fn a_clock_that_swings_is_held_until_it_rests() {
        let mut guard = Guard::start(at(0, 0), None, None);
        assert!(guard.observe(at(1, 60), None, None).is_some());
        assert!(guard.observe(at(4, 0), None, None).is_some());
        assert!(guard.observe(at(7, 0), None, None).is_some(), "three minutes since it swung back");
        assert_eq!(guard.observe(at(9, 0), None, None), None);
    }

    #[test]
    fn a_step_back_that_stays_ahead_of_the_store_is_taken() {
        let mut guard = Guard::start(at(100, 0), Some(minute(20)), None);
        assert_eq!(guard.observe(at(101, -50), Some(minute(20)), None), None);
    }

    #[test]
    fn a_clock_behind_the_store_is_held_until_it_is_past_it_and_has_run_true() {
        let mut guard = Guard::start(at(100, 0), Some(minute(100)), None);
        assert_eq!(
            guard.observe(at(101, -10), Some(minute(100)), None).map(|it| it.step),
            Some(Step::Behind(9 * MINUTE))
        );
        assert!(guard.observe(at(110, -10), Some(minute(100)), None).is_some(), "not behind any more, but only just");
        assert!(guard.observe(at(113, -10), Some(minute(100)), None).is_some());
        assert_eq!(guard.observe(at(115, -10), Some(minute(100)), None), None);
    }

    #[test]
    fn a_start_behind_the_store_is_held() {
        assert!(Guard::start(at(5, 0), Some(minute(6)), None).hold().is_some());
        assert!(Guard::start(at(6, 0), Some(minute(6)), None).hold().is_none());
    }

    #[test]
    fn an_acceptance_ends_a_hold_and_holds_across_a_restart() {
        let mut guard = Guard::start(at(5, 0), Some(minute(60)), None);
        let accepted = Some(Acceptance { number: 1, newest: Instant(60 * MINUTE) });
        assert_eq!(guard.observe(at(6, 0), Some(minute(60)), accepted), None);
        assert_eq!(guard.observe(at(7, 0), Some(minute(60)), accepted), None);
        assert!(Guard::start(at(8, 0), Some(minute(60)), accepted).hold().is_none());
        assert!(guard.observe(at(9, 0), Some(minute(61)), accepted).is_some(), "newer than what was accepted");
    }

    #[test]
    fn an_old_acceptance_does_not_cover_a_new_step_forward() {
        let accepted = Some(Acceptance { number: 1, newest: Instant(0) });
        let mut guard = Guard::start(at(0, 0), None, accepted);
        assert!(guard.observe(at(1, 60), None, accepted).is_some());
        let accepted = Some(Acceptance { number: 2, newest: Instant(0) });
        assert_eq!(guard.observe(at(2, 60), None, accepted), None);
    }
}
