//! `duban clock accept`: decides on after a clock step.

use super::Common;
use crate::clock;
use crate::store::error::StoreError;
use crate::store::{Role, Store};
use crate::text::Lang;
use clap::Subcommand;
use std::process::ExitCode;

/// 时钟 [clock guard]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// 确认现在的时钟无误，继续作出决定 [the clock is right as it is: decide on]
    Accept,
}

#[allow(clippy::needless_pass_by_value)] // every command is given its own
pub(crate) fn run(common: &Common, args: Args) -> ExitCode {
    let What::Accept = args.what;
    let config = match common.config() {
        Ok(config) => config,
        Err(code) => return code,
    };
    match super::runtime().block_on(accept(&config.store)) {
        Ok(()) => {
            eprintln!(
                "{}",
                match common.lang {
                    Lang::Zh => "已确认时钟；守护进程将在几秒内继续作出决定。",
                    Lang::En => "the clock is accepted; the daemon decides on within seconds.",
                }
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            super::tell(common.lang, &error, Some(error.hint(common.lang)));
            ExitCode::from(2)
        }
    }
}

async fn accept(path: &std::path::Path) -> Result<(), StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing(path.into()));
    }
    let store = Store::open(path, Role::Tool).await?;
    store.accept_clock(clock::now()).await?;
    store.close().await;
    Ok(())
}
