//! Instants as the whole program keeps them: whole milliseconds since 1970-01-01T00:00Z.
//!
//! Text outside is RFC 3339 with an offset; what has no offset is refused. Nothing here reads a clock.

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;

/// A moment, to the millisecond.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Instant(pub i64);

impl Instant {
    /// Before everything: from when the first version of a regime is in force.
    pub const BEGINNING: Instant = Instant(i64::MIN);

    /// Reads RFC 3339 with an offset; finer fractions than a millisecond are cut off.
    pub fn parse(text: &str) -> Option<Instant> {
        DateTime::parse_from_rfc3339(text).ok().map(|moment| Instant(moment.timestamp_millis()))
    }

    /// RFC 3339 in a zone, to the second unless a fraction is there.
    pub fn rfc3339(self, zone: Tz) -> String {
        let format = if self.0.rem_euclid(1000) == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
        self.in_zone(zone).to_rfc3339_opts(format, false)
    }

    /// The moment on a zone's wall clock. Instants beyond chrono's years are shown as its last.
    pub fn in_zone(self, zone: Tz) -> DateTime<Tz> {
        self.utc().with_timezone(&zone)
    }

    /// The moment in UTC. Instants beyond chrono's years are its last.
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(if self.0 < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }

    /// The moment so many milliseconds later.
    pub fn plus_ms(self, ms: i64) -> Instant {
        Instant(self.0.saturating_add(ms))
    }

    /// The millisecond before: a due's day is the day of this moment, so that a day ending at 24:00 is itself.
    pub fn just_before(self) -> Instant {
        self.plus_ms(-1)
    }

    /// Milliseconds from `earlier` to this.
    pub fn ms_since(self, earlier: Instant) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}
