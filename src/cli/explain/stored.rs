//! One order's story from the store: by the versions of the rules that were in force, with what was really decided.

use super::notices::Material;
use super::{Args, Told};
use crate::config::Config;
use crate::config::channels::titles;
use crate::daemon::reload::said;
use crate::daemon::rules::{RulesError, Source};
use crate::daemon::story::Story;
use crate::engine::explain::explain;
use crate::store::error::StoreError;
use crate::store::{Role, Store};
use crate::text::Lang;

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
    let Some(found) = Story::of(&store, &rules, &args.order, args.until, lang).await? else { return Ok(None) };
    if args.html.is_some() {
        return Ok(Some(Told::Page(found.page(&rules, &titles(&config.channels)))));
    }
    let explanation = explain(&found.known(&rules), &rules.words.titles, lang);
    let told = Material { rules: &rules, channels: &titles(&config.channels), lang }.part(&found.notices);
    Ok(Some(Told::Text(explanation, format!("{told}{}", found.texts))))
}
