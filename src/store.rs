//! The store: one set of questions, answered by SQLite now and by PostgreSQL beside it later.
//!
//! What is in the store is complete; what is not will be done again and comes out the same. Each verb that writes is one
//! transaction, durable when it answers, together with its ledger entries; concurrent ones share a commit (`writer`).
//! Callers see domain types and this module's own; rows, connections and SQL never leave it. Every verb takes `now` where
//! it needs one: the database's clock decides nothing. A database of another program is never touched, and a second daemon
//! on one SQLite store is refused.

pub mod backup;
pub mod decided;
pub mod error;
pub mod event;
pub mod feed;
pub mod jobs;
pub mod ledger;
pub mod orders;
pub mod outbox;
pub mod sources;
pub mod state;
pub mod versions;
pub mod view;
pub mod writer;

mod append;
mod gathered;
mod keyed;
mod log;
mod open;
pub mod prepared;
pub mod rates;
pub mod replies;
mod rows;
mod twins;

#[cfg(test)]
mod tests;

use crate::clock::Acceptance;
use crate::notify::channel::Receipt;
use crate::notify::notice::QueuedNotice;
use crate::time::Instant;
use decided::Saved;
use error::StoreError;
use event::{NewEvent, Taken};
use feed::FedDecision;
use orders::{LoadedOrder, Odd, OrderRef};
use outbox::hand::{Act, CallEnded, Handled};
use outbox::receipts::{Asking, Due, ReceiptsTaken, Taking};
use outbox::search::{CallView, NoticeQuery};
use outbox::sending::{Claim, Entering, Settling};
use outbox::standing::{Standing, ToldBy};
use outbox::{
    Answer, CallState, Claimed, Learned, Notice, NoticeId, OutboxHealth, ReceiptSource, Sending, Settled, Settlement,
    Token,
};
use prepared::Prepared;
use sqlx::sqlite::SqlitePool;
use state::JournalEntry;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use versions::{Files, Kept, Version};
use view::{Counts, OrderView};
use writer::{Doing, Job, News, Verb, Writing};

/// What for a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// To decide and to tell: one at a time.
    Daemon,
    /// To write beside a daemon that may be running: `duban import`, `duban clock accept`.
    Tool,
    /// To read. Nothing is created or changed.
    Reader,
}

/// The store. Clones are the same store.
#[derive(Clone)]
pub struct Store(Arc<Opened>);

struct Opened {
    path: PathBuf,
    readers: SqlitePool,
    /// None: it was closed.
    queue: RwLock<Option<mpsc::Sender<Job>>>,
    news: watch::Receiver<News>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Held while the store is open.
    _lock: Option<File>,
    /// Removed when the last clone is dropped.
    _folder: Option<tempfile::TempDir>,
}

impl Store {
    /// Opens the store in a file, creates it if there is none (unless to read), and brings its schema up to date.
    ///
    /// # Errors
    /// See [`StoreError`]: each variant says what to do.
    pub async fn open(path: &Path, role: Role) -> Result<Store, StoreError> {
        Store::open_in(path.into(), role, None).await
    }

    /// A store of its own in a temporary folder, which goes with the last clone: for tests and the demo.
    pub async fn temporary() -> Result<Store, StoreError> {
        let unusable = |source| StoreError::File { path: std::env::temp_dir(), source: Arc::new(source) };
        let folder = tempfile::Builder::new().prefix("duban-").tempdir().map_err(unusable)?;
        Store::open_in(folder.path().join("duban.db"), Role::Daemon, Some(folder)).await
    }

    async fn open_in(path: PathBuf, role: Role, folder: Option<tempfile::TempDir>) -> Result<Store, StoreError> {
        let open::Opened { writer, readers, lock } = open::open(&path, role).await?;
        let (told, news) = watch::channel(News::default());
        let (queue, writer) = match writer {
            Some(conn) => {
                let (queue, waiting) = mpsc::channel(writer::QUEUE);
                let anew = log::Anew::default();
                let writer = tokio::spawn(writer::write_all(Writing::new(conn), waiting, told, anew.clone()));
                if role == Role::Daemon {
                    tokio::spawn(log::fold_all(path.clone(), news.clone(), anew));
                }
                (Some(queue), Some(writer))
            }
            None => (None, None),
        };
        let (queue, writer) = (RwLock::new(queue), Mutex::new(writer));
        let store = Store(Arc::new(Opened { path, readers, queue, news, writer, _lock: lock, _folder: folder }));
        if role == Role::Daemon {
            store.write((), |(), writing| Box::pin(outbox::sending::release(writing))).await?;
            store.write((), |(), writing| Box::pin(jobs::release(writing))).await?;
        }
        Ok(store)
    }

    /// Ends after what is waiting was written. Verbs asked later answer [`StoreError::Closed`].
    pub async fn close(&self) {
        self.0.queue.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = self.0.writer.lock().await.take() {
            writer.await.ok();
        }
        self.0.readers.close().await;
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// What this process committed, to wait for more. Tools beside a daemon are seen by asking again now and then.
    pub fn news(&self) -> watch::Receiver<News> {
        self.0.news.clone()
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.newest_instant().await.map(|_| ())
    }

    async fn send(&self, job: Job) -> Result<(), StoreError> {
        let queue = self.0.queue.read().unwrap_or_else(PoisonError::into_inner).clone();
        queue.ok_or(StoreError::Closed)?.send(job).await.map_err(|_| StoreError::Closed)
    }

    async fn write<D, T>(&self, given: D, doing: Doing<D, T>) -> Result<T, StoreError>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        self.send(Job::Verb(Box::new(Verb { given, doing, done: None, caller }))).await?;
        answer.await.map_err(|_| StoreError::Closed)?.map_err(|error| error.of(self.path()))
    }
}

/// Intake.
impl Store {
    /// Stores events and figures, each `recorded_at` now, and marks their orders due; what became of each, in their order.
    pub async fn append_events(&self, events: Vec<NewEvent>, now: Instant) -> Result<Vec<Taken>, StoreError> {
        self.append(append::Batch { events, now, history: false }).await
    }

    /// Stores events as history: they keep their `recorded_at`, and set nothing in motion.
    pub async fn append_history(&self, events: Vec<NewEvent>, now: Instant) -> Result<Vec<Taken>, StoreError> {
        self.append(append::Batch { events, now, history: true }).await
    }

    async fn append(&self, batch: append::Batch) -> Result<Vec<Taken>, StoreError> {
        let (caller, answer) = oneshot::channel();
        self.send(Job::Append(batch, caller)).await?;
        answer.await.map_err(|_| StoreError::Closed)?.map_err(|error| error.of(self.path()))
    }
}

/// Deciding.
impl Store {
    /// Up to `limit` orders whose due has come, the longest-waiting first. They stay due until they are saved.
    pub async fn due_orders(&self, now: Instant, limit: u32) -> Result<Vec<OrderRef>, StoreError> {
        orders::due(&self.0.readers, Instant(i64::MIN), now, limit).await
    }

    /// Up to `limit` orders that fall due after one instant and up to another, the first ones first.
    pub async fn due_between(&self, after: Instant, until: Instant, limit: u32) -> Result<Vec<OrderRef>, StoreError> {
        orders::due(&self.0.readers, after, until, limit).await
    }

    /// When the next order is due.
    pub async fn next_due(&self) -> Result<Option<Instant>, StoreError> {
        orders::next_due(&self.0.readers).await
    }

    /// Up to `limit` orders after one in the store's own order; none: from the first on.
    pub async fn orders_after(&self, after: Option<&OrderRef>, limit: u32) -> Result<Vec<OrderRef>, StoreError> {
        orders::after(&self.0.readers, after, limit).await
    }

    /// The order of this id.
    pub async fn find_order(&self, id: &str) -> Result<Option<OrderRef>, StoreError> {
        orders::find(&self.0.readers, id).await
    }

    /// Loads what deciding these orders needs, in few questions: a few hundred at a time is a good batch.
    pub async fn load_orders(&self, orders: &[OrderRef]) -> Result<Vec<LoadedOrder>, StoreError> {
        orders::load(&self.0.readers, orders).await
    }

    /// Reads what the writer will write first whatever it writes; where there is nothing to read, nothing is read.
    pub async fn warm_log(&self) {
        let path = self.0.path.clone();
        tokio::task::spawn_blocking(move || log::warm(&path).ok()).await.ok();
    }

    /// Reads what saving these orders will write and [`Store::load_orders`] does not read: the writer, of which there is
    /// one, then finds it in memory and waits for no disk.
    pub async fn warm(&self, orders: &[OrderRef]) -> Result<(), StoreError> {
        orders::warm(&self.0.readers, orders).await
    }

    /// Saves what was decided, all or nothing; an order that has changed meanwhile is left out and said to be stale.
    ///
    /// # Errors
    /// Besides the store's own: a key that was decided before. Save order by order then, and set the culprit aside.
    pub async fn save_decided<P: Into<Prepared>>(
        &self,
        orders: impl IntoIterator<Item = P>,
    ) -> Result<Vec<Saved>, StoreError> {
        self.save_prepared(orders.into_iter().map(Into::into).collect()).await
    }

    /// The same of orders that were prepared before: the writer is kept waiting for nothing.
    pub async fn save_prepared(&self, orders: Arc<[Prepared]>) -> Result<Vec<Saved>, StoreError> {
        self.write(orders, |orders, writing| Box::pin(decided::save(writing, orders))).await
    }

    /// Up to `limit` orders that a change of the rules concerns, those after one of them: decided before, and not ended.
    pub async fn open_orders(&self, after: Option<&OrderRef>, limit: u32) -> Result<Vec<OrderRef>, StoreError> {
        orders::open(&self.0.readers, after, limit).await
    }

    /// Sets an order aside that cannot be decided. Its later events are still stored.
    pub async fn set_aside(&self, order: &OrderRef, error: &str, now: Instant) -> Result<(), StoreError> {
        let given = (order.clone(), error.to_owned(), now);
        self.write(given, |(order, error, now), writing| Box::pin(orders::set_aside(writing, order, error, *now))).await
    }

    /// Makes all orders due that were set aside; how many. After each reload.
    pub async fn retry_set_aside(&self, now: Instant) -> Result<u64, StoreError> {
        self.write(now, |now, writing| Box::pin(orders::retry_set_aside(writing, *now))).await
    }

    /// After a new version of the rules: marks up to `limit` orders due that were decided by older ones; whether more
    /// remain. What was marked is durable, so that a stop in between goes on at the next start.
    pub async fn mark_some_due(&self, now: Instant, limit: u32) -> Result<bool, StoreError> {
        self.write((now, limit), |(now, limit), writing| Box::pin(orders::mark_some(writing, *now, *limit))).await
    }

    /// Orders set aside: how many, and the first.
    pub async fn orders_set_aside(&self, limit: u32) -> Result<Odd, StoreError> {
        orders::aside(&self.0.readers, limit).await
    }

    /// Orders without `received` whose first event was stored before an instant: how many, and the first.
    pub async fn orders_without_received(&self, before: Instant, limit: u32) -> Result<Odd, StoreError> {
        orders::without_received(&self.0.readers, before, limit).await
    }
}

/// What was decided.
impl Store {
    /// Up to `limit` decisions after a position, in the order made or approved, none left out.
    pub async fn feed(&self, after: u64, limit: u32) -> Result<Vec<FedDecision>, StoreError> {
        feed::after(&self.0.readers, after, limit).await
    }

    /// The decision of this key.
    pub async fn decision(&self, key: &str) -> Result<Option<FedDecision>, StoreError> {
        feed::by_key(&self.0.readers, key).await
    }

    /// One order as it stands, whole.
    pub async fn order_view(&self, id: &str) -> Result<Option<OrderView>, StoreError> {
        view::order(&self.0.readers, id).await
    }

    /// How much there is, cheaply enough for every scrape.
    pub async fn counts(&self, now: Instant) -> Result<Counts, StoreError> {
        view::counts(&self.0.readers, now).await
    }
}

/// The outbox.
impl Store {
    /// Queues notices that concern no order, each once by its key; how many were new.
    pub async fn queue_notices(&self, notices: Vec<QueuedNotice>) -> Result<u64, StoreError> {
        self.write(notices, |notices, writing| Box::pin(outbox::queue::queue_others(writing, notices))).await
    }

    /// Claims up to `limit` due notices; until the lease ends nobody else is given them. Its attempt counts from here on.
    pub async fn claim_due_notices(
        &self,
        now: Instant,
        lease_ends_at: Instant,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        let token = Token(random());
        let claim = Claim { now, lease_ends_at, limit, token };
        let claimed = self.write(claim, |claim, writing| Box::pin(outbox::sending::claim(writing, claim))).await?;
        let notices = outbox::read::load(&self.0.readers, &claimed).await?;
        Ok(notices.into_iter().map(|notice| Claimed { notice, token }).collect())
    }

    /// What may have changed since notices were queued.
    pub async fn standing_of_notices(&self, notices: &[NoticeId]) -> Result<Vec<Standing>, StoreError> {
        outbox::standing::of(&self.0.readers, notices).await
    }

    /// By which messages an address was told of the same decisions on the same occasion, as another recipient.
    pub async fn told_of_decision(
        &self,
        notices: &[NoticeId],
        channel: &str,
        address: &str,
    ) -> Result<Vec<ToldBy>, StoreError> {
        outbox::standing::told(&self.0.readers, notices, channel, address).await
    }

    /// Records what was answered so far, and enters the request that is about to go out for all of a batch of one claim: it
    /// may go out only if this answers [`Settled::Settled`]. The lease lasts until `lease_ends_at` from here on.
    pub async fn enter_sending(
        &self,
        (notices, token): (Vec<NoticeId>, Token),
        answers: Vec<Answer>,
        sending: Sending,
        lease_ends_at: Instant,
    ) -> Result<Settled, StoreError> {
        let entering = Entering { notices, token, answers, sending, lease_ends_at };
        self.write(entering, |entering, writing| Box::pin(outbox::sending::enter(writing, entering))).await
    }

    /// Ends a claim, and records what became known and is not recorded yet. Attempts are kept even where the claim was lost.
    pub async fn settle_notice(
        &self,
        (notice, token): (NoticeId, Token),
        settlement: Settlement,
        learned: impl Into<Learned>,
        now: Instant,
    ) -> Result<Settled, StoreError> {
        let settling = Settling { notice, token, settlement, learned: learned.into(), now };
        self.write(settling, |settling, writing| Box::pin(outbox::sending::settle(writing, settling))).await
    }

    /// Takes what a channel's other side said of messages; saying it again changes nothing.
    pub async fn take_receipts(
        &self,
        channel: &str,
        source: ReceiptSource,
        receipts: Vec<Receipt>,
        now: Instant,
    ) -> Result<ReceiptsTaken, StoreError> {
        let taking = Taking { channel: channel.into(), source, receipts, now };
        self.write(taking, |taking, writing| Box::pin(outbox::receipts::take(writing, taking))).await
    }

    /// Up to `limit` questions for receipts that are due; each is due again after a growing pause, for three days.
    pub async fn due_asks(&self, now: Instant, limit: u32) -> Result<Vec<Asking>, StoreError> {
        self.write(Due { now, limit }, |due, writing| Box::pin(outbox::receipts::due(writing, due))).await
    }

    /// When the next question for a receipt is due.
    pub async fn next_ask(&self) -> Result<Option<Instant>, StoreError> {
        outbox::receipts::next_ask(&self.0.readers).await
    }

    /// Has a notice tried again that failed, is unknown or expired.
    pub async fn retry_notice(&self, id: NoticeId, by: &str, now: Instant) -> Result<Handled, StoreError> {
        let act = Act { id, by: by.to_owned(), note: None, now };
        self.write(act, |act, writing| Box::pin(outbox::hand::retry(writing, act))).await
    }

    /// Takes a notice back that was not delivered, or closes the case of one that was not; why is in the note.
    pub async fn cancel_notice(&self, id: NoticeId, by: &str, note: &str, now: Instant) -> Result<Handled, StoreError> {
        let act = Act { id, by: by.to_owned(), note: Some(note.to_owned()), now };
        self.write(act, |act, writing| Box::pin(outbox::hand::cancel(writing, act))).await
    }

    /// Somebody was called: the call is done.
    pub async fn end_call(&self, id: i64, by: &str, note: Option<&str>, now: Instant) -> Result<CallEnded, StoreError> {
        let act = Act { id, by: by.to_owned(), note: note.map(ToOwned::to_owned), now };
        self.write(act, |act, writing| Box::pin(outbox::hand::end_call(writing, act))).await
    }

    /// Up to `limit` calls that stand so, or of every state.
    pub async fn calls(&self, state: Option<CallState>, limit: u32) -> Result<Vec<CallView>, StoreError> {
        outbox::search::calls(&self.0.readers, state, limit).await
    }

    /// Up to `limit` open calls of which the operators were not told yet, the oldest first.
    pub async fn untold_calls(&self, limit: u32) -> Result<Vec<CallView>, StoreError> {
        outbox::search::untold_calls(&self.0.readers, limit).await
    }

    /// The operators were told of the open calls up to this number.
    pub async fn calls_told(&self, until: i64) -> Result<(), StoreError> {
        self.write(until, |until, writing| Box::pin(outbox::hand::calls_told(writing, *until))).await
    }

    /// Up to `limit` notices that are looked for, the newest first.
    pub async fn search_notices(&self, query: &NoticeQuery, limit: u32) -> Result<Vec<Notice>, StoreError> {
        outbox::search::notices(&self.0.readers, query, limit).await
    }

    /// The notice of this key or number.
    pub async fn find_notice(&self, named: &str) -> Result<Option<Notice>, StoreError> {
        outbox::search::notice(&self.0.readers, named).await
    }

    /// When the next notice is to be tried.
    pub async fn next_notice(&self) -> Result<Option<Instant>, StoreError> {
        outbox::read::next_due(&self.0.readers).await
    }

    /// Notices by number, as they stand.
    pub async fn notices(&self, ids: &[NoticeId]) -> Result<Vec<Notice>, StoreError> {
        outbox::read::load(&self.0.readers, ids).await
    }

    /// Notices that a person has to look at, failed or unknown, newest first.
    pub async fn unsent_notices(&self, limit: u32) -> Result<Vec<Notice>, StoreError> {
        outbox::read::unsent(&self.0.readers, limit).await
    }

    /// How the outbox stands.
    pub async fn outbox_health(&self) -> Result<OutboxHealth, StoreError> {
        outbox::read::health(&self.0.readers).await
    }
}

/// Rules, clock, journal, ledger.
impl Store {
    /// Keeps files as the newest version of the rules, in force from an instant; nothing if they are that already. Of a
    /// new version all orders decided before are to be marked due: [`Store::mark_some_due`].
    pub async fn put_version(&self, files: Files, in_force: Instant) -> Result<Kept, StoreError> {
        self.put_changes(files, None, in_force).await
    }

    /// The same, and what it changes (as JSON) in the journal of the same instant, all or nothing.
    pub async fn put_changes(
        &self,
        files: Files,
        changes: Option<String>,
        in_force: Instant,
    ) -> Result<Kept, StoreError> {
        let given = (files, changes, in_force);
        self.write(given, |(files, changes, in_force), writing| {
            Box::pin(versions::put(writing, files, *in_force, changes.as_deref()))
        })
        .await
    }

    /// All versions of the rules, oldest first.
    pub async fn versions(&self) -> Result<Vec<Version>, StoreError> {
        versions::all(&self.0.readers).await
    }

    /// The version in force.
    pub async fn newest_version(&self) -> Result<Option<Version>, StoreError> {
        versions::newest(&self.0.readers).await
    }

    /// When the store was first started: now, if it is asked for the first time.
    pub async fn first_start(&self, now: Instant) -> Result<Instant, StoreError> {
        self.write(now, |now, writing| Box::pin(state::first_start(writing, *now))).await
    }

    /// The newest instant at which anything was written: no true clock is behind it.
    pub async fn newest_instant(&self) -> Result<Option<Instant>, StoreError> {
        state::newest_instant(&self.0.readers).await
    }

    /// Accepts the clock as it is: `duban clock accept`.
    pub async fn accept_clock(&self, now: Instant) -> Result<Acceptance, StoreError> {
        self.write(now, |now, writing| Box::pin(state::accept_clock(writing, *now))).await
    }

    /// The newest acceptance of the clock.
    pub async fn clock_acceptance(&self) -> Result<Option<Acceptance>, StoreError> {
        state::clock_acceptance(&self.0.readers).await
    }

    /// Writes into the journal what concerns no order; the entry's number.
    pub async fn record(&self, what: &str, body: &str, now: Instant) -> Result<i64, StoreError> {
        let given = (what.to_owned(), body.to_owned(), now);
        self.write(given, |(what, body, now), writing| Box::pin(state::record(writing, what, body, *now))).await
    }

    /// The newest entry of the journal with this word.
    pub async fn newest_record(&self, what: &str) -> Result<Option<JournalEntry>, StoreError> {
        state::newest_record(&self.0.readers, what).await
    }

    /// Entries of the journal after a number.
    pub async fn journal(&self, after: i64, limit: u32) -> Result<Vec<JournalEntry>, StoreError> {
        state::journal(&self.0.readers, after, limit).await
    }
}

/// Empties the log beside a store's file, where what was erased would stay for a while. Best done, not needed: a daemon
/// that reads meanwhile keeps it from being done, and does it later.
pub async fn scrub(path: &Path) -> Result<(), StoreError> {
    open::scrub(path).await
}

/// A number that nobody guesses or draws twice.
fn random() -> i64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    i64::from_be_bytes(bytes)
}
