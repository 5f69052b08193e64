//! Checking the ledger: the first entry that does not hold is found and named.
//!
//! Entries are read in the order written, and beside them, kind by kind, the rows that they chain: these come in the same
//! order, so that a row without an entry, and an entry without its row, is seen where it stands. At the end each order's row
//! must keep count and head of its chain. Stated limit: what someone who can write the store adds and cuts off again with
//! all traces is not found.

use super::{Hash, Kind, Link, SYSTEM, hash_of};
use crate::store::error::StoreError;
use crate::store::orders::unsigned;
use crate::store::{append, decided, outbox, state, versions};
use crate::text::Lang;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};
use std::collections::{HashMap, VecDeque};

/// So many entries are read at a time.
const PAGE: i64 = 4096;

/// What checking the ledger yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything holds.
    Holds {
        /// How many entries there are.
        entries: u64,
        /// In how many chains.
        chains: u64,
    },
    /// This is the first that does not.
    Broken(Broken),
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The chain: `system`, or the order's id.
    pub chain: String,
    /// The entry's number in the ledger; none: it is about the chain or a row as a whole.
    pub entry: Option<u64>,
    /// Its place in the chain.
    pub place: Option<u64>,
    /// The row that it chains: of what kind, and its number.
    pub row: Option<(Kind, i64)>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// One or more entries before this one are gone.
    EntryMissing,
    /// This entry stands where another does, or was put in between.
    EntryInserted,
    /// This entry was changed or moved: its hash does not follow from the one before it.
    EntryAltered,
    /// The row that this entry chains is gone.
    RowMissing,
    /// The row that this entry chains was changed.
    RowChanged,
    /// This row was put in: no entry chains it.
    RowInserted,
    /// Count or head kept beside the chain are not those of its last entry: entries were cut off, or added.
    HeadDiffers,
}

impl Verdict {
    /// What people read.
    pub fn text(&self, lang: Lang) -> String {
        match (self, lang) {
            (Verdict::Holds { entries, chains }, Lang::Zh) => format!("账本完好：{chains} 条链，{entries} 条记录。"),
            (Verdict::Holds { entries, chains }, Lang::En) => {
                format!("the ledger holds: {entries} entries in {chains} chains")
            }
            (Verdict::Broken(broken), _) => broken.text(lang),
        }
    }
}

impl Broken {
    /// What people read.
    pub fn text(&self, lang: Lang) -> String {
        let place = self.place.zip(self.entry);
        let fault = self.fault.text(lang);
        let row = self.row.map(|(kind, number)| format!("{} {number}", kind.as_str()));
        match lang {
            Lang::Zh => {
                let place = place.map(|(place, entry)| format!("第{place}条（账本序号{entry}）"));
                let row = row.map(|row| format!("，内容为 {row}"));
                let chain = if self.chain.is_empty() { "账本".into() } else { format!("链“{}”", self.chain) };
                format!("{chain}{}{}：{fault}。", place.unwrap_or_default(), row.unwrap_or_default())
            }
            Lang::En => {
                let place = place.map(|(place, entry)| format!(", entry {place} (number {entry} of the ledger)"));
                let row = row.map(|row| format!(", {row}"));
                let chain = if self.chain.is_empty() { "ledger".into() } else { format!("chain `{}`", self.chain) };
                format!("{chain}{}{}: {fault}", place.unwrap_or_default(), row.unwrap_or_default())
            }
        }
    }
}

impl Fault {
    fn text(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Fault::EntryMissing => ("此前有记录缺失", "entries before this one are missing"),
            Fault::EntryInserted => ("此记录是插入的", "this entry was inserted"),
            Fault::EntryAltered => ("此记录被改动或移位", "this entry was altered or moved"),
            Fault::RowMissing => ("所记内容已缺失", "the row that it chains is missing"),
            Fault::RowChanged => ("所记内容被改动", "the row that it chains was changed"),
            Fault::RowInserted => ("此内容不在任何链中，是插入的", "this row is in no chain: it was inserted"),
            Fault::HeadDiffers => {
                ("链尾与所记条数、摘要不符，有记录被截去或添加", "the chain does not end as its count and head say")
            }
        };
        match lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// Why a check stops.
enum Stop {
    Broken(Broken),
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Stop {
        Stop::Failed(error)
    }
}

/// Checks everything in one snapshot, while the daemon goes on.
pub(in crate::store) async fn verify(readers: &SqlitePool) -> Result<Verdict, StoreError> {
    let failed = || StoreError::failed("check the ledger");
    let mut snapshot = readers.begin().await.map_err(failed())?;
    match check(&mut snapshot).await {
        Ok((entries, chains)) => Ok(Verdict::Holds { entries, chains }),
        Err(Stop::Broken(broken)) => Ok(Verdict::Broken(broken)),
        Err(Stop::Failed(error)) => Err(failed()(error)),
    }
}

async fn check(conn: &mut SqliteConnection) -> Result<(u64, u64), Stop> {
    let mut reading = Reading::default();
    loop {
        let page = sqlx::query(include_str!("../sql/ledger_page.sql"));
        let page = page.bind(reading.last).bind(PAGE).fetch_all(&mut *conn).await?;
        if page.is_empty() {
            break;
        }
        let entries = page.iter().map(Found::read).collect::<Result<Vec<_>, _>>()?;
        reading.load_rows(conn, &entries).await?;
        for entry in &entries {
            reading.check(entry).map_err(Stop::Broken)?;
        }
    }
    reading.check_unchained(conn).await?;
    reading.check_heads(conn).await?;
    Ok((unsigned(reading.last), reading.chains.len() as u64))
}

/// An entry as found.
struct Found {
    number: i64,
    chain: i64,
    order: Option<String>,
    n: i64,
    kind: Option<Kind>,
    subject: i64,
    content: Hash,
    hash: Hash,
}

impl Found {
    fn read(row: &SqliteRow) -> Result<Found, sqlx::Error> {
        Ok(Found {
            number: row.try_get(0)?,
            chain: row.try_get(1)?,
            n: row.try_get(2)?,
            kind: Kind::parse(row.try_get(3)?),
            subject: row.try_get(4)?,
            content: hash_of(row, 5)?,
            hash: hash_of(row, 6)?,
            order: row.try_get(7)?,
        })
    }

    fn name(&self) -> String {
        if self.chain == SYSTEM {
            "system".into()
        } else {
            self.order.clone().unwrap_or_else(|| format!("#{}", self.chain))
        }
    }

    fn broken(&self, fault: Fault) -> Broken {
        Broken {
            chain: self.name(),
            entry: Some(unsigned(self.number)),
            place: Some(unsigned(self.n)),
            row: self.kind.map(|kind| (kind, self.subject)),
            fault,
        }
    }
}

/// How far the check has come.
#[derive(Default)]
struct Reading {
    last: i64,
    chains: HashMap<i64, Link>,
    rows: HashMap<Kind, Rows>,
}

/// The rows of one kind that are to be met next, and up to which number they were read.
#[derive(Default)]
struct Rows {
    waiting: VecDeque<(i64, Hash)>,
    read_to: i64,
}

impl Reading {
    /// Reads the rows that these entries chain, and whatever stands between them.
    async fn load_rows(&mut self, conn: &mut SqliteConnection, entries: &[Found]) -> Result<(), sqlx::Error> {
        for kind in Kind::ALL {
            let subjects = entries.iter().filter(|entry| entry.kind == Some(kind)).map(|entry| entry.subject);
            let Some(until) = subjects.max() else { continue };
            let rows = self.rows.entry(kind).or_default();
            if until > rows.read_to {
                rows.waiting.extend(contents(conn, kind, rows.read_to, until).await?);
                rows.read_to = until;
            }
        }
        Ok(())
    }

    fn check(&mut self, entry: &Found) -> Result<(), Broken> {
        let begin =
            || if entry.chain == SYSTEM { Link::default() } else { Link::begin(&format!("order {}", entry.name())) };
        let link = self.chains.entry(entry.chain).or_insert_with(begin);
        if entry.n <= link.count {
            return Err(entry.broken(Fault::EntryInserted));
        }
        if entry.n > link.count + 1 || entry.number > self.last + 1 {
            return Err(entry.broken(Fault::EntryMissing));
        }
        *link = link.then(&entry.content);
        if link.head != entry.hash {
            return Err(entry.broken(Fault::EntryAltered));
        }
        self.last = entry.number;
        self.check_row(entry)
    }

    fn check_row(&mut self, entry: &Found) -> Result<(), Broken> {
        let Some(kind) = entry.kind else { return Err(entry.broken(Fault::EntryAltered)) };
        let waiting = &mut self.rows.entry(kind).or_default().waiting;
        match waiting.pop_front() {
            Some((number, content)) if number == entry.subject => {
                if content == entry.content {
                    Ok(())
                } else {
                    Err(entry.broken(Fault::RowChanged))
                }
            }
            Some((number, _)) if number < entry.subject => {
                Err(Broken { row: Some((kind, number)), ..entry.broken(Fault::RowInserted) })
            }
            _ => Err(entry.broken(Fault::RowMissing)),
        }
    }

    /// Rows after the last entry of their kind.
    async fn check_unchained(&mut self, conn: &mut SqliteConnection) -> Result<(), Stop> {
        for kind in Kind::ALL {
            let rows = self.rows.entry(kind).or_default();
            if rows.waiting.is_empty() {
                rows.waiting.extend(contents(conn, kind, rows.read_to, i64::MAX).await?);
            }
            if let Some((number, _)) = rows.waiting.front() {
                let row = Some((kind, *number));
                let (entry, place, chain) = (None, None, String::new());
                return Err(Stop::Broken(Broken { chain, entry, place, row, fault: Fault::RowInserted }));
            }
        }
        Ok(())
    }

    /// Each chain ends as the count and head say that are kept beside it.
    async fn check_heads(&mut self, conn: &mut SqliteConnection) -> Result<(), Stop> {
        let row = sqlx::query(include_str!("../sql/system_chain.sql")).fetch_one(&mut *conn).await?;
        let kept = Link { count: row.try_get(0)?, head: hash_of(&row, 1)? };
        if *self.chains.entry(SYSTEM).or_default() != kept {
            return Err(head_differs("system".into()));
        }
        let mut met = 1;
        let mut last = 0;
        loop {
            let page = sqlx::query(include_str!("../sql/chains_page.sql"));
            let page = page.bind(last).bind(PAGE).fetch_all(&mut *conn).await?;
            let Some(end) = page.last() else { break };
            last = end.try_get(0)?;
            met += page.len();
            page.iter().try_for_each(|row| self.check_head(row))?;
        }
        if met == self.chains.len() { Ok(()) } else { Err(head_differs("an order whose row is missing".into())) }
    }

    fn check_head(&self, row: &SqliteRow) -> Result<(), Stop> {
        let kept = Link { count: row.try_get(2)?, head: hash_of(row, 3)? };
        if self.chains.get(&row.try_get(0)?) == Some(&kept) { Ok(()) } else { Err(head_differs(row.try_get(1)?)) }
    }
}

fn head_differs(chain: String) -> Stop {
    Stop::Broken(Broken { chain, entry: None, place: None, row: None, fault: Fault::HeadDiffers })
}

/// The rows of a kind after a number up to another, each with the hash of its content as it stands now.
async fn contents(
    conn: &mut SqliteConnection,
    kind: Kind,
    after: i64,
    until: i64,
) -> Result<Vec<(i64, Hash)>, sqlx::Error> {
    let sql = match kind {
        Kind::Event => include_str!("../sql/contents_of_events.sql"),
        Kind::Decision => include_str!("../sql/contents_of_decisions.sql"),
        Kind::Notice => include_str!("../sql/contents_of_notices.sql"),
        Kind::Delivery => include_str!("../sql/contents_of_deliveries.sql"),
        Kind::Version => include_str!("../sql/contents_of_versions.sql"),
        Kind::Journal => include_str!("../sql/contents_of_journal.sql"),
    };
    let rows = sqlx::query(sql).bind(after).bind(until).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, content(kind, row)?))).collect()
}

fn content(kind: Kind, row: &SqliteRow) -> Result<Hash, sqlx::Error> {
    let number = |column: usize| row.try_get::<i64, _>(column);
    let text = |column: usize| row.try_get::<&str, _>(column);
    Ok(match kind {
        Kind::Event => {
            let at = [number(5)?, number(6)?];
            append::content(number(0)?, text(1)?, text(2)?, row.try_get(3)?, text(4)?, at, text(7)?)
        }
        Kind::Decision => {
            decided::content(number(0)?, text(1)?, text(2)?, [number(3)?, number(4)?], text(5)?, text(6)?)
        }
        Kind::Notice => outbox::content(&outbox::Contents {
            id: number(0)?,
            key: text(1)?,
            order: row.try_get(2)?,
            decision: row.try_get(3)?,
            kind: text(4)?,
            target: text(5)?,
            at: number(6)?,
            expires_at: row.try_get(7)?,
            confidential: row.try_get(8)?,
            forms: text(9)?,
        }),
        Kind::Delivery => {
            let read = outbox::read_delivery(row).map_err(|error| sqlx::Error::Decode(error.into()))?;
            let (id, notice, delivery) = read;
            outbox::delivery_content(id, notice, &delivery)
        }
        Kind::Version => versions::content(number(0)?, number(1)?, text(2)?),
        Kind::Journal => state::content(number(0)?, number(1)?, text(2)?, text(3)?),
    })
}
