//! What ran at set times: one row for each job and instant, whatever daemon runs it.
//!
//! A job that is new begins with a row that says since when it is known: what lies before is not made up. A run is claimed
//! with a lease; only the holder of the newest attempt ends it, and what a crash left behind is tried again.

use super::Store;
use super::error::StoreError;
use super::writer::Writing;
use crate::time::Instant;

/// A run that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The schedule's name.
    pub job: String,
    /// The instant for which it is run.
    pub at: Instant,
    /// Whether it is made up: the instant had long passed.
    pub late: bool,
    /// Which attempt it is, from 1.
    pub attempt: u32,
}

/// The newest run of a job, or since when it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// The instant for which it ran.
    pub at: Instant,
    /// Whether it was made up.
    pub late: bool,
    /// How often it was tried.
    pub attempt: u32,
    /// Until when nobody else tries it.
    pub lease_ends_at: Instant,
    /// How it ended, if it has.
    pub outcome: Option<String>,
}

/// How a run ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It did what it should; in a few words what.
    Done(String),
    /// It did not, and is tried again from an instant on.
    Retry(String, Instant),
    /// It did not, and is not tried again.
    Failed(String),
}

type Row = (i64, bool, i64, i64, Option<String>);

impl Store {
    /// The newest run of a job; one that is not known yet is known from now on.
    pub async fn newest_run(&self, job: &str, now: Instant) -> Result<Newest, StoreError> {
        let failed = || StoreError::failed("find a job's newest run");
        let sql = include_str!("sql/newest_run.sql");
        let found: Option<Row> =
            sqlx::query_as(sql).bind(job).fetch_optional(&self.0.readers).await.map_err(failed())?;
        match found {
            Some(row) => Ok(newest(row)),
            None => self.write((job.to_owned(), now), |given, writing| Box::pin(note(writing, given))).await,
        }
    }

    /// Claims a run; none: somebody else has it, or it has ended.
    pub async fn claim_run(
        &self,
        job: &str,
        (at, late): (Instant, bool),
        now: Instant,
        lease_ends_at: Instant,
    ) -> Result<Option<Run>, StoreError> {
        let given = (job.to_owned(), at, late, now, lease_ends_at);
        self.write(given, |given, writing| Box::pin(claim(writing, given))).await
    }

    /// Ends a run, unless it was claimed again meanwhile.
    pub async fn end_run(&self, run: Run, ended: Ended, now: Instant) -> Result<(), StoreError> {
        self.write((run, ended, now), |given, writing| Box::pin(end(writing, given))).await
    }
}

fn newest((at, late, attempt, lease, outcome): Row) -> Newest {
    let attempt = u32::try_from(attempt).unwrap_or_default();
    Newest { at: Instant(at), late, attempt, lease_ends_at: Instant(lease), outcome }
}

async fn note(writing: &mut Writing, (job, now): &(String, Instant)) -> Result<Newest, StoreError> {
    sqlx::query(include_str!("sql/note_job.sql"))
        .bind(job)
        .bind(now.0)
        .execute(&mut writing.conn)
        .await
        .map_err(StoreError::failed("note a job"))?;
    Ok(newest((now.0, false, 0, now.0, Some("known".into()))))
}

type Claiming = (String, Instant, bool, Instant, Instant);

async fn claim(
    writing: &mut Writing,
    (job, at, late, now, lease_ends_at): &Claiming,
) -> Result<Option<Run>, StoreError> {
    writing.note(*now);
    let attempt: Option<i64> = sqlx::query_scalar(include_str!("sql/claim_run.sql"))
        .bind(job)
        .bind(at.0)
        .bind(*late)
        .bind(now.0)
        .bind(lease_ends_at.0)
        .fetch_optional(&mut writing.conn)
        .await
        .map_err(StoreError::failed("claim a run"))?;
    let attempt = attempt.map(|attempt| u32::try_from(attempt).unwrap_or_default());
    Ok(attempt.map(|attempt| Run { job: job.clone(), at: *at, late: *late, attempt }))
}

async fn end(writing: &mut Writing, (run, ended, now): &(Run, Ended, Instant)) -> Result<(), StoreError> {
    let (outcome, detail, ended_at, lease) = match ended {
        Ended::Done(detail) => (Some("done"), detail, Some(now.0), now.0),
        Ended::Failed(detail) => (Some("failed"), detail, Some(now.0), now.0),
        Ended::Retry(detail, from) => (None, detail, None, from.0),
    };
    sqlx::query(include_str!("sql/end_run.sql"))
        .bind(&run.job)
        .bind(run.at.0)
        .bind(run.attempt)
        .bind(ended_at)
        .bind(outcome)
        .bind(detail)
        .bind(lease)
        .execute(&mut writing.conn)
        .await
        .map_err(StoreError::failed("end a run"))?;
    Ok(())
}

/// The leases of a daemon that is gone.
pub(super) async fn release(writing: &mut Writing) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/release_runs.sql"))
        .execute(&mut writing.conn)
        .await
        .map_err(StoreError::failed("release leases"))?;
    Ok(())
}
