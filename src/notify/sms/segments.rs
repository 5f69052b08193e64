//! How long an SMS is, as carriers in China count: every character is 1, the signature with its brackets included; up to
//! 70 are one segment, more are cut into segments of 67. UTF-16 units are counted, as carriers send them: a rare
//! character outside the basic plane is 2.

/// The longest text that the gateways take.
pub const LENGTH_MAX: usize = 500;
const SINGLE: usize = 70;
const OF_SEVERAL: usize = 67;

/// How long the text is with its signature.
pub fn length(signature: &str, text: &str) -> usize {
    signature.encode_utf16().count() + text.encode_utf16().count()
}

/// How many segments a text of this length is sent and charged as.
pub fn segments(length: usize) -> usize {
    if length <= SINGLE { length.min(1) } else { length.div_ceil(OF_SEVERAL) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_counted_as_the_carriers_do() {
        let vectors =
            [(0, 0), (1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (160, 3), (201, 3), (202, 4), (268, 4), (500, 8)];
        for (length, expected) in vectors {
            assert_eq!(segments(length), expected, "{length} characters");
        }
    }

    #[test]
    fn the_signature_counts_and_a_rare_character_is_two() {
        assert_eq!(length("【珠海12345】", "黄牌"), 11);
        assert_eq!(length("", "𠮷野家"), 4);
    }
}
