//! The laws of language.md §4 over random worlds: random histories, policies and edits.
//!
//! One seed is one world; a failure names its seed. What the worlds reached is counted, printed, and asserted: a law that
//! was never put to the test was not tested.

mod world;

use duban::engine::decide::decide;
use duban::engine::decision::{Decided, Decision, DecisionKind, Key, Outcome, Regime, Standing};
use duban::engine::evaluate::evaluate;
use duban::order::{Event, History};
use duban::policy::model::LateEvents;
use duban::symbol::Symbol;
use duban::time::Instant;
use std::collections::HashMap;
use world::{Lateness, Reached, World};

const WORLDS: u64 = 600;

/// The events as they would be if each were known at once and none were retracted.
fn on_time(world: &World) -> Vec<Event> {
    world.history().events().to_vec()
}

fn base(key: &str) -> &str {
    key.split('-').next().unwrap_or(key)
}

fn until(decisions: &[Decision], last: Instant) -> Vec<Decision> {
    decisions.iter().filter(|decision| decision.at <= last).cloned().collect()
}

#[test]
fn law_2_what_is_decided_for_an_instant_depends_on_nothing_that_happened_after_it() {
    let mut reached = Reached::default();
    for seed in 0..WORLDS {
        let mut world = World::from_seed(seed, Lateness::None);
        let regime = Regime::always(world.rules(0));
        let events = on_time(&world);
        let all: Vec<&Event> = events.iter().collect();
        let end = world.end();
        let whole = evaluate("ZH-1", &all, &regime, end);
        reached.look_at(&whole, &world);
        for _ in 0..6 {
            let cut = world.instant();
            let known: Vec<&Event> = events.iter().filter(|event| event.at <= cut).collect();
            let then = evaluate("ZH-1", &known, &regime, cut);
            assert_eq!(then.decisions, until(&whole.decisions, cut), "seed {seed}, cut at {cut:?}");
        }
    }
    reached.print_and_assert(
        "law 2",
        &["third rounds", "pauses across a due", "extensions", "restarts", "echoes", "ended orders"],
    );
}

#[test]
fn nothing_is_decided_before_next_due() {
    for seed in 0..WORLDS {
        let mut world = World::from_seed(seed, Lateness::None);
        let regime = Regime::always(world.rules(0));
        let events = on_time(&world);
        let cut = world.instant();
        let known: Vec<&Event> = events.iter().filter(|event| event.at <= cut).collect();
        let then = evaluate("ZH-1", &known, &regime, cut);
        let Some(next) = then.next_due else {
            let far = evaluate("ZH-1", &known, &regime, cut.plus_ms(1_000_000_000_000));
            assert_eq!(then.decisions, far.decisions, "seed {seed}: something was decided though nothing was to come");
            continue;
        };
        assert!(next > cut, "seed {seed}: the next due lies in the past");
        let just_before = evaluate("ZH-1", &known, &regime, next.just_before());
        assert_eq!(then.decisions, just_before.decisions, "seed {seed}: sleeping until the next due loses something");
    }
}

/// Decides at every moment at which something became known, at random moments between, and at the end, each time from
/// what stands.
fn decide_step_by_step(world: &mut World, regime: &Regime) -> Vec<Decision> {
    let history = world.history();
    let mut moments: Vec<Instant> = history.events().iter().map(|event| event.recorded_at).collect();
    moments.extend((0..5).map(|_| world.instant()));
    moments.push(world.end());
    moments.sort_unstable();
    let mut standing = Standing::default();
    for now in moments {
        let known: Vec<Event> = history.events().iter().filter(|event| event.recorded_at <= now).cloned().collect();
        let newest = known.iter().map(|event| event.arrival).max();
        let decided = decide(&History::new("ZH-1".into(), known), regime, &standing, now);
        standing.decisions.extend(decided.new);
        standing.known = newest;
        standing.decided_until = Some(now);
    }
    standing.decisions
}

fn sorted(mut decisions: Vec<Decision>) -> Vec<Decision> {
    decisions.sort_by_key(|decision| (decision.made_at, decision.at, decision.key.clone()));
    decisions
}

#[test]
fn law_3_however_often_an_order_is_decided_each_decision_is_made_once() {
    let mut reached = Reached::default();
    for seed in 0..WORLDS {
        let mut world = World::from_seed(seed, Lateness::Some);
        let regime = Regime::always(world.rules(0));
        let end = world.end();
        let at_once = decide(&world.history(), &regime, &Standing::default(), end);
        reached.look_at_decided(&at_once, &world);
        let stepwise = decide_step_by_step(&mut world, &regime);
        assert_eq!(
            sorted(stepwise),
            sorted(at_once.new.clone()),
            "seed {seed}: deciding step by step and at once differ"
        );
        let standing = Standing { decisions: at_once.new.clone(), known: world.newest(), decided_until: Some(end) };
        let again = decide(&world.history(), &regime, &standing, end.plus_ms(1));
        let same_instant: Vec<&Decision> = again.new.iter().filter(|decision| decision.at <= end).collect();
        assert!(same_instant.is_empty(), "seed {seed}: decided twice: {same_instant:?}");
        let mut keys: Vec<&Key> = at_once.new.iter().map(|decision| &decision.key).collect();
        let number = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), number, "seed {seed}: two decisions bear one key");
    }
    reached
        .print_and_assert("law 3", &["revocations", "reviews", "retractions of a return", "made late", "made again"]);
}

#[test]
fn law_4_after_late_knowledge_stands_what_should_stand() {
    let mut reached = Reached::default();
    for seed in 0..WORLDS {
        let world = World::from_seed(seed, Lateness::Some);
        let rules = world.rules(0);
        let regime = Regime::always(rules.clone());
        let end = world.end();
        let decided = decide(&world.history(), &regime, &Standing::default(), end);
        reached.look_at_decided(&decided, &world);
        let mut standing: HashMap<Key, &Decision> = HashMap::new();
        let mut asked: Vec<&Decision> = Vec::new();
        for decision in &decided.new {
            match &decision.kind {
                DecisionKind::Revoke { revoked, .. } => {
                    let gone =
                        standing.remove(revoked).unwrap_or_else(|| panic!("seed {seed}: revokes what does not stand"));
                    assert!(!matches!(gone.kind, DecisionKind::Remind | DecisionKind::Notify), "seed {seed}");
                    assert_eq!(gone.to, decision.to, "seed {seed}: those who got it are told");
                    assert!(decision.at >= gone.made_at && decision.made_at == decision.at, "seed {seed}");
                }
                DecisionKind::Flag(_) if decision.step == Symbol::new("late-events") => asked.push(decision),
                _ => assert!(standing.insert(decision.key.clone(), decision).is_none(), "seed {seed}: made twice"),
            }
        }
        if !matches!(rules.policies[0].late_events, LateEvents::Revoke) && !asked.is_empty() {
            continue; // What a person was asked about stands, whatever should be.
        }
        let valid = world.valid_events();
        let should = evaluate("ZH-1", &valid.iter().collect::<Vec<_>>(), &regime, end);
        let contestable = |decision: &&Decision| !matches!(decision.kind, DecisionKind::Remind | DecisionKind::Notify);
        let stands: Vec<String> =
            standing.values().copied().filter(contestable).map(|it| base(&it.key).to_owned()).collect();
        let expected: Vec<String> =
            should.decisions.iter().filter(contestable).map(|it| base(&it.key).to_owned()).collect();
        let (mut stands, mut expected) = (stands, expected);
        stands.sort_unstable();
        expected.sort_unstable();
        assert_eq!(stands, expected, "seed {seed}");
    }
    reached.print_and_assert("law 4", &["revocations", "retractions of a return", "cards moved to another department"]);
}

#[test]
fn law_5_an_edit_changes_nothing_that_is_dated_before_it() {
    let mut reached = Reached::default();
    for seed in 0..WORLDS {
        let mut world = World::from_seed(seed, if seed % 2 == 0 { Lateness::None } else { Lateness::Some });
        let edit = world.instant();
        let before = Regime::always(world.rules(0));
        let after = world.edited(edit);
        let valid = world.valid_events();
        let events: Vec<&Event> = valid.iter().collect();
        let end = world.end();
        let old = evaluate("ZH-1", &events, &before, end);
        let new = evaluate("ZH-1", &events, &after, end);
        let past = |decisions: &[Decision]| until(decisions, edit.just_before());
        assert_eq!(past(&old.decisions), past(&new.decisions), "seed {seed}: an edit reached back");
        reached.look_at_edit(&old, &new, edit);
        for decision in new.decisions.iter().filter(|decision| decision.at >= edit) {
            assert_eq!(&*decision.version, "2", "seed {seed}: what is dated from the edit on is decided by it");
        }
        let open = |outcome| matches!(outcome, Outcome::Open | Outcome::Overdue | Outcome::Suspended);
        let known: Vec<Symbol> =
            after.versions[1].rules.policies.iter().flat_map(|it| it.deadlines.iter().map(|it| it.id)).collect();
        for obligation in &new.obligations {
            assert!(
                !open(obligation.outcome) || known.contains(&obligation.rule),
                "seed {seed}: a rule that is gone is open"
            );
        }
    }
    reached.print_and_assert(
        "law 5",
        &["edits that move an open due", "edits that drop a rule", "rules renamed", "decisions after an edit"],
    );
}

#[test]
fn law_5_an_edit_that_changes_nothing_decides_nothing_else() {
    for seed in 0..WORLDS {
        let mut world = World::from_seed(seed, Lateness::None);
        let edit = world.instant();
        let one = Regime::always(world.rules(0));
        let same = world.unchanged(edit);
        let events = on_time(&world);
        let all: Vec<&Event> = events.iter().collect();
        let end = world.end();
        let strip = |decisions: Vec<Decision>| -> Vec<Decision> {
            decisions.into_iter().map(|decision| Decision { version: "".into(), ..decision }).collect()
        };
        let (old, new) = (evaluate("ZH-1", &all, &one, end), evaluate("ZH-1", &all, &same, end));
        assert_eq!(strip(old.decisions), strip(new.decisions), "seed {seed}, edit at {edit:?}");
        assert_eq!(old.obligations, new.obligations, "seed {seed}, edit at {edit:?}");
    }
}

#[test]
fn law_5_late_knowledge_about_a_time_before_an_edit_is_decided_by_the_version_of_that_time() {
    let mut late = 0;
    for seed in 0..WORLDS {
        let mut world = World::from_seed(seed, Lateness::Some);
        let edit = world.instant();
        let regime = world.edited(edit);
        let decided: Decided = decide(&world.history(), &regime, &Standing::default(), world.end());
        for decision in &decided.new {
            let about_late =
                matches!(decision.kind, DecisionKind::Revoke { .. }) || decision.step == Symbol::new("late-events");
            let expected = if decision.at < edit { "1" } else { "2" };
            assert_eq!(&*decision.version, expected, "seed {seed}: {decision:?}");
            late += u32::from(!about_late && decision.at < edit && decision.made_at >= edit);
        }
    }
    println!("law 5, late knowledge: {late} decisions dated before an edit and made after it");
    assert!(late > 0, "no decision about a time before an edit was made after it");
}
