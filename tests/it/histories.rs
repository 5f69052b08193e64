//! Histories decided by a reference (tests/data/histories, README there): `duban simulate` decides the same.
//!
//! Compared as sets, on the fields that the reference gives: it leaves out `key`, `clause`, `version`, `reason`, `opened`,
//! `provisional`, and of a revocation `to` and `due`.

use crate::program::duban;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// What the reference says of a decision or an obligation.
const COMPARED: [&str; 18] = [
    "is",
    "at",
    "made_at",
    "order",
    "policy",
    "rule",
    "step",
    "round",
    "occurrence",
    "kind",
    "card",
    "to",
    "due",
    "department",
    "revokes",
    "start",
    "outcome",
    "stopped_at",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/histories")
}

fn object(line: &str) -> Map<String, Value> {
    serde_json::from_str(line).expect("a JSON object a line")
}

/// A line as it is compared.
fn compared(given: Map<String, Value>) -> String {
    let revocation = given.get("kind").is_some_and(|kind| kind == "revoke");
    let is_compared = |name: &str| COMPARED.contains(&name) && !(revocation && (name == "to" || name == "due"));
    let kept: Map<String, Value> = given.into_iter().filter(|(name, _)| is_compared(name)).collect();
    Value::Object(kept).to_string()
}

/// How often each line is there, of those lines that concern us.
fn counted(lines: &str, concerns: impl Fn(&Map<String, Value>) -> bool) -> BTreeMap<String, u32> {
    let mut counted = BTreeMap::new();
    for line in lines.lines().map(object).filter(|line| concerns(line)) {
        *counted.entry(compared(line)).or_default() += 1;
    }
    counted
}

fn simulated(history: &Path, rules: &str, calendars: &str) -> String {
    let until = fs::read_to_string(history.join("until")).expect("until when");
    let events = history.join("events.jsonl");
    let events = events.to_str().expect("a path");
    let run = duban(
        &[
            "simulate",
            "--rules",
            rules,
            "--calendars",
            calendars,
            "--events",
            events,
            "--until",
            until.trim(),
            "--show",
            "all",
            "--format",
            "jsonl",
        ],
        "",
    );
    assert_eq!((run.exit, run.errors.as_str()), (0, ""), "{events}");
    run.output
}

/// What the reference decided and we did not, and the other way round.
fn differences(name: &str, expected: &BTreeMap<String, u32>, decided: &BTreeMap<String, u32>) -> String {
    let mut told = String::new();
    for line in expected.keys().chain(decided.keys()).collect::<BTreeSet<_>>() {
        let (wanted, got) = (expected.get(line).unwrap_or(&0), decided.get(line).unwrap_or(&0));
        if wanted != got {
            let _ = writeln!(told, "{name}: wanted {wanted}, got {got}: {line}");
        }
    }
    told
}

#[track_caller]
fn decides_as_the_reference(prefix: &str, histories: usize) {
    let mut names: Vec<_> =
        fs::read_dir(folder()).expect("the histories").flatten().map(|entry| entry.path()).collect();
    names.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)));
    names.sort();
    assert_eq!(names.len(), histories);
    let mut told = String::new();
    for history in names {
        let path = |part: &str| history.join(part).to_str().expect("a path").to_owned();
        let expected = fs::read_to_string(history.join("expected.jsonl")).expect("what the reference decided");
        let decided = simulated(&history, &path("rules"), &path("calendars"));
        let name = history.file_name().expect("a name").to_string_lossy();
        told += &differences(&name, &counted(&expected, |_| true), &counted(&decided, |_| true));
    }
    assert!(told.is_empty(), "\n{told}");
}

#[test]
fn histories_known_as_they_happen_decide_as_the_reference_does() {
    decides_as_the_reference("plain-", 60);
}

#[test]
fn histories_that_become_known_late_decide_as_the_reference_does() {
    decides_as_the_reference("late-", 40);
}

/// The reference decided under the policies and rules that packs.md names: what a pack has beyond them is left out.
#[test]
fn the_shipped_packs_decide_as_the_reference_does() {
    let history = folder().join("packs");
    let all = fs::read_to_string(history.join("expected.jsonl")).expect("what the reference decided");
    let policies: BTreeSet<_> = all.lines().map(|line| object(line)["policy"].to_string()).collect();
    assert_eq!(policies.len(), 5);
    let rule = |line: &Map<String, Value>| format!("{} {}", line["policy"], line["rule"]);
    let named: BTreeSet<String> = all.lines().map(|line| rule(&object(line))).collect();
    let decided = simulated(&history, "rules", "calendars");
    let told = differences("packs", &counted(&all, |_| true), &counted(&decided, |line| named.contains(&rule(line))));
    assert!(told.is_empty(), "\n{told}");
}
