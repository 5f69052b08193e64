//! One look at a source: what it is done with, and what came of it.

use crate::config::sources::Source;
use crate::intake::body::ItemReader;
use crate::order::body::BodyReader;
use crate::source::map::Mapper;
use crate::source::take::{ReadItem, RowReader};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::event::Taken;
use crate::store::sources::SourceCounts;
use crate::text::{Lang, Text};
use crate::time::Instant;
use chrono_tz::Tz;
use std::time::Duration;

/// So many events share a transaction: others who write wait no longer than one of these takes.
const TOGETHER: usize = 2000;

/// With what a source is looked at.
#[derive(Clone, Copy)]
pub struct Looking<'a> {
    /// The store.
    pub store: &'a Store,
    /// The words in force.
    pub words: &'a BodyReader,
    /// In what zone times without an offset are, where the source does not say.
    pub zone: Tz,
    /// In what language reports are.
    pub lang: Lang,
    /// Whether what comes is history, which sets nothing in motion.
    pub is_history: bool,
    /// The number of the rules' version: what was refused under another is tried again.
    pub version: u32,
}

impl<'a> Looking<'a> {
    /// A reader of this source's rows.
    pub fn reader(&self, source: &'a Source, now: Instant) -> RowReader<'a> {
        let mapper = Mapper { mapping: &source.mapping, words: self.words, zone: self.zone };
        let items = ItemReader { words: self.words, source: &source.name, now, is_history: self.is_history };
        RowReader { mapper, items }
    }

    /// Stores what was read, some thousand at a time; what became of each, in their order.
    pub async fn store(&self, items: Vec<ReadItem>, now: Instant) -> Result<Vec<Taken>, StoreError> {
        let mut taken = Vec::with_capacity(items.len());
        let mut events = items.into_iter().map(|item| item.event).peekable();
        while events.peek().is_some() {
            let together = events.by_ref().take(TOGETHER).collect();
            let stored = if self.is_history {
                self.store.append_history(together, now).await?
            } else {
                self.store.append_events(together, now).await?
            };
            taken.extend(stored);
        }
        Ok(taken)
    }
}

/// What came of a look. What became of events and rows has been noted in the store already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looked {
    /// What became of events and rows.
    pub counts: SourceCounts,
    /// Attributes that no vocabulary declares.
    pub undeclared: u64,
    /// Whether nothing was left waiting.
    pub is_at_end: bool,
    /// When to look again, if not as usual.
    pub again: Option<Duration>,
    /// What of it a person should see, a line each.
    pub said: Vec<Text>,
}

/// Why a source could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// Our own store.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The source.
    #[error("{}", .0.in_lang(Lang::En))]
    Source(Text),
}

impl LookError {
    /// What is wrong, for operators.
    pub fn message(&self, lang: Lang) -> String {
        match (self, lang) {
            (LookError::Store(error), Lang::Zh) => format!("本机数据库：{error}"),
            (LookError::Store(error), Lang::En) => format!("the store: {error}"),
            (LookError::Source(text), lang) => text.in_lang(lang).to_owned(),
        }
    }
}
