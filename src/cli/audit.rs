//! `duban audit verify`: checks the ledger, and names the first entry that does not hold.

use super::Common;
use crate::store::error::StoreError;
use crate::store::ledger::verify::Verdict;
use crate::store::{Role, Store};
use crate::text::Lang;
use clap::Subcommand;
use std::path::Path;
use std::process::ExitCode;

/// 账本 [ledger]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// 逐条核对账本，指出第一处不符 [check the ledger, name the first entry that does not hold]
    Verify,
}

#[allow(clippy::needless_pass_by_value)] // every command is given its own
pub(crate) fn run(common: &Common, args: Args) -> ExitCode {
    let What::Verify = args.what;
    let config = match common.config() {
        Ok(config) => config,
        Err(code) => return code,
    };
    match super::runtime().block_on(verify(&config.store)) {
        Ok(verdict) => tell(common.lang, &verdict),
        Err(error) => {
            super::tell(common.lang, &error, Some(error.hint(common.lang)));
            ExitCode::from(2)
        }
    }
}

async fn verify(path: &Path) -> Result<Verdict, StoreError> {
    let store = Store::open(path, Role::Reader).await?;
    let verdict = store.verify_ledger().await;
    store.close().await;
    verdict
}

fn tell(lang: Lang, verdict: &Verdict) -> ExitCode {
    println!("{}", verdict.text(lang));
    match verdict {
        Verdict::Holds { .. } => ExitCode::SUCCESS,
        Verdict::Broken(_) => ExitCode::from(1),
    }
}
