//! `notices:`, how notices are seen through.

use crate::calendar::span::Span;
use crate::config::notices::Notices;
use crate::notify::notice::NoticeKind;
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields};
use std::collections::{BTreeMap, BTreeSet};

/// A receipt that comes at all takes longer than this.
const WITHIN_MS_MIN: i64 = 60_000;
/// In place of a span: the receipt is waited for for ever.
const NEVER: &str = "never";

pub(super) fn notices(node: &Node, problems: &mut Problems) -> Option<Notices> {
    let mut fields = Fields::of(node, problems)?;
    let usual = Notices::default();
    let twice = fields.optional("twice").map(|node| kinds(node, problems));
    let call = fields.optional("call").map(|node| kinds(node, problems));
    let within = fields.optional("deliver_within").map(|node| deliver_within(node, problems));
    fields.finish(problems);
    let mut deliver_within = usual.deliver_within;
    for (kind, span) in within.unwrap_or_default() {
        match span {
            Some(span) => deliver_within.insert(kind, span),
            None => deliver_within.remove(&kind),
        };
    }
    Some(Notices { twice: twice.unwrap_or(usual.twice), call: call.unwrap_or(usual.call), deliver_within })
}

/// Kinds of notices by their names; an empty list is none of them.
fn kinds(node: &Node, problems: &mut Problems) -> BTreeSet<NoticeKind> {
    let choices = NoticeKind::ALL.map(|kind| (kind.as_str(), kind));
    want::one_or_more(node).iter().filter_map(|item| want::one_of(item, &choices, problems)).collect()
}

fn deliver_within(node: &Node, problems: &mut Problems) -> BTreeMap<NoticeKind, Option<Span>> {
    let Some(mut fields) = Fields::of(node, problems) else { return BTreeMap::new() };
    let read = |kind: NoticeKind| Some((kind, within(fields.optional(kind.as_str())?, problems)?));
    let read = NoticeKind::ALL.into_iter().filter_map(read).collect();
    fields.finish(problems);
    read
}

#[allow(clippy::option_option)] // malformed, or for ever
fn within(node: &Node, problems: &mut Problems) -> Option<Option<Span>> {
    let text = want::text(node, problems)?;
    if text == NEVER {
        return Some(None);
    }
    let is_short = |span: &Span| match *span {
        Span::WorkingTime(ms) | Span::Elapsed(ms) => ms < WITHIN_MS_MIN,
        Span::WorkingDays(days) | Span::NaturalDays(days) => days == 0,
    };
    let span = text.parse::<Span>().ok().filter(|span| !is_short(span));
    span.map(Some).or_else(|| {
        let message = Text::new("此处应为不短于1分钟的时长", "expected a span of a minute or more");
        let hint = Text::new(
            "例如 10分钟、1个工作小时；一直等下去写 never",
            "such as 10 minutes or 1 working hour; `never` waits for ever",
        );
        want::report(Problem::error(&node.place, "malformed-span", message).hint(hint), problems)
    })
}
