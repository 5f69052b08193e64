//! Schedules (定时): what the daemon runs at set times, and when that is.
//!
//! A [`When`] is a function of instants: five POSIX fields or words, read on the wall clock of a calendar's zone. Nothing
//! here reads a clock or keeps a timer; that an instant's run was made is a row of the store, by the schedule's name. A
//! wall-clock time that daylight saving skips is the first instant after the gap, one that it repeats is the first, so
//! that what is set for a time of day runs once that day; what is set for every hour keeps to real time.

pub mod cron;
pub mod days;
pub mod read;

#[cfg(test)]
mod tests;

use crate::calendar::{Calendar, ClockTime};
use crate::text::place::Place;
use crate::time::Instant;
use chrono::{Days as DateStep, NaiveTime};
use cron::Cron;
use days::DayRule;
use std::path::PathBuf;
use std::sync::Arc;

/// What is run at which times.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// By what its runs are known in the store, unique: `name`, by default the job's word.
    pub name: Arc<str>,
    /// What is run.
    pub job: Job,
    /// When.
    pub when: When,
    /// The calendar in whose zone and by whose working days it is read; none: that of the first policy.
    pub calendar: Option<Named>,
}

/// A name of another file as written: a calendar's, a recipient's.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The name.
    pub name: Arc<str>,
    /// Where it is written.
    pub place: Place,
}

/// What can be run: `run: …`. Further jobs are added here, in [`Job::WORDS`] and, with what they need, in `read`.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    /// Signs the ledger's state.
    Checkpoint {
        /// The recipients of the directory to whom it is sent.
        tell: Vec<Named>,
    },
    /// Copies the store.
    Backup {
        /// The folder for copies.
        to: PathBuf,
        /// So many of the newest are kept; none: all.
        keep: Option<u32>,
    },
}

impl Job {
    /// The words for them.
    pub const WORDS: [&str; 2] = ["checkpoint", "backup"];

    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Job::Checkpoint { .. } => "checkpoint",
            Job::Backup { .. } => "backup",
        }
    }
}

/// At which instants.
#[derive(Clone, Debug)]
pub enum When {
    /// Five POSIX fields.
    Cron(Cron),
    /// Times of certain days.
    Days {
        /// Any of them; never empty.
        days: Vec<DayRule>,
        /// Ascending; never empty.
        times: Vec<ClockTime>,
    },
}

/// So many days ahead a next instant is looked for: a leap day comes within eight years.
const AHEAD_DAYS: u64 = 8 * 366;
const DAY_MS: i64 = 86_400_000;

impl When {
    /// The first instant after another; none if there is none for years.
    pub fn next_after(&self, calendar: &Calendar, after: Instant) -> Option<Instant> {
        match self {
            When::Cron(cron) => cron.next_after(calendar, after),
            When::Days { days, times } => next_of_days(days, times, calendar, after),
        }
    }

    /// The last instant in `(after, until]`.
    pub fn last_in(&self, calendar: &Calendar, after: Instant, until: Instant) -> Option<Instant> {
        // From the near past backwards: of a daemon that was down for a year, not every minute of it is looked at.
        for days in [1, 10, 100, 400, 4000] {
            let from = until.plus_ms(-days * DAY_MS).max(after);
            let next = |at: &Instant| self.next_after(calendar, *at).filter(|next| *next <= until);
            let found = std::iter::successors(next(&from), next).last();
            if found.is_some() || from == after {
                return found;
            }
        }
        None
    }
}

fn next_of_days(days: &[DayRule], times: &[ClockTime], calendar: &Calendar, after: Instant) -> Option<Instant> {
    // The day before, too: a skipped 24th hour may lie on the next date.
    let first = calendar.date(after).pred_opt()?;
    let dates = (0..AHEAD_DAYS).map_while(|ahead| first.checked_add_days(DateStep::new(ahead)));
    let dates = dates.filter(|&date| days.iter().any(|rule| rule.holds(date, calendar)));
    let instants = dates.flat_map(|date| times.iter().map(move |&time| calendar.at(date, wall(time))));
    instants.into_iter().find(|&at| at > after)
}

/// A time of day as the calendar takes it.
fn wall(ClockTime(minutes): ClockTime) -> NaiveTime {
    NaiveTime::from_num_seconds_from_midnight_opt(u32::from(minutes) * 60, 0).unwrap_or(NaiveTime::MIN)
}
