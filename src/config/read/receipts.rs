//! `receipts:` of a channel: who may post them, and whether they are asked for.

use super::Base;
use crate::config::channels::Hearing;
use crate::text::problem::Problems;
use crate::text::tree::Node;
use crate::text::want;
use crate::text::want::Fields;

/// Reads what every channel's `receipts` says; `own` reads what this one's says besides.
pub(super) fn receipts<T>(
    node: &Node,
    base: &Base<'_>,
    problems: &mut Problems,
    own: impl FnOnce(&mut Fields<'_>, &mut Problems) -> T,
) -> Option<(Hearing, T)> {
    let mut fields = Fields::of(node, problems)?;
    let token = fields.optional("token").and_then(|node| base.secret(node, problems));
    let polls = fields.optional("poll").and_then(|node| want::boolean(node, problems));
    let own = own(&mut fields, problems);
    fields.finish(problems);
    Some((Hearing { token, polls: polls.unwrap_or(true) }, own))
}
