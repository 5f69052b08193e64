//! The papers that go with a route: the order's page, as it stands when the route is told.

use super::rules::Rules;
use super::story::Story;
use crate::config::channels::{Channel, titles};
use crate::notify::outbox::dress::Papers;
use crate::store::Store;
use crate::text::Lang;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use tracing::warn;

/// Writes orders' pages.
pub(super) struct Clerk {
    store: Store,
    rules: watch::Receiver<Arc<Rules>>,
    channels: Arc<BTreeMap<Arc<str>, &'static str>>,
}

impl Clerk {
    pub(super) fn new(store: Store, rules: watch::Receiver<Arc<Rules>>, channels: &[Channel]) -> Clerk {
        Clerk { store, rules, channels: Arc::new(titles(channels)) }
    }

    async fn page(&self, order: &str) -> Option<Vec<u8>> {
        let rules = Arc::clone(&self.rules.borrow());
        let story = match Story::of(&self.store, &rules, order, None, Lang::Zh).await {
            Ok(story) => story?,
            Err(error) => {
                warn!(error = %error, order.id = order, "could not read an order for its page, a route goes without it");
                return None;
            }
        };
        let channels = Arc::clone(&self.channels);
        let written = tokio::task::spawn_blocking(move || story.page(&rules, &channels)).await;
        match written {
            Ok(Ok(page)) => Some(page.into_bytes()),
            Ok(Err(error)) => {
                warn!(error = %error, order.id = order, "could not write an order's page, a route goes without it");
                None
            }
            Err(_) => {
                warn!(order.id = order, "an order's page could not be written, a route goes without it");
                None
            }
        }
    }
}

impl Papers for Clerk {
    fn dossier<'a>(&'a self, order: &'a str) -> BoxFuture<'a, Option<Vec<u8>>> {
        Box::pin(self.page(order))
    }
}
