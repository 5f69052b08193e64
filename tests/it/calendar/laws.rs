//! The tables against the minute-by-minute reference, in zones whose clocks are turned, with seasons over the new year;
//! and what holds of working time whatever the calendar.

use super::reference::Reference;
use chrono::{NaiveDate, TimeDelta, Weekday};
use chrono_tz::Tz;
use duban::calendar::span::Span;
use duban::calendar::{Calendar, CalendarSpec, ClockTime, Counting, DateEntry, DayEnds, Opening, Season, WeeklyHours};
use duban::time::Instant;
use proptest::prelude::*;
use std::collections::BTreeMap;

const WEEKS: i64 = 8;
const COUNTINGS: [Counting; 4] = [Counting::NextDay, Counting::SameDay, Counting::Deemed, Counting::Elapsed];

/// Zones and dates near which their clocks are turned: by an hour, by half an hour, at midnight, by a whole date, by a
/// summer time that is the standard one; and one whose clock is not.
const TURNS: [(Tz, &str); 10] = [
    (chrono_tz::America::New_York, "2025-03-09"),
    (chrono_tz::America::New_York, "2025-11-02"),
    (chrono_tz::Australia::Lord_Howe, "2025-04-06"),
    (chrono_tz::Australia::Lord_Howe, "2025-10-05"),
    (chrono_tz::Europe::Dublin, "2026-03-29"),
    (chrono_tz::Europe::Dublin, "2026-10-25"),
    (chrono_tz::America::Sao_Paulo, "2018-11-04"),
    (chrono_tz::America::Sao_Paulo, "2018-02-18"),
    (chrono_tz::Pacific::Apia, "2011-12-30"),
    (chrono_tz::Asia::Shanghai, "2026-01-02"),
];

/// Intervals on a grid of a quarter of an hour that do not overlap and may touch, the night's hours among them.
fn open() -> impl Strategy<Value = Vec<Opening>> {
    prop::collection::btree_set(0u16..=96, 2..=6).prop_map(|cuts| {
        let cuts: Vec<u16> = cuts.into_iter().map(|cut| cut * 15).collect();
        cuts.chunks_exact(2).map(|pair| Opening { open: pair[0], close: pair[1] }).collect()
    })
}

fn weekly() -> impl Strategy<Value = Vec<WeeklyHours>> {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    (open(), open(), 0..3usize).prop_map(|(first, second, kind)| match kind {
        0 => vec![WeeklyHours { days: vec![Mon, Tue, Wed, Thu, Fri], open: first }],
        1 => vec![WeeklyHours { days: vec![Mon, Tue, Wed, Thu, Fri, Sat, Sun], open: first }],
        _ => vec![
            WeeklyHours { days: vec![Sat, Sun], open: second },
            WeeklyHours { days: vec![Mon, Wed, Fri], open: first },
        ],
    })
}

fn entry() -> impl Strategy<Value = DateEntry> {
    prop_oneof![
        Just(DateEntry::Rest("休".to_owned())),
        Just(DateEntry::Work("班".to_owned(), None)),
        open().prop_map(|open| DateEntry::Work("班".to_owned(), Some(open))),
        open().prop_map(|open| DateEntry::Open(None, open)),
    ]
}

/// A calendar, and the date about which its clock is turned.
fn calendar() -> impl Strategy<Value = (CalendarSpec, NaiveDate)> {
    let season = prop::option::of((weekly(), 0..2usize));
    let days = prop::collection::vec((-12i64..20, entry()), 0..10);
    (0..TURNS.len(), weekly(), season, days, any::<bool>()).prop_map(|(turn, hours, season, days, midnight)| {
        let (zone, date) = TURNS[turn];
        let turn: NaiveDate = date.parse().unwrap();
        let seasons = season.map(|(hours, kind)| {
            let (from, until) = [((10, 30), (3, 28)), ((11, 5), (1, 3))][kind];
            Season { title: "冬令".to_owned(), from, until, hours }
        });
        let spec = CalendarSpec {
            name: "any".to_owned(),
            title: String::new(),
            zone,
            covers: None,
            hours,
            seasons: seasons.into_iter().collect(),
            days: days.into_iter().map(|(day, entry)| (turn + TimeDelta::days(day), entry)).collect::<BTreeMap<_, _>>(),
            day_ends: if midnight { DayEnds::Midnight } else { DayEnds::Closing },
            day_length_ms: Some(3 * 3_600_000),
        };
        (spec, turn)
    })
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![
        3 => (0i64..1500).prop_map(|minutes| Span::WorkingTime(minutes * 60_000)),
        3 => (0u32..7).prop_map(Span::WorkingDays),
        1 => (0i64..5000).prop_map(|minutes| Span::Elapsed(minutes * 60_000)),
        2 => (0u32..7).prop_map(Span::NaturalDays),
    ]
}

fn at(minute: i64) -> Instant {
    Instant(minute * 60_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_tables_agree_with_counting_minute_by_minute(
        (spec, turn) in calendar(),
        questions in prop::collection::vec((-4 * 1440i64..6 * 1440, span(), 0..4usize, 0u16..1440), 24),
    ) {
        let tables = Calendar::compile(spec.clone()).unwrap();
        let reference = Reference::new(&spec, turn - TimeDelta::days(24), WEEKS);
        let middle = turn.and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp() / 60;
        for (offset, span, counting, clock) in questions {
            let (start, counting) = (middle + offset, COUNTINGS[counting]);
            let asked = format!("{span:?} {counting:?} from {}", at(start).rfc3339(spec.zone));
            let shown = |instant: Instant| instant.rfc3339(spec.zone);
            let same = |found: Instant, expected: Option<i64>| expected.is_none_or(|expected| found == at(expected));

            let due = tables.due(at(start), span, counting).at;
            let expected = reference.due(start, span, counting);
            prop_assert!(same(due, expected), "due, {asked}: {} for {:?}", shown(due), expected.map(|e| shown(at(e))));

            if !span.is_zero() {
                let (due, expected) = (tables.due_after(at(start), span).at, reference.due_after(start, span));
                prop_assert!(same(due, expected), "due_after, {asked}: {} for {:?}", shown(due), expected.map(|e| shown(at(e))));
                let (step, expected) = (tables.before(at(start), span), reference.before(start, span));
                prop_assert!(same(step, expected), "before, {asked}: {} for {:?}", shown(step), expected.map(|e| shown(at(e))));
            }

            let (by, expected) = (tables.due_by(at(start), ClockTime(clock)).at, reference.due_by(start, clock));
            prop_assert!(same(by, expected), "by {clock}, {asked}: {} for {:?}", shown(by), expected.map(|e| shown(at(e))));

            prop_assert_eq!(tables.worked_ms(at(middle), at(start)), reference.worked(middle, start.max(middle)).unwrap() * 60_000);
            prop_assert_eq!(tables.is_open(at(start)), reference.is_open(start).unwrap(), "{}", asked);
            prop_assert_eq!(tables.is_off_duty(at(start)), reference.is_off_duty(start).unwrap(), "{}", asked);
            prop_assert_eq!(tables.date(at(start)), reference.date(start).unwrap(), "{}", asked);

            if let (Span::WorkingDays(n), true, Some(end)) = (span, counting != Counting::Elapsed, expected) {
                let suspended = i64::midpoint(start, end);
                let used = u32::try_from(reference.days_used(start, counting, suspended.min(start + 6 * 1440)).unwrap()).unwrap();
                let left = tables.left(at(start), span, counting, at(suspended.min(start + 6 * 1440)));
                prop_assert_eq!(left, Span::WorkingDays(n.saturating_sub(used)), "left, {}", asked);
            }
        }
    }

    #[test]
    fn a_due_has_exactly_its_working_time_before_it_and_a_step_before_it_leads_back(
        (spec, turn) in calendar(), start in -400_000_000i64..400_000_000, ms in 1i64..4_000_000_000,
    ) {
        let calendar = Calendar::compile(spec).unwrap();
        let start = Instant(turn.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_millis() + start);
        let due = calendar.due(start, Span::WorkingTime(ms), Counting::NextDay).at;
        prop_assert_eq!(calendar.worked_ms(start, due), ms);
        prop_assert_eq!(calendar.worked_ms(start, due.just_before()), ms - 1, "the earliest such instant");
        let back = calendar.before(due, Span::WorkingTime(ms));
        prop_assert_eq!(calendar.worked_ms(back, due), ms);
        prop_assert_eq!(calendar.worked_ms(back.plus_ms(1), due), ms - 1, "the latest such instant");
        prop_assert!(start <= back || calendar.worked_ms(back, start) == 0);
    }

    #[test]
    fn what_is_left_of_working_time_and_what_was_used_are_the_whole(
        (spec, turn) in calendar(), start in 0i64..400_000_000, ms in 1i64..400_000_000, suspended in 0i64..400_000_000,
    ) {
        let calendar = Calendar::compile(spec).unwrap();
        let start = Instant(turn.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_millis() + start);
        let due = calendar.due(start, Span::WorkingTime(ms), Counting::NextDay).at;
        let suspended = start.plus_ms(suspended).min(due);
        let left = calendar.left(start, Span::WorkingTime(ms), Counting::NextDay, suspended);
        prop_assert_eq!(left, Span::WorkingTime(ms - calendar.worked_ms(start, suspended)));
        prop_assert_eq!(calendar.due(suspended, left, Counting::NextDay).at.max(suspended), due.max(suspended));
    }

    #[test]
    fn a_lay_out_adds_up_to_the_span_and_ends_at_the_due(
        (spec, turn) in calendar(), start in 0i64..400_000_000, span in span(), counting in 0..4usize,
    ) {
        use duban::calendar::layout::Line;
        let (calendar, counting) = (Calendar::compile(spec).unwrap(), COUNTINGS[counting]);
        let start = Instant(turn.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_millis() + start);
        let due = calendar.due(start, span, counting).at;
        let lines = calendar.lay_out(start, span, counting);
        let (mut ms, mut days, mut end) = (0, 0, None);
        for line in &lines {
            match line {
                Line::Worked { ms: length, pieces, .. } => { ms += length; end = pieces.last().map(|piece| piece.1); }
                Line::Day { end: at, .. } => { days += 1; end = Some(*at); }
                Line::More { ms: length, days: more, .. } => { ms += length; days += more; }
                Line::EndOf { end: at, .. } => end = Some(*at),
                Line::Elapsed { until, .. } => end = Some(*until),
                Line::Skipped { .. } => {}
            }
        }
        let is_nothing = span.is_zero() && !matches!(span, Span::NaturalDays(_) | Span::WorkingDays(_));
        if !is_nothing && due > start && end.is_some() {
            prop_assert_eq!(end, Some(due), "{:?}", lines);
        }
        match (span, counting) {
            (Span::WorkingTime(length), _) => prop_assert_eq!(ms, length),
            (Span::WorkingDays(n), Counting::Elapsed) => prop_assert_eq!(ms, i64::from(n) * 3 * 3_600_000),
            (Span::WorkingDays(n) | Span::NaturalDays(n), _) => prop_assert_eq!(days, n, "{:?}", lines),
            (Span::Elapsed(_), _) => {}
        }
    }
}
