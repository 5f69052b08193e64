//! One look at a source by hand: as the daemon does it, or to see what it would give.

use super::{Failure, RunArgs, find};
use crate::clock;
use crate::config::Config;
use crate::config::sources::{Source, SourceKind};
use crate::daemon::rules::{RulesError, Source as RuleSource};
use crate::order::body::BodyReader;
use crate::source::folder::{FolderWorker, Verdict};
use crate::source::look::{Looked, Looking};
use crate::source::map::RowProblem;
use crate::source::run::Worker;
use crate::source::sql::SqlWorker;
use crate::store::sources::SourceNote;
use crate::store::{Role, Store};
use crate::text::Lang;
use chrono_tz::Tz;
use std::process::ExitCode;

/// The words by which rows are read.
struct Words {
    reader: BodyReader,
    zone: Tz,
    version: u32,
}

pub(super) async fn look(lang: Lang, config: &Config, args: &RunArgs) -> Result<ExitCode, Failure> {
    let source = find(config, &args.name)?;
    let store = Store::open(&config.store, Role::Tool).await?;
    let looked = with_store(lang, config, source, args, &store).await;
    store.close().await;
    looked
}

async fn with_store(
    lang: Lang,
    config: &Config,
    source: &Source,
    args: &RunArgs,
    store: &Store,
) -> Result<ExitCode, Failure> {
    let words = words(config, store).await.map_err(Failure::Rules)?;
    let looking = Looking {
        store,
        words: &words.reader,
        zone: words.zone,
        lang,
        is_history: args.history,
        version: words.version,
    };
    if args.dry_run { try_out(lang, source, args.rows, &looking).await } else { take(lang, source, &looking).await }
}

/// The vocabulary in force in the store; before a daemon's first start that of the files, which stay no version.
async fn words(config: &Config, store: &Store) -> Result<Words, RulesError> {
    let source = RuleSource::new(config);
    match source.load(store).await {
        Ok(rules) => {
            let reader = BodyReader::new(&rules.words.rules.vocabulary);
            Ok(Words { reader, zone: rules.words.zone, version: rules.number })
        }
        Err(RulesError::None) => {
            let reader = BodyReader::new(&*source.vocabulary()?);
            Ok(Words { reader, zone: chrono_tz::Asia::Shanghai, version: 0 })
        }
        Err(error) => Err(error),
    }
}

async fn take(lang: Lang, source: &Source, looking: &Looking<'_>) -> Result<ExitCode, Failure> {
    let looked = Worker::once(source).look(looking).await?;
    let note = SourceNote { is_at_end: looked.is_at_end, ..SourceNote::default() };
    looking.store.note_source(&source.name, note, clock::now()).await?;
    for said in &looked.said {
        eprintln!("{}", said.in_lang(lang));
    }
    eprintln!("{}", summary(lang, &looked));
    Ok(ExitCode::from(u8::from(looked.counts.refused > 0)))
}

fn summary(lang: Lang, looked: &Looked) -> String {
    let counts = looked.counts;
    match lang {
        Lang::Zh => format!(
            "新增 {}，重复 {}，已有而属性不同 {}，拒收 {}；未声明的属性 {}",
            counts.taken, counts.duplicates, counts.changed, counts.refused, looked.undeclared
        ),
        Lang::En => format!(
            "{} new, {} known, {} known with other attributes, {} refused; {} undeclared attributes",
            counts.taken, counts.duplicates, counts.changed, counts.refused, looked.undeclared
        ),
    }
}

async fn try_out(lang: Lang, source: &Source, rows: u32, looking: &Looking<'_>) -> Result<ExitCode, Failure> {
    let mut refused = 0;
    match &source.kind {
        SourceKind::Folder(folder) => {
            for (name, verdict) in FolderWorker::once(source, folder).try_out(looking)? {
                match verdict {
                    Verdict::Good(content) => {
                        for (_, item) in &content.items {
                            println!("{}", item.event.body);
                        }
                    }
                    Verdict::Refused(problems) => {
                        refused += problems.len();
                        for problem in &problems {
                            eprintln!("{name} {}", problem.said(lang));
                        }
                    }
                }
            }
        }
        SourceKind::Sql(sql) => {
            for row in SqlWorker::new(source, sql).try_out(looking, rows).await? {
                for gives in row.gives {
                    match gives {
                        Ok(item) => println!("{}", item.event.body),
                        Err(problem) => {
                            refused += 1;
                            eprintln!("{}", said(lang, &row.place, &problem));
                        }
                    }
                }
            }
        }
    }
    Ok(ExitCode::from(u8::from(refused > 0)))
}

fn said(lang: Lang, place: &str, problem: &RowProblem) -> String {
    let column = problem.column.as_deref().unwrap_or("-");
    match lang {
        Lang::Zh => format!("{place}“{column}”：{}", problem.reason.zh),
        Lang::En => format!("{place}, `{column}`: {}", problem.reason.en),
    }
}
