//! Dice that fall the same way for the same seed, on every machine.

/// A stream of numbers that look random (splitmix64).
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// The stream of a seed, one for each purpose: what one draws does not move another.
    pub(super) fn new(seed: u64, purpose: &str) -> Dice {
        let mut dice = Dice(seed ^ 0x5eed_0000);
        for byte in purpose.bytes() {
            dice.0 = dice.0.wrapping_mul(0x0000_0100_0000_01b3) ^ u64::from(byte);
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low + 1).unwrap_or(1).max(1);
        low + i64::try_from(self.next() % width).unwrap_or(0)
    }

    /// True so many times in a hundred.
    pub(super) fn percent(&mut self, chance: i64) -> bool {
        self.between(1, 100) <= chance
    }

    /// One of these; none of none.
    pub(super) fn one_of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let last = i64::try_from(choices.len()).ok()? - 1;
        let at = if last < 0 { return None } else { self.between(0, last) };
        choices.get(usize::try_from(at).ok()?)
    }

    /// One of these by weight.
    pub(super) fn weighted<'a>(&mut self, choices: &[(&'a str, i64)]) -> &'a str {
        let mut left = self.between(1, choices.iter().map(|(_, weight)| weight).sum());
        for (word, weight) in choices {
            left -= weight;
            if left <= 0 {
                return word;
            }
        }
        choices.first().map_or("", |(word, _)| word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_purpose_are_one_stream() {
        let rolls = |seed, purpose| {
            let mut dice = Dice::new(seed, purpose);
            (0..50).map(|_| dice.between(1, 6)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(1, "a"), rolls(1, "a"));
        assert_ne!(rolls(1, "a"), rolls(2, "a"));
        assert_ne!(rolls(1, "a"), rolls(1, "b"));
        assert!((1..=6).all(|face| rolls(1, "a").contains(&face)));
    }
}
