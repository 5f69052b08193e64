//! `duban run`: the daemon.

use super::Common;
use crate::config::Config;
use crate::config::needs::{self, Where};
use crate::daemon::log;
use crate::daemon::run::{Options, RunError, run as run_daemon};
use crate::text::problem::Problems;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// 运行守护进程 [run the daemon]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 监听地址，优先于配置；端口 0 任取空闲端口 [listen here, port 0 takes a free one]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// 就绪后把实际监听地址写入此文件 [write the address here once requests are taken]
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// 日志写法；详略由环境变量 `DUBAN_LOG` 定 [how the log is written; `DUBAN_LOG` says what]
    #[arg(long, value_enum, default_value_t = log::Format::Auto)]
    log: log::Format,
}

pub(crate) fn run(common: &Common, args: Args) -> ExitCode {
    let mut config = match common.config() {
        Ok(config) => config,
        Err(code) => return code,
    };
    config.listen = args.listen.unwrap_or(config.listen);
    log::start(args.log);
    let known = config.clone();
    let options = Options { config, lang: common.lang, ready_file: args.ready_file };
    let runtime = super::runtime();
    let ended = runtime.block_on(run_daemon(options));
    // What was to be kept is kept: a look-up of a name or a file that is still under way holds up no stop.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !tells_what_is_missing(common, &known, &error) {
                super::tell(common.lang, &error, error.hint(common.lang).as_deref());
            }
            ExitCode::from(code(&error))
        }
    }
}

/// Where a secret or a channel could not be opened, and it can be told what the configuration asks for and where: that is
/// told in its place.
fn tells_what_is_missing(common: &Common, config: &Config, error: &RunError) -> bool {
    if !matches!(error, RunError::Secret(_) | RunError::Channel(_) | RunError::AuditKey(_)) {
        return false;
    }
    let mut problems = Problems::new();
    needs::judge(config, Where::Here, &mut problems);
    let is_told = problems.has_errors();
    if is_told {
        common.refuse(problems);
    }
    is_told
}

/// 1 where what was checked is wrong, 2 where something cannot be used.
fn code(error: &RunError) -> u8 {
    match error {
        RunError::Rules(crate::daemon::rules::RulesError::Problems(_)) => 1,
        _ => 2,
    }
}
