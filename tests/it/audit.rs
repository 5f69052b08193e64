//! The ledger as an auditor meets it: keys, checkpoints by the running daemon, bundles, erasure by law.

use crate::daemon::harness::{As, Daemon, Site, event, from_now, wait_for};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Row};
use std::process::{Command, Output};

const PHONE: &str = "13912345678";

/// A site with a key, and a recipient to whom checkpoints are sent.
fn site(schedules: &str) -> Site {
    let site = Site::new();
    let made = said(&site.output(&["audit", "keygen", "--out", "secrets/audit.pem"]), 0);
    site.write("audit.pub", &made);
    let audit = "audit: { key: { file: secrets/audit.pem }, public_keys: [ audit.pub ], file: kept.jsonl }\n";
    site.write("duban.yaml", &format!("{}{audit}{schedules}", site.read("duban.yaml")));
    site
}

#[track_caller]
fn said(output: &Output, exit: i32) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{} {errors}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Rows of the store, as texts; what changes something returns none.
fn rows(site: &Site, sql: &'static str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(site.path("duban.db"));
        let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
        let rows = sqlx::query(sql).fetch_all(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    })
}

/// An order with a caller, decided, its card sent.
fn decided(daemon: &Daemon<'_>) {
    // The card falls in two seconds: what is dated before the first start is told to nobody.
    let at = from_now(-298_000);
    let mut received = event("e1", "ZH-1", "received", &at);
    received["attrs"]["caller"] = PHONE.into();
    received["attrs"]["hobby"] = "钓鱼".into();
    assert_eq!(daemon.send(&json!([received, event("e2", "ZH-2", "received", &at)])).status, 200);
    wait_for(|| {
        let order = daemon.get(As::Root, "/api/v1/orders/ZH-1").json();
        let notices = order["notices"].as_array()?;
        (!notices.is_empty() && notices.iter().all(|notice| notice["state"] == "delivered")).then_some(())
    });
}

/// A due that begins far enough in the past is a run that was missed.
fn miss_runs(site: &Site) {
    rows(site, "UPDATE jobs SET at = at - 86400000 RETURNING job");
}

/// A minute of the hour that does not come while a test runs.
fn half_an_hour_off() -> String {
    let minute: u32 = from_now(30 * 60_000)[14..16].parse().unwrap();
    minute.to_string()
}

#[test]
fn a_run_that_was_missed_is_made_up_once_and_marked_late_and_checkpoints_are_kept_beside_the_store() {
    let site = site(
        &"schedules:\n  - { run: checkpoint, cron: \"MINUTE * * * *\", calendar: always }\n  - { run: checkpoint, name: told, cron: \"MINUTE * * * *\", tell: [supervisor] }\n".replace("MINUTE", &half_an_hour_off()),
    );
    let daemon = site.start();
    decided(&daemon);
    wait_for(|| (rows(&site, "SELECT job FROM jobs").len() == 2).then_some(()));
    assert_eq!(site.read("kept.jsonl"), "", "what lies before a job is known is not made up");
    daemon.kill();
    miss_runs(&site);
    let daemon = site.start();
    let ran = wait_for(|| {
        let ran =
            rows(&site, "SELECT job || ' ' || late || ' ' || detail FROM jobs WHERE outcome = 'done' ORDER BY job");
        (ran.len() == 2).then_some(ran)
    });
    assert_eq!(ran, ["checkpoint 1 checkpoint 1", "told 1 nothing changed"], "24 runs were missed, one is made up");
    let kept = site.read("kept.jsonl");
    assert_eq!(kept.lines().count(), 1);
    let told = "SELECT state || forms FROM notices WHERE key LIKE 'checkpoint:told:%'";
    let is_told = |told: &[String]| told[0].starts_with("delivered") && told[0].contains("duban checkpoint 1");
    wait_for(|| Some(rows(&site, told)).filter(|told| !told.is_empty() && is_told(told)).map(|_| ()));
    daemon.terminate();
    let found = said(&site.output(&["audit", "verify"]), 0);
    assert!(found.contains("1 个检查点，签名有效"), "{found}");
    // What was kept elsewhere is compared, too.
    rows(&site, "DELETE FROM checkpoints RETURNING 'gone'");
    let found = said(&site.output(&["audit", "verify", "--lang", "en"]), 1);
    assert_eq!(found, "checkpoint 1: the checkpoint is missing (it stands in the file beside the store)\n");
    let refused = site.output(&["audit", "checkpoint"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("holds checkpoint 1"), "{refused:?}");
    said(&refused, 1);
}

#[test]
fn an_order_is_proven_on_another_machine_without_the_store() {
    let site = site("");
    let daemon = site.start();
    decided(&daemon);
    daemon.terminate();
    said(&site.output(&["audit", "checkpoint"]), 0);
    said(&site.output(&["audit", "export", "--order", "ZH-1", "--out", "out/../bundle.jsonl"]), 2);
    said(&site.output(&["audit", "export", "--order", "ZH-1", "--out", "bundle.jsonl"]), 0);
    said(&site.output(&["audit", "export", "--out", "all.jsonl", "--personal", "--by", "审计处"]), 0);
    said(&site.output(&["audit", "export", "--order", "ZH-9", "--out", "none.jsonl"]), 2);
    assert!(!site.path("none.jsonl").exists());
    assert!(!site.read("bundle.jsonl").contains(PHONE) && site.read("all.jsonl").contains(PHONE));
    assert_eq!(rows(&site, "SELECT what FROM journal WHERE what = 'exported'").len(), 2, "exports are in the ledger");
    let elsewhere = Site::new();
    for name in ["bundle.jsonl", "all.jsonl", "audit.pub"] {
        elsewhere.write(name, &site.read(name));
    }
    std::fs::remove_file(elsewhere.path("duban.yaml")).unwrap();
    let verify = |bundle: &str| elsewhere.output(&["audit", "verify", "--bundle", bundle, "--key", "audit.pub"]);
    let found = said(&verify("bundle.jsonl"), 0);
    assert!(found.contains("其中 1 条的内容没有随包提供"), "{found}");
    said(&verify("all.jsonl"), 0);
    elsewhere.write("changed.jsonl", &site.read("bundle.jsonl").replace("\"kind\":\"card\"", "\"kind\":\"flag\""));
    assert!(said(&verify("changed.jsonl"), 1).contains("链“ZH-1”第2条"), "{:?}", verify("changed.jsonl"));
    said(&verify("audit.pub"), 2);
    said(&verify("nothing.jsonl"), 2);
    check_with_python(&elsewhere);
}

/// What docs/operations.md gives to others to check with says the same.
fn check_with_python(site: &Site) {
    let docs = include_str!("../../docs/operations.md");
    let script = docs.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    site.write("check.py", script);
    let run =
        |program: &str, arguments: &[&str]| Command::new(program).args(arguments).current_dir(site.path("")).output();
    let Ok(checked) = run("python3", &["check.py", "bundle.jsonl"]) else { return };
    said(&checked, 0);
    let changed = run("python3", &["check.py", "changed.jsonl"]).unwrap();
    assert!(changed.status.success(), "it compares the contents of events only");
    let cut = site.read("bundle.jsonl").replacen("\"n\":2", "\"n\":9", 1);
    site.write("cut.jsonl", &cut.replacen("\"count\":4", "\"count\":3", 1));
    assert!(!run("python3", &["check.py", "cut.jsonl"]).unwrap().status.success());
    let verify = ["pkeyutl", "-verify", "-pubin", "-inkey", "audit.pub", "-rawin", "-in", "text", "-sigfile", "sig"];
    let Ok(verified) = run("openssl", &verify) else { return };
    said(&verified, 0);
    site.write("text", &site.read("text").replace("number 1", "number 2"));
    assert!(!run("openssl", &verify).unwrap().status.success());
}

#[test]
fn personal_data_is_erased_and_the_chain_and_what_was_decided_stay() {
    let site = site("");
    let daemon = site.start();
    decided(&daemon);
    said(&site.output(&["audit", "checkpoint"]), 0);
    let before = said(&site.output(&["explain", "ZH-1"]), 0);
    let erase = ["audit", "erase", "--order", "ZH-1", "--by", "张三", "--reason", "依本人申请"];
    let erased = said(&site.output(&erase), 0);
    assert!(erased.contains("1 处个人信息"), "{erased}");
    let plain = site.output(&[&erase[..], &["--attribute", "department"]].concat());
    assert!(String::from_utf8_lossy(&plain.stderr).contains("`department` is declared"), "{plain:?}");
    said(&site.output(&[&erase[..], &["--attribute", "hobby"]].concat()), 0);
    assert!(said(&site.output(&erase), 0).contains("已删除 0 处"), "nothing is left to erase");
    said(&site.output(&["audit", "erase", "--order", "ZH-9", "--by", "张三", "--reason", "依本人申请"]), 2);
    let is_current = || {
        let order = daemon.get(As::Root, "/api/v1/orders/ZH-1").json();
        (order["events"][0]["attrs"]["caller"].as_str()?.starts_with("〔已依法删除") && order["current"] != false)
            .then_some(order)
    };
    let order = wait_for(is_current);
    let stub = order["events"][0]["attrs"]["caller"].as_str().unwrap();
    assert!(stub.contains("张三：依本人申请"), "{stub}");
    // The sender repeats the event: it is known.
    let mut again = event("e1", "ZH-1", "received", &from_now(-600_000));
    again["attrs"]["caller"] = PHONE.into();
    assert_eq!(daemon.send(&json!([again])).json()["duplicates"], 1);
    daemon.terminate();
    let after = said(&site.output(&["explain", "ZH-1"]), 0);
    // It was decided once more, so it is told as of a later instant.
    let story = |text: &str| text.split_once("\n\n").unwrap().1.to_owned();
    assert_eq!(story(&after), story(&before), "it is explained as it was");
    for name in ["duban.db", "duban.db-wal"] {
        let bytes = std::fs::read(site.path(name)).unwrap_or_default();
        assert!(!contains(&bytes, PHONE) && !contains(&bytes, "钓鱼"), "{name}");
    }
    said(&site.output(&["audit", "checkpoint"]), 0);
    said(&site.output(&["audit", "verify"]), 0);
    said(&site.output(&["audit", "verify", "--order", "ZH-1"]), 0);
    said(&site.output(&["audit", "export", "--order", "ZH-1", "--personal", "--out", "bundle.jsonl"]), 0);
    said(&site.output(&["audit", "verify", "--bundle", "bundle.jsonl", "--key", "audit.pub"]), 0);
    // What stands there since is chained, too.
    rows(&site, "UPDATE events SET body = replace(body, '张三', '李四') WHERE seq = 1 RETURNING 'changed'");
    let found = said(&site.output(&["audit", "verify"]), 1);
    assert!(found.starts_with("链“ZH-1”第1条") && found.contains("与删除记录不符"), "{found}");
    said(&site.output(&["audit", "verify", "--order", "ZH-1"]), 1);
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_key_is_written_once_and_read_by_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::new();
    let public = said(&site.output(&["audit", "keygen", "--out", "secrets/audit.pem"]), 0);
    assert!(public.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    assert_eq!(std::fs::metadata(site.path("secrets/audit.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    said(&site.output(&["audit", "keygen", "--out", "secrets/audit.pem"]), 2);
    let unsigned = site.output(&["audit", "checkpoint"]);
    assert!(String::from_utf8_lossy(&unsigned.stderr).contains("duban audit keygen"), "{unsigned:?}");
    said(&unsigned, 2);
}

#[test]
fn schedules_that_name_what_is_not_there_are_told_by_check() {
    let site =
        site("schedules:\n  - { run: checkpoint, cron: \"0 9 * * mon-fri\", calendar: alwys, tell: [supervisr] }\n");
    let found = said(&site.output(&["check", "--format", "json"]), 1);
    let problems: Vec<Value> = serde_json::from_str(&found).unwrap();
    let mut codes: Vec<_> = problems.iter().map(|problem| problem["code"].as_str().unwrap()).collect();
    codes.retain(|code| matches!(*code, "unknown-calendar" | "unknown-recipient"));
    assert_eq!(codes, ["unknown-calendar", "unknown-recipient"], "{found}");
}

#[test]
fn rules_may_ask_whether_a_personal_value_is_there_and_nothing_else() {
    let site = Site::new();
    let policy = site.read("rules/quick.yaml");
    site.write("rules/quick.yaml", &policy.replace("when: { finding: 慢作为 }", "when: { caller: { present: true } }"));
    said(&site.output(&["check"]), 0);
    site.write("rules/quick.yaml", &policy.replace("when: { finding: 慢作为 }", "when: { caller: { not: 甲 } }"));
    assert!(said(&site.output(&["check"]), 1).contains("personal-condition"));
}
