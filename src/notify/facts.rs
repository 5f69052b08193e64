//! What a notice may say of a decision: the variables of its template.
//!
//! Everything is worded here, so that templates only choose and arrange; what is not known is empty or absent. A personal
//! attribute (a caller's name or number) never gets in.

mod basis;
mod due;
mod event;

use crate::calendar::Calendar;
use crate::engine::decision::{Decision, DecisionKind, Obligation, OrderState, Regime};
use crate::notify::wording::{self, Moment};
use crate::order::{Event, History};
use crate::policy::directory::{Directory, attribute_text};
use crate::policy::model::{Colour, Deadline, Policy, Reaction, RuleSet, Step};
use crate::policy::vocabulary::{Attribute, Kind, Value, Vocabulary};
use crate::symbol::Symbol;
use crate::time::Instant;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

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
    /// When it is told.
    pub now: Instant,
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
    /// The order's attributes by name, as people read them.
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
    /// Of a proposal that still waits: 5月10日（周五）17:30提请，尚未答复.
    pub waiting: String,
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
        // The year of the day on which it is read: a date of another year is told with it.
        let year = wording::year(decision.made_at.max(scene.now), policy.calendar.zone());
        let in_force = Some(version.from).filter(|from| *from > Instant::BEGINNING);
        let rule = find_rule(policy, decision);
        Some(Subject { decision, scene, rules: &version.rules, in_force, policy, rule, year })
    }

    /// The policy and those on which it builds, nearest first.
    pub(super) fn policies(&self) -> Vec<Symbol> {
        std::iter::once(self.policy.id).chain(self.policy.bases.iter().copied()).collect()
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
            to: wording::titles(directory, told_to(decision)),
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

    /// Whether an event was known when the decision was made.
    fn was_known(&self, event: &Event) -> bool {
        event.recorded_at <= self.decision.made_at
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
        let read = |Attribute { name, .. }: &Attribute| {
            Some((name.as_str().to_owned(), wording::value(value_of(*name)?, zone)?))
        };
        shown.filter_map(read).collect()
    }

    fn callbacks(&self) -> String {
        let (Some(called_back), Some(satisfaction)) = (Symbol::find("called_back"), Symbol::find("satisfaction"))
        else {
            return String::new();
        };
        let known = |event: &&Event| event.kind == called_back && event.at <= self.decision.at && self.was_known(event);
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

/// Who is told of a decision: of a card whose rule names nobody, and of its revocation, the department's liaison.
pub(crate) fn told_to(decision: &Decision) -> &[Symbol] {
    static LIAISON: LazyLock<[Symbol; 1]> = LazyLock::new(|| [Symbol::new("liaison")]);
    let of_card = matches!(decision.kind, DecisionKind::Card(_) | DecisionKind::Revoke { revokes: "card", .. });
    if of_card && decision.to.is_empty() { &*LIAISON } else { &decision.to }
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

/// Whether the order itself is marked as confidential: it has an attribute of that name that is true.
pub(super) fn is_order_confidential(state: &OrderState) -> bool {
    is_confidential(&state.attributes)
}

/// Whether an order with these attributes is confidential.
pub(crate) fn is_confidential(attributes: &[(Symbol, Value)]) -> bool {
    let marked = |(name, value): &(Symbol, Value)| name.as_str() == "confidential" && *value == Value::Boolean(true);
    attributes.iter().any(marked)
}

/// 【珠海12345】 for 珠海市; 【12345热线】 where the order has no region.
pub(super) fn signature(region: &str) -> String {
    let place = region.trim_end_matches(['市', '区', '县']);
    if place.is_empty() { "【12345热线】".into() } else { format!("【{place}12345】") }
}
