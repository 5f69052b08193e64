//! The write-ahead log, brought into the file beside the writer.
//!
//! SQLite would have the writer do it within a commit, for which all others wait: a heap of orders writes the log over
//! many times. Here a connection of its own does it while the writer goes on. Should it not keep up, the writer does it
//! after all, so that the log has a bound.

use super::open;
use super::writer::News;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::warn;

/// So much of the log is kept and written over, in bytes: what goes beyond is cut off once it is in the file.
pub(super) const KEPT: u64 = 64 * 1024 * 1024;
/// After so many rows of news: some tens of megabytes.
const ROWS: i64 = 4000;
/// After a while without news, so many are enough.
const ROWS_QUIET: i64 = 500;
const QUIET: Duration = Duration::from_secs(5);

/// Does so until the writer has ended.
pub(super) async fn fold_all(path: PathBuf, mut news: watch::Receiver<News>) {
    let mut folded = rows(*news.borrow());
    loop {
        let is_quiet = match timeout(QUIET, news.changed()).await {
            Ok(Ok(())) => false,
            Ok(Err(_)) => return,
            Err(_) => true,
        };
        let written = rows(*news.borrow_and_update());
        if written - folded < if is_quiet { ROWS_QUIET } else { ROWS } {
            continue;
        }
        folded = written;
        if let Err(error) = open::fold(&path).await {
            warn!(error = %error, "could not bring the log into the store's file, the writer will");
        }
    }
}

/// Reads what will be written over: its pages are no multiple of the disk's, so that of those at hand nothing has to be read
/// before it is written.
pub(super) fn warm(path: &Path) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    io::copy(&mut File::open(name)?.take(KEPT), &mut io::sink()).map(|_| ())
}

fn rows(news: News) -> i64 {
    news.seq + news.position + news.notice
}
