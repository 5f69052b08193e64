//! Sources of rows: how far each was read, how that went, and which rows were refused.
//!
//! What is noted as read was stored before: a crash in between reads it again. Of a row that was refused only its place
//! and the reason are kept, none of its text: it is read again from where it stands.

use super::Store;
use super::error::StoreError;
use super::writer::Writing;
use crate::time::Instant;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// So many refused rows of a source are kept one by one. What is refused beyond is read again as a whole.
pub const REFUSED_MAX: u32 = 1000;

/// How a source stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceState {
    /// Up to where it was read, in the source's own words; none: from its beginning.
    pub position: Option<String>,
    /// From where it is read again once the configuration changes: the first row that was refused and is not kept.
    pub rewind: Option<String>,
    /// By what configuration rows were refused.
    pub configured: String,
    /// When it was last looked at.
    pub looked_at: Option<Instant>,
    /// When it was last read to its end.
    pub caught_up_at: Option<Instant>,
    /// Since when it fails, and how; none: it does not.
    pub failure: Option<(Instant, String)>,
    /// What became of its events and figures, since ever.
    pub counts: SourceCounts,
    /// How many refused rows are kept.
    pub refused_now: u64,
}

/// What became of events and figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// Stored.
    pub taken: u64,
    /// Known before.
    pub duplicates: u64,
    /// Known before, by the id made for them, with other attributes: what was taken first stands.
    pub changed: u64,
    /// Rows that were refused.
    pub refused: u64,
}

/// A row that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Which, as people find it.
    pub place: String,
    /// Where it is read again, in the source's own words.
    pub position: String,
    /// In which column, where it is one.
    pub column: Option<String>,
    /// Why.
    pub reason: String,
    /// When it was last read.
    pub at: Instant,
}

/// What a look at a source changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceNote {
    /// Up to where it was read; none: as before.
    pub position: Option<String>,
    /// By what configuration, where that is new.
    pub configured: Option<String>,
    /// What became of events and figures.
    pub counts: SourceCounts,
    /// Rows that were refused.
    pub refused: Vec<RefusedRow>,
    /// Places of rows that are refused no more, or are gone.
    pub settled: Vec<String>,
    /// Whether it was read to its end.
    pub is_at_end: bool,
    /// Why it could not be read; none: it could.
    pub failure: Option<String>,
}

impl Store {
    /// How a source stands; of one that is not known yet nothing.
    pub async fn source_state(&self, name: &str) -> Result<SourceState, StoreError> {
        let found = sqlx::query(include_str!("sql/source_state.sql"))
            .bind(name)
            .fetch_optional(&self.0.readers)
            .await
            .map_err(StoreError::failed("find a source's state"))?;
        found.map_or(Ok(SourceState::default()), |row| read(&row).map_err(StoreError::failed("read a source's state")))
    }

    /// Notes how a look at a source went.
    pub async fn note_source(&self, name: &str, note: SourceNote, now: Instant) -> Result<(), StoreError> {
        self.write((name.to_owned(), note, now), |given, writing| Box::pin(put(writing, given))).await
    }

    /// Forgets how far a source was read, and what of it was refused: it is read from a position on, or from its beginning.
    /// What was stored stays.
    pub async fn reset_source(&self, name: &str, position: Option<&str>, now: Instant) -> Result<(), StoreError> {
        let given = (name.to_owned(), position.map(str::to_owned), now);
        self.write(given, |given, writing| Box::pin(reset(writing, given))).await
    }

    /// Rows of a source that were refused, by place.
    pub async fn refused_rows(&self, source: &str, limit: u32) -> Result<Vec<RefusedRow>, StoreError> {
        let rows: Vec<(String, String, Option<String>, String, i64)> =
            sqlx::query_as(include_str!("sql/refused_rows.sql"))
                .bind(source)
                .bind(limit)
                .fetch_all(&self.0.readers)
                .await
                .map_err(StoreError::failed("load refused rows"))?;
        let of =
            |(place, position, column, reason, at)| RefusedRow { place, position, column, reason, at: Instant(at) };
        Ok(rows.into_iter().map(of).collect())
    }

    /// Of these ids of a source those that are known, each with the digest of its content; all zeros: it was erased.
    pub async fn known_ids(&self, source: &str, ids: &[&str]) -> Result<Vec<(String, [u8; 32])>, StoreError> {
        let names: Vec<(&str, &str)> = ids.iter().map(|id| (source, *id)).collect();
        let list = serde_json::to_string(&names).unwrap_or_default();
        let rows = sqlx::query(include_str!("sql/known_digests.sql"))
            .bind(list)
            .fetch_all(&self.0.readers)
            .await
            .map_err(StoreError::failed("find known ids"))?;
        let of = |row: &SqliteRow| Ok((row.try_get(1)?, super::ledger::hash_of(row, 2)?));
        rows.iter().map(of).collect::<Result<_, sqlx::Error>>().map_err(StoreError::failed("read known ids"))
    }
}

/// A figure in force.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureInForce {
    /// Its value.
    pub value: f64,
    /// The number of the event that gave it.
    pub seq: i64,
}

/// Which figure: its name, day and department; an empty department: of none.
pub type FigureKey = (String, String, String);

impl Store {
    /// Of these figures those that are known, with what is in force.
    pub async fn figures_in_force(
        &self,
        figures: &[FigureKey],
    ) -> Result<HashMap<FigureKey, FigureInForce>, StoreError> {
        let list = serde_json::to_string(figures).unwrap_or_default();
        let rows: Vec<(String, String, String, f64, i64)> = sqlx::query_as(include_str!("sql/figures_in_force.sql"))
            .bind(list)
            .fetch_all(&self.0.readers)
            .await
            .map_err(StoreError::failed("find figures"))?;
        let of = |(figure, day, department, value, seq)| ((figure, day, department), FigureInForce { value, seq });
        Ok(rows.into_iter().map(of).collect())
    }
}

fn read(row: &SqliteRow) -> Result<SourceState, sqlx::Error> {
    let instant = |place: usize| row.try_get(place).map(|at: Option<i64>| at.map(Instant));
    let count = |place: usize| row.try_get(place).map(|count: i64| u64::try_from(count).unwrap_or_default());
    let failure: Option<String> = row.try_get(6)?;
    Ok(SourceState {
        position: row.try_get(0)?,
        rewind: row.try_get(1)?,
        configured: row.try_get(2)?,
        looked_at: instant(3)?,
        caught_up_at: instant(4)?,
        failure: failure.zip(instant(5)?).map(|(failure, at)| (at, failure)),
        counts: SourceCounts { taken: count(7)?, duplicates: count(8)?, changed: count(9)?, refused: count(10)? },
        refused_now: count(11)?,
    })
}

type Noted = (String, SourceNote, Instant);

async fn put(writing: &mut Writing, (name, note, now): &Noted) -> Result<(), StoreError> {
    put_rows(writing, name, note, *now).await.map_err(StoreError::failed("note a source"))
}

async fn put_rows(writing: &mut Writing, name: &str, note: &SourceNote, now: Instant) -> Result<(), sqlx::Error> {
    for place in &note.settled {
        let sql = include_str!("sql/delete_refused_row.sql");
        sqlx::query(sql).bind(name).bind(place).execute(&mut writing.conn).await?;
    }
    let mut rewind = None;
    for row in &note.refused {
        let kept = sqlx::query(include_str!("sql/upsert_refused_row.sql"))
            .bind(name)
            .bind(&row.place)
            .bind(&row.position)
            .bind(&row.column)
            .bind(&row.reason)
            .bind(row.at.0)
            .bind(REFUSED_MAX)
            .execute(&mut writing.conn)
            .await?;
        if kept.rows_affected() == 0 {
            rewind.get_or_insert(&row.position);
        }
    }
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    sqlx::query(include_str!("sql/upsert_source.sql"))
        .bind(name)
        .bind(&note.position)
        .bind(rewind)
        .bind(&note.configured)
        .bind(now.0)
        .bind(note.is_at_end)
        .bind(&note.failure)
        .bind(number(note.counts.taken))
        .bind(number(note.counts.duplicates))
        .bind(number(note.counts.changed))
        .bind(number(note.counts.refused))
        .execute(&mut writing.conn)
        .await?;
    Ok(())
}

type Reset = (String, Option<String>, Instant);

async fn reset(writing: &mut Writing, (name, position, now): &Reset) -> Result<(), StoreError> {
    let failed = || StoreError::failed("reset a source");
    let forget = sqlx::query(include_str!("sql/delete_refused_rows.sql")).bind(name);
    forget.execute(&mut writing.conn).await.map_err(failed())?;
    let reset = sqlx::query(include_str!("sql/reset_source.sql")).bind(name).bind(position);
    reset.execute(&mut writing.conn).await.map_err(failed())?;
    let body = serde_json::json!({ "source": name, "position": position }).to_string();
    super::state::record(writing, "source-reset", &body, *now).await.map(|_| ())
}
