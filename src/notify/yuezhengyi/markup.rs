//! What stands in a notice's markdown, and the same as plain text. Templates write few things: bold, links, and now and then
//! a heading, a quotation or a colour; what came from outside is none of these, because templates defuse it.

/// Between a line's key and its value.
pub(super) const GAP: char = '　';

/// A line of markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// What it says, without marks and without what is only links.
    pub text: String,
    /// Whether all of it is bold, or a heading.
    pub is_title: bool,
    /// Where it leads.
    pub links: Vec<Link>,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What is shown.
    pub title: String,
    /// Where it leads.
    pub url: String,
}

/// Reads one line.
pub(super) fn line(markdown: &str) -> Line {
    let bare = unquoted(&uncoloured(markdown));
    let (rest, links) = unlinked(&bare);
    let is_heading = rest.starts_with('#');
    let rest = rest.trim_start_matches('#').trim();
    let bold = rest.strip_prefix("**").and_then(|rest| rest.strip_suffix("**")).filter(|inner| !inner.contains("**"));
    // A line of nothing but links says nothing besides.
    let says = if is_only_links(&bare) { String::new() } else { rest.replace("**", "").replace('`', "") };
    Line { text: says.trim().to_owned(), is_title: is_heading || bold.is_some(), links }
}

/// The text without marks: a link is its title and its address.
pub(super) fn plain(markdown: &str) -> String {
    let lines = markdown.lines().map(|line| {
        let bare = unquoted(&uncoloured(line));
        let separate = if is_only_links(&bare) { bare.replace(")　[", ")\n[") } else { bare };
        let text = linked(&separate, |link| format!("{}：{}", link.title, link.url));
        text.trim_start_matches('#').trim().replace("**", "").replace('`', "")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// 珠海12345, where a short form begins with 【珠海12345】.
pub(super) fn signature(short: &str) -> &str {
    short.strip_prefix('【').and_then(|rest| rest.split_once('】')).map_or("", |(signature, _)| signature)
}

fn unquoted(line: &str) -> String {
    line.trim().trim_start_matches('>').trim().to_owned()
}

/// Without `<font …>` and `</font>`.
fn uncoloured(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("<font").into_iter().chain(rest.find("</font")).min() {
        text.push_str(&rest[..at]);
        rest = rest[at..].split_once('>').map_or("", |(_, after)| after);
    }
    text + rest
}

/// The line with each link's title in its place, and the links.
fn unlinked(line: &str) -> (String, Vec<Link>) {
    let mut links = Vec::new();
    let text = linked(line, |link| {
        links.push(link.clone());
        link.title.clone()
    });
    (text, links)
}

fn is_only_links(line: &str) -> bool {
    let rest = linked(line, |_| String::new());
    rest.len() < line.trim().len() && rest.chars().all(char::is_whitespace)
}

/// The line with each `[title](address)` as `shown` has it.
fn linked(line: &str, mut shown: impl FnMut(&Link) -> String) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, link, after)) = next_link(rest) {
        text.push_str(before);
        text.push_str(&shown(&link));
        rest = after;
    }
    text + rest
}

fn next_link(text: &str) -> Option<(&str, Link, &str)> {
    let middle = text.find("](")?;
    let start = text[..middle].rfind('[')?;
    let end = middle + text[middle..].find(')')?;
    let link = Link { title: text[start + 1..middle].to_owned(), url: text[middle + 2..end].to_owned() };
    Some((&text[..start], link, &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_keeps_every_word_and_every_address() {
        let markdown = "**黄牌　逾期**\n> 工单　<font color=\"warning\">ZH-1</font>\n# 附\n见[查阅](https://a/1)，留痕\n[甲](https://a/1)　[乙](https://a/2)";
        assert_eq!(
            plain(markdown),
            "黄牌　逾期\n工单　ZH-1\n附\n见查阅：https://a/1，留痕\n甲：https://a/1\n乙：https://a/2"
        );
        assert_eq!(plain("［不是链接］(x) 1*2"), "［不是链接］(x) 1*2");
    }

    #[test]
    fn a_line_is_read_for_what_it_is() {
        let read = |text| {
            let Line { text, is_title, links } = line(text);
            (text, is_title, links.len())
        };
        assert_eq!(read("**黄牌　逾期**"), ("黄牌　逾期".into(), true, 0));
        assert_eq!(read("## 黄牌"), ("黄牌".into(), true, 0));
        assert_eq!(read("请办　**立即**联系"), ("请办　立即联系".into(), false, 0));
        assert_eq!(read("[甲](https://a/1)　[乙](https://a/2)"), (String::new(), false, 2));
        assert_eq!(read("附　材料（[查阅](https://a/1)）"), ("附　材料（查阅）".into(), false, 1));
        assert_eq!(read("]( ["), ("]( [".into(), false, 0));
    }
}
