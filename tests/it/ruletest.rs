//! `duban test` as operators and their machines see it.

use crate::program::{Run, duban};
use std::fs;
use std::path::Path;

/// A test of the shipped rules, run from a file of its own.
fn trial(text: &str, more: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("t.yaml");
    fs::write(&file, text).expect("a file");
    let path = file.to_str().expect("a path");
    let mut run = duban(&[&["test", path], more].concat(), "");
    let shown = format!("{}/", folder.path().display());
    (run.output, run.errors) = (run.output.replace(&shown, ""), run.errors.replace(&shown, ""));
    run
}

const EXAMPLE: &str = r#"test: zhuhai-124
cases:
  - name: 周五下午受理，调休周六上班
    given:
      - { "2024-05-10 16:40": received, region: 珠海市, subject: 市场主体, category: 咨询 }
      - { "2024-05-10 16:45": dispatched, department: 市市场监管局 }
      - { "2024-05-10 16:50": signed }
    until: "2024-05-14 17:00"
    expect:
      - { "2024-05-11 08:50": yellow, rule: response }
      - { rule: response, due: "2024-05-11 08:50", outcome: overdue }
    never:
      - { red: completion }
"#;

/// The example with one line written otherwise.
fn example(written: &str, instead: &str) -> String {
    assert!(EXAMPLE.contains(written), "{written}");
    EXAMPLE.replacen(written, instead, 1)
}

#[test]
fn the_five_packs_pass_their_tests_and_every_rule_and_step_has_fired() {
    let packs = ["zhuhai-124", "yicheng-2151", "zhongshan-mashangban", "zhuhai-zhushitong", "shuangyashan-huiqitong"];
    let files = packs.map(|pack| format!("rules/tests/{pack}.yaml"));
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let run = duban(&[&["test"], &files[..]].concat(), "");
    assert_eq!(run.exit, 0, "{}{}", run.output, run.errors);
    assert!(run.output.contains("个用例全部相符\n触发过的规则和步骤：100%（"), "{}", run.output);
    assert!(!run.output.contains("没有用例触发"), "{}", run.output);
}

#[test]
fn without_a_file_the_tests_of_the_rules_directory_are_run() {
    let run = duban(&["test"], "");
    assert_eq!((run.exit, run.errors.as_str()), (0, ""), "{}", run.output);
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/tests")).expect("tests").count();
    assert_eq!(run.output.matches("✓ rules/tests/").count(), files);
}

#[test]
fn an_operator_s_example_passes_in_english_and_in_chinese_words() {
    assert_eq!(trial(EXAMPLE, &[]).exit, 0);
    let chinese =
        EXAMPLE.replace(": yellow", ": 黄牌").replace("outcome: overdue", "outcome: 逾期").replace("red:", "红牌:");
    let run = trial(&chinese, &[]);
    assert_eq!(run.exit, 0, "{}", run.output);
    let all_chinese = r#"测试: 珠海市市场主体诉求“124”时效
用例:
  - 名称: 周五下午受理
    经过:
      - { "2024-05-10 16:40": 受理, 地区: 珠海市, 诉求主体: 市场主体, 诉求类别: 咨询 }
      - { "2024-05-10 16:45": 转派, 承办单位: 市市场监管局 }
      - { "2024-05-10 16:50": 签收 }
    截至: "2024-05-14 17:00"
    应有:
      - { "2024-05-11 08:50": 黄牌, 规则: 一小时响应, 对象: [经办人, 专职联络员], 承办单位: 市市场监管局 }
      - { "2024-05-11 08:50": 逾期, 规则: 一小时响应 }
    不应有:
      - { 红牌: 办结 }
      - 退回
"#;
    let run = trial(all_chinese, &[]);
    assert_eq!(run.exit, 0, "{}{}", run.output, run.errors);
}

#[test]
fn a_failed_expectation_shows_what_came_instead_and_how_the_due_was_counted() {
    let run = trial(&example("08:50\": yellow", "08:55\": yellow"), &[]);
    assert_eq!(run.exit, 1);
    let told = run.output.lines().take(8).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(told, @r"
    ✗ t.yaml  1个用例，1个不符
    t.yaml:10:11: 周五下午受理，调休周六上班：应有 2024-05-11 周六 08:55 黄牌 response；实际：2024-05-11 周六 08:50 黄牌 response/yellow，告知handler、liaison，到期 2024-05-11 周六 08:50，市市场监管局
          一小时响应（response） 第1轮：逾期
            起：2024-05-10 周五 16:50，签收［3］
            限：1个工作小时
              2024-05-10 周五 16:50-17:30 计40工作分钟
              2024-05-11 周六（劳动节调休） 08:30-08:50 计20工作分钟
            到期：2024-05-11 周六 08:50
    ");
}

/// The line that tells of the one expectation that failed.
#[track_caller]
fn told(text: &str, lang: &str) -> String {
    let run = trial(text, &["--lang", lang]);
    assert_eq!(run.exit, 1, "{}{}", run.output, run.errors);
    run.output.lines().filter(|line| line.starts_with("t.yaml:")).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_way_of_failing_is_told_in_a_line() {
    insta::assert_snapshot!(told(&example("outcome: overdue", "outcome: met"), "zh"), @"t.yaml:11:11: 周五下午受理，调休周六上班：应有 时限 response，到期 2024-05-11 周六 08:50，按时；实际：response 第1轮，起算 2024-05-10 周五 16:50，到期 2024-05-11 周六 08:50，逾期");
    insta::assert_snapshot!(told(&example("{ red: completion }", "{ yellow: response }"), "zh"), @"t.yaml:13:11: 周五下午受理，调休周六上班：不应有 黄牌 response；实际：2024-05-11 周六 08:50 黄牌 response/yellow，告知handler、liaison，到期 2024-05-11 周六 08:50，市市场监管局");
    insta::assert_snapshot!(told(&example("{ \"2024-05-11 08:50\": yellow, rule: response }", "{ red: completion }"), "zh"), @"t.yaml:10:11: 周五下午受理，调休周六上班：应有 红牌 completion；实际：2024-05-13 周一 11:00 提醒 completion/remind，告知handler，到期 2024-05-13 周一 17:30；2024-05-13 周一 17:30 黄牌 completion/yellow，告知handler、liaison，到期 2024-05-13 周一 17:30，市市场监管局");
    insta::assert_snapshot!(told(&example("{ \"2024-05-11 08:50\": yellow, rule: response }", "{ 退回: redo }"), "zh"), @"t.yaml:10:11: 周五下午受理，调休周六上班：应有 退回重办 redo；实际：到 2024-05-14 周二 17:00 什么也没有，没有等到：回访");
    insta::assert_snapshot!(told(&example("region: 珠海市, ", ""), "zh"), @"t.yaml:3:11: 周五下午受理，调休周六上班：zhuhai-124 不管这张工单：适用条件不成立：“地区”应为 珠海市，实为 没有（若正要检验这一点，写 governs: false）");
    insta::assert_snapshot!(told(&example("    until:", "    governs: false\n    until:"), "zh"), @"t.yaml:3:11: 周五下午受理，调休周六上班：应不适用 zhuhai-124；实际适用");
    insta::assert_snapshot!(told(&example("08:50\": yellow", "08:55\": yellow"), "en"), @"t.yaml:10:11: 周五下午受理，调休周六上班: expected 2024-05-11 Sat 08:55 yellow card response; instead: 2024-05-11 Sat 08:50 yellow card response/yellow, to handler, liaison, due 2024-05-11 Sat 08:50, 市市场监管局");
}

#[test]
fn what_is_expected_is_asked_to_the_letter() {
    // A case for each entry, so that the rules are read once.
    let (head, case) = EXAMPLE.split_once("  - name").expect("one case");
    let case = case.split_once("    expect:").expect("what is expected").0;
    let of = |entry: &&str| format!("  - name{case}    expect: [ {entry} ]\n");
    let failed = |entries: &[&str]| {
        let run = trial(&(head.to_owned() + &entries.iter().map(of).collect::<String>()), &["--format", "json"]);
        let json: serde_json::Value = serde_json::from_str(&run.output).expect(&run.errors);
        let cases = json["files"][0]["cases"].as_array().expect("cases").clone();
        assert_eq!(cases.len(), entries.len(), "{}", run.errors);
        let failed = entries.iter().zip(cases).filter(|(_, case)| case["failures"][0].is_object());
        failed.map(|(entry, _)| (*entry).to_owned()).collect::<Vec<_>>()
    };
    let right = [
        "{ \"2024-05-11 08:50\": yellow, rule: response, step: yellow, round: 1, to: [handler, liaison], due: \"2024-05-11 08:50\", department: 市市场监管局 }",
        "{ \"2024-05-11T08:50:00+08:00\": card, card: yellow }",
        "{ \"2024-05-11 08:50\": { yellow: response } }",
        "{ yellow: response, at: \"2024-05-11 08:50\" }",
        "{ kind: 黄牌, rule: response }",
        "{ \"2024-05-11 08:30\": remind, to: handler }",
        "{ remind: handler, rule: response }",
        "{ \"2024-05-10 16:45\": 告知, rule: dispatch-notice, target: liaison, department: 市市场监管局 }",
        "{ decision: yellow, rule: response }",
        "{ rule: response, start: \"2024-05-10 16:50\", round: 1 }",
        "yellow",
        "{ rule: dispatch, outcome: 按时, stopped_at: \"2024-05-10 16:45\" }",
    ];
    let wrong = [
        "{ \"2024-05-11 08:50\": red, rule: response }",
        "{ \"2024-05-11 08:50\": yellow, rule: completion }",
        "{ \"2024-05-11 08:50\": yellow, rule: response, step: red }",
        "{ \"2024-05-11 08:50\": yellow, round: 2 }",
        "{ \"2024-05-11 08:50\": yellow, to: department-head }",
        "{ \"2024-05-11 08:50\": yellow, due: \"2024-05-11 08:51\" }",
        "{ \"2024-05-11 08:50\": yellow, department: 市税务局 }",
        "{ rule: response, start: \"2024-05-10 16:45\" }",
        "{ rule: response, round: 2 }",
        "{ rule: dispatch, outcome: 逾期 }",
        "{ route: supervision-office }",
        "flag",
    ];
    assert_eq!(failed(&right), Vec::<String>::new());
    assert_eq!(failed(&wrong), wrong);
}

#[test]
fn late_knowledge_retractions_and_people_s_acts_are_told_to_a_test() {
    let text = r#"test: zhuhai-124
order: { region: 珠海市, subject: 市场主体, category: 投诉 }
cases:
  - name: 晚登记
    given:
      - { "2024-05-06 08:45": received }
      - { "2024-05-06 08:50": dispatched, attrs: { department: 市税务局 } }
      - { "2024-05-06 09:00": signed }
      - { "2024-05-06 09:50": contacted, recorded: "2024-05-06 10:20" }
    expect:
      - { "2024-05-06 10:20": revoke, revoke: yellow, rule: response }
  - name: 更正
    given:
      - { "2024-05-06 08:45": received }
      - { "2024-05-06 08:50": dispatched, department: 市税务局 }
      - { "2024-05-06 09:00": signed }
      - { "2024-05-06 09:50": contacted }
      - { "2024-05-06 09:55": retracted, event: "4" }
    until: "2024-05-06 10:00"
    expect:
      - { "2024-05-06 10:00": yellow }
  - name: 没有可撤销的
    given:
      - { "2024-05-06 08:45": received }
      - { "2024-05-06 08:50": dispatched, department: 市税务局 }
      - { "2024-05-06 09:00": lifted, decision: response/yellow, by: 主管 }
    never: [ red ]
"#;
    insta::assert_snapshot!(told(text, "zh"), @"t.yaml:26:49: 没有可撤销的：此时还没有这项决定：决定 response/yellow");
}

#[test]
fn every_mistake_of_a_file_is_named_at_its_place_and_check_reads_the_files_too() {
    let text = r#"test: zhuhai-124
case: []
cases:
  - name: 坏
    gven: []
    given:
      - { "2024-05-10 16:4": received, regoin: 珠海市, category: 咨讯 }
      - { "2024-05-10 16:45": dispached }
      - { dispatched: "2024" }
    expect:
      - { "2024-05-11 08:50": yelow, rule: respnse }
      - { rule: response, step: yelow, outcom: met }
      - { to: [handlr] }
  - given: [ { "2024-05-10 16:40": received, id: a }, { "2024-05-10 16:40": signed, id: a, recorded: "2024-05-10 16:39" }, { "2024-05-10 16:40": retracted, event: b } ]
"#;
    let run = trial(text, &[]);
    assert_eq!((run.exit, run.output.contains("全部相符")), (1, false), "{}", run.output);
    let places: Vec<&str> = run.errors.lines().filter_map(|line| line.trim().strip_prefix("--> t.yaml:")).collect();
    insta::assert_snapshot!(places.join(" "), @"2:1 5:5 7:11 7:40 7:63 8:31 9:11 11:31 11:44 12:33 12:40 13:16 14:5 14:5 14:89 14:102 14:164");
    let rules = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in fs::read_dir(root.join("rules")).expect("rules").flatten().filter(|file| file.path().is_file()) {
        fs::copy(file.path(), rules.path().join(file.file_name())).expect("a copy");
    }
    fs::create_dir(rules.path().join("tests")).expect("a folder");
    fs::write(rules.path().join("tests/t.yaml"), text).expect("a file");
    let path = rules.path().to_str().expect("a path");
    let checked =
        duban(&["check", "--rules", path, "--calendars", "calendars", "--at", "2024-06-01T00:00:00+08:00"], "");
    assert_eq!(checked.exit, 1);
    // A mistake in one policy does not keep the tests of another from being read.
    let yicheng = rules.path().join("yicheng-2151.yaml");
    let broken = fs::read_to_string(&yicheng).expect("a policy").replacen("stop:", "stpo:", 1);
    fs::write(yicheng, broken).expect("a file");
    let both = duban(&["check", "--rules", path, "--calendars", "calendars", "--at", "2024-06-01T00:00:00+08:00"], "");
    assert_eq!(both.output.matches("tests/t.yaml:").count(), places.len(), "{}", both.output);
    assert!(both.output.contains("“stpo”"), "{}", both.output);
    assert_eq!(checked.output.matches("tests/t.yaml:").count(), places.len(), "{}", checked.output);
    assert!(
        checked.output.contains("是不是“given”？") && checked.output.contains("是不是“yellow”？"),
        "{}",
        checked.output
    );
}

#[test]
fn what_is_not_there_is_bad_input_and_an_unknown_policy_is_named() {
    assert_eq!(duban(&["test", "nowhere.yaml"], "").exit, 2);
    assert_eq!(duban(&["test", "nowhere"], "").exit, 2);
    assert_eq!(duban(&["test", "--rules", "nowhere", "--calendars", "calendars"], "").exit, 2);
    let run = trial(&example("test: zhuhai-124", "test: zhuhai-142"), &[]);
    assert!(run.exit == 1 && run.errors.contains("是不是“zhuhai-124”？"), "{}", run.errors);
}

#[test]
fn machines_get_junit_and_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let junit = folder.path().join("junit.xml");
    let run = trial(
        &example("08:50\": yellow", "08:55\": yellow"),
        &["--junit", junit.to_str().unwrap(), "--format", "json"],
    );
    assert_eq!(run.exit, 1);
    let json: serde_json::Value = serde_json::from_str(&run.output).expect("one JSON object");
    assert_eq!((&json["cases"], &json["failed"]), (&1.into(), &1.into()));
    let failure = &json["files"][0]["cases"][0]["failures"][0];
    assert_eq!((&failure["line"], &failure["column"]), (&10.into(), &11.into()));
    assert!(failure["message"].as_str().unwrap().contains("08:50 黄牌") && failure["arithmetic"][0].is_string());
    assert!(json["silent"].as_array().unwrap().iter().any(|part| part["rule"] == "redo"));
    let xml = fs::read_to_string(junit).expect("a JUnit file");
    assert!(
        xml.starts_with(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"1\" failures=\"1\" errors=\"0\">"
        ),
        "{xml}"
    );
    assert!(
        xml.contains("classname=\"zhuhai-124\"") && xml.contains("<failure message=\"应有 2024-05-11 周六 08:55 黄牌"),
        "{xml}"
    );
    assert_eq!(xml.matches("<testcase ").count(), 1);
}
