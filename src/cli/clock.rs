//! `duban clock`.

use super::Common;
use std::process::ExitCode;

/// 时钟 [clock guard]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_common: &Common, _args: Args) -> ExitCode {
    ExitCode::from(2)
}
