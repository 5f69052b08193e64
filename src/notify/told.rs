//! How a notice stands, what was tried for it and what was heard since, in words. Accepted is never called delivered.

use crate::notify::channel::ReceiptOutcome;
use crate::notify::notice::NoticeKind;
use crate::store::outbox::{Call, CallState, Delivery, DeliveryOutcome, KeptReceipt, Notice, NoticeState};
use crate::text::Lang;

/// What a kind of notice is called: 黄牌通知.
pub fn kind(kind: NoticeKind, lang: Lang) -> &'static str {
    let (zh, en) = match kind {
        NoticeKind::RedCard => ("红牌通知", "red card"),
        NoticeKind::Route => ("呈报移送", "route"),
        NoticeKind::Proposal => ("提请同意", "proposal"),
        NoticeKind::Return => ("退回通知", "return"),
        NoticeKind::YellowCard => ("黄牌通知", "yellow card"),
        NoticeKind::Revocation => ("撤销通知", "revocation"),
        NoticeKind::Flag => ("待核通知", "flag"),
        NoticeKind::Notify => ("告知", "notice"),
        NoticeKind::Remind => ("提醒", "reminder"),
        NoticeKind::Duty => ("值班提醒", "reminder of a duty"),
        NoticeKind::Health => ("运行告警", "alert"),
    };
    either(lang, zh, en)
}

/// What a state is called: 已送达.
pub fn state(state: NoticeState, lang: Lang) -> &'static str {
    let (zh, en) = match state {
        NoticeState::Queued => ("待发送", "queued"),
        NoticeState::Sent => ("已发出，尚无答复", "sent, no answer yet"),
        NoticeState::Accepted => ("渠道已接收", "accepted by the channel"),
        NoticeState::Delivered => ("已送达", "delivered"),
        NoticeState::Failed => ("未送达", "failed"),
        NoticeState::Unknown => ("不明", "unknown"),
        NoticeState::Expired => ("发送前已过时，未发", "out of date before it was sent"),
        NoticeState::Cancelled => ("已取消", "cancelled"),
    };
    either(lang, zh, en)
}

/// How a notice stands, with why: 渠道已接收，等待送达回执.
pub fn standing(notice: &Notice, lang: Lang) -> String {
    let name = match (notice.state, &notice.reason) {
        (NoticeState::Queued, Some(_)) => either(lang, "待再发", "to be tried again"),
        _ => state(notice.state, lang),
    };
    let more = match (notice.state, &notice.reason) {
        (NoticeState::Accepted, _) if notice.is_open => {
            Some(either(lang, "等待送达回执", "its receipt is waited for").into())
        }
        (NoticeState::Accepted, None) => Some(either(lang, "未证实送达", "not proven to have arrived").into()),
        (NoticeState::Unknown, None) => {
            Some(either(lang, "已发出，没有答复，可能已到", "sent without an answer, it may have arrived").into())
        }
        (_, reason) => reason.clone(),
    };
    let calls = notice.calls.iter().filter_map(|known| call(known, lang));
    let told = match (lang, notice.state, more) {
        (_, _, None) => name.to_owned(),
        (Lang::Zh, NoticeState::Accepted, Some(more)) => format!("{name}，{more}"),
        (Lang::Zh, _, Some(more)) => format!("{name}：{more}"),
        (Lang::En, _, Some(more)) => format!("{name}: {more}"),
    };
    calls.fold(told, |told, call| format!("{told}{}{call}", either(lang, "；", "; ")))
}

/// What became of a call: 待电话告知张三; none: it was closed, which says nothing of how the notice stands.
fn call(call: &Call, lang: Lang) -> Option<String> {
    let (party, by) = (&call.party, call.by.as_deref().unwrap_or_default());
    let note = call.note.as_deref().filter(|note| !note.is_empty());
    let note = note.map(|note| either(lang, format!("（{note}）"), format!(" ({note})"))).unwrap_or_default();
    match call.state {
        CallState::Open => Some(either(lang, format!("待电话告知{party}"), format!("{party} is to be called"))),
        CallState::Done => {
            Some(either(lang, format!("已由{by}电话告知{party}{note}"), format!("{party} was called by {by}{note}")))
        }
        CallState::Closed => None,
    }
}

/// How an attempt at one address ended: 已接收.
pub fn outcome(delivery: &Delivery, lang: Lang) -> String {
    let (zh, en) = match delivery.outcome {
        DeliveryOutcome::Accepted => ("渠道已接收", "accepted"),
        DeliveryOutcome::Transient => ("未成，再试", "not delivered, to be tried again"),
        DeliveryOutcome::Permanent => ("被拒", "refused"),
        DeliveryOutcome::Unknown => ("没有收到答复，可能已到", "no answer, it may have arrived"),
        DeliveryOutcome::Interrupted => ("发送途中程序中断", "interrupted while it was sent"),
    };
    let is_said = delivery.outcome != DeliveryOutcome::Interrupted;
    let detail = delivery.detail.as_ref().filter(|_| is_said);
    with_detail(lang, either(lang, zh, en), detail.map(String::as_str))
}

/// What a receipt says: 回执：已送达.
pub fn receipt(receipt: &KeptReceipt, lang: Lang) -> String {
    let (zh, en) = match receipt.outcome {
        ReceiptOutcome::Delivered => ("回执：已送达", "receipt: delivered"),
        ReceiptOutcome::Failed => ("回执：未送达", "receipt: not delivered"),
    };
    with_detail(lang, either(lang, zh, en), receipt.detail.as_deref())
}

/// How a call stands: 待打.
pub fn call_state(state: CallState, lang: Lang) -> &'static str {
    let (zh, en) = match state {
        CallState::Open => ("待打", "open"),
        CallState::Done => ("已打", "done"),
        CallState::Closed => ("已关闭", "closed"),
    };
    either(lang, zh, en)
}

fn with_detail(lang: Lang, text: &str, detail: Option<&str>) -> String {
    match detail {
        Some(detail) => either(lang, format!("{text}（{detail}）"), format!("{text} ({detail})")),
        None => text.to_owned(),
    }
}

fn either<T>(lang: Lang, zh: T, en: T) -> T {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// Enough of an address to tell it from others of the same person: 138****0000, a***@example.gov.cn; empty for anything else.
pub fn masked(address: &str) -> String {
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
