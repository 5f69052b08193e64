//! `duban simulate`.

use super::Common;
use std::process::ExitCode;

/// 按规则重放事件 [replay events through the rules]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_common: &Common, _args: Args) -> ExitCode {
    ExitCode::from(2)
}
