//! The configuration, `duban.yaml`, as a value that can only be right.
//!
//! Paths in it are relative to the file; flags win over it, it wins over defaults. It never holds a secret, only where
//! one is to be read ([`SecretSource`]): a configuration may be shown, copied and kept in version control. It is read
//! once, at the start; what changes while the daemon runs are rules and calendars.

pub mod channels;
pub mod needs;
pub mod notices;
mod read;
pub mod secret;
pub mod sources;

use crate::audit::AuditConfig;
use crate::calendar::span::Span;
use crate::policy::directory::read::{Address, Channels};
use crate::policy::vocabulary::Vocabulary;
use crate::schedule::Schedule;
use crate::text::problem::Problems;
use crate::text::tree::Node;
use crate::text::yaml;
use crate::time::Instant;
use channels::Channel;
use needs::Need;
use notices::Notices;
use secret::SecretSource;
use sources::Source;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the configuration is looked for when no flag names it.
const PLACES: [&str; 2] = ["duban.yaml", "/etc/duban/duban.yaml"];

/// Everything that `duban.yaml` says, defaults filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file that was read; none where every setting is a default or a flag.
    pub path: Option<PathBuf>,
    /// The store's database file.
    pub store: PathBuf,
    /// The rules directory.
    pub rules: PathBuf,
    /// The calendars directory.
    pub calendars: PathBuf,
    /// Where the API listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Under what address people and links reach the daemon, without a slash at its end.
    pub public_url: Option<String>,
    /// Who may call the API.
    pub tokens: Vec<Token>,
    /// The channels by which notices go out, in the file's order, names unique.
    pub channels: Vec<Channel>,
    /// Decisions dated before are kept and shown, told to nobody; none: the store's first start.
    pub tell_from: Option<Instant>,
    /// When whoever is to approve a proposal is reminded of it; none: never.
    pub approvals: Option<Reminding>,
    /// How notices are seen through until they are delivered.
    pub notices: Notices,
    /// The ledger's checkpoints.
    pub audit: AuditConfig,
    /// What is run at set times, names unique.
    pub schedules: Vec<Schedule>,
    /// Where rows are fetched from, names unique.
    pub sources: Vec<Source>,
    /// What it rests on besides itself, and where each is asked for.
    pub needs: Vec<Need>,
}

/// When somebody is reminded of what waits for them, counted by the policy's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminding {
    /// How long after it was told.
    pub after: Span,
    /// How long after each reminder comes the next.
    pub every: Span,
}

impl Default for Reminding {
    /// After one working day, and on each further one.
    fn default() -> Reminding {
        Reminding { after: Span::WorkingDays(1), every: Span::WorkingDays(1) }
    }
}

/// A bearer token of the API.
#[derive(Clone, Debug)]
pub struct Token {
    /// The caller's name: the source of its events and the actor in the ledger.
    pub name: Arc<str>,
    /// What it may do; never empty.
    pub scopes: Vec<Scope>,
    /// Where the token itself is.
    pub token: SecretSource,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Send events.
    Intake,
    /// Read orders and the decision feed.
    Read,
    /// Acknowledge, approve, decline and withdraw.
    Supervise,
    /// All of it.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 4] = [Scope::Intake, Scope::Read, Scope::Supervise, Scope::Admin];

    /// Its word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Intake => "intake",
            Scope::Read => "read",
            Scope::Supervise => "supervise",
            Scope::Admin => "admin",
        }
    }
}

impl Config {
    /// Reads the file that a flag names, else the first that is there of `duban.yaml` and `/etc/duban/duban.yaml`; where
    /// there is none, everything is a default. None: it is wrong, and every mistake of it has been put into `problems`.
    pub fn load(flag: Option<&Path>, problems: &mut Problems) -> Option<Config> {
        match locate(flag) {
            Some(path) => Config::read(&path, problems),
            None => Some(Config::defaults(None)),
        }
    }

    /// Reads one file. An empty one says nothing, so everything is a default.
    pub fn read(path: &Path, problems: &mut Problems) -> Option<Config> {
        let root = yaml::read_file(path, problems)?;
        if root.is_null() {
            return Some(Config::defaults(Some(path)));
        }
        let config = read::config(&root, path, problems);
        // A secret that stands in the configuration must not stand in a terminal's history or the journal, too.
        problems.veil("secret-in-text");
        config
    }

    /// What holds where the file at that path says nothing; without a file, paths are relative to where one stands.
    fn defaults(path: Option<&Path>) -> Config {
        let beside = path.and_then(Path::parent).unwrap_or(Path::new(""));
        let store = state_directory().unwrap_or_else(|| beside.to_owned()).join("duban.db");
        Config {
            path: path.map(Path::to_owned),
            audit: AuditConfig { file: checkpoints_beside(&store), ..AuditConfig::default() },
            store,
            rules: beside_or_here(beside, "rules"),
            calendars: beside_or_here(beside, "calendars"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8100)),
            public_url: None,
            tokens: Vec::new(),
            channels: Vec::new(),
            tell_from: None,
            approvals: Some(Reminding::default()),
            notices: Notices::default(),
            schedules: Vec::new(),
            sources: Vec::new(),
            needs: Vec::new(),
        }
    }

    /// Names what of the configuration the vocabulary does not bear out.
    pub fn check_with(&self, vocabulary: &Vocabulary, problems: &mut Problems) {
        read::sms::templates::check_attributes(&self.channels, vocabulary, problems);
    }

    /// The kind of address that each channel needs; none: there is no configuration that could say.
    pub fn addresses(&self) -> Channels {
        self.path.as_ref()?;
        channels::addresses(&self.channels)
    }

    /// The channels of the file that a command reads, whatever else is wrong with it: a directory that names one of them is
    /// right. The outer none: the file is so wrong that they cannot be told.
    pub fn named_channels(flag: Option<&Path>) -> Option<Channels> {
        let Some(path) = locate(flag) else { return Some(None) };
        let root = yaml::read_file(&path, &mut Problems::new())?;
        let entries = root.get("channels").and_then(Node::mapping).unwrap_or_default();
        Some(Some(entries.iter().map(|entry| (entry.key.text.as_str().into(), address_of(&entry.value))).collect()))
    }

    /// With the directories that flags name, which win.
    #[must_use]
    pub fn with_directories(self, rules: Option<&Path>, calendars: Option<&Path>) -> Config {
        Config {
            rules: rules.map_or(self.rules, Path::to_owned),
            calendars: calendars.map_or(self.calendars, Path::to_owned),
            ..self
        }
    }
}

/// The kind of address that a channel needs, by what can be read of it.
fn address_of(channel: &Node) -> Address {
    match channel.get("kind").and_then(Node::scalar).map(|kind| kind.text.as_str()) {
        Some("email") => Address::Email,
        Some("sms") => Address::Mobile,
        Some("yuezhengyi") if channel.get("webhook").is_none() => Address::Yuezhengyi,
        _ => Address::None,
    }
}

/// The configuration file that a command reads, if any.
pub fn locate(flag: Option<&Path>) -> Option<PathBuf> {
    flag.map(Path::to_owned).or_else(|| PLACES.iter().map(PathBuf::from).find(|path| path.is_file()))
}

/// The directory that systemd gives the daemon for its state; of several the first.
fn state_directory() -> Option<PathBuf> {
    let directories = std::env::var_os("STATE_DIRECTORY")?;
    std::env::split_paths(&directories).next().filter(|directory| !directory.as_os_str().is_empty())
}

/// Where checkpoints are written unless something else is said.
fn checkpoints_beside(store: &Path) -> PathBuf {
    store.with_extension("checkpoints")
}

/// A directory beside the configuration, or one here where none is there: a configuration that was tried out from
/// elsewhere still finds the rules that one stands among.
fn beside_or_here(beside: &Path, name: &str) -> PathBuf {
    let there = beside.join(name);
    if there.is_dir() || !Path::new(name).is_dir() { there } else { PathBuf::from(name) }
}

#[cfg(test)]
mod tests;
