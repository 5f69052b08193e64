//! Ladders (阶梯) and what steps and reactions do. Meaning: language.md §3.

use crate::policy::model::{Action, ActionKind, Colour, Origin, Step, Timing};
use crate::policy::read::Reader;
use crate::policy::read::scalars::{own_origin, positive_span, was};
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::Problem;
use crate::text::tree::Node;
use crate::text::want::{self, Fields, Word};
use std::collections::HashMap;

/// The keys of which a step or reaction has at least one.
const ACTIONS: [&str; 6] = ["card", "route", "return", "flag", "remind", "notify"];

/// What to write instead of a step that is no time away from the due.
const AT_DUE: (&str, &str) = ("要在到期之时，写 at: due", "for the due itself write `at: due`");

/// What every step of one ladder is read with.
pub(crate) struct Rung<'n> {
    /// The policy's ladders with a name.
    pub(crate) named: Option<&'n Node>,
    /// The deadline's clause and local.
    pub(crate) origin: &'n Origin,
    /// The types that the start event may be of.
    pub(crate) at_hand: &'n [Symbol],
}

/// A ladder as far as it has been climbed.
#[derive(Default)]
struct Climb<'n> {
    /// The ladders with a name in which this one stands.
    inside: Vec<&'n str>,
    found: Vec<(Step, Place)>,
    /// Which of the steps found have a name that can be told.
    named: Vec<bool>,
    /// Whether it stands on itself: its steps would be told twice.
    is_circle: bool,
}

/// What a step or reaction does.
pub(crate) struct Done {
    pub(crate) actions: Vec<Action>,
    /// Whether every action that was meant could be read.
    is_whole: bool,
}

impl Reader<'_> {
    /// The steps of a ladder and where each stands: steps, names of ladders, or one of these alone.
    pub(crate) fn ladder<'n>(&mut self, node: &'n Node, rung: &Rung<'n>) -> Vec<(Step, Place)> {
        let mut climb = Climb::default();
        self.rungs(node, rung, &mut climb);
        if !climb.is_circle {
            self.steps_of_one_name(&climb);
        }
        climb.found
    }

    fn rungs<'n>(&mut self, node: &'n Node, rung: &Rung<'n>, climb: &mut Climb<'n>) {
        for item in want::one_or_more(node) {
            match item.scalar() {
                Some(scalar) => {
                    let word = Word { text: &scalar.text, place: &item.place };
                    self.named_ladder(word, rung, climb);
                }
                None => self.step(item, rung, climb),
            }
        }
    }

    fn named_ladder<'n>(&mut self, word: Word<'n>, rung: &Rung<'n>, climb: &mut Climb<'n>) {
        let Some(ladder) = rung.named.and_then(|named| named.entry(word.text)) else {
            let known = rung.named.and_then(Node::mapping).unwrap_or_default();
            let names = known.iter().map(|entry| entry.key.text.as_str());
            let problem = want::unknown_word(word, "unknown-ladder", ("阶梯（ladders）", "ladder"), names);
            return self.report(if known.is_empty() { problem.hint(no_ladders()) } else { problem });
        };
        // The limit ends a ladder that doubles itself through others.
        if climb.inside.contains(&word.text) || climb.found.len() > 1000 {
            climb.is_circle = true;
            let message = Text::new(
                format!("阶梯“{}”绕了一圈又引用自己", word.text),
                format!("the ladder `{}` stands on itself", word.text),
            );
            let hint = Text::new("去掉其中一处引用", "remove one of the references");
            return self.report(Problem::error(word.place, "circle", message).hint(hint));
        }
        climb.inside.push(word.text);
        self.rungs(&ladder.value, rung, climb);
        climb.inside.pop();
    }

    fn step(&mut self, node: &Node, rung: &Rung<'_>, climb: &mut Climb<'_>) {
        let Some(mut fields) = Fields::of(node, self.problems) else { return };
        let timing = self.timing(&mut fields);
        let when = fields.optional("when");
        let when = self.when(when, rung.at_hand);
        let id = fields.optional("id");
        let given = id.and_then(|node| want::word(node, self.problems));
        let was = was(&mut fields, self.problems);
        let origin = own_origin(&mut fields, rung.origin, self.problems);
        let Done { actions, is_whole } = self.actions(&mut fields);
        let place = fields.head().clone();
        fields.finish(self.problems);
        climb.named.push(given.is_some() || (id.is_none() && is_whole));
        let id = given.map_or_else(|| name_of(&actions), |word| Symbol::new(word.text));
        climb.found.push((Step { id, was, timing, when, actions, origin }, place));
    }

    /// Exactly one of `at`, `after`, `before`.
    fn timing(&mut self, fields: &mut Fields<'_>) -> Timing {
        let (at, after, before) = (fields.entry("at"), fields.entry("after"), fields.entry("before"));
        let given: Vec<_> = [at, after, before].into_iter().flatten().filter(|entry| !entry.value.is_null()).collect();
        let hint = || {
            Text::new(
                "写 at: due、after: 时长 或 before: 时长 中的一个",
                "write one of `at: due`, `after: SPAN`, `before: SPAN`",
            )
        };
        match given.as_slice() {
            [] => {
                let message = Text::new("这一步没有写何时执行", "this step does not say when");
                self.report(Problem::error(fields.head(), "missing-field", message).hint(hint()));
                Timing::Due
            }
            [one] if one.key.text == "at" => {
                want::one_of(&one.value, &[("due", Timing::Due)], self.problems).unwrap_or(Timing::Due)
            }
            [one] if one.key.text == "after" => Timing::After(positive_span(&one.value, AT_DUE, self.problems)),
            [one] => Timing::Before(positive_span(&one.value, AT_DUE, self.problems)),
            [_, second, ..] => {
                let message = Text::new("这一步写了两个时间", "this step has two times");
                self.report(Problem::error(&second.key.place, "conflict", message).hint(hint()));
                Timing::Due
            }
        }
    }

    /// Two steps of one name could not be told apart.
    fn steps_of_one_name(&mut self, climb: &Climb<'_>) {
        let mut seen: HashMap<Symbol, &Place> = HashMap::new();
        let named = climb.found.iter().zip(&climb.named).filter(|(_, named)| **named);
        for ((step, place), _) in named {
            let Some(first) = seen.insert(step.id, place) else { continue };
            let id = step.id;
            let message = Text::new(
                format!("同一阶梯里有两步都叫“{id}”"),
                format!("two steps of the ladder are both called `{id}`"),
            );
            let hint = Text::new(
                format!("给其中一步加上自己的名字，如 id: {id}-2"),
                format!("give one of them a name of its own, such as `id: {id}-2`"),
            );
            let label = Text::new("另一步在这里", "the other step");
            self.report(Problem::error(place, "duplicate-step", message).hint(hint).related(first, label));
        }
    }

    /// What a step or reaction does: at least one thing. An action that is there but wrong is told as that alone.
    pub(crate) fn actions(&mut self, fields: &mut Fields<'_>) -> Done {
        let told = Told::read(self, fields);
        let mut kinds: Vec<(ActionKind, Vec<Symbol>)> = Vec::new();
        kinds.extend(self.card(fields).map(|colour| (ActionKind::Card(colour), Vec::new())));
        kinds.extend(fields.optional("route").map(|node| (ActionKind::Route, self.recipients(node))));
        let returns = fields.optional("return").map(|node| want::boolean(node, self.problems));
        if returns == Some(Some(true)) {
            kinds.push((ActionKind::Return, Vec::new()));
        }
        kinds.extend(self.flag(fields).map(|text| (ActionKind::Flag(text), Vec::new())));
        let is_wrong = returns == Some(None) || Self::has_wrong_action(fields, &kinds);
        let may_wait = is_wrong || kinds.iter().any(|(kind, _)| matches!(kind, ActionKind::Route | ActionKind::Return));
        if let Some(node) = told.approval_node.filter(|_| !may_wait) {
            let message = Text::new("approval 只用于 route 或 return", "`approval` goes with `route` or `return` only");
            let hint = Text::new("删去 approval，或加上 route、return", "remove it, or add `route` or `return`");
            self.report(Problem::error(&node.place, "conflict", message).hint(hint));
        }
        let mut actions: Vec<Action> = kinds.into_iter().map(|(kind, targets)| told.action(kind, targets)).collect();
        told.alone(&mut actions);
        if actions.is_empty() && !is_wrong {
            self.report(no_action(fields.head()));
        }
        Done { is_whole: !is_wrong && !actions.is_empty(), actions }
    }

    /// Whether a card or flag is there and could not be read, or an action is there under a misspelt key.
    fn has_wrong_action(fields: &mut Fields<'_>, kinds: &[(ActionKind, Vec<Symbol>)]) -> bool {
        let has = |wanted: fn(&ActionKind) -> bool| kinds.iter().any(|(kind, _)| wanted(kind));
        let is_card = |kind: &ActionKind| matches!(kind, ActionKind::Card(_));
        let is_flag = |kind: &ActionKind| matches!(kind, ActionKind::Flag(_));
        (fields.optional("card").is_some() && !has(is_card))
            || (fields.optional("flag").is_some() && !has(is_flag))
            || ACTIONS.iter().any(|key| fields.has_slip_of(key))
    }

    fn card(&mut self, fields: &mut Fields<'_>) -> Option<Colour> {
        let node = fields.optional("card")?;
        want::one_of(node, &[("yellow", Colour::Yellow), ("red", Colour::Red)], self.problems)
    }

    fn flag(&mut self, fields: &mut Fields<'_>) -> Option<String> {
        let node = fields.optional("flag")?;
        want::text(node, self.problems).map(str::to_owned)
    }
}

/// Who is told, and who must approve.
struct Told<'n> {
    remind: Option<Vec<Symbol>>,
    notify: Option<Vec<Symbol>>,
    approval: Option<Symbol>,
    approval_node: Option<&'n Node>,
}

impl<'n> Told<'n> {
    fn read(reader: &mut Reader<'_>, fields: &mut Fields<'n>) -> Told<'n> {
        let remind = fields.optional("remind").map(|node| reader.recipients(node));
        let notify = fields.optional("notify").map(|node| reader.recipients(node));
        let approval_node = fields.optional("approval");
        let word = approval_node.and_then(|node| want::word(node, reader.problems));
        let approval = word.map(|word| reader.recipient(word));
        Told { remind, notify, approval, approval_node }
    }

    /// A card, route, return or flag with `notify` made its `to`, of a route its `cc`. A card without `notify` keeps an
    /// empty `to`: whoever tells of it tells the department's liaison.
    fn action(&self, kind: ActionKind, targets: Vec<Symbol>) -> Action {
        let told = self.notify.clone().unwrap_or_default();
        let (to, cc) = match kind {
            ActionKind::Route => (targets, told),
            _ => (told, Vec::new()),
        };
        let approval = self.approval.filter(|_| matches!(kind, ActionKind::Route | ActionKind::Return));
        Action { kind, to, cc, approval }
    }

    /// Adds what is decided by itself: a reminder, and a notice beside nothing that it would tell of.
    fn alone(self, actions: &mut Vec<Action>) {
        let notify = self.notify.filter(|_| actions.is_empty());
        let plain = |kind, to| Action { kind, to, cc: Vec::new(), approval: None };
        actions.extend(self.remind.map(|to| plain(ActionKind::Remind, to)));
        actions.extend(notify.map(|to| plain(ActionKind::Notify, to)));
    }
}

fn no_action(place: &Place) -> Problem {
    let message = Text::new("这里没有写做什么", "nothing is done here");
    let hint = Text::new(
        "至少写一个动作：remind、notify、card、route、return、flag",
        "write at least one of `remind`, `notify`, `card`, `route`, `return`, `flag`",
    );
    Problem::error(place, "missing-field", message).hint(hint)
}

/// The name of a step that gives none: its first action in the order of the language.
pub(crate) fn name_of(actions: &[Action]) -> Symbol {
    Symbol::new(match actions.first().map(|action| &action.kind) {
        Some(ActionKind::Card(Colour::Yellow)) => "yellow",
        Some(ActionKind::Card(Colour::Red)) => "red",
        Some(ActionKind::Route) => "route",
        Some(ActionKind::Return) => "return",
        Some(ActionKind::Flag(_)) => "flag",
        Some(ActionKind::Remind) => "remind",
        Some(ActionKind::Notify) | None => "notify",
    })
}

/// What to do where the policy defines no ladder at all.
fn no_ladders() -> Text {
    Text::new(
        "在规则开头用 ladders: 定义它，或在此处直接列出各步",
        "define it under `ladders:` at the top of the policy, or list the steps here",
    )
}
