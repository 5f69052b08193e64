//! Notices that the rule files changed.
//!
//! Events of the file system are only a hint: some editors write in several steps, some mounts tell nothing, and a
//! directory that is replaced is watched no more. So changes are gathered for 300 ms, reading is no change, and every few
//! seconds the files are looked at anyway.

use ::notify::event::EventKind;
use ::notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::warn;

const GATHER: Duration = Duration::from_millis(300);
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Watches directories for as long as it lives.
pub struct Watch {
    changed: Arc<Notify>,
    gathering: JoinHandle<()>,
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Watches these directories. Where the system cannot, they are only looked at now and then.
    pub fn start(directories: &[&Path]) -> Watch {
        let (hint, changed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let watcher = watcher(Arc::clone(&hint), directories);
        if let Err(error) = &watcher {
            warn!(%error, "could not watch the rule files, looking at them every 5 seconds instead");
        }
        let gathering = tokio::spawn(gather(hint, Arc::clone(&changed)));
        Watch { changed, gathering, _watcher: watcher.ok() }
    }

    /// Ends when the files may have changed. Nothing is lost where this is not waited for to its end.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.gathering.abort();
    }
}

async fn gather(hint: Arc<Notify>, changed: Arc<Notify>) {
    loop {
        if tokio::time::timeout(LOOK_EVERY, hint.notified()).await.is_ok() {
            tokio::time::sleep(GATHER).await;
        }
        changed.notify_one();
    }
}

fn watcher(hint: Arc<Notify>, directories: &[&Path]) -> ::notify::Result<RecommendedWatcher> {
    let mut watcher = ::notify::recommended_watcher(move |event: ::notify::Result<Event>| {
        if event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_))) {
            hint.notify_one();
        }
    })?;
    for directory in directories {
        watcher.watch(directory, RecursiveMode::Recursive)?;
    }
    Ok(watcher)
}
