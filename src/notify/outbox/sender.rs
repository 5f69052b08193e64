//! The channels of the configuration, opened, by name.

use super::stand::Nature;
use crate::config::channels;
use crate::config::secret::{Fingerprint, Secret, SecretError, SecretSource};
use crate::notify::channel::{Asked, Channel, Receipts};
use crate::notify::open::{self, OpenError};
use crate::notify::rate::{InMemory, Rates};
use crate::policy::directory::read::{Address, Channels, aliased};
use crate::time::Instant;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A channel that could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("failed to open channel `{name}`")]
pub struct OpenChannelError {
    /// Its name.
    pub name: Arc<str>,
    /// Why.
    pub source: OpenError,
}

/// The channels by which notices go out.
#[derive(Clone, Default)]
pub struct Sender {
    channels: BTreeMap<Arc<str>, Arc<dyn Channel>>,
    addresses: Channels,
    heard: BTreeMap<Arc<str>, Heard>,
}

/// How a channel's receipts are heard.
#[derive(Clone, Default)]
struct Heard {
    token: Option<Fingerprint>,
    polls: bool,
}

/// Why nobody may post receipts so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotHeard {
    /// No such channel takes any.
    NoSuchChannel,
    /// The token is another.
    WrongToken,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Sender {
    /// Opens every channel of a configuration, counting what they send in memory.
    pub fn open(configured: &[channels::Channel]) -> Result<Sender, OpenChannelError> {
        let (mut sender, rates) = (Sender::default(), Arc::<InMemory>::default() as Arc<dyn Rates>);
        for channel in configured {
            let name = channel.name.clone();
            open::warn_of_danger(channel);
            let opened =
                open::open(&channel.kind, &rates).map_err(|source| OpenChannelError { name: name.clone(), source })?;
            sender.add(name, opened, channel.kind.address());
            sender.hear(channel)?;
        }
        Ok(sender)
    }

    /// Hears of the receipts of a channel as it is configured.
    pub fn hear(&mut self, channel: &channels::Channel) -> Result<(), OpenChannelError> {
        let Some(hearing) = &channel.receipts else { return Ok(()) };
        let failed = |source: SecretError| OpenChannelError { name: channel.name.clone(), source: source.into() };
        let token = hearing.token.as_ref().map(SecretSource::read).transpose().map_err(failed)?;
        self.hear_by(channel.name.clone(), token.as_ref(), hearing.polls);
        Ok(())
    }

    /// The same, by a token that is at hand, and by asking or not.
    pub fn hear_by(&mut self, name: Arc<str>, token: Option<&Secret>, polls: bool) {
        self.heard.insert(name, Heard { token: token.map(Fingerprint::of), polls });
    }

    /// The receipts of a channel, for whoever shows its token.
    pub fn receipts(&self, name: &str, token: &str) -> Result<&dyn Receipts, NotHeard> {
        let known = self.heard.get(name).and_then(|heard| heard.token);
        let receipts = self.channels.get(name).and_then(|channel| channel.receipts());
        match (known, receipts) {
            (Some(known), Some(receipts)) if known.is_of(token) => Ok(receipts),
            (Some(_), Some(_)) => Err(NotHeard::WrongToken),
            _ => Err(NotHeard::NoSuchChannel),
        }
    }

    /// What a channel is like. One that has receipts of which nobody would hear has none.
    pub(super) fn nature(&self, name: &str) -> Nature {
        let Some(channel) = self.channels.get(name) else { return Nature::default() };
        let heard = self.heard.get(name).cloned().unwrap_or_default();
        let asked = heard.polls && channel.receipts().is_some_and(can_be_asked);
        let posted = heard.token.is_some() && channel.receipts().is_some();
        Nature {
            repeats: channel.recognises_repeats(),
            repeats_ms: channel.repeats_for().map(|span| i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
            proves: channel.proves_delivery(),
            receipts: asked || posted,
            asked,
        }
    }

    /// Adds a channel under a name.
    pub fn add(&mut self, name: Arc<str>, channel: Arc<dyn Channel>, address: Address) {
        self.addresses.get_or_insert_default().insert(name.clone(), address);
        self.channels.insert(name, channel);
    }

    /// The channel of this name.
    pub(super) fn channel(&self, name: &str) -> Option<&Arc<dyn Channel>> {
        self.channels.get(name)
    }

    /// The configured name meant by a name of the directory.
    pub(super) fn known(&self, name: &str) -> Option<&Arc<str>> {
        aliased(name, &self.addresses)
    }

    /// The kind of address that a channel needs.
    pub(super) fn address(&self, name: &str) -> Option<Address> {
        self.addresses.as_ref()?.get(name).copied()
    }

    /// The channels that reach persons, in the order in which they are tried where the directory names none.
    pub(super) fn personal(&self) -> Vec<Arc<str>> {
        let of = |kind| self.addresses.iter().flatten().filter(move |(_, address)| **address == kind);
        let order = [Address::Yuezhengyi, Address::Mobile, Address::Email];
        order.into_iter().flat_map(of).map(|(name, _)| name.clone()).collect()
    }
}

/// Whether the other side can be asked for its receipts. Nothing is asked by this: a future that nobody waits for does nothing.
fn can_be_asked(receipts: &dyn Receipts) -> bool {
    let (id, to): (Arc<str>, Arc<str>) = ("".into(), "".into());
    let asked = Asked { id, provider_id: None, to, sent_at: Instant(0) };
    receipts.ask(&asked, Instant(0)).is_some()
}
