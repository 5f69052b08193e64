//! Times and dates as other systems write them.
//!
//! What has an offset is taken by it, what has none by the clock of the source's zone: of a time that the clock shows twice
//! the first is meant, in place of one that it skips the first after the gap. Only forms that begin with the year are taken
//! unasked: which of 05/06 is the month, nobody can tell.

use crate::config::sources::mapping::TimeFormat;
use crate::source::cell::Cell;
use crate::time::Instant;
use chrono::format::{Parsed, StrftimeItems, parse};
use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// What a cell says of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A moment.
    At(Instant),
    /// A whole day.
    On(NaiveDate),
}

const TIMES: [&str; 11] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d %H:%M",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日%H时%M分%S秒",
    "%Y年%m月%d日%H时%M分",
];
const OFFSETS: [&str; 3] = ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z"];
const DATES: [&str; 4] = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"];

/// What a cell says; none: no time at all, or none that is written as it should be.
pub fn when(cell: &Cell, formats: &[TimeFormat], zone: Tz) -> Option<When> {
    match cell {
        Cell::Empty | Cell::Boolean(_) | Cell::Unreadable(_) => None,
        Cell::Moment(at) => Some(When::At(*at)),
        Cell::Local(time) => Some(When::At(at_local(*time, zone))),
        Cell::Date(date) => Some(When::On(*date)),
        Cell::Text(text) | Cell::Number(text) if formats.is_empty() => usual(text, zone),
        Cell::Text(text) | Cell::Number(text) => formats.iter().find_map(|format| by_format(text, format, zone)),
    }
}

/// The moment at which the clock of a zone shows this.
pub fn at_local(time: NaiveDateTime, zone: Tz) -> Instant {
    let ms = match zone.from_local_datetime(&time) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.timestamp_millis(),
        LocalResult::None => after_gap(time, zone),
    };
    Instant(ms)
}

/// The first moment after the gap of the clock in which a time lies: offsets change on whole minutes at most.
fn after_gap(time: NaiveDateTime, zone: Tz) -> i64 {
    let minutes = (1..=24 * 60).map(|minutes| time + TimeDelta::minutes(minutes));
    let mut after = minutes.filter_map(|later| zone.from_local_datetime(&later).earliest());
    let Some(shown) = after.next() else { return zone.from_utc_datetime(&time).timestamp_millis() };
    let mut at = shown.timestamp_millis();
    while zone.timestamp_millis_opt(at - 1).single().is_some_and(|before| before.naive_local() > time) {
        at -= 1;
    }
    at
}

fn usual(text: &str, zone: Tz) -> Option<When> {
    if let Some(at) = Instant::parse(text) {
        return Some(When::At(at));
    }
    if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.contains(['-', '/', '.', '年']) {
        return compact(text, zone);
    }
    let with_offset = || OFFSETS.iter().find_map(|format| DateTime::parse_from_str(text, format).ok());
    let local = || TIMES.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let date = || DATES.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok());
    let local = local().map(|time| When::At(at_local(time, zone)));
    let found = local.or_else(|| with_offset().map(|at| When::At(Instant(at.timestamp_millis()))));
    found.or_else(|| date().map(When::On)).filter(is_of_our_time)
}

/// `20240506090000`, `202405060900` or `20240506`.
fn compact(text: &str, zone: Tz) -> Option<When> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let padded = match text.len() {
        8 => return NaiveDate::parse_from_str(text, "%Y%m%d").ok().map(When::On).filter(is_of_our_time),
        12 => format!("{text}00"),
        14 => text.to_owned(),
        _ => return None,
    };
    let time = NaiveDateTime::parse_from_str(&padded, "%Y%m%d%H%M%S").ok()?;
    Some(When::At(at_local(time, zone))).filter(is_of_our_time)
}

/// A year of two digits reads as one of the first century.
fn is_of_our_time(when: &When) -> bool {
    const YEAR_1900_MS: i64 = -2_208_988_800_000;
    match when {
        When::At(at) => at.0 >= YEAR_1900_MS,
        When::On(date) => NaiveDate::from_ymd_opt(1900, 1, 1).is_some_and(|first| *date >= first),
    }
}

fn by_format(text: &str, format: &TimeFormat, zone: Tz) -> Option<When> {
    match format {
        TimeFormat::UnixSeconds => unix_ms(text, 1000).map(|ms| When::At(Instant(ms))),
        TimeFormat::UnixMillis => unix_ms(text, 1).map(|ms| When::At(Instant(ms))),
        TimeFormat::Letters(letters) => by_letters(text, letters, zone),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded before")]
fn unix_ms(text: &str, factor: i64) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        number.checked_mul(factor)
    } else {
        let ms = text.parse::<f64>().ok()? * if factor == 1 { 1.0 } else { 1000.0 };
        (ms.abs() < 1e15).then_some(ms as i64)
    }
}

/// A format that has a time of the day gives a moment, one that has none a day.
fn by_letters(text: &str, letters: &str, zone: Tz) -> Option<When> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, StrftimeItems::new(letters)).ok()?;
    if let Ok(at) = parsed.to_datetime() {
        return Some(When::At(Instant(at.timestamp_millis())));
    }
    let date = parsed.to_naive_date().ok()?;
    Some(match time_of_day(&parsed) {
        Some(time) => When::At(at_local(date.and_time(time), zone)),
        None => When::On(date),
    })
}

fn time_of_day(parsed: &Parsed) -> Option<chrono::NaiveTime> {
    let mut parsed = parsed.clone();
    if parsed.hour_mod_12().is_some() && parsed.minute().is_none() {
        parsed.set_minute(0).ok()?;
    }
    parsed.to_naive_time().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{America, Asia};

    #[track_caller]
    fn read(text: &str, formats: &[&str]) -> String {
        let formats: Vec<_> = formats
            .iter()
            .map(|format| match *format {
                "unix" => TimeFormat::UnixSeconds,
                "unix ms" => TimeFormat::UnixMillis,
                letters => TimeFormat::Letters(letters.to_owned()),
            })
            .collect();
        match when(&Cell::text(text), &formats, Asia::Shanghai) {
            Some(When::At(at)) => at.rfc3339(Asia::Shanghai),
            Some(When::On(date)) => date.to_string(),
            None => "-".to_owned(),
        }
    }

    #[test]
    fn the_usual_ways_of_writing_a_time_are_read_by_the_zone() {
        let nine = "2024-05-06T09:08:07+08:00";
        for text in [
            "2024-05-06 09:08:07",
            "2024-5-6 9:08:07",
            "2024-05-06T09:08:07",
            "2024/05/06 09:08:07",
            "2024/5/6 9:8:7",
            "2024年05月06日 09:08:07",
            "2024年5月6日9时8分7秒",
            "20240506090807",
            "2024-05-06T01:08:07Z",
            "2024-05-06 09:08:07+08",
            "2024-05-06 09:08:07.000+08:00",
        ] {
            assert_eq!(read(text, &[]), nine, "{text}");
        }
        assert_eq!(read("2024-05-06 09:08", &[]), "2024-05-06T09:08:00+08:00");
        assert_eq!(read("2024-05-06 09:08:07.123456", &[]), "2024-05-06T09:08:07.123+08:00");
        for text in ["2024-05-06", "2024/5/6", "20240506", "2024年5月6日"] {
            assert_eq!(read(text, &[]), "2024-05-06", "{text}");
        }
    }

    #[test]
    fn what_can_be_meant_in_two_ways_is_not_guessed() {
        for text in ["05/06/2024", "06.05.2024 09:00", "24-05-06", "5-6 09:00", "1714957687", "45418.38", "昨天", ""]
        {
            assert_eq!(read(text, &[]), "-", "{text}");
        }
    }

    #[test]
    fn a_format_says_how_it_is_written() {
        assert_eq!(read("06/05/2024 09:08", &["%d/%m/%Y %H:%M"]), "2024-05-06T09:08:00+08:00");
        assert_eq!(read("20240506", &["%Y-%m-%d", "%Y%m%d"]), "2024-05-06");
        assert_eq!(read("1714957687", &["unix"]), "2024-05-06T09:08:07+08:00");
        assert_eq!(read("1714957687123", &["unix ms"]), "2024-05-06T09:08:07.123+08:00");
        assert_eq!(read("2024-05-06 02:08:07 +0100", &["%Y-%m-%d %H:%M:%S %z"]), "2024-05-06T09:08:07+08:00");
        assert_eq!(read("2024-05-06 09:08:07", &["%Y%m%d"]), "-");
    }

    #[test]
    fn a_time_that_the_clock_skips_is_the_first_after_it_and_one_shown_twice_the_first() {
        let at = |text: &str, zone| {
            at_local(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap(), zone).rfc3339(zone)
        };
        assert_eq!(at("2024-03-10 02:30:00", America::New_York), "2024-03-10T03:00:00-04:00");
        assert_eq!(at("2024-11-03 01:30:00", America::New_York), "2024-11-03T01:30:00-04:00");
    }
}
