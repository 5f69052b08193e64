//! All integration tests, in one binary: linking takes longer than running.

mod calendar;
mod check;
mod compare;
mod console;
mod coverage;
mod daemon;
mod demo;
mod docs;
mod edits;
mod email;
mod events;
mod explain;
mod fakes;
mod histories;
mod laws;
mod lifted;
mod notices;
mod program;
mod ruletest;
mod simulate;
mod sms;
mod store;
mod systemd;
mod webhook;
mod yuezhengyi;
