//! `duban store`: derived rows anew, and copies made while the daemon runs.

use crate::daemon::harness::{As, Site, event, from_now, wait_for};
use serde_json::json;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::process::Output;

#[track_caller]
fn said(output: &Output, exit: i32) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{} {errors}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn change(site: &Site, sql: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(site.path("duban.db"));
        let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
        assert!(sqlx::query(sql).execute(&mut conn).await.unwrap().rows_affected() > 0);
        conn.close().await.unwrap();
    });
}

#[test]
fn rebuild_names_what_does_not_follow_and_mends_it() {
    let site = Site::new();
    let daemon = site.start();
    let events = json!([
        event("e1", "ZH-1", "received", &from_now(-600_000)),
        event("e2", "ZH-1", "contacted", &from_now(-500_000)),
        event("e3", "ZH-2", "received", &from_now(-600_000)),
    ]);
    assert_eq!(daemon.send(&events).status, 200);
    let is_decided =
        |order| daemon.get(As::Root, &format!("/api/v1/orders/{order}")).json()["obligations"][0].is_object();
    wait_for(|| (is_decided("ZH-1") && is_decided("ZH-2")).then_some(()));
    daemon.terminate();
    assert_eq!(said(&site.output(&["store", "rebuild", "--dry-run"]), 0), "", "everything follows");
    change(&site, "UPDATE obligations SET outcome = 'late' WHERE outcome = 'met'");
    change(&site, "UPDATE orders SET attributes = replace(attributes, '甲局', '乙局') WHERE id = 'ZH-2'");
    change(&site, "DELETE FROM obligations WHERE order_nr = 2");
    let named = said(&site.output(&["store", "rebuild", "--dry-run", "--lang", "en"]), 1);
    let lines: Vec<&str> = named.lines().collect();
    assert_eq!(lines.len(), 3, "{named}");
    assert!(lines[0].starts_with("ZH-1 obligation quick response 1/1 ") && lines[0].contains(", Late,"), "{named}");
    assert_eq!(lines[1], "ZH-2 attribute department: kept Text(\"乙局\"), follows Text(\"甲局\")");
    assert!(
        lines[2].starts_with("ZH-2 obligation quick response 1/1 ") && lines[2].contains("kept nothing"),
        "{named}"
    );
    assert_eq!(said(&site.output(&["store", "rebuild", "--lang", "en"]), 0), named);
    assert_eq!(said(&site.output(&["store", "rebuild", "--dry-run"]), 0), "", "it was mended");
    said(&site.output(&["audit", "verify"]), 0);
}

#[test]
fn a_copy_is_whole_while_the_daemon_writes_and_is_never_written_over() {
    let site = Site::new();
    let daemon = site.start();
    assert_eq!(daemon.send(&event("e1", "ZH-1", "received", &from_now(-600_000))).status, 200);
    said(&site.output(&["store", "backup", "copies/duban.db"]), 2);
    std::fs::create_dir(site.path("copies")).unwrap();
    assert!(said(&site.output(&["store", "backup", "copies/duban.db"]), 0).contains("1 张工单"));
    let refused = site.output(&["store", "backup", "copies/duban.db"]);
    said(&refused, 2);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("备份不覆盖已有的文件"));
    assert_eq!(daemon.send(&event("e2", "ZH-2", "received", &from_now(-600_000))).status, 200);
    daemon.terminate();
    let left: Vec<_> =
        std::fs::read_dir(site.path("copies")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["duban.db"]);
    site.write("copy.yaml", "store: sqlite:copies/duban.db\nchannels: { here: { kind: console } }\n");
    said(&site.output(&["audit", "verify", "--config", "copy.yaml"]), 0);
    assert!(said(&site.output(&["explain", "ZH-1", "--config", "copy.yaml"]), 0).contains("ZH-1"));
    let absent = Site::new();
    said(&absent.output(&["store", "backup", "copy.db"]), 2);
}
