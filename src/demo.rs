//! `duban demo`: the daemon's own parts on a store that goes when it ends, fed a month of made-up orders on a clock that
//! is handed on from one event or due to the next. Channels are the real ones; what they talk to are sinks in this process.
//!
//! The same seed shows the same month, line by line: nothing that is shown depends on ports, on the wall clock or on which
//! answer came first.

mod city;
mod dice;
mod packs;
mod play;
mod screen;
pub mod sinks;
mod stage;
mod story;
mod summary;

pub use play::{DemoError, Options, run};
pub use stage::{Directories, StageError, TOKEN};
