//! A word of the rule files (an id, an event type, an attribute, a value of a closed list) is interned once a process,
//! so that conditions compare numbers.
//!
//! Only words that rule files declare become symbols: their number is bounded by what operators write, never by what
//! other systems send (for those there is [`Symbol::find`]). That is why a symbol's text may live as long as the process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, RwLock};

/// An interned word. Two symbols are equal exactly when their texts are; their order is that of interning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

#[derive(Default)]
struct Words {
    numbers: HashMap<&'static str, u32>,
    texts: Vec<&'static str>,
}

static WORDS: LazyLock<RwLock<Words>> = LazyLock::new(RwLock::default);

impl Symbol {
    /// The symbol of a declared word.
    pub fn new(word: &str) -> Symbol {
        if let Some(known) = Symbol::find(word) {
            return known;
        }
        let mut words = WORDS.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(&number) = words.numbers.get(word) {
            return Symbol(number);
        }
        let number = u32::try_from(words.texts.len()).expect("fewer than 4 thousand million words");
        let text: &'static str = Box::leak(word.into());
        words.texts.push(text);
        words.numbers.insert(text, number);
        Symbol(number)
    }

    /// The symbol of a word that may come from outside: none if no rule file ever declared it.
    pub fn find(word: &str) -> Option<Symbol> {
        let words = WORDS.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        words.numbers.get(word).copied().map(Symbol)
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
        WORDS.read().unwrap_or_else(std::sync::PoisonError::into_inner).texts[self.0 as usize]
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
