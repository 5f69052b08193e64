//! `receipts:` of a channel: who may post them, and whether they are asked for.

use super::Base;
use super::sms::http::{pointer, request};
use crate::config::channels::receipts::{ASK_VARIABLES, Hearing, Shape};
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields};

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

/// What `receipts` says of a gateway that is described by templates.
pub(super) fn shape(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<Shape> {
    let mut at = |name| fields.optional(name).and_then(|node| pointer(node, problems));
    let (each, id, own_id) = (at("each"), at("id"), at("own_id"));
    let (to, detail, when) = (at("to"), at("detail"), at("at"));
    let state = fields.required("state", problems).and_then(|node| pointer(node, problems));
    let delivered = fields.required("delivered", problems).map(|node| words(node, problems));
    let failed = fields.optional("failed").map(|node| words(node, problems)).unwrap_or_default();
    let thanks = fields.optional("thanks").and_then(|node| want::text(node, problems)).map(ToOwned::to_owned);
    let ask = fields.optional("ask").and_then(|node| request(node, &ASK_VARIABLES, base, problems));
    if id.is_none() && own_id.is_none() && !fields.has_slip_of("id") && !fields.has_slip_of("own_id") {
        problems.push(nameless(fields));
    }
    Some(Shape { each, id, own_id, to, state: state?, delivered: delivered?, failed, detail, at: when, thanks, ask })
}

fn words(node: &Node, problems: &mut Problems) -> Vec<String> {
    want::words(node, problems).into_iter().map(|word| word.text.to_owned()).collect()
}

/// Receipts that name no message.
fn nameless(fields: &Fields<'_>) -> Problem {
    let message = Text::new("回执没有写明是哪一条短信的", "nothing says which message a receipt is of");
    let hint = Text::new(
        "写 id（网关的编号，同时在 accepted 里写 id）或 own_id（模板里的 id 原样带回）",
        "write `id` (the gateway's, as `accepted: { id: … }` gives it) or `own_id` (the template's `id`, echoed)",
    );
    Problem::error(fields.head(), "missing-field", message).hint(hint)
}
