//! Gateways as their vendors describe them: whatever breaks their rules is refused as they would refuse it.

pub mod wecom;
