//! Rosters (轮值), `rules/rosters.yaml`: who is on duty, by weekday and hours. Meaning: language.md §5 and docs/language.md.
//!
//! A roster is a function of dates: from its first day on, duties are counted, and whose turn each is follows from that
//! count alone, so that every reader finds the same person and can say why. A holiday takes no turn.

pub mod read;

use crate::calendar::span::Span;
use crate::calendar::{Calendar, ClockTime, DateEntry, Opening};
use crate::policy::directory::Person;
use crate::time::Instant;
use chrono::{Datelike, Days, NaiveDate, NaiveTime, Weekday};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who takes turns at what.
#[derive(Clone, Debug)]
pub struct Roster {
    /// The id by which the directory names it.
    pub name: Arc<str>,
    /// What people read.
    pub title: String,
    /// Whose holidays count.
    pub calendar: Arc<Calendar>,
    /// On which weekdays; none: on every working day of the calendar, make-up days included.
    pub days: Option<Vec<Weekday>>,
    /// At what hours, ascending; empty: while the calendar is open that day.
    pub hours: Vec<Opening>,
    /// What becomes of a duty that falls on a holiday.
    pub holiday: Holiday,
    /// Whose turn it is, in this order; never empty.
    pub turn: Vec<Member>,
    /// The first duty on or after this date is the first member's.
    pub since: NaiveDate,
    /// How often the turn passes on.
    pub per: Per,
    /// Dates that someone else takes; the order of turns goes on as if they had not.
    pub swaps: BTreeMap<NaiveDate, Member>,
    /// When whoever is on duty is reminded.
    pub remind: Option<Remind>,
    /// What the file says, for telling whether it has changed.
    said: String,
}

/// Two readings of one text are the same roster; the calendar has a version of its own.
impl PartialEq for Roster {
    fn eq(&self, other: &Roster) -> bool {
        self.said == other.said && self.name == other.name
    }
}

/// What becomes of a duty that falls on a holiday (休).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Holiday {
    /// There is none.
    #[default]
    Skip,
    /// It moves to the next working day that has none.
    Move,
    /// It is kept.
    Keep,
}

impl Holiday {
    /// The words for them.
    pub const WORDS: [(&str, Holiday); 3] = [("skip", Holiday::Skip), ("move", Holiday::Move), ("keep", Holiday::Keep)];
}

/// How often the turn passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Per {
    /// With every duty.
    #[default]
    Day,
    /// With every week that has a duty.
    Week,
}

impl Per {
    /// The words for them.
    pub const WORDS: [(&str, Per); 2] = [("day", Per::Day), ("week", Per::Week)];
}

/// Who may be on duty.
#[derive(Clone, Debug, PartialEq)]
pub enum Member {
    /// A department of the directory: whoever stands there behind the recipient, else its liaison.
    Unit(Arc<str>),
    /// A person.
    Person(Person),
}

impl Member {
    /// What people read.
    pub fn title(&self) -> &Arc<str> {
        match self {
            Member::Unit(name) => name,
            Member::Person(person) => &person.name,
        }
    }
}

/// When a duty is announced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Remind {
    /// How long before it begins.
    pub before: Span,
    /// Of a number of working days before: at what time that day; none: when it opens.
    pub at: Option<ClockTime>,
}

/// A day of duty.
#[derive(Clone, Debug, PartialEq)]
pub struct Duty {
    /// The date.
    pub date: NaiveDate,
    /// The holiday from which it was moved.
    pub moved_from: Option<NaiveDate>,
    /// Its hours, ascending; never empty.
    pub hours: Vec<Opening>,
    /// Who has it.
    pub member: Member,
    /// The how-manieth duty (or week of duties) it is, from 1: what the turn follows from.
    pub number: usize,
    /// Whether the turn begins with it: of a week the first duty.
    pub is_first: bool,
    /// Whose turn it would have been, had it not been swapped.
    pub instead_of: Option<Member>,
    /// The calendar does not know that date's official arrangement yet.
    pub is_provisional: bool,
}

/// A duty moved off a holiday finds its day within so many days.
const MOVE_DAYS_MAX: u64 = 40;
/// A reminder lies at most so many days before.
const REMIND_DAYS_MAX: usize = 400;
/// So far ahead the next duty is looked for.
const AHEAD_DAYS: [u64; 3] = [14, 120, 800];

impl Roster {
    /// The duties of the dates `first..=last`, in order.
    pub fn duties(&self, first: NaiveDate, last: NaiveDate) -> Vec<Duty> {
        let mut week = None;
        let mut weeks = 0;
        let mut duties = Vec::new();
        for (count, (date, moved_from)) in self.dates(last).into_iter().enumerate() {
            let is_new_week = week.replace(date.iso_week()) != Some(date.iso_week());
            weeks += usize::from(is_new_week);
            let number = match self.per {
                Per::Day => count + 1,
                Per::Week => weeks,
            };
            if (first..=last).contains(&date) {
                let is_first = self.per == Per::Day || is_new_week;
                duties.push(Duty { is_first, ..self.duty(date, moved_from, number) });
            }
        }
        duties
    }

    /// The holidays of the dates `first..=last` whose duty falls away or moves, each with its name.
    pub fn off(&self, first: NaiveDate, last: NaiveDate) -> Vec<(NaiveDate, String)> {
        let dates = first.iter_days().take_while(|date| *date <= last).filter(|date| *date >= self.since);
        let off = dates.filter(|&date| self.is_listed(date) && !self.is_regular(date));
        off.map(|date| (date, self.calendar.day(date).title.unwrap_or_default())).collect()
    }

    /// The duty of a date.
    pub fn duty_on(&self, date: NaiveDate) -> Option<Duty> {
        self.duties(date, date).pop()
    }

    /// Who is on duty at an instant, or, where nobody is, whoever is next; and whether that is now.
    pub fn at(&self, now: Instant) -> Option<(Duty, bool)> {
        // A duty of the day before may last to its 24:00, which is midnight.
        let first = self.calendar.date(now).pred_opt()?;
        AHEAD_DAYS.iter().find_map(|&days| {
            let duties = self.duties(first, first.checked_add_days(Days::new(days))?);
            duties.into_iter().find_map(|duty| {
                let (open, _) = self.intervals(&duty).into_iter().find(|&(_, close)| now < close)?;
                Some((duty, open <= now))
            })
        })
    }

    /// When a duty begins.
    pub fn begins(&self, duty: &Duty) -> Instant {
        self.intervals(duty).first().map_or(Instant::BEGINNING, |&(open, _)| open)
    }

    /// When whoever has a duty is reminded: once a turn, and of a swap.
    pub fn reminded(&self, duty: &Duty) -> Option<Instant> {
        if !duty.is_first && duty.instead_of.is_none() {
            return None;
        }
        let Remind { before, at } = self.remind?;
        let Span::WorkingDays(days) = before else { return Some(self.calendar.before(self.begins(duty), before)) };
        let earlier = std::iter::successors(duty.date.pred_opt(), NaiveDate::pred_opt).take(REMIND_DAYS_MAX);
        let working = earlier.filter(|&date| self.calendar.is_working_day(date));
        let date = working.take(days as usize).last()?;
        let opens = || self.calendar.day(date).open.first().map(|opening| opening.open);
        let minutes = at.map(|time| time.0).or_else(opens)?;
        Some(self.instant(date, minutes))
    }

    fn intervals(&self, duty: &Duty) -> Vec<(Instant, Instant)> {
        let of = |opening: &Opening| (self.instant(duty.date, opening.open), self.instant(duty.date, opening.close));
        duty.hours.iter().map(of).collect()
    }

    fn instant(&self, date: NaiveDate, minutes: u16) -> Instant {
        let time = NaiveTime::from_num_seconds_from_midnight_opt(u32::from(minutes) * 60, 0);
        match (time, date.succ_opt()) {
            (Some(time), _) => self.calendar.at(date, time),
            (None, next) => self.calendar.at(next.unwrap_or(date), NaiveTime::MIN),
        }
    }

    /// The dates of duty from the first on, and from which holiday each was moved.
    fn dates(&self, last: NaiveDate) -> BTreeMap<NaiveDate, Option<NaiveDate>> {
        let dates = || self.since.iter_days().take_while(move |date| *date <= last);
        let mut found: BTreeMap<NaiveDate, Option<NaiveDate>> =
            dates().filter(|&date| self.is_regular(date)).map(|date| (date, None)).collect();
        if self.holiday == Holiday::Move {
            let mut taken: BTreeSet<NaiveDate> = found.keys().copied().collect();
            for holiday in dates().filter(|&date| self.is_listed(date) && self.is_holiday(date)) {
                let free = |date: &NaiveDate| {
                    self.calendar.is_working_day(*date) && !self.is_regular(*date) && !taken.contains(date)
                };
                let until = holiday.checked_add_days(Days::new(MOVE_DAYS_MAX)).unwrap_or(holiday);
                let moved = holiday.iter_days().skip(1).take_while(|date| *date <= until).find(free);
                if let Some(moved) = moved {
                    taken.insert(moved);
                    found.insert(moved, Some(holiday));
                }
            }
            found.retain(|date, _| *date <= last);
        }
        found
    }

    /// Whether a date has a duty of its own, not one moved there.
    fn is_regular(&self, date: NaiveDate) -> bool {
        self.is_listed(date) && (self.holiday == Holiday::Keep || !self.is_holiday(date))
    }

    fn is_listed(&self, date: NaiveDate) -> bool {
        match &self.days {
            Some(days) => days.contains(&date.weekday()),
            None => self.calendar.is_working_day(date) || (self.is_holiday(date) && self.is_weekday(date)),
        }
    }

    /// Whether a weekday is worked in an ordinary week.
    fn is_weekday(&self, date: NaiveDate) -> bool {
        self.calendar.spec().hours.iter().any(|entry| entry.days.contains(&date.weekday()))
    }

    /// A closed weekday that is listed is meant; a date that the calendar gives as off (休) is a holiday.
    fn is_holiday(&self, date: NaiveDate) -> bool {
        matches!(self.calendar.spec().days.get(&date), Some(DateEntry::Rest(_)))
    }

    fn duty(&self, date: NaiveDate, moved_from: Option<NaiveDate>, number: usize) -> Duty {
        let turn = self.turn[(number - 1) % self.turn.len()].clone();
        let swapped = self.swaps.get(&date).filter(|member| **member != turn).cloned();
        let (member, instead_of) = match swapped {
            Some(member) => (member, Some(turn)),
            None => (turn, None),
        };
        let begins = self.calendar.at(date, NaiveTime::MIN).plus_ms(1);
        let is_provisional = self.calendar.is_provisional(begins);
        Duty {
            date,
            moved_from,
            hours: self.hours_on(date),
            member,
            number,
            is_first: true,
            instead_of,
            is_provisional,
        }
    }

    fn hours_on(&self, date: NaiveDate) -> Vec<Opening> {
        let open = if self.hours.is_empty() { self.calendar.day(date).open } else { self.hours.clone() };
        if open.is_empty() { vec![Opening { open: 0, close: 24 * 60 }] } else { open }
    }
}

#[cfg(test)]
mod tests;
