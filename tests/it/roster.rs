//! Rosters through the program: the table for people, for machines, and what `check` says of them.

use crate::daemon::harness::{DIRECTORY, Site};
use crate::program::{Run, duban};
use duban::config::Config;
use duban::daemon::jobs::{Worker, schedules};
use duban::daemon::rules::{Rules, Source};
use duban::policy::directory::duty_place;
use duban::store::{Role, Store};
use duban::text::problem::Problems;
use duban::time::Instant;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::Path;

#[test]
fn a_months_table_shows_who_is_on_duty_which_turn_it_is_and_what_falls_away() {
    let run = duban(&["roster", "show", "policy-desk", "2026-05"], "");
    assert_eq!(run.exit, 0, "{}", run.errors);
    insta::assert_snapshot!(run.output, @r"
    惠企政策专员轮值（policy-desk）· 2026-05
    轮流：双鸭山市市场监管局 → 双鸭山市税务局 → 双鸭山市人社局 → 双鸭山市住建局 → 双鸭山市工信局；自 2026-01-01 起
      05-01 周五  休 劳动节
      05-05 周二  休 劳动节
      05-08 周五  08:30-11:30  双鸭山市税务局 楚天阔      第32班，轮到第2个
      05-12 周二  08:30-11:30  双鸭山市人社局 常静宜      第33班，轮到第3个
      05-15 周五  08:30-11:30  双鸭山市住建局 简文斌      第34班，轮到第4个
      05-19 周二  08:30-11:30  双鸭山市工信局 伍海波      第35班，轮到第5个
      05-22 周五  08:30-11:30  双鸭山市市场监管局 单玉梅  第36班，轮到第1个
      05-26 周二  08:30-11:30  双鸭山市税务局 楚天阔      第37班，轮到第2个
      05-29 周五  08:30-11:30  双鸭山市人社局 常静宜      第38班，轮到第3个
    ");
    let run = duban(&["roster", "show", "policy-desk", "2026-05", "--lang", "en"], "");
    insta::assert_snapshot!(run.output.lines().take(4).collect::<Vec<_>>().join("\n"), @r"
    惠企政策专员轮值 (policy-desk) · 2026-05
    turns: 双鸭山市市场监管局 → 双鸭山市税务局 → 双鸭山市人社局 → 双鸭山市住建局 → 双鸭山市工信局; from 2026-01-01
      05-01 Fri  off 劳动节
      05-05 Tue  off 劳动节
    ");
}

#[test]
fn the_table_is_had_as_json_lines_and_for_a_spreadsheet() {
    let run = duban(&["roster", "show", "policy-desk", "2026-05", "--format", "jsonl"], "");
    insta::assert_snapshot!(run.output.lines().next().unwrap(), @r#"{"date":"2026-05-08","hours":["08:30-11:30"],"number":32,"on_duty":"双鸭山市税务局","people":["楚天阔"],"remind_at":"2026-05-07T08:30:00+08:00","roster":"policy-desk","turn":2,"weekday":"fri"}"#);
    let run = duban(&["roster", "show", "hotline-shift", "2026-05", "--format", "csv"], "");
    insta::assert_snapshot!(run.output.lines().take(3).collect::<Vec<_>>().join("\n"), @r"
    ﻿轮值,日期,星期,时段,值班,人员,说明
    话务值班长轮值,2026-05-01,周五,00:00-24:00,纪雨桐,纪雨桐,第17周，轮到第2个
    话务值班长轮值,2026-05-02,周六,00:00-24:00,纪雨桐,纪雨桐,第17周，轮到第2个
    ");
}

/// A folder of rules with the pack's files, of which some are replaced.
fn with(changed: &[(&str, &dyn Fn(String) -> String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["vocabulary.yaml", "directory.yaml", "rosters.yaml", "shuangyashan-huiqitong.yaml"] {
        let text = std::fs::read_to_string(Path::new("rules").join(name)).unwrap();
        let change = changed.iter().find(|(known, _)| *known == name);
        std::fs::write(
            folder.path().join(name),
            change.map_or_else(|| text.clone(), |(_, change)| change(text.clone())),
        )
        .unwrap();
    }
    folder
}

fn check(folder: &Path) -> Run {
    duban(
        &[
            "check",
            "--rules",
            folder.to_str().unwrap(),
            "--calendars",
            "calendars",
            "--at",
            "2026-01-05T09:00:00+08:00",
            "--format",
            "json",
        ],
        "",
    )
}

fn codes(run: &Run) -> Vec<(String, String)> {
    let said: serde_json::Value = serde_json::from_str(&run.output).unwrap();
    let text = |line: &serde_json::Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let name = |path: String| path.rsplit('/').next().unwrap_or_default().to_owned();
    let of = |line: &serde_json::Value| (name(text(line, "file")), text(line, "code"));
    let all = said.as_array().unwrap().iter().map(of);
    all.filter(|(file, _)| file == "rosters.yaml" || file == "directory.yaml").collect()
}

#[test]
fn the_packs_rosters_are_without_a_problem_and_no_policy() {
    let folder = with(&[]);
    let run = check(folder.path());
    assert_eq!((run.exit, codes(&run)), (0, vec![]), "{}{}", run.output, run.errors);
}

#[test]
fn check_names_unknown_rosters_calendars_keys_and_units_without_people() {
    let of = |file: &'static str, change: &dyn Fn(String) -> String| {
        let folder = with(&[(file, change)]);
        let run = check(folder.path());
        (run.exit, codes(&run))
    };
    let problem = |file: &str, code: &str| vec![(file.to_owned(), code.to_owned())];
    let found = of("rosters.yaml", &|text| {
        text.replace("calendar: shuangyashan\n    days: [tue", "calendar: shuangyashn\n    days: [tue")
    });
    assert_eq!(found, (1, problem("rosters.yaml", "unknown-calendar")));
    let found = of("rosters.yaml", &|text| text.replacen("turn: [双鸭山市市场监管局", "turn: [双鸭山市农业局", 1));
    assert_eq!(found, (0, problem("rosters.yaml", "nobody")));
    let found = of("rosters.yaml", &|text| text.replace("    per: week", "    pre: week"));
    assert_eq!(found, (1, problem("rosters.yaml", "unknown-key")));
    let found = of("directory.yaml", &|text| text.replace("roster: policy-desk", "roster: policy-dsk"));
    assert_eq!(found.0, 0);
    assert!(found.1.contains(&("directory.yaml".to_owned(), "unknown-roster".to_owned())), "{:?}", found.1);
    let found = of("directory.yaml", &|text| text.replace("roster: policy-desk, ", ""));
    assert_eq!(found, (0, problem("rosters.yaml", "nobody")), "a reminder that reaches nobody");
}

const ROSTERS: &str = "rosters:\n  desk:\n    title: 政策专员轮值\n    calendar: office\n    days: [tue, fri]\n    hours: \"08:30-11:30\"\n    \
    turn: [甲局, { name: 丁, mobile: \"13800000004\" }]\n    since: \"2024-04-23\"\n    remind: { before: 1 working day }\n";

const OFFICE: &str = "calendar: office\ntimezone: Asia/Shanghai\ncovers: \"2018-01-01..2099-12-31\"\n\
    hours: [ { days: [mon, tue, wed, thu, fri], open: [\"08:30-11:30\", \"13:30-17:00\"] } ]\n\
    days: { \"2024-05-01\": { rest: 劳动节 }, \"2024-05-02\": { rest: 劳动节 }, \"2024-05-03\": { rest: 劳动节 }, \"2024-05-11\": { work: 劳动节调休 } }\n";

fn at(text: &str) -> Instant {
    Instant::parse(&format!("{text}:00+08:00")).unwrap()
}

/// A daemon's rules and worker on a site with a roster.
async fn world() -> (Site, Store, Rules, Worker) {
    let site = Site::new();
    site.write("rules/rosters.yaml", ROSTERS);
    site.write("calendars/office.yaml", OFFICE);
    let of_desk = "  desk: { title: 轮值政策专员, roster: desk, channels: [here] }\ndepartments:";
    site.write("rules/directory.yaml", &DIRECTORY.replace("departments:", of_desk));
    let store = Store::open(&site.path("duban.db"), Role::Daemon).await.unwrap();
    let config = Config::read(&site.path("duban.yaml"), &mut Problems::new()).unwrap();
    let source = Source::new(&config);
    source.propose(&store, at("2024-04-01T00:00")).await.unwrap();
    let rules = source.load(&store).await.unwrap();
    let worker = Worker::new(store.clone(), None, schedules(&[], false));
    (site, store, rules, worker)
}

/// The notices queued, as `key to place at expires`.
async fn notices(site: &Site) -> Vec<(String, String)> {
    let options = SqliteConnectOptions::new().filename(site.path("duban.db"));
    let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
    let sql = "SELECT key, target, at, expires_at, forms FROM notices ORDER BY at, key";
    let rows: Vec<(String, String, i64, i64, String)> = sqlx::query_as(sql).fetch_all(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let shown = |at: i64| Instant(at).rfc3339(chrono_tz::Asia::Shanghai);
    let row = |(key, target, at, until, forms): (String, String, i64, i64, String)| {
        (format!("{key} {target} {} until {}", shown(at), shown(until)), forms)
    };
    rows.into_iter().map(row).collect()
}

#[tokio::test]
async fn whoever_is_on_duty_is_reminded_the_working_day_before_once() {
    let (site, _, rules, worker) = world().await;
    for now in ["2024-04-23T12:00", "2024-04-25T08:29", "2024-04-25T08:30", "2024-04-25T08:31", "2024-04-26T07:00"] {
        worker.run_due(&rules, at(now)).await.unwrap();
    }
    let found = notices(&site).await;
    assert_eq!(found.len(), 1, "{found:?}");
    insta::assert_snapshot!(found[0].0, @r#"roster:desk:2024-04-26:desk {"recipient":{"recipient":"desk","place":"desk@2024-04-26"}} 2024-04-25T08:30:00+08:00 until 2024-04-26T08:30:00+08:00"#);
    let forms: serde_json::Value = serde_json::from_str(&found[0].1).unwrap();
    insta::assert_snapshot!(forms["short"].as_str().unwrap(), @"【12345热线】值班提醒：4月26日（周五）08:30-11:30 轮到丁值班（政策专员轮值）。请按时到岗；有事不能到岗的，请提前换班并告知热线。");
    insta::assert_snapshot!(forms["subject"].as_str().unwrap(), @"【值班提醒】4月26日（周五）08:30-11:30 轮到丁值班");
    // Over the holiday: the duty of 05-07 is announced on 05-06; the one of 05-03 falls away. Down until the morning of the
    // duty itself, the reminder is made up; after it has begun, no more.
    for now in ["2024-05-02T12:00", "2024-05-07T08:00", "2024-05-10T09:00"] {
        worker.run_due(&rules, at(now)).await.unwrap();
    }
    let keys: Vec<String> = notices(&site).await.into_iter().map(|(line, _)| line).collect();
    insta::assert_snapshot!(keys.join("\n"), @r#"
    roster:desk:2024-04-26:desk {"recipient":{"recipient":"desk","place":"desk@2024-04-26"}} 2024-04-25T08:30:00+08:00 until 2024-04-26T08:30:00+08:00
    roster:desk:2024-05-07:desk {"recipient":{"recipient":"desk","place":"desk@2024-05-07"}} 2024-05-06T08:30:00+08:00 until 2024-05-07T08:30:00+08:00
    "#);
}

#[tokio::test]
async fn a_notice_goes_to_whoever_is_on_duty_when_it_is_addressed_else_to_whoever_is_next() {
    let (_site, _, rules, _) = world().await;
    let directory = rules.teller.directory();
    let told = |place: Option<&str>, now: &str| {
        let people = directory.people_on("desk", place, at(now));
        people.iter().map(|person| person.name.to_string()).collect::<Vec<_>>().join("、")
    };
    assert_eq!(told(None, "2024-04-23T09:00"), "甲", "the liaison of the unit on duty");
    assert_eq!(told(None, "2024-04-23T11:30"), "丁", "nobody is on duty: the next");
    assert_eq!(told(None, "2024-04-26T09:00"), "丁");
    assert_eq!(told(None, "2024-05-01T09:00"), "丁", "05-03 is a holiday, 04-30 was 甲's");
    assert_eq!(told(Some("desk@2024-04-30"), "2024-04-26T09:00"), "甲", "a reminder's own duty");
    assert!(duty_place("desk", "2024-04-30".parse().unwrap()) == "desk@2024-04-30");
}
