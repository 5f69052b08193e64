//! The words of a calendar's file: times, intervals, month-days, lengths of a day, horizons and zones.

use crate::calendar::{DATE_MINUTES, Opening, parse_minutes};
use crate::text::Text;
use crate::text::nearest::nearest;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Word, report, shortened};
use chrono::NaiveDate;
use chrono_tz::Tz;

/// An opening interval, `08:30-12:00`.
pub(super) fn opening(node: &Node, problems: &mut Problems) -> Option<Opening> {
    let word = want::word(node, problems)?;
    let times = word.text.split_once('-').and_then(|(open, close)| Some((parse_minutes(open)?, parse_minutes(close)?)));
    match times {
        None => report(malformed_interval(word), problems),
        Some((open, close)) if close <= open => report(closes_before_it_opens(word), problems),
        Some((open, close)) => Some(Opening { open, close }),
    }
}

/// A month-day, `06-01`, of any year (the 29th of February included).
pub(super) fn month_day(node: &Node, problems: &mut Problems) -> Option<(u32, u32)> {
    let word = want::word(node, problems)?;
    let two_digits = |part: &str| (part.len() == 2).then(|| part.parse::<u32>().ok())?;
    let parts = word.text.split_once('-').and_then(|(month, day)| Some((two_digits(month)?, two_digits(day)?)));
    let found = parts.filter(|&(month, day)| NaiveDate::from_ymd_opt(2024, month, day).is_some());
    found.or_else(|| {
        let shown = shortened(word.text);
        let message = Text::new(format!("“{shown}”不是月-日"), format!("`{shown}` is no month and day"));
        let hint = Text::new("写成 \"06-01\"（月-日，各两位）", "write `\"06-01\"` (month-day, two digits each)");
        report(Problem::error(word.place, "malformed-date", message).hint(hint), problems)
    })
}

/// A horizon, `2018-01-01..2026-12-31`, both dates included.
pub(super) fn covers(node: &Node, problems: &mut Problems) -> Option<(NaiveDate, NaiveDate)> {
    let word = want::word(node, problems)?;
    let dates = word.text.split_once("..");
    let dates = dates.and_then(|(first, last)| Some((want::parse_date(first.trim())?, want::parse_date(last.trim())?)));
    dates.filter(|(first, last)| first <= last).or_else(|| {
        let shown = shortened(word.text);
        let message = Text::new(
            format!("“{shown}”不是起止日期"),
            format!("`{shown}` is no pair of dates, the first not after the last"),
        );
        let hint = Text::new("写成 \"2018-01-01..2026-12-31\"（起..止，含两端）", "write `\"2018-01-01..2026-12-31\"`");
        report(Problem::error(word.place, "malformed-covers", message).hint(hint), problems)
    })
}

/// The length of a day in milliseconds, `6h30m`.
pub(super) fn day_length(node: &Node, problems: &mut Problems) -> Option<i64> {
    let word = want::word(node, problems)?;
    parse_day_length(word.text).or_else(|| {
        let shown = shortened(word.text);
        let message =
            Text::new(format!("“{shown}”不是一天的工作时长"), format!("`{shown}` is no length of a working day"));
        let hint = Text::new("写成 6h30m、7h 或 450m，最多 24h", "write `6h30m`, `7h` or `450m`, at most 24h");
        report(Problem::error(word.place, "malformed-duration", message).hint(hint), problems)
    })
}

fn parse_day_length(text: &str) -> Option<i64> {
    let number = |digits: &str| {
        (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse::<i64>().ok())?
    };
    let (hours, rest) = match text.split_once('h') {
        Some((hours, rest)) => (number(hours)?, rest),
        None => (0, text),
    };
    let minutes = match rest.strip_suffix('m') {
        Some(minutes) => number(minutes)?,
        None if rest.is_empty() => 0,
        None => return None,
    };
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    (1..=i64::from(DATE_MINUTES)).contains(&minutes).then_some(minutes * 60_000)
}

/// An IANA time zone.
pub(super) fn zone(node: &Node, problems: &mut Problems) -> Option<Tz> {
    let word = want::word(node, problems)?;
    word.text.parse().ok().or_else(|| {
        let shown = shortened(word.text);
        let message = Text::new(format!("没有名为“{shown}”的时区"), format!("there is no time zone `{shown}`"));
        let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let hint = match nearest(word.text, known) {
            Some(name) => Text::new(format!("是不是“{name}”？"), format!("did you mean `{name}`?")),
            None => Text::new("写 IANA 时区名，如 Asia/Shanghai", "write an IANA name such as `Asia/Shanghai`"),
        };
        report(Problem::error(word.place, "unknown-timezone", message).hint(hint), problems)
    })
}

fn malformed_interval(word: Word<'_>) -> Problem {
    let shown = shortened(word.text);
    let message = Text::new(format!("“{shown}”不是时段"), format!("`{shown}` is no opening interval"));
    let hint = Text::new(
        "写成 \"08:30-12:00\"（24 小时制，最晚 24:00）",
        "write `\"08:30-12:00\"` (24-hour clock, at most 24:00)",
    );
    Problem::error(word.place, "malformed-interval", message).hint(hint)
}

fn closes_before_it_opens(word: Word<'_>) -> Problem {
    let shown = shortened(word.text);
    let message = Text::new(
        format!("时段“{shown}”的结束不晚于开始"),
        format!("the interval `{shown}` does not close after it opens"),
    );
    let hint = Text::new(
        "时段不能跨零点：夜班分写两天，如 \"22:00-24:00\" 和 \"00:00-06:00\"",
        "no interval crosses midnight: write `\"22:00-24:00\"` and, for the next date, `\"00:00-06:00\"`",
    );
    Problem::error(word.place, "malformed-interval", message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_two_digits_each_and_end_with_24_00() {
        assert_eq!(parse_minutes("09:30"), Some(570));
        assert_eq!(parse_minutes("24:00"), Some(1440));
        for text in ["9:30", "24:01", "09:60", "0930", "+9:30", "", ":", "25:00", "九点"] {
            assert_eq!(parse_minutes(text), None, "{text}");
        }
    }

    #[test]
    fn a_days_length_is_hours_and_minutes() {
        for (text, minutes) in [("6h30m", 390), ("7h", 420), ("450m", 450), ("24h", 1440), ("0h5m", 5)] {
            assert_eq!(parse_day_length(text), Some(minutes * 60_000), "{text}");
        }
        for text in ["", "h", "m", "0h", "25h", "6h30", "6.5h", "-1h", "30m6h", "99999999999999999999h"] {
            assert_eq!(parse_day_length(text), None, "{text}");
        }
    }
}
