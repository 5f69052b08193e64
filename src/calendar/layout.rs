//! How a due was counted, date by date: what was counted and what was left out, and why.
//!
//! What is laid out always agrees with the arithmetic: the counted pieces add up to the span, the last of them ends at
//! the due, and every date between start and due is either counted or skipped with its reason.

mod say;

use super::span::Span;
use super::zone::DAY_MS;
use super::{Calendar, Counting, DateEntry, day_of, table};
use crate::time::Instant;
use chrono::{Datelike, NaiveDate, Weekday};

/// One line of a lay-out.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// Working time of one date that was counted.
    Worked {
        /// The date.
        date: NaiveDate,
        /// The intervals, half-open.
        pieces: Vec<(Instant, Instant)>,
        /// Their length together.
        ms: i64,
        /// The make-up day's or season's name.
        title: Option<String>,
    },
    /// A date that was counted as a whole.
    Day {
        /// The date.
        date: NaiveDate,
        /// The how-manieth.
        number: u32,
        /// When it ends.
        end: Instant,
        /// The make-up day's or season's name; for a natural day the holiday's.
        title: Option<String>,
    },
    /// Dates that were not counted.
    Skipped {
        /// The first of them.
        from: NaiveDate,
        /// The last of them.
        until: NaiveDate,
        /// Why.
        why: Skip,
    },
    /// Counted dates left out of a long lay-out, with those skipped among them.
    More {
        /// The first of them.
        from: NaiveDate,
        /// The last of them.
        until: NaiveDate,
        /// How many were counted.
        days: u32,
        /// Their working time, where time was counted.
        ms: i64,
    },
    /// The due is the end of this working day: the last natural day was none, or there was nothing to count.
    EndOf {
        /// The working day.
        date: NaiveDate,
        /// Its end.
        end: Instant,
    },
    /// Plain elapsed time.
    Elapsed {
        /// From here.
        from: Instant,
        /// To here.
        until: Instant,
    },
}

/// Why a date was not counted.
#[derive(Clone, Debug, PartialEq)]
pub enum Skip {
    /// The start date is not counted (民法典 201).
    StartDate,
    /// The date on which it is deemed received is not counted.
    Received,
    /// 休: the holiday's name.
    Rest(String),
    /// A Saturday or Sunday that is not worked.
    Weekend,
    /// Another date without opening hours.
    Closed,
    /// A working day, but no working time of it lay between start and due.
    NoTime,
}

/// With more counted lines than this, the middle is left out.
const LINES_MAX: usize = 14;
/// So many lines are kept at each end.
const LINES_KEPT: usize = 5;

impl Calendar {
    /// How the due of a span counted from `start` comes about.
    pub fn lay_out(&self, start: Instant, span: Span, counting: Counting) -> Vec<Line> {
        self.lay_out_until(start, span, counting, Instant(i64::MAX))
    }

    /// The same, as far as it had been counted at `until`: what a suspension leaves used.
    pub fn lay_out_until(&self, start: Instant, span: Span, counting: Counting, until: Instant) -> Vec<Line> {
        let due = self.due(start, span, counting).at;
        match (span, counting) {
            (Span::Elapsed(_), _) => vec![Line::Elapsed { from: start, until: due.min(until) }],
            (Span::WorkingTime(_), _) | (Span::WorkingDays(_), Counting::Elapsed) => self.times(start, due.min(until)),
            (Span::WorkingDays(0), _) => self.natural(self.zone.day(start.0), 0, due, until),
            (Span::WorkingDays(_), _) => {
                let day_zero = self.day_zero(start.0, counting).unwrap_or(i64::MAX);
                self.days(self.zone.day(start.0), day_zero, due, until)
            }
            (Span::NaturalDays(days), _) => self.natural(self.zone.day(start.0), days, due, until),
        }
    }

    /// How a due counted from another due comes about.
    pub fn lay_out_after(&self, due: Instant, span: Span) -> Vec<Line> {
        let start_date = self.zone.day(due.just_before().0);
        let new = self.due_after(due, span).at;
        match span {
            Span::Elapsed(_) => vec![Line::Elapsed { from: due, until: new }],
            Span::WorkingTime(_) => self.times(due, new),
            Span::WorkingDays(_) => self.days(start_date, start_date, new, new),
            Span::NaturalDays(days) => self.natural(start_date, days, new, new),
        }
    }

    /// The working time between two instants, date by date.
    fn times(&self, from: Instant, to: Instant) -> Vec<Line> {
        let mut lines = Lines::default();
        let last = self.zone.day(to.just_before().0);
        for day in self.zone.day(from.0)..=last {
            match self.counted_time(day, from, to) {
                Some(line) => lines.count(line),
                None => lines.skip(table::date_of(day), self.why_not(day).unwrap_or(Skip::NoTime)),
            }
        }
        lines.compact()
    }

    fn counted_time(&self, day: i64, from: Instant, to: Instant) -> Option<Line> {
        let date = table::date_of(day);
        let whole = table::intervals(&self.zone, day, self.hours.on(date));
        let pieces = whole.map(|(open, close)| (Instant(open).max(from), Instant(close).min(to)));
        let pieces: Vec<_> = pieces.filter(|(open, close)| open < close).collect();
        let ms = pieces.iter().map(|(open, close)| close.ms_since(*open)).sum();
        let title = self.hours.title(date).map(str::to_owned);
        (ms > 0).then_some(Line::Worked { date, pieces, ms, title })
    }

    /// Working days after `day_zero`, up to the one that ends at the due.
    fn days(&self, start_date: i64, day_zero: i64, due: Instant, until: Instant) -> Vec<Line> {
        let mut lines = Lines::default();
        let last = self.zone.day(due.just_before().0);
        for day in start_date..=last {
            let date = table::date_of(day);
            match self.working_day(day) {
                Some(working) if day > day_zero && Instant(working.end) <= until => {
                    lines.count_day(date, Instant(working.end), self.hours.title(date));
                }
                Some(_) if day > day_zero => break,
                Some(_) if day == start_date => lines.skip(date, Skip::StartDate),
                Some(_) => lines.skip(date, Skip::Received),
                None => lines.skip(date, self.why_not(day).unwrap_or(Skip::Closed)),
            }
        }
        lines.compact()
    }

    /// Natural days after the start date, and the dates over which the last one is moved.
    fn natural(&self, start_date: i64, days: u32, due: Instant, until: Instant) -> Vec<Line> {
        let mut lines = Lines::default();
        let last = start_date + i64::from(days);
        if days > 0 {
            lines.skip(table::date_of(start_date), Skip::StartDate);
        }
        for day in start_date + 1..=last {
            let end =
                if day == last && self.working_day(day).is_some() { due.0 } else { self.zone.last((day + 1) * DAY_MS) };
            if Instant(end) > until {
                return lines.compact();
            }
            let date = table::date_of(day);
            lines.count_day(date, Instant(end), self.hours.title(date).filter(|_| self.working_day(day).is_none()));
        }
        self.moved(last, days, due, until, &mut lines);
        lines.compact()
    }

    /// The dates from the last natural day, if it is none on which anything is done, to the working day of the due.
    fn moved(&self, last: i64, days: u32, due: Instant, until: Instant, lines: &mut Lines) {
        let due_date = self.zone.day(due.just_before().0);
        if due > until || (due_date <= last && days > 0) {
            return;
        }
        for day in (last + i64::from(days > 0))..due_date {
            lines.skip(table::date_of(day), self.why_not(day).unwrap_or(Skip::NoTime));
        }
        lines.list.push(Line::EndOf { date: table::date_of(due_date), end: due });
    }

    /// Why a date is no working day; none if it is one.
    fn why_not(&self, day: i64) -> Option<Skip> {
        if self.working_day(day).is_some() {
            return None;
        }
        let date = table::date_of(day);
        Some(match self.hours.entry(date) {
            Some(DateEntry::Rest(title)) => Skip::Rest(title.clone()),
            _ if matches!(date.weekday(), Weekday::Sat | Weekday::Sun) => Skip::Weekend,
            _ => Skip::Closed,
        })
    }
}

/// Lines as they grow: neighbouring dates skipped for one reason are one line.
#[derive(Default)]
struct Lines {
    list: Vec<Line>,
    number: u32,
}

impl Lines {
    fn count(&mut self, line: Line) {
        self.list.push(line);
    }

    fn count_day(&mut self, date: NaiveDate, end: Instant, title: Option<&str>) {
        self.number += 1;
        self.list.push(Line::Day { date, number: self.number, end, title: title.map(str::to_owned) });
    }

    fn skip(&mut self, date: NaiveDate, why: Skip) {
        match self.list.last_mut() {
            Some(Line::Skipped { until, why: same, .. }) if *same == why && day_of(*until) + 1 == day_of(date) => {
                *until = date;
            }
            _ => self.list.push(Line::Skipped { from: date, until: date, why }),
        }
    }

    /// Without the counted dates and weekends of the middle, if there are many lines; holidays stay.
    fn compact(mut self) -> Vec<Line> {
        if self.list.len() <= LINES_MAX {
            return self.list;
        }
        let tail = self.list.split_off(self.list.len() - LINES_KEPT);
        for line in self.list.split_off(LINES_KEPT) {
            self.fold(line);
        }
        self.list.extend(tail);
        self.list
    }

    /// Adds a line of the middle: to the run of counted dates before it, unless it is a holiday.
    fn fold(&mut self, line: Line) {
        if matches!(line, Line::Skipped { why: Skip::Rest(_), .. }) {
            return self.list.push(line);
        }
        let Some((first, last, more, length)) = extent(&line) else { return self.list.push(line) };
        match self.list.last_mut() {
            Some(Line::More { until, days, ms, .. }) => {
                (*until, *days, *ms) = (last, *days + more, *ms + length);
            }
            _ => self.list.push(Line::More { from: first, until: last, days: more, ms: length }),
        }
    }
}

/// A line's first and last date, how many dates it counts, and their working time.
fn extent(line: &Line) -> Option<(NaiveDate, NaiveDate, u32, i64)> {
    match line {
        Line::Worked { date, ms, .. } => Some((*date, *date, 1, *ms)),
        Line::Day { date, .. } => Some((*date, *date, 1, 0)),
        Line::Skipped { from, until, .. } => Some((*from, *until, 0, 0)),
        Line::More { .. } | Line::EndOf { .. } | Line::Elapsed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::calendar::tests::{local, office};
    use crate::calendar::{Calendar, Counting};
    use crate::text::Lang;

    fn laid_out(start: &str, span: &str, counting: Counting) -> String {
        let calendar = Calendar::compile(office()).unwrap();
        let lines = calendar.lay_out(local(start), span.parse().unwrap(), counting);
        let lines: Vec<_> = lines.iter().map(|line| line.text(Lang::Zh, calendar.zone())).collect();
        lines.join("\n")
    }

    #[test]
    fn working_time_is_laid_out_with_the_pieces_counted_and_the_dates_skipped() {
        insta::assert_snapshot!(laid_out("2026-02-13 17:10", "7 working hours", Counting::NextDay), @r"
        2026-02-13 周五 17:10-17:30 计20工作分钟
        2026-02-14 周六（调休） 08:30-12:00、14:30-17:30 计390工作分钟
        2026-02-15 至 2026-02-23 不计：春节
        2026-02-24 周二 08:30-08:40 计10工作分钟
        ");
        insta::assert_snapshot!(laid_out("2026-10-09 18:00", "1 working hour", Counting::NextDay), @r"
        2026-10-09 周五 不计：无工作时间
        2026-10-10 周六（调休） 08:30-09:30 计1个工作小时
        ");
    }

    #[test]
    fn working_days_are_numbered_and_the_start_date_is_named() {
        insta::assert_snapshot!(laid_out("2026-02-13 10:00", "2 working days", Counting::NextDay), @r"
        2026-02-13 周五 不计：开始当日
        2026-02-14 周六（调休） 第1日，到17:30
        2026-02-15 至 2026-02-23 不计：春节
        2026-02-24 周二 第2日，到17:30
        ");
        insta::assert_snapshot!(laid_out("2026-02-13 10:00", "2 working days", Counting::SameDay), @r"
        2026-02-13 周五 第1日，到17:30
        2026-02-14 周六（调休） 第2日，到17:30
        ");
        insta::assert_snapshot!(laid_out("2026-02-16 10:00", "1 working day", Counting::Deemed), @r"
        2026-02-16 至 2026-02-23 不计：春节
        2026-02-24 周二 不计：视为受理之日
        2026-02-25 周三 第1日，到17:30
        ");
    }

    #[test]
    fn natural_days_show_what_the_last_one_is_moved_over() {
        insta::assert_snapshot!(laid_out("2026-02-13 10:00", "3 days", Counting::NextDay), @r"
        2026-02-13 周五 不计：开始当日
        2026-02-14 周六 第1日，到24:00
        2026-02-15 周日（春节） 第2日，到24:00
        2026-02-16 周一（春节） 第3日，到24:00
        2026-02-17 至 2026-02-23 不计：春节
        2026-02-24 周二 当日终了，到17:30
        ");
        insta::assert_snapshot!(laid_out("2026-01-05 10:00", "1 day", Counting::NextDay), @r"
        2026-01-05 周一 不计：开始当日
        2026-01-06 周二 第1日，到17:30
        ");
        insta::assert_snapshot!(laid_out("2026-02-16 10:00", "0 days", Counting::NextDay), @r"
        2026-02-16 至 2026-02-23 不计：春节
        2026-02-24 周二 当日终了，到17:30
        ");
        insta::assert_snapshot!(laid_out("2026-02-16 10:00", "24 hours", Counting::NextDay), @"2026-02-16 10:00 至 2026-02-17 10:00 计24小时");
    }

    #[test]
    fn a_long_span_is_compact() {
        insta::assert_snapshot!(laid_out("2026-01-05 10:00", "60 working days", Counting::NextDay), @r"
        2026-01-05 周一 不计：开始当日
        2026-01-06 周二 第1日，到17:30
        2026-01-07 周三 第2日，到17:30
        2026-01-08 周四 第3日，到17:30
        2026-01-09 周五 第4日，到17:30
        2026-01-10 至 2026-02-14 其间计26日
        2026-02-15 至 2026-02-23 不计：春节
        2026-02-24 至 2026-03-29 其间计25日
        2026-03-30 周一 第56日，到17:30
        2026-03-31 周二 第57日，到17:30
        2026-04-01 周三 第58日，到17:30
        2026-04-02 周四 第59日，到17:30
        2026-04-03 周五 第60日，到17:30
        ");
    }
}
