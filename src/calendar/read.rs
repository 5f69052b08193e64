//! Reading the calendars directory: every mistake of every file is named at its place, and what is right is kept, so that
//! whoever names a calendar is not told that it does not exist because another line of it is wrong.
//!
//! What a calendar gives itself replaces what it inherits, key by key; `days` are laid over the inherited ones, date by
//! date. A title is its own: it is not inherited.

mod draft;
mod overlap;
mod word;

use super::{Calendar, CalendarSpec, DateEntry, DayEnds};
use crate::text::Text;
use crate::text::nearest::nearest;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Word};
use crate::text::yaml;
use crate::time::Instant;
use chrono::NaiveDate;
use draft::{Draft, Given};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The calendars of a directory by name.
#[derive(Debug, Default)]
pub struct Calendars {
    known: BTreeMap<String, Known>,
    unread: Unread,
}

/// The files, by name without ending, that could not be read as a calendar: an unknown name may be what one of them gives.
#[derive(Debug, Default)]
struct Unread(BTreeSet<String>);

impl Unread {
    fn may_give<'k>(&self, name: &str, known: impl IntoIterator<Item = &'k str>) -> bool {
        self.0.contains(name) || (!self.0.is_empty() && nearest(name, known).is_none())
    }
}

#[derive(Debug)]
struct Known {
    calendar: Arc<Calendar>,
    place: Place,
    covers: Option<Place>,
    /// Whether it, or one that it builds on, has a mistake, so that what it says is not all there.
    is_wrong: bool,
}

/// With fewer days of cover left than this, operators are warned.
pub const COVER_DAYS_MIN: i64 = 60;

/// Reads every `*.yaml` and `*.yml` file of a directory. What has mistakes is there all the same, as far as it could be
/// read: whether the calendars may be used is whether the problems hold an error.
pub fn load(dir: &Path, problems: &mut Problems) -> Calendars {
    let mut drafts: BTreeMap<String, Draft> = BTreeMap::new();
    let mut unread = Unread::default();
    for path in files(dir, problems) {
        let before = problems.len();
        let root = yaml::read_file(&path, problems);
        let Some(mut draft) = root.and_then(|root| draft::read(&root, problems)) else {
            unread.0.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
            continue;
        };
        draft.is_wrong = problems.len() > before;
        match drafts.get(&draft.name) {
            Some(first) => problems.push(defined_twice(&draft, first)),
            None => {
                drafts.insert(draft.name.clone(), draft);
            }
        }
    }
    let mut resolve = |draft: &Draft| (draft.name.clone(), resolve(draft, &drafts, &unread, problems));
    let known = drafts.values().map(&mut resolve).collect();
    Calendars { known, unread }
}

impl Calendars {
    /// A calendar by its name.
    pub fn get(&self, name: &str) -> Option<&Arc<Calendar>> {
        self.known.get(name).map(|known| &known.calendar)
    }

    /// Whether a calendar, or one that it builds on, has a mistake: what it counts may then be wrong.
    pub fn has_mistake(&self, name: &str) -> bool {
        self.known.get(name).is_some_and(|known| known.is_wrong)
    }

    /// All of them, by name. Those that never open ([`Calendar::ever_opens`]) are there only for others to build on.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Calendar>)> {
        self.known.iter().map(|(name, known)| (name.as_str(), &known.calendar))
    }

    /// The calendar that a policy names: unknown ones, and those that never open, are problems, but not where only the
    /// mistakes of a calendar's own file make them so.
    pub fn named(&self, word: Word<'_>, problems: &mut Problems) -> Option<Arc<Calendar>> {
        let Some(calendar) = self.get(word.text) else {
            if self.unread.may_give(word.text, self.known.keys().map(String::as_str)) {
                return None;
            }
            return want::report(self.unknown(word), problems);
        };
        if !calendar.ever_opens() {
            if self.has_mistake(word.text) {
                return None;
            }
            problems.push(never_opens(word));
        }
        Some(Arc::clone(calendar))
    }

    fn unknown(&self, word: Word<'_>) -> Problem {
        let known: Vec<&str> =
            self.iter().filter(|(_, calendar)| calendar.ever_opens()).map(|(name, _)| name).collect();
        let is_empty = known.is_empty();
        let problem = unknown(word, known);
        if is_empty { problem.hint(no_calendars()) } else { problem }
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

/// The weekdays by the words of the files.
pub(crate) use draft::WEEKDAYS;

/// An opening interval, `08:30-12:00`.
pub(crate) fn opening(node: &Node, problems: &mut Problems) -> Option<super::Opening> {
    word::opening(node, problems)
}

/// What a calendar's file says itself, before anything is inherited.
#[derive(Debug, Default)]
pub struct Own {
    /// Its horizon.
    pub covers: Option<(NaiveDate, NaiveDate)>,
    /// Its dates.
    pub days: BTreeMap<NaiveDate, DateEntry>,
}

/// Reads one file by itself.
pub fn own(root: &Node, problems: &mut Problems) -> Own {
    let Some(draft) = draft::read(root, problems) else { return Own::default() };
    let covers = match draft.covers {
        Given::Value(covers) => Some(covers),
        Given::Absent | Given::Wrong => None,
    };
    Own { covers, days: draft.days }
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
fn resolve(draft: &Draft, drafts: &BTreeMap<String, Draft>, unread: &Unread, problems: &mut Problems) -> Known {
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
    let chain = ancestry(draft, drafts, unread, problems);
    let bases_known = chain.last().is_none_or(|last| last.extends.is_none());
    if bases_known && chain.iter().all(|draft| matches!(draft.zone, Given::Absent)) {
        problems.push(want::missing(&draft.place, "timezone"));
    }
    for draft in chain.iter().rev() {
        lay_over(&mut spec, draft);
    }
    let covers = chain.iter().find_map(|draft| draft.covers_place.clone());
    let is_wrong = !bases_known || chain.iter().any(|draft| draft.is_wrong);
    Known { calendar: Arc::new(Calendar::compile_base(spec)), place: draft.place.clone(), covers, is_wrong }
}

/// A calendar and those on which it builds, nearest first, as far as they are known.
fn ancestry<'a>(
    draft: &'a Draft,
    drafts: &'a BTreeMap<String, Draft>,
    unread: &Unread,
    problems: &mut Problems,
) -> Vec<&'a Draft> {
    let mut chain = vec![draft];
    while let Some((base, place)) = &chain[chain.len() - 1].extends {
        let word = Word { text: base, place };
        match drafts.get(base) {
            None if unread.may_give(base, drafts.keys().map(String::as_str)) => {}
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

/// What to do where there is no calendar to be named.
fn no_calendars() -> Text {
    Text::new(
        "日历目录里没有可用的日历，或目录读不出来：检查日历目录（--calendars，或 duban.yaml 的 calendars）",
        "the calendars directory has none that opens, or could not be read: check it (`--calendars`, or `calendars` in duban.yaml)",
    )
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;
    use crate::text::show::brief;

    /// What is said of a folder with these files, without its own name.
    fn said(files: &[(&str, &str)]) -> (Calendars, String) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut problems = Problems::new();
        let calendars = load(folder.path(), &mut problems);
        let lines: Vec<_> = problems.sorted().iter().map(|problem| brief(problem, Lang::Zh)).collect();
        (calendars, lines.join("\n").replace(&format!("{}/", folder.path().display()), ""))
    }

    const BASE: &str = "calendar: base\ntimezone: Asia/Shanghai\ncovers: 2024-01-01..2026-12-31\nday_ends: midnight\n\
        hours: [ { days: &week [mon, tue], open: ['09:00-12:00'] } ]\n\
        days: { '2024-05-06': { rest: 甲 }, '2024-05-07': { rest: 乙 } }\n";

    #[test]
    fn what_a_calendar_gives_replaces_what_it_inherits_key_by_key_and_days_date_by_date() {
        let own = "calendar: own\ntitle: 本市\nextends: base\nhours: [ { days: [mon, tue], open: ['10:00-11:00'] } ]\n\
            days: { '2024-05-07': { work: 丙 }, '2024-05-11': { open: ['09:00-10:00'], title: 专场 } }\n";
        let (calendars, problems) =
            said(&[("own.yaml", own), ("base.yml", BASE), (".hidden.yaml", "["), ("note.txt", "[")]);
        assert_eq!(problems, "");
        let spec = calendars.get("own").unwrap().spec();
        assert_eq!((spec.zone, spec.day_ends), (chrono_tz::Asia::Shanghai, DayEnds::Midnight));
        assert!(spec.covers.is_some());
        let day = |date: &str| {
            let day = calendars.get("own").unwrap().day(date.parse().unwrap());
            let open: Vec<_> = day.open.iter().map(ToString::to_string).collect();
            format!("{} {}", day.title.unwrap_or_default(), open.join(" "))
        };
        assert_eq!(day("2024-05-06"), "甲 ");
        assert_eq!(day("2024-05-07"), "丙 10:00-11:00");
        assert_eq!(day("2024-05-11"), "专场 09:00-10:00");
    }

    #[test]
    fn every_mistake_of_a_file_is_named_at_its_place() {
        let (_, problems) = said(&[(
            "a.yaml",
            "calendar: a\ntimezone: Asia/Shangai\ncovers: 2026-12-31..2018-01-01\nday_ends: noon\nday_length: 6.5h\nhuors: 1\n\
            hours:\n- { days: [mon, tus], open: ['8:30-12:00'] }\n- { days: mon, open: ['12:00-09:00'] }\n\
            - { open: ['09:00-12:00', '11:30-13:00'], days: [mon] }\n- { days: [mon], open: ['12:30-14:00'] }\n- { days: [], open: [] }\n\
            seasons:\n- { title: 冬, from: '11-01', until: '02-01', hours: [] }\n- { title: 春, from: '02-01', until: '04-31', hours: [] }\n\
            - { title: 早春, from: '01-15', until: '03-01', hours: [] }\n\
            days:\n  '2024-2-30': { rest: 节 }\n  '2024-05-01': { rest: 节, work: 班 }\n  '2024-05-02': { rest: 1 }\n  '2024-05-03': off\n  '2024-05-03': { rest: 节 }\n",
        )]);
        insta::assert_snapshot!(problems, @r#"
        a.yaml:2:11: 错误[unknown-timezone]: 没有名为“Asia/Shangai”的时区；是不是“Asia/Shanghai”？
        a.yaml:3:9: 错误[malformed-covers]: “2026-12-31..2018-01-01”不是起止日期；写成 "2018-01-01..2026-12-31"（起..止，含两端）
        a.yaml:4:11: 错误[unknown-value]: 此处不能写“noon”；可以写：closing、midnight
        a.yaml:5:13: 错误[malformed-duration]: “6.5h”不是一天的工作时长；写成 6h30m、7h 或 450m，最多 24h
        a.yaml:6:1: 错误[unknown-key]: 不认识的键“huors”；是不是“hours”？
        a.yaml:8:17: 错误[unknown-value]: 此处不能写“tus”；是不是“tue”？
        a.yaml:8:30: 错误[malformed-interval]: “8:30-12:00”不是时段；写成 "08:30-12:00"（24 小时制，最晚 24:00）
        a.yaml:9:11: 错误[wrong-type]: 此处应为列表，写的是文字“mon”；写成 [甲, 乙]，或每行一个“- 甲”
        a.yaml:9:23: 错误[malformed-interval]: 时段“12:00-09:00”的结束不晚于开始；时段不能跨零点：夜班分写两天，如 "22:00-24:00" 和 "00:00-06:00"
        a.yaml:10:27: 错误[overlapping-intervals]: 时段 11:30-13:00 与 09:00-12:00 重叠；时段可以相接，不能重叠
        a.yaml:11:25: 错误[overlapping-intervals]: 时段 12:30-14:00 与 11:30-13:00 重叠；时段可以相接，不能重叠
        a.yaml:12:11: 错误[empty-list]: 此处的列表是空的；至少写一项；休息的日期写 rest
        a.yaml:12:21: 错误[empty-list]: 此处的列表是空的；至少写一项；休息的日期写 rest
        a.yaml:15:37: 错误[malformed-date]: “04-31”不是月-日；写成 "06-01"（月-日，各两位）
        a.yaml:16:5: 错误[overlapping-seasons]: 季节“早春”与“冬”重叠；from 和 until 两天都算在内：让后一季从前一季 until 的次日开始
        a.yaml:18:3: 错误[malformed-date]: “2024-2-30”不是日期；写成 "2024-05-06"（年-月-日）
        a.yaml:19:3: 错误[malformed-day]: 一个日期写 rest、work、open 三者之一（work 可以另带 open，open 可以另带 title）；写成 { rest: 春节 }、{ work: 春节调休 } 或 { open: ["09:00-12:00"], title: 专场服务日 }
        a.yaml:20:25: 错误[wrong-type]: 此处应为文字，写的是数字 1；加上引号："1"
        a.yaml:21:17: 错误[wrong-type]: 此处应为映射（键: 值），写的是文字“off”；写成缩进的“键: 值”，或 { 键: 值 }
        a.yaml:22:3: 错误[duplicate-key]: 键“2024-05-03”在同一处写了两次；只保留一个；如果是两样东西，给其中一个换个名字
        "#);
    }

    #[test]
    fn what_a_calendar_builds_on_must_be_there_and_must_end() {
        let (_, problems) = said(&[
            ("a.yaml", "calendar: a\nextends: b\n"),
            ("b.yaml", "calendar: b\nextends: a\n"),
            ("base.yaml", BASE),
            ("c.yaml", "calendar: c\nextends: bse\n"),
            ("d.yaml", "calendar: base\ntimezone: UTC\n"),
            ("e.yaml", "title: 无名\n"),
            ("f.yaml", "calendar: f\n"),
        ]);
        insta::assert_snapshot!(problems, @r"
        a.yaml:2:10: 错误[extends-cycle]: 日历的继承绕成了圈：b → a → b；去掉其中一个 extends
        b.yaml:2:10: 错误[extends-cycle]: 日历的继承绕成了圈：a → b → a；去掉其中一个 extends
        c.yaml:2:10: 错误[unknown-calendar]: 没有名为“bse”的日历；是不是“base”？
        d.yaml:1:11: 错误[duplicate-calendar]: 日历“base”定义了两次；改名，或删去其中一份
        e.yaml:1:1: 错误[missing-field]: 缺少“calendar”；在此处加上“calendar: …”
        f.yaml:1:11: 错误[missing-field]: 缺少“timezone”；在此处加上“timezone: …”
        ");
    }

    #[test]
    fn a_policy_can_use_neither_an_unknown_calendar_nor_one_that_never_opens() {
        let (calendars, none) = said(&[("base.yaml", BASE), ("cn.yaml", "calendar: cn\ntimezone: Asia/Shanghai\n")]);
        assert_eq!(none, "");
        let place = &calendars.known["cn"].place;
        let mut problems = Problems::new();
        assert!(calendars.named(Word { text: "base", place }, &mut problems).is_some() && problems.is_empty());
        calendars.named(Word { text: "cn", place }, &mut problems);
        calendars.named(Word { text: "basis", place }, &mut problems);
        let lines: Vec<_> = problems.iter().map(|problem| problem.message.zh.clone()).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        日历“cn”没有任何上班时间，期限永远不会到
        没有名为“basis”的日历
        ");
    }

    #[test]
    fn a_calendar_with_a_mistake_is_not_said_to_be_missing_or_never_to_open() {
        let named = |files: &[(&str, &str)], name: &str| {
            let (calendars, _) = said(files);
            let source = crate::text::place::Source::new("p.yaml", name);
            let mut problems = Problems::new();
            calendars.named(Word { text: name, place: &Place::whole(&source) }, &mut problems);
            problems.iter().map(|problem| brief(problem, Lang::Zh)).collect::<String>()
        };
        let hours = "calendar: a\ntimezone: Asia/Shanghai\nhours: [ { days: [mon], open: ['8:00-9:00'] } ]\n";
        assert_eq!(named(&[("a.yaml", hours)], "a"), "");
        assert_eq!(named(&[("a.yaml", hours), ("b.yaml", "calendar: b\nextends: a\n")], "b"), "");
        assert_eq!(named(&[("a.yaml", "calendar: [\n")], "a"), "");
        let none = named(&[], "a");
        assert!(none.contains("没有名为“a”的日历；日历目录里没有可用的日历"), "{none}");
    }

    #[test]
    fn a_cover_that_runs_short_is_warned_of() {
        let (calendars, _) = said(&[("base.yaml", BASE)]);
        let warned = |now: &str| {
            let mut problems = Problems::new();
            calendars.warn_of_short_cover(Instant::parse(now).unwrap(), &mut problems);
            problems.iter().map(|problem| problem.message.zh.clone()).collect::<String>()
        };
        assert_eq!(warned("2026-11-02T23:59:59+08:00"), "");
        assert_eq!(warned("2026-11-03T00:00:00+08:00"), "日历覆盖的日期（covers）只剩59天");
        assert!(warned("2027-01-01T00:00:00+08:00").contains("已经过完"));
    }
}
