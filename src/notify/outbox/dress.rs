//! What a message is given when it is sent, by a channel that asks for it: a group's message names those whom it concerns,
//! a route to a person takes the order's papers along.
//!
//! Neither keeps a message from going out: where it cannot be had, the message goes without it. Nobody is named with what is
//! confidential, and papers go to nobody but a person.

use super::Outbox;
use super::batch::Batch;
use super::ways::{Party, Way, is_group};
use crate::notify::channel::{Channel, File, Mention, Message};
use crate::notify::notice::{NoticeKind, QueuedNotice};
use crate::time::Instant;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tracing::warn;

/// More are not named in one message.
const MENTIONS_MAX: usize = 10;

/// Who has the papers of orders.
pub trait Papers: Send + Sync {
    /// An order's page as it stands, as HTML; none where it cannot be had, which has been logged.
    fn dossier<'a>(&'a self, order: &'a str) -> BoxFuture<'a, Option<Vec<u8>>>;
}

/// There are none.
pub(super) struct NoPapers;

impl Papers for NoPapers {
    fn dossier<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Option<Vec<u8>>> {
        Box::pin(async { None })
    }
}

impl Outbox {
    /// The message with what its channel asks for.
    pub(super) async fn dressed(
        &self,
        (batch, party, way): (&Batch, &Party, &Way),
        channel: &dyn Channel,
        message: Message,
        now: Instant,
    ) -> Message {
        let is_secret = batch.notices().iter().any(|notice| notice.confidential);
        if self.sender.address(&way.channel).is_none_or(is_group) {
            let named = if is_secret { &[] } else { channel.mentions() };
            return Message { mentions: self.mentions(batch.first(), named, now).await, ..message };
        }
        let is_wanted = channel.attaches_dossier() && !party.name.is_empty();
        match batch.notices().into_iter().find(|notice| notice.kind == NoticeKind::Route).filter(|_| is_wanted) {
            Some(route) => Message { files: self.papers(route, is_secret).await, ..message },
            None => message,
        }
    }

    /// The people of the department against which it was decided, as the directory has them now.
    async fn mentions(&self, notice: &QueuedNotice, named: &[Arc<str>], now: Instant) -> Vec<Mention> {
        let Some(key) = notice.decision.as_ref().filter(|_| !named.is_empty()) else { return Vec::new() };
        let decision = match self.store.decision(key).await {
            Ok(found) => found.map(|fed| fed.decision),
            Err(error) => {
                warn!(error = %error, "could not look up whom a notice concerns, nobody is named");
                None
            }
        };
        let Some(department) = decision.and_then(|decision| decision.department) else { return Vec::new() };
        let directory = Arc::clone(&self.bearings.borrow().directory);
        let mut mentions: Vec<Mention> = Vec::new();
        for recipient in named {
            let Some(place) = directory.place(recipient, Some(&department), &[]) else { continue };
            for person in directory.people_on(recipient, Some(&place), now) {
                let Some(id) = person.yuezhengyi.filter(|id| !mentions.iter().any(|known| known.id == *id)) else {
                    continue;
                };
                mentions.push(Mention { id, name: person.name });
            }
        }
        mentions.truncate(MENTIONS_MAX);
        mentions
    }

    /// A file's name is shown before it is opened: of what is confidential it says no number.
    async fn papers(&self, route: &QueuedNotice, is_secret: bool) -> Vec<File> {
        let Some(order) = &route.order else { return Vec::new() };
        let Some(page) = self.papers.dossier(order).await else { return Vec::new() };
        let name =
            if is_secret { "督办情况说明.html".into() } else { format!("工单{order}督办情况说明.html") };
        vec![File { name, bytes: page.into() }]
    }
}
