//! Events in: what other systems send becomes [`NewEvent`]s, over HTTP ([`http`]) or from a file ([`file`]).
//!
//! What is counted as accepted is durable when it is answered. Whether an event is taken depends on the vocabulary in
//! force alone, never on what is known of its order: that may come later.

pub mod body;
pub mod http;
