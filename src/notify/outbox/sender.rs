//! The channels of the configuration, opened, by name.

use crate::config::channels;
use crate::notify::channel::Channel;
use crate::notify::open::{self, OpenError};
use crate::policy::directory::read::{Address, Channels, aliased};
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
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Sender {
    /// Opens every channel of a configuration.
    pub fn open(configured: &[channels::Channel]) -> Result<Sender, OpenChannelError> {
        let mut sender = Sender::default();
        for channel in configured {
            let name = channel.name.clone();
            let opened = open::open(&channel.kind).map_err(|source| OpenChannelError { name: name.clone(), source })?;
            sender.add(name, opened, channel.kind.address());
        }
        Ok(sender)
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
