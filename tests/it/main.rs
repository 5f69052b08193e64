//! All integration tests, in one binary: linking takes longer than running.

mod console;
mod email;
mod fakes;
mod sms;
mod store;
mod webhook;
mod yuezhengyi;
