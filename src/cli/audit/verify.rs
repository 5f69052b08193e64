//! `duban audit verify`: the store, one order of it, or a bundle.

use super::{Common, Failure};
use crate::audit::file::{self, FileError};
use crate::audit::read_public_keys;
use crate::config::Config;
use crate::store::ledger::bundle::{self, BundleError};
use crate::store::ledger::keys::PublicKey;
use crate::store::ledger::verify::Verdict;
use crate::store::{Role, Store};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 只核对这张工单 [only this order]
    #[arg(long, value_name = "ORDER", conflicts_with = "bundle")]
    order: Option<String>,
    /// 核对导出的文件，不需要数据库和配置 [an exported bundle; needs neither store nor configuration]
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// 公钥（PEM），可重复；缺省取配置的 audit [public key in PEM, repeatable; default: the configuration's]
    #[arg(long = "key", value_name = "PUBLIC")]
    keys: Vec<PathBuf>,
    /// 另存的检查点文件；缺省取配置的 audit: file [the file of checkpoints; default: the configuration's]
    #[arg(long, value_name = "FILE", conflicts_with = "bundle")]
    checkpoints: Option<PathBuf>,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<ExitCode, Failure> {
    let verdict = match &args.bundle {
        Some(path) => {
            let keys = read_public_keys(&args.keys)?;
            let file = File::open(path).map_err(|source| Failure::File { path: path.clone(), source })?;
            bundle::verify(BufReader::new(file), &keys)?
        }
        None => match common.config() {
            Ok(config) => super::super::runtime().block_on(verify(&config, args))?,
            Err(code) => return Ok(code),
        },
    };
    println!("{}", verdict.text(common.lang));
    Ok(match verdict {
        Verdict::Holds(_) => ExitCode::SUCCESS,
        Verdict::Broken(_) => ExitCode::from(1),
    })
}

async fn verify(config: &Config, args: &Args) -> Result<Verdict, Failure> {
    let keys = if args.keys.is_empty() { config.audit.verifying_keys()? } else { read_public_keys(&args.keys)? };
    let store = Store::open(&config.store, Role::Reader).await?;
    let verdict = match &args.order {
        Some(order) => store.verify_order(order, &keys).await?.ok_or_else(|| Failure::NoOrder(order.clone()))?,
        None => whole(&store, config, args, &keys).await?,
    };
    store.close().await;
    Ok(verdict)
}

async fn whole(store: &Store, config: &Config, args: &Args, keys: &[PublicKey]) -> Result<Verdict, Failure> {
    let path = args.checkpoints.as_deref().unwrap_or(&config.audit.file);
    if let Some(wanted) = args.checkpoints.as_deref().filter(|path| !path.exists()) {
        let source = std::io::ErrorKind::NotFound.into();
        return Err(Failure::File { path: wanted.to_owned(), source });
    }
    // The file first: what is added to it meanwhile is in the store already.
    let kept = read(path)?;
    let verdict = store.verify_ledger(keys).await?;
    let must_be_signed = !args.keys.is_empty();
    let verdict = match verdict {
        Verdict::Holds(held) if held.checkpoints == 0 && must_be_signed => Verdict::unsigned(),
        verdict => verdict,
    };
    match verdict {
        Verdict::Holds(held) => match store.verify_kept(&kept).await? {
            Some(broken) => Ok(Verdict::Broken(broken)),
            None => Ok(Verdict::Holds(held)),
        },
        Verdict::Broken(broken) => Ok(Verdict::Broken(broken)),
    }
}

/// What the file holds: a checkpoint that a crash cut short is there again after it.
fn read(path: &Path) -> Result<Vec<crate::store::ledger::checkpoint::Checkpoint>, Failure> {
    let lines = file::read(path).map_err(|error| match error {
        FileError::Use { path, source } => Failure::File { path, source },
        FileError::Malformed { path } | FileError::Ahead { path, .. } => {
            Failure::File { path, source: std::io::ErrorKind::InvalidData.into() }
        }
    })?;
    let checkpoints: Vec<_> = lines.iter().filter_map(|(_, checkpoint)| checkpoint.clone()).collect();
    if checkpoints.is_empty() && !lines.is_empty() {
        return Err(Failure::Bundle(BundleError::Malformed(1)));
    }
    Ok(checkpoints)
}
