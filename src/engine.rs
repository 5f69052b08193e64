//! Deciding: an order's history, the regime and now make obligations and decisions. Pure: no clock, no I/O, no log, no
//! randomness.
//!
//! [`decide::decide`] is what the daemon and `simulate` call: it takes knowledge in the order in which it came, and
//! compares what should be with what stands. Laws: language.md §4.

pub mod compare;
pub mod decide;
pub mod decision;
pub mod due_clock;
pub mod evaluate;
pub mod explain;
pub mod replay;
pub mod trace;
pub mod wording;

mod facts;
mod fold;
mod key;
mod live;
mod words;
