use super::*;
use crate::engine::decision::{Decision, DecisionKind, OrderState};
use crate::order::body::BodyReader;
use crate::order::log;
use crate::policy::vocabulary::{EventType, Vocabulary};
use crate::symbol::{Symbol, SymbolMap};
use std::fmt::Write as _;

fn threads(number: usize) -> NonZero<usize> {
    NonZero::new(number).expect("at least one")
}

fn log_of(orders: u32) -> Log {
    let name = Symbol::new("received");
    let kind = EventType { name, title: "受理".into(), attributes: SymbolMap::default() };
    let reader = BodyReader::new(&Vocabulary { events: [(name, kind)].into_iter().collect(), ..Vocabulary::default() });
    let mut text = String::new();
    for order in 0..orders {
        // Later orders of the file happen earlier.
        let minute = 59 - order % 60;
        let _ = writeln!(
            text,
            r#"{{"id":"e{order}","order":"O{order:04}","type":"received","at":"2024-05-06T09:{minute:02}:00+08:00"}}"#
        );
    }
    log::read(text.as_bytes(), &reader, threads(1)).expect("a log")
}

/// Decides two things at each order's event, the later step first.
fn decide(history: &History) -> Decided {
    let at = history.events()[0].at;
    let decision = |step: &str| Decision {
        key: format!("{:032x}-2", at.0).into(),
        at,
        made_at: at,
        policy: "p".into(),
        rule: "r".into(),
        step: step.into(),
        round: 1,
        occurrence: 1,
        kind: DecisionKind::Notify,
        to: vec![Symbol::new("liaison")],
        cc: vec![],
        due: Some(at),
        department: Some("市市场监管局".into()),
        approval: None,
        clause: None,
        version: "v".into(),
    };
    Decided {
        new: vec![decision("b-step"), decision("a-step")],
        obligations: vec![],
        next_due: None,
        state: OrderState::default(),
    }
}

fn told(log: &Log, number: usize) -> Vec<String> {
    let parts = replay(log, Instant(i64::MAX), threads(number), decide, || Part::new(true));
    let outcome = Outcome::of(parts, log.orders());
    let line = |made: &Made| {
        let shape = outcome.shape(made);
        let department = outcome.department(made).unwrap_or_default();
        format!("{} {} {} {department} {}", made.at.0, log.orders()[made.order as usize], shape.step, made.key())
    };
    outcome.decisions.iter().map(line).collect()
}

#[test]
fn decisions_come_in_the_order_made_then_by_order_and_step_whatever_the_number_of_threads() {
    let log = log_of(500);
    let one = told(&log, 1);
    assert_eq!(one.len(), 1000);
    assert!(one[0].contains("O0059 a-step") && one[1].contains("O0059 b-step") && one[2].contains("O0119 a-step"));
    assert!(one.is_sorted());
    assert_eq!(told(&log, 3), one);
}

#[test]
fn a_key_comes_out_as_it_went_in() {
    assert!(told(&log_of(1), 1)[0].ends_with(&format!("{:032x}-2", 1_714_960_740_000_i64)));
}

#[test]
fn orders_of_which_nothing_is_known_are_left_out() {
    let log = log_of(60);
    let half = Instant::parse("2024-05-06T09:29:00+08:00").expect("an instant");
    let parts = replay(&log, half, threads(2), decide, || Part::new(false));
    assert_eq!(Outcome::of(parts, log.orders()).decisions.len(), 60);
}
