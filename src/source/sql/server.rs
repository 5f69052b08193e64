//! A connection to another system's database, whichever it is.
//!
//! The session is read-only, and a statement ends after the time that is set, on both sides.

use super::answer::{Column, Fetched, Kind};
use super::mysql::MySql;
use super::page::Question;
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::trouble::{cannot_connect, cannot_read, took_too_long};
use crate::config::sources::mapping::Mapping;
use crate::config::sources::{Database, Sql};
use crate::source::look::LookError;
use crate::text::Text;
use crate::text::want::instead;
use chrono_tz::Tz;
use std::future::Future;
use std::time::Duration;

/// The server is to end a statement itself; if it does not answer at all, it is given up so much later.
const GRACE: Duration = Duration::from_secs(5);

/// Whose SQL it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    MySql,
    Postgres,
    Sqlite,
}

impl Dialect {
    /// A name that is meant as it stands.
    pub(super) fn quoted(self, name: &str) -> String {
        match self {
            Dialect::MySql => format!("`{}`", name.replace('`', "``")),
            Dialect::Postgres | Dialect::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// A column as a text of the server's own making: exact, and in one form for every type there is.
    pub(super) fn as_text(self, column: &str, kind: Kind) -> String {
        match (self, kind) {
            (Dialect::MySql, Kind::Text) => format!("CONVERT({column} USING utf8mb4)"),
            (Dialect::MySql, Kind::Unsigned) => format!("CAST({column} + 0 AS CHAR)"),
            (Dialect::MySql, _) => format!("CAST({column} AS CHAR)"),
            (Dialect::Postgres, Kind::Bytes) => format!("CASE WHEN {column} IS NOT NULL THEN '' END"),
            (Dialect::Postgres, _) => format!("CAST({column} AS text)"),
            // Every value has a type of its own, which a cast would take from it.
            (Dialect::Sqlite, _) => column.to_owned(),
        }
    }

    /// A parameter brought into a column's type, so that the server can use an index of that column.
    pub(super) fn parameter(self, number: usize, kind: Kind) -> String {
        match self {
            Dialect::MySql => MySql::parameter(kind).to_owned(),
            Dialect::Postgres => format!("CAST(${number} AS {})", Postgres::type_of(kind)),
            Dialect::Sqlite => format!("?{number}"),
        }
    }

    /// The kind under which a value is compared with a column.
    pub(super) fn kind_of(self, column: Kind, value: Kind) -> Kind {
        if self == Dialect::Sqlite { value } else { column }
    }
}

/// An open connection.
pub(super) struct Server {
    connection: Connection,
    timeout: Duration,
}

enum Connection {
    MySql(MySql),
    Postgres(Postgres),
    Sqlite(Sqlite),
}

impl Server {
    /// Connects, and makes the session one that reads alone. Times of the server's own are shown in this zone.
    pub(super) async fn connect(sql: &Sql, zone: Tz) -> Result<Server, LookError> {
        let connecting = async {
            match &sql.database {
                Database::MySql(server) => MySql::connect(sql, server, zone).await.map(Connection::MySql),
                Database::Postgres(server) => Postgres::connect(sql, server, zone).await.map(Connection::Postgres),
                Database::Sqlite(path) => Sqlite::connect(path, sql.timeout).await.map(Connection::Sqlite),
            }
        };
        let connected = tokio::time::timeout(sql.timeout + GRACE, connecting).await;
        let connection = connected.map_err(|_| LookError::Source(took_too_long()))?;
        let connection = connection.map_err(|failure| LookError::Source(cannot_connect(&failure, sql)))?;
        Ok(Server { connection, timeout: sql.timeout })
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self.connection {
            Connection::MySql(_) => Dialect::MySql,
            Connection::Postgres(_) => Dialect::Postgres,
            Connection::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// The columns of the operator's query. All that the configuration asks for must be among them.
    pub(super) async fn columns(&mut self, sql: &Sql, mapping: &Mapping) -> Result<Vec<Column>, LookError> {
        let question = format!("SELECT * FROM (\n{}\n) AS duban_rows", sql.query);
        let timeout = self.timeout;
        let columns = match &mut self.connection {
            Connection::MySql(server) => within(timeout, server.columns(question)).await,
            Connection::Postgres(server) => within(timeout, server.columns(question)).await,
            Connection::Sqlite(server) => within(timeout, server.columns(question)).await,
        }?;
        all_there(&columns, sql, mapping)?;
        Ok(columns)
    }

    /// The rows that answer a question.
    pub(super) async fn fetch(&mut self, question: Question, columns: &[Column]) -> Result<Vec<Fetched>, LookError> {
        let timeout = self.timeout;
        match &mut self.connection {
            Connection::MySql(server) => within(timeout, server.fetch(question, columns)).await,
            Connection::Postgres(server) => within(timeout, server.fetch(question, columns)).await,
            Connection::Sqlite(server) => within(timeout, server.fetch(question)).await,
        }
    }

    pub(super) async fn close(self) {
        let closing = async {
            match self.connection {
                Connection::MySql(server) => server.close().await,
                Connection::Postgres(server) => server.close().await,
                Connection::Sqlite(server) => server.close().await,
            }
        };
        // How it ends changes nothing: what was read was read.
        let _ = tokio::time::timeout(GRACE, closing).await;
    }
}

async fn within<T>(timeout: Duration, answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, LookError> {
    match tokio::time::timeout(timeout + GRACE, answer).await {
        Ok(answer) => answer.map_err(|error| LookError::Source(cannot_read(&error))),
        Err(_) => Err(LookError::Source(took_too_long())),
    }
}

/// Names the columns that the configuration asks for and the query does not have.
fn all_there(columns: &[Column], sql: &Sql, mapping: &Mapping) -> Result<(), LookError> {
    let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let own = std::iter::once(sql.cursor.as_str()).chain(sql.keys.iter().map(String::as_str));
    let asked = own.chain(mapping.columns().into_iter().map(|(name, _)| name));
    let mut missing: Vec<&str> = asked.filter(|name| !known.contains(name)).collect();
    missing.dedup();
    let Some(first) = missing.first() else { return Ok(()) };
    let near = instead(first, known.iter().copied());
    Err(LookError::Source(Text::new(
        format!("查询结果里没有这些列：{}；{}", missing.join("、"), near.zh),
        format!("the query has no such columns: {}; {}", missing.join(", "), near.en),
    )))
}
