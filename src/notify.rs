//! Telling people: channels carry notices to those behind a name in the directory.
//!
//! A notice is delivered at least once and settled at most once; every channel gets its id to recognise repeats by.

pub mod channel;
pub mod notice;
