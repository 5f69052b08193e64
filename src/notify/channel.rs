//! What a channel is given, and what it answers.
//!
//! A [`Message`] is addressed and rendered: a channel decides nothing about who is told or how it reads. It goes to one
//! address, so that what became of it is known address by address. A channel never tries again by itself what may have
//! been delivered: it says how the attempt ended, and the outbox decides when to try again.
//!
//! An [`Outcome`]'s reason may be logged, stored and shown: it never holds a secret, a number, an address or a body.

use crate::time::Instant;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Something that can carry a notice to a person, a group or another system.
pub trait Channel: Send + Sync {
    /// The kind as configured: `email`, `sms`, `yuezhengyi`, `webhook`, `console`.
    fn kind(&self) -> &'static str;

    /// Tries once to deliver. `now` is the wall clock's instant, for rules that count messages a minute and for tokens.
    fn deliver<'a>(&'a self, message: &'a Message, now: Instant) -> BoxFuture<'a, Outcome>;

    /// Whether the other side recognises a message that it has had before, so that one whose outcome is unknown may be
    /// sent again without telling someone twice.
    fn recognises_repeats(&self) -> bool {
        false
    }

    /// For how long it goes on recognising one after the first; none: for ever.
    fn repeats_for(&self) -> Option<Duration> {
        None
    }

    /// Whether the other side's answer proves that the message arrived: it does where the other side is itself who is told
    /// (another system that answers 2xx, the console). A mail relay, a gateway, a platform only takes a message: what became
    /// of it their receipts say, if they have any. This is the one place where a channel says so.
    fn proves_delivery(&self) -> bool {
        false
    }

    /// As how many messages the carriers count and charge it, where they do: a long SMS is sent in segments.
    fn segments(&self, message: &Message) -> Option<usize> {
        let _ = message;
        None
    }

    /// Its receipts, where the other side says later what became of a message that it took.
    fn receipts(&self) -> Option<&dyn Receipts> {
        None
    }

    /// Whether files can go with its messages.
    fn takes_files(&self) -> bool {
        false
    }

    /// The recipients whose people it names in a group, where a notice concerns their department.
    fn mentions(&self) -> &[Arc<str>] {
        &[]
    }

    /// Whether an order's papers go with a route.
    fn attaches_dossier(&self) -> bool {
        false
    }

    /// What a person has to mend at the other side or in the configuration, as far as it came up since this was last
    /// asked. It is asked after each attempt.
    fn troubles(&self) -> Vec<Trouble> {
        Vec::new()
    }
}

/// Something that only an operator can mend: a secret that is refused, a robot that was removed. No text holds a secret,
/// an address or a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The other side's code, by which one trouble is told from another.
    pub code: Arc<str>,
    /// What is wrong, in Chinese.
    pub what: String,
    /// What is to be done about it, one clause without 请 and full stop.
    pub remedy: String,
    /// How far it reaches.
    pub reach: Reach,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The message, as the other side names it.
    pub message: Arc<str>,
    /// Which part, from 1.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

/// How far a trouble reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Nothing goes out by the channel until it is mended.
    Channel,
    /// Some of those it writes to are not reached.
    Some,
}

/// The receipts (状态报告) of a channel: taking a message is not delivering it, and the other side says so later, by a
/// callback of its own or when it is asked.
pub trait Receipts: Send + Sync {
    /// Reads what the other side posted. Whoever posts has shown the channel's token before.
    fn read(&self, posted: &Posted<'_>) -> Result<Vec<Receipt>, PostError>;

    /// Of which part of a message a post says that it arrived, where a long message is reported part by part; none: whole
    /// messages are reported. Whoever reads the post takes the message as delivered with the last of its parts.
    fn part(&self, posted: &Posted<'_>) -> Option<Part> {
        let _ = posted;
        None
    }

    /// What people answered (上行), where the post holds that. Most posts hold none; one that cannot be read holds none.
    fn replies(&self, posted: &Posted<'_>) -> Vec<Reply> {
        let _ = posted;
        Vec::new()
    }

    /// What the other side wants to read when its post was taken: content type and body.
    fn thanks(&self) -> (&'static str, &str) {
        ("application/json", "{}")
    }

    /// Asks what became of a message; none where the other side cannot be asked. An empty list: it knows nothing yet.
    fn ask<'a>(&'a self, asked: &'a Asked, now: Instant) -> Option<BoxFuture<'a, Result<Vec<Receipt>, AskError>>> {
        let _ = (asked, now);
        None
    }
}

/// A callback as it came in.
#[derive(Clone, Copy, Debug)]
pub struct Posted<'a> {
    /// The header `Content-Type`; empty where there was none.
    pub content_type: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// When it came.
    pub at: Instant,
}

/// A callback that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to read a receipt: {0}")]
pub struct PostError(pub String);

/// A question about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The message's id.
    pub id: Arc<str>,
    /// By what the other side knows it; none where its answer never came.
    pub provider_id: Option<Arc<str>>,
    /// The address; personal.
    pub to: Arc<str>,
    /// When it was sent.
    pub sent_at: Instant,
}

/// A question that was not answered; asked again later. The text may be logged: no number, secret or body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to ask for a receipt: {0}")]
pub struct AskError(pub String);

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Of which message.
    pub of: ReceiptOf,
    /// The address, in the channel's own form, where the other side names it: one id may stand for several.
    pub to: Option<Arc<str>>,
    /// When it was delivered or given up.
    pub at: Instant,
    /// What became of it.
    pub outcome: ReceiptOutcome,
    /// The other side's code and words, such as `MK:0001 空号`; never a number or a body.
    pub detail: Option<String>,
}

/// What a person answered to a message, by the same channel. Personal throughout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// From which address, in the channel's own form.
    pub from: Arc<str>,
    /// When.
    pub at: Instant,
    /// What.
    pub text: String,
    /// To which of the sender's codes (服务代码加扩展码); empty where the other side does not say.
    pub to: Arc<str>,
}

/// By what a receipt names its message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReceiptOf {
    /// By the other side's id, as its answer gave it ([`Outcome::Accepted`]).
    Provider(Arc<str>),
    /// By our own ([`Message::id`]), echoed.
    Message(Arc<str>),
}

/// What became of a message that the other side took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReceiptOutcome {
    /// It reached the device.
    Delivered,
    /// It did not, and will not.
    Failed,
}

/// One message to one address, addressed and rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The idempotency key: the same on every attempt, different for each notice and address. Of a decision pushed to
    /// another system it is the decision's key.
    pub id: Arc<str>,
    /// What kind of notice it is, as its template is named (`yellow-card`, `return`, `health`, …).
    pub kind: Arc<str>,
    /// The order that it is about, by which mails hang together. Notices on the daemon's health have none.
    pub order: Option<Arc<str>>,
    /// The address in the channel's own form: a mailbox, a mobile number, a 粤政易 user id. Empty where the channel's
    /// configuration says where it goes (a group's robot, another system, the console).
    pub to: String,
    /// The instant of the notice.
    pub at: Instant,
    /// What it says, in every form that a channel may want.
    pub forms: Forms,
    /// Whether it may be read by the person only to whom it goes. A message to a group says no more than that something
    /// waits, and is not confidential itself.
    pub confidential: bool,
    /// Those whom a message to a group concerns, where the channel names them.
    pub mentions: Vec<Mention>,
    /// Files that go with it, to one person by a channel that takes them.
    pub files: Vec<File>,
}

impl Default for Message {
    fn default() -> Message {
        Message {
            id: Arc::default(),
            kind: Arc::default(),
            order: None,
            to: String::new(),
            at: Instant(0),
            forms: Forms::default(),
            confidential: false,
            mentions: Vec::new(),
            files: Vec::new(),
        }
    }
}

/// Somebody whom a message concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Their user id in 粤政易.
    pub id: Arc<str>,
    /// Their name.
    pub name: Arc<str>,
}

/// A file that goes with a message.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its name as the reader sees it, with its extension.
    pub name: String,
    /// What is in it.
    pub bytes: Arc<[u8]>,
}

/// What is in a file is no matter of logs.
impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({} bytes)", self.bytes.len())
    }
}

/// What a message says, in the forms that channels want.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forms {
    /// At most 140 characters, for SMS.
    pub short: String,
    /// For 粤政易.
    pub markdown: String,
    /// For a mail's header.
    pub subject: String,
    /// For a mail's plain part and the console.
    pub text: String,
    /// The addresses in `text` that are links in a mail's HTML part, which says what `text` says.
    pub links: Vec<String>,
    /// The decision as JSON, as the feed gives it, for other systems; empty where the notice is of no decision.
    pub json: String,
    /// The facts by name, as texts, for gateways that take only the parameters of a template registered with them.
    pub variables: BTreeMap<Arc<str>, String>,
    /// What reads otherwise by a channel, by the channel's name: of operators' templates for that channel alone.
    pub own: BTreeMap<Arc<str>, OwnForms>,
}

/// The forms that read otherwise by one channel; none: as by every other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnForms {
    /// For SMS.
    pub short: Option<String>,
    /// For 粤政易.
    pub markdown: Option<String>,
    /// For a mail's header.
    pub subject: Option<String>,
    /// For a mail's plain part.
    pub text: Option<String>,
}

impl Forms {
    /// As they read by one channel.
    #[must_use]
    pub fn by(&self, channel: &str) -> Forms {
        let mut forms = Forms { own: BTreeMap::new(), ..self.clone() };
        let Some(OwnForms { short, markdown, subject, text }) = self.own.get(channel).cloned() else { return forms };
        forms.short = short.unwrap_or(forms.short);
        forms.markdown = markdown.unwrap_or(forms.markdown);
        forms.subject = subject.unwrap_or(forms.subject);
        forms.text = text.unwrap_or(forms.text);
        forms
    }
}

/// How one attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took it. That is not yet proof that a person has read it.
    Accepted {
        /// By what the other side knows it, where it says so.
        provider_id: Option<String>,
    },
    /// Nothing was tried, because a rule on how many messages may be sent would be broken: not before this instant. No
    /// attempt is used up.
    Deferred {
        /// From when there is room.
        not_before: Instant,
    },
    /// It was not delivered, and trying again can help.
    Transient {
        /// Why.
        reason: String,
        /// The pause that the other side asked for, whoever is written to.
        retry_after: Option<Duration>,
    },
    /// It was not delivered, because this address has had enough for now: others may be written to meanwhile.
    Limited {
        /// Why.
        reason: String,
        /// After what pause trying again can help.
        retry_after: Duration,
    },
    /// It was not delivered, and the same message to the same address will not be: a person has to look.
    Permanent {
        /// Why.
        reason: String,
    },
    /// It was sent and no answer came: it may have been delivered. To try again may tell someone twice.
    Unknown {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// Not delivered; trying again can help.
    pub fn transient(reason: impl Into<String>) -> Outcome {
        Outcome::Transient { reason: reason.into(), retry_after: None }
    }

    /// Not delivered; trying again cannot help.
    pub fn permanent(reason: impl Into<String>) -> Outcome {
        Outcome::Permanent { reason: reason.into() }
    }

    /// Perhaps delivered.
    pub fn unknown(reason: impl Into<String>) -> Outcome {
        Outcome::Unknown { reason: reason.into() }
    }
}
