//! Why a body is refused, in the words of the one who sent it.

use crate::text::Lang;
use std::sync::Arc;

/// Why an event or figure as sent is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", self.message(Lang::En))]
pub enum BodyError {
    /// Not JSON, or not UTF-8.
    NotJson {
        /// From 1, within what was sent.
        line: usize,
        /// In bytes from 1.
        column: usize,
    },
    /// JSON, but no object.
    NotAnObject,
    /// `attrs` is no object.
    AttributesNotAnObject,
    /// A field or attribute stands there twice.
    Repeated {
        /// Its name.
        name: Box<str>,
    },
    /// A field that must be there is not.
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A field is of the wrong kind.
    FieldKind {
        /// Its name.
        field: &'static str,
        /// What it should be.
        kind: ValueKind,
    },
    /// An id is empty or blank.
    EmptyId {
        /// `id` or `order`.
        field: &'static str,
    },
    /// An id is longer than [`super::ID_CHARACTERS_MAX`].
    LongId {
        /// `id` or `order`.
        field: &'static str,
    },
    /// An id has control characters.
    UnprintableId {
        /// `id` or `order`.
        field: &'static str,
    },
    /// Not RFC 3339 with an offset.
    Instant {
        /// The field or attribute.
        field: Box<str>,
    },
    /// Not a date.
    Date {
        /// The field or attribute.
        field: Box<str>,
    },
    /// `recorded_at` lies before `at`.
    RecordedBeforeItHappened,
    /// The event type is not declared.
    UnknownType {
        /// As sent, cut short.
        kind: Box<str>,
        /// The declared one most like it.
        nearest: Option<&'static str>,
    },
    /// The figure is not declared.
    UnknownFigure {
        /// As sent, cut short.
        figure: Box<str>,
    },
    /// A figure counts less than nothing.
    NegativeFigure,
    /// An attribute's value is a list or an object.
    NotScalar {
        /// Its name.
        attribute: Box<str>,
    },
    /// An attribute's value is not in its closed list.
    OutsideList {
        /// Its name.
        attribute: Box<str>,
        /// The list.
        allowed: Arc<[&'static str]>,
    },
    /// An attribute's value is not of its kind.
    WrongKind {
        /// Its name.
        attribute: Box<str>,
        /// What it should be.
        kind: ValueKind,
    },
    /// A `retracted` does not name the event that it voids.
    NothingRetracted,
}

/// What a value should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An instant with offset, or a date.
    Instant,
    /// A date.
    Date,
}

impl ValueKind {
    fn named(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (ValueKind::Text, Lang::Zh) => "文本",
            (ValueKind::Text, Lang::En) => "a text",
            (ValueKind::Number, Lang::Zh) => "数字",
            (ValueKind::Number, Lang::En) => "a number",
            (ValueKind::Boolean, Lang::Zh) => "true 或 false",
            (ValueKind::Boolean, Lang::En) => "true or false",
            (ValueKind::Instant, Lang::Zh) => "带时区的时刻（如 2024-05-06T09:00:00+08:00）或日期（如 2024-05-06）",
            (ValueKind::Instant, Lang::En) => {
                "an instant with offset such as 2024-05-06T09:00:00+08:00, or a date such as 2024-05-06"
            }
            (ValueKind::Date, Lang::Zh) => "日期（如 2024-05-06）",
            (ValueKind::Date, Lang::En) => "a date such as 2024-05-06",
        }
    }
}

impl BodyError {
    /// The field or attribute that is wrong, where it is one.
    pub fn about(&self) -> Option<&str> {
        match self {
            BodyError::NotJson { .. } | BodyError::NotAnObject | BodyError::AttributesNotAnObject => None,
            BodyError::Repeated { name } => Some(name),
            BodyError::Missing { field }
            | BodyError::FieldKind { field, .. }
            | BodyError::EmptyId { field }
            | BodyError::LongId { field }
            | BodyError::UnprintableId { field } => Some(field),
            BodyError::Instant { field } | BodyError::Date { field } => Some(field),
            BodyError::RecordedBeforeItHappened => Some("recorded_at"),
            BodyError::UnknownType { .. } => Some("type"),
            BodyError::UnknownFigure { .. } => Some("figure"),
            BodyError::NegativeFigure => Some("value"),
            BodyError::NotScalar { attribute }
            | BodyError::OutsideList { attribute, .. }
            | BodyError::WrongKind { attribute, .. } => Some(attribute),
            BodyError::NothingRetracted => Some("event"),
        }
    }

    /// What is wrong and what to send instead.
    pub fn message(&self, lang: Lang) -> String {
        match lang {
            Lang::Zh => self.chinese(),
            Lang::En => self.english(),
        }
    }

    fn chinese(&self) -> String {
        let max = super::ID_CHARACTERS_MAX;
        match self {
            BodyError::NotJson { line: 1, column } => format!("不是合法的 JSON（第 {column} 字节处）"),
            BodyError::NotJson { line, column } => format!("不是合法的 JSON（第 {line} 行第 {column} 字节处）"),
            BodyError::NotAnObject => "应为一个 JSON 对象".into(),
            BodyError::AttributesNotAnObject => "`attrs` 应为一个 JSON 对象".into(),
            BodyError::Repeated { name } => format!("`{name}` 出现了两次"),
            BodyError::Missing { field } => format!("缺少 `{field}`"),
            BodyError::FieldKind { field, kind } => format!("`{field}` 应为 {}", kind.named(Lang::Zh)),
            BodyError::EmptyId { field } => format!("`{field}` 不能为空"),
            BodyError::LongId { field } => format!("`{field}` 过长，最多 {max} 个字符"),
            BodyError::UnprintableId { field } => format!("`{field}` 含有控制字符"),
            BodyError::Instant { field } => {
                format!("`{field}` 应为带时区的时刻，如 2024-05-06T09:00:00+08:00")
            }
            BodyError::Date { field } => format!("`{field}` 应为日期，如 2024-05-06"),
            BodyError::RecordedBeforeItHappened => "`recorded_at` 早于 `at`：尚未发生的事不可能已经登记".into(),
            BodyError::UnknownType { kind, nearest: Some(nearest) } => {
                format!("未声明的事件类型 `{kind}`，是否为 `{nearest}`？")
            }
            BodyError::UnknownType { kind, nearest: None } => format!("未声明的事件类型 `{kind}`"),
            BodyError::UnknownFigure { figure } => format!("未声明的统计量 `{figure}`"),
            BodyError::NegativeFigure => "`value` 不能小于 0".into(),
            BodyError::NotScalar { attribute } => format!("属性 `{attribute}` 的值应为单个值，不能是数组或对象"),
            BodyError::OutsideList { attribute, allowed } => {
                format!("属性 `{attribute}` 的值应为其一：{}", allowed.join("、"))
            }
            BodyError::WrongKind { attribute, kind } => format!("属性 `{attribute}` 的值应为 {}", kind.named(Lang::Zh)),
            BodyError::NothingRetracted => "`retracted` 须以 `attrs.event` 指明所更正的事件".into(),
        }
    }

    fn english(&self) -> String {
        let max = super::ID_CHARACTERS_MAX;
        match self {
            BodyError::NotJson { line: 1, column } => format!("not valid JSON at byte {column}"),
            BodyError::NotJson { line, column } => format!("not valid JSON at line {line}, byte {column}"),
            BodyError::NotAnObject => "a JSON object is wanted".into(),
            BodyError::AttributesNotAnObject => "`attrs` must be a JSON object".into(),
            BodyError::Repeated { name } => format!("`{name}` stands there twice"),
            BodyError::Missing { field } => format!("`{field}` is missing"),
            BodyError::FieldKind { field, kind } => format!("`{field}` must be {}", kind.named(Lang::En)),
            BodyError::EmptyId { field } => format!("`{field}` must not be empty"),
            BodyError::LongId { field } => format!("`{field}` is too long, at most {max} characters"),
            BodyError::UnprintableId { field } => format!("`{field}` has control characters"),
            BodyError::Instant { field } => {
                format!("`{field}` must be an instant with offset, such as 2024-05-06T09:00:00+08:00")
            }
            BodyError::Date { field } => format!("`{field}` must be a date, such as 2024-05-06"),
            BodyError::RecordedBeforeItHappened => "`recorded_at` lies before `at`".into(),
            BodyError::UnknownType { kind, nearest: Some(nearest) } => {
                format!("the event type `{kind}` is not declared; is it `{nearest}`?")
            }
            BodyError::UnknownType { kind, nearest: None } => format!("the event type `{kind}` is not declared"),
            BodyError::UnknownFigure { figure } => format!("the figure `{figure}` is not declared"),
            BodyError::NegativeFigure => "`value` must not be less than 0".into(),
            BodyError::NotScalar { attribute } => {
                format!("the attribute `{attribute}` must be a single value, not a list or an object")
            }
            BodyError::OutsideList { attribute, allowed } => {
                format!("the attribute `{attribute}` must be one of {}", allowed.join(", "))
            }
            BodyError::WrongKind { attribute, kind } => {
                format!("the attribute `{attribute}` must be {}", kind.named(Lang::En))
            }
            BodyError::NothingRetracted => "`retracted` must name the event that it voids in `attrs.event`".into(),
        }
    }
}
