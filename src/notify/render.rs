//! A notice in every form: facts through templates, the short form kept within its length, the mail's HTML from its text.

use crate::notify::channel::{Forms, OwnForms};
use crate::notify::facts::Facts;
use crate::notify::notice::{NoticeKind, QueuedNotice, SALUTATION};
use crate::notify::template::{Case, Form, Scope, Templates};
use crate::notify::variables::Wanted;
use crate::symbol::Symbol;
use minijinja::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The length of a short form, its signature included: two messages of a carrier's 70, which count as 67 when joined.
pub const SHORT_MAX: usize = 140;

/// How often a template may be asked to be shorter.
const BREVITIES: std::ops::RangeInclusive<u8> = 0..=3;

/// Stands before what is confidential: a phone shows a message's first words before anybody has opened it.
const GUARD: &str = "本件保密，仅限本人阅读，请勿转发、截屏或外传";
const RULE: &str = "————————————————————————";

/// What depends on the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reader {
    /// 专职联络员.
    pub(super) title: String,
    /// 你单位, or the department.
    pub(super) unit: String,
    /// What is asked of them.
    pub(super) ask: String,
}

/// A decision's facts, ready to be told to one reader after another.
pub(super) struct Rendering<'a> {
    templates: &'a Templates,
    case: Case<'a>,
    facts: &'a Facts,
    wanted: &'a Wanted,
    /// The facts as templates see them: made once, whoever reads.
    scope: Scope,
    /// What the last reader was told: most of the next are told the same.
    last: RefCell<Option<(Reader, Forms)>>,
}

impl<'a> Rendering<'a> {
    /// `policies`: that by which it was decided and those on which it builds, nearest first.
    pub(super) fn new(
        templates: &'a Templates,
        kind: NoticeKind,
        policies: &'a [Symbol],
        facts: &'a Facts,
        wanted: &'a Wanted,
    ) -> Rendering<'a> {
        Rendering {
            templates,
            case: Case { kind, policies },
            facts,
            wanted,
            scope: Scope::new(facts),
            last: RefCell::default(),
        }
    }

    /// All forms of a notice. What is confidential has a short form that says only that something waits.
    pub(super) fn forms(&self, whose: &Reader) -> Forms {
        let is_named = self.templates.names_reader(self.case.kind) || self.wanted.has("reader");
        let title = if is_named { whose.title.clone() } else { String::new() };
        let reader = Reader { title, ..whose.clone() };
        let mut last = self.last.borrow_mut();
        match &*last {
            Some((known, forms)) if *known == reader => forms.clone(),
            _ => {
                let forms = self.rendered(&reader);
                *last = Some((reader, forms.clone()));
                forms
            }
        }
    }

    fn rendered(&self, whose: &Reader) -> Forms {
        let scope = self.scope.with_reader(whose);
        let values = scope.value();
        let rendered = |form| self.templates.render(self.case, form, &values);
        let forms = Forms {
            short: self.short(&scope, |form, values| Some(self.templates.render(self.case, form, values))),
            markdown: rendered(Form::Markdown),
            subject: rendered(Form::Subject).replace('\n', ""),
            text: rendered(Form::Mail),
            own: self.own(&scope),
            variables: self.variables(whose),
            ..Forms::default()
        };
        let forms = if self.facts.confidential { guarded(forms, veiled(self.case.kind, self.facts)) } else { forms };
        let letters = forms.own.values().filter_map(|own| own.text.as_deref()).chain([forms.text.as_str()]);
        let links = links_in(&letters.collect::<Vec<_>>(), [&self.facts.objection_url, &self.facts.url]);
        Forms { links, ..forms }
    }

    fn variables(&self, whose: &Reader) -> BTreeMap<Arc<str>, String> {
        if self.facts.confidential {
            self.wanted.veiled(veiled_matter(self.case.kind, self.facts))
        } else {
            self.wanted.of(self.facts, whose)
        }
    }

    /// What reads otherwise by single channels; mostly nothing.
    fn own(&self, scope: &Scope) -> BTreeMap<Arc<str>, OwnForms> {
        let values = &scope.value();
        let channels = self.templates.channels(self.case).into_iter();
        let own = channels.map(|channel| {
            let by = |form, values: &Value| self.templates.render_by(self.case, form, &channel, values);
            let forms = OwnForms {
                short: Some(self.short(scope, by)).filter(|short| !short.is_empty()),
                markdown: by(Form::Markdown, values),
                subject: by(Form::Subject, values).map(|subject| subject.replace('\n', "")),
                text: by(Form::Mail, values),
            };
            (channel.clone(), forms)
        });
        own.filter(|(_, forms)| *forms != OwnForms::default()).collect()
    }

    /// The first rendering that fits, from everything to the barest; empty where there is none.
    fn short(&self, scope: &Scope, rendered: impl Fn(Form, &Value) -> Option<String>) -> String {
        let mut last = String::new();
        for brevity in BREVITIES {
            let Some(short) = rendered(Form::Short, &scope.with_brevity(brevity).value()) else { return String::new() };
            last = short.replace('\n', "");
            if length(&last) <= SHORT_MAX {
                return last;
            }
        }
        whole_sentences(&last).unwrap_or_else(|| barest(self.facts))
    }
}

/// What is confidential: an SMS and a mail's subject say only that something waits, whatever templates say; what a person
/// gets to read comes after words that anybody may see.
fn guarded(forms: Forms, short: String) -> Forms {
    let subject = short.trim_end_matches('。').to_owned();
    let markdown = |text: &str| format!("**{subject}**\n{GUARD}\n{text}");
    let own = forms.own.into_iter().filter_map(|(channel, own)| {
        let (markdown, text) = (own.markdown.as_deref().map(markdown), own.text.as_deref().map(guarded_letter));
        let kept = OwnForms { markdown, text, ..OwnForms::default() };
        (kept != OwnForms::default()).then_some((channel, kept))
    });
    Forms {
        markdown: markdown(&forms.markdown),
        text: guarded_letter(&forms.text),
        own: own.collect(),
        short,
        subject,
        // Of these nothing was told from the start.
        variables: forms.variables,
        ..Forms::default()
    }
}

/// A notice that was written as if anybody might read it, of what has become confidential since.
pub(super) fn guarded_since(notice: &QueuedNotice) -> QueuedNotice {
    let forms = notice.forms.clone();
    let matter = if notice.kind == NoticeKind::Route { "移送" } else { "督办" };
    let short = format!("{}有1件{matter}事项待查阅。", signature(&forms.short));
    let (links, variables) = (forms.links.clone(), Wanted::new(["text"]).veiled(matter));
    let forms = Forms { links, variables, ..guarded(forms, short) };
    QueuedNotice { confidential: true, forms, ..notice.clone() }
}

/// 【珠海12345】, with which a short form begins.
pub(super) fn signature(short: &str) -> &str {
    let end = short.find('】').map_or(0, |end| end + '】'.len_utf8());
    if short.starts_with('【') { &short[..end] } else { "" }
}

/// All that groups and SMS are told of what is confidential. No template can change it.
fn veiled(kind: NoticeKind, facts: &Facts) -> String {
    format!("{}有1件{}事项待查阅。", facts.signature, veiled_matter(kind, facts))
}

/// What of it may be told: 移送 or 督办.
fn veiled_matter(kind: NoticeKind, facts: &Facts) -> &'static str {
    let is_route = kind == NoticeKind::Route || (kind == NoticeKind::Proposal && facts.act != "退回重办");
    if is_route { "移送" } else { "督办" }
}

/// The letter with what anybody may see after its greeting.
fn guarded_letter(text: &str) -> String {
    match text.split_once('\n') {
        Some((greeting, rest)) if greeting.contains(SALUTATION) => format!("{greeting}\n{GUARD}。\n{RULE}\n{rest}"),
        _ => format!("{GUARD}。\n{RULE}\n{text}"),
    }
}

/// As many whole sentences as fit; none where not even the first does.
fn whole_sentences(text: &str) -> Option<String> {
    let mut kept = String::new();
    for sentence in text.split_inclusive(['。', '；']) {
        if length(&kept) + length(sentence) > SHORT_MAX {
            break;
        }
        kept.push_str(sentence);
    }
    let kept = kept.trim_end_matches('；');
    (!kept.is_empty()).then(|| if kept.ends_with('。') { kept.to_owned() } else { format!("{kept}。") })
}

/// Where not even one sentence fits, because the order's id is very long.
fn barest(facts: &Facts) -> String {
    format!("{}有1件工单的督办事项待查阅，请登录查看。", facts.signature)
}

/// The length as carriers count it: UTF-16 code units.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A paragraph for each line, a rule for an empty one; what was given as a link becomes one. Everything else is text,
/// whatever it looks like.
pub(crate) fn html(text: &str, links: &[impl AsRef<str>]) -> String {
    // The longest first: one address may begin with another.
    let mut links: Vec<&str> = links.iter().map(AsRef::as_ref).filter(|link| !link.is_empty()).collect();
    links.sort_by_key(|link| std::cmp::Reverse(link.len()));
    let mut html = String::with_capacity(text.len() * 2);
    for (at, line) in text.lines().enumerate() {
        html.push_str(if at == 0 { "" } else { "\n" });
        if line.is_empty() {
            html.push_str("<hr>");
            continue;
        }
        html.push_str("<p>");
        write_linked(&mut html, line, &links);
        html.push_str("</p>");
    }
    html
}

/// Which of these addresses one of the texts holds.
fn links_in(texts: &[&str], links: [&String; 2]) -> Vec<String> {
    let held = |link: &&String| !link.is_empty() && texts.iter().any(|text| text.contains(link.as_str()));
    links.into_iter().filter(held).cloned().collect()
}

fn write_linked(html: &mut String, line: &str, links: &[&str]) {
    let found = links.iter().find_map(|link| Some((link, line.split_once(link)?)));
    let Some((address, (before, after))) = found else { return write_escaped(html, line) };
    write_escaped(html, before);
    for (opening, closing) in [("<a href=\"", "\">"), ("", "</a>")] {
        html.push_str(opening);
        write_escaped(html, address);
        html.push_str(closing);
    }
    write_escaped(html, after);
}

fn write_escaped(html: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        html.push_str(&rest[..at]);
        html.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        });
        rest = &rest[at + 1..];
    }
    html.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_sentence_by_sentence() {
        let text = format!("{}。{}；{}。", "甲".repeat(99), "乙".repeat(39), "丙".repeat(50));
        assert_eq!(whole_sentences(&text).unwrap(), format!("{}。{}。", "甲".repeat(99), "乙".repeat(39)));
        assert_eq!(whole_sentences(&"甲".repeat(200)), None);
    }

    #[test]
    fn an_order_with_an_endless_id_is_still_told_of() {
        let facts = Facts { signature: "【珠海12345】".into(), order: "Z".repeat(500), ..Facts::default() };
        for kind in NoticeKind::ALL {
            let (templates, wanted) = (Templates::built_in(), Wanted::default());
            let rendering = Rendering::new(&templates, kind, &[], &facts, &wanted);
            let reader = Reader { title: String::new(), unit: String::new(), ask: String::new() };
            let short = rendering.forms(&reader).short;
            assert!(length(&short) <= SHORT_MAX && short.starts_with("【珠海12345】"), "{kind:?}: {short}");
        }
    }

    #[test]
    fn html_is_text_but_for_the_given_links() {
        let shown =
            html("<b>甲</b>\n\n见 https://a/1?x=1&y=2 。https://evil", &["https://a/1", "https://a/1?x=1&y=2", ""]);
        insta::assert_snapshot!(shown, @r#"
        <p>&lt;b&gt;甲&lt;/b&gt;</p>
        <hr>
        <p>见 <a href="https://a/1?x=1&amp;y=2">https://a/1?x=1&amp;y=2</a> 。https://evil</p>
        "#);
    }
}
