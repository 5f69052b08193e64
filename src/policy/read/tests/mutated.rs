//! Whatever a rule file holds, reading it ends, and it ends with rules or with an error.

use crate::policy::trial;
use proptest::prelude::*;

const FILES: [&str; 3] = ["rules/p.yaml", "rules/vocabulary.yaml", "rules/directory.yaml"];

/// Words that mean something somewhere, to be put where they do not.
fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "~",
        "[]",
        "{}",
        "true",
        "3",
        "-1",
        "completed",
        "any",
        "不满意",
        "黄红牌",
        "p",
        "extends: p",
        "[a, [b]]",
        "{ not: {} }",
        "{ all: [] }",
        "{ any: 3 }",
        "{ every: [] }",
        "within: 0 days",
        "4 working days",
        "policy",
        "zh",
        "abstract: true",
        "round",
        "overdue: [response]",
        "&a [*a]",
        "*b",
        "\"",
        ": ",
        "- ",
        "\n",
        "    ",
        "!x y",
    ])
}

fn original(name: &str) -> String {
    trial::FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned()).expect("a file")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn mutated_files_give_rules_or_an_error(file in 0..3_usize, cuts in prop::collection::vec((any::<usize>(), word()), 1..4)) {
        let mut text = original(FILES[file]);
        for (at, instead) in cuts {
            text = trial::mutated(&text, at, instead);
        }
        let mut loaded = trial::load(&[(FILES[file], &text)], &None);
        prop_assert_eq!(loaded.rules.is_none(), loaded.problems.has_errors());
        crate::policy::judge::judge(&mut loaded, &None, crate::time::Instant(0));
        prop_assert_eq!(loaded.rules.is_none(), loaded.problems.has_errors());
    }

    #[test]
    fn any_bytes_give_rules_or_an_error(file in 0..3_usize, text in "[a-z:\\[\\]{}, \n&*~办结]{0,80}") {
        let loaded = trial::load(&[(FILES[file], &text)], &None);
        prop_assert_eq!(loaded.rules.is_none(), loaded.problems.has_errors());
    }
}
