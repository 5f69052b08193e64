//! What a gateway would be sent of a message, for people to look at, and as how many segments it goes; nothing is sent.

use super::super::channel::Message;
use super::params::{Filled, Registered};
use super::placeholders;
use super::text::{self, Text};
use crate::config::channels::sms::{MasContent, Signature, Sms, SmsTemplates};

/// What a gateway is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A text.
    Text(Text),
    /// A template with its parameters.
    Template {
        /// The gateway's name for it.
        id: String,
        /// Names, or numbers from 1, and values.
        params: Vec<(String, String)>,
        /// What becomes of it, where the configuration has its text.
        text: Option<Text>,
    },
}

/// What a gateway is sent of a message; an error says why it is sent nothing.
pub fn outgoing(sms: &Sms, message: &Message) -> Result<Outgoing, String> {
    match sms {
        Sms::Http(http) => plain(message, &http.signature),
        Sms::Mas(mas) => match &mas.content {
            MasContent::Text(signature) => plain(message, signature),
            MasContent::Templates(templates) => registered(message, templates, ""),
        },
        Sms::Aliyun(aliyun) => registered(message, &aliyun.templates, &aliyun.signature),
        Sms::Tencent(tencent) => registered(message, &tencent.templates, &tencent.signature),
        Sms::Huawei(huawei) => registered(message, &huawei.templates, huawei.signature.as_deref().unwrap_or_default()),
    }
}

fn plain(message: &Message, signature: &Signature) -> Result<Outgoing, String> {
    text::text(&message.forms.short, signature).map(Outgoing::Text)
}

fn registered(message: &Message, templates: &SmsTemplates, signature: &str) -> Result<Outgoing, String> {
    let registered = Registered::compile(templates).map_err(|error| error.to_string())?;
    let filled = registered.fill(message)?;
    let text = text_of(&filled, signature);
    let params = filled.params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Ok(Outgoing::Template { id: filled.id.to_owned(), params, text })
}

/// As how many segments a template goes, where the configuration has its text.
pub(super) fn segments(registered: &Registered, message: &Message, signature: &str) -> Option<usize> {
    let filled = registered.fill(message).ok()?;
    text_of(&filled, signature).map(|text| text.segments())
}

/// What becomes of a template; the gateway puts the signature in front.
fn text_of(filled: &Filled<'_>, signature: &str) -> Option<Text> {
    let signature = if signature.is_empty() { String::new() } else { format!("【{signature}】") };
    filled.text.map(|text| Text::of(placeholders::filled(text, &filled.params), &signature))
}
