//! The versions of the rules: each whole, numbered from 1, in force from an instant until the next.

use super::error::StoreError;
use super::ledger::{Content, Hash, Kind};
use super::orders;
use super::state;
use super::writer::Writing;
use crate::time::Instant;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use std::collections::BTreeMap;

/// The files of a version by path, relative and with `/`; calendars, vocabulary and directory included.
pub type Files = BTreeMap<String, String>;

/// A version of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// From 1.
    pub number: u32,
    /// From when it is in force.
    pub in_force: Instant,
    /// Its files.
    pub files: Files,
}

/// Which version files became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The version that is in force now.
    pub number: u32,
    /// Whether it is new; else the files are those of the newest version already.
    pub is_new: bool,
}

/// What tells two sets of files apart: each path and text with its length.
pub fn files_hash(files: &Files) -> [u8; 32] {
    let mut hash = Sha256::new();
    for text in files.iter().flat_map(|(path, text)| [path, text]) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

/// The journal's word for a new version. Its body says which, and what changed.
pub const RULES_CHANGED: &str = "rules-changed";

pub(super) async fn put(
    writing: &mut Writing,
    files: &Files,
    in_force: Instant,
    changes: Option<&str>,
) -> Result<Kept, StoreError> {
    writing.note(in_force);
    let (number, is_new) = put_row(writing, files, in_force).await.map_err(StoreError::failed("keep the rules"))?;
    if is_new {
        orders::mark_from(writing, Some(1)).await?;
        if let Some(changes) = changes {
            let body = format!(r#"{{"version":{number},"changes":{changes}}}"#);
            state::record(writing, RULES_CHANGED, &body, in_force).await?;
        }
    }
    Ok(Kept { number, is_new })
}

async fn put_row(writing: &mut Writing, files: &Files, in_force: Instant) -> Result<(u32, bool), sqlx::Error> {
    let hash = files_hash(files);
    let newest = sqlx::query(include_str!("sql/newest_version.sql")).fetch_optional(&mut writing.conn).await?;
    let newest: Option<(i64, Vec<u8>)> =
        newest.map(|row| Ok((row.try_get(0)?, row.try_get(2)?))).transpose().map_err(|error: sqlx::Error| error)?;
    if let Some((number, known)) = &newest
        && *known == hash
    {
        return Ok((u32::try_from(*number).unwrap_or_default(), false));
    }
    let number = newest.map_or(1, |(number, _)| number + 1);
    let text = serde_json::to_string(files).expect("texts can be written");
    sqlx::query(include_str!("sql/insert_version.sql"))
        .bind(number)
        .bind(in_force.0)
        .bind(&hash[..])
        .bind(&text)
        .execute(&mut writing.conn)
        .await?;
    writing.chain_system(Kind::Version, number, content(number, in_force.0, &text));
    Ok((u32::try_from(number).unwrap_or_default(), true))
}

/// The hash of a version's content, as it is chained and verified.
pub(super) fn content(number: i64, in_force: i64, files: &str) -> Hash {
    Content::of(Kind::Version).number(number).number(in_force).text(files).hash()
}

pub(super) async fn all(readers: &SqlitePool) -> Result<Vec<Version>, StoreError> {
    let rows = sqlx::query(include_str!("sql/versions.sql"))
        .fetch_all(readers)
        .await
        .map_err(StoreError::failed("load the rules' versions"))?;
    rows.iter().map(read).collect()
}

pub(super) async fn newest(readers: &SqlitePool) -> Result<Option<Version>, StoreError> {
    let row = sqlx::query(include_str!("sql/newest_version.sql"))
        .fetch_optional(readers)
        .await
        .map_err(StoreError::failed("load the rules' newest version"))?;
    row.as_ref().map(read).transpose()
}

fn read(row: &SqliteRow) -> Result<Version, StoreError> {
    let failed = || StoreError::failed("read a version of the rules");
    let number: i64 = row.try_get(0).map_err(failed())?;
    let bad = |column| StoreError::BadRow { table: "versions", id: number, column };
    let text: &str = row.try_get(3).map_err(failed())?;
    Ok(Version {
        number: u32::try_from(number).map_err(|_| bad("number"))?,
        in_force: Instant(row.try_get(1).map_err(failed())?),
        files: serde_json::from_str(text).map_err(|_| bad("files"))?,
    })
}
