//! What a person lifted is left alone by what becomes known later, however often the order was decided in between.

use crate::program::duban;
use serde_json::Value;

const SIGNED: &str = r#"{"id":"1","order":"ZH-1","type":"received","at":"2024-05-06T09:00:00+08:00","attrs":{"region":"珠海市","subject":"市场主体","category":"咨询"}}
{"id":"2","order":"ZH-1","type":"dispatched","at":"2024-05-06T09:05:00+08:00","attrs":{"department":"市市场监管局"}}
{"id":"3","order":"ZH-1","type":"signed","at":"2024-05-06T09:10:00+08:00"}
"#;
const CONTACT_REPORTED_LATE: &str = r#"{"id":"4","order":"ZH-1","type":"contacted","at":"2024-05-06T10:00:00+08:00","recorded_at":"2024-05-06T11:00:00+08:00"}
"#;

fn simulate(events: &str) -> Vec<Value> {
    let run =
        duban(&["simulate", "--events", "-", "--until", "2024-05-06T12:00:00+08:00", "--format", "jsonl"], events);
    assert_eq!(run.exit, 0, "{}", run.errors);
    run.json_lines()
}

fn of_response(decisions: &[Value]) -> Vec<String> {
    let about = decisions.iter().filter(|decision| decision["rule"] == "response" && decision["step"] != "remind");
    about
        .map(|decision| format!("{} {}", decision["kind"].as_str().unwrap(), decision["step"].as_str().unwrap()))
        .collect()
}

fn lift(key: &str, at: &str) -> String {
    format!(r#"{{"id":"5","order":"ZH-1","type":"lifted","at":"{at}","attrs":{{"decision":"{key}","by":"主管"}}}}"#)
        + "\n"
}

#[test]
fn a_card_that_was_lifted_is_not_revoked_by_a_contact_that_is_reported_later() {
    let plain = simulate(&format!("{SIGNED}{CONTACT_REPORTED_LATE}"));
    assert_eq!(of_response(&plain), ["card yellow", "revoke yellow"]);
    let key = plain.iter().find(|decision| decision["kind"] == "card").unwrap()["key"].as_str().unwrap().to_owned();
    let lifted_before = lift(&key, "2024-05-06T10:30:00+08:00");
    let lifted = simulate(&format!("{SIGNED}{lifted_before}{CONTACT_REPORTED_LATE}"));
    assert_eq!(of_response(&lifted), ["card yellow"]);
    let lifted_after = lift(&key, "2024-05-06T11:30:00+08:00");
    let too_late = simulate(&format!("{SIGNED}{CONTACT_REPORTED_LATE}{lifted_after}"));
    assert_eq!(of_response(&too_late), ["card yellow", "revoke yellow"]);
}
