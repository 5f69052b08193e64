//! The configuration, `duban.yaml`, as a value that can only be right.
//!
//! Paths in it are relative to the file; flags win over it, it wins over defaults. It never holds a secret, only where
//! one is to be read ([`SecretSource`]): a configuration may be shown, copied and kept in version control. It is read
//! once, at the start; what changes while the daemon runs are rules and calendars.

pub mod channels;
pub mod secret;

use crate::time::Instant;
use channels::Channel;
use secret::SecretSource;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

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
