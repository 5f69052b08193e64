//! Operators hear of what they have to mend at a channel or a source: on `/readyz`, by a metric, and by a notice once an
//! incident.

use super::rules::Rules;
use super::tell_operators;
use crate::clock;
use crate::intake::http::Health;
use crate::metrics::Metrics;
use crate::notify::channel::Reach;
use crate::notify::outbox::trouble::{Listener, Troubled};
use crate::store::Store;
use std::sync::Arc;
use tokio::sync::watch;

const DAY_MS: i64 = 24 * 3_600_000;

/// Tells the operators.
pub(super) struct Operators {
    pub(super) store: Store,
    pub(super) rules: watch::Receiver<Arc<Rules>>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Arc<Health>,
}

impl Listener for Operators {
    fn told(&self, troubled: Troubled) {
        let (store, health) = (self.store.clone(), Arc::clone(&self.health));
        let rules = Arc::clone(&self.rules.borrow());
        tokio::spawn(async move {
            let incident = incident(&troubled);
            let (title, text) = words(&troubled);
            let (ask, at) = (troubled.trouble.remedy.as_str(), troubled.at);
            if let Err(error) = tell_operators(&store, &rules, &incident, (&title, &text, ask), at).await {
                health.note_store_failure(&error);
            }
        });
    }

    fn standing(&self, troubles: Vec<String>) {
        self.metrics.channels_troubled.set(i64::try_from(troubles.len()).unwrap_or(i64::MAX));
        self.health.troubled(troubles);
    }
}

/// Tells of a source that could not be read for long.
pub(super) fn tell_of_source(
    store: &Store,
    health: &Arc<Health>,
    rules: &watch::Receiver<Arc<Rules>>,
    name: &str,
    failure: &str,
) {
    let (store, health, rules) = (store.clone(), Arc::clone(health), Arc::clone(&rules.borrow()));
    let now = clock::now();
    let incident = format!("source-{name}-{}", now.0.div_euclid(DAY_MS));
    let title = format!("来源 {name} 读不到");
    let text = format!("{failure}；这期间那边的新工单、新进展进不来，已有的时限照常计");
    tokio::spawn(async move {
        let ask = "修好后会自行从断处接着读；运行 duban sources list 查看";
        if let Err(error) = tell_operators(&store, &rules, &incident, (&title, &text, ask), now).await {
            health.note_store_failure(&error);
        }
    });
}

/// The same on one day, so that a restart does not tell it again.
fn incident(troubled: &Troubled) -> String {
    let Troubled { channel, trouble, at } = troubled;
    format!("channel-{channel}-{}-{}", trouble.code, at.0.div_euclid(DAY_MS))
}

fn words(troubled: &Troubled) -> (String, String) {
    let Troubled { channel, trouble, .. } = troubled;
    let (title, then) = match trouble.reach {
        Reach::Channel => {
            (format!("渠道 {channel} 发不出消息"), "恢复以前，有其他渠道的收件人改走其他渠道，没有的收不到")
        }
        Reach::Some => {
            (format!("渠道 {channel} 有消息没有送到"), "其余收件人不受影响；是谁、哪条通知，见工单页的送达记录")
        }
    };
    (title, format!("{}（{}）；{then}", trouble.what, trouble.code))
}
