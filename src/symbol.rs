//! A word of the rule files (an id, an event type, an attribute, a value of a closed list) is interned once a process,
//! so that conditions compare numbers.
//!
//! Only words that rule files declare become symbols: their number is bounded by what operators write, never by what
//! other systems send (for those there is [`Symbol::find`]). That is why a symbol's text may live as long as the process.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};

/// An interned word. Two symbols are equal exactly when their texts are; their order is that of interning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

/// The numbers of the words known so far.
static NUMBERS: LazyLock<RwLock<HashMap<&'static str, u32>>> = LazyLock::new(RwLock::default);

/// The words by their numbers, in chunks of which each is twice as long as the one before: a word never moves, so that
/// reading it takes no lock, which all cores would share.
static TEXTS: [OnceLock<Vec<OnceLock<&'static str>>>; 24] = [const { OnceLock::new() }; 24];

const FIRST_CHUNK: u32 = 256;

/// Where a number's word stands.
fn slot(number: u32) -> &'static OnceLock<&'static str> {
    let place = number + FIRST_CHUNK;
    let chunk = place.ilog2() - FIRST_CHUNK.ilog2();
    let length = FIRST_CHUNK << chunk;
    let slots = || (0..length).map(|_| OnceLock::new()).collect();
    &TEXTS[chunk as usize].get_or_init(slots)[(place - length) as usize]
}

/// A map by symbols. Their numbers are given by operators' files, never by senders, so that a plain hash is safe.
pub type SymbolMap<V> = HashMap<Symbol, V, BuildHasherDefault<SymbolHasher>>;

/// Spreads symbols' numbers over a word.
#[derive(Clone, Copy, Debug, Default)]
pub struct SymbolHasher(u64);

impl Hasher for SymbolHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        // 2^64 over the golden ratio: neighbouring numbers come to lie far apart, in the upper bits too.
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Symbol {
    /// The symbol of a declared word.
    pub fn new(word: &str) -> Symbol {
        if let Some(known) = Symbol::find(word) {
            return known;
        }
        let mut numbers = NUMBERS.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(&number) = numbers.get(word) {
            return Symbol(number);
        }
        let number = u32::try_from(numbers.len()).expect("fewer than 4 thousand million words");
        let text: &'static str = Box::leak(word.into());
        slot(number).get_or_init(|| text);
        numbers.insert(text, number);
        Symbol(number)
    }

    /// The symbol of a word that may come from outside: none if no rule file ever declared it.
    pub fn find(word: &str) -> Option<Symbol> {
        let numbers = NUMBERS.read().unwrap_or_else(PoisonError::into_inner);
        numbers.get(word).copied().map(Symbol)
    }

    /// Its number, by which it can be kept compactly within this process.
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    /// The symbol of a number that [`Symbol::number`] gave.
    pub(crate) fn numbered(number: u32) -> Symbol {
        Symbol(number)
    }

    /// The word itself.
    pub fn as_str(self) -> &'static str {
        slot(self.0).get().expect("a symbol's word is there before the symbol")
    }
}

/// Which symbols are in a set, by a bit for each number modulo 64: it may take one for a member that is none, never a
/// member for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SymbolFilter(u64);

impl SymbolFilter {
    pub(crate) fn add(&mut self, symbol: Symbol) {
        self.0 |= 1 << (symbol.0 % 64);
    }

    /// Whether it may be a member.
    pub(crate) fn may_have(self, symbol: Symbol) -> bool {
        self.may_share(symbol.into())
    }

    /// Whether the two may have a member in common.
    pub(crate) fn may_share(self, other: SymbolFilter) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn union(self, other: SymbolFilter) -> SymbolFilter {
        SymbolFilter(self.0 | other.0)
    }
}

impl From<Symbol> for SymbolFilter {
    fn from(symbol: Symbol) -> SymbolFilter {
        let mut filter = SymbolFilter::default();
        filter.add(symbol);
        filter
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<&str> for Symbol {
    fn from(word: &str) -> Symbol {
        Symbol::new(word)
    }
}
