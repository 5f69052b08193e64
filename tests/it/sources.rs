//! Rows that are fetched, as operators see it: the real binary, real files and real servers.

mod figures;
mod folder;
mod log;
mod servers;
mod sql;
mod workbook;
mod xlsx;

use crate::daemon::harness::{As, Daemon, Site, wait_for};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor};

/// The usual configuration of a site with these sources.
pub fn with_sources(site: &Site, sources: &str) {
    let config = site.read("duban.yaml");
    site.write("duban.yaml", &format!("{config}sources:\n{sources}"));
}

/// The events of an order that are stored, by type.
pub fn kinds_of(daemon: &Daemon<'_>, order: &str) -> Vec<String> {
    let shown = daemon.get(As::System, &format!("/api/v1/orders/{order}"));
    if shown.status != 200 {
        return Vec::new();
    }
    let events = shown.json()["events"].as_array().cloned().unwrap_or_default();
    events.iter().map(|event| event["type"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Waits until an order has events of just these types.
#[track_caller]
pub fn wait_for_kinds(daemon: &Daemon<'_>, order: &str, kinds: &[&str]) {
    wait_for(|| (kinds_of(daemon, order) == kinds).then_some(()));
}

/// Waits until a counter of a source has come to a number.
#[track_caller]
pub fn wait_for_count(daemon: &Daemon<'_>, source: &str, result: &str, number: f64) {
    let line = format!("duban_source_events_total{{source=\"{source}\",result=\"{result}\"}}");
    wait_for(|| (daemon.metric(&line) == Some(number)).then_some(()));
}

/// Waits until an order has been decided with this attribute.
#[track_caller]
pub fn wait_for_attribute(daemon: &Daemon<'_>, order: &str, attribute: &str, value: &str) {
    let shown = || daemon.get(As::System, &format!("/api/v1/orders/{order}")).json()["attributes"][attribute].clone();
    wait_for(|| (shown() == value).then_some(()));
}

/// Runs statements in a database of the site's own, which is made if it is not there.
pub fn run_sqlite(site: &Site, file: &str, statements: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(site.path(file)).create_if_missing(true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        connection.execute(sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))).await.unwrap();
    });
}

/// How a source is, as `/readyz` tells.
pub fn health(daemon: &Daemon<'_>, source: &str) -> Value {
    daemon.get(As::Nobody, "/readyz").json()["sources"][source].clone()
}

#[test]
fn check_names_what_a_mapping_asks_for_and_the_vocabulary_lacks() {
    let site = Site::new();
    let sources = "  - name: 库
    kind: folder
    path: drop
    events:
      - { type: recieved, order: 单, at: 时 }
      - type: { column: 状态, values: { 已签收: signed, 已办结: compelted } }
        order: 单
        at: 时
        attrs: { categroy: 类, category: { column: 类, values: { 投诉类: 投述 } }, by: 人 }
    figures:
      - { figure: 三方通活, day: 日, value: 数 }
";
    with_sources(&site, sources);
    let output = site.output(&["check", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let lines: Vec<String> = found
        .as_array()
        .unwrap()
        .iter()
        .filter(|problem| problem["file"].as_str().is_some_and(|file| file.ends_with("duban.yaml")))
        .map(|problem| format!("{} {} {}", problem["severity"].as_str().unwrap(), problem["code"], problem["message"]))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    error "unknown-event-type" "没有名为“recieved”的事件"
    error "unknown-event-type" "没有名为“compelted”的事件"
    warning "unknown-attribute" "词汇表里没有属性“categroy”，收下也不起作用"
    error "unknown-attribute-value" "属性“category”没有这个值"
    error "unknown-figure" "没有名为“三方通活”的统计量"
    "#);
}
