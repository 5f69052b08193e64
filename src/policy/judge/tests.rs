use crate::policy::trial::{says, says_at};

#[test]
fn steps_that_never_fire() {
    insta::assert_snapshot!(says(&[("{ before: 20 working minutes,", "{ before: 2 working hours,")]), @"rules/p.yaml:18:17: 警告[before-too-long]: 提前2个工作小时不短于时限1个工作小时，这一步不会执行；把 before 改得比 within 短");
    insta::assert_snapshot!(says(&[("{ before: 20 working minutes,", "{ before: 20 working minutes, when: { all: [ { joint: true }, { joint: { not: true } } ] },")]), @"rules/p.yaml:18:17: 警告[never]: 这一步永远不会执行：对“joint”的要求互相矛盾；检查 when 里的条件");
    insta::assert_snapshot!(says(&[("    ladder: 黄红牌", "    ladder: [ { at: due, return: true }, { after: 1 working day, card: red } ]")]), @"rules/p.yaml:28:44: 警告[hidden]: 这一步永远不会执行：前面的退回已开始新一轮，这条时限随之取消；给退回的那一步加上 when 或 approval，或把这一步移到它之前");
    assert_eq!(
        says(&[(
            "    ladder: 黄红牌",
            "    ladder: [ { at: due, return: true, when: { joint: true } }, { after: 1 working day, card: red } ]"
        )]),
        ""
    );
    assert_eq!(
        says(&[(
            "    ladder: 黄红牌",
            "    ladder: [ { at: due, return: true, approval: hotline-supervisor }, { after: 1 working day, card: red } ]"
        )]),
        ""
    );
    assert_eq!(
        says(&[(
            "    ladder: 黄红牌",
            "    scope: order\n    ladder: [ { at: due, return: true }, { after: 1 working day, card: red } ]"
        )]),
        ""
    );
}

#[test]
fn a_before_step_must_be_shorter_than_every_way_the_deadline_may_run() {
    let ladder = |before: &str| format!("    ladder: [ {{ before: {before}, remind: handler }} ]");
    assert_eq!(says(&[("    ladder: 黄红牌", &ladder("4 working hours"))]), "");
    assert_eq!(says(&[("    ladder: 黄红牌", &ladder("1 working day"))]), "");
    insta::assert_snapshot!(says(&[("    ladder: 黄红牌", &ladder("3 working days"))]), @"rules/p.yaml:28:17: 警告[before-too-long]: 提前3个工作日不短于时限2个工作日，这一步不会执行；把 before 改得比 within 短");
    insta::assert_snapshot!(says(&[("    ladder: 黄红牌", &ladder("40 working hours"))]), @"rules/p.yaml:28:17: 警告[before-too-long]: 提前40个工作小时不短于时限2个工作日，这一步不会执行；把 before 改得比 within 短");
}

#[test]
fn rules_that_never_fire() {
    insta::assert_snapshot!(says(&[("start: dispatched", "start: approved")]), @"rules/p.yaml:19:3: 警告[never]: “approved”不引起任何规则，这条规则永远不会执行；改用业务事件，如 dispatched、completed");
    insta::assert_snapshot!(says(&[("upon: called_back", "upon: [lifted, refused]")]), @"rules/p.yaml:37:3: 警告[never]: “lifted、refused”不引起任何规则，这条规则永远不会执行；改用业务事件，如 dispatched、completed");
    insta::assert_snapshot!(says(&[("upon: called_back", "upon: completed")]), @"rules/p.yaml:37:3: 警告[never]: 这条反应永远不会执行：这里的事件都不带属性“satisfaction”；检查 when 里的条件");
    insta::assert_snapshot!(says(&[("stop: [contacted, completed]", "stop: { event: contacted, when: { reached: true } }")]), @"rules/p.yaml:12:3: 警告[never]: 这条时限永远不会停止：stop 不会成立；检查 stop 的事件类型和条件");
    insta::assert_snapshot!(says(&[("- { when: { category: 咨询 }, is: 2 working days }\n      - { is: 4 working days }", "- { is: 4 working days }\n      - { when: { category: 咨询 }, is: 2 working days }")]), @"rules/p.yaml:26:11: 警告[hidden]: 这一项永远用不到：它前面有一项没有条件；把没有 when 的一项放到最后");
    insta::assert_snapshot!(says(&[("start: staged_reply", "start: completed")]), @"rules/p.yaml:29:3: 警告[never]: 开始这条时限的事件都不带属性“next_reply_by”；在词汇表里给这些事件的 attrs 加上它，或检查 start");
    insta::assert_snapshot!(says(&[("start: dispatched", "start: dispatched\n    when: { amount: { at_least: 5, at_most: 4 } }")]), @"rules/p.yaml:19:3: 警告[never]: 这条时限永远不会执行：对“amount”的要求互相矛盾；检查 when 里的条件");
}

#[test]
fn cover_that_ends_soon() {
    assert_eq!(says_at(&[], "2030-10-01T00:00:00+08:00"), "");
    insta::assert_snapshot!(says_at(&[], "2030-12-01T00:00:00+08:00"), @"calendars/zh.yaml:3:9: 警告[short-cover]: 日历覆盖的日期（covers）只剩31天；补上新一年的放假和调休安排，并延长 covers");
}

#[test]
fn people_who_are_not_there() {
    insta::assert_snapshot!(says(&[(", liaison: [ { name: 乙, mobile: \"13800000002\" } ]", "")]), @r"
    rules/directory.yaml:7:3: 警告[no-liaison]: 单位“甲局”没有专职联络员（liaison），黄红牌送不到；在它的 people 下登记 liaison
    rules/p.yaml:9:50: 警告[nobody]: “liaison”（专职联络员）没有登记任何人，通知送不到；在通讯录 directory.yaml 里登记人员
    ");
    let route = ("return: true", "route: supervision-office");
    assert_eq!(says(&[route]), "");
    insta::assert_snapshot!(says(&[route, ("applies: { region: 珠海市 }", "applies: { region: [珠海市, 中山市] }")]), @"rules/p.yaml:42:12: 警告[nobody]: “supervision-office”（督查室）在“中山市”没有登记任何人，通知送不到；在通讯录 directory.yaml 里登记人员");
    insta::assert_snapshot!(says(&[("handler: [ { name: 甲, mobile: \"13800000001\" } ], ", "")]), @"rules/p.yaml:9:41: 警告[nobody]: “handler”（经办人）没有登记任何人，通知送不到；在通讯录 directory.yaml 里登记人员");
    insta::assert_snapshot!(says(&[(", people: [ { name: 丙, mobile: \"13800000003\" } ]", "")]), @"rules/p.yaml:10:50: 警告[nobody]: “hotline-supervisor”（主管）没有登记任何人，通知送不到；在通讯录 directory.yaml 里登记人员");
    insta::assert_snapshot!(says(&[("card: yellow, notify: [handler, liaison]", "card: yellow"), ("notify: liaison", "flag: 待核"), ("  liaison: { title: 专职联络员, of: department }\n", ""), (", liaison: [ { name: 乙, mobile: \"13800000002\" } ]", "")]), @"rules/p.yaml:12:3: 警告[nobody]: 没有写 notify 的黄红牌告知专职联络员 liaison，而通讯录里没有 liaison；在 directory.yaml 的 recipients 里加上 liaison，或给亮牌写上 notify");
}

#[test]
fn a_rule_that_rests_on_nothing() {
    insta::assert_snapshot!(says(&[("    title: 响应\n    clause: 二\n", "    title: 响应\n")]), @"rules/p.yaml:12:3: 警告[no-clause]: 这条规则既没有 clause 也没有 local，说不出依据；写上依据的条款 clause: 二（一）2；文件没有、由本地自定的写 local: true");
    assert_eq!(says(&[("    title: 响应\n    clause: 二\n", "    title: 响应\n    local: true\n")]), "");
}

#[test]
fn deadlines_that_exclude_each_other_on_what_may_change() {
    let first = ("    start: [signed, returned]", "    start: [signed, returned]\n    when: { joint: true }");
    insta::assert_snapshot!(says(&[first, ("    start: dispatched", "    start: dispatched\n    when: { joint: { not: true } }")]), @"rules/p.yaml:20:3: 警告[exclusive]: “response”与“completion”按“joint”二选一，但起算的事件不同：中途改了“joint”，会两条都走或都不走；让两条的 start 相同，或改用 within 的列表分档");
    assert_eq!(
        says(&[first, ("    start: dispatched", "    start: [returned, signed]\n    when: { joint: false }")]),
        ""
    );
}

#[test]
fn a_warning_that_its_author_has_looked_at_is_said_no_more() {
    let first = ("    start: [signed, returned]", "    start: [signed, returned]\n    when: { joint: true }");
    let second = |accept: &str| format!("    start: dispatched\n    when: {{ joint: {{ not: true }} }}\n{accept}");
    let accept = |accept: &str| says(&[first, ("    start: dispatched", &second(accept))]);
    assert_eq!(accept("    accept: { exclusive: 中途认定的两条并行 }"), "");
    let of_the_other =
        ("    stop: [contacted, completed]", "    stop: [contacted, completed]\n    accept: { exclusive: 两条并行 }");
    assert_eq!(says(&[first, ("    start: dispatched", &second("")), of_the_other]), "");
    insta::assert_snapshot!(accept("    accept: { exclusive: 两条并行, never: 不会 }"), @"rules/p.yaml:25:32: 警告[accepts-nothing]: 这条规则没有警告“never”，不必写在 accept 里；删去这一项");
    insta::assert_snapshot!(accept("    accept: { exclusiv: 两条并行, hidden: '' }"), @r"
    rules/p.yaml:25:15: 错误[unknown-key]: 不认识的键“exclusiv”；是不是“exclusive”？
    rules/p.yaml:25:39: 错误[no-reason]: 这里要写理由；写明为什么这样是对的，给以后看的人
    ");
    let ladder = |accept: &str| format!("    {accept}\n    ladder: [ {{ before: 3 working days, remind: handler }} ]");
    assert_eq!(says(&[("    ladder: 黄红牌", &ladder("accept: { before-too-long: 只为投诉 }"))]), "");
}

#[test]
fn a_policy_free_of_errors_is_judged_whatever_is_wrong_with_another() {
    let too_long = ("{ before: 20 working minutes,", "{ before: 2 working hours,");
    let said = says(&[too_long, ("rules/q.yaml", "policy: q\ntitle: 另一份\n")]);
    assert!(said.contains("rules/p.yaml:18:17: 警告[before-too-long]") && said.contains("rules/q.yaml:1:"), "{said}");
}
