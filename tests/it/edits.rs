//! Rules that are edited while orders are open: what is told before, what happens at the edit, what is told after.

use crate::daemon::harness::{As, CALENDAR, DIRECTORY, Daemon, POLICY, Site, event, from_now, wait_for};
use duban::config::Config;
use duban::daemon::reload::Reloader;
use duban::daemon::rules::Source;
use duban::intake::http::Health;
use duban::metrics::Metrics;
use duban::store::{Role, Store};
use duban::text::Lang;
use duban::text::problem::Problems;
use serde_json::{Value, json};
use std::process::Output;
use std::sync::Arc;

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

/// What the journal says, with its bodies read.
fn journal(site: &Site) -> Vec<(String, Value)> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(&site.path("duban.db"), Role::Reader).await.unwrap();
        let entries = store.journal(0, 100).await.unwrap();
        entries.into_iter().map(|entry| (entry.what, serde_json::from_str(&entry.body).unwrap_or_default())).collect()
    })
}

fn journaled(site: &Site, what: &str) -> Value {
    wait_for(|| journal(site).into_iter().find(|(known, _)| known == what).map(|(_, body)| body))
}

#[test]
fn a_reload_tells_what_changed_and_which_dues_moved_in_log_ledger_and_a_notice() {
    let site = site();
    let daemon = site.start();
    daemon.send(&event("e1", "O1", "received", &from_now(-2 * MINUTE_MS)));
    let before = decided(&daemon, "O1")["obligations"][0]["due"].clone();
    site.write("rules/quick.yaml", &POLICY.replace("within: 5 minutes", "within: 10 minutes"));
    in_force(&daemon, 2);
    wait_for(|| site.read("out.log").contains("第 2 版规则生效，1 张在办工单中 1 张到期有变").then_some(()));
    let log = site.read("err.log");
    for said in ["changed rules are in force", "within 5 minutes → 10 minutes", "of 1 open orders 1 have other dues"]
    {
        assert!(log.contains(said), "{said}: {log}");
    }
    let changed = journaled(&site, "rules-changed");
    assert_eq!(changed["version"], 2);
    let rule = &changed["changes"]["policies"][0]["rules"][0];
    assert_eq!((&rule["id"], &rule["keys"][0]["key"]), (&json!("response"), &json!("within")));
    let applied = journaled(&site, "rules-applied");
    assert_eq!((&applied["version"], &applied["affected"]), (&json!(2), &json!(1)));
    let moved = &applied["rules"][0];
    assert_eq!(
        (&moved["rule"], &moved["later"], &moved["examples"][0]["old_due"]),
        (&json!("response"), &json!(1), &before)
    );
    drop(daemon);
    assert_eq!(site.output(&["audit", "verify"]).status.code(), Some(0));
}

#[test]
fn an_edit_that_moves_no_due_is_logged_and_told_to_nobody() {
    let site = site();
    let daemon = site.start();
    daemon.send(&event("e1", "O1", "received", &from_now(-2 * MINUTE_MS)));
    decided(&daemon, "O1");
    site.write("rules/quick.yaml", &POLICY.replace("title: 慢作为移送", "title: 不作为移送"));
    in_force(&daemon, 2);
    let applied = journaled(&site, "rules-applied");
    assert_eq!((&applied["orders"], &applied["affected"], &applied["rules"]), (&json!(1), &json!(0), &json!([])));
    assert!(!site.read("out.log").contains("到期有变"));
}

#[test]
fn an_edit_made_while_the_daemon_is_down_is_told_at_its_start() {
    let site = site();
    let daemon = site.start();
    daemon.send(&event("e1", "O1", "received", &from_now(-2 * MINUTE_MS)));
    decided(&daemon, "O1");
    daemon.kill();
    site.write("rules/quick.yaml", &POLICY.replace("within: 5 minutes", "within: 10 minutes"));
    let daemon = site.start();
    assert_eq!(journaled(&site, "rules-applied")["rules"][0]["later"], 1);
    wait_for(|| site.read("out.log").contains("1 张到期有变").then_some(()));
    // And once: another start has nothing to tell.
    daemon.kill();
    let daemon = site.start();
    decided(&daemon, "O1");
    assert_eq!(journal(&site).iter().filter(|(what, _)| what == "rules-applied").count(), 1);
}

#[test]
fn a_provisional_due_becomes_final_when_the_calendar_is_extended_and_operators_hear_of_it() {
    let site = site();
    site.write("calendars/always.yaml", &CALENDAR.replace("2099-12-31", "2020-12-31"));
    let daemon = site.start();
    daemon.send(&event("e1", "O1", "received", &from_now(-2 * MINUTE_MS)));
    assert_eq!(decided(&daemon, "O1")["obligations"][0]["provisional"], true);
    site.write("calendars/always.yaml", CALENDAR);
    in_force(&daemon, 2);
    wait_for(|| site.read("out.log").contains("1 张到期有变").then_some(()));
    assert!(site.read("err.log").contains("quick response: 1 final at last, such as O1"), "{}", site.read("err.log"));
    assert_ne!(decided(&daemon, "O1")["obligations"][0]["provisional"], true);
    let changed = journaled(&site, "rules-changed");
    assert_eq!(changed["changes"]["calendars"][0]["keys"][0]["key"], "covers");
}

/// A layer over the policy of the site: complaints have three minutes.
const LAYER: &str = "policy: local\nextends: quick\ntitle: 投诉从快\napplies: { category: 投诉 }\ndeadlines: { response: { within: 3 minutes } }\n";

fn complaint(id: &str, order: &str, at: &str) -> Value {
    let mut event = event(id, order, "received", at);
    event["attrs"]["category"] = json!("投诉");
    event
}

#[test]
fn an_open_order_over_which_a_layer_is_laid_keeps_its_start_and_has_the_layers_rules_alone() {
    let site = site();
    let daemon = site.start();
    // Due in 125 seconds by the base, in five by the layer.
    let received = from_now(5_000 - 3 * MINUTE_MS);
    daemon.send(&complaint("e1", "O1", &received));
    assert_eq!(decided(&daemon, "O1")["obligations"][0]["policy"], "quick");
    site.write("rules/local.yaml", LAYER);
    in_force(&daemon, 2);
    let (cards, _) = daemon.feed("", 15);
    assert_eq!(cards.len(), 1, "{cards:?}");
    assert_eq!(
        (&cards[0]["policy"], &cards[0]["rule"], &cards[0]["kind"]),
        (&json!("local"), &json!("response"), &json!("card"))
    );
    let order = decided(&daemon, "O1");
    let obligations = order["obligations"].as_array().unwrap();
    assert_eq!(
        (obligations.len(), &obligations[0]["policy"], &obligations[0]["outcome"]),
        (1, &json!("local"), &json!("overdue"))
    );
    assert_eq!(order["policies"], json!(["local"]));
    // Once the layer is gone, the base has it again, and the card stands once.
    std::fs::remove_file(site.path("rules/local.yaml")).unwrap();
    in_force(&daemon, 3);
    let order = wait_for(|| Some(decided(&daemon, "O1")).filter(|order| order["policies"] == json!(["quick"])));
    assert_eq!(
        (order["obligations"][0]["policy"].clone(), order["decisions"].as_array().unwrap().len()),
        (json!("quick"), 1)
    );
}

#[tokio::test]
async fn a_cover_that_ends_soon_is_told_weekly_until_it_is_mended() {
    let site = site();
    site.write("calendars/always.yaml", &CALENDAR.replace("2099-12-31", "2026-12-31"));
    let config = Config::read(&site.path("duban.yaml"), &mut Problems::new()).expect("a configuration");
    let store = Store::temporary().await.unwrap();
    let source = Source::new(&config);
    let at = |text: &str| duban::time::Instant::parse(&format!("{text}T09:00:00+08:00")).unwrap();
    source.propose(&store, at("2026-10-01")).await.unwrap();
    let rules = source.load(&store).await.unwrap();
    let (words, metrics, health) = (Arc::default(), Arc::<Metrics>::default(), Arc::<Health>::default());
    let mut reloader = Reloader::new(store.clone(), source, words, metrics.clone(), health, Lang::Zh);
    let mut told = Vec::new();
    for day in
        ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05", "2026-11-12", "2026-11-19", "2027-02-01"]
    {
        reloader.tell_cover(&rules, at(day)).await;
        let queued = store.outbox_health().await.unwrap().queued;
        told.push((day, queued));
    }
    assert_eq!(
        told,
        [
            ("2026-11-01", 0),
            ("2026-11-02", 0),
            ("2026-11-03", 1),
            ("2026-11-04", 1),
            ("2026-11-05", 2),
            ("2026-11-12", 3),
            ("2026-11-19", 4),
            ("2027-02-01", 5)
        ]
    );
    assert!(metrics.show().unwrap().contains("calendar=\"always\""));
}

#[test]
fn an_explanation_shows_each_decisions_version_and_the_rules_text_as_it_was_then() {
    let site = site();
    let nothing = site.output(&["explain", "O1"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(String::from_utf8(nothing.stderr).unwrap().starts_with("错误: 数据库里还没有规则和工单"));
    let daemon = site.start();
    daemon.send(&event("e1", "O1", "received", "2024-05-06T09:00:00+08:00"));
    assert_eq!(daemon.feed("", 10).0.len(), 1);
    site.write(
        "rules/quick.yaml",
        &POLICY.replace("within: 5 minutes", "within: 7 minutes").replace("clause: 一", "clause: 九"),
    );
    in_force(&daemon, 2);
    decided(&daemon, "O1");
    let story = String::from_utf8(site.output(&["explain", "O1"]).stdout).unwrap();
    let (told, texts) = story.split_once("规则原文（作出决定时的那一版）").expect("the rules' texts");
    assert!(told.contains("依据 一；规则版本 1"), "{told}");
    assert!(texts.contains("第 1 版，") && texts.contains("起执行") && texts.contains("within: 5 minutes"), "{texts}");
    assert!(!texts.contains("7 minutes"), "{texts}");
    // Even once the policy is gone.
    site.write("rules/quick.yaml", &POLICY.replace("policy: quick", "policy: other"));
    in_force(&daemon, 3);
    let story = String::from_utf8(site.output(&["explain", "O1"]).stdout).unwrap();
    assert!(
        story.contains("现行规则里已没有这一份") && story.contains("黄牌 五分钟响应（response/yellow）"),
        "{story}"
    );
}

#[test]
fn a_due_that_an_edit_moved_is_counted_out_by_the_new_version() {
    let site = site();
    let daemon = site.start();
    daemon.send(&event("e1", "O1", "received", &from_now(-2 * MINUTE_MS)));
    decided(&daemon, "O1");
    // The calendar's cover is cut, too: the new due is provisional.
    site.write("calendars/always.yaml", &CALENDAR.replace("2099-12-31", "2025-12-31"));
    site.write("rules/quick.yaml", &POLICY.replace("within: 5 minutes", "within: 3 working hours"));
    in_force(&daemon, 2);
    decided(&daemon, "O1");
    let story = String::from_utf8(site.output(&["explain", "O1"]).stdout).unwrap();
    let (_, anew) = story.split_once("起，按规则第2版重新计算").unwrap_or_else(|| panic!("{story}"));
    let due = anew.find("到期：").unwrap_or_else(|| panic!("{story}"));
    assert!(anew[..due].contains("限：3个工作小时") && anew[..due].contains("计3个工作小时"), "{story}");
    assert!(anew[due..].lines().next().is_some_and(|line| line.contains("暂定")), "{story}");
}
