//! How instants, days, spans and acts read in Chinese.
//!
//! A due at 00:00 is told as 24:00 of the day before: that is the day that it ends. The year is told where it is another
//! one than that of the notice.

use crate::calendar::naming::weekday;
use crate::calendar::span::Span;
use crate::calendar::{Calendar, DateEntry};
use crate::policy::directory::Directory;
use crate::policy::model::{Action, ActionKind, Colour, Stop};
use crate::policy::vocabulary::{Value, Vocabulary};
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;
use chrono::{Datelike, NaiveDate, Timelike};
use chrono_tz::Tz;
use serde::Serialize;

/// An instant in the forms in which templates use it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// 5月11日（周六，劳动节调休上班）08:50.
    pub full: String,
    /// 5月11日（周六，调休上班）08:50.
    pub text: String,
    /// 5月11日08:50.
    pub brief: String,
    /// 5月11日.
    pub day: String,
    /// 08:50.
    pub time: String,
    /// 2024-05-11T08:50:00+08:00.
    pub iso: String,
}

impl Moment {
    /// When something happened.
    pub fn of(at: Instant, calendar: &Calendar, year: i32) -> Moment {
        let local = at.in_zone(calendar.zone());
        Moment::new(local.date_naive(), format!("{:02}:{:02}", local.hour(), local.minute()), at, calendar, year)
    }

    /// When something is due.
    pub fn due(at: Instant, calendar: &Calendar, year: i32) -> Moment {
        let local = at.in_zone(calendar.zone());
        if (local.hour(), local.minute(), local.second()) != (0, 0, 0) {
            return Moment::of(at, calendar, year);
        }
        Moment::new(calendar.date(at.just_before()), "24:00".into(), at, calendar, year)
    }

    fn new(date: NaiveDate, time: String, at: Instant, calendar: &Calendar, year: i32) -> Moment {
        let day = day(date, year);
        Moment {
            full: format!("{day}（{}）{time}", day_name(date, calendar)),
            text: format!("{day}（{}）{time}", short_day_name(date, calendar)),
            brief: format!("{day}{time}"),
            day,
            time,
            iso: at.rfc3339(calendar.zone()),
        }
    }
}

/// The year in which an instant lies.
pub fn year(at: Instant, zone: Tz) -> i32 {
    at.in_zone(zone).year()
}

/// 5月11日, or 2025年1月2日 where the year is another one.
pub fn day(date: NaiveDate, year: i32) -> String {
    if date.year() == year { format!("{}月{}日", date.month(), date.day()) } else { whole_date(date) }
}

/// 2024年5月11日.
pub fn whole_date(date: NaiveDate) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

/// 周六，劳动节调休上班: the weekday, and what makes the date another day than its weekday would be.
pub fn day_name(date: NaiveDate, calendar: &Calendar) -> String {
    calendar.day_name(date)
}

/// 周六，调休上班: as [`day_name`], without the holiday's name.
fn short_day_name(date: NaiveDate, calendar: &Calendar) -> String {
    match calendar.spec().days.get(&date) {
        Some(DateEntry::Work(..)) => format!("{}，调休上班", weekday(date)),
        _ => day_name(date, calendar),
    }
}

/// 1个工作小时, 20个工作分钟, 2个工作日, 24小时, 1日.
pub fn span(span: Span) -> String {
    span.text(Lang::Zh)
}

/// 40分钟, 1小时, 1小时20分钟.
pub fn length(ms: i64) -> String {
    match (ms / HOUR_MS, ms % HOUR_MS / MINUTE_MS) {
        (0, 0) => format!("{}秒", ms / 1000),
        (0, minutes) => format!("{minutes}分钟"),
        (hours, 0) => format!("{hours}小时"),
        (hours, minutes) => format!("{hours}小时{minutes}分钟"),
    }
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// What a deadline asks for: 联系诉求人, 联系诉求人并到达现场. Its first alternative says it; the others only answer for it.
pub fn duty(stop: &[Stop], vocabulary: &Vocabulary) -> String {
    match stop.first() {
        Some(Stop::Event(kind, _)) => act(*kind, vocabulary),
        Some(Stop::Every(kinds)) => kinds.iter().map(|kind| act(*kind, vocabulary)).collect::<Vec<_>>().join("并"),
        None => String::new(),
    }
}

/// An event type as something that is done: 反馈初步意见, where its title is 初步反馈.
pub fn act(kind: Symbol, vocabulary: &Vocabulary) -> String {
    match kind.as_str() {
        "feedback" => "反馈初步意见".into(),
        "staged_reply" => "作出阶段答复".into(),
        "instruction_done" => "落实批示".into(),
        _ => event_title(kind, vocabulary).into(),
    }
}

/// What people call an event type.
pub fn event_title(kind: Symbol, vocabulary: &Vocabulary) -> &str {
    let title = vocabulary.events.get(&kind).map(|known| known.title.as_str()).filter(|title| !title.is_empty());
    title.unwrap_or(kind.as_str())
}

/// What a step does next: 亮红牌, 呈报督查室, 告知分管负责人.
pub fn doing(action: &Action, directory: &Directory) -> String {
    let to = titles(directory, &action.to);
    let done = match &action.kind {
        ActionKind::Remind => format!("再次提醒{to}"),
        ActionKind::Notify => format!("告知{to}"),
        ActionKind::Card(Colour::Yellow) => "亮黄牌".into(),
        ActionKind::Card(Colour::Red) => "亮红牌".into(),
        ActionKind::Route => format!("{}{to}", routing(directory.is_confidential(&action.to))),
        ActionKind::Return => "退回重办".into(),
        ActionKind::Flag(_) => "列为待核".into(),
    };
    match action.approval {
        Some(approval) => format!("提请{}同意{done}", directory.title(approval.as_str())),
        None => done,
    }
}

/// The recipients' titles: 经办人、专职联络员.
pub fn titles(directory: &Directory, recipients: &[Symbol]) -> String {
    names(recipients.iter().map(|name| directory.title(name.as_str())))
}

/// The word for a route: what goes to a confidential recipient is handed over, to any other reported.
pub fn routing(is_confidential: bool) -> &'static str {
    if is_confidential { "移送" } else { "呈报" }
}

/// 甲、乙、丙.
pub fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join("、")
}

/// A value as people read it; none where it is cleared.
pub fn value(value: &Value, zone: Tz) -> Option<String> {
    Some(match value {
        Value::Text(text) => one_line(text),
        Value::Word(word) => word.as_str().into(),
        Value::Number(number) => number.to_string(),
        Value::Boolean(true) => "是".into(),
        Value::Boolean(false) => "否".into(),
        Value::Instant(at) => at.in_zone(zone).format("%Y年%-m月%-d日%H:%M").to_string(),
        Value::Date(date) => whole_date(*date),
        Value::Null => return None,
    })
}

/// Text from outside without line breaks and control characters, so that it stays where a template puts it.
pub fn one_line(text: &str) -> String {
    let clean = |c: char| if c.is_control() || ('\u{e000}'..='\u{f8ff}').contains(&c) { ' ' } else { c };
    text.chars().map(clean).collect()
}
