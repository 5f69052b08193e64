//! Days by words: every day, working days, weekdays, dates of the month, and the first, nth or last of a period.

use crate::calendar::Calendar;
use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Which days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayRule {
    /// `every day`, 每天.
    Every,
    /// `working day`, 工作日.
    Working,
    /// `monday`, 周一.
    Weekday(Weekday),
    /// `15`, 15日: months that have no such date are passed over.
    OfMonth(u32),
    /// `first working day of month`, 每月第一个工作日.
    Nth {
        /// Which of them.
        nth: Nth,
        /// Whether working days are counted, or all.
        working: bool,
        /// In which period.
        of: Period,
    },
}

/// Which of a period's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nth {
    /// From its beginning, from 1.
    First(u32),
    /// From its end, from 1.
    Last(u32),
}

/// A period, weeks from Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// 周.
    Week,
    /// 月.
    Month,
    /// 季度.
    Quarter,
    /// 年.
    Year,
}

impl DayRule {
    /// Reads the words.
    pub fn parse(text: &str) -> Option<DayRule> {
        let text = text.trim().to_lowercase();
        english(&text).or_else(|| chinese(&text.replace(' ', "")))
    }

    /// Whether a date is such a day.
    pub fn holds(self, date: NaiveDate, calendar: &Calendar) -> bool {
        match self {
            DayRule::Every => true,
            DayRule::Working => calendar.is_working_day(date),
            DayRule::Weekday(weekday) => date.weekday() == weekday,
            DayRule::OfMonth(day) => date.day() == day,
            DayRule::Nth { nth, working, of } => {
                let counts = |date: &NaiveDate| !working || calendar.is_working_day(*date);
                counts(&date) && of.nth(date, nth, counts) == Some(date)
            }
        }
    }
}

impl Period {
    /// The first date of the period that holds a date.
    pub fn first(self, date: NaiveDate) -> NaiveDate {
        let month = |month| NaiveDate::from_ymd_opt(date.year(), month, 1).unwrap_or(date);
        match self {
            Period::Week => date - Days::new(date.weekday().num_days_from_monday().into()),
            Period::Month => month(date.month()),
            Period::Quarter => month((date.month() - 1) / 3 * 3 + 1),
            Period::Year => month(1),
        }
    }

    /// Its last date.
    pub fn last(self, date: NaiveDate) -> NaiveDate {
        // A day safely in the next period, and back.
        let days = match self {
            Period::Week => 7,
            Period::Month => 31,
            Period::Quarter => 92,
            Period::Year => 366,
        };
        self.first(self.first(date) + Days::new(days)) - Days::new(1)
    }

    fn nth(self, date: NaiveDate, nth: Nth, counts: impl Fn(&NaiveDate) -> bool) -> Option<NaiveDate> {
        let (first, last) = (self.first(date), self.last(date));
        match nth {
            Nth::First(nth) => {
                first.iter_days().take_while(|date| *date <= last).filter(counts).nth(nth.checked_sub(1)? as usize)
            }
            Nth::Last(nth) => {
                let back = std::iter::successors(Some(last), NaiveDate::pred_opt);
                back.take_while(|date| *date >= first).filter(counts).nth(nth.checked_sub(1)? as usize)
            }
        }
    }
}

fn english(text: &str) -> Option<DayRule> {
    let words: Vec<&str> = text.split_whitespace().filter(|word| !matches!(*word, "every" | "the" | "each")).collect();
    match words.as_slice() {
        ["day"] => Some(DayRule::Every),
        ["working", "day" | "days"] => Some(DayRule::Working),
        [nth, "working", "day", "of", period] => nth_of(english_nth(nth)?, true, english_period(period)?),
        [nth, "day", "of", period] => nth_of(english_nth(nth)?, false, english_period(period)?),
        [word] => number_of_month(word).or_else(|| english_weekday(word).map(DayRule::Weekday)),
        _ => None,
    }
}

/// No period has so many days.
fn nth_of(nth: Nth, working: bool, of: Period) -> Option<DayRule> {
    let most = match of {
        Period::Week => 7,
        Period::Month => 31,
        Period::Quarter => 92,
        Period::Year => 366,
    };
    let (Nth::First(count) | Nth::Last(count)) = nth;
    (1..=most).contains(&count).then_some(DayRule::Nth { nth, working, of })
}

fn number_of_month(word: &str) -> Option<DayRule> {
    let day = word.parse().ok().filter(|day| (1..=31).contains(day))?;
    Some(DayRule::OfMonth(day))
}

fn english_nth(word: &str) -> Option<Nth> {
    let words = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    if word == "last" {
        return Some(Nth::Last(1));
    }
    let named = words.iter().zip(1..).find(|(name, _)| **name == word).map(|(_, number)| number);
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let is_suffix = matches!(&word[digits.len()..], "st" | "nd" | "rd" | "th");
    named.or_else(|| digits.parse().ok().filter(|_| is_suffix)).map(Nth::First)
}

fn english_period(word: &str) -> Option<Period> {
    match word {
        "week" => Some(Period::Week),
        "month" => Some(Period::Month),
        "quarter" => Some(Period::Quarter),
        "year" => Some(Period::Year),
        _ => None,
    }
}

/// `mon` or `monday`.
fn english_weekday(word: &str) -> Option<Weekday> {
    let known = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let full = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let place = known.iter().position(|name| *name == word).or_else(|| full.iter().position(|name| *name == word))?;
    Weekday::try_from(u8::try_from(place).ok()?).ok()
}

fn chinese(text: &str) -> Option<DayRule> {
    if matches!(text, "每天" | "每日") {
        return Some(DayRule::Every);
    }
    if matches!(text, "工作日" | "每个工作日" | "每工作日") {
        return Some(DayRule::Working);
    }
    chinese_nth_day(text).or_else(|| chinese_weekday(text)).or_else(|| chinese_date(text))
}

/// `每月第一个工作日`, `每季度最后一天`.
fn chinese_nth_day(text: &str) -> Option<DayRule> {
    let text = text.strip_prefix('每')?;
    let periods = [
        ("季度", Period::Quarter),
        ("季", Period::Quarter),
        ("个月", Period::Month),
        ("月", Period::Month),
        ("周", Period::Week),
        ("年", Period::Year),
    ];
    let (rest, of) = periods.iter().find_map(|(word, period)| Some((text.strip_prefix(word)?, *period)))?;
    let (rest, working) = match rest.strip_suffix("工作日") {
        Some(rest) => (rest, true),
        None => (rest.strip_suffix(['日', '天'])?, false),
    };
    nth_of(chinese_nth(rest.strip_suffix('个').unwrap_or(rest))?, working, of)
}

fn chinese_nth(word: &str) -> Option<Nth> {
    match word {
        "首" => Some(Nth::First(1)),
        "最后一" | "末" | "最末" => Some(Nth::Last(1)),
        _ => {
            let number = word.strip_prefix('第')?;
            let numerals = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
            let named = numerals.iter().zip(1..).find(|(name, _)| **name == number).map(|(_, value)| value);
            named.or_else(|| number.parse().ok()).map(Nth::First)
        }
    }
}

/// `周一`, `每周一`, `星期日`.
fn chinese_weekday(text: &str) -> Option<DayRule> {
    let text = text.strip_prefix('每').unwrap_or(text);
    let day = text.strip_prefix("星期").or_else(|| text.strip_prefix('周'))?;
    let place = ["一", "二", "三", "四", "五", "六", "日"].iter().position(|name| *name == day);
    let place = place.or((day == "天").then_some(6))?;
    Weekday::try_from(u8::try_from(place).ok()?).ok().map(DayRule::Weekday)
}

/// `15日`, `每月15日`.
fn chinese_date(text: &str) -> Option<DayRule> {
    let text = text.strip_prefix("每月").unwrap_or(text);
    number_of_month(text.strip_suffix(['日', '号'])?)
}
