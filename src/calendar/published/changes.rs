//! What an import changes in a calendar file, as lines for whoever decides whether to write it.

use super::years::Covers;
use super::{Mark, mark_en, mark_zh};
use crate::text::{Lang, Text};
use chrono::{Datelike, NaiveDate};

/// What a calendar file says of a date: off or worked, and its title.
pub type Said = (Mark, String);

/// A date that differs.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It stood not there.
    Added(NaiveDate, Said),
    /// It says something else.
    Changed {
        /// The date.
        date: NaiveDate,
        /// What stood there.
        from: Said,
        /// What stands there now.
        to: Said,
    },
    /// The arrangement of its year does not have it.
    Removed(NaiveDate, Said),
    /// It has hours of its own (`open`), which stay, whatever the arrangement says.
    OwnHours(NaiveDate, Said),
}

impl Change {
    fn date(&self) -> NaiveDate {
        match self {
            Change::Added(date, _)
            | Change::Removed(date, _)
            | Change::OwnHours(date, _)
            | Change::Changed { date, .. } => *date,
        }
    }

    /// Whether another says the same of its date.
    fn is_like(&self, other: &Change) -> bool {
        match (self, other) {
            (Change::Added(_, a), Change::Added(_, b))
            | (Change::Removed(_, a), Change::Removed(_, b))
            | (Change::OwnHours(_, a), Change::OwnHours(_, b)) => a == b,
            (Change::Changed { from, to, .. }, Change::Changed { from: from_b, to: to_b, .. }) => {
                (from, to) == (from_b, to_b)
            }
            _ => false,
        }
    }

    fn line(&self, dates: &str, lang: Lang) -> String {
        let said = |(mark, title): &Said| match lang {
            Lang::Zh => format!("{} {title}", mark_zh(*mark)),
            Lang::En => format!("{} {title}", mark_en(*mark)),
        };
        match (self, lang) {
            (Change::Added(_, day), _) => format!("  + {dates} {}", said(day)),
            (Change::Removed(_, day), _) => format!("  - {dates} {}", said(day)),
            (Change::Changed { from, to, .. }, _) => format!("  ~ {dates} {} → {}", said(from), said(to)),
            (Change::OwnHours(_, day), Lang::Zh) => {
                format!("  = {dates} 另有时段（open），保持不变；安排里是{}", said(day))
            }
            (Change::OwnHours(_, day), Lang::En) => {
                format!("  = {dates} has hours of its own (`open`), which stay; the arrangement says {}", said(day))
            }
        }
    }
}

/// All that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// By date.
    pub list: Vec<Change>,
    /// The horizon, before and now.
    pub covers: (Option<Covers>, Option<Covers>),
    /// Years missing between those known.
    pub missing: Vec<i32>,
}

impl Changes {
    /// Whether the file stays as it is.
    pub fn is_empty(&self) -> bool {
        self.list.iter().all(|change| matches!(change, Change::OwnHours(..))) && self.covers.0 == self.covers.1
    }

    /// A line for each run of dates that change alike, and one for the horizon.
    pub fn lines(&self, lang: Lang) -> Vec<String> {
        let mut runs: Vec<(&Change, NaiveDate)> = Vec::new();
        for change in &self.list {
            match runs.last_mut() {
                Some((first, last)) if first.is_like(change) && last.succ_opt() == Some(change.date()) => {
                    *last = change.date();
                }
                _ => runs.push((change, change.date())),
            }
        }
        let mut lines: Vec<String> =
            runs.into_iter().map(|(change, last)| change.line(&dates(change.date(), last, lang), lang)).collect();
        lines.extend(self.horizon().map(|text| format!("  {}", text.in_lang(lang))));
        lines
    }

    fn horizon(&self) -> Option<Text> {
        let say = |covers: Option<(NaiveDate, NaiveDate)>, none: &str| {
            covers.map_or_else(|| none.to_owned(), |(first, last)| format!("{first}..{last}"))
        };
        let (before, now) = self.covers;
        (before != now).then(|| {
            Text::new(
                format!("covers（已知官方安排）：{} → {}", say(before, "无"), say(now, "无")),
                format!("covers: {} → {}", say(before, "none"), say(now, "none")),
            )
        })
    }
}

/// `2027-02-05 周五`, or a stretch of dates.
fn dates(first: NaiveDate, last: NaiveDate, lang: Lang) -> String {
    let weekday = |date: NaiveDate| match lang {
        Lang::Zh => ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]
            [date.weekday().num_days_from_monday() as usize]
            .to_owned(),
        Lang::En => date.weekday().to_string(),
    };
    let until = if last.year() == first.year() { last.format("%m-%d").to_string() } else { last.to_string() };
    match (first == last, lang) {
        (true, _) => format!("{first} {}", weekday(first)),
        (false, Lang::Zh) => format!("{first} 至 {until}"),
        (false, Lang::En) => format!("{first} to {until}"),
    }
}
