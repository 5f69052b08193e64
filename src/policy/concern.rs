//! Which rules of a policy an event concerns, by its type: found once a policy, so that taking an event looks at those
//! rules alone.

use crate::policy::model::{Deadline, Policy, Reaction, Stop};
use crate::symbol::{Symbol, SymbolFilter, SymbolMap};
use std::sync::OnceLock;

/// The rules by event type; found at the first use.
#[derive(Debug, Default)]
pub struct Concerns(OnceLock<Found>);

#[derive(Debug)]
struct Found {
    by_type: SymbolMap<Concern>,
    /// Of a type that no rule names: reactions to whatever happens.
    others: Concern,
}

/// The rules that an event of one type concerns, each by its place in the policy, ascending.
#[derive(Clone, Debug, Default)]
pub(crate) struct Concern {
    /// Deadlines that it starts or restarts.
    pub(crate) opens: Vec<Opens>,
    /// Deadlines whose start at the latest is counted from it.
    pub(crate) latest: Vec<usize>,
    /// Deadlines that name it among their stops.
    pub(crate) stops: Vec<usize>,
    /// Reactions to it.
    pub(crate) reactions: Vec<Reacts>,
}

/// A reaction to an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reacts {
    pub(crate) number: usize,
    /// The attributes of which at least one must be there, the order's or the event's; none where it fires without.
    pub(crate) needs: Option<SymbolFilter>,
}

/// A deadline that an event starts, restarts, or both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opens {
    pub(crate) number: usize,
    pub(crate) starts: bool,
    pub(crate) restarts: bool,
}

impl Policy {
    /// The rules that an event of this type concerns.
    pub(crate) fn concern(&self, kind: Symbol) -> &Concern {
        let found = self.concerns.0.get_or_init(|| self.find_concerns());
        found.by_type.get(&kind).unwrap_or(&found.others)
    }

    fn find_concerns(&self) -> Found {
        let by_type = self.named().map(|kind| (kind, self.concern_of(Some(kind)))).collect();
        Found { by_type, others: self.concern_of(None) }
    }

    /// Every type that a rule names.
    fn named(&self) -> impl Iterator<Item = Symbol> {
        let of_deadlines = self.deadlines.iter().flat_map(Deadline::named);
        let of_reactions = self.reactions.iter().flat_map(|reaction| reaction.upon.iter().flatten().copied());
        of_deadlines.chain(of_reactions)
    }

    fn concern_of(&self, kind: Option<Symbol>) -> Concern {
        let is = |named: &Symbol| Some(*named) == kind;
        let deadlines = |concerned: &dyn Fn(&Deadline) -> bool| places(&self.deadlines, concerned);
        let latest = |deadline: &Deadline| deadline.start_at_latest.iter().flat_map(|latest| &latest.events).any(is);
        let reacts = |reaction: &Reaction| reaction.upon.as_ref().is_none_or(|kinds| kinds.iter().any(is));
        Concern {
            opens: self
                .deadlines
                .iter()
                .enumerate()
                .filter_map(|(number, deadline)| opens(number, deadline, kind))
                .collect(),
            latest: deadlines(&latest),
            stops: deadlines(&|deadline| kind.is_some_and(|kind| deadline.stop.iter().any(|stop| stop.names(kind)))),
            reactions: places(&self.reactions, &reacts)
                .into_iter()
                .map(|number| Reacts { number, needs: self.reactions[number].when.needs() })
                .collect(),
        }
    }
}

impl Deadline {
    fn named(&self) -> Vec<Symbol> {
        let latest = self.start_at_latest.iter().flat_map(|latest| &latest.events);
        let stops = self.stop.iter().flat_map(Stop::kinds);
        self.start.iter().chain(&self.restart_on).chain(latest).chain(stops).copied().collect()
    }
}

fn opens(number: usize, deadline: &Deadline, kind: Option<Symbol>) -> Option<Opens> {
    let is = |named: &Symbol| Some(*named) == kind;
    let (starts, restarts) = (deadline.start.iter().any(is), deadline.restart_on.iter().any(is));
    (starts || restarts).then_some(Opens { number, starts, restarts })
}

fn places<T>(all: &[T], concerned: &dyn Fn(&T) -> bool) -> Vec<usize> {
    (0..all.len()).filter(|place| concerned(&all[*place])).collect()
}
