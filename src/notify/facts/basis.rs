//! By what a decision was made: the document's clause, what of it the operator chose, and the version of the rules.

use super::{Facts, Rule, Subject};
use crate::engine::decision::{Decision, DecisionKind};
use crate::engine::wording::key_title;
use crate::notify::wording;
use crate::policy::model::{Colour, Local, Origin};
use std::collections::BTreeMap;

impl Subject<'_> {
    pub(super) fn add_basis(&self, facts: &mut Facts) {
        let clause = self.decision.clause.as_deref().unwrap_or_default();
        let source = self.policy.source.as_deref().unwrap_or_default();
        let own = clause.is_empty() && self.origin().is_some_and(|origin| origin.local == Local::Whole);
        facts.basis = match (source, clause) {
            _ if own => format!("{}设定的规则“{}”", here(&facts.attributes), facts.rule),
            ("", "") => format!("《{}》“{}”", self.policy.title, facts.rule),
            ("", clause) => format!("《{}》{clause}", self.policy.title),
            (source, "") => source.into(),
            (source, clause) => format!("{source} {clause}"),
        };
        facts.basis_short =
            if clause.is_empty() { facts.basis.clone() } else { facts.basis.replace(&format!(" {clause}"), clause) };
        facts.local = if own { String::new() } else { self.local(&facts.attributes) };
        facts.version = self.version();
    }

    /// Where the rule comes from.
    pub(super) fn origin(&self) -> Option<&Origin> {
        match self.rule? {
            Rule::Deadline(deadline, _) => Some(&deadline.origin),
            Rule::Reaction(reaction) => Some(&reaction.origin),
        }
    }

    fn version(&self) -> String {
        let version = &*self.decision.version;
        let number = version.chars().all(|c| c.is_ascii_digit());
        let version = if number { format!("第{version}版") } else { format!("版本{version}") };
        let since = match self.in_force {
            Some(from) => self.calendar().date(from),
            None => self.policy.effective,
        };
        format!("规则 {}，{version}，{}起施行", self.policy.id, wording::whole_date(since))
    }

    /// What the operator chose: 红牌为本市设定.
    fn local(&self, attributes: &BTreeMap<String, String>) -> String {
        let whole = self.origin();
        let step = self.step().map(|step| &step.origin).filter(|origin| Some(*origin) != whole);
        let mut chosen: Vec<String> = whole.into_iter().filter_map(|origin| chosen(origin, "本条")).collect();
        chosen.extend(step.and_then(|origin| chosen_step(origin, self.decision)));
        chosen.dedup();
        if chosen.is_empty() {
            return String::new();
        }
        format!("{}为{}设定", wording::names(chosen.iter().map(String::as_str)), here(attributes))
    }
}

/// 本市, 本区, 本县, 本地.
fn here(attributes: &BTreeMap<String, String>) -> &'static str {
    match attributes.get("region").and_then(|region| region.chars().last()) {
        Some('区') => "本区",
        Some('县') => "本县",
        Some('市') | None => "本市",
        Some(_) => "本地",
    }
}

fn chosen(origin: &Origin, whole: &str) -> Option<String> {
    match &origin.local {
        Local::Nothing => None,
        Local::Whole => Some(whole.into()),
        Local::Keys(keys) => {
            let mut names: Vec<&str> = keys.iter().map(|key| key_title(key)).collect();
            names.dedup();
            Some(wording::names(names))
        }
    }
}

fn chosen_step(origin: &Origin, decision: &Decision) -> Option<String> {
    let whole = match &decision.kind {
        DecisionKind::Card(Colour::Yellow) => "黄牌",
        DecisionKind::Card(Colour::Red) => "红牌",
        DecisionKind::Remind => "提醒",
        DecisionKind::Route => "呈报",
        DecisionKind::Return => "退回",
        _ => "告知",
    };
    chosen(origin, whole)
}
