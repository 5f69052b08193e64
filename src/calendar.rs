//! Working time (工作时间): which instants are working time, and adding, subtracting and measuring it.
//!
//! A [`CalendarSpec`] is a calendar as its file gives it, inheritance resolved; [`Calendar::compile`] turns it once into
//! tables over instants, so that a question costs the same whatever the distance. Meaning: language.md §1; the counting
//! of days follows 民法典 arts. 201 and 203.

pub mod span;

use crate::time::Instant;
use chrono::{NaiveDate, NaiveTime, Weekday};
use chrono_tz::Tz;
use span::Span;
use std::collections::BTreeMap;

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

/// A time of the local clock, as in `by: "09:00"`: minutes since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockTime(pub u16);

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
#[derive(Debug)]
pub struct Calendar {
    spec: CalendarSpec,
}

/// What is wrong with a calendar as given; the reader of the file knows the places.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CalendarError {
    /// No date ever opens, so no working span ever ends.
    #[error("the calendar never opens")]
    NeverOpens,
}

#[expect(unused_variables, reason = "the arithmetic is being built")]
impl Calendar {
    /// Compiles a calendar for use.
    pub fn compile(spec: CalendarSpec) -> Result<Calendar, CalendarError> {
        Ok(Calendar { spec })
    }
    /// The calendar as given.
    pub fn spec(&self) -> &CalendarSpec {
        &self.spec
    }
    /// Its zone.
    pub fn zone(&self) -> Tz {
        self.spec.zone
    }
    /// When a span counted from `start` falls due.
    pub fn due(&self, start: Instant, span: Span, counting: Counting) -> Due {
        todo!()
    }
    /// When a span counted from another due falls due (an extension, an `after` step): the start date is the date of the
    /// instant just before that due, and days are counted by `next_day`.
    pub fn due_after(&self, due: Instant, span: Span) -> Due {
        todo!()
    }
    /// The instant of a `before` step.
    pub fn before(&self, due: Instant, span: Span) -> Instant {
        todo!()
    }
    /// The first instant strictly after `start` at which the clock reads `time` on a working day.
    pub fn due_by(&self, start: Instant, time: ClockTime) -> Due {
        todo!()
    }
    /// The end of a date given as a deadline: of the next working day if it is none.
    pub fn due_on(&self, date: NaiveDate) -> Due {
        todo!()
    }
    /// What of a span counted from `start` is still to be counted when it is suspended at `at` (before its due); the rest
    /// is counted by `next_day` from the resumption. `elapsed` working days come back as working time.
    pub fn left(&self, start: Instant, span: Span, counting: Counting, at: Instant) -> Span {
        todo!()
    }
    /// Working milliseconds in `[from, to)`; 0 if `to` is not after `from`.
    pub fn worked_ms(&self, from: Instant, to: Instant) -> i64 {
        todo!()
    }
    /// Whether the instant is working time.
    pub fn is_open(&self, at: Instant) -> bool {
        todo!()
    }
    /// Whether the instant is before the first opening or at or after the last close of a working day, or on none.
    pub fn is_off_duty(&self, at: Instant) -> bool {
        todo!()
    }
    /// Whether the date is a working day.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        todo!()
    }
    /// What the calendar says of a date.
    pub fn day(&self, date: NaiveDate) -> DayInfo {
        todo!()
    }
    /// The local date of an instant.
    pub fn date(&self, at: Instant) -> NaiveDate {
        at.in_zone(self.spec.zone).date_naive()
    }
    /// Whether a due at this instant is provisional (暂定).
    pub fn is_provisional(&self, due: Instant) -> bool {
        todo!()
    }
    /// The instant at which a wall-clock time comes on a date: the first instant after a gap, the first of a repeated one.
    pub fn at(&self, date: NaiveDate, time: NaiveTime) -> Instant {
        todo!()
    }
}
