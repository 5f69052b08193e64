//! Who was told of a decision, when, by which channel, and whether it arrived.

use super::{Material, formal};
use crate::engine::decision::Decision;
use crate::notify::facts::Facts;
use crate::notify::notice::{NoticeKind, Target};
use crate::store::outbox::{Delivery, DeliveryOutcome, Notice, NoticeState};
use serde::Serialize;

/// A notice.
#[derive(Serialize)]
pub(super) struct Told {
    /// 黄牌通知.
    what: &'static str,
    /// 专职联络员（市市场监管局）.
    who: String,
    /// 渠道已接收.
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
    let state = match (notice.state, &notice.reason) {
        (NoticeState::Sent, _) => "渠道已接收".into(),
        (NoticeState::Queued, None) => "待发送".into(),
        (NoticeState::Queued, Some(reason)) => format!("待再发：{reason}"),
        (NoticeState::Failed, reason) => format!("未送达：{}", reason.as_deref().unwrap_or("无法发送")),
        (NoticeState::GivenUp, reason) => format!("多次发送未成：{}", reason.as_deref().unwrap_or("没有收到回应")),
        (NoticeState::Expired, _) => "发送前已失去意义，未发".into(),
    };
    Told {
        what: what(notice.queued.kind),
        who: who(material, &notice.queued.target),
        state,
        is_good: notice.state == NoticeState::Sent,
        is_bad: matches!(notice.state, NoticeState::Failed | NoticeState::GivenUp),
        tries: notice.deliveries.iter().map(|delivery| attempt(material, delivery)).collect(),
        text: String::new(),
    }
}

fn attempt(material: &Material<'_>, delivery: &Delivery) -> Try {
    let outcome = match delivery.outcome {
        DeliveryOutcome::Accepted => "已接收",
        DeliveryOutcome::Transient => "未成，再试",
        DeliveryOutcome::Permanent => "被拒",
        DeliveryOutcome::Unknown => "没有收到答复，可能已到",
    };
    let detail = delivery.detail.as_ref().map(|detail| format!("（{detail}）")).unwrap_or_default();
    let channel = material.channels.get(&delivery.channel);
    Try {
        at: formal(material.known, delivery.at),
        channel: channel.map_or_else(|| delivery.channel.to_string(), |title| (*title).to_owned()),
        address: masked(&delivery.address),
        outcome: format!("{outcome}{detail}"),
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

fn what(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::RedCard => "红牌通知",
        NoticeKind::Route => "呈报移送",
        NoticeKind::Proposal => "提请同意",
        NoticeKind::Return => "退回通知",
        NoticeKind::YellowCard => "黄牌通知",
        NoticeKind::Revocation => "撤销通知",
        NoticeKind::Flag => "待核通知",
        NoticeKind::Notify => "告知",
        NoticeKind::Remind => "提醒",
        NoticeKind::Duty => "值班提醒",
        NoticeKind::Health => "运行告警",
    }
}

/// Enough of an address to tell it from others of the same person: 138****0000, a***@example.gov.cn; empty for anything else.
fn masked(address: &str) -> String {
    let is_number = address.len() >= 7 && address.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+');
    if is_number {
        return format!("{}****{}", &address[..3], &address[address.len() - 4..]);
    }
    match (address.split_once('@'), address.chars().next()) {
        (Some((_, host)), Some(first)) => format!("{first}***@{host}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_apart_and_not_told() {
        for (address, expected) in [
            ("13800000000", "138****0000"),
            ("+8613800000000", "+86****0000"),
            ("zhang.san@example.gov.cn", "z***@example.gov.cn"),
            ("a01", ""),
            ("", ""),
        ] {
            assert_eq!(masked(address), expected);
        }
    }
}
