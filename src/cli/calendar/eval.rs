//! `duban calendar eval`: requests as JSON lines in, one answer a line out, in order.
//!
//! Each line is answered by itself: what is wrong with one costs the others nothing, and a line is never so long that
//! answering takes unbounded memory. Answers go out whenever no further request is waiting, so that a program can ask
//! and wait.

use crate::calendar::span::Span;
use crate::calendar::{Calendar, ClockTime, Counting, Due, END};
use crate::text::want::{parse_date, shortened};
use crate::text::{Lang, Text};
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

/// A longer line is refused.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// A request as sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    #[serde(borrow)]
    op: Cow<'a, str>,
    #[serde(borrow, default)]
    start: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    within: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    by: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    counting: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    from: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    to: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    date: Option<Cow<'a, str>>,
}

/// An answer as printed.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Due {
        due: String,
        provisional: bool,
    },
    Worked {
        seconds: serde_json::Number,
    },
    Day {
        working: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        open: Vec<String>,
    },
    Error {
        error: String,
    },
}

/// Answers every line of the input.
pub(super) fn answer_all(
    calendar: &Calendar,
    lang: Lang,
    requests: &mut impl Read,
    answers: impl Write,
) -> io::Result<()> {
    let (mut requests, mut answers) = (BufReader::with_capacity(1 << 16, requests), BufWriter::new(answers));
    let mut line = Vec::new();
    while let Some(whole) = next_line(&mut requests, &mut line)? {
        let answer = if whole { answer(calendar, &line) } else { Err(too_long()) };
        let answer = answer.unwrap_or_else(|error| Answer::Error { error: error.in_lang(lang).to_owned() });
        serde_json::to_writer(&mut answers, &answer)?;
        answers.write_all(b"\n")?;
        if requests.buffer().is_empty() {
            answers.flush()?;
        }
    }
    answers.flush()
}

/// Reads a line without its break. None: the input has ended; `false`: the line was too long, and is gone.
fn next_line(requests: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    if requests.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') || requests.fill_buf()?.is_empty() {
        return Ok(Some(true));
    }
    requests.skip_until(b'\n')?;
    Ok(Some(false))
}

fn answer(calendar: &Calendar, line: &[u8]) -> Result<Answer, Text> {
    let line = line.trim_ascii();
    if line.first().is_some_and(|&byte| byte != b'{') {
        return Err(Text::new("请求应是一个 JSON 对象", "a request is a JSON object"));
    }
    let request: Request = serde_json::from_slice(line).map_err(|error| malformed(&error))?;
    match &*request.op {
        "due" => due(calendar, &request),
        "worked" => worked(calendar, &request),
        "day" => day(calendar, &request),
        op => Err(unknown_op(op)),
    }
}

fn due(calendar: &Calendar, request: &Request) -> Result<Answer, Text> {
    let start = instant(field(request.start.as_deref(), "start")?)?;
    let counting = request.counting.as_deref().map_or(Ok(Counting::NextDay), counting)?;
    let Due { at, provisional } = match (request.within.as_deref(), request.by.as_deref()) {
        (Some(within), None) => calendar.due(start, span(within)?, counting),
        (None, Some(by)) => calendar.due_by(start, clock_time(by)?),
        _ => return Err(Text::new("due 要有 within 或 by，且只有一个", "`due` takes either `within` or `by`")),
    };
    if at >= END {
        return Err(Text::new("到 9999 年也不会到期", "it does not fall due before the year 9999"));
    }
    Ok(Answer::Due { due: at.rfc3339(calendar.zone()), provisional })
}

fn worked(calendar: &Calendar, request: &Request) -> Result<Answer, Text> {
    let from = instant(field(request.from.as_deref(), "from")?)?;
    let to = instant(field(request.to.as_deref(), "to")?)?;
    Ok(Answer::Worked { seconds: seconds(calendar.worked_ms(from, to)) })
}

/// Whole seconds as an integer; the fraction only where there is one.
fn seconds(ms: i64) -> serde_json::Number {
    #[expect(clippy::cast_precision_loss, reason = "ten thousand years of milliseconds are below 2^53")]
    let fraction = || serde_json::Number::from_f64(ms as f64 / 1000.0);
    if ms % 1000 == 0 { (ms / 1000).into() } else { fraction().unwrap_or_else(|| (ms / 1000).into()) }
}

fn day(calendar: &Calendar, request: &Request) -> Result<Answer, Text> {
    let written = field(request.date.as_deref(), "date")?;
    let date = parse_date(written).ok_or_else(|| {
        let shown = shortened(written);
        Text::new(format!("“{shown}”不是日期，应写成 2024-05-06"), format!("`{shown}` is no date such as 2024-05-06"))
    })?;
    let day = calendar.day(date);
    let open = day.open.iter().map(ToString::to_string).collect();
    Ok(Answer::Day { working: day.working, title: day.title, open })
}

fn field<'a>(value: Option<&'a str>, name: &str) -> Result<&'a str, Text> {
    value.ok_or_else(|| Text::new(format!("缺少 {name}"), format!("`{name}` is missing")))
}

fn instant(written: &str) -> Result<Instant, Text> {
    Instant::parse(written).ok_or_else(|| {
        let shown = shortened(written);
        Text::new(
            format!("“{shown}”不是带时差的时刻，应写成 2024-05-06T09:00:00+08:00"),
            format!("`{shown}` is no instant with an offset, such as 2024-05-06T09:00:00+08:00"),
        )
    })
}

fn span(written: &str) -> Result<Span, Text> {
    written.parse().map_err(|error: crate::calendar::span::ParseSpanError| {
        let shown = shortened(written);
        Text::new(format!("“{shown}”：{}", error.message(Lang::Zh)), format!("`{shown}`: {error}"))
    })
}

fn clock_time(written: &str) -> Result<ClockTime, Text> {
    ClockTime::parse(written).ok_or_else(|| {
        let shown = shortened(written);
        Text::new(format!("“{shown}”不是时刻，应写成 09:00"), format!("`{shown}` is no time of day such as 09:00"))
    })
}

fn counting(written: &str) -> Result<Counting, Text> {
    Counting::parse(written).ok_or_else(|| {
        let (shown, known) = (shortened(written), Counting::WORDS.map(|(word, _)| word));
        Text::new(
            format!("没有“{shown}”这种计算方式，可以写：{}", known.join("、")),
            format!("there is no counting `{shown}`; one of: {}", known.join(", ")),
        )
    })
}

fn unknown_op(op: &str) -> Text {
    let shown = shortened(op);
    Text::new(
        format!("不认识的请求“{shown}”，可以写：due、worked、day"),
        format!("unknown op `{shown}`; one of: due, worked, day"),
    )
}

fn malformed(error: &serde_json::Error) -> Text {
    let zh = if error.is_data() { "请求有误" } else { "不是合法的 JSON" };
    let en = if error.is_data() { "malformed request" } else { "malformed JSON" };
    Text::new(format!("{zh}：{error}"), format!("{en}: {error}"))
}

fn too_long() -> Text {
    let kib = LINE_BYTES_MAX >> 10;
    Text::new(format!("这一行超过 {kib} KiB"), format!("the line is longer than {kib} KiB"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::tests::office;

    fn answers(lang: Lang, requests: &[u8]) -> String {
        let calendar = Calendar::compile(office()).unwrap();
        let mut printed = Vec::new();
        answer_all(&calendar, lang, &mut &*requests, &mut printed).unwrap();
        String::from_utf8(printed).unwrap()
    }

    #[test]
    fn each_request_has_its_answer() {
        let requests = r#"{"op":"due","start":"2026-05-06T09:00:00+08:00","within":"1 working hour","counting":"next_day"}
{"op":"due","start":"2026-05-06T20:00:00+08:00","by":"09:00"}
{"op":"due","start":"2026-12-31T09:00:00Z","within":"4个工作日"}
{"op":"worked","from":"2026-05-06T09:00:00+08:00","to":"2026-05-08T09:00:00+08:00"}
{"op":"worked","from":"2026-05-06T09:00:00+08:00","to":"2026-05-06T09:00:00.250+08:00"}
{"op":"worked","from":"2026-05-08T09:00:00+08:00","to":"2026-05-06T09:00:00+08:00"}
{"op":"day","date":"2026-05-09"}
{"op":"day","date":"2026-05-06"}
{"op":"day","date":"2026-10-01"}"#;
        insta::assert_snapshot!(answers(Lang::Zh, requests.as_bytes()), @r#"
        {"due":"2026-05-06T10:00:00+08:00","provisional":false}
        {"due":"2026-05-07T09:00:00+08:00","provisional":false}
        {"due":"2027-01-06T17:30:00+08:00","provisional":true}
        {"seconds":46800}
        {"seconds":0.25}
        {"seconds":0}
        {"working":true,"title":"调休","open":["08:30-12:00","14:30-17:30"]}
        {"working":true,"open":["08:30-12:00","14:30-17:30"]}
        {"working":false,"title":"国庆节","open":[]}
        "#);
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said_for_that_line_alone() {
        let requests = r#"{"op":"due","start":"2026-05-06T09:00:00","within":"1 working hour"}
{"op":"due","start":"2026-05-06T09:00:00+08:00","within":"1 wrking hour"}
{"op":"due","start":"2026-05-06T09:00:00+08:00","within":"1 hour","by":"09:00"}
{"op":"due","start":"2026-05-06T09:00:00+08:00","within":"1 hour","counting":"nextday"}
{"op":"due","start":"2026-05-06T09:00:00+08:00","by":"24:00"}
{"op":"due","within":"1 hour"}
{"op":"due","start":5,"within":"1 hour"}
{"op":"dew"}
{"op":"day","date":"2026-02-30"}
{"op":"day","dat":"2026-02-28"}
{"op":"day"
[]

{"op":"day","date":"2026-05-06"}"#;
        insta::assert_snapshot!(answers(Lang::Zh, requests.as_bytes()), @r#"
        {"error":"“2026-05-06T09:00:00”不是带时差的时刻，应写成 2024-05-06T09:00:00+08:00"}
        {"error":"“1 wrking hour”：时长是一个整数加单位，如“90工作分钟”“4个工作日”“24小时”“3日”，或 `4 working days`"}
        {"error":"due 要有 within 或 by，且只有一个"}
        {"error":"没有“nextday”这种计算方式，可以写：next_day、same_day、deemed、elapsed"}
        {"error":"“24:00”不是时刻，应写成 09:00"}
        {"error":"缺少 start"}
        {"error":"请求有误：invalid type: integer `5`, expected a string at line 1 column 21"}
        {"error":"不认识的请求“dew”，可以写：due、worked、day"}
        {"error":"“2026-02-30”不是日期，应写成 2024-05-06"}
        {"error":"请求有误：unknown field `dat`, expected one of `op`, `start`, `within`, `by`, `counting`, `from`, `to`, `date` at line 1 column 17"}
        {"error":"不是合法的 JSON：EOF while parsing an object at line 1 column 11"}
        {"error":"请求应是一个 JSON 对象"}
        {"error":"不是合法的 JSON：EOF while parsing a value at line 1 column 0"}
        {"working":true,"open":["08:30-12:00","14:30-17:30"]}
        "#);
        insta::assert_snapshot!(answers(Lang::En, requests.as_bytes()), @r#"
        {"error":"`2026-05-06T09:00:00` is no instant with an offset, such as 2024-05-06T09:00:00+08:00"}
        {"error":"`1 wrking hour`: a span is a whole number and a unit, such as `90 working minutes`, `4 working days`, `24 hours` or `3 days`"}
        {"error":"`due` takes either `within` or `by`"}
        {"error":"there is no counting `nextday`; one of: next_day, same_day, deemed, elapsed"}
        {"error":"`24:00` is no time of day such as 09:00"}
        {"error":"`start` is missing"}
        {"error":"malformed request: invalid type: integer `5`, expected a string at line 1 column 21"}
        {"error":"unknown op `dew`; one of: due, worked, day"}
        {"error":"`2026-02-30` is no date such as 2024-05-06"}
        {"error":"malformed request: unknown field `dat`, expected one of `op`, `start`, `within`, `by`, `counting`, `from`, `to`, `date` at line 1 column 17"}
        {"error":"malformed JSON: EOF while parsing an object at line 1 column 11"}
        {"error":"a request is a JSON object"}
        {"error":"malformed JSON: EOF while parsing a value at line 1 column 0"}
        {"working":true,"open":["08:30-12:00","14:30-17:30"]}
        "#);
    }

    #[test]
    fn neither_bytes_that_are_no_text_nor_endless_lines_stop_it() {
        let mut requests = vec![0xff, 0xfe, b'\n'];
        requests.extend(vec![b'x'; 300_000]);
        requests.extend(b"\n{\"op\":\"day\",\"date\":\"2026-05-06\"}\n");
        let printed = answers(Lang::En, &requests);
        let lines: Vec<_> = printed.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with(r#"{"error":"#) && lines[1].contains("longer than"));
        assert!(lines[2].starts_with(r#"{"working":true"#));
    }
}
