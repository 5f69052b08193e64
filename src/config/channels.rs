//! The channels as configured: what each sender needs to know, nothing of how it sends.

pub mod judge;
pub mod receipts;
pub mod sms;
pub mod yuezhengyi;

use self::receipts::Hearing;
use super::secret::SecretSource;
use crate::policy::directory::read::{Address, Channels};
use sms::Sms;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The kinds of decisions, as in `kinds` and in every output.
pub const DECISION_KINDS: [&str; 7] = ["remind", "notify", "card", "route", "return", "flag", "revoke"];

/// A channel: the name by which the directory uses it, and how it sends.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its name, unique.
    pub name: Arc<str>,
    /// How it sends.
    pub kind: ChannelKind,
    /// `receipts`: how it hears what became of what it sent; none: it does not.
    pub receipts: Option<Hearing>,
}

/// How a channel sends.
#[derive(Clone, Debug)]
pub enum ChannelKind {
    /// `kind: email`.
    Email(Email),
    /// `kind: sms`: a gateway, by its driver.
    Sms(Sms),
    /// `kind: yuezhengyi` with `corp_id`: messages of an application to persons.
    YuezhengyiApp(yuezhengyi::App),
    /// `kind: yuezhengyi` with `webhook`: a robot's messages to its group.
    YuezhengyiRobot(yuezhengyi::Robot),
    /// `kind: webhook`: decisions as JSON to another system.
    Webhook(Webhook),
    /// `kind: console`: lines on the daemon's standard output.
    Console,
}

/// What every channel over HTTP may say of the way there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// How long one request may take in all. `timeout`, a span such as `10 seconds`; default 10 s.
    pub timeout: Duration,
    /// `proxy`: `http://host:port` or `socks5://…`; none: no proxy, whatever the environment says.
    pub proxy: Option<String>,
    /// `ca_file`: further certificate authorities (PEM), besides the system's.
    pub ca_file: Option<PathBuf>,
    /// `danger_accept_invalid_certs`: whoever answers is taken for the other side. Said loudly at the start and by `check`.
    pub accept_invalid_certs: bool,
}

impl Default for Way {
    fn default() -> Way {
        Way { timeout: Duration::from_secs(10), proxy: None, ca_file: None, accept_invalid_certs: false }
    }
}

/// `kind: email`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// The relay's host.
    pub host: String,
    /// Its port: given, else 465 for `smtps`, 587 for `smtp` with STARTTLS, 25 without.
    pub port: u16,
    /// How the connection is secured.
    pub security: MailSecurity,
    /// The user, from the URL; none: no authentication.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<SecretSource>,
    /// `from`: the sender's mailbox, with or without a name.
    pub from: String,
    /// `reply_to`: a mailbox that people read.
    pub reply_to: Option<String>,
    /// `attach_dossier`: whether whoever is told of a route gets the order's page with it.
    pub attach_dossier: bool,
    /// `ca_file`: further certificate authorities (PEM).
    pub ca_file: Option<PathBuf>,
    /// `timeout` of a connection and of each command; default 30 s.
    pub timeout: Duration,
}

/// How a mail connection is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// `smtps://`: TLS from the first byte.
    Tls,
    /// `smtp://` with `starttls: required`, the default.
    StartTls,
    /// `smtp://` with `starttls: never`: in the clear, on explicit request.
    Never,
}

/// The request to an SMS gateway. URL, header texts and body are templates over `mobile`, `text` and `id`.
#[derive(Clone, Debug, PartialEq)]
pub struct GatewayRequest {
    /// `method`: `GET`, `POST` or `PUT`; default `POST`.
    pub method: String,
    /// `url`.
    pub url: String,
    /// `headers`, in the file's order.
    pub headers: Vec<(String, HeaderValue)>,
    /// `body`.
    pub body: Option<String>,
}

/// A header's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// As written.
    Text(String),
    /// Read from where secrets are.
    Secret(SecretSource),
}

/// What an answer must look like: a status of these, and where a field is named, the field's value one of these.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// `status` or `statuses`; empty: any (of `accepted`: any 2xx).
    pub statuses: BTreeSet<u16>,
    /// `field`, a JSON pointer into the answer's body, with `equals`.
    pub field: Option<AnswerField>,
    /// `id`, a JSON pointer to that by which the other side knows the message.
    pub id: Option<String>,
}

/// A field of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerField {
    /// The JSON pointer.
    pub pointer: String,
    /// `equals`: one of these scalars; never empty. A number in the answer equals its text.
    pub equals: Vec<String>,
}

/// `kind: webhook`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// `url`.
    pub url: String,
    /// `secret`: the key of the signature; none: unsigned.
    pub secret: Option<SecretSource>,
    /// `kinds`: every decision of these kinds ([`DECISION_KINDS`]) is posted; empty: only what the directory sends here.
    pub kinds: Vec<&'static str>,
    /// `confidential`: whether decisions on what is confidential are posted, too; default yes, because the other system
    /// carries decisions out.
    pub confidential: bool,
    /// `headers`, in the file's order.
    pub headers: Vec<(String, HeaderValue)>,
    /// The way there.
    pub way: Way,
}

impl ChannelKind {
    /// What people call it.
    pub fn title(&self) -> &'static str {
        match self {
            ChannelKind::Email(_) => "邮件",
            ChannelKind::Sms(_) => "短信",
            ChannelKind::YuezhengyiApp(_) => "粤政易",
            ChannelKind::YuezhengyiRobot(_) => "粤政易工作群",
            ChannelKind::Webhook(_) => "系统对接",
            ChannelKind::Console => "控制台",
        }
    }

    /// The kind of address that it needs.
    pub fn address(&self) -> Address {
        match self {
            ChannelKind::Email(_) => Address::Email,
            ChannelKind::Sms(_) => Address::Mobile,
            ChannelKind::YuezhengyiApp(_) => Address::Yuezhengyi,
            ChannelKind::YuezhengyiRobot(_) | ChannelKind::Webhook(_) | ChannelKind::Console => Address::None,
        }
    }
}

impl ChannelKind {
    /// The way there, where it is one over HTTP.
    pub fn way(&self) -> Option<&Way> {
        match self {
            ChannelKind::Sms(sms) => Some(sms.way()),
            ChannelKind::YuezhengyiApp(app) => Some(&app.way),
            ChannelKind::YuezhengyiRobot(robot) => Some(&robot.way),
            ChannelKind::Webhook(hook) => Some(&hook.way),
            ChannelKind::Email(_) | ChannelKind::Console => None,
        }
    }
}

/// What channels are called, by name.
pub fn titles(channels: &[Channel]) -> BTreeMap<Arc<str>, &'static str> {
    channels.iter().map(|channel| (Arc::clone(&channel.name), channel.kind.title())).collect()
}

/// Every channel with the kind of address that it needs, as the directory is read by.
pub fn addresses(channels: &[Channel]) -> Channels {
    Some(channels.iter().map(|channel| (channel.name.clone(), channel.kind.address())).collect())
}
