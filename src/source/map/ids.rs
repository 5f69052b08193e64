//! Ids of what comes from rows that have none: made from what is said, so that the same row always gives the same id.
//!
//! `m-` and the first 16 bytes, in hex, of SHA-256 over the parts, each with its length before it: for an event `event`,
//! order, type, and the instant in milliseconds since 1970; for a figure `figure`, its name, day, department, value, and
//! the row's version where the source knows one.

use crate::time::Instant;
use sha2::{Digest, Sha256};

pub(super) fn event(order: &str, kind: &str, at: Instant) -> String {
    made(&["event", order, kind, &at.0.to_string()])
}

pub(super) fn figure(figure: &str, day: &str, department: &str, value: &str, version: Option<&str>) -> String {
    made(&["figure", figure, day, department, value, version.unwrap_or_default()])
}

fn made(parts: &[&str]) -> String {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    format!("m-{}", hex::encode(&sha.finalize()[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_id_is_the_same_for_ever() {
        let id = event("ZH-2024-000017", "signed", Instant(1_714_957_200_000));
        assert_eq!(id, "m-3a8f66e5b5129deb433750f61e017920");
        assert_ne!(id, event("ZH-2024-000017", "signed", Instant(1_714_957_200_001)));
        assert_ne!(event("ab", "c", Instant(0)), event("a", "bc", Instant(0)));
    }

    #[test]
    fn a_figure_that_is_corrected_back_is_another_where_the_rows_versions_are_known() {
        let of = |value, version| figure("三方通话", "2024-05-06", "", value, version);
        assert_eq!(of("41", None), of("41", None));
        assert_ne!(of("41", None), of("42", None));
        assert_ne!(of("41", Some("09:00")), of("41", Some("10:00")));
    }
}
