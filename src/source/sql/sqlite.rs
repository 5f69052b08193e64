//! SQLite: the file of another program, opened to be read.

use super::answer::{Column, Fetched, Kind, Value};
use super::page::Question;
use super::trouble::ConnectFailure;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions, Connection, Executor, Row, SqlSafeStr, Statement, TypeInfo, ValueRef,
};
use std::path::Path;
use std::time::Duration;

pub(super) struct Sqlite(SqliteConnection);

impl Sqlite {
    pub(super) async fn connect(path: &Path, busy: Duration) -> Result<Sqlite, ConnectFailure> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .read_only(true)
            .busy_timeout(busy)
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        connection.execute("PRAGMA query_only = ON").await?;
        Ok(Sqlite(connection))
    }

    pub(super) async fn columns(&mut self, question: String) -> Result<Vec<Column>, sqlx::Error> {
        let statement = self.0.prepare(AssertSqlSafe(question).into_sql_str()).await?;
        // Of what kind a value is, the value says.
        let column = |column: &sqlx::sqlite::SqliteColumn| Column { name: column.name().to_owned(), kind: Kind::Text };
        Ok(statement.columns().iter().map(column).collect())
    }

    pub(super) async fn fetch(&mut self, question: Question) -> Result<Vec<Fetched>, sqlx::Error> {
        let mut query = sqlx::query(AssertSqlSafe(question.text)).persistent(false);
        for Value { kind, text } in question.values {
            query = match (kind, text.parse::<i64>(), text.parse::<f64>()) {
                (Kind::Whole, Ok(whole), _) => query.bind(whole),
                (Kind::Whole | Kind::Float, _, Ok(float)) => query.bind(float),
                _ => query.bind(text),
            };
        }
        let rows = query.fetch_all(&mut self.0).await?;
        rows.iter().map(fetched).collect()
    }

    pub(super) async fn close(self) {
        let _ = self.0.close().await;
    }
}

fn fetched(row: &SqliteRow) -> Result<Fetched, sqlx::Error> {
    (0..row.len()).map(|place| value(row, place)).collect::<Result<_, _>>().map(Fetched)
}

fn value(row: &SqliteRow, place: usize) -> Result<Option<Value>, sqlx::Error> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(None);
    }
    let (kind, text) = match raw.type_info().name() {
        "INTEGER" => (Kind::Whole, row.try_get_unchecked::<i64, _>(place)?.to_string()),
        "REAL" => (Kind::Float, row.try_get_unchecked::<f64, _>(place)?.to_string()),
        "BLOB" => (Kind::Bytes, String::new()),
        _ => (Kind::Text, row.try_get_unchecked::<String, _>(place)?),
    };
    Ok(Some(Value { kind, text }))
}
