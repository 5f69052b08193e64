//! The words with a built-in meaning that deciding itself reads (language.md §2), interned once.

use crate::symbol::Symbol;
use std::sync::LazyLock;

/// Event types and attributes with a meaning of their own.
pub(crate) struct Words {
    pub(crate) received: Symbol,
    pub(crate) called_back: Symbol,
    pub(crate) extended: Symbol,
    pub(crate) suspended: Symbol,
    pub(crate) resumed: Symbol,
    pub(crate) transferred: Symbol,
    pub(crate) returned: Symbol,
    pub(crate) withdrawn: Symbol,
    pub(crate) archived: Symbol,
    pub(crate) retracted: Symbol,
    pub(crate) acknowledged: Symbol,
    pub(crate) approved: Symbol,
    pub(crate) refused: Symbol,
    pub(crate) lifted: Symbol,
    pub(crate) by: Symbol,
    pub(crate) decision: Symbol,
    pub(crate) event: Symbol,
    pub(crate) department: Symbol,
    pub(crate) step_extension: Symbol,
    pub(crate) step_pause: Symbol,
    pub(crate) step_due_from: Symbol,
    pub(crate) step_late_events: Symbol,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
    received: "received".into(),
    called_back: "called_back".into(),
    extended: "extended".into(),
    suspended: "suspended".into(),
    resumed: "resumed".into(),
    transferred: "transferred".into(),
    returned: "returned".into(),
    withdrawn: "withdrawn".into(),
    archived: "archived".into(),
    retracted: "retracted".into(),
    acknowledged: "acknowledged".into(),
    approved: "approved".into(),
    refused: "refused".into(),
    lifted: "lifted".into(),
    by: "by".into(),
    decision: "decision".into(),
    event: "event".into(),
    department: "department".into(),
    step_extension: "extension".into(),
    step_pause: "pause".into(),
    step_due_from: "due_from".into(),
    step_late_events: "late-events".into(),
});

/// The words.
pub(crate) fn words() -> &'static Words {
    &WORDS
}

impl Words {
    /// Whether this type is what people did with a decision: it starts, stops and triggers nothing.
    pub(crate) fn is_act(&self, kind: Symbol) -> bool {
        kind == self.acknowledged || kind == self.approved || kind == self.refused || kind == self.lifted
    }
}
