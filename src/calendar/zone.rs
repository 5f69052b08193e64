//! A time zone as a table of constant offsets, so that a local date costs one look-up and so that gaps and folds of the
//! wall clock are plain arithmetic.
//!
//! The table holds every change of the offset from 1900 to 2150; before and after, the first and last offset go on.

use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// Milliseconds of a date of 24 hours.
pub(super) const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// 1900-01-01 and 2150-01-01, in days since 1970-01-01.
const FIRST_DAY: i64 = -25_567;
const LAST_DAY: i64 = 65_744;
/// The grid of the index: a stretch of 2^24 ms is 4.7 hours long.
const GRID_BITS: u32 = 24;

/// A stretch of time with one offset from UTC, up to the start of the next.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    start: i64,
    offset: i64,
}

/// The offsets of a zone.
#[derive(Debug)]
pub(super) struct Zone {
    /// Ascending; the first starts at the beginning of time, the last entry is a sentinel at its end.
    stretches: Vec<Stretch>,
    /// For each piece of the grid, the stretch that holds its first instant.
    grid: Vec<u16>,
}

/// The table of a zone; each zone's is made once in the process.
pub(super) fn zone(tz: Tz) -> Arc<Zone> {
    static ZONES: LazyLock<RwLock<HashMap<Tz, Arc<Zone>>>> = LazyLock::new(RwLock::default);
    if let Some(known) = ZONES.read().unwrap_or_else(PoisonError::into_inner).get(&tz) {
        return Arc::clone(known);
    }
    let made = Arc::new(Zone::new(tz));
    Arc::clone(ZONES.write().unwrap_or_else(PoisonError::into_inner).entry(tz).or_insert(made))
}

impl Zone {
    fn new(tz: Tz) -> Zone {
        let mut stretches = vec![Stretch { start: i64::MIN, offset: offset_ms(tz, FIRST_DAY * DAY_MS) }];
        for day in FIRST_DAY..LAST_DAY {
            let (from, to) = (day * DAY_MS, (day + 1) * DAY_MS);
            push_changes(tz, &mut stretches, from, to);
        }
        let last = stretches[stretches.len() - 1].offset;
        stretches.push(Stretch { start: i64::MAX, offset: last });
        let grid = grid(&stretches);
        Zone { stretches, grid }
    }

    /// The offset from UTC at an instant.
    pub(super) fn offset(&self, at: i64) -> i64 {
        self.stretches[self.stretch(at)].offset
    }

    /// The local date of an instant, in days since 1970-01-01.
    pub(super) fn day(&self, at: i64) -> i64 {
        at.saturating_add(self.offset(at)).div_euclid(DAY_MS)
    }

    /// The first instant at which the wall clock shows a local time (milliseconds since 1970-01-01 as the clock shows
    /// them); where the clock skips it, the first instant after the gap.
    pub(super) fn first(&self, local: i64) -> i64 {
        if let Some(only) = self.only(local) {
            return only;
        }
        let mut stretches = self.candidates(local);
        stretches.find_map(|i| self.shown(i, local)).unwrap_or_else(|| self.after_gap(local))
    }

    /// The last instant at which the wall clock shows a local time; where the clock skips it, the first after the gap.
    pub(super) fn last(&self, local: i64) -> i64 {
        if let Some(only) = self.only(local) {
            return only;
        }
        let mut stretches = self.candidates(local).rev();
        stretches.find_map(|i| self.shown(i, local)).unwrap_or_else(|| self.after_gap(local))
    }

    /// Whether the wall clock ever shows any time of a date: a zone that crosses the date line skips a whole one.
    pub(super) fn has_day(&self, day: i64) -> bool {
        self.day(self.first(day * DAY_MS)) == day
    }

    /// The one instant at which the clock shows this time, if no change of the offset is within a date of it.
    #[inline]
    fn only(&self, local: i64) -> Option<i64> {
        let i = self.stretch(local);
        let (this, next) = (&self.stretches[i], &self.stretches[i + 1]);
        let at = local.saturating_sub(this.offset);
        (this.start.saturating_add(DAY_MS) <= at && at < next.start.saturating_sub(DAY_MS)).then_some(at)
    }

    /// The stretches that can hold an instant at which the clock shows this time.
    fn candidates(&self, local: i64) -> std::ops::Range<usize> {
        let end = self.stretches.len() - 1;
        let first = self.stretch(local.saturating_sub(2 * DAY_MS));
        first..(self.stretch(local.saturating_add(2 * DAY_MS)) + 1).min(end)
    }

    /// The instant within a stretch at which the clock shows this time.
    fn shown(&self, stretch: usize, local: i64) -> Option<i64> {
        let at = local.saturating_sub(self.stretches[stretch].offset);
        (self.stretches[stretch].start <= at && at < self.stretches[stretch + 1].start).then_some(at)
    }

    /// The start of the first stretch whose clock begins beyond the time.
    fn after_gap(&self, local: i64) -> i64 {
        let mut starts = self.stretches[self.candidates(local)].iter();
        starts.find(|next| next.start.saturating_add(next.offset) > local).map_or(local, |next| next.start)
    }

    /// The stretch that holds an instant.
    #[inline]
    fn stretch(&self, at: i64) -> usize {
        let piece = usize::try_from((at.saturating_sub(FIRST_DAY * DAY_MS)) >> GRID_BITS).unwrap_or(0);
        let known = self.grid.get(piece).or(self.grid.last()).map_or(0, |&i| usize::from(i));
        let end = self.stretches.len() - 2;
        let mut stretch = if at < FIRST_DAY * DAY_MS { 0 } else { known };
        while stretch < end && self.stretches[stretch + 1].start <= at {
            stretch += 1;
        }
        stretch
    }
}

/// Adds the changes of the offset within a day. Two within one hour are taken for one: none such is known.
fn push_changes(tz: Tz, stretches: &mut Vec<Stretch>, from: i64, to: i64) {
    let before = stretches[stretches.len() - 1].offset;
    if offset_ms(tz, to) == before {
        return;
    }
    for hour in 0..24 {
        let (lo, hi) = (from + hour * HOUR_MS, (from + (hour + 1) * HOUR_MS).min(to));
        let offset = offset_ms(tz, hi);
        if offset != stretches[stretches.len() - 1].offset {
            let start = first_with_another_offset(tz, lo, hi);
            stretches.push(Stretch { start, offset });
        }
    }
}

/// The instant in `(lo, hi]` from which the offset is another than at `lo`; offsets change at whole seconds.
fn first_with_another_offset(tz: Tz, lo: i64, hi: i64) -> i64 {
    let before = offset_ms(tz, lo);
    let (mut lo, mut hi) = (lo / 1000, hi / 1000);
    while hi - lo > 1 {
        let middle = lo + (hi - lo) / 2;
        if offset_ms(tz, middle * 1000) == before { lo = middle } else { hi = middle }
    }
    hi * 1000
}

fn offset_ms(tz: Tz, at: i64) -> i64 {
    let utc = DateTime::from_timestamp_millis(at).unwrap_or(DateTime::<Utc>::UNIX_EPOCH);
    i64::from(tz.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc()) * 1000
}

fn grid(stretches: &[Stretch]) -> Vec<u16> {
    let pieces = ((LAST_DAY - FIRST_DAY) * DAY_MS) >> GRID_BITS;
    let mut stretch = 0;
    let mut grid = Vec::with_capacity(usize::try_from(pieces).unwrap_or(0) + 1);
    for piece in 0..=pieces {
        let start = FIRST_DAY * DAY_MS + (piece << GRID_BITS);
        while stretches[usize::from(stretch) + 1].start <= start {
            stretch += 1;
        }
        grid.push(stretch);
    }
    grid
}
