//! `duban compare` as one who is about to change a rule sees it.

use crate::program::{Run, duban};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Two orders of Zhuhai: over a weekend that is worked in part, and one that is returned.
const HISTORY: &str = r#"{"id":"1","order":"ZH-1","type":"received","at":"2024-05-06T09:00:00+08:00","attrs":{"region":"珠海市","subject":"市场主体","category":"投诉"}}
{"id":"2","order":"ZH-1","type":"dispatched","at":"2024-05-06T09:05:00+08:00","attrs":{"department":"市市场监管局"}}
{"id":"3","order":"ZH-1","type":"signed","at":"2024-05-06T09:10:00+08:00"}
{"id":"4","order":"ZH-1","type":"contacted","at":"2024-05-06T09:40:00+08:00"}
{"id":"5","order":"ZH-1","type":"completed","at":"2024-05-10T16:00:00+08:00"}
{"id":"6","order":"ZH-1","type":"called_back","at":"2024-05-11T10:00:00+08:00","attrs":{"satisfaction":"不满意","method":"人工","reached":true}}
{"id":"7","order":"ZH-1","type":"completed","at":"2024-05-17T10:00:00+08:00"}
{"id":"8","order":"ZH-1","type":"called_back","at":"2024-05-20T10:00:00+08:00","attrs":{"satisfaction":"满意","method":"人工","reached":true}}
{"id":"11","order":"ZH-2","type":"received","at":"2024-05-08T15:00:00+08:00","attrs":{"region":"珠海市","subject":"市场主体","category":"咨询"}}
{"id":"12","order":"ZH-2","type":"dispatched","at":"2024-05-08T15:05:00+08:00","attrs":{"department":"市税务局"}}
{"id":"13","order":"ZH-2","type":"signed","at":"2024-05-08T15:10:00+08:00"}
{"id":"14","order":"ZH-2","type":"contacted","at":"2024-05-08T15:50:00+08:00"}
{"id":"15","order":"ZH-2","type":"completed","at":"2024-05-09T10:00:00+08:00"}
{"id":"16","order":"ZH-2","type":"called_back","at":"2024-05-10T10:00:00+08:00","attrs":{"satisfaction":"满意","method":"人工","reached":true}}
"#;

/// The shipped rules, and a copy of them to edit.
struct Edit(tempfile::TempDir);

impl Edit {
    fn new() -> Edit {
        let folder = tempfile::tempdir().unwrap();
        for name in ["rules", "calendars"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap() {
                let file = file.unwrap();
                if file.path().is_file() {
                    fs::copy(file.path(), folder.path().join(name).join(file.file_name())).unwrap();
                }
            }
        }
        Edit(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn replace(&self, name: &str, written: &str, instead: &str) -> &Edit {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(written), "{name} says {written}");
        fs::write(self.path(name), text.replacen(written, instead, 1)).unwrap();
        self
    }

    fn write(&self, name: &str, text: &str) -> &Edit {
        fs::write(self.path(name), text).unwrap();
        self
    }

    /// Compares the shipped rules with these.
    fn compare(&self, more: &[&str], history: &str) -> Run {
        let (rules, calendars) = (self.path("rules"), self.path("calendars"));
        let against = ["compare", "--events", "-", "--against", &rules, "--against-calendars", &calendars];
        let mut run = duban(&[&against[..], more].concat(), history);
        run.output = run.output.replace(&self.0.path().display().to_string(), "new");
        run
    }

    fn lines(&self) -> Vec<Value> {
        let run = self.compare(&["--format", "jsonl"], HISTORY);
        assert_eq!((run.exit, run.errors.as_str()), (0, ""));
        run.json_lines()
    }
}

/// A report without the versions, which are hashes of the files.
fn without_versions(report: &str) -> String {
    let lines = report.lines().map(|line| {
        let end = line.find("（版本 ").or(line.find(" (version "));
        end.map_or(line, |end| &line[..end])
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn shorter() -> Edit {
    let edit = Edit::new();
    edit.replace("rules/zhuhai-124.yaml", "- { is: 4个工作日 }", "- { is: 3个工作日 }");
    edit
}

#[test]
fn a_shorter_span_is_reported_like_something_to_show_before_switching_it_on() {
    let run = shorter().compare(&[], HISTORY);
    assert_eq!((run.exit, run.errors.as_str()), (0, ""));
    insta::assert_snapshot!(without_versions(&run.output));
}

#[test]
fn the_report_can_be_had_in_english() {
    insta::assert_snapshot!(without_versions(&shorter().compare(&["--lang", "en"], HISTORY).output));
}

#[test]
fn each_difference_is_a_line_with_both_dues() {
    let lines = shorter().lines();
    let moved: Vec<&Value> =
        lines.iter().filter(|line| line["is"] == "obligation" && line["change"] == "moves").collect();
    let first = moved.iter().find(|line| line["round"] == 1).expect("the first round's due moves");
    assert_eq!(
        (&first["order"], &first["policy"], &first["rule"], &first["department"]),
        (&json!("ZH-1"), &json!("zhuhai-124"), &json!("completion"), &json!("市市场监管局"))
    );
    assert_eq!(
        (&first["old_due"], &first["new_due"]),
        (&json!("2024-05-10T17:30:00+08:00"), &json!("2024-05-09T17:30:00+08:00"))
    );
    assert_eq!((&first["old_outcome"], &first["new_outcome"]), (&json!("met"), &json!("late")));
    let card = lines.iter().find(|line| line["kind"] == "card").expect("a card that appears");
    assert_eq!(
        (&card["change"], &card["card"], &card["new_at"]),
        (&json!("appears"), &json!("yellow"), &first["new_due"])
    );
    assert!(card.get("old_at").is_none());
    assert!(lines.iter().all(|line| line["order"] == "ZH-1"), "consultations keep their two days: {lines:?}");
}

#[test]
fn the_same_rules_differ_in_nothing() {
    let edit = Edit::new();
    assert_eq!(edit.lines(), Vec::<Value>::new());
    let report = edit.compare(&[], HISTORY).output;
    assert!(report.contains("两边的判定完全相同") && report.contains("都没有不同"), "{report}");
    // Comments and quotes decide nothing.
    edit.replace("rules/zhuhai-124.yaml", "title: 办结\n", "title: \"办结\" # 各类\n");
    assert_eq!(edit.lines(), Vec::<Value>::new());
}

#[test]
fn a_date_of_the_calendar_alone_moves_dues_and_is_named_as_the_reason() {
    let edit = Edit::new();
    edit.replace("calendars/cn.yaml", "\"2024-05-11\": { work: 劳动节调休 }", "\"2024-05-11\": { rest: 台风停工 }");
    let calendars = edit.path("calendars");
    let run = duban(&["compare", "--events", "-", "--against-calendars", &calendars], HISTORY);
    assert_eq!(run.exit, 0, "{}", run.errors);
    for said in ["2024-05-11 班 劳动节调休 → 休 台风停工", "休（台风停工）", "推后"] {
        assert!(run.output.contains(said), "{said}: {}", run.output);
    }
}

#[test]
fn reactions_that_come_and_go_and_other_recipients_are_told() {
    let edit = Edit::new();
    edit.replace(
        "rules/zhuhai-124.yaml",
        "    return: true\n    notify: [liaison, tracking-group]",
        "    flag: 请复核\n    notify: [tracking-group]",
    );
    edit.replace(
        "rules/zhuhai-124.yaml",
        "    upon: [dispatched, transferred]\n    notify: [liaison]",
        "    upon: [dispatched, transferred]\n    notify: [handler]",
    );
    let lines = edit.lines();
    let of =
        |change: &str, kind: &str| lines.iter().filter(|line| line["change"] == change && line["kind"] == kind).count();
    assert_eq!((of("disappears", "return"), of("appears", "flag"), of("changes", "notify")), (1, 1, 2));
    let told = lines.iter().find(|line| line["kind"] == "notify" && line["change"] == "changes").unwrap();
    assert_eq!((&told["old_to"], &told["new_to"]), (&json!(["liaison"]), &json!(["handler"])));
}

#[test]
fn events_that_only_the_new_words_know_are_taken_there() {
    let edit = Edit::new();
    edit.replace(
        "rules/vocabulary.yaml",
        "  urged: { title: 领导督导 }",
        "  urged: { title: 领导督导 }\n  visited: { title: 上门 }",
    );
    edit.replace(
        "rules/zhuhai-124.yaml",
        "    stop: [contacted, replied, completed]",
        "    stop: [contacted, replied, completed, visited]",
    );
    let visited = HISTORY.replace("contacted\",\"at\":\"2024-05-06T09:40", "visited\",\"at\":\"2024-05-06T09:40");
    let run = edit.compare(&["--format", "jsonl"], &visited);
    assert_eq!(run.exit, 1);
    assert!(run.errors.contains("-:4: 第 4 行未采用"), "{}", run.errors);
    let response = run.json_lines().into_iter().find(|line| line["rule"] == "response" && line["is"] == "obligation");
    assert_eq!(
        response.map(|line| (line["old_outcome"].clone(), line["new_outcome"].clone())),
        Some((json!("late"), json!("met")))
    );
}

#[test]
fn a_district_that_is_laid_over_the_city_is_compared_rule_by_rule() {
    let edit = Edit::new();
    let layer = "policy: xz\nextends: zhuhai-124\ntitle: 区\nlocal: true\napplies: { category: 投诉 }\ndeadlines: { completion: { within: 3个工作日 } }\n";
    edit.write("rules/xz.yaml", &layer.replace("local: true\n", ""));
    let lines = edit.lines();
    let moved =
        lines.iter().find(|line| line["rule"] == "completion" && line["change"] == "moves").expect("a due that moves");
    assert_eq!((&moved["policy"], &moved["old_policy"]), (&json!("xz"), &json!("zhuhai-124")));
    assert!(lines.iter().all(|line| line["rule"] == "completion"), "what the district leaves alone stays: {lines:?}");
    let report = edit.compare(&[], HISTORY).output;
    for said in ["改由另一份规则管辖的工单      1", "以 zhuhai-124 为基础", "] → 3个工作日"] {
        assert!(report.contains(said), "{said}: {report}");
    }
}

#[test]
fn what_cannot_be_compared_is_bad_usage_and_rules_with_errors_are_named() {
    assert_eq!(duban(&["compare", "--events", "-"], HISTORY).exit, 2);
    assert_eq!(duban(&["compare", "--events", "no/such/file", "--against", "rules"], "").exit, 2);
    let edit = Edit::new();
    edit.replace("rules/zhuhai-124.yaml", "within: 15工作分钟", "witihn: 15工作分钟");
    let run = edit.compare(&[], HISTORY);
    assert!(run.exit == 1 && run.errors.contains("zhuhai-124.yaml:"), "{}", run.errors);
}

#[test]
fn any_order_of_the_lines_gives_the_same_report() {
    let mut lines: Vec<&str> = HISTORY.lines().collect();
    lines.reverse();
    let reversed = lines.join("\n");
    assert_eq!(shorter().compare(&[], HISTORY).output, shorter().compare(&[], &reversed).output);
}
