//! SMS (`kind: sms`), over a gateway of one's own choice (`driver`).
//!
//! Sending an SMS twice cannot be undone and gateways do not recognise repeats, so what was sent and not answered, or
//! answered by what the gateway's documents do not know, is unknown, never "try again". An answer that came decides by its
//! code. The signature (签名) stands in front of a text once; what gateways refuse (a text too long, an address in a
//! parameter) never leaves here.

pub mod aliyun;
pub(super) mod answer;
pub mod described;
mod heard;
pub mod huawei;
pub mod mas;
pub mod number;
pub mod outgoing;
pub mod params;
pub mod placeholders;
mod report;
mod request;
mod room;
pub mod segments;
pub mod tencent;
pub mod text;
mod urls;
