//! How a due was counted, told in one sentence: the calendar's lay-out ([`Calendar::lay_out`]) in the words of a letter.

use crate::calendar::layout::{Line, Skip};
use crate::calendar::span::Span;
use crate::calendar::{Calendar, Counting};
use crate::notify::wording::{self, Moment};
use crate::policy::model::{Deadline, Limit, Within};
use crate::time::Instant;
use chrono::{Days, NaiveDate};

/// More counted dates than this are told by their number, first and last.
const DATES_MAX: u32 = 4;

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
    let telling = Telling { calendar, start, due, year };
    match limit(calendar, deadline, start, due) {
        Found::Span(span) => telling.span(from, span, deadline.counting),
        Found::Clock => format!("{from}，限其后最近一个工作日{}前", telling.due_time()),
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

struct Telling<'a> {
    calendar: &'a Calendar,
    start: Instant,
    due: Instant,
    year: i32,
}

impl Telling<'_> {
    fn span(&self, from: &str, span: Span, counting: Counting) -> String {
        let lines = self.calendar.lay_out(self.start, span, counting);
        match (span, counting) {
            (Span::Elapsed(_), _) => format!("{from}起算{}", wording::span(span)),
            (Span::WorkingTime(_), _) | (Span::WorkingDays(_), Counting::Elapsed) => {
                format!("{from}起算{}；{}", wording::span(span), self.times(&lines))
            }
            (Span::WorkingDays(count), _) => format!("{from}，{}", self.days(&lines, count)),
            (Span::NaturalDays(count), _) => {
                format!("{from}，当日不计，其后第{count}日{}", self.natural(&lines, count))
            }
        }
    }

    /// 当日16:50至17:30计40分钟，5月11日（周六，劳动节调休上班）08:30至08:50计20分钟.
    fn times(&self, lines: &[Line]) -> String {
        let counted = total_days(lines);
        let told = if counted > DATES_MAX {
            let ms = lines.iter().map(worked_ms).sum();
            let end = Moment::due(self.due, self.calendar, self.year).full;
            format!("至{end}，{counted}个工作日内的上班时间共计{}", wording::length(ms))
        } else {
            lines.iter().filter_map(|line| self.worked(line)).collect::<Vec<_>>().join("，")
        };
        told + &self.skipped(lines)
    }

    fn worked(&self, line: &Line) -> Option<String> {
        let Line::Worked { date, pieces, ms, .. } = line else { return None };
        let day = if *date == self.start_date() { "当日".into() } else { self.named(*date) };
        let time = |at| Moment::of(at, self.calendar, self.year).time;
        let end = |at| Moment::due(at, self.calendar, self.year).time;
        let pieces: Vec<String> = pieces.iter().map(|(from, to)| format!("{}至{}", time(*from), end(*to))).collect();
        Some(format!("{day}{}计{}", pieces.join("、"), wording::length(*ms)))
    }

    /// 当日不计；5月11日（周六，劳动节调休上班）、5月13日（周一）计2个工作日，5月12日（周日）不计.
    fn days(&self, lines: &[Line], count: u32) -> String {
        let own = self.own_day(lines);
        let dates: Vec<NaiveDate> = lines.iter().filter_map(counted_date).collect();
        let listed = match dates.as_slice() {
            [first, .., last] if total_days(lines) > DATES_MAX => {
                format!("{}至{}", self.named(*first), self.named(*last))
            }
            dates => dates.iter().map(|date| self.named(*date)).collect::<Vec<_>>().join("、"),
        };
        format!("{own}；{listed}计{count}个工作日{}", self.skipped(lines))
    }

    /// What is said of the start date.
    fn own_day(&self, lines: &[Line]) -> &'static str {
        let is_received = |line: &Line| matches!(line, Line::Skipped { why: Skip::Received, .. });
        let is_skipped = |line: &Line| matches!(line, Line::Skipped { from, .. } if *from == self.start_date());
        if lines.iter().any(is_received) {
            "视为次一工作日受理，受理当日不计"
        } else if lines.iter().any(is_skipped) {
            "当日不计"
        } else {
            "当日计入"
        }
    }

    fn natural(&self, lines: &[Line], count: u32) -> String {
        let last = self.start_date().checked_add_days(Days::new(count.into())).unwrap_or(NaiveDate::MAX);
        let is_moved = lines.iter().any(|line| matches!(line, Line::EndOf { .. }));
        let last = self.named(last);
        if is_moved { format!("{last}为休息日，顺延至次一工作日") } else { format!("为{last}") }
    }

    /// What was left out after the start date: ，5月12日（周日）不计.
    fn skipped(&self, lines: &[Line]) -> String {
        // Of a long time it is enough to say that they were.
        if lines.iter().any(|line| matches!(line, Line::More { .. })) {
            return "，其间休息日不计".into();
        }
        let runs: Vec<String> = lines.iter().filter_map(|line| self.run(line)).collect();
        if runs.is_empty() { String::new() } else { format!("，{}不计", runs.join("、")) }
    }

    fn run(&self, line: &Line) -> Option<String> {
        let Line::Skipped { from, until, why: why @ (Skip::Rest(_) | Skip::Weekend | Skip::Closed) } = line else {
            return None;
        };
        let from = if *from == self.start_date() { from.succ_opt()? } else { *from };
        if from > *until {
            return None;
        }
        if from == *until {
            return Some(self.named(from));
        }
        let why = match why {
            Skip::Rest(name) => format!("{name}放假"),
            Skip::Weekend => "周末".into(),
            _ => "非工作日".into(),
        };
        Some(format!("{}至{}（{why}）", wording::day(from, self.year), wording::day(*until, self.year)))
    }

    fn start_date(&self) -> NaiveDate {
        self.calendar.date(self.start)
    }

    fn due_time(&self) -> String {
        Moment::due(self.due, self.calendar, self.year).time
    }

    /// 5月11日（周六，劳动节调休上班）.
    fn named(&self, date: NaiveDate) -> String {
        format!("{}（{}）", wording::day(date, self.year), wording::day_name(date, self.calendar))
    }
}

/// How many dates were counted, those left out of a long lay-out included.
fn total_days(lines: &[Line]) -> u32 {
    let days = |line: &Line| match line {
        Line::Worked { .. } | Line::Day { .. } => 1,
        Line::More { days, .. } => *days,
        Line::Skipped { .. } | Line::EndOf { .. } | Line::Elapsed { .. } => 0,
    };
    lines.iter().map(days).sum()
}

fn worked_ms(line: &Line) -> i64 {
    match line {
        Line::Worked { ms, .. } | Line::More { ms, .. } => *ms,
        _ => 0,
    }
}

fn counted_date(line: &Line) -> Option<NaiveDate> {
    match line {
        Line::Day { date, .. } | Line::EndOf { date, .. } => Some(*date),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::sync::{Arc, LazyLock};

    /// The shipped calendar of Zhuhai.
    fn zhuhai() -> Arc<Calendar> {
        static ZHUHAI: LazyLock<Arc<Calendar>> = LazyLock::new(|| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let rules = crate::policy::load(&root.join("rules"), &root.join("calendars"), &None).rules.unwrap();
            let policy = rules.policies.iter().find(|policy| policy.id.as_str() == "zhuhai-124").unwrap();
            policy.calendar.clone()
        });
        ZHUHAI.clone()
    }

    #[track_caller]
    fn check(start: &str, span: &str, counting: Counting, expected: &str) {
        let calendar = zhuhai();
        let start = Instant::parse(&format!("{start}:00+08:00")).unwrap();
        let span = span.parse().unwrap();
        let due = calendar.due(start, span, counting).at;
        let from = format!("{}签收", Moment::of(start, &calendar, 2024).full);
        let telling = Telling { calendar: &calendar, start, due, year: 2024 };
        assert_eq!(telling.span(&from, span, counting), expected);
    }

    #[test]
    fn every_way_of_counting_has_its_sentence() {
        use Counting::{Deemed, Elapsed, NextDay, SameDay};
        check(
            "2024-05-06T11:30",
            "1个工作小时",
            NextDay,
            "5月6日（周一）11:30签收起算1个工作小时；当日11:30至12:00、14:30至15:00计1小时",
        );
        check(
            "2024-04-30T17:10",
            "1个工作小时",
            NextDay,
            "4月30日（周二）17:10签收起算1个工作小时；当日17:10至17:30计20分钟，5月6日（周一）08:30至09:10计40分钟，5月1日至5月5日（劳动节放假）不计",
        );
        check(
            "2024-05-06T10:00",
            "40个工作小时",
            NextDay,
            "5月6日（周一）10:00签收起算40个工作小时；至5月13日（周一）11:00，7个工作日内的上班时间共计40小时，5月12日（周日）不计",
        );
        check(
            "2024-05-10T16:50",
            "2个工作日",
            NextDay,
            "5月10日（周五）16:50签收，当日不计；5月11日（周六，劳动节调休上班）、5月13日（周一）计2个工作日，5月12日（周日）不计",
        );
        check(
            "2024-05-12T10:00",
            "1个工作日",
            NextDay,
            "5月12日（周日）10:00签收，当日不计；5月13日（周一）计1个工作日",
        );
        check(
            "2024-05-10T10:00",
            "2个工作日",
            SameDay,
            "5月10日（周五）10:00签收，当日计入；5月10日（周五）、5月11日（周六，劳动节调休上班）计2个工作日",
        );
        check(
            "2024-05-10T18:00",
            "1个工作日",
            Deemed,
            "5月10日（周五）18:00签收，视为次一工作日受理，受理当日不计；5月13日（周一）计1个工作日，5月12日（周日）不计",
        );
        check(
            "2024-05-06T10:00",
            "20个工作日",
            NextDay,
            "5月6日（周一）10:00签收，当日不计；5月7日（周二）至5月31日（周五）计20个工作日，其间休息日不计",
        );
        check(
            "2024-05-06T10:00",
            "1个工作日",
            Elapsed,
            "5月6日（周一）10:00签收起算1个工作日；当日10:00至12:00、14:30至17:30计5小时，5月7日（周二）08:30至10:00计1小时30分钟",
        );
        check("2024-05-06T10:00", "24小时", NextDay, "5月6日（周一）10:00签收起算24小时");
        check("2024-05-06T10:00", "3日", NextDay, "5月6日（周一）10:00签收，当日不计，其后第3日为5月9日（周四）");
        check(
            "2024-05-10T10:00",
            "2日",
            NextDay,
            "5月10日（周五）10:00签收，当日不计，其后第2日5月12日（周日）为休息日，顺延至次一工作日",
        );
    }
}
