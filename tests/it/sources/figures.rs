//! Figures without an order come by every way, and the newest stands.

use super::folder::drop_file;
use super::servers::Kind;
use super::sql::{servers, start};
use super::{run_sqlite, wait_for_count, with_sources};
use crate::daemon::harness::{Site, wait_for};
use duban::store::{Role, Store};
use serde_json::json;

const SOURCES: &str = "
  - name: 日报
    kind: folder
    path: drop
    every: 1 second
    rest: 0 seconds
    figures: [ { figure: 三方通话, day: 日期, value: 数, department: 班组 } ]
  - name: 话务库
    kind: sql
    url: sqlite:calls.db
    every: 1 second
    query: SELECT * FROM calls
    cursor: id
    figures: [ { figure: 三方通话, day: day, value: n } ]
";

/// What stands for the figure, a day and a department.
fn standing(site: &Site, day: &str, department: &str) -> Option<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&site.path("duban.db"), Role::Reader).await.unwrap();
        let key = ("三方通话".to_owned(), day.to_owned(), department.to_owned());
        let found = store.figures_in_force(&[key]).await.unwrap().into_values().next();
        store.close().await;
        found.map(|figure| figure.value)
    })
}

#[test]
fn figures_come_over_http_from_an_import_from_files_and_from_a_database() {
    let site = Site::new();
    with_sources(&site, SOURCES);
    std::fs::create_dir(site.path("drop")).unwrap();
    run_sqlite(
        &site,
        "calls.db",
        "CREATE TABLE calls (id INTEGER PRIMARY KEY, day TEXT, n INTEGER); INSERT INTO calls VALUES (1, '2024-05-04', 44)",
    );
    let daemon = site.start();
    let sent = daemon.send(&json!({ "id": "f1", "figure": "三方通话", "day": "2024-05-01", "value": 41 }));
    assert_eq!(sent.json()["accepted"], 1);
    let line = r#"{"id":"f2","figure":"三方通话","day":"2024-05-02","department":"甲局","value":42.5}"#;
    site.write("figures.jsonl", line);
    let imported = site.output(&["import", "--events", "figures.jsonl"]);
    assert!(imported.status.success(), "{imported:?}");
    drop_file(&site, "日报.csv", "日期,班组,数\n2024/5/3,,\"1,043\"\n2024/5/3,一组,43\n".as_bytes());
    for (day, department, value) in [
        ("2024-05-01", "", 41.0),
        ("2024-05-02", "甲局", 42.5),
        ("2024-05-03", "", 1043.0),
        ("2024-05-03", "一组", 43.0),
        ("2024-05-04", "", 44.0),
    ] {
        wait_for(|| (standing(&site, day, department) == Some(value)).then_some(()));
    }
    drop(daemon);
}

#[test]
fn a_figure_that_is_corrected_and_corrected_back_stands_as_the_newest_file_says() {
    let site = Site::new();
    with_sources(&site, SOURCES);
    std::fs::create_dir(site.path("drop")).unwrap();
    run_sqlite(&site, "calls.db", "CREATE TABLE calls (id INTEGER PRIMARY KEY, day TEXT, n INTEGER)");
    let daemon = site.start();
    let report = |value: u32| format!("日期,班组,数\n2024-05-06,一组,{value}\n");
    for (number, value) in [(1.0, 41), (2.0, 42), (3.0, 41)] {
        drop_file(&site, "日报.csv", report(value).as_bytes());
        wait_for_count(&daemon, "日报", "taken", number);
        wait_for(|| (standing(&site, "2024-05-06", "一组") == Some(f64::from(value))).then_some(()));
    }
    drop_file(&site, "日报.csv", report(41).as_bytes());
    wait_for_count(&daemon, "日报", "duplicate", 1.0);
    drop_file(&site, "两个.csv", "日期,班组,数\n2024-05-06,一组,1\n2024-05-06,一组,2\n".as_bytes());
    wait_for_count(&daemon, "日报", "refused", 1.0);
    assert!(site.read("drop/rejected/两个.csv.report.csv").contains("3,,the figure `三方通话` has two values"));
}

#[test]
fn figures_come_from_real_servers_and_the_row_that_was_changed_last_stands() {
    for server in servers("figures_come_from_real_servers_and_the_row_that_was_changed_last_stands") {
        let moment = if server.kind == Kind::MariaDb { "DATETIME(6)" } else { "TIMESTAMP" };
        server.run(&format!(
            "CREATE TABLE calls (day DATE, team VARCHAR(20), n DECIMAL(12,2), updated {moment}, PRIMARY KEY (day, team));\n\
             INSERT INTO calls VALUES ('2024-05-06', '一组', 1041.50, '2024-05-07 08:00:00'), \
             ('2024-05-06', '', 2000, '2024-05-07 08:00:00'), ('2024-05-07', '一组', NULL, '2024-05-07 08:00:00')"
        ));
        let site = Site::new();
        let rest = "    query: SELECT * FROM calls
    cursor: updated
    key: [day, team]
    every: 1 second
    figures: [ { figure: 三方通话, day: day, value: n, department: team } ]
";
        with_sources(&site, &format!("  - name: 话务库\n    kind: sql\n{}{rest}", server.address()));
        let daemon = start(&site);
        wait_for(|| (standing(&site, "2024-05-06", "一组") == Some(1041.5)).then_some(()));
        wait_for(|| (standing(&site, "2024-05-06", "") == Some(2000.0)).then_some(()));
        server.run("UPDATE calls SET n = 1042, updated = '2024-05-07 09:00:00' WHERE team = '一组' AND n IS NOT NULL");
        wait_for(|| (standing(&site, "2024-05-06", "一组") == Some(1042.0)).then_some(()));
        assert_eq!(standing(&site, "2024-05-07", "一组"), None, "{:?}: NULL is no figure", server.kind);
        drop(daemon);
    }
}

#[test]
fn figures_below_nothing_and_of_days_to_come_are_refused() {
    let site = Site::new();
    let daemon = site.start();
    let day = |days: i64| {
        let at = duban::clock::now().plus_ms(days * 24 * 3_600_000).in_zone(chrono_tz::Asia::Shanghai);
        at.date_naive().to_string()
    };
    let sent = |id: &str, day: String, value: i64| {
        daemon.send(&json!({ "id": id, "figure": "三方通话", "day": day, "value": value })).body
    };
    let refused = sent("f1", day(0), -1);
    assert!(refused.contains("must not be less than 0"), "{refused}");
    let refused = sent("f2", day(2), 1);
    assert!(refused.contains("more than a day ahead"), "{refused}");
    for (id, days) in [("f3", 0), ("f4", 1)] {
        assert!(sent(id, day(days), 0).contains("accepted"), "{id}");
    }
}
