//! How far a message is pursued: whether twice is better than never, how long its receipt is waited for, and whether somebody
//! calls in the end.

use crate::calendar::span::Span;
use crate::calendar::{Calendar, Counting};
use crate::config::notices::Notices;
use crate::notify::notice::{NoticeKind, QueuedNotice};
use crate::time::Instant;

/// What the kinds of a message ask for; of a message that tells several notices the most that any asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Care<'a> {
    /// Whether it is sent again though it may have arrived.
    pub(super) twice: bool,
    /// Whether somebody is to call whom no channel reaches.
    pub(super) calls: bool,
    /// How long a channel's receipt is waited for.
    pub(super) within: Option<Span>,
    /// By which working time is counted.
    pub(super) calendar: Option<&'a Calendar>,
}

impl<'a> Care<'a> {
    /// As configured for these notices.
    pub(super) fn of(notices: &[&QueuedNotice], configured: &Notices, calendar: Option<&'a Calendar>) -> Care<'a> {
        let gravest = notices.iter().map(|notice| notice.kind).min().unwrap_or(NoticeKind::Health);
        let any = |kinds: &std::collections::BTreeSet<NoticeKind>| notices.iter().any(|one| kinds.contains(&one.kind));
        Care {
            twice: any(&configured.twice),
            calls: any(&configured.call),
            within: configured.deliver_within.get(&gravest).copied(),
            calendar,
        }
    }

    /// Until when the receipt of what was sent at an instant is waited for; none: for ever.
    pub(super) fn until(&self, from: Instant) -> Option<Instant> {
        let span = self.within?;
        Some(match (self.calendar, span) {
            (Some(calendar), _) => calendar.due(from, span, Counting::NextDay).at,
            // Without a calendar all time is working time.
            (None, Span::WorkingTime(ms) | Span::Elapsed(ms)) => from.plus_ms(ms),
            (None, Span::WorkingDays(days) | Span::NaturalDays(days)) => from.plus_ms(i64::from(days) * 86_400_000),
        })
    }
}
