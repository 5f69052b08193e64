//! Texts in columns: a Chinese character takes two cells of a terminal.

use unicode_width::UnicodeWidthStr;

/// How many cells a text takes.
pub(super) fn cells(text: &str) -> usize {
    text.width()
}

/// The text with spaces behind it.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(cells(text))))
}

/// The text with spaces before it.
pub(super) fn aligned_right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(cells(text))))
}

/// Writes rows of cells: the first column to the left, the others to the right, each as wide as its widest cell.
pub(super) fn rows(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|text| cells(text)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cell = |(column, text): (usize, &String)| match column {
            0 => padded(text, widths[0]),
            _ => aligned_right(text, widths[column]),
        };
        row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect()
}
