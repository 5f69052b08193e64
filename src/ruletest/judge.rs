//! Deciding a case and holding what came against what was expected.

use super::fired::Fired;
use super::instead::Instead;
use super::said::Say;
use super::{Case, Expected, Given, Kind, Revoked, Subject, TestFile};
use crate::engine::decide::{decide, decide_watched};
use crate::engine::decision::{Decided, Decision, DecisionKind, Obligation, Regime, Standing};
use crate::engine::explain::{Explanation, Known, explain};
use crate::order::{Event, History};
use crate::policy::model::{Policy, RuleSet};
use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::text::place::Place;
use crate::time::Instant;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What tests are judged by.
#[derive(Debug)]
pub struct Judge {
    regime: Regime,
    /// What recipients are called.
    recipients: BTreeMap<Symbol, String>,
    lang: Lang,
}

/// What came of a file's cases.
#[derive(Debug)]
pub struct Judged {
    /// The file.
    pub path: String,
    /// The policy tested.
    pub policy: Symbol,
    /// Its cases, in the file's order.
    pub cases: Vec<JudgedCase>,
}

/// What came of a case.
#[derive(Debug)]
pub struct JudgedCase {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// What failed; empty: it passed.
    pub failures: Vec<Failure>,
}

/// Something that did not come as expected.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Where it is expected.
    pub place: Place,
    /// What was expected, and what happened instead: one line.
    pub message: String,
    /// How the due concerned was counted, a line each; may be empty.
    pub arithmetic: Vec<String>,
}

impl Judge {
    /// Judges by these rules, in the words of a language.
    pub fn new(rules: Arc<RuleSet>, recipients: BTreeMap<Symbol, String>, lang: Lang) -> Judge {
        Judge { regime: Regime::always(rules), recipients, lang }
    }

    /// Judges a file's cases, and takes down what fired.
    pub fn judge(&self, file: &TestFile, fired: &mut Fired) -> Judged {
        let cases = file.cases.iter().map(|case| JudgedCase {
            name: case.name.clone(),
            place: case.place.clone(),
            failures: Trial::new(self, &file.policy, case).judged(fired),
        });
        Judged { path: file.path.clone(), policy: file.policy.id, cases: cases.collect() }
    }
}

/// One case before the judge.
struct Trial<'a> {
    judge: &'a Judge,
    policy: &'a Policy,
    case: &'a Case,
    say: Say,
    /// Acts on decisions that nobody had made.
    idle: Vec<Failure>,
    history: History,
}

impl<'a> Trial<'a> {
    fn new(judge: &'a Judge, policy: &'a Policy, case: &'a Case) -> Trial<'a> {
        let say = Say { lang: judge.lang, zone: policy.calendar.zone() };
        let history = History::new(case.name.as_str().into(), Vec::new());
        let mut trial = Trial { judge, policy, case, say, idle: Vec::new(), history };
        trial.history = trial.happened();
        trial
    }

    /// The events, those that act on a decision with its key: each knows what was decided by then.
    fn happened(&mut self) -> History {
        let mut given: Vec<&Given> = self.case.given.iter().collect();
        given.sort_by_key(|given| (given.event.recorded_at, given.event.arrival));
        let mut events: Vec<Event> = Vec::new();
        for given in given {
            let mut event = given.event.clone();
            if let Some(expected) = &given.acts_on {
                let key = self.decision_made(expected, &events, &event);
                match key {
                    Some(key) => event.attributes.push((Symbol::new("decision"), Value::Text(key))),
                    None => self.idle.push(self.nothing_to_act_on(expected)),
                }
            }
            events.push(event);
        }
        History::new(
            self.case.name.as_str().into(),
            events.into_iter().filter(|event| event.recorded_at <= self.case.until).collect(),
        )
    }

    /// The key of the newest decision that an act may mean.
    fn decision_made(&self, expected: &Expected, events: &[Event], act: &Event) -> Option<Arc<str>> {
        let history = History::new(self.case.name.as_str().into(), events.to_vec());
        let decided = decide(&history, &self.judge.regime, &Standing::default(), act.at);
        let came = Came { decided: &decided, history: &history };
        let found = decided.new.iter().rev().find(|made| is_decision(expected, made, came));
        found.map(|made| Arc::clone(&made.key))
    }

    fn nothing_to_act_on(&self, expected: &Expected) -> Failure {
        let what = self.say.expected(expected);
        let message =
            self.say.either(format!("此时还没有这项决定：{what}"), format!("no such decision by then: {what}"));
        Failure { place: expected.place.clone(), message, arithmetic: Vec::new() }
    }

    fn judged(mut self, fired: &mut Fired) -> Vec<Failure> {
        let decided = decide(&self.history, &self.judge.regime, &Standing::default(), self.case.until);
        fired.take(&decided);
        let mut failures = std::mem::take(&mut self.idle);
        if decided.state.policies.contains(&self.policy.id) != self.case.governs {
            failures.push(self.governed_otherwise());
            return failures;
        }
        let came = Came { decided: &decided, history: &self.history };
        let missing = self.case.expect.iter().filter(|expected| !has_come(expected, came));
        failures.extend(missing.map(|expected| self.missing(expected)));
        let unwanted = self.case.never.iter().filter(|expected| has_come(expected, came));
        failures.extend(unwanted.map(|expected| self.unwanted(expected)));
        failures
    }

    /// The same, decided once more with everything told: only a failure asks for it.
    fn explained(&self) -> (Decided, Explanation) {
        let regime = &self.judge.regime;
        let (decided, notes) = decide_watched(&self.history, regime, self.case.until);
        let known = Known {
            history: &self.history,
            regime,
            decided: &decided,
            decisions: &decided.new,
            notes: &notes,
            now: self.case.until,
        };
        let explanation = explain(&known, &self.judge.recipients, self.judge.lang);
        (decided, explanation)
    }

    fn governed_otherwise(&self) -> Failure {
        let (_, explanation) = self.explained();
        let story = explanation.policies.iter().find(|story| story.id == self.policy.id);
        let why = story.and_then(|story| story.why_not.clone()).unwrap_or_default();
        let id = self.policy.id;
        let message = if self.case.governs {
            self.say.either(
                format!("{id} 不管这张工单：{why}（若正要检验这一点，写 governs: false）"),
                format!("{id} does not govern the order: {why} (if that is the point, write `governs: false`)"),
            )
        } else {
            self.say.either(format!("应不适用 {id}；实际适用"), format!("{id} should not govern the order; it does"))
        };
        Failure { place: self.case.place.clone(), message, arithmetic: Vec::new() }
    }

    fn missing(&self, expected: &Expected) -> Failure {
        let (decided, explanation) = self.explained();
        let came = Came { decided: &decided, history: &self.history };
        let instead = Instead { say: self.say, came, explanation: &explanation, until: self.case.until };
        let (what, came) = (self.say.expected(expected), instead.of_missing(expected));
        let message =
            self.say.either(format!("应有 {what}；实际：{came}"), format!("expected {what}; instead: {came}"));
        Failure { place: expected.place.clone(), message, arithmetic: instead.arithmetic(expected) }
    }

    fn unwanted(&self, expected: &Expected) -> Failure {
        let (decided, explanation) = self.explained();
        let came = Came { decided: &decided, history: &self.history };
        let instead = Instead { say: self.say, came, explanation: &explanation, until: self.case.until };
        let (what, came) = (self.say.expected(expected), instead.of_unwanted(expected));
        let message =
            self.say.either(format!("不应有 {what}；实际：{came}"), format!("unwanted: {what}; instead: {came}"));
        Failure { place: expected.place.clone(), message, arithmetic: instead.arithmetic(expected) }
    }
}

/// What came of a case.
#[derive(Clone, Copy)]
pub(super) struct Came<'a> {
    pub(super) decided: &'a Decided,
    pub(super) history: &'a History,
}

impl<'a> Came<'a> {
    /// The department of a decision: a card bears its own, any other falls to whoever has the order then.
    fn department(self, made: &'a Decision) -> Option<&'a str> {
        if let Some(own) = &made.department {
            return Some(own);
        }
        let name = Symbol::new("department");
        let mut then = self.history.events().iter().rev().filter(|event| event.at <= made.at);
        match then.find_map(|event| event.attribute(name))? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Whether something that came agrees with all that is said of it.
pub(super) fn has_come(expected: &Expected, came: Came<'_>) -> bool {
    let decided = came.decided;
    let decision = || decided.new.iter().any(|made| is_decision(expected, made, came));
    let obligation = || decided.obligations.iter().any(|stood| is_obligation(expected, stood));
    match expected.subject {
        Subject::Decision(_) => decision(),
        Subject::Obligation => obligation(),
        Subject::Rule => obligation() || decision(),
    }
}

/// Whether a decision is the one meant.
pub(super) fn is_decision(expected: &Expected, made: &Decision, came: Came<'_>) -> bool {
    let is_kind = match expected.subject {
        Subject::Decision(kind) => is_of_kind(kind, made, came.decided),
        _ => true,
    };
    let liaison = [Symbol::new("liaison")];
    let by_default = matches!(made.kind, DecisionKind::Card(_)) && made.to.is_empty();
    let to: &[Symbol] = if by_default { &liaison } else { &made.to };
    is_kind
        && made.policy == expected.policy
        && agrees(expected.rule, made.rule)
        && agrees(expected.step, made.step)
        && agrees(expected.round, made.round)
        && agrees(expected.occurrence, made.occurrence)
        && agrees(expected.at, made.at)
        && agrees(expected.made_at, made.made_at)
        && expected.due.is_none_or(|due| made.due == Some(due))
        && expected.to.iter().all(|name| to.contains(name))
        && expected.cc.iter().all(|name| made.cc.contains(name))
        && expected.approval.is_none_or(|who| made.approval == Some(who))
        && expected.department.as_deref().is_none_or(|name| came.department(made) == Some(name))
        && expected.text.as_deref().is_none_or(|text| said_by(made).contains(text))
}

fn said_by(made: &Decision) -> &str {
    match &made.kind {
        DecisionKind::Flag(text) => text,
        DecisionKind::Revoke { reason, .. } => reason,
        _ => "",
    }
}

fn agrees<T: PartialEq + Copy>(expected: Option<T>, came: T) -> bool {
    expected.is_none_or(|expected| expected == came)
}

fn is_of_kind(kind: Kind, made: &Decision, decided: &Decided) -> bool {
    match (kind, &made.kind) {
        (Kind::Any, _)
        | (Kind::Remind, DecisionKind::Remind)
        | (Kind::Notify, DecisionKind::Notify)
        | (Kind::Card(None), DecisionKind::Card(_))
        | (Kind::Route, DecisionKind::Route)
        | (Kind::Return, DecisionKind::Return)
        | (Kind::Flag, DecisionKind::Flag(_))
        | (Kind::Revoke(Revoked::Any), DecisionKind::Revoke { .. }) => true,
        (Kind::Card(Some(colour)), DecisionKind::Card(shown)) => colour == *shown,
        (Kind::Revoke(of), DecisionKind::Revoke { revoked, .. }) => {
            let known = decided.new.iter().find(|known| known.key == *revoked);
            known.is_some_and(|known| is_of_kind(of.kind(), known, decided))
        }
        _ => false,
    }
}

impl Revoked {
    fn kind(self) -> Kind {
        match self {
            Revoked::Any => Kind::Any,
            Revoked::Card(colour) => Kind::Card(colour),
            Revoked::Route => Kind::Route,
            Revoked::Return => Kind::Return,
            Revoked::Flag => Kind::Flag,
        }
    }
}

/// Whether an obligation is the one meant.
pub(super) fn is_obligation(expected: &Expected, stood: &Obligation) -> bool {
    stood.policy == expected.policy
        && agrees(expected.rule, stood.rule)
        && agrees(expected.round, stood.round)
        && agrees(expected.occurrence, stood.occurrence)
        && agrees(expected.start, stood.start)
        && agrees(expected.outcome, stood.outcome)
        && agrees(expected.provisional, stood.provisional)
        && expected.due.is_none_or(|due| stood.due == Some(due))
        && expected.stopped_at.is_none_or(|at| stood.stopped_at == Some(at))
        && expected.department.as_deref().is_none_or(|name| stood.department.as_deref() == Some(name))
        && expected.at.is_none_or(|at: Instant| stood.opened == at || stood.due == Some(at))
}
