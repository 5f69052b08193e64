//! The channels of kind `yuezhengyi`: an application that writes to persons, and a group's robot.

use super::{HeaderValue, Way};
use crate::config::secret::SecretSource;
use crate::schedule::Named;
use crate::text::place::Place;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `kind: yuezhengyi` with `corp_id`: an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// `base_url`, without a slash at its end; default `https://qyapi.weixin.qq.com`.
    pub base_url: String,
    /// `corp_id`.
    pub corp_id: String,
    /// `agent_id`.
    pub agent_id: u64,
    /// `secret`.
    pub secret: SecretSource,
    /// `attach_dossier`: whether whoever is told of a route gets the order's page with it.
    pub attach_dossier: bool,
    /// `form` and `forms`.
    pub forms: FormOfKind,
    /// `headers`, in the file's order: what a gateway before a private deployment asks for.
    pub headers: Vec<(String, HeaderValue)>,
    /// The way there.
    pub way: Way,
}

/// `kind: yuezhengyi` with `webhook`: a group's robot.
#[derive(Clone, Debug, PartialEq)]
pub struct Robot {
    /// `webhook`: the whole URL is the secret.
    pub webhook: SecretSource,
    /// `per_minute`: what the platform allows the robot; default 20.
    pub per_minute: u32,
    /// `mention`: the recipients whose people are named in the group where a notice concerns their department; none:
    /// [`MENTIONED`].
    pub mention: Option<Vec<Named>>,
    /// `form` and `forms`.
    pub forms: FormOfKind,
    /// `headers`, in the file's order.
    pub headers: Vec<(String, HeaderValue)>,
    /// The way there.
    pub way: Way,
}

/// Who is named in a group unless `mention` says otherwise: who does the work, and who sees to it.
pub const MENTIONED: [&str; 2] = ["handler", "liaison"];

/// Which form a message has, by its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormOfKind {
    /// `form`: where `forms` says nothing.
    pub usual: Form,
    /// `forms`: by the names of notices' kinds.
    pub by_kind: BTreeMap<&'static str, Form>,
    /// Where the file asks for cards, if it does.
    pub cards_at: Option<Place>,
}

impl Robot {
    /// The recipients whose people are named.
    pub fn mentioned(&self) -> Vec<Arc<str>> {
        let written = self.mention.as_ref().map(|names| names.iter().map(|named| Arc::clone(&named.name)).collect());
        written.unwrap_or_else(|| MENTIONED.map(Arc::from).into())
    }
}

impl FormOfKind {
    /// The form of a kind.
    pub fn of(&self, kind: &str) -> Form {
        self.by_kind.get(kind).copied().unwrap_or(self.usual)
    }
}

/// In which form a message is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// `text`: plain, as every deployment takes it.
    Text,
    /// `markdown`.
    #[default]
    Markdown,
    /// `template_card`: a card (文本通知模版卡片) that opens the order's page.
    TemplateCard,
}

impl Form {
    /// All of them.
    pub const ALL: [Form; 3] = [Form::Text, Form::Markdown, Form::TemplateCard];

    /// Its word in the file, which is the platform's `msgtype`.
    pub fn as_str(self) -> &'static str {
        match self {
            Form::Text => "text",
            Form::Markdown => "markdown",
            Form::TemplateCard => "template_card",
        }
    }

    /// The plainer form that says the same, where a deployment does not take this one.
    pub fn plainer(self) -> Option<Form> {
        match self {
            Form::TemplateCard => Some(Form::Markdown),
            Form::Markdown => Some(Form::Text),
            Form::Text => None,
        }
    }
}
