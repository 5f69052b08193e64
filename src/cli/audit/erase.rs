//! `duban audit erase`: personal data of an order, by law.

use super::{Common, Failure};
use crate::clock;
use crate::config::Config;
use crate::policy;
use crate::policy::vocabulary::{Attribute, Kind, Vocabulary};
use crate::store::ledger::erase::{Erasing, STUB};
use crate::symbol::Symbol;
use crate::text::Lang;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 哪张工单 [which order]
    #[arg(long, value_name = "ORDER")]
    order: String,
    /// 只删这些属性；缺省为全部 kind: personal 的属性 [only these attributes; default: all that are personal]
    #[arg(long = "attribute", value_name = "NAME")]
    attributes: Vec<String>,
    /// 谁删除 [who erases]
    #[arg(long, value_name = "NAME")]
    by: String,
    /// 为什么删除 [why]
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What the vocabulary says is personal.
#[derive(Clone)]
pub(super) struct Personal(Arc<Vocabulary>);

impl Personal {
    pub(super) fn of(config: &Config) -> Result<Personal, Failure> {
        let loaded = policy::load(&config.rules, &config.calendars, &None);
        if loaded.has_vocabulary { Ok(Personal(loaded.vocabulary)) } else { Err(Failure::Rules) }
    }

    /// How an attribute is declared for an event (by its type) or for the order: where both are, the event's wins.
    fn declared(&self, kind: Option<&str>, name: &str) -> Option<&Attribute> {
        let name = Symbol::find(name)?;
        let event = kind.and_then(Symbol::find).and_then(|kind| self.0.events.get(&kind));
        event.and_then(|event| event.attributes.get(&name)).or_else(|| self.0.order.get(&name))
    }

    fn is_personal(&self, kind: Option<&str>, name: &str) -> bool {
        self.declared(kind, name).is_some_and(|declared| declared.kind == Kind::Personal)
    }

    /// What is not declared may be personal, too.
    pub(super) fn is_withheld(&self, kind: &str, name: &str) -> bool {
        self.declared(Some(kind), name).is_none_or(|declared| declared.kind == Kind::Personal)
    }

    /// Whether a name is declared somewhere, and nowhere as personal.
    fn is_plain(&self, name: &str) -> bool {
        let events = self.0.events.keys().map(|kind| Some(kind.as_str()));
        let declared: Vec<_> = events.chain([None]).filter_map(|kind| self.declared(kind, name)).collect();
        !declared.is_empty() && declared.iter().all(|declared| declared.kind != Kind::Personal)
    }

    /// Whether an attribute is to be erased: of those named, what is not declared, too.
    fn is_chosen(&self, chosen: &[String], kind: Option<&str>, name: &str) -> bool {
        if chosen.is_empty() {
            return self.is_personal(kind, name);
        }
        let is_free = self.declared(kind, name).is_none_or(|declared| declared.kind == Kind::Personal);
        is_free && chosen.iter().any(|one| one == name)
    }
}

pub(super) async fn run(common: &Common, config: &Config, args: Args) -> Result<ExitCode, Failure> {
    let personal = Personal::of(config)?;
    if let Some(plain) = args.attributes.iter().find(|name| personal.is_plain(name)) {
        return Err(Failure::NotPersonal(plain.clone()));
    }
    let store = super::open(config).await?;
    let now = clock::now();
    let date = now.in_zone(super::zone(config)).format("%Y-%m-%d");
    let stub = format!("{STUB} {date} {}：{}〕", args.by, args.reason);
    let chosen = args.attributes;
    let erasing = Erasing {
        order: args.order.clone(),
        chosen: Box::new(move |kind, name| personal.is_chosen(&chosen, kind, name)),
        stub,
        by: args.by,
        reason: args.reason,
        now,
    };
    let erased = store.erase(erasing).await;
    store.close().await;
    let Some(erased) = erased? else { return Err(Failure::NoOrder(args.order)) };
    crate::store::scrub(&config.store).await?;
    println!(
        "{}",
        match common.lang {
            Lang::Zh => format!(
                "已删除 {} 处个人信息（{} 个事件）。备份、导出的文件和平台里的副本要另行删除。",
                erased.values, erased.events
            ),
            Lang::En => format!(
                "{} values of {} events erased; copies in backups, exports and other systems are still there",
                erased.values, erased.events
            ),
        }
    );
    Ok(ExitCode::SUCCESS)
}
