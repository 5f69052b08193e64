//! `duban check`.

use super::Common;
use std::process::ExitCode;

/// 检查规则、日历与配置 [check rules, calendars and configuration]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_common: &Common, _args: Args) -> ExitCode {
    ExitCode::from(2)
}
