//! The ways to everybody behind a notice, and which is to be tried next. Pure: what was tried is read from the deliveries
//! recorded so far, so that a restart goes on where it was.

use super::pace::{UNKNOWN_MAX, WAY_ATTEMPTS_MAX};
use super::sender::Sender;
use crate::notify::notice::Target;
use crate::policy::directory::read::Address;
use crate::policy::directory::{Directory, Person};
use crate::store::outbox::{Delivery, DeliveryOutcome};
use crate::time::Instant;
use std::sync::Arc;

/// Somebody who is to be told, with the ways to reach them, the preferred one first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Party {
    /// As letters address them; empty for a group or another system.
    pub(super) name: Arc<str>,
    /// The ways; empty: there is none.
    pub(super) ways: Vec<Way>,
}

/// A channel and an address in its form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Way {
    pub(super) channel: Arc<str>,
    pub(super) address: Arc<str>,
}

/// Where a party stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stand<'a> {
    /// They were told.
    Told,
    /// This way is to be tried.
    Next(&'a Way),
    /// Every way failed for good; the last reason.
    Unreachable(String),
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
            Ok(vec![Party { name: "".into(), ways: vec![way] }])
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
    let parties: Vec<Party> = people.iter().map(|person| party(person, &channels, sender)).collect();
    let group = ways(&Person::default(), &channels, sender);
    match (parties.is_empty(), group.is_empty()) {
        (false, _) => Ok(parties),
        (true, false) => Ok(vec![Party { name: "".into(), ways: group }]),
        (true, true) => Err(NoParty::Vacant { recipient: recipient.clone(), place: place.unwrap_or_default().into() }),
    }
}

fn party(person: &Person, channels: &[Arc<str>], sender: &Sender) -> Party {
    Party { name: person.name.clone(), ways: ways(person, channels, sender) }
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

impl Party {
    /// Where they stand after what was tried so far. `repeats` says whether a channel recognises repeats.
    pub(super) fn stand(&self, deliveries: &[Delivery], repeats: impl Fn(&str) -> bool) -> Stand<'_> {
        let mut last = if self.ways.is_empty() { "没有可用渠道的地址".to_owned() } else { String::new() };
        for (at, way) in self.ways.iter().enumerate() {
            let tried: Vec<&Delivery> = deliveries.iter().filter(|delivery| way.is_of(delivery)).collect();
            if tried.iter().any(|delivery| delivery.outcome == DeliveryOutcome::Accepted) {
                return Stand::Told;
            }
            let has_other = at + 1 < self.ways.len();
            match exhausted(&tried, has_other, repeats(&way.channel)) {
                Some(reason) => last = reason,
                None => return self.told_after(at, deliveries).unwrap_or(Stand::Next(way)),
            }
        }
        Stand::Unreachable(last)
    }

    /// A later way may have told them already, before an earlier one came back into use.
    fn told_after(&self, at: usize, deliveries: &[Delivery]) -> Option<Stand<'_>> {
        let accepted = |delivery: &Delivery| delivery.outcome == DeliveryOutcome::Accepted;
        let told = |way: &Way| deliveries.iter().any(|delivery| accepted(delivery) && way.is_of(delivery));
        self.ways[at..].iter().any(told).then_some(Stand::Told)
    }
}

impl Way {
    fn is_of(&self, delivery: &Delivery) -> bool {
        delivery.channel == self.channel && delivery.address == self.address
    }
}

/// Why a way is not to be tried any more; none: it is.
fn exhausted(tried: &[&Delivery], has_other: bool, recognises_repeats: bool) -> Option<String> {
    let last = tried.last()?;
    let unknown = tried.iter().filter(|delivery| delivery.outcome == DeliveryOutcome::Unknown).count();
    let permanent = last.outcome == DeliveryOutcome::Permanent;
    // Told twice is better than not told, but not more than twice.
    let perhaps_told = !recognises_repeats && unknown >= UNKNOWN_MAX;
    let tired = has_other && tried.len() >= WAY_ATTEMPTS_MAX;
    (permanent || perhaps_told || tired).then(|| last.detail.clone().unwrap_or_default())
}

/// Whether a channel takes no address: a group, another system, the console.
pub(super) fn is_group(address: Address) -> bool {
    address == Address::None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(channel: &str, outcome: DeliveryOutcome) -> Delivery {
        let (channel, address) = (channel.into(), "a".into());
        Delivery {
            attempt: 1,
            channel,
            address,
            at: Instant(0),
            outcome,
            detail: Some("why".into()),
            provider_id: None,
        }
    }

    fn party() -> Party {
        let way = |channel: &str| Way { channel: channel.into(), address: "a".into() };
        Party { name: "甲".into(), ways: vec![way("yuezhengyi"), way("sms")] }
    }

    #[track_caller]
    fn check(tried: &[(&str, DeliveryOutcome)], expected: &str) {
        let deliveries: Vec<Delivery> = tried.iter().map(|(channel, outcome)| delivery(channel, *outcome)).collect();
        let party = party();
        let shown = match party.stand(&deliveries, |channel| channel == "yuezhengyi") {
            Stand::Told => "told".to_owned(),
            Stand::Next(way) => format!("next {}", way.channel),
            Stand::Unreachable(why) => format!("unreachable: {why}"),
        };
        assert_eq!(shown, expected, "{tried:?}");
    }

    #[test]
    fn ways_are_tried_in_the_order_of_preference() {
        use DeliveryOutcome::{Accepted, Permanent, Transient, Unknown};
        check(&[], "next yuezhengyi");
        check(&[("yuezhengyi", Accepted)], "told");
        check(&[("yuezhengyi", Permanent)], "next sms");
        check(&[("yuezhengyi", Permanent), ("sms", Accepted)], "told");
        check(&[("yuezhengyi", Permanent), ("sms", Permanent)], "unreachable: why");
        check(&[("yuezhengyi", Transient); 3], "next yuezhengyi");
        check(&[("yuezhengyi", Transient); 4], "next sms");
        check(&[("yuezhengyi", Permanent), ("sms", Unknown)], "next sms");
        check(&[("yuezhengyi", Permanent), ("sms", Unknown), ("sms", Unknown)], "unreachable: why");
        check(&[("yuezhengyi", Unknown), ("yuezhengyi", Unknown)], "next yuezhengyi");
        check(&[("yuezhengyi", Transient), ("sms", Accepted)], "told");
    }
}
