//! Running: everything opened, the loops started, and ended in order.

use super::ahead::read_ahead;
use super::calling::Calling;
use super::counted::open_all;
use super::decide::{Decider, Told};
use super::jobs::{self, Jobs, Worker};
use super::odd::Odd;
use super::papers::Clerk;
use super::reload::{Reloader, said};
use super::rules::{Rules, RulesError, Source as RuleSource};
use super::systemd;
use super::tick::{Ticked, Ticker};
use super::troubled::{self, Operators};
use super::watch::Watch;
use crate::audit::{Auditor, OpenKeyError};
use crate::clock;
use crate::config::Config;
use crate::config::secret::SecretError;
use crate::config::sources::Source;
use crate::intake::http::tokens::Tokens;
use crate::intake::http::{self, Api, Health};
use crate::metrics::Metrics;
use crate::notify::outbox::asking::Asker;
use crate::notify::outbox::sender::{OpenChannelError, Sender};
use crate::notify::outbox::{Bearings, Outbox};
use crate::notify::rate::Rates;
use crate::notify::rate::kept::Kept;
use crate::source;
use crate::store::error::StoreError;
use crate::store::{Role, Store};
use crate::text::Lang;
use crate::time::Instant;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Tools write beside the daemon and cannot wake it, so the store is asked at least this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// After an event, others are waited for: orders whose events come together are decided once.
const GATHER: Duration = Duration::from_millis(50);
/// Messages under way when the daemon stops get so long to end.
const LAST_MESSAGES: Duration = Duration::from_secs(2);
/// After a failure of the store.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What a run is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The configuration, flags laid over it.
    pub config: Config,
    /// In what language refusals and problems are.
    pub lang: Lang,
    /// Where the address is written once requests are taken.
    pub ready_file: Option<PathBuf>,
}

/// Why the daemon could not start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store.
    #[error("failed to open the store")]
    Store(#[from] StoreError),
    /// A secret.
    #[error("failed to read a token")]
    Secret(#[from] SecretError),
    /// The key that signs the ledger's checkpoints.
    #[error(transparent)]
    AuditKey(#[from] OpenKeyError),
    /// A channel.
    #[error(transparent)]
    Channel(#[from] OpenChannelError),
    /// The rules.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// The address is taken, or none of ours.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The ready file.
    #[error("failed to write {path}")]
    ReadyFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Signals, or the server itself.
    #[error("failed to serve")]
    Serve(#[source] std::io::Error),
}

impl RunError {
    /// What to do about it, where that can be said.
    pub fn hint(&self, lang: Lang) -> Option<String> {
        match self {
            RunError::Store(error) | RunError::Rules(RulesError::Store(error)) => Some(error.hint(lang).to_owned()),
            RunError::Rules(failure) => Some(said(failure, lang).join("\n")),
            _ => None,
        }
    }
}

/// Runs until SIGTERM or SIGINT.
pub async fn run(options: Options) -> Result<(), RunError> {
    let (stop, hangup) = (CancellationToken::new(), Arc::new(Notify::new()));
    listen_to_signals(&stop, &hangup)?;
    let store = Store::open(&options.config.store, Role::Daemon).await?;
    let ended = match Daemon::start(&options, store.clone(), stop.clone()).await {
        Ok(daemon) => daemon.run(&hangup).await,
        Err(error) => Err(error),
    };
    stop.cancel();
    store.close().await;
    info!("stopped");
    ended
}

/// Signals are listened to beside the loop, so that a long tick ends early.
fn listen_to_signals(stop: &CancellationToken, hangup: &Arc<Notify>) -> Result<(), RunError> {
    let listen = |kind| signal(kind).map_err(RunError::Serve);
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let mut hung_up = listen(SignalKind::hangup())?;
    let (stop, hangup) = (stop.clone(), Arc::clone(hangup));
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => stop.cancel(),
                _ = interrupt.recv() => stop.cancel(),
                _ = hung_up.recv() => hangup.notify_one(),
            }
        }
    });
    Ok(())
}

/// A daemon ready to run.
struct Daemon {
    api: Arc<Api>,
    listener: TcpListener,
    reloader: Reloader,
    ticker: Ticker,
    rules: Arc<Rules>,
    watch: Watch,
    outbox: Outbox,
    asker: Asker,
    jobs: Jobs,
    bearings: watch::Sender<Arc<Bearings>>,
    sources: Vec<Source>,
    in_force: watch::Sender<Arc<Rules>>,
    stop: CancellationToken,
}

impl Daemon {
    async fn start(options: &Options, store: Store, stop: CancellationToken) -> Result<Daemon, RunError> {
        let config = &options.config;
        let tokens = Tokens::read(&config.tokens)?;
        if tokens.is_empty() {
            warn!("the configuration has no tokens, so nobody can send events or read");
        }
        let auditor = auditor(config, &store)?;
        let schedules = jobs::schedules(&config.schedules, auditor.is_some());
        let (metrics, health, words) = (Arc::<Metrics>::default(), Arc::<Health>::default(), Arc::default());
        let jobs =
            Jobs::new(Worker { metrics: Arc::clone(&metrics), ..Worker::new(store.clone(), auditor, schedules) });
        note_configuration(config, &store).await?;
        let rates: Arc<dyn Rates> = Arc::new(Kept::new(store.clone()));
        let sender = Arc::new(open_all(&config.channels, &metrics, &rates)?);
        let source = RuleSource::new(config);
        let watch = Watch::start(&[&source.rules, &source.calendars]);
        let mut reloader = Reloader::new(
            store.clone(),
            source,
            Arc::clone(&words),
            Arc::clone(&metrics),
            Arc::clone(&health),
            options.lang,
        );
        let rules = reloader.first().await?;
        let first_start = store.first_start(clock::now()).await?;
        let told = Told { from: config.tell_from.unwrap_or(first_start), reminding: config.approvals };
        let decider = Decider::new(store.clone(), Arc::clone(&metrics), Arc::clone(&health), told);
        let (in_force, rules_in_force) = watch::channel(Arc::clone(&rules));
        let (bearings, receiver) = watch::channel(bearings(&rules));
        let outbox =
            Outbox::new(store.clone(), Arc::clone(&sender), receiver).giving_way_to(decider.is_heap.subscribe());
        let outbox = outbox.seeing_through(config.notices.clone()).counting_in(rates);
        let (gauge, shown) = (metrics.clone(), Arc::clone(&health));
        let outbox = outbox.naming_paused(Arc::new(move |pauses| {
            gauge.channels_paused.set(i64::try_from(pauses.len()).unwrap_or(i64::MAX));
            shown.paused(pauses.iter().map(|pause| format!("{}：{}", pause.channel, pause.why)).collect());
        }));
        let asker = asker(&store, &sender, &metrics);
        let outbox = outbox.naming_troubles(Arc::new(Operators {
            store: store.clone(),
            rules: rules_in_force.clone(),
            metrics: Arc::clone(&metrics),
            health: Arc::clone(&health),
        }));
        let clerk = Clerk::new(store.clone(), rules_in_force, &config.channels);
        let outbox = outbox.with_papers(Arc::new(clerk));
        let (gauge, shown) = (metrics.vacant.clone(), Arc::clone(&health));
        let outbox = outbox.naming_vacant(Arc::new(move |reasons| {
            gauge.set(i64::try_from(reasons.len()).unwrap_or(i64::MAX));
            shown.vacant(reasons);
        }));
        let address = config.listen;
        let listener = TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })?;
        let api = Arc::new(Api {
            store,
            tokens,
            lang: options.lang,
            words,
            metrics,
            sender,
            health,
            wake: Arc::new(Notify::new()),
            stop: stop.clone(),
        });
        announce(&listener, options.ready_file.as_deref())?;
        Ok(Daemon {
            api,
            listener,
            reloader,
            ticker: Ticker::new(decider),
            rules,
            watch,
            outbox,
            asker,
            jobs,
            bearings,
            sources: config.sources.clone(),
            in_force,
            stop,
        })
    }

    async fn run(mut self, hangup: &Notify) -> Result<(), RunError> {
        let mut serving = tokio::spawn(http::serve(self.listener, Arc::clone(&self.api)));
        let telling = tokio::spawn(self.outbox.run(self.stop.clone(), LAST_MESSAGES));
        tokio::spawn(self.asker.run(self.stop.clone()));
        tokio::spawn(read_ahead(self.api.store.clone(), self.stop.clone()));
        let fetching = fetching_for(&self.api, self.in_force.subscribe());
        let fetching = tokio::spawn(source::run::run(self.sources, fetching));
        systemd::ready(&status(&self.rules));
        let (mut odd, mut calling) = (Odd::default(), Calling::default());
        let mut pause = Duration::ZERO;
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                served = &mut serving => return ended(served),
                () = hangup.notified() => {
                    systemd::reloading();
                    if let Some(newer) = self.reloader.reload(&self.rules).await {
                        hand_on(&newer, &self.bearings, &self.in_force);
                        self.rules = newer;
                    }
                    systemd::ready(&status(&self.rules));
                    pause = Duration::ZERO;
                }
                () = self.watch.changed() => {
                    if let Some(newer) = self.reloader.look_again(&self.rules).await {
                        hand_on(&newer, &self.bearings, &self.in_force);
                        self.rules = newer;
                        pause = Duration::ZERO;
                    }
                }
                () = self.api.wake.notified(), if pause > GATHER => pause = GATHER,
                () = tokio::time::sleep(pause) => {
                    let go_on = || !self.stop.is_cancelled();
                    let started = clock::monotonic();
                    pause = match self.ticker.tick(&self.rules, clock::read, go_on).await {
                        Ok(ticked) => {
                            look_for_jobs(&mut self.jobs, &self.api, &self.rules, ticked).await;
                            ticked_well(&self.api, ticked)
                        }
                        Err(error) => ticked_badly(&self.api, &error),
                    };
                    let took = clock::monotonic().saturating_sub(started);
                    self.api.metrics.tick_seconds.set(took.as_secs_f64());
                    self.reloader.tell_cover(&self.rules, clock::now()).await;
                    if let Err(error) = odd.tell(&self.api.store, clock::now()).await {
                        self.api.health.note_store_failure(&error);
                    }
                    if let Err(error) = calling.tell(&self.api.store, &self.rules, clock::now()).await {
                        self.api.health.note_store_failure(&error);
                    }
                }
            }
        }
        systemd::stopping();
        info!("stopping");
        let (served, _, _) = tokio::join!(serving, telling, fetching);
        ended(served)
    }
}

/// From now on everything goes by these.
fn hand_on(newer: &Arc<Rules>, outbox: &watch::Sender<Arc<Bearings>>, in_force: &watch::Sender<Arc<Rules>>) {
    outbox.send_replace(bearings(newer));
    in_force.send_replace(Arc::clone(newer));
}

/// Asks for receipts, and counts what it hears.
fn asker(store: &Store, sender: &Arc<Sender>, metrics: &Arc<Metrics>) -> Asker {
    let metrics = Arc::clone(metrics);
    let counted = move |channel: &str, taken| metrics.receipts_taken(channel, taken);
    Asker::new(store.clone(), Arc::clone(sender), Arc::new(counted))
}

/// What the outbox asks of the rules in force.
fn bearings(rules: &Rules) -> Arc<Bearings> {
    Arc::new(Bearings { directory: Arc::clone(rules.teller.directory()), calendars: rules.calendars.clone() })
}

/// Sources are read whether decisions are held or not, like whatever is sent.
fn fetching_for(api: &Api, rules: watch::Receiver<Arc<Rules>>) -> source::run::Context {
    let (store, health) = (api.store.clone(), Arc::clone(&api.health));
    let tell = move |name: &str, failure: &str| troubled::tell_of_source(&store, &health, &rules, name, failure);
    source::run::Context {
        store: api.store.clone(),
        words: Arc::clone(&api.words),
        metrics: Arc::clone(&api.metrics),
        health: Arc::clone(&api.health),
        wake: Arc::clone(&api.wake),
        stop: api.stop.clone(),
        lang: api.lang,
        tell: Arc::new(tell),
    }
}

/// Nothing is run while the clock is not trusted.
async fn look_for_jobs(jobs: &mut Jobs, api: &Api, rules: &Arc<Rules>, ticked: Ticked) {
    if ticked.is_held {
        return;
    }
    if let Err(error) = jobs.look(rules, clock::now()).await {
        api.metrics.store_errors.inc();
        api.health.note_store_failure(&error);
    }
}

/// The journal's word for a configuration by which the daemon starts. It holds no secret, only where each is.
const CONFIGURED: &str = "configured";

/// Enters the configuration in the ledger, where it is another than at the last start.
async fn note_configuration(config: &Config, store: &Store) -> Result<(), StoreError> {
    let Some(text) = config.path.as_deref().and_then(|path| std::fs::read_to_string(path).ok()) else { return Ok(()) };
    let body = serde_json::json!({ "duban.yaml": text }).to_string();
    let newest = store.newest_record(CONFIGURED).await?;
    if newest.is_none_or(|newest| newest.body != body) {
        store.record(CONFIGURED, &body, clock::now()).await?;
    }
    Ok(())
}

/// What signs checkpoints, if a key is configured.
fn auditor(config: &Config, store: &Store) -> Result<Option<Auditor>, OpenKeyError> {
    let key = config.audit.signing_key()?;
    if key.is_none() {
        warn!("the configuration has no `audit: key`, so the ledger is not signed: see `duban audit keygen`");
    }
    Ok(key.map(|key| Auditor::new(store.clone(), key, &config.audit.file)))
}

fn status(rules: &Rules) -> String {
    format!("rules version {}", rules.number)
}

fn ticked_badly(api: &Api, error: &StoreError) -> Duration {
    api.metrics.store_errors.inc();
    api.health.note_store_failure(error);
    AFTER_FAILURE
}

fn ended(served: Result<std::io::Result<()>, tokio::task::JoinError>) -> Result<(), RunError> {
    match served {
        Ok(served) => served.map_err(RunError::Serve),
        Err(error) => Err(RunError::Serve(std::io::Error::other(error))),
    }
}

/// A tick did its work; how long to wait for the next.
fn ticked_well(api: &Api, ticked: Ticked) -> Duration {
    systemd::worked();
    api.health.ticked();
    if ticked.is_unfinished {
        return Duration::ZERO;
    }
    let longest = systemd::watchdog().map_or(LOOK_EVERY, |watchdog| (watchdog / 3).min(LOOK_EVERY));
    let due = ticked.next_due.map_or(longest, |due| until(due, clock::now()));
    due.min(longest)
}

/// How long until an instant; nothing once it has come. A millisecond more, so that it has come when we wake.
fn until(due: Instant, now: Instant) -> Duration {
    let ms = due.ms_since(now);
    if ms <= 0 {
        Duration::ZERO
    } else {
        Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX).saturating_add(1))
    }
}

/// Says where requests are taken.
fn announce(listener: &TcpListener, ready_file: Option<&Path>) -> Result<(), RunError> {
    let address = listener.local_addr().map_err(RunError::Serve)?;
    info!("listening on http://{address}");
    let Some(path) = ready_file else { return Ok(()) };
    // Whole or not there: who waits for it reads it at once.
    let partial = path.with_extension("partial");
    std::fs::write(&partial, format!("{address}\n"))
        .and_then(|()| std::fs::rename(&partial, path))
        .map_err(|source| RunError::ReadyFile { path: path.to_owned(), source })
}
