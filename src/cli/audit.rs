//! `duban audit …`: checks the ledger and names the first entry that does not hold; keys, checkpoints, bundles, erasure.

mod erase;
mod export;
mod keygen;
mod verify;

use super::Common;
use crate::audit::{AuditError, Auditor, OpenKeyError};
use crate::clock;
use crate::config::Config;
use crate::store::error::StoreError;
use crate::store::ledger::bundle::BundleError;
use crate::store::ledger::keys::KeyError;
use crate::store::{Role, Store};
use crate::text::Lang;
use chrono_tz::Tz;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

/// 台账 [ledger]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// 逐条核对台账，指出第一处不符 [check the ledger, name the first entry that does not hold]
    Verify(verify::Args),
    /// 导出一张工单或全部的台账，供别的机器核对 [export a chain or everything, to be checked on another machine]
    Export(export::Args),
    /// 依法删除一张工单的个人信息，台账仍可核对 [erase an order's personal data by law; the ledger still holds]
    Erase(erase::Args),
    /// 生成签检查点的密钥 [make a key that signs checkpoints]
    Keygen(keygen::Args),
    /// 立即签一个检查点 [sign a checkpoint now]
    Checkpoint,
}

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key.
    #[error(transparent)]
    Key(#[from] OpenKeyError),
    /// A bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A checkpoint.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// A file.
    #[error("failed to use `{}`", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A generated key that cannot be read again.
    #[error("failed to make a key")]
    Generate(#[from] KeyError),
    /// There is no such order.
    #[error("there is no order `{0}`")]
    NoOrder(String),
    /// No key is configured.
    #[error("no `audit: key` is configured")]
    NoKey,
    /// An attribute that is not personal.
    #[error("`{0}` is declared, and not of kind `personal`: rules may ask for it")]
    NotPersonal(String),
    /// The rules that say what is personal have errors.
    #[error("the rules have errors")]
    Rules,
}

impl Failure {
    fn hint(&self, lang: Lang) -> Option<&'static str> {
        let (zh, en) = match self {
            Failure::Store(error) | Failure::Bundle(BundleError::Store(error)) => return Some(error.hint(lang)),
            Failure::NoKey => (
                "先运行 duban audit keygen，再在 duban.yaml 写 audit: { key: { file: … } }。",
                "run `duban audit keygen`, then write `audit: { key: { file: … } }` in duban.yaml",
            ),
            Failure::NotPersonal(_) => (
                "只能删除 kind: personal 的属性和词汇表没有声明的属性。",
                "only attributes of kind `personal`, or not declared at all, can be erased",
            ),
            Failure::Rules => ("先运行 duban check 改好规则。", "run `duban check` and mend the rules first"),
            Failure::Bundle(_) => ("请重新导出，并完整地传送文件。", "export it anew, and send the whole file"),
            _ => return None,
        };
        Some(match lang {
            Lang::Zh => zh,
            Lang::En => en,
        })
    }
}

pub(crate) fn run(common: &Common, args: Args) -> ExitCode {
    let done = match args.what {
        What::Verify(args) => verify::run(common, &args),
        What::Keygen(args) => keygen::run(common, &args),
        What::Export(args) => {
            configured(common, |config| super::runtime().block_on(export::run(common, config, &args)))
        }
        What::Erase(args) => configured(common, |config| super::runtime().block_on(erase::run(common, config, args))),
        What::Checkpoint => configured(common, |config| super::runtime().block_on(checkpoint(common, config))),
    };
    done.unwrap_or_else(|failure| {
        super::tell(common.lang, &failure, failure.hint(common.lang));
        ExitCode::from(2)
    })
}

fn configured(common: &Common, done: impl FnOnce(&Config) -> Result<ExitCode, Failure>) -> Result<ExitCode, Failure> {
    match common.config() {
        Ok(config) => done(&config),
        Err(code) => Ok(code),
    }
}

/// Opens a store that is there, to write beside the daemon.
async fn open(config: &Config) -> Result<Store, StoreError> {
    if config.store.exists() {
        Store::open(&config.store, Role::Tool).await
    } else {
        Err(StoreError::Missing(config.store.clone()))
    }
}

/// In which zone instants are shown: that of the first policy.
fn zone(config: &Config) -> Tz {
    let loaded = crate::policy::load(&config.rules, &config.calendars, &None);
    let first = loaded.rules.as_ref().and_then(|rules| rules.policies.first());
    first.map_or(chrono_tz::Asia::Shanghai, |policy| policy.calendar.zone())
}

async fn checkpoint(common: &Common, config: &Config) -> Result<ExitCode, Failure> {
    let key = config.audit.signing_key()?.ok_or(Failure::NoKey)?;
    let store = open(config).await?;
    let auditor = Auditor::new(store.clone(), key, &config.audit.file);
    let made = auditor.checkpoint(zone(config), clock::now()).await;
    store.close().await;
    match made {
        Ok(Some(made)) => println!("{}", made.line()),
        Ok(None) => eprintln!(
            "{}",
            match common.lang {
                Lang::Zh => "上一个检查点以后没有变化。",
                Lang::En => "nothing has changed since the last checkpoint.",
            }
        ),
        Err(error) if error.is_alarm() => {
            super::tell(common.lang, &error, None);
            return Ok(ExitCode::from(1));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(ExitCode::SUCCESS)
}
