//! What was expected, and what came, in words.

use super::{Expected, Kind, Revoked, Subject};
use crate::engine::decision::{Decided, Decision, DecisionKind, Obligation};
use crate::engine::wording;
use crate::policy::model::Colour;
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;
use chrono_tz::Tz;

/// Says things in one language on one wall clock.
#[derive(Clone, Copy)]
pub(super) struct Say {
    pub(super) lang: Lang,
    pub(super) zone: Tz,
}

impl Say {
    pub(super) fn either(self, zh: impl Into<String>, en: impl Into<String>) -> String {
        match self.lang {
            Lang::Zh => zh.into(),
            Lang::En => en.into(),
        }
    }

    pub(super) fn moment(self, at: Instant) -> String {
        wording::moment(at, self.zone, self.lang)
    }

    pub(super) fn list(self, items: impl IntoIterator<Item = String>) -> String {
        let items: Vec<String> = items.into_iter().collect();
        items.join(if self.lang == Lang::Zh { "、" } else { ", " })
    }

    /// Parts one after another, with what separates them in a sentence.
    pub(super) fn row(self, parts: impl IntoIterator<Item = String>) -> String {
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(if self.lang == Lang::Zh { "，" } else { ", " })
    }

    fn names(self, names: &[Symbol]) -> String {
        self.list(names.iter().map(ToString::to_string))
    }

    /// An expectation.
    pub(super) fn expected(self, expected: &Expected) -> String {
        let at = expected.at.map(|at| self.moment(at) + " ").unwrap_or_default();
        let what = match expected.subject {
            Subject::Decision(kind) => self.kind(kind),
            Subject::Obligation => self.either("时限", "obligation"),
            Subject::Rule => self.either("规则", "rule"),
        };
        let rule = rule_and_step(expected.rule, expected.step);
        self.row(std::iter::once(format!("{at}{what} {rule}").trim().to_owned()).chain(self.details(expected)))
    }

    fn details(self, expected: &Expected) -> Vec<String> {
        let time = |zh: &str, en: &str, at: Option<Instant>| {
            at.map(|at| self.either(format!("{zh} {}", self.moment(at)), format!("{en} {}", self.moment(at))))
        };
        let names = |zh: &str, en: &str, names: &[Symbol]| {
            (!names.is_empty())
                .then(|| self.either(format!("{zh}{}", self.names(names)), format!("{en} {}", self.names(names))))
        };
        let outcome = expected.outcome.map(|outcome| wording::outcome(outcome, self.lang).to_owned());
        let provisional = expected
            .provisional
            .map(|it| if it { self.either("暂定", "provisional") } else { self.either("非暂定", "not provisional") });
        let parts = [
            expected.round.map(|round| self.either(format!("第{round}轮"), format!("round {round}"))),
            expected.occurrence.map(|n| self.either(format!("第{n}次"), format!("occurrence {n}"))),
            time("起算", "from", expected.start),
            time("到期", "due", expected.due),
            outcome,
            time("停于", "stopped", expected.stopped_at),
            time("作出于", "made", expected.made_at),
            provisional,
            names("告知", "to", &expected.to),
            names("抄送", "cc", &expected.cc),
            expected.approval.map(|who| self.either(format!("须经{who}同意"), format!("approved by {who}"))),
            expected.department.clone(),
            expected.text.as_ref().map(|text| self.either(format!("“{text}”"), format!("`{text}`"))),
        ];
        parts.into_iter().flatten().collect()
    }

    fn kind(self, kind: Kind) -> String {
        let decision = |kind: DecisionKind| wording::decision(&kind, self.lang).to_owned();
        match kind {
            Kind::Any => self.either("决定", "decision"),
            Kind::Remind => decision(DecisionKind::Remind),
            Kind::Notify => decision(DecisionKind::Notify),
            Kind::Card(Some(colour)) => decision(DecisionKind::Card(colour)),
            Kind::Card(None) => self.either("亮牌", "card"),
            Kind::Route => decision(DecisionKind::Route),
            Kind::Return => decision(DecisionKind::Return),
            Kind::Flag => self.either("待核", "flag"),
            Kind::Revoke(revoked) => self.either("撤销", "revocation") + &self.revoked(revoked),
        }
    }

    fn revoked(self, revoked: Revoked) -> String {
        match revoked {
            Revoked::Any => String::new(),
            Revoked::Card(None) => self.either("亮牌", " of a card"),
            Revoked::Card(Some(Colour::Yellow)) => self.either("黄牌", " of a yellow card"),
            Revoked::Card(Some(Colour::Red)) => self.either("红牌", " of a red card"),
            Revoked::Route => self.either("呈报", " of a route"),
            Revoked::Return => self.either("退回", " of a return"),
            Revoked::Flag => self.either("待核", " of a flag"),
        }
    }

    /// A decision that was made.
    pub(super) fn made(self, made: &Decision, decided: &Decided) -> String {
        let kind = match &made.kind {
            DecisionKind::Revoke { revoked, .. } => {
                let of = decided.new.iter().find(|known| known.key == *revoked);
                let of = of.map(|known| wording::decision(&known.kind, self.lang)).unwrap_or_default();
                self.either(format!("撤销{of}"), format!("revocation of {of}"))
            }
            kind => wording::decision(kind, self.lang).to_owned(),
        };
        let head = format!("{} {kind} {}/{}", self.moment(made.at), made.rule, made.step);
        let round =
            (made.round > 1).then(|| self.either(format!("第{}轮", made.round), format!("round {}", made.round)));
        let nth = (made.occurrence > 1)
            .then(|| self.either(format!("第{}次", made.occurrence), format!("occurrence {}", made.occurrence)));
        let to = (!made.to.is_empty())
            .then(|| self.either(format!("告知{}", self.names(&made.to)), format!("to {}", self.names(&made.to))));
        let due =
            made.due.map(|due| self.either(format!("到期 {}", self.moment(due)), format!("due {}", self.moment(due))));
        let later = (made.made_at != made.at).then(|| {
            self.either(format!("作出于 {}", self.moment(made.made_at)), format!("made {}", self.moment(made.made_at)))
        });
        let department = made.department.as_ref().map(ToString::to_string);
        let text = match &made.kind {
            DecisionKind::Flag(text) => Some(self.either(format!("“{text}”"), format!("`{text}`"))),
            _ => None,
        };
        self.row(std::iter::once(head).chain([round, nth, text, to, due, department, later].into_iter().flatten()))
    }

    /// An obligation as it stands.
    pub(super) fn stood(self, stood: &Obligation) -> String {
        let head =
            self.either(format!("{} 第{}轮", stood.rule, stood.round), format!("{} round {}", stood.rule, stood.round));
        let nth = (stood.occurrence > 1)
            .then(|| self.either(format!("第{}次", stood.occurrence), format!("occurrence {}", stood.occurrence)));
        let start =
            self.either(format!("起算 {}", self.moment(stood.start)), format!("from {}", self.moment(stood.start)));
        let due = match stood.due {
            Some(due) => self.either(format!("到期 {}", self.moment(due)), format!("due {}", self.moment(due))),
            None => self.either("没有到期时刻", "no due"),
        };
        let outcome = wording::outcome(stood.outcome, self.lang).to_owned();
        let stopped = stood
            .stopped_at
            .map(|at| self.either(format!("停于 {}", self.moment(at)), format!("stopped {}", self.moment(at))));
        self.row([Some(head), nth, Some(start), Some(due), Some(outcome), stopped].into_iter().flatten())
    }
}

fn rule_and_step(rule: Option<Symbol>, step: Option<Symbol>) -> String {
    match (rule, step) {
        (Some(rule), Some(step)) => format!("{rule}/{step}"),
        (Some(rule), None) => rule.to_string(),
        (None, Some(step)) => format!("…/{step}"),
        (None, None) => String::new(),
    }
}
