//! `templates`: what notices are sent as by a gateway that takes only templates registered with it.
//!
//! What such a gateway would refuse is refused here: an address (URL) in a parameter, brackets of a signature in a
//! template's text, parameters that its text has not. Kinds of notices without a template are warned of, and those that
//! have nothing to fill theirs with.

use crate::config::channels::sms::{CONFIDENTIAL, DEFAULT, DIGEST, SmsParam, SmsTemplate, SmsTemplates};
use crate::config::channels::{Channel, ChannelKind};
use crate::notify::notice::NoticeKind;
use crate::notify::sms::params::{self, Mistake};
use crate::notify::sms::{placeholders, segments};
use crate::notify::variables::{self, ATTRIBUTES};
use crate::policy::vocabulary::{Kind, Vocabulary};
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Fields, Word};
use std::collections::BTreeMap;

/// The longest parameter that gateways take unless an account has been granted more (阿里云 `isv.PARAM_LENGTH_LIMIT`).
const PARAM_LENGTH_MAX: u32 = 35;

/// How a gateway takes parameters, and how they stand in a template's text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// By their names: `{ no: "{{ order }}" }`, `${no}` in the text.
    Named,
    /// In their order: `["{{ order }}"]`. How many there are shows in the text as `{1}` or `${…}`.
    Ordered,
}

/// What stands there is wrong, which was reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reported;

/// Reads `templates` and `param_length_max`; none: there are no templates.
pub(super) fn templates(
    fields: &mut Fields<'_>,
    shape: Shape,
    problems: &mut Problems,
) -> Result<Option<SmsTemplates>, Reported> {
    let longest = fields.optional("param_length_max").and_then(|node| length(node, problems));
    let Some(entry) = fields.entry("templates").filter(|entry| !entry.value.is_null()) else { return Ok(None) };
    let mut by_word = Fields::of(&entry.value, problems).ok_or(Reported)?;
    let mut by_kind = BTreeMap::new();
    for kind in kinds() {
        if let Some(entry) = by_word.entry(kind).filter(|entry| !entry.value.is_null()) {
            by_kind.insert(kind.to_owned(), template(entry, shape, problems));
        }
    }
    by_word.finish(problems);
    warn_of_missing(&by_kind, &entry.key.place, problems);
    warn_of_empty(&by_kind, &entry.key.place, problems);
    let by_kind = by_kind.into_iter().map(|(kind, template)| Ok((kind, template?))).collect::<Result<_, _>>()?;
    let param_length_max = longest.unwrap_or(PARAM_LENGTH_MAX) as usize;
    Ok(Some(SmsTemplates { by_kind, param_length_max }))
}

/// Reads `templates` of a gateway that takes nothing else.
pub(super) fn required(fields: &mut Fields<'_>, shape: Shape, problems: &mut Problems) -> Option<SmsTemplates> {
    let read = templates(fields, shape, problems).ok()?;
    if read.is_none() {
        let _ = fields.required("templates", problems);
    }
    read
}

fn length(node: &Node, problems: &mut Problems) -> Option<u32> {
    let number = want::integer(node, problems)?;
    (4..=500).contains(&number).then_some(number).or_else(|| {
        let message = Text::new("此处应为 4 至 500", "expected 4 to 500");
        let hint = Text::new("阿里云缺省 35 字", "Aliyun takes 35 characters unless more was granted");
        want::report(Problem::error(&node.place, "malformed-number", message).hint(hint), problems)
    })
}

fn kinds() -> impl Iterator<Item = &'static str> {
    NoticeKind::ALL.into_iter().map(NoticeKind::as_str).chain([CONFIDENTIAL, DIGEST, DEFAULT])
}

/// A template; none: `false`, notices of this kind shall not go by SMS.
fn template(entry: &Entry, shape: Shape, problems: &mut Problems) -> Result<Option<SmsTemplate>, Reported> {
    if entry.value.scalar().is_some_and(|scalar| scalar.boolean() == Some(false)) {
        return Ok(None);
    }
    registered(entry, shape, problems).map(Some).ok_or(Reported)
}

fn registered(entry: &Entry, shape: Shape, problems: &mut Problems) -> Option<SmsTemplate> {
    let mut fields = Fields::of(&entry.value, problems)?.at(&entry.key.place);
    let id = super::named(&mut fields, "id", problems);
    let params = match fields.optional("params") {
        Some(node) => params(node, shape, entry.key.text == CONFIDENTIAL, problems),
        None => Some(Vec::new()),
    };
    let text = fields.optional("text").and_then(|node| Some((want::text(node, problems)?, node)));
    fields.finish(problems);
    let template = SmsTemplate { id: id?, params: params?, text: text.map(|(text, _)| text.to_owned()) };
    if let Some((text, node)) = text {
        check_text(text, node, &template, shape, problems);
    }
    Some(template)
}

fn params(node: &Node, shape: Shape, confidential: bool, problems: &mut Problems) -> Option<Vec<SmsParam>> {
    let named: Vec<(String, &Node)> = match shape {
        Shape::Named => {
            let entries = want::mapping(node, problems)?.iter();
            entries.map(|entry| (entry.key.text.clone(), &entry.value)).collect()
        }
        Shape::Ordered => {
            let items = want::list(node, problems)?.iter().enumerate();
            items.map(|(at, item)| ((at + 1).to_string(), item)).collect()
        }
    };
    // Every one is read, so that one run names every mistake.
    let read: Vec<_> = named.into_iter().map(|(name, node)| param(name, node, confidential, problems)).collect();
    read.into_iter().collect()
}

fn param(name: String, node: &Node, confidential: bool, problems: &mut Problems) -> Option<SmsParam> {
    let Word { text, place } = want::word(node, problems)?;
    let place = place.clone();
    match params::variables(text, confidential) {
        Ok(variables) => Some(SmsParam { name, value: text.to_owned(), variables, place }),
        Err(mistake) => want::report(refused(&mistake, &place, confidential), problems),
    }
}

fn refused(mistake: &Mistake, place: &Place, confidential: bool) -> Problem {
    match mistake {
        Mistake::Syntax(detail) => {
            let message = Text::new(format!("模板有误：{detail}"), format!("the template does not parse: {detail}"));
            let hint = Text::new("例如 \"{{ order }}\"", "such as \"{{ order }}\"");
            Problem::error(place, "malformed-template", message).hint(hint)
        }
        Mistake::Url => {
            let message = Text::new(
                "短信模板的变量里不能有网址，网关会拒收",
                "no address may stand in a template's parameter: gateways refuse it",
            );
            let hint = Text::new(
                "删去网址；确要给链接，把固定的网址登记在模板正文里",
                "leave it out; a fixed address can be registered in the template's own text",
            );
            Problem::error(place, "url-in-parameter", message).hint(hint)
        }
        Mistake::Signature => {
            let message = Text::new("签名由网关加，变量里不写", "the gateway adds the signature: a parameter has none");
            let hint = Text::new("删去 signature 和【】", "leave out `signature` and 【】");
            Problem::error(place, "signature-in-template", message).hint(hint)
        }
        Mistake::Unknown(name) if confidential => {
            let message = Text::new(
                format!("保密的通知里没有变量“{name}”"),
                format!("a confidential notice has no variable `{name}`"),
            );
            let hint = want::instead(name, variables::CONFIDENTIAL.iter().copied());
            Problem::error(place, "unknown-variable", message).hint(hint)
        }
        Mistake::Unknown(name) => {
            let message = Text::new(format!("没有名为“{name}”的变量"), format!("there is no variable `{name}`"));
            let names = variables::names();
            let hint = want::instead(name, names.iter().map(String::as_str));
            Problem::error(place, "unknown-variable", message).hint(hint)
        }
    }
}

/// Holds a template's registered text against what gateways take and against its parameters.
fn check_text(text: &str, node: &Node, template: &SmsTemplate, shape: Shape, problems: &mut Problems) {
    if text.contains(['【', '】']) {
        let message = Text::new("模板正文里不能有【】", "a template's text has no 【】");
        let hint = Text::new("签名由网关加，正文里不写", "the gateway adds the signature: leave it out of the text");
        problems.push(Problem::error(&node.place, "signature-in-template", message).hint(hint));
    }
    if segments::length("", text) > segments::LENGTH_MAX {
        let message = Text::new("模板正文超过500字", "the template's text is longer than 500 characters");
        let hint = Text::new("缩短正文", "shorten it");
        problems.push(Problem::error(&node.place, "too-large", message).hint(hint));
    }
    if let Some((zh, en)) = placeholders::differs(text, &template.params, shape == Shape::Named) {
        let hint = Text::new("按登记的模板改 params 或 text", "mend `params` or `text` as the template is registered");
        problems.push(Problem::error(&node.place, "template-mismatch", Text::new(zh, en)).hint(hint));
    }
}

/// Names the attributes in parameters that the vocabulary does not declare, or that are personal: they are always empty.
pub fn check_attributes(channels: &[Channel], vocabulary: &Vocabulary, problems: &mut Problems) {
    let shown = vocabulary.order.values().filter(|attribute| attribute.kind != Kind::Personal);
    let known: Vec<String> = shown.map(|attribute| format!("{ATTRIBUTES}{}", attribute.name)).collect();
    let params = channels.iter().filter_map(|channel| match &channel.kind {
        ChannelKind::Sms(sms) => sms.templates(),
        _ => None,
    });
    for param in params.flat_map(SmsTemplates::params) {
        let named = param.variables.iter().filter(|name| name.starts_with(ATTRIBUTES));
        for text in named.filter(|name| !known.contains(name)) {
            let word = Word { text, place: &param.place };
            problems.push(want::unknown_word(
                word,
                "unknown-variable",
                ("变量", "variable"),
                known.iter().map(String::as_str),
            ));
        }
    }
}

/// Names the kinds of notices that no template is for. What is confidential never takes the default one.
fn warn_of_missing<T>(by_kind: &BTreeMap<String, T>, place: &Place, problems: &mut Problems) {
    let has_default = by_kind.contains_key(DEFAULT);
    let needed = kinds().filter(|kind| *kind != DEFAULT && (!has_default || *kind == CONFIDENTIAL));
    let missing: Vec<&str> = needed.filter(|kind| !by_kind.contains_key(*kind)).collect();
    if missing.is_empty() {
        return;
    }
    let message = Text::new(
        format!("这些通知没有短信模板，不会用这个渠道发：{}", missing.join("、")),
        format!("no template for these notices, which do not go by this channel: {}", missing.join(", ")),
    );
    let hint = Text::new(
        "逐一写上模板；default 用于没有单列的各种（保密的除外，须单列 confidential）；确定不发短信的写 种类: false",
        "give each a template; `default` is for all that have none of their own (but `confidential`); write `KIND: false` for \
         what shall not go by SMS",
    );
    problems.push(Problem::warning(place, "no-template", message).hint(hint));
}

/// Names the kinds that have none of the facts that their template names: it would go out with nothing filled in.
fn warn_of_empty(
    by_kind: &BTreeMap<String, Result<Option<SmsTemplate>, Reported>>,
    place: &Place,
    problems: &mut Problems,
) {
    let template = |kind: &str| by_kind.get(kind).or_else(|| by_kind.get(DEFAULT))?.as_ref().ok()?.as_ref();
    let is_empty = |kind: &&str| {
        let params = template(kind).map(|template| &template.params);
        let mut named = params.into_iter().flatten().flat_map(|param| &param.variables).peekable();
        named.peek().is_some() && named.all(|name| !variables::can_have(kind, name))
    };
    let empty: Vec<&str> = NoticeKind::ALL.into_iter().map(NoticeKind::as_str).filter(is_empty).collect();
    if empty.is_empty() {
        return;
    }
    let message = Text::new(
        format!("这些通知不关工单，模板里的变量一个也没有，发出去都是“无”：{}", empty.join("、")),
        format!("these notices concern no order and have none of their template's variables: {}", empty.join(", ")),
    );
    let hint = Text::new(
        "给它们单列模板，变量用 rule、text、ask、reader、at.text；确定不发短信的写 种类: false",
        "give each a template of its own with `rule`, `text`, `ask`, `reader` or `at.text`; write `KIND: false` for what shall \
         not go by SMS",
    );
    problems.push(Problem::warning(place, "nothing-to-fill", message).hint(hint));
}
