//! The channels of the file.

mod yuezhengyi;

use super::{Base, receipts, way};
use crate::config::channels::{
    Answer, AnswerField, Channel, ChannelKind, DECISION_KINDS, Email, GatewayRequest, MailSecurity, SmsHttp, Webhook,
};
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Fields};
use std::collections::BTreeSet;
use std::time::Duration;

/// What is asked of a gateway is described by templates over these.
const GATEWAY_VARIABLES: [&str; 3] = ["mobile", "text", "id"];
const RETRY_STATUSES: [u16; 5] = [429, 500, 502, 503, 504];

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
    let receipts = hearing.and_then(|node| receipts::receipts(node, base, problems, |_, _| ()));
    let kind = match kind {
        Kind::Email => email(&mut fields, base, problems).map(ChannelKind::Email),
        Kind::Sms => {
            http_driver(&mut fields, problems)?;
            sms(&mut fields, base, problems).map(ChannelKind::SmsHttp)
        }
        Kind::Yuezhengyi => yuezhengyi::channel(&entry.value, &mut fields, base, problems),
        Kind::Webhook => webhook(&mut fields, base, problems).map(ChannelKind::Webhook),
        Kind::Console => Some(ChannelKind::Console),
    };
    fields.finish(problems);
    Some(Channel { name: entry.key.text.as_str().into(), kind: kind?, receipts: receipts.map(|(hearing, ())| hearing) })
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
    let ca_file = fields.optional("ca_file").and_then(|node| base.path(node, problems));
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

/// Whether the driver is the one that this version has; what else stands under another is not known to be right.
fn http_driver(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<()> {
    let driver = fields.required("driver", problems)?;
    let written = want::word(driver, problems)?;
    if !["mas", "aliyun", "tencent", "huawei"].contains(&written.text) {
        return want::one_of(driver, &[("http", ())], problems);
    }
    let zh = format!("此版本还没有短信驱动“{}”", written.text);
    let message = Text::new(zh, format!("this version has no SMS driver `{}` yet", written.text));
    let hint = Text::new("经由网关用 driver: http", "go through a gateway with `driver: http`");
    want::report(Problem::error(written.place, "unsupported", message).hint(hint), problems)
}

fn sms(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<SmsHttp> {
    let request = fields.required("request", problems).and_then(|node| request(node, base, problems));
    let accepted = fields.required("accepted", problems).and_then(|node| answer(node, problems));
    let retry = match fields.optional("retry") {
        Some(node) => answer(node, problems),
        None => Some(Answer { statuses: RETRY_STATUSES.into(), field: None }),
    };
    let signature = fields.optional("signature").and_then(|node| want::text(node, problems)).map(str::to_owned);
    let way = way::way(fields, base, problems);
    Some(SmsHttp { request: request?, accepted: accepted?, retry: retry?, signature, way })
}

fn request(node: &Node, base: &Base<'_>, problems: &mut Problems) -> Option<GatewayRequest> {
    let mut fields = Fields::of(node, problems)?;
    let methods = [("GET", "GET"), ("POST", "POST"), ("PUT", "PUT")];
    let method = fields.optional("method").map(|node| want::one_of(node, &methods, problems));
    let url = fields.required("url", problems).and_then(|node| {
        let text = template(node, problems)?;
        way::parse_url(&text.replace(['{', '}', '|', ' '], "_"), &["http", "https"], &node.place, problems)?;
        Some(text)
    });
    let headers = fields.optional("headers").map(|node| way::headers(node, base, problems)).unwrap_or_default();
    let body = fields.optional("body").and_then(|node| template(node, problems));
    fields.finish(problems);
    Some(GatewayRequest { method: method.unwrap_or(Some("POST"))?.to_owned(), url: url?, headers, body })
}

/// A template over [`GATEWAY_VARIABLES`].
fn template(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = want::text(node, problems)?;
    let environment = minijinja::Environment::new();
    let template = match environment.template_from_str(text) {
        Ok(template) => template,
        Err(error) => return want::report(malformed_template(node, &error), problems),
    };
    let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    unknown.retain(|name| !GATEWAY_VARIABLES.contains(&name.as_str()));
    unknown.sort();
    let Some(name) = unknown.first() else { return Some(text.to_owned()) };
    let message = Text::new(format!("模板里没有变量“{name}”"), format!("the template has no variable `{name}`"));
    let hint = want::instead(name, GATEWAY_VARIABLES);
    want::report(Problem::error(&node.place, "unknown-variable", message).hint(hint), problems)
}

fn malformed_template(node: &Node, error: &minijinja::Error) -> Problem {
    let detail = error.detail().unwrap_or_default();
    let message = Text::new(format!("模板有误：{detail}"), format!("the template does not parse: {detail}"));
    let hint = Text::new(
        "例如 '{\"to\": {{ mobile | tojson }}, \"text\": {{ text | tojson }}}'",
        "such as '{\"to\": {{ mobile | tojson }}, \"text\": {{ text | tojson }}}'",
    );
    Problem::error(&node.place, "malformed-template", message).hint(hint)
}

fn answer(node: &Node, problems: &mut Problems) -> Option<Answer> {
    let mut fields = Fields::of(node, problems)?;
    let status = fields.optional("status").map(|node| statuses(node, problems)).unwrap_or_default();
    let more = fields.optional("statuses").map(|node| statuses(node, problems)).unwrap_or_default();
    let pointer = fields.optional("field").map(|node| pointer(node, problems));
    let equals = fields.optional("equals").map(|node| want::words(node, problems));
    fields.finish(problems);
    let field = match (pointer, equals) {
        (None, None) => None,
        (Some(pointer), Some(equals)) => {
            let equals = equals.into_iter().map(|word| word.text.to_owned()).collect();
            Some(AnswerField { pointer: pointer?, equals })
        }
        (Some(_), None) => return want::report(want::missing(node.head(), "equals"), problems),
        (None, Some(_)) => return want::report(want::missing(node.head(), "field"), problems),
    };
    Some(Answer { statuses: status.union(&more).copied().collect(), field })
}

fn statuses(node: &Node, problems: &mut Problems) -> BTreeSet<u16> {
    let read = want::one_or_more(node).iter().filter_map(|item| {
        let status = want::integer(item, problems)?;
        let found = u16::try_from(status).ok().filter(|status| (100..600).contains(status));
        found.or_else(|| {
            let message = Text::new("此处应为 HTTP 状态码", "expected an HTTP status");
            let hint = Text::new("例如 200、503", "such as 200 or 503");
            want::report(Problem::error(&item.place, "malformed-status", message).hint(hint), problems)
        })
    });
    read.collect()
}

fn pointer(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = want::text(node, problems)?;
    if text.starts_with('/') {
        return Some(text.to_owned());
    }
    let message = Text::new("此处应为 JSON 指针", "expected a JSON pointer");
    let hint = Text::new(format!("写成 /{text}"), format!("write /{text}"));
    want::report(Problem::error(&node.place, "malformed-pointer", message).hint(hint), problems)
}

fn webhook(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<Webhook> {
    let url = fields.required("url", problems).and_then(|node| way::url(node, &["http", "https"], problems));
    let secret = fields.optional("secret").and_then(|node| base.secret(node, problems));
    let choices = DECISION_KINDS.map(|kind| (kind, kind));
    let kinds = fields.optional("kinds").map(want::one_or_more).unwrap_or_default();
    let kinds = kinds.iter().filter_map(|item| want::one_of(item, &choices, problems)).collect();
    let headers = fields.optional("headers").map(|node| way::headers(node, base, problems)).unwrap_or_default();
    let way = way::way(fields, base, problems);
    Some(Webhook { url: url?, secret, kinds, headers, way })
}
