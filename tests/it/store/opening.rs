//! Opening: only what is ours, only one daemon, only a schema that is known; and what is refused stays as it was.

use super::{NOW, event};
use duban::store::error::StoreError;
use duban::store::{Role, Store};
use duban::text::Lang;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::{Path, PathBuf};

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/duban.db");
    (folder, path)
}

async fn execute(path: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

async fn refusal(path: &Path, role: Role) -> StoreError {
    let error = Store::open(path, role).await.err().expect("it is refused");
    assert!(error.hint(Lang::Zh).ends_with('。'));
    error
}

#[tokio::test]
async fn a_store_is_created_with_its_folder_and_kept() {
    let (_folder, path) = folder();
    let store = Store::open(&path, Role::Daemon).await.unwrap();
    assert_eq!(store.first_start(NOW).await.unwrap(), NOW);
    store.append_events(vec![event("o1", "e1", "received")], NOW).await.unwrap();
    store.close().await;
    assert!(matches!(store.first_start(NOW).await, Err(StoreError::Closed)));
    drop(store);
    let store = Store::open(&path, Role::Daemon).await.unwrap();
    assert_eq!(store.first_start(NOW.plus_ms(1)).await.unwrap(), NOW);
    assert_eq!(store.due_orders(NOW, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn another_programs_database_is_refused_and_left_as_it_is() {
    let (_folder, path) = folder();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    execute(&path, "CREATE TABLE accounts (id INTEGER)").await;
    let before = std::fs::read(&path).unwrap();
    for role in [Role::Daemon, Role::Tool, Role::Reader] {
        assert!(matches!(refusal(&path, role).await, StoreError::NotDuban(_)));
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let (_folder, path) = folder();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = "a letter, long enough to be taken for the head of a database file\n".repeat(20);
    std::fs::write(&path, &text).unwrap();
    assert!(matches!(refusal(&path, Role::Daemon).await, StoreError::NotDuban(_)));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (_folder, path) = folder();
    Store::open(&path, Role::Daemon).await.unwrap().close().await;
    let newer = "INSERT INTO _sqlx_migrations VALUES (999, 'later', '2030-01-01', 1, x'00', 0)";
    execute(&path, newer).await;
    assert!(matches!(refusal(&path, Role::Daemon).await, StoreError::NewerSchema { found: 999, .. }));
    assert!(matches!(refusal(&path, Role::Reader).await, StoreError::NewerSchema { found: 999, .. }));
}

#[tokio::test]
async fn a_creation_that_was_cut_short_is_gone_on_with() {
    let (_folder, path) = folder();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    execute(&path, "PRAGMA application_id = 0x6475626e; CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)").await;
    let store = Store::open(&path, Role::Daemon).await.unwrap();
    store.append_events(vec![event("o1", "e1", "received")], NOW).await.unwrap();
}

#[tokio::test]
async fn a_reader_creates_nothing() {
    let (_folder, path) = folder();
    assert!(matches!(refusal(&path, Role::Reader).await, StoreError::Missing(_)));
    assert!(!path.parent().unwrap().exists());
}

#[tokio::test]
async fn a_second_daemon_is_refused_until_the_first_is_gone() {
    let (_folder, path) = folder();
    let first = Store::open(&path, Role::Daemon).await.unwrap();
    assert!(matches!(refusal(&path, Role::Daemon).await, StoreError::Locked(_)));
    first.close().await;
    drop(first);
    Store::open(&path, Role::Daemon).await.unwrap();
}

#[tokio::test]
async fn a_tool_writes_beside_the_daemon() {
    let (_folder, path) = folder();
    let daemon = Store::open(&path, Role::Daemon).await.unwrap();
    let tool = Store::open(&path, Role::Tool).await.unwrap();
    tool.append_events(vec![event("o1", "e1", "received")], NOW).await.unwrap();
    daemon.append_events(vec![event("o1", "e2", "received")], NOW).await.unwrap();
    assert_eq!(daemon.order_view("o1").await.unwrap().unwrap().events.len(), 2);
    let acceptance = tool.accept_clock(NOW.plus_ms(-500)).await.unwrap();
    assert_eq!(acceptance.newest, NOW, "the newest instant then");
    assert_eq!(daemon.clock_acceptance().await.unwrap(), Some(acceptance));
    super::holds(&daemon).await;
}
