//! What a calendar's file says of a date: its opening intervals and its name, by the order of precedence of language.md
//! §1 (single dates, then the season, then the weekly hours).

use super::{CalendarSpec, DateEntry, Opening, Season, WeeklyHours};
use chrono::{Datelike, NaiveDate, Weekday};
use std::collections::BTreeMap;

/// The hours of a calendar, laid out by weekday so that a date's are found without searching.
#[derive(Debug)]
pub(super) struct Hours {
    days: BTreeMap<NaiveDate, DateEntry>,
    weekly: Week,
    seasons: Vec<(Season, Week)>,
}

/// Opening intervals by weekday, Monday first, and those of the first entry.
#[derive(Debug)]
struct Week {
    open: [Vec<Opening>; 7],
    first: Vec<Opening>,
}

impl Week {
    fn new(hours: &[WeeklyHours]) -> Week {
        let of = |day: Weekday| {
            let entries = hours.iter().filter(|entry| entry.days.contains(&day));
            sorted(entries.flat_map(|entry| entry.open.iter().copied()).collect())
        };
        let first = hours.first().map_or_else(Vec::new, |entry| sorted(entry.open.clone()));
        Week {
            open: [0, 1, 2, 3, 4, 5, 6].map(|day: u8| Weekday::try_from(day).map_or_else(|_| Vec::new(), of)),
            first,
        }
    }

    fn on(&self, date: NaiveDate) -> &[Opening] {
        &self.open[date.weekday().num_days_from_monday() as usize]
    }

    fn opens(&self) -> bool {
        self.open.iter().any(|open| !open.is_empty())
    }
}

fn sorted(mut open: Vec<Opening>) -> Vec<Opening> {
    open.retain(|opening| opening.open < opening.close);
    open.sort_unstable();
    open
}

impl Season {
    /// Whether a date lies in the season, whose ends both count and which may wrap the year's end.
    pub(super) fn contains(&self, date: NaiveDate) -> bool {
        let day = (date.month(), date.day());
        if self.from <= self.until {
            self.from <= day && day <= self.until
        } else {
            self.from <= day || day <= self.until
        }
    }
}

impl Hours {
    pub(super) fn new(spec: &CalendarSpec) -> Hours {
        let mut days = spec.days.clone();
        for entry in days.values_mut() {
            if let DateEntry::Work(_, Some(open)) | DateEntry::Open(_, open) = entry {
                *open = sorted(std::mem::take(open));
            }
        }
        let seasons = spec.seasons.iter().map(|season| (season.clone(), Week::new(&season.hours))).collect();
        Hours { days, weekly: Week::new(&spec.hours), seasons }
    }

    /// A date's opening intervals, ascending.
    pub(super) fn on(&self, date: NaiveDate) -> &[Opening] {
        match self.days.get(&date) {
            Some(DateEntry::Rest(_)) => &[],
            Some(DateEntry::Open(_, open) | DateEntry::Work(_, Some(open))) => open,
            Some(DateEntry::Work(_, None)) => &self.in_force(date).0.first,
            None => self.in_force(date).0.on(date),
        }
    }

    /// A date's name: the holiday's or make-up day's, else that of the season by whose hours it is worked.
    pub(super) fn title(&self, date: NaiveDate) -> Option<&str> {
        match self.days.get(&date) {
            Some(DateEntry::Rest(title) | DateEntry::Work(title, _)) => Some(title.as_str()),
            Some(DateEntry::Open(title, _)) => title.as_deref(),
            None if self.on(date).is_empty() => None,
            None => self.in_force(date).1,
        }
        .filter(|title| !title.is_empty())
    }

    /// What the file says of this date alone.
    pub(super) fn entry(&self, date: NaiveDate) -> Option<&DateEntry> {
        self.days.get(&date)
    }

    /// The hours in force on a date, and the name of their season.
    fn in_force(&self, date: NaiveDate) -> (&Week, Option<&str>) {
        match self.seasons.iter().find(|(season, _)| season.contains(date)) {
            Some((season, week)) => (week, Some(&season.title)),
            None => (&self.weekly, None),
        }
    }

    /// Whether hours recur every year, so that there always is a next opening.
    pub(super) fn recur(&self) -> bool {
        self.weekly.opens() && !self.seasons_fill_the_year() || self.seasons.iter().any(|(_, week)| week.opens())
    }

    fn seasons_fill_the_year(&self) -> bool {
        let leap_year = (0..366).filter_map(|day| NaiveDate::from_yo_opt(2024, day + 1));
        let mut outside = leap_year.filter(|&date| !self.seasons.iter().any(|(season, _)| season.contains(date)));
        outside.next().is_none()
    }

    /// The first and last date with an entry of its own, in days since 1970-01-01; none: 1970-01-01.
    pub(super) fn first_entry(&self) -> i64 {
        self.days.keys().next().map_or(0, |date| i64::from(date.to_epoch_days()))
    }

    /// See [`Hours::first_entry`].
    pub(super) fn last_entry(&self) -> i64 {
        self.days.keys().next_back().map_or(0, |date| i64::from(date.to_epoch_days()))
    }

    /// Whether any date ever opens.
    pub(super) fn ever_open(&self) -> bool {
        self.recur() || self.days.keys().any(|&date| !self.on(date).is_empty())
    }

    /// The working time of a day for `counting: elapsed` where the file gives none: that of the first weekly entry.
    pub(super) fn first_entry_ms(&self) -> i64 {
        let minutes = |open: &[Opening]| open.iter().map(|o| i64::from(o.close - o.open)).sum::<i64>();
        let firsts = std::iter::once(&self.weekly).chain(self.seasons.iter().map(|(_, week)| week));
        firsts.map(|week| minutes(&week.first)).find(|&minutes| minutes > 0).unwrap_or(0) * 60_000
    }
}
