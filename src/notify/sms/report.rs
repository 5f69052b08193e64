//! What the status reports (状态报告) of gateways have in common: the carriers' states, Beijing time, codes without
//! numbers in them.

use super::super::channel::{PostError, ReceiptOutcome};
use super::answer::is_code;
use crate::time::Instant;
use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Asia::Shanghai;
use reqwest::Url;
use serde_json::Value as Json;
use std::collections::HashMap;

/// Words are cut after so many characters.
const WORDS_MAX: usize = 60;
/// So many digits in a row may be a number.
const DIGITS_MAX: usize = 6;

/// What a state of the carriers means; none: it is not yet known what became of the message.
pub fn outcome(state: &str) -> Option<ReceiptOutcome> {
    match state.trim().to_ascii_uppercase().as_str() {
        "" | "ACCEPTD" | "ENROUTE" | "UNKNOWN" => None,
        "DELIVRD" | "DELIVERED" => Some(ReceiptOutcome::Delivered),
        _ => Some(ReceiptOutcome::Failed),
    }
}

/// A code and words, as far as they are none's number or text.
pub fn detail(code: &str, words: &str) -> Option<String> {
    let code = Some(code.trim()).filter(|code| is_code(code));
    let words = match words.trim() {
        "" => code.and_then(meaning),
        said => Some(said).filter(|said| !has_number(said)),
    };
    let words = words.map(|words| words.chars().filter(|c| !c.is_control()).take(WORDS_MAX).collect::<String>());
    let parts: Vec<String> = code.map(ToOwned::to_owned).into_iter().chain(words).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// What the carriers' commonest codes mean.
fn meaning(code: &str) -> Option<&'static str> {
    Some(match code {
        "MK:0001" | "MN:0001" => "空号",
        "DB:0140" => "号码不在端口的白名单内",
        "DB:0141" => "号码在端口的黑名单内",
        "UNDELIV" => "没有送达",
        "EXPIRED" => "超过有效期仍未送达，多为关机或不在服务区",
        "REJECTD" => "被运营商拒绝",
        "DELETED" => "被运营商删除",
        _ => return None,
    })
}

fn has_number(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > DIGITS_MAX)
}

/// `2026-01-05 09:02:03`, `2026/01/05 09:02:03` or `20260105090203` in Beijing's time.
pub fn beijing(text: &str) -> Option<Instant> {
    let text = text.trim();
    let formats = ["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S"];
    let local = formats.into_iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    let at = Shanghai.from_local_datetime(&local).earliest()?;
    Some(Instant(at.timestamp_millis()))
}

/// An instant however gateways write it: RFC 3339, Beijing's time, seconds or milliseconds since 1970.
pub fn instant(text: &str) -> Option<Instant> {
    let text = text.trim();
    Instant::parse(text).or_else(|| beijing(text)).or_else(|| since_1970(text))
}

/// Ten digits are of seconds, thirteen of milliseconds.
fn since_1970(text: &str) -> Option<Instant> {
    let number = text.parse::<i64>().ok()?;
    match text.len() {
        10 => Some(Instant(number * 1000)),
        13 => Some(Instant(number)),
        _ => None,
    }
}

/// The fields of a posted form; of one that comes twice the last.
pub fn form(body: &[u8]) -> Result<HashMap<String, String>, PostError> {
    let text = std::str::from_utf8(body).map_err(|_| PostError("the form is not UTF-8".into()))?;
    let mut url = Url::parse("http://form/").map_err(|_| PostError("the form cannot be read".into()))?;
    url.set_query(Some(text.trim()));
    Ok(url.query_pairs().into_owned().collect())
}

/// The objects of a posted JSON: one, or an array of them.
pub fn objects(body: &[u8]) -> Result<Vec<Json>, PostError> {
    let unreadable = || PostError("the body is neither a JSON object nor an array of such".into());
    match serde_json::from_slice(body).map_err(|_| unreadable())? {
        Json::Array(items) if items.iter().all(Json::is_object) => Ok(items),
        object @ Json::Object(_) => Ok(vec![object]),
        _ => Err(unreadable()),
    }
}

/// A field as text, a number as its digits; empty where it is neither.
pub fn field(object: &Json, name: &str) -> String {
    match &object[name] {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Bool(flag) => flag.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_the_carriers_are_told_apart() {
        assert_eq!(outcome("DELIVRD"), Some(ReceiptOutcome::Delivered));
        for state in ["UNDELIV", "EXPIRED", "REJECTD", "MK:0001", "E200028"] {
            assert_eq!(outcome(state), Some(ReceiptOutcome::Failed), "{state}");
        }
        for state in ["ACCEPTD", "UNKNOWN", ""] {
            assert_eq!(outcome(state), None, "{state}");
        }
    }

    #[test]
    fn times_are_beijings_in_either_form() {
        let expected = Instant::parse("2026-01-05T09:02:03+08:00");
        assert_eq!(beijing("2026-01-05 09:02:03"), expected);
        assert_eq!(beijing("20260105090203"), expected);
        assert_eq!(beijing("yesterday"), None);
        for text in ["2026-01-05T01:02:03Z", "20260105090203", "2026/01/05 09:02:03", "1767574923", "1767574923000"] {
            assert_eq!(instant(text), expected, "{text}");
        }
        for text in ["17", "yesterday", ""] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_detail_holds_no_number() {
        assert_eq!(detail("MK:0001", "").as_deref(), Some("MK:0001 空号"));
        assert_eq!(detail("DELIVERED", "用户接收成功").as_deref(), Some("DELIVERED 用户接收成功"));
        assert_eq!(detail("13800138000", "号码13800138000停机"), None);
    }
}
