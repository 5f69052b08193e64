//! `duban run`.

use super::Common;
use std::process::ExitCode;

/// 运行守护进程 [run the daemon]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_common: &Common, _args: Args) -> ExitCode {
    ExitCode::from(2)
}
