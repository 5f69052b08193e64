//! The decisions of a page: each with its rule, clause, version, what people did with it and who was told of it.

use super::told::{self, Told};
use super::{Material, Pair, formal, newest, scene};
use crate::engine::decision::{Decision, DecisionKind};
use crate::engine::explain::decided::Act;
use crate::notify::facts::{Facts, Subject};
use crate::notify::wording;
use crate::policy::model::Colour;
use serde::Serialize;

/// A decision.
#[derive(Serialize)]
pub(super) struct DecisionPart {
    pub(super) key: String,
    pub(super) anchor: String,
    /// `yellow`, `red`, `route`, `return`, `flag`, `revoke`, `notify`, `remind`: its look.
    pub(super) look: &'static str,
    /// Whether it is told in full: a reminder or notice is a line.
    pub(super) is_grave: bool,
    /// 黄牌.
    pub(super) act: String,
    /// 一小时响应.
    pub(super) rule: String,
    pub(super) at: String,
    /// What it says, a sentence.
    pub(super) says: String,
    /// 有效, 已撤销.
    pub(super) standing: String,
    pub(super) is_void: bool,
    pub(super) local: String,
    facts: Vec<Pair>,
    acts: Vec<Pair>,
    to: String,
    told: Vec<Told>,
}

pub(super) fn decisions(material: &Material<'_>) -> Vec<DecisionPart> {
    let acts = Act::all(material.known.history, &newest(material.known).vocabulary);
    let made = material.known.decisions.iter().zip(1..);
    made.map(|(decision, number)| Describing { material, decision, acts: &acts }.part(number)).collect()
}

/// One decision being described.
struct Describing<'a> {
    material: &'a Material<'a>,
    decision: &'a Decision,
    acts: &'a [Act],
}

impl Describing<'_> {
    fn part(&self, number: usize) -> DecisionPart {
        let (known, decision) = (self.material.known, self.decision);
        let facts = Subject::of(decision, scene(known)).map(|subject| subject.facts(self.material.directory));
        let facts = facts.unwrap_or_default();
        let (standing, is_void) = self.standing();
        DecisionPart {
            key: decision.key.to_string(),
            anchor: format!("d{number}"),
            look: look(&decision.kind),
            is_grave: is_grave(&decision.kind),
            act: act(decision, &facts),
            rule: facts.rule.clone(),
            at: formal(known, decision.at),
            says: says(decision, &facts),
            standing,
            is_void,
            local: facts.local.clone(),
            facts: self.pairs(&facts),
            acts: self.done(),
            to: told::named(decision, &facts),
            told: self.material.notices.map(|notices| told::of(self.material, decision, notices)).unwrap_or_default(),
        }
    }

    /// What holds of it now, and whether it counts no more.
    fn standing(&self) -> (String, bool) {
        let key = &self.decision.key;
        let has = |kind: &str| self.acts.iter().any(|act| act.decision == *key && act.kind.as_str() == kind);
        let is_proposal = self.decision.approval.is_some();
        let standing = match self.decision.kind {
            DecisionKind::Remind | DecisionKind::Notify | DecisionKind::Revoke { .. } => "",
            _ if self.revocation().is_some() => "已撤销",
            _ if has("lifted") => "已人工撤销",
            _ if is_proposal && has("refused") => "未获同意",
            _ if is_proposal && has("approved") => "已获同意",
            _ if is_proposal => "待同意",
            _ => "有效",
        };
        (standing.into(), matches!(standing, "已撤销" | "已人工撤销" | "未获同意"))
    }

    fn revocation(&self) -> Option<&Decision> {
        let revokes = |other: &&Decision| matches!(&other.kind, DecisionKind::Revoke { revoked, .. } if *revoked == self.decision.key);
        self.material.known.decisions.iter().find(revokes)
    }

    /// What a form says of it, name by name.
    fn pairs(&self, facts: &Facts) -> Vec<Pair> {
        let moment = |at: &Option<wording::Moment>| at.as_ref().map(|at| at.full.clone()).unwrap_or_default();
        let made =
            if facts.made.is_some() { formal(self.material.known, self.decision.made_at) } else { String::new() };
        let provisional = if facts.provisional { "（暂定：届时的放假安排尚未公布）" } else { "" };
        let due = facts.due.as_ref().map(|due| format!("{}{}{provisional}", due.full, before(&facts.duty)));
        let counted = if facts.counted.is_empty() { String::new() } else { format!("{}。", facts.counted) };
        // A reminder or notice is told in short, and a revocation need not repeat what it revokes.
        let is_whole = is_grave(&self.decision.kind) && facts.revoked.is_none();
        let all = [
            ("承办", facts.department.clone(), true),
            ("应于", due.unwrap_or_default(), is_whole),
            ("计算", counted, is_whole),
            ("实际", moment(&facts.stopped) + &facts.stopped_by, is_whole),
            ("补作", if made.is_empty() { made } else { format!("{made}得知有关情况后作出") }, true),
            ("依据", facts.basis.clone(), true),
            ("本地设定", facts.local.clone(), facts.revoked.is_none()),
            ("规则版本", facts.version.clone(), is_grave(&self.decision.kind)),
            ("须经同意", facts.approval.clone(), true),
        ];
        let shown = all.into_iter().filter(|(_, _, is_shown)| *is_shown).map(|(name, value, _)| (name, value));
        shown.filter(|(_, value)| !value.is_empty()).map(|(name, value)| Pair::new(name, value)).collect()
    }

    /// What people did with it, and its revocation.
    fn done(&self) -> Vec<Pair> {
        let vocabulary = &newest(self.material.known).vocabulary;
        let acts = self.acts.iter().filter(|act| act.decision == self.decision.key).map(|act| {
            let by = act.by.as_deref().unwrap_or("（未具名）");
            let note = act.note.as_ref().map(|note| format!("：{note}")).unwrap_or_default();
            let said = format!("{}，{by}{note}", formal(self.material.known, act.at));
            Pair::new(wording::event_title(act.kind, vocabulary), wording::one_line(&said))
        });
        let mut done: Vec<Pair> = acts.collect();
        if let Some(revocation) = self.revocation()
            && let DecisionKind::Revoke { reason, .. } = &revocation.kind
        {
            let at = formal(self.material.known, revocation.at);
            done.push(Pair::new("撤销", wording::one_line(&format!("{at}，{reason}"))));
        }
        done
    }
}

/// 前联系诉求人.
fn before(duty: &str) -> String {
    if duty.is_empty() { String::new() } else { format!("前{duty}") }
}

/// Whether it is told in full.
fn is_grave(kind: &DecisionKind) -> bool {
    !matches!(kind, DecisionKind::Remind | DecisionKind::Notify)
}

fn look(kind: &DecisionKind) -> &'static str {
    match kind {
        DecisionKind::Card(Colour::Yellow) => "yellow",
        DecisionKind::Card(Colour::Red) => "red",
        other => other.name(),
    }
}

/// What it is called: 黄牌, 呈报督查室, 撤销黄牌.
fn act(decision: &Decision, facts: &Facts) -> String {
    match (&decision.kind, &facts.revoked) {
        (DecisionKind::Revoke { .. }, Some(revoked)) => format!("撤销{}", revoked.act),
        _ if decision.approval.is_some() => format!("拟{}", facts.act),
        _ => facts.act.clone(),
    }
}

/// What it says, a sentence without a full stop.
fn says(decision: &Decision, facts: &Facts) -> String {
    let late = facts.learned.iter().map(|one| format!("{}发生于{}，登记于{}", one.act, one.at.full, one.recorded));
    match &decision.kind {
        DecisionKind::Revoke { .. } => {
            let late: Vec<_> = late.collect();
            let why = if late.is_empty() { facts.reason.clone() } else { late.join("；") };
            let what = facts.revoked.as_ref().map(|one| format!("{}{}{}予以撤销", one.at.full, one.verb, one.act));
            [Some(why), what].into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("；")
        }
        DecisionKind::Flag(_) => facts.text.clone(),
        _ => of_rule(facts),
    }
}

fn of_rule(facts: &Facts) -> String {
    match (&facts.due, &facts.event) {
        (Some(due), _) if facts.phase == "before" => {
            format!("距{}{}的期限还有{}", due.full, before(&facts.duty), facts.distance)
        }
        (Some(_), _) if facts.stopped.is_some() && facts.phase == "after" => {
            format!("到期后{}时未{}", facts.distance, facts.duty)
        }
        (Some(_), _) if facts.phase == "after" => format!("到期后{}仍未{}", facts.distance, facts.duty),
        (Some(_), _) => format!("到期未{}", facts.duty),
        (None, Some(event)) if event.finding.is_empty() => event.title.clone(),
        (None, Some(event)) => format!("{}，为“{}”", event.title, event.finding),
        (None, None) => facts.rule.clone(),
    }
}
