//! The known word that someone most likely meant.

/// The known word nearest to what was written, if one is near enough to be a slip of the hand.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = written.chars().count();
    let allowed = (length / 3).max(1);
    known
        .into_iter()
        .filter(|word| word.chars().count().abs_diff(length) <= allowed)
        .map(|word| (distance(written, word), word))
        .filter(|&(distance, _)| distance <= allowed && distance < length)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, word)| word)
}

/// Edits between two words; `-`, `_` and case do not count.
fn distance(a: &str, b: &str) -> usize {
    let plain = |word: &str| word.to_lowercase().replace(['-', '_', ' '], "-");
    strsim::damerau_levenshtein(&plain(a), &plain(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_strange_word_finds_none() {
        assert_eq!(nearest("witihn", ["when", "within", "start"]), Some("within"));
        assert_eq!(nearest("start-at-latest", ["start_at_latest", "start"]), Some("start_at_latest"));
        assert_eq!(nearest("满易", ["满意", "不满意"]), Some("满意"));
        assert_eq!(nearest("completely", ["completed"]), Some("completed"));
        assert_eq!(nearest("xyz", ["within", "by"]), None);
        assert_eq!(nearest("甲", ["乙"]), None);
        assert_eq!(nearest("", ["a"]), None);
    }
}
