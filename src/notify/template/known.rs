//! What templates may name, and what they are tried with.

use crate::notify::facts::{Duty, EventFacts, Fact, Facts, Learned, Next, Revoked};
use crate::notify::wording::Moment;
use crate::policy::vocabulary::{Kind, Vocabulary};
use minijinja::Value;
use minijinja::value::{Object, Serde};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The names that templates may use, `next.at.brief` among them.
pub(super) struct Known {
    pub(super) names: BTreeSet<String>,
    /// Without a vocabulary, any order attribute may be named.
    any_attribute: bool,
}

impl Known {
    pub(super) fn has(&self, name: &str) -> bool {
        let attribute = self.any_attribute && name.starts_with("attributes.");
        attribute || self.names.contains(name) || FUNCTIONS.contains(&name)
    }
}

/// Functions that templates may call.
const FUNCTIONS: [&str; 4] = ["range", "dict", "namespace", "debug"];

pub(super) fn known_names(vocabulary: Option<&Vocabulary>) -> Known {
    let mut names = BTreeSet::new();
    collect_names(&serde_json::to_value(full()).unwrap_or_default(), "", &mut names);
    let shown = vocabulary.into_iter().flat_map(|vocabulary| vocabulary.order.values());
    let shown = shown.filter(|attribute| attribute.kind != Kind::Personal);
    names.extend(shown.map(|attribute| format!("attributes.{}", attribute.name)));
    Known { names, any_attribute: vocabulary.is_none() }
}

fn collect_names(value: &serde_json::Value, prefix: &str, names: &mut BTreeSet<String>) {
    if let serde_json::Value::Object(map) = value {
        for (key, inner) in map {
            let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            collect_names(inner, &name, names);
            names.insert(name);
        }
    }
}

/// Facts as templates see them.
pub(in crate::notify) fn variables(facts: &Facts) -> Value {
    let attributes = Value::from_object(Attributes(facts.attributes.clone()));
    minijinja::context! { attributes, ..Value::from(Serde(facts)) }
}

/// The order's attributes: one that it has not is empty. Which names are declared is asked when a template is checked.
#[derive(Debug)]
struct Attributes(BTreeMap<String, String>);

impl Object for Attributes {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(Value::from(self.0.get(key.as_str()?).cloned().unwrap_or_default()))
    }
}

/// What templates are tried with: everything there, and as little as there may be.
pub(super) fn trials() -> [Value; 2] {
    [variables(&full()), variables(&Facts::default())]
}

pub(super) fn full() -> Facts {
    let word = || "甲".to_owned();
    let moment = || Moment { full: word(), text: word(), brief: word(), day: word(), time: word(), iso: word() };
    Facts {
        due: Some(moment()),
        made: Some(moment()),
        stopped: Some(moment()),
        next: Some(Next { at: moment(), what: word(), to: word() }),
        event: Some(EventFacts {
            title: word(),
            at: moment(),
            finding: word(),
            facts: vec![Fact { title: word(), value: word() }],
            by: word(),
        }),
        duties: vec![Duty { duty: word(), due: moment() }],
        revoked: Some(Revoked { act: word(), verb: "所亮", at: moment() }),
        learned: vec![Learned { act: word(), at: moment(), recorded: word() }],
        ..Facts::default()
    }
}
