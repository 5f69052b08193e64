//! Which duties of a roster are to be announced, and in what words.

use crate::policy::roster::{Duty, Per, Roster};
use crate::time::Instant;
use chrono::Datelike;

/// A reminder missed for longer than this is not made up: its duty has passed.
pub(super) const MADE_UP_MS: i64 = 7 * 24 * 3_600_000;

/// The duties whose reminders lie in `[from, until]`.
pub(super) fn announced(roster: &Roster, from: Instant, until: Instant) -> Vec<Duty> {
    let first = roster.calendar.date(from);
    let last = first.checked_add_days(chrono::Days::new(ANNOUNCED_DAYS)).unwrap_or(first);
    let is_due = |duty: &Duty| roster.reminded(duty).is_some_and(|at| from <= at && at <= until);
    roster.duties(first, last).into_iter().filter(is_due).collect()
}

/// Nobody is reminded earlier than so many days before.
const ANNOUNCED_DAYS: u64 = 60;

/// `5月12日（周二）08:30-11:30 轮到市税务局值班`.
pub(super) fn said(roster: &Roster, duty: &Duty) -> String {
    let weekday = ["一", "二", "三", "四", "五", "六", "日"][duty.date.weekday().num_days_from_monday() as usize];
    let hours: Vec<String> = duty.hours.iter().map(ToString::to_string).collect();
    let week = if roster.per == Per::Week && duty.instead_of.is_none() { "起的一周，" } else { "" };
    let (month, day) = (duty.date.month(), duty.date.day());
    let moved = duty.moved_from.map(|from| format!("，由{}月{}日（节假日）顺延", from.month(), from.day()));
    let swapped = duty.instead_of.as_ref().map(|member| format!("，与{}换班", member.title()));
    format!(
        "{month}月{day}日（周{weekday}）{week}{} 轮到{}值班{}{}",
        hours.join("、"),
        duty.member.title(),
        moved.unwrap_or_default(),
        swapped.unwrap_or_default()
    )
}
