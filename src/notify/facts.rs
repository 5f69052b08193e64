//! What a notice may say of a decision: the variables of its template.
//!
//! Everything is worded here, so that templates only choose and arrange; what is not known is empty or absent. A personal
//! attribute (a caller's name or number) never gets in.

use crate::calendar::Calendar;
use crate::engine::decision::{Decision, DecisionKind, Obligation, OrderState, Regime};
use crate::engine::wording::key_title;
use crate::notify::counting;
use crate::notify::wording::{self, Moment};
use crate::order::{Event, History};
use crate::policy::condition::{self, Condition};
use crate::policy::directory::{Directory, attribute_text};
use crate::policy::model::{ActionKind, Colour, Deadline, Local, Origin, Policy, Reaction, RuleSet, Step, Timing};
use crate::policy::vocabulary::{Attribute, Kind, Value, Vocabulary};
use crate::symbol::Symbol;
use crate::time::Instant;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An order when something is decided of it.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Its events.
    pub history: &'a History,
    /// How it stands.
    pub state: &'a OrderState,
    /// Its obligations as they stand.
    pub obligations: &'a [Obligation],
    /// Everything decided of it, the decision told of included.
    pub decisions: &'a [Decision],
    /// The versions of the rules.
    pub regime: &'a Regime,
}

impl Scene<'_> {
    /// The department that a decision concerns: what it was made against, else what the order has.
    pub(super) fn department(&self, decision: &Decision) -> Option<Arc<str>> {
        decision.department.clone().or_else(|| attribute_text(&self.state.attributes, "department"))
    }
}

/// The variables of a template. Each is documented for operators in `rules/templates/README.md`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Facts {
    /// 【珠海12345】.
    pub signature: String,
    /// The order's id.
    pub order: String,
    /// 咨询; empty where the order has none.
    pub category: String,
    /// The department at that instant; empty where none has it.
    pub department: String,
    /// The order's attributes by name, as people read them; empty where the order has none.
    pub attributes: BTreeMap<String, String>,
    /// The round, from 1.
    pub round: u32,
    /// The policy's title.
    pub policy: String,
    /// 珠府办函〔2023〕64号 二（一）2, or the policy's title where it cites nothing.
    pub basis: String,
    /// The same without a space, for SMS.
    pub basis_short: String,
    /// 红牌为本市设定; empty where the document gives everything.
    pub local: String,
    /// 规则 zhuhai-124，第3版，2024年4月1日起施行.
    pub version: String,
    /// The rule's title: 一小时响应.
    pub rule: String,
    /// When it was decided to be.
    pub at: Moment,
    /// When it became known, where that was later.
    pub made: Option<Moment>,
    /// `before`, `due` or `after` the due for a step, `event` for a reaction.
    pub phase: &'static str,
    /// The due.
    pub due: Option<Moment>,
    /// 联系诉求人.
    pub duty: String,
    /// How the due was counted, one sentence without a full stop.
    pub counted: String,
    /// Whether the calendar of that time is not yet known.
    pub provisional: bool,
    /// How long before or after the due the step lies: 1个工作日.
    pub distance: String,
    /// When it was done after all.
    pub stopped: Option<Moment>,
    /// By what: 办结.
    pub stopped_by: String,
    /// What comes next if nothing is done.
    pub next: Option<Next>,
    /// The event that led to it.
    pub event: Option<EventFacts>,
    /// What began with it, by due.
    pub duties: Vec<Duty>,
    /// What the callbacks so far found: 均为不满意, or 依次为满意、不满意.
    pub callbacks: String,
    /// How often the order was returned before.
    pub returns: u32,
    /// 黄牌, 红牌, 退回重办, 呈报督查室.
    pub act: String,
    /// Who is told: 经办人、专职联络员.
    pub to: String,
    /// Who is told besides.
    pub cc: String,
    /// Who is to approve it.
    pub approval: String,
    /// A flag's text.
    pub text: String,
    /// What is revoked.
    pub revoked: Option<Revoked>,
    /// Why it is revoked.
    pub reason: String,
    /// What became known late.
    pub learned: Vec<Learned>,
    /// The reader's title: 专职联络员.
    pub reader: String,
    /// Where the reader's name belongs in a mail.
    pub salutation: String,
    /// 你单位 to the department's own people, else the department.
    pub unit: String,
    /// What the reader is to do, one clause without 请 and full stop.
    pub ask: String,
    /// The order's page; empty where no address is configured.
    pub url: String,
    /// Where to object; likewise.
    pub objection_url: String,
    /// Whether groups and SMS may only be told that something waits.
    pub confidential: bool,
    /// 0: everything; the greater, the less an SMS may say.
    pub brevity: u8,
}

/// What comes next.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Next {
    /// When.
    pub at: Moment,
    /// 亮红牌.
    pub what: String,
    /// 分管负责人; empty where it is in `what`.
    pub to: String,
}

/// An event.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EventFacts {
    /// 回访.
    pub title: String,
    /// When.
    pub at: Moment,
    /// What it found, of that on which the rule depends: 不满意.
    pub finding: String,
    /// Its attributes: 满意度 → 不满意.
    pub facts: Vec<Fact>,
    /// Who did it, where it says so.
    pub by: String,
}

/// An attribute as people read it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Fact {
    /// 满意度.
    pub title: String,
    /// 不满意.
    pub value: String,
}

/// Something to be done by a time.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Duty {
    /// 联系诉求人.
    pub duty: String,
    /// By when.
    pub due: Moment,
}

/// A decision that is revoked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Revoked {
    /// 黄牌.
    pub act: String,
    /// 所亮 for a card, else 所作.
    pub verb: &'static str,
    /// Its instant.
    pub at: Moment,
}

/// An event that became known late.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Learned {
    /// 联系诉求人.
    pub act: String,
    /// When it happened.
    pub at: Moment,
    /// When it became known: 09:20 on the same day, else 5月13日09:20.
    pub recorded: String,
}

/// A decision with what the rules say of it.
pub(crate) struct Subject<'a> {
    pub(super) decision: &'a Decision,
    pub(super) scene: Scene<'a>,
    rules: &'a RuleSet,
    in_force: Option<Instant>,
    pub(super) policy: &'a Policy,
    rule: Option<Rule<'a>>,
    year: i32,
}

#[derive(Clone, Copy)]
enum Rule<'a> {
    Deadline(&'a Deadline, Option<&'a Step>),
    Reaction(&'a Reaction),
}

impl<'a> Subject<'a> {
    /// Finds what the rules say of a decision; none where no version in the regime has its policy.
    pub(crate) fn of(decision: &'a Decision, scene: Scene<'a>) -> Option<Subject<'a>> {
        let versions = &scene.regime.versions;
        let has = |rules: &RuleSet| rules.policies.iter().any(|policy| policy.id == decision.policy);
        let exact =
            versions.iter().rev().find(|version| *version.rules.version == *decision.version && has(&version.rules));
        let version = exact.or_else(|| versions.iter().rev().find(|version| has(&version.rules)))?;
        let policy = version.rules.policies.iter().find(|policy| policy.id == decision.policy)?;
        let year = wording::year(decision.made_at, policy.calendar.zone());
        let in_force = Some(version.from).filter(|from| *from > Instant::BEGINNING);
        let rule = find_rule(policy, decision);
        Some(Subject { decision, scene, rules: &version.rules, in_force, policy, rule, year })
    }

    fn calendar(&self) -> &'a Calendar {
        &self.policy.calendar
    }

    fn vocabulary(&self) -> &'a Vocabulary {
        &self.rules.vocabulary
    }

    pub(super) fn moment(&self, at: Instant) -> Moment {
        Moment::of(at, self.calendar(), self.year)
    }

    pub(super) fn due(&self, at: Instant) -> Moment {
        Moment::due(at, self.calendar(), self.year)
    }

    fn deadline(&self) -> Option<&'a Deadline> {
        match self.rule? {
            Rule::Deadline(deadline, _) => Some(deadline),
            Rule::Reaction(_) => None,
        }
    }

    fn step(&self) -> Option<&'a Step> {
        match self.rule? {
            Rule::Deadline(_, step) => step,
            Rule::Reaction(_) => None,
        }
    }

    fn obligation(&self) -> Option<&'a Obligation> {
        let wanted = self.decision;
        self.deadline()?;
        let same = |known: &&Obligation| {
            (known.policy, known.rule, known.round, known.occurrence)
                == (wanted.policy, wanted.rule, wanted.round, wanted.occurrence)
        };
        self.scene.obligations.iter().find(same)
    }
}

fn find_rule<'a>(policy: &'a Policy, decision: &Decision) -> Option<Rule<'a>> {
    let bears = |id: Symbol, was: &[Symbol], wanted: Symbol| id == wanted || was.contains(&wanted);
    let deadline = policy.deadlines.iter().find(|known| bears(known.id, &known.was, decision.rule));
    if let Some(deadline) = deadline {
        let step = deadline.ladder.iter().find(|step| bears(step.id, &step.was, decision.step));
        return Some(Rule::Deadline(deadline, step));
    }
    let reaction = policy.reactions.iter().find(|known| bears(known.id, &known.was, decision.rule));
    reaction.map(Rule::Reaction)
}

impl Subject<'_> {
    /// Everything but what depends on the reader.
    pub(crate) fn facts(&self, directory: &Directory) -> Facts {
        let decision = self.decision;
        let mut facts = Facts {
            order: wording::one_line(&self.scene.history.order),
            department: self.scene.department(decision).as_deref().map(wording::one_line).unwrap_or_default(),
            attributes: self.attributes(),
            round: decision.round,
            policy: self.policy.title.clone(),
            rule: self.rule_title(),
            at: self.moment(decision.at),
            made: (decision.made_at.ms_since(decision.at) >= 60_000).then(|| self.moment(decision.made_at)),
            returns: self.scene.state.round.saturating_sub(1),
            callbacks: self.callbacks(),
            to: wording::titles(directory, &decision.to),
            cc: wording::titles(directory, &decision.cc),
            approval: decision.approval.map(|who| directory.title(who.as_str()).to_owned()).unwrap_or_default(),
            act: act(decision, directory),
            ..Facts::default()
        };
        facts.category = facts.attributes.get("category").cloned().unwrap_or_default();
        facts.signature = signature(facts.attributes.get("region").map_or("", String::as_str));
        self.add_basis(&mut facts);
        self.add_due(&mut facts, directory);
        self.add_event(&mut facts);
        self.add_kind(&mut facts, directory);
        facts
    }

    fn rule_title(&self) -> String {
        match self.rule {
            Some(Rule::Deadline(deadline, _)) => deadline.title.clone(),
            Some(Rule::Reaction(reaction)) => reaction.title.clone(),
            None => self.decision.rule.as_str().into(),
        }
    }

    fn attributes(&self) -> BTreeMap<String, String> {
        let zone = self.calendar().zone();
        let shown = self.vocabulary().order.values().filter(|attribute| attribute.kind != Kind::Personal);
        let value_of =
            |name| self.scene.state.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        shown
            .map(|Attribute { name, .. }| {
                let value = value_of(*name).and_then(|value| wording::value(value, zone)).unwrap_or_default();
                (name.as_str().to_owned(), value)
            })
            .collect()
    }

    fn callbacks(&self) -> String {
        let (Some(called_back), Some(satisfaction)) = (Symbol::find("called_back"), Symbol::find("satisfaction"))
        else {
            return String::new();
        };
        let known = |event: &&Event| event.kind == called_back && event.at <= self.decision.at;
        let events = self.scene.history.events().iter().filter(known);
        let value = |event: &Event| wording::value(event.attribute(satisfaction)?, self.calendar().zone());
        let found: Vec<String> = events.filter_map(value).collect();
        match found.as_slice() {
            [] => String::new(),
            [only] => format!("为{only}"),
            [first, rest @ ..] if rest.iter().all(|other| other == first) => format!("均为{first}"),
            all => format!("依次为{}", wording::names(all.iter().map(String::as_str))),
        }
    }

    fn add_basis(&self, facts: &mut Facts) {
        let clause = self.decision.clause.as_deref().unwrap_or_default();
        let source = self.policy.source.as_deref().unwrap_or_default();
        let own = clause.is_empty() && self.origin().is_some_and(|origin| origin.local == Local::Whole);
        facts.basis = match (source, clause) {
            _ if own => format!("{}设定的规则“{}”", here(&facts.attributes), facts.rule),
            ("", "") => format!("《{}》“{}”", self.policy.title, facts.rule),
            ("", clause) => format!("《{}》{clause}", self.policy.title),
            (source, "") => source.into(),
            (source, clause) => format!("{source} {clause}"),
        };
        facts.basis_short =
            if clause.is_empty() { facts.basis.clone() } else { facts.basis.replace(&format!(" {clause}"), clause) };
        facts.local = if own { String::new() } else { self.local(&facts.attributes) };
        facts.version = self.version();
    }

    /// Where the rule comes from.
    fn origin(&self) -> Option<&Origin> {
        match self.rule? {
            Rule::Deadline(deadline, _) => Some(&deadline.origin),
            Rule::Reaction(reaction) => Some(&reaction.origin),
        }
    }

    fn version(&self) -> String {
        let version = &*self.decision.version;
        let number = version.chars().all(|c| c.is_ascii_digit());
        let version = if number { format!("第{version}版") } else { format!("版本{version}") };
        let since = match self.in_force {
            Some(from) => self.calendar().date(from),
            None => self.policy.effective,
        };
        format!("规则 {}，{version}，{}起施行", self.policy.id, wording::whole_date(since))
    }

    /// What the operator chose: 红牌为本市设定.
    fn local(&self, attributes: &BTreeMap<String, String>) -> String {
        let whole = self.origin();
        let step = self.step().map(|step| &step.origin).filter(|origin| Some(*origin) != whole);
        let mut chosen: Vec<String> = whole.into_iter().filter_map(|origin| chosen(origin, "本条")).collect();
        chosen.extend(step.and_then(|origin| chosen_step(origin, self.decision)));
        chosen.dedup();
        if chosen.is_empty() {
            return String::new();
        }
        format!("{}为{}设定", wording::names(chosen.iter().map(String::as_str)), here(attributes))
    }

    fn add_due(&self, facts: &mut Facts, directory: &Directory) {
        facts.phase = match (self.rule, self.step().map(|step| step.timing)) {
            (Some(Rule::Deadline(..)), Some(Timing::Before(_))) => "before",
            (Some(Rule::Deadline(..)), Some(Timing::After(_))) => "after",
            (Some(Rule::Deadline(..)), _) => "due",
            _ => "event",
        };
        if let Some(Timing::Before(span) | Timing::After(span)) = self.step().map(|step| step.timing) {
            facts.distance = wording::span(span);
        }
        let (Some(deadline), vocabulary) = (self.deadline(), self.vocabulary()) else { return };
        facts.duty = wording::duty(&deadline.stop, vocabulary);
        let Some(due) = self.decision.due else { return };
        facts.due = Some(self.due(due));
        facts.provisional = self.calendar().is_provisional(due);
        facts.next = self.next(due, directory);
        let Some(obligation) = self.obligation() else { return };
        if let Some(stop) = obligation.stopped_at.filter(|stop| *stop <= self.decision.made_at) {
            facts.stopped = Some(self.moment(stop));
            facts.stopped_by = self.stop_words(deadline, stop, vocabulary);
        }
        let from = self.beginning(deadline, obligation);
        facts.counted = counting::sentence(self.calendar(), deadline, obligation.start, due, &from, self.year);
    }

    /// The event that stopped an obligation: 办结.
    fn stop_words(&self, deadline: &Deadline, stop: Instant, vocabulary: &Vocabulary) -> String {
        let stops =
            |event: &&Event| event.at == stop && deadline.stop.iter().any(|known| known.kinds().contains(&event.kind));
        let event = self.scene.history.events().iter().find(stops);
        event.map(|event| wording::act(event.kind, vocabulary)).unwrap_or_default()
    }

    /// From when and from what an obligation's span is counted: 5月10日（周五）16:50签收.
    fn beginning(&self, deadline: &Deadline, obligation: &Obligation) -> String {
        let title = |kind| wording::event_title(kind, self.vocabulary());
        let events = self.scene.history.events();
        let counted_from = |event: &&Event| event.at == obligation.start && Some(event.kind) == deadline.count_from;
        let opens = |event: &&Event| event.at == obligation.opened && starts(deadline, event.kind);
        let at = self.moment(obligation.start).full;
        if let Some(event) = events.iter().find(counted_from).or_else(|| events.iter().find(opens)) {
            return format!("{at}{}", title(event.kind));
        }
        if self.scene.decisions.iter().any(|known| known.at == obligation.opened && known.kind == DecisionKind::Return)
        {
            return format!("{at}退回重办");
        }
        let Some(latest) = &deadline.start_at_latest else { return at };
        let awaited = |event: &&Event| event.at <= obligation.opened && latest.events.contains(&event.kind);
        let Some(event) = events.iter().rev().find(awaited) else { return at };
        let missing = deadline.start.first().map(|kind| title(*kind)).unwrap_or_default();
        let (first, after) = (self.moment(event.at).full, wording::span(latest.after));
        format!("{first}{}，{after}内未{missing}，自{}", title(event.kind), self.moment(obligation.start).brief)
    }

    /// The step of the ladder that comes next whatever the order's facts are.
    fn next(&self, due: Instant, directory: &Directory) -> Option<Next> {
        let calendar = self.calendar();
        let instant = |step: &Step| match step.timing {
            Timing::Due => due,
            Timing::After(span) => calendar.due_after(due, span).at,
            Timing::Before(span) => calendar.before(due, span),
        };
        let certain = |step: &&Step| step.when == Condition::Always && !step.actions.is_empty();
        let later = self.deadline()?.ladder.iter().filter(certain).map(|step| (instant(step), step));
        let (at, step) = later.filter(|(at, _)| *at > self.decision.at).min_by_key(|(at, _)| *at)?;
        let done = |action| wording::doing(action, directory);
        let what = step.actions.iter().map(done).collect::<Vec<_>>().join("并");
        let to = step.actions.iter().find(|action| matches!(action.kind, ActionKind::Card(_)));
        let to = to.map(|action| wording::titles(directory, &action.to)).unwrap_or_default();
        Some(Next { at: self.due(at), what, to })
    }

    fn add_event(&self, facts: &mut Facts) {
        let vocabulary = self.vocabulary();
        facts.event = self.trigger().map(|event| self.event_facts(event, vocabulary));
        facts.duties = self.begun(vocabulary);
    }

    /// The event that a reaction answers.
    fn trigger(&self) -> Option<&Event> {
        let Some(Rule::Reaction(reaction)) = self.rule else { return None };
        let answers = |event: &&Event| {
            event.at == self.decision.at && reaction.upon.as_ref().is_none_or(|upon| upon.contains(&event.kind))
        };
        self.scene.history.events().iter().rev().find(answers)
    }

    fn event_facts(&self, event: &Event, vocabulary: &Vocabulary) -> EventFacts {
        let zone = self.calendar().zone();
        let declared = vocabulary.events.get(&event.kind).map(|known| &known.attributes);
        let facts = event.attributes.iter().filter_map(|(name, value)| {
            let attribute = declared?.get(name).filter(|attribute| attribute.kind != Kind::Personal)?;
            Some(Fact { title: attribute.title.clone(), value: wording::value(value, zone)? })
        });
        let asked = self.asked();
        let finding = event.attributes.iter().filter(|(name, _)| asked.contains(name));
        let finding: Vec<String> =
            finding.filter_map(|(name, value)| declared?.get(name).and(wording::value(value, zone))).collect();
        let by = Symbol::find("by").and_then(|by| event.attribute(by)).and_then(|by| wording::value(by, zone));
        EventFacts {
            title: wording::event_title(event.kind, vocabulary).into(),
            at: self.moment(event.at),
            finding: wording::names(finding.iter().map(String::as_str)),
            facts: facts.collect(),
            by: by.filter(|_| event.kind.as_str() != "extended").unwrap_or_default(),
        }
    }

    /// The attributes on which the reaction depends.
    fn asked(&self) -> Vec<Symbol> {
        let mut asked = Vec::new();
        if let Some(Rule::Reaction(reaction)) = self.rule {
            attributes_of(&reaction.when, &mut asked);
        }
        asked
    }

    /// The obligations that opened at this instant and are still to be met: what a return or a dispatch sets going.
    fn begun(&self, vocabulary: &Vocabulary) -> Vec<Duty> {
        let opened = |known: &&Obligation| known.opened == self.decision.at && known.stopped_at.is_none();
        let mut begun: Vec<(Instant, String)> = Vec::new();
        for obligation in self.scene.obligations.iter().filter(opened) {
            let policy = self.rules.policies.iter().find(|policy| policy.id == obligation.policy);
            let deadline = policy.and_then(|policy| policy.deadlines.iter().find(|known| known.id == obligation.rule));
            if let (Some(deadline), Some(due)) = (deadline, obligation.due) {
                begun.push((due, wording::duty(&deadline.stop, vocabulary)));
            }
        }
        begun.sort();
        begun.dedup_by(|later, first| later.1 == first.1);
        begun.into_iter().map(|(due, duty)| Duty { duty, due: self.due(due) }).collect()
    }

    fn add_kind(&self, facts: &mut Facts, directory: &Directory) {
        match &self.decision.kind {
            DecisionKind::Flag(text) => facts.text = wording::one_line(text),
            DecisionKind::Revoke { revoked, reason, .. } => {
                facts.reason = wording::one_line(reason);
                facts.revoked = self.revoked(revoked, directory);
                facts.learned = self.learned();
            }
            _ => {}
        }
    }

    fn revoked(&self, key: &Arc<str>, directory: &Directory) -> Option<Revoked> {
        let revoked = self.scene.decisions.iter().find(|known| known.key == *key)?;
        let verb = if matches!(revoked.kind, DecisionKind::Card(_)) { "所亮" } else { "所作" };
        Some(Revoked { act: act(revoked, directory), verb, at: self.moment(revoked.at) })
    }

    /// The events that became known at the instant of this decision.
    fn learned(&self) -> Vec<Learned> {
        let vocabulary = self.vocabulary();
        let at = self.decision.at;
        let late = |event: &&Event| event.recorded_at == at && event.at < at;
        let events = self.scene.history.events().iter().filter(late);
        events
            .map(|event| {
                let (at, recorded) = (self.moment(event.at), self.moment(event.recorded_at));
                let recorded = if at.day == recorded.day { recorded.time } else { recorded.brief };
                Learned { act: wording::event_title(event.kind, vocabulary).into(), at, recorded }
            })
            .collect()
    }
}

/// What a decision is called: 黄牌, 呈报督查室.
fn act(decision: &Decision, directory: &Directory) -> String {
    match &decision.kind {
        DecisionKind::Remind => "提醒".into(),
        DecisionKind::Notify => "告知".into(),
        DecisionKind::Card(Colour::Yellow) => "黄牌".into(),
        DecisionKind::Card(Colour::Red) => "红牌".into(),
        DecisionKind::Return => "退回重办".into(),
        DecisionKind::Flag(_) => "待核".into(),
        DecisionKind::Route => {
            let verb = wording::routing(directory.is_confidential(&decision.to));
            format!("{verb}{}", wording::titles(directory, &decision.to))
        }
        DecisionKind::Revoke { .. } => "撤销".into(),
    }
}

fn attributes_of(condition: &Condition, found: &mut Vec<Symbol>) {
    match condition {
        Condition::All(all) | Condition::Any(all) => all.iter().for_each(|part| attributes_of(part, found)),
        Condition::Not(part) => attributes_of(part, found),
        Condition::Term(_, part) => attributes_of(part, found),
        Condition::Fact(condition::Fact::Attribute(name), _) => found.push(*name),
        Condition::Always | Condition::Fact(..) => {}
    }
}

/// Whether the order itself is marked as confidential: it has an attribute of that name that is true.
pub(super) fn is_order_confidential(state: &OrderState) -> bool {
    let marked = |(name, value): &(Symbol, Value)| name.as_str() == "confidential" && *value == Value::Boolean(true);
    state.attributes.iter().any(marked)
}

fn starts(deadline: &Deadline, kind: Symbol) -> bool {
    deadline.start.contains(&kind) || deadline.restart_on.contains(&kind)
}

/// 【珠海12345】 for 珠海市; 【12345热线】 where the order has no region.
fn signature(region: &str) -> String {
    let place = region.trim_end_matches(['市', '区', '县']);
    if place.is_empty() { "【12345热线】".into() } else { format!("【{place}12345】") }
}

/// 本市, 本区, 本县, 本地.
fn here(attributes: &BTreeMap<String, String>) -> &'static str {
    match attributes.get("region").and_then(|region| region.chars().last()) {
        Some('区') => "本区",
        Some('县') => "本县",
        Some('市') | None => "本市",
        Some(_) => "本地",
    }
}

fn chosen(origin: &Origin, whole: &str) -> Option<String> {
    match &origin.local {
        Local::Nothing => None,
        Local::Whole => Some(whole.into()),
        Local::Keys(keys) => {
            let mut names: Vec<&str> = keys.iter().map(|key| key_title(key)).collect();
            names.dedup();
            Some(wording::names(names))
        }
    }
}

fn chosen_step(origin: &Origin, decision: &Decision) -> Option<String> {
    let whole = match &decision.kind {
        DecisionKind::Card(Colour::Yellow) => "黄牌",
        DecisionKind::Card(Colour::Red) => "红牌",
        DecisionKind::Remind => "提醒",
        DecisionKind::Route => "呈报",
        DecisionKind::Return => "退回",
        _ => "告知",
    };
    chosen(origin, whole)
}
