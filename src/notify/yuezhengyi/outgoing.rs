//! What is sent for a message: one content or several, each within what the platform takes. Nothing here is sent; a preview
//! shows the same.

use super::card::Card;
use super::markup;
use super::parts::split;
use crate::config::channels::yuezhengyi::Form;
use crate::notify::channel::{File, Message};
use serde_json::{Value, json};

/// How many bytes a content may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of a text.
    pub text: usize,
    /// Of a markdown.
    pub markdown: usize,
}

/// What the platform takes from a robot.
pub const ROBOT: Limits = Limits { text: 2048, markdown: 4096 };
/// What the platform takes from an application.
pub const APP: Limits = Limits { text: 2048, markdown: 2048 };

/// One thing to be sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Plain text, and whom it names.
    Text {
        /// The text.
        content: String,
        /// User ids.
        mentioned: Vec<String>,
    },
    /// Markdown.
    Markdown(String),
    /// A card.
    Card(Box<Card>),
    /// A file, which is uploaded first.
    File(File),
}

impl Content {
    /// The platform's `msgtype`.
    pub fn kind(&self) -> &'static str {
        match self {
            Content::Text { .. } => Form::Text.as_str(),
            Content::Markdown(_) => Form::Markdown.as_str(),
            Content::Card(_) => Form::TemplateCard.as_str(),
            Content::File(_) => "file",
        }
    }

    /// What stands under `msgtype`'s name; of a file, under the id that it was given when it was uploaded.
    pub fn json(&self, media_id: Option<&str>) -> Value {
        match self {
            Content::Text { content, mentioned } if mentioned.is_empty() => json!({ "content": content }),
            Content::Text { content, mentioned } => json!({ "content": content, "mentioned_list": mentioned }),
            Content::Markdown(content) => json!({ "content": content }),
            Content::Card(card) => card.json(),
            Content::File(_) => json!({ "media_id": media_id }),
        }
    }
}

/// Everything that is sent for a message in a form, its files last.
pub fn contents(message: &Message, form: Form, limits: Limits) -> Vec<Content> {
    let mut contents = worded(message, form, limits);
    contents.extend(message.files.iter().cloned().map(Content::File));
    contents
}

/// What cannot be a card (several notices, of one order or of many, or one that leads nowhere) is markdown.
fn worded(message: &Message, form: Form, limits: Limits) -> Vec<Content> {
    let markdown = markdown(message);
    // A list of many orders would lose what a card has no room for.
    let of_one = || message.order.as_ref().map(|_| markdown);
    let card = || Card::of(of_one()?, &message.forms.short, &message.kind, &message.mentions);
    match form {
        Form::TemplateCard => match card() {
            Some(card) => vec![Content::Card(Box::new(card))],
            None => worded(message, Form::Markdown, limits),
        },
        Form::Markdown => {
            let text = with_mentions(markdown, message);
            split(&text, limits.markdown).into_iter().map(Content::Markdown).collect()
        }
        Form::Text => texts(&markup::plain(markdown), message, limits),
    }
}

/// Those whom it concerns are named with the first part.
fn texts(text: &str, message: &Message, limits: Limits) -> Vec<Content> {
    let mut mentioned: Vec<String> = message.mentions.iter().map(|one| one.id.to_string()).collect();
    let parts = split(text, limits.text).into_iter();
    parts.map(|content| Content::Text { content, mentioned: std::mem::take(&mut mentioned) }).collect()
}

fn with_mentions(markdown: &str, message: &Message) -> String {
    let named = message.mentions.iter().fold(String::new(), |named, one| named + "<@" + &one.id + ">");
    if named.is_empty() { markdown.to_owned() } else { format!("{}\n{named}", markdown.trim_end()) }
}

/// The markdown form, or the short one where there is none.
fn markdown(message: &Message) -> &str {
    if message.forms.markdown.trim().is_empty() { &message.forms.short } else { &message.forms.markdown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::channel::{Forms, Mention};

    fn message(markdown: &str) -> Message {
        let forms = Forms { short: "【珠海12345】黄牌。".into(), markdown: markdown.into(), ..Forms::default() };
        Message { kind: "yellow-card".into(), order: Some("ZH-1".into()), forms, ..Message::default() }
    }

    fn concerning(message: Message) -> Message {
        let mentions = ["a01", "a02"].map(|id| Mention { id: id.into(), name: "张三".into() });
        Message { mentions: mentions.into(), ..message }
    }

    fn shown(message: &Message, form: Form) -> Vec<(&'static str, Value)> {
        contents(message, form, ROBOT).iter().map(|content| (content.kind(), content.json(None))).collect()
    }

    #[test]
    fn those_whom_it_concerns_are_named_as_each_form_has_it() {
        let message = concerning(message("**黄牌**\n工单　ZH-1"));
        let expected = json!({ "content": "**黄牌**\n工单　ZH-1\n<@a01><@a02>" });
        assert_eq!(shown(&message, Form::Markdown), [("markdown", expected)]);
        let expected = json!({ "content": "黄牌\n工单　ZH-1", "mentioned_list": ["a01", "a02"] });
        assert_eq!(shown(&message, Form::Text), [("text", expected)]);
    }

    #[test]
    fn of_a_long_text_only_the_first_part_calls_people() {
        let message = concerning(message(&"督办事项一二三四五六七八九十\n".repeat(80)));
        let parts = shown(&message, Form::Text);
        assert!(parts.len() > 1);
        let calling = parts.iter().filter(|(_, part)| part.get("mentioned_list").is_some());
        assert_eq!(calling.count(), 1);
        assert!(parts.iter().all(|(_, part)| part["content"].as_str().unwrap().len() <= ROBOT.text));
    }

    #[test]
    fn what_leads_nowhere_is_markdown_where_a_card_is_wanted() {
        let message = message("**黄牌**\n工单　ZH-1");
        assert_eq!(shown(&message, Form::TemplateCard)[0].0, "markdown");
    }

    #[test]
    fn a_list_of_many_orders_is_no_card() {
        let list = "**2件通知　红牌通知2件**\n【红牌】甲　[查看](https://d/1)\n【红牌】乙　[查看](https://d/2)";
        assert_eq!(shown(&Message { order: None, ..message(list) }, Form::TemplateCard)[0].0, "markdown");
        assert_eq!(shown(&message(list), Form::TemplateCard)[0].0, "template_card");
    }

    #[test]
    fn files_come_after_the_words() {
        let file = File { name: "说明.html".into(), bytes: b"<html>"[..].into() };
        let message = Message { files: vec![file], ..message("**黄牌**") };
        let kinds: Vec<_> = shown(&message, Form::Text).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["text", "file"]);
    }
}
