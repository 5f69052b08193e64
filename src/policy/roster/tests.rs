use super::read::{self, Rosters};
use crate::calendar;
use crate::text::Lang;
use crate::text::problem::Problems;
use crate::text::show::brief;
use crate::text::yaml;
use crate::time::Instant;
use std::path::Path;

fn rosters(text: &str) -> (Rosters, String) {
    let calendars = Path::new(env!("CARGO_MANIFEST_DIR")).join("calendars");
    let mut problems = Problems::new();
    let calendars = calendar::read::load(&calendars, &mut problems);
    let root = yaml::read("rosters.yaml", text.as_bytes(), &mut problems).unwrap();
    let (rosters, _) = read::read(&root, &calendars, &mut problems);
    let lines: Vec<_> = problems.sorted().iter().map(|problem| brief(problem, Lang::Zh)).collect();
    (rosters, lines.join("\n"))
}

/// The duties of a stretch of dates, one a line, of a roster of 甲, 乙, 丙 with more keys.
fn duties(more: &str, first: &str, last: &str) -> String {
    let (rosters, problems) =
        rosters(&format!("rosters: {{ r: {{ calendar: shuangyashan, turn: [甲, 乙, 丙], {more} }} }}"));
    assert_eq!(problems, "");
    let roster = &rosters["r"];
    let line = |duty: super::Duty| {
        let hours: Vec<_> = duty.hours.iter().map(ToString::to_string).collect();
        let moved = duty.moved_from.map(|date| format!(" from {date}")).unwrap_or_default();
        let swapped = duty.instead_of.as_ref().map(|member| format!(" for {}", member.title())).unwrap_or_default();
        let remind = roster
            .reminded(&duty)
            .map(|at| format!(" remind {}", at.rfc3339(roster.calendar.zone())))
            .unwrap_or_default();
        let provisional = if duty.is_provisional { " provisional" } else { "" };
        let date = duty.date.format("%m-%d %a");
        format!(
            "{date} {} {}{moved}{swapped}{remind}{provisional} #{}",
            hours.join(" "),
            duty.member.title(),
            duty.number
        )
    };
    let lines: Vec<String> =
        roster.duties(first.parse().unwrap(), last.parse().unwrap()).into_iter().map(line).collect();
    lines.join("\n")
}

const TUE_FRI: &str = "days: [tue, fri], hours: '08:30-11:30', since: '2024-04-23'";

#[test]
fn a_holiday_takes_no_turn_and_a_make_up_day_has_no_duty_of_its_own() {
    // 05-01 to 05-05 is off, 04-28 and 05-11 are made up for it.
    insta::assert_snapshot!(duties(TUE_FRI, "2024-04-22", "2024-05-12"), @r"
    04-23 Tue 08:30-11:30 甲 #1
    04-26 Fri 08:30-11:30 乙 #2
    04-30 Tue 08:30-11:30 丙 #3
    05-07 Tue 08:30-11:30 甲 #4
    05-10 Fri 08:30-11:30 乙 #5
    ");
}

#[test]
fn a_duty_on_a_holiday_moves_to_the_next_working_day_that_has_none() {
    insta::assert_snapshot!(duties(&format!("{TUE_FRI}, holiday: move"), "2024-04-22", "2024-05-12"), @r"
    04-23 Tue 08:30-11:30 甲 #1
    04-26 Fri 08:30-11:30 乙 #2
    04-30 Tue 08:30-11:30 丙 #3
    05-06 Mon 08:30-11:30 甲 from 2024-05-03 #4
    05-07 Tue 08:30-11:30 乙 #5
    05-10 Fri 08:30-11:30 丙 #6
    ");
    // The long holiday of October: two duties move to two dates, past the make-up day's own week.
    insta::assert_snapshot!(duties(&format!("{TUE_FRI}, holiday: move"), "2024-09-27", "2024-10-15"), @r"
    09-27 Fri 08:30-11:30 甲 #46
    10-08 Tue 08:30-11:30 乙 #47
    10-09 Wed 08:30-11:30 丙 from 2024-10-01 #48
    10-10 Thu 08:30-11:30 甲 from 2024-10-04 #49
    10-11 Fri 08:30-11:30 乙 #50
    10-15 Tue 08:30-11:30 丙 #51
    ");
}

#[test]
fn a_duty_can_be_kept_on_holidays_and_weekends() {
    insta::assert_snapshot!(duties("days: [fri, sat], holiday: keep, since: '2024-05-03'", "2024-05-01", "2024-05-11"), @r"
    05-03 Fri 00:00-24:00 甲 #1
    05-04 Sat 00:00-24:00 乙 #2
    05-10 Fri 08:30-11:30 13:30-17:00 丙 #3
    05-11 Sat 08:30-11:30 13:30-17:00 甲 #4
    ");
}

#[test]
fn without_days_every_working_day_has_a_duty_make_up_days_too() {
    insta::assert_snapshot!(duties("since: '2024-04-26'", "2024-04-26", "2024-05-11"), @r"
    04-26 Fri 08:30-11:30 13:30-17:00 甲 #1
    04-28 Sun 08:30-11:30 13:30-17:00 乙 #2
    04-29 Mon 08:30-11:30 13:30-17:00 丙 #3
    04-30 Tue 08:30-11:30 13:30-17:00 甲 #4
    05-06 Mon 08:30-11:30 13:30-17:00 乙 #5
    05-07 Tue 08:30-11:30 13:30-17:00 丙 #6
    05-08 Wed 08:30-11:30 13:30-17:00 甲 #7
    05-09 Thu 08:30-11:30 13:30-17:00 乙 #8
    05-10 Fri 08:30-11:30 13:30-17:00 丙 #9
    05-11 Sat 08:30-11:30 13:30-17:00 甲 #10
    ");
}

#[test]
fn a_turn_may_last_a_week_and_a_week_without_duty_takes_none() {
    insta::assert_snapshot!(duties("days: [mon, thu], per: week, remind: { before: 1 working day }, since: '2024-09-23'", "2024-09-23", "2024-10-18"), @r"
    09-23 Mon 08:30-11:30 13:30-17:00 甲 remind 2024-09-20T08:30:00+08:00 #1
    09-26 Thu 08:30-11:30 13:30-17:00 甲 #1
    09-30 Mon 08:30-11:30 13:30-17:00 乙 remind 2024-09-29T08:30:00+08:00 #2
    10-10 Thu 08:30-11:30 13:30-17:00 丙 remind 2024-10-09T08:30:00+08:00 #3
    10-14 Mon 08:30-11:30 13:30-17:00 甲 remind 2024-10-12T08:30:00+08:00 #4
    10-17 Thu 08:30-11:30 13:30-17:00 甲 #4
    ");
}

#[test]
fn a_swap_changes_its_date_alone_and_the_reminder_comes_the_working_day_before() {
    let more = format!("{TUE_FRI}, swaps: {{ '2024-04-26': 丁 }}, remind: {{ before: 1 working day }}");
    insta::assert_snapshot!(duties(&more, "2024-04-22", "2024-05-07"), @r"
    04-23 Tue 08:30-11:30 甲 remind 2024-04-22T08:30:00+08:00 #1
    04-26 Fri 08:30-11:30 丁 for 乙 remind 2024-04-25T08:30:00+08:00 #2
    04-30 Tue 08:30-11:30 丙 remind 2024-04-29T08:30:00+08:00 #3
    05-07 Tue 08:30-11:30 甲 remind 2024-05-06T08:30:00+08:00 #4
    ");
    let more = format!("{TUE_FRI}, remind: {{ before: 2个工作日, at: '16:00' }}");
    insta::assert_snapshot!(duties(&more, "2024-05-07", "2024-05-07"), @"05-07 Tue 08:30-11:30 甲 remind 2024-04-30T16:00:00+08:00 #4");
    let more = format!("{TUE_FRI}, remind: {{ before: 2个工作小时 }}");
    insta::assert_snapshot!(duties(&more, "2024-05-07", "2024-05-07"), @"05-07 Tue 08:30-11:30 甲 remind 2024-05-06T15:00:00+08:00 #4");
}

#[test]
fn beyond_the_official_arrangement_a_duty_is_provisional() {
    insta::assert_snapshot!(duties(TUE_FRI, "2026-12-29", "2027-01-05"), @r"
    12-29 Tue 08:30-11:30 丙 #261
    01-01 Fri 08:30-11:30 甲 provisional #262
    01-05 Tue 08:30-11:30 乙 provisional #263
    ");
}

#[test]
fn whoever_is_on_duty_is_found_at_every_instant_else_whoever_is_next() {
    let (rosters, _) =
        rosters(&format!("rosters: {{ r: {{ calendar: shuangyashan, turn: [甲, 乙, 丙], {TUE_FRI} }} }}"));
    let check = |at: &str, expected: &str| {
        let (duty, is_now) = rosters["r"].at(Instant::parse(&format!("{at}:00+08:00")).unwrap()).unwrap();
        let shown =
            format!("{} {} {}", if is_now { "now" } else { "next" }, duty.date.format("%m-%d"), duty.member.title());
        assert_eq!(shown, expected, "{at}");
    };
    check("2024-04-23T08:29", "next 04-23 甲");
    check("2024-04-23T08:30", "now 04-23 甲");
    check("2024-04-23T11:29", "now 04-23 甲");
    check("2024-04-23T11:30", "next 04-26 乙");
    check("2024-05-01T10:00", "next 05-07 甲");
    check("2024-05-03T10:00", "next 05-07 甲");
}

#[test]
fn every_mistake_of_the_file_is_named() {
    let (_, problems) = rosters(
        "rosters:\n  a: { calendar: nowhere, turn: [], holiday: drop, days: [tus], hours: '8:30-11:30' }\n\
         \x20 b: { calendar: cn, turns: [甲] }\n  c: { calendar: zhuhai, turn: [甲], hours: ['08:00-10:00', '09:00-11:00'], swaps: { 2024-1-1: 乙 },\n\
         \x20      remind: { before: 0 days, at: '09:00' } }\n  d: { calendar: zhuhai, turn: [甲], remind: { before: 2 hours, at: '9' }, since: soon }\nrooster: 1\n",
    );
    insta::assert_snapshot!(problems, @r#"
    rosters.yaml:2:18: 错误[unknown-calendar]: 没有名为“nowhere”的日历；可以写：shuangyashan、yicheng、zhongshan、zhuhai
    rosters.yaml:2:33: 错误[empty-list]: 列表是空的；至少写一项，或删去这个键
    rosters.yaml:2:46: 错误[unknown-value]: 此处不能写“drop”；可以写：keep、move、skip
    rosters.yaml:2:59: 错误[unknown-value]: 此处不能写“tus”；是不是“tue”？
    rosters.yaml:2:72: 错误[malformed-interval]: “8:30-11:30”不是时段；写成 "08:30-12:00"（24 小时制，最晚 24:00）
    rosters.yaml:3:18: 错误[calendar-never-opens]: 日历“cn”没有任何上班时间，期限永远不会到；在该日历里写上 hours，或改用一份有 hours 的日历
    rosters.yaml:3:22: 错误[unknown-key]: 不认识的键“turns”；是不是“turn”？
    rosters.yaml:4:44: 错误[overlapping-intervals]: 时段互相重叠；合并成一段，或错开
    rosters.yaml:4:85: 错误[malformed-date]: “2024-1-1”不是日期；写成 "2024-05-06"（年-月-日）
    rosters.yaml:5:26: 错误[malformed-span]: 此处的时长必须大于零；不提醒的，删去 remind
    rosters.yaml:5:38: 错误[conflict]: at 只用于提前若干工作日；删去 at，或写 before: 1个工作日
    rosters.yaml:6:68: 错误[malformed-time]: “9”不是钟点；写成 "09:00"（24 小时制，两位数，加引号）
    rosters.yaml:6:68: 错误[conflict]: at 只用于提前若干工作日；删去 at，或写 before: 1个工作日
    rosters.yaml:6:82: 错误[malformed-date]: “soon”不是日期；写成 "2024-05-06"（年-月-日）
    rosters.yaml:7:1: 错误[unknown-key]: 不认识的键“rooster”；是不是“rosters”？
    "#);
}
