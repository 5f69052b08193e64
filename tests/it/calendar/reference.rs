//! Working time by the letter, minute by minute: slow, and written apart from the program's tables. It knows only what a
//! window of some weeks shows; what leads out of it has no answer.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the minutes of some weeks"
)]

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
use duban::calendar::span::Span;
use duban::calendar::{CalendarSpec, Counting, DateEntry, DayEnds, Opening, WeeklyHours};

/// A calendar over a window of time, in minutes since 1970-01-01T00:00Z.
pub struct Reference<'a> {
    spec: &'a CalendarSpec,
    first_minute: i64,
    /// What the wall clock shows at each minute.
    clock: Vec<NaiveDateTime>,
    /// Whether each minute is working time.
    open: Vec<bool>,
    /// The working days, their first opening, last close, and end.
    days: Vec<(NaiveDate, i64, i64, i64)>,
}

impl<'a> Reference<'a> {
    /// The weeks from `first` on.
    pub fn new(spec: &'a CalendarSpec, first: NaiveDate, weeks: i64) -> Reference<'a> {
        let start = first.and_hms_opt(0, 0, 0).unwrap().and_utc();
        let first_minute = start.timestamp() / 60;
        let minutes = weeks * 7 * 24 * 60;
        let clock = (0..minutes).map(|minute| local(spec, start + TimeDelta::minutes(minute))).collect();
        let mut reference =
            Reference { spec, first_minute, clock, open: vec![false; minutes as usize], days: Vec::new() };
        let shown: std::collections::BTreeSet<_> = reference.clock.iter().map(NaiveDateTime::date).collect();
        // The dates at the edges may be cut off.
        for &date in shown.iter().skip(2).take(shown.len() - 5) {
            reference.add(date);
        }
        reference
    }

    fn add(&mut self, date: NaiveDate) {
        let open = openings(self.spec, date);
        let ends: Vec<_> = open.iter().map(|o| (self.shows(date, o.open).0, self.shows(date, o.close).1)).collect();
        for &(from, to) in &ends {
            (from..to).for_each(|minute| self.open[(minute - self.first_minute) as usize] = true);
        }
        if let (Some(first), Some(last)) = (ends.first(), ends.last()) {
            let end = match self.spec.day_ends {
                DayEnds::Closing => last.1,
                DayEnds::Midnight => self.shows(date, 24 * 60).1,
            };
            self.days.push((date, first.0, last.1, end));
        }
    }

    /// The first and the last minute at which the clock shows a time; both the first after the gap where it never does.
    fn shows(&self, date: NaiveDate, minute: u16) -> (i64, i64) {
        let time = date.and_hms_opt(0, 0, 0).unwrap() + TimeDelta::minutes(i64::from(minute));
        // No clock is further from UTC than a date.
        let about = time.and_utc().timestamp() / 60 - self.first_minute;
        let from = usize::try_from(about - 2 * 1440).unwrap_or(0);
        let clock = &self.clock[from..(from + 4 * 1440).min(self.clock.len())];
        let first = clock.iter().position(|shown| *shown == time);
        let last = clock.iter().rposition(|shown| *shown == time);
        let after_gap = || clock.windows(2).position(|two| two[0] < time && time < two[1]).unwrap() + 1;
        let at = |index: Option<usize>| self.first_minute + (from + index.unwrap_or_else(after_gap)) as i64;
        (at(first), at(last))
    }

    fn index(&self, minute: i64) -> Option<usize> {
        usize::try_from(minute - self.first_minute).ok().filter(|&index| index < self.open.len())
    }

    pub fn date(&self, minute: i64) -> Option<NaiveDate> {
        Some(self.clock[self.index(minute)?].date())
    }

    pub fn is_open(&self, minute: i64) -> Option<bool> {
        Some(self.open[self.index(minute)?])
    }

    pub fn worked(&self, from: i64, to: i64) -> Option<i64> {
        let (from, to) = (self.index(from)?, self.index(to)?);
        Some(self.open[from..to.max(from)].iter().filter(|&&open| open).count() as i64)
    }

    pub fn is_off_duty(&self, minute: i64) -> Option<bool> {
        let date = self.date(minute)?;
        let day = self.days.iter().find(|day| day.0 == date);
        Some(day.is_none_or(|&(_, open, close, _)| minute < open || close <= minute))
    }

    /// When a span counted from `start` falls due.
    pub fn due(&self, start: i64, span: Span, counting: Counting) -> Option<i64> {
        let date = self.date(start)?;
        match span {
            Span::Elapsed(ms) => Some(start + ms / 60_000),
            Span::WorkingTime(ms) => self.after_work(start, ms / 60_000),
            Span::WorkingDays(n) if counting == Counting::Elapsed => {
                self.after_work(start, i64::from(n) * self.spec.day_length_ms.unwrap() / 60_000)
            }
            Span::WorkingDays(0) | Span::NaturalDays(0) => {
                self.days.iter().find(|day| day.0 > date || (day.0 == date && start < day.3)).map(|day| day.3)
            }
            Span::WorkingDays(n) => self.after_days(self.day_zero(start, date, counting)?, n),
            Span::NaturalDays(n) => {
                let last = date + TimeDelta::days(i64::from(n));
                self.days.iter().find(|day| day.0 >= last).map(|day| day.3)
            }
        }
    }

    /// The date after which the counting of days begins.
    fn day_zero(&self, start: i64, date: NaiveDate, counting: Counting) -> Option<NaiveDate> {
        let day = self.days.iter().find(|day| day.0 == date);
        Some(match (counting, day) {
            (Counting::SameDay, Some(day)) if start < day.3 => date.pred_opt()?,
            (Counting::Deemed, Some(day)) if start < day.2 => date,
            (Counting::Deemed, _) => self.days.iter().find(|day| day.0 > date)?.0,
            _ => date,
        })
    }

    fn after_days(&self, day_zero: NaiveDate, n: u32) -> Option<i64> {
        self.days.iter().filter(|day| day.0 > day_zero).nth(n as usize - 1).map(|day| day.3)
    }

    /// When a span counted from a due falls due.
    pub fn due_after(&self, due: i64, span: Span) -> Option<i64> {
        let start_date = self.date(due - 1)?;
        match span {
            Span::WorkingDays(n) => self.after_days(start_date, n),
            Span::NaturalDays(n) => {
                let last = start_date + TimeDelta::days(i64::from(n));
                self.days.iter().find(|day| day.0 >= last).map(|day| day.3)
            }
            _ => self.due(due, span, Counting::NextDay),
        }
    }

    fn after_work(&self, start: i64, minutes: i64) -> Option<i64> {
        let (mut at, mut left) = (start, minutes);
        while left > 0 {
            left -= i64::from(self.is_open(at)?);
            at += 1;
        }
        Some(at).filter(|&at| self.safe(at))
    }

    /// The instant of a `before` step.
    pub fn before(&self, due: i64, span: Span) -> Option<i64> {
        match span {
            Span::Elapsed(ms) => Some(due - ms / 60_000),
            Span::NaturalDays(n) => Some(due - i64::from(n) * 24 * 60),
            Span::WorkingTime(ms) => {
                let (mut at, mut left) = (due, ms / 60_000);
                while left > 0 {
                    at -= 1;
                    left -= i64::from(self.is_open(at)?);
                }
                Some(at).filter(|&at| self.safe(at))
            }
            Span::WorkingDays(n) => {
                let date = self.date(due - 1)?;
                self.days.iter().rev().filter(|day| day.0 < date).nth(n as usize - 1).map(|day| day.3)
            }
        }
    }

    /// The first minute after `start` at which the clock shows a time on a working day.
    pub fn due_by(&self, start: i64, minute: u16) -> Option<i64> {
        let mut days = self.days.iter().filter(|day| Some(day.0) >= self.date(start));
        days.find_map(|day| {
            let (first, last) = self.shows(day.0, minute);
            [first, last].into_iter().find(|&at| at > start)
        })
    }

    /// How many of the days counted from `start` had ended at `at`.
    pub fn days_used(&self, start: i64, counting: Counting, at: i64) -> Option<usize> {
        let day_zero = self.day_zero(start, self.date(start)?, counting)?;
        Some(self.days.iter().filter(|day| day.0 > day_zero && day.3 <= at).count())
    }

    /// Whether a minute is well within the window.
    fn safe(&self, minute: i64) -> bool {
        let day = 24 * 60;
        self.first_minute + 4 * day < minute && minute < self.first_minute + self.open.len() as i64 - 5 * day
    }
}

fn local(spec: &CalendarSpec, at: DateTime<Utc>) -> NaiveDateTime {
    at.with_timezone(&spec.zone).naive_local()
}

/// The opening intervals of a date, by the order of precedence.
fn openings(spec: &CalendarSpec, date: NaiveDate) -> Vec<Opening> {
    let day = (date.month(), date.day());
    let season = spec.seasons.iter().find(|season| {
        let wraps = season.from > season.until;
        if wraps { day >= season.from || day <= season.until } else { day >= season.from && day <= season.until }
    });
    let hours = season.map_or(&spec.hours, |season| &season.hours);
    match spec.days.get(&date) {
        Some(DateEntry::Rest(_)) => Vec::new(),
        Some(DateEntry::Open(_, open) | DateEntry::Work(_, Some(open))) => open.clone(),
        Some(DateEntry::Work(_, None)) => hours.first().map(|entry| entry.open.clone()).unwrap_or_default(),
        None => on_weekday(hours, date.weekday()),
    }
}

fn on_weekday(hours: &[WeeklyHours], weekday: Weekday) -> Vec<Opening> {
    let mut open: Vec<_> =
        hours.iter().filter(|entry| entry.days.contains(&weekday)).flat_map(|e| e.open.clone()).collect();
    open.sort_unstable();
    open
}
