//! `notices:`, how notices are seen through.

use crate::calendar::ClockTime;
use crate::calendar::span::Span;
use crate::config::notices::{Digest, Hours, NEVER_HELD, Notices};
use crate::notify::notice::NoticeKind;
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields};
use std::collections::{BTreeMap, BTreeSet};

/// A receipt that comes at all takes longer than this.
const WITHIN_MS_MIN: i64 = 60_000;
/// In place of a span: the receipt is waited for for ever. In place of `digest`: none is made.
const NEVER: &str = "never";
/// In place of times of the day.
const WORKING: &str = "working";

pub(super) fn notices(node: &Node, problems: &mut Problems) -> Option<Notices> {
    let mut fields = Fields::of(node, problems)?;
    let usual = Notices::default();
    let twice = fields.optional("twice").map(|node| kinds(node, problems));
    let call = fields.optional("call").map(|node| kinds(node, problems));
    let within = fields.optional("deliver_within").map(|node| deliver_within(node, problems));
    let hours = fields.optional("hours").map(|node| all_hours(node, problems));
    let digest = fields.optional("digest").map(|node| digest(node, problems));
    fields.finish(problems);
    let mut deliver_within = usual.deliver_within;
    for (kind, span) in within.unwrap_or_default() {
        match span {
            Some(span) => deliver_within.insert(kind, span),
            None => deliver_within.remove(&kind),
        };
    }
    Some(Notices {
        twice: twice.unwrap_or(usual.twice),
        call: call.unwrap_or(usual.call),
        deliver_within,
        hours: hours.unwrap_or_default(),
        digest: digest.unwrap_or(usual.digest),
    })
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

/// `hours`, by kind.
fn all_hours(node: &Node, problems: &mut Problems) -> BTreeMap<NoticeKind, Hours> {
    let Some(mut fields) = Fields::of(node, problems) else { return BTreeMap::new() };
    let is_written = |kind: NoticeKind| {
        node.mapping().is_some_and(|entries| entries.iter().any(|entry| entry.key.text == kind.as_str()))
    };
    let mut read = BTreeMap::new();
    for kind in NoticeKind::ALL {
        if !NEVER_HELD.contains(&kind) {
            let hours = fields.optional(kind.as_str()).and_then(|node| hours(node, problems));
            read.extend(hours.map(|hours| (kind, hours)));
        } else if is_written(kind) {
            let place = fields.optional(kind.as_str()).map_or(&node.place, |value| &value.place);
            let message = Text::new("红牌、退回、移送不能压后发", "red cards, returns and routes are never held back");
            let hint = Text::new("删去这一行", "leave this line out");
            problems.push(Problem::error(place, "never-held", message).hint(hint));
        }
    }
    fields.finish(problems);
    read
}

fn hours(node: &Node, problems: &mut Problems) -> Option<Hours> {
    let text = want::text(node, problems)?;
    let hours = if text == WORKING { Some(Hours::Working) } else { between(text) };
    hours.or_else(|| {
        let message = Text::new("此处应为 working 或一天中的一段时间", "expected `working` or a span of the day");
        let hint = Text::new("例如 \"08:00-21:00\"，不过半夜", "such as \"08:00-21:00\", not across midnight");
        want::report(Problem::error(&node.place, "malformed-time", message).hint(hint), problems)
    })
}

/// `08:00-21:00`.
fn between(text: &str) -> Option<Hours> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (ClockTime::parse(from.trim())?, ClockTime::parse(to.trim())?);
    (from.0 < to.0).then_some(Hours::Between(from, to))
}

/// `digest`; none: `never`, or it is malformed.
fn digest(node: &Node, problems: &mut Problems) -> Option<Digest> {
    if node.scalar().is_some_and(|scalar| scalar.text == NEVER) {
        return None;
    }
    let usual = Notices::default().digest?;
    let mut fields = Fields::of(node, problems)?;
    let after = fields.optional("after").and_then(|node| at_least_one(node, problems));
    let within = fields.optional("within").map(|node| digest_within(node, problems));
    fields.finish(problems);
    Some(Digest {
        after: after.and_then(|after| usize::try_from(after).ok()).unwrap_or(usual.after),
        within_ms: within.flatten().unwrap_or(usual.within_ms),
    })
}

fn at_least_one(node: &Node, problems: &mut Problems) -> Option<u32> {
    want::integer(node, problems).filter(|after| *after > 0).or_else(|| {
        let message = Text::new("此处应为不小于1的整数", "expected a whole number of at least 1");
        want::report(Problem::error(&node.place, "out-of-range", message), problems)
    })
}

fn digest_within(node: &Node, problems: &mut Problems) -> Option<i64> {
    let span = want::text(node, problems)?.parse::<Span>().ok();
    let ms = span.and_then(|span| match span {
        Span::Elapsed(ms) if (WITHIN_MS_MIN..=24 * 60 * WITHIN_MS_MIN).contains(&ms) => Some(ms),
        Span::NaturalDays(1) => Some(24 * 60 * WITHIN_MS_MIN),
        _ => None,
    });
    ms.or_else(|| {
        let message = Text::new("此处应为1分钟到1天的时长", "expected a span of a minute to a day");
        let hint = Text::new("例如 10分钟", "such as 10 minutes");
        want::report(Problem::error(&node.place, "malformed-span", message).hint(hint), problems)
    })
}
