use super::*;
use crate::text::Lang;
use crate::text::show::brief;
use proptest::prelude::*;
use std::fmt::Write as _;

fn tree(text: &str) -> (Option<Node>, String) {
    let mut problems = Problems::new();
    let node = read("a.yaml", text.as_bytes(), &mut problems);
    let shown: Vec<String> = problems.sorted().iter().map(|problem| brief(problem, Lang::Zh)).collect();
    (node, shown.join("\n"))
}

fn right(text: &str) -> Node {
    let (node, problems) = tree(text);
    assert_eq!(problems, "");
    node.expect("a tree")
}

#[test]
fn every_key_and_value_knows_its_place() {
    let node = right("标题: 办结\nstop:\n  - completed\n  - { every: [signed, contacted] }\n");
    let title = node.entry("标题").unwrap();
    assert_eq!((title.key.place.to_string().as_str(), title.key.place.text()), ("a.yaml:1:1", "标题"));
    assert_eq!((title.value.place.to_string().as_str(), title.value.place.text()), ("a.yaml:1:5", "办结"));
    let stop = node.get("stop").unwrap().sequence().unwrap();
    assert_eq!(stop[0].place.to_string(), "a.yaml:3:5");
    assert_eq!(stop[1].place.text(), "{ every: [signed, contacted] }");
    assert_eq!(stop[1].get("every").unwrap().place.text(), "[signed, contacted]");
}

#[test]
fn quotes_tell_texts_from_numbers() {
    let node = right("a: 12\nb: \"12\"\nc: on\nd: ~\ne:\nf: !!str 12\ng: true\n");
    let scalar = |key| node.get(key).unwrap().scalar().unwrap();
    assert_eq!(scalar("a").number(), Some(12.0));
    assert!(scalar("b").is_text() && scalar("c").is_text() && scalar("f").is_text());
    assert!(node.get("d").unwrap().is_null() && node.get("e").unwrap().is_null());
    assert_eq!(scalar("g").boolean(), Some(true));
}

#[test]
fn an_alias_is_a_copy_of_its_definition() {
    let node = right("a: &x { b: 1 }\nc: *x\n");
    assert_eq!(node.get("a"), node.get("c"));
}

#[test]
fn a_byte_order_mark_and_carriage_returns_are_accepted() {
    let node = right("\u{feff}a: b\r\nc: d\r\n");
    assert_eq!(node.get("c").unwrap().place.to_string(), "a.yaml:2:4");
}

#[test]
fn an_empty_file_is_null() {
    assert!(right("").is_null());
    assert!(right("# nothing\n").is_null());
}

#[test]
fn duplicate_keys_are_reported_and_the_rest_is_read() {
    let (node, problems) = tree("a: 1\nb: 2\na: 3\nc: {d: 1, d: 2}\n");
    insta::assert_snapshot!(problems, @r"
    a.yaml:3:1: 错误[duplicate-key]: 键“a”在同一处写了两次；只保留一个；如果是两样东西，给其中一个换个名字
    a.yaml:4:11: 错误[duplicate-key]: 键“d”在同一处写了两次；只保留一个；如果是两样东西，给其中一个换个名字
    ");
    assert_eq!(node.unwrap().mapping().unwrap().len(), 3);
}

#[test]
fn what_is_no_yaml_is_reported_at_its_place() {
    let say = |text| tree(text).1;
    insta::assert_snapshot!(say("a: [1, 2\nb: 3\n"), @"a.yaml:2:2: 错误[syntax]: YAML 格式错误：此处不能出现冒号；每行只写一个“键: 值”；值里有“: ”时给值加引号");
    insta::assert_snapshot!(say("a:\n\tb: 1\n"), @"a.yaml:2:2: 错误[syntax]: YAML 格式错误：此处用了制表符（Tab）；把 Tab 换成空格");
    insta::assert_snapshot!(say("a: \"x\nb: 1\n"), @"a.yaml:2:1: 错误[syntax]: YAML 格式错误：引号没有配对；检查引号是否成对，并使用英文引号");
    insta::assert_snapshot!(say("a: b: c\n"), @"a.yaml:1:5: 错误[syntax]: YAML 格式错误：此处不能出现冒号；每行只写一个“键: 值”；值里有“: ”时给值加引号");
    insta::assert_snapshot!(say("a: *nobody\n"), @"a.yaml:1:4: 错误[syntax]: YAML 格式错误：别名（*）没有对应的锚（&）；先用 & 定义，再用 * 引用");
    insta::assert_snapshot!(say("a: 1\n  b: 2\n"), @"a.yaml:2:4: 错误[syntax]: YAML 格式错误：此处不能出现冒号；每行只写一个“键: 值”；值里有“: ”时给值加引号");
    insta::assert_snapshot!(say("a: @x\n"), @"a.yaml:1:4: 错误[syntax]: YAML 格式错误：此处出现了不能作为开头的字符；给这段文字加上引号");
    insta::assert_snapshot!(say("a: 1\n---\nb: 2\n"), @"a.yaml:2:1: 错误[documents]: 一个文件里只能有一份 YAML 文档；去掉“---”，或拆成两个文件");
    insta::assert_snapshot!(say("a: !secret x\n"), @"a.yaml:1:12: 错误[tag]: 不认识的 YAML 标签“!secret”；去掉标签；以“!”开头的文字要加引号");
    insta::assert_snapshot!(say("[a]: 1\n"), @"a.yaml:1:1: 错误[key]: 键必须是一个词，不能为空，也不能是列表或映射；写成“键: 值”");
    insta::assert_snapshot!(say("a: &x [*x]\n"), @"a.yaml:1:8: 错误[alias]: 别名指向了包含它自己的内容");
}

#[test]
fn invalid_utf8_is_refused_with_its_place() {
    let mut problems = Problems::new();
    assert!(read("a.yaml", b"a: 1\nb: \xb0\xec\n", &mut problems).is_none());
    insta::assert_snapshot!(brief(&problems.sorted()[0], Lang::Zh), @"a.yaml:2:4: 错误[encoding]: 文件不是 UTF-8 编码；用编辑器把文件另存为 UTF-8（旧系统导出的文件多为 GBK）");
}

#[test]
fn alias_bombs_are_refused() {
    let mut bomb = String::from("a0: &a0 [1,1,1,1,1,1,1,1,1]\n");
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        _ = writeln!(bomb, "a{level}: &a{level} [{}]", [alias.as_str(); 9].join(","));
    }
    let (node, problems) = tree(&bomb);
    assert!(node.is_none());
    insta::assert_snapshot!(problems, @"a.yaml:6:14: 错误[too-large]: 展开别名后超过 250000 个值，不予读取；减少别名（*）的嵌套，或拆成几个文件");
}

#[test]
fn deep_nesting_is_refused_also_through_aliases() {
    assert!(tree(&"[".repeat(100_000)).0.is_none());
    assert!(tree(&format!("{}{}", "[".repeat(64), "]".repeat(64))).0.is_some());
    insta::assert_snapshot!(tree(&format!("{}{}", "[".repeat(65), "]".repeat(65))).1, @"a.yaml:1:65: 错误[too-deep]: 嵌套超过 64 层，不予读取；检查括号是否配对");
    let half = format!("a: &a {}{}\n", "[".repeat(40), "]".repeat(40));
    assert!(tree(&format!("{half}b: {}*a{}\n", "[".repeat(40), "]".repeat(40))).0.is_none());
    assert!(tree(&format!("{half}b: {}*a{}\n", "[".repeat(20), "]".repeat(20))).0.is_some());
}

#[test]
fn files_over_four_mebibytes_are_refused() {
    let mut problems = Problems::new();
    assert!(read("a.yaml", &vec![b'#'; BYTES_MAX + 1], &mut problems).is_none());
    insta::assert_snapshot!(brief(&problems.sorted()[0], Lang::Zh), @"a.yaml:1:1: 错误[too-large]: 文件超过 4 MiB，不予读取；把它拆成几个文件");
    assert!(read("a.yaml", &vec![b'#'; BYTES_MAX], &mut Problems::new()).is_some());
}

#[test]
fn a_file_that_is_not_there_is_a_problem() {
    let mut problems = Problems::new();
    assert!(read_file(Path::new("nowhere/a.yaml"), &mut problems).is_none());
    insta::assert_snapshot!(brief(&problems.sorted()[0], Lang::Zh), @"nowhere/a.yaml:1:1: 错误[unreadable]: 找不到“nowhere/a.yaml”；检查路径是否正确、文件是否存在且有读取权限");
}

fn walk(node: &Node) {
    assert!(node.place.source.text.get(node.place.start..node.place.end).is_some());
    match &node.kind {
        Kind::Mapping(entries) => entries.iter().for_each(|entry| walk(&entry.value)),
        Kind::Sequence(items) => items.iter().for_each(walk),
        Kind::Null | Kind::Scalar(_) => {}
    }
}

proptest! {
    #[test]
    fn any_bytes_give_a_tree_or_a_problem(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut problems = Problems::new();
        match read("a.yaml", &bytes, &mut problems) {
            Some(node) => walk(&node),
            None => prop_assert!(problems.has_errors()),
        }
    }

    #[test]
    fn any_text_of_yaml_signs_gives_a_tree_or_a_problem(text in "[-a办:,#&*!?|>'\"{}\\[\\] \n\t~%@]{0,60}") {
        let mut problems = Problems::new();
        match read("a.yaml", text.as_bytes(), &mut problems) {
            Some(node) => walk(&node),
            None => prop_assert!(problems.has_errors()),
        }
        for problem in problems.iter() {
            prop_assert!(brief(problem, Lang::En).starts_with("a.yaml:"));
        }
    }
}
