//! What templates may name, and what they are tried with.

use crate::notify::facts::{Duty, EventFacts, Fact, Facts, Learned, Next, Revoked};
use crate::notify::render::Reader;
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

/// What a template sees: the facts, and over them what depends on the reader and on how short it is to be. Asked some two
/// hundred times a notice, so that it is one look-up whatever lies over what.
#[derive(Clone, Debug)]
pub(in crate::notify) struct Scope {
    facts: Value,
    attributes: Value,
    /// `reader`, `unit` and `ask`; none where nobody in particular reads.
    reader: Option<[Value; 3]>,
    brevity: u8,
}

impl Scope {
    pub(in crate::notify) fn new(facts: &Facts) -> Scope {
        let attributes = Value::from_object(Attributes(facts.attributes.clone()));
        Scope { facts: Value::from(Serde(facts)), attributes, reader: None, brevity: facts.brevity }
    }

    /// As one reader is told.
    pub(in crate::notify) fn with_reader(&self, Reader { title, unit, ask }: &Reader) -> Scope {
        let reader = Some([title, unit, ask].map(|text| Value::from(text.as_str())));
        Scope { reader, ..self.clone() }
    }

    pub(in crate::notify) fn with_brevity(&self, brevity: u8) -> Scope {
        Scope { brevity, ..self.clone() }
    }

    /// As templates take it.
    pub(in crate::notify) fn value(&self) -> Value {
        Value::from_object(self.clone())
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        self.get_value_by_str(name.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        match (name, &self.reader) {
            ("attributes", _) => Some(self.attributes.clone()),
            ("brevity", _) => Some(self.brevity.into()),
            ("reader", Some([title, ..])) => Some(title.clone()),
            ("unit", Some([_, unit, _])) => Some(unit.clone()),
            ("ask", Some([.., ask])) => Some(ask.clone()),
            _ => self.facts.get_attr(name).ok().filter(|value| !value.is_undefined()),
        }
    }
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
    [&full(), &Facts::default()].map(|facts| Scope::new(facts).value())
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
