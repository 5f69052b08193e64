//! `docs/coverage.md` leaves out no requirement of the five documents, and what it names is there.

use duban::policy;
use duban::policy::model::Policy;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

struct Row {
    id: String,
    clause: String,
    class: String,
    carried: String,
    shown: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("docs/coverage.md")).expect("the page");
    let is_row =
        |line: &&str| line.starts_with("| ") && line.as_bytes().get(4) == Some(&b'-') && !line.starts_with("| ---");
    text.lines().filter(is_row).map(row).collect()
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
    let [id, clause, _, class, carried, shown] = cells[..] else { panic!("six columns: {line}") };
    let text = |cell: &str| cell.trim_matches('|').trim().to_owned();
    Row { id: text(id), clause: text(clause), class: text(class), carried: text(carried), shown: text(shown) }
}

/// What stands between backticks.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_requirement_is_named_once_with_its_clause_and_class() {
    let listed = fs::read_to_string(root().join("tests/data/requirements.tsv")).expect("the list");
    let listed: Vec<&str> = listed.lines().filter(|line| !line.starts_with('#')).collect();
    let named: Vec<String> = rows().iter().map(|row| format!("{}\t{}\t{}", row.id, row.clause, row.class)).collect();
    assert_eq!(named, listed);
    assert_eq!(listed.len(), 149);
}

#[test]
fn every_requirement_is_carried_and_shown_or_left_with_a_reason() {
    for row in rows() {
        let reason = ["不做：", "待做："].iter().find_map(|word| row.carried.strip_prefix(word));
        match reason {
            Some(reason) => {
                let may_wait = row.class.split([',', '/', ' ']).any(|class| class == "S") || row.id.starts_with("SY-0");
                let allowed = row.class.contains('X') || may_wait;
                assert!(!reason.is_empty() && row.shown.is_empty() && allowed, "{}", row.id);
            }
            None => assert!(!named(&row.carried).is_empty() && !named(&row.shown).is_empty(), "{}", row.id),
        }
    }
}

#[test]
fn every_file_rule_case_and_test_that_is_named_is_there() {
    let rules = policy::load(&root().join("rules"), &root().join("calendars"), &None).rules.expect("rules");
    let policies: BTreeMap<&str, &Arc<Policy>> =
        rules.policies.iter().map(|policy| (policy.id.as_str(), policy)).collect();
    let mut missing = Vec::new();
    let mut seen = 0;
    for row in rows() {
        for name in named(&row.carried).into_iter().chain(named(&row.shown)) {
            // A word of a file that is named beside it (`copy`, `extends`) is no name of its own.
            if let Some(is_there) = is_there(name, &policies) {
                seen += 1;
                missing.extend((!is_there).then(|| format!("{}: {name}", row.id)));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(seen > 250, "{seen}");
}

/// Whether what is named is there; none if it names nothing of these kinds.
fn is_there(name: &str, policies: &BTreeMap<&str, &Arc<Policy>>) -> Option<bool> {
    if let Some((policy, case)) = name.split_once('「') {
        let tests = fs::read_to_string(root().join(format!("rules/tests/{policy}.yaml"))).unwrap_or_default();
        let case = case.trim_end_matches('」');
        return Some(tests.lines().any(|line| line.trim() == format!("- name: {case}")));
    }
    if let Some((file, test)) = name.split_once("::") {
        let text = fs::read_to_string(root().join(file)).unwrap_or_default();
        return Some(text.contains(&format!("fn {test}(")));
    }
    let (first, rest) = name.split_once('/')?;
    if let Some(policy) = policies.get(first) {
        let (rule, step) = rest.split_once('/').unwrap_or((rest, ""));
        return Some(has_rule(policy, rule, step));
    }
    Some(root().join(name).is_file() || name == "rules/rosters.yaml")
}

fn has_rule(policy: &Policy, rule: &str, step: &str) -> bool {
    let deadline = policy.deadlines.iter().find(|deadline| deadline.id.as_str() == rule);
    let has_step = deadline.is_some_and(|known| known.ladder.iter().any(|known| known.id.as_str() == step));
    let is_reaction = policy.reactions.iter().any(|reaction| reaction.id.as_str() == rule);
    if step.is_empty() { deadline.is_some() || is_reaction } else { has_step }
}
