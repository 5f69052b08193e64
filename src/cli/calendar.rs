//! `duban calendar`: a year as a picture, working time on demand, and next year's arrangement taken from its source.

mod eval;
mod import;
mod show;

use super::Common;
use crate::calendar::Calendar;
use crate::calendar::read::{self, Calendars};
use crate::clock;
use crate::text::Lang;
use crate::text::problem::Problems;
use crate::text::want;
use clap::Subcommand;
use std::io::{self, ErrorKind, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// 工作日历 [calendars]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 在终端画出一年的工作日历 [draw a year]
    Show {
        /// 日历名 [the calendar's name]
        calendar: String,
        /// 年份 [the year]
        #[arg(value_parser = clap::value_parser!(i32).range(1..=9998))]
        year: i32,
    },
    /// 逐行读取标准输入的 JSON 请求，逐行作答 [answer requests, one JSON object a line]
    Eval {
        /// 日历名 [the calendar's name]
        calendar: String,
    },
    Import(import::Args),
}

pub(crate) fn run(common: &Common, args: Args) -> ExitCode {
    let done = match args.command {
        Command::Import(args) => import::run(common, &args),
        Command::Eval { calendar } => find(common, &calendar)
            .map(|calendar| eval::answer_all(&calendar, common.lang, &mut io::stdin().lock(), io::stdout().lock())),
        Command::Show { calendar, year } => find(common, &calendar)
            .map(|calendar| show::draw(&calendar, year, &look(&calendar, common.lang), &mut io::stdout().lock())),
    };
    done.map_or_else(|exit| exit, |done| ended(common, done))
}

/// How a year is drawn: for a terminal as wide as it is, today marked; for a file always alike.
fn look(calendar: &Calendar, lang: Lang) -> show::Look {
    let is_terminal = io::stdout().is_terminal();
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let measured = || terminal_size::terminal_size().filter(|_| is_terminal).map(|(width, _)| usize::from(width.0));
    show::Look {
        lang,
        colour: is_terminal && std::env::var_os("NO_COLOR").is_none(),
        width: given.or_else(measured).unwrap_or(80),
        today: is_terminal.then(|| calendar.date(clock::now())),
    }
}

fn ended(common: &Common, done: io::Result<()>) -> ExitCode {
    match done {
        // Whoever reads us has enough: `| head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(common.lang, &format!("无法读写：{error}"), &format!("reading or writing failed: {error}")),
        Ok(()) => ExitCode::SUCCESS,
    }
}

/// The calendar of a name; where there is none, or a calendar has mistakes, that has been told on stderr.
fn find(common: &Common, name: &str) -> Result<Arc<Calendar>, ExitCode> {
    let dir = directory(common)?;
    let mut problems = Problems::new();
    let calendars = read::load(&dir, &mut problems);
    if problems.has_errors() {
        return Err(common.refuse(problems));
    }
    calendars.get(name).cloned().ok_or_else(|| unknown(common.lang, name, &calendars))
}

/// Where the calendars are. The configuration is asked only for that: with a flag it may be broken or missing.
fn directory(common: &Common) -> Result<PathBuf, ExitCode> {
    match &common.calendars {
        Some(dir) => Ok(dir.clone()),
        None => Ok(common.config()?.calendars),
    }
}

fn unknown(lang: Lang, name: &str, calendars: &Calendars) -> ExitCode {
    let name = want::shortened(name);
    let hint = want::instead(&name, calendars.iter().map(|(known, _)| known));
    let (zh, en) =
        (format!("没有名为“{name}”的日历；{}", hint.zh), format!("there is no calendar `{name}`; {}", hint.en));
    fail(lang, &zh, &en)
}

fn fail(lang: Lang, zh: &str, en: &str) -> ExitCode {
    match lang {
        Lang::Zh => eprintln!("错误：{zh}"),
        Lang::En => eprintln!("error: {en}"),
    }
    ExitCode::from(2)
}
