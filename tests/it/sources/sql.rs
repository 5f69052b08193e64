//! Other systems' databases: SQLite always, `MariaDB` and PostgreSQL on real servers.

use super::servers::{Kind, Server};
use super::{health, kinds_of, run_sqlite, wait_for_attribute, wait_for_count, wait_for_kinds, with_sources};
use crate::daemon::harness::{As, Daemon, Site, wait_for};
use std::time::Duration;

/// A hotline's table of orders: a column for each step.
const WIDE: &str = "
    query: SELECT * FROM orders
    cursor: updated_at
    key: id
    every: 1 second
    timezone: Asia/Shanghai
    events:
      - type: received
        order: order_no
        at: received_at
        attrs: { category: { column: category, values: { 投诉类: 投诉 } }, department: dept, caller: caller }
      - { type: signed, order: order_no, at: signed_at }
      - { type: completed, order: order_no, at: closed_at }
";

fn site(address: &str, rest: &str) -> Site {
    let site = Site::new();
    with_sources(&site, &format!("  - name: 热线库\n    kind: sql\n{address}{rest}"));
    site
}

pub fn start(site: &Site) -> Daemon<'_> {
    let mut command = site.duban(&["run", "--ready-file", "ready", "--lang", "en"]);
    command.env("DUBAN_TEST_PASSWORD", "admin");
    site.start_by(command)
}

fn orders_table(kind: Kind) -> &'static str {
    match kind {
        Kind::MariaDb => {
            "CREATE TABLE orders (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, order_no VARCHAR(40) CHARACTER SET gbk, \
             category VARCHAR(20) CHARACTER SET gbk, dept VARCHAR(60), caller TEXT, received_at DATETIME(3), \
             signed_at TIMESTAMP NULL, closed_at DATETIME, urgent TINYINT(1), cost DECIMAL(30,10), \
             updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), \
             INDEX (updated_at, id)) CHARACTER SET utf8mb4"
        }
        Kind::Postgres => {
            "CREATE TABLE orders (id BIGSERIAL PRIMARY KEY, order_no VARCHAR(40), category TEXT, dept TEXT, caller TEXT, \
             received_at TIMESTAMP(3), signed_at TIMESTAMPTZ, closed_at TIMESTAMP, urgent BOOLEAN, cost NUMERIC(30,10), \
             updated_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp())"
        }
    }
}

/// Both servers, or those that are there.
pub fn servers(test: &str) -> Vec<Server> {
    [Kind::MariaDb, Kind::Postgres].into_iter().filter_map(|kind| kind.server(test)).collect()
}

#[test]
fn rows_of_a_real_server_become_events_and_go_on_where_they_ended() {
    for server in servers("rows_of_a_real_server_become_events_and_go_on_where_they_ended") {
        server.run(orders_table(server.kind));
        server.run(
            "INSERT INTO orders (order_no, category, dept, received_at, signed_at) VALUES \
             ('ZH-1', '投诉类', '甲局', '2024-05-06 09:00:00.123', '2024-05-06 01:30:00'), \
             ('ZH-2', '咨询', NULL, '2024-05-06 10:00:00', NULL)",
        );
        let site = site(&server.address(), WIDE);
        let daemon = start(&site);
        wait_for_kinds(&daemon, "ZH-1", &["received", "signed"]);
        wait_for_kinds(&daemon, "ZH-2", &["received"]);
        let shown = daemon.get(As::System, "/api/v1/orders/ZH-1").json();
        assert_eq!(shown["events"][0]["at"], "2024-05-06T09:00:00.123+08:00", "{:?}: {shown}", server.kind);
        assert_eq!(shown["events"][1]["at"], "2024-05-06T09:30:00+08:00", "{:?}: {shown}", server.kind);
        wait_for_attribute(&daemon, "ZH-1", "category", "投诉");
        daemon.kill();
        server.run(
            "INSERT INTO orders (order_no, category, dept, received_at) VALUES ('ZH-3', '咨询', '乙局', '2024-05-06 11:00:00');\n\
             UPDATE orders SET closed_at = '2024-05-07 10:00:00', updated_at = CURRENT_TIMESTAMP WHERE order_no = 'ZH-2'",
        );
        let daemon = start(&site);
        wait_for_kinds(&daemon, "ZH-3", &["received"]);
        wait_for_kinds(&daemon, "ZH-2", &["received", "completed"]);
        wait_for(|| (health(&daemon, "热线库") == serde_json::json!({ "refused": 0 })).then_some(()));
        assert_eq!(daemon.metric("duban_source_up{source=\"热线库\"}"), Some(1.0));
    }
}

#[test]
fn a_row_that_is_committed_after_a_later_one_is_not_lost() {
    for server in servers("a_row_that_is_committed_after_a_later_one_is_not_lost") {
        server.run(orders_table(server.kind));
        let site = site(&server.address(), WIDE);
        let daemon = start(&site);
        // The first transaction gets the lower cursor value, and is seen only after the second was read.
        let mut slow = server.session();
        slow.run("BEGIN;\nINSERT INTO orders (order_no, received_at) VALUES ('SLOW', '2024-05-06 09:00:00')");
        server.run("INSERT INTO orders (order_no, received_at) VALUES ('QUICK', '2024-05-06 09:00:00')");
        wait_for_kinds(&daemon, "QUICK", &["received"]);
        assert_eq!(kinds_of(&daemon, "SLOW"), Vec::<String>::new());
        slow.run("COMMIT");
        wait_for_kinds(&daemon, "SLOW", &["received"]);
        wait_for_count(&daemon, "热线库", "taken", 2.0);
    }
}

#[test]
fn a_daemon_that_is_killed_while_it_reads_leaves_nothing_out_and_takes_nothing_twice() {
    for server in servers("a_daemon_that_is_killed_while_it_reads_leaves_nothing_out_and_takes_nothing_twice") {
        server.run(orders_table(server.kind));
        let rows: Vec<String> = (0..3000).map(|n| format!("('K-{n}', '2024-05-06 09:00:00')")).collect();
        // Of one statement, so that all have one cursor value.
        server.run(&format!("INSERT INTO orders (order_no, received_at) VALUES {}", rows.join(",")));
        let site = site(&server.address(), &WIDE.replace("key: id", "key: id\n    batch: 50"));
        for pause in [5, 30, 80, 150, 250] {
            let daemon = start(&site);
            std::thread::sleep(Duration::from_millis(pause));
            daemon.kill();
        }
        let daemon = start(&site);
        wait_for(|| (daemon.metric("duban_orders{state=\"all\"}") == Some(3000.0)).then_some(()));
        wait_for(|| (daemon.metric("duban_source_up{source=\"热线库\"}") == Some(1.0)).then_some(()));
        assert_eq!(kinds_of(&daemon, "K-0"), ["received"]);
        assert_eq!(kinds_of(&daemon, "K-2999"), ["received"]);
    }
}

#[test]
fn many_rows_of_one_cursor_value_are_all_read_though_nothing_tells_them_apart() {
    for server in servers("many_rows_of_one_cursor_value_are_all_read_though_nothing_tells_them_apart") {
        server.run(orders_table(server.kind));
        let rows: Vec<String> =
            (0..1000).map(|n| format!("('T-{n}', '2024-05-06 09:00:00', '2024-05-06 01:00:00')")).collect();
        server.run(&format!("INSERT INTO orders (order_no, received_at, updated_at) VALUES {}", rows.join(",")));
        let site = site(&server.address(), &WIDE.replace("key: id", "batch: 7"));
        let daemon = start(&site);
        wait_for(|| (daemon.metric("duban_orders{state=\"all\"}") == Some(1000.0)).then_some(()));
    }
}

#[test]
fn a_row_that_cannot_be_mapped_is_shown_and_taken_once_the_configuration_knows_it() {
    for server in servers("a_row_that_cannot_be_mapped_is_shown_and_taken_once_the_configuration_knows_it") {
        server.run(orders_table(server.kind));
        server.run(
            "INSERT INTO orders (order_no, category, received_at) VALUES ('B-1', '表扬类', '2024-05-06 09:00:00'), \
             ('B-2', '咨询', '2024-05-06 09:00:00')",
        );
        let site = site(&server.address(), WIDE);
        let daemon = start(&site);
        wait_for_kinds(&daemon, "B-2", &["received"]);
        wait_for(|| (health(&daemon, "热线库")["refused"] == 1).then_some(()));
        let shown = site.output(&["sources", "show", "热线库", "--lang", "en"]);
        let shown = String::from_utf8(shown.stdout).unwrap();
        assert!(shown.contains("id=1, `category`: the attribute `category` must be one of 咨询, 投诉"), "{shown}");
        daemon.kill();
        let config = site.read("duban.yaml").replace("投诉类: 投诉", "投诉类: 投诉, 表扬类: 咨询");
        site.write("duban.yaml", &config);
        let daemon = start(&site);
        wait_for_kinds(&daemon, "B-1", &["received"]);
        wait_for(|| (health(&daemon, "热线库")["refused"] == 0).then_some(()));
        // And once the words do, without a restart.
        server
            .run("INSERT INTO orders (order_no, category, received_at) VALUES ('B-3', '求助', '2024-05-06 09:00:00')");
        wait_for(|| (health(&daemon, "热线库")["refused"] == 1).then_some(()));
        let words = site.read("rules/vocabulary.yaml").replace("[咨询, 投诉]", "[咨询, 投诉, 求助]");
        site.write("rules/vocabulary.yaml", &words);
        wait_for_kinds(&daemon, "B-3", &["received"]);
        wait_for(|| (health(&daemon, "热线库")["refused"] == 0).then_some(()));
    }
}

#[test]
fn a_server_that_goes_away_is_shown_and_read_again_when_it_is_back() {
    let site = site("    url: \"mysql://reader@127.0.0.1:9/none\"\n", WIDE);
    let daemon = start(&site);
    let failure = wait_for(|| health(&daemon, "热线库")["failure"].as_str().map(str::to_owned));
    assert!(failure.starts_with("cannot connect to MySQL"), "{failure}");
    assert_eq!(daemon.metric("duban_source_up{source=\"热线库\"}"), Some(0.0));
    // A source does not make the daemon unready.
    wait_for(|| (daemon.get(As::Nobody, "/readyz").status == 200).then_some(()));
    let listed = wait_for(|| {
        let listed = String::from_utf8(site.output(&["sources", "list", "--lang", "en"]).stdout).unwrap();
        listed.contains("failing").then_some(listed)
    });
    assert!(listed.contains("`热线库` fails since"), "{listed}");
}

#[test]
fn the_session_reads_alone_and_encrypted_if_that_is_wanted() {
    for server in servers("the_session_reads_alone_and_encrypted_if_that_is_wanted") {
        server.run(orders_table(server.kind));
        server.run("INSERT INTO orders (order_no, received_at) VALUES ('S-1', '2024-05-06 09:00:00')");
        let verified = format!("{}    tls: verify\n    ca_file: {}\n", server.address(), server.ca_file);
        let site = site(&verified, WIDE);
        let daemon = start(&site);
        wait_for_kinds(&daemon, "S-1", &["received"]);
        daemon.kill();
        let unknown = site.read("duban.yaml").replace(&format!("    ca_file: {}\n", server.ca_file), "");
        site.write("duban.yaml", &unknown);
        let daemon = start(&site);
        let failure = wait_for(|| health(&daemon, "热线库")["failure"].as_str().map(str::to_owned));
        assert!(failure.contains("ca_file"), "{failure}");
    }
}

#[test]
fn every_type_of_column_says_what_it_means() {
    for server in servers("every_type_of_column_says_what_it_means") {
        let query = match server.kind {
            Kind::MariaDb => {
                "SELECT 1 AS id, 'T-1' AS order_no, CAST('2024-05-06 09:00:00' AS DATETIME(6)) AS happened, \
                 CAST(1 AS UNSIGNED) AS yes, CAST(12.50 AS DECIMAL(10,2)) AS number, DATE '2024-05-06' AS day, \
                 CONVERT('甲𠮷' USING utf8mb4) AS word, NULL AS nothing"
            }
            Kind::Postgres => {
                "SELECT 1 AS id, 'T-1' AS order_no, TIMESTAMPTZ '2024-05-06 01:00:00+00' AS happened, \
                 true AS yes, 12.50::numeric AS number, DATE '2024-05-06' AS day, '甲𠮷'::text AS word, NULL::text AS nothing"
            }
        };
        let rest = format!(
            "    query: \"{query}\"\n    cursor: id\n    key: id\n    events:\n      - type: received\n        order: order_no\n        \
             at: happened\n        attrs: {{ yes: yes, number: number, day: day, word: word, nothing: nothing }}\n"
        );
        let site = site(&server.address(), &rest);
        let mut command = site.duban(&["sources", "run", "热线库", "--dry-run"]);
        let output = command.env("DUBAN_TEST_PASSWORD", "admin").output().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        assert_eq!(body["at"], "2024-05-06T09:00:00+08:00");
        let yes = if server.kind == Kind::MariaDb { serde_json::json!(1) } else { serde_json::json!(true) };
        let attributes = serde_json::json!({ "yes": yes, "number": 12.5, "day": "2024-05-06", "word": "甲𠮷" });
        assert_eq!(body["attrs"], attributes, "{:?}", server.kind);
    }
}

#[test]
fn figures_come_from_a_database_and_a_correction_back_counts() {
    let site = site(
        "    url: sqlite:other.db\n",
        "    query: SELECT * FROM calls\n    cursor: updated\n    key: day\n    every: 1 second\n    figures:\n      - { figure: 三方通话, day: day, value: n }\n",
    );
    let run = |sql: &str| run_sqlite(&site, "other.db", sql);
    run("CREATE TABLE calls (day TEXT PRIMARY KEY, n INTEGER, updated TEXT); \
         INSERT INTO calls VALUES ('2024-05-06', 41, '2024-05-07 08:00:00')");
    let daemon = site.start();
    wait_for_count(&daemon, "热线库", "taken", 1.0);
    run("UPDATE calls SET n = 42, updated = '2024-05-07 09:00:00'");
    wait_for_count(&daemon, "热线库", "taken", 2.0);
    run("UPDATE calls SET n = 41, updated = '2024-05-07 10:00:00'");
    wait_for_count(&daemon, "热线库", "taken", 3.0);
}

#[test]
fn a_column_that_is_not_there_is_named_and_a_reset_reads_anew() {
    let site = site("    url: sqlite:other.db\n", WIDE);
    run_sqlite(
        &site,
        "other.db",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, order_no TEXT, category TEXT, dept TEXT, caller TEXT, \
         received_at TEXT, signed_at TEXT, closed_at TEXT, updated_at TEXT);\n\
         INSERT INTO orders (order_no, received_at, updated_at) VALUES ('L-1', '2024-05-06 09:00:00', '2024-05-06 09:00:00')",
    );
    let wrong = site.read("duban.yaml").replace("at: signed_at", "at: singed_at");
    let right = site.read("duban.yaml");
    site.write("duban.yaml", &wrong);
    let output = site.output(&["sources", "run", "热线库"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"错误: 查询结果里没有这些列：singed_at；是不是“signed_at”？");
    site.write("duban.yaml", &right);
    let first = site.output(&["sources", "run", "热线库"]);
    assert!(String::from_utf8_lossy(&first.stderr).contains("新增 1，重复 0"), "{first:?}");
    let reset = site.output(&["sources", "reset", "热线库"]);
    assert!(reset.status.success(), "{reset:?}");
    let again = site.output(&["sources", "run", "热线库"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("新增 0，重复 1"), "{again:?}");
}

/// A way to a server that can be cut.
struct Way {
    port: u16,
    is_cut: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl Way {
    fn to(address: &str) -> Way {
        use std::sync::atomic::Ordering;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, is_cut) = (listener.local_addr().unwrap().port(), std::sync::Arc::default());
        let (address, cut) = (address.to_owned(), std::sync::Arc::clone(&is_cut));
        std::thread::spawn(move || {
            let cut: std::sync::Arc<std::sync::atomic::AtomicBool> = cut;
            for near in listener.incoming().map_while(Result::ok) {
                if cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(far) = std::net::TcpStream::connect(&address) else { continue };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    std::thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
                }
            }
        });
        Way { port, is_cut }
    }

    fn cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, std::sync::atomic::Ordering::SeqCst);
    }
}

#[test]
fn a_way_that_is_cut_is_shown_and_nothing_is_lost_when_it_is_mended() {
    for server in servers("a_way_that_is_cut_is_shown_and_nothing_is_lost_when_it_is_mended") {
        server.run(orders_table(server.kind));
        let way = Way::to(&server.address);
        let address = server.address().replace(&server.address, &format!("127.0.0.1:{}", way.port));
        let site = site(&address, WIDE);
        let daemon = start(&site);
        let insert = |order: &str| {
            server
                .run(&format!("INSERT INTO orders (order_no, received_at) VALUES ('{order}', '2024-05-06 09:00:00')"));
        };
        insert("BEFORE");
        wait_for_kinds(&daemon, "BEFORE", &["received"]);
        way.cut(true);
        insert("MEANWHILE");
        wait_for(|| health(&daemon, "热线库")["failure"].as_str().map(str::to_owned));
        assert_eq!(kinds_of(&daemon, "MEANWHILE"), Vec::<String>::new());
        way.cut(false);
        wait_for_kinds(&daemon, "MEANWHILE", &["received"]);
        wait_for(|| health(&daemon, "热线库")["failure"].is_null().then_some(()));
    }
}

/// What `duban sources run --dry-run` says for a query whose columns are these attributes.
fn tried(server: &Server, query: &str, attributes: &[&str], more: &str) -> (Vec<serde_json::Value>, String) {
    let attributes: Vec<String> = attributes.iter().map(|name| format!("{name}: {name}")).collect();
    let rest = format!(
        "    query: \"{query}\"\n    cursor: id\n    timezone: Asia/Shanghai\n{more}    events:\n      - type: received\n        \
         order: order_no\n        at: happened\n        attrs: {{ {} }}\n",
        attributes.join(", ")
    );
    let site = site(&server.address(), &rest);
    let mut command = site.duban(&["sources", "run", "热线库", "--dry-run", "--lang", "en"]);
    let output = command.env("DUBAN_TEST_PASSWORD", "admin").output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let bodies = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (bodies, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_types_of_a_real_table_are_read_exactly() {
    if let Some(server) = Kind::MariaDb.server("the_types_of_a_real_table_are_read_exactly") {
        server.run(
            "CREATE TABLE t (id INT PRIMARY KEY, order_no CHAR(20), happened DATETIME, flag TINYINT(1), large BIGINT UNSIGNED, \
             money DECIMAL(30,10), ratio DOUBLE, bits BIT(8), kind ENUM('甲','乙'), doc JSON, gbk VARCHAR(20) CHARACTER SET gbk, \
             bin VARCHAR(20) COLLATE utf8mb4_bin, day DATE, zero DATETIME, clock TIME, years YEAR);\n\
             SET SESSION sql_mode = '';\n\
             INSERT INTO t VALUES (1, 'M-1', '2024-05-06 09:00:00', 3, 18446744073709551615, 12345678901234567890.5, 0.1, b'00000101', \
             '乙', '{\"a\":1}', '甲局', '𠮷', '2024-05-06', '0000-00-00 00:00:00', '09:30:00', 2024)",
        );
        let names =
            ["flag", "large", "money", "ratio", "bits", "kind", "doc", "gbk", "bin", "day", "zero", "clock", "years"];
        let (bodies, said) = tried(&server, "SELECT * FROM t", &names, "");
        assert_eq!(bodies.len(), 1, "{said}");
        insta::assert_snapshot!(bodies[0]["attrs"], @r#"{"bin":"𠮷","bits":5,"clock":"09:30:00","day":"2024-05-06","doc":"{\"a\":1}","flag":3,"gbk":"甲局","kind":"乙","large":"18446744073709551615","money":"12345678901234567890.5000000000","ratio":0.1,"years":2024}"#);
    }
    if let Some(server) = Kind::Postgres.server("the_types_of_a_real_table_are_read_exactly") {
        server.run(
            "CREATE TYPE k AS ENUM ('甲','乙');\n\
             CREATE TABLE t (id INT, order_no BPCHAR(20), happened TIMESTAMPTZ, flag BOOLEAN, small SMALLINT, large NUMERIC, \
             ratio REAL, kind k, doc JSONB, u UUID, day DATE, clock TIME, words TEXT[], far TIMESTAMP);\n\
             INSERT INTO t VALUES (1, 'P-1', '2024-05-06 09:00:00+08', true, 3, 12345678901234567890.5, 0.1, '乙', '{\"a\":1}', \
             '00000000-0000-0000-0000-000000000001', '2024-05-06', '09:30', '{a,b}', 'infinity')",
        );
        let names = ["flag", "small", "large", "ratio", "kind", "doc", "u", "day", "clock", "words", "far"];
        let (bodies, said) = tried(&server, "SELECT * FROM t", &names, "");
        assert_eq!(bodies.len(), 1, "{said}");
        insta::assert_snapshot!(bodies[0]["attrs"], @r#"{"clock":"09:30:00","day":"2024-05-06","doc":"{\"a\": 1}","far":"infinity","flag":true,"kind":"乙","large":"12345678901234567890.5","ratio":0.1,"small":3,"u":"00000000-0000-0000-0000-000000000001","words":"{a,b}"}"#);
    }
}

#[test]
fn a_query_that_takes_too_long_writes_or_is_wrong_says_so() {
    for server in servers("a_query_that_takes_too_long_writes_or_is_wrong_says_so") {
        let (slow, writing) = match server.kind {
            Kind::MariaDb => ("SLEEP(20)", "NEXTVAL(s)"),
            Kind::Postgres => ("pg_sleep(20)::text", "nextval('s')"),
        };
        server.run("CREATE SEQUENCE s");
        let of = |value: &str| format!("SELECT 1 AS id, 'O' AS order_no, NULL AS happened, {value} AS more");
        let (_, said) = tried(&server, &of(slow), &["more"], "    timeout: 1 second\n");
        assert!(said.contains("took too long"), "{:?}: {said}", server.kind);
        let (_, said) = tried(&server, &of(writing), &["more"], "");
        assert!(said.to_lowercase().contains("read-only") || said.contains("READ ONLY"), "{:?}: {said}", server.kind);
        let (_, said) = tried(&server, "SELECT nothing FROM nowhere", &[], "");
        assert!(said.contains("nowhere"), "{:?}: {said}", server.kind);
    }
}

#[test]
fn a_row_dated_far_ahead_is_read_and_hides_none_of_those_before_it() {
    for server in servers("a_row_dated_far_ahead_is_read_and_hides_none_of_those_before_it") {
        server.run(orders_table(server.kind));
        let insert = |order: &str, updated: &str| {
            server.run(&format!(
                "INSERT INTO orders (order_no, received_at, updated_at) VALUES ('{order}', '2024-05-06 09:00:00', {updated})"
            ));
        };
        insert("AHEAD", "'2037-01-01 00:00:00'");
        let site = site(&server.address(), WIDE);
        let daemon = start(&site);
        wait_for_kinds(&daemon, "AHEAD", &["received"]);
        insert("NOW", "CURRENT_TIMESTAMP");
        wait_for_kinds(&daemon, "NOW", &["received"]);
        daemon.kill();
        insert("LONG-AGO", "'2024-01-01 00:00:00'");
        insert("LATER", "CURRENT_TIMESTAMP");
        let daemon = start(&site);
        wait_for_kinds(&daemon, "LATER", &["received"]);
        // What is given a cursor value of the past is not new, and that is told in the documents.
        assert_eq!(kinds_of(&daemon, "LONG-AGO"), Vec::<String>::new());
    }
}
