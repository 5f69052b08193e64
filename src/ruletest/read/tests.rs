use super::{TestFile, World, read};
use crate::policy::trial;
use crate::ruletest::fired::Fired;
use crate::ruletest::judge::Judge;
use crate::text::problem::Problems;
use crate::text::{Lang, show, yaml};
use proptest::prelude::*;
use std::sync::Arc;

const FILE: &str = r#"test: p
order: { region: 珠海市, department: 甲局 }
cases:
  - name: 一
    given:
      - { "2024-05-06 09:00": dispatched, category: 咨询 }
      - { "2024-05-06 09:10": signed, id: 签 }
      - { "2024-05-06 09:20": staged_reply, next_reply_by: "2024-05-07 10:00" }
      - { "2024-05-06 09:30": contacted, recorded: "2024-05-06 11:00" }
      - { "2024-05-06 09:40": retracted, event: 签 }
    until: "2024-05-09 17:30"
    expect:
      - { "2024-05-08 17:30": 黄牌, rule: completion, to: [handler, liaison] }
      - { rule: reply, due: "2024-05-07 10:00", outcome: 逾期, round: 1 }
    never:
      - { 红牌: response }
"#;

/// What comes of reading a text, and what is said of it.
fn taken(text: &str) -> (Option<TestFile>, Problems) {
    let loaded = trial::load(&[], &None);
    let world = World::of(&loaded).expect("rules without an error");
    let mut problems = Problems::new();
    let root = yaml::read("t.yaml", text.as_bytes(), &mut problems);
    let file = root.and_then(|root| read(&root, "t.yaml", &world, &mut problems));
    (file, problems)
}

fn said(text: &str) -> String {
    let problems = taken(text).1.sorted();
    problems.iter().map(|problem| show::brief(problem, Lang::Zh)).collect::<Vec<_>>().join("\n")
}

/// What is said of the file with one part of it written otherwise.
#[track_caller]
fn says(written: &str, instead: &str) -> String {
    assert!(FILE.contains(written), "{written}");
    said(&FILE.replacen(written, instead, 1))
}

#[test]
fn every_mistake_says_what_to_write_instead() {
    assert_eq!(said(FILE), "");
    let told = [
        says("test: p", "test: q"),
        says("test: p\n", ""),
        says("order: {", "order: {}\n工单: {"),
        says("cases:", "case:"),
        says("category: 咨询", "categry: 咨询"),
        says("category: 咨询", "category: 资询"),
        says(": dispatched", ": dispached"),
        says("\"2024-05-06 09:10\": signed", "signed: true"),
        says("09:10\": signed", "9:10\": signed"),
        says("id: 签", "id: \"1\""),
        says("event: 签", "event: 鉴"),
        says(", event: 签", ""),
        says("recorded: \"2024-05-06 11:00\"", "recorded: \"2024-05-06 08:00\""),
        says("\"2024-05-07 10:00\" }", "明天 }"),
        says("until: \"2024-05-09 17:30\"", "until: 2024-05-09"),
        says("    never:\n      - { 红牌: response }\n", "    never: []\n"),
        says("rule: completion", "rule: complete"),
        says("to: [handler, liaison]", "to: [handler, laison]"),
        says("to: [handler, liaison]", "step: yelow"),
        says(": 黄牌", ": 黄派"),
        says("outcome: 逾期", "outcome: 逾起"),
        says("round: 1", "rund: 1"),
        says("{ 红牌: response }", "{ to: liaison }"),
        says("{ 红牌: response }", "红派"),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    t.yaml:1:7: 错误[unknown-policy]: 没有名为“q”的规则；可以写：p
    t.yaml:1:1: 错误[missing-field]: 缺少“test”；在此处加上“test: …”
    t.yaml:3:1: 错误[duplicate-key]: “order”写了两次；只留一个
    t.yaml:3:1: 错误[unknown-key]: 不认识的键“case”；是不是“cases”？
    t.yaml:6:43: 错误[unknown-attribute]: 没有名为“categry”的属性；是不是“category”？
    t.yaml:6:53: 错误[unknown-attribute-value]: 属性“category”没有“资询”这个取值；是不是“咨询”？
    t.yaml:6:31: 错误[unknown-event-type]: 没有名为“dispached”的事件类型；是不是“dispatched”？
    t.yaml:7:11: 错误[no-time]: 这一行没有时刻；写成 { "2024-05-10 16:40": received, region: 珠海市 }
    t.yaml:7:11: 错误[malformed-time]: “2024-05-06 9:10”不是时刻；写成 "2024-05-10 16:40"（年-月-日 时:分，加引号，按日历的时区）
    t.yaml:7:43: 错误[duplicate-id]: 编号“1”用了两次；换一个编号（没有写编号的，编号是它在经过里的序号）
    t.yaml:10:49: 错误[unknown-event]: 没有名为“签”的事件（id）；可以写：1、3、4、5
    t.yaml:10:49: 错误[unknown-event]: 没有名为“鉴”的事件（id）；可以写：1、3、4、5、签
    t.yaml:10:11: 错误[missing-field]: 缺少“event”；在此处加上“event: …”
    t.yaml:9:52: 错误[recorded-early]: 登记早于发生；登记时刻不能早于这一行开头的时刻
    t.yaml:8:60: 错误[malformed-time]: “明天”不是时刻；写成 "2024-05-10 16:40"（年-月-日 时:分，加引号，按日历的时区）
    t.yaml:11:12: 错误[malformed-time]: “2024-05-09”不是时刻；写成 "2024-05-10 16:40"（年-月-日 时:分，加引号，按日历的时区）
    t.yaml:15:12: 错误[empty-list]: 列表是空的；至少写一项，或删去这个键
    t.yaml:13:41: 错误[unknown-rule]: 没有名为“complete”的时限或反应；可以写：completion、redo、reply、response
    t.yaml:13:67: 错误[unknown-recipient]: 没有名为“laison”的通知对象；是不是“liaison”？
    t.yaml:13:59: 错误[unknown-step]: 没有名为“yelow”的步骤；是不是“yellow”？
    t.yaml:13:31: 错误[unknown-value]: 此处不能写“黄派”；是不是“黄牌”？
    t.yaml:14:58: 错误[unknown-value]: 此处不能写“逾起”；是不是“挂起”？
    t.yaml:14:62: 错误[unknown-key]: 不认识的键“rund”；是不是“round”？
    t.yaml:16:11: 错误[about-nothing]: 这一项没有说检验什么；写成 { "2024-05-11 08:50": 黄牌, rule: response } 或 { rule: response, outcome: 逾期 }
    t.yaml:16:9: 错误[unknown-value]: 此处不能写“红派”；是不是“红牌”？
    "#);
}

#[test]
fn a_case_that_expects_nothing_is_named() {
    let text = "test: p\ncases:\n  - name: 空\n    given: [ { \"2024-05-06 09:00\": dispatched } ]\n";
    insta::assert_snapshot!(said(text), @"t.yaml:3:11: 错误[nothing-expected]: 这个用例什么也不检验；写 expect（应有）或 never（不应有）");
    assert_eq!(said(&format!("{text}    governs: false\n")), "");
}

#[test]
fn times_are_those_of_the_calendar_and_midnight_may_be_the_end_of_a_day() {
    let until = |text: &str| {
        let (file, problems) = taken(&FILE.replacen("2024-05-09 17:30", text, 1));
        assert!(problems.is_empty(), "{text}");
        file.expect("a file").cases[0].until.rfc3339(chrono_tz::Asia::Shanghai)
    };
    assert_eq!(until("2024-05-09 17:30"), "2024-05-09T17:30:00+08:00");
    assert_eq!(until("2024-05-09T17:30:05"), "2024-05-09T17:30:05+08:00");
    assert_eq!(until("2024-05-09 24:00"), "2024-05-10T00:00:00+08:00");
    assert_eq!(until("2024-05-09T17:30:00+09:00"), "2024-05-09T16:30:00+08:00");
}

fn judged(file: &TestFile) -> Vec<String> {
    let rules = trial::load(&[], &None).rules.expect("rules without an error");
    let judge = Judge::new(Arc::new(rules), std::collections::BTreeMap::new(), Lang::Zh);
    let judged = judge.judge(file, &mut Fired::default());
    judged.cases.into_iter().flat_map(|case| case.failures).map(|failure| failure.message).collect()
}

#[test]
fn the_file_of_these_tests_passes() {
    let (file, _) = taken(FILE);
    assert_eq!(judged(&file.expect("a file")), Vec::<String>::new());
}

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "~",
        "[]",
        "{}",
        "true",
        "3",
        "-1",
        "returned",
        "archived",
        "decision",
        "逾期",
        "撤销",
        "p",
        "redo",
        "[a, [b]]",
        "\"2024-05-06 09:00\"",
        "9999-12-31",
        "approved",
        "suspended",
        "extended",
        "received",
        "&a [*a]",
        "\"",
        ": ",
        "- ",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_a_file_holds_reading_and_judging_it_end(cuts in prop::collection::vec((any::<usize>(), word()), 1..4)) {
        let text = cuts.iter().fold(FILE.to_owned(), |text, (at, instead)| trial::mutated(&text, *at, instead));
        let (file, problems) = taken(&text);
        prop_assert!(file.is_some() || problems.has_errors());
        if let Some(file) = file {
            judged(&file);
        }
    }
}
