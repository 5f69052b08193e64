//! `duban import`: puts events into the store as the API would, or as history.

use super::Common;
use crate::clock;
use crate::config::Config;
use crate::daemon::reload::said;
use crate::daemon::rules::{RulesError, Source};
use crate::intake::body::{ItemReader, Refused, id_of};
use crate::order::body::BodyReader;
use crate::order::log::BOM;
use crate::store::error::StoreError;
use crate::store::event::{NewEvent, Taken};
use crate::store::{Role, Store};
use crate::text::Lang;
use crate::time::Instant;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// So many lines are stored together.
const LINES: usize = 2000;
/// A longer line is no event.
const LINE_BYTES_MAX: u64 = 8 << 20;

/// 导入事件 [import events]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 事件文件，每行一个 JSON；- 为标准输入 [JSON lines; - is standard input]
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// 作为历史导入：保留登记时刻（`recorded_at`），不引发任何决定 [as history: keeps `recorded_at`, sets nothing in motion]
    #[arg(long)]
    history: bool,
    /// 来源名，同一来源内事件 id 不重复 [the source within which ids are unique]
    #[arg(long, value_name = "NAME", default_value = "import")]
    source: String,
}

/// Why nothing, or not everything, could be imported.
#[derive(Debug, thiserror::Error)]
enum ImportError {
    #[error("failed to read `{}`", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    #[error("line {0} is longer than 8 MiB")]
    LongLine(u64),
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error("failed to store events")]
    Store(#[from] StoreError),
}

/// What became of the lines.
#[derive(Default)]
struct Counts {
    accepted: u64,
    duplicates: u64,
    rejected: u64,
    undeclared: u64,
}

#[allow(clippy::needless_pass_by_value)] // every command is given its own
pub(crate) fn run(common: &Common, args: Args) -> ExitCode {
    let config = match common.config() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let mut counts = Counts::default();
    let imported = super::runtime().block_on(import(&config, &args, common.lang, &mut counts));
    counts.tell(common.lang);
    match imported {
        Ok(()) => ExitCode::from(u8::from(counts.rejected > 0)),
        Err(error) => {
            super::tell(common.lang, &error, error.hint(common.lang).as_deref());
            ExitCode::from(2)
        }
    }
}

async fn import(config: &Config, args: &Args, lang: Lang, counts: &mut Counts) -> Result<(), ImportError> {
    let mut lines = Lines::open(&args.events)?;
    let store = Store::open(&config.store, Role::Tool).await?;
    let reader = words(config, &store).await?;
    let source: Arc<str> = args.source.as_str().into();
    let mut stored = Ok(());
    while let Some(batch) = lines.next_batch()? {
        let now = clock::now();
        let items = ItemReader { words: &reader, source: &source, now, is_history: args.history };
        let mut importing = Importing { lang, counts: &mut *counts, events: Vec::new(), numbers: Vec::new() };
        for (number, line) in &batch {
            importing.read(*number, line, &items);
        }
        stored = importing.store(&store, args.history, now).await;
        if stored.is_err() {
            break;
        }
    }
    store.close().await;
    stored
}

/// The vocabulary in force in the store; before a daemon's first start that of the files, which stay no version.
async fn words(config: &Config, store: &Store) -> Result<BodyReader, RulesError> {
    let source = Source::new(config);
    match source.load(store).await {
        Ok(rules) => Ok(BodyReader::new(&rules.words.rules.vocabulary)),
        Err(RulesError::None) => source.vocabulary().map(|vocabulary| BodyReader::new(&vocabulary)),
        Err(error) => Err(error),
    }
}

/// One batch on its way.
struct Importing<'a> {
    lang: Lang,
    counts: &'a mut Counts,
    events: Vec<NewEvent>,
    numbers: Vec<u64>,
}

impl Importing<'_> {
    fn read(&mut self, number: u64, line: &[u8], items: &ItemReader<'_>) {
        match items.read(line) {
            Ok(item) => {
                self.counts.undeclared += u64::from(item.undeclared);
                self.events.push(item.event);
                self.numbers.push(number);
            }
            Err(refused) => self.refuse(number, id_of(line).as_deref(), &refused),
        }
    }

    async fn store(mut self, store: &Store, history: bool, now: Instant) -> Result<(), ImportError> {
        let events = std::mem::take(&mut self.events);
        let ids: Vec<Arc<str>> = events.iter().map(|event| Arc::clone(&event.id)).collect();
        let taken =
            if history { store.append_history(events, now).await? } else { store.append_events(events, now).await? };
        let numbers = std::mem::take(&mut self.numbers);
        for ((taken, number), id) in taken.into_iter().zip(numbers).zip(ids) {
            match taken {
                Taken::Accepted => self.counts.accepted += 1,
                Taken::Duplicate => self.counts.duplicates += 1,
                Taken::Conflict => self.refuse(number, Some(&id), &Refused::Conflict),
            }
        }
        Ok(())
    }

    fn refuse(&mut self, number: u64, id: Option<&str>, refused: &Refused) {
        self.counts.rejected += 1;
        let (id, error) = (id.unwrap_or("-"), refused.message(self.lang));
        match self.lang {
            Lang::Zh => eprintln!("第 {number} 行（{id}）：{error}"),
            Lang::En => eprintln!("line {number} ({id}): {error}"),
        }
    }
}

impl Counts {
    fn tell(&self, lang: Lang) {
        let Counts { accepted, duplicates, rejected, undeclared } = self;
        match lang {
            Lang::Zh => eprintln!("已存入 {accepted}，重复 {duplicates}，拒收 {rejected}；未声明的属性 {undeclared}"),
            Lang::En => eprintln!(
                "{accepted} stored, {duplicates} known before, {rejected} refused; {undeclared} undeclared attributes"
            ),
        }
    }
}

impl ImportError {
    fn hint(&self, lang: Lang) -> Option<String> {
        match self {
            ImportError::Store(error) | ImportError::Rules(RulesError::Store(error)) => {
                Some(error.hint(lang).to_owned())
            }
            ImportError::Rules(failure) => Some(said(failure, lang).join("\n")),
            ImportError::Read(..) | ImportError::LongLine(_) => None,
        }
    }
}

/// A line with its number.
type Line = (u64, Vec<u8>);

/// The file's lines with their numbers, never more of them in memory than a batch.
struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    number: u64,
}

impl Lines {
    fn open(path: &std::path::Path) -> Result<Lines, ImportError> {
        let reader: Box<dyn BufRead> = if path.as_os_str() == "-" {
            Box::new(BufReader::new(std::io::stdin()))
        } else {
            let file = std::fs::File::open(path).map_err(|error| ImportError::Read(path.into(), error))?;
            Box::new(BufReader::with_capacity(1 << 20, file))
        };
        Ok(Lines { path: path.into(), reader, number: 0 })
    }

    fn next_batch(&mut self) -> Result<Option<Vec<Line>>, ImportError> {
        let mut batch = Vec::new();
        while batch.len() < LINES {
            let Some(line) = self.next_line()? else { break };
            if !line.trim_ascii().is_empty() {
                batch.push((self.number, line.trim_ascii().to_vec()));
            }
        }
        Ok((!batch.is_empty()).then_some(batch))
    }

    fn next_line(&mut self) -> Result<Option<Vec<u8>>, ImportError> {
        let mut line = Vec::new();
        let mut limited = std::io::Read::take(&mut self.reader, LINE_BYTES_MAX);
        let read = limited.read_until(b'\n', &mut line).map_err(|error| ImportError::Read(self.path.clone(), error))?;
        self.number += 1;
        if read as u64 == LINE_BYTES_MAX && line.last() != Some(&b'\n') {
            return Err(ImportError::LongLine(self.number));
        }
        if self.number == 1 && line.starts_with(BOM) {
            line.drain(..BOM.len());
        }
        Ok((read > 0).then_some(line))
    }
}
