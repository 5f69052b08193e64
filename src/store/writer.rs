//! Group commit: whoever waits when a transaction begins shares it, and its one sync.
//!
//! There is one writer, so nothing is ever written between what a transaction reads and what it writes. Each caller is
//! answered after the commit, never before. A group that fails is tried again caller by caller, so that nobody pays for
//! another's mistake.

use super::append::{self, Batch};
use super::error::StoreError;
use super::event::Taken;
use super::keyed;
use super::ledger::{self, Link};
use super::log::{self, Anew};
use crate::time::Instant;
use futures_util::future::BoxFuture;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot, watch};

/// So many events at most share one transaction: those after them would wait too long.
const EVENTS_MAX: usize = 20_000;
/// So many callers may wait before others wait for a place.
pub(super) const QUEUE: usize = 1024;

/// One caller's answer.
type Answer<T> = Result<T, StoreError>;

/// What is waiting to be written.
pub(super) enum Job {
    /// Events, which share statements as well as a transaction.
    Append(Batch, oneshot::Sender<Answer<Vec<Taken>>>),
    /// Anything else.
    Verb(Box<dyn Pending>),
}

/// Something to be done within a transaction, and its caller.
pub(super) trait Pending: Send {
    fn run<'a>(&'a mut self, writing: &'a mut Writing) -> BoxFuture<'a, Answer<()>>;
    fn settle(self: Box<Self>, outcome: Answer<()>);
}

/// How a verb is done, from what it was given.
pub(super) type Doing<D, T> = for<'a> fn(&'a D, &'a mut Writing) -> BoxFuture<'a, Answer<T>>;

/// A verb and its caller.
pub(super) struct Verb<D, T> {
    pub(super) given: D,
    pub(super) doing: Doing<D, T>,
    pub(super) done: Option<T>,
    pub(super) caller: oneshot::Sender<Answer<T>>,
}

impl<D: Send + Sync + 'static, T: Send + 'static> Pending for Verb<D, T> {
    fn run<'a>(&'a mut self, writing: &'a mut Writing) -> BoxFuture<'a, Answer<()>> {
        Box::pin(async move {
            self.done = Some((self.doing)(&self.given, writing).await?);
            Ok(())
        })
    }

    fn settle(self: Box<Self>, outcome: Answer<()>) {
        let Verb { done, caller, .. } = *self;
        caller.send(outcome.and_then(|()| done.ok_or(StoreError::Closed))).ok();
    }
}

/// The numbers last given, as the store has them at the transaction's begin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Numbers {
    pub(super) seq: i64,
    pub(super) order: i64,
    pub(super) position: i64,
    pub(super) entry: i64,
    pub(super) notice: i64,
    pub(super) delivery: i64,
    pub(super) receipt: i64,
    pub(super) journal: i64,
}

/// The open transaction.
pub(super) struct Writing {
    pub(super) conn: SqliteConnection,
    pub(super) numbers: Numbers,
    pub(super) system: Link,
    pub(super) entries: Vec<ledger::Entry>,
    /// Up to which position decisions can be found by their key alone without looking through them.
    pub(super) keyed_until: i64,
    newest: Option<Instant>,
}

/// What has been committed, for those who wait for news.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The newest event's number.
    pub seq: i64,
    /// The newest decision's position.
    pub position: i64,
    /// The newest notice's number.
    pub notice: i64,
    /// The newest receipt's number.
    pub receipt: i64,
}

impl Writing {
    pub(super) fn new(conn: SqliteConnection) -> Writing {
        Writing {
            conn,
            numbers: Numbers::default(),
            system: Link::default(),
            entries: Vec::new(),
            keyed_until: 0,
            newest: None,
        }
    }

    /// Notes at what instant this is written, for the clock guard.
    pub(super) fn note(&mut self, now: Instant) {
        self.newest = self.newest.max(Some(now));
    }

    async fn begin(&mut self) -> Answer<()> {
        self.entries.clear();
        self.newest = None;
        self.begin_and_read().await.map_err(StoreError::failed("begin a transaction"))
    }

    async fn begin_and_read(&mut self) -> Result<(), sqlx::Error> {
        let row = sqlx::query(include_str!("sql/begin.sql")).fetch_one(&mut self.conn).await?;
        self.numbers = Numbers {
            seq: row.try_get(0)?,
            order: row.try_get(1)?,
            position: row.try_get(2)?,
            entry: row.try_get(3)?,
            notice: row.try_get(4)?,
            delivery: row.try_get(5)?,
            receipt: row.try_get(6)?,
            journal: row.try_get(7)?,
        };
        self.system = Link { count: row.try_get(8)?, head: ledger::hash_of(&row, 9)? };
        self.keyed_until = row.try_get(10)?;
        Ok(())
    }

    async fn commit(&mut self) -> Answer<()> {
        keyed::fill(self).await.map_err(StoreError::failed("enter the keys of decisions"))?;
        ledger::write(self).await.map_err(StoreError::failed("write the ledger"))?;
        sqlx::query(include_str!("sql/commit.sql"))
            .bind(self.newest.map(|at| at.0))
            .bind(self.system.count)
            .bind(&self.system.head[..])
            .execute(&mut self.conn)
            .await
            .map_err(StoreError::failed("commit"))?;
        Ok(())
    }

    /// After a full disk SQLite may have rolled back by itself, so a refusal here means nothing.
    async fn roll_back(&mut self) {
        sqlx::query("ROLLBACK").execute(&mut self.conn).await.ok();
    }
}

/// Writes whatever is waiting, until no caller is left.
pub(super) async fn write_all(
    mut writing: Writing,
    mut queue: mpsc::Receiver<Job>,
    news: watch::Sender<News>,
    anew: Anew,
) {
    let mut group = Vec::new();
    while let Some(first) = queue.recv().await {
        gather(first, &mut queue, &mut group).await;
        write_group(&mut writing, std::mem::take(&mut group)).await;
        let numbers = writing.numbers;
        let Numbers { seq, position, notice, receipt, .. } = numbers;
        let newest = News { seq, position, notice, receipt };
        news.send_if_modified(|known| std::mem::replace(known, newest) != newest);
        log::begin_anew(&mut writing.conn, &anew).await;
    }
    sqlx::Connection::close(writing.conn).await.ok();
}

/// Takes whoever waits. Those just answered are about to ask again: as long as giving way to them brings more, it is done
/// again, which takes microseconds where a transaction of its own for each would take a sync.
async fn gather(first: Job, queue: &mut mpsc::Receiver<Job>, group: &mut Vec<Job>) {
    let mut events = size(&first);
    group.push(first);
    let mut known = 0;
    while known < group.len() {
        known = group.len();
        tokio::task::yield_now().await;
        while events < EVENTS_MAX && group.len() < QUEUE {
            let Ok(job) = queue.try_recv() else { break };
            events += size(&job);
            group.push(job);
        }
    }
}

fn size(job: &Job) -> usize {
    match job {
        Job::Append(batch, _) => batch.events.len(),
        Job::Verb(_) => 1,
    }
}

async fn write_group(writing: &mut Writing, group: Vec<Job>) {
    let mut group = Group::of(group);
    match group.write(writing).await {
        Ok(()) => group.settle(&Ok(())),
        Err(error) => {
            writing.roll_back().await;
            if group.len() == 1 {
                return group.settle(&Err(error));
            }
            for mut one in group.singly() {
                let outcome = one.write(writing).await;
                if outcome.is_err() {
                    writing.roll_back().await;
                }
                one.settle(&outcome);
            }
        }
    }
}

/// Those who share a transaction.
struct Group {
    batches: Vec<Batch>,
    appending: Vec<oneshot::Sender<Answer<Vec<Taken>>>>,
    taken: Vec<Vec<Taken>>,
    verbs: Vec<Box<dyn Pending>>,
}

impl Group {
    fn of(jobs: Vec<Job>) -> Group {
        let mut group = Group { batches: Vec::new(), appending: Vec::new(), taken: Vec::new(), verbs: Vec::new() };
        for job in jobs {
            match job {
                Job::Append(batch, caller) => {
                    group.batches.push(batch);
                    group.appending.push(caller);
                }
                Job::Verb(verb) => group.verbs.push(verb),
            }
        }
        group
    }

    fn len(&self) -> usize {
        self.batches.len() + self.verbs.len()
    }

    fn singly(self) -> Vec<Group> {
        let appends = self.batches.into_iter().zip(self.appending).map(|(batch, caller)| Job::Append(batch, caller));
        appends.chain(self.verbs.into_iter().map(Job::Verb)).map(|job| Group::of(vec![job])).collect()
    }

    async fn write(&mut self, writing: &mut Writing) -> Answer<()> {
        writing.begin().await?;
        self.taken = append::append(writing, &self.batches).await?;
        for verb in &mut self.verbs {
            verb.run(writing).await?;
        }
        writing.commit().await
    }

    fn settle(self, outcome: &Answer<()>) {
        let mut taken = self.taken.into_iter();
        for caller in self.appending {
            caller.send(outcome.clone().map(|()| taken.next().unwrap_or_default())).ok();
        }
        for verb in self.verbs {
            verb.settle(outcome.clone());
        }
    }
}
