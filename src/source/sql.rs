//! Other systems' databases, read by a query of the operator's and a column that grows with every new or changed row.
//!
//! Nothing is left out: a look begins by reading again what lies within the overlap behind the newest row known, because a
//! row may become visible later than one with a greater cursor value; it goes on from there to the end, and what was read
//! is noted only after it was stored. Nothing is taken twice: ids follow from the rows. Nothing is changed: the session
//! is read-only, and values reach the server as parameters alone.

mod answer;
mod mysql;
mod page;
mod position;
mod postgres;
mod server;
mod sqlite;
mod trouble;

use super::cell::Row;
use super::look::{LookError, Looked, Looking};
use super::map::RowProblem;
use super::take::{ReadItem, refused_item};
use crate::clock;
use crate::config::sources::{Source, Sql};
use crate::intake::body::Refused;
use crate::store::event::Taken;
use crate::store::sources::{REFUSED_MAX, RefusedRow, SourceCounts, SourceNote, SourceState};
use crate::text::Text;
use crate::time::Instant;
use answer::Fetched;
use chrono_tz::Tz;
use page::{Page, Pages, Range};
use position::Position;
use server::Server;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::time::Duration;

/// Refused rows are asked for again so often: some were only dated ahead of the clock, or wait for another row.
const AGAIN_EVERY: Duration = Duration::from_hours(1);
/// So many rows are remembered from look to look, so that reading them again costs our own store nothing.
const REMEMBERED_MAX: usize = 200_000;

/// A database that is looked at again and again.
pub struct SqlWorker<'a> {
    source: &'a Source,
    sql: &'a Sql,
    /// Rows as they were read last: within the overlap the same ones come again.
    remembered: HashSet<[u8; 16]>,
    /// Up to where that was.
    position: Option<String>,
    /// When refused rows were last asked for again.
    asked_again: Duration,
}

impl<'a> SqlWorker<'a> {
    /// Before the first look.
    pub fn new(source: &'a Source, sql: &'a Sql) -> SqlWorker<'a> {
        SqlWorker { source, sql, remembered: HashSet::new(), position: None, asked_again: clock::monotonic() }
    }

    /// Reads everything that is new.
    pub async fn look(&mut self, looking: &Looking<'_>) -> Result<Looked, LookError> {
        let state = looking.store.source_state(&self.source.name).await?;
        // Somebody else read meanwhile, or wants it read anew.
        if state.position != self.position || state.configured != self.configured(looking.version) {
            self.remembered.clear();
        }
        let position = state.position.clone();
        let mut server = Server::connect(self.sql, self.zone(looking)).await?;
        let columns = server.columns(self.sql, &self.source.mapping).await?;
        let refused = if state.refused_now > 0 { self.refused_places(looking).await? } else { HashSet::new() };
        let (looked, remembered) = (Looked::default(), HashSet::new());
        let is_to_ask_again = clock::monotonic().saturating_sub(self.asked_again) >= AGAIN_EVERY;
        let mut look = Look { looking: *looking, refused, looked, remembered, position, is_to_ask_again };
        let pages = Pages { sql: self.sql, columns: &columns, server: &mut server };
        let read = self.read(pages, state, &mut look).await;
        server.close().await;
        read?;
        (self.remembered, self.position) = (look.remembered, look.position);
        if is_to_ask_again {
            self.asked_again = clock::monotonic();
        }
        Ok(Looked { is_at_end: true, ..look.looked })
    }

    /// The first rows that would be read, each with what it gives.
    pub async fn try_out(&self, looking: &Looking<'_>, rows: u32) -> Result<Vec<Tried>, LookError> {
        let state = looking.store.source_state(&self.source.name).await?;
        let mut server = Server::connect(self.sql, self.zone(looking)).await?;
        let columns = server.columns(self.sql, &self.source.mapping).await?;
        let mut pages = Pages { sql: self.sql, columns: &columns, server: &mut server };
        let position = state.position.as_deref().and_then(Position::parse);
        let page = pages.first(&self.beginning(position), rows).await;
        server.close().await;
        let (page, now) = (page?, clock::now());
        let reader = looking.reader(self.source, now);
        let tried = page.rows.iter().map(|fetched| Tried {
            place: page.place(fetched),
            gives: reader.read(&fetched.row(&page.names), Some(page.version(fetched))),
        });
        Ok(tried.collect())
    }

    fn zone(&self, looking: &Looking<'_>) -> Tz {
        self.source.mapping.zone.unwrap_or(looking.zone)
    }

    async fn refused_places(&self, looking: &Looking<'_>) -> Result<HashSet<String>, LookError> {
        let rows = looking.store.refused_rows(&self.source.name, REFUSED_MAX).await?;
        Ok(rows.into_iter().map(|row| row.place).collect())
    }

    async fn read(&self, mut pages: Pages<'_>, state: SourceState, look: &mut Look<'_>) -> Result<(), LookError> {
        let configured = self.configured(look.looking.version);
        let mut position = state.position.as_deref().and_then(Position::parse);
        if state.configured == configured {
            if state.refused_now > 0 && look.is_to_ask_again {
                self.read_refused(&mut pages, look).await?;
            }
        } else {
            self.read_refused(&mut pages, look).await?;
            let rewind = state.rewind.as_deref().and_then(Position::parse);
            let back = rewind.as_ref().map(|rewind| rewind.before().shown());
            // Noted at once: what is still refused is not asked for again before the next change.
            look.position = back.clone().or(look.position.take());
            let note = SourceNote { configured: Some(configured), position: back, ..SourceNote::default() };
            look.looking.store.note_source(&self.source.name, note, clock::now()).await?;
            position = rewind.map(|rewind| rewind.before()).or(position);
        }
        if let Some(head) = &position
            && let Some(from) = head.overlapped(self.sql)?
        {
            self.read_range(&mut pages, &Range::between(from, head.clone()), false, look).await?;
        }
        let rest = self.beginning(position);
        self.read_range(&mut pages, &rest, true, look).await
    }

    /// What has not been read yet.
    fn beginning(&self, position: Option<Position>) -> Range {
        match (position, &self.sql.start) {
            (Some(head), _) => Range::behind(head),
            (None, Some(start)) => Range::starting(start),
            (None, None) => Range::all(),
        }
    }

    /// By what rows are refused: the source's entry, and the rules with their words.
    fn configured(&self, version: u32) -> String {
        let hash = Sha256::new().chain_update(&self.source.text).chain_update(version.to_be_bytes()).finalize();
        hex::encode(&hash[..16])
    }

    /// Reads rows again that were refused by another configuration.
    async fn read_refused(&self, pages: &mut Pages<'_>, look: &mut Look<'_>) -> Result<(), LookError> {
        let rows = look.looking.store.refused_rows(&self.source.name, REFUSED_MAX).await?;
        for row in rows {
            let Some(position) = Position::parse(&row.position) else { continue };
            let page = pages.first(&Range::just(position), self.sql.batch).await?;
            let mut note = self.take(&page, &HashSet::new(), look).await?;
            // Settled, unless it was refused again: it may be gone, or have another cursor value by now.
            if !note.refused.iter().any(|refused| refused.place == row.place) {
                note.settled.push(row.place);
            }
            look.looking.store.note_source(&self.source.name, note, clock::now()).await?;
        }
        Ok(())
    }

    /// Reads a range to its end, page by page, each stored before it is noted.
    async fn read_range(
        &self,
        pages: &mut Pages<'_>,
        range: &Range,
        is_new: bool,
        look: &mut Look<'_>,
    ) -> Result<(), LookError> {
        let mut page = pages.first(range, self.sql.batch).await?;
        loop {
            let mut note = self.take(&page, &self.remembered, look).await?;
            let is_place = |end: &Position| !end.is_ahead(self.sql, clock::now(), self.zone(&look.looking));
            note.position = page.end(is_place).filter(|_| is_new).map(|end| end.shown());
            if note != SourceNote::default() {
                look.position = note.position.clone().or(look.position.take());
                look.looking.store.note_source(&self.source.name, note, clock::now()).await?;
            }
            let Some(next) = pages.next(range, page).await? else { return Ok(()) };
            page = next;
        }
    }

    /// Stores what a page gives beyond rows that are known as they are; what is to be noted of it.
    async fn take(&self, page: &Page, known: &HashSet<[u8; 16]>, look: &mut Look<'_>) -> Result<SourceNote, LookError> {
        let now = clock::now();
        let reader = look.looking.reader(self.source, now);
        let mut taking =
            Taking { page, now, items: Vec::new(), rows: Vec::new(), note: SourceNote::default(), hashes: vec![] };
        for fetched in &page.rows {
            let hash = fetched.hash();
            if !known.contains(&hash) {
                let row: Row<'_> = fetched.row(&page.names);
                taking.keep(fetched, reader.read(&row, Some(page.version(fetched))), look);
            }
            taking.hashes.push(hash);
        }
        let items = std::mem::take(&mut taking.items);
        look.looked.undeclared += items.iter().map(|item| u64::from(item.undeclared)).sum::<u64>();
        let kept: Vec<_> = items.iter().map(|item| (item.has_made_id, item.id_column.clone())).collect();
        let taken = look.looking.store(items, now).await?;
        taking.settle(taken, kept, look);
        look.remember(&taking.hashes);
        Ok(taking.finish(look))
    }
}

/// A row that was tried out.
#[derive(Debug)]
pub struct Tried {
    /// Which, as people find it.
    pub place: String,
    /// What it gives.
    pub gives: Vec<Result<ReadItem, RowProblem>>,
}

/// One look under way.
struct Look<'a> {
    looking: Looking<'a>,
    /// Places of rows that were refused before.
    refused: HashSet<String>,
    looked: Looked,
    remembered: HashSet<[u8; 16]>,
    /// Up to where is noted in the store.
    position: Option<String>,
    is_to_ask_again: bool,
}

impl Look<'_> {
    fn remember(&mut self, hashes: &[[u8; 16]]) {
        if self.remembered.len() + hashes.len() > REMEMBERED_MAX {
            self.remembered.clear();
        }
        self.remembered.extend(hashes);
    }
}

/// One page on its way into the store.
struct Taking<'p> {
    page: &'p Page,
    now: Instant,
    items: Vec<ReadItem>,
    /// For each item its row.
    rows: Vec<&'p Fetched>,
    note: SourceNote,
    hashes: Vec<[u8; 16]>,
}

impl<'p> Taking<'p> {
    fn keep(&mut self, fetched: &'p Fetched, read: Vec<Result<ReadItem, RowProblem>>, look: &Look<'_>) {
        let mut problem = None;
        for one in read {
            match one {
                Ok(item) => {
                    self.items.push(item);
                    self.rows.push(fetched);
                }
                Err(wrong) => problem = problem.or(Some(wrong)),
            }
        }
        match problem {
            Some(problem) => self.refuse(fetched, problem, look),
            None => {
                self.note.settled.extend(Some(self.page.place(fetched)).filter(|place| look.refused.contains(place)));
            }
        }
    }

    fn refuse(&mut self, fetched: &Fetched, RowProblem { column, reason }: RowProblem, look: &Look<'_>) {
        let place = self.page.place(fetched);
        self.note.settled.retain(|settled| *settled != place);
        if self.note.refused.iter().any(|row| row.place == place) {
            return;
        }
        let position = self.page.position(fetched).shown();
        let reason = reason.in_lang(look.looking.lang).to_owned();
        self.note.refused.push(RefusedRow { place, position, column, reason, at: self.now });
    }

    fn settle(&mut self, taken: Vec<Taken>, kept: Vec<(bool, Option<String>)>, look: &Look<'_>) {
        let rows = std::mem::take(&mut self.rows);
        for ((taken, (has_made_id, id_column)), fetched) in taken.into_iter().zip(kept).zip(rows) {
            let counts = &mut self.note.counts;
            match taken {
                Taken::Accepted => counts.taken += 1,
                Taken::Duplicate => counts.duplicates += 1,
                Taken::Conflict if has_made_id => counts.changed += 1,
                Taken::Conflict => {
                    let problem = refused_item(&Refused::Conflict, |_| id_column.clone());
                    self.refuse(fetched, problem, look);
                }
            }
        }
    }

    fn finish(mut self, look: &mut Look<'_>) -> SourceNote {
        self.note.counts.refused = self.note.refused.len() as u64;
        for row in &self.note.refused {
            look.refused.insert(row.place.clone());
            look.looked.said.push(said(row));
        }
        let SourceCounts { taken, duplicates, changed, refused } = self.note.counts;
        let counts = &mut look.looked.counts;
        counts.taken += taken;
        counts.duplicates += duplicates;
        counts.changed += changed;
        counts.refused += refused;
        self.note
    }
}

fn said(row: &RefusedRow) -> Text {
    let RefusedRow { place, reason, column, .. } = row;
    let column = column.as_deref().unwrap_or("-");
    Text::new(format!("{place}“{column}”：{reason}"), format!("{place}, `{column}`: {reason}"))
}
