//! Layers (`extends`), as an operator writes them and the program takes them: language.md §3.

use crate::program::{Run, duban};
use serde_json::Value;
use std::fs;
use std::path::Path;

const CALENDAR: &str = "calendar: c\ntimezone: Asia/Shanghai\ncovers: \"2020-01-01..2099-12-31\"\nhours: [ { days: [mon, tue, wed, thu, fri], open: [\"09:00-17:00\"] } ]\n";

const VOCABULARY: &str = "order: { city: text, district: text, street: text, department: department }\n";

const DIRECTORY: &str =
    "recipients: { liaison: { title: 联络员, people: [ { name: 甲, mobile: \"13800000000\" } ] } }\n";

/// A city: answered in four hours, done in four days.
const CITY: &str = r#"policy: city
title: 市
source: 市文
calendar: c
effective: "2024-01-01"
applies: { city: 甲市 }
ladders:
  牌: [ { at: due, card: yellow }, { after: 1 working day, card: red } ]
deadlines:
  answer: { title: 答复, clause: 一, start: dispatched, stop: contacted, within: 4 working hours, ladder: 牌 }
  finish: { title: 办结, clause: 二, start: dispatched, stop: completed, within: 4 working days, ladder: 牌 }
reactions:
  redo: { title: 退回, clause: 三, upon: reviewed, return: true }
"#;

const DISTRICT: &str = r"policy: district
extends: city
title: 区
applies: { district: 乙区 }
deadlines:
  finish: { within: 2 working days }
  answer: null
  visit: { title: 上门, local: true, start: dispatched, stop: completed, within: 2 working hours, ladder: [ { at: due, card: yellow } ] }
";

const STREET: &str = r"policy: street
extends: district
title: 街道
applies: { street: 丙街 }
deadlines:
  finish: { within: 1 working day }
  call: { was: visit, title: 上门（街道）, local: true, start: dispatched, stop: completed, within: 1 working hour, ladder: [] }
  visit: null
";

/// Rules of these files, beside the common ones.
struct Rules(tempfile::TempDir);

impl Rules {
    fn of(policies: &[(&str, &str)]) -> Rules {
        let folder = tempfile::tempdir().unwrap();
        let rules = Rules(folder);
        let common = [
            ("calendars/c.yaml", CALENDAR),
            ("rules/vocabulary.yaml", VOCABULARY),
            ("rules/directory.yaml", DIRECTORY),
        ];
        for (name, text) in common
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text))
            .chain(policies.iter().map(|(name, text)| (format!("rules/{name}.yaml"), *text)))
        {
            let path = rules.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        rules
    }

    fn run(&self, arguments: &[&str], input: &str) -> Run {
        let path = |name: &str| self.0.path().join(name).display().to_string();
        duban(&[arguments, &["--rules", &path("rules"), "--calendars", &path("calendars")]].concat(), input)
    }

    /// The obligations and cards of an order with these attributes: `policy/rule due` and `policy/rule yellow`.
    fn made(&self, attributes: &str) -> Vec<String> {
        let events = format!(
            "{}\n{}\n",
            format_args!(
                r#"{{"id":"1","order":"O","type":"received","at":"2024-05-06T09:00:00+08:00","attrs":{attributes}}}"#
            ),
            r#"{"id":"2","order":"O","type":"dispatched","at":"2024-05-06T09:00:00+08:00","attrs":{"department":"丁局"}}"#
        );
        let arguments =
            ["simulate", "--events", "-", "--show", "all", "--format", "jsonl", "--until", "2024-05-31T18:00:00+08:00"];
        let run = self.run(&arguments, &events);
        assert_eq!(run.exit, 0, "{}", run.errors);
        let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let mut made: Vec<String> = run
            .json_lines()
            .iter()
            .map(|line| {
                let what =
                    if line["is"] == "obligation" { text(line, "due")[..16].to_owned() } else { text(line, "step") };
                format!("{}/{} {what}", text(line, "policy"), text(line, "rule"))
            })
            .collect();
        made.sort();
        made
    }
}

fn all() -> Rules {
    Rules::of(&[("city", CITY), ("district", DISTRICT), ("street", STREET)])
}

#[test]
fn an_order_has_the_rules_of_the_topmost_layer_that_applies_and_of_no_other() {
    let rules = all();
    assert_eq!(
        rules.made(r#"{"city":"甲市"}"#),
        [
            "city/answer 2024-05-06T13:00",
            "city/answer red",
            "city/answer yellow",
            "city/finish 2024-05-10T17:00",
            "city/finish red",
            "city/finish yellow",
        ]
    );
    assert_eq!(
        rules.made(r#"{"city":"甲市","district":"乙区"}"#),
        [
            "district/finish 2024-05-08T17:00",
            "district/finish red",
            "district/finish yellow",
            "district/visit 2024-05-06T11:00",
            "district/visit yellow",
        ]
    );
    assert_eq!(
        rules.made(r#"{"city":"甲市","district":"乙区","street":"丙街"}"#),
        ["street/call 2024-05-06T10:00", "street/finish 2024-05-07T17:00", "street/finish red", "street/finish yellow"]
    );
}

#[test]
fn what_applies_is_both_together() {
    let rules = all();
    // A district or a street of another city is none of these.
    assert_eq!(rules.made(r#"{"city":"戊市","district":"乙区"}"#), Vec::<String>::new());
    // Without its district a street's order is the city's.
    let of_city = rules.made(r#"{"city":"甲市","street":"丙街"}"#);
    assert!(!of_city.is_empty() && of_city.iter().all(|made| made.starts_with("city/")), "{of_city:?}");
}

#[test]
fn an_abstract_policy_governs_nothing_and_need_not_be_whole() {
    let province = "policy: province\nabstract: true\ntitle: 省\nsource: 省文\ncalendar: c\nladders: { 牌: [ { at: due, card: yellow } ] }\ndeadlines: { finish: { title: 办结, clause: 二, stop: completed, ladder: 牌 } }\n";
    let city = "policy: city\nextends: province\ntitle: 市\neffective: \"2024-01-01\"\napplies: { city: 甲市 }\ndeadlines: { finish: { start: dispatched, within: 1 working day } }\n";
    let rules = Rules::of(&[("city", city), ("province", province)]);
    assert_eq!(rules.run(&["check"], "").exit, 0);
    assert_eq!(rules.made(r#"{"city":"甲市"}"#), ["city/finish 2024-05-07T17:00", "city/finish yellow"]);
    assert_eq!(rules.made("{}"), Vec::<String>::new());
}

#[test]
fn a_layer_with_an_effective_date_leaves_older_orders_to_its_base() {
    let later = DISTRICT.replace("title: 区\n", "title: 区\neffective: \"2024-05-07\"\n");
    let rules = Rules::of(&[("city", CITY), ("district", &later)]);
    let made = rules.made(r#"{"city":"甲市","district":"乙区"}"#);
    assert!(!made.is_empty() && made.iter().all(|made| made.starts_with("city/")), "{made:?}");
}

#[test]
fn circles_and_unknown_bases_are_refused_at_their_place() {
    let circle = Rules::of(&[
        ("city", &CITY.replace("title: 市\n", "extends: street\ntitle: 市\n")),
        ("district", DISTRICT),
        ("street", STREET),
    ]);
    let run = circle.run(&["check"], "");
    assert!(
        run.exit == 1 && run.output.contains("circle") && run.output.contains("rules/city.yaml:2:10"),
        "{}",
        run.output
    );
    let oneself = Rules::of(&[("city", &CITY.replace("title: 市\n", "extends: city\ntitle: 市\n"))]);
    let run = oneself.run(&["check"], "");
    assert!(
        run.exit == 1 && run.output.contains("circle") && run.output.contains("rules/city.yaml:2:10"),
        "{}",
        run.output
    );
    let unknown = Rules::of(&[("city", CITY), ("district", &DISTRICT.replace("extends: city", "extends: citi"))]);
    let run = unknown.run(&["check"], "");
    assert!(
        run.exit == 1 && run.output.contains("rules/district.yaml:2:10") && run.output.contains("city"),
        "{}",
        run.output
    );
}

#[test]
fn the_shipped_district_is_without_a_warning_and_its_tests_pass() {
    let rules = "docs/examples/xiangzhou/rules";
    let check = duban(&["check", "--rules", rules, "--strict", "--at", "2026-01-05T09:00:00+08:00"], "");
    assert_eq!(check.exit, 0, "{}", check.output);
    let file = Path::new(rules).join("tests/xiangzhou-124.yaml").display().to_string();
    let test = duban(&["test", "--rules", rules, &file], "");
    assert_eq!(test.exit, 0, "{}{}", test.output, test.errors);
    // The city's own orders stay the city's.
    let order = r#"{"id":"1","order":"O","type":"received","at":"2024-05-06T09:00:00+08:00","attrs":{"region":"珠海市","subject":"市场主体","category":"投诉"}}
"#;
    let until = ["--format", "jsonl", "--show", "all", "--until", "2024-05-08T09:00:00+08:00"];
    let run = duban(&[&["simulate", "--rules", rules, "--events", "-"], &until[..]].concat(), order);
    assert!(run.json_lines().iter().all(|line| line["policy"] == "zhuhai-124"), "{}", run.output);
}
