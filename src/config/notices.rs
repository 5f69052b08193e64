//! `notices:`: what is done until a notice is delivered. Defaults hold kind by kind: what the file says of one kind leaves
//! the others as they are.

use crate::calendar::ClockTime;
use crate::calendar::span::Span;
use crate::notify::notice::NoticeKind;
use std::collections::{BTreeMap, BTreeSet};

/// How notices are seen through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notices {
    /// `twice`: the kinds of which twice is better than never, so that one whose outcome is unknown is sent again where the
    /// other side neither recognises repeats nor can be asked. Default: all but reminders, of orders and of duties.
    pub twice: BTreeSet<NoticeKind>,
    /// `deliver_within`: so long a kind waits for the receipt of one channel before the next is tried; only where the channel
    /// has receipts. None: it waits for ever.
    pub deliver_within: BTreeMap<NoticeKind, Span>,
    /// `call`: the kinds that end in a call by a person where no channel reaches somebody. Default: all but reminders and
    /// what concerns the daemon itself.
    pub call: BTreeSet<NoticeKind>,
    /// `hours`: when a kind may be sent at all; a kind that is not there: always. Never red cards, returns and routes.
    pub hours: BTreeMap<NoticeKind, Hours>,
    /// `digest`: how much a reader is sent before the rest is gathered into one message. None: everything by itself.
    pub digest: Option<Digest>,
}

/// When a kind may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hours {
    /// `working`: in the working time of its policy's calendar.
    Working,
    /// `"08:00-21:00"`: between two times of every day, the second not included.
    Between(ClockTime, ClockTime),
}

/// How much is too much for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// `after`: so many messages come one by one.
    pub after: usize,
    /// `within`: in any span so long, in milliseconds; what is more waits until there is room and comes as one message. What
    /// is [`PRESSING`] waits for ten minutes at the most, and takes along what waits with it.
    pub within_ms: i64,
}

/// The kinds that no hours hold up: each sets something in motion at once.
pub const NEVER_HELD: [NoticeKind; 3] = [NoticeKind::RedCard, NoticeKind::Return, NoticeKind::Route];

/// The kinds that no digest holds up for longer than [`PRESSING_MS`]: each sets something in motion at once, or takes it back.
pub const PRESSING: [NoticeKind; 4] =
    [NoticeKind::RedCard, NoticeKind::Return, NoticeKind::Route, NoticeKind::Revocation];
/// So long at the most.
pub const PRESSING_MS: i64 = 10 * 60_000;

impl Default for Notices {
    fn default() -> Notices {
        use NoticeKind::{
            Duty, Flag, Health, Notify, Proposal, RedCard, Remind, Return, Revocation, Route, YellowCard,
        };
        const MINUTE_MS: i64 = 60_000;
        let all_but =
            |left_out: &'static [NoticeKind]| NoticeKind::ALL.into_iter().filter(|kind| !left_out.contains(kind));
        let minutes = |kinds: &[NoticeKind], minutes: i64| {
            kinds.iter().map(|kind| (*kind, Span::Elapsed(minutes * MINUTE_MS))).collect::<Vec<_>>()
        };
        let grave = minutes(&[RedCard, Health], 10);
        let usual = minutes(&[Route, Proposal, Return, YellowCard, Revocation, Flag, Notify], 30);
        Notices {
            twice: all_but(&[Remind, Duty]).collect(),
            deliver_within: grave.into_iter().chain(usual).collect(),
            call: all_but(&[Remind, Duty, Health]).collect(),
            hours: BTreeMap::new(),
            digest: Some(Digest { after: 5, within_ms: 10 * MINUTE_MS }),
        }
    }
}
