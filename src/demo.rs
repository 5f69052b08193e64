//! What `duban demo` needs besides the daemon itself.

pub mod sinks;
