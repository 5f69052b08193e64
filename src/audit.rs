//! Keeping the ledger provable: checkpoints signed on a schedule, each written to a file beside the store as well.
//!
//! The file is only ever added to, so that it can lie where the service may write but nobody rewrites (a mounted log host,
//! a file with the append-only attribute). What a crash kept from it is added with the next checkpoint. Where the file
//! knows more than the store, the store was cut or set back: nothing is signed until a person has looked.

pub mod file;

use crate::config::secret::{SecretError, SecretSource};
use crate::store::Store;
use crate::store::ledger::checkpoint::{Checkpoint, CheckpointError};
use crate::store::ledger::keys::{KeyError, PublicKey, SigningKey};
use crate::time::Instant;
use chrono_tz::Tz;
use file::FileError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `audit` of `duban.yaml`.
#[derive(Clone, Debug, Default)]
pub struct AuditConfig {
    /// `key`: where the key that signs is; none: there are no checkpoints.
    pub key: Option<SecretSource>,
    /// `public_keys`: files with the public halves by which `duban audit verify` checks, earlier ones included.
    pub public_keys: Vec<PathBuf>,
    /// `file`: where checkpoints are written, besides the store.
    pub file: PathBuf,
}

/// What signs checkpoints.
#[derive(Clone)]
pub struct Auditor {
    store: Store,
    key: Arc<SigningKey>,
    file: PathBuf,
}

/// Why a key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum OpenKeyError {
    /// The secret.
    #[error("failed to read the audit key")]
    Secret(#[from] SecretError),
    /// What it holds.
    #[error("the audit key in {place} cannot be used")]
    Key {
        /// Where it is.
        place: String,
        /// Why.
        source: KeyError,
    },
    /// A file with a public key.
    #[error("failed to read the public key `{}`", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Why there is no new checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The store, or the ledger itself.
    #[error("failed to make a checkpoint")]
    Checkpoint(#[from] CheckpointError),
    /// The file.
    #[error("failed to write the checkpoint to its file")]
    File(#[from] FileError),
}

impl AuditError {
    /// Whether it means that somebody changed what was signed.
    pub fn is_alarm(&self) -> bool {
        matches!(
            self,
            AuditError::Checkpoint(CheckpointError::Torn(_) | CheckpointError::Malformed(_))
                | AuditError::File(FileError::Ahead { .. })
        )
    }
}

impl AuditConfig {
    /// The key that signs, if one is configured.
    pub fn signing_key(&self) -> Result<Option<SigningKey>, OpenKeyError> {
        let Some(source) = &self.key else { return Ok(None) };
        let wrong = |error| OpenKeyError::Key { place: source.to_string(), source: error };
        SigningKey::parse(&source.read()?).map(Some).map_err(wrong)
    }

    /// The public keys: those named, and that of the signing key where it can be read.
    pub fn verifying_keys(&self) -> Result<Vec<PublicKey>, OpenKeyError> {
        let mut keys = read_public_keys(&self.public_keys)?;
        // An auditor need not be able to read the private half.
        if let Ok(Some(key)) = self.signing_key() {
            keys.push(key.public());
        }
        Ok(keys)
    }
}

/// Reads public keys from files.
pub fn read_public_keys(paths: &[PathBuf]) -> Result<Vec<PublicKey>, OpenKeyError> {
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|source| OpenKeyError::File { path: path.clone(), source })?;
        let wrong = |source| OpenKeyError::Key { place: format!("`{}`", path.display()), source };
        PublicKey::parse(&text).map_err(wrong)
    };
    paths.iter().map(read).collect()
}

impl Auditor {
    /// Signs by this key, and writes to this file.
    pub fn new(store: Store, key: SigningKey, file: &Path) -> Auditor {
        Auditor { store, key: Arc::new(key), file: file.to_owned() }
    }

    /// Signs the ledger's state where it has changed, and brings the file up to date; the new checkpoint.
    pub async fn checkpoint(&self, zone: Tz, now: Instant) -> Result<Option<Checkpoint>, AuditError> {
        let newest = self.store.newest_checkpoint().await?;
        let known = file::newest(&self.file)?;
        let is_ahead = known.as_ref().is_some_and(|known| {
            newest.as_ref().is_none_or(|newest| {
                known.said.number > newest.said.number
                    || (known.said.number == newest.said.number && known.text != newest.text)
            })
        });
        if let Some(known) = known.as_ref().filter(|_| is_ahead) {
            let (number, store) = (known.said.number, newest.map_or(0, |newest| newest.said.number));
            return Err(FileError::Ahead { path: self.file.clone(), number, store }.into());
        }
        let made = self.store.make_checkpoint(&self.key, zone, now).await?;
        let mut written = known.map_or(0, |known| known.said.number);
        loop {
            let missing = self.store.checkpoints(written, 1000).await?;
            let Some(last) = missing.last() else { return Ok(made) };
            written = last.said.number;
            file::append(&self.file, &missing)?;
        }
    }
}
