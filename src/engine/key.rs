//! Keys: by what a decision is known (language.md §4, law 3).
//!
//! A key is a hash, so that it can stand in an address whatever an order is called. The same decision has the same base
//! key however often it is evaluated; what was revoked n times before bears `-n` behind it.

use crate::engine::decision::Key;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// What tells one firing of a step or reaction from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// A plain deadline: the round.
    Round(u32),
    /// A deadline of the whole order.
    Order,
    /// The event that started or triggered it.
    Event(std::sync::Arc<str>),
    /// The return decision whose round it opened in, by that decision's key.
    Return(Key),
}

impl Anchor {
    fn write(&self, text: &mut String) {
        let written = match self {
            Anchor::Round(round) => write!(text, "round {round}"),
            Anchor::Order => write!(text, "order"),
            Anchor::Event(id) => write!(text, "event {id}"),
            Anchor::Return(key) => write!(text, "return {key}"),
        };
        written.expect("a string takes everything");
    }
}

/// The base key of a decision; `more` tells apart what the anchor does not (a `before` step's due, an extension's event).
pub(crate) fn base_key(
    order: &str,
    policy: &str,
    rule: &str,
    step: &str,
    action: &str,
    anchor: &Anchor,
    more: &str,
) -> Key {
    let mut text = String::with_capacity(96);
    for part in [order, policy, rule, step, action] {
        text.push_str(part);
        text.push('\u{1f}');
    }
    anchor.write(&mut text);
    text.push('\u{1f}');
    text.push_str(more);
    hash(&text)
}

/// The key of the revocation of a decision, or of the flag that asks a person about it.
pub(crate) fn key_about(what: &str, key: &str) -> Key {
    hash(&format!("{what}\u{1f}{key}"))
}

fn hash(text: &str) -> Key {
    let digest = Sha256::digest(text.as_bytes());
    let mut digits = [0; 32];
    hex::encode_to_slice(&digest[..16], &mut digits).expect("two digits a byte");
    std::str::from_utf8(&digits).expect("digits are text").into()
}

/// The key of what was revoked so often before.
pub(crate) fn incarnation(base: &Key, revoked: u32) -> Key {
    if revoked == 0 { base.clone() } else { format!("{base}-{revoked}").into() }
}

/// The key without the number of its revocations.
pub(crate) fn base_of(key: &str) -> &str {
    key.split_once('-').map_or(key, |(base, _)| base)
}
