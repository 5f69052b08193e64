//! All integration tests, in one binary: linking takes longer than running.

mod email;
mod fakes;
