//! `duban demo`: a month in a few minutes, on this machine alone.

use super::Common;
use crate::daemon::rules::RulesError;
use crate::demo::{self, DemoError, Directories, Options, StageError};
use std::io::{self, IsTerminal};
use std::process::ExitCode;

/// 演示：一个月的编造工单，真实的程序，发给本机的接收端 [a month of made-up orders on a fast clock, sent to local sinks]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 一个月演完就结束，并按承办单位汇总；否则接口一直开着 [end when the month is over]
    #[arg(long)]
    once: bool,
    /// 哪一个故事：种子相同，演得一模一样 [the same seed plays the same month]
    #[arg(long, value_name = "N", default_value_t = 124)]
    seed: u64,
    /// 演示中的时间过得多快（倍）；缺省为 20000，与 --once 同用则不停顿 [so many times faster than life]
    #[arg(long, value_name = "X")]
    speed: Option<f64>,
    /// 一个月多少件工单 [how many orders]
    #[arg(long, value_name = "N", default_value_t = 160)]
    orders: u32,
}

/// A month takes a minute or two.
const SPEED: f64 = 20_000.0;

#[expect(clippy::needless_pass_by_value, reason = "every command takes its arguments")]
pub(crate) fn run(common: &Common, args: Args) -> ExitCode {
    let options = Options {
        directories: Directories { rules: common.rules.clone(), calendars: common.calendars.clone() },
        is_once: args.once,
        seed: args.seed,
        speed: args.speed.or((!args.once).then_some(SPEED)),
        orders: args.orders,
        is_coloured: io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    match super::runtime().block_on(demo::run(&options, io::stdout())) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever piped us into `head` has seen enough.
        Err(DemoError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(DemoError::Stage(error)) => refused(common, *error),
        Err(error) => told(common, &error),
    }
}

/// Rules with errors are shown as `check` shows them.
fn refused(common: &Common, error: StageError) -> ExitCode {
    match error {
        StageError::Rules(failure) => match *failure {
            RulesError::Problems(problems) => common.refuse(*problems),
            failure => told(common, &failure),
        },
        error => told(common, &error),
    }
}

fn told(common: &Common, error: &dyn std::error::Error) -> ExitCode {
    super::tell(common.lang, error, None);
    ExitCode::from(2)
}
