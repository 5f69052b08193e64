//! `duban explain`: one order's whole story.

mod notices;
mod stored;

use super::Common;
use super::rules::Rules;
use super::simulate::{instant, read_log, report};
use crate::dossier::{self, DossierError, Material};
use crate::engine::decide::decide_watched;
use crate::engine::decision::Regime;
use crate::engine::explain::{Explanation, Known, explain};
use crate::order::body::BodyReader;
use crate::order::log::Log;
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// 解释一张工单：经过、时限怎样算出、作了什么决定、为什么没有触发 [explain an order]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 工单编号 [the order's id]
    #[arg(value_name = "ORDER")]
    order: String,
    /// 事件文件，每行一个 JSON；`-` 为标准输入；缺省取自存储 [events as JSON lines; default: the store]
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// 截止时刻（含），默认为最后的登记时刻 [as of this instant; default: the last `recorded_at`]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    until: Option<Instant>,
    /// 写成一页网页，可打印、可呈送；`-` 为标准输出 [write a self-contained page, in Chinese]
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// The story as it was asked for.
enum Told {
    /// With who was told, and the rules' text.
    Text(Explanation, String),
    Page(Result<String, DossierError>),
}

impl Told {
    /// Writes it where it belongs: a text to stdout, a page to its file.
    fn write(self, args: &Args, lang: Lang) -> ExitCode {
        let page = match self {
            Told::Text(explanation, texts) => {
                return put(&format!("{explanation}{texts}"), lang);
            }
            Told::Page(Ok(page)) => page,
            Told::Page(Err(error)) => {
                super::tell(lang, &error, None);
                return ExitCode::from(2);
            }
        };
        match args.html.as_deref().filter(|file| *file != Path::new("-")) {
            None => put(&page, lang),
            Some(file) => match std::fs::write(file, page) {
                Ok(()) => ExitCode::SUCCESS,
                Err(source) => not_written(file.to_owned(), source, lang),
            },
        }
    }
}

/// Writes to stdout. A reader that has gone (`| head`) wants no more.
fn put(text: &str, lang: Lang) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => not_written("stdout".into(), error, lang),
        _ => ExitCode::SUCCESS,
    }
}

fn not_written(path: PathBuf, source: std::io::Error, lang: Lang) -> ExitCode {
    super::tell(lang, &WriteError { path, source }, None);
    ExitCode::from(2)
}

/// The page could not be written.
#[derive(Debug, thiserror::Error)]
#[error("failed to write {path}")]
struct WriteError {
    path: PathBuf,
    source: std::io::Error,
}

pub(crate) fn run(common: &Common, args: &Args) -> ExitCode {
    let Some(events) = &args.events else { return from_store(common, args) };
    match common.load_rules() {
        Ok(rules) => from_file(common, args, events, &rules),
        Err(code) => code,
    }
}

fn from_store(common: &Common, args: &Args) -> ExitCode {
    let config = match common.config() {
        Ok(config) => config,
        Err(code) => return code,
    };
    match super::runtime().block_on(stored::explained(&config, args, common.lang)) {
        Ok(Some(told)) => told.write(args, common.lang),
        Ok(None) => not_there(&args.order, common.lang),
        Err(error) if error.is_never_started() => never_started(common.lang),
        Err(error) => {
            super::tell(common.lang, &error, Some(&error.hint(common.lang)));
            ExitCode::from(2)
        }
    }
}

fn from_file(common: &Common, args: &Args, events: &Path, rules: &Rules) -> ExitCode {
    let log = match read_log(events, &BodyReader::new(&rules.set.vocabulary)) {
        Ok(log) => log,
        Err(error) => {
            super::tell(common.lang, &error, None);
            return ExitCode::from(2);
        }
    };
    report(events, &log, common.lang);
    match explained(&log, args, rules, common.lang) {
        Some(told) => match told.write(args, common.lang) {
            ExitCode::SUCCESS => ExitCode::from(u8::from(!log.refused.is_empty())),
            failed => failed,
        },
        None => not_there(&args.order, common.lang),
    }
}

fn explained(log: &Log, args: &Args, rules: &Rules, lang: Lang) -> Option<Told> {
    let now = args.until.or(log.last_recorded_at)?;
    let order = log.orders().iter().position(|order| **order == *args.order)?;
    let history = &log.history(order, now)?;
    let regime = &Regime::always(Arc::clone(&rules.set));
    let (decided, notes) = decide_watched(history, regime, now);
    let decisions = dossier::as_told(&decided.new, &decided.state, &rules.directory);
    let known = Known { history, regime, decided: &decided, decisions: &decisions, notes: &notes, now };
    if args.html.is_none() {
        return Some(Told::Text(explain(&known, &titles(rules), lang), String::new()));
    }
    let (directory, channels) = (&rules.directory, &BTreeMap::new());
    let material = Material { known: &known, directory, notices: None, channels, texts: "" };
    Some(Told::Page(dossier::page(&material)))
}

/// What recipients are called.
pub(super) fn titles(rules: &Rules) -> BTreeMap<Symbol, String> {
    rules.directory.titles()
}

fn never_started(lang: Lang) -> ExitCode {
    match lang {
        Lang::Zh => eprintln!(
            "错误: 数据库里还没有规则和工单：服务还没有运行过\n提示: 先运行 duban run；要解释文件里的工单，写上 --events 文件"
        ),
        Lang::En => eprintln!(
            "error: the store has no rules and no orders yet: the daemon never ran\nhint: run `duban run`; to explain an order of a file give `--events FILE`"
        ),
    }
    ExitCode::from(2)
}

fn not_there(order: &str, lang: Lang) -> ExitCode {
    match lang {
        Lang::Zh => eprintln!("错误: 没有工单“{order}”的事件"),
        Lang::En => eprintln!("error: no event of the order `{order}` is known"),
    }
    ExitCode::from(2)
}
