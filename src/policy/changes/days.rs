//! What changes in calendars: hours, seasons, cover, single dates; of each as it is, whatever it inherits included.

use super::{CalendarChange, KeyChange, What};
use crate::calendar::read::Calendars;
use crate::calendar::{CalendarSpec, DateEntry, DayEnds, Opening, WeeklyHours};
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// The calendars that change, those that change alike together.
pub(super) fn calendars(old: &Calendars, new: &Calendars) -> Vec<CalendarChange> {
    let names: BTreeSet<&str> = old.iter().chain(new.iter()).map(|(name, _)| name).collect();
    let mut changes: Vec<CalendarChange> = Vec::new();
    for name in names {
        let (before, now) = (old.get(name).map(|known| known.spec()), new.get(name).map(|known| known.spec()));
        let Some(mut change) = calendar(before, now) else { continue };
        let alike = |known: &&mut CalendarChange| {
            (known.what, &known.keys, &known.days) == (change.what, &change.keys, &change.days)
        };
        if let Some(known) = changes.iter_mut().find(alike) {
            known.calendars.push(name.to_owned());
        } else {
            change.calendars.push(name.to_owned());
            changes.push(change);
        }
    }
    changes
}

fn calendar(old: Option<&CalendarSpec>, new: Option<&CalendarSpec>) -> Option<CalendarChange> {
    let whole = |what| Some(CalendarChange { what, calendars: Vec::new(), keys: Vec::new(), days: Vec::new() });
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (old, new),
        (None, Some(_)) => return whole(What::Added),
        _ => return whole(What::Removed),
    };
    let keys = keys(old, new);
    let dates: BTreeSet<NaiveDate> = old.days.keys().chain(new.days.keys()).copied().collect();
    let day = |spec: &CalendarSpec, date| spec.days.get(date).map(said);
    let days = dates.iter().filter_map(|date| changed(&date.to_string(), day(old, date), day(new, date))).collect();
    let change = CalendarChange { what: What::Changed, calendars: Vec::new(), keys, days };
    (!change.keys.is_empty() || !change.days.is_empty()).then_some(change)
}

fn keys(old: &CalendarSpec, new: &CalendarSpec) -> Vec<KeyChange> {
    let covers = |spec: &CalendarSpec| spec.covers.map(|(first, last)| format!("{first}..{last}"));
    let length = |spec: &CalendarSpec| spec.day_length_ms.map(|ms| format!("{}m", ms / 60_000));
    let ends = |spec: &CalendarSpec| match spec.day_ends {
        DayEnds::Closing => "closing".to_owned(),
        DayEnds::Midnight => "midnight".to_owned(),
    };
    let all = [
        changed("covers", covers(old), covers(new)),
        changed("timezone", Some(old.zone.to_string()), Some(new.zone.to_string())),
        changed("hours", Some(hours(&old.hours)), Some(hours(&new.hours))),
        changed("seasons", Some(seasons(old)), Some(seasons(new))),
        changed("day_ends", Some(ends(old)), Some(ends(new))),
        changed("day_length", length(old), length(new)),
    ];
    all.into_iter().flatten().collect()
}

fn changed(key: &str, old: Option<String>, new: Option<String>) -> Option<KeyChange> {
    (old != new).then(|| KeyChange { key: key.to_owned(), old, new })
}

/// A date's entry: `休 春节`.
fn said(entry: &DateEntry) -> String {
    match entry {
        DateEntry::Rest(title) => format!("休 {title}"),
        DateEntry::Work(title, None) => format!("班 {title}"),
        DateEntry::Work(title, Some(open)) => format!("班 {title} {}", intervals(open)),
        DateEntry::Open(title, open) => {
            format!("{} {}", title.as_deref().unwrap_or_default(), intervals(open)).trim().to_owned()
        }
    }
}

fn intervals(open: &[Opening]) -> String {
    open.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn hours(hours: &[WeeklyHours]) -> String {
    let entry = |entry: &WeeklyHours| {
        let days: Vec<String> = entry.days.iter().map(|day| day.to_string().to_lowercase()).collect();
        format!("{} {}", days.join(","), intervals(&entry.open))
    };
    hours.iter().map(entry).collect::<Vec<_>>().join("; ")
}

fn seasons(spec: &CalendarSpec) -> String {
    let seasons = spec.seasons.iter().map(|season| {
        let ((from, first), (until, last)) = (season.from, season.until);
        format!("{} {from:02}-{first:02}..{until:02}-{last:02} {}", season.title, hours(&season.hours))
    });
    seasons.collect::<Vec<_>>().join(" / ")
}
