//! The vectors of the domain (day-count rules, 2026) and single questions where the law or a zone is tricky.

use super::*;
use span::Span;

/// A calendar of Shanghai, Monday to Friday, with the holidays and make-up days of late 2025 and of 2026.
pub(crate) fn office() -> CalendarSpec {
    let rest = [
        ("2026-01-01", 3, "元旦"),
        ("2026-02-15", 9, "春节"),
        ("2026-04-04", 3, "清明节"),
        ("2026-05-01", 5, "劳动节"),
        ("2026-06-19", 3, "端午节"),
        ("2026-09-25", 3, "中秋节"),
        ("2026-10-01", 7, "国庆节"),
    ];
    let work = ["2024-10-12", "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"];
    let mut days = BTreeMap::new();
    for (first, count, title) in rest {
        days.extend(date(first).iter_days().take(count).map(|date| (date, DateEntry::Rest(title.to_owned()))));
    }
    days.extend(work.map(|day| (date(day), DateEntry::Work("调休".to_owned(), None))));
    CalendarSpec {
        name: "office".to_owned(),
        title: String::new(),
        zone: chrono_tz::Asia::Shanghai,
        covers: Some((date("2024-01-01"), date("2026-12-31"))),
        hours: vec![weekdays(&["08:30-12:00", "14:30-17:30"])],
        seasons: Vec::new(),
        days,
        day_ends: DayEnds::Closing,
        day_length_ms: None,
    }
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn openings(open: &[&str]) -> Vec<Opening> {
    let minutes = |clock: &str| clock[..2].parse::<u16>().unwrap() * 60 + clock[3..].parse::<u16>().unwrap();
    open.iter().map(|text| Opening { open: minutes(&text[..5]), close: minutes(&text[6..]) }).collect()
}

pub(crate) fn weekdays(open: &[&str]) -> WeeklyHours {
    use Weekday::{Fri, Mon, Thu, Tue, Wed};
    WeeklyHours { days: vec![Mon, Tue, Wed, Thu, Fri], open: openings(open) }
}

fn in_zone(zone: Tz, open: &[&str], days: &[Weekday]) -> CalendarSpec {
    let hours = vec![WeeklyHours { days: days.to_vec(), open: openings(open) }];
    CalendarSpec { zone, hours, days: BTreeMap::new(), ..office() }
}

const EVERY_DAY: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// `2026-01-05 10:00` of Shanghai.
pub(crate) fn local(text: &str) -> Instant {
    instant(&format!("{}:00+08:00", text.replace(' ', "T")))
}

#[track_caller]
fn falls_due(calendar: &Calendar, span: &str, cases: &[(&str, &str)]) {
    for (start, due) in cases {
        let found = calendar.due(local(start), span.parse().unwrap(), Counting::NextDay).at;
        assert_eq!(found.rfc3339(calendar.zone()), local(due).rfc3339(calendar.zone()), "{span} from {start}");
    }
}

#[test]
fn a_working_hour_waits_for_the_next_opening_over_holidays_and_make_up_days() {
    let calendar = Calendar::compile(office()).unwrap();
    falls_due(
        &calendar,
        "1 working hour",
        &[
            ("2026-01-05 10:00", "2026-01-05 11:00"),
            ("2026-01-05 11:30", "2026-01-05 15:00"),
            ("2026-01-05 12:30", "2026-01-05 15:30"),
            ("2026-01-05 17:10", "2026-01-06 09:10"),
            ("2026-02-13 17:10", "2026-02-14 09:10"),
            ("2026-02-14 17:00", "2026-02-24 09:00"),
            ("2026-02-16 10:00", "2026-02-24 09:30"),
            ("2026-09-30 17:10", "2026-10-08 09:10"),
            ("2026-10-09 17:00", "2026-10-10 09:00"),
            ("2026-10-10 17:29", "2026-10-12 09:29"),
            ("2026-01-03 09:00", "2026-01-04 09:30"),
            ("2026-06-18 17:30", "2026-06-22 09:30"),
            ("2026-01-05 11:00", "2026-01-05 12:00"),
            ("2026-01-05 16:30", "2026-01-05 17:30"),
        ],
    );
}

#[test]
fn the_day_of_receipt_is_not_counted() {
    let calendar = Calendar::compile(office()).unwrap();
    let cases = [
        ("2026-01-05", 2, "2026-01-07"),
        ("2026-02-13", 2, "2026-02-24"),
        ("2026-02-13", 4, "2026-02-26"),
        ("2026-02-14", 4, "2026-02-27"),
        ("2026-02-17", 2, "2026-02-25"),
        ("2026-04-30", 5, "2026-05-11"),
        ("2026-05-08", 1, "2026-05-09"),
        ("2026-09-18", 1, "2026-09-20"),
        ("2026-09-24", 3, "2026-09-30"),
        ("2026-09-30", 2, "2026-10-09"),
        ("2026-09-30", 4, "2026-10-12"),
        ("2026-10-09", 1, "2026-10-10"),
        ("2026-10-10", 1, "2026-10-12"),
        ("2026-01-01", 1, "2026-01-04"),
        ("2025-12-31", 2, "2026-01-05"),
        ("2025-12-31", 4, "2026-01-07"),
        ("2024-10-11", 1, "2024-10-12"),
    ];
    for (start, days, due) in cases {
        let span = format!("{days} working days");
        falls_due(&calendar, &span, &[(&format!("{start} 10:00"), &format!("{due} 17:30"))]);
    }
}

#[test]
fn by_nine_is_the_next_nine_o_clock_of_a_working_day() {
    let calendar = Calendar::compile(office()).unwrap();
    let cases = [
        ("2026-09-30 18:00", "2026-10-08 09:00"),
        ("2026-10-09 20:00", "2026-10-10 09:00"),
        ("2026-02-24 07:50", "2026-02-24 09:00"),
        ("2026-02-13 18:00", "2026-02-14 09:00"),
        ("2026-01-02 10:00", "2026-01-04 09:00"),
        ("2026-01-05 09:00", "2026-01-06 09:00"),
    ];
    for (start, due) in cases {
        assert_eq!(calendar.due_by(local(start), ClockTime(540)).at, local(due), "from {start}");
    }
}

#[test]
fn the_countings_differ_in_what_day_one_is() {
    let calendar = Calendar::compile(office()).unwrap();
    let due = |start: &str, counting| calendar.due(local(start), Span::WorkingDays(1), counting).at;
    for (start, same_day, deemed) in [
        ("2026-01-05 09:00", "2026-01-05 17:30", "2026-01-06 17:30"),
        ("2026-01-05 07:00", "2026-01-05 17:30", "2026-01-06 17:30"),
        ("2026-01-05 17:30", "2026-01-06 17:30", "2026-01-07 17:30"),
        ("2026-02-16 10:00", "2026-02-24 17:30", "2026-02-25 17:30"),
    ] {
        assert_eq!(due(start, Counting::SameDay), local(same_day), "same_day from {start}");
        assert_eq!(due(start, Counting::Deemed), local(deemed), "deemed from {start}");
    }
    assert_eq!(due("2026-01-05 11:00", Counting::Elapsed), local("2026-01-06 11:00"));
}

#[test]
fn a_day_that_ends_at_midnight_has_not_ended_in_the_evening() {
    let calendar = Calendar::compile(CalendarSpec { day_ends: DayEnds::Midnight, ..office() }).unwrap();
    let due = |days, counting| calendar.due(local("2026-01-05 20:00"), Span::WorkingDays(days), counting).at;
    assert_eq!(due(1, Counting::SameDay), local("2026-01-06 00:00"));
    assert_eq!(due(0, Counting::NextDay), local("2026-01-06 00:00"));
    assert_eq!(due(1, Counting::Deemed), local("2026-01-08 00:00"));
    // A day that ends at 24:00 is itself the start date of what is counted from it.
    assert_eq!(calendar.due_after(local("2026-01-06 00:00"), Span::WorkingDays(1)).at, local("2026-01-07 00:00"));
    assert_eq!(calendar.before(local("2026-01-07 00:00"), Span::WorkingDays(1)), local("2026-01-06 00:00"));
}

#[test]
fn natural_days_roll_to_the_next_working_day() {
    let calendar = Calendar::compile(office()).unwrap();
    falls_due(
        &calendar,
        "1 day",
        &[
            ("2026-01-05 23:00", "2026-01-06 17:30"),
            ("2026-02-14 09:00", "2026-02-24 17:30"),
            ("2026-01-02 09:00", "2026-01-04 17:30"),
        ],
    );
    falls_due(
        &calendar,
        "0 days",
        &[("2026-01-05 17:29", "2026-01-05 17:30"), ("2026-01-05 17:30", "2026-01-06 17:30")],
    );
    falls_due(&calendar, "0 working minutes", &[("2026-02-16 10:00", "2026-02-16 10:00")]);
    falls_due(&calendar, "24 hours", &[("2026-02-16 10:00", "2026-02-17 10:00")]);
    assert_eq!(calendar.due_on(date("2026-02-16")).at, local("2026-02-24 17:30"));
}

#[test]
fn a_step_before_a_due_is_the_latest_instant_with_that_much_working_time_left() {
    let calendar = Calendar::compile(office()).unwrap();
    let before = |due: &str, span: &str| calendar.before(local(due), span.parse().unwrap());
    assert_eq!(before("2026-01-05 14:50", "20 working minutes"), local("2026-01-05 14:30"));
    assert_eq!(before("2026-01-05 14:40", "20 working minutes"), local("2026-01-05 11:50"));
    assert_eq!(before("2026-01-05 13:00", "20 working minutes"), local("2026-01-05 11:40"));
    assert_eq!(before("2026-02-24 17:30", "1 working day"), local("2026-02-14 17:30"));
    assert_eq!(before("2026-02-24 17:30", "1 day"), local("2026-02-23 17:30"));
    assert_eq!(before("2026-02-24 17:30", "2 hours"), local("2026-02-24 15:30"));
}

#[test]
fn days_that_had_ended_before_a_suspension_stay_used() {
    let calendar = Calendar::compile(office()).unwrap();
    let left = |span: &str, counting, at: &str| {
        calendar.left(local("2026-01-05 10:00"), span.parse().unwrap(), counting, local(at)).to_string()
    };
    assert_eq!(left("4 working days", Counting::NextDay, "2026-01-05 16:00"), "4 working days");
    assert_eq!(left("4 working days", Counting::NextDay, "2026-01-06 17:29"), "4 working days");
    assert_eq!(left("4 working days", Counting::NextDay, "2026-01-06 17:30"), "3 working days");
    assert_eq!(left("4 working days", Counting::SameDay, "2026-01-06 16:00"), "3 working days");
    assert_eq!(left("4 working days", Counting::Elapsed, "2026-01-06 10:00"), "1170 working minutes");
    assert_eq!(left("3 days", Counting::NextDay, "2026-01-07 00:00"), "2 days");
    assert_eq!(left("8 hours", Counting::NextDay, "2026-01-05 13:00"), "5 hours");
    assert_eq!(left("8 working hours", Counting::NextDay, "2026-01-05 14:40"), "350 working minutes");
}

#[test]
fn a_due_outside_what_is_covered_is_provisional() {
    let calendar = Calendar::compile(office()).unwrap();
    let due = |start: &str| calendar.due(local(start), Span::WorkingDays(1), Counting::NextDay);
    assert!(!due("2026-12-30 10:00").provisional);
    assert!(due("2026-12-31 10:00").provisional);
    assert!(!calendar.is_provisional(local("2027-01-01 00:00")), "24:00 of the last covered date");
    let unknown = Calendar::compile(CalendarSpec { covers: None, ..office() }).unwrap();
    assert!(unknown.is_provisional(local("2026-01-05 10:00")));
}

#[test]
fn the_midday_break_is_not_off_duty() {
    let calendar = Calendar::compile(office()).unwrap();
    for (at, open, off) in [
        ("2026-01-05 08:29", false, true),
        ("2026-01-05 08:30", true, false),
        ("2026-01-05 12:00", false, false),
        ("2026-01-05 17:29", true, false),
        ("2026-01-05 17:30", false, true),
        ("2026-02-16 10:00", false, true),
    ] {
        assert_eq!((calendar.is_open(local(at)), calendar.is_off_duty(local(at))), (open, off), "{at}");
    }
}

#[test]
fn a_skipped_opening_is_the_first_instant_after_the_gap_and_a_repeated_close_the_last() {
    let spec = in_zone(chrono_tz::America::New_York, &["02:15-04:00"], &EVERY_DAY);
    let calendar = Calendar::compile(spec).unwrap();
    let gap = instant("2025-03-09T03:00:00-04:00");
    assert!(calendar.is_open(gap) && !calendar.is_open(gap.just_before()));
    let spec = in_zone(chrono_tz::America::New_York, &["01:30-01:45"], &EVERY_DAY);
    let calendar = Calendar::compile(spec).unwrap();
    let fold = (instant("2025-11-02T01:30:00-04:00"), instant("2025-11-02T01:45:00-05:00"));
    assert_eq!(calendar.worked_ms(fold.0.plus_ms(-3_600_000), fold.1.plus_ms(3_600_000)), 75 * 60_000);
    assert!(calendar.is_open(fold.0) && !calendar.is_open(fold.1));
    // By a time that comes twice: the second one too is an instant at which the clock reads it.
    assert_eq!(calendar.due_by(fold.0, ClockTime(90)).at, instant("2025-11-02T01:30:00-05:00"));
}

#[test]
fn a_date_that_the_zone_skips_is_no_working_day() {
    let spec = in_zone(chrono_tz::Pacific::Apia, &["09:00-17:00"], &EVERY_DAY);
    let calendar = Calendar::compile(spec).unwrap();
    assert!(!calendar.is_working_day(date("2011-12-30")));
    let due = calendar.due(instant("2011-12-29T10:00:00-10:00"), Span::WorkingDays(1), Counting::NextDay).at;
    assert_eq!(due, instant("2011-12-31T17:00:00+14:00"));
}

#[test]
fn instants_beyond_the_tables_are_right_and_beyond_time_they_stop() {
    let calendar = Calendar::compile(office()).unwrap();
    falls_due(&calendar, "1 working hour", &[("1950-01-02 17:00", "1950-01-03 09:00")]);
    falls_due(&calendar, "4 working days", &[("2150-01-01 10:00", "2150-01-07 17:30")]);
    falls_due(&calendar, "2 working hours", &[("2100-12-31 17:00", "2101-01-03 10:00")]);
    let (first, last) = (local("1960-01-01 00:00"), local("2110-01-01 00:00"));
    let inside = calendar.worked_ms(local("1970-01-02 00:00"), local("2100-12-31 00:00"));
    assert!(calendar.worked_ms(first, last) > inside);
    let century: Span = "36525 working days".parse().unwrap();
    for at in [Instant(i64::MIN), Instant(0), Instant(i64::MAX), Instant(i64::MAX - 1), Instant(i64::MIN + 1)] {
        for counting in [Counting::NextDay, Counting::SameDay, Counting::Deemed, Counting::Elapsed] {
            let due = calendar.due(at, century, counting);
            calendar.left(at, century, counting, due.at);
            calendar.due_after(due.at, century);
        }
        calendar.before(at, century);
        calendar.before(at, Span::WorkingTime(1));
        calendar.due_by(at, ClockTime(540));
        calendar.date(at);
    }
}

#[test]
fn a_calendar_that_never_opens_is_refused_and_as_a_base_answers_all_the_same() {
    let never = CalendarSpec { hours: Vec::new(), ..office() };
    assert!(matches!(Calendar::compile(never.clone()), Err(CalendarError::NeverOpens)));
    let base = Calendar::compile_base(never);
    assert!(base.due(local("2026-01-05 10:00"), Span::WorkingDays(1), Counting::NextDay).provisional);
    assert_eq!(base.day(date("2026-10-01")).title.as_deref(), Some("国庆节"));
}
