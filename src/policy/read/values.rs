//! Values that a fact is expected to have, as the fact's kind reads them.

use crate::policy::vocabulary::{Attribute, Kind, Value};
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::{Node, Scalar};
use crate::text::want::{self, Word};
use crate::time::Instant;

/// What a fact's values are.
pub(crate) enum Expected<'a> {
    /// Those of an attribute: of any of its declarations, where the order and events declare it differently.
    Attribute(Vec<&'a Attribute>),
    /// Whole numbers.
    Number,
    /// Booleans.
    Boolean,
}

impl Expected<'_> {
    /// Whether it can be compared with a number.
    pub(crate) fn is_number(&self) -> bool {
        match self {
            Expected::Attribute(declarations) => declarations.iter().any(|known| known.kind == Kind::Number),
            Expected::Number => true,
            Expected::Boolean => false,
        }
    }
}

/// The values that a scalar may stand for; none where it stands for none, which is reported.
pub(crate) fn values(node: &Node, expected: &Expected<'_>, problems: &mut Problems) -> Vec<Value> {
    let Expected::Attribute(declarations) = expected else {
        return plain(node, expected, problems).into_iter().collect();
    };
    let Some(word) = want::word(node, problems) else { return Vec::new() };
    let scalar = node.scalar().expect("a word is a scalar");
    let mut found: Vec<Value> = declarations.iter().filter_map(|known| of_kind(scalar, &known.kind)).collect();
    found.dedup();
    if found.is_empty() {
        problems.push(mismatch(word, node, declarations));
    }
    found
}

fn plain(node: &Node, expected: &Expected<'_>, problems: &mut Problems) -> Option<Value> {
    match expected {
        Expected::Boolean => want::boolean(node, problems).map(Value::Boolean),
        _ => want::number(node, problems).map(Value::Number),
    }
}

/// The value of this kind that a scalar is.
fn of_kind(scalar: &Scalar, kind: &Kind) -> Option<Value> {
    let text = scalar.text.as_str();
    match kind {
        Kind::Text | Kind::Department | Kind::Personal => Some(Value::Text(text.into())),
        Kind::Number => scalar.number().map(Value::Number),
        Kind::Boolean => scalar.boolean().map(Value::Boolean),
        Kind::Date => want::parse_date(text).map(Value::Date),
        Kind::Instant => Instant::parse(text).map(Value::Instant).or_else(|| want::parse_date(text).map(Value::Date)),
        Kind::OneOf(words) => Symbol::find(text).filter(|word| words.contains(word)).map(Value::Word),
    }
}

fn mismatch(word: Word<'_>, node: &Node, declarations: &[&Attribute]) -> Problem {
    let name = declarations.first().map_or("", |known| known.name.as_str());
    let words = declarations.iter().filter_map(|known| match &known.kind {
        Kind::OneOf(words) => Some(words.iter().map(|word| word.as_str())),
        _ => None,
    });
    let words: Vec<&str> = words.flatten().collect();
    if !words.is_empty() {
        let message = Text::new(
            format!("属性“{name}”没有“{}”这个取值", want::shortened(word.text)),
            format!("the attribute `{name}` has no value `{}`", want::shortened(word.text)),
        );
        let hint = want::instead(word.text, words);
        return Problem::error(word.place, "unknown-attribute-value", message).hint(hint);
    }
    let (expected, hint) = match declarations.first().map(|known| &known.kind) {
        Some(Kind::Boolean) => (
            ("真假值", "a boolean"),
            Text::new("写 true 或 false，不加引号", "write `true` or `false`, without quotes"),
        ),
        Some(Kind::Number) => {
            (("数字", "a number"), Text::new("写一个数字，不加引号", "write a number, without quotes"))
        }
        Some(Kind::Date) => (("日期", "a date"), Text::new("写成 \"2024-05-06\"", "write `\"2024-05-06\"`")),
        _ => (
            ("时刻或日期", "an instant or a date"),
            Text::new("写成 \"2024-05-06T09:00:00+08:00\" 或 \"2024-05-06\"", "write `\"2024-05-06T09:00:00+08:00\"`"),
        ),
    };
    want::wrong_type(node, expected, hint)
}
