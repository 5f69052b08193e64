//! Policies (规则): the rule files as values that can only be right.
//!
//! `model` is what the engine decides by. What reads files into it ([`load`]) names every problem of every file with its
//! place; a [`RuleSet`] exists only if there was no error. Meaning: language.md §2, §3 and §5.

pub mod builtin;
pub mod changes;
pub mod concern;
pub mod condition;
pub mod directory;
pub mod files;
pub mod judge;
pub mod model;
pub(crate) mod read;
pub mod roster;
#[cfg(test)]
pub(crate) mod trial;
pub mod vocabulary;

use directory::read::Channels;
use std::path::Path;

/// Reads the rules directory and the calendars directory to their ends. `channels`: those of the configuration, if one
/// is at hand. There are rules exactly if no file has an error.
pub fn load(rules: &Path, calendars: &Path, channels: &Channels) -> files::Loaded {
    files::load(rules, calendars, channels)
}
