//! CSV files: any delimiter, quoted or not. A row is known by the line of the file on which it begins, blank lines counted,
//! whatever ends a line.

use super::content::{FileProblem, Reading};
use super::decode::decode;
use crate::config::sources::Folder;
use crate::source::cell::{Cell, trimmed};
use crate::text::Text;

/// What stands between columns, where nobody says: whichever the header has most of.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Reads all rows below the header.
pub(super) fn read(bytes: &[u8], folder: &Folder, reading: &mut Reading<'_>) -> Result<(), FileProblem> {
    let text = decode(bytes, folder.encoding).map_err(FileProblem::of_file)?;
    let header = u64::from(folder.header);
    let delimiter = folder.delimiter.unwrap_or_else(|| delimiter_of(&text, header));
    let mut builder = csv::ReaderBuilder::new();
    let mut rows = builder.delimiter(delimiter).flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut row = csv::StringRecord::new();
    let mut is_below = false;
    let mut last = (0, false);
    let mut lines = Lines::of(&text);
    while rows.read_record(&mut row).map_err(|error| FileProblem::of_file(malformed(&error)))? {
        let line = lines.of_row(row.position().map_or(0, csv::Position::byte));
        last = (line, row.iter().any(|cell| cell.contains('\n')));
        if is_below {
            take(line, &row, reading);
        } else if line >= header {
            reading.header(line, row.iter().map(|name| trimmed(name).to_owned()).collect())?;
            is_below = true;
        }
        reading.fold(row.iter().map(breaks).sum());
    }
    if !is_below {
        return Err(FileProblem::of_file(no_header(header)));
    }
    // A quote that is never closed takes all that follows into one cell.
    if last.1 && text.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
        reading.blame(FileProblem::of_row(last.0, unclosed()));
    }
    Ok(())
}

/// Counts lines up to where a row begins. The reader's own count lags behind: it takes the end of a line of two letters, and
/// blank lines, for parts of the row that follows.
struct Lines<'t> {
    text: &'t str,
    reached: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(text: &str) -> Lines<'_> {
        Lines { text, reached: 0, line: 1 }
    }

    /// The line of the row that the reader began to look for at this byte; rows are asked for in their order.
    fn of_row(&mut self, byte: u64) -> u64 {
        let from = usize::try_from(byte).unwrap_or(usize::MAX).clamp(self.reached, self.text.len());
        let rest = self.text.get(from..).unwrap_or_default();
        let begins = from + (rest.len() - rest.trim_start_matches(['\r', '\n']).len());
        self.line += breaks(self.text.get(self.reached..begins).unwrap_or_default());
        self.reached = begins;
        self.line
    }
}

/// How many line breaks a text has: `\r\n` is one.
fn breaks(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = |(place, byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(place + 1) != Some(&b'\n'),
        _ => false,
    };
    bytes.iter().enumerate().filter(|one| ends(*one)).count() as u64
}

fn take(line: u64, row: &csv::StringRecord, reading: &mut Reading<'_>) {
    let width = reading.width();
    let is_blank = row.iter().all(|cell| trimmed(cell).is_empty());
    let has_more = row.iter().skip(width).any(|cell| !trimmed(cell).is_empty());
    if !is_blank && (row.len() < width || has_more) {
        return reading.blame(FileProblem::of_row(line, other_width(row.len(), width)));
    }
    reading.row(line, row.iter().take(width).map(Cell::text).collect());
}

fn delimiter_of(text: &str, header: u64) -> u8 {
    let line = text.lines().nth(usize::try_from(header - 1).unwrap_or_default()).unwrap_or_default();
    let mut is_quoted = false;
    let mut counts = [0; DELIMITERS.len()];
    for byte in line.bytes() {
        is_quoted ^= byte == b'"';
        if let Some(place) = DELIMITERS.iter().position(|delimiter| *delimiter == byte).filter(|_| !is_quoted) {
            counts[place] += 1;
        }
    }
    let most = (0..DELIMITERS.len()).rev().max_by_key(|place| counts[*place]).unwrap_or_default();
    DELIMITERS[most]
}

fn malformed(error: &csv::Error) -> Text {
    Text::new(format!("不是合法的 CSV：{error}"), format!("not a CSV file: {error}"))
}

fn no_header(header: u64) -> Text {
    Text::new(
        format!("没有第 {header} 行，那里应是表头"),
        format!("there is no row {header}, where the header should be"),
    )
}

fn unclosed() -> Text {
    Text::new("有一个引号没有配对，后面的行都被它包了进去", "a quote is not closed, and takes in all that follows")
}

fn other_width(found: usize, width: usize) -> Text {
    Text::new(
        format!("有 {found} 列，表头有 {width} 列；单元格里有分隔符或换行的要加引号"),
        format!("{found} columns under a header of {width}: cells with delimiters or line breaks need quotes"),
    )
}
