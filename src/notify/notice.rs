//! Notices (通知) as they are queued: rendered, not yet addressed.
//!
//! There is one for each decision and target, known by [`QueuedNotice::key`]: queueing it again changes nothing. What it
//! says was decided then; who gets it is found when it is sent, under the place that was fixed when it was decided.

use crate::engine::decision::{Decision, DecisionKind, Key};
use crate::notify::channel::Forms;
use crate::policy::model::Colour;
use crate::time::Instant;
use std::sync::Arc;

/// A notice to be queued in the transaction that saves its decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedNotice {
    /// By what it is known: of a decision its key and the target, of the daemon's health the incident and the target.
    pub key: Arc<str>,
    /// The order; none where it is about the daemon itself.
    pub order: Option<Arc<str>>,
    /// The decision's key; none where it is about the daemon itself.
    pub decision: Option<Key>,
    /// Of what kind it is.
    pub kind: NoticeKind,
    /// To whom it goes.
    pub target: Target,
    /// When it was decided: it is due at once.
    pub at: Instant,
    /// From when on it says nothing any more and is dropped; none: it is never dropped.
    pub expires_at: Option<Instant>,
    /// Whether groups are told only that something waits (SMS then says no more in any case).
    pub confidential: bool,
    /// By which calendar its working time is counted; none: all time is working time.
    pub calendar: Option<Arc<str>>,
    /// What it says. The mail's parts hold [`SALUTATION`] where the reader's name belongs.
    pub forms: Forms,
}

/// To whom a notice goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// To whoever stands behind a name of the directory at that place when it is sent.
    Recipient {
        /// The name.
        recipient: Arc<str>,
        /// The department or the attribute's value under which it is looked up.
        place: Option<Arc<str>>,
    },
    /// To another system: a channel of the configuration that takes decisions.
    Channel(Arc<str>),
}

impl Target {
    /// The recipient's or the channel's name.
    pub fn name(&self) -> &str {
        match self {
            Target::Recipient { recipient, .. } => recipient,
            Target::Channel(channel) => channel,
        }
    }
}

/// Stands in a mail where the reader's name belongs, until it is sent. A character of Unicode's private use, which no
/// text from outside keeps.
pub const SALUTATION: char = '\u{e000}';

/// Of what kind a notice is: each has a template of its own. The gravest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoticeKind {
    /// 红牌.
    RedCard,
    /// 呈报、移送.
    Route,
    /// A route or return that waits for approval.
    Proposal,
    /// 退回重办.
    Return,
    /// 黄牌.
    YellowCard,
    /// 撤销.
    Revocation,
    /// 待核.
    Flag,
    /// 告知.
    Notify,
    /// 提醒.
    Remind,
    /// 值班提醒: whose turn it is soon.
    Duty,
    /// The daemon's own health, to its operators.
    Health,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [NoticeKind; 11] = [
        NoticeKind::RedCard,
        NoticeKind::Route,
        NoticeKind::Proposal,
        NoticeKind::Return,
        NoticeKind::YellowCard,
        NoticeKind::Revocation,
        NoticeKind::Flag,
        NoticeKind::Notify,
        NoticeKind::Remind,
        NoticeKind::Duty,
        NoticeKind::Health,
    ];

    /// Its name in the store, in logs and of its template.
    pub fn as_str(self) -> &'static str {
        match self {
            NoticeKind::RedCard => "red-card",
            NoticeKind::Route => "route",
            NoticeKind::Proposal => "proposal",
            NoticeKind::Return => "return",
            NoticeKind::YellowCard => "yellow-card",
            NoticeKind::Revocation => "revocation",
            NoticeKind::Flag => "flag",
            NoticeKind::Notify => "notify",
            NoticeKind::Remind => "remind",
            NoticeKind::Duty => "duty",
            NoticeKind::Health => "health",
        }
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            NoticeKind::RedCard => "红牌",
            NoticeKind::Route => "呈报、移送",
            NoticeKind::Proposal => "提请同意",
            NoticeKind::Return => "退回重办",
            NoticeKind::YellowCard => "黄牌",
            NoticeKind::Revocation => "撤销",
            NoticeKind::Flag => "待核",
            NoticeKind::Notify => "告知",
            NoticeKind::Remind => "提醒",
            NoticeKind::Duty => "值班提醒",
            NoticeKind::Health => "运行告警",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<NoticeKind> {
        NoticeKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The kind of notice that tells of a decision.
    pub fn of(decision: &Decision) -> NoticeKind {
        match decision.kind {
            DecisionKind::Revoke { .. } => NoticeKind::Revocation,
            _ if decision.approval.is_some() => NoticeKind::Proposal,
            DecisionKind::Remind => NoticeKind::Remind,
            DecisionKind::Notify => NoticeKind::Notify,
            DecisionKind::Card(Colour::Yellow) => NoticeKind::YellowCard,
            DecisionKind::Card(Colour::Red) => NoticeKind::RedCard,
            DecisionKind::Route => NoticeKind::Route,
            DecisionKind::Return => NoticeKind::Return,
            DecisionKind::Flag(_) => NoticeKind::Flag,
        }
    }
}
