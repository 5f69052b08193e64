//! `duban calendar`: a year as a picture, and working time on demand.

mod eval;
mod show;

use super::Common;
use crate::calendar::Calendar;
use crate::calendar::read::{self, Calendars};
use crate::text::Lang;
use crate::text::problem::Problems;
use crate::text::want;
use clap::Subcommand;
use std::io::{self, ErrorKind, IsTerminal};
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
}

pub(crate) fn run(common: &Common, args: Args) -> ExitCode {
    let Args { command } = args;
    let (Command::Show { calendar: name, .. } | Command::Eval { calendar: name }) = &command;
    let calendar = match find(common, name) {
        Ok(calendar) => calendar,
        Err(exit) => return exit,
    };
    let done = match command {
        Command::Eval { .. } => eval::answer_all(&calendar, common.lang, &mut io::stdin().lock(), io::stdout().lock()),
        Command::Show { year, .. } => {
            let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            show::draw(&calendar, year, common.lang, colour, &mut io::stdout().lock())
        }
    };
    match done {
        // Whoever reads us has enough: `| head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(common.lang, &format!("无法读写：{error}"), &format!("reading or writing failed: {error}")),
        Ok(()) => ExitCode::SUCCESS,
    }
}

/// The calendar of a name; where there is none, or a calendar has mistakes, that has been told on stderr.
fn find(common: &Common, name: &str) -> Result<Arc<Calendar>, ExitCode> {
    // The configuration is asked only for where the calendars are: with a flag it may be broken or missing.
    let dir = match &common.calendars {
        Some(dir) => dir.clone(),
        None => common.config()?.calendars,
    };
    let mut problems = Problems::new();
    let calendars = read::load(&dir, &mut problems);
    if problems.has_errors() {
        return Err(common.refuse(problems));
    }
    calendars.get(name).cloned().ok_or_else(|| unknown(common.lang, name, &calendars))
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
