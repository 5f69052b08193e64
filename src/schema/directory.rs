//! `rules/directory.yaml`.

use super::parts::{
    any_of, boolean, list, map_of, may, must, nullable, object, one_or_more, part, text, word, word_like,
};
use crate::policy::directory::read::USUAL_CHANNELS;
use serde_json::{Value, json};

pub(super) fn schema() -> Value {
    let mut schema = object(vec![
        may(
            "recipients",
            "通知对象",
            "规则里的名字：称谓、按什么查找、走哪些渠道。",
            map_of(nullable(part("recipient"))),
        ),
        may(
            "departments",
            "承办单位",
            "名字与工单里的 department 一字不差；每个单位至少一名专职联络员 liaison。",
            map_of(nullable(part("department"))),
        ),
    ]);
    let section = json!({"type": ["object", "null"], "additionalProperties": nullable(part("place")),
        "description": "以工单属性命名的一节（如 region、enterprise）：属性的每个取值，各有哪些人。"});
    schema["additionalProperties"] = section;
    schema["definitions"] = json!({
        "recipient": recipient(),
        "department": department(),
        "place": object(vec![may("people", "人员", "通知对象到人员。", part("people"))]),
        "people": map_of(nullable(list(part("person")))),
        "person": person(),
    });
    schema["type"] = json!(["object", "null"]);
    schema
}

fn recipient() -> Value {
    let channel = word_like(&USUAL_CHANNELS.map(|(name, _)| name));
    object(vec![
        may("title", "称谓", "给人看的称谓，如 专职联络员。", text()),
        may(
            "of",
            "按什么查找",
            "department 按承办单位，parent 按其上级，或工单属性名（region、enterprise……）；不写就对谁都一样。",
            word_like(&["department", "parent", "region", "enterprise", "project"]),
        ),
        may(
            "channels",
            "渠道",
            "duban.yaml 里渠道的名字，按先后试：头一个送到了就不再试下一个；不写则凡有地址的都可以试。",
            one_or_more(&channel),
        ),
        may("confidential", "只送本人", "true：群消息和短信里不说内容，只说有一件待查阅。", boolean()),
        may(
            "roster",
            "轮值",
            "rosters.yaml 里的轮值表：送给当时值班的人，没人值班就送给下一班。各地不同的写 { 地区: 轮值表 }。",
            any_of(vec![word(), map_of(word())]),
        ),
        may("people", "人员", "各处都一样，或各节都没有登记时的人员。", list(part("person"))),
    ])
}

fn department() -> Value {
    object(vec![
        may("parent", "上级", "上级单位或地区，of: parent 时按它查找。", word()),
        may("people", "人员", "通知对象到人员，如 liaison: [ { name: …, mobile: … } ]。", part("people")),
    ])
}

pub(super) fn person() -> Value {
    object(vec![
        must("name", "姓名", "", word()),
        may("title", "职务", "备查，程序不用。", json!({})),
        may(
            "mobile",
            "手机",
            "11 位，加引号；短信用。",
            json!({"type": ["string", "number"], "examples": ["13800000000"]}),
        ),
        may("email", "邮箱", "", text()),
        may("yuezhengyi", "粤政易用户号", "", word()),
    ])
}
