//! `duban store …`: derived rows anew, and online copies.

use super::Common;
use crate::config::Config;
use crate::daemon::rebuild::{Difference, Rebuilt, rebuild};
use crate::daemon::rules::{RulesError, Source};
use crate::store::backup::{Copied, backup};
use crate::store::error::StoreError;
use crate::store::{Role, Store};
use crate::text::Lang;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

/// 数据库 [store]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// 按事件重新推算各工单的时限和属性，指出不同之处并改正 [derived rows anew, naming what differs]
    Rebuild(RebuildArgs),
    /// 在线备份到一个新文件，并重新打开核对 [an online copy in a new file, opened again and checked]
    Backup(BackupArgs),
}

#[derive(Debug, clap::Args)]
struct RebuildArgs {
    /// 只指出不同，不改正；有不同则退出码为 1 [name what differs, change nothing; exit 1 if anything does]
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
struct BackupArgs {
    /// 备份文件，不可已存在 [the copy; not there yet]
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[allow(clippy::needless_pass_by_value)] // every command is given its own
pub(crate) fn run(common: &Common, args: Args) -> ExitCode {
    let config = match common.config() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let done = super::runtime().block_on(async {
        match &args.what {
            What::Rebuild(args) => rebuilt(common.lang, &config, args.dry_run).await,
            What::Backup(args) => backup(&config.store, &args.file)
                .await
                .map(|copied| tell_copied(common.lang, copied))
                .map_err(RulesError::Store),
        }
    });
    done.unwrap_or_else(|error| {
        let hint = if let RulesError::Store(error) = &error { Some(error.hint(common.lang)) } else { None };
        super::tell(common.lang, &error, hint);
        ExitCode::from(2)
    })
}

async fn rebuilt(lang: Lang, config: &Config, is_dry: bool) -> Result<ExitCode, RulesError> {
    if !config.store.exists() {
        return Err(StoreError::Missing(config.store.clone()).into());
    }
    let store = Store::open(&config.store, if is_dry { Role::Reader } else { Role::Tool }).await?;
    let done = rebuild_all(lang, config, &store, is_dry).await;
    store.close().await;
    let rebuilt = done?;
    tell_rebuilt(lang, rebuilt, is_dry);
    Ok(ExitCode::from(u8::from(is_dry && rebuilt.differing > 0)))
}

async fn rebuild_all(lang: Lang, config: &Config, store: &Store, is_dry: bool) -> Result<Rebuilt, RulesError> {
    let rules = Source::new(config).load(store).await?;
    let name = |found: &Difference| println!("{}", line(lang, found));
    Ok(rebuild(store, &rules, !is_dry, name).await?)
}

fn line(lang: Lang, found: &Difference) -> String {
    let Difference { order, what, name, kept, follows } = found;
    let name = if name.is_empty() { String::new() } else { format!(" {name}") };
    let said = |text: &Option<String>, none: &str| text.clone().unwrap_or_else(|| none.to_owned());
    match lang {
        Lang::Zh => format!("{order} {what}{name}：库中 {}，应为 {}", said(kept, "没有"), said(follows, "没有")),
        Lang::En => {
            format!("{order} {what}{name}: kept {}, follows {}", said(kept, "nothing"), said(follows, "nothing"))
        }
    }
}

fn tell_rebuilt(lang: Lang, Rebuilt { orders, differing, left }: Rebuilt, is_dry: bool) {
    let text = match (lang, is_dry) {
        (Lang::Zh, true) => format!("核对了 {orders} 张工单，{differing} 张有不同，{left} 张留待守护进程判定"),
        (Lang::Zh, false) => format!("核对了 {orders} 张工单，改正 {differing} 张，{left} 张留待守护进程判定"),
        (Lang::En, true) => format!("{orders} orders looked at, {differing} differ, {left} left to the daemon"),
        (Lang::En, false) => format!("{orders} orders looked at, {differing} mended, {left} left to the daemon"),
    };
    eprintln!("{text}");
}

fn tell_copied(lang: Lang, Copied { orders, entries, bytes }: Copied) -> ExitCode {
    match lang {
        Lang::Zh => println!("备份完成并已核对：{orders} 张工单，{entries} 条台账，{bytes} 字节"),
        Lang::En => println!("copied and checked: {orders} orders, {entries} entries of the ledger, {bytes} bytes"),
    }
    ExitCode::SUCCESS
}
