//! `duban calendar show`: a year in the terminal, two months beside each other, 休 and 班 marked at their dates.

use crate::calendar::{Calendar, DateEntry, DayEnds, WeeklyHours};
use crate::text::Lang;
use chrono::{Datelike, NaiveDate, Weekday};
use std::fmt::Write as _;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Columns of a date's cell: two digits, a mark of two columns, a space.
const CELL: usize = 5;
const MONTH: usize = 7 * CELL;
const BETWEEN: &str = "   ";

/// Why a date is marked.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    /// A working day like any other.
    Plain,
    /// Closed like every week.
    Closed,
    /// 休.
    Rest,
    /// 班, or hours of its own.
    Work,
}

/// Draws a year.
pub(super) fn draw(calendar: &Calendar, year: i32, lang: Lang, colour: bool, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}\n", heading(calendar, year, lang))?;
    for first in (1..=12).step_by(2) {
        let (left, right) =
            (month(calendar, year, first, lang, colour), month(calendar, year, first + 1, lang, colour));
        for row in 0..left.len().max(right.len()) {
            let blank = " ".repeat(MONTH);
            let (a, b) = (left.get(row).unwrap_or(&blank), right.get(row).unwrap_or(&blank));
            writeln!(out, "{}", format!("{a}{BETWEEN}{b}").trim_end())?;
        }
        writeln!(out)?;
    }
    for line in notes(calendar, year, lang) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn heading(calendar: &Calendar, year: i32, lang: Lang) -> String {
    let spec = calendar.spec();
    match (lang, spec.title.as_str()) {
        (Lang::Zh, "") => format!("{} · {year}年", spec.name),
        (Lang::Zh, title) => format!("{title}（{}）· {year}年", spec.name),
        (Lang::En, "") => format!("{} · {year}", spec.name),
        (Lang::En, title) => format!("{title} ({}) · {year}", spec.name),
    }
}

/// A month as lines of equal width.
fn month(calendar: &Calendar, year: i32, month: u32, lang: Lang, colour: bool) -> Vec<String> {
    let mut lines = vec![centred(&month_name(month, lang)), weekday_names(lang)];
    let Some(first) = NaiveDate::from_ymd_opt(year, month, 1) else { return lines };
    let blank = first.weekday().num_days_from_monday() as usize;
    let mut line = " ".repeat(CELL * blank);
    for date in first.iter_days().take_while(|date| date.month() == month) {
        line.push_str(&cell(calendar, date, colour));
        let is_last = date.succ_opt().is_none_or(|next| next.month() != month);
        if date.weekday() == Weekday::Sun || is_last {
            let left = 6 - date.weekday().num_days_from_monday() as usize;
            lines.push(std::mem::take(&mut line) + &" ".repeat(CELL * left));
        }
    }
    lines
}

fn cell(calendar: &Calendar, date: NaiveDate, colour: bool) -> String {
    let (mark, sign) = match mark(calendar, date) {
        Mark::Rest => ("休", "31"),
        Mark::Work => ("班", "33"),
        Mark::Closed => ("", "2"),
        Mark::Plain => ("", ""),
    };
    let text = format!("{:>2}{mark}", date.day());
    let space = " ".repeat(CELL.saturating_sub(text.width()));
    if colour && !sign.is_empty() { format!("\u{1b}[{sign}m{text}\u{1b}[0m{space}") } else { text + &space }
}

fn mark(calendar: &Calendar, date: NaiveDate) -> Mark {
    match calendar.spec().days.get(&date) {
        Some(DateEntry::Rest(_)) => Mark::Rest,
        Some(DateEntry::Work(..) | DateEntry::Open(..)) => Mark::Work,
        None if calendar.is_working_day(date) => Mark::Plain,
        None => Mark::Closed,
    }
}

fn month_name(month: u32, lang: Lang) -> String {
    const ENGLISH: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    match lang {
        Lang::Zh => format!("{month}月"),
        Lang::En => ENGLISH[(month as usize - 1) % 12].to_owned(),
    }
}

fn weekday_names(lang: Lang) -> String {
    let names = match lang {
        Lang::Zh => ["一", "二", "三", "四", "五", "六", "日"],
        Lang::En => ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"],
    };
    names.map(|name| format!("{name}{}", " ".repeat(CELL - name.width()))).concat()
}

fn centred(text: &str) -> String {
    let before = (MONTH - CELL / 2).saturating_sub(text.width()) / 2;
    format!("{}{text}{}", " ".repeat(before), " ".repeat(MONTH.saturating_sub(before + text.width())))
}

/// What the picture cannot say: names of the dates, totals, hours, cover.
fn notes(calendar: &Calendar, year: i32, lang: Lang) -> Vec<String> {
    let mut notes = Vec::new();
    let zh = lang == Lang::Zh;
    notes.push(
        if zh {
            "休 放假　班 调休上班或另定时间"
        } else {
            "休 off   班 worked, or with hours of its own"
        }
        .to_owned(),
    );
    notes.extend(special_dates(calendar, year, lang));
    notes.extend(calendar.ever_opens().then(|| totals(calendar, year, lang)));
    notes.extend(hours_in_force(calendar, lang));
    notes.push(cover(calendar, year, lang));
    notes
}

/// The dates with an entry of their own, neighbours of one name in one line.
fn special_dates(calendar: &Calendar, year: i32, lang: Lang) -> Vec<String> {
    let mut runs: Vec<(NaiveDate, NaiveDate, &DateEntry)> = Vec::new();
    for (&date, entry) in calendar.spec().days.iter().filter(|(date, _)| date.year() == year) {
        match runs.last_mut() {
            Some((_, last, same)) if *same == entry && last.succ_opt() == Some(date) => *last = date,
            _ => runs.push((date, date, entry)),
        }
    }
    runs.into_iter().map(|(first, last, entry)| special(first, last, entry, lang)).collect()
}

fn special(first: NaiveDate, last: NaiveDate, entry: &DateEntry, lang: Lang) -> String {
    let (from, until) = (first.format("%m-%d"), last.format("%m-%d"));
    let dates = match (lang, first == last) {
        (_, true) => from.to_string(),
        (Lang::Zh, false) => format!("{from} 至 {until}"),
        (Lang::En, false) => format!("{from} to {until}"),
    };
    let (mark, title, open) = match entry {
        DateEntry::Rest(title) => ("休", title.as_str(), None),
        DateEntry::Work(title, open) => ("班", title.as_str(), open.as_ref()),
        DateEntry::Open(title, open) => ("班", title.as_deref().unwrap_or_default(), Some(open)),
    };
    let mut line = format!("  {mark} {dates}{}{title}", " ".repeat(15usize.saturating_sub(dates.width())));
    for opening in open.into_iter().flatten() {
        let _ = write!(line, " {opening}");
    }
    line.trim_end().to_owned()
}

fn totals(calendar: &Calendar, year: i32, lang: Lang) -> String {
    let dates = (1..=366).filter_map(|day| NaiveDate::from_yo_opt(year, day));
    let days = dates.filter(|&date| calendar.is_working_day(date)).count();
    let midnight = |year| NaiveDate::from_yo_opt(year, 1).map(|date| calendar.at(date, chrono::NaiveTime::MIN));
    let worked = midnight(year).zip(midnight(year + 1)).map_or(0, |(from, to)| calendar.worked_ms(from, to));
    let (hours, minutes) = (worked / 3_600_000, worked / 60_000 % 60);
    match (lang, minutes) {
        (Lang::Zh, 0) => format!("全年{days}个工作日，{hours}小时"),
        (Lang::Zh, _) => format!("全年{days}个工作日，{hours}小时{minutes}分"),
        (Lang::En, 0) => format!("{days} working days, {hours} hours"),
        (Lang::En, _) => format!("{days} working days, {hours} hours {minutes} minutes"),
    }
}

fn hours_in_force(calendar: &Calendar, lang: Lang) -> Vec<String> {
    let spec = calendar.spec();
    let mut lines: Vec<_> = spec.hours.iter().map(|entry| weekly(entry, lang)).collect();
    for season in &spec.seasons {
        let ((from_month, from_day), (month, day)) = (season.from, season.until);
        let dates = format!("{from_month:02}-{from_day:02}..{month:02}-{day:02}");
        lines.extend(season.hours.iter().map(|entry| format!("{} {dates} {}", season.title, weekly(entry, lang))));
    }
    let midnight = match lang {
        Lang::Zh => "工作日到 24:00 终了",
        Lang::En => "a counted day ends at 24:00",
    };
    lines.extend((spec.day_ends == DayEnds::Midnight).then(|| midnight.to_owned()));
    lines
}

fn weekly(entry: &WeeklyHours, lang: Lang) -> String {
    let name = |day: &Weekday| match lang {
        Lang::Zh => format!("周{}", ["一", "二", "三", "四", "五", "六", "日"][day.num_days_from_monday() as usize]),
        Lang::En => day.to_string(),
    };
    let days: Vec<_> = entry.days.iter().map(name).collect();
    let open: Vec<_> = entry.open.iter().map(ToString::to_string).collect();
    format!("{} {}", days.join(if lang == Lang::Zh { "、" } else { " " }), open.join(" "))
}

fn cover(calendar: &Calendar, year: i32, lang: Lang) -> String {
    let covers = calendar.spec().covers;
    let whole = NaiveDate::from_yo_opt(year, 1).zip(NaiveDate::from_ymd_opt(year, 12, 31));
    let is_covered = covers.zip(whole).is_some_and(|((from, until), (first, last))| from <= first && last <= until);
    let dates = covers.map_or_else(String::new, |(first, last)| format!("{first}..{last}"));
    match (lang, is_covered) {
        (Lang::Zh, true) => format!("官方安排已知：{dates}"),
        (Lang::Zh, false) if dates.is_empty() => "没有写 covers：到期都是暂定".to_owned(),
        (Lang::Zh, false) => format!("官方安排只到 {dates}：本年未覆盖的日期是暂定"),
        (Lang::En, true) => format!("official arrangement known: {dates}"),
        (Lang::En, false) if dates.is_empty() => "no `covers`: every due is provisional".to_owned(),
        (Lang::En, false) => format!("official arrangement known only for {dates}: other dates are provisional"),
    }
}
