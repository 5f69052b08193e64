//! How long one order takes: `cargo bench --bench engine`. Targets: benches/README.md.

use divan::{Bencher, black_box};
use duban::engine::decide::decide;
use duban::engine::decision::{Regime, Standing};
use duban::engine::evaluate::evaluate;
use duban::order::body::{Body, BodyReader};
use duban::order::log;
use duban::order::{Event, History};
use duban::policy;
use duban::policy::model::RuleSet;
use duban::time::Instant;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

/// An order of twelve events under `zhuhai-124`: transferred once, returned once, closed.
const ORDER: &str = r#"{"id":"1","order":"ZH-1","type":"received","at":"2024-05-06T09:00:00+08:00","attrs":{"region":"珠海市","subject":"市场主体","category":"投诉"}}
{"id":"2","order":"ZH-1","type":"dispatched","at":"2024-05-06T09:05:00+08:00","attrs":{"department":"市市场监管局"}}
{"id":"3","order":"ZH-1","type":"signed","at":"2024-05-06T09:10:00+08:00"}
{"id":"4","order":"ZH-1","type":"transferred","at":"2024-05-06T09:40:00+08:00","attrs":{"department":"香洲区"}}
{"id":"5","order":"ZH-1","type":"contacted","at":"2024-05-06T10:00:00+08:00"}
{"id":"6","order":"ZH-1","type":"completed","at":"2024-05-09T16:00:00+08:00"}
{"id":"7","order":"ZH-1","type":"replied","at":"2024-05-09T16:30:00+08:00"}
{"id":"8","order":"ZH-1","type":"called_back","at":"2024-05-10T10:00:00+08:00","attrs":{"satisfaction":"不满意","method":"人工","reached":true}}
{"id":"9","order":"ZH-1","type":"contacted","at":"2024-05-10T11:00:00+08:00"}
{"id":"10","order":"ZH-1","type":"completed","at":"2024-05-14T15:00:00+08:00"}
{"id":"11","order":"ZH-1","type":"called_back","at":"2024-05-15T10:00:00+08:00","attrs":{"satisfaction":"满意","method":"人工","reached":true}}
{"id":"12","order":"ZH-1","type":"archived","at":"2024-05-16T10:00:00+08:00"}
"#;

const LATER: Instant = Instant(1_735_660_800_000);

fn main() {
    divan::main();
}

/// The shipped rules, `zhuhai-124` alone.
fn rules() -> RuleSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let loaded = policy::load(&folder.join("rules"), &folder.join("calendars"), &None);
    let mut rules = loaded.rules.expect("the shipped rules have no errors");
    rules.policies.retain(|policy| policy.id.as_str() == "zhuhai-124");
    rules
}

fn history(rules: &RuleSet) -> History {
    let reader = BodyReader::new(&rules.vocabulary);
    let log = log::read(ORDER.as_bytes(), &reader, NonZero::<usize>::MIN).expect("a log");
    log.history(0, LATER).expect("an order")
}

#[divan::bench]
fn evaluate_twelve_events(bencher: Bencher) {
    let rules = rules();
    let history = history(&rules);
    let regime = Regime::always(Arc::new(rules));
    let events: Vec<&Event> = history.events().iter().collect();
    bencher.bench(|| evaluate(&history.order, black_box(&events), &regime, LATER));
}

#[divan::bench]
fn decide_twelve_events(bencher: Bencher) {
    let rules = rules();
    let history = history(&rules);
    let regime = Regime::always(Arc::new(rules));
    let nothing_stands = Standing::default();
    bencher.bench(|| decide(black_box(&history), &regime, &nothing_stands, LATER));
}

#[divan::bench]
fn read_one_event(bencher: Bencher) {
    let rules = rules();
    let reader = BodyReader::new(&rules.vocabulary);
    let line = ORDER.lines().next().expect("a line").as_bytes();
    bencher.bench(|| {
        let body = Body::parse(black_box(line)).expect("a good body");
        let hash = body.content_hash();
        let checked = reader.check(&body).map(|checked| matches!(checked, duban::order::body::Checked::Event(_)));
        (hash, checked)
    });
}
