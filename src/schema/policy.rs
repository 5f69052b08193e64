//! `rules/*.yaml`.

use super::parts::{
    any_of, boolean, clock_time, date, event_type, integer, list, map_of, may, must, object, one_of, one_or_more, part,
    span, text, word,
};
use crate::calendar::Counting;
use crate::policy::builtin::FACTS;
use crate::policy::read::accept::MAY_BE_ACCEPTED;
use crate::policy::read::scalars::LOCAL_KEYS;
use serde_json::{Map, Value, json};

pub(super) fn schema() -> Value {
    let mut schema = object(vec![
        must("policy", "规则编号", "唯一；通知、报表和规则测试按它称呼这份规则。", word()),
        may("title", "名称", "给人看的名称。", text()),
        may("source", "出处", "文件名和文号。", text()),
        may("calendar", "日历", "按哪份工作日历计算，如 zhuhai。", word()),
        may("effective", "施行日期", "含当天；看工单第一个事件的日期。", date()),
        may("until", "失效日期", "含当天；不写就一直有效。", date()),
        may("applies", "适用", "第一个事件符合时适用；{} 表示全部适用。", part("condition")),
        may(
            "extends",
            "在此之上",
            "以另一份规则为底：没写的键照搬，映射逐键合并，null 去掉一个键，列表整个替换；适用条件两者都要符合。",
            word(),
        ),
        may("abstract", "只作底", "true：自己不管任何工单，只供别的规则 extends。", boolean()),
        may("ladders", "阶梯", "起了名字的阶梯，时限里写 ladder: 名字。", map_of(part("ladder"))),
        may("deadlines", "时限", "编号到时限。", map_of(part("rule"))),
        may("reactions", "反应", "编号到反应：某事件一来就做什么。", map_of(part("answer"))),
        may("pauses", "停表", "对没有自己写 pauses 的全部时限。缺省不停表。", part("pauses")),
        may("copy", "抄送", "每张牌、每次退回和移送都抄送这些人（有才送）。", part("recipients")),
        may(
            "late_events",
            "迟到的事件",
            "迟到的事件表明不该亮的牌：revoke 撤销，review 请人看，或 { revoke: 1个工作小时, then: review }（缺省）。",
            part("late_events"),
        ),
        may("catch_up", "补发", "true：改规则时已经过去的台阶在生效时补做；缺省不补。", boolean()),
    ]);
    let whole = json!({"required": ["title", "calendar", "effective", "applies"], "properties": {
        "deadlines": {"additionalProperties": {"required": ["title", "start", "stop"]}},
        "reactions": {"additionalProperties": {"required": ["title", "upon"]}},
    }});
    schema["if"] = any_of(vec![json!({"required": ["extends"]}), json!({"required": ["abstract"]})]);
    schema["then"] = json!({});
    schema["else"] = whole;
    schema["definitions"] = definitions();
    schema
}

fn definitions() -> Value {
    json!({
        "rule": null_drops("deadline"),
        "answer": null_drops("reaction"),
        "deadline": deadline(),
        "reaction": reaction(),
        "ladder": any_of(vec![part("rung"), list(part("rung"))]),
        "rung": any_of(vec![word(), part("step")]),
        "step": step(),
        "stop": any_of(vec![part("stopping"), list(part("stopping"))]),
        "stopping": stopping(),
        "within": any_of(vec![part("limit"), list(part("limit"))]),
        "limit": any_of(vec![span(), limit()]),
        "latest": latest(),
        "pauses": any_of(vec![boolean(), pauses()]),
        "extension": any_of(vec![boolean(), span(), extension()]),
        "late_events": any_of(vec![one_of(&["revoke", "review"]), late_events()]),
        "recipients": one_or_more(&word()),
        "events": one_or_more(&event_type()),
        "local": any_of(vec![boolean(), one_or_more(&one_of(&LOCAL_KEYS))]),
        "condition": condition(),
        "expectation": expectation(),
    })
}

/// In a layer, null drops what the base has.
fn null_drops(name: &str) -> Value {
    any_of(vec![part(name), json!({"type": "null", "description": "去掉底本里的这一条"})])
}

const CLAUSE: (&str, &str) = ("条款", "文件里的条款号，如 二（一）2；解释和通知里引用。");
const LOCAL: (&str, &str) = ("本地补充", "文件没有给出、由操作员选定的：true 表示整条，[within, times] 表示其中几项。");

fn clause() -> super::parts::Field {
    may("clause", CLAUSE.0, CLAUSE.1, word())
}

fn local() -> super::parts::Field {
    may("local", LOCAL.0, LOCAL.1, part("local"))
}

fn when(description: &str) -> super::parts::Field {
    may("when", "条件", description, part("condition"))
}

fn deadline() -> Value {
    object(vec![
        may("title", "名称", "给人看的名称。", text()),
        clause(),
        local(),
        may("was", "原编号", "改名前的编号；改了名仍是同一条时限。", one_or_more(&word())),
        may("start", "起算", "一轮里第一个这种事件（且条件符合）起算。", part("events")),
        when("起算时要符合的条件。"),
        may(
            "start_at_latest",
            "最迟起算",
            "过了这么久还没有起算的，从那时起算，如 { event: dispatched, after: 15个工作分钟 }。",
            part("latest"),
        ),
        may("each", "每次都起算", "true：每个起算事件各开一条。与 restart_on 不同时写。", boolean()),
        may("restart_on", "重新起算", "这种事件一来，未完的取消，重新起算，如 [transferred]。", part("events")),
        may(
            "scope",
            "范围",
            "round：每轮一次（缺省）；order：整件工单一次，新一轮也不取消。",
            one_of(&["round", "order"]),
        ),
        may("count_from", "计时起点", "从这一轮里第一个这种事件算起，而不是从起算事件。", event_type()),
        may(
            "stop",
            "停止",
            "一种或几种办法：事件类型、{ event: …, when: … }，或 { every: [signed, contacted] }（都到齐）。",
            part("stop"),
        ),
        may("match", "对应", "只由这个属性与起算事件相同的事件停止，如 call。", word()),
        may(
            "within",
            "时限",
            "时长；或按条件分列，第一个符合的算数：[ { when: …, is: 2个工作日 }, { is: 4个工作日 } ]。",
            part("within"),
        ),
        may("by", "钟点", "起算后第一个工作日的这个钟点。不与 within、due_from 同写。", clock_time()),
        may("due_from", "到期取自", "起算事件的这个属性就是到期（时刻或日期）；没有或不对时用 within。", word()),
        may(
            "counting",
            "怎样数工作日",
            "next_day：次日起（缺省，民法典 201）；same_day：当日算第一日；deemed：非工作时间视为次一工作日；elapsed：按工作时长折算。",
            one_of(&Counting::WORDS.map(|(word, _)| word)),
        ),
        may("pauses", "停表", "挂起期间停表：true、false，或 { when: …, at_most: … }。", part("pauses")),
        may("extends", "延期", "可以延期：true、最多延多长，或 { at_most: …, times: …, when: … }。", part("extension")),
        may("ladder", "阶梯", "到期前后依次做什么：步骤、阶梯的名字，或它们的列表。", part("ladder")),
        accept(),
    ])
}

fn latest() -> Value {
    object(vec![
        must("event", "从哪个事件起", "这一轮里第一个这种事件。", part("events")),
        must("after", "过多久", "时长。", span()),
        clause(),
        local(),
    ])
}

fn stopping() -> Value {
    let every = object(vec![must("every", "都到齐", "这些事件都来过，最后一个到时停止。", part("events"))]);
    let event = object(vec![
        must("event", "事件", "事件类型。", event_type()),
        when("停止事件要符合的条件。"),
        may("every", "都到齐", "与 event 只写一个。", json!({"type": "null"})),
    ]);
    any_of(vec![event_type(), event, every])
}

fn limit() -> Value {
    object(vec![
        when("符合时用这一项；不写就总是符合。"),
        must("is", "时长", "如 4个工作日。", span()),
        clause(),
        local(),
    ])
}

fn pauses() -> Value {
    object(vec![
        when("挂起事件要符合的条件，如 { approver: { present: true } }。"),
        may("at_most", "最长", "停表最多多久，过了自动恢复并请人看。", span()),
        clause(),
        local(),
    ])
}

fn extension() -> Value {
    object(vec![
        may("at_most", "合计最长", "各次延期加起来最多多长。", span()),
        may("times", "次数", "最多几次。", integer()),
        when("延期事件要符合的条件，如 { approver: { present: true } }。"),
        clause(),
        local(),
    ])
}

fn late_events() -> Value {
    object(vec![
        must("revoke", "多久之内撤销", "事件在发生后这么久之内登记的，撤销；更晚的请人看。", span()),
        may("then", "更晚的", "缺省 review。", one_of(&["revoke", "review"])),
    ])
}

fn actions() -> Vec<super::parts::Field> {
    vec![
        may(
            "card",
            "亮牌",
            "yellow 黄牌，red 红牌；对当时的承办单位。没有 notify 就告知专职联络员。",
            one_of(&["yellow", "red"]),
        ),
        may("route", "呈报、移送", "送给谁：通讯录里的名字。", part("recipients")),
        may("return", "退回重办", "true：退回，开新的一轮。", boolean()),
        may("flag", "待核", "请人看一看，写明看什么。", text()),
        may("remind", "提醒", "到期之前提醒谁（可略）。", part("recipients")),
        may("notify", "告知", "告诉谁发生了什么（必达）。", part("recipients")),
        may("approval", "先要同意", "移送、退回先作为建议交给这个人，同意后才生效。", word()),
    ]
}

fn step() -> Value {
    let mut fields = vec![
        may("at", "到期之时", "写 due。at、after、before 三者写一个。", one_of(&["due"])),
        may("after", "到期之后", "过多久，如 1个工作日。", span()),
        may("before", "到期之前", "提前多久，如 20个工作分钟。", span()),
        when("到那一刻要符合的条件；不符合就不做，以后也不补。"),
        may("id", "步骤名", "缺省是第一个动作的名字；同一阶梯里两步同名时要写。", word()),
        may("was", "原步骤名", "改名前的名字。", one_or_more(&word())),
        clause(),
        local(),
    ];
    fields.extend(actions());
    object(fields)
}

fn reaction() -> Value {
    let mut fields = vec![
        may("title", "名称", "给人看的名称。", text()),
        clause(),
        local(),
        may("was", "原编号", "改名前的编号。", one_or_more(&word())),
        may("upon", "何时", "这种事件一来；any 是任何事件。", any_of(vec![one_of(&["any"]), part("events")])),
        when("要符合的条件。"),
        may("once", "只一次", "round：每轮第一次；order：整件工单第一次。", one_of(&["round", "order"])),
        may("id", "步骤名", "缺省是第一个动作的名字。", word()),
        accept(),
    ];
    fields.extend(actions());
    object(fields)
}

fn accept() -> super::parts::Field {
    let reason = |code: &str| (code.to_owned(), json!({"type": "string", "description": "为什么这样是对的"}));
    let reasons: Map<String, Value> = MAY_BE_ACCEPTED.iter().map(|code| reason(code)).collect();
    let accept = json!({"type": "object", "properties": reasons, "additionalProperties": false});
    may("accept", "看过的警告", "check 的警告看过了、确实没错：写明种类和理由，以后不再提。", accept)
}

/// A condition, wherever it stands.
pub(super) fn condition() -> Value {
    let list_of = || list(part("condition"));
    let mut facts: Map<String, Value> = FACTS.iter().map(|fact| ((*fact).to_owned(), fact_said(fact))).collect();
    for (word, title) in [("all", "都符合"), ("any", "有一个符合")] {
        facts.insert(word.to_owned(), super::parts::described(title, "条件的列表。", list_of()));
    }
    facts.insert("not".to_owned(), super::parts::described("不符合", "", part("condition")));
    json!({"anyOf": [
        {"type": "string", "description": "词汇表 terms 里的条件名"},
        list_of(),
        {"type": "object", "properties": facts, "additionalProperties": part("expectation"), "description": "{ 属性或事实: 取值 }，都要符合"},
    ]})
}

fn fact_said(fact: &str) -> Value {
    let (title, description) = match fact {
        "round" => ("轮次", "当时是第几轮。"),
        "returns" => ("退回次数", "之前有过几轮。"),
        "yellow_cards" => ("黄牌数", "本规则下、此刻之前，这件工单的黄牌。"),
        "red_cards" => ("红牌数", "本规则下、此刻之前，这件工单的红牌。"),
        "in_hours" => ("在工作时间", "此刻是不是工作时间。"),
        "off_duty" => ("下班", "此刻在上班前、下班后或非工作日；午休不算。"),
        "happened" => ("有过", "这一轮到此刻为止有没有过这种事件。"),
        "overdue" => ("逾期", "这些时限里有没有到期未办的。"),
        _ => ("", ""),
    };
    super::parts::described(title, description, part("expectation"))
}

/// What is asked of a fact.
pub(super) fn expectation() -> Value {
    let values = one_or_more(&word());
    let asked = object(vec![
        super::parts::must_not_be_null("not", "不是", "不是其中任何一个；没有这个属性也算。", values.clone()),
        super::parts::must_not_be_null("at_least", "至少", "数不小于。", json!({"type": "number"})),
        super::parts::must_not_be_null("at_most", "至多", "数不大于。", json!({"type": "number"})),
        super::parts::must_not_be_null("present", "有没有", "true：有这个属性；false：没有。", boolean()),
    ]);
    json!({"anyOf": [word(), list(word()), asked]})
}
