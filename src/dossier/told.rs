//! Who was told of a decision, when, by which channel, and whether it arrived.

use super::{Material, formal};
use crate::engine::decision::Decision;
use crate::notify::facts::Facts;
use crate::notify::notice::Target;
use crate::notify::told;
use crate::store::outbox::{Delivery, Notice, NoticeState};
use crate::text::Lang;
use serde::Serialize;

/// A notice.
#[derive(Serialize)]
pub(super) struct Told {
    /// 黄牌通知.
    what: &'static str,
    /// 专职联络员（市市场监管局）.
    who: String,
    /// 渠道已接收，未证实送达.
    state: String,
    is_good: bool,
    is_bad: bool,
    tries: Vec<Try>,
    /// What it said, as an SMS has it; empty where another notice of the same kind said it before.
    text: String,
}

/// An attempt at one address.
#[derive(Serialize)]
struct Try {
    at: String,
    channel: String,
    /// Masked; may be empty.
    address: String,
    outcome: String,
}

/// 专职联络员、经办人；抄送 挂点联系领导: who was to be told.
pub(super) fn named(decision: &Decision, facts: &Facts) -> String {
    let by_default = decision.to.is_empty() && !facts.to.is_empty();
    let to =
        if by_default { format!("{}（规则未写明告知谁，按缺省）", facts.to) } else { facts.to.clone() };
    match (to.is_empty(), facts.cc.is_empty()) {
        (_, true) => to,
        (true, false) => format!("抄送{}", facts.cc),
        (false, false) => format!("{to}；抄送{}", facts.cc),
    }
}

/// The notices of a decision, in the order queued.
pub(super) fn of(material: &Material<'_>, decision: &Decision, notices: &[Notice]) -> Vec<Told> {
    let own = notices.iter().filter(|notice| notice.queued.decision.as_ref() == Some(&decision.key));
    let mut told: Vec<Told> = Vec::new();
    for notice in own {
        let text = notice.queued.forms.short.clone();
        let is_known = told.iter().any(|other| other.text == text);
        told.push(Told { text: if is_known { String::new() } else { text }, ..one(material, notice) });
    }
    told
}

fn one(material: &Material<'_>, notice: &Notice) -> Told {
    Told {
        what: told::kind(notice.queued.kind, Lang::Zh),
        who: who(material, &notice.queued.target),
        state: told::standing(notice, Lang::Zh),
        is_good: matches!(notice.state, NoticeState::Accepted | NoticeState::Delivered),
        is_bad: matches!(notice.state, NoticeState::Failed | NoticeState::Unknown),
        tries: notice.deliveries.iter().map(|delivery| attempt(material, delivery)).collect(),
        text: String::new(),
    }
}

fn attempt(material: &Material<'_>, delivery: &Delivery) -> Try {
    let receipts = delivery
        .receipts
        .iter()
        .map(|receipt| format!("{} {}", formal(material.known, receipt.at), told::receipt(receipt, Lang::Zh)));
    let outcome = receipts.fold(told::outcome(delivery, Lang::Zh), |told, receipt| format!("{told}；{receipt}"));
    let channel = material.channels.get(&delivery.channel);
    Try {
        at: formal(material.known, delivery.at),
        channel: channel.map_or_else(|| delivery.channel.to_string(), |title| (*title).to_owned()),
        address: told::masked(&delivery.address),
        outcome,
    }
}

fn who(material: &Material<'_>, target: &Target) -> String {
    match target {
        Target::Recipient { recipient, place } => {
            let title = material.directory.title(recipient);
            place.as_ref().map_or_else(|| title.to_owned(), |place| format!("{title}（{place}）"))
        }
        Target::Channel(channel) => format!("对接系统 {channel}"),
    }
}
