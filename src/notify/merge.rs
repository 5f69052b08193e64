//! Several notices of one order to one reader as one message: the gravest speaks first, and nothing is left unsaid but what
//! an SMS has no room for.

use crate::notify::channel::Forms;
use crate::notify::notice::{QueuedNotice, SALUTATION};
use crate::notify::render::{SHORT_MAX, length};
use crate::notify::variables;
use std::collections::BTreeMap;

/// The forms of one message for all of these, by a channel; the notices are sorted, the gravest first.
pub(super) fn merged(notices: &[&QueuedNotice], channel: &str) -> Forms {
    let forms: Vec<Forms> = notices.iter().map(|notice| notice.forms.by(channel)).collect();
    let forms: Vec<&Forms> = forms.iter().collect();
    match forms.as_slice() {
        [] => Forms::default(),
        [only] => (*only).clone(),
        [first, ..] => Forms {
            short: short(&forms),
            markdown: joined(&forms, "\n\n", |form| form.markdown.clone()),
            subject: subject(&forms),
            text: joined(&forms, "\n\n", |form| form.text.clone()),
            links: forms.iter().flat_map(|form| form.links.iter().cloned()).collect(),
            json: first.json.clone(),
            variables: variables::merged(&forms.iter().map(|form| &form.variables).collect::<Vec<_>>()),
            own: BTreeMap::new(),
        },
    }
}

/// How what only says that something waits says so.
const ONE: &str = "有1件";

/// All texts one after another, the greeting only once.
fn joined(forms: &[&Forms], between: &str, text: impl Fn(&Forms) -> String) -> String {
    let mut parts: Vec<String> = Vec::with_capacity(forms.len());
    for form in forms {
        let part = if parts.is_empty() { text(form) } else { without_greeting(&text(form)) };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join(between)
}

fn without_greeting(text: &str) -> String {
    let greets = |line: &&str| line.contains(SALUTATION);
    text.lines().filter(|line| !greets(line)).collect::<Vec<_>>().join("\n")
}

/// What only says that something waits is counted; of the rest the gravest speaks.
fn subject(forms: &[&Forms]) -> String {
    let first = &forms[0].subject;
    if first.contains(ONE) {
        return counted(forms.iter().map(|form| form.subject.as_str())).join("；");
    }
    format!("{first}（共{}件）", forms.len())
}

/// Each text once; one that says that something waits says how many do.
fn counted<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for text in texts {
        match counted.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => counted.push((text, 1)),
        }
    }
    counted.into_iter().map(|(text, count)| text.replace(ONE, &format!("有{count}件"))).collect()
}

/// All that fits; else the gravest, and how many more there are.
fn short(forms: &[&Forms]) -> String {
    let texts = counted(forms.iter().map(|form| form.short.as_str()));
    let (first, rest) = (texts[0].as_str(), &texts[1..]);
    let signature = first.find('】').map_or("", |end| &first[..end + '】'.len_utf8()]);
    let unsigned = rest.iter().map(|text| text.strip_prefix(signature).unwrap_or(text).to_owned());
    let all = format!("{first}{}", unsigned.collect::<String>());
    if length(&all) <= SHORT_MAX {
        return all;
    }
    let more = format!("另有{}件，见工单页。", rest.len());
    let mut kept = String::new();
    for sentence in first.split_inclusive(['。', '；']) {
        if length(&kept) + length(sentence) + length(&more) > SHORT_MAX {
            break;
        }
        kept.push_str(sentence);
    }
    let kept = kept.trim_end_matches('；');
    let stop = if kept.is_empty() || kept.ends_with('。') { "" } else { "。" };
    if kept.is_empty() { first.to_owned() } else { format!("{kept}{stop}{more}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(short: &str) -> Forms {
        let text = format!("{SALUTATION}\n{short}");
        Forms {
            short: format!("【珠海12345】{short}"),
            markdown: short.into(),
            subject: short.into(),
            text,
            ..Forms::default()
        }
    }

    #[test]
    fn short_texts_are_one_sms_under_one_signature() {
        let (a, b) = (forms("黄牌：甲。"), forms("告知：乙。"));
        assert_eq!(short(&[&a, &b]), "【珠海12345】黄牌：甲。告知：乙。");
        assert_eq!(short(&[&a, &a]), "【珠海12345】黄牌：甲。");
        let (c, d) = (forms("有1件移送事项待查阅。"), forms("有1件督办事项待查阅。"));
        assert_eq!(short(&[&c, &d, &d]), "【珠海12345】有1件移送事项待查阅。有2件督办事项待查阅。");
        assert_eq!(subject(&[&c, &d, &d]), "有1件移送事项待查阅。；有2件督办事项待查阅。");
        assert_eq!(subject(&[&a, &b]), "黄牌：甲。（共2件）");
        assert_eq!(
            joined(&[&a, &b], "\n\n", |form| form.text.clone()),
            format!("{SALUTATION}\n黄牌：甲。\n\n告知：乙。")
        );
    }

    #[test]
    fn what_has_no_room_is_counted_and_no_sentence_is_cut() {
        let (a, b) = (forms(&format!("{}。{}。", "甲".repeat(80), "乙".repeat(40))), forms(&"丙".repeat(100)));
        assert_eq!(short(&[&a, &b]), format!("【珠海12345】{}。另有1件，见工单页。", "甲".repeat(80)));
    }
}
