//! PostgreSQL.

use super::answer::{Column, Fetched, Kind, Value};
use super::page::Question;
use super::trouble::ConnectFailure;
use crate::config::sources::{self, Sql, Tls};
use chrono_tz::Tz;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow, PgSslMode};
use sqlx::{AssertSqlSafe, Column as _, ConnectOptions, Connection, Executor, Row, SqlSafeStr, Statement, TypeInfo};

pub(super) struct Postgres(PgConnection);

impl Postgres {
    pub(super) async fn connect(sql: &Sql, server: &sources::Server, zone: Tz) -> Result<Postgres, ConnectFailure> {
        let mut options = PgConnectOptions::new_without_pgpass()
            .port(server.port)
            .username(&server.user)
            .database(&server.database)
            .application_name("duban")
            .ssl_mode(match sql.tls {
                Tls::Verify => PgSslMode::VerifyFull,
                Tls::Encrypt => PgSslMode::Require,
                Tls::Off => PgSslMode::Disable,
            })
            .statement_cache_capacity(0)
            .disable_statement_logging();
        options = if server.host.starts_with('/') { options.socket(&server.host) } else { options.host(&server.host) };
        if let Some(password) = &server.password {
            options = options.password(password.read()?.expose());
        }
        if let Some(file) = &sql.ca_file {
            options = options.ssl_root_cert(file);
        }
        let mut connection = options.connect().await?;
        set_up(&mut connection, sql, zone).await?;
        Ok(Postgres(connection))
    }

    pub(super) async fn columns(&mut self, question: String) -> Result<Vec<Column>, sqlx::Error> {
        let statement = self.0.prepare(AssertSqlSafe(question).into_sql_str()).await?;
        let column = |column: &sqlx::postgres::PgColumn| Column {
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

    /// The type into which a parameter is brought.
    pub(super) fn type_of(kind: Kind) -> &'static str {
        match kind {
            Kind::Whole | Kind::Unsigned => "bigint",
            Kind::Decimal => "numeric",
            Kind::Float => "double precision",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::Local => "timestamp",
            Kind::Moment => "timestamptz",
            Kind::Text | Kind::Bytes => "text",
        }
    }

    pub(super) async fn close(self) {
        let _ = self.0.close().await;
    }
}

async fn set_up(connection: &mut PgConnection, sql: &Sql, zone: Tz) -> Result<(), sqlx::Error> {
    connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY").await?;
    connection.execute("SET DateStyle = 'ISO'").await?;
    let milliseconds = sql.timeout.as_millis();
    connection.execute(AssertSqlSafe(format!("SET statement_timeout = {milliseconds}"))).await?;
    connection.execute(AssertSqlSafe(format!("SET TimeZone = '{}'", zone.name()))).await?;
    Ok(())
}

fn kind_of(name: &str) -> Kind {
    match name {
        "INT2" | "INT4" | "INT8" | "OID" => Kind::Whole,
        "NUMERIC" => Kind::Decimal,
        "FLOAT4" | "FLOAT8" => Kind::Float,
        "BOOL" => Kind::Boolean,
        "DATE" => Kind::Date,
        "TIMESTAMP" => Kind::Local,
        "TIMESTAMPTZ" => Kind::Moment,
        "BYTEA" => Kind::Bytes,
        _ => Kind::Text,
    }
}

fn fetched(row: &PgRow, columns: &[Column]) -> Result<Fetched, sqlx::Error> {
    let value = |(place, column): (usize, &Column)| {
        let text: Option<String> = row.try_get_unchecked(place)?;
        Ok(text.map(|text| Value { kind: column.kind, text }))
    };
    columns.iter().enumerate().map(value).collect::<Result<_, sqlx::Error>>().map(Fetched)
}
