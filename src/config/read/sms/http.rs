//! `driver: http`: a request described by templates, and what its answers mean.

use super::super::{Base, way};
use super::signature;
use crate::config::channels::sms::{Signature, SmsHttp};
use crate::config::channels::{Answer, AnswerField, GatewayRequest};
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields};
use std::collections::BTreeSet;

/// What is asked of a gateway is described by templates over these.
const GATEWAY_VARIABLES: [&str; 3] = ["mobile", "text", "id"];
const RETRY_STATUSES: [u16; 5] = [429, 500, 502, 503, 504];

pub(super) fn http(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<SmsHttp> {
    let request =
        fields.required("request", problems).and_then(|node| request(node, &GATEWAY_VARIABLES, base, problems));
    let accepted = fields.required("accepted", problems).and_then(|node| answer(node, problems));
    let retry = match fields.optional("retry") {
        Some(node) => answer(node, problems),
        None => Some(Answer { statuses: RETRY_STATUSES.into(), ..Answer::default() }),
    };
    let signature = signature(fields, &Signature::AsWritten, problems);
    let way = way::way(fields, base, problems);
    Some(SmsHttp { request: request?, accepted: accepted?, retry: retry?, signature, receipts: None, way })
}

/// A request of templates over these variables.
pub(in super::super) fn request(
    node: &Node,
    variables: &[&str],
    base: &Base<'_>,
    problems: &mut Problems,
) -> Option<GatewayRequest> {
    let mut fields = Fields::of(node, problems)?;
    let methods = [("GET", "GET"), ("POST", "POST"), ("PUT", "PUT")];
    let method = fields.optional("method").map(|node| want::one_of(node, &methods, problems));
    let url = fields.required("url", problems).and_then(|node| {
        let text = template(node, variables, problems)?;
        way::parse_url(&text.replace(['{', '}', '|', ' '], "_"), &["http", "https"], &node.place, problems)?;
        Some(text)
    });
    let headers = fields.optional("headers");
    for entry in
        headers.and_then(Node::mapping).unwrap_or_default().iter().filter(|entry| entry.value.scalar().is_some())
    {
        let _ = template(&entry.value, variables, problems);
    }
    let headers = headers.map(|node| way::headers(node, base, problems)).unwrap_or_default();
    let body = fields.optional("body").and_then(|node| {
        let text = template(node, variables, problems)?;
        warn_of_broken_json(&text, node, problems);
        Some(text)
    });
    fields.finish(problems);
    Some(GatewayRequest { method: method.unwrap_or(Some("POST"))?.to_owned(), url: url?, headers, body })
}

/// A template over these variables.
fn template(node: &Node, variables: &[&str], problems: &mut Problems) -> Option<String> {
    let text = want::text(node, problems)?;
    let environment = minijinja::Environment::new();
    let template = match environment.template_from_str(text) {
        Ok(template) => template,
        Err(error) => return want::report(malformed_template(node, &error), problems),
    };
    let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    unknown.retain(|name| !variables.contains(&name.as_str()));
    unknown.sort();
    let Some(name) = unknown.first() else {
        // What is unknown but no variable shows only when it is used.
        return match sample(text) {
            Ok(_) => Some(text.to_owned()),
            Err(error) => want::report(malformed_template(node, &error), problems),
        };
    };
    let message = Text::new(format!("模板里没有变量“{name}”"), format!("the template has no variable `{name}`"));
    let hint = want::instead(name, variables.iter().copied());
    want::report(Problem::error(&node.place, "unknown-variable", message).hint(hint), problems)
}

/// The template filled in. The text has what a text may have and JSON must escape.
fn sample(text: &str) -> Result<String, minijinja::Error> {
    let mut environment = minijinja::Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.set_fuel(Some(100_000));
    let fields = minijinja::context! { mobile => "13800138000", text => "短\"信\"", id => "1-a", provider_id => "1-a" };
    environment.render_str(text, fields)
}

/// A body that looks like JSON and is none once it is filled in: most likely a text that is not escaped.
fn warn_of_broken_json(text: &str, node: &Node, problems: &mut Problems) {
    let Ok(body) = sample(text) else { return };
    let looks_like_json = body.trim_start().starts_with(['{', '[']);
    if looks_like_json && serde_json::from_str::<serde::de::IgnoredAny>(&body).is_err() {
        let message = Text::new(
            "这个 JSON 填进内容后会不合法：短信里的引号、换行没有转义",
            "this JSON breaks once it is filled in: quotes and line breaks of a text are not escaped",
        );
        let hint = Text::new(
            "每个变量写成 {{ text | tojson }}，外面不加引号",
            "write each variable as {{ text | tojson }}, without quotes around it",
        );
        problems.push(Problem::warning(&node.place, "malformed-template", message).hint(hint));
    }
}

/// What is wrong with a template, in Chinese.
fn in_words(error: &minijinja::Error) -> String {
    use minijinja::ErrorKind;
    let detail = error.detail().unwrap_or_default();
    let named = detail.split_whitespace().nth(1).unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownFilter => format!("没有名为“{named}”的过滤器，可用的有 tojson、urlencode、upper、replace 等"),
        ErrorKind::UnknownTest => format!("没有名为“{named}”的判断"),
        ErrorKind::UnknownFunction => format!("没有名为“{named}”的函数"),
        ErrorKind::SyntaxError => "写法不对，多半是 {{ }} 或 {% %} 没有配对".to_owned(),
        ErrorKind::OutOfFuel => "套用时停不下来".to_owned(),
        kind => format!("套用样例时出错（{kind}）"),
    }
}

fn malformed_template(node: &Node, error: &minijinja::Error) -> Problem {
    let detail = error.detail().unwrap_or_default();
    let message = Text::new(format!("模板有误：{}", in_words(error)), format!("the template does not parse: {detail}"));
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
    let id = fields.optional("id").and_then(|node| self::pointer(node, problems));
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
    Some(Answer { statuses: status.union(&more).copied().collect(), field, id })
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

/// A JSON pointer.
pub(in super::super) fn pointer(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = want::text(node, problems)?;
    if text.starts_with('/') {
        return Some(text.to_owned());
    }
    let message = Text::new("此处应为 JSON 指针", "expected a JSON pointer");
    let hint = Text::new(format!("写成 /{text}"), format!("write /{text}"));
    want::report(Problem::error(&node.place, "malformed-pointer", message).hint(hint), problems)
}
