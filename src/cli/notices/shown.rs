//! A notice as it goes out, by every channel that is configured: for people to look at.

use crate::config::channels::sms::Sms;
use crate::config::channels::yuezhengyi::{Form, FormOfKind};
use crate::config::channels::{Channel, ChannelKind};
use crate::notify::addressed::{self, Reader};
use crate::notify::channel::{Forms, Message};
use crate::notify::email;
use crate::notify::notice::QueuedNotice;
use crate::notify::render::length;
use crate::notify::sms::outgoing::{Outgoing, outgoing};
use crate::notify::sms::segments::segments;
use crate::notify::sms::text::Text;
use crate::notify::yuezhengyi::outgoing as platform;
use crate::notify::yuezhengyi::outgoing::{Content, Limits};
use crate::policy::directory::read::Address;
use std::fmt::Write;

/// What is shown of a notice.
pub(super) struct Shown<'a> {
    pub(super) notice: &'a QueuedNotice,
    /// Who reads it, as letters address them.
    pub(super) name: &'a str,
    /// The channels of the configuration, or the one that was asked for.
    pub(super) channels: Vec<&'a Channel>,
    /// Whether forms are shown, too, that no channel needs.
    pub(super) all_forms: bool,
}

impl Shown<'_> {
    /// Everything, a section a channel.
    pub(super) fn text(&self) -> String {
        let mut shown: Vec<String> = self.channels.iter().filter_map(|channel| self.by(channel)).collect();
        if self.all_forms {
            shown.extend(self.not_configured());
        }
        shown.join("\n")
    }

    fn by(&self, channel: &Channel) -> Option<String> {
        let message = self.message(&channel.name, channel.kind.address() == Address::None);
        let title = channel.kind.title();
        Some(match &channel.kind {
            ChannelKind::Email(options) => mail(&channel.name, email::headers(options, &message).ok()?, &message),
            ChannelKind::YuezhengyiApp(app) => {
                yuezhengyi(&format!("{title} {}", channel.name), &message, &app.forms, platform::APP)
            }
            ChannelKind::YuezhengyiRobot(robot) => {
                yuezhengyi(&format!("{title} {}", channel.name), &message, &robot.forms, platform::ROBOT)
            }
            // What is pushed is a decision, and a screen shows the short form: neither is written for people to read.
            ChannelKind::Webhook(_) | ChannelKind::Console if self.all_forms => return None,
            ChannelKind::Webhook(_) => section(title, &channel.name, "", &message.forms.text),
            ChannelKind::Console => section(title, &channel.name, "", &message.forms.short),
            ChannelKind::Sms(gateway) => by_gateway(&channel.name, gateway, &message),
        })
    }

    /// What would go out by channels that are not there, and the card where none is one.
    fn not_configured(&self) -> Vec<String> {
        let has = |address| self.channels.iter().any(|channel| channel.kind.address() == address);
        let message = self.message("", false);
        let mut shown = Vec::new();
        if !has(Address::Mobile) {
            shown.push(sms("（没有配置短信渠道）", &message.forms));
        }
        if !has(Address::Yuezhengyi) {
            let title = "粤政易 （没有配置应用）";
            shown.push(yuezhengyi(title, &message, &FormOfKind::default(), platform::APP));
        }
        if !has(Address::Email) {
            let headers = vec![("Subject", message.forms.subject.clone())];
            shown.push(mail("（没有配置邮件渠道）", headers, &message));
        }
        shown.extend(self.card(&message));
        shown
    }

    /// The card, where no channel sends this kind as one.
    fn card(&self, message: &Message) -> Option<String> {
        let is_card = |channel: &&Channel| match &channel.kind {
            ChannelKind::YuezhengyiApp(app) => app.forms.of(&message.kind) == Form::TemplateCard,
            _ => false,
        };
        if self.channels.iter().any(is_card) {
            return None;
        }
        let contents = platform::contents(message, Form::TemplateCard, platform::APP);
        let Some(Content::Card(card)) = contents.first() else {
            let why = "不能发成卡片：没有链接可以点开（duban.yaml 里没有 public_url，或这种通知不关工单）";
            return Some(section("卡片", "", "form: template_card 时", why));
        };
        Some(section("卡片", "", "form: template_card 时", &card.lines().join("\n")))
    }

    fn message(&self, channel: &str, is_group: bool) -> Message {
        let notices = [self.notice];
        let name = if is_group { "" } else { self.name };
        let forms = addressed::forms(&notices, Reader { channel, is_group, name });
        let is_veiled = addressed::is_veiled(&notices, is_group);
        Message {
            id: "…".into(),
            kind: self.notice.kind.as_str().into(),
            order: self.notice.order.clone().filter(|_| !is_veiled),
            at: self.notice.at,
            forms,
            confidential: self.notice.confidential && !is_veiled,
            ..Message::default()
        }
    }
}

fn section(title: &str, name: &str, measure: &str, text: &str) -> String {
    let heading = [title, name, measure].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("　");
    format!("── {heading}\n{text}\n")
}

fn sms(name: &str, forms: &Forms) -> String {
    let length = length(&forms.short);
    section("短信", name, &format!("{length}字，{}条", segments(length)), &forms.short)
}

/// As the gateway is sent it: a text with its signature once, or a template's parameters.
fn by_gateway(name: &str, gateway: &Sms, message: &Message) -> String {
    let measure = |text: &Text| format!("{}字，{}条", text.length, text.segments());
    match outgoing(gateway, message) {
        Ok(Outgoing::Text(text)) => section("短信", name, &measure(&text), &text.text),
        Ok(Outgoing::Template { id, params, text }) => {
            let said = text.as_ref().map(|text| format!("，{}", measure(text))).unwrap_or_default();
            let mut lines: Vec<String> = params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            lines.extend(text.map(|text| text.text));
            section("短信", name, &format!("模板 {id}{said}"), &lines.join("\n"))
        }
        Err(reason) => section("短信", name, "发不出去", &reason),
    }
}

fn mail(name: &str, headers: Vec<(&'static str, String)>, message: &Message) -> String {
    let mut text = String::new();
    // It follows from the address, too: there is none yet.
    for (header, value) in headers.into_iter().filter(|(header, _)| *header != "Message-ID") {
        let _ = writeln!(text, "{header}: {value}");
    }
    section("邮件", name, "", &format!("{text}\n{}", message.forms.text))
}

/// What goes out, each content with what it measures.
fn yuezhengyi(title: &str, message: &Message, forms: &FormOfKind, limits: Limits) -> String {
    let contents = platform::contents(message, forms.of(&message.kind), limits);
    let several = contents.len();
    let parts = contents.iter().enumerate().map(|(at, content)| {
        let part = if several > 1 { format!("，第{}条共{several}条", at + 1) } else { String::new() };
        let (text, max) = match content {
            Content::Text { content, .. } => (content.clone(), limits.text),
            Content::Markdown(content) => (content.clone(), limits.markdown),
            Content::Card(card) => return section(title, "", "template_card", &card.lines().join("\n")),
            Content::File(file) => return section(title, "", "file", &file.name),
        };
        let measure = format!("{} {}字节（至多{max}）{part}", content.kind(), text.len());
        section(title, "", &measure, &text)
    });
    parts.collect::<Vec<_>>().join("\n")
}
