//! The hash of a row's content, from the columns in which it is read: of the store, or of a bundle.

use super::{Content, Hash, Kind};
use crate::store::ledger::erase;
use crate::store::{append, decided, outbox, state, versions};
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

/// A row's columns by place; none: of another type.
#[allow(clippy::option_option)] // of another type, or null
pub(super) trait Columns {
    fn number(&self, column: usize) -> Option<Option<i64>>;
    fn text(&self, column: usize) -> Option<Option<&str>>;
    fn hash(&self, column: usize) -> Option<Option<Vec<u8>>>;
}

impl Columns for SqliteRow {
    fn number(&self, column: usize) -> Option<Option<i64>> {
        self.try_get(column).ok()
    }

    fn text(&self, column: usize) -> Option<Option<&str>> {
        self.try_get(column).ok()
    }

    fn hash(&self, column: usize) -> Option<Option<Vec<u8>>> {
        self.try_get(column).ok()
    }
}

/// The columns of a kind's rows, in the order in which they are read.
pub(super) fn names(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Event => &["seq", "source", "id", "order", "type", "at", "recorded_at", "body", "salt", "erased"],
        Kind::Decision => &["position", "key", "order", "at", "made_at", "kind", "body"],
        Kind::Notice => {
            &["id", "key", "order", "decision", "kind", "target", "at", "expires_at", "confidential", "forms"]
        }
        Kind::Delivery => &[
            "id",
            "notice",
            "attempt",
            "channel",
            "address",
            "at",
            "outcome",
            "detail",
            "provider_id",
            "message",
            "party",
        ],
        Kind::Receipt => &["id", "delivery", "at", "known_at", "source", "outcome", "detail"],
        Kind::Version => &["number", "in_force", "files"],
        Kind::Journal => &["id", "at", "what", "body"],
        Kind::Erasure => &["id", "order", "at", "by", "reason", "body"],
    }
}

/// Which columns hold bytes.
pub(super) fn is_bytes(name: &str) -> bool {
    matches!(name, "salt" | "erased")
}

/// The rows of a kind after a number up to another.
pub(super) async fn rows(
    conn: &mut SqliteConnection,
    kind: Kind,
    after: i64,
    until: i64,
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    let sql = match kind {
        Kind::Event => include_str!("../sql/contents_of_events.sql"),
        Kind::Decision => include_str!("../sql/contents_of_decisions.sql"),
        Kind::Notice => include_str!("../sql/contents_of_notices.sql"),
        Kind::Delivery => include_str!("../sql/contents_of_deliveries.sql"),
        Kind::Receipt => include_str!("../sql/contents_of_receipts.sql"),
        Kind::Version => include_str!("../sql/contents_of_versions.sql"),
        Kind::Journal => include_str!("../sql/contents_of_journal.sql"),
        Kind::Erasure => include_str!("../sql/contents_of_erasures.sql"),
    };
    sqlx::query(sql).bind(after).bind(until).fetch_all(conn).await
}

/// The hash of a row's content; none: it says what no row of this kind says.
pub(super) fn content(kind: Kind, row: &impl Columns) -> Option<Hash> {
    let number = |column| row.number(column).flatten();
    let text = |column| row.text(column).flatten();
    Some(match kind {
        Kind::Event => {
            let body = event_body(row)?;
            let at = [number(5)?, number(6)?];
            append::content(number(0)?, text(1)?, text(2)?, row.text(3)?, text(4)?, at, &body)
        }
        Kind::Decision => {
            decided::content(number(0)?, text(1)?, text(2)?, [number(3)?, number(4)?], text(5)?, text(6)?)
        }
        Kind::Notice => outbox::queue::content(&outbox::queue::Contents {
            id: number(0)?,
            key: text(1)?,
            order: row.text(2)?,
            decision: row.text(3)?,
            kind: text(4)?,
            target: text(5)?,
            at: number(6)?,
            expires_at: row.number(7)?,
            confidential: number(8)? != 0,
            forms: Sha256::digest(text(9)?).into(),
        }),
        Kind::Delivery => delivery(row)?,
        Kind::Receipt => outbox::receipts::receipt_content(&outbox::receipts::Contents {
            id: number(0)?,
            delivery: number(1)?,
            at: number(2)?,
            known_at: number(3)?,
            source: text(4)?,
            outcome: text(5)?,
            detail: row.text(6)?,
        }),
        Kind::Version => versions::content(number(0)?, number(1)?, text(2)?),
        Kind::Journal => state::content(number(0)?, number(1)?, text(2)?, text(3)?),
        Kind::Erasure => erase::content(number(0)?, text(1)?, number(2)?, text(3)?, text(4)?, text(5)?),
    })
}

/// The hash of an event's body as it was accepted: of one that was erased, as kept.
fn event_body(row: &impl Columns) -> Option<Hash> {
    match row.hash(9)? {
        Some(kept) => kept.try_into().ok(),
        None => Some(append::body_hash(row.hash(8)?.as_deref(), row.text(7)??)),
    }
}

/// Of an event of which something was erased: its number, and its body as it stands.
pub(super) fn erased(kind: Kind, row: &impl Columns) -> Option<(i64, Hash)> {
    row.hash(9).filter(|_| kind == Kind::Event)??;
    Some((row.number(0)??, erase::body_hash(row.text(7)??)))
}

fn delivery(row: &impl Columns) -> Option<Hash> {
    let number = |column| row.number(column).flatten();
    let text = |column| row.text(column).flatten();
    let begun = Content::of(Kind::Delivery).number(number(0)?).number(number(1)?).number(number(2)?);
    let addressed = begun.text(text(3)?).erasable(text(4)?).number(number(5)?).text(text(6)?);
    let answered = addressed.maybe_text(row.text(7)?).maybe_text(row.text(8)?);
    Some(outbox::with_message(answered, row.text(9)?, row.text(10)?).hash())
}
