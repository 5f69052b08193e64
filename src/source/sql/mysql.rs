//! `MySQL` and `MariaDB`.
//!
//! The session shows its times by the source's zone, so that TIMESTAMP and DATETIME both read as the operator sees them.
//! What a column stores in GBK the server itself turns into UTF-8.

use super::answer::{Column, Fetched, Kind, Value};
use super::page::Question;
use super::trouble::ConnectFailure;
use crate::clock;
use crate::config::sources::{self, Sql, Tls};
use chrono::Offset;
use chrono_tz::Tz;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow, MySqlSslMode};
use sqlx::{AssertSqlSafe, Column as _, ConnectOptions, Connection, Executor, Row, SqlSafeStr, Statement, TypeInfo};

pub(super) struct MySql(MySqlConnection);

impl MySql {
    pub(super) async fn connect(sql: &Sql, server: &sources::Server, zone: Tz) -> Result<MySql, ConnectFailure> {
        let mut options = MySqlConnectOptions::new()
            .username(&server.user)
            .database(&server.database)
            .ssl_mode(match sql.tls {
                Tls::Verify => MySqlSslMode::VerifyIdentity,
                Tls::Encrypt => MySqlSslMode::Required,
                Tls::Off => MySqlSslMode::Disabled,
            })
            // The operator tried the query out without these.
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None::<String>)
            .statement_cache_capacity(0)
            .disable_statement_logging();
        options = if server.host.starts_with('/') {
            options.socket(&server.host)
        } else {
            options.host(&server.host).port(server.port)
        };
        if let Some(password) = &server.password {
            options = options.password(password.read()?.expose());
        }
        if let Some(file) = &sql.ca_file {
            options = options.ssl_ca(file);
        }
        let mut connection = options.connect().await?;
        set_up(&mut connection, sql, zone).await?;
        Ok(MySql(connection))
    }

    pub(super) async fn columns(&mut self, question: String) -> Result<Vec<Column>, sqlx::Error> {
        let statement = self.0.prepare(AssertSqlSafe(question).into_sql_str()).await?;
        let column = |column: &sqlx::mysql::MySqlColumn| Column {
            name: column.name().to_owned(),
            kind: kind_of(column.type_info().name()),
        };
        Ok(statement.columns().iter().map(column).collect())
    }

    pub(super) async fn fetch(&mut self, question: Question, columns: &[Column]) -> Result<Vec<Fetched>, sqlx::Error> {
        let query = sqlx::query(AssertSqlSafe(question.text)).persistent(false);
        let query = question.values.into_iter().fold(query, |query, value| query.bind(value.text));
        let rows = query.fetch_all(&mut self.0).await?;
        rows.iter().map(|row| fetched(row, columns)).collect()
    }

    /// A parameter of a kind.
    pub(super) fn parameter(kind: Kind) -> &'static str {
        match kind {
            Kind::Whole => "CAST(? AS SIGNED)",
            Kind::Unsigned => "CAST(? AS UNSIGNED)",
            Kind::Decimal => "CAST(? AS DECIMAL(65, 20))",
            Kind::Float => "(? + 0)",
            Kind::Date => "CAST(? AS DATE)",
            Kind::Local | Kind::Moment => "CAST(? AS DATETIME(6))",
            Kind::Boolean | Kind::Text | Kind::Bytes => "?",
        }
    }

    pub(super) async fn close(self) {
        let _ = self.0.close().await;
    }
}

/// A server of either kind knows one of the two limits. A zone that is not loaded there is set by its offset.
async fn set_up(connection: &mut MySqlConnection, sql: &Sql, zone: Tz) -> Result<(), sqlx::Error> {
    connection.execute("SET SESSION TRANSACTION READ ONLY").await?;
    let seconds = sql.timeout.as_secs();
    let of_maria = format!("SET SESSION max_statement_time = {seconds}");
    if connection.execute(AssertSqlSafe(of_maria)).await.is_err() {
        let of_mysql = format!("SET SESSION max_execution_time = {}", seconds * 1000);
        // Older servers know neither: then our own limit ends the wait.
        let _ = connection.execute(AssertSqlSafe(of_mysql)).await;
    }
    let named = format!("SET SESSION time_zone = '{}'", zone.name());
    if connection.execute(AssertSqlSafe(named)).await.is_err() {
        let minutes = clock::now().in_zone(zone).offset().fix().local_minus_utc() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let offset = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
        connection.execute(AssertSqlSafe(format!("SET SESSION time_zone = '{offset}'"))).await?;
    }
    Ok(())
}

/// `tinyint(1)` bears numbers as often as booleans; which, the vocabulary says.
fn kind_of(name: &str) -> Kind {
    match name {
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "YEAR" => Kind::Whole,
        "BIT" => Kind::Unsigned,
        name if name.ends_with("UNSIGNED") => Kind::Unsigned,
        "DECIMAL" => Kind::Decimal,
        "FLOAT" | "DOUBLE" => Kind::Float,
        "DATE" => Kind::Date,
        "DATETIME" | "TIMESTAMP" => Kind::Local,
        _ => Kind::Text,
    }
}

fn fetched(row: &MySqlRow, columns: &[Column]) -> Result<Fetched, sqlx::Error> {
    let value = |(place, column): (usize, &Column)| {
        let text: Option<String> = row.try_get_unchecked(place)?;
        Ok(text.map(|text| Value { kind: column.kind, text }))
    };
    columns.iter().enumerate().map(value).collect::<Result<_, sqlx::Error>>().map(Fetched)
}
