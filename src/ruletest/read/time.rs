//! Times as operators write them: on the wall clock of the policy's calendar.

use super::Reader;
use crate::calendar::Calendar;
use crate::text::Text;
use crate::text::problem::Problem;
use crate::text::tree::Node;
use crate::text::want::{self, Word};
use crate::time::Instant;
use chrono::{NaiveDate, NaiveTime};

impl Reader<'_, '_> {
    /// The time that a value is.
    pub(super) fn time_of(&mut self, node: &Node) -> Option<Instant> {
        let word = want::word(node, self.problems)?;
        self.time(word)
    }

    /// A time such as `2024-05-10 16:40`, or an instant with offset.
    pub(super) fn time(&mut self, word: Word<'_>) -> Option<Instant> {
        let found = parse(word.text, &self.policy.calendar);
        found.or_else(|| want::report(malformed(word), self.problems))
    }
}

/// Whether a key is meant as a time: no other begins with a digit.
pub(super) fn is_time(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_digit())
}

fn parse(text: &str, calendar: &Calendar) -> Option<Instant> {
    if let Some(instant) = Instant::parse(text) {
        return Some(instant);
    }
    let (date, time) = text.split_once([' ', 'T'])?;
    let (date, time) = (want::parse_date(date)?, time.trim_start());
    if time == "24:00" {
        return Some(calendar.at(next(date)?, NaiveTime::MIN));
    }
    let format = match time.len() {
        5 => "%H:%M",
        8 => "%H:%M:%S",
        _ => return None,
    };
    // chrono takes a 60th second; a wall clock does not show one.
    let time = NaiveTime::parse_from_str(time, format).ok().filter(|_| !time.ends_with(":60"))?;
    Some(calendar.at(date, time))
}

fn next(date: NaiveDate) -> Option<NaiveDate> {
    date.succ_opt()
}

fn malformed(word: Word<'_>) -> Problem {
    let shown = want::shortened(word.text);
    let message = Text::new(format!("“{shown}”不是时刻"), format!("`{shown}` is no time"));
    let hint = Text::new(
        "写成 \"2024-05-10 16:40\"（年-月-日 时:分，加引号，按日历的时区）",
        "write `\"2024-05-10 16:40\"`, in the zone of the policy's calendar",
    );
    Problem::error(word.place, "malformed-time", message).hint(hint)
}
