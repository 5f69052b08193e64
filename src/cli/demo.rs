//! `duban demo`.

use super::Common;
use std::process::ExitCode;

/// 演示 [demo]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_common: &Common, _args: Args) -> ExitCode {
    ExitCode::from(2)
}
