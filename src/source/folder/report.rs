//! What people who drop files get to read, and where their files go.

use super::content::FileProblem;
use super::drop::{DONE, Drop, REJECTED};
use super::unusable;
use crate::clock;
use crate::config::sources::Folder;
use crate::source::look::LookError;
use crate::store::sources::SourceCounts;
use crate::text::Lang;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What stands behind a file's name in its report's.
const END: &str = ".report.csv";
/// Spreadsheets know UTF-8 by its mark.
const BOM: &str = "\u{feff}";

/// What became of a file.
pub(super) enum Report {
    Taken { rows: u64, counts: SourceCounts },
    Refused(Vec<FileProblem>),
}

impl Report {
    pub(super) fn taken(rows: u64, counts: SourceCounts) -> Report {
        Report::Taken { rows, counts }
    }

    pub(super) fn refused(problems: Vec<FileProblem>) -> Report {
        Report::Refused(problems)
    }

    /// What became of the file's events, or of the file.
    pub(super) fn counts(&self) -> SourceCounts {
        match self {
            Report::Taken { counts, .. } => *counts,
            Report::Refused(_) => SourceCounts { refused: 1, ..SourceCounts::default() },
        }
    }

    /// Writes the report, then moves the file beside it: a crash in between takes the file again.
    pub(super) fn put_beside(&self, file: &Drop, folder: &Folder, lang: Lang) -> Result<(), LookError> {
        let under = folder.path.join(match self {
            Report::Taken { .. } => DONE,
            Report::Refused(_) => REJECTED,
        });
        let name = free_name(&under, &file.name);
        let put = || -> io::Result<()> {
            fs::write(under.join(format!("{name}{END}")), self.text(lang))?;
            fs::rename(&file.path, under.join(&name))
        };
        put().map_err(|error| unusable(&under, &error))
    }

    fn text(&self, lang: Lang) -> String {
        let rows = match self {
            Report::Taken { rows, counts } => summary(*rows, *counts, lang),
            Report::Refused(problems) => table(problems, lang),
        };
        let lines: Vec<String> =
            rows.iter().map(|row| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",")).collect();
        format!("{BOM}{}\r\n", lines.join("\r\n"))
    }
}

fn summary(rows: u64, counts: SourceCounts, lang: Lang) -> Vec<Vec<String>> {
    let names = match lang {
        Lang::Zh => ["结果", "行数", "新增", "重复", "已有而属性不同（以先收的为准）"],
        Lang::En => ["result", "rows", "new", "known", "known with other attributes (the first stand)"],
    };
    let result = match lang {
        Lang::Zh => "已收",
        Lang::En => "taken",
    };
    let numbers = [rows, counts.taken, counts.duplicates, counts.changed].map(|number| number.to_string());
    vec![names.map(str::to_owned).into(), std::iter::once(result.to_owned()).chain(numbers).collect()]
}

fn table(problems: &[FileProblem], lang: Lang) -> Vec<Vec<String>> {
    let names = match lang {
        Lang::Zh => ["行", "列", "原因"],
        Lang::En => ["row", "column", "reason"],
    };
    let row = |problem: &FileProblem| {
        let row = problem.row.map(|row| row.to_string()).unwrap_or_default();
        vec![row, problem.column.clone().unwrap_or_default(), problem.reason.in_lang(lang).to_owned()]
    };
    std::iter::once(names.map(str::to_owned).into()).chain(problems.iter().map(row)).collect()
}

/// A cell as CSV has it. What a spreadsheet would take for a formula is made a text.
fn quoted(cell: &str) -> String {
    let cell = if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// No name is longer, and a report's is longer than its file's by its end, and by a number.
const NAME_BYTES_MAX: usize = 255 - END.len() - 8;

/// A name so short that its report's is none too long. The end, by which programs know what it is, is kept.
fn cut<'n>(stem: &'n str, end: &str) -> &'n str {
    let max = NAME_BYTES_MAX.saturating_sub(end.len());
    &stem[..stem.floor_char_boundary(max)]
}

/// The file's name, or with a number where another file of this name lies there already.
fn free_name(under: &Path, name: &str) -> String {
    let (stem, end) = match name.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() && end.len() < 32 => (stem, format!(".{end}")),
        _ => (name, String::new()),
    };
    let stem = cut(stem, &end);
    let name = format!("{stem}{end}");
    let names = std::iter::once(name.clone()).chain((2..).map(|number| format!("{stem}-{number}{end}")));
    let is_free = |name: &String| fs::symlink_metadata(under.join(name)).is_err();
    names.into_iter().find(is_free).unwrap_or(name)
}

/// Removes files that were moved more than so many days ago, each with its report. The report tells when that was; what has
/// none is none of ours.
pub(super) fn remove_old(folder: &Folder, days: u32) {
    let since = clock::now().plus_ms(-i64::from(days) * 24 * 3_600_000);
    let is_old = |path: &Path| fs::metadata(path).is_ok_and(|file| file.mtime() < since.0.div_euclid(1000));
    for under in [DONE, REJECTED].map(|name| folder.path.join(name)) {
        let entries = fs::read_dir(&under).into_iter().flatten().filter_map(Result::ok);
        for report in entries.map(|entry| entry.path()).filter(|path| is_old(path)) {
            let name = report.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Some(file) = name.strip_suffix(END) {
                // The file first: what is left of a stop in between is removed next time.
                let _ = fs::remove_file(under.join(file));
                let _ = fs::remove_file(&report);
            }
        }
    }
}

/// The files that were refused and lie there still.
pub(super) fn refused_files(folder: &Folder) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder.path.join(REJECTED)) else { return Vec::new() };
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_one = |path: &PathBuf| path.is_file() && !path.to_string_lossy().ends_with(END);
    files.filter(is_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    #[test]
    fn a_report_opens_in_a_spreadsheet_and_holds_no_formula() {
        let problems = vec![
            FileProblem { row: Some(3), column: Some("=x".into()), reason: Text::new("甲，\"乙\",丙", "x") },
            FileProblem::of_file(Text::new("空的", "empty")),
        ];
        let text = Report::refused(problems).text(Lang::Zh);
        assert_eq!(text, "\u{feff}行,列,原因\r\n3,'=x,\"甲，\"\"乙\"\",丙\"\r\n,,空的\r\n");
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let folder = tempfile::tempdir().unwrap();
        for (name, expected) in
            [("a.csv", "a.csv"), ("a.csv", "a-2.csv"), ("a.csv", "a-3.csv"), ("b", "b"), ("b", "b-2")]
        {
            let free = free_name(folder.path(), name);
            assert_eq!(free, expected);
            fs::write(folder.path().join(free), "").unwrap();
        }
    }
}
