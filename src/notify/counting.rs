//! How a due was counted, told in one sentence: what was counted of which day, what was left out, and why.

use crate::calendar::span::Span;
use crate::calendar::{Calendar, Counting, DateEntry};
use crate::notify::wording::{self, Moment};
use crate::policy::model::{Deadline, Limit, Within};
use crate::time::Instant;
use chrono::{NaiveDate, NaiveTime};

/// More counted days or intervals than this are told by their number, first and last.
const PARTS_MAX: usize = 4;

/// The sentence, without a full stop: from `start`, which `from` names, to `due`. Where the deadline's own span does not
/// lead there (an extension, a pause, a change of rules), it says only that.
pub(super) fn sentence(
    calendar: &Calendar,
    deadline: &Deadline,
    start: Instant,
    due: Instant,
    from: &str,
    year: i32,
) -> String {
    let counted = Counted { calendar, start, due, year };
    match limit(calendar, deadline, start, due) {
        Found::Span(Span::WorkingTime(ms)) => counted.working_time(from, Span::WorkingTime(ms)),
        Found::Span(Span::WorkingDays(days)) if deadline.counting == Counting::Elapsed => {
            counted.working_time(from, Span::WorkingDays(days))
        }
        Found::Span(Span::WorkingDays(days)) => counted.working_days(from, days, deadline.counting),
        Found::Span(Span::Elapsed(ms)) => format!("{from}起算{}", wording::length(ms)),
        Found::Span(Span::NaturalDays(days)) => counted.natural_days(from, days),
        Found::Clock => format!("{from}，限其后最近一个工作日{}前", counted.end_time()),
        Found::Given => format!("{from}，期限随之给定"),
        Found::Moved => format!("{from}起算，经延期、停表或规则变更后重新计算"),
    }
}

/// What led to a due.
enum Found {
    Span(Span),
    Clock,
    Given,
    Moved,
}

fn limit(calendar: &Calendar, deadline: &Deadline, start: Instant, due: Instant) -> Found {
    let leads = |within: &&Within| calendar.due(start, within.is, deadline.counting).at == due;
    let entry = |entries: &[Within]| entries.iter().find(leads).map(|within| Found::Span(within.is));
    match &deadline.limit {
        Limit::Within(entries) => entry(entries).unwrap_or(Found::Moved),
        Limit::By(time) if calendar.due_by(start, *time).at == due => Found::Clock,
        Limit::By(_) => Found::Moved,
        Limit::DueFrom(_, entries) => entry(entries).unwrap_or(Found::Given),
    }
}

struct Counted<'a> {
    calendar: &'a Calendar,
    start: Instant,
    due: Instant,
    year: i32,
}

/// Working time of one date that was counted.
struct Piece {
    date: NaiveDate,
    from: Instant,
    until: Instant,
}

impl Counted<'_> {
    fn end_time(&self) -> String {
        Moment::due(self.due, self.calendar, self.year).time
    }

    fn working_time(&self, from: &str, span: Span) -> String {
        let pieces = self.pieces();
        let told = if pieces.len() <= PARTS_MAX { self.each(&pieces) } else { self.summed(&pieces) };
        let skipped = self.skipped(self.calendar.date(self.start), self.calendar.date(self.due.just_before()));
        format!("{from}起算{}；{told}{skipped}", wording::span(span))
    }

    fn each(&self, pieces: &[Piece]) -> String {
        let mut told = None;
        let mut parts = Vec::new();
        for piece in pieces {
            parts.push(format!("{}{}", self.piece_day(piece.date, told), self.interval(piece)));
            told = Some(piece.date);
        }
        parts.join("，")
    }

    /// 当日, 同日 or 5月11日（周六，劳动节调休上班）.
    fn piece_day(&self, date: NaiveDate, told: Option<NaiveDate>) -> String {
        if told == Some(date) {
            String::new()
        } else if date == self.calendar.date(self.start) {
            "当日".into()
        } else {
            self.named(date)
        }
    }

    fn interval(&self, piece: &Piece) -> String {
        let time = |at| Moment::of(at, self.calendar, self.year).time;
        let length = wording::length(piece.until.ms_since(piece.from));
        format!("{}至{}计{length}", time(piece.from), Moment::due(piece.until, self.calendar, self.year).time)
    }

    fn summed(&self, pieces: &[Piece]) -> String {
        let ms: i64 = pieces.iter().map(|piece| piece.until.ms_since(piece.from)).sum();
        let mut dates: Vec<NaiveDate> = pieces.iter().map(|piece| piece.date).collect();
        dates.dedup();
        let last = dates.last().map(|date| self.named(*date)).unwrap_or_default();
        format!("至{last}{}，{}个工作日内的上班时间共计{}", self.end_time(), dates.len(), wording::length(ms))
    }

    /// The opening intervals within `[start, due)`.
    fn pieces(&self) -> Vec<Piece> {
        let (first, last) = (self.calendar.date(self.start), self.calendar.date(self.due.just_before()));
        let within = |(date, from, until): (NaiveDate, Instant, Instant)| {
            let (from, until) = (from.max(self.start), until.min(self.due));
            (from < until).then_some(Piece { date, from, until })
        };
        days(first, last).flat_map(|date| self.openings(date)).filter_map(within).collect()
    }

    fn openings(&self, date: NaiveDate) -> Vec<(NaiveDate, Instant, Instant)> {
        let at = |minutes: u16| match NaiveTime::from_num_seconds_from_midnight_opt(u32::from(minutes) * 60, 0) {
            Some(time) => self.calendar.at(date, time),
            None => self.calendar.at(date.succ_opt().unwrap_or(date), NaiveTime::MIN),
        };
        self.calendar.day(date).open.into_iter().map(|opening| (date, at(opening.open), at(opening.close))).collect()
    }

    fn working_days(&self, from: &str, count: u32, counting: Counting) -> String {
        let (first, last) = (self.calendar.date(self.start), self.calendar.date(self.due.just_before()));
        let working: Vec<NaiveDate> = days(first, last).filter(|date| self.calendar.is_working_day(*date)).collect();
        let counted = &working[working.len().saturating_sub(count as usize)..];
        let own_day = match (counted.contains(&first), counting) {
            (true, _) => "当日计入",
            (false, Counting::Deemed) => "视为次一工作日受理，受理当日不计",
            (false, _) => "当日不计",
        };
        let after = counted.first().and_then(NaiveDate::pred_opt).unwrap_or(first);
        let skipped = self.skipped(after.min(first), last);
        format!("{from}，{own_day}；{}计{count}个工作日{skipped}", self.listed(counted))
    }

    fn listed(&self, dates: &[NaiveDate]) -> String {
        let named: Vec<String> = dates.iter().map(|date| self.named(*date)).collect();
        match named.as_slice() {
            [first, .., last] if named.len() > PARTS_MAX => format!("{first}至{last}"),
            named => named.join("、"),
        }
    }

    fn natural_days(&self, from: &str, count: u32) -> String {
        let first = self.calendar.date(self.start);
        let plain = first.checked_add_days(chrono::Days::new(count.into())).unwrap_or(first);
        let last = self.calendar.date(self.due.just_before());
        let moved = if plain == last {
            format!("为{}", self.named(plain))
        } else {
            format!("{}为休息日，顺延至次一工作日", self.named(plain))
        };
        format!("{from}，当日不计，其后第{count}日{moved}")
    }

    /// What lies between two dates and was not counted: ，5月12日（周日）不计.
    fn skipped(&self, first: NaiveDate, last: NaiveDate) -> String {
        let rest: Vec<NaiveDate> =
            days(first, last).skip(1).filter(|date| !self.calendar.is_working_day(*date)).collect();
        if rest.is_empty() {
            return String::new();
        }
        format!("，{}不计", runs(&rest).into_iter().map(|run| self.run(run)).collect::<Vec<_>>().join("、"))
    }

    fn run(&self, run: &[NaiveDate]) -> String {
        match run {
            [only] => self.named(*only),
            [first, .., last] => {
                let names = self.rest_names(run);
                let days = format!("{}至{}", wording::day(*first, self.year), wording::day(*last, self.year));
                if names.is_empty() { format!("{days}（周末）") } else { format!("{days}（{names}）") }
            }
            [] => String::new(),
        }
    }

    /// The holidays in a run of days: 劳动节放假.
    fn rest_names(&self, run: &[NaiveDate]) -> String {
        let name = |date| match self.calendar.spec().days.get(date) {
            Some(DateEntry::Rest(name)) => Some(name.as_str()),
            _ => None,
        };
        let mut names: Vec<&str> = run.iter().filter_map(name).collect();
        names.dedup();
        if names.is_empty() { String::new() } else { format!("{}放假", wording::names(names)) }
    }

    /// 5月11日（周六，劳动节调休上班）.
    fn named(&self, date: NaiveDate) -> String {
        format!("{}（{}）", wording::day(date, self.year), wording::day_name(date, self.calendar))
    }
}

/// The dates from first to last, both included; a span of ten years at most is told.
fn days(first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    first.iter_days().take(3660).take_while(move |date| *date <= last)
}

/// Splits ascending dates where they are not consecutive.
fn runs(dates: &[NaiveDate]) -> Vec<&[NaiveDate]> {
    dates.chunk_by(|earlier, later| earlier.succ_opt() == Some(*later)).collect()
}
