//! `duban explain`: an order's story as an operator reads it.

use crate::daemon::harness::{Site, event, wait_for};
use crate::program::{Run, duban};

/// Late contact, an extension cut to its bound, a late completion, a return, and a call-back that counts for nothing.
const STORY: &str = r#"{"id":"1","order":"ZH-1","type":"received","at":"2024-05-06T09:00:00+08:00","attrs":{"region":"珠海市","subject":"市场主体","category":"投诉","caller":"张三"}}
{"id":"2","order":"ZH-1","type":"dispatched","at":"2024-05-06T09:05:00+08:00","attrs":{"department":"市市场监管局"}}
{"id":"3","order":"ZH-1","type":"signed","at":"2024-05-06T09:10:00+08:00"}
{"id":"4","order":"ZH-1","type":"contacted","at":"2024-05-06T10:40:00+08:00","recorded_at":"2024-05-06T10:41:00+08:00"}
{"id":"5","order":"ZH-1","type":"extended","at":"2024-05-08T10:40:00+08:00","attrs":{"by":"6 working days","reason":"复杂","approver":"李"}}
{"id":"6","order":"ZH-1","type":"completed","at":"2024-05-17T10:40:00+08:00"}
{"id":"7","order":"ZH-1","type":"called_back","at":"2024-05-18T10:40:00+08:00","attrs":{"satisfaction":"不满意","method":"人工"}}
{"id":"8","order":"ZH-1","type":"called_back","at":"2024-05-19T10:40:00+08:00","attrs":{"satisfaction":"满意","method":"短信"}}
"#;

fn explain(more: &[&str]) -> Run {
    duban(&[&["explain", "ZH-1", "--events", "-"], more].concat(), STORY)
}

/// The version is a hash of the files: it changes with every edit of the packs.
fn without_version(text: &str) -> String {
    let mut parts = text.split("规则版本 ");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        told.push_str("规则版本 …");
        told.push_str(part.trim_start_matches(|letter: char| letter.is_ascii_hexdigit()));
    }
    told
}

#[test]
fn an_order_s_story_is_told() {
    let run = explain(&[]);
    assert_eq!((run.exit, run.errors.as_str()), (0, ""));
    insta::assert_snapshot!(without_version(&run.output));
}

#[test]
fn an_instant_in_between_can_be_explained() {
    let output = explain(&["--until", "2024-05-06T10:00:00+08:00"]).output;
    assert!(output.contains("黄牌（yellow，到期时）：将在 2024-05-06 周一 10:10"), "{output}");
    assert!(!output.contains("［6］"), "what came later is not told");
}

#[test]
fn what_is_personal_stays_out() {
    assert!(!explain(&[]).output.contains("张三"));
}

#[test]
fn an_order_that_is_not_there_is_bad_input() {
    let run = duban(&["explain", "ZH-2", "--events", "-"], STORY);
    assert_eq!((run.exit, run.output.as_str()), (2, ""));
    assert!(run.errors.contains("ZH-2"));
}

#[test]
fn the_story_is_told_in_english_too() {
    let output = explain(&["--lang", "en", "--until", "2024-05-06T11:00:00+08:00"]).output;
    for part in
        ["Order ZH-1", "stop: 2024-05-06 Mon 10:40, contacted", "30 min late", "yellow card", "clause 二（一）2"]
    {
        assert!(output.contains(part), "{part}: {output}");
    }
}

/// Where the start that comes at the latest found itself stopped, the story says so.
#[test]
fn a_deadline_answered_before_it_could_start_is_told() {
    let run = explain_history("plain-43", "O3");
    assert!(run.output.contains("最迟起算之前已经办了，本轮不再起算"), "{}", run.output);
}

#[test]
fn a_pause_is_laid_out_with_what_was_left() {
    let run = explain_history("plain-40", "O1");
    let told: Vec<&str> = run.output.lines().map(str::trim).skip_while(|line| !line.starts_with("恢复：")).collect();
    insta::assert_snapshot!(told[..3].join("\n"), @r"
    恢复：2024-03-06 周三 11:15 恢复［O1-19］
    2024-03-06 周三 11:15-11:45 计30工作分钟
    到期：2024-03-06 周三 11:45
    ");
}

/// An order of one of the reference's histories.
fn explain_history(name: &str, order: &str) -> Run {
    let folder = format!("tests/data/histories/{name}");
    let (rules, calendars) = (format!("{folder}/rules"), format!("{folder}/calendars"));
    let events = format!("{folder}/events.jsonl");
    let run = duban(&["explain", order, "--rules", &rules, "--calendars", &calendars, "--events", &events], "");
    assert_eq!(run.exit, 0, "{}", run.errors);
    run
}

#[test]
fn an_order_of_the_store_is_explained_beside_the_running_daemon() {
    let site = Site::new();
    let daemon = site.start();
    let at = "2024-05-06T09:00:00+08:00";
    let mut event = event("e1", "O1", "received", at);
    event["attrs"] = serde_json::json!({ "department": "甲局", "caller": "张三" });
    assert_eq!(daemon.send(&event).status, 200);
    wait_for(|| daemon.feed("", 0).0.into_iter().find(|made| made["kind"] == "card"));
    let run = site.output(&["explain", "O1"]);
    let output = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    for part in [
        "2024-05-06 周一 09:00  受理［e1］",
        "五分钟响应（response） 第1轮：逾期",
        "2024-05-06 09:00 至 2024-05-06 09:05 计5分钟",
        "2024-05-06 周一 09:05 黄牌 五分钟响应（response/yellow） 甲局 → 专职联络员",
        "依据 一；规则版本 1",
        "慢作为移送（slow）\n      没有等到：复核",
    ] {
        assert!(output.contains(part), "{part}:\n{output}");
    }
    assert!(!output.contains("张三"));
    assert_eq!(site.output(&["explain", "O2"]).status.code(), Some(2));
}

#[test]
fn without_a_store_nothing_can_be_explained_from_it() {
    let site = Site::new();
    let run = site.output(&["explain", "O1"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(!run.stderr.is_empty() && run.stdout.is_empty());
}
