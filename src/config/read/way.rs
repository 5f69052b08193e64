//! What several channels say alike: URLs, time-outs, proxies, headers.

use super::{Base, secret_in_text};
use crate::config::channels::{HeaderValue, Way};
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields};
use std::time::Duration;

/// Reads `timeout`, `proxy`, `ca_file` and `danger_accept_invalid_certs`.
pub(super) fn way(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Way {
    let default = Way::default();
    Way {
        timeout: timeout(fields, default.timeout, problems),
        proxy: fields.optional("proxy").and_then(|node| url(node, &["http", "https", "socks5", "socks5h"], problems)),
        ca_file: fields.optional("ca_file").and_then(|node| base.authorities(node, problems)),
        accept_invalid_certs: accept_invalid_certs(fields, problems),
    }
}

/// Reads `danger_accept_invalid_certs`, and warns of it: whoever stands in between reads and answers everything.
fn accept_invalid_certs(fields: &mut Fields<'_>, problems: &mut Problems) -> bool {
    let Some(entry) = fields.entry("danger_accept_invalid_certs").filter(|entry| !entry.value.is_null()) else {
        return false;
    };
    let accepted = want::boolean(&entry.value, problems).unwrap_or(false);
    if accepted {
        let message = Text::new(
            "不核对证书：谁都可以冒充对方，看到号码、内容和密钥，也可以谎称已收下",
            "certificates are not checked: anyone may pose as the other side, read numbers, texts and keys, and claim to have \
             taken them",
        );
        let hint = Text::new(
            "把对方的根证书写进 ca_file，删去这一行；只在专网里临时使用",
            "put the other side's authority into `ca_file` and remove this line; only for a closed network, and for a while",
        );
        problems.push(Problem::warning(&entry.key.place, "unverified-tls", message).hint(hint));
    }
    accepted
}

/// Reads `timeout`, such as `10 seconds`.
pub(super) fn timeout(fields: &mut Fields<'_>, default: Duration, problems: &mut Problems) -> Duration {
    fields.optional("timeout").and_then(|node| elapsed(node, (1, 600), problems)).unwrap_or(default)
}

/// Reads an elapsed time such as `10 seconds`, within bounds in seconds.
pub(super) fn elapsed(node: &Node, (least, most): (u64, u64), problems: &mut Problems) -> Option<Duration> {
    let text = want::word(node, problems)?.text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let factor = match text[digits.len()..].trim() {
        "s" | "second" | "seconds" | "秒" | "秒钟" => Some(1),
        "m" | "minute" | "minutes" | "分" | "分钟" => Some(60),
        "h" | "hour" | "hours" | "小时" | "个小时" => Some(3600),
        _ => None,
    };
    let seconds = factor.and_then(|factor: u64| digits.trim().parse::<u64>().ok()?.checked_mul(factor));
    seconds.filter(|seconds| (least..=most).contains(seconds)).map(Duration::from_secs).or_else(|| {
        let ([zh, en], [zh_most, en_most]) = (said(least), said(most));
        let message =
            Text::new(format!("此处应为 {zh}至 {zh_most}的时长"), format!("expected a time from {en} to {en_most}"));
        let hint = Text::new("例如 10 秒", "such as `10 seconds`");
        want::report(Problem::error(&node.place, "malformed-span", message).hint(hint), problems)
    })
}

/// So many seconds in the largest unit that has no remainder, in both languages.
fn said(seconds: u64) -> [String; 2] {
    let (number, zh, en) = match seconds {
        3600.. if seconds.is_multiple_of(3600) => (seconds / 3600, "小时", "hour"),
        60.. if seconds.is_multiple_of(60) => (seconds / 60, "分钟", "minute"),
        _ => (seconds, "秒", "second"),
    };
    let plural = if number == 1 { "" } else { "s" };
    [format!("{number} {zh}"), format!("{number} {en}{plural}")]
}

/// What stands escaped in a URL.
pub(super) fn percent_decoded(text: &str) -> String {
    let query = format!("u={}", text.replace('+', "%2B"));
    reqwest::Url::parse(&format!("http://h/?{query}"))
        .ok()
        .and_then(|url| url.query_pairs().next().map(|(_, value)| value.into_owned()))
        .unwrap_or_else(|| text.to_owned())
}

/// Reads a URL of one of these schemes. A password in it is refused: it would be a secret in the text.
pub(super) fn url(node: &Node, schemes: &[&str], problems: &mut Problems) -> Option<String> {
    let text = want::text(node, problems)?;
    parse_url(text, schemes, &node.place, problems).map(|_| text.to_owned())
}

/// The same, parsed.
pub(super) fn parse_url(text: &str, schemes: &[&str], place: &Place, problems: &mut Problems) -> Option<reqwest::Url> {
    let url = reqwest::Url::parse(text).ok().filter(|url| schemes.contains(&url.scheme()) && url.has_host());
    match url {
        Some(url) if url.password().is_some() => want::report(secret_in_text(place), problems),
        Some(url) => Some(url),
        None => want::report(malformed_url(place, schemes), problems),
    }
}

fn malformed_url(place: &Place, schemes: &[&str]) -> Problem {
    let message = Text::new("此处应为完整的 URL", "expected a whole URL");
    let shown = schemes.iter().map(|scheme| format!("{scheme}://…")).collect::<Vec<_>>();
    let hint = Text::new(format!("写成 {}", shown.join(" 或 ")), format!("write {}", shown.join(" or ")));
    Problem::error(place, "malformed-url", message).hint(hint)
}

/// Reads `headers`. What bears the name of a secret must be one.
pub(super) fn headers(node: &Node, base: &Base<'_>, problems: &mut Problems) -> Vec<(String, HeaderValue)> {
    let entries = want::mapping(node, problems).unwrap_or_default();
    let read = entries.iter().filter_map(|entry| {
        let name = &entry.key.text;
        if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
            let message = Text::new("这不是 HTTP 头的名字", "this is no HTTP header's name");
            let hint = Text::new("例如 X-Key", "such as X-Key");
            problems.push(Problem::error(&entry.key.place, "malformed-header", message).hint(hint));
            return None;
        }
        Some((name.clone(), header(name, &entry.value, base, problems)?))
    });
    read.collect()
}

fn header(name: &str, node: &Node, base: &Base<'_>, problems: &mut Problems) -> Option<HeaderValue> {
    if node.mapping().is_some() || is_secret(name) {
        return base.secret(node, problems).map(HeaderValue::Secret);
    }
    let text = want::word(node, problems)?.text;
    if text.chars().all(|c| !c.is_control()) {
        return Some(HeaderValue::Text(text.to_owned()));
    }
    let message = Text::new("HTTP 头里不能有换行或控制字符", "a header holds no line break or control character");
    let hint = Text::new("写成一行", "write it in one line");
    want::report(Problem::error(&node.place, "malformed-header", message).hint(hint), problems)
}

/// Whether a header of this name holds a secret.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["authorization", "cookie", "token", "secret", "password", "key"].iter().any(|word| name.ends_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_hold_secrets_are_known_by_their_names() {
        for name in ["Authorization", "Proxy-Authorization", "X-Key", "X-Api-Key", "Cookie", "X-Auth-Token"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["Content-Type", "Accept", "User-Agent", "X-Request-Id", "Idempotency-Key-Id"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
