//! What a replay decided, as people read it: a day at a time, and at the end the sums.

use crate::cli::columns::{aligned_right, cells, padded};
use crate::engine::decision::{DecisionKind, Outcome as Standing};
use crate::engine::replay::{Made, Outcome, Stood};
use crate::engine::wording;
use crate::policy::model::{Colour, Policy, RuleSet};
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;
use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

/// No column is wider than so many cells.
const CELLS_MAX: usize = 28;

/// Writes tables of one replay.
pub(super) struct Table<'a> {
    pub(super) outcome: &'a Outcome,
    pub(super) orders: &'a [Arc<str>],
    pub(super) rules: &'a RuleSet,
    /// What recipients are called.
    pub(super) recipients: BTreeMap<Symbol, String>,
    pub(super) lang: Lang,
    pub(super) colours: bool,
}

impl Table<'_> {
    pub(super) fn write_decisions(&self, out: &mut impl Write) -> io::Result<()> {
        let widths = self.widths();
        let mut day = None;
        for made in &self.outcome.decisions {
            let shape = self.outcome.shape(made);
            let local = made.made_at.in_zone(self.zone(shape.policy));
            if day != Some(local.date_naive()) {
                self.write_day(local.date_naive(), day.is_none(), out)?;
                day = Some(local.date_naive());
            }
            self.write_decision(made, &widths, out)?;
        }
        self.write_sums(out)
    }

    fn write_day(&self, date: NaiveDate, first: bool, out: &mut impl Write) -> io::Result<()> {
        let gap = if first { "" } else { "\n" };
        let text = format!("{date} {}", weekday(date, self.lang));
        writeln!(out, "{gap}{}", self.paint("1", &text))
    }

    fn write_decision(&self, made: &Made, widths: &Widths, out: &mut impl Write) -> io::Result<()> {
        let shape = self.outcome.shape(made);
        let zone = self.zone(shape.policy);
        let kind = padded(wording::decision(&shape.kind, self.lang), widths.kind);
        let line = [
            padded(&made.made_at.in_zone(zone).format("%H:%M:%S").to_string(), 8),
            padded(&self.orders[made.order as usize], widths.order),
            self.paint(colour_of(&shape.kind), &kind),
            padded(&self.title(shape.policy, shape.rule), widths.rule),
            padded(self.outcome.department(made).unwrap_or("-"), widths.department),
            self.told(made, zone),
        ];
        writeln!(out, "  {}", line.join("  ").trim_end())
    }

    /// Who is told, and whatever else is to be said.
    fn told(&self, made: &Made, zone: Tz) -> String {
        let shape = self.outcome.shape(made);
        let names = |list: &[Symbol]| list.iter().map(|name| self.recipient(*name)).collect::<Vec<_>>();
        let (comma, copied, due, round, dated, approval) = match self.lang {
            Lang::Zh => ("、", "抄送", "限", "第", "应在", "待同意："),
            Lang::En => (", ", "cc", "due", "round", "dated", "to be approved by"),
        };
        let liaison = [Symbol::new("liaison")];
        let by_default = matches!(shape.kind, DecisionKind::Card(_)) && shape.to.is_empty();
        let mut parts = vec![names(if by_default { &liaison } else { &shape.to }).join(comma)];
        let cc: Vec<Symbol> = made.copied(shape).collect();
        if !cc.is_empty() {
            parts.push(format!("{copied} {}", names(&cc).join(comma)));
        }
        if let Some(approver) = shape.approval {
            parts.push(format!("{approval} {}", self.recipient(approver)));
        }
        parts.extend(made.due.map(|at| format!("{due} {}{}", short(at, zone), self.provisional(shape.policy, at))));
        match (made.round, self.lang) {
            (1, _) => {}
            (number, Lang::Zh) => parts.push(format!("{round}{number}轮")),
            (number, Lang::En) => parts.push(format!("{round} {number}")),
        }
        if made.at != made.made_at {
            parts.push(format!("{dated} {}", short(made.at, zone)));
        }
        match &shape.kind {
            DecisionKind::Flag(text) => parts.push(text.to_string()),
            DecisionKind::Revoke { reason, .. } => parts.push(reason.to_string()),
            _ => {}
        }
        parts.retain(|part| !part.is_empty());
        parts.join(" · ")
    }

    /// What is said of a due that lies where the calendar does not know the official arrangement.
    fn provisional(&self, policy: Symbol, due: Instant) -> &'static str {
        let is_provisional = self.policy(policy).is_some_and(|policy| policy.calendar.is_provisional(due));
        match self.lang {
            _ if !is_provisional => "",
            Lang::Zh => "（暂定）",
            Lang::En => " (provisional)",
        }
    }

    pub(super) fn write_obligations(&self, out: &mut impl Write) -> io::Result<()> {
        let widths = self.widths();
        let mut order = None;
        for stood in &self.outcome.obligations {
            if order != Some(stood.order) {
                let gap = if order.is_none() { "" } else { "\n" };
                writeln!(out, "{gap}{}", self.paint("1", &self.orders[stood.order as usize]))?;
                order = Some(stood.order);
            }
            self.write_obligation(stood, &widths, out)?;
        }
        self.write_outcomes(out)
    }

    fn write_obligation(&self, stood: &Stood, widths: &Widths, out: &mut impl Write) -> io::Result<()> {
        let shape = self.outcome.obligation_shapes[stood.shape as usize];
        let zone = self.zone(shape.policy);
        let (round, stopped, provisional) = match self.lang {
            Lang::Zh => (format!("第{}轮", stood.round), "止于", "（暂定）"),
            Lang::En => (format!("round {}", stood.round), "stopped", " (provisional)"),
        };
        let due = stood.due.map_or_else(|| "-".into(), |due| short(due, zone));
        let outcome = padded(wording::outcome(stood.outcome, self.lang), 9);
        let stop = stood.stopped_at.map(|at| format!("{stopped} {}", short(at, zone))).unwrap_or_default();
        let line = [
            padded(&self.title(shape.policy, shape.rule), widths.rule),
            padded(&round, 8),
            format!("{} → {}", short(stood.start, zone), padded(&due, 16)),
            self.paint(colour_of_outcome(stood.outcome), &outcome),
            format!("{stop}{}", if stood.provisional { provisional } else { "" }),
        ];
        writeln!(out, "  {}", line.join("  ").trim_end())
    }

    /// How many of each kind.
    fn write_sums(&self, out: &mut impl Write) -> io::Result<()> {
        let mut sums: BTreeMap<&'static str, u64> = BTreeMap::new();
        for made in &self.outcome.decisions {
            *sums.entry(wording::decision(&self.outcome.shape(made).kind, self.lang)).or_default() += 1;
        }
        let sums: Vec<_> = sums.iter().map(|(word, sum)| format!("{word} {sum}")).collect();
        match (self.lang, sums.is_empty()) {
            (Lang::Zh, true) => writeln!(out, "没有作出任何决定"),
            (Lang::En, true) => writeln!(out, "nothing was decided"),
            (Lang::Zh, false) => writeln!(out, "\n合计：{}", sums.join("，")),
            (Lang::En, false) => writeln!(out, "\nin all: {}", sums.join(", ")),
        }
    }

    /// How the obligations of each deadline stand.
    fn write_outcomes(&self, out: &mut impl Write) -> io::Result<()> {
        let mut sums: BTreeMap<u32, BTreeMap<usize, u64>> = BTreeMap::new();
        for stood in &self.outcome.obligations {
            *sums.entry(stood.shape).or_default().entry(stood.outcome as usize).or_default() += 1;
        }
        let widths = self.widths();
        let words = OUTCOMES.map(|outcome| wording::outcome(outcome, self.lang));
        let head: String = words.iter().map(|word| aligned_right(word, 10)).collect();
        writeln!(out, "\n{}{head}", " ".repeat(widths.rule + 2))?;
        for (shape, sums) in sums {
            let shape = self.outcome.obligation_shapes[shape as usize];
            let title = padded(&self.title(shape.policy, shape.rule), widths.rule);
            let sum = |outcome: Standing| sums.get(&(outcome as usize)).copied().unwrap_or(0).to_string();
            let row: String = OUTCOMES.iter().map(|outcome| aligned_right(&sum(*outcome), 10)).collect();
            writeln!(out, "  {title}{row}")?;
        }
        Ok(())
    }

    fn widths(&self) -> Widths {
        let width = |texts: &mut dyn Iterator<Item = &str>| texts.map(cells).max().unwrap_or(1).min(CELLS_MAX);
        let titles = |titles: &mut dyn Iterator<Item = String>| titles.map(|title| cells(&title)).max().unwrap_or(1);
        let shapes = &self.outcome.shapes;
        let of_decisions = shapes.iter().map(|shape| self.title(shape.policy, shape.rule));
        let own = self.outcome.obligation_shapes.iter().map(|shape| self.title(shape.policy, shape.rule));
        Widths {
            order: width(&mut self.orders.iter().map(|order| &**order)),
            kind: width(&mut shapes.iter().map(|shape| wording::decision(&shape.kind, self.lang))),
            rule: titles(&mut of_decisions.chain(own)),
            department: width(&mut self.outcome.departments.iter().map(|name| &**name)),
        }
    }

    fn policy(&self, id: Symbol) -> Option<&Arc<Policy>> {
        self.rules.policies.iter().find(|policy| policy.id == id)
    }

    fn zone(&self, policy: Symbol) -> Tz {
        self.policy(policy).map_or(Tz::UTC, |policy| policy.calendar.zone())
    }

    /// What a deadline or reaction is called, and under which policy where there are several; rules that are gone by their
    /// id.
    fn title(&self, policy: Symbol, rule: Symbol) -> String {
        let known = self.policy(policy);
        let deadline = known.and_then(|policy| policy.deadlines.iter().find(|known| known.id == rule));
        let reaction = known.and_then(|policy| policy.reactions.iter().find(|known| known.id == rule));
        let title = deadline.map(|deadline| &*deadline.title).or(reaction.map(|reaction| &*reaction.title));
        let title = title.unwrap_or(rule.as_str());
        let is_other = |other: Symbol| other != policy;
        let several = self.outcome.shapes.iter().any(|shape| is_other(shape.policy))
            || self.outcome.obligation_shapes.iter().any(|shape| is_other(shape.policy));
        if several { format!("{policy} {title}") } else { title.to_owned() }
    }

    fn recipient(&self, name: Symbol) -> &str {
        self.recipients.get(&name).filter(|title| !title.is_empty()).map_or(name.as_str(), String::as_str)
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.colours && !style.is_empty() { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

const OUTCOMES: [Standing; 6] =
    [Standing::Met, Standing::Late, Standing::Open, Standing::Overdue, Standing::Suspended, Standing::Cancelled];

struct Widths {
    order: usize,
    kind: usize,
    rule: usize,
    department: usize,
}

fn colour_of(kind: &DecisionKind) -> &'static str {
    match kind {
        DecisionKind::Card(Colour::Yellow) => "30;43",
        DecisionKind::Card(Colour::Red) => "97;41",
        DecisionKind::Route | DecisionKind::Return => "36",
        DecisionKind::Flag(_) => "35",
        DecisionKind::Revoke { .. } => "9",
        DecisionKind::Remind | DecisionKind::Notify => "",
    }
}

fn colour_of_outcome(outcome: Standing) -> &'static str {
    match outcome {
        Standing::Met => "32",
        Standing::Late => "33",
        Standing::Overdue => "31",
        Standing::Open | Standing::Suspended => "",
        Standing::Cancelled => "2",
    }
}

fn short(at: Instant, zone: Tz) -> String {
    at.in_zone(zone).format("%Y-%m-%d %H:%M").to_string()
}

fn weekday(date: NaiveDate, lang: Lang) -> &'static str {
    let day = date.weekday().num_days_from_monday() as usize;
    match lang {
        Lang::Zh => ["周一", "周二", "周三", "周四", "周五", "周六", "周日"][day],
        Lang::En => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day],
    }
}
