//! Rules that are edited while orders are open: what is told before, what happens at the edit, what is told after.

use crate::daemon::harness::{As, CALENDAR, DIRECTORY, Daemon, POLICY, Site, event, from_now, wait_for};
use serde_json::{Value, json};
use std::process::Output;

const MINUTE_MS: i64 = 60_000;

/// A site whose operators hear of its health.
fn site() -> Site {
    let site = Site::new();
    let operators = DIRECTORY.replace("recipients:", "recipients:\n  operators: { title: 运维, channels: [here] }");
    site.write("rules/directory.yaml", &operators);
    site
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Waits until an order is decided on all that is known.
fn decided(daemon: &Daemon<'_>, order: &str) -> Value {
    wait_for(|| {
        let shown = daemon.get(As::Desk, &format!("/api/v1/orders/{order}")).json();
        (shown["is_behind"] == false).then_some(shown)
    })
}

fn in_force(daemon: &Daemon<'_>, version: i64) {
    wait_for(|| (daemon.get(As::Nobody, "/readyz").json()["rules"]["version"] == version).then_some(()));
}

#[test]
fn the_orders_open_now_are_compared_with_an_edit_before_it_is_made() {
    let site = site();
    let daemon = site.start();
    // Received two minutes ago: due in three; under the edit, a minute ago.
    daemon.send(&event("e1", "O1", "received", &from_now(-2 * MINUTE_MS)));
    decided(&daemon, "O1");
    site.write("edit/quick.yaml", &POLICY.replace("within: 5 minutes", "within: 1 minute"));
    for name in ["vocabulary.yaml", "directory.yaml"] {
        site.write(&format!("edit/{name}"), &site.read(&format!("rules/{name}")));
    }
    let told = lines(&site.output(&["compare", "--against", "edit", "--format", "jsonl"]));
    let moved = told.iter().find(|line| line["is"] == "obligation").expect("a due that moves");
    assert_eq!(
        (&moved["change"], &moved["order"], &moved["rule"]),
        (&json!("moves"), &json!("O1"), &json!("response"))
    );
    assert!(moved["new_due"].as_str() < moved["old_due"].as_str(), "{moved}");
    let card = told.iter().find(|line| line["kind"] == "card").expect("the card that would fall no more");
    assert_eq!(&card["change"], "disappears");
    let left_out = told.iter().find(|line| line["is"] == "left_out").expect("its step is past");
    assert_eq!((&left_out["rule"], &left_out["step"]), (&json!("response"), &json!("yellow")));
    let report = String::from_utf8(site.output(&["compare", "--against", "edit"]).stdout).unwrap();
    for said in [
        "正在执行的第 1 版",
        "在办工单：1 张",
        "到期改变的时限",
        "within 5 minutes → 1 minute",
        "不再补作的阶梯",
        "专职联络员",
    ] {
        assert!(report.contains(said), "{said}: {report}");
    }
    // With `catch_up` the step fires at once, and is told so.
    let catching_up = POLICY
        .replace("within: 5 minutes", "within: 1 minute")
        .replace("calendar: always", "calendar: always\ncatch_up: true");
    site.write("edit/quick.yaml", &catching_up);
    let told = lines(&site.output(&["compare", "--against", "edit", "--format", "jsonl"]));
    let card = told.iter().find(|line| line["kind"] == "card").expect("the card that would fall at once");
    assert_eq!((&card["change"], told.iter().any(|line| line["is"] == "left_out")), (&json!("moves"), false));
    // Nothing was done to the order, nor to the rules.
    assert_eq!(daemon.get(As::Nobody, "/readyz").json()["rules"]["version"], 1);
    assert_eq!(decided(&daemon, "O1")["decisions"], json!([]));
}

#[test]
fn a_calendar_alone_is_compared_with_the_one_in_force() {
    let site = site();
    site.start().kill();
    site.write("edit/always.yaml", CALENDAR);
    let same = lines(&site.output(&["compare", "--against-calendars", "edit", "--format", "jsonl"]));
    assert_eq!(same, Vec::<Value>::new());
    let report = String::from_utf8(site.output(&["compare", "--against-calendars", "edit"]).stdout).unwrap();
    assert!(report.contains("在办工单：0 张") && report.contains("完全相同"), "{report}");
    site.write("edit/always.yaml", &CALENDAR.replace("2099-12-31", "2098-12-31"));
    let report = String::from_utf8(site.output(&["compare", "--against-calendars", "edit"]).stdout).unwrap();
    assert!(report.contains("covers 2018-01-01..2099-12-31 → 2018-01-01..2098-12-31"), "{report}");
}
