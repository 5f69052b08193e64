//! Folders into which files are dropped: JSON lines, CSV and XLSX.
//!
//! A file is taken whole or not at all: every row of it is read and judged before any is stored. What was stored is stored
//! before the file is moved, and ids follow from the rows, so that a crash in between takes nothing twice. A file that is
//! still being written is left until it rests. Only regular files right in the folder are ours: links and folders are left
//! alone, but for `done` and `rejected`, into which files go with a report beside each.

mod content;
mod csv;
mod decode;
mod drop;
mod figures;
mod lines;
pub mod names;
mod report;
pub mod watch;
mod xlsx;

use crate::clock;
use crate::config::sources::{Folder, Source};
use crate::source::look::{LookError, Looked, Looking};
use crate::store::event::Taken;
use crate::store::sources::{SourceCounts, SourceNote};
use crate::text::{Lang, Text};
use crate::time::Instant;
use content::{Content, FileProblem};
use drop::{Drop, Rests};
use report::Report;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

/// Old files are looked for so often.
const TIDY_EVERY: Duration = Duration::from_hours(1);

/// A folder that is looked at again and again.
pub struct FolderWorker<'a> {
    source: &'a Source,
    folder: &'a Folder,
    rests: Rests,
    /// When old files were last removed.
    tidied: Option<Duration>,
}

impl<'a> FolderWorker<'a> {
    /// Before the first look.
    pub fn new(source: &'a Source, folder: &'a Folder) -> FolderWorker<'a> {
        FolderWorker { source, folder, rests: Rests::default(), tidied: None }
    }

    /// The same, for one look alone: what lies there is taken as it lies.
    pub fn once(source: &'a Source, folder: &'a Folder) -> FolderWorker<'a> {
        FolderWorker { source, folder, rests: Rests::at_once(), tidied: None }
    }

    /// Takes every file that rests.
    pub async fn look(&mut self, looking: &Looking<'_>) -> Result<Looked, LookError> {
        let drops = tokio::task::block_in_place(|| drop::waiting(self.folder))?;
        let ready = self.rests.ready(&drops, self.folder.rest, clock::monotonic());
        let mut looked = Looked { is_at_end: ready.len() == drops.len(), ..Looked::default() };
        looked.again = (!looked.is_at_end).then_some(self.folder.rest);
        for file in ready {
            self.take(&file, looking, &mut looked).await?;
        }
        self.tidy();
        Ok(looked)
    }

    /// Removes what has been kept for long enough.
    fn tidy(&mut self) {
        let (Some(days), now) = (self.folder.keep_days, clock::monotonic()) else { return };
        if self.tidied.is_none_or(|tidied| now.saturating_sub(tidied) >= TIDY_EVERY) {
            self.tidied = Some(now);
            tokio::task::block_in_place(|| report::remove_old(self.folder, days));
        }
    }

    /// Every file that lies there, judged but neither stored nor moved: what each would give.
    pub fn try_out(&self, looking: &Looking<'_>) -> Result<Vec<(String, Verdict)>, LookError> {
        let now = clock::now();
        let judge = |drop: Drop| Some((drop.name.clone(), self.judge(&drop, looking, now)?));
        Ok(drop::waiting(self.folder)?.into_iter().filter_map(judge).collect())
    }

    async fn take(&mut self, file: &Drop, looking: &Looking<'_>, looked: &mut Looked) -> Result<(), LookError> {
        let now = clock::now();
        let verdict = tokio::task::block_in_place(|| self.judge(file, looking, now));
        // It changed while it was read: somebody still writes it.
        let Some(verdict) = verdict else {
            self.rests.disturb(file);
            looked.is_at_end = false;
            looked.again = Some(self.folder.rest);
            return Ok(());
        };
        let verdict = self.against_store(verdict, looking).await?;
        let report = match verdict {
            Verdict::Good(content) => self.store(file, content, looking, now, looked).await?,
            Verdict::Refused(problems) => {
                looked.counts.refused += 1;
                looked.said.push(refused(&file.name, &problems));
                Report::refused(problems)
            }
        };
        let counts = report.counts();
        let note = SourceNote { counts, ..SourceNote::default() };
        looking.store.note_source(&self.source.name, note, now).await?;
        tokio::task::block_in_place(|| report.put_beside(file, self.folder, looking.lang))?;
        self.rests.forget(file);
        Ok(())
    }

    /// Reads a file. None: it is not the one that was seen any more.
    fn judge(&self, file: &Drop, looking: &Looking<'_>, now: Instant) -> Option<Verdict> {
        if file.bytes > self.folder.bytes_max {
            return Some(Verdict::Refused(vec![FileProblem::of_file(too_large(self.folder.bytes_max))]));
        }
        let bytes = match file.read() {
            Ok(bytes) => bytes?,
            Err(error) => return Some(Verdict::Refused(vec![FileProblem::of_file(unreadable(&error))])),
        };
        let reader = looking.reader(self.source, now);
        Some(match Content::read(&bytes, file.kind, self.folder, &reader) {
            Ok(content) => Verdict::Good(content),
            Err(problems) => Verdict::Refused(problems),
        })
    }

    /// What is known with other content under an id of the sender's own makes the whole file wrong.
    async fn against_store(&self, verdict: Verdict, looking: &Looking<'_>) -> Result<Verdict, LookError> {
        let Verdict::Good(content) = verdict else { return Ok(verdict) };
        let given: Vec<&str> = content.given_ids().collect();
        let mut known = HashMap::new();
        for some in given.chunks(5000) {
            known.extend(looking.store.known_ids(&self.source.name, some).await?);
        }
        let problems = content.conflicts(&known);
        Ok(if problems.is_empty() { Verdict::Good(content) } else { Verdict::Refused(problems) })
    }

    async fn store(
        &self,
        file: &Drop,
        content: Content,
        looking: &Looking<'_>,
        now: Instant,
        looked: &mut Looked,
    ) -> Result<Report, LookError> {
        let mut content = content;
        figures::restate(&mut content, &looking.reader(self.source, now).items, looking).await?;
        let rows = content.rows;
        let items: Vec<_> = content.items.into_iter().map(|(_, item)| item).collect();
        looked.undeclared += items.iter().map(|item| u64::from(item.undeclared)).sum::<u64>();
        let mut seen = HashSet::new();
        let firsts: Vec<bool> = items.iter().map(|item| seen.insert(item.event.id.clone())).collect();
        let mut counts = SourceCounts::default();
        for (taken, is_first) in looking.store(items, now).await?.into_iter().zip(firsts) {
            match taken {
                Taken::Accepted => counts.taken += 1,
                Taken::Conflict if is_first => counts.changed += 1,
                // What stands twice in the file itself was known by then.
                Taken::Duplicate | Taken::Conflict => counts.duplicates += 1,
            }
        }
        looked.said.push(taken(&file.name, rows, counts));
        looked.counts.taken += counts.taken;
        looked.counts.duplicates += counts.duplicates;
        looked.counts.changed += counts.changed;
        Ok(Report::taken(rows, counts))
    }
}

/// What is to become of a file.
#[derive(Debug)]
pub enum Verdict {
    /// All of it is right.
    Good(Content),
    /// Something is wrong, so nothing of it is taken.
    Refused(Vec<FileProblem>),
}

fn taken(name: &str, rows: u64, counts: SourceCounts) -> Text {
    let SourceCounts { taken, duplicates, changed, .. } = counts;
    Text::new(
        format!("{name}：{rows} 行，新增 {taken}，重复 {duplicates}，已有而属性不同 {changed}"),
        format!("{name}: {rows} rows, {taken} new, {duplicates} known, {changed} known with other attributes"),
    )
}

fn refused(name: &str, problems: &[FileProblem]) -> Text {
    let said = |lang| problems.first().map(|problem| problem.said(lang)).unwrap_or_default();
    let more = problems.len();
    Text::new(
        format!("{name}：整份未收，{more} 处问题，第一处：{}", said(Lang::Zh)),
        format!("{name}: refused, problems: {more}, the first: {}", said(Lang::En)),
    )
}

fn too_large(bytes_max: u64) -> Text {
    let max = bytes_max >> 20;
    Text::new(format!("文件太大，最大 {max} MB"), format!("the file is too large, at most {max} MB"))
}

fn unreadable(error: &std::io::Error) -> Text {
    Text::new(format!("文件读不出来：{}", in_words(error)), format!("the file cannot be read: {error}"))
}

/// What the operating system said, and what to do, in Chinese.
fn in_words(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let said = match error.kind() {
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "它（或路径中的一节）不是文件夹；请改正 path，或移开那个同名的文件"
        }
        ErrorKind::NotFound => "不存在；请建好，并让服务账户可以读写",
        ErrorKind::PermissionDenied => "没有权限；请让服务账户对它可以读、写、改名",
        ErrorKind::ReadOnlyFilesystem => "所在的盘是只读的；按 systemd 安装的，用 ReadWritePaths= 放开",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "磁盘满了；请腾出空间",
        ErrorKind::InvalidFilename => "文件名太长或不能用；请把里面的文件改名",
        ErrorKind::StaleNetworkFileHandle | ErrorKind::TimedOut | ErrorKind::HostUnreachable => {
            "网络盘断开了；请检查挂载"
        }
        _ => return format!("系统报错 {error}；请检查是否存在、属主和权限"),
    };
    said.to_owned()
}

/// How many refused files lie there still.
pub fn refused_files(folder: &Folder) -> u64 {
    report::refused_files(folder).len() as u64
}

/// A folder's own failure: it is not there, or not ours.
fn unusable(path: &Path, error: &std::io::Error) -> LookError {
    let shown = path.display();
    LookError::Source(Text::new(
        format!("文件夹 {shown} 用不了：{}", in_words(error)),
        format!("the folder `{shown}` cannot be used: {error}; look whether it is there and ours"),
    ))
}
