//! `duban calendar import`: from published holiday tables to a calendar file, end to end.

use crate::program::{Run, duban};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

const ALL_YEARS: &str = "tests/data/cn-holidays-2018-2026.json";

fn shipped() -> String {
    std::fs::read_to_string("calendars/cn.yaml").unwrap()
}

fn import(calendars: &Path, arguments: &[&str]) -> Run {
    let calendars = calendars.to_str().unwrap();
    duban(&[&["calendar", "import", "--calendars", calendars], arguments].concat(), "")
}

/// Every date's answer, asked of the program.
fn answers(calendars: &Path) -> Vec<String> {
    let (first, last): (NaiveDate, NaiveDate) = ("2017-12-01".parse().unwrap(), "2027-01-31".parse().unwrap());
    let requests = first.iter_days().take_while(|date| *date <= last).fold(String::new(), |mut text, date| {
        let _ = writeln!(text, "{}", json!({"op": "day", "date": date}));
        if date.format("%d").to_string() == "15" {
            let _ = writeln!(
                text,
                "{}",
                json!({"op": "due", "start": format!("{date}T10:00:00+08:00"), "within": "5 working days"})
            );
        }
        text
    });
    let run = duban(&["calendar", "eval", "zhuhai", "--calendars", calendars.to_str().unwrap()], &requests);
    assert_eq!(run.exit, 0, "{}", run.errors);
    run.output.lines().map(str::to_owned).collect()
}

fn with_zhuhai(folder: &Path) {
    std::fs::copy("calendars/zhuhai.yaml", folder.join("zhuhai.yaml")).unwrap();
}

/// The published years in the form of the holiday-cn project, a file a year; 元旦 of December stands with its own year.
fn as_holiday_cn(folder: &Path) -> Vec<String> {
    let all: BTreeMap<String, Value> = serde_json::from_str(&std::fs::read_to_string(ALL_YEARS).unwrap()).unwrap();
    let mut days: BTreeMap<i32, Vec<Value>> = BTreeMap::new();
    for (year, arranged) in &all {
        for (key, is_off) in [("off", true), ("work", false)] {
            for (date, name) in arranged[key].as_object().unwrap() {
                let year: i32 = year.parse().unwrap();
                let is_next = date[5..].starts_with("12-") && name == "元旦";
                let day = json!({"name": name, "date": date, "isOffDay": is_off});
                days.entry(year + i32::from(is_next)).or_default().push(day);
            }
        }
    }
    let write = |(year, days): (i32, Vec<Value>)| {
        let papers: Vec<String> = all.get(&year.to_string()).map_or_else(Vec::new, |arranged| {
            let notices = arranged["notices"].as_array().unwrap().iter();
            notices.map(|it| format!("{} {}", it["no"].as_str().unwrap(), it["url"].as_str().unwrap())).collect()
        });
        let path = folder.join(format!("{year}.json"));
        std::fs::write(&path, json!({"year": year, "papers": papers, "days": days}).to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    days.into_iter().map(write).collect()
}

#[test]
fn all_published_years_give_the_calendar_that_is_shipped_whichever_form_they_come_in() {
    let folder = tempfile::tempdir().unwrap();
    with_zhuhai(folder.path());
    std::fs::write(folder.path().join("cn.yaml"), shipped()).unwrap();
    let expected = answers(folder.path());
    std::fs::remove_file(folder.path().join("cn.yaml")).unwrap();

    let tables = tempfile::tempdir().unwrap();
    let a_year_each = as_holiday_cn(tables.path());
    for files in [vec![ALL_YEARS], a_year_each.iter().map(String::as_str).collect()] {
        let run = import(folder.path(), &[files.as_slice(), &["--write"]].concat());
        assert_eq!((run.exit, run.output.as_str()), (0, ""), "{}", run.errors);
        let text = std::fs::read_to_string(folder.path().join("cn.yaml")).unwrap();
        assert!(text.contains("# ── 2024 年：国办发明电〔2023〕7号 ──"), "{text}");
        assert!(text.contains("covers: \"2018-01-01..2026-12-31\""), "{text}");
        assert_eq!(answers(folder.path()), expected);
        std::fs::remove_file(folder.path().join("cn.yaml")).unwrap();
    }
}

#[test]
fn importing_what_is_there_changes_not_a_byte() {
    let run = import(Path::new("calendars"), &[ALL_YEARS]);
    assert!(run.output == shipped(), "{}", run.errors);
    insta::assert_snapshot!(run.errors, @"calendars/cn.yaml：与 2018–2026 年的安排一致，没有变化");
    let folder = tempfile::tempdir().unwrap();
    let run = import(
        Path::new("calendars"),
        &[&as_holiday_cn(folder.path())[6], "--out", folder.path().join("out.yaml").to_str().unwrap()],
    );
    assert_eq!((run.exit, run.output.as_str()), (0, ""), "{}", run.errors);
    let out = std::fs::read_to_string(folder.path().join("out.yaml")).unwrap();
    assert!(out == shipped(), "{}", run.errors);
}

const NEXT: &str = r#"{"year":2027,"papers":["https://www.gov.cn/zhengce/zhengceku/202611/content_1.htm"],"days":[
    {"name":"元旦","date":"2027-01-01","isOffDay":true},
    {"name":"春节","date":"2027-02-05","isOffDay":true},{"name":"春节","date":"2027-02-06","isOffDay":true},
    {"name":"春节","date":"2027-02-07","isOffDay":true},{"name":"春节","date":"2027-02-20","isOffDay":false},
    {"name":"国庆节","date":"2027-10-11","isOffDay":false}]}"#;

#[test]
fn next_years_arrangement_is_shown_as_differences_and_written_only_when_told() {
    let folder = tempfile::tempdir().unwrap();
    with_zhuhai(folder.path());
    let (calendar, input) = (folder.path().join("cn.yaml"), folder.path().join("2027.json"));
    std::fs::write(&calendar, shipped()).unwrap();
    std::fs::write(&input, NEXT).unwrap();
    let input = input.to_str().unwrap();
    let shown = import(folder.path(), &[input]);
    assert_eq!(std::fs::read_to_string(&calendar).unwrap(), shipped(), "only shown");
    let said = shown.errors.replace(folder.path().to_str().unwrap(), "…");
    insta::assert_snapshot!(said, @r"
    …/cn.yaml，2027 年：
      + 2027-01-01 周五 休 元旦
      + 2027-02-05 至 02-07 休 春节
      + 2027-02-20 周六 班 春节调休
      + 2027-10-11 周一 班 国庆节调休
      covers（已知官方安排）：2018-01-01..2026-12-31 → 2018-01-01..2027-12-31
    警告：2027-10-11 标为班（国庆节），但不是周末：本来就上班，请核对
    警告：2027 年只有 6 天，一年的安排通常不少于 20 天：文件可能不全
    警告：2027 年的文件里没有通知文号；用 --notice 2027=国办发明电〔2026〕…号 补上
    ");

    let written = import(folder.path(), &[input, "--write", "--notice", "2027=国办发明电〔2026〕9号"]);
    assert_eq!((written.exit, written.output.as_str()), (0, ""), "{}", written.errors);
    let text = std::fs::read_to_string(&calendar).unwrap();
    let kept = shipped().replace("..2026-12-31", "..2027-12-31");
    let added = text.strip_prefix(&kept).expect("what stood there stays");
    insta::assert_snapshot!(added, @r#"
    # ── 2027 年：国办发明电〔2026〕9号 ──
    #    原文：https://www.gov.cn/zhengce/zhengceku/202611/content_1.htm
    "2027-01-01": { rest: 元旦 }
    "2027-02-05": { rest: 春节 }
    "2027-02-06": { rest: 春节 }
    "2027-02-07": { rest: 春节 }
    "2027-02-20": { work: 春节调休 }
    "2027-10-11": { work: 国庆节调休 }
    "#);
    let listed: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(listed.len(), 3, "no temporary file is left: {listed:?}");
}

#[test]
fn input_that_cannot_be_read_and_files_that_contradict_each_other_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (a, b) = (
        write("a.json", NEXT),
        write("b.json", &NEXT.replace("02-07\",\"isOffDay\":true", "02-07\",\"isOffDay\":false")),
    );
    let calendars = folder.path().join("calendars");
    std::fs::create_dir(&calendars).unwrap();
    let run = import(&calendars, &[&a, &b, "--write"]);
    assert_eq!(run.exit, 1);
    assert!(
        run.errors.contains("2027-02-07") && run.errors.contains("a.json") && run.errors.contains("b.json"),
        "{}",
        run.errors
    );
    let run = import(&calendars, &[&write("c.txt", "春节"), "no-such-file.json", "--write", "--lang", "en"]);
    assert_eq!(run.exit, 2);
    assert!(run.errors.contains("no-such-file.json") && run.errors.contains("c.txt"), "{}", run.errors);
    std::fs::write(calendars.join("cn.yaml"), "calendar: cn\ntimezone: Mars\ndays: {}\n").unwrap();
    let run = import(&calendars, &[&a, "--write"]);
    assert_eq!(run.exit, 1, "a calendar with mistakes is not written over: {}", run.errors);
    assert_eq!(std::fs::read_to_string(calendars.join("cn.yaml")).unwrap(), "calendar: cn\ntimezone: Mars\ndays: {}\n");
}
