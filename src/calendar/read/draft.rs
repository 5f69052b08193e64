//! One calendar's file as typed: what it gives itself, before anything is inherited.

use super::overlap::{self, Placed};
use super::word;
use crate::calendar::{DateEntry, DayEnds, Season, WeeklyHours};
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Fields, Word};
use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// A key of a file.
#[derive(Clone, Debug)]
pub(super) enum Given<T> {
    /// It does not stand there: what is inherited holds.
    Absent,
    /// It stands there, but is wrong, as the problems say.
    Wrong,
    /// It stands there.
    Value(T),
}

impl<T: Clone> Given<T> {
    /// Replaces what is inherited.
    pub(super) fn lay_over(&self, inherited: &mut T) {
        if let Given::Value(value) = self {
            inherited.clone_from(value);
        }
    }
}

/// A calendar's file.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    /// Where the name stands.
    pub(super) place: Place,
    pub(super) title: String,
    pub(super) extends: Option<(String, Place)>,
    pub(super) zone: Given<Tz>,
    pub(super) covers: Given<(NaiveDate, NaiveDate)>,
    pub(super) covers_place: Option<Place>,
    pub(super) hours: Given<Vec<WeeklyHours>>,
    pub(super) seasons: Given<Vec<Season>>,
    pub(super) days: BTreeMap<NaiveDate, DateEntry>,
    pub(super) day_ends: Given<DayEnds>,
    pub(super) day_length_ms: Given<i64>,
    /// Whether the file has a mistake.
    pub(super) is_wrong: bool,
}

const DAY_ENDS: [(&str, DayEnds); 2] = [("closing", DayEnds::Closing), ("midnight", DayEnds::Midnight)];

pub(crate) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

/// Reads a file's tree. None: it has no usable name, as the problems say.
pub(super) fn read(root: &Node, problems: &mut Problems) -> Option<Draft> {
    let mut fields = Fields::of(root, problems)?;
    let name = fields.required("calendar", problems).and_then(|node| want::word(node, problems));
    let title = fields.optional("title").and_then(|node| want::text(node, problems)).unwrap_or_default();
    let extends = fields.optional("extends").and_then(|node| want::word(node, problems));
    let covers_place = fields.optional("covers").map(|node| node.place.clone());
    let draft = Draft {
        name: name.map_or_else(String::new, |word| word.text.to_owned()),
        place: name.map_or_else(|| root.head().clone(), |word| word.place.clone()),
        title: title.to_owned(),
        extends: extends.map(|word| (word.text.to_owned(), word.place.clone())),
        zone: given(fields.optional("timezone"), |node| word::zone(node, problems)),
        covers: given(fields.optional("covers"), |node| word::covers(node, problems)),
        covers_place,
        hours: given(fields.optional("hours"), |node| hours(node, problems)),
        seasons: given(fields.optional("seasons"), |node| seasons(node, problems)),
        days: fields.optional("days").map(|node| days(node, problems)).unwrap_or_default(),
        day_ends: given(fields.optional("day_ends"), |node| want::one_of(node, &DAY_ENDS, problems)),
        day_length_ms: given(fields.optional("day_length"), |node| word::day_length(node, problems)),
        is_wrong: false,
    };
    fields.finish(problems);
    name.map(|_| draft)
}

fn given<T>(node: Option<&Node>, read: impl FnOnce(&Node) -> Option<T>) -> Given<T> {
    match node {
        None => Given::Absent,
        Some(node) => read(node).map_or(Given::Wrong, Given::Value),
    }
}

/// The entries of `hours`; those with mistakes are left out.
fn hours(node: &Node, problems: &mut Problems) -> Option<Vec<WeeklyHours>> {
    let items = want::list(node, problems)?;
    let entries: Vec<_> = items.iter().filter_map(|item| weekly(item, problems)).collect();
    overlap::check_weekdays(&entries, problems);
    Some(entries.into_iter().map(|(days, open)| WeeklyHours { days, open: ascending(open) }).collect())
}

fn weekly(node: &Node, problems: &mut Problems) -> Option<(Vec<Weekday>, Placed)> {
    let mut fields = Fields::of(node, problems)?;
    let days = fields.required("days", problems).and_then(|node| filled(node, problems));
    let open = fields.required("open", problems).and_then(|node| intervals(node, problems));
    fields.finish(problems);
    let days = days?.iter().filter_map(|day| want::one_of(day, &WEEKDAYS, problems)).collect();
    Some((days, open?))
}

/// A list of opening intervals, none of which overlaps another.
fn intervals(node: &Node, problems: &mut Problems) -> Option<Placed> {
    let items = filled(node, problems)?;
    let placed = |item: &Node| Some((word::opening(item, problems)?, item.place.clone()));
    let open: Placed = items.iter().filter_map(placed).collect();
    overlap::check_intervals(&open, problems);
    Some(open)
}

fn ascending(open: Placed) -> Vec<crate::calendar::Opening> {
    let mut open: Vec<_> = open.into_iter().map(|(opening, _)| opening).collect();
    open.sort_unstable();
    open
}

/// A list with something in it.
fn filled<'a>(node: &'a Node, problems: &mut Problems) -> Option<&'a [Node]> {
    let items = want::list(node, problems)?;
    if items.is_empty() {
        let message = Text::new("此处的列表是空的", "this list is empty");
        let hint =
            Text::new("至少写一项；休息的日期写 rest", "write at least one item; a date off is written as `rest`");
        problems.push(Problem::error(&node.place, "empty-list", message).hint(hint));
    }
    Some(items)
}

fn seasons(node: &Node, problems: &mut Problems) -> Option<Vec<Season>> {
    let items = want::list(node, problems)?;
    let seasons: Vec<_> = items.iter().filter_map(|item| season(item, problems)).collect();
    overlap::check_seasons(&seasons, problems);
    Some(seasons.into_iter().map(|(season, _)| season).collect())
}

fn season(node: &Node, problems: &mut Problems) -> Option<(Season, Place)> {
    let mut fields = Fields::of(node, problems)?;
    let title = fields.optional("title").and_then(|node| want::text(node, problems)).unwrap_or_default().to_owned();
    let from = fields.required("from", problems).and_then(|node| word::month_day(node, problems));
    let until = fields.required("until", problems).and_then(|node| word::month_day(node, problems));
    let hours = fields.required("hours", problems).and_then(|node| hours(node, problems));
    fields.finish(problems);
    Some((Season { title, from: from?, until: until?, hours: hours? }, node.head().clone()))
}

fn days(node: &Node, problems: &mut Problems) -> BTreeMap<NaiveDate, DateEntry> {
    let mut days = BTreeMap::new();
    for Entry { key, value } in want::mapping(node, problems).unwrap_or_default() {
        let date = want::parse_date(&key.text);
        if date.is_none() {
            problems.push(want::malformed_date(Word { text: &key.text, place: &key.place }));
        }
        if let (Some(entry), Some(date)) = (date_entry(value, &key.place, problems), date) {
            days.insert(date, entry);
        }
    }
    days
}

/// A date's entry: `rest`, or `work` (perhaps with `open`), or `open` (perhaps with `title`).
fn date_entry(node: &Node, key: &Place, problems: &mut Problems) -> Option<DateEntry> {
    let mut fields = Fields::of(node, problems)?.at(key);
    let (rest, work, open, title) = (
        fields.optional("rest"),
        fields.optional("work"),
        fields.optional("open"),
        fields.optional("title").and_then(|node| want::text(node, problems)),
    );
    fields.finish(problems);
    let mut text = |node: &Node| want::text(node, problems).map(str::to_owned);
    match (rest, work, open) {
        (Some(rest), None, None) if title.is_none() => text(rest).map(DateEntry::Rest),
        (None, Some(work), None) if title.is_none() => text(work).map(|work| DateEntry::Work(work, None)),
        (None, Some(work), Some(open)) if title.is_none() => {
            let work = text(work);
            let open = intervals(open, problems).map(ascending);
            Some(DateEntry::Work(work?, Some(open?)))
        }
        (None, None, Some(open)) => {
            let open = intervals(open, problems).map(ascending)?;
            Some(DateEntry::Open(title.map(str::to_owned), open))
        }
        _ => want::report(not_one_of_three(key), problems),
    }
}

fn not_one_of_three(place: &Place) -> Problem {
    let message = Text::new(
        "一个日期写 rest、work、open 三者之一（work 可以另带 open，open 可以另带 title）",
        "a date has one of `rest`, `work`, `open` (`work` may have `open` too, and `open` a `title`)",
    );
    let hint = Text::new(
        "写成 { rest: 春节 }、{ work: 春节调休 } 或 { open: [\"09:00-12:00\"], title: 专场服务日 }",
        "write `{ rest: NAME }`, `{ work: NAME }` or `{ open: [\"09:00-12:00\"], title: NAME }`",
    );
    Problem::error(place, "malformed-day", message).hint(hint)
}
