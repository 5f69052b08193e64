//! `duban explain`.

use super::Common;
use std::process::ExitCode;

/// 解释一张工单的时限与决定 [explain an order]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_common: &Common, _args: Args) -> ExitCode {
    ExitCode::from(2)
}
