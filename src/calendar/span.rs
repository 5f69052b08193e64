//! Spans (时长): a length of time and the way it is counted, in English or Chinese.
//!
//! No span that was read is longer than a century, so that adding one never overflows and never takes long.

use crate::text::Lang;
use std::fmt;
use std::str::FromStr;

/// A length of time together with the way in which it is counted. Lengths are in milliseconds or in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Working minutes or hours (工作分钟, 工作小时), in milliseconds of working time.
    WorkingTime(i64),
    /// Working days (工作日).
    WorkingDays(u32),
    /// Plain elapsed time (分钟, 小时), in milliseconds.
    Elapsed(i64),
    /// Natural days (日, 天).
    NaturalDays(u32),
}

/// Why a text is no span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseSpanError {
    /// It is not a whole number and a unit.
    #[error(
        "a span is a whole number and a unit, such as `90 working minutes`, `4 working days`, `24 hours` or `3 days`"
    )]
    Malformed,
    /// No duty takes so long: more likely a slip of the pen, or an attack.
    #[error("a span is at most 100 years long")]
    TooLong,
}

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const CENTURY_MS: i64 = 36_525 * DAY_MS;

impl FromStr for Span {
    type Err = ParseSpanError;

    fn from_str(text: &str) -> Result<Span, ParseSpanError> {
        let text = text.trim();
        let digits =
            text.find(|c: char| !c.is_ascii_digit()).filter(|&end| end > 0).ok_or(ParseSpanError::Malformed)?;
        let (working, unit_ms) = unit(text[digits..].trim_start()).ok_or(ParseSpanError::Malformed)?;
        let ms = text[..digits].parse::<i64>().ok().and_then(|number| number.checked_mul(unit_ms));
        let ms = ms.filter(|&ms| ms <= CENTURY_MS).ok_or(ParseSpanError::TooLong)?;
        let days = u32::try_from(ms / DAY_MS).unwrap_or(u32::MAX);
        Ok(match (working, unit_ms == DAY_MS) {
            (true, false) => Span::WorkingTime(ms),
            (true, true) => Span::WorkingDays(days),
            (false, false) => Span::Elapsed(ms),
            (false, true) => Span::NaturalDays(days),
        })
    }
}

/// Whether a unit is of working time, and its milliseconds.
fn unit(text: &str) -> Option<(bool, i64)> {
    let lower = text.to_ascii_lowercase();
    if let Some(chinese) = chinese_unit(text) {
        return Some(chinese);
    }
    let (working, unit) = match lower.strip_prefix("working") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, lower.as_str()),
    };
    let ms = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => MINUTE_MS,
        "hour" => HOUR_MS,
        "day" => DAY_MS,
        _ => return None,
    };
    Some((working, ms))
}

fn chinese_unit(text: &str) -> Option<(bool, i64)> {
    let text = text.strip_prefix('个').map_or(text, str::trim_start);
    let (working, unit) = match text.strip_prefix("工作") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let ms = match (unit, working) {
        ("分钟", _) => MINUTE_MS,
        ("小时", _) => HOUR_MS,
        ("日", _) | ("天", false) => DAY_MS,
        _ => return None,
    };
    Some((working, ms))
}

impl Span {
    /// The span as people of a language write it. What is written is read back as the same span, unless it has parts of
    /// a minute, which no file can give but a suspension can leave.
    pub fn text(self, lang: Lang) -> String {
        match (self, lang) {
            (Span::WorkingTime(ms), Lang::En) => english(ms, "working "),
            (Span::Elapsed(ms), Lang::En) => english(ms, ""),
            (Span::WorkingDays(days), Lang::En) => counted(i64::from(days), "working day"),
            (Span::NaturalDays(days), Lang::En) => counted(i64::from(days), "day"),
            (Span::WorkingTime(ms), Lang::Zh) => chinese(ms, "工作"),
            (Span::Elapsed(ms), Lang::Zh) => chinese(ms, ""),
            (Span::WorkingDays(days), Lang::Zh) => format!("{days}个工作日"),
            (Span::NaturalDays(days), Lang::Zh) => format!("{days}日"),
        }
    }

    /// Whether nothing is to be counted.
    pub fn is_zero(self) -> bool {
        match self {
            Span::WorkingTime(ms) | Span::Elapsed(ms) => ms == 0,
            Span::WorkingDays(days) | Span::NaturalDays(days) => days == 0,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

fn counted(number: i64, unit: &str) -> String {
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

fn english(ms: i64, working: &str) -> String {
    if ms % HOUR_MS == 0 && ms > 0 {
        return counted(ms / HOUR_MS, &format!("{working}hour"));
    }
    let (minutes, rest) = (ms / MINUTE_MS, ms % MINUTE_MS);
    match (minutes, rest) {
        (_, 0) => counted(minutes, &format!("{working}minute")),
        (0, _) => format!("{} {working}seconds", seconds(rest)),
        _ => format!("{} {} seconds", counted(minutes, &format!("{working}minute")), seconds(rest)),
    }
}

fn chinese(ms: i64, working: &str) -> String {
    if ms % HOUR_MS == 0 && ms > 0 {
        let measure = if working.is_empty() { "" } else { "个" };
        return format!("{}{measure}{working}小时", ms / HOUR_MS);
    }
    let (minutes, rest) = (ms / MINUTE_MS, ms % MINUTE_MS);
    match (minutes, rest) {
        (_, 0) => format!("{minutes}{working}分钟"),
        (0, _) => format!("{}{working}秒", seconds(rest)),
        _ => format!("{minutes}{working}分钟{}秒", seconds(rest)),
    }
}

/// Milliseconds below a minute as seconds, with the fraction that is there.
fn seconds(ms: i64) -> String {
    match ms % SECOND_MS {
        0 => (ms / SECOND_MS).to_string(),
        fraction => format!("{}.{fraction:03}", ms / SECOND_MS),
    }
}

impl ParseSpanError {
    /// What is wrong, for whoever wrote it.
    pub fn message(self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Zh, ParseSpanError::Malformed) => {
                "时长是一个整数加单位，如“90工作分钟”“4个工作日”“24小时”“3日”，或 `4 working days`".to_owned()
            }
            (Lang::Zh, ParseSpanError::TooLong) => "时长最多为100年".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(texts: &[&str], span: Span) {
        for text in texts {
            assert_eq!(text.parse(), Ok(span), "{text}");
        }
    }

    #[test]
    fn spans_are_read_in_english_and_chinese_with_or_without_spaces() {
        let working = Span::WorkingTime(90 * MINUTE_MS);
        reads(&["90 working minutes", "90 working minute", "90workingminutes", "90工作分钟", " 90 工作分钟 "], working);
        let hours = Span::WorkingTime(2 * HOUR_MS);
        reads(&["2 working hours", "2个工作小时", "2 个工作小时", "2工作小时", "2个 工作小时"], hours);
        reads(&["4 working days", "4个工作日", "4 个 工作日", "4工作日"], Span::WorkingDays(4));
        reads(&["24 hours", "24小时", "24 hour", "24个小时"], Span::Elapsed(DAY_MS));
        reads(&["5 minutes", "5分钟", "5minutes", "005 minutes"], Span::Elapsed(5 * MINUTE_MS));
        reads(&["1 day", "1日", "1天", "1 天", "1days"], Span::NaturalDays(1));
        reads(&["0 working days", "0个工作日"], Span::WorkingDays(0));
    }

    #[test]
    fn what_is_no_span_is_refused() {
        let malformed = [
            "",
            "4",
            "days",
            "four days",
            "-1 days",
            "1.5 hours",
            "4 working",
            "4 wrking days",
            "4 dayss",
            "1 week",
            "4 个",
            "4个工作",
            "4工作天",
            "1 day 2 hours",
            "4 working days.",
            "9 0 minutes",
            "工作日",
            "４个工作日",
        ];
        for text in malformed {
            assert_eq!(text.parse::<Span>(), Err(ParseSpanError::Malformed), "{text}");
        }
        for text in ["36526 days", "99999999999999999999999 hours", "9223372036854775807 minutes", "4294967297 日"] {
            assert_eq!(text.parse::<Span>(), Err(ParseSpanError::TooLong), "{text}");
        }
        reads(&["36525 days"], Span::NaturalDays(36_525));
    }

    #[test]
    fn a_span_is_written_as_it_is_read() {
        for text in ["1 working minute", "90 working minutes", "2 working hours", "1 working day", "24 hours", "3 days"]
        {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for text in ["90工作分钟", "2个工作小时", "4个工作日", "24小时", "5分钟", "3日", "0工作分钟"]
        {
            assert_eq!(text.parse::<Span>().unwrap().text(Lang::Zh), text);
        }
        assert_eq!(Span::WorkingTime(90_500).text(Lang::Zh), "1工作分钟30.500秒");
        assert_eq!(Span::Elapsed(30_000).text(Lang::En), "30 seconds");
    }
}
