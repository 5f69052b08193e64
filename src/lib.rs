//! duban (督办): a rules-driven deadline and escalation daemon for government service hotlines (12345).
//!
//! Data flows one way, and a reader finds the rooms in that order. The pure part decides; it reads no clock, does no
//! I/O, writes no log and is worth using as a library by itself:
//! `text` → `time`, `calendar` → `policy`, `order` → `engine`.
//! Around it stand the rooms with effects: `store`, `intake`, `source`, `notify`, `dossier`, `daemon`, and `cli` with one file a command.

pub mod symbol;
pub mod text;
pub mod time;

pub mod calendar;
pub mod policy;

pub mod order;

pub mod engine;

pub mod ruletest;
pub mod schedule;
pub mod schema;

pub mod clock;
pub mod config;
pub mod metrics;

pub mod store;

pub mod notify;

pub mod dossier;

pub mod audit;

pub mod intake;

pub mod source;

pub mod daemon;

pub mod demo;

pub mod cli;

/// Strings and vectors by the dozen for each order decided, on all cores: the system's allocator takes twice as long.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
