//! The command line: one file a command. Data goes to stdout, diagnostics and progress to stderr.
//!
//! Exit codes: 0 done, 1 the thing checked is wrong, 2 bad usage or input that cannot be read.

mod calendar;
mod check;
mod clock;
mod demo;
mod explain;
mod import;
mod run;
mod simulate;

use crate::text::Lang;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// 督办：政务服务热线（12345）工单时限监督与督办
#[derive(Debug, Parser)]
#[command(name = "duban", version)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Common {
    /// 规则目录（默认取配置，否则 rules） [rules directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) rules: Option<PathBuf>,
    /// 日历目录（默认取配置，否则 calendars） [calendars directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) calendars: Option<PathBuf>,
    /// 配置文件（默认 duban.yaml，其次 /etc/duban/duban.yaml） [configuration file]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// 消息语言 [language of messages]
    #[arg(long, global = true, value_enum, default_value_t = Lang::Zh)]
    pub(crate) lang: Lang,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Demo(demo::Args),
    Check(check::Args),
    Simulate(simulate::Args),
    Explain(explain::Args),
    Calendar(calendar::Args),
    Import(import::Args),
    Clock(clock::Args),
}

/// Reads the command line and carries out its command.
pub fn main() -> ExitCode {
    let Cli { common, command } = Cli::parse();
    match command {
        Command::Run(args) => run::run(&common, args),
        Command::Demo(args) => demo::run(&common, args),
        Command::Check(args) => check::run(&common, args),
        Command::Simulate(args) => simulate::run(&common, args),
        Command::Explain(args) => explain::run(&common, args),
        Command::Calendar(args) => calendar::run(&common, args),
        Command::Import(args) => import::run(&common, args),
        Command::Clock(args) => clock::run(&common, args),
    }
}
