//! What the YAML parser finds wrong with a text, said so that an operator can mend it.

use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::Problem;
use serde_yaml::granit_parser::{ErrorKind, ScanError};

/// The problem of a text that is no YAML.
pub(super) fn problem(place: &Place, error: &ScanError) -> Problem {
    let (zh, hint_zh, hint_en) = said(error.kind());
    let message = Text::new(format!("YAML 格式错误：{zh}"), format!("not YAML: {}", error.info()));
    Problem::error(place, "syntax", message).hint(Text::new(hint_zh, hint_en))
}

/// What is wrong in Chinese, and what to do about it in Chinese and English.
fn said(kind: &ErrorKind) -> (&'static str, &'static str, &'static str) {
    use ErrorKind as E;
    match kind {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabAtBlockScalarStart
        | E::TabInPlainScalar => ("此处用了制表符（Tab）", "把 Tab 换成空格", "indent with spaces, not tabs"),
        E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofImplicitFlowMapping
        | E::ExpectedFlowMappingSeparator
        | E::ExpectedFlowSequenceSeparator
        | E::MisplacedFlowCollectionEnd
        | E::MismatchedFlowCollectionEnd { .. }
        | E::UnclosedFlowCollection { .. } => (
            "括号没有配对，或各项之间缺少逗号",
            "检查此处及之前的 [ ] 与 { } 是否成对，各项之间用英文逗号隔开",
            "check that `[ ]` and `{ }` pair, with commas between the items",
        ),
        E::UnclosedQuotedScalar
        | E::DocumentIndicatorInQuotedScalar
        | E::InvalidTrailingSingleQuotedScalar
        | E::InvalidTrailingDoubleQuotedScalar
        | E::InvalidQuotedScalarIndent => {
            ("引号没有配对", "检查引号是否成对，并使用英文引号", "check that the quotes pair")
        }
        E::UnknownQuotedScalarEscape | E::InvalidQuotedScalarHexEscape | E::InvalidUnicodeEscape => {
            ("双引号里的反斜杠写法不对", "改用单引号，或把 \\ 写成 \\\\", "use single quotes, or write `\\` as `\\\\`")
        }
        E::UnknownAnchor => {
            ("别名（*）没有对应的锚（&）", "先用 & 定义，再用 * 引用", "define it with `&` before using it with `*`")
        }
        E::RecursionLimitExceeded => {
            ("嵌套层数太多", "检查括号是否配对", "nested too deep: check that the brackets are closed")
        }
        E::MappingValueNotAllowed | E::InvalidColonPlacement => (
            "此处不能出现冒号",
            "每行只写一个“键: 值”；值里有“: ”时给值加引号",
            "one `key: value` a line; quote a value that contains `: `",
        ),
        E::UnexpectedCharacter { .. } => {
            ("此处出现了不能作为开头的字符", "给这段文字加上引号", "put the text in quotes")
        }
        _ => (
            "缩进、冒号或列表的写法不对",
            "检查这一行和上一行：同级的键要对齐，冒号后要有空格，列表项以“- ”开头",
            "check this line and the one before: align keys of one level, a space after the colon, `- ` before items",
        ),
    }
}
