//! The years 1970 to 2100 of a calendar as flat tables, so that a question costs a few look-ups whatever the distance.
//!
//! Working time is an axis of its own: each opening interval knows how much working time lies before it, and both axes
//! have an index by stretches of 2^n ms that leads to within a step or two of the interval. Working days are numbered:
//! each date knows how many lie before it, and each number its date's end. A question whose answer may lie outside the
//! tables gets none; `walk` answers it.

use super::hours::Hours;
use super::zone::{DAY_MS, Zone};
use super::{DayEnds, Opening};
use chrono::NaiveDate;

/// 1970-01-01 and 2101-01-01, in days since 1970-01-01.
const FIRST_DAY: i64 = 0;
const LAST_DAY: i64 = 47_847;
/// The index by time: 2^24 ms are 4.7 hours.
const TIME_BITS: u32 = 24;
/// The index by working time: 2^22 ms are 70 minutes.
const WORK_BITS: u32 = 22;

/// An opening interval, and how much working time lies before it in the tables.
#[derive(Clone, Copy, Debug)]
struct Interval {
    open: i64,
    close: i64,
    before: i64,
}

/// A working day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WorkingDay {
    /// Days since 1970-01-01.
    pub(super) day: i64,
    /// Its first opening.
    pub(super) open: i64,
    /// Its last close.
    pub(super) close: i64,
    /// When it ends as a counted day.
    pub(super) end: i64,
}

#[derive(Debug)]
pub(super) struct Table {
    /// Ascending and disjoint; the last is a sentinel from the tables' end on.
    intervals: Vec<Interval>,
    /// For each stretch of time, the first interval that closes after its start.
    by_time: Vec<u32>,
    /// For each stretch of working time, the interval in which it begins.
    by_work: Vec<u32>,
    /// For each date, how many working days lie before it.
    ordinals: Vec<u32>,
    working_days: Vec<WorkingDay>,
    /// The instants between which the tables hold.
    span: std::ops::Range<i64>,
}

/// The instants of a date's opening intervals, ascending and disjoint: of a repeated wall-clock time the opening is the
/// first and the closing the last, which can make neighbours overlap.
pub(super) fn intervals(zone: &Zone, day: i64, open: &[Opening]) -> impl Iterator<Item = (i64, i64)> {
    let mut closed = i64::MIN;
    open.iter().filter_map(move |opening| {
        let from = zone.first(day * DAY_MS + i64::from(opening.open) * 60_000).max(closed);
        closed = zone.last(day * DAY_MS + i64::from(opening.close) * 60_000).max(from);
        (from < closed).then_some((from, closed))
    })
}

/// A date's frame, if it is a working day: if it has an opening interval and the zone did not skip it whole.
pub(super) fn working_day(zone: &Zone, day: i64, open: &[Opening], ends: DayEnds) -> Option<WorkingDay> {
    let (first, last) = (open.first()?, open.last()?);
    if !zone.has_day(day) {
        return None;
    }
    let close = zone.last(day * DAY_MS + i64::from(last.close) * 60_000);
    let end = match ends {
        DayEnds::Closing => close,
        DayEnds::Midnight => zone.last((day + 1) * DAY_MS),
    };
    Some(WorkingDay { day, open: zone.first(day * DAY_MS + i64::from(first.open) * 60_000), close, end })
}

/// The date of a day's number.
pub(super) fn date_of(day: i64) -> NaiveDate {
    let known = i32::try_from(day).ok().and_then(NaiveDate::from_epoch_days);
    known.unwrap_or(if day < 0 { NaiveDate::MIN } else { NaiveDate::MAX })
}

impl Table {
    pub(super) fn new(hours: &Hours, zone: &Zone, ends: DayEnds) -> Table {
        let span = zone.first(FIRST_DAY * DAY_MS)..zone.first(LAST_DAY * DAY_MS);
        let mut table = Table {
            intervals: Vec::new(),
            by_time: Vec::new(),
            by_work: Vec::new(),
            ordinals: Vec::with_capacity(usize::try_from(LAST_DAY - FIRST_DAY).unwrap_or(0)),
            working_days: Vec::new(),
            span,
        };
        for day in FIRST_DAY..LAST_DAY {
            let open = hours.on(date_of(day));
            table.push_day(zone, day, open, ends);
        }
        table.seal();
        table
    }

    fn push_day(&mut self, zone: &Zone, day: i64, open: &[Opening], ends: DayEnds) {
        self.ordinals.push(index(self.working_days.len()));
        let Some(working) = working_day(zone, day, open, ends) else { return };
        self.working_days.push(working);
        for (open, close) in intervals(zone, day, open) {
            let last = self.intervals.last();
            let before = last.map_or(0, |last| last.before + last.close - last.open);
            // A fold across midnight can make a day's last interval overlap the next day's first.
            let open = last.map_or(open, |last| open.max(last.close));
            if open < close {
                self.intervals.push(Interval { open, close, before });
            }
        }
    }

    /// Adds the sentinel and the indices.
    fn seal(&mut self) {
        let total = self.intervals.last().map_or(0, |last| last.before + last.close - last.open);
        self.intervals.push(Interval { open: self.span.end, close: i64::MAX, before: total });
        let mut at = 0;
        for piece in 0..=(self.span.end - self.span.start) >> TIME_BITS {
            while self.intervals[at].close <= self.span.start + (piece << TIME_BITS) {
                at += 1;
            }
            self.by_time.push(index(at));
        }
        at = 0;
        for piece in 0..=total >> WORK_BITS {
            while at + 1 < self.intervals.len() && self.intervals[at + 1].before <= piece << WORK_BITS {
                at += 1;
            }
            self.by_work.push(index(at));
        }
    }

    /// The first interval that closes after an instant.
    #[inline]
    fn next_interval(&self, at: i64) -> Option<&Interval> {
        if !self.span.contains(&at) {
            return None;
        }
        let piece = usize::try_from((at - self.span.start) >> TIME_BITS).ok()?;
        let mut interval = *self.by_time.get(piece)? as usize;
        while self.intervals[interval].close <= at {
            interval += 1;
        }
        Some(&self.intervals[interval])
    }

    /// The working time from the tables' start to an instant.
    #[inline]
    pub(super) fn worked(&self, at: i64) -> Option<i64> {
        let next = self.next_interval(at)?;
        Some(next.before + (at - next.open).max(0))
    }

    /// Whether an instant is working time.
    pub(super) fn is_open(&self, at: i64) -> Option<bool> {
        let next = self.next_interval(at)?;
        Some(next.open <= at)
    }

    /// The earliest instant before which lies so much working time: a close rather than the next opening.
    #[inline]
    pub(super) fn earliest(&self, worked: i64) -> Option<i64> {
        let mut interval = self.interval_at_work(worked - 1)?;
        while self.intervals.get(interval + 1)?.before < worked {
            interval += 1;
        }
        let found = &self.intervals[interval];
        Some(found.open + (worked - found.before))
    }

    /// The latest instant before which lies so much working time: an opening rather than the close before it.
    #[inline]
    pub(super) fn latest(&self, worked: i64) -> Option<i64> {
        let mut interval = self.interval_at_work(worked)?;
        while self.intervals.get(interval + 1)?.before <= worked {
            interval += 1;
        }
        let found = &self.intervals[interval];
        Some(found.open + (worked - found.before))
    }

    #[inline]
    fn interval_at_work(&self, worked: i64) -> Option<usize> {
        let piece = usize::try_from(worked >> WORK_BITS).ok()?;
        self.by_work.get(piece).map(|&interval| interval as usize)
    }

    /// How many working days of the tables lie before a date.
    #[inline]
    pub(super) fn ordinal(&self, day: i64) -> Option<i64> {
        let place = usize::try_from(day - FIRST_DAY).ok()?;
        self.ordinals.get(place).map(|&ordinal| i64::from(ordinal))
    }

    /// The working day with so many before it.
    #[inline]
    pub(super) fn nth(&self, ordinal: i64) -> Option<&WorkingDay> {
        self.working_days.get(usize::try_from(ordinal).ok()?)
    }
}

/// The tables hold fewer intervals than 2^32: 1440 in each minute of 131 years would be 69 million.
fn index(length: usize) -> u32 {
    u32::try_from(length).expect("the tables hold fewer than 2^32 entries")
}
