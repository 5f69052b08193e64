//! Checking the ledger of a store: the first entry that does not hold is found and named.
//!
//! Entries are read in the order written, and beside them, kind by kind, the rows that they chain: these come in the same
//! order, so that a row without an entry, and an entry without its row, is seen where it stands. Where a checkpoint stands,
//! the tree over all chains must have the root that it signed. At the end each order's row must keep count and head of its
//! chain, and no chain may end before what was signed. Stated limit: what someone who can write the store adds and cuts off
//! again with all traces between two checkpoints is not found.

use super::checkpoint::{self, Checkpoint};
use super::contents::{self, content, erased};
use super::keys::PublicKey;
use super::replay::{self, Found, Replay, Seals};
use super::tree::{self, Tree};
pub use super::verdict::{Broken, Fault, Held, Verdict};
use super::{Hash, Kind, Link, SYSTEM, hash_of};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::orders::unsigned;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::{HashMap, HashSet, VecDeque};

/// So many entries are read at a time.
const PAGE: i64 = 4096;
/// So many checkpoints.
const SEALS: u32 = 1024;

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

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Stop {
        Stop::Broken(broken)
    }
}

fn verdict(checked: Result<Held, Stop>) -> Result<Verdict, StoreError> {
    match checked {
        Ok(held) => Ok(Verdict::Holds(held)),
        Err(Stop::Broken(broken)) => Ok(Verdict::Broken(broken)),
        Err(Stop::Failed(error)) => Err(StoreError::failed("check the ledger")(error)),
    }
}

impl Store {
    /// Checks the whole ledger, in one snapshot, while the daemon goes on; signatures by these keys, if any.
    pub async fn verify_ledger(&self, keys: &[PublicKey]) -> Result<Verdict, StoreError> {
        let failed = StoreError::failed("check the ledger");
        let mut snapshot = self.0.readers.begin().await.map_err(failed)?;
        verdict(check(&mut snapshot, keys).await)
    }

    /// Checks the chain of one order, its rows, and whether the newest checkpoint signed it; none: there is no such order.
    pub async fn verify_order(&self, order: &str, keys: &[PublicKey]) -> Result<Option<Verdict>, StoreError> {
        let failed = || StoreError::failed("check the ledger");
        let mut snapshot = self.0.readers.begin().await.map_err(failed())?;
        let row = sqlx::query(include_str!("../sql/chain_of_order.sql")).bind(order);
        let Some(row) = row.fetch_optional(&mut *snapshot).await.map_err(failed())? else { return Ok(None) };
        let kept = read_kept(&row).map_err(failed())?;
        verdict(check_order(&mut snapshot, order, kept, keys).await).map(Some)
    }
}

impl Store {
    /// Checks checkpoints that were kept elsewhere against the store's: they follow each other, and are there, too.
    pub async fn verify_kept(&self, kept: &[Checkpoint]) -> Result<Option<Broken>, StoreError> {
        let failed = || StoreError::failed("load checkpoints");
        let mut before: Option<u64> = None;
        let mut known: VecDeque<checkpoint::Row> = VecDeque::new();
        for checkpoint in kept {
            let number = checkpoint.said.number;
            if let Some(expected) = before.map(|before| before + 1).filter(|expected| number != *expected) {
                let (zh, en) = ("旁存的文件里没有它", "it is not in the file beside the store");
                return Ok(Some(Broken::at_checkpoint(expected, Fault::CheckpointMissing).because(zh, en)));
            }
            before = Some(number);
            while known.front().is_some_and(|row| row.0 < number) {
                known.pop_front();
            }
            if known.is_empty() {
                known.extend(checkpoint::page(&self.0.readers, number - 1, SEALS).await.map_err(failed())?);
            }
            match known.front().filter(|row| row.0 == number) {
                Some((_, _, text, signature)) if *text == checkpoint.text && *signature == checkpoint.signature => {}
                Some(_) => {
                    let (zh, en) = ("与旁存的文件不同", "it is not what stands in the file beside the store");
                    return Ok(Some(Broken::at_checkpoint(number, Fault::CheckpointAltered).because(zh, en)));
                }
                None => {
                    let (zh, en) = ("旁存的文件里有它，库里没有", "it stands in the file beside the store");
                    return Ok(Some(Broken::at_checkpoint(number, Fault::CheckpointMissing).because(zh, en)));
                }
            }
        }
        Ok(None)
    }
}

async fn check(conn: &mut SqliteConnection, keys: &[PublicKey]) -> Result<Held, Stop> {
    let mut reading = Reading::default();
    reading.load_signed(conn).await?;
    reading.load_seals(conn, keys).await?;
    loop {
        let page = sqlx::query(include_str!("../sql/ledger_page.sql"));
        let page = page.bind(reading.replay.last).bind(PAGE).fetch_all(&mut *conn).await?;
        if page.is_empty() {
            break;
        }
        let entries = page.iter().map(found).collect::<Result<Vec<_>, _>>()?;
        reading.load_rows(conn, &entries).await?;
        for entry in &entries {
            reading.seals_before(conn, entry.number, keys).await?;
            reading.replay.entry(entry)?;
            reading.check_row(entry)?;
        }
    }
    reading.seals_before(conn, reading.replay.last.saturating_add(1), keys).await?;
    reading.check_unchained(conn).await?;
    reading.check_heads(conn).await?;
    reading.end(conn).await?;
    Ok(Held {
        entries: unsigned(reading.replay.last),
        chains: reading.replay.chains.len() as u64,
        checkpoints: reading.seals.count,
        unsigned: unsigned(reading.replay.last) - reading.sealed,
        withheld: 0,
        is_signature_checked: !keys.is_empty(),
    })
}

/// An entry as its row says.
pub(super) fn found(row: &SqliteRow) -> Result<Found, sqlx::Error> {
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

/// How far the check has come.
#[derive(Default)]
struct Reading {
    replay: Replay,
    rows: HashMap<Kind, Rows>,
    seals: Seals,
    waiting: VecDeque<Checkpoint>,
    read_seals: u64,
    /// Up to which entry the newest checkpoint signed.
    sealed: u64,
    /// The tree's rows are not what the newest checkpoint signed.
    is_tree_altered: bool,
}

/// The rows of one kind that are to be met next, and up to which number they were read.
#[derive(Default)]
struct Rows {
    waiting: VecDeque<Row>,
    read_to: i64,
}

/// A row's number, its content's hash, and what stands since something of it was erased, or what an erasure says.
struct Row {
    number: i64,
    content: Option<Hash>,
    erased: Option<(i64, Hash)>,
    erasure: Option<String>,
}

impl Reading {
    /// How the chains stood at the newest checkpoint, from the rows of the tree, if these are what it signed.
    async fn load_signed(&mut self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let newest: Option<(i64, String, Vec<u8>)> =
            sqlx::query_as(include_str!("../sql/newest_checkpoint.sql")).fetch_optional(&mut *conn).await?;
        let newest = newest.and_then(|(_, text, signature)| Checkpoint::read(text, signature));
        let (grown, _): (i64, i64) =
            sqlx::query_as(include_str!("../sql/tree_state.sql")).fetch_one(&mut *conn).await?;
        let Some(newest) = newest.filter(|newest| newest.said.entries == unsigned(grown)) else { return Ok(()) };
        let (mut tree, mut signed, mut last) = (Tree::default(), HashMap::new(), -1);
        loop {
            let page: Vec<(i64, Vec<u8>)> = sqlx::query_as(include_str!("../sql/tree_page.sql"))
                .bind(last)
                .bind(PAGE)
                .fetch_all(&mut *conn)
                .await?;
            let Some((end, _)) = page.last() else { break };
            last = *end;
            for (place, body) in page {
                let links = (place << 4..).zip(tree::read_group(&body)?);
                signed.extend(links.filter(|(_, link)| link.count > 0));
            }
        }
        tree.set(signed.iter().map(|(chain, link)| (*chain, *link)));
        self.is_tree_altered = tree.root() != newest.said.root;
        if !self.is_tree_altered {
            (self.replay.signed, self.replay.newest) = (signed, newest.said.number);
        }
        Ok(())
    }

    async fn load_seals(&mut self, conn: &mut SqliteConnection, keys: &[PublicKey]) -> Result<(), Stop> {
        for row in checkpoint::page_of(conn, self.read_seals, SEALS).await? {
            self.read_seals = row.0;
            let checkpoint = self.seals.read(row, keys)?;
            self.waiting.push_back(checkpoint);
        }
        Ok(())
    }

    /// The checkpoints that stand before an entry.
    async fn seals_before(&mut self, conn: &mut SqliteConnection, entry: i64, keys: &[PublicKey]) -> Result<(), Stop> {
        while let Some(next) = self.waiting.front().filter(|next| next.said.entries < unsigned(entry)) {
            self.sealed = next.said.entries;
            self.replay.checkpoint(next);
            self.waiting.pop_front();
            if self.waiting.is_empty() {
                self.load_seals(conn, keys).await?;
            }
        }
        Ok(())
    }

    /// Reads the rows that these entries chain, and whatever stands between them.
    async fn load_rows(&mut self, conn: &mut SqliteConnection, entries: &[Found]) -> Result<(), sqlx::Error> {
        for kind in Kind::ALL {
            let subjects = entries.iter().filter(|entry| entry.kind == Some(kind)).map(|entry| entry.subject);
            let Some(until) = subjects.max() else { continue };
            let rows = self.rows.entry(kind).or_default();
            if until > rows.read_to {
                rows.waiting.extend(read_rows(conn, kind, rows.read_to, until).await?);
                rows.read_to = until;
            }
        }
        Ok(())
    }

    fn check_row(&mut self, entry: &Found) -> Result<(), Broken> {
        let Some(kind) = entry.kind else { return Err(entry.broken(Fault::EntryAltered)) };
        let waiting = &mut self.rows.entry(kind).or_default().waiting;
        match waiting.pop_front() {
            Some(row) if row.number == entry.subject => meet(&mut self.replay, entry, row),
            Some(Row { number, .. }) if number < entry.subject => {
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
                rows.waiting.extend(read_rows(conn, kind, rows.read_to, i64::MAX).await?);
            }
            if let Some(row) = rows.waiting.front() {
                return Err(Broken { row: Some((kind, row.number)), ..Broken::of("", Fault::RowInserted) }.into());
            }
        }
        Ok(())
    }

    /// Each chain ends as the count and head say that are kept beside it.
    async fn check_heads(&mut self, conn: &mut SqliteConnection) -> Result<(), Stop> {
        let row = sqlx::query(include_str!("../sql/system_chain.sql")).fetch_one(&mut *conn).await?;
        let kept = Link { count: row.try_get(0)?, head: hash_of(&row, 1)? };
        ends_as_kept("system", *self.replay.chains.entry(SYSTEM).or_default(), kept)?;
        let mut met: HashSet<i64> = [SYSTEM].into();
        let mut last = 0;
        loop {
            let page = sqlx::query(include_str!("../sql/chains_page.sql"));
            let page = page.bind(last).bind(PAGE).fetch_all(&mut *conn).await?;
            let Some(end) = page.last() else { break };
            last = end.try_get(0)?;
            for row in &page {
                let (nr, kept) = read_kept(row)?;
                met.insert(nr);
                let begin = || Link::begin(&format!("order {}", row.try_get::<&str, _>(1).unwrap_or_default()));
                let link = self.replay.chains.get(&nr).copied().unwrap_or_else(begin);
                ends_as_kept(row.try_get(1)?, link, kept)?;
            }
        }
        match self.replay.chains.keys().find(|chain| !met.contains(chain)) {
            None => Ok(()),
            Some(chain) => Err(Broken::of(format!("#{chain}"), Fault::HeadDiffers)
                .because("这条链的工单行已缺失", "the row of its order is missing")
                .into()),
        }
    }

    async fn end(&mut self, conn: &mut SqliteConnection) -> Result<(), Stop> {
        if let Err(mut broken) = self.replay.end(|_| None) {
            broken.chain = named(conn, broken.chain).await?;
            return Err(broken.into());
        }
        if let Some(ahead) = self.waiting.front() {
            let (entries, last) = (ahead.said.entries, self.replay.last);
            return Err(Broken::at_checkpoint(ahead.said.number, Fault::CheckpointDiffers)
                .because(
                    format!("签到台账序号 {entries}，台账止于 {last}"),
                    format!("it signed up to entry {entries}, the ledger ends at {last}"),
                )
                .into());
        }
        if self.is_tree_altered {
            return Err(Broken::at_checkpoint(self.seals.count, Fault::TreeAltered).into());
        }
        Ok(())
    }
}

/// A chain that is known by its number only, by its order's id.
async fn named(conn: &mut SqliteConnection, chain: String) -> Result<String, sqlx::Error> {
    let Some(nr) = chain.strip_prefix('#') else { return Ok(chain) };
    let row: Option<(i64, String)> =
        sqlx::query_as(include_str!("../sql/names_of_orders.sql")).bind(format!("[{nr}]")).fetch_optional(conn).await?;
    Ok(row.map_or(chain, |(_, id)| id))
}

fn meet(replay: &mut Replay, entry: &Found, row: Row) -> Result<(), Broken> {
    replay::content(entry, row.content)?;
    if let Some(erased) = row.erased {
        replay.note_erased(entry, erased);
    }
    if let Some(body) = row.erasure {
        replay.note_erasure(&body);
    }
    Ok(())
}

/// A chain's number, and count and head as they are kept beside it.
fn read_kept(row: &SqliteRow) -> Result<(i64, Link), sqlx::Error> {
    Ok((row.try_get(0)?, Link { count: row.try_get(2)?, head: hash_of(row, 3)? }))
}

fn ends_as_kept(chain: &str, link: Link, kept: Link) -> Result<(), Broken> {
    let broken = Broken::of(chain, Fault::HeadDiffers);
    if link.count != kept.count {
        return Err(broken.because(
            format!("所记为 {} 条，实有 {} 条", kept.count, link.count),
            format!("{} are counted, {} are there", kept.count, link.count),
        ));
    }
    if link.head == kept.head {
        Ok(())
    } else {
        Err(broken.instead(super::verdict::short(&kept.head), super::verdict::short(&link.head)))
    }
}

async fn read_rows(conn: &mut SqliteConnection, kind: Kind, after: i64, until: i64) -> Result<Vec<Row>, sqlx::Error> {
    contents::rows(conn, kind, after, until).await?.iter().map(|row| read_row(kind, row)).collect()
}

fn read_row(kind: Kind, row: &SqliteRow) -> Result<Row, sqlx::Error> {
    let erasure = if kind == Kind::Erasure { row.try_get(5).ok() } else { None };
    Ok(Row { number: row.try_get(0)?, content: content(kind, row), erased: erased(kind, row), erasure })
}

/// One order: its chain, the rows that it chains, those that it does not, and what was signed of it.
async fn check_order(
    conn: &mut SqliteConnection,
    order: &str,
    (nr, kept): (i64, Link),
    keys: &[PublicKey],
) -> Result<Held, Stop> {
    let mut replay = Replay::default();
    let signed = signed_of(conn, nr, keys).await?;
    if let Some((number, link)) = signed {
        replay.newest = number;
        replay.signed.extend((link.count > 0).then_some((nr, link)));
    }
    let page = sqlx::query(include_str!("../sql/ledger_of_chain.sql"));
    let entries = page.bind(nr).fetch_all(&mut *conn).await?;
    let mut chained = HashSet::new();
    for row in &entries {
        let entry = found(row)?;
        replay.link(&entry)?;
        let Some(kind) = entry.kind else { return Err(entry.broken(Fault::EntryAltered).into()) };
        let row = read_rows(conn, kind, entry.subject - 1, entry.subject).await?.pop();
        meet(&mut replay, &entry, row.ok_or_else(|| entry.broken(Fault::RowMissing))?)?;
        chained.insert((kind.as_str().to_owned(), entry.subject));
    }
    let rows: Vec<(String, i64)> =
        sqlx::query_as(include_str!("../sql/rows_of_order.sql")).bind(nr).fetch_all(&mut *conn).await?;
    if let Some((kind, number)) = rows.into_iter().find(|row| !chained.contains(row)) {
        let row = Kind::parse(&kind).map(|kind| (kind, number));
        return Err(Broken { row, ..Broken::of(order, Fault::RowInserted) }.into());
    }
    let link = replay.chains.get(&nr).copied().unwrap_or_else(|| Link::begin(&format!("order {order}")));
    replay.end(|_| Some(order.to_owned()))?;
    ends_as_kept(order, link, kept)?;
    Ok(Held {
        entries: unsigned(link.count),
        chains: 1,
        checkpoints: u64::from(signed.is_some()),
        unsigned: unsigned(link.count - signed.map_or(0, |(_, link)| link.count)),
        withheld: 0,
        is_signature_checked: !keys.is_empty(),
    })
}

/// The newest checkpoint's number, and how this chain stood then; none: there is none, or the tree has grown since.
async fn signed_of(conn: &mut SqliteConnection, chain: i64, keys: &[PublicKey]) -> Result<Option<(u64, Link)>, Stop> {
    let Some(proof) = tree::proof(conn, chain).await? else { return Ok(None) };
    let number = proof.checkpoint.said.number;
    replay::verify_signature(&proof.checkpoint, keys)?;
    if proof.root() != proof.checkpoint.said.root {
        return Err(Broken::at_checkpoint(number, Fault::TreeAltered).into());
    }
    Ok(Some((number, proof.link)))
}
