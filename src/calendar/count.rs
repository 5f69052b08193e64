//! When spans fall due: counting of days by 民法典 arts. 201 and 203, working time, and what a suspension leaves of them.

use super::span::Span;
use super::table::WorkingDay;
use super::zone::DAY_MS;
use super::{Calendar, ClockTime, Counting, Due, day_of, walk};
use crate::time::Instant;
use chrono::NaiveDate;

impl Calendar {
    /// When a span counted from `start` falls due.
    pub fn due(&self, start: Instant, span: Span, counting: Counting) -> Due {
        self.due_at(match (span, counting) {
            (Span::WorkingTime(ms), _) => self.after_work(start.0, ms),
            (Span::WorkingDays(days), Counting::Elapsed) => self.after_work(start.0, self.length_of(days)),
            (Span::Elapsed(ms), _) => start.0.saturating_add(ms),
            (Span::WorkingDays(0) | Span::NaturalDays(0), _) => end(self.unended_day(start.0)),
            (Span::WorkingDays(days), _) => end(self.counted_day(start.0, days, counting)),
            (Span::NaturalDays(days), _) => end(self.on_or_after(self.zone.day(start.0) + i64::from(days))),
        })
    }

    /// When a span counted from another due falls due (an extension, an `after` step): the start date is the date of the
    /// instant just before that due, and days are counted by `next_day`.
    pub fn due_after(&self, due: Instant, span: Span) -> Due {
        let start_date = self.zone.day(due.just_before().0);
        self.due_at(match span {
            Span::WorkingTime(ms) => self.after_work(due.0, ms),
            Span::Elapsed(ms) => due.0.saturating_add(ms),
            Span::WorkingDays(days) => end(self.nth_after(start_date, i64::from(days).max(1))),
            Span::NaturalDays(days) => end(self.on_or_after(start_date + i64::from(days).max(1))),
        })
    }

    /// The instant of a `before` step.
    pub fn before(&self, due: Instant, span: Span) -> Instant {
        Instant(match span {
            Span::WorkingTime(ms) => self.before_work(due.0, ms),
            Span::Elapsed(ms) => due.0.saturating_sub(ms),
            Span::NaturalDays(days) => due.0.saturating_sub(i64::from(days) * DAY_MS),
            Span::WorkingDays(0) => due.0,
            Span::WorkingDays(days) => {
                let day = self.zone.day(due.just_before().0);
                self.nth_before(day, i64::from(days)).map_or(walk::BEGINNING, |day| day.end)
            }
        })
    }

    /// The first instant strictly after `start` at which the clock reads `time` on a working day.
    pub fn due_by(&self, start: Instant, time: ClockTime) -> Due {
        let reads = |day: WorkingDay| {
            let local = day.day * DAY_MS + i64::from(time.0) * 60_000;
            [self.zone.first(local), self.zone.last(local)].into_iter().find(|&at| at > start.0)
        };
        let mut day = self.on_or_after(self.zone.day(start.0));
        while let Some(working) = day {
            if let Some(at) = reads(working) {
                return self.due_at(at);
            }
            day = self.nth_after(working.day, 1);
        }
        self.due_at(walk::END.max(start.0))
    }

    /// The end of a date given as a deadline: of the next working day if it is none.
    pub fn due_on(&self, date: NaiveDate) -> Due {
        self.due_at(end(self.on_or_after(day_of(date))))
    }

    /// What of a span counted from `start` is still to be counted when it is suspended at `at` (before its due); the rest
    /// is counted by `next_day` from the resumption. `elapsed` working days come back as working time.
    pub fn left(&self, start: Instant, span: Span, counting: Counting, at: Instant) -> Span {
        let after_work = |ms: i64| Span::WorkingTime((ms - self.worked_ms(start, at)).max(0));
        match (span, counting) {
            (Span::WorkingTime(ms), _) => after_work(ms),
            (Span::WorkingDays(days), Counting::Elapsed) => after_work(self.length_of(days)),
            (Span::Elapsed(ms), _) => Span::Elapsed((ms - at.ms_since(start).max(0)).max(0)),
            (Span::WorkingDays(days), _) => Span::WorkingDays(less(days, self.days_used(start.0, counting, at.0))),
            (Span::NaturalDays(days), _) => {
                let passed = self.zone.day(at.0) - self.zone.day(start.0) - 1;
                Span::NaturalDays(less(days, passed))
            }
        }
    }

    #[inline]
    fn due_at(&self, at: i64) -> Due {
        let at = Instant(at);
        Due { at, provisional: self.is_provisional(at) }
    }

    fn length_of(&self, days: u32) -> i64 {
        i64::from(days).saturating_mul(self.day_length_ms)
    }

    /// The earliest instant from `start` on with so much working time since.
    #[inline]
    fn after_work(&self, start: i64, ms: i64) -> i64 {
        if ms <= 0 {
            return start;
        }
        let known = self.table.worked(start).and_then(|worked| self.table.earliest(worked.saturating_add(ms)));
        known.unwrap_or_else(|| self.walk().earliest(start, ms))
    }

    /// The latest instant up to `end` with so much working time between.
    fn before_work(&self, end: i64, ms: i64) -> i64 {
        if ms <= 0 {
            return end;
        }
        let known = self.table.worked(end).and_then(|worked| self.table.latest(worked - ms));
        known.unwrap_or_else(|| self.walk().latest(end, ms))
    }

    /// Day `days` (at least 1) of a counting that began with `start`.
    #[inline]
    fn counted_day(&self, start: i64, days: u32, counting: Counting) -> Option<WorkingDay> {
        let day_zero = self.day_zero(start, counting)?;
        self.nth_after(day_zero, i64::from(days))
    }

    /// The date after which the counting begins: its first working day is day 1.
    #[inline]
    pub(super) fn day_zero(&self, start: i64, counting: Counting) -> Option<i64> {
        let day = self.zone.day(start);
        match counting {
            Counting::NextDay | Counting::Elapsed => Some(day),
            Counting::SameDay => Some(match self.working_day(day) {
                Some(working) if start < working.end => day - 1,
                _ => day,
            }),
            Counting::Deemed => match self.working_day(day) {
                Some(working) if start < working.close => Some(day),
                _ => self.nth_after(day, 1).map(|received| received.day),
            },
        }
    }

    /// How many of the days counted from `start` had ended at `at`.
    fn days_used(&self, start: i64, counting: Counting, at: i64) -> i64 {
        let today = self.zone.day(at);
        let Some(day_zero) = self.day_zero(start, counting).filter(|&zero| zero < today) else { return 0 };
        let today_ended = self.working_day(today).is_some_and(|day| day.end <= at);
        self.working_days(day_zero + 1, today) + i64::from(today_ended)
    }

    /// How many working days lie from one date up to, but without, another.
    fn working_days(&self, from: i64, to: i64) -> i64 {
        match (self.table.ordinal(from), self.table.ordinal(to)) {
            (Some(before), Some(after)) => after - before,
            _ => self.walk().working_days(from..to),
        }
    }

    /// The start date if it is a working day that has not ended at the start, else the next working day.
    fn unended_day(&self, start: i64) -> Option<WorkingDay> {
        let day = self.zone.day(start);
        self.working_day(day).filter(|working| start < working.end).or_else(|| self.nth_after(day, 1))
    }

    /// The `n`th working day after a date; `n` is at least 1.
    #[inline]
    fn nth_after(&self, day: i64, n: i64) -> Option<WorkingDay> {
        let known = self.table.ordinal(day + 1).and_then(|ordinal| self.table.nth(ordinal + n - 1));
        known.copied().or_else(|| self.walk().nth_after(day, n))
    }

    fn nth_before(&self, day: i64, n: i64) -> Option<WorkingDay> {
        let known = self.table.ordinal(day).and_then(|ordinal| self.table.nth(ordinal - n));
        known.copied().or_else(|| self.walk().nth_before(day, n))
    }

    /// A date if it is a working day, else the next one.
    #[inline]
    fn on_or_after(&self, day: i64) -> Option<WorkingDay> {
        self.nth_after(day - 1, 1)
    }
}

#[inline]
fn end(day: Option<WorkingDay>) -> i64 {
    day.map_or(walk::END, |day| day.end)
}

fn less(days: u32, used: i64) -> u32 {
    u32::try_from((i64::from(days) - used.max(0)).max(0)).unwrap_or(days)
}
