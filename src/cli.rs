//! The command line: one file a command. Data goes to stdout, diagnostics and progress to stderr.
//!
//! Exit codes: 0 done, 1 the thing checked is wrong, 2 bad usage or input that cannot be read.

mod audit;
mod calendar;
mod check;
mod clock;
mod columns;
mod compare;
mod demo;
mod explain;
mod import;
mod notices;
mod roster;
mod rules;
mod run;
mod schema;
mod simulate;
mod sources;
mod store;
mod test;

use crate::config::{self, Config};
use crate::text::Lang;
use crate::text::problem::Problems;
use crate::text::show;
use clap::{Parser, Subcommand};
use std::io::IsTerminal;
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

impl Common {
    /// The configuration with the flags laid over it. Where it is wrong, every mistake of it has been told on stderr.
    pub(crate) fn config(&self) -> Result<Config, ExitCode> {
        let mut problems = Problems::new();
        let config = Config::load(self.config.as_deref(), &mut problems);
        let config = config.map(|it| it.with_directories(self.rules.as_deref(), self.calendars.as_deref()));
        config.ok_or_else(|| self.refuse(problems))
    }

    /// Tells problems on stderr; the exit code is 2 where a file could not be read, else 1.
    pub(crate) fn refuse(&self, problems: Problems) -> ExitCode {
        let is_unreadable = problems.iter().any(|problem| problem.code == "unreadable");
        let colour = std::io::stderr().is_terminal();
        for problem in problems.sorted() {
            eprintln!("{}", show::human(&problem, self.lang, colour));
        }
        ExitCode::from(if is_unreadable { 2 } else { 1 })
    }

    /// The configuration file that is read, if any.
    #[allow(dead_code)] // until `check` asks
    pub(crate) fn config_path(&self) -> Option<PathBuf> {
        config::locate(self.config.as_deref())
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Demo(demo::Args),
    Check(check::Args),
    Test(test::Args),
    Simulate(simulate::Args),
    Compare(compare::Args),
    Explain(explain::Args),
    Calendar(calendar::Args),
    Import(import::Args),
    Clock(clock::Args),
    Audit(audit::Args),
    Store(store::Args),
    Roster(roster::Args),
    Notices(notices::Args),
    Sources(sources::Args),
    Schema(schema::Args),
}

/// Reads the command line and carries out its command.
pub fn main() -> ExitCode {
    let Cli { common, command } = Cli::parse();
    match command {
        Command::Run(args) => run::run(&common, args),
        Command::Demo(args) => demo::run(&common, args),
        Command::Check(args) => check::run(&common, &args),
        Command::Test(args) => test::run(&common, &args),
        Command::Simulate(args) => simulate::run(&common, &args),
        Command::Compare(args) => compare::run(&common, &args),
        Command::Explain(args) => explain::run(&common, &args),
        Command::Calendar(args) => calendar::run(&common, args),
        Command::Import(args) => import::run(&common, args),
        Command::Clock(args) => clock::run(&common, args),
        Command::Audit(args) => audit::run(&common, args),
        Command::Notices(args) => notices::run(&common, args),
        Command::Roster(args) => roster::run(&common, &args),
        Command::Sources(args) => sources::run(&common, args),
        Command::Schema(args) => schema::run(&common, &args),
        Command::Store(args) => store::run(&common, args),
    }
}

/// What commands that talk to the store run on.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("duban").build();
    built.expect("the operating system gives threads")
}

/// Tells an error with its causes on stderr, and what to do about it.
pub(crate) fn tell(lang: Lang, error: &dyn std::error::Error, hint: Option<&str>) {
    let (what, to_do) = match lang {
        Lang::Zh => ("错误", "提示"),
        Lang::En => ("error", "hint"),
    };
    eprintln!("{what}: {}", crate::daemon::chain(error));
    if let Some(hint) = hint {
        eprintln!("{to_do}: {hint}");
    }
}
