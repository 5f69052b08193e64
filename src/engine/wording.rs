//! What people call what is decided: one word per idea, in tables and explanations alike.

use crate::engine::decision::{DecisionKind, Outcome};
use crate::policy::model::{ActionKind, Colour};
use crate::text::Lang;
use crate::time::Instant;
use chrono::Datelike;
use chrono_tz::Tz;

/// An instant on a zone's wall clock, with the day of the week.
pub fn moment(at: Instant, zone: Tz, lang: Lang) -> String {
    let local = at.in_zone(zone);
    let clock = local.format(if at.0 % 60_000 == 0 { "%H:%M" } else { "%H:%M:%S" });
    let day = local.weekday().num_days_from_monday() as usize;
    let weekday = match lang {
        Lang::Zh => ["周一", "周二", "周三", "周四", "周五", "周六", "周日"][day],
        Lang::En => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day],
    };
    format!("{} {weekday} {clock}", local.format("%Y-%m-%d"))
}

/// What a decision is called.
pub fn decision(kind: &DecisionKind, lang: Lang) -> &'static str {
    match (kind, lang) {
        (DecisionKind::Remind, Lang::Zh) => "提醒",
        (DecisionKind::Remind, Lang::En) => "reminder",
        (DecisionKind::Notify, Lang::Zh) => "告知",
        (DecisionKind::Notify, Lang::En) => "notice",
        (DecisionKind::Card(Colour::Yellow), Lang::Zh) => "黄牌",
        (DecisionKind::Card(Colour::Yellow), Lang::En) => "yellow card",
        (DecisionKind::Card(Colour::Red), Lang::Zh) => "红牌",
        (DecisionKind::Card(Colour::Red), Lang::En) => "red card",
        (DecisionKind::Route, Lang::Zh) => "呈报移送",
        (DecisionKind::Route, Lang::En) => "route",
        (DecisionKind::Return, Lang::Zh) => "退回重办",
        (DecisionKind::Return, Lang::En) => "return",
        (DecisionKind::Flag(_), Lang::Zh) => "待核",
        (DecisionKind::Flag(_), Lang::En) => "flag",
        (DecisionKind::Revoke { revokes, .. }, lang) => revocation(revokes, lang),
    }
}

/// What an action is called before it is decided.
pub fn action(kind: &ActionKind, lang: Lang) -> &'static str {
    match kind {
        ActionKind::Remind => decision(&DecisionKind::Remind, lang),
        ActionKind::Notify => decision(&DecisionKind::Notify, lang),
        ActionKind::Card(colour) => decision(&DecisionKind::Card(*colour), lang),
        ActionKind::Route => decision(&DecisionKind::Route, lang),
        ActionKind::Return => decision(&DecisionKind::Return, lang),
        ActionKind::Flag(_) if lang == Lang::Zh => "待核",
        ActionKind::Flag(_) => "flag",
    }
}

fn revocation(revokes: &str, lang: Lang) -> &'static str {
    match (revokes, lang) {
        ("card", Lang::Zh) => "撤销亮牌",
        ("route", Lang::Zh) => "撤销呈报",
        ("return", Lang::Zh) => "撤销退回",
        ("flag", Lang::Zh) => "撤销待核",
        (_, Lang::Zh) => "撤销",
        ("card", Lang::En) => "card revoked",
        ("route", Lang::En) => "route revoked",
        ("return", Lang::En) => "return revoked",
        ("flag", Lang::En) => "flag revoked",
        (_, Lang::En) => "revoked",
    }
}

/// What an obligation's outcome is called.
pub fn outcome(outcome: Outcome, lang: Lang) -> &'static str {
    match (outcome, lang) {
        (Outcome::Met, Lang::Zh) => "按时",
        (Outcome::Met, Lang::En) => "met",
        (Outcome::Late, Lang::Zh) => "逾期办结",
        (Outcome::Late, Lang::En) => "late",
        (Outcome::Open, Lang::Zh) => "未到期",
        (Outcome::Open, Lang::En) => "open",
        (Outcome::Overdue, Lang::Zh) => "逾期",
        (Outcome::Overdue, Lang::En) => "overdue",
        (Outcome::Suspended, Lang::Zh) => "挂起",
        (Outcome::Suspended, Lang::En) => "suspended",
        (Outcome::Cancelled, Lang::Zh) => "取消",
        (Outcome::Cancelled, Lang::En) => "cancelled",
    }
}

/// A key of a rule as people read it: what `local` names.
pub fn key_title(key: &str) -> &str {
    match key {
        "within" | "by" | "due_from" | "counting" => "时限",
        "notify" | "remind" | "to" => "告知对象",
        "route" => "呈报对象",
        "at" | "after" | "before" | "at_most" => "期限",
        "times" => "次数",
        "when" | "start" | "stop" | "start_at_latest" => "适用情形",
        "ladder" => "督办步骤",
        "card" => "亮牌",
        "extends" => "延期",
        "approval" => "审批",
        other => other,
    }
}
