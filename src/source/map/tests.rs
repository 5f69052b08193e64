use super::*;
use crate::config::Config;
use crate::policy::vocabulary::{Attribute, EventType, Kind, Vocabulary};
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::text::problem::Problems;
use chrono_tz::Asia::Shanghai;

const WIDE: &str = r"
    - type: received
      order: 工单编号
      at: 受理时间
      attrs:
        region: { value: 珠海市 }
        category: { column: 类别, values: { 投诉类: 投诉, 其它: ~ } }
        joint: 联办
    - { type: signed, order: 工单编号, at: 签收时间, by: 签收人 }
    - { type: completed, order: 工单编号, at: 办结时间, when: { 状态: [已办结, 已归档] }, id: [工单编号, { value: 办结 }] }
";

fn mapping(events: &str) -> Mapping {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("duban.yaml");
    let text = format!("sources:\n  - name: s\n    kind: folder\n    path: drop\n    empty: [\"-\"]\n{events}");
    std::fs::write(&path, text).unwrap();
    let mut problems = Problems::new();
    let config = Config::read(&path, &mut problems).unwrap_or_else(|| panic!("{problems:?}"));
    config.sources.into_iter().next().unwrap().mapping
}

fn words() -> BodyReader {
    let attribute = |name: &str, kind: Kind| {
        let name = Symbol::new(name);
        (name, Attribute { name, title: name.to_string(), kind })
    };
    let kind = |name: &str| {
        let name = Symbol::new(name);
        (name, EventType { name, title: name.to_string(), attributes: [].into_iter().collect() })
    };
    let category = Kind::OneOf(["咨询", "投诉"].map(Symbol::new).into());
    BodyReader::new(&Vocabulary {
        order: [
            attribute("region", Kind::Text),
            attribute("category", category),
            attribute("joint", Kind::Boolean),
            attribute("department", Kind::Department),
        ]
        .into_iter()
        .collect(),
        events: ["received", "signed", "completed"].map(kind).into_iter().collect(),
        ..Vocabulary::default()
    })
}

/// What a row gives, a line each: the body, or what is wrong.
#[track_caller]
fn made(mapping: &Mapping, row: &[(&str, &str)]) -> String {
    let columns: Vec<String> = row.iter().map(|(column, _)| (*column).to_owned()).collect();
    let row = Row { columns: &columns, cells: row.iter().map(|(_, text)| Cell::text(text)).collect() };
    let words = words();
    let mapper = Mapper { mapping, words: &words, zone: Shanghai };
    let said = mapper.map(&row, None).into_iter().map(|made| match made {
        Ok(made) => made.body,
        Err(problem) => format!("{}: {}", problem.column.unwrap_or_default(), problem.reason.in_lang(Lang::Zh)),
    });
    said.collect::<Vec<_>>().join("\n")
}

#[test]
fn each_column_of_a_wide_row_that_is_filled_gives_an_event() {
    let mapping = mapping(&format!("    events:\n{WIDE}"));
    let row = [
        ("工单编号", "ZH-1"),
        ("类别", "投诉类"),
        ("联办", "是"),
        ("受理时间", "2024-05-06 09:00:00"),
        ("签收时间", "2024/5/6 9:30"),
        ("签收人", "甲"),
        ("办结时间", "2024-05-07 10:00:00"),
        ("状态", "已办结"),
    ];
    insta::assert_snapshot!(made(&mapping, &row), @r#"
    {"at":"2024-05-06T09:00:00+08:00","attrs":{"category":"投诉","joint":true,"region":"珠海市"},"id":"m-8aebbcc182d2d0d9c26b148b181f1433","order":"ZH-1","type":"received"}
    {"at":"2024-05-06T09:30:00+08:00","attrs":{"by":"甲"},"id":"m-a265df944b5d89926e2a2b201df6a4cd","order":"ZH-1","type":"signed"}
    {"at":"2024-05-07T10:00:00+08:00","id":"ZH-1|办结","order":"ZH-1","type":"completed"}
    "#);
    let mut unsigned = row;
    unsigned[4].1 = "-";
    unsigned[7].1 = "办理中";
    unsigned[1].1 = "其它";
    insta::assert_snapshot!(made(&mapping, &unsigned), @r#"{"at":"2024-05-06T09:00:00+08:00","attrs":{"joint":true,"region":"珠海市"},"id":"m-8aebbcc182d2d0d9c26b148b181f1433","order":"ZH-1","type":"received"}"#);
}

#[test]
fn what_cannot_be_read_is_named_by_its_column() {
    let mapping = mapping(&format!("    events:\n{WIDE}"));
    insta::assert_snapshot!(made(&mapping, &[("工单编号", ""), ("受理时间", "2024-05-06 09:00"), ("签收时间", "上午九点"), ("办结时间", "2024-05-06"), ("状态", "已办结")]), @r"
    工单编号: 这一列是空的，但必须有值
    签收时间: 看不懂的时间；应为 2024-05-06 09:00:00 这样的写法，别的写法请在来源配置里写 format
    办结时间: 只有日期，没有钟点；若要按当日零点计，请在来源配置里写 format
    ");
}

#[test]
fn states_become_types_and_those_that_are_nothing_give_no_event() {
    let mapping = mapping(
        "    events:\n      - order: 单号\n        at: { column: 时间, format: \"%d/%m/%Y %H:%M\" }\n        \
         type: { column: 状态, values: { 已签收: signed, 暂存: ~ }, else: refuse }\n        \
         attrs: { department: { column: 单位, clears: true } }\n",
    );
    let row = |state: &'static str| [("单号", "O1"), ("时间", "06/05/2024 09:00"), ("状态", state), ("单位", "-")];
    insta::assert_snapshot!(made(&mapping, &row("已签收")), @r#"{"at":"2024-05-06T09:00:00+08:00","attrs":{"department":null},"id":"m-3584334d5c341214750af7c89bf0ee79","order":"O1","type":"signed"}"#);
    assert_eq!(made(&mapping, &row("暂存")), "");
    insta::assert_snapshot!(made(&mapping, &row("待定")), @"状态: 来源配置的 values 里没有这个值“待定”");
}

#[test]
fn figures_come_from_rows_as_well() {
    let mapping = mapping(
        "    figures:\n      - { figure: 总话务量, day: 日期, value: 总量 }\n      - { figure: { column: 指标 }, day: 日期, value: 数, department: 班组 }\n",
    );
    let row = [("日期", "2024/5/6"), ("总量", "1,041"), ("指标", "三方通话"), ("数", "41"), ("班组", "话务一组")];
    insta::assert_snapshot!(made(&mapping, &row), @r#"
    {"day":"2024-05-06","figure":"总话务量","id":"m-1461621b1068a1387b758570069c0f47","value":1041}
    {"day":"2024-05-06","department":"话务一组","figure":"三方通话","id":"m-1fcdf2e9b0e9b47d76b498ef1fe1254a","value":41}
    "#);
    insta::assert_snapshot!(made(&mapping, &[("日期", "五月六日"), ("总量", "1041")]), @"日期: 看不懂的日期；应为 2024-05-06 09:00:00 这样的写法，别的写法请在来源配置里写 format");
}
