//! Online copies: whole, of one instant, while the daemon goes on.
//!
//! The copy is written by the database itself, so that nothing of the log beside the file is missed, is opened again and
//! checked before it gets its name, and has no pages in which something erased could linger.

use super::error::StoreError;
use super::open;
use super::orders::unsigned;
use std::path::Path;
use std::sync::Arc;

/// What a copy holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Orders.
    pub orders: u64,
    /// Entries of the ledger.
    pub entries: u64,
    /// How large it is.
    pub bytes: u64,
}

/// Copies a store into a file that is not there yet.
///
/// # Errors
/// Besides the store's own: the file is there already, or its folder cannot be written.
pub async fn backup(from: &Path, to: &Path) -> Result<Copied, StoreError> {
    let failed = |source| StoreError::File { path: to.into(), source: Arc::new(source) };
    if to.exists() {
        return Err(StoreError::Exists(to.into()));
    }
    let partial = to.with_added_extension("partial");
    let _ = std::fs::remove_file(&partial);
    let copied = copy(from, &partial).await;
    if copied.is_err() {
        for beside in ["", "-wal", "-shm"] {
            let mut name = partial.as_os_str().to_owned();
            name.push(beside);
            let _ = std::fs::remove_file(name);
        }
        return copied;
    }
    std::fs::rename(&partial, to).map_err(failed)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    copied
}

async fn copy(from: &Path, partial: &Path) -> Result<Copied, StoreError> {
    let failed = |source| StoreError::File { path: partial.into(), source: Arc::new(source) };
    let (orders, entries) = open::copy(from, partial).await?;
    let file = std::fs::File::open(partial).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    Ok(Copied { orders: unsigned(orders), entries: unsigned(entries), bytes })
}
