//! `duban import`.

use super::Common;
use std::process::ExitCode;

/// 导入事件 [import events]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_common: &Common, _args: Args) -> ExitCode {
    ExitCode::from(2)
}
