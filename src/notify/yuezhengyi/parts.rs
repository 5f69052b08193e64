//! Texts longer than a message may be are sent in several: cut between lines where that is possible, else between
//! characters, never inside one. Numbered, so that a reader sees what is missing.
//!
//! When a later part fails, those before it have been read: an attempt goes on where the last one stopped. That is
//! remembered by this process only; after a restart the whole text is sent again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// More unfinished messages than this are not remembered: they would be sent again from their start.
const UNFINISHED_MAX: usize = 1000;
/// Room for `（12/34）` and a line break.
const NUMBER_BYTES: usize = 24;

/// The text in parts of at most `bytes_max` bytes; one part if it fits.
pub fn split(text: &str, bytes_max: usize) -> Vec<String> {
    let text = text.trim();
    if text.len() <= bytes_max {
        return vec![text.to_owned()];
    }
    let parts = pieces(text, bytes_max - NUMBER_BYTES);
    let count = parts.len();
    parts.iter().enumerate().map(|(index, part)| format!("（{}/{count}）\n{part}", index + 1)).collect()
}

fn pieces(mut text: &str, bytes_max: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    while text.len() > bytes_max {
        let (head, tail) = text.split_at(cut(text, bytes_max));
        pieces.push(head.trim_end());
        text = tail.trim_start_matches('\n');
    }
    if !text.is_empty() {
        pieces.push(text);
    }
    pieces
}

/// After the last line that fits, unless that leaves most of the room empty; else after the last character that fits.
fn cut(text: &str, bytes_max: usize) -> usize {
    let end = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    match text[..end].rfind('\n') {
        Some(line) if line >= end / 2 => line,
        _ => end,
    }
}

/// How many parts of a message have been taken by the platform.
#[derive(Default)]
pub struct Progress(Mutex<HashMap<Arc<str>, usize>>);

impl Progress {
    /// How many parts need not be sent again.
    pub fn of(&self, id: &str) -> usize {
        self.lock().get(id).copied().unwrap_or(0)
    }

    /// So many have been taken, and the next one was not.
    pub fn stopped(&self, id: &Arc<str>, done: usize) {
        let mut unfinished = self.lock();
        if done > 0 && (unfinished.len() < UNFINISHED_MAX || unfinished.contains_key(id)) {
            unfinished.insert(Arc::clone(id), done);
        }
    }

    /// All have been taken, or no more will be sent.
    pub fn finished(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_fits_is_one_part_as_it_is() {
        let exact = "督".repeat(682); // 2046 bytes
        assert_eq!(split(&exact, 2048), std::slice::from_ref(&exact));
        assert_eq!(split(&format!("{exact}ab"), 2048).len(), 1);
        assert_eq!(split(&format!("{exact}abc"), 2048).len(), 2);
    }

    #[test]
    fn a_long_text_is_cut_between_lines() {
        let line = "督办事项".repeat(10);
        let text = vec![line.clone(); 40].join("\n");
        let parts = split(&text, 2048);
        assert_eq!(parts.len(), 3);
        for part in &parts {
            let (number, body) = part.split_once('\n').unwrap();
            assert!(number.starts_with('（') && number.ends_with("/3）"), "{number}");
            assert!(body.lines().all(|kept| kept == line), "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_part_is_too_long_and_nothing_is_lost(text in "[督办a🚨\n]{0,3000}", bytes_max in 64_usize..4096) {
            let parts = split(&text, bytes_max);
            for part in &parts {
                prop_assert!(part.len() <= bytes_max);
            }
            let kept: String = match parts.as_slice() {
                [single] => single.clone(),
                several => several.iter().map(|part| part.split_once('\n').unwrap().1).collect(),
            };
            let without_breaks = |text: &str| text.replace('\n', "");
            prop_assert_eq!(without_breaks(&kept), without_breaks(&text));
        }
    }

    #[test]
    fn an_attempt_goes_on_where_the_last_one_stopped() {
        let progress = Progress::default();
        let id: Arc<str> = "n1".into();
        assert_eq!(progress.of("n1"), 0);
        progress.stopped(&id, 2);
        assert_eq!(progress.of("n1"), 2);
        progress.finished("n1");
        assert_eq!(progress.of("n1"), 0);
    }
}
