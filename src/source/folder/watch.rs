//! Notices at once that something lies in a folder. Only a hint: the folder is looked at now and then anyway, since some
//! mounts tell nothing.

use ::notify::event::EventKind;
use ::notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Notify;

/// Watches a folder for as long as it lives; none: the system cannot.
pub struct FolderWatch {
    hint: Arc<Notify>,
    _watcher: Option<RecommendedWatcher>,
}

impl FolderWatch {
    /// Watches what lies right in a folder, which is made if it is not there.
    pub fn start(path: &Path) -> FolderWatch {
        // What cannot be made or watched is told by the first look.
        let _ = std::fs::create_dir_all(path);
        let hint = Arc::new(Notify::new());
        let told = Arc::clone(&hint);
        let watcher = ::notify::recommended_watcher(move |event: ::notify::Result<Event>| {
            let is_news = |kind| matches!(kind, EventKind::Create(_) | EventKind::Modify(_));
            if event.is_ok_and(|event| is_news(event.kind)) {
                told.notify_one();
            }
        });
        let watcher = watcher.and_then(|mut watcher| {
            watcher.watch(path, RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        FolderWatch { hint, _watcher: watcher.ok() }
    }

    /// Ends when something may lie there.
    pub async fn changed(&self) {
        self.hint.notified().await;
    }
}
