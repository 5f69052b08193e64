//! `rules/rosters.yaml`.

use super::directory::person;
use super::parts::{
    WEEKDAYS, any_of, clock_time, date, interval, list, map_of, may, must, object, one_of, one_or_more, part, span,
    text, word,
};
use serde_json::{Value, json};

pub(super) fn schema() -> Value {
    let mut schema =
        object(vec![may("rosters", "轮值表", "编号到轮值表；通讯录里写 roster: 编号。", map_of(part("roster")))]);
    schema["definitions"] = json!({"roster": roster(), "member": any_of(vec![word(), part("person")]), "person": person(), "remind": remind()});
    schema["type"] = json!(["object", "null"]);
    schema
}

fn roster() -> Value {
    let mut swaps = json!({"type": "object", "additionalProperties": false});
    swaps["patternProperties"] = json!({"^\\d{4}-\\d{2}-\\d{2}$": part("member")});
    object(vec![
        may("title", "名称", "给人看的名称。", text()),
        may("clause", "条款", "文件里的条款号。", word()),
        must("calendar", "日历", "按哪份工作日历看节假日。", word()),
        may(
            "days",
            "星期",
            "哪几天值班，如 [tue, fri]；不写就是日历的每个工作日（含调休上班）。",
            one_or_more(&one_of(&WEEKDAYS)),
        ),
        may("hours", "时段", "如 \"08:30-11:30\"，一段或几段；不写就是日历当天的上班时段。", one_or_more(&interval())),
        may(
            "holiday",
            "遇节假日",
            "skip：不值班，不占轮次（缺省）；move：顺延到下一个没有值班的工作日；keep：照常值班。",
            one_of(&crate::policy::roster::Holiday::WORDS.map(|(word, _)| word)),
        ),
        must("turn", "轮流", "依次轮到谁：承办单位的名字，或人员 { name: …, mobile: … }。", list(part("member"))),
        may("since", "从哪天起", "这一天（含）之后的第一个班轮到第一个；缺省 2024-01-01。", date()),
        may(
            "per",
            "多久一轮换",
            "day：一班一换（缺省）；week：一周一换。",
            one_of(&crate::policy::roster::Per::WORDS.map(|(word, _)| word)),
        ),
        may("swaps", "换班", "单个日期改由谁值班，不影响以后的轮次。", swaps),
        may("remind", "提醒", "值班前提醒轮到的人，如 { before: 1个工作日 }。", part("remind")),
    ])
}

fn remind() -> Value {
    object(vec![
        must("before", "提前", "如 1个工作日（那天一上班就提醒，或写 at），或 2个工作小时。", span()),
        may("at", "钟点", "提前若干工作日时，那天的这个钟点。", clock_time()),
    ])
}
