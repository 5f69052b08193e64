//! `duban demo` as a watcher sees it, from a folder that holds nothing.

use crate::program::duban;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

fn once(more: &[&str]) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let (rules, calendars) = (format!("{root}/rules"), format!("{root}/calendars"));
    let args = ["demo", "--once", "--rules", &rules, "--calendars", &calendars];
    let run = duban(&[&args, more].concat(), "");
    assert_eq!((run.exit, run.errors.as_str()), (0, ""));
    run.output
}

#[test]
fn a_month_is_played_to_its_end_and_summed_up_by_department() {
    let shown = once(&["--seed", "7", "--orders", "20"]);
    let (month, summary) = shown.split_once("本月汇总").expect("a summary");
    assert!(month.contains("黄牌") && month.contains("→ 经办人") && month.contains("应于5月"), "{month}");
    assert!(month.contains("（粤政易）") && month.contains("（短信）"), "people are reached by their next channel");
    let total = summary.lines().find(|line| line.starts_with("合计")).expect("a total");
    let numbers: Vec<u32> = total.split_whitespace().skip(1).map(|cell| cell.parse().unwrap()).collect();
    assert_eq!((numbers.len(), numbers[0]), (7, 20));
    assert!(!shown.contains('\x1b'), "no colour where nobody watches");
    assert!(!shown.contains("13800000000"), "no caller's number");
}

#[test]
fn one_seed_is_one_month_and_another_is_another() {
    let first = once(&["--seed", "3", "--orders", "6"]);
    assert_eq!(first, once(&["--seed", "3", "--orders", "6"]));
    assert_ne!(first, once(&["--seed", "4", "--orders", "6"]));
}

#[test]
fn without_once_the_desk_stays_open_and_the_built_in_packs_play_anywhere() {
    let nowhere = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_duban"))
        .args(["demo", "--orders", "3", "--speed", "1e12"])
        .current_dir(nowhere.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Held until the end: a demo whose output nobody takes any more ends.
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let open = lines.find(|line| line.contains("接口仍然开着")).expect("it says where");
    let address = open.split("http://").nth(1).and_then(|rest| rest.split('，').next()).unwrap();
    assert!(lines.any(|line| line.contains("按 Ctrl-C 结束")), "it says how to end it");
    let answer = get(address, "/api/v1/decisions?limit=1");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("decisions"), "{answer}");
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: demo\r\nAuthorization: Bearer demo\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
