//! What happened and what was decided, day by day, in the order of its instants.

use super::decided::DecisionPart;
use super::{Material, zone};
use crate::calendar::Calendar;
use crate::engine::explain::{EventStory, Explanation, main_calendar};
use crate::engine::trace::Seen;
use crate::notify::wording;
use crate::time::Instant;
use serde::Serialize;
use std::fmt::Write;

/// A day.
#[derive(Serialize)]
pub(super) struct Day {
    date: String,
    entries: Vec<Entry>,
}

/// Something of a day.
#[derive(Serialize)]
struct Entry {
    time: String,
    /// `event`, `act`, `round`, or a decision's look.
    look: &'static str,
    title: String,
    text: String,
    /// A decision's anchor; empty.
    anchor: String,
    is_void: bool,
}

/// At one instant events come first, then what they led to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Event,
    Decision,
    Round,
}

pub(super) fn days(material: &Material<'_>, explained: &Explanation, decisions: &[DecisionPart]) -> Vec<Day> {
    let zone = zone(material.known);
    let mut entries = entries(material, explained, decisions);
    entries.sort_by_key(|(at, rank, _)| (*at, *rank));
    let calendar = main_calendar(material.known, super::newest(material.known));
    let mut days: Vec<Day> = Vec::new();
    for (at, _, entry) in entries {
        let date = at.in_zone(zone).date_naive();
        let name = calendar.map_or_else(String::new, |calendar: &Calendar| format!("（{}）", calendar.day_name(date)));
        let date = format!("{}{name}", wording::whole_date(date));
        match days.last_mut() {
            Some(day) if day.date == date => day.entries.push(entry),
            _ => days.push(Day { date, entries: vec![entry] }),
        }
    }
    days
}

fn entries(
    material: &Material<'_>,
    explained: &Explanation,
    decisions: &[DecisionPart],
) -> Vec<(Instant, Rank, Entry)> {
    let known = material.known;
    let events = explained.happened.iter().map(|story| (story.at, Rank::Event, event(material, story, decisions)));
    let made = known.decisions.iter().zip(decisions);
    let made = made.map(|(decision, part)| {
        let time = time(material, decision.at);
        let mut text = format!("{}：{}", part.rule, part.says);
        if decision.made_at.ms_since(decision.at) >= 60_000 {
            let _ = write!(text, "（{}得知后补作）", super::formal(known, decision.made_at));
        }
        let entry = Entry {
            time,
            look: part.look,
            title: part.act.clone(),
            text,
            anchor: part.anchor.clone(),
            is_void: part.is_void,
        };
        (decision.at, Rank::Decision, entry)
    });
    let mut all: Vec<_> = events.chain(made).collect();
    all.extend(rounds(material));
    all
}

fn time(material: &Material<'_>, at: Instant) -> String {
    at.in_zone(zone(material.known)).format(if at.0 % 60_000 == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

fn event(material: &Material<'_>, story: &EventStory, decisions: &[DecisionPart]) -> Entry {
    let mut text = match &story.act {
        None => story.carried.clone(),
        Some(act) => {
            let on = decisions.iter().find(|one| *one.key == *act.decision);
            let on = on.map(|one| format!("对{}的{}（{}）", one.at, one.act, one.rule));
            let by = act.by.as_ref().map(|by| format!("，{by}")).unwrap_or_default();
            let note = act.note.as_ref().map(|note| format!("：{note}")).unwrap_or_default();
            format!("{}{by}{note}", on.unwrap_or_default())
        }
    };
    if story.recorded_at.ms_since(story.at) >= 60_000 {
        let _ = write!(text, "（{}登记）", super::formal(material.known, story.recorded_at));
    }
    if let Some(by) = &story.voided_by {
        let _ = write!(text, "（已由［{by}］更正作废）");
    }
    Entry {
        time: time(material, story.at),
        look: if story.act.is_some() { "act" } else { "event" },
        title: story.kind.clone(),
        text: wording::one_line(&text),
        anchor: String::new(),
        is_void: story.voided_by.is_some(),
    }
}

/// When rounds began after the first, each once whatever policies saw it.
fn rounds(material: &Material<'_>) -> Vec<(Instant, Rank, Entry)> {
    let mut rounds: Vec<(Instant, Rank, Entry)> = Vec::new();
    for note in material.known.notes {
        let Seen::RoundOpened { .. } = &note.seen else { continue };
        let title = format!("第{}轮办理开始", note.round);
        if !rounds.iter().any(|(at, _, known)| *at == note.at && known.title == title) {
            let time = time(material, note.at);
            let entry =
                Entry { time, look: "round", title, text: String::new(), anchor: String::new(), is_void: false };
            rounds.push((note.at, Rank::Round, entry));
        }
    }
    rounds
}
