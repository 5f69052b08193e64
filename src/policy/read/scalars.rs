//! Spans, times of the clock, and what else is written in one word.

use crate::calendar::ClockTime;
use crate::calendar::span::Span;
use crate::policy::model::{Local, Origin};
use crate::policy::read::Reader;
use crate::symbol::Symbol;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields, Word};
use crate::text::{Lang, Text};

/// A span; zero where it was wrong.
pub(crate) fn span(node: &Node, problems: &mut Problems) -> Span {
    let nothing = Span::Elapsed(0);
    let Some(word) = want::word(node, problems) else { return nothing };
    match word.text.parse() {
        Ok(span) => span,
        Err(error) => {
            let error: crate::calendar::span::ParseSpanError = error;
            let shown = want::shortened(word.text);
            let message = Text::new(format!("“{shown}”不是时长"), format!("`{shown}` is no span"));
            let hint = Text::new(error.message(Lang::Zh), error.message(Lang::En));
            problems.push(Problem::error(word.place, "malformed-span", message).hint(hint));
            nothing
        }
    }
}

/// A span that is counted from a due, and so is positive; `instead` of zero is what to write.
pub(crate) fn positive_span(node: &Node, instead: (&str, &str), problems: &mut Problems) -> Span {
    let before = problems.len();
    let span = span(node, problems);
    if span.is_zero() && problems.len() == before {
        let message = Text::new("此处的时长必须大于零", "this span must be more than zero");
        let hint = Text::new(instead.0, instead.1);
        problems.push(Problem::error(&node.place, "malformed-span", message).hint(hint));
    }
    span
}

/// A time of the clock, `09:00`; midnight where it was wrong.
pub(crate) fn clock_time(node: &Node, problems: &mut Problems) -> ClockTime {
    let Some(word) = want::word(node, problems) else { return ClockTime(0) };
    parse_clock_time(word.text).unwrap_or_else(|| {
        problems.push(malformed_time(word));
        ClockTime(0)
    })
}

fn parse_clock_time(text: &str) -> Option<ClockTime> {
    let (hours, minutes) = text.split_once(':')?;
    let number =
        |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?;
    let (hours, minutes): (u16, u16) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(ClockTime(hours * 60 + minutes))
}

fn malformed_time(word: Word<'_>) -> Problem {
    let shown = want::shortened(word.text);
    let message = Text::new(format!("“{shown}”不是钟点"), format!("`{shown}` is no time of the clock"));
    let hint =
        Text::new("写成 \"09:00\"（24 小时制，两位数，加引号）", "write `\"09:00\"`: 24 hours, two digits, in quotes");
    Problem::error(word.place, "malformed-time", message).hint(hint)
}

/// What `local` may name: the keys of a rule and of its parts.
pub(crate) const LOCAL_KEYS: [&str; 36] = [
    "after",
    "approval",
    "at",
    "at_most",
    "before",
    "by",
    "card",
    "count_from",
    "counting",
    "due_from",
    "each",
    "event",
    "every",
    "extends",
    "flag",
    "id",
    "is",
    "ladder",
    "match",
    "notify",
    "once",
    "pauses",
    "remind",
    "restart_on",
    "return",
    "route",
    "scope",
    "start",
    "start_at_latest",
    "stop",
    "times",
    "title",
    "upon",
    "was",
    "when",
    "within",
];

/// `clause` and `local` of a rule.
pub(crate) fn origin(fields: &mut Fields<'_>, problems: &mut Problems) -> Origin {
    let clause = fields.optional("clause").and_then(|node| want::word(node, problems)).map(|word| word.text.into());
    let local = fields.optional("local").map_or(Local::Nothing, |node| local(node, problems));
    Origin { clause, local }
}

/// `clause` and `local` of a part of a rule, which has the rule's where it has none of its own.
pub(crate) fn own_origin(fields: &mut Fields<'_>, rule: &Origin, problems: &mut Problems) -> Origin {
    let own = origin(fields, problems);
    match own {
        Origin { clause: None, local: Local::Nothing } => rule.clone(),
        Origin { clause: None, local } => Origin { clause: rule.clause.clone(), local },
        Origin { .. } => own,
    }
}

fn local(node: &Node, problems: &mut Problems) -> Local {
    if let Some(all) = node.scalar().and_then(crate::text::tree::Scalar::boolean) {
        return if all { Local::Whole } else { Local::Nothing };
    }
    let keys = want::words(node, problems);
    for word in keys.iter().filter(|word| !LOCAL_KEYS.contains(&word.text)) {
        problems.push(want::unknown_key(word.place, word.text, &LOCAL_KEYS));
    }
    Local::Keys(keys.into_iter().map(|word| word.text.to_owned()).collect())
}

/// Earlier ids.
pub(crate) fn was(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<Symbol> {
    let words = fields.optional("was").map(|node| want::words(node, problems)).unwrap_or_default();
    words.into_iter().map(|word| Symbol::new(word.text)).collect()
}

/// A boolean that is false where it is not given.
pub(crate) fn flag(fields: &mut Fields<'_>, key: &'static str, problems: &mut Problems) -> bool {
    fields.optional(key).and_then(|node| want::boolean(node, problems)).unwrap_or(false)
}

impl Reader<'_> {
    /// The title, which must be there.
    pub(crate) fn title(&mut self, fields: &mut Fields<'_>) -> String {
        let node = fields.required("title", self.problems);
        node.and_then(|node| want::text(node, self.problems)).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_clock_have_two_digits_and_twenty_four_hours() {
        assert_eq!(parse_clock_time("09:00"), Some(ClockTime(540)));
        assert_eq!(parse_clock_time("23:59"), Some(ClockTime(1439)));
        for text in ["9:00", "24:00", "09:60", "0900", "+9:00", "09:00:00", "上午九点", "", ":"] {
            assert_eq!(parse_clock_time(text), None, "{text}");
        }
    }
}
