//! A lay-out in words, one line each.

use super::{Line, Skip};
use crate::calendar::span::Span;
use crate::text::Lang;
use crate::time::Instant;
use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

impl Line {
    /// The line as people of a language read it, clock times in the calendar's zone.
    pub fn text(&self, lang: Lang, zone: Tz) -> String {
        let zh = lang == Lang::Zh;
        match self {
            Line::Worked { date, pieces, ms, title } => {
                let pieces: Vec<_> = pieces.iter().map(|&(from, to)| interval(from, to, zone)).collect();
                let length = Span::WorkingTime(*ms).text(lang);
                let (joint, counts) = if zh { ("、", "计") } else { (", ", "counts ") };
                format!("{}{} {} {counts}{length}", day(*date, lang), named(title.as_deref(), lang), pieces.join(joint))
            }
            Line::Day { date, number, end, title } => {
                let (date, title, end) =
                    (day(*date, lang), named(title.as_deref(), lang), clock(*end, zone, Some(*date)));
                if zh {
                    format!("{date}{title} 第{number}日，到{end}")
                } else {
                    format!("{date}{title} day {number}, to {end}")
                }
            }
            Line::Skipped { from, until, why } => {
                let (dates, why) = (range(*from, *until, lang), why.text(lang));
                if zh { format!("{dates} 不计：{why}") } else { format!("{dates} not counted: {why}") }
            }
            Line::More { from, until, days, ms: 0 } => {
                let dates = range(*from, *until, lang);
                if zh { format!("{dates} 其间计{days}日") } else { format!("{dates} {days} more days counted") }
            }
            Line::More { from, until, days, ms } => {
                let (dates, length) = (range(*from, *until, lang), Span::WorkingTime(*ms).text(lang));
                if zh {
                    format!("{dates} 其间{days}日计{length}")
                } else {
                    format!("{dates} {length} more on {days} days")
                }
            }
            Line::EndOf { date, end } => {
                let (day, end) = (day(*date, lang), clock(*end, zone, Some(*date)));
                if zh {
                    format!("{day} 当日终了，到{end}")
                } else {
                    format!("{day} the end of this working day, to {end}")
                }
            }
            Line::Elapsed { from, until } => {
                let length = Span::Elapsed(until.ms_since(*from)).text(lang);
                let (from, until) = (moment(*from, zone), moment(*until, zone));
                if zh {
                    format!("{from} 至 {until} 计{length}")
                } else {
                    format!("{from} to {until} counts {length}")
                }
            }
        }
    }
}

impl Skip {
    /// The reason in words.
    pub fn text(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            Skip::Rest(title) => return title.clone(),
            Skip::StartDate => ("开始当日", "the start date"),
            Skip::Received => ("视为受理之日", "the day of deemed receipt"),
            Skip::Weekend => ("周末", "weekend"),
            Skip::Closed => ("非工作日", "no working day"),
            Skip::NoTime => ("无工作时间", "no working time"),
        };
        if lang == Lang::Zh { zh.to_owned() } else { en.to_owned() }
    }
}

fn day(date: NaiveDate, lang: Lang) -> String {
    match lang {
        Lang::Zh => {
            let weekday = ["一", "二", "三", "四", "五", "六", "日"][date.weekday().num_days_from_monday() as usize];
            format!("{date} 周{weekday}")
        }
        Lang::En => format!("{date} {}", date.weekday()),
    }
}

fn range(from: NaiveDate, until: NaiveDate, lang: Lang) -> String {
    match lang {
        _ if from == until => day(from, lang),
        Lang::Zh => format!("{from} 至 {until}"),
        Lang::En => format!("{from} to {until}"),
    }
}

fn named(title: Option<&str>, lang: Lang) -> String {
    match lang {
        Lang::Zh => title.map_or_else(String::new, |title| format!("（{title}）")),
        Lang::En => title.map_or_else(String::new, |title| format!(" ({title})")),
    }
}

fn interval(from: Instant, to: Instant, zone: Tz) -> String {
    let date = from.in_zone(zone).date_naive();
    format!("{}-{}", clock(from, zone, None), clock(to, zone, Some(date)))
}

/// The clock's time, to the second where it is not a whole minute; midnight that ends `date` is 24:00.
fn clock(at: Instant, zone: Tz, date: Option<NaiveDate>) -> String {
    let local = at.in_zone(zone);
    if date.is_some_and(|date| local.date_naive() > date) && local.format("%H:%M").to_string() == "00:00" {
        return "24:00".to_owned();
    }
    local.format(if at.0 % 60_000 == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

fn moment(at: Instant, zone: Tz) -> String {
    at.in_zone(zone).format(if at.0 % 60_000 == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" }).to_string()
}
