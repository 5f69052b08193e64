use crate::policy::model::{Action, ActionKind, Colour, LateEvents, Limit, Local, Policy, Timing};
use crate::policy::trial::{load, says};
use crate::symbol::Symbol;
use crate::text::{Lang, show};
use std::sync::Arc;

mod mutated;

fn policy(changes: &[(&str, &str)]) -> Arc<Policy> {
    let loaded = load(changes, &None);
    let problems: Vec<_> = loaded.problems.iter().map(|problem| show::brief(problem, Lang::Zh)).collect();
    Arc::clone(&loaded.rules.unwrap_or_else(|| panic!("{problems:?}")).policies[0])
}

#[test]
fn right_rules_are_read_without_a_word() {
    assert_eq!(says(&[]), "");
}

#[test]
fn every_problem_of_a_file_is_named_in_one_run() {
    let problems = says(&[
        ("source: 文", "sorce: 文"),
        ("    stop: [contacted, completed]", "    stop: [contacted, completed]\n    eech: true"),
        ("    upon: called_back", "    upon: called_back\n    wehn: 不满意"),
        ("    title: 响应", "    title: [响应]"),
        ("times: 1", "times: 一次"),
        ("    title: 退回\n", ""),
    ]);
    insta::assert_snapshot!(problems, @r"
    rules/p.yaml:3:1: 错误[unknown-key]: 不认识的键“sorce”；是不是“source”？
    rules/p.yaml:13:12: 错误[wrong-type]: 此处应为文字，写的是列表；写一段文字
    rules/p.yaml:17:5: 错误[unknown-key]: 不认识的键“eech”；是不是“each”？
    rules/p.yaml:28:48: 错误[wrong-type]: 此处应为整数，写的是文字“一次”；写一个不小于 0 的整数，不加引号
    rules/p.yaml:38:3: 错误[missing-field]: 缺少“title”；在此处加上“title: …”
    rules/p.yaml:41:5: 错误[unknown-key]: 不认识的键“wehn”；是不是“when”？
    ");
    assert_eq!(problems.lines().count(), 6);
}

#[test]
fn a_problem_shows_its_line_and_what_to_write_instead() {
    let loaded = load(&[("within: 1 working hour", "witihn: 1 working hour")], &None);
    let text: Vec<String> =
        loaded.problems.sorted().iter().map(|problem| show::human(problem, Lang::Zh, false)).collect();
    let text = text.join("\n");
    let folder = text.find("--> ").unwrap() + 4..text.find("/rules").unwrap() + 1;
    insta::assert_snapshot!(text.replace(&text[folder.clone()], ""), @r"
    错误[unknown-key]: 不认识的键“witihn”
      --> rules/p.yaml:17:5
       |
    17 |     witihn: 1 working hour
       |     ^^^^^^
       |
       = 建议: 是不是“within”？
    ");
}

#[test]
fn keys_and_types_that_are_wrong() {
    insta::assert_snapshot!(says(&[("title: 时效", "title: 时效\ntitel: 时效")]), @"rules/p.yaml:3:1: 错误[unknown-key]: 不认识的键“titel”；是不是“title”？");
    insta::assert_snapshot!(says(&[("title: 时效", "title: 12")]), @r#"rules/p.yaml:2:8: 错误[wrong-type]: 此处应为文字，写的是数字 12；加上引号："12""#);
    insta::assert_snapshot!(says(&[("title: 时效", "title: 时效\ntitle: 又一")]), @"rules/p.yaml:3:1: 错误[duplicate-key]: 键“title”在同一处写了两次；只保留一个；如果是两样东西，给其中一个换个名字");
    insta::assert_snapshot!(says(&[("calendar: zh\neffective", "effective")]), @"rules/p.yaml:1:9: 错误[missing-field]: 缺少“calendar”；在此处加上“calendar: …”");
    insta::assert_snapshot!(says(&[("    each: true", "    each: maybe")]), @"rules/p.yaml:34:11: 错误[wrong-type]: 此处应为真假值，写的是文字“maybe”；写 true（是）或 false（否），不加引号");
    insta::assert_snapshot!(says(&[("  redo:\n", "  redo: 退回\n  undo:\n")]), @"rules/p.yaml:37:9: 错误[wrong-type]: 此处应为映射（键: 值），写的是文字“退回”；写成缩进的“键: 值”，或 { 键: 值 }");
    insta::assert_snapshot!(says(&[("  redo:\n", "  empty:\n  redo:\n")]), @"rules/p.yaml:37:8: 错误[wrong-type]: 此处应为映射（键: 值），写的是空值；写成缩进的“键: 值”，或 { 键: 值 }");
    insta::assert_snapshot!(says(&[("stop: completed\n    each", "stop: []\n    each")]), @"rules/p.yaml:33:11: 错误[empty-list]: 列表是空的；至少写一项，或删去这个键");
    insta::assert_snapshot!(says(&[("    each: true", "    each: true\n    scope: always")]), @"rules/p.yaml:35:12: 错误[unknown-value]: 此处不能写“always”；可以写：order、round");
    insta::assert_snapshot!(says(&[("{ at: due, card: yellow,", "{ at: due, card: purple,")]), @"rules/p.yaml:9:24: 错误[unknown-value]: 此处不能写“purple”；可以写：red、yellow");
    insta::assert_snapshot!(says(&[("effective: \"2024", "late_events: ignore\neffective: \"2024")]), @"rules/p.yaml:5:14: 错误[unknown-value]: 此处不能写“ignore”；可以写：review、revoke");
}

#[test]
fn spans_times_and_dates_that_are_malformed() {
    insta::assert_snapshot!(says(&[("within: 1 working hour", "within: 1 wrking hour")]), @"rules/p.yaml:17:13: 错误[malformed-span]: “1 wrking hour”不是时长；时长是一个整数加单位，如“90工作分钟”“4个工作日”“24小时”“3日”，或 `4 working days`");
    insta::assert_snapshot!(says(&[("within: 1 working hour", "within: 3")]), @"rules/p.yaml:17:13: 错误[malformed-span]: “3”不是时长；时长是一个整数加单位，如“90工作分钟”“4个工作日”“24小时”“3日”，或 `4 working days`");
    insta::assert_snapshot!(says(&[("within: 1 working hour", "within: 999999 days")]), @"rules/p.yaml:17:13: 错误[malformed-span]: “999999 days”不是时长；时长最多为100年");
    insta::assert_snapshot!(says(&[("after: 1 working day,", "after: 0 days,")]), @"rules/p.yaml:10:16: 错误[malformed-span]: 此处的时长必须大于零；要在到期之时，写 at: due");
    insta::assert_snapshot!(says(&[("within: 1 working hour", "by: 9:00")]), @r#"rules/p.yaml:17:9: 错误[malformed-time]: “9:00”不是钟点；写成 "09:00"（24 小时制，两位数，加引号）"#);
    insta::assert_snapshot!(says(&[("within: 1 working hour", "by: \"24:00\"")]), @r#"rules/p.yaml:17:9: 错误[malformed-time]: “24:00”不是钟点；写成 "09:00"（24 小时制，两位数，加引号）"#);
    insta::assert_snapshot!(says(&[("effective: \"2024-01-01\"", "effective: 2024/01/01")]), @r#"rules/p.yaml:5:12: 错误[malformed-date]: “2024/01/01”不是日期；写成 "2024-05-06"（年-月-日）"#);
    insta::assert_snapshot!(says(&[("effective: \"2024-01-01\"", "effective: \"2023-02-29\"")]), @r#"rules/p.yaml:5:12: 错误[malformed-date]: “2023-02-29”不是日期；写成 "2024-05-06"（年-月-日）"#);
    insta::assert_snapshot!(says(&[("effective: \"2024-01-01\"", "effective: \"2024-01-01\"\nuntil: \"2023-01-01\"")]), @"rules/p.yaml:6:8: 错误[conflict]: until 早于 effective，这份规则永远不会适用；检查这两个日期");
}

#[test]
fn conditions_that_are_malformed() {
    insta::assert_snapshot!(says(&[("applies: { region: 珠海市 }", "applies: true")]), @"rules/p.yaml:6:10: 错误[malformed-condition]: 此处应为条件，写的是真假值 true；写成 { 属性: 取值 }、词汇表 terms 里的名字，或它们的列表");
    insta::assert_snapshot!(says(&[("{ joint: { not: true } }", "{ any: { joint: true } }")]), @"rules/p.yaml:41:27: 错误[malformed-condition]: 此处应为条件的列表，写的是映射（键: 值）；写成 [ { 甲: … }, { 乙: … } ]");
    insta::assert_snapshot!(says(&[("{ joint: { not: true } }", "{ any: [] }")]), @"rules/p.yaml:41:25: 错误[empty-list]: 列表是空的；至少写一项，或删去这个键");
    insta::assert_snapshot!(says(&[("{ joint: { not: true } }", "{ joint: { nto: true } }")]), @"rules/p.yaml:41:29: 错误[unknown-key]: 不认识的键“nto”；是不是“not”？");
    insta::assert_snapshot!(says(&[("{ joint: { not: true } }", "{ joint: ~ }")]), @"rules/p.yaml:41:27: 错误[wrong-type]: 此处应为取值，写的是空值；要写“没有这个属性”，用 { present: false }");
    insta::assert_snapshot!(says(&[("{ joint: { not: true } }", "{ category: { at_least: 2 } }")]), @"rules/p.yaml:41:32: 错误[malformed-condition]: “at_least”只能用于数字；写出取值，或 { not: … }、{ present: true }");
    insta::assert_snapshot!(says(&[("{ joint: { not: true } }", "{ dissatisfied: { at_least: 两次 } }")]), @"rules/p.yaml:41:46: 错误[wrong-type]: 此处应为数字，写的是文字“两次”；写一个数字，不加引号");
    insta::assert_snapshot!(says(&[("{ joint: { not: true } }", "{ joint: 是 }")]), @"rules/p.yaml:41:27: 错误[wrong-type]: 此处应为真假值，写的是文字“是”；写 true 或 false，不加引号");
    insta::assert_snapshot!(says(&[("{ joint: { not: true } }", "{ joint: [] }")]), @"rules/p.yaml:41:27: 错误[empty-list]: 列表是空的；至少写一项，或删去这个键");
    insta::assert_snapshot!(says(&[("{ reason: { present: true } }", "{ reason: { present: yes } }")]), @"rules/p.yaml:27:78: 错误[wrong-type]: 此处应为真假值，写的是文字“yes”；写 true（是）或 false（否），不加引号");
}

#[test]
fn names_that_are_not_known() {
    insta::assert_snapshot!(says(&[("start: dispatched", "start: dispached")]), @"rules/p.yaml:22:12: 错误[unknown-event-type]: 没有名为“dispached”的事件类型；是不是“dispatched”？");
    insta::assert_snapshot!(says(&[("upon: called_back", "upon: callback_done")]), @"rules/p.yaml:40:11: 错误[unknown-event-type]: 没有名为“callback_done”的事件类型；可以写：called_back、call_returned、contacted、declined、feedback、completed、lifted、acknowledged、dispatched、replied、approved、received …");
    insta::assert_snapshot!(says(&[("{ joint: { not: true } }", "{ jiont: { not: true } }")]), @"rules/p.yaml:41:20: 错误[unknown-attribute]: 没有名为“jiont”的属性或事实；是不是“joint”？");
    insta::assert_snapshot!(says(&[("when: { category: 咨询 }", "when: { category: 咨询类 }")]), @"rules/p.yaml:25:29: 错误[unknown-attribute-value]: 属性“category”没有“咨询类”这个取值；是不是“咨询”？");
    insta::assert_snapshot!(says(&[("when: { category: 咨询 }", "when: { category: [其他] }")]), @"rules/p.yaml:25:30: 错误[unknown-attribute-value]: 属性“category”没有“其他”这个取值；可以写：咨询、投诉、求助");
    insta::assert_snapshot!(says(&[("calendar: zh\neffective", "calendar: zhuhai\neffective")]), @"rules/p.yaml:4:11: 错误[unknown-calendar]: 没有名为“zhuhai”的日历；可以写：zh");
    insta::assert_snapshot!(says(&[("notify: hotline-supervisor", "notify: hotline-superviser")]), @"rules/p.yaml:10:50: 错误[unknown-recipient]: 没有名为“hotline-superviser”的通知对象；是不是“hotline-supervisor”？");
    insta::assert_snapshot!(says(&[("{ joint: { not: true } }", "{ overdue: respons }")]), @"rules/p.yaml:41:29: 错误[unknown-deadline]: 没有名为“respons”的时限（deadlines）；是不是“response”？");
    insta::assert_snapshot!(says(&[("when: [ 不满意,", "when: [ 不满,")]), @"rules/p.yaml:41:13: 错误[unknown-term]: 没有名为“不满”的条件名（词汇表 terms）；是不是“不满意”？");
    insta::assert_snapshot!(says(&[("ladder: 黄红牌", "ladder: 红黄牌")]), @"rules/p.yaml:28:13: 错误[unknown-ladder]: 没有名为“红黄牌”的阶梯（ladders）；是不是“黄红牌”？");
    let none = [(
        "ladders:\n  黄红牌:\n    - { at: due, card: yellow, notify: [handler, liaison] }\n    - { after: 1 working day, card: red, notify: hotline-supervisor }\n",
        "",
    )];
    let hint = "没有名为“黄红牌”的阶梯（ladders）；在规则开头用 ladders: 定义它，或在此处直接列出各步";
    assert!(says(&none).contains(hint), "{}", says(&none));
    insta::assert_snapshot!(says(&[("due_from: next_reply_by", "due_from: next_reply")]), @"rules/p.yaml:35:15: 错误[unknown-attribute]: 没有名为“next_reply”的属性；是不是“next_reply_by”？");
    insta::assert_snapshot!(says(&[("title: 时效", "title: 时效\nextends: base")]), @"rules/p.yaml:3:10: 错误[unknown-policy]: 没有名为“base”的规则；可以写：p");
    insta::assert_snapshot!(says(&[("of: region }", "of: region, channels: [smss] }")]), @"rules/directory.yaml:4:60: 错误[unknown-channel]: 没有名为“smss”的渠道；是不是“sms”？");
    insta::assert_snapshot!(says(&[("    ladder: 黄红牌", "    counting: nextday\n    ladder: 黄红牌")]), @"rules/p.yaml:28:15: 错误[unknown-value]: 此处不能写“nextday”；是不是“next_day”？");
}

#[test]
fn deadlines_and_steps_that_do_not_fit_together() {
    insta::assert_snapshot!(says(&[("    within: 1 working hour\n", "")]), @r#"rules/p.yaml:12:3: 错误[no-due]: 这条时限没有写何时到期；加上 within: 4个工作日、by: "09:00" 或 due_from: 属性"#);
    insta::assert_snapshot!(says(&[("within: 1 working hour", "within: 1 working hour\n    by: \"09:00\"")]), @"rules/p.yaml:18:9: 错误[conflict]: by 不能与 within、due_from 同时写；只留一种到期的写法");
    insta::assert_snapshot!(says(&[("    each: true", "    each: true\n    restart_on: transferred")]), @"rules/p.yaml:35:17: 错误[conflict]: each 与 restart_on 不能同时写；每次都另起一条时限用 each；重新起算同一条用 restart_on");
    insta::assert_snapshot!(says(&[("remind: handler }, 黄红牌", "remind: handler }, { at: due, card: yellow }, 黄红牌")]), @"rules/p.yaml:9:9: 错误[duplicate-step]: 同一阶梯里有两步都叫“yellow”；给其中一步加上自己的名字，如 id: yellow-2");
    insta::assert_snapshot!(says(&[("{ before: 20 working minutes, remind", "{ remind")]), @"rules/p.yaml:18:17: 错误[missing-field]: 这一步没有写何时执行；写 at: due、after: 时长 或 before: 时长 中的一个");
    insta::assert_snapshot!(says(&[("{ before: 20 working minutes, remind", "{ before: 20 working minutes, at: due, remind")]), @"rules/p.yaml:18:17: 错误[conflict]: 这一步写了两个时间；写 at: due、after: 时长 或 before: 时长 中的一个");
    insta::assert_snapshot!(says(&[("{ before: 20 working minutes, remind: handler }", "{ before: 20 working minutes }")]), @"rules/p.yaml:18:17: 错误[missing-field]: 这里没有写做什么；至少写一个动作：remind、notify、card、route、return、flag");
    insta::assert_snapshot!(says(&[("    return: true\n    notify: liaison", "    when: 不满意")]), @r"
    rules/p.yaml:37:3: 错误[missing-field]: 这里没有写做什么；至少写一个动作：remind、notify、card、route、return、flag
    rules/p.yaml:42:5: 错误[duplicate-key]: 键“when”在同一处写了两次；只保留一个；如果是两样东西，给其中一个换个名字
    ");
    insta::assert_snapshot!(says(&[("    return: true\n    notify: liaison", "    notify: liaison\n    approval: hotline-supervisor")]), @"rules/p.yaml:43:15: 错误[conflict]: approval 只用于 route 或 return；删去 approval，或加上 route、return");
    insta::assert_snapshot!(says(&[("  redo:\n", "  response:\n")]), @"rules/p.yaml:37:3: 错误[duplicate-rule]: 时限和反应都叫“response”；给其中一个换个名字");
    insta::assert_snapshot!(says(&[("    - { after: 1 working day, card: red", "    - 黄红牌\n    - { after: 1 working day, card: red")]), @"rules/p.yaml:10:7: 错误[circle]: 阶梯“黄红牌”绕了一圈又引用自己；去掉其中一处引用");
}

#[test]
fn a_vocabulary_that_is_wrong() {
    insta::assert_snapshot!(says(&[("amount: number", "amount: numbr")]), @"rules/vocabulary.yaml:6:11: 错误[unknown-value]: 此处不能写“numbr”；是不是“number”？");
    insta::assert_snapshot!(says(&[("amount: number", "amount: { title: 金额 }")]), @"rules/vocabulary.yaml:6:3: 错误[missing-field]: 缺少“kind”；加上 kind: text（或 number、boolean、instant、date、department、personal），或 one_of: [甲, 乙]");
    insta::assert_snapshot!(says(&[("amount: number", "amount: { kind: number, one_of: [甲] }")]), @"rules/vocabulary.yaml:6:35: 错误[conflict]: kind 与 one_of 只能写一个；取值有限的留 one_of，其余留 kind");
    insta::assert_snapshot!(says(&[("amount: number", "amount: [甲, 乙, 甲]")]), @"rules/vocabulary.yaml:6:18: 错误[duplicate-value]: “甲”写了两次；只保留一个");
    insta::assert_snapshot!(says(&[("amount: number", "round: number")]), @"rules/vocabulary.yaml:6:3: 错误[reserved-name]: 属性不能叫“round”：条件里它另有含义；换一个名字");
    insta::assert_snapshot!(says(&[("  dissatisfied: {", "  category: {")]), @r"
    rules/p.yaml:25:29: 错误[wrong-type]: 此处应为数字，写的是文字“咨询”；写一个数字，不加引号
    rules/vocabulary.yaml:13:3: 错误[reserved-name]: 计数不能叫“category”：已有同名的属性或事实；换一个名字
    ");
    insta::assert_snapshot!(says(&[("event: called_back, when", "event: called, when")]), @"rules/vocabulary.yaml:13:40: 错误[unknown-event-type]: 没有名为“called”的事件类型；可以写：called_back、call_returned、completed、contacted、acknowledged、lifted、replied、archived、declined、approved、dispatched、staged_reply …");
    insta::assert_snapshot!(says(&[("when: { satisfaction: 不满意 }", "when: { dissatisfied: 1 }")]), @"rules/vocabulary.yaml:13:61: 错误[malformed-condition]: 计数的条件里不能再问计数、牌数或时限；只写属性，如 { satisfaction: [不满意] }");
    insta::assert_snapshot!(says(&[("  不满意: {", "  甲: 乙\n  乙: { not: 甲 }\n  不满意: {")]), @r"
    rules/vocabulary.yaml:15:3: 错误[circle]: 条件“甲”绕了一圈又引用自己；去掉其中一处引用
    rules/vocabulary.yaml:16:3: 错误[circle]: 条件“乙”绕了一圈又引用自己；去掉其中一处引用
    ");
    insta::assert_snapshot!(says(&[("  不满意: {", "  超时: { overdue: respons }\n  不满意: {")]), @"rules/vocabulary.yaml:15:18: 错误[unknown-deadline]: 没有名为“respons”的时限（deadlines）；是不是“response”？");
    insta::assert_snapshot!(says(&[("per: day", "per: dya")]), @"rules/vocabulary.yaml:17:39: 错误[unknown-value]: 此处不能写“dya”；是不是“day”？");
    insta::assert_snapshot!(says(&[("figures:", "figure:")]), @"rules/vocabulary.yaml:16:1: 错误[unknown-key]: 不认识的键“figure”；是不是“figures”？");
}

#[test]
fn files_that_are_missing_or_double() {
    insta::assert_snapshot!(says(&[("rules/vocabulary.yaml", "(none)"), ("rules/p.yaml", "(none)"), ("rules/directory.yaml", "(none)")]), @"rules/vocabulary.yaml:1:1: 错误[missing-file]: 缺少词汇表 vocabulary.yaml；在规则目录里新建 vocabulary.yaml，声明属性、事件和条件名；可以是空文件");
    insta::assert_snapshot!(says(&[("rules/directory.yaml", "(none)")]), @"rules/directory.yaml:1:1: 错误[missing-file]: 缺少通讯录 directory.yaml，不知道“handler”是谁；在规则目录里新建 directory.yaml，在 recipients 下登记通知对象");
    insta::assert_snapshot!(says(&[("rules/q.yaml", "polcy: q\ntitle: t\n")]), @r"
    rules/q.yaml:1:1: 错误[missing-field]: 缺少“calendar”；在此处加上“calendar: …”
    rules/q.yaml:1:1: 错误[missing-field]: 缺少“effective”；在此处加上“effective: …”
    rules/q.yaml:1:1: 错误[missing-field]: 缺少“applies”；在此处加上“applies: …”
    rules/q.yaml:1:1: 错误[unknown-key]: 不认识的键“polcy”；是不是“policy”？
    ");
    insta::assert_snapshot!(says(&[("policy: p\n", ""), ("    title: 退回\n", "")]), @r"
    rules/p.yaml:1:1: 错误[missing-field]: 缺少“policy”；在此处加上“policy: …”
    rules/p.yaml:36:3: 错误[missing-field]: 缺少“title”；在此处加上“title: …”
    ");
    insta::assert_snapshot!(says(&[("policy: p\n", "policy: [p]\n"), ("    title: 退回\n", "")]), @r"
    rules/p.yaml:1:9: 错误[wrong-type]: 此处应为一个词，写的是列表；写一个词
    rules/p.yaml:37:3: 错误[missing-field]: 缺少“title”；在此处加上“title: …”
    ");
    insta::assert_snapshot!(says(&[("rules/rosters.yaml", "rosters: [\n")]), @"rules/rosters.yaml:1:10: 错误[syntax]: YAML 格式错误：括号没有配对，或各项之间缺少逗号；检查此处及之前的 [ ] 与 { } 是否成对，各项之间用英文逗号隔开");
    insta::assert_snapshot!(says(&[("rules/q.yaml", "note: 备忘\n")]), @"rules/q.yaml:1:1: 警告[no-policy]: 这个文件没有 policy，不作为规则读取；在文件开头写“policy: 规则的编号”");
    insta::assert_snapshot!(says(&[("rules/q.yaml", "policy: p\ntitle: t\ncalendar: zh\neffective: 2024-01-01\napplies: {}\n")]), @"rules/q.yaml:1:9: 错误[duplicate-policy]: 规则编号“p”用了两次；给其中一份换个编号");
    insta::assert_snapshot!(says(&[("title: 时效", "title: 时效\nextends: q"), ("rules/q.yaml", "policy: q\nextends: p\ntitle: t\ncalendar: zh\neffective: 2024-01-01\napplies: {}\n")]), @r"
    rules/p.yaml:3:10: 错误[circle]: 规则的继承绕成了圈，又回到“q”；去掉其中一个 extends
    rules/q.yaml:2:10: 错误[circle]: 规则的继承绕成了圈，又回到“p”；去掉其中一个 extends
    ");
}

fn actions(yaml: &str) -> (Symbol, Vec<Action>) {
    let step = format!("{{ at: due, {yaml} }}");
    let policy = policy(&[("{ before: 20 working minutes, remind: handler }, 黄红牌", &step)]);
    let step = &policy.deadlines[0].ladder[0];
    (step.id, step.actions.clone())
}

fn action(kind: ActionKind, to: &[&str], cc: &[&str]) -> Action {
    let names = |names: &[&str]| names.iter().map(|name| Symbol::new(name)).collect();
    Action { kind, to: names(to), cc: names(cc), approval: None }
}

#[test]
fn notify_beside_another_action_says_who_is_told_of_it() {
    let red = ActionKind::Card(Colour::Red);
    assert_eq!(actions("card: red, notify: handler").1, [action(red.clone(), &["handler"], &[])]);
    assert_eq!(actions("card: red").1, [action(red.clone(), &[], &[])], "whoever tells of it tells the liaison");
    assert_eq!(actions("return: true").1, [action(ActionKind::Return, &[], &[])]);
    let route = action(ActionKind::Route, &["supervision-office"], &["handler"]);
    assert_eq!(actions("route: supervision-office, notify: handler").1, [route]);
    let both = [action(ActionKind::Remind, &["handler"], &[]), action(ActionKind::Notify, &["liaison"], &[])];
    assert_eq!(actions("notify: liaison, remind: handler").1, both);
    let beside = [action(red, &["liaison"], &[]), action(ActionKind::Remind, &["handler"], &[])];
    assert_eq!(actions("remind: handler, notify: liaison, card: red").1, beside);
}

#[test]
fn a_step_is_named_by_its_id_or_its_first_action() {
    let name = |yaml| actions(yaml).0.as_str();
    assert_eq!(name("card: yellow, route: supervision-office"), "yellow");
    assert_eq!(name("flag: 待核, return: true, notify: handler"), "return");
    assert_eq!(name("flag: 待核, remind: handler"), "flag");
    assert_eq!(name("notify: handler, remind: handler"), "remind");
    assert_eq!(name("notify: handler"), "notify");
    assert_eq!(name("notify: handler, id: to-head"), "to-head");
}

#[test]
fn approval_goes_to_the_route_and_the_return_only() {
    let (_, actions) = actions("card: red, route: supervision-office, approval: hotline-supervisor");
    assert_eq!(actions[0].approval, None);
    assert_eq!(actions[1].approval, Some(Symbol::new("hotline-supervisor")));
}

#[test]
fn a_step_has_its_own_clause_or_the_deadlines() {
    let origin = |yaml: &str| {
        let step = format!("{{ at: due, card: red, {yaml} }}");
        let changes = [("{ before: 20 working minutes, remind: handler }, 黄红牌", step.as_str())];
        policy(&changes).deadlines[0].ladder[0].origin.clone()
    };
    assert_eq!((origin("notify: []").clause.as_deref(), origin("notify: []").local), (Some("二"), Local::Nothing));
    assert_eq!((origin("clause: 3").clause.as_deref(), origin("clause: 3").local), (Some("3"), Local::Nothing));
    assert_eq!((origin("local: true").clause.as_deref(), origin("local: true").local), (Some("二"), Local::Whole));
    assert_eq!(origin("local: notify").local, Local::Keys(vec!["notify".into()]));
}

#[test]
fn short_forms_mean_the_same_as_the_long_ones() {
    let deadline = |changes: &[(&str, &str)]| format!("{:?}", policy(changes).deadlines);
    let same = |short: (&str, &str), long: (&str, &str)| assert_eq!(deadline(&[short]), deadline(&[long]));
    let stop = "stop: [contacted, completed]";
    same((stop, "stop: completed"), (stop, "stop: [ { event: completed, when: {} } ]"));
    let within = "within: 1 working hour";
    same((within, "within: 1个工作小时"), (within, "within: [ { is: 60 working minutes } ]"));
    let ladder = "    ladder: 黄红牌";
    same((ladder, ladder), (ladder, "    ladder: [黄红牌]"));
    same((ladder, "    pauses: true\n    ladder: 黄红牌"), (ladder, "    pauses: {}\n    ladder: 黄红牌"));
    let extends = "extends: { at_most: 4 working days, times: 1, when: { reason: { present: true } }, local: true }";
    same((extends, "extends: 4 working days"), (extends, "extends: { at_most: 4个工作日 }"));
    same((extends, "extends: true"), (extends, "extends: {}"));
}

#[test]
fn a_policy_may_pause_all_its_deadlines_and_one_may_not() {
    let pauses = |changes: &[(&str, &str)]| -> Vec<bool> {
        policy(changes).deadlines.iter().map(|deadline| deadline.pauses.is_some()).collect()
    };
    let all = ("title: 时效", "title: 时效\npauses: true");
    assert_eq!(pauses(&[]), [false, false, false]);
    assert_eq!(pauses(&[all]), [true, true, true]);
    assert_eq!(pauses(&[all, ("    each: true", "    each: true\n    pauses: false")]), [true, true, false]);
}

#[test]
fn late_events_come_in_three_forms() {
    let late = |yaml: &str| policy(&[("title: 时效", &format!("title: 时效\n{yaml}"))]).late_events.clone();
    let within = |hours: i64| LateEvents::RevokeWithin(crate::calendar::span::Span::WorkingTime(hours * 3_600_000));
    assert_eq!(late("catch_up: true"), within(1));
    assert_eq!(late("late_events: revoke"), LateEvents::Revoke);
    assert_eq!(late("late_events: review"), LateEvents::Review);
    assert_eq!(late("late_events: { revoke: 2 working hours, then: review }"), within(2));
}

#[test]
fn what_stops_a_deadline_must_carry_what_match_compares() {
    let matching = |stop: &str| {
        let reply = format!(
            "start: missed_call\n    match: call\n    stop: {stop}\n    each: true\n    within: 1 working hour"
        );
        says(&[("start: staged_reply\n    stop: completed\n    each: true\n    due_from: next_reply_by", &reply)])
    };
    assert_eq!(matching("[completed, call_returned]"), "");
    insta::assert_snapshot!(matching("[completed, contacted]"), @"rules/p.yaml:33:12: 错误[unknown-attribute]: 停止的事件（completed、contacted）都没有声明属性“call”，match 永远不符，时限停不下来；在 vocabulary.yaml 里给停止的事件也声明“call”，或换一个 match");
}

#[test]
fn a_policy_that_extends_another_takes_what_it_does_not_say() {
    let base = r#"policy: base
abstract: true
title: 基础
calendar: zh
effective: "2020-01-01"
applies: { category: 咨询 }
deadlines:
  dispatch: { title: 转办, clause: 一, start: received, stop: dispatched, within: 1 working hour }
  response: { within: 3 working hours, match: category, counting: deemed }
"#;
    let changes = [
        ("rules/a-base.yaml", base),
        ("title: 时效\n", "extends: base\n"),
        ("effective: \"2024-01-01\"\n", ""),
        ("  reply:\n    title: 阶段答复", "  dispatch: ~\n  reply:\n    title: 阶段答复"),
    ];
    let loaded = load(&changes, &None);
    let rules = loaded.rules.unwrap_or_else(|| panic!("{:?}", loaded.problems));
    assert_eq!(rules.policies.len(), 1, "what is abstract governs nothing");
    let policy = &rules.policies[0];
    assert_eq!((policy.title.as_str(), policy.effective.to_string().as_str()), ("基础", "2020-01-01"));
    assert_eq!(policy.bases, [Symbol::new("base")]);
    let ids: Vec<&str> = policy.deadlines.iter().map(|deadline| deadline.id.as_str()).collect();
    assert_eq!(ids, ["response", "completion", "reply"]);
    assert_eq!(policy.deadlines[0].matching, Some(Symbol::new("category")));
    let Limit::Within(within) = &policy.deadlines[0].limit else { panic!("within") };
    assert_eq!(within[0].is, "1 working hour".parse().unwrap());
    assert!(matches!(&policy.applies, crate::policy::condition::Condition::All(both) if both.len() == 2));
}

#[test]
fn the_order_of_files_is_the_order_of_policies() {
    let other = "policy: q\ntitle: t\ncalendar: zh\neffective: 2024-01-01\napplies: {}\n";
    let loaded = load(&[("rules/a.yaml", other), ("rules/z.yaml", &other.replace("policy: q", "policy: a"))], &None);
    let ids: Vec<&str> = loaded.rules.unwrap().policies.iter().map(|policy| policy.id.as_str()).collect();
    assert_eq!(ids, ["q", "p", "a"]);
}

#[test]
fn the_version_changes_with_whatever_decides() {
    let version = |changes: &[(&str, &str)]| load(changes, &None).rules.expect("rules").version;
    let first = version(&[]);
    assert_eq!(first.len(), 12);
    assert_eq!(version(&[]), first);
    assert_ne!(version(&[("1 working hour", "2 working hours")]), first);
    assert_ne!(version(&[("08:30-12:00", "08:00-12:00")]), first);
    assert_ne!(version(&[("amount: number", "amount: text")]), first);
    assert_eq!(version(&[("name: 丙", "name: 戊")]), first);
}

#[test]
fn timing_is_counted_from_the_due() {
    let policy = policy(&[]);
    let timings: Vec<Timing> = policy.deadlines[0].ladder.iter().map(|step| step.timing).collect();
    let span = |text: &str| text.parse().unwrap();
    assert_eq!(
        timings,
        [Timing::Before(span("20 working minutes")), Timing::Due, Timing::After(span("1 working day"))]
    );
}

#[test]
fn an_action_with_a_wrong_value_is_one_mistake() {
    let step = |step: &str| says(&[("    ladder: 黄红牌", &format!("    ladder: [ {step} ]"))]);
    insta::assert_snapshot!(step("{ at: due, card: green }"), @"rules/p.yaml:28:32: 错误[unknown-value]: 此处不能写“green”；可以写：red、yellow");
    insta::assert_snapshot!(step("{ at: due, return: yes }"), @"rules/p.yaml:28:34: 错误[wrong-type]: 此处应为真假值，写的是文字“yes”；写 true（是）或 false（否），不加引号");
    insta::assert_snapshot!(step("{ at: due, return: yes, approval: liaison }"), @"rules/p.yaml:28:34: 错误[wrong-type]: 此处应为真假值，写的是文字“yes”；写 true（是）或 false（否），不加引号");
    insta::assert_snapshot!(step("{ at: due, ntify: liaison }"), @"rules/p.yaml:28:26: 错误[unknown-key]: 不认识的键“ntify”；是不是“notify”？");
    insta::assert_snapshot!(step("{ at: due, return: false }"), @"rules/p.yaml:28:17: 错误[missing-field]: 这里没有写做什么；至少写一个动作：remind、notify、card、route、return、flag");
    insta::assert_snapshot!(says(&[("    return: true\n    notify: liaison", "    flag: 2")]), @r#"rules/p.yaml:42:11: 错误[wrong-type]: 此处应为文字，写的是数字 2；加上引号："2""#);
}

#[test]
fn two_steps_of_one_name_are_told_whatever_else_is_wrong_in_the_ladder() {
    let codes = |second: &str| {
        let ladder = format!("    ladder: [ {{ at: due, card: red }}, {second} ]");
        let loaded = load(&[("    ladder: 黄红牌", &ladder)], &None);
        loaded.problems.iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    let twice = "{ after: 1 day, card: red, notify: nobody-known }";
    assert_eq!(codes(twice), ["unknown-recipient", "duplicate-step"]);
    assert_eq!(codes("红黄牌, { after: 1 day, card: red }"), ["unknown-ladder", "duplicate-step"]);
    assert_eq!(codes("{ after: 1 day, card: red, when: { jiont: true } }"), ["unknown-attribute", "duplicate-step"]);
    assert_eq!(codes("{ after: 1 day, card: rde }, { after: 2 days, notify: liaison }"), ["unknown-value"]);
}

#[test]
fn what_asks_or_grants_nothing_is_wrong() {
    let found = |written: &str, instead: &str| {
        let said = says(&[(written, instead)]);
        assert_eq!(said.lines().count(), 1, "{said}");
        said
    };
    let said = found("when: { category: 咨询 }", "when: { category: {} }");
    assert!(said.contains("p.yaml:25:29: 错误[malformed-condition]: 这里没有写要求什么"), "{said}");
    let said = found("times: 1, when: { reason: { present: true } }, local: true", "local: [at_mots, times]");
    assert!(said.contains("错误[unknown-key]: 不认识的键“at_mots”；是不是“at_most”？"), "{said}");
    let extends = "{ at_most: 4 working days, times: 1, when: { reason: { present: true } }, local: true }";
    for nothing in ["{ at_most: 0 days, times: 1, local: true }", "0 working days"] {
        let said = found(extends, nothing);
        assert!(said.contains("错误[malformed-span]: 此处的时长必须大于零；不许延期的，删去 extends"), "{said}");
    }
    let said = found(extends, "{ at_most: 4 working days, times: 0, local: true }");
    assert!(said.contains("错误[malformed-number]: times 必须大于零；不许延期的，删去 extends"), "{said}");
}

#[test]
fn without_a_vocabulary_only_what_does_not_need_it_is_judged() {
    let codes = |vocabulary: &str, more: &[(&str, &str)]| {
        let changes = [&[("rules/vocabulary.yaml", vocabulary)], more].concat();
        let said = says(&changes);
        let code = |line: &str| line.split(['[', ']']).nth(1).unwrap_or_default().to_owned();
        said.lines().map(code).collect::<Vec<_>>()
    };
    assert_eq!(codes("order: [", &[]), ["not-checked", "syntax"]);
    assert_eq!(codes("(none)", &[]), ["missing-file", "not-checked"]);
    let slip = ("times: 1", "tims: 1");
    assert_eq!(codes("(none)", &[slip]), ["unknown-key", "missing-file", "not-checked"]);
}

#[test]
fn a_rule_that_rests_on_nothing_is_told_beside_an_error_of_another_rule() {
    let unfounded = ("    title: 响应\n    clause: 二\n", "    title: 响应\n");
    let said = says(&[unfounded, ("upon: called_back", "upon: callback")]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].starts_with("rules/p.yaml:12:3: 警告[no-clause]"), "{said}");
    assert!(lines[1].contains("错误[unknown-event-type]"), "{said}");
    // What a rule with an error of its own rests on may be what is wrong.
    let said = says(&[("    title: 响应\n    clause: 二\n", "    title: 响应\n    clasue: 二\n")]);
    assert_eq!(said.lines().count(), 1, "{said}");
}
