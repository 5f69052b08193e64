//! `duban notices`: the outbox, looked at and handled, safe beside a running daemon, which takes notice within seconds; how
//! notices read, and whether a channel works.

mod calls;
mod found;
mod hand;
mod json;
mod list;
mod preview;
mod show;
mod shown;
mod test;

use super::Common;
use crate::config::Config;
use crate::daemon::rules::Source;
use crate::notify::notice::{NoticeKind, Target};
use crate::policy::directory::Directory;
use crate::store::error::StoreError;
use crate::store::outbox::NoticeState;
use crate::store::{Role, Store};
use crate::text::Lang;
use crate::text::nearest::nearest;
use crate::time::Instant;
use chrono_tz::Tz;
use clap::{Subcommand, ValueEnum};
use std::io::{self, ErrorKind};
use std::process::ExitCode;
use std::sync::Arc;

/// 通知：查看、再发、取消、电话；预览成品、发一条测试 [notices: look, try again, take back, call; preview, test]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Outbox(Outbox),
    Preview(preview::Args),
    Test(test::Args),
}

/// What is asked of the store.
#[derive(Debug, Subcommand)]
enum Outbox {
    /// 列出通知，新的在前 [list notices, the newest first]
    List(list::Args),
    /// 一条通知的全部经过 [all of one notice]
    Show(show::Args),
    /// 把未送达、不明、已过时的再发一次 [try again what failed, is unknown or expired]
    Retry(hand::RetryArgs),
    /// 取消没有送达的 [take back what was not delivered]
    Cancel(hand::CancelArgs),
    /// 列出待打的电话：各渠道都没有送到的人 [who is to be called, because no channel reached them]
    Calls(calls::Args),
    /// 电话打过了 [a call was made]
    Done(hand::DoneArgs),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Jsonl,
}

/// A store that is looked at, with what its rules say of names and times.
struct Book {
    store: Store,
    directory: Arc<Directory>,
    zone: Tz,
    lang: Lang,
}

/// Why a command ended otherwise than done.
enum Failure {
    Store(StoreError),
    Write(io::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Store(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Write(error)
    }
}

#[allow(clippy::needless_pass_by_value)] // every command is given its own
pub(crate) fn run(common: &Common, args: Args) -> ExitCode {
    let command = match &args.command {
        Command::Preview(args) => return preview::run(common, args),
        Command::Test(args) => return test::run(common, args),
        Command::Outbox(command) => command,
    };
    let config = match common.config() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let done = super::runtime().block_on(carry_out(common.lang, &config, command));
    done.unwrap_or_else(|failure| match failure {
        Failure::Store(error) => {
            super::tell(common.lang, &error, Some(error.hint(common.lang)));
            ExitCode::from(2)
        }
        // Whoever reads has read enough.
        Failure::Write(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Failure::Write(error) => {
            super::tell(common.lang, &error, None);
            ExitCode::from(2)
        }
    })
}

async fn carry_out(lang: Lang, config: &Config, command: &Outbox) -> Result<ExitCode, Failure> {
    let writes = matches!(command, Outbox::Retry(_) | Outbox::Cancel(_) | Outbox::Done(_));
    let book = Book::open(lang, config, if writes { Role::Tool } else { Role::Reader }).await?;
    let done = match command {
        Outbox::List(args) => list::list(&book, args).await,
        Outbox::Show(args) => show::show(&book, args).await,
        Outbox::Retry(args) => hand::retry(&book, args).await,
        Outbox::Cancel(args) => hand::cancel(&book, args).await,
        Outbox::Calls(args) => calls::calls(&book, args).await,
        Outbox::Done(args) => hand::done(&book, args).await,
    };
    book.store.close().await;
    done
}

impl Book {
    async fn open(lang: Lang, config: &Config, role: Role) -> Result<Book, StoreError> {
        if !config.store.exists() {
            return Err(StoreError::Missing(config.store.clone()));
        }
        let store = Store::open(&config.store, role).await?;
        // A store is looked at even where its rules cannot be read any more: titles are names then.
        let rules = Source::new(config).load(&store).await.ok();
        let directory = rules.as_ref().map(|rules| Arc::clone(rules.teller.directory())).unwrap_or_default();
        let zone = rules.map_or(chrono_tz::Asia::Shanghai, |rules| rules.words.zone);
        Ok(Book { store, directory, zone, lang })
    }

    /// 2024-05-11 08:50.
    fn minute(&self, at: Instant) -> String {
        at.in_zone(self.zone).format("%Y-%m-%d %H:%M").to_string()
    }

    /// 专职联络员（市市场监管局）.
    fn reader(&self, target: &Target) -> String {
        let either = |zh: String, en: String| if self.lang == Lang::Zh { zh } else { en };
        match target {
            Target::Recipient { recipient, place: None } => self.directory.title(recipient).to_owned(),
            Target::Recipient { recipient, place: Some(place) } => {
                let title = self.directory.title(recipient);
                either(format!("{title}（{place}）"), format!("{title} ({place})"))
            }
            Target::Channel(channel) => either(format!("对接系统 {channel}"), format!("system {channel}")),
        }
    }

    /// The names under which the directory knows whoever is called so, and the word itself.
    fn recipients(&self, word: &str) -> Vec<String> {
        let titled = self.directory.recipients.iter().filter(|(_, known)| known.title == word);
        std::iter::once(word.to_owned()).chain(titled.map(|(name, _)| name.to_string())).collect()
    }

    fn say(&self, zh: impl Into<String>, en: impl Into<String>) -> String {
        if self.lang == Lang::Zh { zh.into() } else { en.into() }
    }
}

fn state(text: &str) -> Result<NoticeState, String> {
    NoticeState::parse(text).ok_or_else(|| format!("one of {}", NoticeState::ALL.map(NoticeState::as_str).join(", ")))
}

/// A kind by its name or by what people call it.
fn kind(text: &str) -> Result<NoticeKind, String> {
    let named = |kind: &NoticeKind| [kind.as_str(), kind.title()].contains(&text);
    NoticeKind::ALL.into_iter().find(named).ok_or_else(|| {
        let known: Vec<String> =
            NoticeKind::ALL.iter().map(|kind| format!("{}（{}）", kind.as_str(), kind.title())).collect();
        let spellings = NoticeKind::ALL.iter().flat_map(|kind| [kind.as_str(), kind.title()]);
        match nearest(text, spellings) {
            Some(near) => format!("没有这种通知，是不是 {near}？ [did you mean {near}?]"),
            None => format!("没有这种通知；有：{} [one of these]", known.join("、")),
        }
    })
}

/// A name or a note that says something.
fn words(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("it says nothing".into()) } else { Ok(text.to_owned()) }
}
