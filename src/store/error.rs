//! What can go wrong with the store, and what to do about it.

use crate::text::Lang;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the store did not do what was asked. Nothing of it was done then.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Another daemon has it.
    #[error("store `{}` is in use by another daemon", .0.display())]
    Locked(PathBuf),
    /// The disk or the quota is full.
    #[error("no room left for the store")]
    Full,
    /// It cannot be written.
    #[error("store `{}` cannot be written", .0.display())]
    ReadOnly(PathBuf),
    /// It is no file of duban.
    #[error("`{}` is not a duban store", .0.display())]
    NotDuban(PathBuf),
    /// It was written by a newer duban.
    #[error("store `{}` was written by a newer duban (schema {found}, known {known})", .path.display())]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// There is no such file.
    #[error("there is no store `{}`", .0.display())]
    Missing(PathBuf),
    /// A copy would take the place of a file that is there already.
    #[error("`{}` is there already", .0.display())]
    Exists(PathBuf),
    /// It could not be opened.
    #[error("failed to open store `{}`", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Arc<sqlx::Error>,
    },
    /// Its folder or its lock could not be used.
    #[error("failed to use `{}`", .path.display())]
    File {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: Arc<std::io::Error>,
    },
    /// Its schema could not be brought up to date.
    #[error("failed to bring store `{}` up to date", .path.display())]
    Migrate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Arc<sqlx::migrate::MigrateError>,
    },
    /// A question failed.
    #[error("failed to {what}")]
    Failed {
        /// What was asked.
        what: &'static str,
        /// Why.
        source: Arc<sqlx::Error>,
    },
    /// A row does not say what it should.
    #[error("row {id} of `{table}` has an invalid `{column}`")]
    BadRow {
        /// The table.
        table: &'static str,
        /// The row.
        id: i64,
        /// The column.
        column: &'static str,
    },
    /// It was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// What failed and why, as the variant that says what to do where SQLite's code tells.
    pub(super) fn failed(what: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
        move |error| match code(&error) {
            Some(SQLITE_FULL) => StoreError::Full,
            Some(SQLITE_READONLY) => StoreError::ReadOnly(PathBuf::new()),
            _ => StoreError::Failed { what, source: Arc::new(error) },
        }
    }

    /// The same, of the store in this file.
    pub(super) fn of(self, path: &Path) -> StoreError {
        match self {
            StoreError::ReadOnly(_) => StoreError::ReadOnly(path.into()),
            error => error,
        }
    }

    /// What an operator can do, in one sentence.
    pub fn hint(&self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            StoreError::Locked(_) => (
                "先停止另一个 duban 进程，或在配置中换一个 store。",
                "stop the other duban, or configure another store",
            ),
            StoreError::Full => (
                "请清理磁盘或放宽配额；腾出空间后服务自行恢复。",
                "free disk space or raise the quota; the daemon then goes on by itself",
            ),
            StoreError::ReadOnly(_) => (
                "请检查数据库文件及其目录的属主、权限和挂载方式。",
                "check owner, permissions and mount of the file and its folder",
            ),
            StoreError::NotDuban(_) => (
                "请在配置的 store 中写 duban 自己的数据库文件，或一个尚不存在的文件。",
                "let `store` name duban's own file, or one that does not exist yet",
            ),
            StoreError::NewerSchema { .. } => {
                ("请使用写入该库的版本或更新版本的 duban。", "run the duban that wrote it, or a newer one")
            }
            StoreError::Missing(_) => {
                ("请检查配置中的 store；首次运行由 duban run 建库。", "check `store`; `duban run` creates it")
            }
            StoreError::Exists(_) => (
                "备份不覆盖已有的文件：请换一个文件名，或先把它移走。",
                "a copy never takes a file's place: choose another name, or move the file away first",
            ),
            StoreError::Open { .. } | StoreError::File { .. } => {
                ("请检查路径、属主和权限。", "check the path, its owner and its permissions")
            }
            StoreError::Migrate { .. } => {
                ("请从备份恢复后重试，并保留此错误信息。", "restore a backup, try again, and keep this message")
            }
            StoreError::Failed { .. } => (
                "请查看磁盘与系统日志；未完成的操作会重试。",
                "look at the disk and the system's log; what was not done will be tried again",
            ),
            StoreError::BadRow { .. } => {
                ("请运行 duban audit verify 查明改动。", "run `duban audit verify` to find what was changed")
            }
            StoreError::Closed => ("服务正在停止，请稍后重试。", "the daemon is stopping; try again later"),
        };
        match lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// SQLite's primary result codes that are told apart.
pub(super) const SQLITE_FULL: i32 = 13;
pub(super) const SQLITE_TOOBIG: i32 = 18;
pub(super) const SQLITE_READONLY: i32 = 8;
pub(super) const SQLITE_NOTADB: i32 = 26;
pub(super) const SQLITE_CANTOPEN: i32 = 14;

/// SQLite's primary result code.
pub(super) fn code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}
