//! The words of tests: each has its English name and what Chinese operators call it.

use super::{Kind, Revoked};
use crate::engine::decision::Outcome;
use crate::policy::model::Colour;

/// The kinds of decisions.
pub(crate) const KINDS: [(&str, Kind); 32] = [
    ("decision", Kind::Any),
    ("remind", Kind::Remind),
    ("notify", Kind::Notify),
    ("card", Kind::Card(None)),
    ("yellow", Kind::Card(Some(Colour::Yellow))),
    ("red", Kind::Card(Some(Colour::Red))),
    ("route", Kind::Route),
    ("return", Kind::Return),
    ("flag", Kind::Flag),
    ("revoke", Kind::Revoke(Revoked::Any)),
    ("决定", Kind::Any),
    ("提醒", Kind::Remind),
    ("催办", Kind::Remind),
    ("告知", Kind::Notify),
    ("通知", Kind::Notify),
    ("亮牌", Kind::Card(None)),
    ("黄牌", Kind::Card(Some(Colour::Yellow))),
    ("亮黄牌", Kind::Card(Some(Colour::Yellow))),
    ("红牌", Kind::Card(Some(Colour::Red))),
    ("亮红牌", Kind::Card(Some(Colour::Red))),
    ("呈报", Kind::Route),
    ("移送", Kind::Route),
    ("呈报移送", Kind::Route),
    ("转办", Kind::Route),
    ("退回", Kind::Return),
    ("退回重办", Kind::Return),
    ("待核", Kind::Flag),
    ("撤销", Kind::Revoke(Revoked::Any)),
    ("撤销亮牌", Kind::Revoke(Revoked::Card(None))),
    ("撤销黄牌", Kind::Revoke(Revoked::Card(Some(Colour::Yellow)))),
    ("撤销红牌", Kind::Revoke(Revoked::Card(Some(Colour::Red)))),
    ("撤牌", Kind::Revoke(Revoked::Card(None))),
];

/// How obligations stand.
pub(crate) const OUTCOMES: [(&str, Outcome); 22] = [
    ("met", Outcome::Met),
    ("late", Outcome::Late),
    ("open", Outcome::Open),
    ("overdue", Outcome::Overdue),
    ("suspended", Outcome::Suspended),
    ("cancelled", Outcome::Cancelled),
    ("按时", Outcome::Met),
    ("按期", Outcome::Met),
    ("按时办结", Outcome::Met),
    ("逾期办结", Outcome::Late),
    ("超期办结", Outcome::Late),
    ("未到期", Outcome::Open),
    ("在办", Outcome::Open),
    ("进行中", Outcome::Open),
    ("逾期", Outcome::Overdue),
    ("超期", Outcome::Overdue),
    ("逾期未办", Outcome::Overdue),
    ("挂起", Outcome::Suspended),
    ("停表", Outcome::Suspended),
    ("暂停", Outcome::Suspended),
    ("取消", Outcome::Cancelled),
    ("已取消", Outcome::Cancelled),
];

/// What Chinese operators may write for a key.
pub(crate) const KEYS: [(&str, &str); 41] = [
    ("target", "to"),
    ("recipients", "to"),
    ("规则测试", "test"),
    ("测试", "test"),
    ("用例", "cases"),
    ("名称", "name"),
    ("名字", "name"),
    ("工单", "order"),
    ("经过", "given"),
    ("已知", "given"),
    ("截至", "until"),
    ("截止", "until"),
    ("应有", "expect"),
    ("预期", "expect"),
    ("不应有", "never"),
    ("绝不", "never"),
    ("适用", "governs"),
    ("编号", "id"),
    ("登记", "recorded"),
    ("登记时间", "recorded"),
    ("recorded_at", "recorded"),
    ("规则", "rule"),
    ("时限", "rule"),
    ("步骤", "step"),
    ("级", "step"),
    ("轮", "round"),
    ("轮次", "round"),
    ("次", "occurrence"),
    ("对象", "to"),
    ("告知谁", "to"),
    ("抄送", "cc"),
    ("到期", "due"),
    ("时刻", "at"),
    ("作出", "made_at"),
    ("承办单位", "department"),
    ("单位", "department"),
    ("结果", "outcome"),
    ("起算", "start"),
    ("停止", "stopped_at"),
    ("同意人", "approval"),
    ("暂定", "provisional"),
];

/// The key that was meant.
pub(super) fn key(written: &str) -> &str {
    KEYS.iter().find(|(chinese, _)| *chinese == written).map_or(written, |(_, key)| key)
}

/// A kind of decision by any of its names.
pub(super) fn kind(word: &str) -> Option<Kind> {
    KINDS.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind)
}

/// An outcome by any of its names.
pub(super) fn outcome(word: &str) -> Option<Outcome> {
    OUTCOMES.iter().find(|(name, _)| *name == word).map(|(_, outcome)| *outcome)
}

/// What a revocation of such a decision is.
pub(super) fn revoked(kind: Kind) -> Option<Revoked> {
    match kind {
        Kind::Any => Some(Revoked::Any),
        Kind::Card(colour) => Some(Revoked::Card(colour)),
        Kind::Route => Some(Revoked::Route),
        Kind::Return => Some(Revoked::Return),
        Kind::Flag => Some(Revoked::Flag),
        Kind::Remind | Kind::Notify | Kind::Revoke(_) => None,
    }
}
