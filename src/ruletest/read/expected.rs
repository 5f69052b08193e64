//! What a case expects: decisions at an instant, obligations and how they stand, and what must never come.
//!
//! A kind of decision stands beside a time (`"2024-05-11 08:50": yellow`) or before a rule (`red: completion`); beside it,
//! or alone for an obligation, any of the other keys.

use super::Reader;
use super::time::is_time;
use crate::engine::decision::Outcome;
use crate::policy::model::Colour;
use crate::ruletest::{Expected, Kind, Subject, words};
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::problem::Problem;
use crate::text::tree::{self, Entry, Node};
use crate::text::want::{self, Word};

const KEYS: [&str; 18] = [
    "at",
    "kind",
    "rule",
    "step",
    "round",
    "occurrence",
    "to",
    "cc",
    "due",
    "department",
    "outcome",
    "start",
    "stopped_at",
    "made_at",
    "approval",
    "provisional",
    "text",
    "policy",
];

/// Words that a policy, the calendar or a person may have for what was decided, of the engine's own making.
const OWN_STEPS: [&str; 4] = ["extension", "pause", "due_from", "late-events"];

impl Reader<'_, '_> {
    pub(super) fn expected(&mut self, node: &Node) -> Vec<Expected> {
        self.items(node).iter().filter_map(|item| self.expectation(item)).collect()
    }

    /// An expectation that says nothing yet.
    pub(super) fn nothing(&self, node: &Node, subject: Subject) -> Expected {
        Expected::about(node.head().clone(), subject, self.policy.id, None)
    }

    fn expectation(&mut self, item: &Node) -> Option<Expected> {
        let tested = self.policy;
        if let Some(node) = item.get("policy") {
            // Another policy may govern the same order: then the words are that one's.
            self.policy = super::policy_named(node, self.world, self.problems)?;
        }
        let expected = self.entries(item);
        self.policy = tested;
        expected
    }

    fn entries(&mut self, item: &Node) -> Option<Expected> {
        let before = self.problems.len();
        let mut expected = self.nothing(item, Subject::Rule);
        let Some(entries) = item.mapping() else {
            let word = want::word(item, self.problems)?;
            self.word(word, &mut expected);
            return Some(expected);
        };
        for entry in entries {
            self.entry(entry, &mut expected);
        }
        if expected.subject == Subject::Rule && is_of_an_obligation(&expected) {
            expected.subject = Subject::Obligation;
        }
        if expected.subject == Subject::Rule && expected.rule.is_none() && self.problems.len() == before {
            self.problems.push(about_nothing(item));
        }
        self.step_of_rule(item, &expected);
        Some(expected)
    }

    fn entry(&mut self, entry: &Entry, expected: &mut Expected) {
        let (written, node) = (entry.key.text.as_str(), &entry.value);
        let place = &entry.key.place;
        if is_time(written) {
            let at = self.time(Word { text: written, place });
            return self.at_a_time(node, at, expected);
        }
        if let Some(kind) = words::kind(written) {
            return self.of_kind(node, kind, expected);
        }
        if let Some(outcome) = words::outcome(written) {
            self.stands(outcome, expected);
            return expected.rule = self.rule_in(node).or(expected.rule);
        }
        match words::key(written) {
            "at" => expected.at = self.time_of(node),
            "made_at" => expected.made_at = self.time_of(node),
            "due" => expected.due = self.time_of(node),
            "start" => expected.start = self.time_of(node),
            "stopped_at" => expected.stopped_at = self.time_of(node),
            "kind" => self.kind_in(node, expected),
            "rule" => expected.rule = self.rule_in(node),
            "step" => expected.step = want::word(node, self.problems).map(|word| Symbol::new(word.text)),
            "round" => expected.round = want::integer(node, self.problems),
            "occurrence" => expected.occurrence = want::integer(node, self.problems),
            "to" => expected.to = self.recipients(node),
            "cc" => expected.cc = self.recipients(node),
            "approval" => expected.approval = self.recipients(node).first().copied(),
            "department" => {
                expected.department = want::word(node, self.problems).map(|word| word.text.to_owned());
            }
            "text" => expected.text = want::text(node, self.problems).map(str::to_owned),
            "provisional" => expected.provisional = want::boolean(node, self.problems),
            "outcome" => {
                let outcome = want::one_of(node, &words::OUTCOMES, self.problems);
                expected.outcome = outcome;
            }
            "policy" => {}
            _ => self.problems.push(unknown_key(Word { text: written, place })),
        }
    }

    /// What stands beside a time: a kind of decision, how an obligation stands, or a kind with what it is of.
    fn at_a_time(&mut self, node: &Node, at: Option<crate::time::Instant>, expected: &mut Expected) {
        if let Some(entries) = node.mapping() {
            expected.at = at;
            return entries.iter().for_each(|entry| self.entry(entry, expected));
        }
        let Some(word) = want::word(node, self.problems) else { return };
        self.word(word, expected);
        match (expected.subject, expected.outcome) {
            (Subject::Obligation, Some(Outcome::Met)) => expected.stopped_at = at,
            (Subject::Obligation, _) => expected.due = at,
            _ => expected.at = at,
        }
    }

    fn word(&mut self, word: Word<'_>, expected: &mut Expected) {
        if let Some(kind) = words::kind(word.text) {
            expected.subject = Subject::Decision(kind);
        } else if let Some(outcome) = words::outcome(word.text) {
            self.stands(outcome, expected);
        } else if let Some(rule) = self.find_rule(word.text) {
            expected.rule = Some(rule);
        } else {
            let shown = want::shortened(word.text);
            let message = Text::new(format!("此处不能写“{shown}”"), format!("`{shown}` cannot stand here"));
            let known = kinds_and_outcomes();
            self.problems
                .push(Problem::error(word.place, "unknown-value", message).hint(want::instead(word.text, known)));
        }
    }

    #[allow(clippy::unused_self)] // as its siblings are called
    fn stands(&self, outcome: Outcome, expected: &mut Expected) {
        expected.subject = Subject::Obligation;
        expected.outcome = Some(outcome);
    }

    fn kind_in(&mut self, node: &Node, expected: &mut Expected) {
        if let Some(kind) = want::one_of(node, &words::KINDS, self.problems) {
            expected.subject = Subject::Decision(kind);
        }
    }

    /// `red: completion`, `route: supervision-office`, `card: yellow`, `flag: 多次改派`, `revoke: yellow`: a rule, or what
    /// goes with that kind.
    fn of_kind(&mut self, node: &Node, kind: Kind, expected: &mut Expected) {
        let is_refined =
            |subject| matches!((subject, kind), (Subject::Decision(Kind::Card(Some(_))), Kind::Card(None)));
        if !is_refined(expected.subject) {
            expected.subject = Subject::Decision(kind);
        }
        if node.is_null() || node.scalar().and_then(tree::Scalar::boolean) == Some(true) {
            return;
        }
        for word in want::words(node, self.problems) {
            self.goes_with(word, kind, expected);
        }
    }

    fn goes_with(&mut self, word: Word<'_>, kind: Kind, expected: &mut Expected) {
        let of_word = words::kind(word.text);
        if let Some(rule) = self.find_rule(word.text) {
            expected.rule = Some(rule);
        } else if let (Kind::Any, Some(of_word)) = (kind, of_word) {
            expected.subject = Subject::Decision(of_word);
        } else if let (Kind::Card(None), Some(Kind::Card(Some(colour)))) = (kind, of_word) {
            expected.subject = Subject::Decision(Kind::Card(Some::<Colour>(colour)));
        } else if let (Kind::Revoke(_), Some(revoked)) = (kind, of_word.and_then(words::revoked)) {
            expected.subject = Subject::Decision(Kind::Revoke(revoked));
        } else if let (Kind::Remind | Kind::Notify | Kind::Route, Some(recipient)) =
            (kind, self.find_recipient(word.text))
        {
            expected.to.push(recipient);
        } else if kind == Kind::Flag {
            expected.text = Some(word.text.to_owned());
        } else {
            self.rule(word);
        }
    }

    fn rule_in(&mut self, node: &Node) -> Option<Symbol> {
        let word = want::word(node, self.problems)?;
        self.rule(word)
    }

    /// A step is one of its rule's, or of any where no rule is named.
    fn step_of_rule(&mut self, item: &Node, expected: &Expected) {
        let Some(step) = expected.step else { return };
        let of_rule = |id: Symbol| expected.rule.is_none_or(|rule| rule == id);
        let deadlines = self.policy.deadlines.iter().filter(|deadline| of_rule(deadline.id));
        let reactions = self.policy.reactions.iter().filter(|reaction| of_rule(reaction.id));
        let mut known: Vec<&str> =
            deadlines.flat_map(|deadline| &deadline.ladder).map(|step| step.id.as_str()).collect();
        known.extend(reactions.map(|reaction| reaction.step.as_str()));
        known.extend(OWN_STEPS);
        if !known.contains(&step.as_str()) {
            let written = item.mapping().into_iter().flatten().find(|entry| words::key(&entry.key.text) == "step");
            let place = written.map_or(item.head(), |entry| &entry.value.place);
            let word = Word { text: step.as_str(), place };
            self.problems.push(want::unknown_word(word, "unknown-step", ("步骤", "step"), known));
        }
    }
}

fn is_of_an_obligation(expected: &Expected) -> bool {
    expected.outcome.is_some()
        || expected.due.is_some()
        || expected.start.is_some()
        || expected.stopped_at.is_some()
        || expected.provisional.is_some()
}

fn kinds_and_outcomes() -> Vec<&'static str> {
    let kinds = words::KINDS.iter().map(|(word, _)| *word);
    kinds.chain(words::OUTCOMES.iter().map(|(word, _)| *word)).collect()
}

fn unknown_key(word: Word<'_>) -> Problem {
    let shown = want::shortened(word.text);
    let message = Text::new(format!("不认识的键“{shown}”"), format!("unknown key `{shown}`"));
    let known = KEYS.iter().copied().chain(kinds_and_outcomes());
    Problem::error(word.place, "unknown-key", message).hint(want::instead(word.text, known))
}

fn about_nothing(item: &Node) -> Problem {
    let message = Text::new("这一项没有说检验什么", "this entry does not say what it is about");
    let hint = Text::new(
        "写成 { \"2024-05-11 08:50\": 黄牌, rule: response } 或 { rule: response, outcome: 逾期 }",
        "write `{ \"2024-05-11 08:50\": yellow, rule: response }` or `{ rule: response, outcome: overdue }`",
    );
    Problem::error(item.head(), "about-nothing", message).hint(hint)
}
