//! `driver: http`: any gateway that takes an SMS by one HTTP request, described by templates.
//!
//! An answer that came decides by what the configuration says of it: accepted, to be tried again, and everything else is
//! final.

use super::super::channel::{Channel, Message, Outcome, Receipts, Trouble};
use super::super::http::{self, Answer};
use super::super::open::{OpenError, header_name, secret_header};
use super::answer::{Codes, Troubles, Verdict, is_code};
use super::heard::Heard;
use super::number::number;
use super::request::{self, Fields, Template};
use super::text;
use crate::config::channels::sms::{Signature, SmsHttp};
use crate::config::channels::{Answer as Expected, AnswerField, GatewayRequest, HeaderValue};
use crate::time::Instant;
use futures_util::future::BoxFuture;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue as Value};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value as Json;

/// Its codes are the configuration's; a status may say what an operator has to mend.
const CODES: Codes = Codes { gateway: "短信网关", known: &[] };

/// `kind: sms`, `driver: http`.
pub struct Described {
    client: Client,
    request: Request,
    accepted: Expected,
    retry: Expected,
    signature: Signature,
    heard: Option<Heard>,
    troubles: Troubles,
}

/// The request, compiled.
pub(super) struct Request {
    method: Method,
    url: Template,
    secrets: HeaderMap,
    headers: Vec<(HeaderName, Template)>,
    body: Option<Template>,
}

impl Described {
    /// Reads secrets, compiles templates and sets up the client.
    pub fn open(options: &SmsHttp) -> Result<Described, OpenError> {
        Ok(Described {
            client: http::client_connecting_anew(&options.way)?,
            request: Request::compile(&options.request)?,
            accepted: options.accepted.clone(),
            retry: options.retry.clone(),
            signature: options.signature.clone(),
            heard: options.receipts.as_ref().map(|shape| Heard::open(shape, &options.way)).transpose()?,
            troubles: Troubles::default(),
        })
    }

    async fn send(&self, message: &Message, now: Instant) -> Outcome {
        let request = match self.request(message) {
            Ok(request) => request,
            Err(reason) => return Outcome::permanent(reason),
        };
        match http::send(request, now).await {
            Ok(answer) => self.troubles.settled(self.verdict(&answer)),
            Err(none) => none.into(),
        }
    }

    fn request(&self, message: &Message) -> Result<RequestBuilder, String> {
        let mobile = number(&message.to).ok_or("收件人没有可用的手机号码")?;
        let text = text::text(&message.forms.short, &self.signature)?;
        text.note(&message.id);
        self.request
            .render(&self.client, &Fields { mobile: &mobile, text: &text.text, id: &message.id, ..Fields::default() })
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let outcome = self.outcome(answer);
        let trouble = match &outcome {
            Outcome::Permanent { .. } => CODES.unreadable(answer).trouble,
            _ => None,
        };
        Verdict { outcome, trouble }
    }

    fn outcome(&self, answer: &Answer) -> Outcome {
        let body: Option<Json> = serde_json::from_slice(&answer.body).ok();
        if is_accepted(&self.accepted, answer.status, body.as_ref()) {
            let given = self.accepted.id.as_ref().zip(body.as_ref());
            return Outcome::Accepted { provider_id: given.and_then(|(id, body)| body.pointer(id).and_then(scalar)) };
        }
        let reason = refusal(answer.status, body.as_ref(), &self.accepted);
        if is_to_retry(&self.retry, answer.status, body.as_ref()) {
            return Outcome::Transient { reason, retry_after: answer.retry_after };
        }
        Outcome::permanent(reason)
    }
}

impl Channel for Described {
    fn kind(&self) -> &'static str {
        "sms"
    }

    fn deliver<'a>(&'a self, message: &'a Message, now: Instant) -> BoxFuture<'a, Outcome> {
        Box::pin(self.send(message, now))
    }

    fn troubles(&self) -> Vec<Trouble> {
        self.troubles.take()
    }

    fn receipts(&self) -> Option<&dyn Receipts> {
        self.heard.as_ref().map(|heard| heard as &dyn Receipts)
    }

    fn segments(&self, message: &Message) -> Option<usize> {
        text::text(&message.forms.short, &self.signature).ok().map(|text| text.segments())
    }
}

impl Request {
    pub(super) fn compile(options: &GatewayRequest) -> Result<Request, OpenError> {
        let mut request = Request {
            method: Method::try_from(&*options.method)
                .map_err(|_| request::problem("method", "is no HTTP method".into()))?,
            url: Template::compile("request.url", &options.url)?,
            secrets: HeaderMap::new(),
            headers: Vec::new(),
            body: options.body.as_deref().map(|body| Template::compile("request.body", body)).transpose()?,
        };
        options.headers.iter().try_for_each(|(name, value)| request.add_header(name, value))?;
        Ok(request)
    }

    fn add_header(&mut self, name: &str, value: &HeaderValue) -> Result<(), OpenError> {
        let key = header_name(name)?;
        match value {
            HeaderValue::Secret(source) => {
                self.secrets.insert(key, secret_header(name, source.read()?.expose())?);
            }
            HeaderValue::Text(text) => {
                self.headers.push((key, Template::compile(&format!("request.headers.{name}"), text)?));
            }
        }
        Ok(())
    }

    pub(super) fn render(&self, client: &Client, fields: &Fields) -> Result<RequestBuilder, String> {
        let url = http::url(&self.url.render(fields)?).ok_or("request.url 填好后不是 http(s) 地址")?;
        let mut headers = self.secrets.clone();
        for (name, template) in &self.headers {
            let value = Value::from_bytes(template.render(fields)?.as_bytes()).map_err(|_| "请求头填好后含有换行")?;
            headers.insert(name, value);
        }
        let body = self.body.as_ref().map(|body| body.render(fields)).transpose()?;
        if body.as_deref().is_some_and(is_json) {
            headers.entry(CONTENT_TYPE).or_insert(Value::from_static("application/json; charset=utf-8"));
        }
        let request = client.request(self.method.clone(), url).headers(headers);
        Ok(match body {
            Some(body) => request.body(body),
            None => request,
        })
    }
}

fn is_json(body: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok()
}

fn is_accepted(expected: &Expected, status: u16, body: Option<&Json>) -> bool {
    let by_status =
        if expected.statuses.is_empty() { (200..300).contains(&status) } else { expected.statuses.contains(&status) };
    by_status && expected.field.as_ref().is_none_or(|field| holds(field, body))
}

/// Either says so: a busy gateway may answer 503, or 200 with a code.
fn is_to_retry(expected: &Expected, status: u16, body: Option<&Json>) -> bool {
    expected.statuses.contains(&status) || expected.field.as_ref().is_some_and(|field| holds(field, body))
}

fn holds(field: &AnswerField, body: Option<&Json>) -> bool {
    body.and_then(|body| body.pointer(&field.pointer))
        .and_then(scalar)
        .is_some_and(|value| field.equals.contains(&value))
}

pub(super) fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Why it was refused: the status, and the field's value where it looks like a code (it could hold a number or a text).
fn refusal(status: u16, body: Option<&Json>, expected: &Expected) -> String {
    let Some(field) = &expected.field else { return format!("短信网关以 HTTP {status} 拒收") };
    let Some(body) = body else { return format!("短信网关答复 HTTP {status}，内容不是 JSON") };
    match body.pointer(&field.pointer).and_then(scalar).filter(|code| is_code(code)) {
        Some(code) => format!("短信网关拒收：HTTP {status}，{} = {code}", field.pointer),
        None => format!("短信网关拒收：HTTP {status}，没有可认的 {}", field.pointer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_0() -> Expected {
        Expected {
            statuses: [200].into(),
            field: Some(AnswerField { pointer: "/code".into(), equals: vec!["0".into()] }),
            id: None,
        }
    }

    #[test]
    fn a_number_in_the_answer_equals_its_text() {
        let accepted = code_0();
        for body in [r#"{"code":0}"#, r#"{"code":"0"}"#] {
            assert!(is_accepted(&accepted, 200, serde_json::from_str(body).ok().as_ref()), "{body}");
        }
        for body in [r#"{"code":1}"#, r#"{"code":null}"#, "{}", "[]", "<html>"] {
            assert!(!is_accepted(&accepted, 200, serde_json::from_str(body).ok().as_ref()), "{body}");
        }
        assert!(!is_accepted(&accepted, 201, serde_json::from_str(r#"{"code":0}"#).ok().as_ref()));
    }

    #[test]
    fn without_a_status_any_2xx_is_accepted_and_none_is_retried() {
        let any = Expected::default();
        assert!(is_accepted(&any, 204, None) && !is_accepted(&any, 302, None));
        assert!(!is_to_retry(&any, 204, None));
    }

    #[test]
    fn a_refusal_shows_a_code_but_never_a_number_or_a_text() {
        let expected = code_0();
        let reason = |body: &str| refusal(200, serde_json::from_str(body).ok().as_ref(), &expected);
        assert_eq!(reason(r#"{"code":"isv.LIMIT"}"#), "短信网关拒收：HTTP 200，/code = isv.LIMIT");
        assert_eq!(reason(r#"{"code":"13800000000"}"#), "短信网关拒收：HTTP 200，没有可认的 /code");
        assert_eq!(reason(r#"{"code":"号码13800000000"}"#), "短信网关拒收：HTTP 200，没有可认的 /code");
        assert_eq!(reason("<html>"), "短信网关答复 HTTP 200，内容不是 JSON");
    }
}
