//! One order's story from the store: by the versions of the rules that were in force, with what was really decided.

use super::texts::texts;
use super::{Args, Told, told};
use crate::clock;
use crate::config::Config;
use crate::config::channels::ChannelKind;
use crate::daemon::reload::said;
use crate::daemon::rules::{RulesError, Source};
use crate::dossier::{self, Material};
use crate::engine::decide::decide_watched;
use crate::engine::decision::Decision;
use crate::engine::explain::{Known, explain};
use crate::intake::body::history;
use crate::store::error::StoreError;
use crate::store::view::OrderView;
use crate::store::{Role, Store};
use crate::text::Lang;
use crate::time::Instant;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why there is no story.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoredError {
    #[error("failed to read the store")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Rules(#[from] RulesError),
}

impl StoredError {
    /// Whether there is nothing to explain because the daemon never ran on this store.
    pub(super) fn is_never_started(&self) -> bool {
        let error = match self {
            StoredError::Rules(RulesError::None) => return true,
            StoredError::Store(error) | StoredError::Rules(RulesError::Store(error)) => error,
            StoredError::Rules(_) => return false,
        };
        matches!(error, StoreError::Missing(_))
    }

    pub(super) fn hint(&self, lang: Lang) -> String {
        match self {
            StoredError::Store(error) | StoredError::Rules(RulesError::Store(error)) => error.hint(lang).to_owned(),
            StoredError::Rules(failure) => said(failure, lang).join("\n"),
        }
    }
}

/// The story as of an instant, by default that up to which the order was decided, and the rules' text as it was then;
/// none: there is no such order.
pub(super) async fn explained(config: &Config, args: &Args, lang: Lang) -> Result<Option<Told>, StoredError> {
    let store = Store::open(&config.store, Role::Reader).await?;
    let rules = Source::new(config).load(&store).await?;
    let Some(mut view) = store.order_view(&args.order).await? else { return Ok(None) };
    let now = args.until.or(view.decided_until).unwrap_or_else(clock::now);
    as_of(&mut view, now);
    if view.events.is_empty() {
        return Ok(None);
    }
    let history = history(&view.order, &view.events, &rules.words.reader);
    let (decided, notes) = decide_watched(&history, &rules.regime, now);
    let decisions: Vec<Decision> = view.decisions.into_iter().map(|fed| fed.decision).collect();
    let decisions = told(&decisions, &decided.state, rules.teller.directory());
    let known = Known {
        history: &history,
        regime: &rules.regime,
        decided: &decided,
        decisions: &decisions,
        notes: &notes,
        now,
    };
    let texts = texts(&decisions, &store.versions().await?, rules.words.zone, lang);
    if args.html.is_none() {
        return Ok(Some(Told::Text(explain(&known, &rules.words.titles, lang), texts)));
    }
    let channels = &channels(config);
    let directory = rules.teller.directory();
    let material = Material { known: &known, directory, notices: Some(&view.notices), channels, texts: &texts };
    Ok(Some(Told::Page(dossier::page(&material))))
}

/// Only what was known then.
fn as_of(view: &mut OrderView, now: Instant) {
    view.events.retain(|event| event.recorded_at <= now);
    view.decisions.retain(|fed| fed.decision.made_at <= now);
    view.notices.retain(|notice| notice.queued.at <= now);
}

/// What channels are called.
fn channels(config: &Config) -> BTreeMap<Arc<str>, &'static str> {
    let title = |kind: &ChannelKind| match kind {
        ChannelKind::Email(_) => "邮件",
        ChannelKind::SmsHttp(_) => "短信",
        ChannelKind::YuezhengyiApp(_) => "粤政易",
        ChannelKind::YuezhengyiRobot(_) => "粤政易工作群",
        ChannelKind::Webhook(_) => "系统对接",
        ChannelKind::Console => "控制台",
    };
    config.channels.iter().map(|channel| (Arc::clone(&channel.name), title(&channel.kind))).collect()
}
