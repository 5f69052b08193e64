//! Reading `schedules` of `duban.yaml`: every mistake of every entry is named at its place.

use super::cron::{Cron, CronError};
use super::days::DayRule;
use super::{Job, Named, Schedule, When};
use crate::calendar::ClockTime;
use crate::calendar::read::Calendars;
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields, Word, report, shortened};
use std::collections::HashSet;
use std::path::Path;

/// The list of schedules; paths in it start at a directory. Entries with mistakes are left out.
pub fn schedules(node: &Node, directory: &Path, problems: &mut Problems) -> Vec<Schedule> {
    let mut names = HashSet::new();
    let items = want::list(node, problems).unwrap_or_default();
    items.iter().filter_map(|item| schedule(item, directory, &mut names, problems)).collect()
}

/// Names the recipients that the directory does not have.
pub fn check_recipients<'n>(
    schedules: &[Schedule],
    recipients: &(impl Iterator<Item = &'n str> + Clone),
    problems: &mut Problems,
) {
    for schedule in schedules {
        let Job::Checkpoint { tell } = &schedule.job else { continue };
        for Named { name, place } in tell.iter().filter(|to| !recipients.clone().any(|known| *known == *to.name)) {
            let what = ("收件人（rules/directory.yaml 的 recipients）", "recipient");
            let word = Word { text: name, place };
            problems.push(want::unknown_word(word, "unknown-recipient", what, recipients.clone()));
        }
    }
}

/// Names the calendars that are not there, and what waits for working days of one that never opens.
pub fn check_calendars(schedules: &[Schedule], calendars: &Calendars, problems: &mut Problems) {
    for schedule in schedules {
        let Some(Named { name, place }) = &schedule.calendar else { continue };
        let Some(calendar) = calendars.named(Word { text: name, place }, problems) else { continue };
        if !calendar.ever_opens() && schedule.when.needs_working_days() {
            let message = Text::new(
                format!("日历“{name}”没有工作时间，这项定时任务永远不会执行"),
                format!("calendar `{name}` never opens, so this never runs"),
            );
            let hint = Text::new("换一个有工作时间的日历", "name a calendar that has hours");
            problems.push(Problem::error(place, "never-runs", message).hint(hint));
        }
    }
}

impl When {
    fn needs_working_days(&self) -> bool {
        let needs = |rule: &DayRule| matches!(rule, DayRule::Working | DayRule::Nth { working: true, .. });
        matches!(self, When::Days { days, .. } if days.iter().all(needs))
    }
}

fn schedule(node: &Node, directory: &Path, names: &mut HashSet<String>, problems: &mut Problems) -> Option<Schedule> {
    let mut fields = Fields::of(node, problems)?;
    let run = fields.required("run", problems);
    let job = run.and_then(|node| job(node, directory, &mut fields, problems));
    let given = fields.optional("name").and_then(|node| want::word(node, problems));
    let when = when(&mut fields, problems);
    let calendar = fields.optional("calendar").and_then(|node| want::word(node, problems));
    let head = fields.head();
    fields.finish(problems);
    let job = job?;
    let (name, place) = given.map_or((job.word(), head), |word| (word.text, word.place));
    if !names.insert(name.to_owned()) {
        let message = Text::new(format!("有两项定时任务同名：“{name}”"), format!("two schedules are named `{name}`"));
        let hint =
            Text::new("执行与否按名字记录，请用 name: 另起一个名字", "their runs are kept by name: give one a `name`");
        problems.push(Problem::error(place, "duplicate-name", message).hint(hint));
    }
    let calendar = calendar.map(named);
    Some(Schedule { name: name.into(), job, when: when?, calendar })
}

fn named(word: Word<'_>) -> Named {
    Named { name: word.text.into(), place: word.place.clone() }
}

/// The job, with what it needs besides of the entry's fields.
fn job(node: &Node, directory: &Path, fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Job> {
    let word = want::one_of(node, &Job::WORDS.map(|word| (word, word)), problems)?;
    match word {
        "checkpoint" => {
            let tell = fields.optional("tell").map(|node| want::words(node, problems)).unwrap_or_default();
            Some(Job::Checkpoint { tell: tell.into_iter().map(named).collect() })
        }
        "backup" => {
            let to = fields.required("to", problems).and_then(|node| want::text(node, problems));
            let keep = fields.optional("keep").and_then(|node| copies(node, problems));
            Some(Job::Backup { to: directory.join(to?), keep })
        }
        _ => None,
    }
}

/// A number of copies: without any, nothing is kept that could be restored.
fn copies(node: &Node, problems: &mut Problems) -> Option<u32> {
    let count = want::integer(node, problems)?;
    if count > 0 {
        return Some(count);
    }
    let hint = Text::new("写一个不小于 1 的整数", "write a whole number, 1 or more");
    report(want::wrong_type(node, ("份数", "a number of copies"), hint), problems)
}

/// `cron: "…"`, or `at: "09:00"` with `day: …`: what every schedule in any file says.
pub fn when(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<When> {
    let (cron, at, day) = (fields.optional("cron"), fields.optional("at"), fields.optional("day"));
    match (cron, at) {
        (Some(cron), None) if day.is_none() => self::cron(cron, problems).map(When::Cron),
        (Some(cron), _) => {
            let message = Text::new("cron 与 at、day 只能写一种", "`cron` excludes `at` and `day`");
            let hint = Text::new("删去其中一种写法", "leave out one of them");
            report(Problem::error(&cron.place, "conflict", message).hint(hint), problems)
        }
        (None, Some(at)) => {
            let times = times(at, problems);
            let days = day.map_or(Some(vec![DayRule::Every]), |day| days(day, problems));
            Some(When::Days { days: days?, times: times? })
        }
        (None, None) => report(no_time(fields), problems),
    }
}

fn no_time(fields: &Fields<'_>) -> Problem {
    let message = Text::new("没有写何时执行", "it does not say when");
    let hint = Text::new(
        "写 at: \"09:00\"（可加 day: 每月第一个工作日），或 cron: \"*/5 * * * *\"",
        "write `at: \"09:00\"` (perhaps with `day: first working day of month`), or `cron: \"*/5 * * * *\"`",
    );
    Problem::error(fields.head(), "missing-field", message).hint(hint)
}

fn times(node: &Node, problems: &mut Problems) -> Option<Vec<ClockTime>> {
    let mut times: Vec<ClockTime> = Vec::new();
    let items = want::one_or_more(node);
    for item in items {
        let word = want::word(item, problems)?;
        times.push(ClockTime::parse(word.text).or_else(|| report(malformed_time(word), problems))?);
    }
    times.sort_unstable_by_key(|time| time.0);
    times.dedup();
    if times.is_empty() { report(want::missing(&node.place, "at"), problems) } else { Some(times) }
}

fn malformed_time(word: Word<'_>) -> Problem {
    let shown = shortened(word.text);
    let message = Text::new(format!("“{shown}”不是一天中的时刻"), format!("`{shown}` is no time of day"));
    let hint =
        Text::new("写成 \"09:00\"（两位小时:两位分钟，加引号）", "write `\"09:00\"`, two digits each, in quotes");
    Problem::error(word.place, "malformed-time", message).hint(hint)
}

fn days(node: &Node, problems: &mut Problems) -> Option<Vec<DayRule>> {
    let before = problems.len();
    let words = want::words(node, problems);
    let days: Vec<DayRule> = words
        .iter()
        .filter_map(|word| DayRule::parse(word.text).or_else(|| report(malformed_day(*word), problems)))
        .collect();
    if days.is_empty() && problems.len() == before {
        return report(want::missing(&node.place, "day"), problems);
    }
    (days.len() == words.len()).then_some(days)
}

fn malformed_day(word: Word<'_>) -> Problem {
    let shown = shortened(word.text);
    let message = Text::new(format!("看不懂是哪一天：“{shown}”"), format!("`{shown}` says no day"));
    let hint = Text::new(
        "可以写：每天、工作日、周一、15、每月第一个工作日、每季度最后一天；几种并列写成 [周一, 周四]",
        "such as `every day`, `working day`, `monday`, `15`, `first working day of month`, `last day of quarter`, or a list of them",
    );
    Problem::error(word.place, "malformed-day", message).hint(hint)
}

fn cron(node: &Node, problems: &mut Problems) -> Option<Cron> {
    let text = want::text(node, problems)?;
    match text.parse() {
        Ok(cron) => Some(cron),
        Err(error) => report(malformed_cron(node, &error), problems),
    }
}

fn malformed_cron(node: &Node, error: &CronError) -> Problem {
    let message = match error {
        CronError::Fields(count) => {
            Text::new(format!("应有五个字段，写了{count}个"), format!("expected five fields, found {count}"))
        }
        CronError::Field { field, text } => {
            let shown = shortened(text);
            Text::new(format!("“{shown}”不是{}", chinese(field)), format!("`{shown}` is no {field}"))
        }
        CronError::WeekdayNumber(text) => Text::new(
            format!("星期要写名称，不写数字“{}”（各家 cron 对数字的解释不同）", shortened(text)),
            format!("weekdays are given by name, not as `{}`: programs differ in counting them", shortened(text)),
        ),
        CronError::Never => Text::new("这样的日子永远不会到来", "such a day never comes"),
    };
    let hint = match error {
        CronError::WeekdayNumber(_) => Text::new("例如 \"0 9 * * mon-fri\"", "such as `\"0 9 * * mon-fri\"`"),
        _ => Text::new(
            "依次写：分 时 日 月 星期，例如 \"*/5 * * * *\"、\"30 8 1 * *\"、\"0 9 * * mon-fri\"",
            "minute, hour, day of the month, month, weekday, such as `\"*/5 * * * *\"` or `\"0 9 * * mon-fri\"`",
        ),
    };
    Problem::error(&node.place, "malformed-cron", message).hint(hint)
}

fn chinese(field: &str) -> &'static str {
    match field {
        "minute" => "分钟（0-59）",
        "hour" => "小时（0-23）",
        "day of the month" => "日（1-31）",
        "month" => "月（1-12 或 jan-dec）",
        _ => "星期（mon、tue、wed、thu、fri、sat、sun）",
    }
}
