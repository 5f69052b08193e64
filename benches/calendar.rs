//! Working time: 10,000 random instants of 2024 and 2025 each, by the calendar of Zhuhai. README.md names the commands.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use duban::calendar::span::Span;
use duban::calendar::{Calendar, ClockTime, Counting, read};
use duban::text::problem::Problems;
use duban::time::Instant;
use std::path::Path;
use std::sync::{Arc, LazyLock};

const INSTANTS: usize = 10_000;
const DAY_MS: i64 = 86_400_000;

static CALENDAR: LazyLock<Arc<Calendar>> = LazyLock::new(|| {
    let mut problems = Problems::new();
    let calendars = read::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("calendars"), &mut problems);
    assert!(problems.is_empty());
    Arc::clone(calendars.get("zhuhai").expect("the sample calendars have it"))
});

fn main() {
    LazyLock::force(&CALENDAR);
    divan::main();
}

/// The same instants in every run: `SplitMix64`.
fn instants() -> Vec<Instant> {
    let first = Instant::parse("2024-01-01T00:00:00+08:00").expect("a valid instant").0;
    let mut state = 20_240_506_u64;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let span = 731 * DAY_MS.unsigned_abs();
    (0..INSTANTS).map(|_| first + i64::try_from(next() % span).unwrap_or(0)).map(Instant).collect()
}

/// Asks the same of each instant.
fn each<T>(bencher: Bencher, ask: impl Fn(&Calendar, Instant) -> T) {
    let instants = instants();
    let calendar = &**CALENDAR;
    bencher.counter(ItemsCount::new(INSTANTS)).bench_local(|| {
        for &at in &instants {
            black_box(ask(calendar, black_box(at)));
        }
    });
}

#[divan::bench]
fn due_1_working_hour(bencher: Bencher) {
    each(bencher, |calendar, at| calendar.due(at, black_box(Span::WorkingTime(3_600_000)), Counting::NextDay));
}

#[divan::bench]
fn due_32_working_hours(bencher: Bencher) {
    each(bencher, |calendar, at| calendar.due(at, black_box(Span::WorkingTime(32 * 3_600_000)), Counting::NextDay));
}

#[divan::bench]
fn due_4_working_days(bencher: Bencher) {
    each(bencher, |calendar, at| calendar.due(at, black_box(Span::WorkingDays(4)), Counting::NextDay));
}

#[divan::bench]
fn due_10_years_of_working_time(bencher: Bencher) {
    each(bencher, |calendar, at| calendar.due(at, black_box(Span::WorkingTime(16_250 * 3_600_000)), Counting::NextDay));
}

#[divan::bench]
fn due_by_nine(bencher: Bencher) {
    each(bencher, |calendar, at| calendar.due_by(at, black_box(ClockTime(540))));
}

#[divan::bench]
fn before_4_working_hours(bencher: Bencher) {
    each(bencher, |calendar, at| calendar.before(at, black_box(Span::WorkingTime(4 * 3_600_000))));
}

#[divan::bench]
fn worked_over_10_days(bencher: Bencher) {
    each(bencher, |calendar, at| calendar.worked_ms(at, at.plus_ms(black_box(10 * DAY_MS))));
}

#[divan::bench]
fn compile(bencher: Bencher) {
    bencher.bench_local(|| Calendar::compile(black_box(CALENDAR.spec().clone())));
}
