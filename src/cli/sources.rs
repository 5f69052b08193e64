//! `duban sources …`: how sources stand, one look by hand, what was refused, and reading anew.

mod list;
mod look;

use super::Common;
use crate::clock;
use crate::config::Config;
use crate::config::sources::Source;
use crate::source::look::LookError;
use crate::store::error::StoreError;
use crate::store::{Role, Store};
use crate::text::Lang;
use crate::text::nearest::nearest;
use clap::Subcommand;
use std::process::ExitCode;

/// 来源：别的系统的数据库、投放文件的文件夹 [sources: databases and folders that rows are fetched from]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// 各来源读到哪里、收了多少、哪里不通 [how each source stands]
    List,
    /// 一个来源拒收的行，在哪里、为什么 [the rows of a source that were refused]
    Show(Named),
    /// 立即看一次 [look at a source now, once]
    Run(RunArgs),
    /// 从头（或从某处）重新读；已收的不会重复 [read a source anew; what was taken is not taken twice]
    Reset(ResetArgs),
}

#[derive(Debug, clap::Args)]
struct Named {
    /// 来源的名字 [the source's name]
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    /// 来源的名字 [the source's name]
    #[arg(value_name = "NAME")]
    name: String,
    /// 只看不收：逐行列出会产生的事件，什么也不存、不移动 [print what it would give; store and move nothing]
    #[arg(long)]
    dry_run: bool,
    /// 只看时，数据库取前多少行 [of a database so many rows are tried]
    #[arg(long, value_name = "N", default_value_t = 20, requires = "dry_run")]
    rows: u32,
    /// 作为历史收下：不引发任何决定 [as history: sets nothing in motion]
    #[arg(long, conflicts_with = "dry_run")]
    history: bool,
}

#[derive(Debug, clap::Args)]
struct ResetArgs {
    /// 来源的名字 [the source's name]
    #[arg(value_name = "NAME")]
    name: String,
    /// 从这个游标值读起 [the cursor value to read from]
    #[arg(long, value_name = "VALUE")]
    to: Option<String>,
}

#[allow(clippy::needless_pass_by_value)] // every command is given its own
pub(crate) fn run(common: &Common, args: Args) -> ExitCode {
    let config = match common.config() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let done = super::runtime().block_on(async {
        match &args.what {
            What::List => list::list(common.lang, &config).await,
            What::Show(named) => list::show(common.lang, &config, &named.name).await,
            What::Run(args) => look::look(common.lang, &config, args).await,
            What::Reset(args) => reset(common.lang, &config, args).await,
        }
    });
    done.unwrap_or_else(|failure| {
        failure.tell(common.lang);
        ExitCode::from(2)
    })
}

/// Why nothing could be done.
enum Failure {
    Store(StoreError),
    Rules(crate::daemon::rules::RulesError),
    Look(LookError),
    Unknown { name: String, known: Vec<String> },
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Store(error)
    }
}

impl From<LookError> for Failure {
    fn from(error: LookError) -> Failure {
        Failure::Look(error)
    }
}

impl Failure {
    fn tell(&self, lang: Lang) {
        match self {
            Failure::Store(error) => super::tell(lang, error, Some(error.hint(lang))),
            Failure::Rules(error) => {
                super::tell(lang, error, Some(&crate::daemon::reload::said(error, lang).join("\n")));
            }
            Failure::Look(error) => match lang {
                Lang::Zh => eprintln!("错误: {}", error.message(lang)),
                Lang::En => eprintln!("error: {}", error.message(lang)),
            },
            Failure::Unknown { name, known } => {
                let near = nearest(name, known.iter().map(String::as_str));
                let known = near.map_or_else(|| known.join("、"), str::to_owned);
                match lang {
                    Lang::Zh => eprintln!("错误: 配置里没有名为“{name}”的来源\n提示: {known}"),
                    Lang::En => eprintln!("error: the configuration has no source `{name}`\nhint: {known}"),
                }
            }
        }
    }
}

fn find<'c>(config: &'c Config, name: &str) -> Result<&'c Source, Failure> {
    let found = config.sources.iter().find(|source| *source.name == *name);
    found.ok_or_else(|| {
        let known = config.sources.iter().map(|source| source.name.to_string()).collect();
        Failure::Unknown { name: name.to_owned(), known }
    })
}

async fn reset(lang: Lang, config: &Config, args: &ResetArgs) -> Result<ExitCode, Failure> {
    let source = find(config, &args.name)?;
    if !config.store.exists() {
        return Err(StoreError::Missing(config.store.clone()).into());
    }
    let store = Store::open(&config.store, Role::Tool).await?;
    let done = store.reset_source(&source.name, args.to.as_deref(), clock::now()).await;
    store.close().await;
    done?;
    let from = args.to.as_deref();
    eprintln!(
        "{}",
        match (lang, from) {
            (Lang::Zh, None) => format!("“{}”下次从头读起；已收的按编号识别，不会重复", source.name),
            (Lang::Zh, Some(from)) => format!("“{}”下次从 {from} 读起；已收的按编号识别，不会重复", source.name),
            (Lang::En, None) =>
                format!("`{}` is read from its beginning next; what was taken is known by its id", source.name),
            (Lang::En, Some(from)) =>
                format!("`{}` is read from {from} next; what was taken is known by its id", source.name),
        }
    );
    Ok(ExitCode::SUCCESS)
}
