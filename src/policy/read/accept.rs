//! `accept`: warnings that a rule's author has looked at. Meaning: docs/language.md.

use crate::policy::read::Reader;
use crate::policy::read::places::Accepted;
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::Problem;
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Fields};

/// The warnings about a rule that may be right as it is. (What rests on nothing is answered with `local`.)
pub(crate) const MAY_BE_ACCEPTED: [&str; 5] = ["before-too-long", "exclusive", "hidden", "never", "nobody"];

impl Reader<'_> {
    /// `accept` of a deadline or reaction: kinds of warnings, each with the reason why it is as it should be.
    pub(crate) fn accept(&mut self, fields: &mut Fields<'_>, rule: &Entry, id: Symbol) {
        let Some(node) = fields.optional("accept") else { return };
        let entries = want::mapping(node, self.problems).unwrap_or_default();
        for entry in entries {
            let (code, place) = (entry.key.text.clone(), entry.key.place.clone());
            if !MAY_BE_ACCEPTED.contains(&code.as_str()) {
                self.report(want::unknown_key(&place, &code, &MAY_BE_ACCEPTED));
            }
            self.reason(&entry.value);
            let extent = Place::new(&rule.key.place.source, rule.key.place.start, rule.value.place.end);
            self.places.accepted.push(Accepted { code, place, rule: id, extent });
        }
    }

    fn reason(&mut self, node: &Node) {
        if want::text(node, self.problems).is_some_and(|reason| reason.trim().is_empty()) {
            let message = Text::new("这里要写理由", "a reason belongs here");
            let hint =
                Text::new("写明为什么这样是对的，给以后看的人", "say why it is right, for whoever reads it next");
            self.report(Problem::error(&node.place, "no-reason", message).hint(hint));
        }
    }
}
