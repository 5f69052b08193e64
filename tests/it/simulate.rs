//! `duban simulate` as an operator and a script see it.

use crate::program::{Run, duban};

const DAY: &str = r#"{"id":"1","order":"ZH-1","type":"received","at":"2024-05-06T09:00:00+08:00","attrs":{"region":"珠海市","subject":"市场主体","category":"投诉"}}
{"id":"2","order":"ZH-1","type":"dispatched","at":"2024-05-06T09:05:00+08:00","attrs":{"department":"市市场监管局"}}
{"id":"3","order":"ZH-1","type":"signed","at":"2024-05-06T09:10:00+08:00"}
{"id":"4","order":"ZH-1","type":"contacted","at":"2024-05-06T10:40:00+08:00","recorded_at":"2024-05-06T10:41:00+08:00"}
"#;

fn simulate(more: &[&str], events: &str) -> Run {
    duban(&[&["simulate", "--events", "-"], more].concat(), events)
}

#[test]
fn a_yellow_card_falls_when_an_hour_of_response_is_over() {
    let run = simulate(&["--format", "jsonl", "--until", "2024-05-06T10:10:00+08:00"], DAY);
    assert_eq!((run.exit, run.errors.as_str()), (0, ""));
    let card = run.json_lines().into_iter().find(|line| line["kind"] == "card").expect("a card");
    assert_eq!(card["at"], "2024-05-06T10:10:00+08:00");
    assert_eq!(card["due"], "2024-05-06T10:10:00+08:00");
    assert_eq!((&card["rule"], &card["step"], &card["card"]), (&"response".into(), &"yellow".into(), &"yellow".into()));
    assert_eq!(card["to"], serde_json::json!(["handler", "liaison"]));
    assert_eq!(card["department"], "市市场监管局");
    assert!(card.get("made_at").is_none(), "it was made at its own instant");
    assert_eq!(card["key"].as_str().map(str::len), Some(32));
    assert!(card["version"].is_string() && card["clause"].is_string());
}

#[test]
fn nothing_falls_before_its_instant() {
    let run = simulate(&["--format", "jsonl", "--until", "2024-05-06T10:09:59.999+08:00"], DAY);
    assert!(run.json_lines().iter().all(|line| line["kind"] != "card"));
}

#[test]
fn the_last_recorded_instant_is_the_default_end_and_is_included() {
    let all = simulate(&["--format", "jsonl", "--show", "all"], DAY).output;
    assert_eq!(
        simulate(&["--format", "jsonl", "--show", "all", "--until", "2024-05-06T10:41:00+08:00"], DAY).output,
        all
    );
    // Known a minute after it happened: the response counts as late by when it happened.
    let response = all.lines().find(|line| line.contains(r#""rule":"response""#) && line.contains("obligation"));
    assert!(response.is_some_and(|line| line.contains(r#""outcome":"late","stopped_at":"2024-05-06T10:40:00+08:00""#)));
}

#[test]
fn decisions_come_before_obligations_and_each_can_be_had_alone() {
    let is = |run: Run| run.json_lines().iter().map(|line| line["is"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let all = is(simulate(&["--format", "jsonl", "--show", "all"], DAY));
    let decisions = is(simulate(&["--format", "jsonl"], DAY));
    let obligations = is(simulate(&["--format", "jsonl", "--show", "obligations"], DAY));
    assert!(!decisions.is_empty() && decisions.iter().all(|is| is == "decision"));
    assert!(!obligations.is_empty() && obligations.iter().all(|is| is == "obligation"));
    assert_eq!(all, [decisions, obligations].concat());
}

#[test]
fn refused_lines_are_named_and_left_out_and_the_exit_says_so() {
    let bad = format!(
        "{DAY}not json\n{{\"id\":\"5\",\"order\":\"ZH-1\",\"type\":\"vanished\",\"at\":\"2024-05-06T11:00:00+08:00\"}}\n"
    );
    let run = simulate(&["--format", "jsonl"], &bad);
    assert_eq!(run.exit, 1);
    let said =
        ["-:5: 第 5 行未采用：不是合法的 JSON（第 2 字节处）", "-:6: 第 6 行未采用：未声明的事件类型 `vanished`"];
    assert_eq!(run.errors.lines().collect::<Vec<_>>(), said);
    assert_eq!(run.output, simulate(&["--format", "jsonl"], DAY).output);
}

#[test]
fn an_event_sent_twice_decides_once() {
    let twice = DAY.repeat(2);
    let run = simulate(&["--format", "jsonl", "--show", "all"], &twice);
    assert_eq!((run.exit, run.output), (0, simulate(&["--format", "jsonl", "--show", "all"], DAY).output));
}

#[test]
fn what_cannot_be_read_or_understood_is_bad_usage() {
    assert_eq!(duban(&["simulate"], "").exit, 2);
    assert_eq!(duban(&["simulate", "--events", "no/such/file.jsonl"], "").exit, 2);
    assert_eq!(simulate(&["--until", "tomorrow"], DAY).exit, 2);
}

#[test]
fn no_events_are_no_decisions() {
    let run = simulate(&["--format", "jsonl"], "\n");
    assert_eq!((run.exit, run.output.as_str()), (0, ""));
}

#[test]
fn people_read_a_table() {
    let run = simulate(&["--show", "all", "--until", "2024-05-07T18:00:00+08:00"], DAY);
    insta::assert_snapshot!(run.output);
}

#[test]
fn people_read_a_table_in_english() {
    let run = simulate(&["--show", "all", "--until", "2024-05-06T18:00:00+08:00", "--lang", "en"], DAY);
    insta::assert_snapshot!(run.output);
}

#[test]
fn a_due_beyond_the_calendars_cover_is_said_to_be_provisional() {
    let later = DAY.replace("2024-05-06", "2031-05-06");
    let until = ["--until", "2031-05-06T10:10:00+08:00"];
    let run = simulate(&[&["--format", "jsonl"], &until[..]].concat(), &later);
    let decided: Vec<_> = run.json_lines().into_iter().filter(|line| line["is"] == "decision").collect();
    let due: Vec<_> = decided.iter().filter(|line| line.get("due").is_some()).collect();
    assert!(!due.is_empty() && due.iter().all(|line| line["provisional"] == true), "{}", run.output);
    assert!(simulate(&[&["--show", "decisions"], &until[..]].concat(), &later).output.contains("（暂定）"));
    let known = simulate(&["--format", "jsonl", "--until", "2024-05-06T10:10:00+08:00", "--show", "decisions"], DAY);
    assert!(!known.output.contains("provisional"), "{}", known.output);
}

#[test]
fn those_who_go_with_an_enterprise_are_copied_only_where_the_order_names_one() {
    let until = ["--until", "2024-05-06T10:10:00+08:00"];
    assert!(!simulate(&until, DAY).output.contains("挂点联系领导"));
    let with = DAY.replace("\"category\"", "\"enterprise\":\"某某公司\",\"category\"");
    let said = simulate(&until, &with).output;
    assert!(said.contains("抄送 挂点联系领导") && !said.contains("项目专员"), "{said}");
}
