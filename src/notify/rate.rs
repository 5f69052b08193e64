//! How many messages may be sent in any span of time: a sliding window over the instants of those sent.
//!
//! Nothing waits here: whoever finds no room is told from when there is. Instants are those that callers pass; a wall
//! clock set back by more than the span empties the window, which at worst the other side refuses.
//!
//! Where windows are kept is another's concern ([`Rates`]): in the store, so that they hold across restarts and daemons, or
//! in memory alone.

pub mod kept;

use crate::time::Instant;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Windows in memory to which nothing was sent of late are dropped when there are more than this.
const WINDOWS_MAX: usize = 10_000;

/// Where the windows are, each by a key that names what is limited and holds nothing personal and no secret.
pub trait Rates: Send + Sync {
    /// Takes room for `count` messages under each of the keys, all or none; where one has none, from when all have. The keys
    /// differ.
    fn take<'a>(
        &'a self,
        keys: &'a [&'a str],
        limits: &'a [Limit],
        count: usize,
        now: Instant,
    ) -> BoxFuture<'a, Result<(), Instant>>;

    /// The other side says that it has had enough: no room before an instant.
    fn close<'a>(&'a self, key: &'a str, until: Instant) -> BoxFuture<'a, ()>;
}

/// A key for what is limited: of which kind, and a digest of what tells it apart.
pub(super) fn key(kind: &str, parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
        digest.update([0]);
    }
    format!("{kind}:{}", hex::encode(&digest.finalize()[..12]))
}

/// Windows of this process alone.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<HashMap<String, Window>>);

impl InMemory {
    /// As [`Rates::take`].
    pub fn take_room(&self, keys: &[&str], limits: &[Limit], count: usize, now: Instant) -> Result<(), Instant> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() > WINDOWS_MAX {
            windows.retain(|_, window| !window.is_idle(now));
        }
        let mut window = |key: &&str| {
            let known = windows.remove(*key).unwrap_or_else(|| Window::new(Vec::new()));
            Window { limits: limits.to_vec(), ..known }
        };
        let mut taken: Vec<Window> = keys.iter().map(&mut window).collect();
        let room = take_all(&mut taken, count, now);
        windows.extend(keys.iter().map(|key| (*key).to_owned()).zip(taken));
        room
    }

    /// As [`Rates::close`].
    pub fn close_room(&self, key: &str, until: Instant) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        windows.entry(key.to_owned()).or_insert_with(|| Window::new(Vec::new())).close(until);
    }
}

impl Rates for InMemory {
    fn take<'a>(
        &'a self,
        keys: &'a [&'a str],
        limits: &'a [Limit],
        count: usize,
        now: Instant,
    ) -> BoxFuture<'a, Result<(), Instant>> {
        Box::pin(std::future::ready(self.take_room(keys, limits, count, now)))
    }

    fn close<'a>(&'a self, key: &'a str, until: Instant) -> BoxFuture<'a, ()> {
        self.close_room(key, until);
        Box::pin(std::future::ready(()))
    }
}

/// Takes room for `count` messages in each of the windows, all or none; where one has none, from when all have.
pub fn take_all(windows: &mut [Window], count: usize, now: Instant) -> Result<(), Instant> {
    match windows.iter_mut().filter_map(|window| window.wait_for(count, now)).max() {
        Some(not_before) => Err(not_before),
        None => windows.iter_mut().try_for_each(|window| window.take(count, now)),
    }
}

/// At most so many in any span of so many milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// How many.
    pub count: usize,
    /// In how many milliseconds.
    pub span_ms: i64,
}

/// What was sent of late, under limits that all hold.
#[derive(Debug)]
pub struct Window {
    limits: Vec<Limit>,
    sent: VecDeque<Instant>,
    closed_until: Instant,
}

impl Window {
    /// Nothing sent yet.
    pub fn new(limits: Vec<Limit>) -> Window {
        Window { limits, sent: VecDeque::new(), closed_until: Instant::BEGINNING }
    }

    /// As it stands after what is kept of it.
    pub fn restored(limits: Vec<Limit>, sent: impl IntoIterator<Item = Instant>, closed_until: Instant) -> Window {
        Window { limits, sent: sent.into_iter().collect(), closed_until }
    }

    /// Takes room for `count` messages now, all or none; where there is none, from when there is.
    pub fn take(&mut self, count: usize, now: Instant) -> Result<(), Instant> {
        if let Some(not_before) = self.wait_for(count, now) {
            return Err(not_before);
        }
        self.sent.extend(std::iter::repeat_n(now, count));
        Ok(())
    }

    /// From when there is room for `count` messages; none: now.
    pub fn wait_for(&mut self, count: usize, now: Instant) -> Option<Instant> {
        self.forget(now);
        let free = self.limits.iter().filter_map(|limit| self.wait(*limit, count, now));
        let closed = (self.closed_until > now).then_some(self.closed_until);
        free.chain(closed).max()
    }

    /// The other side says that it has had enough: no room before this.
    pub fn close(&mut self, until: Instant) {
        self.closed_until = self.closed_until.max(until);
    }

    /// Whether nothing is remembered, so that a fresh window would do.
    pub fn is_idle(&mut self, now: Instant) -> bool {
        self.forget(now);
        self.sent.is_empty() && self.closed_until <= now
    }

    /// From when `count` more keep the limit; none: now. More than the limit at once are let through one span long.
    fn wait(&self, limit: Limit, count: usize, now: Instant) -> Option<Instant> {
        let recent = self.sent.iter().filter(|sent| now.ms_since(**sent) < limit.span_ms).count();
        let over = (recent + count.min(limit.count)).checked_sub(limit.count).filter(|over| *over > 0)?;
        let leaves = self.sent.iter().filter(|sent| now.ms_since(**sent) < limit.span_ms).nth(over - 1)?;
        Some(leaves.plus_ms(limit.span_ms))
    }

    fn forget(&mut self, now: Instant) {
        let longest = self.limits.iter().map(|limit| limit.span_ms).max().unwrap_or(0);
        self.sent.retain(|sent| (-longest..longest).contains(&now.ms_since(*sent)));
        if self.closed_until.ms_since(now) > longest {
            self.closed_until = Instant::BEGINNING;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant(1_700_000_000_000 + seconds * 1000)
    }

    fn twenty_a_minute() -> Window {
        Window::new(vec![Limit { count: 20, span_ms: 60_000 }])
    }

    #[test]
    fn the_twenty_first_in_a_minute_waits_until_the_first_is_a_minute_old() {
        let mut window = twenty_a_minute();
        for second in 0..20 {
            assert_eq!(window.take(1, at(second)), Ok(()));
        }
        assert_eq!(window.take(1, at(20)), Err(at(60)));
        assert_eq!(window.take(1, at(59)), Err(at(60)));
        assert_eq!(window.take(1, at(60)), Ok(()));
        assert_eq!(window.take(1, at(60)), Err(at(61)));
    }

    #[test]
    fn several_are_taken_together_or_not_at_all() {
        let mut window = twenty_a_minute();
        assert_eq!(window.take(18, at(0)), Ok(()));
        assert_eq!(window.take(3, at(10)), Err(at(60)));
        assert_eq!(window.take(2, at(10)), Ok(()));
    }

    #[test]
    fn where_one_of_several_has_no_room_none_is_taken_in_the_others() {
        let (rates, limits) = (InMemory::default(), [Limit { count: 2, span_ms: 60_000 }]);
        assert_eq!(rates.take_room(&["乙"], &limits, 2, at(0)), Ok(()));
        assert_eq!(rates.take_room(&["甲"], &limits, 1, at(30)), Ok(()));
        for _ in 0..5 {
            assert_eq!(rates.take_room(&["甲", "乙"], &limits, 1, at(31)), Err(at(60)));
        }
        assert_eq!(rates.take_room(&["甲", "乙"], &limits, 2, at(31)), Err(at(90)), "when all have");
        assert_eq!(rates.take_room(&["甲", "乙"], &limits, 1, at(60)), Ok(()));
    }

    #[test]
    fn all_limits_hold_at_once() {
        let mut window = Window::new(vec![Limit { count: 2, span_ms: 60_000 }, Limit { count: 3, span_ms: 3_600_000 }]);
        assert_eq!(window.take(2, at(0)), Ok(()));
        assert_eq!(window.take(1, at(60)), Ok(()));
        assert_eq!(window.take(1, at(120)), Err(at(3600)));
    }

    #[test]
    fn a_refusal_by_the_other_side_closes_the_window_for_all() {
        let mut window = twenty_a_minute();
        window.close(at(60));
        assert_eq!(window.take(1, at(1)), Err(at(60)));
        assert_eq!(window.take(1, at(60)), Ok(()));
    }

    #[test]
    fn a_clock_set_far_back_does_not_close_the_window_for_long() {
        let mut window = twenty_a_minute();
        assert_eq!(window.take(20, at(86_400)), Ok(()));
        window.close(at(86_460));
        assert_eq!(window.take(1, at(0)), Ok(()));
    }

    #[test]
    fn in_no_minute_are_there_more_than_twenty() {
        let mut window = twenty_a_minute();
        let taken: Vec<i64> = (0..600).filter(|second| window.take(1, at(*second)).is_ok()).collect();
        for start in &taken {
            let in_a_minute = taken.iter().filter(|second| (*start..start + 60).contains(second)).count();
            assert!(in_a_minute <= 20, "from second {start}: {in_a_minute}");
        }
        assert_eq!(taken.len(), 200);
    }
}
