//! The orders open now, as the store has them, under an edit that takes force at an instant (language.md §4, law 5).
//!
//! Of obligations it is told what becomes of those open at that instant; of decisions what falls until the horizon if
//! nothing more happens to any order. What falls beyond the horizon on both sides is left out, so that a card that moves
//! across it is told as moved.

use super::examples::{Case, Cases};
use super::gather::{Comparison, Part, departments, side};
use super::jsonl::Lines;
use super::report::{Heading, Report, moment};
use super::{Args, Common, Format, Sides, misused, written};
use crate::cli::simulate::threads;
use crate::config::Config;
use crate::daemon::reload::said;
use crate::daemon::rules::{Rules, RulesError, Source, files};
use crate::engine::compare::{Pair, Pairs, edited, pairs};
use crate::engine::decide::{decide, decide_watched};
use crate::engine::decision::{Decided, Decision, InForce, Regime};
use crate::engine::replay::on_all_cores;
use crate::engine::trace::{PassedOver, Seen};
use crate::intake::body::history;
use crate::order::History;
use crate::order::body::BodyReader;
use crate::policy::files::Loaded;
use crate::policy::model::RuleSet;
use crate::store::error::StoreError;
use crate::store::orders::{LoadedOrder, OrderRef};
use crate::store::{Role, Store};
use crate::text::Lang;
use crate::time::Instant;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// So many orders are loaded and compared before what came of them is written.
const BLOCK: u32 = 2048;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// So far ahead decisions are told, if nothing else is asked for.
const AHEAD_DAYS: i64 = 30;

/// The open orders could not be compared.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error("failed to read the store")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error("failed to write what differs")]
    Write(#[source] io::Error),
}

impl OpenError {
    fn hint(&self, lang: Lang) -> Option<String> {
        match self {
            OpenError::Store(error) | OpenError::Rules(RulesError::Store(error)) => Some(error.hint(lang).to_owned()),
            OpenError::Rules(failure) => Some(said(failure, lang).join("\n")),
            OpenError::Write(_) => None,
        }
    }
}

pub(super) fn run(common: &Common, args: &Args) -> ExitCode {
    let config = match common.config() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let runtime = crate::cli::runtime();
    match compare(common, args, &config, &runtime) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(code)) => code,
        Err(OpenError::Write(error)) => written(common, Err(error), false),
        Err(OpenError::Rules(RulesError::None) | OpenError::Store(StoreError::Missing(_))) => misused(
            common.lang,
            "数据库里还没有规则和工单：服务还没有运行过。要对照一段历史，写上 --events 文件",
            "the store has no rules and no orders yet: the daemon never ran. To compare a history give --events FILE",
        ),
        Err(error) => {
            crate::cli::tell(common.lang, &error, error.hint(common.lang).as_deref());
            ExitCode::from(2)
        }
    }
}

/// Errors of the new files have been told, and their exit code is given.
fn compare(
    common: &Common,
    args: &Args,
    config: &Config,
    runtime: &Runtime,
) -> Result<Result<(), ExitCode>, OpenError> {
    let store = runtime.block_on(Store::open(&config.store, Role::Reader))?;
    let source = Source::new(config);
    let rules = runtime.block_on(source.load(&store))?;
    let before = source.load_files(&rules.files)?;
    let (new, now) = match proposed(common, args, config, &rules)? {
        Ok(loaded) => loaded,
        Err(code) => return Ok(Err(code)),
    };
    let old = Arc::clone(&rules.words.rules);
    let sides = Sides::new((old, &before), (new, &now));
    let at = args.at.unwrap_or_else(crate::clock::now);
    let until = args.until.unwrap_or_else(|| at.plus_ms(AHEAD_DAYS * DAY_MS));
    let open = Open::new(&sides, &rules, (at, until), (runtime, &store));
    open.write(common, args).map(Ok)
}

type New = (Arc<RuleSet>, Loaded);

/// The edit: the directories given, and what is in force for whichever is not given; with none given those configured.
fn proposed(common: &Common, args: &Args, config: &Config, rules: &Rules) -> Result<Result<New, ExitCode>, OpenError> {
    let folder = files::lay_out(&rules.files).map_err(RulesError::LayOut)?;
    let (in_force, calendars_in_force) = files::places(folder.path());
    let is_given = args.against.is_some() || args.against_calendars.is_some();
    let default = if is_given { (&in_force, &calendars_in_force) } else { (&config.rules, &config.calendars) };
    let directory = args.against.as_ref().unwrap_or(default.0);
    let calendars = args.against_calendars.as_ref().unwrap_or(default.1);
    Ok(common.load_files(directory, calendars))
}

/// Deciding open orders under both regimes.
struct Open<'a> {
    sides: &'a Sides,
    rules: &'a Rules,
    new: Regime,
    reader: BodyReader,
    /// When the edit takes force.
    at: Instant,
    /// Up to which decisions are told.
    until: Instant,
    runtime: &'a Runtime,
    store: &'a Store,
}

/// An order under both regimes, the old one first.
struct Both {
    /// At the instant of the edit.
    at: [Decided; 2],
    /// Well beyond the horizon.
    ahead: [Decided; 2],
}

impl<'a> Open<'a> {
    fn new(
        sides: &'a Sides,
        rules: &'a Rules,
        (at, until): (Instant, Instant),
        (runtime, store): (&'a Runtime, &'a Store),
    ) -> Open<'a> {
        let mut versions = rules.regime.versions.clone();
        versions.push(InForce { from: at, rules: Arc::clone(&sides.new) });
        let reader = BodyReader::new(&sides.new.vocabulary);
        Open { sides, rules, new: Regime { versions }, reader, at, until, runtime, store }
    }

    fn write(&self, common: &Common, args: &Args) -> Result<(), OpenError> {
        let stdout = io::stdout().lock();
        let colours = stdout.is_terminal();
        let mut out = BufWriter::with_capacity(1 << 16, stdout);
        let lines = Lines { sides: self.sides };
        let comparison = Comparison {
            lineage: &self.sides.lineage,
            lines: (args.format == Format::Jsonl).then_some(&lines),
            examples: args.examples,
        };
        let part = self.all(&comparison, &mut out)?;
        if args.format == Format::Table {
            let heading = self.heading(args, part.tally.orders, common.lang);
            let cases = Cases { sides: self.sides, case: &|order, is_new| self.case(order, is_new), lang: common.lang };
            let report = Report { sides: self.sides, part: &part, lang: common.lang, colours };
            report.write(&heading, &cases, &mut out).map_err(OpenError::Write)?;
        }
        out.flush().map_err(OpenError::Write)
    }

    /// Compares every open order; lines are written as they come.
    fn all(&self, comparison: &Comparison<'_>, out: &mut impl Write) -> Result<Part, OpenError> {
        let (mut all, mut last, mut number) = (Part::default(), None::<OrderRef>, 0);
        loop {
            let found = self.runtime.block_on(self.store.open_orders(last.as_ref(), BLOCK))?;
            let Some(newest) = found.last() else { return Ok(all) };
            last = Some(newest.clone());
            let loaded = self.runtime.block_on(self.store.load_orders(&found))?;
            let places: Vec<usize> = (0..loaded.len()).collect();
            let parts = on_all_cores(&places, threads(), Part::default, |part, place| {
                self.one(comparison, part, number + place, &loaded[place]);
            });
            number += loaded.len();
            for part in parts {
                all.add(part, comparison.examples);
            }
            all.lines.sort_by_key(|(order, _)| *order);
            for (_, lines) in all.lines.drain(..) {
                out.write_all(&lines).map_err(OpenError::Write)?;
            }
        }
    }

    fn one(&self, comparison: &Comparison<'_>, part: &mut Part, number: usize, loaded: &LoadedOrder) {
        let (old, new) = (self.history(loaded, false), self.history(loaded, true));
        let Both { at: [before, now], ahead: [held, holds] } = self.decided(loaded, &old, &new);
        let ahead = pairs(side(&held), side(&holds), &self.sides.lineage);
        let obligations = edited(side(&before), side(&now), &self.sides.lineage);
        let is_near =
            |pair: &Pair<&Decision>| [pair.old, pair.new].into_iter().flatten().any(|one| one.at <= self.until);
        let decisions = ahead.decisions.into_iter().filter(is_near).collect();
        let pairs = Pairs { obligations, decisions };
        let departments = departments(Pair { old: Some(&before), new: Some(&now) });
        comparison.take_pairs(part, number, &loaded.order.order, &pairs, &departments);
        if pairs.obligations.iter().any(|pair| pair.change().is_some()) {
            self.left_out(comparison, part, number, &new);
        }
    }

    fn decided(&self, loaded: &LoadedOrder, old: &History, new: &History) -> Both {
        let beyond = self.until.plus_ms(self.until.ms_since(self.at).max(0));
        let by = |history: &History, regime: &Regime, now| decide(history, regime, &loaded.standing, now);
        let each = |now| [by(old, &self.rules.regime, now), by(new, &self.new, now)];
        Both { at: each(self.at), ahead: each(beyond) }
    }

    /// Steps that the edit would move into the past.
    fn left_out(&self, comparison: &Comparison<'_>, part: &mut Part, number: usize, history: &History) {
        let (_, notes) = decide_watched(history, &self.new, self.at);
        for note in notes.iter().filter(|note| note.at == self.at) {
            if let Seen::StepPassedOver { obligation, step, why: PassedOver::Edited } = &note.seen {
                part.tally.leave_out(note.policy, obligation.rule, *step);
                if comparison.lines.is_some() {
                    let line = Lines::left_out(&history.order, (note.policy, obligation.rule, *step), *obligation);
                    part.lines.push((number, line));
                }
            }
        }
    }

    fn history(&self, loaded: &LoadedOrder, is_new: bool) -> History {
        let reader = if is_new { &self.reader } else { &self.rules.words.reader };
        history(&loaded.order.order, &loaded.events, reader)
    }

    /// How one side came to what it made of an order.
    fn case(&self, order: &str, is_new: bool) -> Option<Case> {
        let found = self.runtime.block_on(self.store.find_order(order)).ok()??;
        let loaded = self.runtime.block_on(self.store.load_orders(&[found])).ok()?.pop()?;
        let regime = if is_new { &self.new } else { &*self.rules.regime };
        let (_, notes) = decide_watched(&self.history(&loaded, is_new), regime, self.at);
        let rules = Arc::clone(if is_new { &self.sides.new } else { &self.sides.old });
        Some(Case { notes, rules })
    }

    fn heading(&self, args: &Args, orders: u64, lang: Lang) -> Heading {
        let zone = self.rules.words.zone;
        let (number, since) = (self.rules.number, moment(self.rules.since, zone, lang));
        let (at, until) = (moment(self.at, zone, lang), moment(self.until, zone, lang));
        let named = [&args.against, &args.against_calendars].into_iter().flatten();
        let named: Vec<String> = named.map(|folder| folder.display().to_string()).collect();
        let configured = match lang {
            Lang::Zh => "配置所指的规则和日历目录",
            Lang::En => "the configured directories",
        };
        let new = if named.is_empty() { configured.to_owned() } else { named.join(" + ") };
        let (old, new, over, alike) = match lang {
            Lang::Zh => (
                format!("正在执行的第 {number} 版（{since} 起）"),
                format!("{new}，设想 {at} 起生效"),
                format!("在办工单：{orders} 张；所列决定推演到 {until}，假定各工单再无新的动作"),
                "对在办工单，两边的判定完全相同。",
            ),
            Lang::En => (
                format!("version {number}, in force since {since}"),
                format!("{new}, taken to be in force from {at}"),
                format!("open orders: {orders}; decisions up to {until}, if nothing more happens to any order"),
                "Both decide everything of the open orders alike.",
            ),
        };
        Heading { old, new, over, alike }
    }
}
