//! How long the notices of one decision take: `cargo bench --bench notices`. Targets: benches/README.md.

use divan::{Bencher, black_box};
use duban::engine::decide::decide;
use duban::engine::decision::{DecisionKind, Regime, Standing};
use duban::notify::compose::Teller;
use duban::notify::facts::Scene;
use duban::notify::template::Templates;
use duban::order::body::BodyReader;
use duban::order::log;
use duban::policy;
use duban::time::Instant;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

/// An order that nobody contacts: a yellow card, then a red one.
const ORDER: &str = r#"{"id":"1","order":"ZH-1","type":"received","at":"2024-05-10T16:30:00+08:00","attrs":{"region":"珠海市","subject":"市场主体","category":"咨询"}}
{"id":"2","order":"ZH-1","type":"dispatched","at":"2024-05-10T16:40:00+08:00","attrs":{"department":"市市场监管局"}}
{"id":"3","order":"ZH-1","type":"signed","at":"2024-05-10T16:50:00+08:00"}
"#;

const LATER: Instant = Instant(1_715_400_000_000);

fn main() {
    divan::main();
}

/// A yellow card goes to two readers, each in four forms.
#[divan::bench]
fn the_notices_of_a_yellow_card(bencher: Bencher) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let loaded = policy::load(&folder.join("rules"), &folder.join("calendars"), &None);
    let rules = loaded.rules.expect("the shipped rules have no errors");
    let reader = BodyReader::new(&rules.vocabulary);
    let log = log::read(ORDER.as_bytes(), &reader, NonZero::<usize>::MIN).expect("a log");
    let history = log.history(0, LATER).expect("an order");
    let regime = Regime::always(Arc::new(rules));
    let decided = decide(&history, &regime, &Standing::default(), LATER);
    let url = Some("https://duban.example.gov.cn");
    let teller = Teller::new(loaded.directory.into(), Templates::built_in().into(), url, &[]);
    let card = decided.new.iter().find(|decision| matches!(decision.kind, DecisionKind::Card(_))).expect("a card");
    let scene = Scene {
        history: &history,
        state: &decided.state,
        obligations: &decided.obligations,
        decisions: &decided.new,
        regime: &regime,
        now: card.at,
    };
    bencher.bench(|| teller.notices_for(black_box(card), scene, "{}"));
}
