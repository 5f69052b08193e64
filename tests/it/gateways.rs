//! Gateways as their vendors describe them, and not as our drivers see them: signatures are computed anew and compared,
//! limits are kept, and whatever breaks their rules is refused as they would refuse it.

pub mod city;
pub mod mas;
pub mod wecom;
