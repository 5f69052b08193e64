//! Random worlds: a calendar, a policy and its edit, a history with late events and retractions. Made for reaching what is
//! rare, and for counting that it was reached.

use chrono::{NaiveDate, Weekday};
use duban::calendar::span::Span;
use duban::calendar::{Calendar, CalendarSpec, Counting, DateEntry, DayEnds, Opening, WeeklyHours};
use duban::engine::decision::{Decided, DecisionKind, InForce, Outcome, Regime};
use duban::engine::evaluate::Evaluation;
use duban::order::{Event, History};
use duban::policy::concern::Concerns;
use duban::policy::condition::{Condition, Expectation, Fact};
use duban::policy::model::*;
use duban::policy::vocabulary::{Attribute, Count, EventType, Kind, Value, Vocabulary};
use duban::symbol::{Symbol, SymbolMap};
use duban::time::Instant;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

pub fn at(text: &str) -> Instant {
    Instant::parse(text).expect("an instant")
}

/// A small generator whose whole state is its seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }
    fn small(&mut self, bound: u8) -> u32 {
        u32::try_from(self.below(bound.into())).unwrap_or(0)
    }
    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
    fn pick<'x, T>(&mut self, from: &'x [T]) -> &'x T {
        &from[usize::try_from(self.below(from.len() as u64)).expect("small")]
    }
}

/// Whether events may become known late or be retracted.
#[derive(Clone, Copy, PartialEq)]
pub enum Lateness {
    None,
    Some,
}

pub struct World {
    dice: Dice,
    calendar: Arc<Calendar>,
    policy: u64,
    events: Vec<Event>,
}

impl World {
    pub fn from_seed(seed: u64, lateness: Lateness) -> World {
        let mut dice = Dice(seed);
        let calendar = dice.pick(&CALENDARS[..]).clone();
        let policy = dice.roll();
        let events = events(&mut dice, lateness);
        World { dice, calendar, policy, events }
    }

    pub fn history(&self) -> History {
        History::new("ZH-1".into(), self.events.clone())
    }

    pub fn newest(&self) -> Option<u64> {
        self.events.iter().map(|event| event.arrival).max()
    }

    /// After everything, a month later.
    pub fn end(&self) -> Instant {
        let last = self.events.iter().map(|event| event.recorded_at.max(event.at)).max().expect("a history has events");
        last.plus_ms(30 * 24 * HOUR)
    }

    /// An instant within the history or soon after, often that of an event or next to it.
    pub fn instant(&mut self) -> Instant {
        let event = self.dice.pick(&self.events).at;
        match self.dice.below(4) {
            0 => event,
            1 => event.just_before(),
            2 => event.plus_ms(self.dice.below(60 * 24 * 4).cast_signed() * MINUTE),
            _ => event.plus_ms(HOUR),
        }
    }

    /// What is left once retractions have taken effect.
    pub fn valid_events(&self) -> Vec<Event> {
        let retracted = Symbol::new("retracted");
        let voided: Vec<Arc<str>> = self.events.iter().filter(|event| event.kind == retracted).map(target).collect();
        let valid = |event: &&Event| event.kind != retracted && !voided.contains(&event.id);
        let events = self.events.iter().filter(valid).cloned().collect();
        History::new("ZH-1".into(), events).events().to_vec()
    }

    pub fn rules(&self, variant: u64) -> Arc<RuleSet> {
        self.version("1", variant)
    }

    /// The rules, and from an instant on another edition of them.
    pub fn edited(&mut self, from: Instant) -> Regime {
        let variant = 1 + self.dice.below(1000);
        self.regime(from, variant)
    }

    /// The rules, and from an instant on the very same again.
    pub fn unchanged(&self, from: Instant) -> Regime {
        self.regime(from, 0)
    }

    fn regime(&self, from: Instant, variant: u64) -> Regime {
        let first = InForce { from: Instant::BEGINNING, rules: self.version("1", 0) };
        Regime { versions: vec![first, InForce { from, rules: self.version("2", variant) }] }
    }

    fn version(&self, version: &str, variant: u64) -> Arc<RuleSet> {
        let policy = policy(&mut Dice(self.policy), variant, self.calendar.clone());
        Arc::new(RuleSet {
            version: version.into(),
            vocabulary: Arc::new(vocabulary()),
            policies: vec![Arc::new(policy)],
        })
    }
}

fn target(retraction: &Event) -> Arc<str> {
    match retraction.attribute("event".into()) {
        Some(Value::Text(id)) => id.clone(),
        _ => panic!("a retraction names its event"),
    }
}

/// Compiled once: a world needs one of a few.
static CALENDARS: LazyLock<Vec<Arc<Calendar>>> = LazyLock::new(|| {
    let ends = [DayEnds::Closing, DayEnds::Closing, DayEnds::Midnight];
    ends.into_iter().zip([840, 870, 900]).map(|(day_ends, opens)| Arc::new(calendar(day_ends, opens))).collect()
});

fn calendar(day_ends: DayEnds, afternoon: u16) -> Calendar {
    let workdays = vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    let open = vec![Opening { open: 510, close: 720 }, Opening { open: afternoon, close: 1050 }];
    let date = |day| NaiveDate::from_ymd_opt(2024, 5, day).expect("a date");
    let rests = (1..6).map(|day| (date(day), DateEntry::Rest("劳动节".into())));
    let works = [(date(11), DateEntry::Work("劳动节调休".into(), None))];
    Calendar::compile(CalendarSpec {
        name: "c".into(),
        title: String::new(),
        zone: chrono_tz::Asia::Shanghai,
        covers: NaiveDate::from_ymd_opt(2024, 1, 1).zip(NaiveDate::from_ymd_opt(2024, 12, 31)),
        hours: vec![WeeklyHours { days: workdays, open }],
        seasons: Vec::new(),
        days: rests.chain(works).collect::<BTreeMap<_, _>>(),
        day_ends,
        day_length_ms: None,
    })
    .expect("a calendar that opens")
}

fn vocabulary() -> Vocabulary {
    let attribute = |name: &str, kind| (Symbol::new(name), Attribute { name: name.into(), title: name.into(), kind });
    let event = |name: &str, attributes: Vec<(Symbol, Attribute)>| {
        let kind = EventType { name: name.into(), title: name.into(), attributes: attributes.into_iter().collect() };
        (Symbol::new(name), kind)
    };
    let grades = Kind::OneOf(["满意", "不满意"].map(Symbol::new).to_vec());
    let mut events: SymbolMap<EventType> = KINDS.iter().map(|kind| event(kind, Vec::new())).collect();
    events.extend([event("called_back", vec![attribute("satisfaction", grades)])]);
    events.extend([event("staged_reply", vec![attribute("next_reply_by", Kind::Instant)])]);
    let dissatisfied = Count {
        name: "dissatisfied".into(),
        title: String::new(),
        events: vec!["called_back".into()],
        when: dissatisfied(),
        after: Vec::new(),
    };
    Vocabulary {
        order: [attribute("department", Kind::Department), attribute("joint", Kind::Boolean)].into_iter().collect(),
        events,
        counts: [(Symbol::new("dissatisfied"), dissatisfied)].into_iter().collect(),
        ..Vocabulary::default()
    }
}

fn dissatisfied() -> Condition {
    let value = Value::Word("不满意".into());
    Condition::Fact(Fact::Attribute("satisfaction".into()), Expectation::OneOf(vec![value]))
}

fn span(dice: &mut Dice) -> Span {
    match dice.below(4) {
        0 => Span::WorkingTime((1 + dice.below(20).cast_signed()) * HOUR / 2),
        1 => Span::WorkingDays(1 + dice.small(3)),
        2 => Span::Elapsed((1 + dice.below(40).cast_signed()) * HOUR),
        _ => Span::NaturalDays(1 + dice.small(3)),
    }
}

fn policy(dice: &mut Dice, variant: u64, calendar: Arc<Calendar>) -> Policy {
    let mut edit = Dice(variant);
    let number = 2 + dice.below(2);
    let mut deadlines: Vec<Deadline> = (0..number).map(|number| deadline(dice, number)).collect();
    deadlines.push(each_deadline());
    if variant > 0 {
        for deadline in &mut deadlines {
            edit_deadline(&mut edit, deadline);
        }
        if edit.one_in(4) {
            deadlines.remove(0);
        }
    }
    let late_events = match dice.below(3) {
        0 => LateEvents::Revoke,
        1 => LateEvents::Review,
        _ => LateEvents::RevokeWithin(Span::WorkingTime(HOUR)),
    };
    Policy {
        id: "p".into(),
        title: String::new(),
        source: None,
        calendar,
        effective: NaiveDate::MIN,
        until: None,
        applies: Condition::Always,
        bases: Vec::new(),
        deadlines,
        reactions: reactions(dice),
        copy: Vec::new(),
        late_events,
        catch_up: edit.one_in(3),
        concerns: Concerns::default(),
    }
}

fn edit_deadline(edit: &mut Dice, deadline: &mut Deadline) {
    if edit.one_in(2) {
        deadline.limit = Limit::Within(vec![within(span(edit))]);
    }
    if edit.one_in(4) {
        let was = deadline.id;
        deadline.id = Symbol::new(&format!("{was}-renamed"));
        deadline.was = vec![was];
    }
    if edit.one_in(3) && !deadline.ladder.is_empty() {
        deadline.ladder.pop();
    }
}

fn within(is: Span) -> Within {
    Within { when: Condition::Always, is, origin: Origin::default() }
}

const STARTS: [&[&str]; 3] =
    [&["dispatched", "returned"], &["signed", "contacted", "returned"], &["received", "returned"]];
const STOPS: [&[&str]; 3] = [&["completed"], &["contacted", "completed"], &["called_back"]];

fn deadline(dice: &mut Dice, number: u64) -> Deadline {
    let id = Symbol::new(&format!("d{number}"));
    let start = *dice.pick(&STARTS);
    let stop = *dice.pick(&STOPS);
    let mut stop: Vec<Stop> = stop.iter().map(|kind| Stop::Event(Symbol::new(kind), Condition::Always)).collect();
    if dice.one_in(4) {
        stop.push(Stop::Every(vec!["signed".into(), "contacted".into()]));
    }
    let latest = StartAtLatest {
        events: vec!["dispatched".into(), "transferred".into()],
        after: Span::WorkingTime(15 * MINUTE),
        origin: Origin::default(),
    };
    let counting = *dice.pick(&[Counting::NextDay, Counting::SameDay, Counting::Deemed, Counting::Elapsed]);
    Deadline {
        id,
        was: Vec::new(),
        title: String::new(),
        origin: Origin::default(),
        start: start.iter().map(|kind| Symbol::new(kind)).collect(),
        when: Condition::Always,
        start_at_latest: dice.one_in(3).then_some(latest),
        each: false,
        restart_on: if dice.one_in(2) { vec!["transferred".into()] } else { Vec::new() },
        order_scope: dice.one_in(5),
        count_from: dice.one_in(4).then(|| Symbol::new("received")),
        stop,
        matching: None,
        limit: if dice.one_in(8) {
            Limit::By(duban::calendar::ClockTime(540))
        } else {
            Limit::Within(vec![within(span(dice))])
        },
        counting,
        pauses: dice.one_in(2).then_some(Pauses { when: Condition::Always, at_most: Some(Span::WorkingDays(2)) }),
        extends: dice.one_in(2).then(|| Extends {
            at_most: Some(Span::WorkingDays(3)),
            times: Some(2),
            when: Condition::Always,
            origin: Origin::default(),
        }),
        ladder: ladder(dice),
    }
}

fn each_deadline() -> Deadline {
    Deadline {
        id: "each".into(),
        was: Vec::new(),
        title: String::new(),
        origin: Origin::default(),
        start: vec!["staged_reply".into()],
        when: Condition::Always,
        start_at_latest: None,
        each: true,
        restart_on: Vec::new(),
        order_scope: false,
        count_from: None,
        stop: vec![
            Stop::Event("staged_reply".into(), Condition::Always),
            Stop::Event("completed".into(), Condition::Always),
        ],
        matching: None,
        limit: Limit::DueFrom("next_reply_by".into(), vec![within(Span::WorkingDays(1))]),
        counting: Counting::NextDay,
        pauses: None,
        extends: None,
        ladder: vec![step("yellow", Timing::Due, ActionKind::Card(Colour::Yellow))],
    }
}

fn ladder(dice: &mut Dice) -> Vec<Step> {
    let mut steps = vec![step("yellow", Timing::Due, ActionKind::Card(Colour::Yellow))];
    if dice.one_in(2) {
        steps.push(step("red", Timing::After(span(dice)), ActionKind::Card(Colour::Red)));
    }
    if dice.one_in(2) {
        steps.push(step("remind", Timing::Before(span(dice)), ActionKind::Remind));
    }
    if dice.one_in(6) {
        steps.push(step("return", Timing::After(Span::WorkingDays(1)), ActionKind::Return));
    }
    if dice.one_in(4) {
        let when = Condition::Fact(Fact::YellowCards, Expectation::AtLeast(2.0));
        steps.push(Step { when, ..step("flag", Timing::Due, ActionKind::Flag("看一看".into())) });
    }
    steps
}

fn step(id: &str, timing: Timing, kind: ActionKind) -> Step {
    Step {
        id: id.into(),
        was: Vec::new(),
        timing,
        when: Condition::Always,
        actions: vec![action(kind)],
        origin: Origin::default(),
    }
}

fn action(kind: ActionKind) -> Action {
    Action { kind, to: vec!["liaison".into()], cc: Vec::new(), approval: None }
}

fn reactions(dice: &mut Dice) -> Vec<Reaction> {
    let reaction = |id: &str, upon: &str, when, once, kind| Reaction {
        id: id.into(),
        was: Vec::new(),
        title: String::new(),
        origin: Origin::default(),
        upon: (upon != "any").then(|| vec![Symbol::new(upon)]),
        when,
        once,
        step: "do".into(),
        actions: vec![action(kind)],
    };
    let third = Condition::Fact(Fact::Count("dissatisfied".into()), Expectation::AtLeast(2.0));
    let overdue = Condition::Fact(Fact::Overdue(vec!["d0".into()]), Expectation::OneOf(vec![Value::Boolean(true)]));
    let once = *dice.pick(&[None, Some(Once::Round), Some(Once::Order)]);
    vec![
        reaction("redo", "called_back", dissatisfied(), None, ActionKind::Return),
        reaction("report", "called_back", third, None, ActionKind::Route),
        reaction("overdue", "any", overdue, once, ActionKind::Route),
    ]
}

const KINDS: [&str; 16] = [
    "received",
    "dispatched",
    "signed",
    "contacted",
    "completed",
    "called_back",
    "transferred",
    "suspended",
    "resumed",
    "extended",
    "staged_reply",
    "returned",
    "feedback",
    "retracted",
    "withdrawn",
    "archived",
];

fn events(dice: &mut Dice, lateness: Lateness) -> Vec<Event> {
    let mut now = at("2024-04-28T00:00:00+08:00").plus_ms(dice.below(10 * 24 * 60).cast_signed() * MINUTE);
    let mut events: Vec<Event> = Vec::new();
    let number = 6 + dice.below(18);
    for index in 0..number {
        let kind = kind(dice, index, &events);
        let attributes = attributes(dice, kind, now);
        let late = lateness == Lateness::Some && dice.one_in(5);
        let recorded_at = if late { now.plus_ms(dice.below(60 * 40).cast_signed() * MINUTE) } else { now };
        events.push(Event {
            id: format!("e{index}").into(),
            kind: kind.into(),
            at: now,
            recorded_at,
            arrival: 0,
            attributes,
        });
        if lateness == Lateness::Some && dice.one_in(8) {
            events.push(retraction(dice, index, &events, now));
        }
        let gap = *dice.pick(&[0, 5, 30, 90, 240, 1000, 1440, 2880, 4000]);
        now = now.plus_ms(i64::from(gap) * MINUTE);
    }
    events.sort_by_key(|event| event.recorded_at);
    for (arrival, event) in events.iter_mut().enumerate() {
        event.arrival = arrival as u64;
    }
    events
}

fn kind(dice: &mut Dice, index: u64, so_far: &[Event]) -> &'static str {
    const COMMON: [&str; 20] = [
        "dispatched",
        "signed",
        "contacted",
        "completed",
        "completed",
        "called_back",
        "called_back",
        "called_back",
        "transferred",
        "suspended",
        "suspended",
        "resumed",
        "resumed",
        "extended",
        "extended",
        "staged_reply",
        "staged_reply",
        "returned",
        "feedback",
        "archived",
    ];
    let kind = if index == 0 { "received" } else { *dice.pick(&COMMON) };
    // Few orders end early: most are to reach their later rounds.
    if kind == "archived" && so_far.len() < 12 { "contacted" } else { kind }
}

fn attributes(dice: &mut Dice, kind: &str, now: Instant) -> Vec<(Symbol, Value)> {
    let department = |dice: &mut Dice| (Symbol::new("department"), Value::Text((*dice.pick(&["甲局", "乙局"])).into()));
    match kind {
        "received" | "dispatched" | "transferred" => vec![department(dice)],
        "called_back" => {
            let grade = if dice.one_in(3) { "满意" } else { "不满意" };
            vec![("satisfaction".into(), Value::Word(grade.into()))]
        }
        "extended" => {
            vec![("by".into(), Value::Text((*dice.pick(&["1 working day", "2 working days", "3 天", "很久"])).into()))]
        }
        "staged_reply" if dice.one_in(2) => {
            let given = now.plus_ms(dice.below(60 * 60).cast_signed() * MINUTE - 10 * HOUR);
            vec![("next_reply_by".into(), Value::Instant(given))]
        }
        _ => Vec::new(),
    }
}

/// A retraction of some event, by preference one that led to a return.
fn retraction(dice: &mut Dice, index: u64, so_far: &[Event], now: Instant) -> Event {
    let called_back: Vec<&Event> = so_far.iter().filter(|event| event.kind == Symbol::new("called_back")).collect();
    let target = if called_back.is_empty() || dice.one_in(2) { dice.pick(so_far) } else { *dice.pick(&called_back) };
    let recorded_at = now.plus_ms(dice.below(60 * 10).cast_signed() * MINUTE);
    Event {
        id: format!("r{index}").into(),
        kind: "retracted".into(),
        at: now,
        recorded_at,
        arrival: 0,
        attributes: vec![("event".into(), Value::Text(target.id.clone()))],
    }
}

/// How often the worlds reached what is rare.
#[derive(Default)]
pub struct Reached(BTreeMap<&'static str, u32>);

impl Reached {
    fn count(&mut self, what: &'static str, times: usize) {
        *self.0.entry(what).or_default() += u32::try_from(times).expect("few");
    }

    pub fn look_at(&mut self, evaluation: &Evaluation, world: &World) {
        self.count("third rounds", usize::from(evaluation.state.round >= 3));
        self.count("ended orders", usize::from(evaluation.state.ended));
        let restarts = evaluation.obligations.iter().filter(|it| it.occurrence > 1 && it.rule != Symbol::new("each"));
        self.count("restarts", restarts.count());
        let returns: Vec<Instant> =
            evaluation.decisions.iter().filter(|it| it.kind == DecisionKind::Return).map(|it| it.at).collect();
        let returned = world.events.iter().filter(|event| event.kind == Symbol::new("returned"));
        self.count("echoes", returned.filter(|event| returns.iter().any(|at| event.at >= *at)).count());
        let paused = |flag: &&duban::engine::decision::Decision| flag.step == Symbol::new("pause");
        self.count("pauses across a due", evaluation.decisions.iter().filter(paused).count());
        let flagged = evaluation.decisions.iter().filter(|it| it.step == Symbol::new("extension")).count();
        let asked = world.events.iter().filter(|event| event.kind == Symbol::new("extended")).count();
        self.count("extensions", usize::from(asked > flagged));
    }

    pub fn look_at_decided(&mut self, decided: &Decided, world: &World) {
        let revoked = |wanted: &str| {
            let is = |kind: &DecisionKind| matches!(kind, DecisionKind::Revoke { revokes, .. } if *revokes == wanted);
            decided.new.iter().filter(|it| is(&it.kind)).count()
        };
        self.count("revocations", revoked("card") + revoked("route") + revoked("return") + revoked("flag"));
        let retracts = world.events.iter().any(|event| event.kind == Symbol::new("retracted"));
        self.count("retractions of a return", if retracts { revoked("return") } else { 0 });
        self.count("reviews", decided.new.iter().filter(|it| it.step == Symbol::new("late-events")).count());
        self.count("made late", decided.new.iter().filter(|it| it.made_at > it.at).count());
        let again = decided.new.iter().filter(|it| it.key.contains('-'));
        self.count("made again", again.clone().count());
        let cards = again.filter(|it| matches!(it.kind, DecisionKind::Card(_)));
        self.count("cards moved to another department", cards.count());
    }

    pub fn look_at_edit(&mut self, old: &Evaluation, new: &Evaluation, edit: Instant) {
        for obligation in &new.obligations {
            let was = old
                .obligations
                .iter()
                .find(|was| was.opened == obligation.opened && was.occurrence == obligation.occurrence);
            let open_then = obligation.opened < edit && obligation.stopped_at.is_none_or(|stop| stop >= edit);
            let moved = was.is_some_and(|was| was.rule == obligation.rule && was.due != obligation.due);
            self.count("edits that move an open due", usize::from(open_then && moved));
            let dropped =
                obligation.outcome == Outcome::Cancelled && was.is_some_and(|was| was.outcome != Outcome::Cancelled);
            self.count("edits that drop a rule", usize::from(open_then && dropped));
            self.count("rules renamed", usize::from(obligation.rule.as_str().ends_with("renamed") && open_then));
        }
        self.count("decisions after an edit", new.decisions.iter().filter(|it| it.at >= edit).count());
    }

    pub fn print_and_assert(&self, law: &str, wanted: &[&str]) {
        println!("{law} reached: {:?}", self.0);
        for what in wanted {
            assert!(self.0.get(what).is_some_and(|times| *times >= 5), "{law}: the worlds hardly ever reached: {what}");
        }
    }
}
