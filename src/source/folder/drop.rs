//! Files as they lie in the folder, and which of them rest.

use super::names::{FileKind, is_of, is_passing};
use super::unusable;
use crate::config::sources::Folder;
use crate::source::look::LookError;
use encoding_rs::GB18030;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

/// Where files go that were taken, and those that were not.
pub(super) const DONE: &str = "done";
pub(super) const REJECTED: &str = "rejected";

/// A file as it was seen.
#[derive(Clone, Debug)]
pub(super) struct Drop {
    /// Its name as it is shown, and under which it is put away.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) kind: FileKind,
    pub(super) bytes: u64,
    state: State,
}

/// What changes when somebody writes to a file, or puts another in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl State {
    fn of(metadata: &Metadata) -> State {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        State { device: metadata.dev(), inode: metadata.ino(), bytes: metadata.len(), modified }
    }
}

impl Drop {
    /// Its bytes; none: it is another file by now, or was written to meanwhile.
    pub(super) fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let mut file = File::open(&self.path)?;
        // What was opened is what was seen, and no link that was put in its place.
        if State::of(&file.metadata()?) != self.state {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(self.bytes).unwrap_or_default());
        (&mut file).take(self.bytes + 1).read_to_end(&mut bytes)?;
        Ok((State::of(&file.metadata()?) == self.state && bytes.len() as u64 == self.bytes).then_some(bytes))
    }
}

/// The files of ours that lie in the folder, the oldest first: of figures the newest file's stand in the end.
pub(super) fn waiting(folder: &Folder) -> Result<Vec<Drop>, LookError> {
    let failed = |error: &io::Error| unusable(&folder.path, error);
    for own in [DONE, REJECTED] {
        fs::create_dir_all(folder.path.join(own)).map_err(|error| failed(&error))?;
    }
    let mut drops = Vec::new();
    for entry in fs::read_dir(&folder.path).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        // A file that has gone since is nobody's.
        let Ok(metadata) = fs::symlink_metadata(entry.path()) else { continue };
        let name = shown(&entry.file_name());
        let is_asked_for = folder.files.is_empty() || folder.files.iter().any(|pattern| is_of(pattern, &name));
        if metadata.is_file() && is_asked_for && !is_passing(&name) {
            let (kind, state) = (FileKind::of(&name), State::of(&metadata));
            drops.push(Drop { path: entry.path(), kind, bytes: metadata.len(), name, state });
        }
    }
    drops.sort_by(|one, other| (one.state.modified, &one.name).cmp(&(other.state.modified, &other.name)));
    Ok(drops)
}

/// A file's name as people read it. Old programs write it in GB18030, which is read; of another that is no UTF-8 what cannot
/// be read is marked.
fn shown(name: &OsStr) -> String {
    let of_gb18030 = || GB18030.decode_without_bom_handling_and_without_replacement(name.as_bytes());
    match name.to_str() {
        Some(name) => name.to_owned(),
        None => of_gb18030().unwrap_or_else(|| name.to_string_lossy()).into_owned(),
    }
}

/// Since when each file has not changed, by the monotonic clock.
#[derive(Default)]
pub(super) struct Rests {
    since: HashMap<PathBuf, (State, Duration)>,
    is_at_once: bool,
}

impl Rests {
    /// Everything rests.
    pub(super) fn at_once() -> Rests {
        Rests { since: HashMap::new(), is_at_once: true }
    }

    /// Those that have not changed for so long.
    pub(super) fn ready(&mut self, drops: &[Drop], rest: Duration, now: Duration) -> Vec<Drop> {
        self.since.retain(|path, _| drops.iter().any(|drop| drop.path == *path));
        let rests = |drop: &&Drop| {
            let (state, since) = self.since.entry(drop.path.clone()).or_insert((drop.state, now));
            if *state != drop.state {
                (*state, *since) = (drop.state, now);
            }
            self.is_at_once || now.saturating_sub(*since) >= rest
        };
        drops.iter().filter(rests).cloned().collect()
    }

    /// A file has to rest again from its beginning.
    pub(super) fn disturb(&mut self, drop: &Drop) {
        self.since.remove(&drop.path);
    }

    /// A file is no longer there.
    pub(super) fn forget(&mut self, drop: &Drop) {
        self.since.remove(&drop.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_rests_once_it_has_not_changed_for_long_enough() {
        let state = |bytes| State { device: 1, inode: 1, bytes, modified: (0, 0) };
        let drop = |bytes| Drop {
            name: "a.csv".into(),
            path: "a.csv".into(),
            kind: FileKind::Csv,
            bytes,
            state: state(bytes),
        };
        let (mut rests, rest) = (Rests::default(), Duration::from_secs(2));
        let mut ready = |bytes, second| rests.ready(&[drop(bytes)], rest, Duration::from_secs(second)).len();
        assert_eq!([ready(1, 10), ready(1, 11), ready(2, 12), ready(2, 13), ready(2, 14)], [0, 0, 0, 0, 1]);
    }
}
