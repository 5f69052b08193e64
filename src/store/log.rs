//! The write-ahead log, brought into the file beside the writer.
//!
//! SQLite would have the writer do it within a commit, for which all others wait: a heap of orders writes the log over
//! many times. Here a connection of its own does it while the writer goes on. What the writer adds meanwhile would keep
//! the log growing for as long as there is work, and a file that grows costs twice what one costs that is written over: so
//! the writer itself brings the last few pages into the file, and begins the log anew. Should all that not keep up, SQLite
//! does it within a commit after all, so that the log has a bound.

use super::error::StoreError;
use super::open::{self, Folded};
use super::writer::News;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tracing::{debug, warn};

/// So much of the log is kept and written over, in bytes: what goes beyond is cut off once it is in the file.
pub(super) const KEPT: u64 = 64 * 1024 * 1024;
/// After so many rows of news: some tens of megabytes.
const ROWS: i64 = 4000;
/// After a while without news, so many are enough.
const ROWS_QUIET: i64 = 500;
const QUIET: Duration = Duration::from_secs(5);
/// So often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// From so many pages on the log is begun anew.
const PAGES_LONG: i64 = 4096;
/// So few pages the writer brings into the file itself.
const PAGES_FEW: i64 = 1024;
/// So long the writer waits for those who still read in the log.
const READERS_WAITED_FOR: Duration = Duration::from_millis(100);

/// Whether the writer is to begin the log anew.
pub(super) type Anew = Arc<AtomicBool>;

/// Brings the log into the file whenever it has grown, until the writer has ended.
pub(super) async fn fold_all(path: PathBuf, mut news: watch::Receiver<News>, anew: Anew) {
    let mut length = Length { log: beside(&path), looked_at: Instant::now(), written_at: None };
    let mut newest = Instant::now();
    let mut folded = rows(*news.borrow());
    loop {
        match timeout(LOOK_EVERY, news.changed()).await {
            Ok(Ok(())) => newest = Instant::now(),
            Ok(Err(_)) => return,
            Err(_) => {}
        }
        let written = rows(*news.borrow_and_update());
        let enough = if newest.elapsed() < QUIET { ROWS } else { ROWS_QUIET };
        if written - folded < enough && !length.has_outgrown() {
            continue;
        }
        folded = written;
        if let Err(error) = fold(&path, &anew).await {
            warn!(error = %error, "could not bring the log into the store's file, the writer will");
        }
    }
}

/// Watches the log's length, in which what is written without news shows, too, such as what gateways answered.
struct Length {
    log: PathBuf,
    looked_at: Instant,
    /// When the log was last written, if it was too long then.
    written_at: Option<SystemTime>,
}

impl Length {
    /// Whether the log is longer than what is kept of it, and was written since that was last said.
    fn has_outgrown(&mut self) -> bool {
        if self.looked_at.elapsed() < LOOK_EVERY {
            return false;
        }
        self.looked_at = Instant::now();
        let known = self.log.metadata().ok().filter(|known| known.len() > KEPT);
        let written_at = known.and_then(|known| known.modified().ok());
        let before = std::mem::replace(&mut self.written_at, written_at);
        written_at.is_some() && written_at != before
    }
}

/// Brings the log into the file, and again what came meanwhile for as long as that grows less.
async fn fold(path: &Path, anew: &Anew) -> Result<(), StoreError> {
    let mut before = i64::MAX;
    loop {
        let Folded { pages, left } = open::fold(path).await?;
        if pages < PAGES_LONG || left >= before {
            return Ok(());
        }
        if left <= PAGES_FEW {
            anew.store(true, Relaxed);
            return Ok(());
        }
        before = left;
    }
}

/// Begins the log anew, if that was asked for and nobody reads in it for long: done by the writer, between two transactions.
pub(super) async fn begin_anew(conn: &mut SqliteConnection, anew: &Anew) {
    if !anew.swap(false, Relaxed) {
        return;
    }
    set_busy_timeout(conn, READERS_WAITED_FOR).await;
    if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(RESTART)").execute(&mut *conn).await {
        debug!(%error, "could not begin the log anew");
    }
    set_busy_timeout(conn, open::BUSY).await;
}

async fn set_busy_timeout(conn: &mut SqliteConnection, timeout: Duration) {
    let sql = format!("PRAGMA busy_timeout = {}", timeout.as_millis());
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await {
        warn!(%error, "could not set how long the store is waited for");
    }
}

/// Reads what will be written over: its pages are no multiple of the disk's, so that of those at hand nothing has to be read
/// before it is written.
pub(super) fn warm(path: &Path) -> io::Result<()> {
    io::copy(&mut File::open(beside(path))?.take(KEPT), &mut io::sink()).map(|_| ())
}

/// The log of a store.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn rows(news: News) -> i64 {
    news.seq + news.position + news.notice
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
    use sqlx::{ConnectOptions, Row};

    async fn connect(path: &Path) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        options.journal_mode(SqliteJournalMode::Wal).busy_timeout(open::BUSY).connect().await.unwrap()
    }

    async fn run(conn: &mut SqliteConnection, sql: &'static str) -> i64 {
        let row = sqlx::query(sql).fetch_optional(conn).await.unwrap();
        row.map_or(0, |row| row.try_get(0).unwrap())
    }

    #[tokio::test]
    async fn only_a_long_log_is_to_be_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("duban.db");
        let (mut writer, anew) = (connect(&path).await, Anew::default());
        run(&mut writer, "PRAGMA wal_autocheckpoint = 0").await;
        run(&mut writer, "CREATE TABLE t (x BLOB)").await;
        run(&mut writer, "INSERT INTO t VALUES (zeroblob(4096 * 1000))").await;
        fold(&path, &anew).await.unwrap();
        assert!(!anew.load(Relaxed), "it is short");
        run(&mut writer, "INSERT INTO t VALUES (zeroblob(4096 * 4200))").await;
        fold(&path, &anew).await.unwrap();
        assert!(anew.load(Relaxed));
    }

    #[tokio::test]
    async fn whoever_reads_for_long_does_not_keep_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("duban.db");
        let (mut writer, mut reader) = (connect(&path).await, connect(&path).await);
        run(&mut writer, "CREATE TABLE t (x INTEGER)").await;
        run(&mut reader, "BEGIN").await;
        run(&mut reader, "SELECT count(*) FROM t").await;
        run(&mut writer, "INSERT INTO t VALUES (1)").await;
        let anew = Arc::new(AtomicBool::new(true));
        timeout(open::BUSY / 2, begin_anew(&mut writer, &anew)).await.expect("it goes on long before a reader ends");
        assert!(!anew.load(Relaxed), "it is not tried again and again");
        assert_eq!(run(&mut writer, "PRAGMA busy_timeout").await, 10_000);
        run(&mut writer, "INSERT INTO t VALUES (2)").await;
        assert_eq!(run(&mut reader, "SELECT count(*) FROM t").await, 0, "it reads what it began with");
        run(&mut reader, "COMMIT").await;
        assert_eq!(run(&mut reader, "SELECT count(*) FROM t").await, 2);
    }
}
