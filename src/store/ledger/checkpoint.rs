//! Checkpoints: signed states of the ledger.
//!
//! What is signed is a short text, one fact a line, in this order: the format, the checkpoint's number from 1, when it was
//! made, up to which entry of the ledger, the root of the tree over all chains, the SHA-256 of the text of the checkpoint
//! before (zeros of the first), and the SHA-256 of the signing key's public half (its SPKI form). The signature is Ed25519
//! over exactly that text.

use super::keys::{PublicKey, SigningKey};
use super::{Hash, tree};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::orders::unsigned;
use crate::store::writer::Writing;
use crate::time::Instant;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnection, SqlitePool};

const FORMAT: &str = "duban checkpoint 1";

/// A signed state of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// What it says.
    pub said: Said,
    /// The text that was signed.
    pub text: String,
    /// The signature, 64 bytes.
    pub signature: Vec<u8>,
}

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// From 1.
    pub number: u64,
    /// When it was made.
    pub at: Instant,
    /// Up to which entry of the ledger.
    pub entries: u64,
    /// The tree's root.
    pub root: Hash,
    /// The hash of the text of the checkpoint before.
    pub before: Hash,
    /// Which key signed.
    pub key: Hash,
}

/// A checkpoint as a line of JSON: in the file beside the store, in bundles and in notices.
#[derive(Serialize, Deserialize)]
struct Line {
    checkpoint: String,
    signature: String,
}

impl Said {
    fn text(&self, zone: Tz) -> String {
        let Said { number, at, entries, root, before, key } = self;
        let (root, before, key) = (hex::encode(root), hex::encode(before), hex::encode(key));
        let at = at.rfc3339(zone);
        format!("{FORMAT}\nnumber {number}\nat {at}\nentries {entries}\nroot {root}\nbefore {before}\nkey {key}\n")
    }

    fn parse(text: &str) -> Option<Said> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        lines.next().filter(|first| *first == FORMAT)?;
        let mut fact = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let (number, at, entries) = (fact("number")?, fact("at")?, fact("entries")?);
        let hashes = ["root", "before", "key"].map(|name| fact(name).and_then(hash));
        let [root, before, key] = hashes;
        let (number, at, entries) = (number.parse().ok()?, Instant::parse(at)?, entries.parse().ok()?);
        lines.next().is_none().then_some(Said { number, at, entries, root: root?, before: before?, key: key? })
    }
}

/// A hash in hexadecimal digits.
fn hash(digits: &str) -> Option<Hash> {
    hex::decode(digits).ok()?.try_into().ok()
}

impl Checkpoint {
    fn sign(said: Said, zone: Tz, key: &SigningKey) -> Checkpoint {
        let text = said.text(zone);
        let signature = key.sign(text.as_bytes());
        Checkpoint { said, text, signature }
    }

    /// A checkpoint from its text; none if it is not one.
    pub(super) fn read(text: String, signature: Vec<u8>) -> Option<Checkpoint> {
        Some(Checkpoint { said: Said::parse(&text)?, text, signature })
    }

    /// As a line of JSON, without its end.
    pub fn line(&self) -> String {
        let line = Line { checkpoint: self.text.clone(), signature: STANDARD.encode(&self.signature) };
        serde_json::to_string(&line).expect("texts can be written")
    }

    /// From a line of JSON.
    pub fn parse_line(line: &str) -> Option<Checkpoint> {
        let line: Line = serde_json::from_str(line).ok()?;
        Checkpoint::read(line.checkpoint, STANDARD.decode(line.signature).ok()?)
    }

    /// What the next one calls the one before.
    pub(super) fn hash(&self) -> Hash {
        Sha256::digest(&self.text).into()
    }

    /// Whether one of these keys signed it; none: the key that it names is not among them.
    pub(super) fn is_signed_by(&self, keys: &[PublicKey]) -> Option<bool> {
        let key = keys.iter().find(|key| key.id() == self.said.key)?;
        Some(key.verifies(self.text.as_bytes(), &self.signature))
    }
}

/// Why there is no new checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The ledger is not what it was.
    #[error("the ledger was tampered with")]
    Torn(#[from] tree::Torn),
    /// The newest checkpoint cannot be read.
    #[error("checkpoint {0} in the store is malformed")]
    Malformed(u64),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Signs the ledger's state; none where nothing changed since the newest checkpoint.
    pub async fn make_checkpoint(
        &self,
        key: &SigningKey,
        zone: Tz,
        now: Instant,
    ) -> Result<Option<Checkpoint>, CheckpointError> {
        loop {
            while self.grow_tree().await??.is_behind {}
            let newest = self.newest_checkpoint().await?;
            let (entries, root) = self.tree_root().await?;
            if newest.as_ref().map_or(0, |newest| newest.said.entries) == entries {
                return Ok(None);
            }
            let number = newest.as_ref().map_or(0, |newest| newest.said.number) + 1;
            let before = newest.map_or([0; 32], |newest| newest.hash());
            let said = Said { number, at: now, entries, root, before, key: key.public().id() };
            let made = Checkpoint::sign(said, zone, key);
            if self.write(made.clone(), |made, writing| Box::pin(insert(writing, made))).await? {
                return Ok(Some(made));
            }
        }
    }

    /// The newest checkpoint.
    pub async fn newest_checkpoint(&self) -> Result<Option<Checkpoint>, CheckpointError> {
        let sql = include_str!("../sql/newest_checkpoint.sql");
        let row: Option<(i64, String, Vec<u8>)> = sqlx::query_as(sql)
            .fetch_optional(&self.0.readers)
            .await
            .map_err(StoreError::failed("load the newest checkpoint"))?;
        row.map(|(number, text, signature)| {
            Checkpoint::read(text, signature).ok_or(CheckpointError::Malformed(unsigned(number)))
        })
        .transpose()
    }

    /// Up to `limit` checkpoints after a number, in order.
    pub async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<Checkpoint>, CheckpointError> {
        let failed = StoreError::failed("load checkpoints");
        let rows = page(&self.0.readers, after, limit).await.map_err(failed)?;
        let read = |row: Row| Checkpoint::read(row.2, row.3).ok_or(CheckpointError::Malformed(row.0));
        rows.into_iter().map(read).collect()
    }

    async fn tree_root(&self) -> Result<(u64, Hash), StoreError> {
        let sql = include_str!("../sql/tree_root.sql");
        let failed = || StoreError::failed("read the ledger's tree");
        let (entries, body): (i64, Option<Vec<u8>>) =
            sqlx::query_as(sql).fetch_one(&self.0.readers).await.map_err(failed())?;
        let children = body.map(|body| tree::read_children(&body)).transpose().map_err(failed())?;
        Ok((unsigned(entries), children.map_or([0; 32], |children| tree::node(&children))))
    }
}

/// Number, entries, text, signature.
pub(super) type Row = (u64, u64, String, Vec<u8>);

/// Rows of checkpoints after a number.
pub(super) async fn page(readers: &SqlitePool, after: u64, limit: u32) -> Result<Vec<Row>, sqlx::Error> {
    page_of(&mut *readers.acquire().await?, after, limit).await
}

/// The same, on one connection.
pub(super) async fn page_of(conn: &mut SqliteConnection, after: u64, limit: u32) -> Result<Vec<Row>, sqlx::Error> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let sql = include_str!("../sql/checkpoints_page.sql");
    let rows: Vec<(i64, i64, String, Vec<u8>)> = sqlx::query_as(sql).bind(after).bind(limit).fetch_all(conn).await?;
    let read = |(number, entries, text, signature)| (unsigned(number), unsigned(entries), text, signature);
    Ok(rows.into_iter().map(read).collect())
}

/// Keeps a checkpoint, unless the tree has grown or another was made since: whether it was kept.
async fn insert(writing: &mut Writing, made: &Checkpoint) -> Result<bool, StoreError> {
    writing.note(made.said.at);
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let done = sqlx::query(include_str!("../sql/insert_checkpoint.sql"))
        .bind(signed(made.said.number))
        .bind(made.said.at.0)
        .bind(signed(made.said.entries))
        .bind(&made.text)
        .bind(&made.signature)
        .execute(&mut writing.conn)
        .await
        .map_err(StoreError::failed("keep a checkpoint"))?;
    Ok(done.rows_affected() > 0)
}
