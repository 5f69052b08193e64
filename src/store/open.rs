//! Opening an SQLite store: only what is ours, only one daemon, only a schema that is known.
//!
//! WAL with `synchronous=FULL`: what is committed survives the power. One connection writes, a few read. The daemon's claim
//! is a lock on a file beside the database, which ends with the process however it ends.

use super::Role;
use super::error::{self, StoreError};
use super::log;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, SqlSafeStr};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// `dubn`: marks a file as ours (`PRAGMA application_id`).
const APPLICATION: i64 = 0x6475_626e;
const READERS: u32 = 4;
/// So long a tool's transaction is waited for.
pub(super) const BUSY: Duration = Duration::from_secs(10);

/// Each has one concern and is left unedited.
const MIGRATIONS: [(i64, &str, &str); 16] = [
    (1, "orders", include_str!("../../migrations/sqlite/0001_orders.sql")),
    (2, "events", include_str!("../../migrations/sqlite/0002_events.sql")),
    (3, "decisions", include_str!("../../migrations/sqlite/0003_decisions.sql")),
    (4, "notices", include_str!("../../migrations/sqlite/0004_notices.sql")),
    (5, "rules", include_str!("../../migrations/sqlite/0005_rules.sql")),
    (6, "ledger", include_str!("../../migrations/sqlite/0006_ledger.sql")),
    (7, "erasure", include_str!("../../migrations/sqlite/0007_erasure.sql")),
    (8, "jobs", include_str!("../../migrations/sqlite/0008_jobs.sql")),
    (9, "checkpoints", include_str!("../../migrations/sqlite/0009_checkpoints.sql")),
    (10, "liftings", include_str!("../../migrations/sqlite/0010_liftings.sql")),
    (11, "fewer writes", include_str!("../../migrations/sqlite/0011_fewer_writes.sql")),
    (12, "truth", include_str!("../../migrations/sqlite/0012_truth.sql")),
    (13, "sources", include_str!("../../migrations/sqlite/0013_sources.sql")),
    (14, "rates", include_str!("../../migrations/sqlite/0014_rates.sql")),
    (15, "by order", include_str!("../../migrations/sqlite/0015_by_order.sql")),
    (16, "replies", include_str!("../../migrations/sqlite/0016_replies.sql")),
];

/// How the log beside the file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Folded {
    /// So many pages it has, old ones of a page included.
    pub(super) pages: i64,
    /// So many of them are not in the file yet.
    pub(super) left: i64,
}

/// The connections of an open store.
pub(super) struct Opened {
    pub(super) writer: Option<SqliteConnection>,
    pub(super) readers: SqlitePool,
    pub(super) lock: Option<File>,
}

pub(super) async fn open(path: &Path, role: Role) -> Result<Opened, StoreError> {
    let standing = probe(path).await?;
    if role == Role::Reader {
        return match standing {
            Standing::Current => Ok(Opened { writer: None, readers: pool(path).await?, lock: None }),
            Standing::Fresh | Standing::Behind => Err(StoreError::Missing(path.into())),
        };
    }
    create_folder(path)?;
    // A tool changes the schema only while no daemon runs.
    let claim = if role == Role::Daemon || standing != Standing::Current { Some(lock(path)?) } else { None };
    if standing != Standing::Current {
        migrate(path).await?;
    }
    let writer = connect(path, &options(path)).await?;
    Ok(Opened { writer: Some(writer), readers: pool(path).await?, lock: claim.filter(|_| role == Role::Daemon) })
}

/// Brings what is in the log beside the file into it, as far as nobody still reads it, while others go on.
pub(super) async fn fold(path: &Path) -> Result<Folded, StoreError> {
    let options = options(path).create_if_missing(false).thread_name(|_| "duban-fold".into());
    let mut conn = connect(path, &options).await?;
    let folded = sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&mut conn).await;
    conn.close().await.ok();
    let (_, in_log, in_file): (i64, i64, i64) = folded.map_err(|error| unopened(path, error))?;
    Ok(Folded { pages: in_log, left: in_log - in_file })
}

/// Brings all that is in the log beside the file into it, and empties the log.
pub(super) async fn scrub(path: &Path) -> Result<(), StoreError> {
    let mut conn = connect(path, &options(path).create_if_missing(false)).await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await.map_err(|error| unopened(path, error))?;
    conn.close().await.map_err(|error| unopened(path, error))
}

/// Copies a store into a file, and checks the copy's pages; how many orders and entries it holds.
pub(super) async fn copy(from: &Path, to: &Path) -> Result<(i64, i64), StoreError> {
    match probe(from).await? {
        Standing::Fresh => return Err(StoreError::Missing(from.into())),
        Standing::Behind | Standing::Current => {}
    }
    let mut conn = connect(from, &options(from).create_if_missing(false)).await?;
    let failed = StoreError::failed("copy the store");
    sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy()).execute(&mut conn).await.map_err(failed)?;
    conn.close().await.map_err(|error| unopened(from, error))?;
    // The copy is no log yet: opening it makes it one, as every store is.
    let mut conn = connect(to, &options(to).create_if_missing(false)).await?;
    let failed = StoreError::failed("check the copy");
    let said: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut conn).await.map_err(failed)?;
    let failed = StoreError::failed("count what the copy holds");
    let counts = sqlx::query_as(include_str!("sql/copied.sql")).fetch_one(&mut conn).await.map_err(failed)?;
    conn.close().await.map_err(|error| unopened(to, error))?;
    if said == "ok" {
        return Ok(counts);
    }
    let source = Arc::new(std::io::Error::other(format!("the copy is damaged: {said}")));
    Err(StoreError::File { path: to.into(), source })
}

fn create_folder(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|source| StoreError::File { path: folder.into(), source: Arc::new(source) })
}

/// Claims the store for this daemon until it ends.
fn lock(path: &Path) -> Result<File, StoreError> {
    let beside = lock_file(path);
    let unusable = |source| StoreError::File { path: beside.clone(), source: Arc::new(source) };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&beside).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(path.into())),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

fn lock_file(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .statement_cache_capacity(256)
        .pragma("cache_size", "-32768")
        // What a statement of many rows may have to undo is kept in memory: on disk it would be written with every page.
        .pragma("temp_store", "MEMORY")
        // A bound of 512 MB: the log is brought into the file beside the writer (`log`).
        .pragma("wal_autocheckpoint", "131072")
        .pragma("journal_size_limit", log::KEPT.to_string())
        .pragma("trusted_schema", "OFF")
        .thread_name(|_| "duban-write".into())
        .disable_statement_logging()
}

async fn pool(path: &Path) -> Result<SqlitePool, StoreError> {
    let options = options(path)
        .create_if_missing(false)
        .read_only(true)
        .pragma("query_only", "ON")
        .pragma("cache_size", "-4096")
        .thread_name(|_| "duban-read".into())
        .row_buffer_size(1024);
    let pool = SqlitePoolOptions::new().min_connections(1).max_connections(READERS);
    pool.connect_with(options).await.map_err(|source| unopened(path, source))
}

async fn connect(path: &Path, options: &SqliteConnectOptions) -> Result<SqliteConnection, StoreError> {
    SqliteConnection::connect_with(options).await.map_err(|source| unopened(path, source))
}

fn unopened(path: &Path, source: sqlx::Error) -> StoreError {
    match error::code(&source) {
        Some(error::SQLITE_NOTADB) => StoreError::NotDuban(path.into()),
        Some(error::SQLITE_READONLY) => StoreError::ReadOnly(path.into()),
        Some(error::SQLITE_CANTOPEN) if is_read_only(path) => StoreError::ReadOnly(path.into()),
        Some(error::SQLITE_FULL) => StoreError::Full,
        _ => StoreError::Open { path: path.into(), source: Arc::new(source) },
    }
}

fn is_read_only(path: &Path) -> bool {
    let is = |path: &Path| path.metadata().is_ok_and(|known| known.permissions().readonly());
    is(path) || path.parent().is_some_and(is)
}

/// How a file stands against the schema that is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Fresh,
    Behind,
    Current,
}

/// Looks at a file without changing it: another program's database stays as it is.
async fn probe(path: &Path) -> Result<Standing, StoreError> {
    if path.metadata().map_or(true, |known| known.len() == 0) {
        return Ok(Standing::Fresh);
    }
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
    let mut conn = connect(path, &options.disable_statement_logging()).await?;
    let standing = standing(path, &mut conn).await;
    conn.close().await.ok();
    standing
}

async fn standing(path: &Path, conn: &mut SqliteConnection) -> Result<Standing, StoreError> {
    let read = |source| unopened(path, source);
    let (application, tables, migrations): (i64, i64, i64) =
        sqlx::query_as(include_str!("sql/whose.sql")).fetch_one(&mut *conn).await.map_err(read)?;
    if application != APPLICATION {
        let is_fresh = application == 0 && tables == 0;
        return if is_fresh { Ok(Standing::Fresh) } else { Err(StoreError::NotDuban(path.into())) };
    }
    if migrations == 0 {
        return Ok(Standing::Behind);
    }
    let found: i64 = sqlx::query_scalar(include_str!("sql/schema.sql")).fetch_one(conn).await.map_err(read)?;
    let known = MIGRATIONS[MIGRATIONS.len() - 1].0;
    match found.cmp(&known) {
        Ordering::Greater => Err(StoreError::NewerSchema { path: path.into(), found, known }),
        Ordering::Equal => Ok(Standing::Current),
        Ordering::Less => Ok(Standing::Behind),
    }
}

/// Brings the schema up to date. The file is marked as ours first, so that a crash in between leaves one that goes on.
/// A table is made anew by dropping the old one, which those that refer to it must bear for a moment: this connection holds
/// no references.
async fn migrate(path: &Path) -> Result<(), StoreError> {
    let failed = |source| unopened(path, source);
    let mut conn = connect(path, &options(path).foreign_keys(false)).await?;
    sqlx::query(include_str!("sql/mark_ours.sql")).execute(&mut conn).await.map_err(failed)?;
    let migrated = migrator(&MIGRATIONS).run(&mut conn).await;
    conn.close().await.map_err(failed)?;
    migrated.map_err(|source| match source {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) if is_told_apart(&error) => {
            unopened(path, error)
        }
        source => StoreError::Migrate { path: path.into(), source: Arc::new(source) },
    })
}

fn migrator(migrations: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, Cow::Borrowed(*name), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(migrations.iter().map(migration).collect())
}

fn is_told_apart(error: &sqlx::Error) -> bool {
    matches!(error::code(error), Some(error::SQLITE_READONLY | error::SQLITE_FULL))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: &str = r#"
        INSERT INTO orders (nr, id, first_at, last_seq, chain_count, chain_head) VALUES (1, 'o1', 0, 0, 0, zeroblob(32));
        INSERT INTO decisions (position, key, order_nr, at, made_at, kind, proposal, body) VALUES
            (1, 'k1', 1, 0, 0, 'card', 0, '{}');
        INSERT INTO notices (id, key, kind, target, at, confidential, forms, state, due_at, settled_at, reason) VALUES
            (1, 'a', 'health', '{"recipient":{"recipient":"x","place":null}}', 0, 0, '{}', 'queued', 7, NULL, NULL),
            (2, 'b', 'health', '{"recipient":{"recipient":"x","place":null}}', 0, 0, '{}', 'sent', 7, 9, NULL),
            (3, 'c', 'return', '{"channel":"order-system"}', 0, 0, '{}', 'sent', 7, 9, NULL),
            (4, 'd', 'health', '{"recipient":{"recipient":"x","place":null}}', 0, 0, '{}', 'given-up', 7, 9, 'busy'),
            (5, 'e', 'health', '{"recipient":{"recipient":"x","place":null}}', 0, 0, '{}', 'failed', 7, 9, 'no answer'),
            (6, 'f', 'health', '{"recipient":{"recipient":"x","place":null}}', 0, 0, '{}', 'failed', 7, 9, 'refused'),
            (7, 'g', 'health', '{"recipient":{"recipient":"x","place":null}}', 0, 0, '{}', 'expired', 7, 9, NULL);
        INSERT INTO deliveries (id, notice, attempt, channel, address, at, outcome) VALUES
            (1, 5, 1, 'sms', 'n', 0, 'unknown'), (2, 6, 1, 'sms', 'n', 0, 'unknown'), (3, 6, 2, 'sms', 'n', 0, 'permanent');
    "#;

    #[tokio::test]
    async fn what_older_versions_called_sent_or_given_up_is_called_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("duban.db");
        let mut conn = connect(&path, &options(&path)).await.unwrap();
        sqlx::query(include_str!("sql/mark_ours.sql")).execute(&mut conn).await.unwrap();
        migrator(&MIGRATIONS[..11]).run(&mut conn).await.unwrap();
        sqlx::raw_sql(KEPT).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        let store = super::super::Store::open(&path, Role::Daemon).await.unwrap();
        let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&store.0.readers).await.unwrap();
        assert!(dangling.is_empty());
        let notices = store.notices(&[1, 2, 3, 4, 5, 6, 7]).await.unwrap();
        let stand = |notice: &super::super::outbox::Notice| (notice.state.as_str(), notice.is_open);
        assert_eq!(
            notices.iter().map(stand).collect::<Vec<_>>(),
            [
                ("queued", true),
                ("accepted", false),
                ("delivered", false),
                ("failed", false),
                ("unknown", false),
                ("failed", false),
                ("expired", false)
            ]
        );
        assert_eq!(notices[3].reason.as_deref(), Some("多次发送未成：busy"));
        assert_eq!(store.next_notice().await.unwrap(), Some(crate::time::Instant(7)));
    }
}
