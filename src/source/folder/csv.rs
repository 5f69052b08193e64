//! CSV files: any delimiter, quoted or not.

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
    while rows.read_record(&mut row).map_err(|error| FileProblem::of_file(malformed(&error)))? {
        let line = row.position().map_or(0, csv::Position::line);
        last = (line, row.iter().any(|cell| cell.contains('\n')));
        if is_below {
            take(line, &row, reading);
        } else if line >= header {
            reading.header(line, row.iter().map(|name| trimmed(name).to_owned()).collect())?;
            is_below = true;
        }
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
