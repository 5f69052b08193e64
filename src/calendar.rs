//! Working time (工作时间): which instants are working time, and adding, subtracting and measuring it.
//!
//! A [`CalendarSpec`] is a calendar as its file gives it, inheritance resolved; [`Calendar::compile`] turns it once into
//! tables over instants, so that a question costs the same whatever the distance. Meaning: language.md §1; the counting
//! of days follows 民法典 arts. 201 and 203.

mod count;
mod hours;
pub mod layout;
pub mod naming;
pub mod published;
pub mod read;
pub mod span;
mod table;
mod walk;
mod zone;

use crate::time::Instant;
use chrono::{NaiveDate, NaiveTime, Timelike, Weekday};
use chrono_tz::Tz;
use hours::Hours;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use table::{Table, WorkingDay, date_of};
use walk::Walk;
use zone::{DAY_MS, Zone};

/// A calendar as its file gives it, with what it inherits laid under it. May still be wrong: [`Calendar::compile`] says so.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarSpec {
    /// The id by which policies name it.
    pub name: String,
    /// What people read; empty when none was given.
    pub title: String,
    /// The zone in which hours and dates are read.
    pub zone: Tz,
    /// First and last date whose official arrangement is known; none: no horizon is known, every due is provisional.
    pub covers: Option<(NaiveDate, NaiveDate)>,
    /// The weekly hours, in the file's order (the first entry gives `work` dates their hours, and `day_length`).
    pub hours: Vec<WeeklyHours>,
    /// Parts of the year with hours of their own.
    pub seasons: Vec<Season>,
    /// Single dates, which win over everything.
    pub days: BTreeMap<NaiveDate, DateEntry>,
    /// When a counted day ends.
    pub day_ends: DayEnds,
    /// Working milliseconds of one day for `counting: elapsed`; none: those of the first weekly entry.
    pub day_length_ms: Option<i64>,
}

/// Opening intervals of some weekdays.
#[derive(Clone, Debug, PartialEq)]
pub struct WeeklyHours {
    /// The weekdays meant.
    pub days: Vec<Weekday>,
    /// Half-open opening intervals, ascending.
    pub open: Vec<Opening>,
}

/// A half-open interval of wall-clock time within one date, in minutes since midnight; the close may be 1440 (24:00).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opening {
    /// Minutes since midnight at which it opens.
    pub open: u16,
    /// Minutes since midnight at which it closes; greater than `open`.
    pub close: u16,
}

impl fmt::Display for Opening {
    /// `08:30-12:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Opening { open, close } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", open / 60, open % 60, close / 60, close % 60)
    }
}

/// A part of the year, both ends included; may wrap the year's end.
#[derive(Clone, Debug, PartialEq)]
pub struct Season {
    /// What people read.
    pub title: String,
    /// First (month, day).
    pub from: (u32, u32),
    /// Last (month, day).
    pub until: (u32, u32),
    /// The hours that then replace the weekly ones.
    pub hours: Vec<WeeklyHours>,
}

/// What a single date is.
#[derive(Clone, Debug, PartialEq)]
pub enum DateEntry {
    /// 休: no working time, and why.
    Rest(String),
    /// 班: worked, and why; without own intervals, those of the first `hours` entry then in force.
    Work(String, Option<Vec<Opening>>),
    /// Open at these times, with a title if it has one.
    Open(Option<String>, Vec<Opening>),
}

/// When a counted day ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayEnds {
    /// At its last close (停止业务活动的时间, 民法典 203).
    Closing,
    /// At 24:00.
    Midnight,
}

/// How working days are counted from a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Counting {
    /// The start date is never counted.
    #[default]
    NextDay,
    /// The start date is day 1 if it is a working day that has not ended.
    SameDay,
    /// A start outside a day's business is deemed received on the next working day, which is not counted.
    Deemed,
    /// So many `day_length` of elapsed working time.
    Elapsed,
}

impl Counting {
    /// All of them by the words of the rule files.
    pub const WORDS: [(&str, Counting); 4] = [
        ("next_day", Counting::NextDay),
        ("same_day", Counting::SameDay),
        ("deemed", Counting::Deemed),
        ("elapsed", Counting::Elapsed),
    ];

    /// The one that a word names.
    pub fn parse(word: &str) -> Option<Counting> {
        Counting::WORDS.iter().find(|(known, _)| *known == word).map(|&(_, counting)| counting)
    }
}

/// A time of the local clock, as in `by: "09:00"`: minutes since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockTime(pub u16);

impl ClockTime {
    /// Reads `09:00`; 24:00 is none, for no clock shows it.
    pub fn parse(text: &str) -> Option<ClockTime> {
        parse_minutes(text).filter(|&minutes| minutes < DATE_MINUTES).map(ClockTime)
    }
}

/// Minutes of a date of 24 hours.
const DATE_MINUTES: u16 = 24 * 60;

/// Minutes since midnight of `09:30`; `24:00` is the last.
fn parse_minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let is_two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_two_digits(hours) || !is_two_digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let time = hours * 60 + minutes;
    (minutes < 60 && time <= DATE_MINUTES).then_some(time)
}

/// A due: when, and whether its day lies outside the calendar's horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The instant; being at it is being overdue.
    pub at: Instant,
    /// 暂定: its day (that of the instant just before it) has no official arrangement yet.
    pub provisional: bool,
}

/// What a calendar says of one date.
#[derive(Clone, Debug, PartialEq)]
pub struct DayInfo {
    /// Whether it has an opening interval.
    pub working: bool,
    /// The holiday's, make-up day's or season's name, if it has one.
    pub title: Option<String>,
    /// Its opening intervals.
    pub open: Vec<Opening>,
}

/// A compiled calendar: immutable, cheap to share, and fast.
///
/// Questions about 1970 to 2100 are answered from tables; those beyond are walked date by date, and what would lie after
/// the year 9999 is its last instant.
#[derive(Debug)]
pub struct Calendar {
    spec: CalendarSpec,
    hours: Hours,
    zone: Arc<Zone>,
    table: Table,
    covers: Range<i64>,
    day_length_ms: i64,
}

/// What is wrong with a calendar as given; the reader of the file knows the places.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CalendarError {
    /// No date ever opens, so no working span ever ends.
    #[error("the calendar never opens")]
    NeverOpens,
}

/// The end of time, in the year 9999: the due of what would never fall due.
pub const END: Instant = Instant(walk::END);

/// A day's length for `counting: elapsed` where neither `day_length` nor any `hours` give one: the eight hours of 劳动法
/// art. 36.
const STATUTORY_DAY_MS: i64 = 8 * 3_600_000;

impl Calendar {
    /// Compiles a calendar for use.
    pub fn compile(spec: CalendarSpec) -> Result<Calendar, CalendarError> {
        let calendar = Calendar::compile_base(spec);
        if calendar.ever_opens() { Ok(calendar) } else { Err(CalendarError::NeverOpens) }
    }

    /// Compiles a calendar that may be one that only others build on, such as the national holidays: it need never open,
    /// and a working span then never ends.
    pub fn compile_base(spec: CalendarSpec) -> Calendar {
        let (hours, zone) = (Hours::new(&spec), zone::zone(spec.zone));
        let table = Table::new(&hours, &zone, spec.day_ends);
        let midnight = |date: NaiveDate| zone.first(day_of(date) * DAY_MS);
        let covers = spec.covers.map_or(0..0, |(first, last)| midnight(first)..zone.first((day_of(last) + 1) * DAY_MS));
        let first_entry_ms = Some(hours.first_entry_ms()).filter(|&ms| ms > 0);
        let day_length_ms = spec.day_length_ms.or(first_entry_ms).unwrap_or(STATUTORY_DAY_MS);
        Calendar { spec, hours, zone, table, covers, day_length_ms }
    }

    /// Whether any date ever opens.
    pub fn ever_opens(&self) -> bool {
        self.hours.ever_open()
    }

    /// The calendar as given.
    pub fn spec(&self) -> &CalendarSpec {
        &self.spec
    }

    /// Its zone.
    pub fn zone(&self) -> Tz {
        self.spec.zone
    }

    /// Working milliseconds in `[from, to)`; 0 if `to` is not after `from`.
    pub fn worked_ms(&self, from: Instant, to: Instant) -> i64 {
        if to <= from {
            return 0;
        }
        match (self.table.worked(from.0), self.table.worked(to.0)) {
            (Some(before), Some(after)) => after - before,
            _ => self.walk().worked(from.0, to.0),
        }
    }

    /// Whether the instant is working time.
    pub fn is_open(&self, at: Instant) -> bool {
        self.table.is_open(at.0).unwrap_or_else(|| self.walk().is_open(at.0))
    }

    /// Whether the instant is before the first opening or at or after the last close of a working day, or on none.
    pub fn is_off_duty(&self, at: Instant) -> bool {
        self.working_day(self.zone.day(at.0)).is_none_or(|day| at.0 < day.open || day.close <= at.0)
    }

    /// Whether the date is a working day.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        self.working_day(day_of(date)).is_some()
    }

    /// What the calendar says of a date.
    pub fn day(&self, date: NaiveDate) -> DayInfo {
        let working = self.is_working_day(date);
        let open = if working { self.hours.on(date).to_vec() } else { Vec::new() };
        DayInfo { working, title: self.hours.title(date).map(str::to_owned), open }
    }

    /// The local date of an instant.
    pub fn date(&self, at: Instant) -> NaiveDate {
        date_of(self.zone.day(at.0))
    }

    /// Whether a due at this instant is provisional (暂定).
    pub fn is_provisional(&self, due: Instant) -> bool {
        !self.covers.contains(&due.just_before().0)
    }

    /// How many days of cover are left, the date of `now` included; none: no horizon is known.
    pub fn cover_left_days(&self, now: Instant) -> Option<i64> {
        let (_, last) = self.spec.covers?;
        Some(day_of(last) + 1 - self.zone.day(now.0))
    }

    /// The instant at which a wall-clock time comes on a date: the first instant after a gap, the first of a repeated one.
    pub fn at(&self, date: NaiveDate, time: NaiveTime) -> Instant {
        let ms = i64::from(time.num_seconds_from_midnight()) * 1000 + i64::from(time.nanosecond() / 1_000_000);
        Instant(self.zone.first(day_of(date) * DAY_MS + ms))
    }

    fn walk(&self) -> Walk<'_> {
        Walk { hours: &self.hours, zone: &self.zone, ends: self.spec.day_ends }
    }

    /// What a date is, if it is a working day.
    #[inline]
    fn working_day(&self, day: i64) -> Option<WorkingDay> {
        match (self.table.ordinal(day), self.table.ordinal(day + 1)) {
            (Some(before), Some(after)) if before == after => None,
            (Some(before), Some(_)) => self.table.nth(before).copied(),
            _ => self.walk().working_day(day),
        }
    }
}

/// A date as days since 1970-01-01.
fn day_of(date: NaiveDate) -> i64 {
    i64::from(date.to_epoch_days())
}

#[cfg(test)]
pub(crate) mod tests;
