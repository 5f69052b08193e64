//! The same questions as `table` answers, walked date by date: for instants before 1970 and after 2100, and for spans
//! that lead there.
//!
//! Time begins with the year 1 and ends with the year 9999, which is what RFC 3339 can write: what would lie beyond is
//! that beginning or end itself.

use super::DayEnds;
use super::hours::Hours;
use super::table::{WorkingDay, date_of, intervals, working_day};
use super::zone::Zone;

/// The first and last dates, in days since 1970-01-01: one day short at each end, so that every zone can write them.
const FIRST_DAY: i64 = -719_161;
const LAST_DAY: i64 = 2_932_894;

/// 0001-01-02T00:00Z.
pub(super) const BEGINNING: i64 = FIRST_DAY * super::zone::DAY_MS;
/// 9999-12-30T00:00Z.
pub(super) const END: i64 = LAST_DAY * super::zone::DAY_MS;

/// What a walk needs to know of a calendar.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) hours: &'a Hours,
    pub(super) zone: &'a Zone,
    pub(super) ends: DayEnds,
}

impl Walk<'_> {
    /// The dates from the day before an instant's on, and only as far as anything can still open.
    fn days_from(self, at: i64) -> std::ops::Range<i64> {
        let first = (self.zone.day(at) - 1).clamp(FIRST_DAY, LAST_DAY);
        first..self.last_day(first)
    }

    fn last_day(self, first: i64) -> i64 {
        if self.hours.recur() { LAST_DAY } else { (self.hours.last_entry() + 1).clamp(first, LAST_DAY) }
    }

    fn first_day(self, last: i64) -> i64 {
        if self.hours.recur() { FIRST_DAY } else { self.hours.first_entry().clamp(FIRST_DAY, last) }
    }

    fn on(self, day: i64) -> impl Iterator<Item = (i64, i64)> {
        let in_time = (FIRST_DAY..=LAST_DAY).contains(&day) && self.zone.has_day(day);
        intervals(self.zone, day, if in_time { self.hours.on(date_of(day)) } else { &[] })
    }

    /// The earliest instant with so much working time since `start`.
    pub(super) fn earliest(self, start: i64, mut worked: i64) -> i64 {
        for (open, close) in self.days_from(start).flat_map(|day| self.on(day)) {
            let open = open.max(start);
            let length = (close - open).max(0);
            if worked <= length {
                return open + worked;
            }
            worked -= length;
        }
        END.max(start)
    }

    /// The latest instant with so much working time up to `end`.
    pub(super) fn latest(self, end: i64, mut worked: i64) -> i64 {
        let last = self.zone.day(end).clamp(FIRST_DAY, LAST_DAY);
        for day in (self.first_day(last)..=last).rev() {
            for (open, close) in self.on(day).collect::<Vec<_>>().into_iter().rev() {
                let close = close.min(end);
                let length = (close - open).max(0);
                if worked <= length {
                    return close - worked;
                }
                worked -= length;
            }
        }
        BEGINNING.min(end)
    }

    /// The working time between two instants.
    pub(super) fn worked(self, from: i64, to: i64) -> i64 {
        let last = self.zone.day(to).clamp(FIRST_DAY, LAST_DAY);
        let days = self.days_from(from);
        let intervals = (days.start..days.end.min(last + 1)).flat_map(|day| self.on(day));
        intervals.map(|(open, close)| (close.min(to) - open.max(from)).max(0)).sum()
    }

    /// Whether an instant is working time.
    pub(super) fn is_open(self, at: i64) -> bool {
        self.on(self.zone.day(at)).any(|(open, close)| open <= at && at < close)
    }

    /// What a date is, if it is a working day.
    pub(super) fn working_day(self, day: i64) -> Option<WorkingDay> {
        let in_time = (FIRST_DAY..=LAST_DAY).contains(&day);
        in_time.then(|| working_day(self.zone, day, self.hours.on(date_of(day)), self.ends))?
    }

    /// The `n`th working day after a date; `n` is at least 1. Beyond the end of time, none.
    pub(super) fn nth_after(self, day: i64, n: i64) -> Option<WorkingDay> {
        let first = day.saturating_add(1).clamp(FIRST_DAY, LAST_DAY);
        let mut days = (first..self.last_day(first)).filter_map(|day| self.working_day(day));
        days.nth(usize::try_from(n - 1).ok()?)
    }

    /// The `n`th working day before a date; `n` is at least 1. Before the beginning of time, none.
    pub(super) fn nth_before(self, day: i64, n: i64) -> Option<WorkingDay> {
        let last = day.clamp(FIRST_DAY, LAST_DAY);
        let mut days = (self.first_day(last)..last).rev().filter_map(|day| self.working_day(day));
        days.nth(usize::try_from(n - 1).ok()?)
    }

    /// How many working days lie in a range of dates.
    pub(super) fn working_days(self, days: std::ops::Range<i64>) -> i64 {
        let first = days.start.clamp(FIRST_DAY, LAST_DAY);
        let days = first..days.end.min(self.last_day(first));
        days.map(|day| i64::from(self.working_day(day).is_some())).sum()
    }
}
