//! An order's whole story in plain words: what happened, each obligation's arithmetic, what was decided and told to whom,
//! and why a rule did not fire (language.md §4, law 6).
//!
//! An explanation tells what [`decide`](crate::engine::decide::decide) decided, never more: its obligations and decisions
//! are those given to it, its reasons those seen while deciding. Attributes of kind `personal` stay out.

mod arithmetic;
pub mod decided;
mod say;
mod silence;
mod steps;
mod text;

use crate::calendar::Calendar;
use crate::calendar::layout::Line;
use crate::engine::decision::{Decided, Decision, Key, Obligation, Regime};
use crate::engine::trace::{CancelledBy, NotGoverning, Note, Opened, Seen, Which};
use crate::engine::wording;
use crate::order::{Event, History};
use crate::policy::model::{Deadline, Origin, Policy, RuleSet};
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;
use arithmetic::Arithmetic;
use decided::{Act, text_of};
use say::Say;
use std::collections::BTreeMap;
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
    /// The same in its parts.
    pub happened: Vec<EventStory>,
    /// Each policy's part, those that govern the order first.
    pub policies: Vec<PolicyStory>,
    lang: Lang,
}

/// What happened once.
#[derive(Clone, Debug, PartialEq)]
pub struct EventStory {
    /// The event's id.
    pub id: Arc<str>,
    /// What its type is called.
    pub kind: String,
    /// When it happened.
    pub at: Instant,
    /// When it became known.
    pub recorded_at: Instant,
    /// What it carries, but for what is personal.
    pub carried: String,
    /// The event that voids it.
    pub voided_by: Option<Arc<str>>,
    /// What it does with which decision, if it is an act.
    pub act: Option<Act>,
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
    /// Its deadline's title.
    pub title: String,
    /// Where its deadline comes from.
    pub from: Origin,
    /// Its deadline's title, round and outcome.
    pub heading: String,
    /// Its clause, and what of it is local; may be empty.
    pub origin: String,
    /// Its arithmetic, a line each.
    pub arithmetic: Vec<String>,
    /// The same in its parts.
    pub laid_out: Vec<Laid>,
    /// Its steps, a line each.
    pub steps: Vec<String>,
    /// The same in their parts.
    pub ladder: Vec<StepStory>,
}

/// A line of an obligation's arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub enum Laid {
    /// What began, moved or ended the clock: its name (起, 限, 到期; may be empty), and the rest.
    Said(String, String),
    /// A date that was counted, or dates that were not.
    Counted(Line),
}

/// A step of an obligation's ladder.
#[derive(Clone, Debug, PartialEq)]
pub struct StepStory {
    /// What it does, and when.
    pub name: String,
    /// The decisions that it made.
    pub made: Vec<Key>,
    /// Why it made none, or when it would; empty where it made one.
    pub why_not: Vec<WhyNot>,
}

/// Why a step made nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyNot {
    /// When, where its instant came.
    pub at: Option<String>,
    /// Why.
    pub why: String,
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
    explain_in(known, recipients, lang, Dates::Plain)
}

/// Explains an order in Chinese, with instants as letters write them: 2024年5月11日（周六，劳动节调休上班）08:50.
pub fn explain_formally(known: &Known<'_>, recipients: &BTreeMap<Symbol, String>) -> Explanation {
    explain_in(known, recipients, Lang::Zh, Dates::Formal)
}

/// How instants are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dates {
    /// 2024-05-11 周六 08:50.
    Plain,
    /// 2024年5月11日（周六，劳动节调休上班）08:50.
    Formal,
}

impl Dates {
    /// The calendar by which days are named, where they are.
    fn by(self, calendar: &Calendar) -> Option<&Calendar> {
        Some(calendar).filter(|_| self == Dates::Formal)
    }
}

fn explain_in(known: &Known<'_>, recipients: &BTreeMap<Symbol, String>, lang: Lang, dates: Dates) -> Explanation {
    let rules = latest(known.regime);
    let story = |policy: &Arc<Policy>| {
        let calendar = &*policy.calendar;
        let say = Say { lang, rules, recipients, zone: calendar.zone(), formal: dates.by(calendar) };
        Teller { known, policy, say: &say }.story()
    };
    let gone = gone(known, rules);
    let mut policies: Vec<_> = rules.policies.iter().chain(gone).map(story).collect();
    policies.sort_by_key(|policy| policy.why_not.is_some());
    let calendar = main_calendar(known, rules);
    let zone = calendar.map_or(chrono_tz::UTC, Calendar::zone);
    let say = Say { lang, rules, recipients, zone, formal: calendar.and_then(|calendar| dates.by(calendar)) };
    let happened: Vec<_> = known.history.events().iter().map(|event| event_story(&say, event, known.history)).collect();
    let events = happened.iter().map(|story| event_line(&say, story)).collect();
    Explanation { order: known.history.order.clone(), state: state(&say, known), events, happened, policies, lang }
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
pub fn main_calendar<'r>(known: &Known<'_>, rules: &'r RuleSet) -> Option<&'r Calendar> {
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

fn event_story(say: &Say<'_>, event: &Event, history: &History) -> EventStory {
    let voids = |other: &&Event| other.kind.as_str() == "retracted" && text_of(other, "event") == Some(&*event.id);
    EventStory {
        id: event.id.clone(),
        kind: say.kind(event.kind),
        at: event.at,
        recorded_at: event.recorded_at,
        carried: say.carried(event),
        voided_by: history.events().iter().find(voids).map(|other| other.id.clone()),
        act: Act::of(event, &say.rules.vocabulary),
    }
}

fn event_line(say: &Say<'_>, story: &EventStory) -> String {
    let at = say.moment(story.at);
    let mut more = Vec::new();
    if story.recorded_at > story.at {
        let recorded_at = say.moment(story.recorded_at);
        more.push(say.either(format!("{recorded_at} 登记"), format!("recorded {recorded_at}")));
    }
    if let Some(by) = &story.voided_by {
        more.push(say.either(format!("已由［{by}］更正作废"), format!("voided by [{by}]")));
    }
    let more = match more.as_slice() {
        [] => String::new(),
        more => say.either(format!("（{}）", more.join("；")), format!(" ({})", more.join("; "))),
    };
    format!("{at}  {}{more} {}", say.event(&story.kind, &story.id), story.carried).trim_end().to_owned()
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
            decisions: self.own_decisions().flat_map(|decision| self.decision_lines(decision)).collect(),
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
        let laid_out = deadline.map(|deadline| self.arithmetic(deadline, obligation)).unwrap_or_default();
        let ladder = deadline.map(|deadline| self.ladder(deadline, obligation)).unwrap_or_default();
        ObligationStory {
            obligation: obligation.clone(),
            title: deadline.map_or_else(|| obligation.rule.to_string(), |deadline| deadline.title.clone()),
            from: deadline.map(|deadline| deadline.origin.clone()).unwrap_or_default(),
            heading: self.say.head(&format!("{title} {place}"), outcome),
            origin: deadline.map(|deadline| self.say.origin(&deadline.origin)).unwrap_or_default(),
            arithmetic: laid_out.iter().map(|laid| self.laid(laid)).collect(),
            laid_out,
            steps: self.step_lines(&ladder),
            ladder,
        }
    }

    fn laid(&self, laid: &Laid) -> String {
        match laid {
            Laid::Said(name, rest) if name.is_empty() => rest.clone(),
            Laid::Said(name, rest) => self.say.head(name, rest),
            Laid::Counted(line) => format!("  {}", line.text(self.say.lang, self.say.zone)),
        }
    }

    fn arithmetic(&self, deadline: &Deadline, obligation: &Obligation) -> Vec<Laid> {
        let which = which(obligation);
        let mut told = Arithmetic::new(self.say, self.calendar_of(which), deadline, self.known.history);
        for note in self.notes() {
            match &note.seen {
                Seen::Opened(opened) if opened.obligation == which => told.open(opened, note.at),
                Seen::Recounted { obligation, limit, due, version } if *obligation == which => {
                    told.recounted(note.at, limit, *due, version, self.calendar_in(version));
                }
                Seen::Moved { obligation, by, due } if *obligation == which => told.moved(note.at, by, *due),
                Seen::NotMoved { obligation, event, why } if *obligation == which => {
                    told.not_moved(note.at, event, why);
                }
                Seen::Stopped { obligation, event } if *obligation == which => told.stopped(note.at, event),
                Seen::NotStopped { obligation, event, failing } if *obligation == which => {
                    told.not_stopped(note.at, event, &self.say.failing(failing));
                }
                Seen::Cancelled { obligation, by } if *obligation == which => {
                    told.put("取消", "cancelled", self.cancelled(note.at, by));
                }
                _ => {}
            }
        }
        if let Some(due) = obligation.due.filter(|due| told.due() != Some(*due)) {
            let due = self.say.moment(due);
            told.put("规则变更后到期", "due after an edit of the rules", due);
        }
        told.into_lines()
    }

    /// The calendar of the version under which an obligation opened.
    fn calendar_of(&self, which: Which) -> &'a Calendar {
        let opened = self.notes().find_map(|note| match &note.seen {
            Seen::Opened(Opened { obligation, version, .. }) if *obligation == which => Some(version),
            _ => None,
        });
        opened.map_or(&self.policy.calendar, |version| self.calendar_in(version))
    }

    /// The policy's calendar as a version has it.
    fn calendar_in(&self, version: &str) -> &'a Calendar {
        let version = self.known.regime.versions.iter().find(|known| &*known.rules.version == version);
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
        self.say.either(format!("{moment}，{by}"), format!("{moment}, {by}"))
    }
}

fn which(obligation: &Obligation) -> Which {
    Which { rule: obligation.rule, round: obligation.round, occurrence: obligation.occurrence }
}
