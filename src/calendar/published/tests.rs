use super::file::CalendarFile;
use super::*;
use crate::text::problem::Problems;
use crate::text::{Lang, yaml};

fn arrangement(files: &[(&str, &str)]) -> Arrangement {
    Arrangement::of(files.iter().map(|(name, text)| read(name, text.as_bytes()).unwrap()).collect()).unwrap()
}

fn said(arrangement: &Arrangement) -> String {
    let day = |(date, day): (&NaiveDate, &Day)| format!("{date} {} {}", mark_zh(day.mark), day.title());
    let remarks = arrangement.remarks.iter().map(|remark| format!("! {}", remark.zh));
    arrangement.days.iter().map(day).chain(remarks).collect::<Vec<_>>().join("\n")
}

const PHONE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALDESC:国办发明电〔2023〕7号\r\n\
    BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20240210\r\nDTEND;VALUE=DATE:20240212\r\nSUMMARY;LANGUAGE=zh:春\r\n 节（休）\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20240204\r\nSUMMARY:春节 补班\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20240428\r\nDURATION:P1D\r\nSUMMARY:上班(补劳动节假期)\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20240511\r\nSUMMARY:劳动节\\, 调休上班\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20240501\r\nDTEND;VALUE=DATE:20240502\r\nSUMMARY:劳动节 假期 第1天/共5天\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nDTSTART;TZID=Asia/Shanghai:20240404T000000\r\nSUMMARY:清明节\r\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20241231\r\nSUMMARY:元旦 休\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20240214\r\nSUMMARY:情人节\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[test]
fn icalendar_is_read_with_folded_lines_and_every_way_to_say_off_and_worked() {
    let read = arrangement(&[("a.ics", PHONE)]);
    insta::assert_snapshot!(said(&read), @"
    2024-02-04 班 春节调休
    2024-02-10 休 春节
    2024-02-11 休 春节
    2024-04-04 休 清明节
    2024-04-28 班 劳动节调休
    2024-05-01 休 劳动节
    2024-05-11 班 劳动节调休
    2024-12-31 休 元旦
    ! “a.ics”的 2024-02-14“情人节”看不出是休还是班，略过
    ! 2024 年只有 8 天，一年的安排通常不少于 20 天：文件可能不全
    ");
    assert_eq!(read.notices[&2024][0].number.as_deref(), Some("国办发明电〔2023〕7号"));
}

#[test]
fn a_year_not_published_yet_a_make_up_day_on_a_weekday_and_files_that_differ_are_remarked_upon() {
    let a = r#"{"year":2027,"papers":["国办发明电〔2026〕7号 https://www.gov.cn/a.htm"],"days":[
        {"name":"元旦","date":"2026-12-31","isOffDay":true},{"name":"元旦","date":"2027-01-01","isOffDay":true},
        {"name":"春节","date":"2027-02-01","isOffDay":false},{"name":"春节","date":"2027-06-05","isOffDay":false}]}"#;
    let b = r#"[{"year":2027,"papers":[],"days":[{"name":"元旦节","date":"2027-01-01","isOffDay":true}]},{"year":2028,"papers":[],"days":[]}]"#;
    let read = arrangement(&[("a.json", a), ("b.json", b)]);
    assert_eq!(read.years.iter().copied().collect::<Vec<_>>(), [2027]);
    insta::assert_snapshot!(said(&read), @r"
    2026-12-31 休 元旦
    2027-01-01 休 元旦
    2027-02-01 班 春节调休
    2027-06-05 班 春节调休
    ! 2027-01-01 有两个名称：“元旦”（a.json）和“元旦节”（b.json）；取前者
    ! 2027-06-05 班（春节）只在“a.json”里，“b.json”里没有；照前者
    ! “b.json”里 2028 年还是空的（安排尚未公布），不作处理
    ! 2027-02-01 标为班（春节），但不是周末：本来就上班，请核对
    ! 2027 年只有 3 天，一年的安排通常不少于 20 天：文件可能不全
    ");
}

#[test]
fn files_that_contradict_each_other_are_both_named() {
    let of = |is_off: bool| {
        let day = format!(
            r#"{{"year":2027,"papers":[],"days":[{{"name":"春节","date":"2027-02-06","isOffDay":{is_off}}}]}}"#
        );
        read(if is_off { "off.json" } else { "work.json" }, day.as_bytes()).unwrap()
    };
    let wrong = Arrangement::of(vec![of(true), of(false)]).unwrap_err();
    insta::assert_snapshot!(wrong[0].text().zh, @"2027-02-06 前后矛盾：“off.json”记为休，“work.json”记为班；对照原文，去掉错的一份");
}

#[test]
fn what_is_no_arrangement_is_refused_by_what_it_is() {
    let say = |text: &str| read("x", text.as_bytes()).unwrap_err().text().zh;
    insta::assert_snapshot!(say("days:"), @"“x”既不是放假安排表（holiday-cn 形式的 JSON），也不是 iCalendar（.ics）文件");
    insta::assert_snapshot!(say("{"), @"“x”不是完好的 JSON：EOF while parsing an object at line 1 column 1");
    insta::assert_snapshot!(say(r#"{"year":2024,"days":[{"name":"春节","date":"2024-02-30","isOffDay":true}]}"#), @"“x”不是完好的 JSON：“2024-02-30”不是日期 (no date)");
    insta::assert_snapshot!(say("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:春节 休\nEND:VEVENT\n"), @"“x”不是完好的 iCalendar：事件“春节 休”没有日期；应有一行 DTSTART;VALUE=DATE:20240210");
    insta::assert_snapshot!(say("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:春节 休\nDTSTART;VALUE=DATE:20240210\n"), @"“x”不是完好的 iCalendar：最后一个事件没有结束（缺 END:VEVENT）");
}

fn laid(standing: &str, arrangement: &Arrangement) -> String {
    let mut problems = Problems::new();
    let root = yaml::read("cn.yaml", standing.as_bytes(), &mut problems).unwrap();
    let written = CalendarFile::of(&root, &mut problems).with(arrangement);
    assert!(problems.is_empty(), "{problems:?}");
    format!("{}---\n{}", written.text, written.changes.lines(Lang::Zh).join("\n"))
}

const STANDING: &str = "# 头\ncalendar: cn\ntimezone: Asia/Shanghai\ncovers: 2023-01-01..2024-12-31 # 已知\ndays:\n\
    \x20 # 2023：国办发明电〔2022〕16号\n  '2023-01-01': { rest: 元旦 } # 头一天\n  # 2024：国办发明电〔2023〕7号\n\
    \x20 '2024-01-01': { rest: 元旦 } # 留着\n  # 本市\n  '2024-03-01': { open: ['09:00-10:00'] }\n  '2024-04-05': { rest: 清明 }\n\
    \x20 '2024-05-02': { rest: 劳动节 }\n  '2024-12-31': { rest: 元旦 }\n# 尾\nday_ends: midnight\n";

#[test]
fn only_the_years_of_the_input_change_and_what_people_wrote_stays() {
    let new = r#"{"year":2024,"papers":["https://www.gov.cn/new.htm"],"days":[{"name":"元旦","date":"2024-01-01","isOffDay":true},
        {"name":"清明节","date":"2024-04-05","isOffDay":true},{"name":"劳动节","date":"2024-05-01","isOffDay":true},
        {"name":"专场","date":"2024-03-01","isOffDay":true}]}"#;
    insta::assert_snapshot!(laid(STANDING, &arrangement(&[("a.json", new)])), @r#"
    # 头
    calendar: cn
    timezone: Asia/Shanghai
    covers: 2023-01-01..2024-12-31 # 已知
    days:
      # 2023：国办发明电〔2022〕16号
      '2023-01-01': { rest: 元旦 } # 头一天
      # 2024：国办发明电〔2023〕7号
      #    原文：https://www.gov.cn/new.htm
      '2024-01-01': { rest: 元旦 } # 留着
      # 本市
      '2024-03-01': { open: ['09:00-10:00'] }
      "2024-04-05": { rest: 清明节 }
      "2024-05-01": { rest: 劳动节 }
      '2024-12-31': { rest: 元旦 }
    # 尾
    day_ends: midnight
    ---
      = 2024-03-01 周五 另有时段（open），保持不变；安排里是休 专场
      ~ 2024-04-05 周五 休 清明 → 休 清明节
      + 2024-05-01 周三 休 劳动节
      - 2024-05-02 周四 休 劳动节
    "#);
}

#[test]
fn a_year_that_follows_moves_the_horizon_and_days_in_one_line_are_laid_out() {
    let new = r#"{"year":2025,"papers":["国办发明电〔2024〕12号"],"days":[{"name":"元旦: 一","date":"2025-01-01","isOffDay":true}]}"#;
    let standing = "calendar: cn\ntimezone: Asia/Shanghai\ndays: { '2024-01-01': { rest: 元旦 }, '2024-02-04': { work: 春节调休 } }\n";
    insta::assert_snapshot!(laid(standing, &arrangement(&[("a.json", new)])), @r#"
    calendar: cn
    timezone: Asia/Shanghai
    covers: "2025-01-01..2025-12-31"
    days:
      "2024-01-01": { rest: 元旦 }
      "2024-02-04": { work: 春节调休 }
      # ── 2025 年：国办发明电〔2024〕12号 ──
      "2025-01-01": { rest: "元旦: 一" }
    ---
      + 2025-01-01 周三 休 元旦: 一
      covers（已知官方安排）：无 → 2025-01-01..2025-12-31
    "#);
}
