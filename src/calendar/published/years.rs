//! Which years are known without a gap.

use chrono::{Datelike, NaiveDate};
use std::collections::BTreeSet;

/// A horizon as calendar files give it.
pub type Covers = (NaiveDate, NaiveDate);

/// The horizon with the years laid to it, and the years that are missing in between: over a gap no horizon reaches.
pub(super) fn extended(covers: Option<Covers>, years: &BTreeSet<i32>) -> (Option<Covers>, Vec<i32>) {
    let known = covers.map(|(first, last)| first.year()..=last.year());
    let all: BTreeSet<i32> = years.iter().copied().chain(known.into_iter().flatten()).collect();
    let Some((&least, &greatest)) = all.first().zip(all.last()) else { return (covers, Vec::new()) };
    let missing: Vec<i32> = (least..greatest).filter(|year| !all.contains(year)).collect();
    // Where nothing was known before, the newest years without a gap.
    let anchor = covers.map_or(greatest, |(_, last)| last.year());
    let begin = (least..=anchor).rev().take_while(|year| all.contains(year)).last().unwrap_or(anchor);
    let end = (anchor..=greatest).take_while(|year| all.contains(year)).last().unwrap_or(anchor);
    let whole = NaiveDate::from_ymd_opt(begin, 1, 1).zip(NaiveDate::from_ymd_opt(end, 12, 31));
    (whole.map(|whole| kept_ends(whole, covers, years)), missing)
}

/// An end within a year that the input does not arrange stays where it was.
fn kept_ends((first, last): Covers, covers: Option<Covers>, years: &BTreeSet<i32>) -> Covers {
    let kept = |new: NaiveDate, old: Option<NaiveDate>| {
        old.filter(|old| old.year() == new.year() && !years.contains(&old.year())).unwrap_or(new)
    };
    (kept(first, covers.map(|covers| covers.0)), kept(last, covers.map(|covers| covers.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(covers: &str, years: &[i32]) -> String {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let covers = covers.split_once("..").map(|(first, last)| (date(first), date(last)));
        let (covers, missing) = extended(covers, &years.iter().copied().collect());
        let covers = covers.map_or_else(|| "-".to_owned(), |(first, last)| format!("{first}..{last}"));
        format!("{covers} {missing:?}")
    }

    #[test]
    fn the_horizon_grows_by_years_that_follow_without_a_gap() {
        assert_eq!(say("2018-01-01..2026-12-31", &[2027]), "2018-01-01..2027-12-31 []");
        assert_eq!(say("2018-01-01..2026-12-31", &[2020]), "2018-01-01..2026-12-31 []");
        assert_eq!(say("2018-03-01..2026-06-30", &[2017]), "2017-01-01..2026-06-30 []");
        assert_eq!(say("2018-03-01..2026-06-30", &[2026]), "2018-03-01..2026-12-31 []");
        assert_eq!(say("", &[2024, 2025]), "2024-01-01..2025-12-31 []");
        assert_eq!(say("", &[]), "- []");
    }

    #[test]
    fn over_a_gap_no_horizon_reaches() {
        assert_eq!(say("2018-01-01..2026-12-31", &[2028]), "2018-01-01..2026-12-31 [2027]");
        assert_eq!(say("", &[2020, 2023, 2024]), "2023-01-01..2024-12-31 [2021, 2022]");
    }
}
