//! Bundles: a chain, or the whole ledger, in one file that another machine checks without the store.
//!
//! A line of JSON each: what the file is; of one order the proof that a checkpoint signed how its chain stood; each entry
//! with the row that it chains; of the whole ledger each checkpoint where it stands; the end with the number of entries. An
//! event with personal data is exported by its body's hash only, unless asked for.

use super::checkpoint::{self, Checkpoint};
use super::contents::{self, Columns};
use super::keys::PublicKey;
use super::replay::{self, Found, Replay, Seals, verify_signature};
use super::tree::{Children, Proof, proof};
use super::verdict::{Broken, Fault, Held, Verdict, short};
use super::verify::found;
use super::{Hash, Kind, Link};
use crate::store::Store;
use crate::store::append;
use crate::store::error::StoreError;
use crate::store::orders::unsigned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row as _, TypeInfo, ValueRef};
use std::io::{BufRead, Write};

const FORMAT: &str = "ledger 1";
const PAGE: i64 = 1024;

/// Why a bundle could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file.
    #[error("failed to write the bundle")]
    Write(#[source] std::io::Error),
    /// The file.
    #[error("failed to read the bundle")]
    Read(#[source] std::io::Error),
    /// A line is none of a bundle.
    #[error("line {0} is no line of a bundle")]
    Malformed(usize),
    /// It is another file, or its end is missing.
    #[error("it is no bundle of duban, or not all of it")]
    NoBundle,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Duban(Head),
    Proof(ProofLine),
    Entry(EntryLine),
    Checkpoint { text: String, signature: String },
    End { entries: u64 },
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ProofLine {
    chain: i64,
    count: i64,
    head: String,
    path: Vec<Vec<String>>,
    checkpoint: String,
    signature: String,
}

#[derive(Serialize, Deserialize)]
struct EntryLine {
    number: i64,
    chain: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    n: i64,
    kind: String,
    subject: i64,
    content: String,
    hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row: Option<Map<String, Value>>,
    /// Whether the row's body was left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    withheld: bool,
}

/// Whether an event, by its type and body, is exported by its hash only.
pub type Withheld<'a> = &'a (dyn Fn(&str, &str) -> bool + Sync);

impl Store {
    /// Writes a bundle of one order, or of everything; how many entries, none: there is no such order.
    pub async fn export(
        &self,
        order: Option<&str>,
        withheld: Withheld<'_>,
        out: &mut (dyn Write + Send),
    ) -> Result<Option<u64>, BundleError> {
        let failed = || StoreError::failed("export the ledger");
        let mut snapshot = self.0.readers.begin().await.map_err(failed())?;
        let mut writing = Exporting { conn: &mut snapshot, withheld, out, entries: 0 };
        match order {
            None => writing.all().await.map(|()| Some(writing.entries)),
            Some(order) => writing.one(order).await.map(|found| found.then_some(writing.entries)),
        }
    }
}

struct Exporting<'a> {
    conn: &'a mut SqliteConnection,
    withheld: Withheld<'a>,
    out: &'a mut (dyn Write + Send),
    entries: u64,
}

impl Exporting<'_> {
    async fn one(&mut self, order: &str) -> Result<bool, BundleError> {
        let row = sqlx::query(include_str!("../sql/chain_of_order.sql")).bind(order);
        let Some(row) = row.fetch_optional(&mut *self.conn).await.map_err(failed)? else { return Ok(false) };
        let nr: i64 = row.try_get(0).map_err(failed)?;
        self.write(&Line::Duban(Head { format: FORMAT.into(), order: Some(order.into()) }))?;
        if let Some(proof) = proof(self.conn, nr).await.map_err(failed)?.filter(|proof| proof.link.count > 0) {
            self.write(&Line::Proof(proof_line(&proof)))?;
        }
        let sql = include_str!("../sql/ledger_of_chain.sql");
        let rows = sqlx::query(sql).bind(nr).fetch_all(&mut *self.conn).await.map_err(failed)?;
        for row in &rows {
            self.entry(&found(row).map_err(failed)?).await?;
        }
        self.end()?;
        Ok(true)
    }

    async fn all(&mut self) -> Result<(), BundleError> {
        self.write(&Line::Duban(Head { format: FORMAT.into(), order: None }))?;
        let (mut last, mut sealed) = (0, 0);
        loop {
            let page = sqlx::query(include_str!("../sql/ledger_page.sql")).bind(last).bind(PAGE);
            let page = page.fetch_all(&mut *self.conn).await.map_err(failed)?;
            for row in &page {
                let entry = found(row).map_err(failed)?;
                last = entry.number;
                sealed = self.seals_before(sealed, unsigned(last)).await?;
                self.entry(&entry).await?;
            }
            if page.is_empty() {
                self.seals_before(sealed, u64::MAX).await?;
                return self.end();
            }
        }
    }

    /// The checkpoints after a number that stand before an entry; the last one's number.
    async fn seals_before(&mut self, mut sealed: u64, entry: u64) -> Result<u64, BundleError> {
        loop {
            let next = checkpoint::page_of(self.conn, sealed, 1).await.map_err(failed)?.pop();
            let Some((number, entries, text, signature)) = next else { return Ok(sealed) };
            if entries >= entry {
                return Ok(sealed);
            }
            sealed = number;
            self.write(&Line::Checkpoint { text, signature: hex::encode(signature) })?;
        }
    }

    async fn entry(&mut self, entry: &Found) -> Result<(), BundleError> {
        let kind = entry.kind;
        let row = match kind {
            Some(kind) => {
                contents::rows(self.conn, kind, entry.subject - 1, entry.subject).await.map_err(failed)?.pop()
            }
            None => None,
        };
        let mut row = row.zip(kind).map(|(row, kind)| json_row(kind, &row)).transpose().map_err(failed)?;
        let withheld = row.as_mut().is_some_and(|row| kind == Some(Kind::Event) && self.withhold(row));
        self.entries += 1;
        self.write(&Line::Entry(EntryLine {
            number: entry.number,
            chain: entry.chain,
            order: entry.order.clone(),
            n: entry.n,
            kind: kind.map(Kind::as_str).unwrap_or_default().into(),
            subject: entry.subject,
            content: hex::encode(entry.content),
            hash: hex::encode(entry.hash),
            row,
            withheld,
        }))
    }

    /// Leaves a body out, but for its hash; whether that was needed.
    fn withhold(&self, row: &mut Map<String, Value>) -> bool {
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        let (kind, body) = (text("type").unwrap_or_default(), text("body").unwrap_or_default());
        if !(self.withheld)(kind, body) {
            return false;
        }
        let salt = text("salt").and_then(|salt| hex::decode(salt).ok());
        let hash = text("erased").map_or_else(|| hex::encode(append::body_hash(salt.as_deref(), body)), str::to_owned);
        row.insert("erased".into(), hash.into());
        row.remove("body");
        row.remove("salt");
        true
    }

    fn end(&mut self) -> Result<(), BundleError> {
        self.write(&Line::End { entries: self.entries })?;
        self.out.flush().map_err(BundleError::Write)
    }

    fn write(&mut self, line: &Line) -> Result<(), BundleError> {
        let text = serde_json::to_string(line).expect("texts and numbers can be written");
        writeln!(self.out, "{text}").map_err(BundleError::Write)
    }
}

fn failed(error: sqlx::Error) -> BundleError {
    BundleError::Store(StoreError::failed("export the ledger")(error))
}

fn proof_line(proof: &Proof) -> ProofLine {
    ProofLine {
        chain: proof.chain,
        count: proof.link.count,
        head: hex::encode(proof.link.head),
        path: proof.path.iter().map(|children| children.iter().map(hex::encode).collect()).collect(),
        checkpoint: proof.checkpoint.text.clone(),
        signature: hex::encode(&proof.checkpoint.signature),
    }
}

fn json_row(kind: Kind, row: &SqliteRow) -> Result<Map<String, Value>, sqlx::Error> {
    let names = contents::names(kind).iter().enumerate();
    names.map(|(column, name)| Ok(((*name).to_owned(), json_value(row, column, name)?))).collect()
}

fn json_value(row: &SqliteRow, column: usize, name: &str) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(column)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    if contents::is_bytes(name) {
        return Ok(hex::encode(row.try_get::<Vec<u8>, _>(column)?).into());
    }
    match raw.type_info().name() {
        "TEXT" => row.try_get::<String, _>(column).map(Value::from),
        _ => row.try_get::<i64, _>(column).map(Value::from),
    }
}

/// A row of a bundle.
struct JsonRow<'a>(Kind, &'a Map<String, Value>);

impl JsonRow<'_> {
    fn value(&self, column: usize) -> Option<&Value> {
        self.1.get(*contents::names(self.0).get(column)?).filter(|value| !value.is_null())
    }
}

impl Columns for JsonRow<'_> {
    fn number(&self, column: usize) -> Option<Option<i64>> {
        self.value(column).map_or(Some(None), |value| value.as_i64().map(Some))
    }

    fn text(&self, column: usize) -> Option<Option<&str>> {
        self.value(column).map_or(Some(None), |value| value.as_str().map(Some))
    }

    fn hash(&self, column: usize) -> Option<Option<Vec<u8>>> {
        self.value(column).map_or(Some(None), |value| hex::decode(value.as_str()?).ok().map(Some))
    }
}

/// Checks a bundle; signatures by these keys, if any.
pub fn verify(bundle: impl BufRead, keys: &[PublicKey]) -> Result<Verdict, BundleError> {
    let mut reading = Reading { keys, ..Reading::default() };
    for (number, line) in (1..).zip(bundle.lines()) {
        let line = line.map_err(BundleError::Read)?;
        let line: Line = serde_json::from_str(&line).map_err(|_| match number {
            1 => BundleError::NoBundle,
            _ => BundleError::Malformed(number),
        })?;
        match reading.line(line) {
            Ok(()) => {}
            Err(Wrong::Broken(broken)) => return Ok(Verdict::Broken(broken)),
            Err(Wrong::Malformed) => return Err(BundleError::Malformed(number)),
        }
    }
    reading.end()
}

enum Wrong {
    Broken(Broken),
    Malformed,
}

impl From<Broken> for Wrong {
    fn from(broken: Broken) -> Wrong {
        Wrong::Broken(broken)
    }
}

#[derive(Default)]
struct Reading<'k> {
    keys: &'k [PublicKey],
    head: Option<Head>,
    replay: Replay,
    seals: Seals,
    proven: Option<Link>,
    sealed: u64,
    entries: u64,
    withheld: u64,
    ended: Option<u64>,
}

impl Reading<'_> {
    fn line(&mut self, line: Line) -> Result<(), Wrong> {
        let is_whole = self.head.as_ref().is_some_and(|head| head.order.is_none());
        match line {
            _ if self.ended.is_some() => Err(Wrong::Malformed),
            Line::Duban(head) if self.head.is_none() && head.format == FORMAT => {
                self.head = Some(head);
                Ok(())
            }
            _ if self.head.is_none() => Err(Wrong::Malformed),
            Line::Proof(proof) if !is_whole => self.proof(&proof),
            Line::Entry(entry) => self.entry(&entry, is_whole),
            Line::Checkpoint { text, signature } if is_whole => self.checkpoint(text, &signature),
            Line::End { entries } => {
                self.ended = Some(entries);
                Ok(())
            }
            _ => Err(Wrong::Malformed),
        }
    }

    fn proof(&mut self, line: &ProofLine) -> Result<(), Wrong> {
        let proof = read_proof(line).ok_or(Wrong::Malformed)?;
        let said = &proof.checkpoint.said;
        verify_signature(&proof.checkpoint, self.keys)?;
        if proof.root() != said.root {
            let differs = Broken::at_checkpoint(said.number, Fault::CheckpointDiffers);
            return Err(differs.instead(short(&said.root), short(&proof.root())).into());
        }
        self.replay.newest = said.number;
        self.replay.signed.insert(proof.chain, proof.link);
        self.proven = Some(proof.link);
        Ok(())
    }

    fn entry(&mut self, line: &EntryLine, is_whole: bool) -> Result<(), Wrong> {
        let entry = read_entry(line).ok_or(Wrong::Malformed)?;
        if is_whole {
            self.replay.entry(&entry)?;
        } else {
            let order = self.head.as_ref().and_then(|head| head.order.as_deref());
            if entry.order.as_deref() != order {
                return Err(entry.broken(Fault::EntryInserted).into());
            }
            self.replay.link(&entry)?;
        }
        self.entries += 1;
        let (Some(kind), Some(row)) = (entry.kind, &line.row) else {
            return Err(entry.broken(Fault::RowMissing).into());
        };
        let row = JsonRow(kind, row);
        if row.number(0) != Some(Some(entry.subject)) {
            return Err(entry.broken(Fault::RowChanged).into());
        }
        replay::content(&entry, contents::content(kind, &row))?;
        match contents::erased(kind, &row) {
            _ if line.withheld => self.withheld += 1,
            Some(erased) => self.replay.note_erased(&entry, erased),
            // A body that is left out without a word is no body.
            None if kind == Kind::Event && row.text(7) == Some(None) => {
                return Err(entry.broken(Fault::RowMissing).into());
            }
            None => {}
        }
        if let Some(body) = row.text(5).flatten().filter(|_| kind == Kind::Erasure) {
            self.replay.note_erasure(body);
        }
        Ok(())
    }

    fn checkpoint(&mut self, text: String, signature: &str) -> Result<(), Wrong> {
        let signature = hex::decode(signature).map_err(|_| Wrong::Malformed)?;
        let read = Checkpoint::read(text, signature).ok_or(Wrong::Malformed)?;
        let row = (read.said.number, read.said.entries, read.text, read.signature);
        let checkpoint = self.seals.read(row, self.keys)?;
        self.sealed = checkpoint.said.entries;
        if self.sealed != unsigned(self.replay.last) {
            let (number, signed, last) = (checkpoint.said.number, self.sealed, self.replay.last);
            return Err(Broken::at_checkpoint(number, Fault::CheckpointDiffers).instead(signed, last).into());
        }
        self.replay.checkpoint(&checkpoint);
        Ok(())
    }

    fn end(self) -> Result<Verdict, BundleError> {
        let (Some(head), Some(ended)) = (&self.head, self.ended) else { return Err(BundleError::NoBundle) };
        let order = head.order.clone();
        if let Err(broken) = self.replay.end(|_| order.clone()) {
            return Ok(Verdict::Broken(broken));
        }
        if ended != self.entries {
            let cut = Broken::of(order.unwrap_or_default(), Fault::EntryMissing).instead(ended, self.entries);
            return Ok(Verdict::Broken(cut));
        }
        let checkpoints = self.seals.count + u64::from(self.proven.is_some());
        if checkpoints == 0 && !self.keys.is_empty() {
            return Ok(Verdict::Broken(Broken::at_checkpoint(1, Fault::CheckpointMissing)));
        }
        let sealed = self.proven.map_or(self.sealed, |link| unsigned(link.count));
        Ok(Verdict::Holds(Held {
            entries: self.entries,
            chains: self.replay.chains.len() as u64,
            checkpoints,
            unsigned: self.entries - sealed,
            withheld: self.withheld,
            is_signature_checked: !self.keys.is_empty(),
        }))
    }
}

fn hash(digits: &str) -> Option<Hash> {
    hex::decode(digits).ok()?.try_into().ok()
}

fn read_proof(line: &ProofLine) -> Option<Proof> {
    let children = |hashes: &Vec<String>| {
        let hashes: Option<Vec<Hash>> = hashes.iter().map(|digits| hash(digits)).collect();
        Children::try_from(hashes?).ok()
    };
    let path = line.path.iter().map(children).collect::<Option<_>>()?;
    let checkpoint = Checkpoint::read(line.checkpoint.clone(), hex::decode(&line.signature).ok()?)?;
    let signed = Link { count: line.count, head: hash(&line.head)? };
    (signed.count > 0 && line.chain >= 0).then_some(Proof { checkpoint, chain: line.chain, link: signed, path })
}

fn read_entry(line: &EntryLine) -> Option<Found> {
    Some(Found {
        number: line.number,
        chain: line.chain,
        order: line.order.clone(),
        n: line.n,
        kind: Kind::parse(&line.kind),
        subject: line.subject,
        content: hash(&line.content)?,
        hash: hash(&line.hash)?,
    })
}
