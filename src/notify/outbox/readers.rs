//! Who reads: what is too much is counted by the people who get it, whatever names and places they stand behind. One who is the
//! leader for sixty enterprises has one telephone.

use super::Bearings;
use super::hold;
use super::sender::Sender;
use super::ways::{self, Party};
use crate::notify::notice::Target;
use crate::notify::rate;
use crate::store::outbox::Claimed;
use crate::time::Instant;
use std::collections::HashMap;

/// The readers behind the targets of what was claimed, each by a key that names nobody.
#[derive(Default)]
pub(super) struct Readers(HashMap<Target, String>);

impl Readers {
    /// As the directory has them now.
    pub(super) fn of(claimed: &[Claimed], bearings: &Bearings, sender: &Sender, now: Instant) -> Readers {
        let mut readers = HashMap::new();
        for target in claimed.iter().map(|one| &one.notice.queued.target) {
            if !readers.contains_key(target) {
                readers.insert(target.clone(), key(target, bearings, sender, now));
            }
        }
        Readers(readers)
    }

    /// Whether the same people stand behind two targets.
    pub(super) fn are_same(&self, one: &Target, other: &Target) -> bool {
        one == other || self.0.get(one).is_some_and(|key| self.0.get(other) == Some(key))
    }
}

/// By what it is counted how much the people behind a target have had. A group, and who is nobody yet, is known by the target.
pub(super) fn key(target: &Target, bearings: &Bearings, sender: &Sender, now: Instant) -> String {
    let Ok(parties) = ways::parties(target, &bearings.directory, sender, now) else { return hold::reader_key(target) };
    let mut words: Vec<String> = parties.iter().flat_map(addresses).collect();
    if !parties.iter().all(Party::is_person) || words.is_empty() {
        return hold::reader_key(target);
    }
    words.sort();
    rate::key("reader", &words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn addresses(party: &Party) -> impl Iterator<Item = String> {
    party.ways.iter().map(|way| format!("{} {} {}", party.name, way.channel, way.address))
}
