//! Until when a notice waits though nothing hinders it: hours in which its kind does not disturb, and a reader who has had
//! enough for now. Pure: what was sent of late is asked of whoever keeps it.

use crate::calendar::span::Span;
use crate::calendar::{Calendar, Counting};
use crate::config::notices::Hours;
use crate::notify::notice::Target;
use crate::notify::rate;
use crate::time::Instant;
use chrono_tz::Tz;

/// Official time in China: where no calendar says another.
const ZONE: Tz = chrono_tz::Asia::Shanghai;

/// When the hours of a kind next begin; none: it is within them.
pub(super) fn opens_at(hours: Hours, calendar: Option<&Calendar>, now: Instant) -> Option<Instant> {
    match hours {
        Hours::Working => {
            let calendar = calendar.filter(|calendar| calendar.ever_opens() && !calendar.is_open(now))?;
            // The first millisecond of working time ends a millisecond after work begins.
            Some(calendar.due(now, Span::WorkingTime(1), Counting::NextDay).at.plus_ms(-1))
        }
        Hours::Between(from, to) => {
            let zone = calendar.map_or(ZONE, Calendar::zone);
            let local = now.utc().with_timezone(&zone);
            let minute = u16::try_from(chrono::Timelike::num_seconds_from_midnight(&local) / 60).unwrap_or_default();
            if (from.0..to.0).contains(&minute) {
                return None;
            }
            let today = local.date_naive();
            let day = if minute < from.0 { today } else { today.succ_opt()? };
            let time = chrono::NaiveTime::from_hms_opt(u32::from(from.0) / 60, u32::from(from.0) % 60, 0)?;
            // A time that a zone skips begins with the next one that it has.
            let start = (0..180).find_map(|minutes| {
                let local = day.and_time(time) + chrono::TimeDelta::minutes(minutes);
                local.and_local_timezone(zone).earliest()
            })?;
            Some(Instant(start.timestamp_millis()))
        }
    }
}

/// 11月22日08:30: until when something waits, as operators read it.
pub(super) fn shown(at: Instant) -> String {
    let local = at.in_zone(ZONE);
    let (month, day) = (chrono::Datelike::month(&local), chrono::Datelike::day(&local));
    format!("{month}月{day}日{}", local.format("%H:%M:%S"))
}

/// By what it is counted how much a reader has had.
pub(super) fn reader_key(target: &Target) -> String {
    let place = match target {
        Target::Recipient { place, .. } => place.as_deref().unwrap_or_default(),
        Target::Channel(_) => "",
    };
    rate::key("reader", &[target.name(), place])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{self, Calendar, ClockTime};
    use crate::text::problem::Problems;

    fn at(text: &str) -> Instant {
        Instant::parse(text).expect("an instant")
    }

    fn zhuhai() -> std::sync::Arc<Calendar> {
        let calendars = calendar::read::load(std::path::Path::new("calendars"), &mut Problems::new());
        calendars.get("zhuhai").expect("it is there").clone()
    }

    #[track_caller]
    fn check(hours: Hours, now: &str, expected: Option<&str>) {
        let calendar = zhuhai();
        assert_eq!(opens_at(hours, Some(&calendar), at(now)), expected.map(at), "{now}");
    }

    #[test]
    fn working_time_begins_when_the_calendar_says_make_up_days_and_holidays_included() {
        check(Hours::Working, "2024-05-10T10:00:00+08:00", None);
        check(Hours::Working, "2024-05-10T20:00:00+08:00", Some("2024-05-11T08:30:00+08:00"));
        check(Hours::Working, "2024-05-11T20:00:00+08:00", Some("2024-05-13T08:30:00+08:00"));
        check(Hours::Working, "2024-05-13T12:30:00+08:00", Some("2024-05-13T14:30:00+08:00"));
    }

    #[test]
    fn hours_of_the_day_hold_on_every_day() {
        let hours = Hours::Between(ClockTime(8 * 60), ClockTime(21 * 60));
        check(hours, "2024-05-12T08:00:00+08:00", None);
        check(hours, "2024-05-12T20:59:59+08:00", None);
        check(hours, "2024-05-12T21:00:00+08:00", Some("2024-05-13T08:00:00+08:00"));
        check(hours, "2024-05-12T03:00:00+08:00", Some("2024-05-12T08:00:00+08:00"));
    }

    #[test]
    fn readers_are_told_apart_and_not_named() {
        let reader = |recipient: &str, place: Option<&str>| {
            reader_key(&Target::Recipient { recipient: recipient.into(), place: place.map(Into::into) })
        };
        assert_ne!(reader("liaison", Some("市税务局")), reader("liaison", Some("市人社局")));
        assert_eq!(reader("liaison", None), reader("liaison", None));
        assert!(!reader("liaison", Some("市税务局")).contains("liaison"));
    }
}
