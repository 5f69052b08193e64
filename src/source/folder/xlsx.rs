//! XLSX files: one worksheet, cell by cell.
//!
//! Cells are taken as they come, never as the rectangle that a sheet says it fills: one stray cell in the last row would
//! make that rectangle larger than any memory. How much a file unpacks to is measured before it is read.

use super::content::{FileProblem, Reading};
use crate::config::sources::Folder;
use crate::source::cell::Cell;
use crate::text::Text;
use crate::text::want::instead;
use calamine::{
    Cell as Read, DataRef, Dimensions, ExcelDateTime, Reader, Sheet, SheetType, SheetVisible, Style, Xlsx, XlsxError,
};
use chrono::{NaiveTime, TimeDelta, Timelike};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A file may unpack to so many times the largest file that is taken.
const UNPACKED_TIMES: u64 = 16;
/// A header with more columns is none.
const COLUMNS_MAX: u32 = 1000;
/// Whole numbers from here on have more digits than a spreadsheet keeps.
const DIGITS_LOST: f64 = 1e15;

type Workbook<'b> = Xlsx<Cursor<&'b [u8]>>;

/// Reads all rows below the header.
pub(super) fn read(bytes: &[u8], folder: &Folder, reading: &mut Reading<'_>) -> Result<(), FileProblem> {
    unpacks_to_a_bearable_size(bytes, folder.bytes_max.saturating_mul(UNPACKED_TIMES))?;
    // What is malformed in a way that the library did not foresee is a malformed file, and no more.
    let read = catch_unwind(AssertUnwindSafe(|| read_sheet(bytes, folder, reading)));
    read.unwrap_or_else(|_| Err(FileProblem::of_file(malformed())))
}

fn read_sheet(bytes: &[u8], folder: &Folder, reading: &mut Reading<'_>) -> Result<(), FileProblem> {
    let mut workbook: Workbook<'_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
    let sheet = sheet_of(workbook.sheets_metadata(), folder.sheet.as_deref())?;
    let merged = workbook.merge_cells_by_sheet_name(&sheet).map_err(|error| unreadable(&error))?;
    let header = folder.header - 1;
    if let Some(region) = merged.iter().find(|region| region.start.0 <= header && header <= region.end.0) {
        return Err(FileProblem::of_row(u64::from(folder.header), merged_header(region)));
    }
    let reader = workbook.worksheet_cells_reader(&sheet).map_err(|error| unreadable(&error))?;
    let mut rows = Rows { reader, next: None, is_at_end: false };
    let mut merged = Merged::new(merged);
    let mut names = None;
    while let Some((row, cells)) = rows.next_row()? {
        match &names {
            None if row < header => {}
            None => names = Some(take_header(row, &cells, folder, reading)?),
            Some(()) => take_row(row, cells, &mut merged, reading),
        }
    }
    names.ok_or_else(|| FileProblem::of_file(no_header(folder.header)))
}

fn take_header(row: u32, cells: &Cells, folder: &Folder, reading: &mut Reading<'_>) -> Result<(), FileProblem> {
    let width = cells.iter().filter(|(_, cell)| **cell != Cell::Empty).map(|(column, _)| column + 1).max().unwrap_or(0);
    if row != folder.header - 1 || width == 0 {
        return Err(FileProblem::of_file(no_header(folder.header)));
    }
    if width > COLUMNS_MAX {
        return Err(FileProblem::of_row(u64::from(row) + 1, too_wide()));
    }
    let name = |column: u32| cells.get(&column).map(Cell::written).unwrap_or_default();
    reading.header(u64::from(row) + 1, (0..width).map(name).collect())
}

fn take_row(row: u32, mut cells: Cells, merged: &mut Merged, reading: &mut Reading<'_>) {
    let (number, width) = (u64::from(row) + 1, u32::try_from(reading.width()).unwrap_or(u32::MAX));
    cells.retain(|_, cell| *cell != Cell::Empty);
    // Merged cells hold a value in their first alone: the others would seem empty.
    if let Some(region) = merged.at(row, width) {
        return reading.blame(FileProblem::of_row(number, merged_cells(&region)));
    }
    if let Some(column) = cells.keys().find(|column| **column >= width) {
        return reading.blame(FileProblem::of_row(number, beyond_header(&letters(*column))));
    }
    reading.row(number, (0..width).map(|column| cells.remove(&column).unwrap_or(Cell::Empty)).collect());
}

/// Merged regions, asked for rows that ascend.
struct Merged {
    /// By where they begin, the first last.
    regions: Vec<Dimensions>,
    /// Of those that have begun the one that ends last.
    begun: Option<Dimensions>,
}

impl Merged {
    fn new(mut regions: Vec<Dimensions>) -> Merged {
        regions.sort_by_key(|region| std::cmp::Reverse(region.start.0));
        Merged { regions, begun: None }
    }

    /// A region of which this row is a part, below the columns that have names.
    fn at(&mut self, row: u32, width: u32) -> Option<Dimensions> {
        while let Some(region) = self.regions.pop_if(|region| region.start.0 <= row) {
            if region.start.1 < width && self.begun.is_none_or(|begun| begun.end.0 < region.end.0) {
                self.begun = Some(region);
            }
        }
        self.begun.filter(|begun| row <= begun.end.0)
    }
}

/// Those of a row by their columns.
type Cells = BTreeMap<u32, Cell>;

/// Cells put together to rows. Those of a row come one after the other.
struct Rows<'a, 'b> {
    reader: calamine::XlsxCellReader<'a, Cursor<&'b [u8]>>,
    next: Option<(u32, u32, Cell)>,
    /// Asked again behind its end, the reader finds fault with it.
    is_at_end: bool,
}

impl Rows<'_, '_> {
    fn next_row(&mut self) -> Result<Option<(u32, Cells)>, FileProblem> {
        let Some((row, column, cell)) = self.next_cell()? else { return Ok(None) };
        let mut cells = Cells::from([(column, cell)]);
        while let Some((other, column, cell)) = self.next_cell()? {
            if other != row {
                if other < row {
                    return Err(FileProblem::of_file(malformed()));
                }
                self.next = Some((other, column, cell));
                break;
            }
            cells.insert(column, cell);
        }
        Ok(Some((row, cells)))
    }

    fn next_cell(&mut self) -> Result<Option<(u32, u32, Cell)>, FileProblem> {
        if let Some(next) = self.next.take() {
            return Ok(Some(next));
        }
        if self.is_at_end {
            return Ok(None);
        }
        let read = self.reader.next_cell_with_style_id().map_err(|error| unreadable(&error))?;
        let Some((read, style)) = read else {
            self.is_at_end = true;
            return Ok(None);
        };
        let (row, column) = read.get_position();
        Ok(Some((row, column, cell(&read, self.reader.styles().get(style)))))
    }
}

fn cell(read: &Read<DataRef<'_>>, style: Option<&Style>) -> Cell {
    match read.get_value() {
        DataRef::Empty => Cell::Empty,
        DataRef::Int(number) => Cell::Number(number.to_string()),
        DataRef::Float(number) if number.abs() >= DIGITS_LOST => Cell::Unreadable(digits_lost()),
        DataRef::Float(number) => Cell::float(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        DataRef::Bool(value) => Cell::Boolean(*value),
        DataRef::DateTime(time) => time_cell(*time, style),
        DataRef::Error(error) => Cell::Unreadable(Text::new(
            format!("单元格里是错误值 {error}"),
            format!("the cell holds the error {error}"),
        )),
    }
}

/// A whole day is a date where the cell shows no time of the day: else it is midnight.
fn time_cell(time: ExcelDateTime, style: Option<&Style>) -> Cell {
    let Some(local) = time.as_datetime().filter(|_| time.is_datetime()) else { return Cell::float(time.as_f64()) };
    // A serial number is a fraction of a day: it misses whole seconds by less than a millisecond.
    let local = match local.nanosecond() / 1_000_000 {
        1 => local - TimeDelta::milliseconds(1),
        999 => local + TimeDelta::milliseconds(1),
        _ => local,
    };
    if local.time() == NaiveTime::MIN && !shows_time(style) { Cell::Date(local.date()) } else { Cell::Local(local) }
}

fn shows_time(style: Option<&Style>) -> bool {
    let Some(format) = style.and_then(|style| style.number_format.as_ref()) else { return false };
    // What stands in quotes or brackets, such as a colour, is no letter of the format.
    let mut depth = 0_u32;
    let mut is_quoted = false;
    format.format_code.chars().any(|letter| {
        match letter {
            '"' => is_quoted = !is_quoted,
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        !is_quoted && depth == 0 && matches!(letter, 'h' | 'H' | 's' | 'S')
    })
}

fn sheet_of(sheets: &[Sheet], named: Option<&str>) -> Result<String, FileProblem> {
    let tables = || sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let Some(named) = named else {
        let first = tables().find(|sheet| sheet.visible == SheetVisible::Visible);
        return first.map(|sheet| sheet.name.clone()).ok_or_else(|| FileProblem::of_file(malformed()));
    };
    let found = tables().find(|sheet| sheet.name == named).map(|sheet| sheet.name.clone());
    found.ok_or_else(|| {
        let near = instead(named, tables().map(|sheet| sheet.name.as_str()));
        FileProblem::of_file(Text::new(
            format!("没有名为“{named}”的工作表；{}", near.zh),
            format!("there is no worksheet `{named}`; {}", near.en),
        ))
    })
}

/// Unpacks everything into nothing, to see how much it is: what a file says of itself may be wrong.
fn unpacks_to_a_bearable_size(bytes: &[u8], most: u64) -> Result<(), FileProblem> {
    let not_a_workbook = |_| FileProblem::of_file(malformed());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| no_workbook(bytes))?;
    let mut left = most;
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(|error| not_a_workbook(io::Error::from(error)))?;
        let unpacked = io::copy(&mut entry.take(left + 1), &mut io::sink()).map_err(not_a_workbook)?;
        left = left.checked_sub(unpacked).ok_or_else(|| FileProblem::of_file(unpacks_too_large()))?;
    }
    Ok(())
}

/// A workbook with a password is a container of the old kind, as is what only bears the name of a new one.
fn no_workbook(bytes: &[u8]) -> FileProblem {
    const OLD: &[u8] = b"\xd0\xcf\x11\xe0";
    FileProblem::of_file(if bytes.starts_with(OLD) { old_or_locked() } else { malformed() })
}

fn unreadable(error: &XlsxError) -> FileProblem {
    FileProblem::of_file(if matches!(error, XlsxError::Password) { old_or_locked() } else { malformed() })
}

/// `0` is `A`.
fn letters(column: u32) -> String {
    let last = char::from(b'A' + u8::try_from(column % 26).unwrap_or_default());
    if column < 26 { last.to_string() } else { format!("{}{last}", letters(column / 26 - 1)) }
}

fn range(region: &Dimensions) -> String {
    let (start, end) = (region.start, region.end);
    format!("{}{}:{}{}", letters(start.1), start.0 + 1, letters(end.1), end.0 + 1)
}

fn merged_header(region: &Dimensions) -> Text {
    let (range, below) = (range(region), region.end.0 + 2);
    Text::new(
        format!("这一行有合并单元格（{range}），而表头要一格一列；请取消合并，或者表头在下面的写 header: {below}"),
        format!("merged cells ({range}) where each column needs a name: unmerge them, or write `header: {below}`"),
    )
}

fn merged_cells(region: &Dimensions) -> Text {
    let range = range(region);
    Text::new(
        format!("这一行有合并单元格（{range}），只有第一格有值；请取消合并，每格填上"),
        format!("merged cells ({range}) have a value in the first alone: unmerge and fill them"),
    )
}

fn beyond_header(column: &str) -> Text {
    Text::new(format!("{column} 列有内容，那里却没有列名"), format!("column {column} holds something, but has no name"))
}

fn no_header(header: u32) -> Text {
    Text::new(
        format!("第 {header} 行是空的，那里应是表头"),
        format!("row {header} is empty, where the header should be"),
    )
}

fn too_wide() -> Text {
    Text::new(format!("表头超过 {COLUMNS_MAX} 列"), format!("the header has more than {COLUMNS_MAX} columns"))
}

fn digits_lost() -> Text {
    Text::new(
        "数字超过 15 位，表格软件已经丢了末几位；请把这一列设为文本后重新导出",
        "a number of more than 15 digits, of which a spreadsheet loses the last: export the column as text",
    )
}

fn malformed() -> Text {
    Text::new(
        "不是完好的 .xlsx 文件；请用 Excel 或 WPS 打开后另存一份",
        "not a whole .xlsx file: open it and save it anew",
    )
}

fn old_or_locked() -> Text {
    Text::new(
        "文件有密码，或其实是旧的 .xls；请去掉密码，另存为 .xlsx",
        "the file has a password, or is an old .xls: save it as .xlsx",
    )
}

fn unpacks_too_large() -> Text {
    Text::new("文件解开后太大，不予读取", "the file unpacks to too much")
}
