//! `notices:`: what is done until a notice is delivered. Defaults hold kind by kind: what the file says of one kind leaves
//! the others as they are.

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
}

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
        }
    }
}
