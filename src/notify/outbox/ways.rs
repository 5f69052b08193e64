//! The ways to everybody behind a notice: as the directory has them while it is to be sent, as recorded once it was, so that
//! who comes later is not told of what was told before.

use super::sender::Sender;
use crate::notify::notice::Target;
use crate::policy::directory::read::Address;
use crate::policy::directory::{Directory, Person};
use crate::store::outbox::{Delivery, Notice};
use crate::time::Instant;
use std::sync::Arc;

/// Somebody who is to be told, with the ways to reach them, the preferred one first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Party {
    /// As letters address them; empty for a group or another system.
    pub(super) name: Arc<str>,
    /// By what they are known among those behind the notice: the name, or the name and a number where several bear it.
    pub(super) key: Arc<str>,
    /// The number at which they can be called.
    pub(super) mobile: Option<Arc<str>>,
    /// The ways; empty: there is none.
    pub(super) ways: Vec<Way>,
}

/// A channel and an address in its form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Way {
    pub(super) channel: Arc<str>,
    pub(super) address: Arc<str>,
}

/// Why nobody can be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoParty {
    #[error("通讯录里没有收件人“{0}”")]
    UnknownRecipient(Arc<str>),
    #[error("“{recipient}”在“{place}”名下没有人")]
    Vacant { recipient: Arc<str>, place: Arc<str> },
    #[error("没有配置渠道“{0}”")]
    UnknownChannel(Arc<str>),
}

/// Everybody behind a target as the directory has them, and the rosters at this instant.
pub(super) fn parties(
    target: &Target,
    directory: &Directory,
    sender: &Sender,
    now: Instant,
) -> Result<Vec<Party>, NoParty> {
    match target {
        Target::Channel(channel) => {
            let known = sender.known(channel).ok_or_else(|| NoParty::UnknownChannel(channel.clone()))?;
            let way = Way { channel: known.clone(), address: "".into() };
            Ok(vec![Party::nobody(vec![way])])
        }
        Target::Recipient { recipient, place } => behind(recipient, place.as_deref(), directory, sender, now),
    }
}

fn behind(
    recipient: &Arc<str>,
    place: Option<&str>,
    directory: &Directory,
    sender: &Sender,
    now: Instant,
) -> Result<Vec<Party>, NoParty> {
    let known = directory.recipients.get(recipient).ok_or_else(|| NoParty::UnknownRecipient(recipient.clone()))?;
    let channels = if known.channels.is_empty() {
        sender.personal()
    } else {
        known.channels.iter().filter_map(|name| sender.known(name).cloned()).collect()
    };
    let people = directory.people_on(recipient, place, now);
    let mut parties: Vec<Party> = people.iter().map(|person| party(person, &channels, sender)).collect();
    tell_apart(&mut parties);
    let group = ways(&Person::default(), &channels, sender);
    match (parties.is_empty(), group.is_empty()) {
        (false, _) => Ok(parties),
        (true, false) => Ok(vec![Party::nobody(group)]),
        (true, true) => Err(NoParty::Vacant { recipient: recipient.clone(), place: place.unwrap_or_default().into() }),
    }
}

fn party(person: &Person, channels: &[Arc<str>], sender: &Sender) -> Party {
    let ways = ways(person, channels, sender);
    Party { name: person.name.clone(), key: person.name.clone(), mobile: person.mobile.clone(), ways }
}

/// Gives those who bear a name that somebody before them bears a number.
fn tell_apart(parties: &mut [Party]) {
    for at in 1..parties.len() {
        let before = parties[..at].iter().filter(|other| other.name == parties[at].name).count();
        if before > 0 {
            parties[at].key = format!("{}#{}", parties[at].name, before + 1).into();
        }
    }
}

impl Party {
    /// A group, or another system.
    fn nobody(ways: Vec<Way>) -> Party {
        Party { name: "".into(), key: "".into(), mobile: None, ways }
    }

    /// Whether it is a person, who can be called.
    pub(super) fn is_person(&self) -> bool {
        !self.name.is_empty()
    }
}

/// Those whom a notice was sent to or who are to be called, each by what is recorded, with the ways that the directory has
/// for them now; of who is in it no more, those that were tried.
pub(super) fn recorded(notice: &Notice, now: &[Party]) -> Vec<Party> {
    let tried = notice.deliveries.iter().filter_map(|delivery| delivery.party.clone());
    let called = notice.calls.iter().map(|call| call.party.clone());
    let mut parties: Vec<Party> = Vec::new();
    for key in tried.chain(called) {
        if parties.iter().all(|known| known.key != key) {
            let known = now.iter().find(|party| party.key == key).cloned();
            parties.push(known.unwrap_or_else(|| gone(&key, &notice.deliveries)));
        }
    }
    parties
}

/// Somebody who is not in the directory any more.
fn gone(key: &Arc<str>, deliveries: &[Delivery]) -> Party {
    let mut ways: Vec<Way> = Vec::new();
    for delivery in deliveries.iter().filter(|delivery| delivery.party.as_ref() == Some(key)) {
        let way = Way { channel: delivery.channel.clone(), address: delivery.address.clone() };
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    Party { name: key.clone(), key: key.clone(), mobile: None, ways }
}

fn ways(person: &Person, channels: &[Arc<str>], sender: &Sender) -> Vec<Way> {
    let way = |channel: &Arc<str>| {
        let address = person.address(sender.address(channel)?)?;
        Some(Way { channel: channel.clone(), address: address.into() })
    };
    let mut ways: Vec<Way> = channels.iter().filter_map(way).collect();
    ways.dedup();
    ways
}

impl Way {
    pub(super) fn is_of(&self, delivery: &Delivery) -> bool {
        delivery.channel == self.channel && delivery.address == self.address
    }
}

/// Whether a channel takes no address: a group, another system, the console.
pub(super) fn is_group(address: Address) -> bool {
    address == Address::None
}
