//! One order's story from the store: by the versions of the rules that were in force, with what was really decided.

use super::rules::Rules;
use crate::clock;
use crate::dossier::{self, DossierError, Material, texts};
use crate::engine::decide::decide_watched;
use crate::engine::decision::{Decided, Decision};
use crate::engine::explain::Known;
use crate::engine::trace::Note;
use crate::intake::body::history;
use crate::order::History;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::outbox::Notice;
use crate::store::view::OrderView;
use crate::text::Lang;
use crate::time::Instant;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An order as it was known at an instant.
pub(crate) struct Story {
    /// Its events.
    pub(crate) history: History,
    /// Its obligations and how it stands.
    pub(crate) decided: Decided,
    /// What was decided, as people are told it.
    pub(crate) decisions: Vec<Decision>,
    /// The rules' own text, as it was when each decision was made.
    pub(crate) texts: String,
    /// Who was told, and whether it arrived.
    pub(crate) notices: Vec<Notice>,
    notes: Vec<Note>,
    /// As of when.
    pub(crate) now: Instant,
}

impl Story {
    /// The story as of an instant, by default that up to which the order was decided; none: there is no such order, or it
    /// was not known yet.
    pub(crate) async fn of(
        store: &Store,
        rules: &Rules,
        order: &str,
        until: Option<Instant>,
        lang: Lang,
    ) -> Result<Option<Story>, StoreError> {
        let Some(mut view) = store.order_view(order).await? else { return Ok(None) };
        let now = until.or(view.decided_until).unwrap_or_else(clock::now);
        as_of(&mut view, now);
        if view.events.is_empty() {
            return Ok(None);
        }
        let history = history(&view.order, &view.events, &rules.words.reader);
        let (decided, notes) = decide_watched(&history, &rules.regime, now);
        let decisions: Vec<Decision> = view.decisions.into_iter().map(|fed| fed.decision).collect();
        let decisions = dossier::as_told(&decisions, &decided.state, rules.teller.directory());
        let texts = texts::texts(&decisions, &store.versions().await?, rules.words.zone, lang);
        Ok(Some(Story { history, decided, decisions, texts, notes, notices: view.notices, now }))
    }

    /// What is known of it.
    pub(crate) fn known<'a>(&'a self, rules: &'a Rules) -> Known<'a> {
        let Story { history, decided, decisions, notes, now, .. } = self;
        Known { history, regime: &rules.regime, decided, decisions, notes, now: *now }
    }

    /// The page that a department or a court reads; `channels` says what channels are called.
    pub(crate) fn page(
        &self,
        rules: &Rules,
        channels: &BTreeMap<Arc<str>, &'static str>,
    ) -> Result<String, DossierError> {
        let known = &self.known(rules);
        let (directory, notices) = (rules.teller.directory(), Some(&*self.notices));
        dossier::page(&Material { known, directory, notices, channels, texts: &self.texts })
    }
}

/// Only what was known then.
fn as_of(view: &mut OrderView, now: Instant) {
    view.events.retain(|event| event.recorded_at <= now);
    view.decisions.retain(|fed| fed.decision.made_at <= now);
    view.notices.retain(|notice| notice.queued.at <= now);
}
