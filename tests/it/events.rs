//! Real event logs replayed under the policies of docs/examples: a sample that is kept here, and whole logs where a folder
//! of them is at hand.

use crate::program::duban;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// How many of each there are, by rule: decisions by what they are, obligations by outcome.
fn summary(example: &str, events: &str) -> String {
    let (rules, calendars) = (format!("docs/examples/{example}/rules"), format!("docs/examples/{example}/calendars"));
    let flags =
        ["--rules", &rules, "--calendars", &calendars, "--events", events, "--show", "all", "--format", "jsonl"];
    let run = duban(&[&["simulate"], &flags[..]].concat(), "");
    assert_eq!((run.exit, run.errors.as_str()), (0, ""));
    let mut sums: BTreeMap<String, u32> = BTreeMap::new();
    for line in run.json_lines() {
        let what = ["outcome", "card", "kind"].into_iter().find_map(|name| line[name].as_str()).expect("a decision");
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        *sums.entry(format!("{} {} {what}", text("is"), text("rule"))).or_default() += 1;
    }
    let mut told = String::new();
    for (what, sum) in sums {
        let _ = writeln!(told, "{what}: {sum}");
    }
    told
}

#[test]
fn a_sample_of_incidents_is_replayed() {
    insta::assert_snapshot!(summary("uci", "tests/data/events/uci-servicenow-sample.jsonl"));
}

/// `DUBAN_EVENT_LOGS` names a folder with the three logs, unpacked (docs/examples/README.md).
#[test]
#[ignore = "needs the whole logs: set DUBAN_EVENT_LOGS to their folder"]
fn the_whole_logs_are_replayed() {
    let folder = std::env::var("DUBAN_EVENT_LOGS").expect("DUBAN_EVENT_LOGS");
    for (example, log) in [("uci", "uci-servicenow"), ("permit", "receipt-permit"), ("helpdesk", "helpdesk-italy")] {
        let events = Path::new(&folder).join(format!("{log}.jsonl"));
        insta::assert_snapshot!(example, summary(example, events.to_str().expect("a path")));
    }
}

/// Nothing that the source found out itself may decide: without it, the same is decided.
#[test]
fn the_source_s_own_verdicts_decide_nothing() {
    let sample = std::fs::read_to_string("tests/data/events/uci-servicenow-sample.jsonl").expect("the sample");
    let mut bare = String::new();
    for line in sample.lines() {
        let mut event: Value = serde_json::from_str(line).expect("an event");
        if let Some(attributes) = event["attrs"].as_object_mut() {
            attributes.retain(|name, _| !name.starts_with("src_"));
        }
        let _ = writeln!(bare, "{event}");
    }
    let flags =
        ["--rules", "docs/examples/uci/rules", "--calendars", "docs/examples/uci/calendars", "--format", "jsonl"];
    let decided = |events: &str| duban(&[&["simulate", "--events", "-"], &flags[..]].concat(), events).output;
    assert!(decided(&sample) == decided(&bare) && !decided(&bare).is_empty());
}
