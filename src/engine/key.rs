//! Keys: by what a decision is known (language.md §4, law 3).
//!
//! A key is a hash, so that it can stand in an address whatever an order is called. The same decision has the same base
//! key however often it is evaluated; what was revoked n times before bears `-n` behind it.

use crate::engine::decision::Key;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// What tells one firing of a step or reaction from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Anchor<'a> {
    /// A plain deadline: the round.
    Round(u32),
    /// A deadline of the whole order.
    Order,
    /// The event that started or triggered it.
    Event(&'a std::sync::Arc<str>),
    /// The return decision whose round it opened in, by that decision's key.
    Return(Key),
}

impl Anchor<'_> {
    fn write(&self, text: &mut Hashed) {
        let written = match self {
            Anchor::Round(round) => write!(text, "round {round}"),
            Anchor::Order => text.write_str("order"),
            Anchor::Event(id) => text.write_str("event ").and_then(|()| text.write_str(id)),
            Anchor::Return(key) => text.write_str("return ").and_then(|()| text.write_str(key)),
        };
        written.expect("a hash takes everything");
    }
}

/// What is written is hashed, piece by piece.
struct Hashed(Sha256);

/// Stands between the parts of what is hashed: no id holds a control character.
const SEPARATOR: [u8; 1] = [0x1f];

impl Hashed {
    fn key(self) -> Key {
        let digest = self.0.finalize();
        let mut digits = [0; 32];
        hex::encode_to_slice(&digest[..16], &mut digits).expect("two digits a byte");
        std::str::from_utf8(&digits).expect("digits are text").into()
    }
}

impl Write for Hashed {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
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
    let mut text = Hashed(Sha256::new());
    for part in [order, policy, rule, step, action] {
        text.0.update(part.as_bytes());
        text.0.update(SEPARATOR);
    }
    anchor.write(&mut text);
    text.0.update(SEPARATOR);
    text.0.update(more.as_bytes());
    text.key()
}

/// The key of the revocation of a decision, or of the flag that asks a person about it.
pub(crate) fn key_about(what: &str, key: &str) -> Key {
    let mut text = Hashed(Sha256::new());
    text.0.update(what.as_bytes());
    text.0.update(SEPARATOR);
    text.0.update(key.as_bytes());
    text.key()
}

/// The key of what was revoked so often before.
pub(crate) fn incarnation(base: &Key, revoked: u32) -> Key {
    if revoked == 0 { base.clone() } else { format!("{base}-{revoked}").into() }
}

/// The key without the number of its revocations.
pub(crate) fn base_of(key: &str) -> &str {
    key.split_once('-').map_or(key, |(base, _)| base)
}
