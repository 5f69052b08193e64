//! What the rule language itself brings: event types, facts, and the attributes that it reads. Meaning: language.md §2.

use crate::policy::vocabulary::{Attribute, EventType, Kind, Vocabulary};
use crate::symbol::{Symbol, SymbolMap};

/// The event types with a built-in meaning, and their titles.
pub const EVENTS: [(&str, &str); 23] = [
    ("received", "受理"),
    ("dispatched", "转派"),
    ("declined", "退单"),
    ("signed", "签收"),
    ("contacted", "联系诉求人"),
    ("feedback", "初步反馈"),
    ("staged_reply", "阶段答复"),
    ("extended", "延期"),
    ("suspended", "挂起"),
    ("resumed", "恢复"),
    ("transferred", "改派"),
    ("completed", "办结"),
    ("replied", "答复诉求人"),
    ("called_back", "回访"),
    ("reviewed", "复核"),
    ("returned", "退回重办"),
    ("withdrawn", "撤诉"),
    ("archived", "归档"),
    ("retracted", "更正"),
    ("acknowledged", "签收督办"),
    ("approved", "同意"),
    ("refused", "不同意"),
    ("lifted", "人工撤销"),
];

/// The types by which people act on a decision, or void an event: these start, stop and trigger nothing.
pub const SILENT: [&str; 5] = ["acknowledged", "approved", "refused", "lifted", "retracted"];

/// The attributes that the language itself reads; they need no declaration.
pub const ATTRIBUTES: [(&str, &str); 6] = [
    ("by", "经办人或延长时长"),
    ("reason", "理由"),
    ("approver", "批准人"),
    ("event", "所更正的事件"),
    ("decision", "督办决定"),
    ("note", "备注"),
];

/// The facts that conditions may ask about besides attributes and counts, and the words that join conditions.
pub const FACTS: [&str; 11] = [
    "round",
    "returns",
    "yellow_cards",
    "red_cards",
    "in_hours",
    "off_duty",
    "happened",
    "overdue",
    "all",
    "any",
    "not",
];

impl Vocabulary {
    /// What is known without any file.
    pub fn built_in() -> Vocabulary {
        let events = EVENTS.iter().map(|(name, title)| (Symbol::new(name), event_type(name, title)));
        let mut vocabulary = Vocabulary { events: events.collect(), ..Vocabulary::default() };
        vocabulary.give_every_event_its_built_in_attributes();
        vocabulary
    }

    /// An attribute that the language itself reads belongs to whatever event carries it, unless it is declared there or
    /// for the order.
    pub(crate) fn give_every_event_its_built_in_attributes(&mut self) {
        let free: Vec<Attribute> = ATTRIBUTES
            .iter()
            .map(|(name, title)| Attribute { name: Symbol::new(name), title: (*title).into(), kind: Kind::Text })
            .filter(|attribute| !self.order.contains_key(&attribute.name))
            .collect();
        for event in self.events.values_mut() {
            for attribute in &free {
                event.attributes.entry(attribute.name).or_insert_with(|| attribute.clone());
            }
        }
    }
}

fn event_type(name: &str, title: &str) -> EventType {
    EventType { name: Symbol::new(name), title: title.into(), attributes: SymbolMap::default() }
}
