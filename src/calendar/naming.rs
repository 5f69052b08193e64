//! What days and instants are called in Chinese letters: 2024年5月11日（周六，劳动节调休上班）08:50.

use super::{Calendar, DateEntry};
use crate::time::Instant;
use chrono::{Datelike, NaiveDate};

/// 周六.
pub fn weekday(date: NaiveDate) -> &'static str {
    ["周一", "周二", "周三", "周四", "周五", "周六", "周日"][date.weekday().num_days_from_monday() as usize]
}

/// 劳动节调休上班 for 劳动节调休 and 上班; a name that says so already stays.
pub fn suffixed(name: &str, suffix: &str) -> String {
    if name.ends_with(suffix) { name.into() } else { format!("{name}{suffix}") }
}

impl Calendar {
    /// 周六，劳动节调休上班: the weekday, and what makes the date another day than its weekday would be.
    pub fn day_name(&self, date: NaiveDate) -> String {
        let weekday = weekday(date);
        match self.spec().days.get(&date) {
            Some(DateEntry::Rest(name)) => format!("{weekday}，{}", suffixed(name, "放假")),
            Some(DateEntry::Work(name, _)) => format!("{weekday}，{}", suffixed(name, "上班")),
            Some(DateEntry::Open(Some(name), _)) => format!("{weekday}，{name}"),
            Some(DateEntry::Open(None, _)) | None => weekday.into(),
        }
    }

    /// 2024年5月11日（周六，劳动节调休上班）08:50, to the second where it is no whole minute.
    pub fn formal_moment(&self, at: Instant) -> String {
        let local = at.in_zone(self.zone());
        let date = local.date_naive();
        let clock = local.format(if at.0 % 60_000 == 0 { "%H:%M" } else { "%H:%M:%S" });
        format!("{}（{}）{clock}", date.format("%Y年%-m月%-d日"), self.day_name(date))
    }
}
