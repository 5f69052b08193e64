//! Files that are dropped.

use super::workbook::C::{self, D, DT, N, T};
use super::workbook::workbook;
use super::{health, kinds_of, wait_for_attribute, wait_for_count, wait_for_kinds, with_sources};
use crate::daemon::harness::{Site, wait_for};
use std::process::Output;

const SHEET: &str = "
  - name: 投放
    kind: folder
    path: drop
    every: 1 second
    rest: 0 seconds
    empty: [\"-\"]
    events:
      - type: received
        order: 工单编号
        at: 受理时间
        attrs: { category: { column: 类别, values: { 投诉类: 投诉 } }, department: 承办单位 }
      - { type: signed, order: 工单编号, at: 签收时间 }
      - { type: completed, order: 工单编号, at: 办结时间 }
    figures:
      - { figure: 三方通话, day: 日期, value: 三方通话量, department: 班组 }
";

const HEADER: &str = "工单编号,类别,承办单位,受理时间,签收时间,办结时间,日期,三方通话量,班组";

fn site(sources: &str) -> Site {
    let site = Site::new();
    with_sources(&site, sources);
    std::fs::create_dir(site.path("drop")).unwrap();
    site
}

pub fn drop_file(site: &Site, name: &str, bytes: &[u8]) {
    let partial = site.path(&format!("drop/{name}.part"));
    std::fs::write(&partial, bytes).unwrap();
    std::fs::rename(partial, site.path(&format!("drop/{name}"))).unwrap();
}

fn names(site: &Site, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(site.path(folder)).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_csv_file_is_taken_whole_and_moved_to_done_with_its_report() {
    let site = site(SHEET);
    let daemon = site.start();
    let text = format!(
        "\u{feff}{HEADER}\r\nZH-1,投诉类,甲局,2024-05-06 09:00:00,2024/5/6 9:30,,,,\r\nZH-2,咨询,\"甲局\",2024-05-06 10:00,-,,,,\r\n,,,,,,2024-05-06,41,话务一组\r\n"
    );
    drop_file(&site, "工单.csv", text.as_bytes());
    wait_for_kinds(&daemon, "ZH-1", &["received", "signed"]);
    wait_for_kinds(&daemon, "ZH-2", &["received"]);
    wait_for(|| (names(&site, "drop/done") == ["工单.csv", "工单.csv.report.csv"]).then_some(()));
    let report = site.read("drop/done/工单.csv.report.csv");
    assert!(report.starts_with("\u{feff}") && report.contains("taken,3,4,0,0"), "{report}");
    assert_eq!(names(&site, "drop"), ["done", "rejected"]);
    // The same again is known, and no error.
    drop_file(&site, "工单.csv", text.as_bytes());
    wait_for_count(&daemon, "投放", "duplicate", 4.0);
    wait_for(|| names(&site, "drop/done").contains(&"工单-2.csv".to_owned()).then_some(()));
    assert_eq!(health(&daemon, "投放")["refused"], 0);
    wait_for_attribute(&daemon, "ZH-1", "category", "投诉");
}

#[test]
fn a_file_with_one_bad_row_is_refused_whole_and_its_report_names_row_column_and_reason() {
    let site = site(SHEET);
    let daemon = site.start();
    let text = format!(
        "{HEADER}\nZH-1,咨询,甲局,2024-05-06 09:00:00,,,,,\nZH-2,表扬,甲局,2024-05-06 09:00:00,,,,,\n,咨询,甲局,昨天,,,,,\nZH-4,咨询,甲局\n"
    );
    drop_file(&site, "坏.csv", text.as_bytes());
    wait_for(|| (names(&site, "drop/rejected") == ["坏.csv", "坏.csv.report.csv"]).then_some(()));
    assert_eq!(kinds_of(&daemon, "ZH-1"), Vec::<String>::new());
    let report = site.read("drop/rejected/坏.csv.report.csv").replace(['\u{feff}', '\r'], "");
    insta::assert_snapshot!(report, @r#"
    row,column,reason
    3,类别,"the attribute `category` must be one of 咨询, 投诉"
    4,受理时间,"not a time as it is usually written, 2024-05-06 09:00:00: give its `format` in the configuration"
    5,,3 columns under a header of 9: cells with delimiters or line breaks need quotes
    "#);
    wait_for(|| (health(&daemon, "投放")["refused"] == 1).then_some(()));
    let listed = site.output(&["sources", "list"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("投放"), "{listed:?}");
}

#[test]
fn a_dry_run_prints_what_would_be_sent_and_leaves_everything_as_it_is() {
    let site = site(SHEET);
    drop_file(&site, "a.csv", format!("{HEADER}\nZH-1,咨询,甲局,2024-05-06 09:00,,,,,\n").as_bytes());
    let output = site.output(&["sources", "run", "投放", "--dry-run"]);
    assert!(output.status.success(), "{}", errors(&output));
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap(), @r#"{"at":"2024-05-06T09:00:00+08:00","attrs":{"category":"咨询","department":"甲局"},"id":"m-8aebbcc182d2d0d9c26b148b181f1433","order":"ZH-1","type":"received"}"#);
    assert_eq!(names(&site, "drop"), ["a.csv", "done", "rejected"]);
    let output = site.output(&["sources", "run", "投放"]);
    assert!(output.status.success(), "{}", errors(&output));
    insta::assert_snapshot!(errors(&output), @r"
    a.csv：1 行，新增 1，重复 0，已有而属性不同 0
    新增 1，重复 0，已有而属性不同 0，拒收 0；未声明的属性 0
    ");
    assert_eq!(names(&site, "drop"), ["done", "rejected"]);
}

#[test]
fn lines_of_events_and_figures_need_no_mapping_and_approve_nothing() {
    let site = site("  - { name: 行, kind: folder, path: drop, every: 1 second, rest: 0 seconds }\n");
    let daemon = site.start();
    let lines = concat!(
        r#"{"id":"1","order":"O1","type":"received","at":"2024-05-06T09:00:00+08:00"}"#,
        "\n\n",
        r#"{"id":"f1","figure":"三方通话","day":"2024-05-06","value":41}"#,
        "\n"
    );
    drop_file(&site, "a.jsonl", lines.as_bytes());
    wait_for_kinds(&daemon, "O1", &["received"]);
    wait_for_count(&daemon, "行", "taken", 2.0);
    let act = r#"{"id":"2","order":"O1","type":"approved","at":"2024-05-06T09:00:00+08:00","attrs":{"decision":"k","by":"x"}}"#;
    drop_file(&site, "b.jsonl", act.as_bytes());
    wait_for(|| names(&site, "drop/rejected").contains(&"b.jsonl".to_owned()).then_some(()));
    assert!(site.read("drop/rejected/b.jsonl.report.csv").contains("approving"));
}

#[test]
fn files_in_gb18030_with_semicolons_and_rows_of_json_are_read_by_the_same_mapping() {
    let site = site(SHEET);
    let daemon = site.start();
    let header = HEADER.replace(',', ";");
    let text = format!("{header}\nGB-1;投诉类;\"甲局;𠮷处\";2024年5月6日9时0分;;;;;\n");
    drop_file(&site, "gb.txt", &encoding_rs::GB18030.encode(&text).0);
    wait_for_attribute(&daemon, "GB-1", "department", "甲局;𠮷处");
    let rows = r#"{"工单编号":"J-1","类别":"投诉类","受理时间":"2024-05-06 09:00","多余":[1]}
{"工单编号":77,"受理时间":"2024-05-06 09:00"}
{"工单编号":123456789012345678901234567890,"受理时间":"2024-05-06 09:00"}"#;
    drop_file(&site, "rows.jsonl", rows.as_bytes());
    wait_for_kinds(&daemon, "J-1", &["received"]);
    wait_for_kinds(&daemon, "77", &["received"]);
    wait_for_kinds(&daemon, "123456789012345678901234567890", &["received"]);
}

#[test]
fn what_is_being_written_linked_or_in_a_folder_is_left_and_what_is_too_large_refused() {
    let site = site(&SHEET.replace("rest: 0 seconds", "rest: 3 seconds\n    size_max: 1 MB"));
    let row = |order: &str| format!("{HEADER}\n{order},咨询,甲局,2024-05-06 09:00,,,,,\n");
    std::fs::create_dir_all(site.path("drop/folder.csv")).unwrap();
    std::fs::write(site.path("elsewhere.csv"), row("LINKED")).unwrap();
    std::os::unix::fs::symlink(site.path("elsewhere.csv"), site.path("drop/linked.csv")).unwrap();
    std::fs::write(site.path("drop/a.csv.tmp"), row("PARTIAL")).unwrap();
    std::fs::write(site.path("drop/large.csv"), vec![b'x'; (1 << 20) + 1]).unwrap();
    let daemon = site.start();
    wait_for(|| names(&site, "drop/rejected").contains(&"large.csv".to_owned()).then_some(()));
    // Written in steps that never rest for so long, even on a busy machine, the file is taken once it is whole.
    let text = row("WHOLE");
    for end in [20, 60, text.len()] {
        std::fs::write(site.path("drop/slow.csv"), &text.as_bytes()[..end]).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(400));
    }
    wait_for_kinds(&daemon, "WHOLE", &["received"]);
    assert_eq!(names(&site, "drop"), ["a.csv.tmp", "done", "folder.csv", "linked.csv", "rejected"]);
    assert_eq!(names(&site, "drop/rejected"), ["large.csv", "large.csv.report.csv"]);
    assert_eq!(kinds_of(&daemon, "LINKED"), Vec::<String>::new());
}

#[test]
fn a_daemon_that_is_killed_between_saving_and_moving_takes_nothing_twice() {
    let site = site(SHEET);
    let rows: Vec<String> = (0..4000).map(|n| format!("K-{n},咨询,甲局,2024-05-06 09:00,,,,,")).collect();
    let text = format!("{HEADER}\n{}\n", rows.join("\n"));
    drop_file(&site, "k.csv", text.as_bytes());
    for pause in [20, 100, 200, 350] {
        let daemon = site.start();
        std::thread::sleep(std::time::Duration::from_millis(pause));
        daemon.kill();
    }
    let daemon = site.start();
    // Whenever it was killed: once more the whole file, as if it had been stored and not moved.
    drop_file(&site, "k.csv", text.as_bytes());
    wait_for(|| (names(&site, "drop") == ["done", "rejected"]).then_some(()));
    assert_eq!(daemon.metric("duban_orders{state=\"all\"}"), Some(4000.0));
    assert_eq!(kinds_of(&daemon, "K-3999"), ["received"]);
    assert_eq!(names(&site, "drop/rejected"), Vec::<String>::new());
}

#[test]
fn an_id_of_the_sender_s_own_with_other_content_refuses_the_file() {
    let site = site("  - { name: 行, kind: folder, path: drop, every: 1 second, rest: 0 seconds }\n");
    let daemon = site.start();
    let line = |id: &str, order: &str| {
        format!(r#"{{"id":"{id}","order":"{order}","type":"received","at":"2024-05-06T09:00:00+08:00"}}"#)
    };
    drop_file(&site, "a.jsonl", line("1", "O1").as_bytes());
    wait_for_kinds(&daemon, "O1", &["received"]);
    drop_file(&site, "b.jsonl", [line("2", "O2"), line("1", "O9")].join("\n").as_bytes());
    wait_for(|| names(&site, "drop/rejected").contains(&"b.jsonl".to_owned()).then_some(()));
    drop_file(&site, "c.jsonl", [line("3", "O3"), line("3", "O4")].join("\n").as_bytes());
    wait_for(|| names(&site, "drop/rejected").contains(&"c.jsonl".to_owned()).then_some(()));
    for order in ["O2", "O3", "O4", "O9"] {
        assert_eq!(kinds_of(&daemon, order), Vec::<String>::new(), "{order}");
    }
    assert!(
        site.read("drop/rejected/b.jsonl.report.csv")
            .contains("2,id,\"the id is that of an event that was taken before")
    );
    assert!(
        site.read("drop/rejected/c.jsonl.report.csv").contains("2,id,\"the id is that of another row of this file")
    );
}

#[test]
fn what_was_moved_long_ago_is_removed_if_that_is_wanted() {
    let site = site(&SHEET.replace("path: drop", "path: drop\n    keep: 90 days"));
    std::fs::create_dir_all(site.path("drop/done")).unwrap();
    for (name, days) in [("old.csv", 91), ("new.csv", 89)] {
        let at = std::time::SystemTime::UNIX_EPOCH
            + std::time::Duration::from_millis(
                duban::clock::now().plus_ms(-days * 24 * 3_600_000).0.try_into().unwrap(),
            );
        for name in [name.to_owned(), format!("{name}.report.csv")] {
            site.write(&format!("drop/done/{name}"), "");
            std::fs::File::open(site.path(&format!("drop/done/{name}"))).unwrap().set_modified(at).unwrap();
        }
    }
    site.write("drop/done/of-somebody-else", "");
    let _daemon = site.start();
    wait_for(|| (names(&site, "drop/done") == ["new.csv", "new.csv.report.csv", "of-somebody-else"]).then_some(()));
}

#[test]
fn texts_are_read_in_utf8_and_gb18030_with_and_without_a_mark() {
    let site = site(SHEET);
    let daemon = site.start();
    let gb = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
    let utf8 = |text: &str| text.as_bytes().to_vec();
    for mark in ["", "\u{feff}"] {
        for (encoding, encoded) in [("U", &utf8 as &dyn Fn(&str) -> Vec<u8>), ("G", &gb)] {
            let order = |kind: &str| format!("{kind}-{encoding}-{}", mark.len());
            let table = format!("{mark}{HEADER}\n{},投诉类,市市场监管局,2024-05-06 09:00,,,,,\n", order("C"));
            drop_file(&site, &format!("{}.csv", order("C")), &encoded(&table));
            let line = format!(
                "{mark}{{\"工单编号\":\"{}\",\"承办单位\":\"市市场监管局\",\"受理时间\":\"2024-05-06 09:00\"}}\n",
                order("J")
            );
            drop_file(&site, &format!("{}.jsonl", order("J")), &encoded(&line));
            wait_for_attribute(&daemon, &order("C"), "department", "市市场监管局");
            wait_for_attribute(&daemon, &order("J"), "department", "市市场监管局");
        }
    }
    assert_eq!(names(&site, "drop/rejected"), Vec::<String>::new());
}

#[test]
fn workbooks_are_taken_whole_or_refused_with_a_report_of_row_and_reason() {
    let site = site(SHEET);
    let daemon = site.start();
    let header: Vec<C<'_>> =
        ["工单编号", "类别", "承办单位", "受理时间", "签收时间", "办结时间", "日期", "三方通话量", "班组"]
            .map(T)
            .into();
    // 45418 is 2024-05-06.
    let order = |number, category| vec![T(number), T(category), T("甲局"), DT(45_418.375), DT(45_418.5)];
    let calls = vec![C::None, C::None, C::None, C::None, C::None, C::None, D(45_418.0), N(1041.0), T("话务一组")];
    drop_file(&site, "好.xlsx", &workbook(&[header.clone(), order("X-1", "投诉类"), calls], &[]));
    wait_for_kinds(&daemon, "X-1", &["received", "signed"]);
    wait_for_count(&daemon, "投放", "taken", 3.0);
    wait_for(|| (names(&site, "drop/done") == ["好.xlsx", "好.xlsx.report.csv"]).then_some(()));
    drop_file(&site, "坏.xlsx", &workbook(&[header, order("X-2", "投诉类"), order("X-3", "表扬")], &[]));
    wait_for(|| (names(&site, "drop/rejected") == ["坏.xlsx", "坏.xlsx.report.csv"]).then_some(()));
    assert_eq!(kinds_of(&daemon, "X-2"), Vec::<String>::new());
    let report = site.read("drop/rejected/坏.xlsx.report.csv").replace(['\u{feff}', '\r'], "");
    insta::assert_snapshot!(report, @r#"
    row,column,reason
    3,类别,"the attribute `category` must be one of 咨询, 投诉"
    "#);
}

/// The report of one refused file, as `duban sources run` leaves it.
fn refused(site: &Site, name: &str, bytes: &[u8]) -> String {
    drop_file(site, name, bytes);
    site.output(&["--lang", "en", "sources", "run", "投放"]);
    site.read(&format!("drop/rejected/{name}.report.csv")).replace(['\u{feff}', '\r'], "")
}

#[test]
fn a_report_names_the_line_of_the_file_whatever_ends_lines_and_in_any_encoding() {
    let site = site(SHEET);
    let good = "ZH-1,咨询,甲局,2024-05-06 09:00,,,,,";
    let bad = ",咨询,甲局,昨天,,,,,";
    let folded = "ZH-2,咨询,\"甲局<br>一科\",2024-05-06 09:00,,,,,";
    let lines = [HEADER, good, good, "", "", good, bad, folded, bad, ""];
    for end in ["\n", "\r\n", "\r"] {
        let text = lines.join(end).replace("<br>", end);
        let encodings = [
            text.clone().into_bytes(),
            format!("\u{feff}{text}").into_bytes(),
            encoding_rs::GB18030.encode(&text).0.into(),
        ];
        for (number, bytes) in encodings.iter().enumerate() {
            let report =
                refused(&site, &format!("{}{number}.csv", end.escape_default().to_string().replace('\\', "")), bytes);
            let rows: Vec<&str> = report.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
            assert_eq!(rows, ["7", "10"], "{end:?} {number}: {report}");
            assert!(report.contains("in a spreadsheet it is row 9"), "{report}");
        }
    }
}

#[test]
fn the_header_of_a_file_from_windows_stands_where_the_configuration_says() {
    let site = site(&SHEET.replace("path: drop", "path: drop\n    header: 2"));
    let text = format!("热线导出\r\n{HEADER}\r\nZH-1,咨询,甲局,2024-05-06 09:00,,,,,\r\n");
    drop_file(&site, "a.csv", text.as_bytes());
    let output = site.output(&["sources", "run", "投放"]);
    assert!(output.status.success(), "{}", errors(&output));
}

#[test]
fn files_whose_names_are_no_utf8_are_taken_or_refused_and_never_passed_over() {
    use std::os::unix::ffi::OsStrExt;
    let site = site(SHEET);
    let write = |name: &[u8], text: &str| {
        std::fs::write(site.path("drop").join(std::ffi::OsStr::from_bytes(name)), text).unwrap();
    };
    let row = |order: &str| format!("{HEADER}\n{order},咨询,甲局,2024-05-06 09:00,,,,,\n");
    write(&encoding_rs::GB18030.encode("工单导出.csv").0, &row("GB-1"));
    write(b"x\xff\xff.csv", &row("ODD-1"));
    write(b"y\xff\xff.csv", "nothing of ours\n");
    // So long that a report's name beside it would be none.
    write(format!("{}.csv", "长".repeat(83)).as_bytes(), &row("LONG-1"));
    let output = site.output(&["sources", "run", "投放"]);
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    assert!(errors(&output).contains("新增 3"), "{}", errors(&output));
    assert_eq!(names(&site, "drop"), ["done", "rejected"]);
    let done = names(&site, "drop/done");
    for name in ["工单导出.csv", "工单导出.csv.report.csv", "x\u{fffd}\u{fffd}.csv"] {
        assert!(done.contains(&name.to_owned()), "{name}: {done:?}");
    }
    assert_eq!(done.len(), 6, "{done:?}");
    assert_eq!(names(&site, "drop/rejected"), ["y\u{fffd}\u{fffd}.csv", "y\u{fffd}\u{fffd}.csv.report.csv"]);
}

#[test]
fn rows_of_json_without_any_column_of_the_mapping_are_refused_with_their_lines() {
    let site = site(SHEET);
    let lines =
        "{\"工单编号\":\"J-1\",\"受理时间\":\"2024-05-06 09:00\"}\r\n\r\n{\"工单号\":\"J-2\",\"时间\":\"x\"}\r\n";
    let report = refused(&site, "a.jsonl", lines.as_bytes());
    assert!(report.contains("3,,\"the row has none of the columns"), "{report}");
    // Its time stands under another name: nothing would come of it, and nobody would know.
    let report = refused(&site, "b.json", "[{\"工单编号\":\"J-3\",\"时间\":\"2024-05-06 09:00\"}]".as_bytes());
    assert!(report.contains("no row of it has these columns") && report.contains("受理时间"), "{report}");
}

#[test]
fn a_folder_that_is_none_is_told_in_words() {
    let site = Site::new();
    with_sources(&site, SHEET);
    site.write("drop", "a file");
    let output = site.output(&["sources", "run", "投放"]);
    let said = errors(&output);
    assert!(said.contains("不是文件夹") && !said.contains("os error"), "{said}");
}
