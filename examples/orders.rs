//! Writes the events of generated orders as JSON lines, in the order in which they become known: for measuring
//! `duban simulate` (benches/README.md), and for trying rules out.
//!
//! `cargo run --release --example orders -- [ORDERS]`, by default 100,000 orders of the two cities whose packs came first.
//! The same number of orders is always the same text.

use std::io::{BufWriter, Write, stdout};

/// 2024-01-02T08:30:00+08:00, in minutes since 1970.
const FIRST_MINUTE: u64 = 28_402_590;
const MINUTES_OF_A_YEAR: u64 = 360 * 24 * 60;

const CITIES: [(&str, &[&str]); 2] = [
    ("珠海市", &["市市场监管局", "市税务局", "市人社局", "香洲区", "金湾区", "斗门区"]),
    ("峄城区", &["区市场监管局", "区税务局", "坛山街道", "榴园镇", "古邵镇"]),
];
const CATEGORIES: [&str; 5] = ["咨询", "求助", "建议", "投诉", "举报"];
const SATISFACTION: [&str; 5] = ["非常满意", "满意", "基本满意", "不满意", "非常不满意"];

/// A line with the minute at which it happened.
type Line = (u64, String);

fn main() -> std::io::Result<()> {
    let orders = std::env::args().nth(1).and_then(|given| given.parse().ok()).unwrap_or(100_000);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut lines: Vec<Line> = Vec::with_capacity(orders * 10);
    for number in 0..orders {
        order(number, &mut dice, &mut lines);
    }
    lines.sort_by_key(|(minute, _)| *minute);
    let mut out = BufWriter::new(stdout().lock());
    for (_, line) in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// One order from its receipt to its end, with whatever happens to orders on the way.
fn order(number: usize, dice: &mut Dice, lines: &mut Vec<Line>) {
    let (region, departments) = CITIES[number % 2];
    let mut order = Order { number, events: 0, minute: FIRST_MINUTE + dice.below(MINUTES_OF_A_YEAR), lines };
    let category = dice.pick(&CATEGORIES);
    let received = format!(r#""region":"{region}","subject":"市场主体","category":"{category}""#);
    order.event("received", &received);
    order.later(1 + dice.below(30)).event("dispatched", &department(departments, dice));
    if dice.one_in(6) {
        order.later(5 + dice.below(600)).event("transferred", &department(departments, dice));
    }
    for _ in 0..3 {
        order.work(dice);
        let unhappy = dice.one_in(5);
        order.call_back(unhappy, dice);
        if !unhappy {
            break;
        }
        order.later(5 + dice.below(60)).event("returned", "");
    }
    order.later(60 * 24).event("archived", "");
}

struct Order<'a> {
    number: usize,
    events: usize,
    minute: u64,
    lines: &'a mut Vec<Line>,
}

impl Order<'_> {
    fn later(&mut self, minutes: u64) -> &mut Self {
        self.minute += minutes;
        self
    }

    fn work(&mut self, dice: &mut Dice) {
        self.later(1 + dice.below(90)).event("signed", "");
        self.later(1 + dice.below(180)).event("contacted", r#""contact_given":true"#);
        if dice.one_in(2) {
            self.later(30 + dice.below(3000)).event("feedback", "");
        }
        if dice.one_in(8) {
            let more = r#""by":"2 working days","reason":"需现场核实","approver":"分管负责人""#;
            self.later(60 + dice.below(1500)).event("extended", more);
        }
        self.later(60 + dice.below(8000)).event("completed", r#""outcome":"解决""#);
        self.later(1 + dice.below(300)).event("replied", "");
    }

    fn call_back(&mut self, unhappy: bool, dice: &mut Dice) {
        let satisfaction = if unhappy { dice.pick(&SATISFACTION[3..]) } else { dice.pick(&SATISFACTION[..3]) };
        let more = format!(r#""satisfaction":"{satisfaction}","method":"人工","reached":true"#);
        self.later(30 + dice.below(4000)).event("called_back", &more);
    }

    fn event(&mut self, kind: &str, attributes: &str) {
        self.events += 1;
        let (number, event, at) = (self.number, self.events, clock(self.minute));
        let attributes = if attributes.is_empty() { String::new() } else { format!(r#","attrs":{{{attributes}}}"#) };
        let line = format!(
            r#"{{"id":"g-{number:06}-{event}","order":"G-2024-{number:06}","type":"{kind}","at":"{at}","recorded_at":"{at}"{attributes}}}"#
        );
        self.lines.push((self.minute, line));
    }
}

fn department(departments: &[&str], dice: &mut Dice) -> String {
    format!(r#""department":"{}""#, dice.pick(departments))
}

fn clock(minute: u64) -> String {
    let seconds = i64::try_from(minute * 60).unwrap_or_default();
    chrono::DateTime::from_timestamp(seconds, 0)
        .map(|at| at.with_timezone(&chrono_tz::Asia::Shanghai).to_rfc3339())
        .unwrap_or_default()
}

/// A xorshift generator: the same throws every time.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.throw() % bound
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap_or(0)]
    }
}
