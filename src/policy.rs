//! Policies (规则): the rule files as values that can only be right.
//!
//! `model` is what the engine decides by. What reads files into it ([`load`]) names every problem of every file with its
//! place; a [`RuleSet`] exists only if there was no error. Meaning: language.md §2, §3 and §5.

pub mod condition;
pub mod directory;
pub mod model;
pub mod vocabulary;
