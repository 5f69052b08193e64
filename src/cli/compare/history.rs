//! A history under both sides: read once where both sides read events alike, decided order by order on all cores.
//!
//! Orders are taken by name in blocks, and what a block yields is written before the next one is taken: what is held
//! beside the events does not grow with their number.

use super::examples::{Case, Cases};
use super::gather::{Comparison, Part};
use super::jsonl::Lines;
use super::report::{Heading, Report, moment};
use super::{Args, Common, Format, Sides, misused, written};
use crate::cli::simulate::{SimulateError, read_log, report, threads};
use crate::engine::compare::Pair;
use crate::engine::decide::{decide, decide_watched};
use crate::engine::decision::{Decided, Regime, Standing};
use crate::engine::replay::on_all_cores;
use crate::order::History;
use crate::order::body::BodyReader;
use crate::order::log::{self, Log};
use crate::policy::model::RuleSet;
use crate::text::Lang;
use crate::time::Instant;
use std::collections::HashMap;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// So many orders are compared before what came of them is written.
const BLOCK: usize = 8192;

pub(super) fn run(common: &Common, args: &Args, events: &Path) -> ExitCode {
    if args.against.is_none() && args.against_calendars.is_none() {
        return misused(
            common.lang,
            "要对照什么？写上 --against 规则目录，或 --against-calendars 日历目录",
            "compare with what? give --against DIR or --against-calendars DIR",
        );
    }
    match compare(common, args, events) {
        Ok(code) | Err(code) => code,
    }
}

fn compare(common: &Common, args: &Args, events: &Path) -> Result<ExitCode, ExitCode> {
    let (rules, calendars) = common.directories()?;
    let (old, before) = common.load_files(&rules, &calendars)?;
    let new_rules = args.against.as_deref().unwrap_or(&rules);
    let new_calendars = args.against_calendars.as_deref().unwrap_or(&calendars);
    let (new, now) = common.load_files(new_rules, new_calendars)?;
    let sides = Sides::new((old, &before), (new, &now));
    let logs = Logs::read(events, &sides).map_err(|error| {
        crate::cli::tell(common.lang, &error, None);
        ExitCode::from(2)
    })?;
    logs.report(events, common.lang);
    let names = [(rules.as_path(), calendars.as_path()), (new_rules, new_calendars)];
    let refused = !logs.old.refused.is_empty() || logs.new.as_ref().is_some_and(|new| !new.refused.is_empty());
    Ok(written(common, write(common, args, &sides, &logs, (events, names)), refused))
}

/// The directories of both sides.
type Names<'a> = [(&'a Path, &'a Path); 2];

fn write(
    common: &Common,
    args: &Args,
    sides: &Sides,
    logs: &Logs,
    (events, names): (&Path, Names<'_>),
) -> io::Result<()> {
    let stdout = io::stdout().lock();
    let colours = stdout.is_terminal();
    let mut out = BufWriter::with_capacity(1 << 16, stdout);
    let Some(until) = args.until.or(logs.last_recorded_at()) else { return out.flush() };
    let deciding = Deciding::new(sides, logs, until);
    let lines = Lines { sides };
    let comparison = Comparison {
        lineage: &sides.lineage,
        lines: (args.format == Format::Jsonl).then_some(&lines),
        examples: args.examples,
    };
    let part = deciding.all(&comparison, &mut out)?;
    if args.format == Format::Table {
        let heading = heading(common.lang, (sides, logs), (events, names), until);
        let cases = Cases { sides, case: &|order, is_new| deciding.case(order, is_new), lang: common.lang };
        Report { sides, part: &part, lang: common.lang, colours }.write(&heading, &cases, &mut out)?;
    }
    out.flush()
}

fn heading(lang: Lang, (sides, logs): (&Sides, &Logs), (events, names): (&Path, Names<'_>), until: Instant) -> Heading {
    let side = |(rules, calendars): (&Path, &Path), version: &str| match lang {
        Lang::Zh => format!("{}，日历 {}（版本 {version}）", rules.display(), calendars.display()),
        Lang::En => format!("{}, calendars {} (version {version})", rules.display(), calendars.display()),
    };
    let zone = sides.new.policies.first().map_or(chrono_tz::UTC, |policy| policy.calendar.zone());
    let (events, until) = (events.display(), moment(until, zone, lang));
    let (orders, known) = (logs.orders.len(), logs.old.len());
    Heading {
        old: side(names[0], &sides.old.version),
        new: side(names[1], &sides.new.version),
        over: match lang {
            Lang::Zh => format!("历史：{events}，{orders} 张工单，{known} 个事件，截至 {until}"),
            Lang::En => format!("history: {events}, {orders} orders, {known} events, up to {until}"),
        },
        alike: match lang {
            Lang::Zh => "对这段历史，两边的判定完全相同。",
            Lang::En => "Both decide everything in this history alike.",
        },
    }
}

/// The events as each side reads them.
struct Logs {
    old: Log,
    /// None: both sides read them alike.
    new: Option<Log>,
    /// Every order by name, with its number in either log.
    orders: Vec<(Arc<str>, Option<usize>, Option<usize>)>,
}

impl Logs {
    fn read(events: &Path, sides: &Sides) -> Result<Logs, SimulateError> {
        let (words, others) = (&sides.old.vocabulary, &sides.new.vocabulary);
        if words.order == others.order && words.events == others.events {
            return Ok(Logs::new(read_log(events, &BodyReader::new(words))?, None));
        }
        if events != Path::new("-") {
            let old = read_log(events, &BodyReader::new(words))?;
            return Ok(Logs::new(old, Some(read_log(events, &BodyReader::new(others))?)));
        }
        let failed = |source: log::ReadError| SimulateError::Read { path: events.into(), source };
        let mut input = Vec::new();
        io::stdin().lock().read_to_end(&mut input).map_err(|error| failed(log::ReadError::Input(error)))?;
        let old = log::read(&input[..], &BodyReader::new(words), threads()).map_err(failed)?;
        let new = log::read(&input[..], &BodyReader::new(others), threads()).map_err(failed)?;
        Ok(Logs::new(old, Some(new)))
    }

    fn new(old: Log, new: Option<Log>) -> Logs {
        let mut orders: Vec<(Arc<str>, Option<usize>, Option<usize>)> = match &new {
            None => old.orders().iter().enumerate().map(|(at, order)| (order.clone(), Some(at), Some(at))).collect(),
            Some(new) => {
                let places: HashMap<&str, usize> =
                    new.orders().iter().enumerate().map(|(at, id)| (&**id, at)).collect();
                let known: HashMap<&str, usize> = old.orders().iter().enumerate().map(|(at, id)| (&**id, at)).collect();
                let both =
                    old.orders().iter().enumerate().map(|(at, id)| (id.clone(), Some(at), places.get(&**id).copied()));
                let more = new.orders().iter().enumerate().filter(|(_, id)| !known.contains_key(&***id));
                both.chain(more.map(|(at, id)| (id.clone(), None, Some(at)))).collect()
            }
        };
        orders.sort_by(|one, other| one.0.cmp(&other.0));
        Logs { old, new, orders }
    }

    fn last_recorded_at(&self) -> Option<Instant> {
        let new = self.new.as_ref().and_then(|new| new.last_recorded_at);
        self.old.last_recorded_at.max(new)
    }

    /// Names the lines that are left out; of the new side only what the old one takes.
    fn report(&self, events: &Path, lang: Lang) {
        report(events, &self.old, lang);
        let Some(new) = &self.new else { return };
        let only = new.refused.iter().filter(|refused| !self.old.refused.iter().any(|old| old.line == refused.line));
        for refused in only {
            let (line, why) = (refused.line, refused.why.message(lang));
            match lang {
                Lang::Zh => eprintln!("{}:{line}: 第 {line} 行按新规则未采用：{why}", events.display()),
                Lang::En => eprintln!("{}:{line}: line {line} left out under the new rules: {why}", events.display()),
            }
        }
    }
}

/// Deciding the orders of the logs under both sides.
struct Deciding<'a> {
    sides: &'a Sides,
    logs: &'a Logs,
    old: Regime,
    new: Regime,
    until: Instant,
}

impl<'a> Deciding<'a> {
    fn new(sides: &'a Sides, logs: &'a Logs, until: Instant) -> Deciding<'a> {
        let always = |rules: &Arc<RuleSet>| Regime::always(Arc::clone(rules));
        Deciding { sides, logs, old: always(&sides.old), new: always(&sides.new), until }
    }

    /// Compares every order; lines are written as they come.
    fn all(&self, comparison: &Comparison<'_>, out: &mut impl Write) -> io::Result<Part> {
        let mut all = Part::default();
        let numbers: Vec<usize> = (0..self.logs.orders.len()).collect();
        for block in numbers.chunks(BLOCK) {
            let parts = on_all_cores(block, threads(), Part::default, |part, order| self.one(comparison, part, order));
            for part in parts {
                all.add(part, comparison.examples);
            }
            all.lines.sort_by_key(|(order, _)| *order);
            for (_, lines) in all.lines.drain(..) {
                out.write_all(&lines)?;
            }
        }
        Ok(all)
    }

    fn one(&self, comparison: &Comparison<'_>, part: &mut Part, number: usize) {
        let nothing_stands = Standing::default();
        let decided = |history: Option<History>, regime: &Regime| -> Option<Decided> {
            history.map(|history| decide(&history, regime, &nothing_stands, self.until))
        };
        let old = self.history(number, false);
        let new = if self.logs.new.is_some() { self.history(number, true) } else { old.clone() };
        if old.is_none() && new.is_none() {
            return;
        }
        let (old, new) = (decided(old, &self.old), decided(new, &self.new));
        comparison.take(part, number, &self.logs.orders[number].0, Pair { old: old.as_ref(), new: new.as_ref() });
    }

    fn history(&self, number: usize, is_new: bool) -> Option<History> {
        let (_, old, new) = &self.logs.orders[number];
        let (log, order) =
            if is_new { (self.logs.new.as_ref().unwrap_or(&self.logs.old), new) } else { (&self.logs.old, old) };
        log.history((*order)?, self.until)
    }

    /// How one side came to what it made of an order.
    fn case(&self, order: &str, is_new: bool) -> Option<Case> {
        let number = self.logs.orders.binary_search_by(|(id, _, _)| (**id).cmp(order)).ok()?;
        let history = self.history(number, is_new)?;
        let regime = if is_new { &self.new } else { &self.old };
        let (_, notes) = decide_watched(&history, regime, self.until);
        let rules = Arc::clone(if is_new { &self.sides.new } else { &self.sides.old });
        Some(Case { notes, rules })
    }
}
