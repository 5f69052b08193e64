//! `duban simulate`: replays events through the rules and sends nothing.

mod jsonl;
mod table;

use super::Common;
use super::rules::Rules;
use crate::engine::decide::decide;
use crate::engine::decision::{Regime, Standing};
use crate::engine::replay::{Copies, Outcome, Part, replay};
use crate::order::body::BodyReader;
use crate::order::log::{self, Log, ReadError, Refused};
use crate::policy::directory::{Directory, Of};
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;
use jsonl::Lines;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;
use table::Table;

/// 按规则重放事件，列出会作出的决定（不发送任何通知） [replay events through the rules]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 事件文件，每行一个 JSON；`-` 为标准输入 [events as JSON lines; `-` is stdin]
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// 截止时刻（含），默认为最后的登记时刻 [decide up to this instant; default: the last `recorded_at`]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    until: Option<Instant>,
    /// 列出什么 [what to show]
    #[arg(long, value_enum, default_value_t = Show::Decisions)]
    show: Show,
    /// 以何种形式 [in which form]
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Show {
    /// 决定 [decisions]
    Decisions,
    /// 时限义务 [obligations]
    Obligations,
    /// 两者 [both]
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// 供人阅读 [for people]
    Table,
    /// 每行一个 JSON [for programs]
    Jsonl,
}

pub(super) fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text).ok_or_else(|| "应为带时区的时刻，如 2024-05-06T09:00:00+08:00 [RFC 3339 with offset]".into())
}

/// Events could not be replayed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SimulateError {
    #[error("failed to open `{path}`")]
    Open { path: PathBuf, source: io::Error },
    #[error("failed to read `{path}`")]
    Read { path: PathBuf, source: ReadError },
    #[error("failed to write what was decided")]
    Write(#[source] io::Error),
}

pub(crate) fn run(common: &Common, args: &Args) -> ExitCode {
    let rules = match common.load_rules() {
        Ok(rules) => rules,
        Err(code) => return code,
    };
    match simulate(args, &rules, common.lang) {
        Ok(refused) => ExitCode::from(u8::from(refused)),
        // Whoever reads has gone: there is nobody to tell more.
        Err(SimulateError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            super::tell(common.lang, &error, None);
            ExitCode::from(2)
        }
    }
}

/// Whether a line was refused.
fn simulate(args: &Args, rules: &Rules, lang: Lang) -> Result<bool, SimulateError> {
    let log = read_log(&args.events, &BodyReader::new(&rules.set.vocabulary))?;
    report(&args.events, &log, lang);
    let Some(until) = args.until.or(log.last_recorded_at) else { return Ok(!log.refused.is_empty()) };
    let regime = Regime::always(Arc::clone(&rules.set));
    let nothing_stands = Standing::default();
    let copies = copies(&rules.directory);
    let parts = replay(
        &log,
        until,
        threads(),
        |history| decide(history, &regime, &nothing_stands, until),
        || Part::new(args.show != Show::Decisions).with_copies(&copies),
    );
    let refused = !log.refused.is_empty();
    // The events are no longer needed: what comes of them gets their room.
    let orders = log.into_orders();
    let outcome = Outcome::of(parts, &orders);
    write(args, rules, &outcome, &orders, lang).map_err(SimulateError::Write)?;
    Ok(refused)
}

/// With which attribute of an order each recipient goes. One with people of its own is there for every order.
fn copies(directory: &Directory) -> Copies {
    let of = directory.recipients.iter().filter_map(|(name, known)| match &known.of {
        Some(Of::Attribute(attribute)) if known.people.is_empty() => Some((Symbol::new(name), Symbol::new(attribute))),
        _ => None,
    });
    Arc::new(of.collect())
}

/// Reads a file, or standard input for `-`.
pub(super) fn read_log(path: &Path, reader: &BodyReader) -> Result<Log, SimulateError> {
    let threads = threads();
    let read = if path == Path::new("-") {
        log::read(io::stdin().lock(), reader, threads)
    } else {
        let open = |source| SimulateError::Open { path: path.into(), source };
        log::read(File::open(path).map_err(open)?, reader, threads)
    };
    read.map_err(|source| SimulateError::Read { path: path.into(), source })
}

pub(super) fn threads() -> NonZero<usize> {
    available_parallelism().unwrap_or(NonZero::<usize>::MIN)
}

/// Names each line that is left out.
pub(super) fn report(path: &Path, log: &Log, lang: Lang) {
    let stderr = &mut BufWriter::new(io::stderr().lock());
    for Refused { line, why } in &log.refused {
        let why = why.message(lang);
        let _ = match lang {
            Lang::Zh => writeln!(stderr, "{}:{line}: 第 {line} 行未采用：{why}", path.display()),
            Lang::En => writeln!(stderr, "{}:{line}: line {line} left out: {why}", path.display()),
        };
    }
}

fn write(args: &Args, rules: &Rules, outcome: &Outcome, orders: &[Arc<str>], lang: Lang) -> io::Result<()> {
    let (decisions, obligations) = (args.show != Show::Obligations, args.show != Show::Decisions);
    let stdout = io::stdout().lock();
    let colours = stdout.is_terminal();
    let mut out = BufWriter::with_capacity(1 << 16, stdout);
    match args.format {
        Format::Jsonl => {
            let lines = Lines::new(outcome, orders, &rules.set);
            decisions.then(|| lines.write_decisions(&mut out)).transpose()?;
            obligations.then(|| lines.write_obligations(&mut out)).transpose()?;
        }
        Format::Table => {
            let recipients = super::explain::titles(rules);
            let table = Table { outcome, orders, rules: &rules.set, recipients, lang, colours };
            decisions.then(|| table.write_decisions(&mut out)).transpose()?;
            if args.show == Show::All {
                writeln!(out)?;
            }
            obligations.then(|| table.write_obligations(&mut out)).transpose()?;
        }
    }
    out.flush()
}
