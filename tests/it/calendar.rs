//! Working time through the library and through `duban calendar`: all the worked cases, the vectors of the domain, the
//! national calendar against the State Council's arrangements, and a year drawn.

mod laws;
mod reference;

use crate::program::{self, Run};
use chrono::NaiveDate;
use duban::calendar::read::{self, Calendars};
use duban::calendar::{ClockTime, Counting};
use duban::text::Lang;
use duban::text::problem::Problems;
use duban::text::show;
use duban::time::Instant;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const WORKING_TIME: &str = "tests/data/working-time";

fn load(dir: &str) -> Calendars {
    let mut problems = Problems::new();
    let calendars = read::load(Path::new(dir), &mut problems);
    let shown: Vec<_> = problems.sorted().iter().map(|problem| show::brief(problem, Lang::En)).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
    calendars
}

/// The worked cases: calendar, request, and what is expected.
fn vectors() -> Vec<Value> {
    let text = std::fs::read_to_string(format!("{WORKING_TIME}/vectors.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn at(request: &Value, key: &str) -> Instant {
    Instant::parse(request[key].as_str().unwrap()).unwrap()
}

#[test]
fn the_library_answers_every_worked_case() {
    let calendars = load(&format!("{WORKING_TIME}/calendars"));
    for case in vectors() {
        let calendar = calendars.get(case["calendar"].as_str().unwrap()).unwrap();
        let request = &case["request"];
        if request["op"] == "worked" {
            let ms = calendar.worked_ms(at(request, "from"), at(request, "to"));
            assert_eq!(ms, case["seconds"].as_i64().unwrap() * 1000, "{case}");
        } else {
            let counting =
                request["counting"].as_str().map_or(Counting::NextDay, |word| Counting::parse(word).unwrap());
            let within = request["within"].as_str().unwrap().parse().unwrap();
            assert_eq!(calendar.due(at(request, "start"), within, counting).at, at(&case, "due"), "{case}");
        }
    }
}

#[test]
fn calendar_eval_answers_every_worked_case() {
    let mut by_calendar: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for case in vectors() {
        by_calendar.entry(case["calendar"].as_str().unwrap().to_owned()).or_default().push(case);
    }
    assert_eq!(by_calendar.values().map(Vec::len).sum::<usize>(), 2236);
    for (calendar, cases) in by_calendar {
        let requests: Vec<_> = cases.iter().map(|case| case["request"].to_string()).collect();
        let calendars = format!("{WORKING_TIME}/calendars");
        let run = program::duban(&["calendar", "eval", &calendar, "--calendars", &calendars], &requests.join("\n"));
        let answers = run.json_lines();
        assert_eq!(answers.len(), cases.len(), "{}", run.errors);
        for (case, answer) in cases.iter().zip(answers) {
            let key = if case["seconds"].is_null() { "due" } else { "seconds" };
            assert_eq!(answer[key], case[key], "{case}");
        }
    }
}

#[test]
fn the_sample_calendars_answer_the_vectors_of_the_domain() {
    let calendars = load("calendars");
    let calendar = calendars.get("zhuhai").unwrap();
    let local = |text: &str| Instant::parse(&format!("{}:00+08:00", text.replace(' ', "T"))).unwrap();
    for (start, span, due) in [
        ("2026-02-13 17:10", "1 working hour", "2026-02-14 09:10"),
        ("2026-09-30 17:10", "1 working hour", "2026-10-08 09:10"),
        ("2026-09-30 10:00", "4个工作日", "2026-10-12 17:30"),
        ("2025-12-31 10:00", "4 working days", "2026-01-07 17:30"),
        ("2024-10-11 10:00", "1 working day", "2024-10-12 17:30"),
        ("2020-01-23 10:00", "3 working days", "2020-02-05 17:30"),
    ] {
        let found = calendar.due(local(start), span.parse().unwrap(), Counting::NextDay);
        assert_eq!(found.at, local(due), "{span} from {start}");
        assert!(!found.provisional);
    }
    assert_eq!(calendar.due_by(local("2026-10-09 20:00"), ClockTime(540)).at, local("2026-10-10 09:00"));
    let beyond = calendar.due(local("2026-12-31 10:00"), "1 working day".parse().unwrap(), Counting::NextDay);
    assert_eq!((beyond.at, beyond.provisional), (local("2027-01-01 17:30"), true));
}

#[test]
fn the_sample_calendars_have_the_hours_of_their_cities() {
    let calendars = load("calendars");
    let on = |name: &str, date: &str| {
        let day = calendars.get(name).unwrap().day(date.parse().unwrap());
        day.open.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(on("zhuhai", "2026-07-01"), "08:30-12:00 14:30-17:30");
    assert_eq!(on("zhongshan", "2026-07-01"), "08:30-12:00 14:30-17:30");
    assert_eq!(on("shuangyashan", "2026-07-01"), "08:30-11:30 13:30-17:00");
    assert_eq!(on("yicheng", "2026-05-29"), "08:30-12:00 13:30-17:30");
    assert_eq!(on("yicheng", "2026-06-01"), "08:30-12:00 14:00-18:00");
    assert_eq!(on("yicheng", "2026-09-30"), "08:30-12:00 14:00-18:00");
    assert_eq!(on("yicheng", "2026-09-20"), "08:30-12:00 14:00-18:00", "a make-up day in summer");
    assert_eq!(on("yicheng", "2026-10-10"), "08:30-12:00 13:30-17:30", "a make-up day after it");
}

#[test]
fn the_national_calendar_is_what_the_state_council_arranged() {
    let arranged: Value =
        serde_json::from_str(&std::fs::read_to_string("tests/data/cn-holidays-2018-2026.json").unwrap()).unwrap();
    let calendars = load("calendars");
    let calendar = calendars.get("zhuhai").unwrap();
    let days = |year: &str, kind: &str| arranged[year][kind].as_object().unwrap().clone();
    for year in 2018..=2026 {
        let (off, work) = (days(&year.to_string(), "off"), days(&year.to_string(), "work"));
        let dates = NaiveDate::from_yo_opt(year, 1).unwrap().iter_days();
        for date in dates.take_while(|date| date.format("%Y").to_string() == year.to_string()) {
            let key = date.to_string();
            let weekday = date.format("%u").to_string().parse::<u8>().unwrap() <= 5;
            let expected = work.contains_key(&key) || (weekday && !off.contains_key(&key));
            let day = calendar.day(date);
            assert_eq!(day.working, expected, "{date}");
            let title = off.get(&key).map(|name| name.as_str().unwrap().to_owned());
            let title = title.or(work.get(&key).map(|name| format!("{}调休", name.as_str().unwrap())));
            assert_eq!(day.title, title, "{date}");
        }
    }
}

#[test]
fn a_year_is_drawn_with_its_holidays_and_make_up_days_in_columns() {
    let run = program::duban(&["calendar", "show", "yicheng", "2026"], "");
    assert_eq!(run.exit, 0, "{}", run.errors);
    insta::assert_snapshot!(run.output);
    let english = program::duban(&["calendar", "show", "yicheng", "2026", "--lang", "en"], "");
    assert!(english.output.contains("248 working days, 1860 hours"), "{}", english.output);
}

#[test]
fn a_calendar_that_is_not_there_is_named_with_the_nearest_one() {
    let Run { exit, output, errors } = program::duban(&["calendar", "eval", "zhuhia"], "{}\n");
    assert_eq!((exit, output.as_str()), (2, ""));
    assert!(errors.contains("zhuhai"), "{errors}");
    let missing = program::duban(&["calendar", "show", "zhuhai", "2026", "--calendars", "no-such-folder"], "");
    assert_eq!(missing.exit, 2, "{}", missing.errors);
}

#[test]
fn a_calendars_folder_with_mistakes_is_refused_with_every_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), "calendar: a\ntimezone: Asia/Shangai\nhuors: []\n").unwrap();
    let dir = folder.path().to_str().unwrap();
    let run = program::duban(&["calendar", "eval", "a", "--calendars", dir], &json!({"op": "day"}).to_string());
    assert_eq!((run.exit, run.output.as_str()), (1, ""));
    assert!(run.errors.contains("Asia/Shanghai") && run.errors.contains("a.yaml:3:1"), "{}", run.errors);
}
