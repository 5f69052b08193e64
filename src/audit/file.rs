//! The file beside the store: a checkpoint a line, only ever added to.

use crate::store::ledger::checkpoint::Checkpoint;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A line is shorter than this.
const LINE_MAX: u64 = 4096;

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read or written.
    #[error("failed to use `{}`", .path.display())]
    Use {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It ends with what is no checkpoint.
    #[error("`{}` does not end with a checkpoint", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// It holds a checkpoint that the store does not: the store was cut, or set back to a backup.
    #[error("`{}` holds checkpoint {number}, which the store (at {store}) does not", .path.display())]
    Ahead {
        /// The file.
        path: PathBuf,
        /// Its newest checkpoint.
        number: u64,
        /// The store's.
        store: u64,
    },
}

/// The newest checkpoint of the file; none: there is none yet.
pub fn newest(path: &Path) -> Result<Option<Checkpoint>, FileError> {
    let failed = |source| FileError::Use { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let length = file.metadata().map_err(failed)?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LINE_MAX))).map_err(failed)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    let tail = String::from_utf8_lossy(&bytes);
    // What a crash cut short is no line: the checkpoint is written again after it.
    let whole = tail.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let Some(line) = whole.lines().rev().find(|line| !line.is_empty()) else { return Ok(None) };
    Checkpoint::parse_line(line).map(Some).ok_or_else(|| FileError::Malformed { path: path.to_owned() })
}

/// Adds those of these checkpoints that it does not hold, durable when it answers. A tool may be adding the same ones
/// beside the daemon: the file is locked meanwhile.
pub fn append(path: &Path, checkpoints: &[Checkpoint]) -> Result<(), FileError> {
    let failed = |source| FileError::Use { path: path.to_owned(), source };
    let mut file = OpenOptions::new().create(true).append(true).read(true).open(path).map_err(failed)?;
    file.lock().map_err(failed)?;
    let known = newest(path)?.map_or(0, |known| known.said.number);
    let missing = checkpoints.iter().filter(|checkpoint| checkpoint.said.number > known);
    let text: String = missing.map(|checkpoint| checkpoint.line() + "\n").collect();
    let write = |file: &mut File| {
        let start = if ends_within_a_line(file)? { "\n" } else { "" };
        file.write_all(format!("{start}{text}").as_bytes())?;
        file.sync_all()
    };
    write(&mut file).map_err(failed)
}

fn ends_within_a_line(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// All lines of the file that are checkpoints, in order, with their numbers; the rest is told apart.
pub fn read(path: &Path) -> Result<Vec<(usize, Option<Checkpoint>)>, FileError> {
    let failed = |source| FileError::Use { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut read = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(file).lines()) {
        let line = line.map_err(failed)?;
        if !line.is_empty() {
            read.push((number, Checkpoint::parse_line(&line)));
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::ledger::keys::SigningKey;
    use crate::time::Instant;

    async fn checkpoints(count: i64) -> Vec<Checkpoint> {
        let store = Store::temporary().await.unwrap();
        let key = SigningKey::parse(&SigningKey::generate()).unwrap();
        let mut made = Vec::new();
        for n in 0..count {
            store.record("exported", "{}", Instant(n)).await.unwrap();
            made.extend(store.make_checkpoint(&key, chrono_tz::UTC, Instant(n)).await.unwrap());
        }
        made
    }

    fn numbers(path: &Path) -> Vec<Option<u64>> {
        read(path).unwrap().into_iter().map(|(_, read)| read.map(|read| read.said.number)).collect()
    }

    #[tokio::test]
    async fn a_line_that_a_crash_cut_short_is_written_again_and_none_twice() {
        let (folder, made) = (tempfile::tempdir().unwrap(), checkpoints(3).await);
        let path = folder.path().join("kept");
        assert_eq!(newest(&path).unwrap(), None);
        append(&path, &made[..2]).unwrap();
        append(&path, &made[..2]).unwrap();
        assert_eq!(numbers(&path), [Some(1), Some(2)]);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 10]).unwrap();
        assert_eq!(newest(&path).unwrap().unwrap().said.number, 1);
        append(&path, &made).unwrap();
        assert_eq!(numbers(&path), [Some(1), None, Some(2), Some(3)]);
        assert_eq!(newest(&path).unwrap().as_ref(), Some(&made[2]));
    }

    #[test]
    fn another_file_is_not_added_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept");
        std::fs::write(&path, "dear diary\n").unwrap();
        assert!(matches!(newest(&path), Err(FileError::Malformed { .. })));
    }
}
