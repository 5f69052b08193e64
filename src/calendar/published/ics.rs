//! Holidays in iCalendar (RFC 5545), of which only this is read: VEVENT with SUMMARY, a DTSTART that is a date (or a
//! midnight), and DTEND (exclusive) or DURATION in days; folded lines, escaped text, either line end.
//!
//! Whether a date is off or worked stands in the summary (春节 休, 春节（休）, 春节假期, 劳动节 补班, 上班(补春节假期)), or
//! in the property by which telephones mark it. A repeated event (RRULE) is no arrangement of one year and is remarked upon.

use super::{Day, Mark, PublishedError, Table, is_next_years, json, notice_in};
use crate::text::Text;
use chrono::{Datelike, Days, NaiveDate};
use std::collections::BTreeSet;

/// A content line: `NAME;PARAMETERS:VALUE`, the text of the value unescaped.
struct Property {
    name: String,
    value: String,
}

pub(super) fn read(file: &str, text: &str) -> Result<Table, PublishedError> {
    let mut table = Table { file: file.to_owned(), ..Table::default() };
    let mut event: Option<Vec<Property>> = None;
    let mut about = Vec::new();
    for line in unfolded(text) {
        let Some(property) = property(&line) else { continue };
        match (property.name.as_str(), property.value.to_ascii_uppercase().as_str(), &mut event) {
            ("BEGIN", "VEVENT", _) => event = Some(Vec::new()),
            ("END", "VEVENT", Some(_)) => take_event(&event.take().unwrap_or_default(), &mut table)?,
            ("X-WR-CALDESC" | "DESCRIPTION" | "COMMENT" | "URL", _, None) => about.push(property.value),
            (_, _, Some(properties)) => properties.push(property),
            _ => {}
        }
    }
    if event.is_some() {
        let why = Text::new("最后一个事件没有结束（缺 END:VEVENT）", "the last event is not ended (no `END:VEVENT`)");
        return Err(PublishedError::Malformed { file: file.to_owned(), form: "iCalendar", why });
    }
    table.years = years_of(&table);
    for (text, &year) in about.iter().flat_map(|text| table.years.iter().map(move |year| (text, year))) {
        table.notices.entry(year).or_default().extend(notice_in(text));
    }
    Ok(table)
}

/// The years of its dates; the December days of a 元旦 alone arrange no year.
fn years_of(table: &Table) -> BTreeSet<i32> {
    table.days.iter().filter(|(date, day)| !is_next_years(**date, &day.name)).map(|(date, _)| date.year()).collect()
}

/// Lines as they were before folding: a line break followed by a space or tab is no break.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

fn property(line: &str) -> Option<Property> {
    let mut quoted = false;
    let colon = line.char_indices().find(|&(_, c)| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    let (name, value) = (&line[..colon.0], &line[colon.0 + 1..]);
    let name = name.split(';').next().unwrap_or_default().to_ascii_uppercase();
    Some(Property { name, value: unescaped(value.trim()) })
}

fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            c => text.push(c),
        }
    }
    text
}

fn take_event(properties: &[Property], table: &mut Table) -> Result<(), PublishedError> {
    let value = |name: &str| properties.iter().find(|property| property.name == name).map(|it| it.value.as_str());
    if value("STATUS").is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")) {
        return Ok(());
    }
    let summary = value("SUMMARY").unwrap_or_default().trim().to_owned();
    let start = value("DTSTART").and_then(date).ok_or_else(|| PublishedError::Malformed {
        file: table.file.clone(),
        form: "iCalendar",
        why: Text::new(
            format!("事件“{summary}”没有日期；应有一行 DTSTART;VALUE=DATE:20240210"),
            format!("the event `{summary}` has no DTSTART that is a date, such as `DTSTART;VALUE=DATE:20240210`"),
        ),
    })?;
    let Some((mark, name)) = marked(&summary, value("X-APPLE-SPECIAL-DAY")) else {
        table.remarks.push(unmarked(&table.file, start, &summary));
        return Ok(());
    };
    if value("RRULE").is_some() {
        table.remarks.push(repeated(&table.file, start, &summary));
    }
    let year = start.year() + i32::from(is_next_years(start, &name));
    table.notices.entry(year).or_default().extend(value("DESCRIPTION").and_then(notice_in));
    let day = Day { mark, name };
    for date in start.iter_days().take(length(start, value("DTEND"), value("DURATION"))) {
        json::put(date, day.clone(), table)?;
    }
    Ok(())
}

/// The date of `20240210`, or of a midnight `20240210T000000`.
fn date(value: &str) -> Option<NaiveDate> {
    let (date, time) = value.split_once('T').unwrap_or((value, ""));
    let is_midnight = time.trim_end_matches('Z').bytes().all(|digit| digit == b'0');
    (date.len() == 8 && is_midnight).then(|| NaiveDate::parse_from_str(date, "%Y%m%d").ok())?
}

/// How many dates it lasts: DTEND is the first date after it. Without either, or with an end not after it, one. Longer than
/// a month is no holiday, and is cut there.
fn length(start: NaiveDate, end: Option<&str>, duration: Option<&str>) -> usize {
    let until = end.and_then(date).or_else(|| start.checked_add_days(Days::new(days_of(duration?)?)));
    let days = until.map_or(1, |until| (until - start).num_days());
    usize::try_from(days).unwrap_or(1).clamp(1, 31)
}

/// `P3D` or `P1W`.
fn days_of(duration: &str) -> Option<u64> {
    let count = duration.strip_prefix('P')?;
    match (count.strip_suffix('D'), count.strip_suffix('W')) {
        (Some(days), _) => days.parse().ok(),
        (_, Some(weeks)) => weeks.parse::<u64>().ok().map(|weeks| weeks * 7),
        _ => None,
    }
}

const WORKED: [&str; 6] = ["补班", "调休上班", "调班", "上班", "班", "工作日"];
const OFF: [&str; 5] = ["放假", "休假", "休息", "假期", "休"];
/// The statutory holidays (全国年节及纪念日放假办法), by which an event without any mark is known to be a day off.
const HOLIDAYS: [&str; 10] = ["元旦", "除夕", "春节", "清明", "劳动", "五一", "端午", "中秋", "国庆", "抗战胜利"];

/// Whether it is off or worked, and the holiday's bare name. 调休 alone is said of both: it is worked only with 班 or 上班.
fn marked(summary: &str, special: Option<&str>) -> Option<(Mark, String)> {
    let mark = match special {
        Some("WORK-HOLIDAY") => Mark::Rest,
        Some("ALTERNATE-WORKDAY") => Mark::Work,
        _ if WORKED.iter().any(|word| summary.contains(word)) => Mark::Work,
        _ if OFF.iter().any(|word| summary.contains(word)) => Mark::Rest,
        _ if HOLIDAYS.iter().any(|word| summary.contains(word)) => Mark::Rest,
        _ => return None,
    };
    Some((mark, bare_name(summary)))
}

fn bare_name(summary: &str) -> String {
    let mut name = summary.to_owned();
    for word in WORKED.iter().chain(&OFF).chain(&["调休", "补"]) {
        name = name.replace(word, "");
    }
    for empty in ["（）", "()", "[]", "【】", "〔〕"] {
        name = name.replace(empty, "");
    }
    // "第1天/共8天", as some write behind it.
    let counted = name.find('第').filter(|&at| name[at..].contains('天'));
    let is_around = |c: char| c.is_whitespace() || "（）()[]【】〔〕-－—·:：,，/|".contains(c);
    let name = name[..counted.unwrap_or(name.len())].trim_matches(is_around);
    if name.is_empty() { "节假日".to_owned() } else { name.to_owned() }
}

fn unmarked(file: &str, date: NaiveDate, summary: &str) -> Text {
    Text::new(
        format!("“{file}”的 {date}“{summary}”看不出是休还是班，略过"),
        format!("`{file}`: {date} `{summary}` says neither off (休) nor worked (班): left out"),
    )
}

fn repeated(file: &str, date: NaiveDate, summary: &str) -> Text {
    Text::new(
        format!("“{file}”的 {date}“{summary}”每年重复（RRULE）：只取这一次，放假安排每年不同"),
        format!("`{file}`: {date} `{summary}` repeats (RRULE): taken once, arrangements differ by year"),
    )
}
