//! A calendar file with an arrangement laid into it: text in, text out, so that what people wrote there stays.
//!
//! Years that the arrangement does not hold keep every line, comments included; of the years that it holds, dates that stay
//! as they are keep theirs. Dates with hours of their own (`open`) are the operator's, never the notice's, and stay; so do
//! the December days of a 元旦 whose year is not in the arrangement.

use super::changes::{Change, Changes};
use super::years::extended;
use super::{Arrangement, Day, Mark, Notice, is_next_years, number_in, url_in};
use crate::calendar::DateEntry;
use crate::calendar::read::{Own, own};
use crate::text::place::Place;
use crate::text::problem::Problems;
use crate::text::tree::{Entry, Node};
use crate::text::want;
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};

/// A calendar file as it stands: its lines, and what they say.
#[derive(Debug)]
pub struct CalendarFile {
    /// Up to and with the line `days:`.
    head: Vec<String>,
    entries: BTreeMap<NaiveDate, Kept>,
    /// What follows the dates.
    tail: Vec<String>,
    covers: Option<(NaiveDate, NaiveDate)>,
}

/// A date of the file.
#[derive(Clone, Debug)]
struct Kept {
    /// The comments and blank lines above it.
    above: Vec<String>,
    lines: Vec<String>,
    /// What it is, if a notice could have said so.
    day: Option<(Mark, String)>,
}

/// A file with an arrangement laid into it.
#[derive(Debug)]
pub struct Written {
    /// The new text.
    pub text: String,
    /// What differs.
    pub changes: Changes,
}

impl CalendarFile {
    /// A file that is not there yet, for a calendar of this name.
    pub fn new(name: &str) -> CalendarFile {
        let title = if name == "cn" { "title: 全国节假日与调休\n" } else { "" };
        let head = format!(
            "# 国务院办公厅放假安排：rest 休，work 班（调休上班）；其余日期按各日历的 hours。\n\
             # covers 是已有官方安排的年份；次年安排印发后，用 duban calendar import 添上。\n\n\
             calendar: {}\n{title}timezone: Asia/Shanghai\ndays:",
            quoted(name)
        );
        let head = head.lines().map(str::to_owned).collect();
        CalendarFile { head, entries: BTreeMap::new(), tail: Vec::new(), covers: None }
    }

    /// The file as it was read; its mistakes are problems.
    pub fn of(root: &Node, problems: &mut Problems) -> CalendarFile {
        let Own { covers, days: said } = own(root, problems);
        let text = &root.place.source.text;
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let Some(days) = root.entry("days") else {
            let head = lines.into_iter().chain(["days:".to_owned()]).collect();
            return CalendarFile { head, entries: BTreeMap::new(), tail: Vec::new(), covers };
        };
        let from = line_of(&days.key.place);
        let until = end_of(root, days, &lines);
        let mut head = lines[..from].to_vec();
        head.push("days:".to_owned());
        let entries = entries(days, &said, &lines, until);
        CalendarFile { head, entries, tail: lines[until..].to_vec(), covers }
    }

    /// The file with an arrangement laid into it.
    pub fn with(&self, arrangement: &Arrangement) -> Written {
        let dates: BTreeSet<NaiveDate> = self.entries.keys().chain(arrangement.days.keys()).copied().collect();
        let mut changes = Vec::new();
        let mut lines: BTreeMap<i32, Vec<String>> = BTreeMap::new();
        for date in dates {
            let (old, new) = (self.entries.get(&date), arrangement.days.get(&date));
            let (written, change) = Self::date(date, old, new, arrangement);
            let of_year = lines.entry(date.year()).or_default();
            let is_heading = arrangement.years.contains(&date.year()) && self.first_of(date.year()) == Some(date);
            let above = old.filter(|_| !is_heading && !written.is_empty()).map(|old| old.above.as_slice());
            of_year.extend(above.unwrap_or_default().iter().cloned());
            of_year.extend(written);
            changes.extend(change);
        }
        let (covers, missing) = extended(self.covers, &arrangement.years);
        let mut text = self.head_with(covers);
        for (year, of_year) in lines {
            if arrangement.years.contains(&year) {
                text.extend(self.heading(year, arrangement.notices.get(&year).map_or(&[][..], Vec::as_slice)));
            }
            text.extend(of_year);
        }
        text.extend(self.tail.iter().cloned());
        let changes = Changes { list: changes, covers: (self.covers, covers), missing };
        Written { text: text.join("\n") + "\n", changes }
    }

    fn date(
        date: NaiveDate,
        old: Option<&Kept>,
        new: Option<&Day>,
        arrangement: &Arrangement,
    ) -> (Vec<String>, Option<Change>) {
        match (old, new) {
            (Some(old), None) if Self::stays(date, old, arrangement) => (old.lines.clone(), None),
            (Some(Kept { day: Some(day), .. }), None) => (Vec::new(), Some(Change::Removed(date, day.clone()))),
            (Some(old), None) => (old.lines.clone(), None),
            (Some(old), Some(new)) => match &old.day {
                Some(day) if (day.0, day.1.as_str()) == (new.mark, new.title().as_str()) => (old.lines.clone(), None),
                Some(day) => (
                    vec![line(date, new)],
                    Some(Change::Changed { date, from: day.clone(), to: (new.mark, new.title()) }),
                ),
                None => (old.lines.clone(), Some(Change::OwnHours(date, (new.mark, new.title())))),
            },
            (None, Some(new)) => (vec![line(date, new)], Some(Change::Added(date, (new.mark, new.title())))),
            (None, None) => (Vec::new(), None),
        }
    }

    fn stays(date: NaiveDate, old: &Kept, arrangement: &Arrangement) -> bool {
        let years = &arrangement.years;
        let is_not_arranged = !years.contains(&date.year());
        let next_missing = !years.contains(&(date.year() + 1));
        let is_new_year = old.day.as_ref().is_some_and(|(_, title)| is_next_years(date, title));
        is_not_arranged || (next_missing && is_new_year)
    }

    fn first_of(&self, year: i32) -> Option<NaiveDate> {
        self.entries.keys().copied().find(|date| date.year() == year)
    }

    fn head_with(&self, covers: Option<(NaiveDate, NaiveDate)>) -> Vec<String> {
        let Some((first, last)) = covers.filter(|_| covers != self.covers) else { return self.head.clone() };
        let written = format!("covers: \"{first}..{last}\"");
        let mut head = self.head.clone();
        let known = head.iter().position(|line| line.starts_with("covers:") || line.starts_with("\"covers\":"));
        match known {
            Some(at) => {
                let comment = head[at].find(" #").map(|from| head[at][from..].to_owned()).unwrap_or_default();
                head[at] = written + &comment;
            }
            None => head.insert(head.len() - 1, written),
        }
        head
    }

    /// The comments above a year's first date. Those that stand there stay where the input names no
    /// other notice.
    fn heading(&self, year: i32, notices: &[Notice]) -> Vec<String> {
        let old = self.first_of(year).map(|date| self.entries[&date].above.as_slice()).unwrap_or_default();
        let is_new = |number: &String| !old.iter().any(|line| line.contains(number.as_str()));
        if notices.iter().filter_map(|notice| notice.number.as_ref()).any(is_new) {
            let is_own = |line: &&String| number_in(line).is_none() && url_in(line).is_none() && !line.contains("──");
            return headed(year, notices).into_iter().chain(old.iter().filter(is_own).cloned()).collect();
        }
        if old.iter().any(|line| number_in(line).is_some()) {
            let is_known =
                |notice: &&Notice| old.iter().any(|line| url_in(line).is_some() && url_in(line) == notice.url);
            let new = notices.iter().filter(|notice| !is_known(notice));
            return old.iter().cloned().chain(new.filter_map(source)).collect();
        }
        headed(year, notices).into_iter().chain(old.iter().filter(|line| !line.contains("──")).cloned()).collect()
    }
}

fn headed(year: i32, notices: &[Notice]) -> Vec<String> {
    let numbers: Vec<&str> = notices.iter().filter_map(|notice| notice.number.as_deref()).collect();
    let numbers = if numbers.is_empty() { "文号未给出".to_owned() } else { numbers.join("；") };
    std::iter::once(format!("  # ── {year} 年：{numbers} ──")).chain(notices.iter().filter_map(source)).collect()
}

fn source(notice: &Notice) -> Option<String> {
    let url = notice.url.as_ref()?;
    Some(match notice.issued {
        Some(issued) => format!("  #    {issued} 印发：{url}"),
        None => format!("  #    原文：{url}"),
    })
}

fn line(date: NaiveDate, day: &Day) -> String {
    let key = match day.mark {
        Mark::Rest => "rest",
        Mark::Work => "work",
    };
    format!("  \"{date}\": {{ {key}: {} }}", quoted(&day.title()))
}

/// A text as YAML takes it in a flow mapping: plain where it is nothing but letters, digits and 、.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphabetic() || "、（）-_".contains(c) || c.is_ascii_digit();
    let starts_plain = text.starts_with(char::is_alphabetic);
    let is_word = ["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str());
    if starts_plain && !is_word && text.chars().all(is_plain) {
        return text.to_owned();
    }
    let escaped: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", escaped.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The line of a place, from 0.
fn line_of(place: &Place) -> usize {
    place.line_column().0 - 1
}

/// The first line after the dates: comments at the margin above the next key belong to that.
fn end_of(root: &Node, days: &Entry, lines: &[String]) -> usize {
    let from = line_of(&days.key.place);
    let next = root.mapping().unwrap_or_default().iter().map(|entry| line_of(&entry.key.place)).find(|&at| at > from);
    let mut end = next.unwrap_or(lines.len());
    while end > from + 1 && (lines[end - 1].trim().is_empty() || lines[end - 1].starts_with('#')) {
        end -= 1;
    }
    end
}

fn entries(
    days: &Entry,
    said: &BTreeMap<NaiveDate, DateEntry>,
    all: &[String],
    until: usize,
) -> BTreeMap<NaiveDate, Kept> {
    let keys = days.value.mapping().unwrap_or_default();
    let starts: Vec<usize> = keys.iter().map(|entry| line_of(&entry.key.place)).collect();
    let from = line_of(&days.key.place) + 1;
    let is_by_line =
        starts.windows(2).all(|pair| pair[0] < pair[1]) && starts.first().is_none_or(|&first| first >= from);
    let mut kept = BTreeMap::new();
    let mut above_from = from;
    for (index, entry) in keys.iter().enumerate() {
        let Some((date, what)) = want::parse_date(&entry.key.text).and_then(|date| Some((date, said.get(&date)?)))
        else {
            continue;
        };
        let next = starts.get(index + 1).copied().unwrap_or(until);
        let (above, lines) = if is_by_line {
            let end = above_of(all, starts[index] + 1, next);
            let parts = (all[above_from..starts[index]].to_vec(), all[starts[index]..end].to_vec());
            above_from = end;
            parts
        } else {
            (Vec::new(), vec![format!("  \"{date}\": {}", entry.value.in_one_line())])
        };
        kept.insert(date, Kept { above, lines, day: day_of(what) });
    }
    kept
}

/// Where the comments above the next date begin.
fn above_of(lines: &[String], from: usize, next: usize) -> usize {
    let mut at = next.min(lines.len());
    while at > from && (lines[at - 1].trim().is_empty() || lines[at - 1].trim_start().starts_with('#')) {
        at -= 1;
    }
    at
}

fn day_of(entry: &DateEntry) -> Option<(Mark, String)> {
    match entry {
        DateEntry::Rest(title) => Some((Mark::Rest, title.clone())),
        DateEntry::Work(title, _) => Some((Mark::Work, title.clone())),
        DateEntry::Open(..) => None,
    }
}
