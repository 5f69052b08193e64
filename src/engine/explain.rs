//! An order's whole story in plain words: what happened, each obligation's arithmetic, what was decided and told to whom,
//! and why a rule did not fire (language.md §4, law 6).
//!
//! An explanation tells what [`decide`](crate::engine::decide::decide) decided, never more: its obligations and decisions
//! are those given to it, its reasons those seen while deciding. Attributes of kind `personal` stay out.

mod arithmetic;
mod say;
mod silence;
mod text;

use crate::calendar::Calendar;
use crate::engine::decision::{Decided, Decision, DecisionKind, Obligation, Outcome, Regime};
use crate::engine::trace::{CancelledBy, NotGoverning, Note, Opened, PassedOver, Seen, Which};
use crate::engine::wording;
use crate::order::{Event, History};
use crate::policy::model::{Deadline, Policy, RuleSet, Step, Timing};
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;
use arithmetic::Arithmetic;
use say::Say;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// What an order is explained from.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What is known of the order.
    pub history: &'a History,
    /// The rules.
    pub regime: &'a Regime,
    /// Its obligations and how it stands.
    pub decided: &'a Decided,
    /// Every decision that was made for it, in the order made.
    pub decisions: &'a [Decision],
    /// What was seen while deciding.
    pub notes: &'a [Note],
    /// As of when.
    pub now: Instant,
}

/// An order's story in the words of one language.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The order.
    pub order: Arc<str>,
    /// How it stands, in a sentence.
    pub state: String,
    /// What happened, a line each.
    pub events: Vec<String>,
    /// Each policy's part, those that govern the order first.
    pub policies: Vec<PolicyStory>,
    lang: Lang,
}

/// What a policy made of the order.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyStory {
    /// Its id.
    pub id: Symbol,
    /// Its title, source, calendar and version.
    pub heading: String,
    /// Why it does not govern the order; none: it does.
    pub why_not: Option<String>,
    /// When rounds began, and the order ended.
    pub rounds: Vec<String>,
    /// Its obligations.
    pub obligations: Vec<ObligationStory>,
    /// The rules that did not fire, each with why.
    pub silent: Vec<SilentRule>,
    /// Its decisions, a line each.
    pub decisions: Vec<String>,
}

/// An obligation and how its due came about.
#[derive(Clone, Debug, PartialEq)]
pub struct ObligationStory {
    /// The obligation.
    pub obligation: Obligation,
    /// Its deadline's title, round and outcome.
    pub heading: String,
    /// Its clause, and what of it is local; may be empty.
    pub origin: String,
    /// Its arithmetic, a line each.
    pub arithmetic: Vec<String>,
    /// Its steps, a line each.
    pub steps: Vec<String>,
}

/// A rule that did not fire.
#[derive(Clone, Debug, PartialEq)]
pub struct SilentRule {
    /// The deadline or reaction.
    pub rule: Symbol,
    /// Its title.
    pub heading: String,
    /// Why, a line each.
    pub reasons: Vec<String>,
}

/// Explains an order. `recipients`: what they are called.
pub fn explain(known: &Known<'_>, recipients: &BTreeMap<Symbol, String>, lang: Lang) -> Explanation {
    let rules = latest(known.regime);
    let story = |policy: &Arc<Policy>| {
        let say = Say { lang, rules, recipients, zone: policy.calendar.zone() };
        Teller { known, policy, say: &say }.story()
    };
    let gone = gone(known, rules);
    let mut policies: Vec<_> = rules.policies.iter().chain(gone).map(story).collect();
    policies.sort_by_key(|policy| policy.why_not.is_some());
    let zone = main_calendar(known, rules).map_or(chrono_tz::UTC, Calendar::zone);
    let say = Say { lang, rules, recipients, zone };
    let events = known.history.events().iter().map(|event| event_line(&say, event)).collect();
    Explanation { order: known.history.order.clone(), state: state(&say, known), events, policies, lang }
}

/// The policies that are no more, but made something of the order; as their last version had them.
fn gone<'a>(known: &Known<'a>, rules: &RuleSet) -> Vec<&'a Arc<Policy>> {
    let mut gone: Vec<&Arc<Policy>> = Vec::new();
    for policy in known.regime.versions.iter().rev().flat_map(|version| &version.rules.policies) {
        let is_known = rules.policies.iter().chain(gone.iter().copied()).any(|other| other.id == policy.id);
        let of_it = known.decisions.iter().any(|made| made.policy == policy.id)
            || known.decided.obligations.iter().any(|obligation| obligation.policy == policy.id);
        if !is_known && of_it {
            gone.push(policy);
        }
    }
    gone
}

fn latest(regime: &Regime) -> &RuleSet {
    &regime.versions.last().expect("a regime has a version").rules
}

/// The calendar of the policy that governs the order, else of any.
fn main_calendar<'r>(known: &Known<'_>, rules: &'r RuleSet) -> Option<&'r Calendar> {
    let governs = |policy: &&Arc<Policy>| known.decided.state.policies.contains(&policy.id);
    let policy = rules.policies.iter().find(governs).or_else(|| rules.policies.first());
    policy.map(|policy| &*policy.calendar)
}

fn state(say: &Say<'_>, known: &Known<'_>) -> String {
    let state = &known.decided.state;
    let (now, attributes) = (say.moment(known.now), say.attributes(&state.attributes));
    let ended = if state.ended { say.either("已终结", "ended") } else { say.either("未终结", "not ended") };
    let round = say.either(format!("第{}轮", state.round), format!("round {}", state.round));
    say.either(
        format!("截至 {now}：{round}，{ended}；{attributes}"),
        format!("at {now}: {round}, {ended}; {attributes}"),
    )
}

fn event_line(say: &Say<'_>, event: &Event) -> String {
    let (at, kind, carried) = (say.moment(event.at), say.kind(event.kind), say.carried(event));
    let late = if event.recorded_at > event.at {
        let recorded_at = say.moment(event.recorded_at);
        say.either(format!("（{recorded_at} 登记）"), format!(" (recorded {recorded_at})"))
    } else {
        String::new()
    };
    format!("{at}  {}{late} {carried}", say.event(&kind, &event.id)).trim_end().to_owned()
}

/// Tells one policy's part.
struct Teller<'a> {
    known: &'a Known<'a>,
    policy: &'a Policy,
    say: &'a Say<'a>,
}

impl<'a> Teller<'a> {
    fn story(&self) -> PolicyStory {
        let why_not = self.why_not();
        let governs = why_not.is_none();
        PolicyStory {
            id: self.policy.id,
            heading: self.heading(),
            why_not,
            rounds: self.rounds(),
            obligations: self.obligations(),
            silent: if governs { silence::silent_rules(self) } else { Vec::new() },
            decisions: self.own_decisions().map(|decision| self.decision_line(decision)).collect(),
        }
    }

    fn notes(&self) -> impl Iterator<Item = &'a Note> {
        let id = self.policy.id;
        self.known.notes.iter().filter(move |note| note.policy == id)
    }

    fn own_decisions(&self) -> impl Iterator<Item = &'a Decision> {
        let id = self.policy.id;
        self.known.decisions.iter().filter(move |decision| decision.policy == id)
    }

    fn heading(&self) -> String {
        let policy = self.policy;
        let source = policy.source.as_ref().map(|source| self.say.either(format!("，{source}"), format!(", {source}")));
        let (source, calendar) = (source.unwrap_or_default(), &policy.calendar.spec().name);
        // Of a policy that is no more the last version that had it.
        let has_it = |rules: &RuleSet| rules.policies.iter().any(|policy| policy.id == self.policy.id);
        let versions = self.known.regime.versions.iter().rev().map(|version| &*version.rules);
        let version = &versions.into_iter().find(|rules| has_it(rules)).unwrap_or(self.say.rules).version;
        self.say.either(
            format!("{}（{}{source}；日历 {calendar}，规则版本 {version}）", policy.title, policy.id),
            format!("{} ({}{source}; calendar {calendar}, version {version})", policy.title, policy.id),
        )
    }

    /// The policy in the version by which something was decided.
    fn policy_of(&self, version: &str) -> &'a Policy {
        let version = self.known.regime.versions.iter().find(|known| *known.rules.version == *version);
        let policy = version.and_then(|version| version.rules.policies.iter().find(|known| known.id == self.policy.id));
        policy.map_or(self.policy, |policy| policy)
    }

    /// A deadline as it is now, else as it was last.
    fn deadline(&self, rule: Symbol) -> Option<&'a Deadline> {
        let older = self.known.regime.versions.iter().rev().flat_map(|version| &version.rules.policies);
        let own = older.map(|policy| &**policy).filter(|policy| policy.id == self.policy.id);
        std::iter::once(self.policy).chain(own).flat_map(|policy| &policy.deadlines).find(|known| known.id == rule)
    }

    fn why_not(&self) -> Option<String> {
        if !self.say.rules.policies.iter().any(|policy| policy.id == self.policy.id) {
            return Some(self.say.either("现行规则里已没有这一份", "the rules in force have it no more"));
        }
        let why = self.notes().find_map(|note| match &note.seen {
            Seen::DoesNotGovern(why) => Some(why),
            _ => None,
        })?;
        Some(match why {
            NotGoverning::Applies(failing) => {
                let failing = self.say.failing(failing);
                self.say.either(format!("适用条件不成立：{failing}"), format!("`applies` does not hold: {failing}"))
            }
            NotGoverning::NotInEffect => {
                self.say.either("第一个事件不在施行日期之内", "the first event's date lies outside its effect")
            }
            NotGoverning::ExtendedBy(other) => self
                .say
                .either(format!("由以它为基础的 {other} 代替"), format!("`{other}`, which builds on it, governs")),
        })
    }

    fn rounds(&self) -> Vec<String> {
        let line =
            |note: &Note| match &note.seen {
                Seen::RoundOpened { decision, .. } => {
                    let (moment, round) = (self.say.moment(note.at), note.round);
                    let by = if decision.is_some() {
                        self.say.either("退回重办的决定", "a return decision")
                    } else {
                        self.say.either("退回重办的事件", "a `returned` event")
                    };
                    Some(self.say.either(
                        format!("{moment} 起第{round}轮（{by}）"),
                        format!("round {round} from {moment} ({by})"),
                    ))
                }
                Seen::OrderEnded { event } => {
                    let moment = self.say.moment(note.at);
                    Some(self.say.either(format!("{moment} 工单终结［{event}］"), format!("ended {moment} [{event}]")))
                }
                _ => None,
            };
        self.notes().filter_map(line).collect()
    }

    fn obligations(&self) -> Vec<ObligationStory> {
        let own = self.known.decided.obligations.iter().filter(|obligation| obligation.policy == self.policy.id);
        own.map(|obligation| self.obligation(obligation)).collect()
    }

    fn obligation(&self, obligation: &Obligation) -> ObligationStory {
        let deadline = self.deadline(obligation.rule);
        let title = deadline.map_or_else(|| obligation.rule.to_string(), |deadline| self.say.deadline(deadline));
        let (round, occurrence) = (obligation.round, obligation.occurrence);
        let place = match occurrence {
            1 => self.say.either(format!("第{round}轮"), format!("round {round}")),
            _ => self
                .say
                .either(format!("第{round}轮第{occurrence}次"), format!("round {round}, occurrence {occurrence}")),
        };
        let outcome = wording::outcome(obligation.outcome, self.say.lang);
        ObligationStory {
            obligation: obligation.clone(),
            heading: self.say.head(&format!("{title} {place}"), outcome),
            origin: deadline.map(|deadline| self.say.origin(&deadline.origin)).unwrap_or_default(),
            arithmetic: deadline.map(|deadline| self.arithmetic(deadline, obligation)).unwrap_or_default(),
            steps: deadline.map(|deadline| self.steps(deadline, obligation)).unwrap_or_default(),
        }
    }

    fn arithmetic(&self, deadline: &Deadline, obligation: &Obligation) -> Vec<String> {
        let which = which(obligation);
        let mut told = Arithmetic::new(self.say, self.calendar_of(which), deadline, self.known.history);
        for note in self.notes() {
            match &note.seen {
                Seen::Opened(opened) if opened.obligation == which => told.open(opened, note.at),
                Seen::Moved { obligation, by, due } if *obligation == which => told.moved(note.at, by, *due),
                Seen::NotMoved { obligation, event, why } if *obligation == which => {
                    told.not_moved(note.at, event, why);
                }
                Seen::Stopped { obligation, event } if *obligation == which => told.stopped(note.at, event),
                Seen::NotStopped { obligation, event, failing } if *obligation == which => {
                    told.not_stopped(note.at, event, &self.say.failing(failing));
                }
                Seen::Cancelled { obligation, by } if *obligation == which => {
                    told.say_line(self.cancelled(note.at, by));
                }
                _ => {}
            }
        }
        if let Some(due) = obligation.due.filter(|due| told.due() != Some(*due)) {
            let due = self.say.moment(due);
            told.say_line(
                self.say.either(format!("规则变更后到期：{due}"), format!("due after an edit of the rules: {due}")),
            );
        }
        told.into_lines()
    }

    /// The calendar of the version under which an obligation opened.
    fn calendar_of(&self, which: Which) -> &'a Calendar {
        let opened = self.notes().find_map(|note| match &note.seen {
            Seen::Opened(Opened { obligation, version, .. }) if *obligation == which => Some(version),
            _ => None,
        });
        let version = opened
            .and_then(|opened| self.known.regime.versions.iter().find(|version| version.rules.version == *opened));
        let policies = version.map(|version| version.rules.policies.iter());
        let policy = policies.and_then(|mut policies| policies.find(|policy| policy.id == self.policy.id));
        policy.map_or(&self.policy.calendar, |policy| &policy.calendar)
    }

    fn cancelled(&self, at: Instant, by: &CancelledBy) -> String {
        let moment = self.say.moment(at);
        let by = match by {
            CancelledBy::NewRound => self.say.either("开始了新的一轮", "a new round"),
            CancelledBy::OrderEnd => self.say.either("工单终结", "the order's end"),
            CancelledBy::Restart(event) => {
                self.say.either(format!("重新起算［{event}］"), format!("a restart [{event}]"))
            }
            CancelledBy::Edit => self.say.either("规则里不再有本时限", "the rules have it no more"),
        };
        self.say.either(format!("取消：{moment}，{by}"), format!("cancelled: {moment}, {by}"))
    }

    fn steps(&self, deadline: &Deadline, obligation: &Obligation) -> Vec<String> {
        deadline.ladder.iter().flat_map(|step| self.step(step, obligation)).collect()
    }

    fn step(&self, step: &Step, obligation: &Obligation) -> Vec<String> {
        let made: Vec<_> = self.own_decisions().filter(|made| is_of(made, step, obligation)).collect();
        if !made.is_empty() {
            return made.into_iter().map(|made| self.decision_line(made)).collect();
        }
        let name = self.say.step(step);
        let passed = self.notes().filter_map(|note| match &note.seen {
            Seen::StepPassedOver { obligation: passed, step: id, why }
                if *passed == which(obligation) && *id == step.id =>
            {
                Some(self.say.head(&format!("{} {name}", self.say.moment(note.at)), &self.passed_over(why)))
            }
            _ => None,
        });
        let passed: Vec<_> = passed.collect();
        if passed.is_empty() { vec![self.say.head(&name, &self.not_come(step, obligation))] } else { passed }
    }

    fn passed_over(&self, why: &PassedOver) -> String {
        match why {
            PassedOver::When(failing) => {
                let failing = self.say.failing(failing);
                self.say
                    .either(format!("未作，条件不成立：{failing}"), format!("not made, its condition fails: {failing}"))
            }
            PassedOver::NoTimeBefore => self
                .say
                .either("未作，起算或重算时已过此刻", "not made, its instant had passed when the due came to hold"),
            PassedOver::FoundTooLate => {
                self.say.either("未作，得知时已到期", "not made, found only at or after the due")
            }
            PassedOver::Edited => {
                self.say.either("未作，规则变更后落在过去", "not made, an edit moved it into the past")
            }
        }
    }

    /// Why a step has not come.
    fn not_come(&self, step: &Step, obligation: &Obligation) -> String {
        let Some(at) = self.instant_of(step, obligation) else {
            return self.say.either("未作，挂起期间没有到期时刻", "not made, there is no due while suspended");
        };
        let moment = self.say.moment(at);
        match obligation.outcome {
            Outcome::Met | Outcome::Late => self.say.either(
                format!("未作，应在 {moment}，此前已办"),
                format!("not made, it would be at {moment}, stopped before"),
            ),
            Outcome::Cancelled => self.say.either(
                format!("未作，应在 {moment}，此前已取消"),
                format!("not made, it would be at {moment}, cancelled before"),
            ),
            _ if at > self.known.now => self.say.either(format!("将在 {moment}"), format!("to come at {moment}")),
            _ => self.say.either(format!("未作（{moment}）"), format!("not made ({moment})")),
        }
    }

    fn instant_of(&self, step: &Step, obligation: &Obligation) -> Option<Instant> {
        let (due, calendar) = (obligation.due?, self.calendar_of(which(obligation)));
        Some(match step.timing {
            Timing::Due => due,
            Timing::After(span) => calendar.due_after(due, span).at.max(obligation.opened),
            Timing::Before(span) => calendar.before(due, span),
        })
    }

    fn decision_line(&self, made: &Decision) -> String {
        let say = self.say;
        let mut line = format!("{} {}", say.moment(made.at), wording::decision(&made.kind, say.lang));
        let policy = self.policy_of(&made.version);
        let rule = policy.deadlines.iter().find(|known| known.id == made.rule).map(|rule| &rule.title);
        let reaction = policy.reactions.iter().find(|known| known.id == made.rule).map(|rule| &rule.title);
        let (title, id) = (rule.or(reaction).map_or("", String::as_str), format!("{}/{}", made.rule, made.step));
        line += &say.either(format!(" {title}（{id}）"), format!(" {title} ({id})"));
        line.extend(made.department.iter().map(|name| format!(" {name}")));
        let told = self.told(made);
        if !told.is_empty() {
            let _ = write!(line, " → {told}");
        }
        let mut more = Vec::new();
        if !made.cc.is_empty() {
            let cc = say.recipients(&made.cc);
            more.push(say.either(format!("抄送 {cc}"), format!("cc {cc}")));
        }
        if let Some(approver) = made.approval {
            let approver = say.recipients(&[approver]);
            more.push(say.either(format!("须经 {approver} 同意"), format!("to be approved by {approver}")));
        }
        match &made.kind {
            DecisionKind::Flag(text) => more.push(text.to_string()),
            DecisionKind::Revoke { reason, .. } => more.push(reason.to_string()),
            _ => {}
        }
        if made.made_at != made.at {
            let made_at = say.moment(made.made_at);
            more.push(say.either(format!("{made_at} 得知后补作"), format!("made {made_at}, when it became known")));
        }
        more.extend(self.source(made).filter(|source| !source.is_empty()));
        more.push(say.either(format!("规则版本 {}", made.version), format!("version {}", made.version)));
        line + &say.either(format!("；{}", more.join("；")), format!("; {}", more.join("; ")))
    }

    /// The clause of a decision's step, and what of it is local.
    fn source(&self, made: &Decision) -> Option<String> {
        let policy = self.policy_of(&made.version);
        let deadline = policy.deadlines.iter().find(|known| known.id == made.rule);
        let step = deadline.and_then(|deadline| deadline.ladder.iter().find(|step| step.id == made.step));
        let reaction = policy.reactions.iter().find(|known| known.id == made.rule);
        let origin = step.map(|step| &step.origin).or(reaction.map(|reaction| &reaction.origin));
        let cited =
            || made.clause.as_ref().map(|clause| self.say.either(format!("依据 {clause}"), format!("clause {clause}")));
        origin.map(|origin| self.say.origin(origin)).or_else(cited)
    }

    fn told(&self, made: &Decision) -> String {
        let by_default = matches!(made.kind, DecisionKind::Card(_)) && made.to.is_empty();
        let liaison = [Symbol::new("liaison")];
        self.say.recipients(if by_default { &liaison } else { &made.to })
    }
}

fn which(obligation: &Obligation) -> Which {
    Which { rule: obligation.rule, round: obligation.round, occurrence: obligation.occurrence }
}

fn is_of(made: &Decision, step: &Step, obligation: &Obligation) -> bool {
    let of_step = made.step == step.id && made.rule == obligation.rule;
    of_step && made.round == obligation.round && made.occurrence == obligation.occurrence
}
