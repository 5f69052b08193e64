//! A log of steps, as most order systems keep one: states become types, in each of the three kinds of database.

use super::sql::{servers, start};
use super::{kinds_of, run_sqlite, wait_for_attribute, wait_for_kinds, with_sources};
use crate::daemon::harness::{As, Site};

const LOG: &str = "
    every: 1 second
    timezone: Asia/Shanghai
    query: |
      SELECT l.id, o.order_no, l.state, l.happened_at, o.category, d.name AS dept
      FROM workorder_log l
      JOIN workorder o ON o.id = l.order_id
      LEFT JOIN department d ON d.id = o.dept_id  -- the department of now
    cursor: id
    events:
      - type: { column: state, values: { 待处理: received, 已签收: signed, 已办结: completed, 暂存: ~ } }
        order: order_no
        at: happened_at
        id: id
        attrs:
          category: { column: category, values: { 投诉举报: 投诉 } }
          department: dept
";

const TABLES: &str = "CREATE TABLE department (id INTEGER PRIMARY KEY, name VARCHAR(40));
CREATE TABLE workorder (id INTEGER PRIMARY KEY, order_no VARCHAR(40), category VARCHAR(40), dept_id INTEGER);
CREATE TABLE workorder_log (id INTEGER PRIMARY KEY, order_id INTEGER, state VARCHAR(10), happened_at VARCHAR(30));
INSERT INTO department VALUES (7, '市市场监管局');
INSERT INTO workorder VALUES (1, 'ZH-1', '投诉举报', 7), (2, 'ZH-2', '咨询', NULL);
INSERT INTO workorder_log VALUES (1, 1, '待处理', '2024-05-06 09:00:00'), (2, 1, '暂存', '2024-05-06 09:10:00'),
  (3, 2, '待处理', '2024-05-06 09:20:00'), (4, 1, '已签收', '2024-05-06 09:30:00')";

const LATER: &str = "INSERT INTO workorder_log VALUES (5, 1, '已办结', '2024-05-07 10:00:00')";

/// The log's steps are taken, once each, and what is added while no daemon runs is taken by the next.
fn takes_the_log(address: &str, run: impl Fn(&Site, &str)) {
    let site = Site::new();
    with_sources(&site, &format!("  - name: 热线库\n    kind: sql\n{address}{LOG}"));
    run(&site, TABLES);
    let daemon = start(&site);
    wait_for_kinds(&daemon, "ZH-1", &["received", "signed"]);
    wait_for_kinds(&daemon, "ZH-2", &["received"]);
    let shown = daemon.get(As::System, "/api/v1/orders/ZH-1").json();
    let first = &shown["events"][0];
    assert_eq!((&first["id"], &first["source"]), (&"1".into(), &"热线库".into()), "{address}: {shown}");
    assert_eq!(first["at"], "2024-05-06T09:00:00+08:00", "{address}");
    wait_for_attribute(&daemon, "ZH-1", "category", "投诉");
    wait_for_attribute(&daemon, "ZH-1", "department", "市市场监管局");
    daemon.kill();
    run(&site, LATER);
    let daemon = start(&site);
    wait_for_kinds(&daemon, "ZH-1", &["received", "signed", "completed"]);
    assert_eq!(kinds_of(&daemon, "ZH-2"), ["received"], "{address}");
}

#[test]
fn states_of_a_log_become_types_from_real_servers() {
    for server in servers("states_of_a_log_become_types_from_real_servers") {
        takes_the_log(&server.address(), |_, statements| server.run(statements));
    }
}

#[test]
fn states_of_a_log_become_types_from_a_file_of_sqlite() {
    takes_the_log("    url: sqlite:orders.db\n", |site, statements| run_sqlite(site, "orders.db", statements));
}
