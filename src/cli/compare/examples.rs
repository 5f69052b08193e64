//! Named examples: both dues, how each was counted, and why they differ.

use super::gather::Example;
use super::report::{moment, short};
use super::{Sides, find};
use crate::calendar::Calendar;
use crate::engine::compare::{Change, Pair};
use crate::engine::decision::{Decision, DecisionKind, Obligation};
use crate::engine::trace::{Limited, Note, Opened, Seen};
use crate::engine::wording;
use crate::policy::changes::say;
use crate::policy::model::{Policy, RuleSet};
use crate::symbol::Symbol;
use crate::text::Lang;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Of the dates at which two calendars differ so many are named.
const DATES: usize = 6;

/// Of one order so many obligations are shown.
const OBLIGATIONS: usize = 2;

/// What one side saw while it decided an order.
pub(super) struct Case {
    pub(super) notes: Vec<Note>,
    pub(super) rules: Arc<RuleSet>,
}

/// Where examples get how they came about.
pub(super) struct Cases<'a> {
    pub(super) sides: &'a Sides,
    /// By the order's id, for the old (false) or the new side (true).
    pub(super) case: &'a dyn Fn(&str, bool) -> Option<Case>,
    pub(super) lang: Lang,
}

impl Cases<'_> {
    /// An example in lines, the first its heading.
    pub(super) fn lines(&self, example: &Example) -> Vec<String> {
        let cases = Pair { old: (self.case)(&example.order, false), new: (self.case)(&example.order, true) };
        let title = self.sides.title(example.rule.0, example.rule.1);
        let department = example.department.as_deref().map(|name| format!(" · {name}")).unwrap_or_default();
        let mut lines = vec![format!("{} · {}{department}", example.order, self.titled(&title, example.rule.1))];
        let pairs: Vec<Pair<&Obligation>> = example.obligations.iter().map(borrowed).collect();
        let why: Vec<Vec<String>> = pairs.iter().map(|pair| self.why(pair)).collect();
        for (number, pair) in pairs.iter().take(OBLIGATIONS).enumerate() {
            lines.extend(self.obligation(pair, &cases));
            // What is the same for several is said once, below the last of them.
            if !why[number].is_empty() && why[..pairs.len().min(OBLIGATIONS)].get(number + 1) != Some(&why[number]) {
                lines.push(format!("  {}{}", self.either("因：", "why: "), why[number].join(self.either("；", "; "))));
            }
        }
        lines.extend(self.more(pairs.len().saturating_sub(OBLIGATIONS)));
        for (change, list) in self.grouped(example) {
            lines.push(format!("  {}{}", self.either(change.0, change.1), list.join(self.either("；", "; "))));
        }
        lines
    }

    fn either<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    fn more(&self, more: usize) -> Option<String> {
        let said = match self.lang {
            Lang::Zh => format!("  这张工单另有 {more} 条时限不同"),
            Lang::En => format!("  and {more} more obligations of this order"),
        };
        (more > 0).then_some(said)
    }

    fn titled(&self, title: &str, id: Symbol) -> String {
        match self.lang {
            Lang::Zh => format!("{title}（{id}）"),
            Lang::En => format!("{title} ({id})"),
        }
    }

    fn obligation(&self, pair: &Pair<&Obligation>, cases: &Pair<Case>) -> Vec<String> {
        let side = |one: Option<&Obligation>, case: &Option<Case>, (zh, en)| {
            let said = one.map_or_else(
                || self.either("没有这条时限", "no such obligation").to_owned(),
                |one| self.side(one, case.as_ref()),
            );
            format!("  {}{said}", self.either(zh, en))
        };
        vec![side(pair.old, &cases.old, ("原：", "old: ")), side(pair.new, &cases.new, ("新：", "new: "))]
    }

    /// The due, how it was counted, and how it stands.
    fn side(&self, one: &Obligation, case: Option<&Case>) -> String {
        let zone = self.sides.zone(one.policy);
        let due = match one.due {
            Some(due) => format!("{}{}", self.either("到期 ", "due "), moment(due, zone, self.lang)),
            None => self.either("挂起，没有到期时刻", "suspended, no due").to_owned(),
        };
        let provisional = if one.provisional { self.either("（暂定）", " (provisional)") } else { "" };
        // What an edit counted anew was not counted as it was when it opened.
        let opened = case.and_then(|case| counted(case, one).filter(|opened| *opened.version == *case.rules.version));
        let counted = opened.map(|opened| self.counted(&opened));
        let start = format!("{}{}", self.either("自 ", "from "), moment(one.start, zone, self.lang));
        let clause =
            case.and_then(|case| clause(case, one)).map(|clause| format!("{} {clause}", self.either("依据", "clause")));
        let how: Vec<String> = counted.into_iter().chain([start]).chain(clause).collect();
        let outcome = wording::outcome(one.outcome, self.lang);
        match self.lang {
            Lang::Zh => format!("{due}{provisional}（{}），{outcome}", how.join("，")),
            Lang::En => format!("{due}{provisional} ({}), {outcome}", how.join(", ")),
        }
    }

    fn counted(&self, opened: &Opened) -> String {
        match &opened.limit {
            Limited::Span { span, .. } => span.text(self.lang),
            Limited::By(clock) => format!("{:02}:{:02}", clock.0 / 60, clock.0 % 60),
            Limited::Given(attribute) => attribute.to_string(),
        }
    }

    /// What of the rules and calendars makes the two differ.
    fn why(&self, pair: &Pair<&Obligation>) -> Vec<String> {
        let mut why = Vec::new();
        if let (Some(old), Some(new)) = (pair.old, pair.new) {
            if old.policy != new.policy {
                why.push(match self.lang {
                    Lang::Zh => format!("改由 {} 管辖（原为 {}）", new.policy, old.policy),
                    Lang::En => format!("governed by {} (was {})", new.policy, old.policy),
                });
            }
            if old.start != new.start {
                why.push(self.either("起算不同", "another start").to_owned());
            }
            why.extend(self.dates(old, new));
        }
        let one = pair.either();
        if let Some(change) = self.sides.changes.rule(one.policy.as_str(), one.rule.as_str()) {
            why.extend(change.keys.iter().map(|key| say::key(key, self.lang)));
        }
        why
    }

    /// The dates between the earlier start and the later due that the two calendars take otherwise.
    fn dates(&self, old: &Obligation, new: &Obligation) -> Option<String> {
        let policies = (find(&self.sides.old, old.policy)?, find(&self.sides.new, new.policy)?);
        let (before, now): (&Calendar, &Calendar) = (&policies.0.calendar, &policies.1.calendar);
        let (from, until) = (before.date(old.start.min(new.start)), now.date(old.due?.max(new.due?)));
        let dates = from.iter_days().take_while(|date| *date <= until).take(800);
        let differ: Vec<String> = dates
            .filter(|date| before.day(*date).open != now.day(*date).open)
            .map(|date| format!("{} {} → {}", date.format("%Y-%m-%d"), self.day(before, date), self.day(now, date)))
            .collect();
        let more = if differ.len() > DATES { self.either("…", "…") } else { "" };
        let head = self.either("日历 ", "calendar ");
        let names: BTreeSet<&str> = [before, now].iter().map(|calendar| calendar.spec().name.as_str()).collect();
        let names = names.into_iter().collect::<Vec<_>>().join(" → ");
        let shown = differ.iter().take(DATES).cloned().collect::<Vec<_>>().join(self.either("、", ", "));
        (!differ.is_empty()).then(|| format!("{head}{names}{}{shown}{more}", self.either("：", ": ")))
    }

    fn day(&self, calendar: &Calendar, date: chrono::NaiveDate) -> String {
        let day = calendar.day(date);
        let open: Vec<String> = day.open.iter().map(ToString::to_string).collect();
        let title = day.title.map(|title| format!("（{title}）")).unwrap_or_default();
        if open.is_empty() {
            format!("{}{title}", self.either("休", "rest"))
        } else {
            format!("{}{title}", open.join(","))
        }
    }

    /// What becomes of the decisions, by how.
    fn grouped(&self, example: &Example) -> Vec<((&'static str, &'static str), Vec<String>)> {
        let heads = [
            (Change::Appears, ("新出现：", "appears: ")),
            (Change::Disappears, ("不再有：", "disappears: ")),
            (Change::Moves, ("时刻改变：", "moves: ")),
            (Change::Changes, ("内容改变：", "changes: ")),
        ];
        let of = |wanted: Change| {
            let pairs = example.decisions.iter().map(borrowed);
            pairs.filter(|pair| pair.change() == Some(wanted)).map(|pair| self.decision(&pair)).collect::<Vec<_>>()
        };
        heads.into_iter().map(|(change, head)| (head, of(change))).filter(|(_, list)| !list.is_empty()).collect()
    }

    fn decision(&self, pair: &Pair<&Decision>) -> String {
        let one = pair.either();
        let zone = self.sides.zone(one.policy);
        let what = wording::decision(&one.kind, self.lang);
        let at = |one: &Decision| short(one.at, zone);
        let told = |one: &Decision| {
            let names: Vec<&str> = one.to.iter().chain(&one.cc).map(|name| name.as_str()).collect();
            names.join("、")
        };
        match (pair.old, pair.new, pair.change()) {
            (Some(old), Some(new), Some(Change::Moves)) => format!("{what} {} → {}", at(old), at(new)),
            (Some(old), Some(new), Some(Change::Changes)) if told(old) != told(new) => {
                format!("{what} {}（{} → {}）", at(new), told(old), told(new))
            }
            (Some(old), Some(new), Some(Change::Changes)) if old.department != new.department => {
                let name = |one: &Decision| one.department.as_deref().unwrap_or("-").to_owned();
                format!("{what} {}（{} → {}）", at(new), name(old), name(new))
            }
            _ => match &one.kind {
                DecisionKind::Flag(text) => format!("{what} {} {text}", at(one)),
                _ => format!("{what} {}", at(one)),
            },
        }
    }
}

fn borrowed<T>(pair: &Pair<T>) -> Pair<&T> {
    Pair { old: pair.old.as_ref(), new: pair.new.as_ref() }
}

/// How an obligation opened.
fn counted(case: &Case, one: &Obligation) -> Option<Opened> {
    case.notes.iter().rev().find_map(|note| match &note.seen {
        Seen::Opened(opened) if note.policy == one.policy => {
            let which = opened.obligation;
            let same = (which.rule, which.round, which.occurrence) == (one.rule, one.round, one.occurrence);
            same.then(|| opened.clone())
        }
        _ => None,
    })
}

fn clause(case: &Case, one: &Obligation) -> Option<Arc<str>> {
    let policy: &Arc<Policy> = find(&case.rules, one.policy)?;
    policy.deadlines.iter().find(|known| known.id == one.rule)?.origin.clause.clone()
}
