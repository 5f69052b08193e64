//! Addresses (URLs) in a text, with or without a scheme: gateways refuse them in a template's parameters (阿里云
//! `isv.PARAM_NOT_SUPPORT_URL`, 腾讯云 1048).
//!
//! An address is a run without white space that has a scheme, a host of a usual domain, of a Chinese one or of a punycode
//! one, or a numeric host with a port or a path. A word that merely has a dot in it is none.

/// Endings of domains that are usual in China or in short links.
const DOMAINS: [&str; 45] = [
    "cn", "com", "net", "org", "gov", "edu", "info", "top", "vip", "xyz", "cc", "io", "me", "site", "link", "app",
    "tv", "co", "biz", "wang", "ltd", "store", "online", "shop", "tech", "club", "fun", "ren", "mobi", "asia", "cloud",
    "website", "space", "live", "ly", "gl", "gd", "hk", "tw", "mo", "im", "ink", "pub", "art", "icu",
];
/// Chinese endings of domains.
const CHINESE: [&str; 14] = [
    "政务",
    "公益",
    "中国",
    "中國",
    "公司",
    "网络",
    "網絡",
    "网址",
    "中文网",
    "在线",
    "商城",
    "集团",
    "我爱你",
    "网店",
];

/// A text with something in the place of each address.
pub(super) fn replaced(text: &str, by: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_of_url) {
        kept.push_str(&rest[..start]);
        rest = &rest[start..];
        // 珠海.政务: the host's name stands before what is ASCII.
        let label = if rest.starts_with('.') { label_at_end(&kept).len() } else { 0 };
        let (run, after) = rest.split_at(length(rest, label > 0));
        if is_url(run) || label > 0 && is_url(&format!("x{run}")) {
            kept.truncate(kept.len() - label);
            kept.push_str(by);
        } else {
            kept.push_str(run);
        }
        rest = after;
    }
    kept + rest
}

fn is_of_url(char: char) -> bool {
    char.is_ascii_graphic() && !matches!(char, '"' | '<' | '>' | '`' | '\\' | '{' | '}')
}

/// The word at the end of a text that could be a host's name.
fn label_at_end(text: &str) -> &str {
    let start = text.char_indices().rev().take_while(|(_, char)| char.is_alphanumeric()).last();
    start.map_or("", |(at, _)| &text[at..])
}

/// How long the run is that a text begins with, a Chinese ending and what follows it included.
fn length(text: &str, is_labelled: bool) -> usize {
    let (run, after) = text.split_at(text.find(|char| !is_of_url(char)).unwrap_or(text.len()));
    let ends = |ending: &&&str| {
        let next = after.strip_prefix(**ending).map(|after| after.chars().next());
        // 1.公司未答复 is a numbered sentence, 12345.公司 an address.
        next.is_some_and(|next| next.is_none_or(|next| !next.is_alphabetic() || next.is_ascii()))
    };
    let ending = CHINESE.iter().find(ends).filter(|_| is_host_begun(run, is_labelled));
    ending.map_or(run.len(), |ending| {
        let path = &after[ending.len()..];
        run.len() + ending.len() + path.find(|char| !is_of_url(char)).unwrap_or(path.len())
    })
}

/// Whether a run is a host but for its ending: `12345.`, or `.` after a name.
fn is_host_begun(run: &str, is_labelled: bool) -> bool {
    let host = run.strip_suffix('.');
    host.is_some_and(|host| host.is_empty() && is_labelled || host.ends_with(|last: char| last.is_ascii_alphanumeric()))
}

/// Whether a run is an address.
fn is_url(run: &str) -> bool {
    let run = run.to_ascii_lowercase();
    let mut hosts = run.split(['/', ':', '?', '#', '@', '(', ')', '[', ']', ',', ';', '=', '&', '!', '*', '|']);
    run.contains("://") || run.contains("www.") || is_numeric(&run) || hosts.any(is_host)
}

/// Whether it is a host of a known domain.
fn is_host(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit_once('.');
    last.is_some_and(|(before, last)| {
        !before.is_empty() && (DOMAINS.contains(&last) || CHINESE.contains(&last) || last.starts_with("xn--"))
    })
}

/// Whether there is a numeric host with a port or a path in it; 2024.05.06 and 1.2.3.4 alone are none.
fn is_numeric(run: &str) -> bool {
    let mut starts = run.char_indices().filter(|(at, char)| {
        char.is_ascii_digit() && !run[..*at].ends_with(|before: char| before.is_ascii_alphanumeric() || before == '.')
    });
    starts.any(|(at, _)| {
        let rest = &run[at..];
        let end = rest.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(rest.len());
        rest[..end].parse::<std::net::Ipv4Addr>().is_ok() && rest[end..].starts_with(['/', ':'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_with_or_without_its_scheme() {
        for url in [
            "http://1",
            "https://duban.example.gov.cn/orders/1",
            "www.a",
            "a.example.cn/1",
            "a@b.com",
            "t.cn:80/x",
            "10.1.2.3/x",
            "(10.1.2.3:8080)",
            "12345.政务",
            "12345.政务/x?y=1",
            "http://珠海.公益",
            "a.中国，请办",
            "办事大厅.公益",
            "珠海.cn/x",
            "xn--55qx5d.xn--io0a7i",
            "a.xn--zfr164b/x",
        ] {
            assert_ne!(replaced(url, "…"), url);
        }
        assert_eq!(replaced("详见12345.政务/x，请办", "…"), "详见…，请办");
        assert_eq!(replaced("详见，珠海.政务/x，请办", "…"), "详见，…，请办");
        for text in [
            "ZH-2024-000017",
            "2024.05.06",
            "08:50",
            "3.14",
            "A/B",
            "(12345)",
            ".cn",
            "v1.2",
            "1.2.3.4",
            "1.公司未答复，2.政务服务大厅",
            "办结.公司已答复",
        ] {
            assert_eq!(replaced(text, "…"), text);
        }
    }
}
