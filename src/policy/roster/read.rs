//! Reading `rules/rosters.yaml`: every mistake is named, and what is right is kept.

use super::{Holiday, Member, Per, Remind, Roster};
use crate::calendar::ClockTime;
use crate::calendar::Opening;
use crate::calendar::read::{Calendars, WEEKDAYS, opening};
use crate::calendar::span::Span;
use crate::policy::directory::read::person;
use crate::policy::read::empty_list;
use crate::policy::read::scalars::{clock_time, positive_span};
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Fields, Word};
use chrono::{NaiveDate, Weekday};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rosters by name.
pub type Rosters = BTreeMap<Arc<str>, Arc<Roster>>;

/// Where the rosters' names stand, for problems about them.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The rosters' keys, those of rosters with mistakes included.
    pub rosters: BTreeMap<Arc<str>, Place>,
    /// The units that take turns, each with where it is named.
    pub units: Vec<(Arc<str>, Arc<str>, Place)>,
}

/// The first Monday of a year: where turns are counted from if nothing is said.
const SINCE: &str = "2024-01-01";

/// Reads the tree of the file.
pub fn read(root: &Node, calendars: &Calendars, problems: &mut Problems) -> (Rosters, Places) {
    let mut reader = Reader { calendars, places: Places::default() };
    let mut rosters = Rosters::new();
    if !root.is_null()
        && let Some(mut fields) = Fields::of(root, problems)
    {
        let listed = fields.optional("rosters").and_then(|node| want::mapping(node, problems)).unwrap_or_default();
        fields.finish(problems);
        for entry in listed {
            let name: Arc<str> = entry.key.text.as_str().into();
            reader.places.rosters.insert(name.clone(), entry.key.place.clone());
            if let Some(roster) = reader.roster(entry, problems) {
                rosters.insert(name, Arc::new(roster));
            }
        }
    }
    (rosters, reader.places)
}

struct Reader<'a> {
    calendars: &'a Calendars,
    places: Places,
}

impl Reader<'_> {
    fn roster(&mut self, entry: &Entry, problems: &mut Problems) -> Option<Roster> {
        let name: Arc<str> = entry.key.text.as_str().into();
        let mut fields = Fields::of(&entry.value, problems)?.at(&entry.key.place);
        let title = fields.optional("title").and_then(|node| want::text(node, problems)).unwrap_or(&entry.key.text);
        fields.ignore("clause");
        let calendar = fields.required("calendar", problems).and_then(|node| want::word(node, problems));
        let calendar = calendar.and_then(|word| self.calendars.named(word, problems));
        let days = fields.optional("days").map(|node| weekdays(node, problems));
        let hours = fields.optional("hours").map(|node| hours(node, problems)).unwrap_or_default();
        let holiday = fields.optional("holiday").and_then(|node| want::one_of(node, &Holiday::WORDS, problems));
        let turn = fields.required("turn", problems).map(|node| self.members(node, &name, problems));
        let since = fields.optional("since").map(|node| want::date(node, problems));
        let per = fields.optional("per").and_then(|node| want::one_of(node, &Per::WORDS, problems));
        let swaps = fields.optional("swaps").map(|node| self.swaps(node, &name, problems)).unwrap_or_default();
        let remind = fields.optional("remind").and_then(|node| remind(node, problems));
        fields.finish(problems);
        let turn = turn.filter(|turn| !turn.is_empty())?;
        Some(Roster {
            title: title.to_owned(),
            calendar: calendar?,
            days: days.filter(|days| !days.is_empty()),
            hours,
            holiday: holiday.unwrap_or_default(),
            turn,
            since: since.unwrap_or_else(|| SINCE.parse().ok())?,
            per: per.unwrap_or_default(),
            swaps,
            remind,
            said: entry.value.in_one_line(),
            name,
        })
    }

    fn members(&mut self, node: &Node, roster: &Arc<str>, problems: &mut Problems) -> Vec<Member> {
        let items = want::list(node, problems).unwrap_or_default();
        if node.sequence().is_some_and(<[Node]>::is_empty) {
            problems.push(empty_list(node));
        }
        items.iter().filter_map(|item| self.member(item, roster, problems)).collect()
    }

    /// A department's name, or a person.
    fn member(&mut self, node: &Node, roster: &Arc<str>, problems: &mut Problems) -> Option<Member> {
        if node.mapping().is_some() {
            return person(node, problems).map(Member::Person);
        }
        let word = want::word(node, problems)?;
        let unit: Arc<str> = word.text.into();
        self.places.units.push((roster.clone(), unit.clone(), word.place.clone()));
        Some(Member::Unit(unit))
    }

    fn swaps(&mut self, node: &Node, roster: &Arc<str>, problems: &mut Problems) -> BTreeMap<NaiveDate, Member> {
        let mut swaps = BTreeMap::new();
        for Entry { key, value } in want::mapping(node, problems).unwrap_or_default() {
            let date = want::parse_date(&key.text);
            if date.is_none() {
                problems.push(want::malformed_date(Word { text: &key.text, place: &key.place }));
            }
            if let (Some(date), Some(member)) = (date, self.member(value, roster, problems)) {
                swaps.insert(date, member);
            }
        }
        swaps
    }
}

fn weekdays(node: &Node, problems: &mut Problems) -> Vec<Weekday> {
    if node.sequence().is_some_and(<[Node]>::is_empty) {
        problems.push(empty_list(node));
    }
    want::one_or_more(node).iter().filter_map(|item| want::one_of(item, &WEEKDAYS, problems)).collect()
}

fn hours(node: &Node, problems: &mut Problems) -> Vec<Opening> {
    let mut hours: Vec<Opening> = want::one_or_more(node).iter().filter_map(|item| opening(item, problems)).collect();
    hours.sort_unstable();
    if hours.windows(2).any(|pair| pair[1].open < pair[0].close) {
        let message = Text::new("时段互相重叠", "the intervals overlap");
        let hint = Text::new("合并成一段，或错开", "join them, or keep them apart");
        problems.push(Problem::error(&node.place, "overlapping-intervals", message).hint(hint));
    }
    hours
}

fn remind(node: &Node, problems: &mut Problems) -> Option<Remind> {
    let mut fields = Fields::of(node, problems)?;
    let before = fields.required("before", problems);
    let instead = ("不提醒的，删去 remind", "without a reminder remove `remind`");
    let before = before.map(|node| positive_span(node, instead, problems));
    let at = fields.optional("at");
    let time = at.map(|node| clock_time(node, problems));
    fields.finish(problems);
    if let Some(node) = at.filter(|_| before.is_some_and(|before| !matches!(before, Span::WorkingDays(_)))) {
        let message = Text::new("at 只用于提前若干工作日", "`at` goes with a number of working days only");
        let hint = Text::new("删去 at，或写 before: 1个工作日", "remove `at`, or write `before: 1 working day`");
        problems.push(Problem::error(&node.place, "conflict", message).hint(hint));
    }
    let at: Option<ClockTime> = time;
    before.map(|before| Remind { before, at })
}
