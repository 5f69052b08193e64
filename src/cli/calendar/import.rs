//! `duban calendar import`: a calendar file from published holiday tables, and what it would change.
//!
//! The calendar goes to stdout, or to a file whole or not at all; what changes and what is odd, to stderr. What stands in
//! the calendar's file now is kept but for the years that are taken in.

use super::{directory, fail};
use crate::calendar::published::changes::Changes;
use crate::calendar::published::file::{CalendarFile, Written};
use crate::calendar::published::{self, Arrangement, PublishedError, Table};
use crate::cli::Common;
use crate::text::problem::Problems;
use crate::text::{Lang, Text, yaml};
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// 由公布的放假安排（holiday-cn 的 JSON，或 .ics）写成日历文件 [a calendar file from published holiday tables]
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 放假安排，可多个；- 为标准输入 [holiday tables, several at will; - is standard input]
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// 日历名 [the calendar's name]
    #[arg(long, default_value = "cn", value_parser = calendar_name)]
    name: String,
    /// 写到这个文件（默认打印） [write to this file; default: print]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 写进日历目录的 NAME.yaml；不在输入中的年份和注释保留 [write into NAME.yaml of the calendars directory]
    #[arg(long, conflicts_with = "out")]
    write: bool,
    /// 通知文号，可多个，如 2027=国办发明电〔2026〕7号 [the notice's number, YEAR=NUMBER, several at will]
    #[arg(long, value_name = "YEAR=NUMBER", value_parser = year_and_number)]
    notice: Vec<(i32, String)>,
}

fn calendar_name(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && !text.starts_with('.') && !text.contains(['/', '\\', '"', '\n']);
    is_name.then(|| text.to_owned()).ok_or_else(|| "a name such as `cn`".to_owned())
}

fn year_and_number(text: &str) -> Result<(i32, String), String> {
    let parts = text.split_once('=').and_then(|(year, number)| Some((year.trim().parse().ok()?, number.trim())));
    let parts = parts.filter(|(_, number)| !number.is_empty() && !number.contains(char::is_control));
    parts
        .map(|(year, number)| (year, number.to_owned()))
        .ok_or_else(|| "YEAR=NUMBER, 2027=国办发明电〔2026〕7号".to_owned())
}

pub(super) fn run(common: &Common, args: &Args) -> Result<io::Result<()>, ExitCode> {
    let mut arrangement = arrangement(common.lang, &args.files)?;
    args.notice.iter().cloned().for_each(|(year, number)| arrangement.name_notice(year, number));
    let target = directory(common)?.join(format!("{}.yaml", args.name));
    let written = standing(common, &target, &args.name)?.with(&arrangement);
    proven(common, &target, &written.text)?;
    tell(common.lang, &target, &arrangement, &written.changes);
    let done = match (&args.out, args.write) {
        (Some(out), _) => put(common.lang, out, &written),
        (None, true) if written.changes.is_empty() && target.exists() => Ok(()),
        (None, true) => put(common.lang, &target, &written),
        (None, false) => return Ok(io::stdout().lock().write_all(written.text.as_bytes())),
    };
    done.map(Ok)
}

/// What the files say together; where one cannot be read or two contradict each other, that has been told.
fn arrangement(lang: Lang, files: &[PathBuf]) -> Result<Arrangement, ExitCode> {
    let mut tables = Vec::new();
    let mut refused = None;
    for file in files {
        match table(lang, file) {
            Ok(table) => tables.push(table),
            Err(exit) => refused = Some(exit),
        }
    }
    if let Some(exit) = refused {
        return Err(exit);
    }
    Arrangement::of(tables).map_err(|wrong| {
        for wrong in &wrong {
            say_wrong(lang, wrong);
        }
        ExitCode::from(1)
    })
}

fn table(lang: Lang, file: &Path) -> Result<Table, ExitCode> {
    let name = file.display().to_string();
    let bytes = bytes_of(file).map_err(|error| {
        fail(lang, &format!("无法读取“{name}”：{error}"), &format!("`{name}` cannot be read: {error}"))
    })?;
    published::read(&name, &bytes).map_err(|wrong| {
        say_wrong(lang, &wrong);
        ExitCode::from(if matches!(wrong, PublishedError::Contradiction { .. }) { 1 } else { 2 })
    })
}

/// A table of a century has less.
const BYTES_MAX: u64 = 16 << 20;

fn bytes_of(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::stdin().lock().take(BYTES_MAX).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(file)?.take(BYTES_MAX).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn say_wrong(lang: Lang, wrong: &PublishedError) {
    let text = wrong.text();
    fail(lang, &text.zh, &text.en);
}

/// The calendar's file as it stands; one with mistakes is not written over, for what it means is not known.
fn standing(common: &Common, target: &Path, name: &str) -> Result<CalendarFile, ExitCode> {
    if !target.exists() {
        return Ok(CalendarFile::new(name));
    }
    let mut problems = Problems::new();
    let file = yaml::read_file(target, &mut problems).map(|root| CalendarFile::of(&root, &mut problems));
    file.filter(|_| !problems.has_errors()).ok_or_else(|| common.refuse(problems))
}

/// Whether what is to be written reads as a calendar.
fn proven(common: &Common, target: &Path, text: &str) -> Result<(), ExitCode> {
    let mut problems = Problems::new();
    let root = yaml::read(&target.display().to_string(), text.as_bytes(), &mut problems);
    root.map(|root| CalendarFile::of(&root, &mut problems));
    if problems.has_errors() { Err(common.refuse(problems)) } else { Ok(()) }
}

fn tell(lang: Lang, target: &Path, arrangement: &Arrangement, changes: &Changes) {
    let target = target.display();
    let years = runs(&arrangement.years);
    let text = if changes.is_empty() {
        let zh = format!("{target}：与 {years} 年的安排一致，没有变化");
        Text::new(zh, format!("{target}: agrees with {years}, nothing changes"))
    } else {
        Text::new(format!("{target}，{years} 年："), format!("{target}, {years}:"))
    };
    eprintln!("{}", text.in_lang(lang));
    changes.lines(lang).iter().for_each(|line| eprintln!("{line}"));
    let numberless = arrangement.years.iter().filter(|year| has_no_number(arrangement, **year));
    let remarks = arrangement
        .remarks
        .iter()
        .cloned()
        .chain(missing(&changes.missing))
        .chain(numberless.copied().map(numberless_of));
    for remark in remarks {
        match lang {
            Lang::Zh => eprintln!("警告：{}", remark.zh),
            Lang::En => eprintln!("warning: {}", remark.en),
        }
    }
}

/// `2018–2024、2026`.
fn runs(years: &BTreeSet<i32>) -> String {
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for &year in years {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == year => *last = year,
            _ => runs.push((year, year)),
        }
    }
    let run = |(first, last)| if first == last { format!("{first}") } else { format!("{first}–{last}") };
    runs.into_iter().map(run).collect::<Vec<_>>().join("、")
}

fn has_no_number(arrangement: &Arrangement, year: i32) -> bool {
    arrangement.notices.get(&year).is_none_or(|notices| notices.iter().all(|notice| notice.number.is_none()))
}

fn numberless_of(year: i32) -> Text {
    Text::new(
        format!("{year} 年的文件里没有通知文号；用 --notice {year}=国办发明电〔{}〕…号 补上", year - 1),
        format!("no notice number for {year} in the input: add it with `--notice {year}=…`"),
    )
}

fn missing(years: &[i32]) -> Option<Text> {
    let years: Vec<String> = years.iter().map(ToString::to_string).collect();
    (!years.is_empty()).then(|| {
        Text::new(
            format!("中间缺 {} 年：covers 不跨过缺的年份，之外的到期仍是暂定", years.join("、")),
            format!("{} missing in between: `covers` does not reach over a gap", years.join(", ")),
        )
    })
}

/// Writes the file whole or not at all.
fn put(lang: Lang, path: &Path, written: &Written) -> Result<(), ExitCode> {
    let done = replace(path, written.text.as_bytes());
    done.map_err(|error| {
        let path = path.display();
        fail(lang, &format!("无法写入“{path}”：{error}"), &format!("`{path}` cannot be written: {error}"))
    })?;
    match lang {
        Lang::Zh => eprintln!("已写入 {}", path.display()),
        Lang::En => eprintln!("written to {}", path.display()),
    }
    Ok(())
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".duban-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(bytes)?;
    // A temporary file is its owner's alone; the calendar is read by the daemon's user.
    let permissions = std::fs::metadata(path).map(|known| known.permissions());
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(permissions.unwrap_or(readable))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
