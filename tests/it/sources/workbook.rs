//! Workbooks as spreadsheets write them, made by hand.

use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A cell.
#[derive(Clone, Copy)]
pub enum C<'a> {
    /// Nothing.
    None,
    /// A text.
    T(&'a str),
    /// A number.
    N(f64),
    /// A date, shown as one.
    D(f64),
    /// A time, shown with its time of the day.
    DT(f64),
    /// An error.
    E(&'a str),
}

/// A workbook of one sheet with these rows and merged regions.
pub fn workbook(rows: &[Vec<C<'_>>], merged: &[&str]) -> Vec<u8> {
    packed(&sheet(rows, merged))
}

/// A workbook whose sheet is this XML.
pub fn packed(sheet: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", RELATIONS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS),
        ("xl/styles.xml", STYLES),
        ("xl/worksheets/sheet1.xml", sheet),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sheet(rows: &[Vec<C<'_>>], merged: &[&str]) -> String {
    let rows: Vec<String> = (1..).zip(rows).map(|(number, cells)| row(number, cells)).collect();
    let regions: Vec<String> = merged.iter().map(|region| format!(r#"<mergeCell ref="{region}"/>"#)).collect();
    let regions = match merged.len() {
        0 => String::new(),
        count => format!(r#"<mergeCells count="{count}">{}</mergeCells>"#, regions.concat()),
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData>{regions}</worksheet>"#,
        rows.concat()
    )
}

fn row(number: usize, cells: &[C<'_>]) -> String {
    let cells: Vec<String> =
        ('A'..).zip(cells).map(|(column, written)| cell(&format!("{column}{number}"), *written)).collect();
    format!(r#"<row r="{number}">{}</row>"#, cells.concat())
}

fn cell(name: &str, written: C<'_>) -> String {
    match written {
        C::None => String::new(),
        C::T(said) => format!(r#"<c r="{name}" t="inlineStr"><is><t>{said}</t></is></c>"#),
        C::N(number) => format!(r#"<c r="{name}"><v>{number}</v></c>"#),
        C::D(number) => format!(r#"<c r="{name}" s="1"><v>{number}</v></c>"#),
        C::DT(number) => format!(r#"<c r="{name}" s="2"><v>{number}</v></c>"#),
        C::E(error) => format!(r#"<c r="{name}" t="e"><v>{error}</v></c>"#),
    }
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="工单" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const WORKBOOK_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>"#;
