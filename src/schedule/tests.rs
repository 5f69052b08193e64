use super::cron::{Cron, CronError};
use super::days::DayRule;
use super::read::schedules;
use super::{Job, Schedule, When};
use crate::calendar::read::load;
use crate::calendar::{Calendar, CalendarSpec, DayEnds};
use crate::text::problem::Problems;
use crate::text::show::brief;
use crate::text::{Lang, yaml};
use crate::time::Instant;
use chrono::{Datelike, TimeZone, Timelike, Weekday};
use chrono_tz::Tz;
use std::path::Path;
use std::sync::Arc;

fn zone(zone: Tz) -> Calendar {
    Calendar::compile_base(CalendarSpec {
        name: "z".into(),
        title: String::new(),
        zone,
        covers: None,
        hours: Vec::new(),
        seasons: Vec::new(),
        days: std::collections::BTreeMap::new(),
        day_ends: DayEnds::Closing,
        day_length_ms: None,
    })
}

fn zhuhai() -> Arc<Calendar> {
    let mut problems = Problems::new();
    let calendars = load(Path::new("calendars"), &mut problems);
    Arc::clone(calendars.get("zhuhai").unwrap())
}

fn read(text: &str) -> Result<Vec<Schedule>, String> {
    let mut problems = Problems::new();
    let root = yaml::read("duban.yaml", text.as_bytes(), &mut problems).unwrap();
    let found = schedules(&root, Path::new("/etc/duban"), &mut problems);
    let shown: Vec<String> = problems.sorted().iter().map(|problem| brief(problem, Lang::Zh)).collect();
    if shown.is_empty() { Ok(found) } else { Err(shown.join("\n")) }
}

fn when(text: &str) -> When {
    read(&format!("- {{ run: checkpoint, {text} }}")).unwrap().remove(0).when
}

/// The first instants after one, on the calendar's wall clock.
fn first(when: &When, calendar: &Calendar, after: &str, count: usize) -> String {
    let after = Instant::parse(after).unwrap();
    let next = |at: &Instant| when.next_after(calendar, *at);
    let instants = std::iter::successors(next(&after), next).take(count);
    let shown: Vec<String> =
        instants.map(|at| at.in_zone(calendar.zone()).format("%Y-%m-%d %a %H:%M%z").to_string()).collect();
    shown.join("\n")
}

#[test]
fn words_say_days_by_the_calendar() {
    let (calendar, after) = (zhuhai(), "2024-01-01T00:00:00+08:00");
    // The Spring Festival is moved over, and 2024-02-04 and 05-11 are Sundays and Saturdays that are worked.
    insta::assert_snapshot!(first(&when("at: \"09:00\", day: first working day of month"), &calendar, after, 6), @r"
    2024-01-02 Tue 09:00+0800
    2024-02-01 Thu 09:00+0800
    2024-03-01 Fri 09:00+0800
    2024-04-01 Mon 09:00+0800
    2024-05-06 Mon 09:00+0800
    2024-06-03 Mon 09:00+0800
    ");
    insta::assert_snapshot!(first(&when("at: \"17:00\", day: last working day of week"), &calendar, "2024-04-26T18:00:00+08:00", 4), @r"
    2024-04-28 Sun 17:00+0800
    2024-04-30 Tue 17:00+0800
    2024-05-11 Sat 17:00+0800
    2024-05-17 Fri 17:00+0800
    ");
    insta::assert_snapshot!(first(&when("at: \"08:30\", day: 每季度最后一天"), &calendar, after, 3), @r"
    2024-03-31 Sun 08:30+0800
    2024-06-30 Sun 08:30+0800
    2024-09-30 Mon 08:30+0800
    ");
    insta::assert_snapshot!(first(&when("at: \"08:30\", day: 每年第五个工作日"), &calendar, after, 2), @r"
    2024-01-08 Mon 08:30+0800
    2025-01-08 Wed 08:30+0800
    ");
    insta::assert_snapshot!(first(&when("at: [\"17:00\", \"09:00\"], day: [31, monday]"), &calendar, after, 5), @r"
    2024-01-01 Mon 09:00+0800
    2024-01-01 Mon 17:00+0800
    2024-01-08 Mon 09:00+0800
    2024-01-08 Mon 17:00+0800
    2024-01-15 Mon 09:00+0800
    ");
}

#[test]
fn working_days_are_those_of_the_calendar_for_years() {
    let calendar = zhuhai();
    let daily = when("at: \"09:00\", day: working day");
    let mut at = Instant::parse("2018-01-01T00:00:00+08:00").unwrap();
    let until = Instant::parse("2026-12-31T00:00:00+08:00").unwrap();
    let mut date = calendar.date(at);
    while at < until {
        at = daily.next_after(&calendar, at).unwrap();
        while !calendar.is_working_day(date) {
            date = date.succ_opt().unwrap();
        }
        assert_eq!(calendar.date(at), date);
        date = date.succ_opt().unwrap();
    }
}

#[test]
fn the_same_day_is_said_in_english_and_chinese() {
    for (english, chinese) in [
        ("every day", "每天"),
        ("working day", "工作日"),
        ("every working day", "每个工作日"),
        ("monday", "周一"),
        ("sun", "星期天"),
        ("15", "每月15日"),
        ("first working day of month", "每月第一个工作日"),
        ("first working day of the month", "每月首个工作日"),
        ("last working day of quarter", "每季度最后一个工作日"),
        ("last day of year", "每年最后一天"),
        ("3rd working day of week", "每周第三个工作日"),
        ("third working day of week", "每周第3个工作日"),
    ] {
        assert_eq!(DayRule::parse(english).unwrap(), DayRule::parse(chinese).unwrap(), "{english} {chinese}");
    }
    assert_eq!(DayRule::parse("周日"), Some(DayRule::Weekday(Weekday::Sun)));
    for wrong in ["", "0", "32", "monday of month", "first day", "每", "8th day of week", "每月第〇个工作日"] {
        assert_eq!(DayRule::parse(wrong), None, "{wrong}");
    }
}

/// A clock that is put forward and back: each wall-clock time once.
#[test]
fn a_time_of_day_comes_once_where_the_clock_is_put() {
    let berlin = zone(chrono_tz::Europe::Berlin);
    for text in ["cron: \"30 2 * * *\"", "at: \"02:30\""] {
        let spring = first(&when(text), &berlin, "2024-03-30T00:00:00+01:00", 3);
        insta::allow_duplicates! { insta::assert_snapshot!(spring, @r"
        2024-03-30 Sat 02:30+0100
        2024-03-31 Sun 03:00+0200
        2024-04-01 Mon 02:30+0200
        ") };
        let autumn = first(&when(text), &berlin, "2024-10-26T00:00:00+02:00", 3);
        insta::allow_duplicates! { insta::assert_snapshot!(autumn, @r"
        2024-10-26 Sat 02:30+0200
        2024-10-27 Sun 02:30+0200
        2024-10-28 Mon 02:30+0100
        ") };
    }
    insta::assert_snapshot!(first(&when("cron: \"*/30 2 * * *\""), &berlin, "2024-03-30T12:00:00+01:00", 3), @r"
    2024-03-31 Sun 03:00+0200
    2024-04-01 Mon 02:00+0200
    2024-04-01 Mon 02:30+0200
    ");
}

#[test]
fn every_hour_keeps_to_real_time_where_the_clock_is_put() {
    let new_york = zone(chrono_tz::America::New_York);
    insta::assert_snapshot!(first(&when("cron: \"*/30 * * * *\""), &new_york, "2024-11-03T00:45:00-04:00", 5), @r"
    2024-11-03 Sun 01:00-0400
    2024-11-03 Sun 01:30-0400
    2024-11-03 Sun 01:00-0500
    2024-11-03 Sun 01:30-0500
    2024-11-03 Sun 02:00-0500
    ");
}

/// Whether a minute, hour, day, month and weekday are meant.
type Holds = fn(u32, u32, u32, u32, Weekday) -> bool;

/// What the fields mean, minute by minute, against what is found, over four months in zones that put their clocks by
/// an hour, by half an hour, and by a date.
#[test]
fn five_fields_mean_what_posix_says_in_every_zone() {
    let zones = [
        chrono_tz::Asia::Shanghai,
        chrono_tz::Europe::Berlin,
        chrono_tz::Australia::Lord_Howe,
        chrono_tz::America::New_York,
        chrono_tz::Pacific::Apia,
    ];
    let cases: [(&str, Holds); 4] = [
        ("*/20 * * * *", |minute, _, _, _, _| minute % 20 == 0),
        ("15 * 1 * mon", |minute, _, day, _, weekday| minute == 15 && (day == 1 || weekday == Weekday::Mon)),
        ("10,40 * * 3-4,oct fri-sun", |minute, _, _, month, weekday| {
            (minute == 10 || minute == 40)
                && [3, 4, 10].contains(&month)
                && [Weekday::Fri, Weekday::Sat, Weekday::Sun].contains(&weekday)
        }),
        ("0-10/5 * 25-31 * *", |minute, _, day, _, _| [0, 5, 10].contains(&minute) && day >= 25),
    ];
    for tz in zones {
        let calendar = zone(tz);
        for (text, holds) in cases {
            let cron = When::Cron(text.parse().unwrap());
            let start = tz.with_ymd_and_hms(2011, 10, 1, 0, 0, 0).unwrap().timestamp();
            let mut at = Instant(start * 1000 - 1);
            for minute in 0..(120 * 1440) {
                let instant = Instant((start + minute * 60) * 1000);
                let shown = instant.in_zone(tz);
                if holds(shown.minute(), shown.hour(), shown.day(), shown.month(), shown.weekday()) {
                    at = cron.next_after(&calendar, at).unwrap();
                    assert_eq!(at.rfc3339(tz), instant.rfc3339(tz), "{text} in {tz}");
                }
            }
        }
    }
}

#[test]
fn the_last_run_that_was_missed_is_found_however_long_ago() {
    let (calendar, at) = (zhuhai(), |text: &str| Instant::parse(text).unwrap());
    let monthly = when("at: \"09:00\", day: first working day of month");
    let last = |after: &str, until: &str| monthly.last_in(&calendar, at(after), at(until));
    assert_eq!(last("2024-01-02T09:00:00+08:00", "2024-02-01T08:59:59+08:00"), None);
    assert_eq!(last("2024-01-02T08:59:59+08:00", "2024-01-02T09:00:00+08:00"), Some(at("2024-01-02T09:00:00+08:00")));
    assert_eq!(last("2020-01-02T09:00:00+08:00", "2024-05-20T00:00:00+08:00"), Some(at("2024-05-06T09:00:00+08:00")));
    let often = when("cron: \"* * * * *\"");
    let found = often.last_in(&calendar, at("2020-01-01T00:00:00+08:00"), at("2024-05-20T00:00:30+08:00"));
    assert_eq!(found, Some(at("2024-05-20T00:00:00+08:00")));
}

#[test]
fn fields_that_mean_nothing_are_refused() {
    let error = |text: &str| text.parse::<Cron>().map(|_| ()).unwrap_err();
    assert_eq!(error("* * * *"), CronError::Fields(4));
    assert_eq!(error("0 * * * * *"), CronError::Fields(6));
    assert_eq!(error("0 9 * * 1-5"), CronError::WeekdayNumber("1".into()));
    assert_eq!(error("0 0 30 feb *"), CronError::Never);
    for wrong in [
        "60 * * * *",
        "5/10 * * * *",
        "*/0 * * * *",
        "9-5 * * * *",
        "x * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "+5 * * * *",
    ] {
        assert!(matches!(error(wrong), CronError::Field { .. }), "{wrong}");
    }
    assert!("0 0 29 feb *".parse::<Cron>().is_ok());
}

#[test]
fn every_mistake_of_a_schedule_is_named_at_its_place() {
    let text = "- { run: bulletins, at: \"09:00\" }\n- { run: checkpoint, cron: \"0 9 * * 1\" }\n- { run: checkpoint, name: b, at: 9, day: someday }\n- { run: checkpoint }\n- { run: checkpoint, name: c, cron: \"* * * * *\", at: \"09:00\" }\n- { run: checkpoint, name: d, at: \"09:00\", days: mon }\n";
    insta::assert_snapshot!(read(text).unwrap_err(), @r#"
    duban.yaml:1:10: 错误[unknown-value]: 此处不能写“bulletins”；可以写：backup、checkpoint
    duban.yaml:2:28: 错误[malformed-cron]: 星期要写名称，不写数字“1”（各家 cron 对数字的解释不同）；例如 "0 9 * * mon-fri"
    duban.yaml:3:35: 错误[malformed-time]: “9”不是一天中的时刻；写成 "09:00"（两位小时:两位分钟，加引号）
    duban.yaml:3:43: 错误[malformed-day]: 看不懂是哪一天：“someday”；可以写：每天、工作日、周一、15、每月第一个工作日、每季度最后一天；几种并列写成 [周一, 周四]
    duban.yaml:4:5: 错误[missing-field]: 没有写何时执行；写 at: "09:00"（可加 day: 每月第一个工作日），或 cron: "*/5 * * * *"
    duban.yaml:4:5: 错误[duplicate-name]: 有两项定时任务同名：“checkpoint”；执行与否按名字记录，请用 name: 另起一个名字
    duban.yaml:5:37: 错误[conflict]: cron 与 at、day 只能写一种；删去其中一种写法
    duban.yaml:6:44: 错误[unknown-key]: 不认识的键“days”；是不是“day”？
    "#);
}

#[test]
fn a_copy_goes_where_it_is_said_from_the_configuration() {
    let job =
        |text: &str| read(&format!("- {{ run: backup, at: \"02:00\", {text} }}")).map(|mut read| read.remove(0).job);
    let to = |path: &str, keep| Job::Backup { to: path.into(), keep };
    assert_eq!(job("to: copies, keep: 14"), Ok(to("/etc/duban/copies", Some(14))));
    assert_eq!(job("to: /var/backups"), Ok(to("/var/backups", None)));
    assert!(job("to: copies, keep: 0").unwrap_err().contains("写一个不小于 1 的整数"));
    assert!(job("keep: 1").unwrap_err().contains("缺少“to”"));
}
