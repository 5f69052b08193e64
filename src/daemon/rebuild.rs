//! Derived rows anew: what obligations, attributes and state are kept of an order against what follows from its events.
//!
//! Each order is decided once more on what was known and up to the instant when it was last decided. Nothing new may come
//! of it; if it does, that is named and left to a person, for no card is given by a repair.

use super::decide::next_look;
use super::rules::Rules;
use crate::engine::decide::decide;
use crate::engine::decision::{Decided, Obligation};
use crate::intake::body::history;
use crate::store::Store;
use crate::store::decided::SavedOrder;
use crate::store::error::StoreError;
use crate::store::orders::LoadedOrder;
use crate::store::view::OrderView;
use std::sync::Arc;

/// So many orders are looked at together.
const BATCH: u32 = 256;

/// What is kept otherwise than it follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The order.
    pub order: Arc<str>,
    /// What differs: `obligation`, `attribute`, `round`, `ended`, `policies`, `next_due`, `decision`.
    pub what: &'static str,
    /// Which of them; empty where there is one only.
    pub name: String,
    /// What is kept; none: nothing is.
    pub kept: Option<String>,
    /// What follows; none: nothing does.
    pub follows: Option<String>,
}

/// How much was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Orders that were looked at.
    pub orders: u64,
    /// Those of them that were not as they should be.
    pub differing: u64,
    /// Those left to the daemon: they are about to be decided.
    pub left: u64,
}

/// Looks at every order, names differences, and writes what follows where `is_written`.
pub async fn rebuild(
    store: &Store,
    rules: &Rules,
    is_written: bool,
    mut name: impl FnMut(&Difference),
) -> Result<Rebuilt, StoreError> {
    let (mut rebuilt, mut last) = (Rebuilt::default(), None);
    loop {
        let page = store.orders_after(last.as_ref(), BATCH).await?;
        let Some(end) = page.last() else { return Ok(rebuilt) };
        last = Some(end.clone());
        let mut mended = Vec::new();
        for loaded in store.load_orders(&page).await? {
            rebuilt.orders += 1;
            let Some(saved) = decided_again(rules, loaded) else {
                rebuilt.left += 1;
                continue;
            };
            let kept = store.order_view(&saved.order.order).await?;
            let found = kept.map(|kept| differences(&kept, &saved.decided)).unwrap_or_default();
            rebuilt.differing += u64::from(!found.is_empty());
            found.iter().for_each(&mut name);
            if !found.is_empty() && saved.decided.new.is_empty() {
                mended.push(saved);
            }
        }
        if is_written && !mended.is_empty() {
            store.save_decided(mended).await?;
        }
    }
}

/// The order decided once more; none: it was never decided, or something became known since.
fn decided_again(rules: &Rules, loaded: LoadedOrder) -> Option<SavedOrder> {
    let LoadedOrder { order, events, standing, fence } = loaded;
    let until = standing.decided_until?;
    if events.last().map(|event| event.seq) != standing.known {
        return None;
    }
    let history = history(&order.order, &events, &rules.words.reader);
    let mut decided = decide(&history, &rules.regime, &standing, until);
    decided.next_due = next_look(&decided, &history, until);
    // What is repaired is looked at by the daemon, which knows what else is to be told.
    let look_at = Some(until);
    Some(SavedOrder {
        order,
        fence: fence.with_rows_unknown(),
        until,
        decided,
        approved: Vec::new(),
        lifted: Vec::new(),
        look_at,
        notices: Vec::new(),
    })
}

fn differences(kept: &OrderView, decided: &Decided) -> Vec<Difference> {
    let mut found = Finding { order: &kept.order, found: Vec::new() };
    let state = (&kept.state, &decided.state);
    found.compare("round", &state.0.round, &state.1.round);
    found.compare("ended", &state.0.ended, &state.1.ended);
    let policies = |policies: &[crate::symbol::Symbol]| {
        policies.iter().map(|policy| policy.as_str()).collect::<Vec<_>>().join(", ")
    };
    found.compare("policies", &policies(&state.0.policies), &policies(&state.1.policies));
    found.compare("next_due", &instant(kept.next_due), &instant(decided.next_due));
    let attributes = |pairs: &[(crate::symbol::Symbol, crate::policy::vocabulary::Value)]| {
        pairs.iter().map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect::<Vec<_>>()
    };
    found.pairs("attribute", attributes(&state.0.attributes), &attributes(&state.1.attributes));
    found.pairs("obligation", obligations(&kept.obligations), &obligations(&decided.obligations));
    for decision in &decided.new {
        let name = format!("{} {} {}", decision.policy, decision.rule, decision.step);
        found.push("decision", name, None, Some(instant(Some(decision.at))));
    }
    found.found
}

fn instant(at: Option<crate::time::Instant>) -> String {
    at.map_or("-".to_owned(), |at| at.rfc3339(chrono_tz::UTC))
}

/// Obligations by what tells them apart, each as a text.
fn obligations(obligations: &[Obligation]) -> Vec<(String, String)> {
    let name = |one: &Obligation| {
        format!("{} {} {}/{} {}", one.policy, one.rule, one.round, one.occurrence, instant(Some(one.start)))
    };
    obligations.iter().map(|one| (name(one), said(one))).collect()
}

fn said(one: &Obligation) -> String {
    let Obligation { opened, due, provisional, outcome, stopped_at, department, .. } = one;
    let (opened, due, stopped) = (instant(Some(*opened)), instant(*due), instant(*stopped_at));
    let department = department.as_deref().unwrap_or("-");
    format!("opened {opened}, due {due}, provisional {provisional}, {outcome:?}, stopped {stopped}, {department}")
}

struct Finding<'a> {
    order: &'a Arc<str>,
    found: Vec<Difference>,
}

impl Finding<'_> {
    fn push(&mut self, what: &'static str, name: String, kept: Option<String>, follows: Option<String>) {
        self.found.push(Difference { order: Arc::clone(self.order), what, name, kept, follows });
    }

    fn compare<T: PartialEq + ToString + ?Sized>(&mut self, what: &'static str, kept: &T, follows: &T) {
        if kept != follows {
            self.push(what, String::new(), Some(kept.to_string()), Some(follows.to_string()));
        }
    }

    fn pairs(&mut self, what: &'static str, kept: Vec<(String, String)>, follows: &[(String, String)]) {
        for (name, value) in follows.iter().filter(|pair| !kept.contains(pair)) {
            let before = kept.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
            self.push(what, name.clone(), before, Some(value.clone()));
        }
        for (name, value) in kept {
            if !follows.iter().any(|(known, _)| *known == name) {
                self.push(what, name, Some(value), None);
            }
        }
    }
}
