//! The daemon as operators and other systems meet it: the real binary, over HTTP, signals and files.

pub mod harness;

use duban::store::event::{NewEvent, Subject};
use duban::store::{Role, Store};
use harness::{As, DIRECTORY, POLICY, Site, event, from_now, wait_for};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

const LONG_AGO: &str = "2024-05-06T09:00:00+08:00";

#[test]
fn every_answer_has_the_status_that_the_contract_gives() {
    let site = Site::new();
    let daemon = site.start();
    let good = || event("e1", "O1", "received", LONG_AGO);
    let with = |name: &str, value: Value| {
        let mut event = event(&format!("with-{name}"), "O1", "received", LONG_AGO);
        event[name] = value;
        event
    };
    for (body, status) in [
        (good(), 200),
        (json!([good(), with("type", json!("unheard-of"))]), 200),
        (json!([]), 200),
        (json!({ "id": "f1", "figure": "三方通话", "day": "2024-05-06", "value": 41 }), 200),
        (with("type", json!("unheard-of")), 422),
        (with("at", json!("2024-05-06T09:00:00")), 422),
        (with("at", json!(from_now(6 * 60_000))), 422),
        (with("id", json!("x".repeat(10_000))), 422),
        (with("attrs", json!({ "category": "其他" })), 422),
        (with("attrs", json!({ "category": ["咨询"] })), 422),
        (json!({}), 422),
        (json!("text"), 400),
        (json!(7), 400),
    ] {
        let answer = daemon.send(&body);
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
    }
    for (body, status) in [(&b""[..], 400), (b"{", 400), (b"{\"id\":\"\xff\"}", 400), (b"[{},]", 400)] {
        let answer = daemon.ask(As::System, "POST", "/api/v1/events", "", body).unwrap();
        assert_eq!(answer.status, status, "{body:?}: {}", answer.body);
        assert!(answer.json()["error"].is_string());
    }
    for (who, status) in [(As::Nobody, 401), (As::Desk, 403), (As::Root, 200)] {
        assert_eq!(daemon.post(who, "/api/v1/events", &good()).status, status);
    }
    for (who, path, status) in [
        (As::System, "/api/v1/orders/O1", 200),
        (As::System, "/api/v1/orders/unknown", 404),
        (As::Nobody, "/api/v1/orders/O1", 401),
        (As::Desk, "/api/v1/decisions?after=x", 400),
        (As::Nobody, "/api/v1/decisions", 401),
        (As::Nobody, "/healthz", 200),
        (As::Nobody, "/metrics", 200),
        (As::Nobody, "/openapi.json", 200),
        (As::Nobody, "/nowhere", 404),
        (As::Desk, "/api/v1/events", 405),
    ] {
        assert_eq!(daemon.get(who, path).status, status, "{path}");
    }
    assert_eq!(daemon.post(As::System, "/api/v1/decisions/k/approve", &json!({ "by": "甲" })).status, 403);
    assert_eq!(daemon.post(As::Desk, "/api/v1/decisions/k/approve", &json!({ "by": "甲" })).status, 404);
    assert_eq!(daemon.post(As::Desk, "/api/v1/decisions/k/approve", &json!({})).status, 400);
}

#[test]
fn ten_megabytes_are_refused_and_whoever_sent_them_hears_it() {
    let site = Site::new();
    let daemon = site.start();
    let large = vec![b' '; 10_000_000];
    let answer = daemon.ask(As::System, "POST", "/api/v1/events", "", &large).unwrap();
    assert_eq!(answer.status, 413);
    assert!(answer.json()["error"].is_string());
}

#[test]
fn what_is_sent_again_is_a_duplicate_and_with_other_content_refused() {
    let site = Site::new();
    let daemon = site.start();
    let first = event("e1", "O1", "received", LONG_AGO);
    let mut same = first.clone();
    same["at"] = json!("2024-05-06T01:00:00Z");
    same["recorded_at"] = json!("2024-05-06T09:30:00+08:00");
    let mut other = first.clone();
    other["attrs"]["department"] = json!("乙局");
    let rejected = |index: usize| json!([{ "index": index, "id": "e1" }]);
    assert_eq!(daemon.send(&first).json(), json!({ "accepted": 1, "duplicates": 0, "rejected": [] }));
    assert_eq!(daemon.send(&same).json(), json!({ "accepted": 0, "duplicates": 1, "rejected": [] }));
    let mut answer = daemon.send(&json!([same, other, event("e2", "O1", "contacted", LONG_AGO)])).json();
    assert!(answer["rejected"][0].as_object_mut().unwrap().remove("error").is_some());
    assert_eq!(answer, json!({ "accepted": 1, "duplicates": 1, "rejected": rejected(1) }));
    // Ids are unique within their source only.
    assert_eq!(daemon.post(As::Root, "/api/v1/events", &other).json()["accepted"], 1);
}

#[test]
fn lines_are_taken_or_refused_one_by_one() {
    let site = Site::new();
    let daemon = site.start();
    let mut lines = format!("{}\r\n\nnonsense\n", event("e1", "O1", "received", LONG_AGO)).into_bytes();
    lines.extend(b"{\"id\":\"\xff\"}\n");
    lines.extend(event("e2", "O1", "signed", LONG_AGO).to_string().into_bytes());
    let answer = daemon.send_lines(&lines).json();
    assert_eq!(
        (&answer["accepted"], &answer["rejected"][0]["index"], &answer["rejected"][1]["index"]),
        (&json!(2), &json!(1), &json!(2))
    );
}

#[test]
fn a_card_falls_when_its_due_comes_and_wakes_who_waits_for_it() {
    let site = Site::new();
    let daemon = site.start();
    // Due in two seconds.
    let due_ms = 2_000;
    let sent = daemon.send(&event("e1", "O1", "received", &from_now(due_ms - 5 * 60_000)));
    assert_eq!(sent.status, 200, "{}", sent.body);
    let since = Instant::now();
    let (decisions, cursor) = daemon.feed("", 15);
    let waited = since.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(10)).contains(&waited), "{waited:?}");
    assert_eq!(decisions.len(), 1);
    let card = &decisions[0];
    assert_eq!((&card["kind"], &card["card"], &card["order"]), (&json!("card"), &json!("yellow"), &json!("O1")));
    assert_eq!(
        (&card["rule"], &card["department"], &card["clause"]),
        (&json!("response"), &json!("甲局"), &json!("一"))
    );
    assert!(card.get("made_at").is_none_or(|made_at| made_at.as_str() >= card["at"].as_str()));
    assert_eq!(daemon.feed(&cursor, 0).0, Vec::<Value>::new());
}

#[test]
fn what_is_answered_survives_a_kill_and_nothing_is_decided_twice() {
    let site = Site::new();
    let mut accepted = BTreeSet::new();
    for round in 0..4 {
        let daemon = site.start();
        for number in 0..40 {
            let id = format!("{round}-{number}");
            let answer = daemon.send(&event(&id, &format!("O{}", number % 20), "received", LONG_AGO)).json();
            assert_eq!(answer["accepted"], 1, "{answer}");
            accepted.insert(id);
        }
        daemon.kill();
    }
    let daemon = site.start();
    for id in &accepted {
        let number: u32 = id.split_once('-').unwrap().1.parse().unwrap();
        let answer = daemon.send(&event(id, &format!("O{}", number % 20), "received", LONG_AGO)).json();
        assert_eq!(answer["duplicates"], 1, "{id}: {answer}");
    }
    let decided = wait_for(|| {
        let (decisions, _) = daemon.feed("", 0);
        let orders: BTreeSet<&str> = decisions.iter().filter_map(|one| one["order"].as_str()).collect();
        (orders.len() == 20).then(|| decisions.clone())
    });
    let keys: BTreeSet<&str> = decided.iter().filter_map(|one| one["key"].as_str()).collect();
    assert_eq!((keys.len(), decided.len()), (20, 20), "one card an order, each once");
}

#[test]
fn a_start_decides_at_once_what_fell_due_while_it_was_down() {
    let site = Site::new();
    let daemon = site.start();
    daemon.send(&event("e1", "O1", "received", &from_now(1_000 - 5 * 60_000)));
    daemon.kill();
    std::thread::sleep(Duration::from_millis(1_200));
    let daemon = site.start();
    assert_eq!(daemon.feed("", 10).0.len(), 1);
}

#[test]
fn sigterm_ends_cleanly_within_five_seconds_even_while_someone_waits() {
    let site = Site::new();
    let daemon = site.start();
    let address = daemon.address.clone();
    let mut uploading = std::net::TcpStream::connect(&address).unwrap();
    let half = "POST /api/v1/events HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer token-of-the-system\r\nContent-Length: 100\r\n\r\n{";
    uploading.write_all(half.as_bytes()).unwrap();
    let waiting = std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let head =
            "GET /api/v1/decisions?wait=60 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer token-of-the-desk\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    std::thread::sleep(Duration::from_millis(300));
    let (status, took) = daemon.terminate();
    assert!(status.success() && took < Duration::from_secs(5), "{status} after {took:?}");
    drop(uploading);
    assert!(waiting.join().unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn rules_are_reloaded_whole_or_not_at_all() {
    let site = Site::new();
    let daemon = site.start();
    let version = || daemon.get(As::Nobody, "/readyz").json()["rules"]["version"].clone();
    assert_eq!(version(), 1);
    site.write("rules/quick.yaml", &POLICY.replace("within: 5 minutes", "within: 10 minutes"));
    wait_for(|| (version() == 2).then_some(()));
    assert_eq!(daemon.metric("duban_reload_success"), Some(1.0));
    site.write("rules/quick.yaml", &POLICY.replace("within:", "witihn:"));
    let failure = wait_for(|| daemon.get(As::Nobody, "/readyz").json().get("reload_failure").cloned());
    assert!(failure["problems"][0].as_str().unwrap().contains("quick.yaml:"), "{failure}");
    assert_eq!((version(), daemon.metric("duban_reload_success")), (json!(2), Some(0.0)));
    wait_for(|| (daemon.get(As::Nobody, "/readyz").status == 200).then_some(()));
    site.write("rules/quick.yaml", &POLICY.replace("within: 5 minutes", "within: 10 minutes"));
    wait_for(|| daemon.get(As::Nobody, "/readyz").json().get("reload_failure").is_none().then_some(()));
    assert_eq!((version(), daemon.metric("duban_reload_success")), (json!(2), Some(1.0)));
}

#[test]
fn sighup_reloads_and_a_rules_folder_that_vanished_is_told_and_outlived() {
    let site = Site::new();
    let daemon = site.start();
    std::fs::rename(site.path("rules"), site.path("elsewhere")).unwrap();
    daemon.signal("HUP");
    let failure = wait_for(|| daemon.get(As::Nobody, "/readyz").json().get("reload_failure").cloned());
    assert!(failure["problems"][0].as_str().unwrap().contains("rules"), "{failure}");
    daemon.send(&event("e1", "O1", "received", LONG_AGO));
    assert_eq!(daemon.feed("", 10).0.len(), 1, "decided by the rules in force");
    std::fs::rename(site.path("elsewhere"), site.path("rules")).unwrap();
    daemon.signal("HUP");
    wait_for(|| daemon.get(As::Nobody, "/readyz").json().get("reload_failure").is_none().then_some(()));
}

#[test]
fn a_failed_reload_is_told_once_however_often_it_is_tried() {
    let site = Site::new();
    site.write("duban.yaml", &format!("{}tell_from: \"2020-01-01T00:00:00+08:00\"\n", site.read("duban.yaml")));
    let operators = "  operators: { title: 系统管理员, channels: [here] }\n";
    site.write("rules/directory.yaml", &DIRECTORY.replace("departments:", &format!("{operators}departments:")));
    let daemon = site.start();
    let refused = |times| site.read("err.log").matches("the rules were not taken").count() >= times;
    std::fs::rename(site.path("rules"), site.path("elsewhere")).unwrap();
    daemon.signal("HUP");
    wait_for(|| refused(1).then_some(()));
    daemon.signal("HUP");
    wait_for(|| refused(2).then_some(()));
    // Whatever was to be told before this card has been queued before it.
    daemon.send(&event("e1", "O1", "received", LONG_AGO));
    wait_for(|| site.read("out.log").contains("O1").then_some(()));
    assert_eq!(site.read("out.log").matches("规则重载失败").count(), 1, "{}", site.read("out.log"));
}

#[test]
fn a_recipient_with_nobody_behind_is_named_at_once_and_until_there_is_somebody() {
    let site = Site::new();
    let sms = "  sms: { kind: sms, driver: http, request: { method: POST, url: \"http://127.0.0.1:9/\", body: x }, accepted: { status: 200 } }\n";
    let config = format!("{}{sms}tell_from: \"2020-01-01T00:00:00+08:00\"\n", site.read("duban.yaml"));
    site.write("duban.yaml", &config);
    let directory = DIRECTORY.replace("of: department, channels: [here]", "of: department, channels: [sms]");
    site.write("rules/directory.yaml", &directory.replace("甲局", "乙局"));
    let daemon = site.start();
    assert_eq!(daemon.metric("duban_recipients_vacant"), Some(0.0));
    daemon.send(&event("e1", "O1", "received", LONG_AGO));
    wait_for(|| (daemon.metric("duban_recipients_vacant") == Some(1.0)).then_some(()));
    let ready = daemon.get(As::Nobody, "/readyz").json();
    assert!(ready["recipients_vacant"][0].as_str().unwrap().contains("甲局"), "{ready}");
    assert!(site.read("err.log").contains("a notice has nobody to go to"), "{}", site.read("err.log"));
    site.write("rules/directory.yaml", &directory);
    wait_for(|| (daemon.metric("duban_recipients_vacant") == Some(0.0)).then_some(()));
    assert!(daemon.get(As::Nobody, "/readyz").json().get("recipients_vacant").is_none());
}

#[test]
fn a_start_with_wrong_files_goes_on_by_the_rules_in_force() {
    let site = Site::new();
    site.start().kill();
    site.write("rules/quick.yaml", "policy: quick\n");
    let daemon = site.start();
    let ready = wait_for(|| {
        let ready = daemon.get(As::Nobody, "/readyz").json();
        (ready["status"] == "ready").then_some(ready)
    });
    assert_eq!(ready["rules"]["version"], 1);
    assert!(ready["reload_failure"]["problems"][0].is_string());
}

#[test]
fn a_channel_that_is_renamed_leaves_older_versions_readable() {
    let site = Site::new();
    let daemon = site.start();
    assert_eq!(daemon.send(&event("e1", "O1", "received", LONG_AGO)).status, 200);
    daemon.kill();
    for file in ["duban.yaml", "rules/directory.yaml"] {
        let text = site.read(file);
        site.write(file, &text.replace("here", "there"));
    }
    let daemon = site.start();
    let ready = daemon.get(As::Nobody, "/readyz").json();
    assert_eq!(ready["rules"]["version"], 2, "{ready}");
    let told = site.output(&["explain", "O1"]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
}

#[test]
fn a_first_start_with_wrong_files_is_refused_with_their_places() {
    let site = Site::new();
    site.write("rules/quick.yaml", "policy: quick\n");
    let output = site.output(&["run", "--lang", "en"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("quick.yaml:1:"), "{said}");
}

#[test]
fn what_is_dated_before_an_edit_stays_as_it_was_decided() {
    let site = Site::new();
    let daemon = site.start();
    daemon.send(&event("e1", "O1", "received", LONG_AGO));
    let (before, _) = daemon.feed("", 10);
    site.write("rules/quick.yaml", &POLICY.replace("within: 5 minutes", "within: 1 minute"));
    wait_for(|| (daemon.get(As::Nobody, "/readyz").json()["rules"]["version"] == 2).then_some(()));
    daemon.send(&event("e2", "O1", "signed", LONG_AGO));
    wait_for(|| (daemon.get(As::Desk, "/api/v1/orders/O1").json()["is_behind"] == false).then_some(()));
    let (after, _) = daemon.feed("", 0);
    assert_eq!((before.len(), &after), (1, &before));
}

#[test]
fn a_proposal_is_fed_once_it_is_approved() {
    let site = Site::new();
    let daemon = site.start();
    let reviewed =
        json!({ "id": "e2", "order": "O1", "type": "reviewed", "at": LONG_AGO, "attrs": { "finding": "慢作为" } });
    daemon.send(&json!([event("e1", "O1", "contacted", LONG_AGO), reviewed]));
    let proposal = wait_for(|| daemon.get(As::Desk, "/api/v1/orders/O1").json()["decisions"].get(0).cloned());
    assert_eq!((&proposal["kind"], &proposal["approval"]), (&json!("route"), &json!("supervisor")));
    assert_eq!(daemon.feed("", 0).0, Vec::<Value>::new(), "nothing to carry out yet");
    let path = |act: &str| format!("/api/v1/decisions/{}/{act}", proposal["key"].as_str().unwrap());
    let approve = || daemon.post(As::Desk, &path("approve"), &json!({ "by": "热线主管", "note": "属实" }));
    assert_eq!(approve().json()["repeated"], false);
    assert_eq!(approve().json()["repeated"], true);
    assert_eq!(daemon.post(As::Desk, &path("decline"), &json!({ "by": "热线主管" })).status, 409);
    let (fed, cursor) = daemon.feed("", 10);
    assert_eq!(fed.len(), 1);
    assert_eq!(fed[0]["key"], proposal["key"]);
    let order = daemon.get(As::Desk, "/api/v1/orders/O1").json();
    let acts: Vec<&Value> =
        order["events"].as_array().unwrap().iter().filter(|one| one["type"] == "approved").collect();
    assert_eq!(
        (acts.len(), &acts[0]["attrs"]["by"], &acts[0]["attrs"]["note"]),
        (1, &json!("热线主管"), &json!("属实"))
    );
    assert_eq!(daemon.feed(&cursor, 0).0, Vec::<Value>::new());
}

#[test]
fn a_token_for_events_alone_does_not_approve_by_an_event() {
    let site = Site::new();
    let daemon = site.start();
    let act = json!({ "id": "a1", "order": "O1", "type": "approved", "at": LONG_AGO, "attrs": { "decision": "0", "by": "自己" } });
    assert_eq!(daemon.send(&act).status, 422);
    let mixed = daemon.send(&json!([event("e1", "O1", "contacted", LONG_AGO), act])).json();
    assert_eq!((&mixed["accepted"], &mixed["rejected"][0]["index"]), (&json!(1), &json!(1)));
}

#[test]
fn the_daemon_believes_no_senders_recorded_at() {
    let site = Site::new();
    let daemon = site.start();
    let mut sent = event("e1", "O1", "contacted", LONG_AGO);
    sent["recorded_at"] = json!("2001-01-01T00:00:00+08:00");
    assert_eq!(daemon.send(&sent).json()["accepted"], 1);
    let order =
        wait_for(|| Some(daemon.get(As::Desk, "/api/v1/orders/O1").json()).filter(|order| order["is_behind"] == false));
    assert_eq!(order["events"].as_array().unwrap().len(), 1);
}

#[test]
fn people_acknowledge_each_once_and_withdraw_for_all() {
    let site = Site::new();
    let daemon = site.start();
    daemon.send(&event("e1", "O1", "received", LONG_AGO));
    let (decisions, _) = daemon.feed("", 10);
    let path = |act: &str| format!("/api/v1/decisions/{}/{act}", decisions[0]["key"].as_str().unwrap());
    let done = |act: &str, by: &str| daemon.post(As::Desk, &path(act), &json!({ "by": by })).json()["repeated"].clone();
    assert_eq!(
        (done("acknowledge", "甲"), done("acknowledge", "乙"), done("acknowledge", "甲")),
        (json!(false), json!(false), json!(true))
    );
    for body in [json!({ "by": "甲" }), json!({ "by": "甲", "note": " " })] {
        let answer = daemon.post(As::Desk, &path("withdraw"), &body);
        assert_eq!(answer.status, 400, "no reason: {}", answer.body);
    }
    let withdrawn =
        |by: &str| daemon.post(As::Desk, &path("withdraw"), &json!({ "by": by, "note": "系统故障" })).json();
    assert_eq!((&withdrawn("甲")["repeated"], &withdrawn("乙")["repeated"]), (&json!(false), &json!(true)));
    assert_eq!(daemon.post(As::Desk, &path("approve"), &json!({ "by": "甲" })).status, 409, "no proposal");
}

#[test]
fn a_caller_is_shown_to_those_entitled_alone_and_undeclared_attributes_to_nobody() {
    let site = Site::new();
    let daemon = site.start();
    let mut sent = event("e1", "O1", "received", LONG_AGO);
    sent["attrs"]["caller"] = json!("王小明");
    sent["attrs"]["shoe_size"] = json!("forty-two");
    daemon.send(&sent);
    wait_for(|| (daemon.get(As::Desk, "/api/v1/orders/O1").json()["is_behind"] == false).then_some(()));
    let shown = |who| daemon.get(who, "/api/v1/orders/O1").body;
    assert!(!shown(As::Desk).contains("王小明") && shown(As::Root).contains("王小明"));
    assert!(!shown(As::Root).contains("forty-two"));
    assert_eq!(daemon.metric("duban_undeclared_attributes_total"), Some(1.0));
    assert!(!site.read("err.log").contains("王小明"));
}

#[test]
fn answers_bear_an_id_and_keep_browsers_out() {
    let site = Site::new();
    let daemon = site.start();
    let answer = daemon.ask(As::Nobody, "GET", "/healthz", "X-Request-Id: mine-1\r\n", b"").unwrap();
    assert!(answer.head.contains("x-request-id: mine-1"), "{}", answer.head);
    for header in
        ["x-content-type-options: nosniff", "cache-control: no-store", "content-security-policy: default-src 'none'"]
    {
        for path in ["/healthz", "/nowhere", "/api/v1/decisions"] {
            let head = daemon.get(As::Nobody, path).head;
            assert!(head.contains(header) && head.contains("x-request-id: "), "{path}: {head}");
        }
    }
    let strange = "X-Request-Id: two words\r\n";
    assert!(!daemon.ask(As::Nobody, "GET", "/healthz", strange, b"").unwrap().head.contains("two words"));
}

#[test]
fn an_import_is_as_if_sent_and_history_sets_nothing_in_motion() {
    let site = Site::new();
    let lines = |order: &str| {
        format!("{}\n{}\nnonsense\n", event("e1", order, "received", LONG_AGO), event("e2", order, "signed", LONG_AGO))
    };
    site.write("events.jsonl", &format!("\u{feff}{}", lines("O1")));
    site.write("old.jsonl", &lines("O2").replace("\"e", "\"old-e"));
    let import = |arguments: &[&str]| {
        let output = site.output(&[&["import", "--lang", "en"], arguments].concat());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = import(&["--events", "events.jsonl"]);
    assert_eq!(code, Some(1), "a refused line is reported: {said}");
    assert!(said.contains("line 3") && said.contains("2 stored, 0 known before, 1 refused"), "{said}");
    assert!(import(&["--events", "events.jsonl"]).1.contains("0 stored, 2 known before"));
    assert!(import(&["--history", "--events", "old.jsonl"]).1.contains("2 stored"));
    assert_eq!(import(&["--events", "missing.jsonl"]).0, Some(2));
    let daemon = site.start();
    let (decisions, _) = daemon.feed("", 10);
    assert_eq!(decisions.iter().map(|one| one["order"].as_str().unwrap()).collect::<Vec<_>>(), ["O1"]);
    let old = daemon.get(As::Desk, "/api/v1/orders/O2").json();
    assert_eq!(old["events"][0]["recorded_at"], LONG_AGO);
    // Beside a running daemon, too.
    site.write("more.jsonl", &format!("{}\n", event("e3", "O3", "received", LONG_AGO)));
    assert_eq!(import(&["--events", "more.jsonl"]).0, Some(0));
    wait_for(|| daemon.feed("", 0).0.iter().any(|one| one["order"] == "O3").then_some(()));
}

#[test]
fn a_clock_behind_the_store_is_held_until_an_operator_accepts_it() {
    let site = Site::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(&site.path("duban.db"), Role::Tool).await.unwrap();
        let ahead = duban::clock::now().plus_ms(60 * 60_000);
        let event = NewEvent {
            source: "a clock that was an hour ahead".into(),
            id: "x".into(),
            subject: Subject::Order { order: "X".into(), kind: "signed".into() },
            at: ahead,
            recorded_at: ahead,
            digest: [0; 32],
            body: r#"{"id":"x","order":"X","type":"signed","at":"2024-05-06T09:00:00+08:00"}"#.into(),
        };
        store.append_events(vec![event], ahead).await.unwrap();
        store.close().await;
    });
    let daemon = site.start();
    assert_eq!(daemon.send(&event("e1", "O1", "received", LONG_AGO)).json()["accepted"], 1, "intake goes on");
    let clock = wait_for(|| daemon.get(As::Nobody, "/readyz").json().get("clock").cloned());
    assert!(clock.as_str().unwrap().contains("behind"), "{clock}");
    assert_eq!(daemon.metric("duban_clock_held"), Some(1.0));
    assert_eq!(daemon.feed("", 3).0, Vec::<Value>::new(), "nothing is decided");
    assert_eq!(site.output(&["clock", "accept"]).status.code(), Some(0));
    assert_eq!(daemon.feed("", 10).0.len(), 1);
    assert_eq!(daemon.metric("duban_clock_held"), Some(0.0));
}

#[test]
fn a_store_without_room_refuses_loses_nothing_and_goes_on_when_there_is_room() {
    let site = Site::new();
    site.start().kill();
    // A limit on the size of files is a disk that is full, for this process alone, and can be lifted from outside.
    let mut command = Command::new("prlimit");
    let binary = env!("CARGO_BIN_EXE_duban");
    command.args(["--fsize=300000:unlimited", "sh", "-c"]);
    command.arg(format!("trap '' XFSZ; exec '{binary}' run --ready-file ready --lang en")).current_dir(site.path(""));
    command.process_group(0);
    let daemon = site.start_by(command);
    let mut accepted = Vec::new();
    let refused = (0..2000)
        .map(|number| event(&format!("e{number}"), &format!("O{number}"), "received", LONG_AGO))
        .find_map(|event| {
            let answer = daemon.send(&event);
            if answer.status == 200 {
                accepted.push(event);
                return None;
            }
            Some((event, answer))
        });
    let (event, answer) = refused.expect("the store becomes full");
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.json()["error"].is_string() && answer.head.contains("retry-after"));
    assert_eq!(daemon.get(As::Nobody, "/healthz").status, 200, "the daemon lives");
    let lifted = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &daemon.child.id().to_string()]).status();
    assert!(lifted.unwrap().success());
    wait_for(|| (daemon.send(&event).status == 200).then_some(()));
    for event in &accepted {
        assert_eq!(daemon.send(event).json()["duplicates"], 1, "{event}");
    }
    wait_for(|| (daemon.feed("", 0).0.len() == (accepted.len() + 1).min(1000)).then_some(()));
}

#[test]
fn an_order_that_is_not_received_is_counted() {
    let site = Site::new();
    let daemon = site.start();
    assert_eq!(daemon.send(&event("e1", "O1", "contacted", LONG_AGO)).json()["accepted"], 1);
    assert_eq!(daemon.metric("duban_orders{state=\"without_received\"}"), Some(0.0), "not before ten minutes");
}

#[test]
fn wrong_usage_and_wrong_configuration_are_refused_before_anything_is_opened() {
    let site = Site::new();
    site.write("duban.yaml", "listen: 127.0.0.1:0\ntokens:\n  - { name: a, scopes: [read], token: hunter2 }\n");
    let output = site.output(&["run", "--lang", "en"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("duban.yaml:3:") && !said.contains("hunter2"), "{said}");
    assert_eq!(site.output(&["run", "--config", "missing.yaml"]).status.code(), Some(2));
    assert!(!site.path("duban.db").exists());
}

#[test]
fn a_second_daemon_on_one_store_is_refused() {
    let site = Site::new();
    let _daemon = site.start();
    let output = site.output(&["run", "--lang", "en"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("in use by another daemon"));
}

#[test]
fn what_falls_from_now_on_is_told_and_what_fell_before_the_first_start_is_not() {
    let site = Site::new();
    let daemon = site.start();
    daemon.send(&json!([
        event("e1", "old", "received", LONG_AGO),
        event("e2", "new", "received", &from_now(1_000 - 5 * 60_000))
    ]));
    let told = wait_for(|| {
        let told = daemon.get(As::Root, "/api/v1/orders/new").json()["notices"].clone();
        (told[0]["state"] == "delivered").then_some(told)
    });
    assert_eq!((&told[0]["kind"], &told[0]["to"]), (&json!("yellow-card"), &json!("liaison")));
    assert_eq!(daemon.get(As::Root, "/api/v1/orders/old").json()["notices"], json!([]));
    assert!(site.read("out.log").contains("new") && !site.read("out.log").contains("old"));
    daemon.kill();
    let daemon = site.start();
    std::thread::sleep(Duration::from_millis(500));
    let again = daemon.get(As::Root, "/api/v1/orders/new").json()["notices"].clone();
    assert_eq!(again, told, "told once");
}

#[test]
fn the_operators_hear_of_rules_that_were_not_taken() {
    let site = Site::new();
    let directory =
        harness::DIRECTORY.replace("recipients:", "recipients:\n  operators: { title: 运维, channels: [here] }");
    site.write("rules/directory.yaml", &directory);
    let daemon = site.start();
    site.write("rules/quick.yaml", &POLICY.replace("within:", "witihn:"));
    wait_for(|| site.read("out.log").contains("规则重载失败").then_some(()));
    drop(daemon);
}

#[test]
fn an_order_shows_when_its_rounds_opened_and_by_what() {
    let site = Site::new();
    let daemon = site.start();
    daemon.send(&json!([
        event("e1", "O1", "received", LONG_AGO),
        event("e2", "O1", "returned", "2024-05-07T09:00:00+08:00"),
        event("e3", "O1", "contacted", "2024-05-07T09:01:00+08:00"),
    ]));
    let order = wait_for(|| {
        let order = daemon.get(As::Desk, "/api/v1/orders/O1").json();
        (order["is_behind"] == false).then_some(order)
    });
    let rounds = json!([
        { "round": 1, "opened": LONG_AGO, "event": "e1" },
        { "round": 2, "opened": "2024-05-07T09:00:00+08:00", "event": "e2" },
    ]);
    assert_eq!((&order["rounds"], &order["round"]), (&rounds, &json!(2)));
    let arithmetic = order["obligations"][0]["arithmetic"].as_array().unwrap();
    assert!(arithmetic.iter().any(|line| line.as_str().unwrap().contains("09:05")), "{arithmetic:?}");
}

#[test]
fn an_order_in_the_store_is_explained_as_it_was_decided() {
    let site = Site::new();
    let daemon = site.start();
    daemon.send(&event("e1", "O1", "received", LONG_AGO));
    let (decisions, _) = daemon.feed("", 10);
    assert_eq!(decisions.len(), 1);
    let output = site.output(&["explain", "O1", "--lang", "en"]);
    let story = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(story.contains("O1") && story.contains("09:05") && story.contains("yellow"), "{story}");
    assert_eq!(site.output(&["explain", "unknown"]).status.code(), Some(2));
}
