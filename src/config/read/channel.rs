//! The channels of the file.

mod yuezhengyi;

use super::{Base, receipts, sms, way};
use crate::config::channels::{Channel, ChannelKind, DECISION_KINDS, Email, MailSecurity, Webhook};
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Fields};
use std::time::Duration;

#[derive(Clone, Copy)]
enum Kind {
    Email,
    Sms,
    Yuezhengyi,
    Webhook,
    Console,
}

/// Every channel, in the file's order.
pub(super) fn channels(node: &Node, base: &Base<'_>, problems: &mut Problems) -> Vec<Channel> {
    let entries = want::mapping(node, problems).unwrap_or_default();
    entries.iter().filter_map(|entry| channel(entry, base, problems)).collect()
}

fn channel(entry: &Entry, base: &Base<'_>, problems: &mut Problems) -> Option<Channel> {
    let mut fields = Fields::of(&entry.value, problems)?.at(&entry.key.place);
    let choices = [
        ("email", Kind::Email),
        ("sms", Kind::Sms),
        ("yuezhengyi", Kind::Yuezhengyi),
        ("webhook", Kind::Webhook),
        ("console", Kind::Console),
    ];
    let kind = fields.required("kind", problems).and_then(|node| want::one_of(node, &choices, problems))?;
    let hearing = match kind {
        Kind::Sms => fields.optional("receipts"),
        _ => None,
    };
    let is_described = entry.value.get("driver").and_then(|node| node.scalar()).is_some_and(|it| it.text == "http");
    let heard = hearing.and_then(|node| {
        receipts::receipts(node, base, problems, |fields, problems| {
            if is_described { receipts::shape(fields, base, problems) } else { None }
        })
    });
    let (receipts, shape) = heard.unzip();
    let kind = match kind {
        Kind::Email => email(&mut fields, base, problems).map(ChannelKind::Email),
        Kind::Sms => {
            let sms = sms::sms(&mut fields, base, problems);
            sms.map(|sms| ChannelKind::Sms(sms.with_receipts(shape.flatten())))
        }
        Kind::Yuezhengyi => yuezhengyi::channel(&entry.value, &mut fields, base, problems),
        Kind::Webhook => webhook(&mut fields, base, problems).map(ChannelKind::Webhook),
        Kind::Console => Some(ChannelKind::Console),
    };
    fields.finish(problems);
    Some(Channel { name: entry.key.text.as_str().into(), kind: kind?, receipts })
}

fn email(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<Email> {
    let choices = [("required", MailSecurity::StartTls), ("never", MailSecurity::Never)];
    let starttls = fields.entry("starttls");
    let security = starttls.and_then(|entry| want::one_of(&entry.value, &choices, problems));
    let url = fields
        .required("url", problems)
        .and_then(|node| way::parse_url(want::text(node, problems)?, &["smtp", "smtps"], &node.place, problems));
    let from = fields.required("from", problems).and_then(|node| mailbox(node, problems));
    let reply_to = fields.optional("reply_to").and_then(|node| mailbox(node, problems));
    let password = fields.optional("password").and_then(|node| base.secret(node, problems));
    let attach_dossier = fields.optional("attach_dossier").and_then(|node| want::boolean(node, problems));
    let ca_file = fields.optional("ca_file").and_then(|node| base.authorities(node, problems));
    let timeout = way::timeout(fields, Duration::from_secs(30), problems);
    let url = url?;
    let security = if url.scheme() == "smtps" { MailSecurity::Tls } else { security.unwrap_or(MailSecurity::StartTls) };
    if let Some(entry) = starttls.filter(|_| url.scheme() == "smtps") {
        let message =
            Text::new("smtps:// 一开始就加密，没有 STARTTLS", "smtps:// is encrypted from the start, without STARTTLS");
        let hint = Text::new("删去 starttls，或改用 smtp://", "remove `starttls`, or write smtp://");
        problems.push(Problem::error(&entry.key.place, "contradiction", message).hint(hint));
    }
    let default_port = match security {
        MailSecurity::Tls => 465,
        MailSecurity::StartTls => 587,
        MailSecurity::Never => 25,
    };
    Some(Email {
        host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
        port: url.port().unwrap_or(default_port),
        security,
        user: (!url.username().is_empty()).then(|| way::percent_decoded(url.username())),
        password,
        from: from?,
        reply_to,
        attach_dossier: attach_dossier.unwrap_or(false),
        ca_file,
        timeout,
    })
}

fn mailbox(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = want::text(node, problems)?;
    if text.parse::<lettre::message::Mailbox>().is_ok() {
        return Some(text.to_owned());
    }
    let message = Text::new("此处应为邮箱地址", "expected a mailbox");
    let hint = Text::new("例如 \"12345热线 <notice@example.gov.cn>\"", "such as \"Hotline <notice@example.gov.cn>\"");
    want::report(Problem::error(&node.place, "malformed-mailbox", message).hint(hint), problems)
}

fn webhook(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<Webhook> {
    let url = fields.required("url", problems).and_then(|node| way::url(node, &["http", "https"], problems));
    let secret = fields.optional("secret").and_then(|node| base.secret(node, problems));
    let choices = DECISION_KINDS.map(|kind| (kind, kind));
    let kinds = fields.optional("kinds").map(want::one_or_more).unwrap_or_default();
    let kinds = kinds.iter().filter_map(|item| want::one_of(item, &choices, problems)).collect();
    let headers = fields.optional("headers").map(|node| way::headers(node, base, problems)).unwrap_or_default();
    let way = way::way(fields, base, problems);
    let confidential = fields.optional("confidential").and_then(|node| want::boolean(node, problems)).unwrap_or(true);
    Some(Webhook { url: url?, secret, kinds, confidential, headers, way })
}
