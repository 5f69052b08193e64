//! `calendars/*.yaml`.

use super::parts::{WEEKDAYS, any_of, date, interval, list, map_of, may, must, object, one_of, part, text, word};
use serde_json::{Value, json};

pub(super) fn schema() -> Value {
    let mut schema = object(vec![
        must("calendar", "日历名", "规则、轮值和定时任务按这个名字引用本日历；通常与文件名相同。", word()),
        may("title", "名称", "给人看的名称。", text()),
        may(
            "extends",
            "继承",
            "在哪份日历之上：本日历写了的键整个替换，days 逐日覆盖。各市一般写 cn（全国节假日）。",
            word(),
        ),
        may(
            "timezone",
            "时区",
            "IANA 时区名；继承的日历里有就不必写。",
            json!({"type": "string", "examples": ["Asia/Shanghai"]}),
        ),
        may(
            "covers",
            "已有官方安排的日期",
            "起..止，含两端。落在这之外的到期照算，但标为暂定；剩下不足 60 天会反复提醒。",
            json!({"type": "string", "pattern": "^\\s*\\d{4}-\\d{2}-\\d{2}\\s*\\.\\.\\s*\\d{4}-\\d{2}-\\d{2}\\s*$", "examples": ["2018-01-01..2026-12-31"]}),
        ),
        may("hours", "每周上班时段", "第一项的时段也用于调休上班（班）的日子。", list(part("hours"))),
        may(
            "seasons",
            "季节时段",
            "一年中另定上班时段的几段日子，如夏令；彼此不能重叠，可以跨年底。",
            list(part("season")),
        ),
        may("days", "单个日期", "写在这里的日期压过上面的一切：休、班，或另定时段。", days()),
        may(
            "day_ends",
            "工作日终了",
            "closing：到最后一段的下班时间（缺省）；midnight：到 24:00。",
            one_of(&["closing", "midnight"]),
        ),
        may(
            "day_length",
            "一天的工作时长",
            "counting: elapsed 时一个工作日折算多长；缺省是 hours 第一项的总长。",
            json!({"type": "string", "pattern": "^(\\d+h)?(\\d+m)?$", "examples": ["6h30m", "7h"]}),
        ),
    ]);
    schema["definitions"] = json!({"hours": hours(), "season": season(), "open": open(), "day": day()});
    schema
}

fn open() -> Value {
    json!({"type": "array", "minItems": 1, "items": interval()})
}

fn hours() -> Value {
    let days = json!({"type": "array", "minItems": 1, "items": one_of(&WEEKDAYS)});
    object(vec![
        must("days", "星期", "哪几天，如 [mon, tue, wed, thu, fri]。", days),
        must("open", "时段", "含始不含终，如 [\"08:30-12:00\", \"14:30-17:30\"]；最晚 24:00，不跨零点。", part("open")),
    ])
}

fn season() -> Value {
    let month_day = || json!({"type": "string", "pattern": "^\\d{2}-\\d{2}$", "examples": ["06-01"]});
    object(vec![
        may("title", "名称", "如 夏令。", text()),
        must("from", "起", "月-日，含当天。", month_day()),
        must("until", "止", "月-日，含当天；早于 from 就跨年底。", month_day()),
        must("hours", "时段", "整个替换平时的 hours。", list(part("hours"))),
    ])
}

fn days() -> Value {
    let mut days = map_of(json!(false));
    days["patternProperties"] = json!({"^\\d{4}-\\d{2}-\\d{2}$": part("day")});
    days
}

/// One of `rest`, `work`, `open`; which may stand together is told by `check`, but the usual forms are offered.
fn day() -> Value {
    let mut day = object(vec![
        may("rest", "休", "这一天不上班，写节日或事由的名称。", text()),
        may("work", "班", "这一天上班（调休），写名称；时段取 hours 第一项，除非另写 open。", text()),
        may("open", "另定时段", "这一天只在这些时段上班。", part("open")),
        may("title", "名称", "另定时段的事由，如 专场服务日。", text()),
    ]);
    let key = |key: &str| json!({"required": [key]});
    day["anyOf"] = any_of(vec![key("rest"), key("work"), key("open")])["anyOf"].clone();
    day["examples"] =
        json!([{"rest": "春节"}, {"work": "春节调休"}, {"open": [date()["examples"][0]], "title": "专场服务日"}]);
    day["examples"][2]["open"] = json!(["09:00-12:00"]);
    day
}
