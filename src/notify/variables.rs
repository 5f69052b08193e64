//! The facts of a notice by name, as short texts: what the parameters of a registered SMS template may be made of. The
//! names are those of the notices' own templates (`rules/templates/README.md`), `due.brief` and `next.what` among them.
//!
//! Only what a template of the configuration names is kept with a notice, and only where it is not empty. Of what is
//! confidential nothing is kept but that something waits, whatever a template names. Links and signatures are no
//! variables: gateways refuse the one and add the other.

use crate::notify::facts::{Facts, Next};
use crate::notify::notice::NoticeKind;
use crate::notify::render::Reader;
use crate::notify::wording::Moment;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a confidential notice has: 移送事项 or 督办事项, a neutral text, and how many further ones there are.
pub const CONFIDENTIAL: [&str; 3] = ["act", "text", MORE];

/// Holds 是 where the notice is confidential; no template may name it, and a sender chooses its template by it.
pub(crate) const IS_CONFIDENTIAL: &str = "confidential";

/// How many further notices the message stands for; empty where it is alone.
pub(crate) const MORE: &str = "more";

/// Holds 是 where the message is a digest; no template may name it, and a sender chooses its template by it.
pub(crate) const IS_DIGEST: &str = "digest";

/// What a digest has besides what its gravest notice has: how many it holds, and of which kinds.
pub const DIGEST: [&str; 2] = [COUNT, KINDS];
const COUNT: &str = "count";
const KINDS: &str = "kinds";

/// Of these the texts of all notices in one message are told, not only the gravest one's.
const JOINED: [&str; 2] = ["act", "rule"];

/// Variables that are one text.
const TEXTS: [&str; 31] = [
    "order",
    "category",
    "department",
    "unit",
    "round",
    "returns",
    "rule",
    "policy",
    "basis",
    "basis_short",
    "local",
    "version",
    "phase",
    "distance",
    "duty",
    "counted",
    "provisional",
    "waiting",
    "stopped_by",
    "callbacks",
    "act",
    "to",
    "cc",
    "approval",
    "reader",
    "ask",
    "text",
    "reason",
    "next.what",
    "next.to",
    MORE,
];

/// Further ones, of the event and of what is revoked.
const OF_PARTS: [&str; 5] = ["event.title", "event.by", "event.finding", "revoked.act", "revoked.verb"];

/// Variables that are moments, each told in [`MOMENT_FORMS`].
const MOMENTS: [&str; 7] = ["at", "made", "due", "stopped", "next.at", "event.at", "revoked.at"];

/// How a moment may be told.
const MOMENT_FORMS: [&str; 5] = ["full", "text", "brief", "day", "time"];

/// The order's attributes stand below this.
pub(crate) const ATTRIBUTES: &str = "attributes.";

/// Every name but those of attributes.
pub fn names() -> BTreeSet<String> {
    let moments = MOMENTS.iter().flat_map(|moment| MOMENT_FORMS.map(|form| format!("{moment}.{form}")));
    let texts = TEXTS.iter().chain(&OF_PARTS).map(ToString::to_string);
    texts.chain(moments).chain(DIGEST.map(ToOwned::to_owned)).collect()
}

/// Whether there is a variable of this name; an attribute's is looked up in the vocabulary by whoever has one.
pub(crate) fn is_known(name: &str) -> bool {
    name.strip_prefix(ATTRIBUTES).is_some_and(|attribute| !attribute.is_empty()) || names().contains(name)
}

/// What a notice of no order (health, duty) has.
const OF_BULLETINS: [&str; 4] = ["rule", "text", "reader", "ask"];

/// Whether a notice of a kind can have a fact of this name.
pub fn can_have(kind: &str, name: &str) -> bool {
    let is_bulletin = [NoticeKind::Health, NoticeKind::Duty].iter().any(|known| known.as_str() == kind);
    !is_bulletin || OF_BULLETINS.contains(&name) || name == MORE || name.starts_with("at.")
}

/// Whether every notice of a kind has a fact of this name: where it has none, it was written before anybody wanted it.
pub(crate) fn always_has(kind: &str, name: &str) -> bool {
    can_have(kind, name)
        && (matches!(name, "rule" | "text" | "reader" | "ask" | "order" | "act") || name.starts_with("at."))
}

/// The names that templates of the configuration use: nothing else is kept with a notice.
#[derive(Clone, Debug, Default)]
pub struct Wanted(Arc<[Arc<str>]>);

impl Wanted {
    /// These.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Wanted {
        let unique: BTreeSet<&str> = names.into_iter().collect();
        Wanted(unique.into_iter().map(Arc::from).collect())
    }

    /// Whether this one is wanted.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|wanted| **wanted == *name)
    }

    /// The variables of one notice to one reader.
    pub(super) fn of(&self, facts: &Facts, reader: &Reader) -> BTreeMap<Arc<str>, String> {
        let texts = self.0.iter().map(|name| (name, value(name, facts, reader)));
        let kept = texts.filter(|(_, text)| !text.is_empty());
        kept.map(|(name, text)| (name.clone(), text.into_owned())).collect()
    }

    /// The variables of a confidential notice, of which `what` is told and nothing else.
    pub(super) fn veiled(&self, what: &str) -> BTreeMap<Arc<str>, String> {
        if self.0.is_empty() {
            return BTreeMap::new();
        }
        let told = [("act", format!("{what}事项")), ("text", format!("有1件{what}事项待查阅"))];
        told.into_iter().chain([(IS_CONFIDENTIAL, "是".into())]).map(|(name, text)| (name.into(), text)).collect()
    }
}

/// The variables of a digest of notices of many orders, the gravest first. `kinds` says what there is: 红牌通知2件.
pub(super) fn digested(notices: &[&BTreeMap<Arc<str>, String>], kinds: &str) -> BTreeMap<Arc<str>, String> {
    let mut merged = merged(notices);
    if merged.is_empty() {
        return merged;
    }
    merged.insert(IS_DIGEST.into(), "是".into());
    merged.insert(COUNT.into(), notices.len().to_string());
    let (name, text) = if merged.contains_key(IS_CONFIDENTIAL) {
        ("text", format!("有{}件事项待查阅", notices.len()))
    } else {
        (KINDS, kinds.to_owned())
    };
    merged.insert(name.into(), text);
    merged
}

/// The variables of one message for several notices, the gravest first.
pub(super) fn merged(notices: &[&BTreeMap<Arc<str>, String>]) -> BTreeMap<Arc<str>, String> {
    let [first, rest @ ..] = notices else { return BTreeMap::new() };
    let mut merged = (*first).clone();
    if rest.is_empty() || first.is_empty() {
        return merged;
    }
    for name in JOINED {
        let mut texts: Vec<&str> = notices.iter().filter_map(|each| each.get(name)).map(String::as_str).collect();
        let mut seen = BTreeSet::new();
        texts.retain(|text| seen.insert(*text));
        if !texts.is_empty() {
            merged.insert(name.into(), texts.join("、"));
        }
    }
    merged.insert(MORE.into(), rest.len().to_string());
    merged
}

/// A variable's text; empty where the notice has none.
fn value<'a>(name: &str, facts: &'a Facts, reader: &'a Reader) -> Cow<'a, str> {
    let part = name.rsplit_once('.');
    match name {
        "round" | "returns" => number(if name == "round" { facts.round } else { facts.returns }),
        "provisional" => if facts.provisional { "暂定" } else { "" }.into(),
        "phase" => facts.phase.into(),
        _ => match part {
            None => text(name, facts, reader).into(),
            Some(("attributes", attribute)) => facts.attributes.get(attribute).map_or("", String::as_str).into(),
            Some((head, last)) => match moment(head, facts) {
                Some(moment) => form(last, moment).into(),
                None => of_part(head, last, facts).into(),
            },
        },
    }
}

fn number(number: u32) -> Cow<'static, str> {
    if number == 0 { "".into() } else { number.to_string().into() }
}

fn text<'a>(name: &str, facts: &'a Facts, reader: &'a Reader) -> &'a str {
    match name {
        "order" => &facts.order,
        "category" => &facts.category,
        "department" => &facts.department,
        "unit" => &reader.unit,
        "reader" => &reader.title,
        "ask" => &reader.ask,
        "rule" => &facts.rule,
        "policy" => &facts.policy,
        "basis" => &facts.basis,
        "basis_short" => &facts.basis_short,
        "local" => &facts.local,
        "version" => &facts.version,
        "distance" => &facts.distance,
        "duty" => &facts.duty,
        "counted" => &facts.counted,
        "waiting" => &facts.waiting,
        "stopped_by" => &facts.stopped_by,
        "callbacks" => &facts.callbacks,
        "act" => &facts.act,
        "to" => &facts.to,
        "cc" => &facts.cc,
        "approval" => &facts.approval,
        "text" => &facts.text,
        "reason" => &facts.reason,
        _ => "",
    }
}

fn moment<'a>(name: &str, facts: &'a Facts) -> Option<&'a Moment> {
    match name {
        "at" => Some(&facts.at),
        "made" => facts.made.as_ref(),
        "due" => facts.due.as_ref(),
        "stopped" => facts.stopped.as_ref(),
        "next.at" => facts.next.as_ref().map(|next| &next.at),
        "event.at" => facts.event.as_ref().map(|event| &event.at),
        "revoked.at" => facts.revoked.as_ref().map(|revoked| &revoked.at),
        _ => None,
    }
}

fn form<'a>(name: &str, moment: &'a Moment) -> &'a str {
    match name {
        "full" => &moment.full,
        "text" => &moment.text,
        "brief" => &moment.brief,
        "day" => &moment.day,
        "time" => &moment.time,
        _ => "",
    }
}

fn of_part<'a>(head: &str, last: &str, facts: &'a Facts) -> &'a str {
    let next = |of: fn(&Next) -> &str| facts.next.as_ref().map_or("", of);
    let event = facts.event.as_ref();
    let revoked = facts.revoked.as_ref();
    match (head, last) {
        ("next", "what") => next(|next| &next.what),
        ("next", "to") => next(|next| &next.to),
        ("event", "title") => event.map_or("", |event| &event.title),
        ("event", "by") => event.map_or("", |event| &event.by),
        ("event", "finding") => event.map_or("", |event| &event.finding),
        ("revoked", "act") => revoked.map_or("", |revoked| &revoked.act),
        ("revoked", "verb") => revoked.map_or("", |revoked| revoked.verb),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::facts::{EventFacts, Revoked};

    fn full() -> (Facts, Reader) {
        let word = || "甲".to_owned();
        let moment = || Moment { full: word(), text: word(), brief: word(), day: word(), time: word(), iso: word() };
        let facts = Facts {
            order: word(),
            category: word(),
            department: word(),
            policy: word(),
            basis: word(),
            basis_short: word(),
            local: word(),
            version: word(),
            rule: word(),
            round: 1,
            returns: 1,
            phase: "due",
            duty: word(),
            counted: word(),
            provisional: true,
            distance: word(),
            stopped_by: word(),
            waiting: word(),
            callbacks: word(),
            act: word(),
            to: word(),
            cc: word(),
            approval: word(),
            text: word(),
            reason: word(),
            at: moment(),
            made: Some(moment()),
            due: Some(moment()),
            stopped: Some(moment()),
            next: Some(Next { at: moment(), what: word(), to: word() }),
            event: Some(EventFacts { title: word(), at: moment(), finding: word(), facts: vec![], by: word() }),
            revoked: Some(Revoked { act: word(), verb: "所亮", at: moment() }),
            attributes: [("region".to_owned(), "珠海市".to_owned())].into(),
            ..Facts::default()
        };
        (facts, Reader { title: word(), unit: word(), ask: word() })
    }

    #[test]
    fn every_name_has_a_text_where_everything_is_known() {
        let (facts, reader) = full();
        for name in names().iter().filter(|name| *name != MORE && !DIGEST.contains(&name.as_str())) {
            assert_ne!(value(name, &facts, &reader), "", "{name}");
        }
        assert_eq!(value("attributes.region", &facts, &reader), "珠海市");
    }

    #[test]
    fn only_what_is_wanted_and_not_empty_is_kept() {
        let (mut facts, reader) = full();
        facts.due = None;
        let wanted = Wanted::new(["order", "due.brief", "attributes.region", "attributes.project", "order"]);
        let kept: Vec<_> = wanted.of(&facts, &reader).into_keys().collect();
        assert_eq!(kept.iter().map(|name| &**name).collect::<Vec<_>>(), ["attributes.region", "order"]);
        assert!(Wanted::default().of(&facts, &reader).is_empty() && Wanted::default().veiled("督办").is_empty());
    }

    #[test]
    fn what_is_confidential_has_no_order_whatever_is_wanted() {
        let veiled = Wanted::new(["order", "department"]).veiled("移送");
        let shown: Vec<_> = veiled.iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!(shown, ["act=移送事项", "confidential=是", "text=有1件移送事项待查阅"]);
    }

    #[test]
    fn several_notices_tell_every_act_and_how_many_there_are() {
        let notice = |act: &str| -> BTreeMap<Arc<str>, String> {
            [("act".into(), act.into()), ("order".into(), "ZH-1".into())].into()
        };
        let (red, yellow) = (notice("红牌"), notice("黄牌"));
        let merged = merged(&[&red, &yellow, &yellow]);
        assert_eq!(
            (merged["act"].as_str(), merged[MORE].as_str(), merged["order"].as_str()),
            ("红牌、黄牌", "2", "ZH-1")
        );
        assert_eq!(super::merged(&[&red]), red);
        assert!(super::merged(&[&BTreeMap::new(), &red]).is_empty());
    }

    #[test]
    fn a_digest_says_how_many_it_holds_and_of_what_is_confidential_no_more() {
        let notice: BTreeMap<Arc<str>, String> =
            [("act".into(), "红牌".into()), ("order".into(), "ZH-1".into())].into();
        let shown = |variables: BTreeMap<Arc<str>, String>| {
            variables.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            shown(digested(&[&notice, &notice], "红牌通知2件")),
            "act=红牌 count=2 digest=是 kinds=红牌通知2件 more=1 order=ZH-1"
        );
        let veiled = Wanted::new(["order"]).veiled("移送");
        assert_eq!(
            shown(digested(&[&veiled, &veiled], "移送通知2件")),
            "act=移送事项 confidential=是 count=2 digest=是 more=1 text=有2件事项待查阅"
        );
        assert!(digested(&[&BTreeMap::new()], "").is_empty());
    }
}
