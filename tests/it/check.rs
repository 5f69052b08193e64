//! `duban check` as operators and editors see it.

use crate::program::{Run, duban};
use duban::policy;
use std::fs;
use std::path::{Path, PathBuf};

const JUNE: &str = "2024-06-01T00:00:00+08:00";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rules and calendars of the language's examples in a folder of their own, to be spoilt.
struct Trial(tempfile::TempDir);

impl Trial {
    fn new() -> Trial {
        let folder = tempfile::tempdir().unwrap();
        for name in ["rules", "calendars"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            for entry in fs::read_dir(root().join("tests/data/language").join(name)).unwrap() {
                let file = entry.unwrap().path();
                fs::copy(&file, folder.path().join(name).join(file.file_name().unwrap())).unwrap();
            }
        }
        Trial(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn replace(self, name: &str, written: &str, instead: &str) -> Trial {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(written), "{written}");
        fs::write(self.path(name), text.replacen(written, instead, 1)).unwrap();
        self
    }

    fn check(&self, more: &[&str]) -> Run {
        let (rules, calendars) = (self.path("rules"), self.path("calendars"));
        let folders = ["check", "--rules", rules.to_str().unwrap(), "--calendars", calendars.to_str().unwrap()];
        let mut run = duban(&[&folders, more].concat(), "");
        let folder = format!("{}/", self.0.path().display());
        run.output = run.output.replace(&folder, "");
        run
    }
}

#[test]
fn the_examples_of_the_language_are_right() {
    let run = Trial::new().check(&["--at", JUNE, "--strict"]);
    assert_eq!((run.exit, run.output.as_str(), run.errors.as_str()), (0, "检查通过：2份规则，没有发现问题\n", ""));
}

#[test]
fn the_shipped_rules_are_right() {
    let run = duban(&["check", "--rules", "rules", "--calendars", "calendars", "--at", JUNE], "");
    assert_eq!(run.exit, 0, "{}", run.output);
    assert!(!run.output.contains("错误["), "{}", run.output);
}

#[test]
fn rules_of_every_worked_case_are_right() {
    let cases = fs::read_dir(root().join("tests/data/histories")).unwrap();
    let mut loaded = 0;
    for case in cases.map(|entry| entry.unwrap().path()).filter(|case| case.join("rules").is_dir()) {
        let read = policy::load(&case.join("rules"), &case.join("calendars"), &None);
        assert!(read.rules.is_some(), "{}: {:?}", case.display(), read.problems);
        loaded += 1;
    }
    assert!(loaded >= 100, "only {loaded} cases");
}

#[test]
fn three_unknown_keys_two_wrong_types_and_a_missing_field_give_six_problems_in_one_run() {
    let run = Trial::new()
        .replace("rules/zhuhai-124.yaml", "source: 珠府", "sorce: 珠府")
        .replace("rules/zhuhai-124.yaml", "    restart_on: [transferred]", "    restart_upon: [transferred]")
        .replace("rules/zhuhai-124.yaml", "upon: reviewed", "upon: reviewed\n    severity: 高")
        .replace("rules/zhuhai-124.yaml", "times: 1,", "times: once,")
        .replace("rules/zhuhai-124.yaml", "return: true", "return: maybe")
        .replace("rules/zhuhai-124.yaml", "effective: \"2023-05-08\" ", "")
        .check(&["--at", JUNE]);
    assert_eq!(run.exit, 1);
    let own = run.output.matches("--> rules/zhuhai-124.yaml:").count();
    assert_eq!(own, 6, "{}", run.output);
    insta::assert_snapshot!(run.output, @r"
    错误[missing-field]: 缺少“effective”
     --> rules/zhuhai-124.yaml:2:9
      |
    2 | policy: zhuhai-124
      |         ^^^^^^^^^^
      |
      = 建议: 在此处加上“effective: …”

    错误[unknown-key]: 不认识的键“sorce”
     --> rules/zhuhai-124.yaml:4:1
      |
    4 | sorce: 珠府办函〔2023〕64号
      | ^^^^^
      |
      = 建议: 是不是“source”？

    错误[unknown-key]: 不认识的键“restart_upon”
      --> rules/zhuhai-124.yaml:20:5
       |
    20 |     restart_upon: [transferred]
       |     ^^^^^^^^^^^^
       |
       = 建议: 是不是“restart_on”？

    错误[wrong-type]: 此处应为整数，写的是文字“once”
      --> rules/zhuhai-124.yaml:31:48
       |
    31 |     extends: { at_most: 4 working days, times: once, when: { reason: { present: true } }, local: true }
       |                                                ^^^^
       |
       = 建议: 写一个不小于 0 的整数，不加引号

    错误[wrong-type]: 此处应为真假值，写的是文字“maybe”
      --> rules/zhuhai-124.yaml:39:13
       |
    39 |     return: maybe
       |             ^^^^^
       |
       = 建议: 写 true（是）或 false（否），不加引号

    错误[unknown-key]: 不认识的键“severity”
      --> rules/zhuhai-124.yaml:45:5
       |
    45 |     severity: 高
       |     ^^^^^^^^
       |
       = 建议: 可以写：accept、notify、remind、return、was、card、once、when、title、clause、route、approval …

    6个错误，0个警告
    ");
}

#[test]
fn an_action_of_a_wrong_type_counts_once() {
    let trial = Trial::new();
    let bad = "policy: bad\ntitle: 坏\ncalendar: zhuhai\neffective: \"2024-01-01\"\napplies: {}\nfoo1: 1\nreactions:\n  \
        a: { title: x, upon: signed, clause: 一, flag: x, bar: 1, baz: 2, return: 1 }\n  \
        b: { upon: signed, clause: 一, flag: 2 }\n";
    fs::write(trial.path("rules/bad.yaml"), bad).unwrap();
    let run = trial.check(&["--at", JUNE]);
    assert_eq!((run.exit, run.output.matches("--> rules/bad.yaml:").count()), (1, 6), "{}", run.output);
    assert!(run.output.ends_with("6个错误，0个警告\n"), "{}", run.output);
}

#[test]
fn a_broken_vocabulary_or_calendar_makes_no_errors_elsewhere() {
    let elsewhere = |trial: Trial, file: &str| {
        let run = trial.check(&["--at", JUNE]);
        let (all, own) = (run.output.matches("--> ").count(), run.output.matches(&format!("--> {file}:")).count());
        assert!(run.exit == 1 && own > 0, "{}", run.output);
        (all - own, run.output)
    };
    let trial = Trial::new();
    fs::write(trial.path("rules/vocabulary.yaml"), "order: [\n").unwrap();
    let (others, said) = elsewhere(trial, "rules/vocabulary.yaml");
    assert_eq!((others, said.matches("词汇表读不出来").count()), (0, 1), "{said}");
    let trial = Trial::new();
    fs::remove_file(trial.path("rules/vocabulary.yaml")).unwrap();
    let (others, said) = elsewhere(trial, "rules/vocabulary.yaml");
    assert_eq!(others, 0, "{said}");
    let hours = Trial::new().replace("calendars/zhuhai.yaml", "08:30-12:00\", \"14:30-17:30", "8:30-12:00");
    let (others, said) = elsewhere(hours, "calendars/zhuhai.yaml");
    assert_eq!(others, 0, "{said}");
}

#[test]
fn without_any_calendar_the_folder_is_what_to_look_at() {
    let trial = Trial::new();
    fs::remove_dir_all(trial.path("calendars")).unwrap();
    let run = trial.check(&["--at", JUNE]);
    assert_eq!(run.exit, 2);
    assert!(run.output.contains("建议: 日历目录里没有可用的日历"), "{}", run.output);
    assert!(!run.output.contains("请删去"), "{}", run.output);
}

#[test]
fn problems_of_every_file_come_in_one_run() {
    let trial = Trial::new()
        .replace("rules/zhuhai-124.yaml", "calendar: zhuhai", "calendar: zhuhia")
        .replace("rules/vocabulary.yaml", "joint: boolean", "joint: bool")
        .replace("rules/directory.yaml", "parent: 珠海市", "parant: 珠海市")
        .replace("calendars/zhuhai.yaml", "14:30-17:30", "11:30-17:30")
        .replace("rules/more.yaml", "policy: more", "policy: [more");
    fs::create_dir(trial.path("rules/templates")).unwrap();
    fs::write(trial.path("rules/templates/remind.txt"), "{% block short %}{{ oder }}{% endblock %}").unwrap();
    fs::write(trial.path("duban.yaml"), "stroe: sqlite:data/duban.db\n").unwrap();
    let config = trial.path("duban.yaml");
    let run = trial.check(&["--at", JUNE, "--config", config.to_str().unwrap(), "--format", "json"]);
    assert_eq!(run.exit, 1);
    let problems: serde_json::Value = serde_json::from_str(&run.output).expect("one JSON document");
    let mut files: Vec<&str> = problems
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| {
            assert!(problem["line"].as_u64() >= Some(1) && problem["column"].as_u64() >= Some(1), "{problem}");
            assert!(problem["message"].is_string() && problem["hint"].is_string(), "{problem}");
            problem["file"].as_str().unwrap()
        })
        .collect();
    files.dedup();
    let expected = [
        "calendars/zhuhai.yaml",
        "duban.yaml",
        "rules/directory.yaml",
        "rules/more.yaml",
        "rules/templates/remind.txt",
        "rules/vocabulary.yaml",
        "rules/zhuhai-124.yaml",
    ];
    assert_eq!(files, expected, "{}", run.output);
}

#[test]
fn warnings_fail_only_where_asked() {
    let trial = Trial::new().replace("rules/more.yaml", "    clause: 三\n", "");
    let plain = trial.check(&["--at", JUNE]);
    assert_eq!(plain.exit, 0);
    insta::assert_snapshot!(plain.output, @r"
    警告[no-clause]: 这条规则既没有 clause 也没有 local，说不出依据
      --> rules/more.yaml:15:3
       |
    15 |   node:
       |   ^^^^
       |
       = 建议: 写上依据的条款 clause: 二（一）2；文件没有、由本地自定的写 local: true

    0个错误，1个警告
    ");
    assert_eq!(trial.check(&["--at", JUNE, "--strict"]).exit, 1);
}

#[test]
fn cover_is_judged_as_of_the_instant_given() {
    let at = |at| Trial::new().check(&["--at", at, "--strict"]).exit;
    assert_eq!((at("2026-11-01T00:00:00+08:00"), at("2026-11-03T00:00:00+08:00")), (0, 1));
    assert_eq!(Trial::new().check(&["--at", "2026-11-01"]).exit, 2, "an instant has an offset");
}

#[test]
fn what_cannot_be_read_at_all_is_bad_input() {
    let run = duban(&["check", "--rules", "nowhere", "--calendars", "calendars"], "");
    assert_eq!(run.exit, 2);
    assert!(run.output.contains("找不到“nowhere”"), "{}", run.output);
}

#[test]
fn messages_come_in_english_too() {
    let run = Trial::new()
        .replace("rules/zhuhai-124.yaml", "within: 1 working hour", "within: 1 wrking hour")
        .check(&["--at", JUNE, "--lang", "en"]);
    insta::assert_snapshot!(run.output, @r"
    error[malformed-span]: `1 wrking hour` is no span
      --> rules/zhuhai-124.yaml:21:13
       |
    21 |     within: 1 wrking hour
       |             ^^^^^^^^^^^^^
       |
       = hint: a span is a whole number and a unit, such as `90 working minutes`, `4 working days`, `24 hours` or `3 days`

    1 error, 0 warnings
    ");
}

#[test]
fn a_large_rules_directory_is_checked_at_once() {
    let trial = Trial::new();
    let pack = fs::read_to_string(trial.path("rules/zhuhai-124.yaml")).unwrap();
    for number in 0..50 {
        let copy = pack.replace("policy: zhuhai-124", &format!("policy: copy-{number}"));
        fs::write(trial.path(&format!("rules/copy-{number}.yaml")), copy).unwrap();
    }
    let started = std::time::Instant::now();
    assert_eq!(trial.check(&["--at", JUNE]).exit, 0);
    // Ten times what an unoptimized build needs on a busy machine: this finds what grows with the square, no more.
    assert!(started.elapsed() < std::time::Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn a_kind_of_problem_is_explained_in_both_languages_and_a_misspelt_one_is_named() {
    let told = duban(&["check", "--explain", "unknown-key"], "");
    assert_eq!(told.exit, 0);
    assert!(told.output.contains("不认识的键"));
    assert!(duban(&["check", "--explain", "unknown-key", "--lang", "en"], "").output.contains("The key is not known"));
    let told = duban(&["check", "--explain", "unknown-kay"], "");
    assert_eq!(told.exit, 2);
    assert!(told.errors.contains("unknown-key"));
    assert!(duban(&["check", "--explain"], "").output.lines().count() > 100, "every kind is listed");
}

#[test]
fn what_a_channel_asks_for_and_will_not_get_is_a_warning() {
    let trial = Trial::new();
    let config =
        "channels:\n  group: { kind: yuezhengyi, webhook: { file: a }, form: template_card, mention: [liason] }\n";
    fs::write(trial.path("duban.yaml"), config).unwrap();
    let run = trial.check(&["--at", JUNE, "--lang", "en", "--config", trial.path("duban.yaml").to_str().unwrap()]);
    assert_eq!(run.exit, 0, "{}", run.output);
    for said in ["warning[card-without-page]", "warning[unknown-recipient]", "did you mean `liaison`?"] {
        assert!(run.output.contains(said), "{said}: {}", run.output);
    }
}
