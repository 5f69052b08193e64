//! The ledger: every event, decision, notice, delivery, receipt, version of the rules and entry of the journal is chained by
//! hash.
//!
//! There is one chain per order and one named `system`. An entry's hash is that of the hash before it and of its content's
//! hash; a chain begins with the hash of its name. The content's hash is taken over the row's columns as stored, each with
//! its length, long texts by their own hash, so that one of them can be erased and the chain still holds. Each order's row
//! keeps count and head of its chain.

pub mod bundle;
pub mod checkpoint;
mod contents;
pub mod erase;
pub mod keys;
mod replay;
pub mod tree;
mod verdict;
pub mod verify;

use super::rows;
use super::writer::Writing;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// SHA-256.
pub(super) type Hash = [u8; 32];

/// The nr of the chain `system`.
pub(super) const SYSTEM: i64 = 0;

/// How far a chain goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) count: i64,
    pub(super) head: Hash,
}

impl Default for Link {
    fn default() -> Link {
        Link::begin("system")
    }
}

impl Link {
    /// An empty chain.
    pub(super) fn begin(name: &str) -> Link {
        Link { count: 0, head: Sha256::new().chain_update("duban ledger\0").chain_update(name).finalize().into() }
    }

    /// The chain with one more entry.
    pub(super) fn then(self, content: &Hash) -> Link {
        let head = Sha256::new().chain_update(self.head).chain_update(content).finalize().into();
        Link { count: self.count + 1, head }
    }
}

/// What an entry is about: the table that holds its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An event or a figure, a person's act among them.
    Event,
    /// A decision or a revocation.
    Decision,
    /// A notice.
    Notice,
    /// An attempt to deliver one.
    Delivery,
    /// What was said later of what was delivered.
    Receipt,
    /// A version of the rules.
    Version,
    /// An entry of the journal.
    Journal,
    /// An erasure of personal data.
    Erasure,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 8] = [
        Kind::Event,
        Kind::Decision,
        Kind::Notice,
        Kind::Delivery,
        Kind::Receipt,
        Kind::Version,
        Kind::Journal,
        Kind::Erasure,
    ];

    /// Its name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Event => "event",
            Kind::Decision => "decision",
            Kind::Notice => "notice",
            Kind::Delivery => "delivery",
            Kind::Receipt => "receipt",
            Kind::Version => "version",
            Kind::Journal => "journal",
            Kind::Erasure => "erasure",
        }
    }

    fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// An entry to be written.
#[derive(Debug)]
pub(super) struct Entry {
    number: i64,
    chain: i64,
    kind: Kind,
    subject: i64,
    content: Hash,
    link: Link,
}

/// The hash of a row's content.
pub(super) struct Content(Sha256);

impl Content {
    pub(super) fn of(kind: Kind) -> Content {
        Content(Sha256::new().chain_update(kind.as_str()).chain_update("\0"))
    }

    pub(super) fn text(mut self, text: &str) -> Content {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
        self
    }

    pub(super) fn maybe_text(self, text: Option<&str>) -> Content {
        match text {
            Some(text) => self.flag(true).text(text),
            None => self.flag(false),
        }
    }

    /// A long text, by its hash: it may be erased later.
    pub(super) fn erasable(mut self, text: &str) -> Content {
        self.0.update(Sha256::digest(text));
        self
    }

    /// The same, where there may be none.
    pub(super) fn maybe_erasable(self, text: Option<&str>) -> Content {
        match text {
            Some(text) => self.flag(true).erasable(text),
            None => self.flag(false),
        }
    }

    /// A text given by its hash.
    pub(super) fn hashed(mut self, hash: &Hash) -> Content {
        self.0.update(hash);
        self
    }

    pub(super) fn number(mut self, number: i64) -> Content {
        self.0.update(number.to_be_bytes());
        self
    }

    pub(super) fn maybe_number(self, number: Option<i64>) -> Content {
        match number {
            Some(number) => self.flag(true).number(number),
            None => self.flag(false),
        }
    }

    fn flag(mut self, flag: bool) -> Content {
        self.0.update([u8::from(flag)]);
        self
    }

    pub(super) fn hash(self) -> Hash {
        self.0.finalize().into()
    }
}

impl Writing {
    /// Chains a content of an order; the chain as it then stands.
    pub(super) fn chain(&mut self, order: i64, link: Link, kind: Kind, subject: i64, content: Hash) -> Link {
        let link = link.then(&content);
        self.numbers.entry += 1;
        self.entries.push(Entry { number: self.numbers.entry, chain: order, kind, subject, content, link });
        link
    }

    /// Chains a content that concerns no order.
    pub(super) fn chain_system(&mut self, kind: Kind, subject: i64, content: Hash) {
        self.system = self.chain(SYSTEM, self.system, kind, subject, content);
    }
}

/// Writes the entries of a transaction.
pub(super) async fn write(writing: &mut Writing) -> Result<(), sqlx::Error> {
    let entries = std::mem::take(&mut writing.entries);
    let sql = include_str!("sql/insert_ledger.sql");
    rows::execute(&mut writing.conn, sql, &entries, |query, entry| {
        query
            .bind(entry.number)
            .bind(entry.chain)
            .bind(entry.link.count)
            .bind(entry.kind.as_str())
            .bind(entry.subject)
            .bind(&entry.content[..])
            .bind(&entry.link.head[..])
    })
    .await?;
    Ok(())
}

/// A hash in a row.
pub(super) fn hash_of(row: &SqliteRow, column: usize) -> Result<Hash, sqlx::Error> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map_err(|_| sqlx::Error::Decode(format!("a hash of {} bytes", bytes.len()).into()))
}
