use super::*;
use crate::engine::compare::tally::Tally;
use crate::engine::decide::decide;
use crate::engine::decision::{Decided, Regime, Standing};
use crate::order::body::{Body, BodyReader};
use crate::order::{Event, History};
use crate::policy::model::RuleSet;
use crate::policy::trial::load;
use crate::text::Lang;
use crate::time::Instant;
use std::sync::Arc;

fn at(text: &str) -> Instant {
    Instant::parse(&format!("{text}:00+08:00")).expect("an instant")
}

fn rules(edit: &[(&str, &str)]) -> Arc<RuleSet> {
    let loaded = load(edit, &None);
    Arc::new(loaded.rules.unwrap_or_else(|| panic!("{:?}", loaded.problems)))
}

/// An order by its events: `2024-05-06T09:00 signed`.
fn decided(rules: &Arc<RuleSet>, events: &[&str]) -> Decided {
    let reader = BodyReader::new(&rules.vocabulary);
    let event = |(number, text): (usize, &&str)| -> Event {
        let (when, kind) = text.split_once(' ').expect("when and what");
        let body = format!(
            r#"{{"id":"{number}","order":"O","type":"{kind}","at":"{when}:00+08:00","attrs":{{"region":"珠海市","department":"甲局","category":"投诉"}}}}"#
        );
        let Ok(Body::Event(body)) = Body::parse(body.as_bytes()) else { panic!("{body}") };
        reader.restore(&body).recorded(at(when), number as u64)
    };
    let history = History::new("O".into(), events.iter().enumerate().map(event).collect());
    decide(&history, &Regime::always(Arc::clone(rules)), &Standing::default(), at("2024-05-31T18:00"))
}

/// What differs, a line each.
fn told(old: &Arc<RuleSet>, new: &Arc<RuleSet>, events: &[&str]) -> String {
    let (before, now) = (decided(old, events), decided(new, events));
    let side = |decided: &'_ Decided| (decided.obligations.clone(), decided.new.clone());
    let ((one, made), (other, made_now)) = (side(&before), side(&now));
    let sides = (Side { obligations: &one, decisions: &made }, Side { obligations: &other, decisions: &made_now });
    let pairs = pairs(sides.0, sides.1, &Lineage::of(old, new));
    let shown = |at: Instant| at.in_zone(chrono_tz::Asia::Shanghai).format("%m-%d %H:%M").to_string();
    let due = |one: Option<&Obligation>| one.and_then(|one| one.due).map_or("-".into(), shown);
    let fell = |one: Option<&Decision>| one.map_or("-".into(), |one| shown(one.at));
    let obligations = pairs.obligations.iter().filter_map(|pair| {
        let one = pair.either();
        Some(format!(
            "{} {}/{} {} {} → {}",
            pair.change()?.name(),
            one.policy,
            one.rule,
            one.round,
            due(pair.old),
            due(pair.new)
        ))
    });
    let decisions = pairs.decisions.iter().filter_map(|pair| {
        let one = pair.either();
        let what = crate::engine::wording::decision(&one.kind, Lang::En);
        Some(format!(
            "{} {}/{}: {what} {} → {}",
            pair.change()?.name(),
            one.rule,
            one.step,
            fell(pair.old),
            fell(pair.new)
        ))
    });
    obligations.chain(decisions).collect::<Vec<_>>().join("\n")
}

const ORDER: [&str; 4] = [
    "2024-05-06T09:00 dispatched",
    "2024-05-06T09:10 signed",
    "2024-05-06T10:40 contacted",
    "2024-05-09T16:00 completed",
];

#[test]
fn the_same_rules_differ_in_nothing() {
    let rules = rules(&[]);
    assert_eq!(told(&rules, &rules, &ORDER), "");
}

#[test]
fn a_longer_span_moves_the_due_and_takes_the_card_back() {
    let longer = rules(&[("within: 1 working hour", "within: 2 working hours")]);
    insta::assert_snapshot!(told(&rules(&[]), &longer, &ORDER), @r#"
    moves p/response 1 05-06 10:10 → 05-06 11:10
    disappears response/remind: reminder 05-06 09:50 → -
    disappears response/yellow: yellow card 05-06 10:10 → -
    "#);
}

#[test]
fn a_rule_that_was_renamed_is_the_same_and_one_that_came_is_not() {
    let renamed = rules(&[("  response:\n", "  answer:\n    was: response\n")]);
    assert_eq!(told(&rules(&[]), &renamed, &ORDER), "");
    let other = rules(&[("  response:\n", "  answer:\n")]);
    insta::assert_snapshot!(told(&rules(&[]), &other, &ORDER), @r#"
    appears p/answer 1 - → 05-06 10:10
    disappears p/response 1 05-06 10:10 → -
    appears answer/remind: reminder - → 05-06 09:50
    appears answer/yellow: yellow card - → 05-06 10:10
    disappears response/remind: reminder 05-06 09:50 → -
    disappears response/yellow: yellow card 05-06 10:10 → -
    "#);
}

#[test]
fn an_order_that_comes_under_a_layer_keeps_its_rules() {
    let layer = "policy: q\nextends: p\ntitle: 区\napplies: { category: 投诉 }\ndeadlines: { completion: { within: 1 working day } }\n";
    insta::assert_snapshot!(told(&rules(&[]), &rules(&[("rules/q.yaml", layer)]), &ORDER), @r#"
    moves q/completion 1 05-10 17:30 → 05-07 17:30
    appears completion/yellow: yellow card - → 05-07 17:30
    appears completion/red: red card - → 05-08 17:30
    "#);
}

#[test]
fn the_sums_of_the_parts_are_the_whole_on_both_sides() {
    let (old, new) = (rules(&[]), rules(&[("within: 1 working hour", "within: 20 working minutes")]));
    let (before, now) = (decided(&old, &ORDER), decided(&new, &ORDER));
    let side = |decided: &'_ Decided| (decided.obligations.clone(), decided.new.clone());
    let ((one, made), (other, made_now)) = (side(&before), side(&now));
    let sides = (Side { obligations: &one, decisions: &made }, Side { obligations: &other, decisions: &made_now });
    let pairs = pairs(sides.0, sides.1, &Lineage::of(&old, &new));
    let mut tally = Tally::default();
    tally.take(&pairs, &Pair { old: Some(None), new: Some(None) });
    let (departments, rules) = (tally.departments.values(), tally.rules.values());
    for sort in Sort::ALL {
        let all = tally.all.of(sort);
        assert_eq!(departments.clone().map(|row| row.of(sort).new).sum::<u64>(), all.new);
        assert_eq!(rules.clone().map(|row| row.of(sort).old).sum::<u64>(), all.old);
    }
    assert_eq!((tally.orders, tally.affected), (1, 1));
    assert_eq!(tally.all.obligations.old, one.len() as u64);
    assert_eq!((tally.all.obligations.moves, tally.all.earlier), (1, 1));
}
