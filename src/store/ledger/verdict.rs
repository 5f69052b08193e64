//! What checking the ledger yields, and how people are told.

use super::{Hash, Kind};
use crate::text::{Lang, Text};

/// What checking the ledger yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything holds.
    Holds(Held),
    /// This is the first that does not.
    Broken(Broken),
}

/// What was found to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// How many entries there are.
    pub entries: u64,
    /// In how many chains.
    pub chains: u64,
    /// How many checkpoints.
    pub checkpoints: u64,
    /// How many entries no checkpoint has signed yet.
    pub unsigned: u64,
    /// How many contents were not there to be compared: only their hashes are in a bundle.
    pub withheld: u64,
    /// Whether signatures were checked; else there was no key to check them with.
    pub is_signature_checked: bool,
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The chain: `system`, or the order's id; empty: none.
    pub chain: String,
    /// The entry's number in the ledger; none: it is about the chain or a row as a whole.
    pub entry: Option<u64>,
    /// Its place in the chain.
    pub place: Option<u64>,
    /// The row that it chains: of what kind, and its number.
    pub row: Option<(Kind, i64)>,
    /// The checkpoint.
    pub checkpoint: Option<u64>,
    /// What is wrong.
    pub fault: Fault,
    /// What was expected, and what is there instead.
    pub expected: Option<Box<Text>>,
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
    /// This entry, or one before it in its chain, is not what a checkpoint signed.
    SignedDiffers,
    /// The chain ends before what a checkpoint signed.
    SignedCut,
    /// A checkpoint is gone.
    CheckpointMissing,
    /// A checkpoint was changed, or does not follow from the one before it.
    CheckpointAltered,
    /// A checkpoint's signature is none of the key's.
    CheckpointForged,
    /// The ledger is not what this checkpoint signed.
    CheckpointDiffers,
    /// The tree kept beside the ledger is not what the newest checkpoint signed.
    TreeAltered,
}

impl Verdict {
    /// Signatures were asked for, and there is no checkpoint.
    pub fn unsigned() -> Verdict {
        Verdict::Broken(Broken::at_checkpoint(1, Fault::CheckpointMissing))
    }

    /// What people read.
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Verdict::Holds(held) => held.text(lang),
            Verdict::Broken(broken) => broken.text(lang),
        }
    }
}

impl Held {
    fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::Zh => self.chinese(),
            Lang::En => self.english(),
        }
    }

    fn chinese(&self) -> String {
        let Held { entries, chains, checkpoints, unsigned, withheld, is_signature_checked } = self;
        let withheld = match withheld {
            0 => String::new(),
            _ => format!("其中 {withheld} 条的内容没有随包提供，只核对了摘要。"),
        };
        let signed = match (checkpoints, is_signature_checked) {
            (0, _) => "没有检查点，未经签名。".into(),
            (_, true) => format!("{checkpoints} 个检查点，签名有效；其后 {unsigned} 条尚未签入。"),
            (_, false) => {
                format!("{checkpoints} 个检查点与台账相符，其后 {unsigned} 条尚未签入；没有公钥，签名未核对。")
            }
        };
        format!("台账完好：{chains} 条链，{entries} 条记录。{withheld}{signed}")
    }

    fn english(&self) -> String {
        let Held { entries, chains, checkpoints, unsigned, withheld, is_signature_checked } = self;
        let withheld = match withheld {
            0 => String::new(),
            _ => format!("; of {withheld} the content was withheld, only its hash was checked"),
        };
        let signed = match (checkpoints, is_signature_checked) {
            (0, _) => "there is no checkpoint, nothing is signed".into(),
            (_, true) => format!("{checkpoints} checkpoints, rightly signed; {unsigned} entries after them"),
            (_, false) => format!(
                "{checkpoints} checkpoints agree with it, {unsigned} entries after them; signatures were not checked for want of a key"
            ),
        };
        format!("the ledger holds: {entries} entries in {chains} chains{withheld}; {signed}")
    }
}

impl Broken {
    /// About a chain as a whole, or about nothing in particular.
    pub(super) fn of(chain: impl Into<String>, fault: Fault) -> Broken {
        Broken { chain: chain.into(), entry: None, place: None, row: None, checkpoint: None, fault, expected: None }
    }

    /// About a checkpoint.
    pub(super) fn at_checkpoint(number: u64, fault: Fault) -> Broken {
        Broken { checkpoint: Some(number), ..Broken::of("", fault) }
    }

    /// With what was expected and what was found.
    pub(super) fn instead(self, expected: impl std::fmt::Display, found: impl std::fmt::Display) -> Broken {
        let zh = format!("应为 {expected}，实为 {found}");
        self.because(zh, format!("expected {expected}, found {found}"))
    }

    /// With a remark.
    pub(super) fn because(self, zh: impl Into<String>, en: impl Into<String>) -> Broken {
        Broken { expected: Some(Box::new(Text::new(zh, en))), ..self }
    }

    /// What people read.
    pub fn text(&self, lang: Lang) -> String {
        let fault = self.fault.text(lang);
        let row = self.row.map(|(kind, number)| format!("{} {number}", kind.as_str()));
        let expected = self.expected.as_ref().map(|text| text.in_lang(lang));
        match lang {
            Lang::Zh => {
                let place = match (self.place, self.entry) {
                    (Some(place), Some(entry)) => format!("第{place}条（台账序号{entry}）"),
                    (Some(place), None) => format!("第{place}条"),
                    _ => String::new(),
                };
                let row = row.map(|row| format!("，内容为 {row}")).unwrap_or_default();
                let expected = expected.map(|text| format!("（{text}）")).unwrap_or_default();
                format!("{}{place}{row}：{fault}{expected}。", self.subject(lang))
            }
            Lang::En => {
                let place = match (self.place, self.entry) {
                    (Some(place), Some(entry)) => format!(", entry {place} (number {entry} of the ledger)"),
                    (Some(place), None) => format!(", entry {place}"),
                    _ => String::new(),
                };
                let row = row.map(|row| format!(", {row}")).unwrap_or_default();
                let expected = expected.map(|text| format!(" ({text})")).unwrap_or_default();
                format!("{}{place}{row}: {fault}{expected}", self.subject(lang))
            }
        }
    }

    fn subject(&self, lang: Lang) -> String {
        let checkpoint = self.checkpoint;
        match (lang, &*self.chain, checkpoint) {
            (Lang::Zh, "", Some(number)) => format!("检查点{number}"),
            (Lang::En, "", Some(number)) => format!("checkpoint {number}"),
            (Lang::Zh, "", None) => "台账".into(),
            (Lang::En, "", None) => "ledger".into(),
            (Lang::Zh, chain, _) => format!("链“{chain}”"),
            (Lang::En, chain, _) => format!("chain `{chain}`"),
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
            Fault::SignedDiffers => (
                "此条或链中此前的记录与检查点所签不符",
                "this entry, or one before it, is not what a checkpoint signed",
            ),
            Fault::SignedCut => ("检查点签过的记录被截去", "entries that a checkpoint signed were cut off"),
            Fault::CheckpointMissing => ("检查点缺失", "the checkpoint is missing"),
            Fault::CheckpointAltered => ("检查点被改动或移位", "the checkpoint was altered or moved"),
            Fault::CheckpointForged => {
                ("签名无效，检查点是伪造的", "the signature is not valid: the checkpoint is forged")
            }
            Fault::CheckpointDiffers => ("台账与此检查点所签不符", "the ledger is not what this checkpoint signed"),
            Fault::TreeAltered => (
                "检查点所用的树与最新检查点所签不符",
                "the tree beside the ledger is not what the newest checkpoint signed",
            ),
        };
        match lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// The beginning of a hash, enough to tell two apart.
pub(super) fn short(hash: &Hash) -> String {
    hex::encode(&hash[..8])
}
