//! The ledger gone through once more, entry by entry and checkpoint by checkpoint: of a store or of a bundle.

use super::checkpoint::{self, Checkpoint};
use super::keys::PublicKey;
use super::tree::Tree;
use super::verdict::{Broken, Fault, short};
use super::{Hash, Kind, Link, SYSTEM};
use crate::store::orders::unsigned;
use std::collections::{HashMap, HashSet};

/// An entry as found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) number: i64,
    pub(super) chain: i64,
    pub(super) order: Option<String>,
    pub(super) n: i64,
    pub(super) kind: Option<Kind>,
    pub(super) subject: i64,
    pub(super) content: Hash,
    pub(super) hash: Hash,
}

impl Found {
    pub(super) fn name(&self) -> String {
        if self.chain == SYSTEM {
            "system".into()
        } else {
            self.order.clone().unwrap_or_else(|| format!("#{}", self.chain))
        }
    }

    pub(super) fn broken(&self, fault: Fault) -> Broken {
        Broken {
            entry: Some(unsigned(self.number)),
            place: Some(unsigned(self.n)),
            row: self.kind.map(|kind| (kind, self.subject)),
            ..Broken::of(self.name(), fault)
        }
    }

    fn begin(&self) -> Link {
        if self.chain == SYSTEM { Link::default() } else { Link::begin(&format!("order {}", self.name())) }
    }
}

/// How far the check has come.
#[derive(Default)]
pub(super) struct Replay {
    /// The last entry's number.
    pub(super) last: i64,
    /// How each chain stands.
    pub(super) chains: HashMap<i64, Link>,
    /// How each chain stood at the newest checkpoint, and that checkpoint's number.
    pub(super) signed: HashMap<i64, Link>,
    pub(super) newest: u64,
    tree: Tree,
    dirty: HashSet<i64>,
    /// The first checkpoint that signed something else: it is told if no chain can be named.
    differs: Option<Broken>,
    /// Events of which something was erased: their bodies as they stand, and where they are chained.
    erased: HashMap<i64, (Hash, Found)>,
    /// What the erasures say of them.
    declared: HashMap<i64, Hash>,
}

impl Replay {
    /// An entry, the ledger's next.
    pub(super) fn entry(&mut self, entry: &Found) -> Result<(), Broken> {
        if entry.number > self.last + 1 {
            let missing = entry.broken(Fault::EntryMissing);
            return Err(missing.because(
                format!("台账序号 {} 之后应为 {}", self.last, self.last + 1),
                format!("after number {} of the ledger comes {}", self.last, self.last + 1),
            ));
        }
        self.link(entry)?;
        self.last = entry.number;
        Ok(())
    }

    /// An entry, the next of its chain.
    pub(super) fn link(&mut self, entry: &Found) -> Result<(), Broken> {
        let link = self.chains.entry(entry.chain).or_insert_with(|| entry.begin());
        let expected = link.count + 1;
        if entry.n != expected {
            let fault = if entry.n < expected { Fault::EntryInserted } else { Fault::EntryMissing };
            return Err(entry.broken(fault).because(
                format!("此处应为第{expected}条"),
                format!("entry {expected} of the chain is expected here"),
            ));
        }
        *link = link.then(&entry.content);
        if link.head != entry.hash {
            return Err(entry.broken(Fault::EntryAltered).instead(short(&link.head), short(&entry.hash)));
        }
        self.dirty.insert(entry.chain);
        match self.signed.get(&entry.chain) {
            Some(signed) if signed.count == entry.n && signed.head != entry.hash => {
                let differs = Broken { checkpoint: Some(self.newest), ..entry.broken(Fault::SignedDiffers) };
                Err(differs.because(
                    format!("检查点{} 签的是 {}，实为 {}", self.newest, short(&signed.head), short(&entry.hash)),
                    format!("checkpoint {} signed {}, found {}", self.newest, short(&signed.head), short(&entry.hash)),
                ))
            }
            _ => Ok(()),
        }
    }

    /// An event of which something was erased.
    pub(super) fn note_erased(&mut self, entry: &Found, (event, body): (i64, Hash)) {
        self.erased.insert(event, (body, entry.clone()));
    }

    /// What an erasure says of events.
    pub(super) fn note_erasure(&mut self, body: &str) {
        self.declared.extend(super::erase::declared(body));
    }

    /// A checkpoint, after the last entry that it signed.
    pub(super) fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        self.tree.set(self.dirty.drain().filter_map(|chain| Some((chain, *self.chains.get(&chain)?))));
        let said = &checkpoint.said;
        if self.differs.is_none() && self.tree.root() != said.root {
            let differs = Broken::at_checkpoint(said.number, Fault::CheckpointDiffers);
            let differs = differs.instead(short(&said.root), short(&self.tree.root()));
            self.differs = Some(differs);
        }
    }

    /// After the last entry: what was cut off, what a checkpoint signed otherwise, what was erased without an erasure.
    pub(super) fn end(&self, name: impl Fn(i64) -> Option<String>) -> Result<(), Broken> {
        let cut = |(chain, signed): (&i64, &Link)| {
            let count = self.chains.get(chain).map_or(0, |link| link.count);
            (count < signed.count).then_some((*chain, count, signed.count))
        };
        if let Some((chain, found, signed)) = self.signed.iter().filter_map(cut).min() {
            let name = if chain == SYSTEM { Some("system".into()) } else { name(chain) };
            let number = self.newest;
            return Err(Broken {
                place: Some(unsigned(found) + 1),
                checkpoint: Some(number),
                ..Broken::of(name.unwrap_or_else(|| format!("#{chain}")), Fault::SignedCut)
            }
            .because(
                format!("检查点{number} 签了 {signed} 条，现只有 {found} 条"),
                format!("checkpoint {number} signed {signed} entries, found {found}"),
            ));
        }
        self.differs.clone().map_or(Ok(()), Err)?;
        self.erasures()
    }

    /// What erased events say now is what their erasure says.
    fn erasures(&self) -> Result<(), Broken> {
        let wrong = |(event, (body, entry)): (&i64, &(Hash, Found))| {
            (self.declared.get(event) != Some(body)).then(|| entry.clone())
        };
        match self.erased.iter().filter_map(wrong).min_by_key(|entry| entry.number) {
            None => Ok(()),
            Some(entry) => Err(entry.broken(Fault::RowChanged).because(
                "内容已依法删除，现有的文字与删除记录不符",
                "something of it was erased, and what it says now is not what the erasure left",
            )),
        }
    }
}

/// What an entry chains, as it stands now; none: it says what no such row says.
pub(super) fn content(entry: &Found, content: Option<Hash>) -> Result<(), Broken> {
    match content {
        Some(content) if content == entry.content => Ok(()),
        Some(content) => Err(entry.broken(Fault::RowChanged).instead(short(&entry.content), short(&content))),
        None => Err(entry.broken(Fault::RowChanged)),
    }
}

/// The checkpoints gone through by themselves: numbers, the chain of texts, signatures.
#[derive(Default)]
pub(super) struct Seals {
    newest: Option<(u64, Hash)>,
    pub(super) count: u64,
}

impl Seals {
    /// The next checkpoint, as its row says.
    pub(super) fn read(
        &mut self,
        (number, entries, text, signature): checkpoint::Row,
        keys: &[PublicKey],
    ) -> Result<Checkpoint, Broken> {
        let expected = self.newest.map_or(1, |(number, _)| number + 1);
        let altered = || Broken::at_checkpoint(number, Fault::CheckpointAltered);
        if number != expected {
            return Err(Broken::at_checkpoint(expected, Fault::CheckpointMissing));
        }
        let checkpoint = Checkpoint::read(text, signature).ok_or_else(altered)?;
        let said = &checkpoint.said;
        if said.number != number || said.entries != entries {
            return Err(altered());
        }
        let before = self.newest.map_or([0; 32], |(_, hash)| hash);
        if said.before != before {
            return Err(altered().instead(short(&before), short(&said.before)));
        }
        verify_signature(&checkpoint, keys)?;
        self.newest = Some((number, checkpoint.hash()));
        self.count += 1;
        Ok(checkpoint)
    }
}

/// Whether one of the keys signed it; without keys nothing is asked.
pub(super) fn verify_signature(checkpoint: &Checkpoint, keys: &[PublicKey]) -> Result<(), Broken> {
    let forged = Broken::at_checkpoint(checkpoint.said.number, Fault::CheckpointForged);
    match checkpoint.is_signed_by(keys) {
        Some(true) => Ok(()),
        _ if keys.is_empty() => Ok(()),
        Some(false) => Err(forged),
        None => {
            let key = short(&checkpoint.said.key);
            Err(forged
                .because(format!("所用密钥 {key}… 不在所给公钥之中"), format!("its key {key}… is none of those given")))
        }
    }
}
