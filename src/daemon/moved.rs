//! What an edit of the rules does to the orders that are open when it takes force: counted while these are decided anew,
//! told when all of them are.
//!
//! An order is counted once, when it is saved for the first time since the edit. After a stop on the way the rest is
//! counted by the next start, and told as what it is.

use super::rules::{Before, Rules};
use crate::engine::compare::{Change, Pair, Side, edited};
use crate::engine::decide::decide;
use crate::engine::decision::{Obligation, Standing};
use crate::order::{Event, History};
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;
use chrono_tz::Tz;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many examples of each rule are told.
const EXAMPLES: usize = 3;
/// So many rules are named in a notice.
const RULES: usize = 6;

/// What the edit in force does to one order.
#[derive(Clone, Debug, Default)]
pub(super) struct Moved(Vec<Due>);

/// An open obligation with another due, or none any more.
#[derive(Clone, Debug)]
struct Due {
    policy: Symbol,
    rule: Symbol,
    old: Option<Instant>,
    /// None: it is cancelled, or suspended.
    new: Option<Instant>,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Moved,
    Cancelled,
    /// Provisional before, and final now; the due may be the same.
    Settled,
}

/// What the edit in force did to an order that is decided for the first time since; none: it was decided under it before.
pub(super) fn moved(rules: &Rules, history: &History, standing: &Standing) -> Option<Moved> {
    let Before { regime, lineage, from } = rules.before.as_ref()?;
    standing.decided_until.filter(|until| until < from)?;
    let known = known_by(history, *from);
    let before = decide(&known, regime, standing, *from);
    if before.state.ended {
        return None;
    }
    let now = decide(&known, &rules.regime, standing, *from);
    let side = |obligations| Side { obligations, decisions: &[] };
    let pairs = edited(side(&before.obligations), side(&now.obligations), lineage);
    let due = |pair: &Pair<&Obligation>| {
        let one = pair.either();
        let settled = pair.old.is_some_and(|old| old.provisional) && pair.new.is_some_and(|new| !new.provisional);
        let how = match pair.change()? {
            Change::Disappears => How::Cancelled,
            _ if settled => How::Settled,
            Change::Moves => How::Moved,
            _ => return None,
        };
        let due = |one: Option<&Obligation>| one.and_then(|one| one.due);
        Some(Due { policy: one.policy, rule: one.rule, old: due(pair.old), new: due(pair.new), how })
    };
    Some(Moved(pairs.iter().filter_map(due).collect()))
}

/// What was known of the order at an instant.
fn known_by(history: &History, at: Instant) -> History {
    let known: Vec<Event> = history.events().iter().filter(|event| event.recorded_at <= at).cloned().collect();
    History::new(Arc::clone(&history.order), known)
}

/// The sums over all open orders.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// Orders that were open.
    pub(super) orders: u64,
    /// Orders of which any due moved or went.
    affected: u64,
    rules: BTreeMap<(&'static str, &'static str), OfRule>,
}

#[derive(Debug, Default)]
struct OfRule {
    earlier: u64,
    later: u64,
    cancelled: u64,
    settled: u64,
    examples: Vec<(Arc<str>, Option<Instant>, Option<Instant>)>,
}

impl Moves {
    /// Counts an order that was saved.
    pub(super) fn take(&mut self, order: &Arc<str>, moved: &Moved) {
        self.orders += 1;
        self.affected += u64::from(!moved.0.is_empty());
        for due in &moved.0 {
            let sum = self.rules.entry((due.policy.as_str(), due.rule.as_str())).or_default();
            match due.how {
                How::Cancelled => sum.cancelled += 1,
                _ if due.new < due.old => sum.earlier += 1,
                _ if due.new > due.old => sum.later += 1,
                _ => {}
            }
            sum.settled += u64::from(due.how == How::Settled);
            if sum.examples.len() < EXAMPLES {
                sum.examples.push((Arc::clone(order), due.old, due.new));
            }
        }
    }

    /// Whether any due moved, went, or became final.
    pub(super) fn any(&self) -> bool {
        !self.rules.is_empty()
    }

    /// For the ledger.
    pub(super) fn json(&self, version: u32, zone: Tz) -> Value {
        let shown = |at: &Option<Instant>| at.map(|at| at.rfc3339(zone));
        let rules = self.rules.iter().map(|((policy, rule), sum)| {
            let examples = sum
                .examples
                .iter()
                .map(|(order, old, new)| json!({ "order": &**order, "old_due": shown(old), "new_due": shown(new) }));
            json!({
                "policy": policy, "rule": rule, "earlier": sum.earlier, "later": sum.later, "cancelled": sum.cancelled,
                "settled": sum.settled, "examples": examples.collect::<Vec<_>>(),
            })
        });
        json!({
            "version": version, "orders": self.orders, "affected": self.affected, "rules": rules.collect::<Vec<_>>(),
        })
    }

    /// In a sentence a rule, those with most dues first.
    pub(super) fn lines(&self, rules: &Rules, lang: Lang) -> Vec<String> {
        let mut all: Vec<_> = self.rules.iter().collect();
        all.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.earlier + sum.later + sum.cancelled + sum.settled));
        let more = all.len().saturating_sub(RULES);
        let mut lines: Vec<String> =
            all.iter().take(RULES).map(|((policy, rule), sum)| line((policy, rule), sum, rules, lang)).collect();
        if more > 0 {
            lines.push(match lang {
                Lang::Zh => format!("另有 {more} 条规则"),
                Lang::En => format!("and {more} more rules"),
            });
        }
        lines
    }

    /// What is said first.
    pub(super) fn headline(&self, version: u32, lang: Lang) -> String {
        let (orders, affected) = (self.orders, self.affected);
        match lang {
            Lang::Zh => format!("第 {version} 版规则生效，{orders} 张在办工单中 {affected} 张到期有变"),
            Lang::En => format!("version {version} is in force: of {orders} open orders {affected} have other dues"),
        }
    }
}

fn line((policy, rule): (&str, &str), sum: &OfRule, rules: &Rules, lang: Lang) -> String {
    let zone = rules.words.zone;
    let counts = [
        (sum.earlier, "提前", "earlier"),
        (sum.later, "推后", "later"),
        (sum.cancelled, "取消", "cancelled"),
        (sum.settled, "由暂定转为确定", "final at last"),
    ];
    let counts = counts.into_iter().filter(|(count, _, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, zh, en)| match lang {
            Lang::Zh => format!("{zh} {count} 条"),
            Lang::En => format!("{count} {en}"),
        })
        .collect();
    let shown =
        |at: &Option<Instant>| at.map_or("-".into(), |at| at.in_zone(zone).format("%Y-%m-%d %H:%M").to_string());
    let examples = sum.examples.iter().map(|(order, old, new)| format!("{order} {} → {}", shown(old), shown(new)));
    let examples: Vec<String> = examples.collect();
    match lang {
        Lang::Zh => format!("{}：{}，如 {}", title(rules, policy, rule), counts.join("，"), examples.join("、")),
        Lang::En => format!("{policy} {rule}: {}, such as {}", counts.join(", "), examples.join(", ")),
    }
}

fn title(rules: &Rules, policy: &str, rule: &str) -> String {
    let known = rules.words.regime.versions.iter().rev().flat_map(|version| &version.rules.policies);
    let known = known.filter(|known| known.id.as_str() == policy);
    let titles = known.flat_map(|policy| &policy.deadlines).filter(|known| known.id.as_str() == rule);
    titles.map(|known| format!("{}（{rule}）", known.title)).next().unwrap_or_else(|| rule.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_told_by_how_many_dues_of_theirs_moved_each_with_examples() {
        let due = |rule: &str, old: i64, new: Option<i64>, how| Due {
            policy: "p".into(),
            rule: rule.into(),
            old: Some(Instant(old)),
            new: new.map(Instant),
            how,
        };
        let mut moves = Moves::default();
        moves.take(&"O1".into(), &Moved(vec![due("a", 0, None, How::Cancelled)]));
        moves.take(&"O2".into(), &Moved(Vec::new()));
        for number in 3..8 {
            let order: Arc<str> = format!("O{number}").into();
            moves.take(&order, &Moved(vec![due("b", 60_000, Some(0), How::Moved), due("b", 0, Some(0), How::Settled)]));
        }
        assert_eq!(moves.headline(2, Lang::Zh), "第 2 版规则生效，7 张在办工单中 6 张到期有变");
        let json = moves.json(2, chrono_tz::UTC);
        assert_eq!((&json["orders"], &json["affected"]), (&json!(7), &json!(6)));
        let (a, b) = (&json["rules"][0], &json["rules"][1]);
        assert_eq!((&a["rule"], &a["cancelled"], &a["examples"][0]["new_due"]), (&json!("a"), &json!(1), &Value::Null));
        assert_eq!((&b["earlier"], &b["later"], &b["settled"]), (&json!(5), &json!(0), &json!(5)));
        assert_eq!(b["examples"].as_array().map(Vec::len), Some(EXAMPLES));
    }
}
