//! `duban calendar show`: a year in the terminal, months beside each other as they fit, 休 and 班 marked at their dates.

use crate::calendar::{Calendar, DateEntry, DayEnds, Season, WeeklyHours};
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

/// How it is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) lang: Lang,
    pub(super) colour: bool,
    /// Columns of the terminal.
    pub(super) width: usize,
    /// The date that is marked as today, if the year has it.
    pub(super) today: Option<NaiveDate>,
}

impl Look {
    /// So many months stand beside each other: as many as fit, and no row is left ragged.
    fn abreast(self) -> usize {
        ((self.width + BETWEEN.len()) / (MONTH + BETWEEN.len())).clamp(1, 4)
    }
}

/// Draws a year.
pub(super) fn draw(calendar: &Calendar, year: i32, look: &Look, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}\n", heading(calendar, year, look.lang))?;
    let months: Vec<Vec<String>> = (1..=12).map(|number| month(calendar, year, number, look)).collect();
    for abreast in months.chunks(look.abreast()) {
        let blank = " ".repeat(MONTH);
        for row in 0..abreast.iter().map(Vec::len).max().unwrap_or(0) {
            let lines: Vec<&str> = abreast.iter().map(|month| month.get(row).unwrap_or(&blank).as_str()).collect();
            writeln!(out, "{}", lines.join(BETWEEN).trim_end())?;
        }
        writeln!(out)?;
    }
    let is_today_shown = look.today.is_some_and(|today| today.year() == year);
    for line in notes(calendar, year, look.lang, is_today_shown) {
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
fn month(calendar: &Calendar, year: i32, month: u32, look: &Look) -> Vec<String> {
    let Some(first) = NaiveDate::from_ymd_opt(year, month, 1) else { return Vec::new() };
    let mut lines = vec![centred(&month_heading(calendar, first, look.lang)), weekday_names(look.lang)];
    let blank = first.weekday().num_days_from_monday() as usize;
    let mut line = " ".repeat(CELL * blank);
    for date in dates_of_month(first) {
        line.push_str(&cell(calendar, date, look));
        let is_last = date.succ_opt().is_none_or(|next| next.month() != month);
        if date.weekday() == Weekday::Sun || is_last {
            let left = 6 - date.weekday().num_days_from_monday() as usize;
            lines.push(std::mem::take(&mut line) + &" ".repeat(CELL * left));
        }
    }
    lines
}

fn dates_of_month(first: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    first.iter_days().take_while(move |date| date.month() == first.month())
}

/// `6月 夏令 · 21个工作日`.
fn month_heading(calendar: &Calendar, first: NaiveDate, lang: Lang) -> String {
    let mut heading = month_name(first.month(), lang);
    let seasons = calendar.spec().seasons.iter().filter(|season| dates_of_month(first).any(|date| is_in(season, date)));
    for season in seasons.filter(|season| !season.title.is_empty()) {
        let _ = write!(heading, " {}", season.title);
    }
    if calendar.ever_opens() {
        let days = dates_of_month(first).filter(|&date| calendar.is_working_day(date)).count();
        let _ = match lang {
            Lang::Zh => write!(heading, " · {days}个工作日"),
            Lang::En => write!(heading, " · {days} working days"),
        };
    }
    heading
}

/// Whether a season, which may wrap the year's end, contains a date.
fn is_in(season: &Season, date: NaiveDate) -> bool {
    let day = (date.month(), date.day());
    let (from, until) = (season.from, season.until);
    if from <= until { from <= day && day <= until } else { from <= day || day <= until }
}

fn cell(calendar: &Calendar, date: NaiveDate, look: &Look) -> String {
    let (mark, sign) = match mark(calendar, date) {
        Mark::Rest => ("休", "31"),
        Mark::Work => ("班", "33"),
        Mark::Closed => ("", "2"),
        Mark::Plain => ("", ""),
    };
    let is_today = look.today == Some(date);
    let (star, sign) = if is_today { ("*", "7") } else { ("", sign) };
    let text = format!("{:>2}{mark}{star}", date.day());
    let space = " ".repeat(CELL.saturating_sub(text.width()));
    if look.colour && !sign.is_empty() { format!("\u{1b}[{sign}m{text}\u{1b}[0m{space}") } else { text + &space }
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
fn notes(calendar: &Calendar, year: i32, lang: Lang, is_today_shown: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let today = match lang {
        _ if !is_today_shown => "",
        Lang::Zh => "　* 今天",
        Lang::En => "   * today",
    };
    notes.push(match lang {
        Lang::Zh => format!("休 放假　班 调休上班或另定时间{today}"),
        Lang::En => format!("休 off   班 worked, or with hours of its own{today}"),
    });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::read;
    use crate::text::problem::Problems;
    use std::path::Path;

    fn drawn(year: i32, look: Look) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("calendars");
        let calendars = read::load(&folder, &mut Problems::new());
        let mut out = Vec::new();
        draw(calendars.get("yicheng").unwrap(), year, &look, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    const PLAIN: Look = Look { lang: Lang::Zh, colour: false, width: 80, today: None };

    #[test]
    fn months_stand_beside_each_other_as_the_terminal_is_wide_and_none_is_wider_than_it() {
        for (width, abreast) in [(40, 1), (72, 1), (73, 2), (80, 2), (110, 2), (111, 3), (160, 4), (300, 4)] {
            let look = Look { width, ..PLAIN };
            assert_eq!(look.abreast(), abreast, "{width}");
            let picture = drawn(2026, look);
            let months = picture.lines().skip(2).take_while(|line| !line.starts_with("休 放假"));
            assert!(months.map(UnicodeWidthStr::width).all(|wide| wide <= width.max(MONTH)), "{picture}");
        }
    }

    #[test]
    fn today_is_marked_and_explained_without_colour_too() {
        let today = "2026-10-01".parse().ok();
        let picture = drawn(2026, Look { today, ..PLAIN });
        assert!(picture.contains(" 1休* 2休") && picture.contains("* 今天"), "{picture}");
        let other = drawn(2025, Look { today, ..PLAIN });
        assert!(!other.contains('*'), "{other}");
        let coloured = drawn(2026, Look { today, colour: true, ..PLAIN });
        assert!(coloured.contains("\u{1b}[7m 1休*\u{1b}[0m"), "{coloured}");
        let without: String = coloured
            .split('\u{1b}')
            .map(|part| {
                part.split_once('m').map_or(part, |(sign, rest)| if sign.starts_with('[') { rest } else { part })
            })
            .collect();
        assert_eq!(without, picture, "colour adds nothing but colour");
    }

    #[test]
    fn each_month_says_its_season_and_its_working_days() {
        let picture = drawn(2026, Look { width: 40, ..PLAIN });
        let headings: Vec<&str> = picture.lines().map(str::trim).filter(|line| line.contains('·')).skip(1).collect();
        insta::assert_snapshot!(headings.join("\n"), @r"
        1月 · 21个工作日
        2月 · 16个工作日
        3月 · 22个工作日
        4月 · 21个工作日
        5月 · 19个工作日
        6月 夏令 · 21个工作日
        7月 夏令 · 23个工作日
        8月 夏令 · 21个工作日
        9月 夏令 · 22个工作日
        10月 · 18个工作日
        11月 · 21个工作日
        12月 · 23个工作日
        ");
    }
}
