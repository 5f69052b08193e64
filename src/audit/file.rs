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

/// Adds checkpoints, durable when it answers.
pub fn append(path: &Path, checkpoints: &[Checkpoint]) -> Result<(), FileError> {
    let failed = |source| FileError::Use { path: path.to_owned(), source };
    let text: String = checkpoints.iter().map(|checkpoint| checkpoint.line() + "\n").collect();
    let write = || {
        let mut file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        let start = if ends_within_a_line(&mut file)? { "\n" } else { "" };
        file.write_all(format!("{start}{text}").as_bytes())?;
        file.sync_all()
    };
    write().map_err(failed)
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
