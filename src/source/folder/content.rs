//! What a file holds: everything that it gives, or everything that is wrong with it.

use super::names::FileKind;
use super::{csv, figures, lines, xlsx};
use crate::config::sources::Folder;
use crate::source::cell::{Cell, Row};
use crate::source::map::RowProblem;
use crate::source::take::{ReadItem, RowReader};
use crate::text::want::instead;
use crate::text::{Lang, Text};
use std::collections::{HashMap, HashSet};

/// Of a file with more mistakes the first are named.
const PROBLEMS_MAX: usize = 1000;

/// What a file gives.
#[derive(Debug, Default)]
pub struct Content {
    /// Events and figures, each with its row.
    pub items: Vec<(u64, ReadItem)>,
    /// How many rows it has.
    pub rows: u64,
}

/// What is wrong with a file, or with a row of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// In which row, as people count them.
    pub row: Option<u64>,
    /// In which column.
    pub column: Option<String>,
    /// What is wrong, and what to do.
    pub reason: Text,
}

impl FileProblem {
    /// Of the file as a whole.
    pub fn of_file(reason: Text) -> FileProblem {
        FileProblem { row: None, column: None, reason }
    }

    /// Of a row.
    pub fn of_row(row: u64, reason: Text) -> FileProblem {
        FileProblem { row: Some(row), column: None, reason }
    }

    fn of(row: u64, RowProblem { column, reason }: RowProblem) -> FileProblem {
        FileProblem { row: Some(row), column, reason }
    }

    /// In one line.
    pub fn said(&self, lang: Lang) -> String {
        let reason = self.reason.in_lang(lang);
        match (self.row, &self.column, lang) {
            (Some(row), Some(column), Lang::Zh) => format!("第 {row} 行“{column}”：{reason}"),
            (Some(row), None, Lang::Zh) => format!("第 {row} 行：{reason}"),
            (Some(row), Some(column), Lang::En) => format!("row {row}, `{column}`: {reason}"),
            (Some(row), None, Lang::En) => format!("row {row}: {reason}"),
            (None, _, _) => reason.to_owned(),
        }
    }
}

impl Content {
    /// Reads all of a file.
    pub(super) fn read(
        bytes: &[u8],
        kind: FileKind,
        folder: &Folder,
        reader: &RowReader<'_>,
    ) -> Result<Content, Vec<FileProblem>> {
        let mut reading = Reading::new(reader);
        let is_table = matches!(kind, FileKind::Csv | FileKind::Xlsx);
        let read = match kind {
            _ if bytes.is_empty() => Err(FileProblem::of_file(empty())),
            _ if is_table && reader.mapper.mapping.is_none() => Err(FileProblem::of_file(no_mapping())),
            FileKind::Lines => lines::read(bytes, folder, &mut reading),
            FileKind::Json => lines::read_json(bytes, folder, &mut reading),
            FileKind::Csv => csv::read(bytes, folder, &mut reading),
            FileKind::Xlsx => xlsx::read(bytes, folder, &mut reading),
            FileKind::Xls => Err(FileProblem::of_file(old_workbook())),
            FileKind::Unknown => Err(FileProblem::of_file(unknown_kind())),
        };
        let nothing = reading.nothing_for_want_of_columns();
        let Reading { content, mut problems, .. } = reading;
        problems.extend(read.err());
        if problems.is_empty() {
            problems.extend(nothing);
        }
        if problems.is_empty() {
            let mut twice = content.twice();
            twice.extend(figures::contradictions(&content));
            return if twice.is_empty() { Ok(content) } else { Err(twice) };
        }
        Err(problems)
    }

    /// The ids that senders gave.
    pub(super) fn given_ids(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter(|(_, item)| !item.has_made_id).map(|(_, item)| &*item.event.id)
    }

    /// What is known with other content.
    pub(super) fn conflicts(&self, known: &HashMap<String, [u8; 32]>) -> Vec<FileProblem> {
        let given = self.items.iter().filter(|(_, item)| !item.has_made_id);
        let is_other = |item: &ReadItem| {
            known.get(&*item.event.id).is_some_and(|digest| *digest != item.event.digest && *digest != [0; 32])
        };
        let wrong = given.filter(|(_, item)| is_other(item)).take(PROBLEMS_MAX);
        wrong.map(|(row, item)| conflict(*row, item, "以前收过的事件", "an event that was taken before")).collect()
    }

    /// Ids of senders that stand in the file twice, with other content.
    fn twice(&self) -> Vec<FileProblem> {
        let mut known: HashMap<&str, [u8; 32]> = HashMap::new();
        let given = self.items.iter().filter(|(_, item)| !item.has_made_id);
        let wrong =
            given.filter(|(_, item)| *known.entry(&item.event.id).or_insert(item.event.digest) != item.event.digest);
        let problem =
            |(row, item): &(u64, ReadItem)| conflict(*row, item, "本文件中另一行", "another row of this file");
        wrong.take(PROBLEMS_MAX).map(problem).collect()
    }
}

fn conflict(row: u64, item: &ReadItem, zh: &str, en: &str) -> FileProblem {
    let reason = Text::new(
        format!("编号与{zh}相同，内容却不同；更正请另发一个 retracted 事件"),
        format!("the id is that of {en}, with other content; to correct an event send a `retracted` one"),
    );
    FileProblem { row: Some(row), column: item.id_column.clone(), reason }
}

/// A file that is being read, row by row.
pub(super) struct Reading<'a> {
    pub(super) reader: &'a RowReader<'a>,
    /// The columns that the mapping asks for, each once.
    asked: Vec<&'a str>,
    columns: Vec<String>,
    /// Of the columns that rows brought themselves, those that are asked for, and one that is not.
    brought: HashSet<String>,
    others: Vec<String>,
    /// How many line breaks stand within cells so far: a spreadsheet shows so many rows fewer than the file has lines.
    folded: u64,
    content: Content,
    problems: Vec<FileProblem>,
}

impl<'a> Reading<'a> {
    fn new(reader: &'a RowReader<'a>) -> Reading<'a> {
        let mut asked: Vec<&str> = reader.mapper.mapping.columns().into_iter().map(|(name, _)| name).collect();
        asked.sort_unstable();
        asked.dedup();
        Reading {
            reader,
            asked,
            columns: Vec::new(),
            brought: HashSet::new(),
            others: Vec::new(),
            folded: 0,
            content: Content::default(),
            problems: Vec::new(),
        }
    }

    /// Takes the names of the columns; what is asked for and not there, or there twice, is told.
    pub(super) fn header(&mut self, row: u64, columns: Vec<String>) -> Result<(), FileProblem> {
        let asked = &self.asked;
        let there = |name: &str| columns.iter().filter(|column| *column == name).count();
        let missing: Vec<&str> = asked.iter().copied().filter(|name| there(name) == 0).collect();
        let twice: Vec<&str> = asked.iter().copied().filter(|name| there(name) > 1).collect();
        if !missing.is_empty() {
            return Err(FileProblem::of_row(row, missing_columns(&missing, &columns)));
        }
        if !twice.is_empty() {
            return Err(FileProblem::of_row(row, columns_twice(&twice)));
        }
        self.columns = columns;
        Ok(())
    }

    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Takes a row of a table.
    pub(super) fn row(&mut self, number: u64, cells: Vec<Cell>) {
        if cells.iter().all(|cell| *cell == Cell::Empty) {
            return;
        }
        self.content.rows += 1;
        let read = self.reader.read(&Row { columns: &self.columns, cells }, None);
        self.keep(number, read);
    }

    /// Takes a row that brings its own columns: of those that are asked for it may leave some out, not all.
    pub(super) fn own_row(&mut self, number: u64, columns: &[String], cells: Vec<Cell>) {
        self.content.rows += 1;
        let (asked, others): (Vec<&String>, Vec<&String>) =
            columns.iter().partition(|column| self.asked.binary_search(&column.as_str()).is_ok());
        if asked.is_empty() && !self.asked.is_empty() {
            return self.blame(FileProblem::of_row(number, none_of_the_columns(&self.asked, columns)));
        }
        for column in asked {
            if !self.brought.contains(column) {
                self.brought.insert(column.clone());
            }
        }
        if self.others.is_empty() {
            self.others = others.into_iter().cloned().collect();
        }
        let read = self.reader.read(&Row { columns, cells }, None);
        self.keep(number, read);
    }

    /// Takes an event or a figure as it would be sent.
    pub(super) fn body(&mut self, number: u64, body: &[u8]) {
        self.content.rows += 1;
        let read = vec![self.reader.read_body(body)];
        self.keep(number, read);
    }

    /// Notes that so many line breaks stood within the cells of a row that was taken.
    pub(super) fn fold(&mut self, breaks: u64) {
        self.folded += breaks;
    }

    /// Notes what is wrong with a row.
    pub(super) fn blame(&mut self, mut problem: FileProblem) {
        if let Some(row) = problem.row.filter(|_| self.folded > 0) {
            problem.reason = in_a_spreadsheet(row - self.folded.min(row), &problem.reason);
        }
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }

    /// Rows that bring their own columns may each lack some. Where none gives anything, and a column stands in none of
    /// them, it is most likely misspelt.
    fn nothing_for_want_of_columns(&self) -> Option<FileProblem> {
        let missing: Vec<&str> = self.asked.iter().copied().filter(|name| !self.brought.contains(*name)).collect();
        let is_so = self.content.items.is_empty() && !self.brought.is_empty() && !missing.is_empty();
        (is_so && !self.others.is_empty()).then(|| FileProblem::of_file(nothing_given(&missing, &self.others)))
    }

    fn keep(&mut self, number: u64, read: Vec<Result<ReadItem, RowProblem>>) {
        for one in read {
            match one {
                // Once something is wrong nothing is kept: only mistakes are wanted then.
                Ok(item) if self.problems.is_empty() => self.content.items.push((number, item)),
                Ok(_) => {}
                Err(problem) => self.blame(FileProblem::of(number, problem)),
            }
        }
    }
}

fn missing_columns(missing: &[&str], columns: &[String]) -> Text {
    let there: Vec<&str> = columns.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let near = instead(missing[0], there.iter().copied());
    Text::new(
        format!("表头里没有这些列：{}；{}", missing.join("、"), near.zh),
        format!("the header lacks these columns: {}; {}", missing.join(", "), near.en),
    )
}

fn none_of_the_columns(asked: &[&str], columns: &[String]) -> Text {
    let near = instead(asked[0], columns.iter().map(String::as_str));
    Text::new(
        format!("这一行没有来源配置里的任何一列（{}）；{}", asked.join("、"), near.zh),
        format!("the row has none of the columns that the configuration asks for ({}); {}", asked.join(", "), near.en),
    )
}

fn nothing_given(missing: &[&str], columns: &[String]) -> Text {
    let near = instead(missing[0], columns.iter().map(String::as_str));
    Text::new(
        format!("整份文件没有得出一个事件或统计量，而且哪一行都没有这些列：{}；{}", missing.join("、"), near.zh),
        format!("the file gives nothing, and no row of it has these columns: {}; {}", missing.join(", "), near.en),
    )
}

/// Lines are what a file has; whoever opens it in a spreadsheet finds the row by another number.
fn in_a_spreadsheet(row: u64, reason: &Text) -> Text {
    Text::new(
        format!("{}（前面的单元格里有换行，用表格软件打开是第 {row} 行）", reason.zh),
        format!("{} (cells above have line breaks: in a spreadsheet it is row {row})", reason.en),
    )
}

fn columns_twice(twice: &[&str]) -> Text {
    Text::new(
        format!("表头里这些列出现了不止一次：{}；请改名", twice.join("、")),
        format!("the header has these columns more than once: {}; rename them", twice.join(", ")),
    )
}

fn empty() -> Text {
    Text::new("文件是空的", "the file is empty")
}

fn no_mapping() -> Text {
    Text::new(
        "此来源没有写 events 或 figures，只收一行一个事件的 JSON；表格要先在来源配置里写明各列的意思",
        "this source has neither `events` nor `figures`, so it takes JSON lines of events alone",
    )
}

fn old_workbook() -> Text {
    Text::new("这种表格格式不收；请在 Excel 或 WPS 里另存为 .xlsx 或 .csv", "save it as .xlsx or .csv")
}

fn unknown_kind() -> Text {
    Text::new(
        "只收 .xlsx、.csv、.tsv、.txt、.json、.jsonl 文件",
        "only .xlsx, .csv, .tsv, .txt, .json and .jsonl are taken",
    )
}
