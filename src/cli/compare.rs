//! `duban compare`: what a change of rules or calendars does, to a history or to the orders open now. Nothing is sent, and
//! nothing is kept.
//!
//! The old side is what `--rules` and `--calendars` (or the store) say, the new one what `--against` says.

mod examples;
mod gather;
mod history;
mod jsonl;
mod open;
mod report;

use super::Common;
use super::simulate::instant;
use crate::engine::compare::Lineage;
use crate::policy::changes::{Changes, changes};
use crate::policy::files::Loaded;
use crate::policy::model::{Policy, RuleSet};
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// 对照两套规则或日历：同一段历史会有什么不同 [what a change of rules or calendars does to a history]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 事件文件，每行一个 JSON；`-` 为标准输入；缺省为数据库中未终结的工单 [events; default: the store's open orders]
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// 与之对照的规则目录（改后的规则） [the rules to compare with: those after the edit]
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// 与之对照的日历目录，缺省不变 [the calendars to compare with; default: the same]
    #[arg(long, value_name = "DIR")]
    against_calendars: Option<PathBuf>,
    /// 截止时刻（含），默认为最后的登记时刻；对在办工单为推演到何时，默认其后 30 日
    /// [as of this instant; default: the last `recorded_at`; of open orders 30 days ahead]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    until: Option<Instant>,
    /// 对在办工单：新规则何时生效，默认现在 [of open orders: when the edit takes force; default: now]
    #[arg(long, value_name = "INSTANT", value_parser = instant, conflicts_with = "events")]
    at: Option<Instant>,
    /// 每条规则举几例 [so many examples of each rule]
    #[arg(long, value_name = "N", default_value_t = 2)]
    examples: usize,
    /// 以何种形式 [in which form]
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// 供人阅读的报告 [a report for people]
    Table,
    /// 每处不同一行 JSON [a line for each difference]
    Jsonl,
}

pub(crate) fn run(common: &Common, args: &Args) -> ExitCode {
    match &args.events {
        Some(events) => history::run(common, args, events),
        None => open::run(common, args),
    }
}

/// Both sides, and how to name what is of them.
struct Sides {
    old: Arc<RuleSet>,
    new: Arc<RuleSet>,
    lineage: Lineage,
    changes: Changes,
    /// What recipients are called.
    recipients: BTreeMap<String, String>,
}

impl Sides {
    /// Of two versions, each with what else its files say.
    fn new((old, before): (Arc<RuleSet>, &Loaded), (new, now): (Arc<RuleSet>, &Loaded)) -> Sides {
        let lineage = Lineage::of(&old, &new);
        let named = |loaded: &Loaded| {
            let recipients = loaded.directory.recipients.iter();
            recipients.map(|(name, known)| (name.to_string(), known.title.clone())).collect::<Vec<_>>()
        };
        let recipients = named(before).into_iter().chain(named(now)).filter(|(_, title)| !title.is_empty()).collect();
        Sides { old, new, lineage, changes: changes(before, now), recipients }
    }

    /// A policy, as the new side has it if it does.
    fn policy(&self, id: Symbol) -> Option<&Arc<Policy>> {
        find(&self.new, id).or_else(|| find(&self.old, id))
    }

    fn zone(&self, policy: Symbol) -> Tz {
        self.policy(policy).map_or(Tz::UTC, |policy| policy.calendar.zone())
    }

    /// What a deadline or reaction is called; its id where it has no title.
    fn title(&self, policy: Symbol, rule: Symbol) -> String {
        let known = [find(&self.new, policy), find(&self.old, policy)];
        let titles = known.into_iter().flatten().filter_map(|policy| title(policy, rule));
        titles.into_iter().next().unwrap_or_else(|| rule.to_string())
    }
}

fn find(rules: &RuleSet, id: Symbol) -> Option<&Arc<Policy>> {
    rules.policies.iter().find(|policy| policy.id == id)
}

fn title(policy: &Policy, rule: Symbol) -> Option<String> {
    let deadline = policy.deadlines.iter().find(|known| known.id == rule).map(|known| &known.title);
    deadline.or_else(|| policy.reactions.iter().find(|known| known.id == rule).map(|known| &known.title)).cloned()
}

/// The exit code of what was written: whoever reads may have gone, and then there is nobody to tell more.
fn written(common: &Common, done: io::Result<()>, refused: bool) -> ExitCode {
    match done {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            super::tell(common.lang, &error, None);
            ExitCode::from(2)
        }
        _ => ExitCode::from(u8::from(refused)),
    }
}

/// Bad usage, in words.
fn misused(lang: Lang, zh: &str, en: &str) -> ExitCode {
    match lang {
        Lang::Zh => eprintln!("错误: {zh}"),
        Lang::En => eprintln!("error: {en}"),
    }
    ExitCode::from(2)
}
