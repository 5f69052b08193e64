//! The rule files as one value: read from where operators keep them, and laid out again to be read.

use crate::store::versions::Files;
use std::io;
use std::path::{Path, PathBuf};

const RULES: &str = "rules";
const CALENDARS: &str = "calendars";
/// Beyond this nothing is read: no rules directory is so deep, and a link that leads back into itself ends here.
const DEPTH_MAX: usize = 4;
/// Files beyond this are no rules (a reader of rules refuses them, too).
const BYTES_MAX: u64 = 4 << 20;

/// Reads both directories. Rule tests, hidden files and what is no text are left out: they decide nothing.
pub(super) fn read(rules: &Path, calendars: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    read_folder(rules, RULES, 0, &mut files)?;
    read_folder(calendars, CALENDARS, 0, &mut files)?;
    Ok(files)
}

fn read_folder(folder: &Path, name: &str, depth: usize, files: &mut Files) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(own) = path.file_name().and_then(|own| own.to_str()).filter(|own| !own.starts_with('.')) else {
            continue;
        };
        let name = format!("{name}/{own}");
        let kind = std::fs::metadata(&path)?;
        if kind.is_dir() && depth < DEPTH_MAX && name != "rules/tests" {
            read_folder(&path, &name, depth + 1, files)?;
        } else if kind.is_file()
            && kind.len() <= BYTES_MAX
            && !own.ends_with('~')
            && let Ok(text) = String::from_utf8(std::fs::read(&path)?)
        {
            files.insert(name, text);
        }
    }
    Ok(())
}

/// Writes files into a folder of their own, which goes when it is dropped.
pub(crate) fn lay_out(files: &Files) -> io::Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new().prefix("duban-rules-").tempdir()?;
    let (rules, calendars) = places(folder.path());
    std::fs::create_dir(rules)?;
    std::fs::create_dir(calendars)?;
    for (name, text) in files {
        let path = folder.path().join(name);
        // A name from the store never leads out of the folder.
        if !path.components().all(|part| !matches!(part, std::path::Component::ParentDir)) {
            continue;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(folder)
}

/// Where rules and calendars lie in such a folder.
pub(crate) fn places(folder: &Path) -> (PathBuf, PathBuf) {
    (folder.join(RULES), folder.join(CALENDARS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_laid_out_reads_the_same() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("r/vocabulary.yaml", "order: {}"),
            ("r/templates/yellow-card.txt", "甲"),
            ("r/tests/a.yaml", "left out"),
            ("r/.hidden.yaml", "left out"),
            ("r/x.yaml~", "left out"),
            ("c/cn.yaml", "calendar: cn"),
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let files = read(&folder.path().join("r"), &folder.path().join("c")).unwrap();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["calendars/cn.yaml", "rules/templates/yellow-card.txt", "rules/vocabulary.yaml"]);
        let laid_out = lay_out(&files).unwrap();
        let (rules, calendars) = places(laid_out.path());
        assert_eq!(read(&rules, &calendars).unwrap(), files);
    }

    #[test]
    fn a_directory_that_vanished_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(&folder.path().join("gone"), folder.path()).is_err());
    }
}
