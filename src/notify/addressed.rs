//! What one reader gets of notices by one channel: what is sent, and what a preview shows.

use crate::notify::channel::Forms;
use crate::notify::digest;
use crate::notify::merge;
use crate::notify::notice::{QueuedNotice, SALUTATION};
use std::borrow::Cow;

/// To whom, by what.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// The channel's name.
    pub channel: &'a str,
    /// Whether the channel reaches a group, another system or a screen rather than a person.
    pub is_group: bool,
    /// The person's name; empty for a group.
    pub name: &'a str,
}

/// The forms that a reader gets of one notice or several, the gravest first.
pub fn forms(notices: &[&QueuedNotice], reader: Reader<'_>) -> Forms {
    let notices = &distinct(notices)[..];
    let forms = if is_of_one_order(notices) {
        merge::merged(notices, reader.channel)
    } else {
        let own = by_channel(notices, reader.channel);
        digest::digest(&own.iter().map(|notice| &**notice).collect::<Vec<_>>())
    };
    let forms = if is_veiled(notices, reader.is_group) { veiled(&forms.short) } else { forms };
    greeted(forms, reader.name)
}

/// Each telling of a decision once, where it is for a reader who is two of its recipients.
fn distinct<'n>(notices: &[&'n QueuedNotice]) -> Vec<&'n QueuedNotice> {
    let mut distinct: Vec<&QueuedNotice> = Vec::with_capacity(notices.len());
    let is_same = |one: &QueuedNotice, other: &QueuedNotice| {
        one.decision.is_some()
            && (&one.order, &one.decision, one.kind, one.at) == (&other.order, &other.decision, other.kind, other.at)
    };
    for notice in notices {
        if !distinct.iter().any(|known| is_same(known, notice)) {
            distinct.push(notice);
        }
    }
    distinct
}

/// Each in the words of the channel, where it has words of its own.
fn by_channel<'n>(notices: &[&'n QueuedNotice], channel: &str) -> Vec<Cow<'n, QueuedNotice>> {
    let by = |notice: &&'n QueuedNotice| {
        if notice.forms.own.contains_key(channel) {
            Cow::Owned(QueuedNotice { forms: notice.forms.by(channel), ..(*notice).clone() })
        } else {
            Cow::Borrowed(*notice)
        }
    };
    notices.iter().map(by).collect()
}

/// Whether all are of one order, or there is one.
pub fn is_of_one_order(notices: &[&QueuedNotice]) -> bool {
    let order = notices.first().and_then(|first| first.order.as_ref());
    notices.len() == 1 || order.is_some() && notices.iter().all(|notice| notice.order.as_ref() == order)
}

/// Whether no more is told than that something waits: a group is told so of what is confidential.
pub fn is_veiled(notices: &[&QueuedNotice], is_group: bool) -> bool {
    is_group && notices.iter().any(|notice| notice.confidential)
}

/// All forms say what the short one says, which of what is confidential names nothing.
pub fn veiled(short: &str) -> Forms {
    let text = short.to_owned();
    Forms { short: text.clone(), markdown: text.clone(), subject: text.clone(), text, ..Forms::default() }
}

/// With the reader's name where it belongs.
fn greeted(forms: Forms, name: &str) -> Forms {
    let greeting = if name.is_empty() { "各位同志：".to_owned() } else { format!("{name}同志：") };
    Forms {
        short: forms.short.replace(SALUTATION, ""),
        markdown: forms.markdown.replace(SALUTATION, &greeting),
        subject: forms.subject.replace(SALUTATION, ""),
        text: forms.text.replace(SALUTATION, &greeting),
        ..forms
    }
}
