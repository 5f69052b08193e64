//! A YAML file as a tree in which everything knows its place.
//!
//! Of two equal keys the first is kept in the tree (both are reported). What an alias stands for is there as a copy, with
//! the places of the definition. Trees are bounded in size and depth, so walking them recursively is safe.

use crate::text::place::Place;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// A single value.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and their values, in the file's order.
    Mapping(Vec<Entry>),
}

/// A single value that is not null.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// The text, quotes and escapes resolved.
    pub text: String,
    /// Whether it was written without quotes; only then it may be a number or a boolean.
    pub plain: bool,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The text, quotes and escapes resolved.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

impl Scalar {
    /// The boolean that it is: `true` or `false` without quotes. `on`, `off`, `yes`, `no` are texts.
    pub fn boolean(&self) -> Option<bool> {
        match self.text.as_str() {
            "true" | "True" | "TRUE" if self.plain => Some(true),
            "false" | "False" | "FALSE" if self.plain => Some(false),
            _ => None,
        }
    }

    /// The finite number that it is, written without quotes.
    pub fn number(&self) -> Option<f64> {
        let digits = self.text.strip_prefix(['+', '-']).unwrap_or(&self.text);
        let is_decimal = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && digits.contains(|c: char| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
        if !self.plain || !is_decimal {
            return None;
        }
        self.text.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Whether it is a text: written in quotes, or neither a number nor a boolean.
    pub fn is_text(&self) -> bool {
        self.number().is_none() && self.boolean().is_none()
    }
}

impl Node {
    /// The single value that it is.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The list that it is.
    pub fn sequence(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The keys and values that it is.
    pub fn mapping(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of one of its keys, if it is a mapping that has the key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// One of its keys with its value.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.mapping()?.iter().find(|entry| entry.key.text == key)
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.kind == Kind::Null
    }

    /// What it says, in one line: `{ card: yellow, notify: [handler] }`. Nodes that say the same read the same, however
    /// they were laid out.
    pub fn in_one_line(&self) -> String {
        let list = |parts: Vec<String>| parts.join(", ");
        match &self.kind {
            Kind::Null => "null".into(),
            Kind::Scalar(scalar) => scalar.text.clone(),
            Kind::Sequence(items) => format!("[{}]", list(items.iter().map(Node::in_one_line).collect())),
            Kind::Mapping(entries) if entries.is_empty() => "{}".into(),
            Kind::Mapping(entries) => {
                let pair = |entry: &Entry| format!("{}: {}", entry.key.text, entry.value.in_one_line());
                format!("{{ {} }}", list(entries.iter().map(pair).collect()))
            }
        }
    }

    /// Where to point at when something is wrong with the whole of it: a mapping's first key, else its own place.
    pub fn head(&self) -> &Place {
        match self.mapping() {
            Some([first, ..]) => &first.key.place,
            _ => &self.place,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar {
        Scalar { text: text.into(), plain: true }
    }

    #[test]
    fn on_and_yes_are_texts() {
        for word in ["on", "off", "yes", "no", "y", "2024-05-06", "09:00", "1_000", "0x1f", ".inf", "e5", "-", "1 day"]
        {
            assert!(plain(word).is_text(), "{word}");
        }
    }

    #[test]
    fn a_tree_reads_the_same_in_one_line_however_it_was_laid_out() {
        let line = |text: &str| {
            let mut problems = crate::text::problem::Problems::new();
            crate::text::yaml::read("a", text.as_bytes(), &mut problems).map(|node| node.in_one_line())
        };
        let flow = line("{ a: [1, { b: \"2\" }], c: null, d: {} }");
        assert_eq!(flow.as_deref(), Some("{ a: [1, { b: 2 }], c: null, d: {} }"));
        assert_eq!(line("a:\n  - 1\n  - b: 2 # why\nc:\nd: {}\n"), flow);
    }

    #[test]
    fn only_plain_scalars_are_numbers_or_booleans() {
        assert_eq!(plain("12").number(), Some(12.0));
        assert_eq!(plain("-1.5e3").number(), Some(-1500.0));
        assert_eq!(plain("true").boolean(), Some(true));
        assert!(Scalar { text: "12".into(), plain: false }.is_text());
        assert!(Scalar { text: "true".into(), plain: false }.is_text());
        assert_eq!(plain("1e999").number(), None);
    }
}
