//! A made-up notice of each kind, for trying out a channel or a template. It names no order, department or document that there
//! is; whoever reads it cannot take it for a real one.

use super::Teller;
use crate::notify::facts::{Duty, EventFacts, Fact, Facts, Learned, Next, Revoked};
use crate::notify::notice::{NoticeKind, QueuedNotice, SALUTATION, Target};
use crate::notify::render::{Reader, Rendering};
use crate::notify::wording::Moment;
use crate::time::Instant;

/// The made-up order.
pub const ORDER: &str = "示例-0001";

impl Teller {
    /// The made-up notice of a kind.
    pub fn sample(&self, kind: NoticeKind, at: Instant) -> QueuedNotice {
        let mut facts = facts(kind);
        if let (Some(base), Some(_)) = (&self.public_url, order(kind)) {
            facts.url = format!("{}/orders/{}", base.trim_end_matches('/'), super::encoded(ORDER));
            facts.objection_url = format!("{}/objection", facts.url);
        }
        let reader = Reader { title: "专职联络员".into(), unit: "你单位".into(), ask: ask(kind).into() };
        QueuedNotice {
            key: format!("sample:{}", kind.as_str()).into(),
            order: order(kind).map(Into::into),
            decision: None,
            calendar: None,
            kind,
            target: Target::Recipient { recipient: "liaison".into(), place: None },
            at,
            expires_at: None,
            confidential: false,
            forms: Rendering::new(&self.templates, kind, &[], &facts, &self.wanted).forms(&reader),
        }
    }
}

fn order(kind: NoticeKind) -> Option<&'static str> {
    (!matches!(kind, NoticeKind::Duty | NoticeKind::Health)).then_some(ORDER)
}

fn moment(day: &str, weekday: &str, time: &str) -> Moment {
    Moment {
        full: format!("{day}（{weekday}）{time}"),
        text: format!("{day}（{weekday}）{time}"),
        brief: format!("{day}{time}"),
        day: day.into(),
        time: time.into(),
        iso: String::new(),
    }
}

/// What the kind is about; what belongs to others is left out, as it is in real ones.
fn facts(kind: NoticeKind) -> Facts {
    let facts = common(kind);
    match kind {
        NoticeKind::YellowCard | NoticeKind::RedCard | NoticeKind::Remind => with_due(facts, kind),
        NoticeKind::Route | NoticeKind::Return | NoticeKind::Notify => with_event(facts),
        NoticeKind::Proposal => Facts { approval: "热线主管".into(), ..with_event(facts) },
        NoticeKind::Revocation => revoked(facts),
        NoticeKind::Flag => Facts { text: "同一工单改派三次".into(), ..with_event(facts) },
        NoticeKind::Duty => {
            Facts { rule: "政策专员轮值".into(), text: "明日09:00至11:30由你值班".into(), ..facts }
        }
        NoticeKind::Health => Facts { rule: "渠道自检".into(), text: "这是一条示例告警".into(), ..facts },
    }
}

fn common(kind: NoticeKind) -> Facts {
    let (order, department) = (order(kind).unwrap_or_default().into(), "示例局".into());
    Facts {
        signature: "【12345热线】".into(),
        order,
        category: "咨询".into(),
        department,
        round: 1,
        policy: "示例规则".into(),
        basis: "示例〔2024〕1号 二（一）2".into(),
        basis_short: "示例〔2024〕1号二（一）2".into(),
        version: "规则 sample，第1版，2024年1月1日起施行".into(),
        rule: "一小时响应".into(),
        at: moment("5月11日", "周六，调休上班", "08:50"),
        phase: "event",
        act: if matches!(kind, NoticeKind::Route | NoticeKind::Proposal) { "呈报督查室" } else { kind.title() }.into(),
        to: "专职联络员".into(),
        salutation: SALUTATION.into(),
        ..Facts::default()
    }
}

fn with_due(facts: Facts, kind: NoticeKind) -> Facts {
    let (phase, distance) = match kind {
        NoticeKind::RedCard => ("after", "1个工作日"),
        NoticeKind::Remind => ("before", "20个工作分钟"),
        _ => ("due", ""),
    };
    let next =
        Next { at: moment("5月13日", "周一", "17:30"), what: "亮红牌".into(), to: "分管负责人".into() };
    Facts {
        phase,
        distance: distance.into(),
        due: Some(moment("5月11日", "周六，调休上班", "08:50")),
        duty: "联系诉求人".into(),
        counted: "5月10日（周五）16:50签收起算1个工作小时；当日16:50至17:30计40分钟，5月11日（周六，调休上班）08:30至08:50计20分钟".into(),
        next: (kind == NoticeKind::YellowCard).then_some(next),
        ..facts
    }
}

fn with_event(facts: Facts) -> Facts {
    let event = EventFacts {
        title: "回访".into(),
        at: moment("5月9日", "周四", "09:50"),
        finding: "不满意".into(),
        facts: vec![Fact { title: "满意度".into(), value: "不满意".into() }],
        by: "示例回访员".into(),
    };
    let duty = Duty { duty: "联系诉求人".into(), due: moment("5月9日", "周四", "11:00") };
    Facts { rule: "不满意退回重办".into(), event: Some(event), duties: vec![duty], returns: 1, ..facts }
}

fn revoked(facts: Facts) -> Facts {
    let card =
        Revoked { act: "黄牌".into(), verb: "所亮", at: moment("5月11日", "周六，调休上班", "08:50") };
    let learned = Learned {
        act: "联系诉求人".into(),
        at: moment("5月11日", "周六，调休上班", "08:40"),
        recorded: "09:20".into(),
    };
    Facts {
        revoked: Some(card), reason: "补登的联系发生在到期之前".into(), learned: vec![learned], ..facts
    }
}

fn ask(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Route => "按职责核查处理，并反馈处理结果",
        NoticeKind::Proposal => "审阅后在工单页答复同意或不同意",
        NoticeKind::Return => "于5月9日11:00前联系诉求人",
        NoticeKind::Revocation => "按撤销后的情况办理，原通知作废",
        NoticeKind::Flag => "核实情况，在工单页登记处理意见",
        NoticeKind::Notify => "知悉",
        NoticeKind::Duty => "按时到岗",
        NoticeKind::Health => "忽略",
        NoticeKind::RedCard | NoticeKind::YellowCard => "立即联系诉求人并登记",
        NoticeKind::Remind => "按时联系诉求人并登记",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::template::Templates;
    use crate::policy::directory::Directory;
    use std::sync::Arc;

    #[test]
    fn every_kind_has_a_sample_in_every_form() {
        let teller = Teller::new(
            Arc::new(Directory::default()),
            Arc::new(Templates::built_in()),
            Some("https://duban.example.gov.cn"),
            &[],
        );
        let mut shown = String::new();
        for kind in NoticeKind::ALL {
            let forms = teller.sample(kind, Instant(0)).forms;
            for form in [&forms.short, &forms.markdown, &forms.subject, &forms.text] {
                assert!(!form.trim().is_empty(), "{kind:?}");
            }
            shown.extend([&*forms.short, "\n"]);
        }
        insta::assert_snapshot!(shown);
    }
}
