//! Telling people: channels carry notices to those behind a name in the directory.
//!
//! A notice is delivered at least once and settled at most once; every channel gets its id to recognise repeats by.

pub mod notice;

pub mod addressed;
pub mod compose;
mod counting;
mod digest;
pub mod facts;
mod merge;
pub mod outbox;
pub mod render;
pub mod template;
pub mod told;
pub mod variables;
pub mod wording;

pub mod channel;
pub mod open;

pub mod console;
pub mod email;
pub mod sms;
pub mod webhook;
pub mod yuezhengyi;

pub mod http;
pub mod rate;
