//! What is saved of an order, written out: the texts and hashes that follow from it alone.
//!
//! There is one writer, and it is what a heap of orders waits for: whatever needs nothing of the store is done before, on
//! as many cores as there are.

use super::decided::SavedOrder;
use super::ledger::Hash;
use super::outbox;
use super::twins;
use crate::engine::decision::Obligation;
use crate::notify::notice::QueuedNotice;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// An order ready to be saved.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What is saved.
    pub saved: SavedOrder,
    /// Each new decision's body.
    pub(super) bodies: Vec<Arc<str>>,
    /// Each notice's words.
    pub(super) said: Vec<Said>,
    /// The digest of each obligation's row.
    pub(super) rows: Vec<u64>,
    pub(super) attributes: Arc<str>,
    pub(super) policies: Arc<str>,
}

/// What a notice says and to whom, as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) target: Arc<str>,
    pub(super) forms: Arc<str>,
    pub(super) hash: Hash,
    /// The place of an earlier notice of the order that says the same: the words are stored once.
    pub(super) as_before: Option<usize>,
}

impl Said {
    pub(super) fn of(notice: &QueuedNotice) -> Said {
        let forms = outbox::twins::write_forms(&notice.forms);
        let hash = Sha256::digest(&forms).into();
        Said { target: outbox::twins::write_target(&notice.target).into(), forms: forms.into(), hash, as_before: None }
    }

    fn all(notices: &[QueuedNotice]) -> Vec<Said> {
        let mut said: Vec<Said> = Vec::with_capacity(notices.len());
        for (at, notice) in notices.iter().enumerate() {
            let before = notices[..at].iter().position(|known| known.forms == notice.forms);
            said.push(match before {
                Some(before) => Said {
                    target: outbox::twins::write_target(&notice.target).into(),
                    as_before: Some(before),
                    ..said[before].clone()
                },
                None => Said::of(notice),
            });
        }
        said
    }
}

impl From<SavedOrder> for Prepared {
    fn from(saved: SavedOrder) -> Prepared {
        let decided = &saved.decided;
        Prepared {
            bodies: decided.new.iter().map(|decision| twins::write_decision(decision).into()).collect(),
            said: Said::all(&saved.notices),
            rows: decided.obligations.iter().map(digest).collect(),
            attributes: twins::write_attributes(&decided.state.attributes).into(),
            policies: twins::write_policies(&decided.state.policies).into(),
            saved,
        }
    }
}

impl Prepared {
    /// Whether the store may hold more rows of its obligations than there are now.
    pub(super) fn may_have_fewer_rows(&self) -> bool {
        // What was never decided has none.
        let known = self.saved.fence.written.as_ref();
        self.saved.fence.revision > 0 && known.is_none_or(|written| written.len() > self.rows.len())
    }

    /// The obligations whose rows do not hold what they should, each with its place.
    pub(super) fn changed_rows(&self) -> impl Iterator<Item = (i64, &Obligation)> {
        let written = self.saved.fence.written.as_deref().unwrap_or_default();
        let rows = self.saved.decided.obligations.iter().zip(&self.rows);
        let changed = (0..).zip(rows).filter(|(place, (_, digest))| written.get(*place) != Some(*digest));
        changed.map(|(place, (row, _))| (i64::try_from(place).expect("few obligations"), row))
    }
}

/// Tells an obligation's row from any other: eight bytes of SHA-256 over its columns.
fn digest(row: &Obligation) -> u64 {
    let number = |at: crate::time::Instant| at.0;
    let columns = (
        (row.policy.as_str(), row.rule.as_str(), row.round, row.occurrence, number(row.opened), number(row.start)),
        (row.due.map(number), row.provisional, twins::outcome_name(row.outcome), row.stopped_at.map(number)),
        row.department.as_deref(),
    );
    let digest = Sha256::digest(serde_json::to_vec(&columns).expect("texts and numbers can be written"));
    u64::from_be_bytes(digest[..8].try_into().expect("eight of 32 bytes"))
}

/// Digests as the store keeps them.
pub(super) fn write_digests(digests: &[u64]) -> Vec<u8> {
    digests.iter().flat_map(|digest| digest.to_be_bytes()).collect()
}

/// Digests as the store gives them, in hexadecimal; none: it has none.
pub(super) fn read_digests(text: &str) -> Option<Arc<[u64]>> {
    let bytes = hex::decode(text).ok()?;
    let (digests, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| digests.iter().map(|digest| u64::from_be_bytes(*digest)).collect())
}
