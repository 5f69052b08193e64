//! Instants as the whole program keeps them: whole milliseconds since 1970-01-01T00:00Z.
//!
//! Text outside is RFC 3339 with an offset; what has no offset is refused. Nothing here reads a clock.

use chrono::{DateTime, Datelike, Offset, SecondsFormat, TimeDelta, TimeZone, Timelike, Utc};
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

    /// Appends what [`Instant::rfc3339`] says; for output by the million.
    pub fn write_rfc3339(self, zone: Tz, out: &mut Vec<u8>) {
        let utc = self.utc().naive_utc();
        let offset = zone.offset_from_utc_datetime(&utc).fix().local_minus_utc();
        let local = utc + TimeDelta::seconds(offset.into());
        let (year, minutes) = (local.year(), offset.div_euclid(60));
        // chrono writes such years and offsets in forms of their own.
        if !(0..=9999).contains(&year) || offset % 60 != 0 {
            return out.extend(self.rfc3339(zone).as_bytes());
        }
        write_digits(year.unsigned_abs(), 4, out);
        for (mark, number) in [(b'-', local.month()), (b'-', local.day()), (b'T', local.hour())] {
            out.push(mark);
            write_digits(number, 2, out);
        }
        for number in [local.minute(), local.second()] {
            out.push(b':');
            write_digits(number, 2, out);
        }
        let millis = self.0.rem_euclid(1000);
        if millis != 0 {
            out.push(b'.');
            write_digits(u32::try_from(millis).unwrap_or(0), 3, out);
        }
        out.push(if minutes < 0 { b'-' } else { b'+' });
        write_digits(minutes.unsigned_abs() / 60, 2, out);
        out.push(b':');
        write_digits(minutes.unsigned_abs() % 60, 2, out);
    }

    /// The moment on a zone's wall clock. Instants beyond chrono's years are shown as its last.
    pub fn in_zone(self, zone: Tz) -> DateTime<Tz> {
        self.utc().with_timezone(&zone)
    }

    /// The moment in UTC. Instants beyond chrono's years are two days from its ends, so that every zone can show them.
    pub fn utc(self) -> DateTime<Utc> {
        let (first, last) =
            (DateTime::<Utc>::MIN_UTC + TimeDelta::days(2), DateTime::<Utc>::MAX_UTC - TimeDelta::days(2));
        let shown = self.0.clamp(first.timestamp_millis(), last.timestamp_millis());
        DateTime::from_timestamp_millis(shown).unwrap_or(last)
    }

    /// The moment so many milliseconds later.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Instant {
        Instant(self.0.saturating_add(ms))
    }

    /// The millisecond before: a due's day is the day of this moment, so that a day ending at 24:00 is itself.
    #[must_use]
    pub fn just_before(self) -> Instant {
        self.plus_ms(-1)
    }

    /// Milliseconds from `earlier` to this.
    pub fn ms_since(self, earlier: Instant) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Decimal digits, with leading zeros.
fn write_digits(number: u32, digits: u32, out: &mut Vec<u8>) {
    for place in (0..digits).rev() {
        out.push(b'0' + u8::try_from(number / 10_u32.pow(place) % 10).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_an_instant_agree() {
        let zones =
            [chrono_tz::Asia::Shanghai, chrono_tz::America::Sao_Paulo, chrono_tz::Asia::Kolkata, chrono_tz::UTC];
        let instants = (-40_i64..80).flat_map(|year| [0, 1, 999, 86_399_999].map(|ms| year * 31_556_952_123 + ms));
        for at in instants.chain([i64::MIN, i64::MAX, -62_167_219_200_000, 253_402_300_799_999]) {
            for zone in zones {
                let mut written = vec![];
                Instant(at).write_rfc3339(zone, &mut written);
                assert_eq!(String::from_utf8_lossy(&written), Instant(at).rfc3339(zone), "{at}");
            }
        }
    }
}
