//! Five POSIX fields: minute, hour, day of the month, month, weekday. Weekdays are given by name only.
//!
//! The `cron` crate does the searching, on a wall clock that knows no daylight saving: it numbers weekdays from Sunday = 1,
//! wants six fields, joins both kinds of days by "and" where POSIX says "or", and fires twice where a clock is put back.
//! So it is given plain lists, once for each kind of days, and what it finds is placed on the zone's clock here.

use crate::calendar::Calendar;
use crate::time::Instant;
use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// No zone's clock is put back or forward further in one step, dates skipped at the date line aside.
const STEP: TimeDelta = TimeDelta::hours(3);

/// Five POSIX fields.
#[derive(Clone, Debug)]
pub struct Cron {
    text: String,
    /// Any of them.
    parts: Vec<cron::Schedule>,
    /// Whether the hour is `*`: then real time is kept through changes of the clock.
    is_every_hour: bool,
}

/// Why a text is no such fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// There are more or fewer than five.
    #[error("{0} fields instead of five")]
    Fields(usize),
    /// A field cannot be read.
    #[error("`{text}` is no {field}")]
    Field {
        /// What it should be.
        field: &'static str,
        /// What is written.
        text: String,
    },
    /// A weekday is given by number.
    #[error("the weekday `{0}` is a number")]
    WeekdayNumber(String),
    /// No date is ever meant, as with `30 feb`.
    #[error("it never comes")]
    Never,
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Cron, CronError> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let &[minute, hour, date, month, weekday] = fields.as_slice() else {
            return Err(CronError::Fields(fields.len()));
        };
        let (minute, hours) = (list("minute", minute, 0..=59, &[])?, list("hour", hour, 0..=23, &[])?);
        let (dates, months) = (list("day of the month", date, 1..=31, &[])?, list("month", month, 1..=12, &MONTHS)?);
        let weekdays = weekdays(weekday)?;
        let made = |dates: &str, weekdays: &str| {
            let made = cron::Schedule::from_str(&format!("0 {minute} {hours} {dates} {months} {weekdays}"));
            made.map_err(|_| CronError::Never)
        };
        let parts = match (&*dates, &*weekdays) {
            (_, "*") | ("*", _) => vec![made(&dates, &weekdays)?],
            (dates, weekdays) => vec![made(dates, "*")?, made("*", weekdays)?],
        };
        let cron = Cron { text: fields.join(" "), parts, is_every_hour: hour == "*" };
        // A date of none of these months: a leap year tells.
        let start = DateTime::<Utc>::from_timestamp(1_704_067_200, 0).unwrap_or_default().naive_utc();
        if cron.next_shown(start).is_none() { Err(CronError::Never) } else { Ok(cron) }
    }
}

/// A field as a list of numbers, or `*`. Items are `*`, `5`, `1-5`, each perhaps with `/2`.
fn list(
    field: &'static str,
    text: &str,
    range: std::ops::RangeInclusive<u32>,
    names: &[&str],
) -> Result<String, CronError> {
    if text == "*" {
        return Ok(text.into());
    }
    let wrong = || CronError::Field { field, text: text.into() };
    let value = |word: &str| {
        let by_name = names.iter().zip(1..).find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, value)| value);
        let given = by_name.or_else(|| word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok())?);
        given.filter(|value| range.contains(value)).ok_or_else(wrong)
    };
    let mut values = BTreeSet::new();
    for item in text.split(',') {
        let (span, step) = stepped(item).ok_or_else(wrong)?;
        let (first, last) = match span.split_once('-') {
            Some((first, last)) => (value(first)?, value(last)?),
            None if span == "*" => (*range.start(), *range.end()),
            None if step == 1 && !item.contains('/') => (value(span)?, value(span)?),
            None => return Err(wrong()),
        };
        if first > last {
            return Err(wrong());
        }
        values.extend((first..=last).step_by(step));
    }
    Ok(joined(values.into_iter().map(|value| value.to_string())))
}

/// Weekdays as the crate's names, or `*`. A range may wrap the week's end.
fn weekdays(text: &str) -> Result<String, CronError> {
    if text == "*" {
        return Ok(text.into());
    }
    let wrong = || CronError::Field { field: "weekday", text: text.into() };
    let value = |word: &str| match WEEKDAYS.iter().position(|name| name.eq_ignore_ascii_case(word)) {
        Some(place) => Ok(place),
        None if word.bytes().any(|byte| byte.is_ascii_digit()) => Err(CronError::WeekdayNumber(word.into())),
        None => Err(wrong()),
    };
    let mut values = BTreeSet::new();
    for item in text.split(',') {
        let (first, last) = match item.split_once('-') {
            Some((first, last)) => (value(first)?, value(last)?),
            None => (value(item)?, value(item)?),
        };
        let length = (last + 7 - first) % 7;
        values.extend((first..=first + length).map(|place| place % 7));
    }
    Ok(joined(values.into_iter().map(|place| WEEKDAYS[place].to_owned())))
}

fn stepped(item: &str) -> Option<(&str, usize)> {
    let Some((span, step)) = item.split_once('/') else { return Some((item, 1)) };
    step.parse().ok().filter(|&step| step > 0).map(|step| (span, step))
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

impl Cron {
    /// The first instant after another.
    pub(super) fn next_after(&self, calendar: &Calendar, after: Instant) -> Option<Instant> {
        if self.is_every_hour { self.by_real_time(calendar, after) } else { self.by_the_clock(calendar, after) }
    }

    /// Each wall-clock time once: the first of a repeated one, after the gap where it is skipped.
    fn by_the_clock(&self, calendar: &Calendar, after: Instant) -> Option<Instant> {
        let mut shown = after.in_zone(calendar.zone()).naive_local() - STEP;
        loop {
            shown = self.next_shown(shown)?;
            let at = calendar.at(shown.date(), shown.time());
            if at > after {
                return Some(at);
            }
        }
    }

    /// Each instant at which the clock shows such a time.
    fn by_real_time(&self, calendar: &Calendar, after: Instant) -> Option<Instant> {
        let zone = calendar.zone();
        let mut shown = after.in_zone(zone).naive_local() - STEP;
        let mut found: Option<(Instant, NaiveDateTime)> = None;
        loop {
            shown = self.next_shown(shown)?;
            if let Some((at, when)) = found
                && shown > when + STEP
            {
                return Some(at);
            }
            let local = zone.from_local_datetime(&shown);
            let instants = [local.earliest(), local.latest()].into_iter().flatten();
            let first = instants.map(|at| Instant(at.timestamp_millis())).filter(|&at| at > after).min();
            if let Some(at) = first.filter(|&at| found.is_none_or(|(known, _)| at < known)) {
                found = Some((at, shown));
            }
        }
    }

    /// The next such time after one on a clock that is never put.
    fn next_shown(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let next = |part: &cron::Schedule| part.after(&after.and_utc()).next().map(|found| found.naive_utc());
        self.parts.iter().filter_map(next).min()
    }
}
