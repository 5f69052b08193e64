//! Reading the calendars directory: every mistake of every file is named at its place, and what is right is kept, so that
//! whoever names a calendar is not told that it does not exist because another line of it is wrong.
//!
//! What a calendar gives itself replaces what it inherits, key by key; `days` are laid over the inherited ones, date by
//! date. A title is its own: it is not inherited.

mod draft;
mod overlap;
mod word;

use super::{Calendar, CalendarSpec, DayEnds};
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::want::{self, Word};
use crate::text::yaml;
use crate::time::Instant;
use draft::{Draft, Given};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The calendars of a directory by name.
#[derive(Debug, Default)]
pub struct Calendars {
    known: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    calendar: Arc<Calendar>,
    place: Place,
    covers: Option<Place>,
}

/// With fewer days of cover left than this, operators are warned.
pub const COVER_DAYS_MIN: i64 = 60;

/// Reads every `*.yaml` and `*.yml` file of a directory. What has mistakes is there all the same, as far as it could be
/// read: whether the calendars may be used is whether the problems hold an error.
pub fn load(dir: &Path, problems: &mut Problems) -> Calendars {
    let mut drafts: BTreeMap<String, Draft> = BTreeMap::new();
    for path in files(dir, problems) {
        let root = yaml::read_file(&path, problems);
        let Some(draft) = root.and_then(|root| draft::read(&root, problems)) else { continue };
        match drafts.get(&draft.name) {
            Some(first) => problems.push(defined_twice(&draft, first)),
            None => {
                drafts.insert(draft.name.clone(), draft);
            }
        }
    }
    let known = drafts.values().map(|draft| (draft.name.clone(), resolve(draft, &drafts, problems))).collect();
    Calendars { known }
}

impl Calendars {
    /// A calendar by its name.
    pub fn get(&self, name: &str) -> Option<&Arc<Calendar>> {
        self.known.get(name).map(|known| &known.calendar)
    }

    /// All of them, by name. Those that never open ([`Calendar::ever_opens`]) are there only for others to build on.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Calendar>)> {
        self.known.iter().map(|(name, known)| (name.as_str(), &known.calendar))
    }

    /// The calendar that a policy names: unknown ones, and those that never open, are problems.
    pub fn named(&self, word: Word<'_>, problems: &mut Problems) -> Option<Arc<Calendar>> {
        let Some(calendar) = self.get(word.text) else {
            let known = self.iter().filter(|(_, calendar)| calendar.ever_opens()).map(|(name, _)| name);
            return want::report(unknown(word, known), problems);
        };
        if !calendar.ever_opens() {
            problems.push(never_opens(word));
        }
        Some(Arc::clone(calendar))
    }

    /// Warns of each calendar in use whose cover has ended or ends within [`COVER_DAYS_MIN`] days.
    pub fn warn_of_short_cover(&self, now: Instant, problems: &mut Problems) {
        for known in self.known.values().filter(|known| known.calendar.ever_opens()) {
            match known.calendar.cover_left_days(now) {
                Some(left) if left >= COVER_DAYS_MIN => {}
                left => problems.push(short_cover(known.covers.as_ref().unwrap_or(&known.place), left)),
            }
        }
    }
}

/// The files of the directory, by name.
fn files(dir: &Path, problems: &mut Problems) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = listed.unwrap_or_else(|error| {
        problems.push(yaml::unreadable(&dir.display().to_string(), &error));
        Vec::new()
    });
    let is_yaml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| is_yaml(path) && !is_hidden(path));
    files.sort();
    files
}

/// A calendar with everything that it inherits.
fn resolve(draft: &Draft, drafts: &BTreeMap<String, Draft>, problems: &mut Problems) -> Known {
    let mut spec = CalendarSpec {
        name: draft.name.clone(),
        title: draft.title.clone(),
        zone: chrono_tz::UTC,
        covers: None,
        hours: Vec::new(),
        seasons: Vec::new(),
        days: BTreeMap::new(),
        day_ends: DayEnds::Closing,
        day_length_ms: None,
    };
    let chain = ancestry(draft, drafts, problems);
    let bases_known = chain.last().is_none_or(|last| last.extends.is_none());
    if bases_known && chain.iter().all(|draft| matches!(draft.zone, Given::Absent)) {
        problems.push(want::missing(&draft.place, "timezone"));
    }
    for draft in chain.iter().rev() {
        lay_over(&mut spec, draft);
    }
    let covers = chain.iter().find_map(|draft| draft.covers_place.clone());
    Known { calendar: Arc::new(Calendar::compile_base(spec)), place: draft.place.clone(), covers }
}

/// A calendar and those on which it builds, nearest first, as far as they are known.
fn ancestry<'a>(draft: &'a Draft, drafts: &'a BTreeMap<String, Draft>, problems: &mut Problems) -> Vec<&'a Draft> {
    let mut chain = vec![draft];
    while let Some((base, place)) = &chain[chain.len() - 1].extends {
        let word = Word { text: base, place };
        match drafts.get(base) {
            None => problems.push(unknown(word, drafts.keys().map(String::as_str))),
            Some(base) if chain.iter().any(|seen| seen.name == base.name) => problems.push(cycle(word, &chain)),
            Some(base) => {
                chain.push(base);
                continue;
            }
        }
        break;
    }
    chain
}

fn lay_over(spec: &mut CalendarSpec, draft: &Draft) {
    let Draft { zone, covers, hours, seasons, days, day_ends, day_length_ms, .. } = draft;
    zone.lay_over(&mut spec.zone);
    hours.lay_over(&mut spec.hours);
    seasons.lay_over(&mut spec.seasons);
    day_ends.lay_over(&mut spec.day_ends);
    if let Given::Value(covers) = covers {
        spec.covers = Some(*covers);
    }
    if let Given::Value(ms) = day_length_ms {
        spec.day_length_ms = Some(*ms);
    }
    spec.days.extend(days.iter().map(|(&date, entry)| (date, entry.clone())));
}

fn unknown<'k>(word: Word<'_>, known: impl IntoIterator<Item = &'k str>) -> Problem {
    want::unknown_word(word, "unknown-calendar", ("日历", "calendar"), known)
}

fn defined_twice(draft: &Draft, first: &Draft) -> Problem {
    let name = want::shortened(&draft.name);
    let message = Text::new(format!("日历“{name}”定义了两次"), format!("the calendar `{name}` is defined twice"));
    let hint = Text::new("改名，或删去其中一份", "rename or remove one of them");
    let related = Text::new("另一份在这里", "the other one");
    Problem::error(&draft.place, "duplicate-calendar", message).hint(hint).related(&first.place, related)
}

fn cycle(word: Word<'_>, chain: &[&Draft]) -> Problem {
    let names: Vec<&str> = chain.iter().map(|draft| draft.name.as_str()).chain([word.text]).collect();
    let message = Text::new(
        format!("日历的继承绕成了圈：{}", names.join(" → ")),
        format!("the calendars extend each other in a circle: {}", names.join(" → ")),
    );
    let hint = Text::new("去掉其中一个 extends", "remove one of the `extends`");
    Problem::error(word.place, "extends-cycle", message).hint(hint)
}

fn never_opens(word: Word<'_>) -> Problem {
    let name = word.text;
    let message = Text::new(
        format!("日历“{name}”没有任何上班时间，期限永远不会到"),
        format!("the calendar `{name}` never opens, so no deadline would ever fall due"),
    );
    let hint = Text::new(
        "在该日历里写上 hours，或改用一份有 hours 的日历",
        "give it `hours`, or name a calendar that has them",
    );
    Problem::error(word.place, "calendar-never-opens", message).hint(hint)
}

fn short_cover(place: &Place, left: Option<i64>) -> Problem {
    let message = match left {
        None => Text::new(
            "没有写 covers：已有官方安排的年份不明，全部到期都是暂定",
            "no `covers`: it is not known for which years the official arrangement holds, so every due is provisional",
        ),
        Some(left) if left <= 0 => Text::new(
            "日历覆盖的日期（covers）已经过完，之后的到期都是暂定",
            "the calendar's cover has ended: dues from now on are provisional",
        ),
        Some(left) => Text::new(
            format!("日历覆盖的日期（covers）只剩{left}天"),
            format!("only {left} days of the calendar's cover are left"),
        ),
    };
    let hint =
        Text::new("补上新一年的放假和调休安排，并延长 covers", "add the next year's arrangement and extend `covers`");
    Problem::warning(place, "short-cover", message).hint(hint)
}
