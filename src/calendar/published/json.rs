//! Holiday tables in JSON: the form of the holiday-cn project (one object a year, or a list of them) and a table of all
//! years by their number, with `off` and `work`.

use super::{Day, Mark, Notice, PublishedError, Table, is_next_years, notice_in, url_in};
use crate::text::{Text, want};
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a file of this form may be.
#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    Year(OfYear),
    Years(Vec<OfYear>),
    Table(BTreeMap<String, OffAndWork>),
}

#[derive(Deserialize)]
struct OfYear {
    year: i32,
    #[serde(default)]
    papers: Vec<String>,
    days: Vec<OfDay>,
}

#[derive(Deserialize)]
struct OfDay {
    name: String,
    #[serde(deserialize_with = "date")]
    date: NaiveDate,
    #[serde(rename = "isOffDay")]
    is_off: bool,
}

#[derive(Deserialize)]
struct OffAndWork {
    #[serde(default)]
    notices: Vec<OfNotice>,
    off: BTreeMap<NaiveDate, String>,
    #[serde(default)]
    work: BTreeMap<NaiveDate, String>,
}

#[derive(Deserialize)]
struct OfNotice {
    no: Option<String>,
    issued: Option<NaiveDate>,
    url: Option<String>,
}

pub(super) fn read(file: &str, text: &str) -> Result<Table, PublishedError> {
    let malformed = |why: Text| PublishedError::Malformed { file: file.to_owned(), form: "JSON", why };
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| malformed(as_said(&error)))?;
    let mut table = Table { file: file.to_owned(), ..Table::default() };
    match form(&value).map_err(malformed)? {
        Form::Year(year) => take_year(year, &mut table)?,
        Form::Years(years) => years.into_iter().try_for_each(|year| take_year(year, &mut table))?,
        Form::Table(years) => {
            for (year, arranged) in years {
                let year = year
                    .parse()
                    .map_err(|_| malformed(Text::new(format!("“{year}”不是年份"), format!("`{year}` is no year"))))?;
                take_off_and_work(year, arranged, &mut table)?;
            }
        }
    }
    if table.years.is_empty() && table.remarks.is_empty() {
        return Err(malformed(Text::new("里面没有任何一年的放假安排", "it holds no year's arrangement")));
    }
    Ok(table)
}

/// Which form it is, is told by its shape, so that a mistake in it is named as one of that form.
fn form(value: &serde_json::Value) -> Result<Form, Text> {
    let said = |error: serde_json::Error| as_said(&error);
    if value.is_array() {
        Vec::deserialize(value).map(Form::Years).map_err(said)
    } else if value.get("days").is_some() || value.get("year").is_some() {
        OfYear::deserialize(value).map(Form::Year).map_err(said)
    } else {
        BTreeMap::deserialize(value).map(Form::Table).map_err(said)
    }
}

/// What the reader of JSON says, which it says in English only.
fn as_said(error: &serde_json::Error) -> Text {
    Text::new(error.to_string(), error.to_string())
}

/// A date, named where it is none.
fn date<'de, D: serde::Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
    let text = String::deserialize(from)?;
    want::parse_date(&text).ok_or_else(|| serde::de::Error::custom(format!("“{text}”不是日期 (no date)")))
}

fn take_year(year: OfYear, table: &mut Table) -> Result<(), PublishedError> {
    let OfYear { year, papers, days } = year;
    if days.is_empty() {
        // So the project publishes a year that is not arranged yet: it must not empty what is there.
        table.remarks.push(Text::new(
            format!("“{}”里 {year} 年还是空的（安排尚未公布），不作处理", table.file),
            format!("`{}` has no dates for {year} (not arranged yet): left out", table.file),
        ));
        return Ok(());
    }
    table.years.insert(year);
    let notices = papers.iter().filter_map(|paper| notice_in(paper)).collect();
    table.notices.insert(year, notices);
    for OfDay { name, date, is_off } in days {
        let mark = if is_off { Mark::Rest } else { Mark::Work };
        take_day(year, date, &Day { mark, name }, table)?;
    }
    Ok(())
}

fn take_off_and_work(year: i32, arranged: OffAndWork, table: &mut Table) -> Result<(), PublishedError> {
    table.years.insert(year);
    let notice =
        |OfNotice { no, issued, url }: OfNotice| Notice { number: no, issued, url: url.and_then(|url| url_in(&url)) };
    table.notices.insert(year, arranged.notices.into_iter().map(notice).collect());
    for (marked, mark) in [(arranged.off, Mark::Rest), (arranged.work, Mark::Work)] {
        for (date, name) in marked {
            take_day(year, date, &Day { mark, name }, table)?;
        }
    }
    Ok(())
}

fn take_day(year: i32, date: NaiveDate, day: &Day, table: &mut Table) -> Result<(), PublishedError> {
    let name = day.name.trim().trim_end_matches("调休").trim().to_owned();
    let day = Day { name, mark: day.mark };
    if date.year() != year && !is_next_years_of(date, year, &day.name) {
        table.remarks.push(Text::new(
            format!("“{}”的 {year} 年里有 {date}（{}），不是这一年的日期，请核对", table.file, day.name),
            format!(
                "`{}` has {date} ({}) in {year}, which is no date of that year: please check",
                table.file, day.name
            ),
        ));
    }
    put(date, day, table)
}

/// A year's 元旦 may begin in the December before.
fn is_next_years_of(date: NaiveDate, year: i32, name: &str) -> bool {
    date.year() + 1 == year && is_next_years(date, name)
}

/// A date of a file; one that the file gives twice, once off and once worked, is a contradiction of its own.
pub(super) fn put(date: NaiveDate, day: Day, table: &mut Table) -> Result<(), PublishedError> {
    match table.days.get(&date) {
        Some(known) if known.mark != day.mark => Err(PublishedError::Contradiction {
            date,
            first: known.mark,
            second: day.mark,
            files: (table.file.clone(), table.file.clone()),
        }),
        Some(_) => Ok(()),
        None => {
            table.days.insert(date, day);
            Ok(())
        }
    }
}
