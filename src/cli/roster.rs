//! `duban roster`: who is on duty when, and why.

use super::Common;
use super::columns::padded;
use crate::clock;
use crate::policy::directory::Directory;
use crate::policy::roster::{Duty, Member, Per, Roster};
use crate::text::{Lang, want};
use chrono::{Datelike, Days, Months, NaiveDate};
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::Arc;

/// 轮值 [rosters]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 打印一个月的轮值表 [who is on duty in a month]
    Show {
        /// 轮值表的编号；不写则全部 [the roster; default: all]
        roster: Option<String>,
        /// 月份，如 2026-05；不写则本月 [the month; default: this one]
        #[arg(value_parser = month)]
        month: Option<NaiveDate>,
        /// 输出形式 [form]
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Table,
    Jsonl,
    Csv,
}

fn month(text: &str) -> Result<NaiveDate, String> {
    want::parse_date(&format!("{text}-01")).ok_or_else(|| "a month such as 2026-05".to_owned())
}

pub(crate) fn run(common: &Common, args: &Args) -> ExitCode {
    let Command::Show { roster, month, format } = &args.command;
    let directory = match common.load_rules() {
        Ok(rules) => rules.directory,
        Err(exit) => return exit,
    };
    if let Some(name) = roster.as_deref().filter(|name| !directory.rosters.contains_key(*name)) {
        return unknown(common.lang, name, &directory);
    }
    let chosen = directory.rosters.values().filter(|known| roster.as_deref().is_none_or(|name| *name == *known.name));
    let shown: Vec<Shown<'_>> = chosen.map(|roster| Shown::of(roster, *month, &directory)).collect();
    let mut out = io::stdout().lock();
    let done = match format {
        Format::Table => table(&shown, common.lang, &mut out),
        Format::Jsonl => shown.iter().flat_map(Shown::json).try_for_each(|row| writeln!(out, "{row}")),
        Format::Csv => csv(&shown, &mut out),
    };
    match done {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            super::tell(common.lang, &error, None);
            ExitCode::from(2)
        }
        _ => ExitCode::SUCCESS,
    }
}

fn unknown(lang: Lang, name: &str, directory: &Directory) -> ExitCode {
    let hint = want::instead(name, directory.rosters.keys().map(|name| &**name));
    match lang {
        Lang::Zh => eprintln!("错误：没有名为“{}”的轮值表（rules/rosters.yaml）；{}", want::shortened(name), hint.zh),
        Lang::En => {
            eprintln!("error: there is no roster `{}` (rules/rosters.yaml); {}", want::shortened(name), hint.en);
        }
    }
    ExitCode::from(2)
}

/// A roster's month.
struct Shown<'a> {
    roster: &'a Arc<Roster>,
    directory: &'a Directory,
    first: NaiveDate,
    duties: Vec<Duty>,
    /// The holidays that take no turn or moved theirs: name and dates.
    holidays: Vec<(NaiveDate, String)>,
}

impl<'a> Shown<'a> {
    fn of(roster: &'a Arc<Roster>, month: Option<NaiveDate>, directory: &'a Directory) -> Shown<'a> {
        let today = || roster.calendar.date(clock::now());
        let first = month.unwrap_or_else(|| today().with_day(1).unwrap_or_else(today));
        let next = first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
        let last = next.checked_sub_days(Days::new(1)).unwrap_or(next);
        let holidays = roster.off(first, last);
        Shown { roster, directory, first, duties: roster.duties(first, last), holidays }
    }

    /// The names of those who are on duty.
    fn people(&self, duty: &Duty) -> Vec<String> {
        let of_roster = self.directory.on_roster(&self.roster.name).next();
        let recipient = of_roster.map_or("liaison", |(name, _)| name);
        self.directory.behind(recipient, &duty.member).iter().map(|person| person.name.to_string()).collect()
    }

    fn json(&self) -> Vec<Value> {
        let row = |duty: &Duty| {
            let mut row = json!({
                "roster": &*self.roster.name,
                "date": duty.date,
                "weekday": duty.date.weekday().to_string().to_lowercase(),
                "hours": duty.hours.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "on_duty": &**duty.member.title(),
                "people": self.people(duty),
                "number": duty.number,
                "turn": self.turn(duty),
            });
            let zone = self.roster.calendar.zone();
            let shown = |at: crate::time::Instant| Value::from(at.rfc3339(zone));
            let more = [
                ("remind_at", self.roster.reminded(duty).map(shown)),
                ("moved_from", duty.moved_from.map(|date| json!(date))),
                ("instead_of", duty.instead_of.as_ref().map(|member| json!(&**member.title()))),
                ("provisional", duty.is_provisional.then_some(Value::Bool(true))),
            ];
            for (key, value) in more {
                if let Some(value) = value {
                    row[key] = value;
                }
            }
            row
        };
        self.duties.iter().map(row).collect()
    }

    /// The place in the order of turns, from 1.
    fn turn(&self, duty: &Duty) -> usize {
        (duty.number - 1) % self.roster.turn.len() + 1
    }

    fn remarks(&self, duty: &Duty, lang: Lang) -> String {
        let weekly = self.roster.per == Per::Week;
        let (number, turn) = (duty.number, self.turn(duty));
        let mut said = vec![match lang {
            Lang::Zh if weekly => format!("第{number}周，轮到第{turn}个"),
            Lang::Zh => format!("第{number}班，轮到第{turn}个"),
            Lang::En if weekly => format!("week {number}, turn {turn}"),
            Lang::En => format!("duty {number}, turn {turn}"),
        }];
        let title = |member: &Member| member.title().to_string();
        said.extend(duty.instead_of.as_ref().map(|member| match lang {
            Lang::Zh => format!("换班，原为{}", title(member)),
            Lang::En => format!("swapped, was {}", title(member)),
        }));
        said.extend(duty.moved_from.map(|date| match lang {
            Lang::Zh => format!("由{}顺延", date.format("%m-%d")),
            Lang::En => format!("moved from {}", date.format("%m-%d")),
        }));
        let provisional = match lang {
            Lang::Zh => "暂定：放假安排未公布",
            Lang::En => "provisional",
        };
        said.extend(duty.is_provisional.then(|| provisional.to_owned()));
        said.join(if lang == Lang::Zh { "；" } else { "; " })
    }
}

fn weekday(date: NaiveDate, lang: Lang) -> String {
    match lang {
        Lang::Zh => {
            format!("周{}", ["一", "二", "三", "四", "五", "六", "日"][date.weekday().num_days_from_monday() as usize])
        }
        Lang::En => date.weekday().to_string(),
    }
}

fn hours(duty: &Duty) -> String {
    duty.hours.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn table(shown: &[Shown<'_>], lang: Lang, out: &mut impl Write) -> io::Result<()> {
    if shown.is_empty() {
        return writeln!(out, "{}", if lang == Lang::Zh { "没有轮值表" } else { "there are no rosters" });
    }
    for (at, shown) in shown.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let (roster, month) = (shown.roster, shown.first.format("%Y-%m"));
        let order: Vec<String> = roster.turn.iter().map(|member| member.title().to_string()).collect();
        match lang {
            Lang::Zh => {
                writeln!(out, "{}（{}）· {month}", roster.title, roster.name)?;
                writeln!(out, "轮流：{}；自 {} 起", order.join(" → "), roster.since)?;
            }
            Lang::En => {
                writeln!(out, "{} ({}) · {month}", roster.title, roster.name)?;
                writeln!(out, "turns: {}; from {}", order.join(" → "), roster.since)?;
            }
        }
        for line in lines(shown, lang) {
            writeln!(out, "  {}", line.trim_end())?;
        }
    }
    Ok(())
}

/// The duties and the holidays between them, by date.
fn lines(shown: &Shown<'_>, lang: Lang) -> Vec<String> {
    let who = |duty: &Duty| {
        let (title, people) = (duty.member.title().to_string(), shown.people(duty).join("、"));
        if people.is_empty() || people == title { title } else { format!("{title} {people}") }
    };
    let width = |texts: Vec<String>| texts.iter().map(|text| super::columns::cells(text)).max().unwrap_or(0);
    let (wide_hours, wide_who) =
        (width(shown.duties.iter().map(hours).collect()), width(shown.duties.iter().map(who).collect()));
    let start = |date: NaiveDate| format!("{} {}  ", date.format("%m-%d"), weekday(date, lang));
    let duty = |duty: &Duty| {
        let (hours, who) = (padded(&hours(duty), wide_hours), padded(&who(duty), wide_who));
        (duty.date, format!("{}{hours}  {who}  {}", start(duty.date), shown.remarks(duty, lang)))
    };
    let off = |(date, title): &(NaiveDate, String)| {
        let said = if lang == Lang::Zh { "休" } else { "off" };
        (*date, format!("{}{said} {title}", start(*date)))
    };
    let mut lines: Vec<(NaiveDate, String)> =
        shown.duties.iter().map(duty).chain(shown.holidays.iter().map(off)).collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

fn csv(shown: &[Shown<'_>], out: &mut impl Write) -> io::Result<()> {
    // The mark by which spreadsheets know UTF-8.
    writeln!(out, "\u{feff}轮值,日期,星期,时段,值班,人员,说明")?;
    for shown in shown {
        for duty in &shown.duties {
            let row = [
                shown.roster.title.clone(),
                duty.date.to_string(),
                weekday(duty.date, Lang::Zh),
                hours(duty),
                duty.member.title().to_string(),
                shown.people(duty).join("、"),
                shown.remarks(duty, Lang::Zh),
            ];
            writeln!(out, "{}", row.map(|cell| quoted(&cell)).join(","))?;
        }
    }
    Ok(())
}

/// A cell; what a spreadsheet would take for a formula is kept a text.
fn quoted(cell: &str) -> String {
    let cell = if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}
