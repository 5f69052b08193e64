//! `kind: folder`: which files, and how they are written.

use super::super::{Base, way};
use crate::config::sources::{Encoding, Folder};
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields, report};
use std::time::Duration;

const BYTES_MAX: u64 = 64 << 20;
const MIB_MAX: u64 = 1024;
const REST: Duration = Duration::from_secs(2);
/// The columns' names stand in one of the first rows.
const HEADER_MAX: u32 = 100;

/// Reads it.
pub(super) fn folder(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<Folder> {
    let path = fields.required("path", problems).and_then(|node| base.path(node, problems));
    let files = fields.optional("files").map(|node| want::words(node, problems)).unwrap_or_default();
    let encoding = fields.optional("encoding").map(|node| want::one_of(node, &Encoding::WORDS, problems));
    let delimiter = fields.optional("delimiter").map(|node| delimiter(node, problems));
    let sheet = fields.optional("sheet").and_then(|node| want::word(node, problems));
    let header = fields.optional("header").map(|node| header(node, problems));
    let bytes_max = fields.optional("size_max").map(|node| size(node, problems));
    let keep = fields.optional("keep").map(|node| days(node, problems));
    let rest = fields.optional("rest").and_then(|node| way::elapsed(node, (0, 3600), problems));
    Some(Folder {
        path: path?,
        files: files.into_iter().map(|word| word.text.to_owned()).collect(),
        encoding: encoding.unwrap_or(Some(Encoding::Auto))?,
        delimiter: delimiter.map_or(Some(None), |given| given.map(Some))?,
        sheet: sheet.map(|word| word.text.to_owned()),
        header: header.unwrap_or(Some(1))?,
        bytes_max: bytes_max.unwrap_or(Some(BYTES_MAX))?,
        rest: rest.unwrap_or(REST),
        keep_days: keep.map_or(Some(None), |given| given.map(Some))?,
    })
}

/// One character of ASCII, or the word `tab`.
fn delimiter(node: &Node, problems: &mut Problems) -> Option<u8> {
    let word = want::word(node, problems)?;
    match word.text.as_bytes() {
        b"tab" | b"\\t" => Some(b'\t'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n".contains(byte) => Some(*byte),
        _ => {
            let message = Text::new("此处应为一个分隔符", "expected one delimiter");
            let hint = Text::new("例如 \",\"、\";\"、\"|\"、tab", "such as \",\", \";\", \"|\" or tab");
            report(Problem::error(word.place, "unknown-value", message).hint(hint), problems)
        }
    }
}

fn header(node: &Node, problems: &mut Problems) -> Option<u32> {
    let number = want::integer(node, problems)?;
    (1..=HEADER_MAX).contains(&number).then_some(number).or_else(|| {
        let message = Text::new("此处应为 1 至 100", "expected 1 to 100");
        let hint = Text::new("列名所在的行，缺省 1", "the row in which the columns' names stand; the default is 1");
        report(Problem::error(&node.place, "malformed-number", message).hint(hint), problems)
    })
}

/// `90 days`.
fn days(node: &Node, problems: &mut Problems) -> Option<u32> {
    let word = want::word(node, problems)?;
    let digits = word.text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let is_unit = matches!(word.text[digits.len()..].trim(), "day" | "days" | "天" | "日");
    let days = digits.trim().parse().ok().filter(|days| is_unit && (1..=36_500).contains(days));
    days.or_else(|| {
        let message = Text::new("此处应为 1 天以上的时长", "expected a number of days");
        let hint = Text::new("例如 90 天", "such as 90 days");
        report(Problem::error(word.place, "malformed-span", message).hint(hint), problems)
    })
}

/// `64 MB`.
fn size(node: &Node, problems: &mut Problems) -> Option<u64> {
    let word = want::word(node, problems)?;
    let digits = word.text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let is_unit = matches!(word.text[digits.len()..].trim(), "MB" | "MiB" | "M" | "兆");
    let mib = digits.trim().parse().ok().filter(|mib| is_unit && (1..=MIB_MAX).contains(mib));
    mib.map(|mib: u64| mib << 20).or_else(|| {
        let message = Text::new("此处应为 1 MB 至 1024 MB", "expected 1 MB to 1024 MB");
        let hint = Text::new("例如 64 MB", "such as 64 MB");
        report(Problem::error(word.place, "malformed-size", message).hint(hint), problems)
    })
}
