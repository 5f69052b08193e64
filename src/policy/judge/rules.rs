//! Warnings about deadlines and reactions as a whole.

use super::View;
use super::conditions::{contradiction, demands, exclude, name};
use crate::policy::builtin::SILENT;
use crate::policy::condition::{Condition, Expectation, Fact};
use crate::policy::model::{Deadline, Limit, Stop, Within};
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};

impl View<'_> {
    pub(super) fn rules(&self, problems: &mut Problems) {
        for deadline in &self.policy.deadlines {
            let place = self.place(deadline.id);
            self.never_starts(deadline, &place, problems);
            self.never_stops(deadline, &place, problems);
            self.hidden_within(deadline, problems);
            self.due_never_carried(deadline, &place, problems);
        }
        for reaction in &self.policy.reactions {
            let place = self.place(reaction.id);
            let upon = reaction.upon.clone().unwrap_or_default();
            if !upon.is_empty() && upon.iter().copied().all(is_silent) {
                problems.push(silent(&upon, &place));
            } else if let Some(why) = self.never_holds(&reaction.when, &upon) {
                problems.push(never(&place, ("这条反应", "this reaction"), &why));
            }
        }
    }

    fn never_starts(&self, deadline: &Deadline, place: &Place, problems: &mut Problems) {
        if deadline.start.iter().copied().all(is_silent) && deadline.start_at_latest.is_none() {
            problems.push(silent(&deadline.start, place));
        } else if let Some(why) = self.never_holds(&deadline.when, &at_hand(deadline)) {
            problems.push(never(place, ("这条时限", "this deadline"), &why));
        }
    }

    fn never_stops(&self, deadline: &Deadline, place: &Place, problems: &mut Problems) {
        let never = |stop: &Stop| match stop {
            Stop::Event(event, when) => is_silent(*event) || self.never_holds(when, &[*event]).is_some(),
            Stop::Every(events) => events.iter().copied().any(is_silent),
        };
        if deadline.stop.iter().all(never) {
            let message = Text::new("这条时限永远不会停止：stop 不会成立", "nothing ever stops this deadline");
            let hint = Text::new("检查 stop 的事件类型和条件", "check the types and conditions of `stop`");
            problems.push(Problem::warning(place, "never", message).hint(hint));
        }
    }

    /// Of `within`, the first entry whose condition holds is taken: what stands behind one without condition never is.
    fn hidden_within(&self, deadline: &Deadline, problems: &mut Problems) {
        let (Limit::Within(entries) | Limit::DueFrom(_, entries)) = &deadline.limit else { return };
        let Some(first) = entries.iter().position(|entry| entry.when == Condition::Always) else { return };
        let places = self.places.within.get(&deadline.id);
        let place = |number: usize| places.and_then(|places| places.get(number));
        for number in first + 1..entries.len() {
            let (Some(here), Some(hiding)) = (place(number), place(first)) else { continue };
            let message = Text::new(
                "这一项永远用不到：它前面有一项没有条件",
                "this entry is never taken: one without a condition stands before it",
            );
            let hint = Text::new("把没有 when 的一项放到最后", "put the entry without `when` last");
            let label = Text::new("这一项总是先成立", "this one always holds first");
            problems.push(Problem::warning(here, "hidden", message).hint(hint).related(hiding, label));
        }
    }

    /// `due_from` and `match` read the start event: one that none of them declares is never there.
    fn due_never_carried(&self, deadline: &Deadline, place: &Place, problems: &mut Problems) {
        let due_from = if let Limit::DueFrom(name, _) = &deadline.limit { Some(*name) } else { None };
        for name in due_from.into_iter().chain(deadline.matching) {
            if self.is_never_carried(name, &at_hand(deadline)) {
                let message = Text::new(
                    format!("开始这条时限的事件都不带属性“{name}”"),
                    format!("no event that starts this deadline carries `{name}`"),
                );
                let hint = Text::new(
                    "在词汇表里给这些事件的 attrs 加上它，或检查 start",
                    "declare it under `attrs` of those events, or check `start`",
                );
                problems.push(Problem::warning(place, "never", message).hint(hint));
            }
        }
    }

    /// Why a condition can never hold, if it cannot. `at_hand`: the types of the event at hand; empty: any.
    pub(super) fn never_holds(&self, condition: &Condition, at_hand: &[Symbol]) -> Option<Text> {
        let demands = demands(condition);
        if let Some(fact) = contradiction(&demands) {
            let name = name(fact);
            return Some(Text::new(
                format!("对“{name}”的要求互相矛盾"),
                format!("what is asked of `{name}` contradicts itself"),
            ));
        }
        let missing = demands.iter().find_map(|(fact, expectation)| match (fact, expectation) {
            (Fact::Attribute(_), Expectation::NoneOf(_) | Expectation::Present(false)) => None,
            (Fact::Attribute(name), _) if self.is_never_carried(*name, at_hand) => Some(*name),
            _ => None,
        })?;
        Some(Text::new(format!("这里的事件都不带属性“{missing}”"), format!("no event at hand carries `{missing}`")))
    }

    fn is_never_carried(&self, name: Symbol, at_hand: &[Symbol]) -> bool {
        let carries =
            |event: &Symbol| self.vocabulary.events.get(event).is_none_or(|event| event.attributes.contains_key(&name));
        !at_hand.is_empty() && !self.vocabulary.order.contains_key(&name) && !at_hand.iter().any(carries)
    }

    /// Two deadlines of which one should run where the other does not, but which ask at different events: where the
    /// attribute changes in between, both run, or neither.
    pub(super) fn exclusions(&self, problems: &mut Problems) {
        let deadlines = &self.policy.deadlines;
        for (number, one) in deadlines.iter().enumerate() {
            for other in &deadlines[number + 1..] {
                if let Some(attribute) = self.excluded_on(one, other) {
                    problems.push(exclusion(attribute, (one, &self.place(one.id)), (other, &self.place(other.id))));
                }
            }
        }
    }

    /// The order's attribute on which the conditions of two deadlines that start at different events exclude each other.
    fn excluded_on(&self, one: &Deadline, other: &Deadline) -> Option<Symbol> {
        let same = |a: &[Symbol], b: &[Symbol]| a.iter().all(|event| b.contains(event));
        if same(&one.start, &other.start) && same(&other.start, &one.start) {
            return None;
        }
        let others = demands(&other.when);
        demands(&one.when).iter().find_map(|(fact, expectation)| {
            let Fact::Attribute(name) = fact else { return None };
            let is_order = self.vocabulary.order.contains_key(name);
            let excluded = others.iter().any(|(known, another)| known == fact && exclude(expectation, another));
            (is_order && excluded).then_some(*name)
        })
    }
}

/// The types that the event at hand of a deadline may be of; empty: any (a return stands for the event that led to it).
pub(super) fn at_hand(deadline: &Deadline) -> Vec<Symbol> {
    let latest = deadline.start_at_latest.iter().flat_map(|latest| &latest.events);
    let types: Vec<Symbol> = deadline.start.iter().chain(latest).chain(&deadline.restart_on).copied().collect();
    if types.contains(&Symbol::new("returned")) { Vec::new() } else { types }
}

fn is_silent(event: Symbol) -> bool {
    SILENT.contains(&event.as_str())
}

pub(super) fn without_clause(place: &Place) -> Problem {
    let message = Text::new(
        "这条规则既没有 clause 也没有 local，说不出依据",
        "this rule has neither `clause` nor `local`: nobody can say what it rests on",
    );
    let hint = Text::new(
        "写上依据的条款 clause: 二（一）2；文件没有、由本地自定的写 local: true",
        "cite the document with `clause: …`, or write `local: true` for what is the operator's own",
    );
    Problem::warning(place, "no-clause", message).hint(hint)
}

fn silent(events: &[Symbol], place: &Place) -> Problem {
    let names: Vec<&str> = events.iter().map(|event| event.as_str()).collect();
    let names = names.join("、");
    let message = Text::new(
        format!("“{names}”不引起任何规则，这条规则永远不会执行"),
        format!("`{names}` starts and triggers nothing, so this rule never fires"),
    );
    let hint = Text::new("改用业务事件，如 dispatched、completed", "name an event such as `dispatched` or `completed`");
    Problem::warning(place, "never", message).hint(hint)
}

pub(super) fn never(place: &Place, what: (&str, &str), why: &Text) -> Problem {
    let message =
        Text::new(format!("{}永远不会执行：{}", what.0, why.zh), format!("{} never fires: {}", what.1, why.en));
    let hint = Text::new("检查 when 里的条件", "check the condition under `when`");
    Problem::warning(place, "never", message).hint(hint)
}

fn exclusion(attribute: Symbol, one: (&Deadline, &Place), other: (&Deadline, &Place)) -> Problem {
    let (a, b) = (one.0.id, other.0.id);
    let message = Text::new(
        format!("“{a}”与“{b}”按“{attribute}”二选一，但起算的事件不同：中途改了“{attribute}”，会两条都走或都不走"),
        format!(
            "`{a}` and `{b}` exclude each other on `{attribute}` but start at different events: where it changes in \
             between, both run, or neither"
        ),
    );
    let hint = Text::new(
        "让两条的 start 相同，或改用 within 的列表分档",
        "give both the same `start`, or make them one with a list of `within`",
    );
    Problem::warning(other.1, "exclusive", message)
        .hint(hint)
        .related(one.1, Text::new("另一条在这里", "the other one"))
}

/// The spans of a deadline's `within`.
pub(super) fn entries(deadline: &Deadline) -> &[Within] {
    match &deadline.limit {
        Limit::Within(entries) | Limit::DueFrom(_, entries) => entries,
        Limit::By(_) => &[],
    }
}
