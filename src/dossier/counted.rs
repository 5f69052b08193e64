//! The obligations of a page: each with its arithmetic, date by date.

use super::decided::DecisionPart;
use super::{Pair, zone};
use crate::calendar::layout::{Line, Skip};
use crate::calendar::naming::{suffixed, weekday};
use crate::engine::decision::Outcome;
use crate::engine::explain::{Known, Laid, ObligationStory, StepStory};
use crate::engine::wording;
use crate::notify::wording as letters;
use crate::policy::model::Local;
use crate::text::Lang;
use crate::time::Instant;
use chrono::{Datelike, NaiveDate, Timelike};
use chrono_tz::Tz;
use serde::Serialize;

/// An obligation.
#[derive(Serialize)]
pub(super) struct ObligationPart {
    /// 一小时响应.
    title: String,
    /// Its id in the rules.
    rule: &'static str,
    /// 第1轮, 第2轮第3次.
    place: String,
    /// 按时, 逾期办结.
    outcome: &'static str,
    /// `good`, `bad`, or empty.
    tone: &'static str,
    /// 珠府办函〔2023〕64号 二（一）2.
    basis: String,
    /// 其中时限为本地自行设定; empty where the document gives everything.
    pub(super) local: String,
    parts: Vec<Part>,
    steps: Vec<StepPart>,
}

/// A part of the arithmetic: something said, or a table of dates.
#[derive(Serialize)]
#[serde(untagged)]
enum Part {
    Said { said: Pair },
    Table { rows: Vec<Row>, total: String },
}

/// A line of the table.
#[derive(Debug, PartialEq, Serialize)]
struct Row {
    date: String,
    hours: String,
    counts: String,
    is_skipped: bool,
}

/// A step of the ladder.
#[derive(Serialize)]
struct StepPart {
    name: String,
    made: Vec<Made>,
    why_not: Vec<String>,
}

/// A decision that a step made.
#[derive(Serialize)]
struct Made {
    anchor: String,
    text: String,
}

pub(super) fn obligation(
    known: &Known<'_>,
    story: &ObligationStory,
    source: &str,
    decisions: &[DecisionPart],
) -> ObligationPart {
    let obligation = &story.obligation;
    let outcome = obligation.outcome;
    let clause = story.from.clause.as_deref().unwrap_or_default();
    let occurrence = match obligation.occurrence {
        1 => String::new(),
        occurrence => format!("第{occurrence}次"),
    };
    ObligationPart {
        title: story.title.clone(),
        rule: obligation.rule.as_str(),
        place: format!("第{}轮{occurrence}", obligation.round),
        outcome: wording::outcome(outcome, Lang::Zh),
        tone: match outcome {
            Outcome::Met => "good",
            Outcome::Late | Outcome::Overdue => "bad",
            Outcome::Open | Outcome::Suspended | Outcome::Cancelled => "",
        },
        basis: format!("{source} {clause}").trim().to_owned(),
        local: local(&story.from.local),
        parts: parts(&story.laid_out, zone(known)),
        steps: story.ladder.iter().map(|step| step_part(step, decisions)).collect(),
    }
}

/// What of a rule the operator chose.
fn local(local: &Local) -> String {
    match local {
        Local::Nothing => String::new(),
        Local::Whole => "本条为本地自行设定".into(),
        Local::Keys(keys) => {
            let mut names: Vec<&str> = keys.iter().map(|key| wording::key_title(key)).collect();
            names.dedup();
            format!("其中{}为本地自行设定", letters::names(names))
        }
    }
}

fn step_part(step: &StepStory, decisions: &[DecisionPart]) -> StepPart {
    let made = decisions.iter().filter(|one| step.made.iter().any(|key| **key == *one.key));
    let why_not = step.why_not.iter().map(|why| match &why.at {
        Some(at) => format!("{at}{}", why.why),
        None => why.why.clone(),
    });
    StepPart {
        name: step.name.clone(),
        made: made.map(|one| Made { anchor: one.anchor.clone(), text: format!("{} {}", one.at, one.act) }).collect(),
        why_not: why_not.collect(),
    }
}

/// What is said, and neighbouring dates as one table.
fn parts(laid: &[Laid], zone: Tz) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut lines: Vec<&Line> = Vec::new();
    for one in laid {
        match one {
            Laid::Counted(line) => lines.push(line),
            Laid::Said(name, rest) => {
                parts.extend(table(&mut lines, zone));
                parts.push(Part::Said { said: Pair::new(said_name(name), rest.clone()) });
            }
        }
    }
    parts.extend(table(&mut lines, zone));
    parts
}

/// A name as a form has it.
fn said_name(name: &str) -> &str {
    match name {
        "起" => "起算",
        "限" => "时限",
        "止" => "办理",
        "未止" => "不算办理",
        "未动" => "不变",
        "" => "　",
        other => other,
    }
}

fn table(lines: &mut Vec<&Line>, zone: Tz) -> Option<Part> {
    let lines = std::mem::take(lines);
    if lines.is_empty() {
        return None;
    }
    Some(Part::Table { rows: lines.iter().map(|line| row(line, zone)).collect(), total: total(&lines) })
}

/// What the dates add up to: 1小时, 2个工作日; empty where one line says it.
fn total(lines: &[&Line]) -> String {
    let worked: i64 =
        lines.iter().map(|line| if let Line::Worked { ms, .. } | Line::More { ms, .. } = line { *ms } else { 0 }).sum();
    let days =
        lines.iter().filter(|line| matches!(line, Line::Worked { .. } | Line::Day { .. } | Line::More { .. })).count();
    let is_time = lines.iter().any(|line| matches!(line, Line::Worked { .. }));
    if is_time && days > 1 { letters::length(worked) } else { String::new() }
}

fn row(line: &Line, zone: Tz) -> Row {
    match line {
        Line::Worked { date, pieces, ms, title } => {
            let pieces = pieces
                .iter()
                .map(|(from, until)| format!("{}–{}", clock(*from, zone, None), clock(*until, zone, Some(*date))));
            counted(day(*date, title.as_deref()), pieces.collect::<Vec<_>>().join("、"), letters::length(*ms))
        }
        Line::Day { date, number, end, title } => counted(
            day(*date, title.as_deref()),
            format!("至{}", clock(*end, zone, Some(*date))),
            format!("第{number}日"),
        ),
        Line::Skipped { from, until, why } => Row {
            date: if from == until {
                day(*from, None)
            } else {
                format!("{}至{}", month_day(*from), month_day(*until))
            },
            hours: skipped(why),
            counts: "不计".into(),
            is_skipped: true,
        },
        Line::More { from, until, days, ms } => {
            let counts = if *ms > 0 { letters::length(*ms) } else { format!("{days}日") };
            counted(format!("{}至{}", month_day(*from), month_day(*until)), format!("其间{days}个工作日"), counts)
        }
        Line::EndOf { date, end } => {
            counted(day(*date, None), format!("当日终了，至{}", clock(*end, zone, Some(*date))), "到期".into())
        }
        Line::Elapsed { from, until } => {
            let moment = |at: Instant| {
                let local = at.in_zone(zone);
                format!("{}{}", month_day(local.date_naive()), clock(at, zone, None))
            };
            let length = crate::calendar::span::Span::Elapsed(until.ms_since(*from)).text(Lang::Zh);
            counted(format!("{}至{}", moment(*from), moment(*until)), "连续计算".into(), length)
        }
    }
}

fn counted(date: String, hours: String, counts: String) -> Row {
    Row { date, hours, counts, is_skipped: false }
}

fn skipped(why: &Skip) -> String {
    match why {
        Skip::Rest(name) => suffixed(name, "放假"),
        Skip::StartDate => "开始当日不计入（民法典第二百零一条）".into(),
        Skip::Received => "视为受理之日，不计入".into(),
        Skip::Weekend => "周末".into(),
        Skip::Closed => "非工作日".into(),
        Skip::NoTime => "起止之间无工作时间".into(),
    }
}

/// 5月11日（周六，劳动节调休上班）.
fn day(date: NaiveDate, title: Option<&str>) -> String {
    let is_weekend = matches!(date.weekday(), chrono::Weekday::Sat | chrono::Weekday::Sun);
    let title = title.map(|title| if is_weekend { suffixed(title, "上班") } else { title.to_owned() });
    let title = title.map(|title| format!("，{title}")).unwrap_or_default();
    format!("{}（{}{title}）", month_day(date), weekday(date))
}

fn month_day(date: NaiveDate) -> String {
    format!("{}月{}日", date.month(), date.day())
}

/// 17:30, or 24:00 for the midnight that ends `date`.
fn clock(at: Instant, zone: Tz, date: Option<NaiveDate>) -> String {
    let local = at.in_zone(zone);
    let is_end = date.is_some_and(|date| local.date_naive() > date) && (local.hour(), local.minute()) == (0, 0);
    if is_end {
        return "24:00".into();
    }
    local.format(if at.0 % 60_000 == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}
