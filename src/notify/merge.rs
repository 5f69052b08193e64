//! Several notices of one order to one reader as one message: the gravest speaks first, and nothing is left unsaid but what
//! an SMS has no room for.

use crate::notify::channel::Forms;
use crate::notify::notice::{QueuedNotice, SALUTATION};
use crate::notify::render::{SHORT_MAX, length};

/// The forms of one message for all of these; the notices are sorted, the gravest first.
pub(super) fn merged(notices: &[&QueuedNotice]) -> Forms {
    let forms: Vec<&Forms> = notices.iter().map(|notice| &notice.forms).collect();
    match forms.as_slice() {
        [] => Forms::default(),
        [only] => (*only).clone(),
        [first, ..] => Forms {
            short: short(&forms),
            markdown: joined(&forms, "\n\n", |form| form.markdown.clone()),
            subject: format!("{}（共{}件）", first.subject, forms.len()),
            text: joined(&forms, "\n\n", |form| form.text.clone()),
            links: forms.iter().flat_map(|form| form.links.iter().cloned()).collect(),
            json: first.json.clone(),
            variables: first.variables.clone(),
        },
    }
}

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

/// All that fits; else the gravest, and how many more there are.
fn short(forms: &[&Forms]) -> String {
    let mut texts: Vec<&str> = Vec::with_capacity(forms.len());
    for form in forms {
        if !texts.contains(&form.short.as_str()) {
            texts.push(&form.short);
        }
    }
    let (first, rest) = (texts[0], &texts[1..]);
    let signature = first.find('】').map_or("", |end| &first[..end + '】'.len_utf8()]);
    let unsigned = rest.iter().map(|text| text.strip_prefix(signature).unwrap_or(text));
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
