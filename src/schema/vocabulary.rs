//! `rules/vocabulary.yaml`.

use super::parts::{
    any_of, event_type, list, map_of, may, must, nullable, object, one_of, one_or_more, part, text, word,
};
use super::policy;
use serde_json::{Value, json};

const KINDS: [&str; 7] = ["text", "number", "boolean", "instant", "date", "department", "personal"];
const PERIODS: [&str; 5] = ["day", "week", "month", "quarter", "year"];

pub(super) fn schema() -> Value {
    let mut schema = object(vec![
        may("order", "工单的属性", "从带来它的事件起一直有效，直到另一事件改掉。", map_of(part("attribute"))),
        may(
            "events",
            "事件类型",
            "内置之外的事件类型，以及事件自己的属性（只属于那一个事件）。",
            map_of(nullable(part("event"))),
        ),
        may("counts", "计数", "条件里可用的数：到那一刻为止，工单有过几次这样的事件。", map_of(part("count"))),
        may("terms", "条件名", "给常用的条件起名；规则里写名字即可。", map_of(part("condition"))),
        may("figures", "统计量", "别处统计、不带工单的数，如三方通话量。", map_of(part("figure"))),
    ]);
    schema["definitions"] = json!({
        "attribute": attribute(),
        "event": event(),
        "count": count(),
        "figure": figure(),
        "condition": policy::condition(),
        "expectation": policy::expectation(),
    });
    schema["type"] = json!(["object", "null"]);
    schema
}

fn kind() -> Value {
    json!({"enum": KINDS, "description": "text 文字，number 数，boolean 真假，instant 时刻，date 日期，department 承办单位，personal 个人信息（不进通知、页面、导出和日志）"})
}

fn attribute() -> Value {
    let values = list(word());
    let long = object(vec![
        may("title", "名称", "给人看的名称。", text()),
        may("kind", "种类", "与 one_of 只写一个。personal 是个人信息：不进通知、页面、导出和日志。", kind()),
        may("one_of", "取值", "取值只能是这几个之一。", values.clone()),
    ]);
    any_of(vec![kind(), values, long])
}

fn event() -> Value {
    object(vec![
        may("title", "名称", "给人看的名称。", text()),
        may("attrs", "事件的属性", "只属于这一个事件，不是工单的。", map_of(part("attribute"))),
    ])
}

fn count() -> Value {
    object(vec![
        may("title", "名称", "给人看的名称。", text()),
        must("event", "数哪种事件", "一种或几种事件类型。", one_or_more(&event_type())),
        may("when", "条件", "只数符合条件的；只能问属性。", part("condition")),
        may("after", "在此之后", "同一轮里先有过这种事件，才数。", one_or_more(&event_type())),
    ])
}

fn figure() -> Value {
    object(vec![
        may("title", "名称", "给人看的名称。", text()),
        may("unit", "单位", "如 次。", text()),
        may("per", "周期", "多久一个数。", one_of(&PERIODS)),
    ])
}
