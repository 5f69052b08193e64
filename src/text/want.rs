//! Asking a tree for what a file should hold, naming every mistake on the way.
//!
//! A reader of a file looks like this: each accessor gives the value, or puts a problem at its place into `problems` and
//! gives `None`; the reader goes on with the next key, so that one run names all mistakes.
//!
//! ```
//! use duban::text::problem::Problems;
//! use duban::text::want::{self, Fields};
//! use duban::text::yaml;
//!
//! let mut problems = Problems::new();
//! let root = yaml::read("roster.yaml", "titel: 轮值\nturn: 甲\nsize: two\n".as_bytes(), &mut problems).unwrap();
//! let mut fields = Fields::of(&root, &mut problems).unwrap();
//! let title = fields.required("title", &mut problems).and_then(|node| want::text(node, &mut problems));
//! let turn = fields.optional("turn").map(|node| want::words(node, &mut problems)).unwrap_or_default();
//! let size = fields.optional("size").and_then(|node| want::integer(node, &mut problems));
//! fields.finish(&mut problems); // what was never asked for is an unknown key
//!
//! assert_eq!((title, turn[0].text, size), (None, "甲", None));
//! let codes: Vec<_> = problems.sorted().iter().map(|problem| problem.code).collect();
//! // `titel` is one mistake: the key that it was meant for is not missed as well.
//! assert_eq!(codes, ["unknown-key", "wrong-type"]);
//! ```

use crate::text::Text;
use crate::text::nearest::nearest;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::{Entry, Kind, Node, Scalar};
use chrono::NaiveDate;

/// A word of a file together with its place.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// The word.
    pub text: &'a str,
    /// Where it stands.
    pub place: &'a Place,
}

/// The keys of a mapping, each asked for by name; what was never asked for is reported by [`Fields::finish`].
#[derive(Debug)]
pub struct Fields<'a> {
    head: &'a Place,
    entries: &'a [Entry],
    asked: Vec<&'static str>,
    missing: Vec<(&'static str, Problem)>,
}

impl<'a> Fields<'a> {
    /// The keys of what should be a mapping.
    pub fn of(node: &'a Node, problems: &mut Problems) -> Option<Fields<'a>> {
        let entries = mapping(node, problems)?;
        Some(Fields { head: node.head(), entries, asked: Vec::new(), missing: Vec::new() })
    }

    /// With the place that a missing field is reported at (the key of the mapping, say, instead of its first own key).
    #[must_use]
    pub fn at(self, head: &'a Place) -> Fields<'a> {
        Fields { head, ..self }
    }

    /// The place at which missing fields are reported.
    pub fn head(&self) -> &'a Place {
        self.head
    }

    /// A key with its value, null included.
    pub fn entry(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.asked.push(key);
        self.entries.iter().find(|entry| entry.key.text == key)
    }

    /// A value that may be left out; null is as good as left out.
    pub fn optional(&mut self, key: &'static str) -> Option<&'a Node> {
        self.entry(key).map(|entry| &entry.value).filter(|value| !value.is_null())
    }

    /// A value that must be there.
    pub fn required(&mut self, key: &'static str, problems: &mut Problems) -> Option<&'a Node> {
        let found = self.entry(key);
        let place = found.map_or(self.head, |entry| &entry.key.place);
        if found.is_none_or(|entry| entry.value.is_null()) {
            problems.push(missing(place, key));
        }
        if found.is_none() {
            self.missing.push((key, missing(place, key)));
        }
        found.map(|entry| &entry.value).filter(|value| !value.is_null())
    }

    /// Takes a key as known without looking at it.
    pub fn ignore(&mut self, key: &'static str) {
        self.asked.push(key);
    }

    /// Whether a key that is not there stands there misspelt.
    pub fn has_slip_of(&self, key: &str) -> bool {
        let mut unknown = self.entries.iter().filter(|entry| !self.asked.contains(&entry.key.text.as_str()));
        unknown.any(|entry| entry.key.text != key && nearest(&entry.key.text, [key]).is_some())
    }

    /// Reports every key that was not asked for, with the nearest of those that were. A field that is missing because its
    /// key is misspelt is one mistake, not two.
    pub fn finish(self, problems: &mut Problems) {
        #[cfg(test)]
        asked::note(self.entries, &self.asked);
        let unknown = self.entries.iter().filter(|entry| !self.asked.contains(&entry.key.text.as_str()));
        for entry in unknown {
            let meant = nearest(&entry.key.text, self.asked.iter().copied());
            for (_, missing) in self.missing.iter().filter(|(key, _)| meant == Some(key)) {
                problems.withdraw(missing);
            }
            problems.push(unknown_key(&entry.key.place, &entry.key.text, &self.asked));
        }
    }
}

/// What the readers ask of each mapping, noted in tests only: the schemas are held against it.
#[cfg(test)]
pub(crate) mod asked {
    use crate::text::tree::Entry;
    use std::cell::RefCell;
    use std::collections::{BTreeMap, BTreeSet};

    /// The keys asked for, by the file and the place of a mapping's first key.
    pub(crate) type Asked = BTreeMap<(String, usize), BTreeSet<&'static str>>;

    thread_local! {
        static ASKED: RefCell<Asked> = RefCell::default();
    }

    pub(super) fn note(entries: &[Entry], asked: &[&'static str]) {
        let Some(first) = entries.first() else { return };
        let at = (first.key.place.source.path.clone(), first.key.place.start);
        ASKED.with_borrow_mut(|all| all.entry(at).or_default().extend(asked));
    }

    /// What was noted since the last time.
    pub(crate) fn take() -> Asked {
        ASKED.take()
    }
}

/// The problem of a field that must be there and is not.
pub fn missing(place: &Place, key: &str) -> Problem {
    let message = Text::new(format!("缺少“{key}”"), format!("`{key}` is missing"));
    let hint = Text::new(format!("在此处加上“{key}: …”"), format!("add `{key}: …` here"));
    Problem::error(place, "missing-field", message).hint(hint)
}

/// The problem of a key that nothing reads.
pub fn unknown_key(place: &Place, written: &str, known: &[&str]) -> Problem {
    let message = Text::new(format!("不认识的键“{written}”"), format!("unknown key `{written}`"));
    Problem::error(place, "unknown-key", message).hint(instead(written, known.iter().copied()))
}

/// The problem of a word that names nothing: `what` is the kind of thing, such as 日历 / calendar.
pub fn unknown_word<'k>(
    word: Word<'_>,
    code: &'static str,
    what: (&str, &str),
    known: impl IntoIterator<Item = &'k str>,
) -> Problem {
    let (zh, en) = what;
    let message = Text::new(format!("没有名为“{}”的{zh}", word.text), format!("there is no {en} `{}`", word.text));
    Problem::error(word.place, code, message).hint(instead(word.text, known))
}

/// So many known words are named where none is near; of more, the likest.
const FEW: usize = 12;

/// What to write instead of an unknown word: the nearest known one, else all of them if they are few.
pub fn instead<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Text {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    if let Some(word) = nearest(written, known.iter().copied()) {
        return Text::new(format!("是不是“{word}”？"), format!("did you mean `{word}`?"));
    }
    let more = if known.len() > FEW { " …" } else { "" };
    if known.len() > FEW {
        let likeness = |word: &&str| strsim::jaro_winkler(written, word);
        known.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    }
    known.truncate(FEW);
    match known.as_slice() {
        [] => Text::new("此处什么也不能写，请删去", "nothing can stand here: remove it"),
        known => {
            Text::new(format!("可以写：{}{more}", known.join("、")), format!("one of: {}{more}", known.join(", ")))
        }
    }
}

/// The problem of a value that is of another type than it should be.
pub fn wrong_type(node: &Node, expected: (&str, &str), hint: Text) -> Problem {
    let (zh, en) = described(node);
    let message =
        Text::new(format!("此处应为{}，写的是{zh}", expected.0), format!("expected {}, found {en}", expected.1));
    let place = if node.mapping().is_some() { node.head() } else { &node.place };
    Problem::error(place, "wrong-type", message).hint(hint)
}

/// What a value is, in both languages.
fn described(node: &Node) -> (String, String) {
    match &node.kind {
        Kind::Null => ("空值".into(), "nothing".into()),
        Kind::Sequence(_) => ("列表".into(), "a list".into()),
        Kind::Mapping(_) => ("映射（键: 值）".into(), "a mapping".into()),
        Kind::Scalar(scalar) => {
            let text = &shortened(&scalar.text);
            if scalar.number().is_some() {
                (format!("数字 {text}"), format!("the number {text}"))
            } else if scalar.boolean().is_some() {
                (format!("真假值 {text}"), format!("the boolean {text}"))
            } else {
                (format!("文字“{text}”"), format!("the text `{text}`"))
            }
        }
    }
}

/// A text as it is cited in a message: the first 40 characters, in one line.
pub fn shortened(text: &str) -> String {
    let line: String = text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > 40 { format!("{line}…") } else { line }
}

/// A mapping.
pub fn mapping<'a>(node: &'a Node, problems: &mut Problems) -> Option<&'a [Entry]> {
    let hint = Text::new("写成缩进的“键: 值”，或 { 键: 值 }", "write indented `key: value` lines, or `{ key: value }`");
    node.mapping().or_else(|| report(wrong_type(node, ("映射（键: 值）", "a mapping"), hint), problems))
}

/// A list.
pub fn list<'a>(node: &'a Node, problems: &mut Problems) -> Option<&'a [Node]> {
    let hint = Text::new("写成 [甲, 乙]，或每行一个“- 甲”", "write `[a, b]`, or a line `- a` for each");
    node.sequence().or_else(|| report(wrong_type(node, ("列表", "a list"), hint), problems))
}

/// The items of a list, or the one value that stands in its place.
pub fn one_or_more(node: &Node) -> &[Node] {
    node.sequence().unwrap_or(std::slice::from_ref(node))
}

/// A text. A number or boolean is refused: it needs quotes to be one.
pub fn text<'a>(node: &'a Node, problems: &mut Problems) -> Option<&'a str> {
    match node.scalar() {
        Some(scalar) if scalar.is_text() => Some(&scalar.text),
        Some(Scalar { text, .. }) => {
            let hint = Text::new(format!("加上引号：\"{text}\""), format!("put it in quotes: \"{text}\""));
            report(wrong_type(node, ("文字", "a text"), hint), problems)
        }
        None => {
            let hint = Text::new("写一段文字", "write a text");
            report(wrong_type(node, ("文字", "a text"), hint), problems)
        }
    }
}

/// A single value taken as a text however it was written: for names and numbers of clauses, `3` being as good as `"3"`.
pub fn word<'a>(node: &'a Node, problems: &mut Problems) -> Option<Word<'a>> {
    let found = node.scalar().map(|scalar| Word { text: &scalar.text, place: &node.place });
    let hint = Text::new("写一个词", "write one word");
    found.or_else(|| report(wrong_type(node, ("一个词", "a word"), hint), problems))
}

/// A word or a list of words; what is no word is reported and left out.
pub fn words<'a>(node: &'a Node, problems: &mut Problems) -> Vec<Word<'a>> {
    if node.mapping().is_some() {
        let hint = Text::new("写一个词，或 [甲, 乙]", "write a word, or `[a, b]`");
        problems.push(wrong_type(node, ("一个词或一个列表", "a word or a list of words"), hint));
        return Vec::new();
    }
    one_or_more(node).iter().filter_map(|item| word(item, problems)).collect()
}

/// A boolean.
pub fn boolean(node: &Node, problems: &mut Problems) -> Option<bool> {
    let hint = Text::new("写 true（是）或 false（否），不加引号", "write `true` or `false`, without quotes");
    let found = node.scalar().and_then(Scalar::boolean);
    found.or_else(|| report(wrong_type(node, ("真假值", "a boolean"), hint), problems))
}

/// A finite number.
pub fn number(node: &Node, problems: &mut Problems) -> Option<f64> {
    let hint = Text::new("写一个数字，不加引号", "write a number, without quotes");
    let found = node.scalar().and_then(Scalar::number);
    found.or_else(|| report(wrong_type(node, ("数字", "a number"), hint), problems))
}

/// A whole number from 0 to 4294967295.
pub fn integer(node: &Node, problems: &mut Problems) -> Option<u32> {
    let hint = Text::new("写一个不小于 0 的整数，不加引号", "write a whole number, 0 or more, without quotes");
    let found = node.scalar().filter(|scalar| scalar.number().is_some()).and_then(|scalar| scalar.text.parse().ok());
    found.or_else(|| report(wrong_type(node, ("整数", "a whole number"), hint), problems))
}

/// A date, `2024-05-06`.
pub fn date(node: &Node, problems: &mut Problems) -> Option<NaiveDate> {
    let written = word(node, problems)?;
    let found = parse_date(written.text);
    found.or_else(|| report(malformed_date(written), problems))
}

/// Reads a date of exactly the form `2024-05-06`.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    if text.len() != 10 {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// The problem of a word that should be a date.
pub fn malformed_date(written: Word<'_>) -> Problem {
    let shown = shortened(written.text);
    let message = Text::new(format!("“{shown}”不是日期"), format!("`{shown}` is no date"));
    let hint = Text::new("写成 \"2024-05-06\"（年-月-日）", "write `\"2024-05-06\"`");
    Problem::error(written.place, "malformed-date", message).hint(hint)
}

/// One of a few known words, each standing for a value.
pub fn one_of<T: Copy>(node: &Node, choices: &[(&str, T)], problems: &mut Problems) -> Option<T> {
    let written = word(node, problems)?;
    let found = choices.iter().find(|(name, _)| *name == written.text).map(|&(_, value)| value);
    found.or_else(|| {
        let shown = shortened(written.text);
        let message = Text::new(format!("此处不能写“{shown}”"), format!("`{shown}` cannot stand here"));
        let hint = instead(written.text, choices.iter().map(|&(name, _)| name));
        report(Problem::error(written.place, "unknown-value", message).hint(hint), problems)
    })
}

/// Puts a problem down and has nothing to give.
pub fn report<T>(problem: Problem, problems: &mut Problems) -> Option<T> {
    problems.push(problem);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;
    use crate::text::show::brief;
    use crate::text::yaml;

    fn say<T>(yaml: &str, want: impl Fn(&Node, &mut Problems) -> Option<T>) -> String {
        let mut problems = Problems::new();
        let root = yaml::read("a", yaml.as_bytes(), &mut problems).unwrap();
        let found = want(&root, &mut problems).is_some();
        assert_eq!(found, problems.is_empty(), "either a value or a problem");
        problems.sorted().iter().map(|problem| brief(problem, Lang::Zh)).collect()
    }

    #[test]
    fn wrong_types_say_what_was_found_and_what_to_write() {
        insta::assert_snapshot!(say("12", |node, p| text(node, p).map(|_| ())), @r#"a:1:1: 错误[wrong-type]: 此处应为文字，写的是数字 12；加上引号："12""#);
        insta::assert_snapshot!(say("[a]", |node, p| text(node, p).map(|_| ())), @"a:1:1: 错误[wrong-type]: 此处应为文字，写的是列表；写一段文字");
        insta::assert_snapshot!(say("maybe", boolean), @"a:1:1: 错误[wrong-type]: 此处应为真假值，写的是文字“maybe”；写 true（是）或 false（否），不加引号");
        insta::assert_snapshot!(say("\"true\"", boolean), @"a:1:1: 错误[wrong-type]: 此处应为真假值，写的是文字“true”；写 true（是）或 false（否），不加引号");
        insta::assert_snapshot!(say("a: b", number), @"a:1:1: 错误[wrong-type]: 此处应为数字，写的是映射（键: 值）；写一个数字，不加引号");
        insta::assert_snapshot!(say("-1", integer), @"a:1:1: 错误[wrong-type]: 此处应为整数，写的是数字 -1；写一个不小于 0 的整数，不加引号");
        insta::assert_snapshot!(say("1.5", integer), @"a:1:1: 错误[wrong-type]: 此处应为整数，写的是数字 1.5；写一个不小于 0 的整数，不加引号");
        insta::assert_snapshot!(say("", |node, p| mapping(node, p).map(|_| ())), @"a:1:1: 错误[wrong-type]: 此处应为映射（键: 值），写的是空值；写成缩进的“键: 值”，或 { 键: 值 }");
        insta::assert_snapshot!(say("true", |node, p| list(node, p).map(|_| ())), @"a:1:1: 错误[wrong-type]: 此处应为列表，写的是真假值 true；写成 [甲, 乙]，或每行一个“- 甲”");
        insta::assert_snapshot!(say("2024-5-6", date), @r#"a:1:1: 错误[malformed-date]: “2024-5-6”不是日期；写成 "2024-05-06"（年-月-日）"#);
        insta::assert_snapshot!(say("2023-02-29", date), @r#"a:1:1: 错误[malformed-date]: “2023-02-29”不是日期；写成 "2024-05-06"（年-月-日）"#);
        insta::assert_snapshot!(say("colour", |node, p| one_of(node, &[("color", 1), ("x", 2)], p)), @"a:1:1: 错误[unknown-value]: 此处不能写“colour”；是不是“color”？");
    }

    #[test]
    fn right_values_are_taken() {
        assert_eq!(say("2024-02-29", date) + &say("7", integer) + &say("true", boolean) + &say("1e2", number), "");
    }

    #[test]
    fn unknown_keys_name_the_nearest_known_one_and_null_is_missing() {
        let mut problems = Problems::new();
        let root = yaml::read("a", "witihn: 1\nzzz: 2\nstop:\n".as_bytes(), &mut problems).unwrap();
        let mut fields = Fields::of(&root, &mut problems).unwrap();
        assert!(fields.optional("within").is_none() && fields.required("stop", &mut problems).is_none());
        fields.finish(&mut problems);
        let shown: Vec<String> = problems.sorted().iter().map(|problem| brief(problem, Lang::Zh)).collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        a:1:1: 错误[unknown-key]: 不认识的键“witihn”；是不是“within”？
        a:2:1: 错误[unknown-key]: 不认识的键“zzz”；可以写：stop、within
        a:3:1: 错误[missing-field]: 缺少“stop”；在此处加上“stop: …”
        ");
    }
}
