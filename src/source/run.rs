//! Looking at every source again and again, each beside the others: what is slow or broken holds up nobody else.
//!
//! A source that cannot be reached is tried again after a pause that doubles, and is shown as failing in log, metrics,
//! `/readyz` and store from the first time on.

use super::folder::FolderWorker;
use super::folder::watch::FolderWatch;
use super::look::{LookError, Looked, Looking};
use super::sql::SqlWorker;
use crate::clock;
use crate::config::sources::{Source, SourceKind};
use crate::intake::http::{Health, SourceHealth, Words};
use crate::metrics::{EventResult, Metrics};
use crate::store::Store;
use crate::store::sources::{SourceCounts, SourceNote};
use crate::text::Lang;
use arc_swap::ArcSwapOption;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// After a failure, doubled with each further one up to the longest, or up to the source's own pause if that is longer.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
const AFTER_FAILURES_MAX: Duration = Duration::from_mins(1);
/// Operators are told of a source that has failed for so long.
const TELL_AFTER: Duration = Duration::from_mins(10);
/// Until the rules are there.
const NO_WORDS_YET: Duration = Duration::from_millis(200);
/// What lies in a folder is looked at so long after the first notice of it: more comes together.
const GATHER: Duration = Duration::from_millis(200);
/// How a source stands is noted in the store at least so often, even where nothing changes.
const NOTE_EVERY: Duration = Duration::from_mins(5);

/// Is told the name of a source that cannot be read, and why.
pub type Teller = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// With what sources are looked at.
#[derive(Clone)]
pub struct Context {
    /// Where events go.
    pub store: Store,
    /// The words in force.
    pub words: Arc<ArcSwapOption<Words>>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How sources are.
    pub health: Arc<Health>,
    /// Wakes the decide loop.
    pub wake: Arc<Notify>,
    /// Ends everything.
    pub stop: CancellationToken,
    /// In what language reports are.
    pub lang: Lang,
    /// Tells operators of a source that cannot be read.
    pub tell: Teller,
}

/// One source's worker.
pub enum Worker<'a> {
    /// Of a folder.
    Folder(FolderWorker<'a>),
    /// Of a database.
    Sql(SqlWorker<'a>),
}

impl<'a> Worker<'a> {
    /// Before the first look.
    pub fn new(source: &'a Source) -> Worker<'a> {
        match &source.kind {
            SourceKind::Folder(folder) => Worker::Folder(FolderWorker::new(source, folder)),
            SourceKind::Sql(sql) => Worker::Sql(SqlWorker::new(source, sql)),
        }
    }

    /// For one look alone.
    pub fn once(source: &'a Source) -> Worker<'a> {
        match &source.kind {
            SourceKind::Folder(folder) => Worker::Folder(FolderWorker::once(source, folder)),
            SourceKind::Sql(sql) => Worker::Sql(SqlWorker::new(source, sql)),
        }
    }

    /// Takes what is there.
    pub async fn look(&mut self, looking: &Looking<'_>) -> Result<Looked, LookError> {
        match self {
            Worker::Folder(worker) => worker.look(looking).await,
            Worker::Sql(worker) => worker.look(looking).await,
        }
    }
}

/// Looks at all sources until the daemon stops.
pub async fn run(sources: Vec<Source>, context: Context) {
    let looking = sources.into_iter().map(|source| tokio::spawn(never_give_up(source, context.clone())));
    futures_util::future::join_all(looking).await;
}

/// A bug that one source's rows bring to light ends neither the others nor, for ever, itself.
async fn never_give_up(source: Source, context: Context) {
    let source = Arc::new(source);
    loop {
        let looking = tokio::spawn(keep_looking(Arc::clone(&source), context.clone()));
        match looking.await {
            Err(ended) if ended.is_panic() => {
                error!(source = &*source.name, "looking at a source ended unexpectedly, trying again");
                context.health.source_looked(&source.name, failing("internal error, see the log".into()), false);
            }
            _ => return,
        }
        tokio::select! {
            () = context.stop.cancelled() => return,
            () = tokio::time::sleep(AFTER_FAILURES_MAX) => {}
        }
    }
}

async fn keep_looking(source: Arc<Source>, context: Context) {
    let failing = Failing::default();
    let mut keeper = Keeper { source: &source, context: &context, failures: 0, failing, noted: None };
    let mut worker = Worker::new(&source);
    let watch = match &source.kind {
        SourceKind::Folder(folder) => Some(FolderWatch::start(&folder.path)),
        SourceKind::Sql(_) => None,
    };
    loop {
        let pause = tokio::select! {
            biased;
            () = context.stop.cancelled() => return,
            pause = keeper.look(&mut worker) => pause,
        };
        tokio::select! {
            biased;
            () = context.stop.cancelled() => return,
            () = changed(watch.as_ref()) => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn changed(watch: Option<&FolderWatch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

/// What is remembered from look to look.
struct Keeper<'a> {
    source: &'a Source,
    context: &'a Context,
    failures: u32,
    failing: Failing,
    noted: Option<Duration>,
}

/// Since when a source fails, and whether operators know.
#[derive(Debug, Default)]
struct Failing {
    since: Option<Duration>,
    is_told: bool,
}

impl Failing {
    /// Whether operators are to be told now: once for each time that it fails for long.
    fn is_to_be_told(&mut self, now: Duration) -> bool {
        let since = *self.since.get_or_insert(now);
        let is_long = now.saturating_sub(since) >= TELL_AFTER;
        is_long && !std::mem::replace(&mut self.is_told, is_long)
    }
}

impl Keeper<'_> {
    /// Looks once; how long to wait for the next.
    async fn look(&mut self, worker: &mut Worker<'_>) -> Duration {
        let Some(words) = self.context.words.load_full() else { return NO_WORDS_YET };
        let looking = Looking {
            store: &self.context.store,
            words: &words.reader,
            zone: words.zone,
            lang: self.context.lang,
            is_history: false,
            version: words.rules.version.parse().unwrap_or_default(),
        };
        match worker.look(&looking).await {
            Ok(looked) => self.looked(looked).await,
            Err(failure) => self.failed(&failure).await,
        }
    }

    async fn looked(&mut self, looked: Looked) -> Duration {
        let (name, context) = (&*self.source.name, self.context);
        if std::mem::take(&mut self.failures) > 0 {
            info!(source = name, "the source can be read again");
            self.noted = None;
            self.failing = Failing::default();
        }
        count(context, name, &looked);
        for said in &looked.said {
            info!(source = name, "{}", said.in_lang(Lang::En));
        }
        if looked.counts.taken > 0 {
            context.wake.notify_one();
        }
        let pause = looked.again.unwrap_or(self.source.every).min(self.source.every);
        let is_at_end = looked.is_at_end;
        if looked.counts != SourceCounts::default() {
            self.noted = None;
        }
        self.note(SourceNote { is_at_end, ..SourceNote::default() }).await;
        self.show(None, is_at_end).await;
        pause
    }

    async fn failed(&mut self, failure: &LookError) -> Duration {
        let (name, context) = (&*self.source.name, self.context);
        self.failures = self.failures.saturating_add(1);
        let longest = self.source.every.max(AFTER_FAILURES_MAX);
        let pause = (AFTER_FAILURE * 2_u32.saturating_pow(self.failures - 1).min(1 << 16)).min(longest);
        if let LookError::Store(error) = failure {
            context.health.note_store_failure(error);
        }
        // Each doubling is told, not each try.
        if self.failures.is_power_of_two() {
            let failure = failure.message(Lang::En);
            warn!(source = name, failures = self.failures, failure, "a source cannot be read, trying again");
        }
        // What is wrong with our own store is told by whoever keeps it.
        if self.failing.is_to_be_told(clock::monotonic()) && matches!(failure, LookError::Source(_)) {
            (context.tell)(&self.source.name, &failure.message(Lang::Zh));
        }
        let failure = failure.message(context.lang);
        self.noted = None;
        self.note(SourceNote { failure: Some(failure.clone()), ..SourceNote::default() }).await;
        self.show(Some(failure), false).await;
        pause
    }

    /// Notes how it went, unless nothing changed.
    async fn note(&mut self, note: SourceNote) {
        let now = clock::monotonic();
        if self.noted.is_some_and(|noted| now.saturating_sub(noted) < NOTE_EVERY) {
            return;
        }
        self.noted = Some(now);
        if let Err(error) = self.context.store.note_source(&self.source.name, note, clock::now()).await {
            self.context.health.note_store_failure(&error);
        }
    }

    async fn show(&self, failure: Option<String>, is_at_end: bool) {
        let refused = match &self.source.kind {
            SourceKind::Folder(folder) => super::folder::refused_files(folder),
            SourceKind::Sql(_) => {
                self.context.store.source_state(&self.source.name).await.unwrap_or_default().refused_now
            }
        };
        self.context.metrics.set_source(&self.source.name, failure.is_none(), refused);
        let shown = SourceHealth { refused, ..failure.map_or_else(SourceHealth::default, failing) };
        self.context.health.source_looked(&self.source.name, shown, is_at_end);
    }
}

fn failing(failure: String) -> SourceHealth {
    SourceHealth { failure: Some(failure), refused: 0 }
}

fn count(context: &Context, name: &str, looked: &Looked) {
    let SourceCounts { taken, duplicates, changed, refused } = looked.counts;
    context.metrics.count_events(name, EventResult::Accepted, taken);
    context.metrics.count_events(name, EventResult::Duplicate, duplicates + changed);
    context.metrics.count_events(name, EventResult::Rejected, refused);
    let results = [("taken", taken), ("duplicate", duplicates), ("changed", changed), ("refused", refused)];
    for (result, number) in results {
        context.metrics.count_source(name, result, number);
    }
    context.metrics.undeclared_attributes.inc_by(looked.undeclared);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_told_once_of_a_source_that_fails_for_long() {
        let mut failing = Failing::default();
        let told = [100, 400, 699, 700, 800, 9000].map(|second| failing.is_to_be_told(Duration::from_secs(second)));
        assert_eq!(told, [false, false, false, true, false, false]);
        failing = Failing::default();
        let again = [10_000, 10_700].map(|second| failing.is_to_be_told(Duration::from_secs(second)));
        assert_eq!(again, [false, true]);
    }
}
