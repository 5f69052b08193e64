//! A year's official arrangement (放假安排) as others publish it, and the calendar file that it makes.
//!
//! Several files are one arrangement: what two of them say of a date must agree, and which years are known whole is what
//! they say together. Nothing is taken from a file that is not understood; what is odd is remarked upon, never dropped in
//! silence.

pub mod changes;
pub mod file;
mod ics;
mod json;
pub mod years;

use crate::text::Text;
use chrono::{Datelike, NaiveDate, Weekday};
use std::collections::{BTreeMap, BTreeSet};

/// What an arrangement makes of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// 休: a day off.
    Rest,
    /// 班: a weekend that is worked.
    Work,
}

/// A date of an arrangement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Off or worked.
    pub mark: Mark,
    /// The holiday's name, without 调休 for the days worked for it.
    pub name: String,
}

impl Day {
    /// What a calendar file calls it: 春节, or 春节调休 where it is worked.
    pub fn title(&self) -> String {
        match self.mark {
            Mark::Rest => self.name.clone(),
            Mark::Work => format!("{}调休", self.name),
        }
    }
}

/// The notice (通知) by which a year was arranged; of what is not known, nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// 文号, `国办发明电〔2023〕7号`.
    pub number: Option<String>,
    /// The date of issue.
    pub issued: Option<NaiveDate>,
    /// Where it can be read.
    pub url: Option<String>,
}

/// What one file holds.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The file, as the user named it.
    pub file: String,
    /// The years that it arranges whole.
    pub years: BTreeSet<i32>,
    /// By year.
    pub notices: BTreeMap<i32, Vec<Notice>>,
    /// Its dates.
    pub days: BTreeMap<NaiveDate, Day>,
    /// What was odd in reading it.
    pub remarks: Vec<Text>,
}

/// Why a file, or several together, are no arrangement.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PublishedError {
    /// Neither form.
    #[error("`{0}` is neither a holiday table (JSON) nor a calendar (iCalendar)")]
    UnknownForm(String),
    /// It is of a form, but broken.
    #[error("`{file}` cannot be read as {form}: {}", why.en)]
    Malformed {
        /// The file.
        file: String,
        /// The form that it has.
        form: &'static str,
        /// What is wrong.
        why: Text,
    },
    /// Two files disagree on a date, or one does with itself.
    #[error("{date} is {} in `{}` and {} in `{}`", mark_en(*.first), .files.0, mark_en(.second), .files.1)]
    Contradiction {
        /// The date.
        date: NaiveDate,
        /// What the first says.
        first: Mark,
        /// What the second says.
        second: Mark,
        /// Both.
        files: (String, String),
    },
}

fn mark_en(mark: impl std::borrow::Borrow<Mark>) -> &'static str {
    match mark.borrow() {
        Mark::Rest => "off",
        Mark::Work => "worked",
    }
}

fn mark_zh(mark: Mark) -> &'static str {
    match mark {
        Mark::Rest => "休",
        Mark::Work => "班",
    }
}

impl PublishedError {
    /// The sentence in both languages.
    pub fn text(&self) -> Text {
        let zh = match self {
            PublishedError::UnknownForm(file) => {
                format!("“{file}”既不是放假安排表（holiday-cn 形式的 JSON），也不是 iCalendar（.ics）文件")
            }
            PublishedError::Malformed { file, form, why } => format!("“{file}”不是完好的 {form}：{}", why.zh),
            PublishedError::Contradiction { date, first, second, files } => format!(
                "{date} 前后矛盾：“{}”记为{}，“{}”记为{}；对照原文，去掉错的一份",
                files.0,
                mark_zh(*first),
                files.1,
                mark_zh(*second)
            ),
        };
        Text::new(zh, self.to_string())
    }
}

/// Reads one file, of whichever form it is.
pub fn read(file: &str, bytes: &[u8]) -> Result<Table, PublishedError> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with(['{', '[']) {
        json::read(file, text)
    } else if text.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCALENDAR")) {
        ics::read(file, text)
    } else {
        Err(PublishedError::UnknownForm(file.to_owned()))
    }
}

/// What all files say together.
#[derive(Clone, Debug, Default)]
pub struct Arrangement {
    /// The years arranged whole.
    pub years: BTreeSet<i32>,
    /// By year, in the files' order, each once.
    pub notices: BTreeMap<i32, Vec<Notice>>,
    /// The dates.
    pub days: BTreeMap<NaiveDate, Day>,
    /// What is odd.
    pub remarks: Vec<Text>,
}

/// So many dates has the arrangement of a whole year at least: seven holidays with their bridges and make-up days.
const YEAR_DAYS_MIN: usize = 20;

impl Arrangement {
    /// Takes several files together; every contradiction is named.
    pub fn of(tables: Vec<Table>) -> Result<Arrangement, Vec<PublishedError>> {
        let mut all = Arrangement::default();
        let mut said: BTreeMap<NaiveDate, String> = BTreeMap::new();
        let mut wrong = Vec::new();
        for table in &tables {
            for (&date, day) in &table.days {
                all.take(date, day, table, &mut said, &mut wrong);
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        all.remarks.extend(lacking(&tables));
        for table in tables {
            all.years.extend(&table.years);
            all.remarks.extend(table.remarks);
            for (year, notices) in table.notices {
                let known = all.notices.entry(year).or_default();
                for notice in notices {
                    add_notice(known, notice);
                }
            }
        }
        all.look_over();
        Ok(all)
    }

    fn take(
        &mut self,
        date: NaiveDate,
        day: &Day,
        table: &Table,
        said: &mut BTreeMap<NaiveDate, String>,
        wrong: &mut Vec<PublishedError>,
    ) {
        match self.days.get(&date) {
            Some(known) if known.mark != day.mark => {
                let files = (said[&date].clone(), table.file.clone());
                let (first, second) = (known.mark, day.mark);
                wrong.push(PublishedError::Contradiction { date, first, second, files });
            }
            Some(known) if known.name != day.name => self.remarks.push(Text::new(
                format!(
                    "{date} 有两个名称：“{}”（{}）和“{}”（{}）；取前者",
                    known.name, said[&date], day.name, table.file
                ),
                format!(
                    "{date} has two names, `{}` ({}) and `{}` ({}): the former is taken",
                    known.name, said[&date], day.name, table.file
                ),
            )),
            Some(_) => {}
            None => {
                said.insert(date, table.file.clone());
                self.days.insert(date, day.clone());
            }
        }
    }

    /// A notice that the user names.
    pub fn name_notice(&mut self, year: i32, number: String) {
        add_notice(self.notices.entry(year).or_default(), Notice { number: Some(number), ..Notice::default() });
    }

    fn look_over(&mut self) {
        let mut remarks = Vec::new();
        for (&date, day) in &self.days {
            if day.mark == Mark::Work && !is_weekend(date) {
                remarks.push(Text::new(
                    format!("{date} 标为班（{}），但不是周末：本来就上班，请核对", day.name),
                    format!("{date} is marked as worked ({}), but is no weekend: please check", day.name),
                ));
            }
        }
        for &year in &self.years {
            let count = self.days.keys().filter(|date| date.year() == year).count();
            if count < YEAR_DAYS_MIN {
                remarks.push(Text::new(
                    format!("{year} 年只有 {count} 天，一年的安排通常不少于 {YEAR_DAYS_MIN} 天：文件可能不全"),
                    format!(
                        "{year} has {count} dates only, a year's arrangement mostly has {YEAR_DAYS_MIN} or more: the file may be incomplete"
                    ),
                ));
            }
        }
        self.remarks.extend(remarks);
    }
}

/// What one file has of a year that another arranges, too, and lacks. Whether a plain weekend is named is no matter.
fn lacking(tables: &[Table]) -> Vec<Text> {
    let mut remarks = Vec::new();
    for (a, b) in tables.iter().flat_map(|a| tables.iter().map(move |b| (a, b))).filter(|(a, b)| a.file != b.file) {
        let is_both = |date: &NaiveDate| a.years.contains(&date.year()) && b.years.contains(&date.year());
        let says_more = |date: &NaiveDate, day: &Day| {
            is_weekend(*date) == (day.mark == Mark::Work)
                && !b.days.contains_key(date)
                && !is_next_years(*date, &day.name)
        };
        for (date, day) in a.days.iter().filter(|(date, day)| is_both(date) && says_more(date, day)) {
            let (mark, name) = (mark_zh(day.mark), &day.name);
            remarks.push(Text::new(
                format!("{date} {mark}（{name}）只在“{}”里，“{}”里没有；照前者", a.file, b.file),
                format!("{date} {} ({name}) stands in `{}`, but not in `{}`: taken", mark_en(day.mark), a.file, b.file),
            ));
        }
    }
    remarks
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

/// Each notice once: one that lacks a number is the one of the same address.
fn add_notice(known: &mut Vec<Notice>, notice: Notice) {
    let is_same = |other: &&mut Notice| {
        (notice.number.is_some() && other.number == notice.number) || (notice.url.is_some() && other.url == notice.url)
    };
    match known.iter_mut().find(is_same) {
        Some(same) => {
            same.number = same.number.take().or(notice.number);
            same.issued = same.issued.or(notice.issued);
            same.url = same.url.take().or(notice.url);
        }
        None => known.push(notice),
    }
}

/// The number of a notice that stands somewhere in a text: from 国办发 to 号.
fn number_in(text: &str) -> Option<String> {
    let from = text.find("国办发")?;
    let length = text[from..].find('号')? + '号'.len_utf8();
    let number = &text[from..from + length];
    (number.chars().count() <= 24 && !number.contains(char::is_whitespace)).then(|| number.to_owned())
}

/// What stands in a text as an address.
fn url_in(text: &str) -> Option<String> {
    let from = text.find("http://").or_else(|| text.find("https://"))?;
    let url = text[from..].split(|c: char| c.is_whitespace() || "，。；）)\"".contains(c)).next()?;
    Some(url.to_owned())
}

fn notice_in(text: &str) -> Option<Notice> {
    let (number, url) = (number_in(text), url_in(text));
    (number.is_some() || url.is_some()).then_some(Notice { number, issued: None, url })
}

/// Whether a date belongs to the next year's arrangement: 元旦, which may begin in December.
fn is_next_years(date: NaiveDate, name: &str) -> bool {
    date.month() == 12 && name.starts_with("元旦")
}

#[cfg(test)]
mod tests;
