//! The cities whose packs are there, as the story needs them: found in the rules and the directory, so that the demo plays
//! whatever rules it is given.

use crate::calendar::Calendar;
use crate::calendar::span::Span;
use crate::policy::condition::{Condition, Expectation, Fact};
use crate::policy::directory::Directory;
use crate::policy::model::{Limit, Policy, RuleSet, Stop};
use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A city.
#[derive(Clone, Debug)]
pub(super) struct City {
    /// 珠海市; empty where the rules know no regions.
    pub(super) region: Arc<str>,
    /// ZH, with which its orders' numbers begin.
    pub(super) prefix: String,
    /// When it works.
    pub(super) calendar: Arc<Calendar>,
    /// Who handles orders.
    pub(super) departments: Vec<Arc<str>>,
    /// Enterprises that the directory knows here.
    pub(super) enterprises: Vec<Arc<str>>,
    /// Whether the hotline dispatches around the clock.
    pub(super) dispatches_at_night: bool,
    /// Whether a dissatisfied caller's order is returned by itself.
    pub(super) returns: bool,
    /// The event types that its rules listen for.
    pub(super) heard: BTreeSet<Symbol>,
}

/// The cities in the order of their policies. Rules without regions are one city.
pub(super) fn cities(rules: &RuleSet, directory: &Directory) -> Vec<City> {
    let mut cities: BTreeMap<Arc<str>, City> = BTreeMap::new();
    for policy in &rules.policies {
        for region in regions(policy) {
            let city = cities.entry(region.clone()).or_insert_with(|| city(region, policy, directory));
            city.returns |= returns(policy);
            city.dispatches_at_night |= dispatches_at_night(policy);
            city.heard.extend(heard(policy));
        }
    }
    cities.into_values().collect()
}

fn regions(policy: &Policy) -> Vec<Arc<str>> {
    let mut found = Vec::new();
    regions_in(&policy.applies, &mut found);
    if found.is_empty() { vec!["".into()] } else { found }
}

fn regions_in(condition: &Condition, found: &mut Vec<Arc<str>>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| regions_in(part, found)),
        Condition::Fact(Fact::Attribute(name), Expectation::OneOf(values)) if name.as_str() == "region" => {
            found.extend(values.iter().filter_map(text));
        }
        _ => {}
    }
}

fn text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Word(word) => Some(word.as_str().into()),
        _ => None,
    }
}

fn city(region: Arc<str>, policy: &Policy, directory: &Directory) -> City {
    let short = region.trim_end_matches(['市', '区', '县']).to_owned();
    let enterprises = directory.sections.get("enterprise").into_iter().flat_map(BTreeMap::keys);
    City {
        prefix: prefix(policy),
        calendar: policy.calendar.clone(),
        departments: departments(&region, directory),
        enterprises: enterprises.filter(|name| name.contains(&short)).cloned().collect(),
        dispatches_at_night: false,
        returns: false,
        heard: BTreeSet::new(),
        region,
    }
}

/// ZH for `zhuhai-124`: the initials of its syllables, as far as they can be told.
fn prefix(policy: &Policy) -> String {
    let name = policy.id.as_str().split('-').next().unwrap_or_default().to_ascii_uppercase();
    match name.as_str() {
        "YICHENG" => "YC".into(),
        "ZHONGSHAN" => "ZS".into(),
        "SHUANGYASHAN" => "SY".into(),
        name => name.chars().take(2).collect(),
    }
}

/// The departments under a region, near or far; all where none is.
fn departments(region: &Arc<str>, directory: &Directory) -> Vec<Arc<str>> {
    let under = |name: &&Arc<str>| is_under(name, region, directory);
    let found: Vec<Arc<str>> = directory.departments.keys().filter(under).cloned().collect();
    match found.is_empty() {
        true if directory.departments.is_empty() => vec!["承办单位".into()],
        true => directory.departments.keys().cloned().collect(),
        false => found,
    }
}

fn is_under(name: &Arc<str>, region: &Arc<str>, directory: &Directory) -> bool {
    let parent = |name: &Arc<str>| directory.departments.get(name).and_then(|known| known.parent.clone());
    // Whoever writes a circle of parents is not followed round it for ever.
    std::iter::successors(parent(name), parent).take(8).any(|above| above == *region)
}

fn returns(policy: &Policy) -> bool {
    use crate::policy::model::ActionKind;
    let is_return = |kind: &ActionKind| *kind == ActionKind::Return;
    policy.reactions.iter().any(|reaction| reaction.actions.iter().any(|action| is_return(&action.kind)))
}

fn dispatches_at_night(policy: &Policy) -> bool {
    let dispatch = policy.deadlines.iter().find(|deadline| deadline.id.as_str() == "dispatch");
    let elapsed = |limit: &Limit| matches!(limit, Limit::Within(entries) if entries.iter().any(|entry| matches!(entry.is, Span::Elapsed(_))));
    dispatch.is_some_and(|deadline| elapsed(&deadline.limit))
}

fn heard(policy: &Policy) -> impl Iterator<Item = Symbol> {
    let stops = |stop: &Stop| match stop {
        Stop::Event(event, _) => vec![*event],
        Stop::Every(events) => events.clone(),
    };
    let deadlines = policy.deadlines.iter();
    let of_deadlines = deadlines
        .flat_map(move |deadline| [deadline.start.clone(), deadline.stop.iter().flat_map(stops).collect()].concat());
    of_deadlines.chain(policy.reactions.iter().flat_map(|reaction| reaction.upon.clone().unwrap_or_default()))
}
