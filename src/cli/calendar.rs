//! `duban calendar`.

use super::Common;
use std::process::ExitCode;

/// 工作日历 [calendars]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_common: &Common, _args: Args) -> ExitCode {
    ExitCode::from(2)
}
