//! The stage: a store in a temporary folder, the rules, sinks that listen on this machine, real channels that talk to
//! them, the API. Nothing leaves the machine and nothing stays when it is over.

use super::packs;
use super::sinks::gateway::{Gateway, Received, Reply};
use super::sinks::smtp::SmtpSink;
use crate::config::Config;
use crate::daemon::decide::{Decider, Told};
use crate::daemon::rules::{Rules, RulesError, Source};
use crate::intake::http::tokens::Tokens;
use crate::intake::http::{self, Api, Health, InForce, Words};
use crate::metrics::Metrics;
use crate::notify::outbox::sender::{OpenChannelError, Sender};
use crate::notify::outbox::{Bearings, Outbox};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::text::Lang;
use crate::text::problem::Problems;
use crate::time::Instant;
use arc_swap::ArcSwapOption;
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// The token by which the demo's API is called.
pub const TOKEN: &str = "demo";

/// Everything that the demo plays on.
pub(super) struct Stage {
    pub(super) store: Store,
    pub(super) rules: Arc<Rules>,
    pub(super) decider: Decider,
    pub(super) outbox: Outbox,
    pub(super) gateway: Arc<Gateway>,
    pub(super) mail: Arc<SmtpSink>,
    /// Where the API listens.
    pub(super) address: SocketAddr,
    _bearings: watch::Sender<Arc<Bearings>>,
    _folder: tempfile::TempDir,
}

/// Why there is no stage.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The temporary folder.
    #[error("failed to set up a temporary folder")]
    Folder(#[source] io::Error),
    /// A local port.
    #[error("failed to listen on this machine")]
    Listen(#[source] io::Error),
    /// The configuration made up for the demo.
    #[error("failed to read the demo's own configuration")]
    Config(Problems),
    /// A secret.
    #[error("failed to read the demo's token")]
    Secret(#[from] crate::config::secret::SecretError),
    /// The rules.
    #[error(transparent)]
    Rules(Box<RulesError>),
    /// A channel.
    #[error(transparent)]
    Channel(#[from] OpenChannelError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RulesError> for StageError {
    fn from(error: RulesError) -> StageError {
        StageError::Rules(Box::new(error))
    }
}

/// Which rules are played.
#[derive(Clone, Debug, Default)]
pub struct Directories {
    /// The rules directory; none: `rules`, or the built-in ones where there is none.
    pub rules: Option<PathBuf>,
    /// The calendars directory, likewise.
    pub calendars: Option<PathBuf>,
}

impl Stage {
    /// Sets everything up, with the rules in force from `start` on.
    pub(super) async fn set_up(directories: &Directories, start: Instant) -> Result<Stage, StageError> {
        let folder = tempfile::Builder::new().prefix("duban-demo-").tempdir().map_err(StageError::Folder)?;
        let (gateway, mail, ports) = sinks().await.map_err(StageError::Listen)?;
        let config = configuration(folder.path(), directories, ports)?;
        let store = Store::temporary().await?;
        let source = Source::new(&config);
        source.propose(&store, start).await?;
        let rules = Arc::new(source.load(&store).await?);
        let (metrics, health) = (Arc::<Metrics>::default(), Arc::<Health>::default());
        let (bearings, receiver) = watch::channel(Arc::new(Bearings::of(rules.teller.directory().clone())));
        let sender = Arc::new(Sender::open(&config.channels)?);
        let outbox = Outbox::new(store.clone(), Arc::clone(&sender), receiver);
        let told = Told { from: Instant::BEGINNING, reminding: config.approvals };
        let decider = Decider::new(store.clone(), metrics.clone(), health.clone(), told);
        let address = serve((&config, &store, &rules), sender, metrics, health).await?;
        Ok(Stage { store, rules, decider, outbox, gateway, mail, address, _bearings: bearings, _folder: folder })
    }
}

/// The sinks' ports: HTTP and SMTP.
type Ports = (u16, u16);

async fn sinks() -> io::Result<(Arc<Gateway>, Arc<SmtpSink>, Ports)> {
    let (http, smtp) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
    let ports = (http.local_addr()?.port(), smtp.local_addr()?.port());
    let refused = Mutex::new(HashSet::new());
    let gateway =
        Arc::new(Gateway::saying(move |request| not_in_yuezhengyi(request).or_else(|| busy_once(request, &refused))));
    let mail = Arc::new(SmtpSink::taking_all());
    tokio::spawn(Arc::clone(&gateway).serve(http));
    tokio::spawn(Arc::clone(&mail).serve(smtp));
    Ok((gateway, mail, ports))
}

/// Some people are not in 粤政易 (81013, for good), so that they are told by the next channel.
fn not_in_yuezhengyi(request: &Received) -> Option<Reply> {
    let is_message = request.uri.path() == "/cgi-bin/message/send";
    let user = is_message.then(|| request.json()["touser"].as_str().unwrap_or_default().to_owned())?;
    let is_out = user.bytes().map(u32::from).sum::<u32>() % 7 == 0;
    is_out.then(|| Reply::ok(r#"{"errcode":81013,"errmsg":"user & party & tag all invalid"}"#))
}

/// The SMS gateway is busy for some messages, the first time: which ones follows from their ids.
fn busy_once(request: &Received, refused: &Mutex<HashSet<String>>) -> Option<Reply> {
    if request.uri.path() != "/sms" {
        return None;
    }
    let id = request.json()["id"].as_str().unwrap_or_default().to_owned();
    let is_unlucky = id.bytes().map(u32::from).sum::<u32>() % 6 == 0;
    let is_first = refused.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    (is_unlucky && is_first).then(|| Reply::ok(r#"{"code":"busy"}"#))
}

/// A configuration file as an operator would write it, read as any other.
fn configuration(folder: &Path, directories: &Directories, (http, smtp): Ports) -> Result<Config, StageError> {
    let (rules, calendars) = rules_and_calendars(folder, directories).map_err(StageError::Folder)?;
    let robot = format!("http://127.0.0.1:{http}/cgi-bin/webhook/send?key=demo");
    for (name, secret) in [("token", TOKEN), ("secret", "demo"), ("robot", robot.as_str())] {
        std::fs::write(folder.join(name), secret).map_err(StageError::Folder)?;
    }
    let text = format!(
        r#"
listen: 127.0.0.1:8100
public_url: "http://127.0.0.1:8100"
tokens: [{{ name: demo, scopes: [intake, read, supervise], token: {{ file: token }} }}]
channels:
  mail: {{ kind: email, url: "smtp://127.0.0.1:{smtp}", starttls: never, from: "12345热线 <notice@example.gov.cn>" }}
  sms:
    kind: sms
    driver: http
    request: {{ url: "http://127.0.0.1:{http}/sms", headers: {{ Content-Type: application/json }}, body: '{{"to": {{{{ mobile | tojson }}}}, "text": {{{{ text | tojson }}}}, "id": {{{{ id | tojson }}}}}}' }}
    accepted: {{ field: /code, equals: "0" }}
    retry: {{ field: /code, equals: [busy] }}
  yuezhengyi: {{ kind: yuezhengyi, base_url: "http://127.0.0.1:{http}", corp_id: demo, agent_id: 1, secret: {{ file: secret }} }}
  yuezhengyi-group: {{ kind: yuezhengyi, webhook: {{ file: robot }} }}
  order-system: {{ kind: webhook, url: "http://127.0.0.1:{http}/decisions", secret: {{ file: secret }}, kinds: [card, return, route, revoke] }}
"#
    );
    let path = folder.join("duban.yaml");
    std::fs::write(&path, text).map_err(StageError::Folder)?;
    let mut problems = Problems::new();
    match Config::read(&path, &mut problems) {
        Some(config) => Ok(Config { rules, calendars, ..config }),
        None => Err(StageError::Config(problems)),
    }
}

/// What the flags name, else what is here, else what is built in.
fn rules_and_calendars(folder: &Path, directories: &Directories) -> io::Result<(PathBuf, PathBuf)> {
    let here = |given: &Option<PathBuf>, usual: &str| {
        given.clone().or_else(|| Path::new(usual).is_dir().then(|| usual.into()))
    };
    match (here(&directories.rules, "rules"), here(&directories.calendars, "calendars")) {
        (Some(rules), Some(calendars)) => Ok((rules, calendars)),
        (rules, calendars) => {
            let built_in = packs::lay_out(folder)?;
            Ok((rules.unwrap_or(built_in.0), calendars.unwrap_or(built_in.1)))
        }
    }
}

/// Serves the API where the daemon would, or on any port where that is taken.
async fn serve(
    (config, store, rules): (&Config, &Store, &Rules),
    sender: Arc<Sender>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
) -> Result<SocketAddr, StageError> {
    let listener = match TcpListener::bind(config.listen).await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("127.0.0.1:0").await.map_err(StageError::Listen)?,
    };
    let address = listener.local_addr().map_err(StageError::Listen)?;
    let words: Arc<ArcSwapOption<Words>> = Arc::default();
    words.store(Some(Arc::clone(&rules.words)));
    health.rules_loaded(InForce { version: i64::from(rules.number), since: rules.since.rfc3339(rules.words.zone) });
    health.ticked();
    let api = Api {
        store: store.clone(),
        tokens: Tokens::read(&config.tokens)?,
        lang: Lang::Zh,
        words,
        metrics,
        sender,
        health,
        wake: Arc::new(Notify::new()),
        stop: CancellationToken::new(),
    };
    tokio::spawn(http::serve(listener, Arc::new(api)));
    Ok(address)
}
