//! What may touch but not overlap: the opening intervals of one date, and the seasons of a year.

use crate::calendar::{Opening, Season};
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use chrono::{NaiveDate, Weekday};

/// Opening intervals, each with its place.
pub(super) type Placed = Vec<(Opening, Place)>;

/// Names each interval that overlaps an earlier one of the same date.
pub(super) fn check_intervals(open: &Placed, problems: &mut Problems) {
    for (i, (opening, place)) in open.iter().enumerate() {
        let overlaps = |(other, _): &&(Opening, Place)| opening.open < other.close && other.open < opening.close;
        if let Some((_, other)) = open[..i].iter().find(overlaps) {
            problems.push(overlapping_intervals(place, other));
        }
    }
}

/// Names each interval that overlaps one of an earlier entry for the same weekday.
pub(super) fn check_weekdays(entries: &[(Vec<Weekday>, Placed)], problems: &mut Problems) {
    for (i, (days, open)) in entries.iter().enumerate() {
        let earlier = entries[..i].iter().filter(|(others, _)| others.iter().any(|day| days.contains(day)));
        for (_, others) in earlier {
            for (opening, place) in open {
                let overlaps =
                    |(other, _): &&(Opening, Place)| opening.open < other.close && other.open < opening.close;
                if let Some((_, other)) = others.iter().find(overlaps) {
                    problems.push(overlapping_intervals(place, other));
                }
            }
        }
    }
}

/// Names each season that has a date in common with an earlier one.
pub(super) fn check_seasons(seasons: &[(Season, Place)], problems: &mut Problems) {
    let leap_year: Vec<NaiveDate> = (1..=366).filter_map(|day| NaiveDate::from_yo_opt(2024, day)).collect();
    for (i, (season, place)) in seasons.iter().enumerate() {
        let shares_a_date =
            |(other, _): &&(Season, Place)| leap_year.iter().any(|&date| season.contains(date) && other.contains(date));
        if let Some((other, other_place)) = seasons[..i].iter().find(shares_a_date) {
            let (a, b) = (&season.title, &other.title);
            let message = Text::new(format!("季节“{a}”与“{b}”重叠"), format!("the seasons `{a}` and `{b}` overlap"));
            let hint = Text::new(
                "from 和 until 两天都算在内：让后一季从前一季 until 的次日开始",
                "both ends count: let the one begin on the day after the other's `until`",
            );
            let related = Text::new("与这一季重叠", "overlaps this one");
            problems
                .push(Problem::error(place, "overlapping-seasons", message).hint(hint).related(other_place, related));
        }
    }
}

fn overlapping_intervals(place: &Place, other: &Place) -> Problem {
    let (a, b) = (place.text().trim_matches(['"', '\'']), other.text().trim_matches(['"', '\'']));
    let message = Text::new(format!("时段 {a} 与 {b} 重叠"), format!("the intervals {a} and {b} overlap"));
    let hint = Text::new("时段可以相接，不能重叠", "intervals may touch but not overlap");
    let related = Text::new("与这一段重叠", "overlaps this one");
    Problem::error(place, "overlapping-intervals", message).hint(hint).related(other, related)
}
