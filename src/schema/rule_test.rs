//! `rules/tests/*.yaml`: every key has a Chinese name, too.

use super::parts::{any_of, boolean, described, list, part, word, word_like};
use crate::ruletest::read::{CASE_KEYS, FILE_KEYS};
use crate::ruletest::words::{KEYS, KINDS, OUTCOMES};
use serde_json::{Map, Value, json};

pub(super) fn schema() -> Value {
    let mut schema = object(&FILE_KEYS);
    schema["required"] = json!([]);
    schema["definitions"] = json!({
        "case": object(&CASE_KEYS),
        "order": {"type": ["object", "null"], "additionalProperties": {}},
        "given": given(),
        "expected": expected(),
        "time": word(),
    });
    schema
}

/// A mapping of these keys, and what Chinese operators write for them.
fn object(keys: &[&str]) -> Value {
    let mut properties = Map::new();
    for &key in keys {
        properties.insert(key.to_owned(), said(key));
        let aliases = KEYS.iter().filter(|(_, meant)| *meant == key);
        properties.extend(aliases.map(|(alias, _)| ((*alias).to_owned(), said(key))));
    }
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

fn said(key: &str) -> Value {
    let (title, description, schema) = match key {
        "test" => ("规则", "测哪份规则：编号或名称。", word()),
        "cases" => ("用例", "每个用例一条时间线。", any_of(vec![list(part("case")), json!({"type": "null"})])),
        "name" => ("名称", "用例的名称。", word()),
        "order" => ("工单", "第一个事件带的属性，除非它自己另说。", part("order")),
        "given" => {
            ("经过", "发生了什么：{ \"2024-05-10 16:40\": 受理, region: 珠海市 }，时刻按规则的日历。", part("given"))
        }
        "until" => ("截至", "看到什么时候为止；不写就看到所有预期都该来了。", part("time")),
        "governs" => ("适用", "false：这份规则不应适用。", boolean()),
        "expect" => ("应有", "应有的决定和时限，如 { \"2024-05-11 08:50\": 黄牌, rule: response }。", part("expected")),
        _ => ("不应有", "不应有的决定和时限，如 { 红牌: completion }。", part("expected")),
    };
    described(title, description, schema)
}

fn given() -> Value {
    let event = json!({"type": "object", "minProperties": 1,
        "description": "时刻: 事件类型，再写它的属性；id 起个名，recorded（登记）写何时才知道"});
    any_of(vec![event.clone(), list(event), json!({"type": "null"})])
}

/// An entry may begin with a time, a kind or an outcome: its keys are open, the usual ones are offered.
fn expected() -> Value {
    let words = KINDS.iter().map(|(word, _)| *word).chain(OUTCOMES.iter().map(|(word, _)| *word));
    let mut properties: Map<String, Value> =
        words.map(|word| (word.to_owned(), json!({"description": "哪条规则，或与之相应的对象"}))).collect();
    let kinds: Vec<&str> = KINDS.iter().map(|(word, _)| *word).collect();
    let outcomes: Vec<&str> = OUTCOMES.iter().map(|(word, _)| *word).collect();
    properties.insert("kind".into(), json!({"enum": kinds, "title": "决定的种类"}));
    properties.insert("outcome".into(), json!({"enum": outcomes, "title": "时限的结果"}));
    let entry = json!({"type": "object", "properties": properties, "additionalProperties": {}});
    let entry = any_of(vec![word_like(&[&kinds[..], &outcomes].concat()), entry]);
    any_of(vec![entry.clone(), list(entry), json!({"type": "null"})])
}
