//! The receipts of a gateway that is described by templates: read from what it posts, JSON or a form, and from what it
//! answers when it is asked, by pointers of the configuration.

use super::super::channel::{AskError, Asked, PostError, Posted, Receipt, ReceiptOf, ReceiptOutcome, Receipts};
use super::super::http::{self, NoAnswer};
use super::super::open::OpenError;
use super::described::{Request, scalar};
use super::report::{self, instant};
use super::request::Fields;
use crate::config::channels::Way;
use crate::config::channels::receipts::Shape;
use crate::time::Instant;
use futures_util::future::BoxFuture;
use reqwest::Client;
use serde_json::Value as Json;

const JSON: &str = "application/json";

/// What reads receipts, and asks for them.
pub(super) struct Heard {
    shape: Shape,
    ask: Option<(Client, Request)>,
}

impl Heard {
    pub(super) fn open(shape: &Shape, way: &Way) -> Result<Heard, OpenError> {
        let ask = match &shape.ask {
            Some(request) => Some((http::client(way)?, Request::compile(request)?)),
            None => None,
        };
        Ok(Heard { shape: shape.clone(), ask })
    }

    fn receipts(&self, body: &Json, now: Instant) -> Vec<Receipt> {
        let each = match &self.shape.each {
            Some(pointer) => body.pointer(pointer),
            None => Some(body),
        };
        let each: &[Json] = match each {
            Some(Json::Array(items)) => items,
            Some(Json::Null) | None => &[],
            Some(one) => std::slice::from_ref(one),
        };
        each.iter().filter_map(|one| self.receipt(one, now)).collect()
    }

    /// One receipt; none: it names no message, or says nothing yet.
    fn receipt(&self, one: &Json, now: Instant) -> Option<Receipt> {
        let text = |pointer: &Option<String>| field(one, pointer.as_deref()?);
        let shape = &self.shape;
        let of = match (text(&shape.own_id), text(&shape.id)) {
            (Some(own), _) => ReceiptOf::Message(own.into()),
            (None, id) => ReceiptOf::Provider(id?.into()),
        };
        Some(Receipt {
            of,
            to: text(&shape.to).map(Into::into),
            at: text(&shape.at).and_then(|text| instant(&text)).unwrap_or(now),
            outcome: self.outcome(&field(one, &shape.state)?)?,
            detail: text(&shape.detail).and_then(|code| report::detail(&code, "")),
        })
    }

    fn outcome(&self, state: &str) -> Option<ReceiptOutcome> {
        let is_of = |states: &[String]| states.iter().any(|known| known == state);
        let Shape { delivered, failed, .. } = &self.shape;
        match (is_of(delivered), failed.is_empty() || is_of(failed)) {
            (true, _) => Some(ReceiptOutcome::Delivered),
            (false, true) => Some(ReceiptOutcome::Failed),
            (false, false) => None,
        }
    }

    async fn answered(
        &self,
        client: &Client,
        ask: &Request,
        asked: &Asked,
        now: Instant,
    ) -> Result<Vec<Receipt>, AskError> {
        let (id, mobile) = (&*asked.id, &*asked.to);
        let provider_id = asked.provider_id.as_deref().unwrap_or_default();
        let fields = Fields { mobile, id, provider_id, text: "" };
        let request = ask.render(client, &fields).map_err(AskError)?;
        let answer = http::send(request, now).await.map_err(|none| AskError(said(none)))?;
        if !(200..300).contains(&answer.status) {
            return Err(AskError(format!("the gateway answers HTTP {}", answer.status)));
        }
        let body: Json = serde_json::from_slice(&answer.body).map_err(|_| AskError("the answer is no JSON".into()))?;
        Ok(self.receipts(&body, now))
    }
}

impl Receipts for Heard {
    fn read(&self, posted: &Posted<'_>) -> Result<Vec<Receipt>, PostError> {
        let body = if posted.content_type.starts_with("application/x-www-form-urlencoded") {
            form(posted.body)?
        } else {
            serde_json::from_slice(posted.body).map_err(|_| PostError("the body is no JSON".into()))?
        };
        let is_readable = matches!(body, Json::Array(_) | Json::Object(_));
        let unreadable = || PostError("the body is neither an object nor a list".into());
        if is_readable { Ok(self.receipts(&body, posted.at)) } else { Err(unreadable()) }
    }

    fn thanks(&self) -> (&'static str, &str) {
        let thanks = self.shape.thanks.as_deref().unwrap_or("{}");
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(thanks).is_ok();
        (if is_json { JSON } else { "text/plain; charset=utf-8" }, thanks)
    }

    fn ask<'a>(&'a self, asked: &'a Asked, now: Instant) -> Option<BoxFuture<'a, Result<Vec<Receipt>, AskError>>> {
        let (client, ask) = self.ask.as_ref()?;
        Some(Box::pin(self.answered(client, ask, asked, now)))
    }
}

fn said(none: NoAnswer) -> String {
    match none {
        NoAnswer::Invalid(why) | NoAnswer::NotSent(why) | NoAnswer::Lost(why) => why,
    }
}

/// A scalar, as text; none where there is nothing in it.
fn field(one: &Json, pointer: &str) -> Option<String> {
    one.pointer(pointer).and_then(scalar).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A posted form as an object of its fields.
fn form(body: &[u8]) -> Result<Json, PostError> {
    Ok(Json::Object(report::form(body)?.into_iter().map(|(name, value)| (name, value.into())).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(change: impl FnOnce(&mut Shape)) -> Heard {
        let mut shape = Shape {
            id: Some("/msgid".into()),
            to: Some("/mobile".into()),
            state: "/status".into(),
            delivered: vec!["DELIVRD".into()],
            detail: Some("/err".into()),
            at: Some("/time".into()),
            ..Shape::default()
        };
        change(&mut shape);
        Heard::open(&shape, &Way::default()).unwrap()
    }

    fn read(heard: &Heard, content_type: &str, body: &str) -> Result<Vec<Receipt>, PostError> {
        heard.read(&Posted { content_type, body: body.as_bytes(), at: Instant(7) })
    }

    #[test]
    fn one_receipt_or_several_are_read_wherever_they_stand() {
        let one = r#"{"msgid":17,"mobile":"13800000000","status":"DELIVRD","time":"2026-01-05 09:02:03","err":"0"}"#;
        let expected = Receipt {
            of: ReceiptOf::Provider("17".into()),
            to: Some("13800000000".into()),
            at: Instant::parse("2026-01-05T09:02:03+08:00").unwrap(),
            outcome: ReceiptOutcome::Delivered,
            detail: Some("0".into()),
        };
        let bare = heard(|_| {});
        assert_eq!(read(&bare, JSON, one).unwrap(), std::slice::from_ref(&expected));
        assert_eq!(read(&bare, JSON, &format!("[{one},{one}]")).unwrap().len(), 2);
        let inside = heard(|shape| shape.each = Some("/data/reports".into()));
        assert_eq!(read(&inside, JSON, &format!(r#"{{"data":{{"reports":[{one}]}}}}"#)).unwrap(), [expected]);
        assert_eq!(read(&inside, JSON, r#"{"data":{}}"#).unwrap(), []);
    }

    #[test]
    fn a_form_is_read_like_an_object() {
        let form = "msgid=m-1&mobile=%2B8613800000000&status=UNDELIV&time=20260105090203&err=MK%3A0001";
        let receipts = read(&heard(|_| {}), "application/x-www-form-urlencoded; charset=UTF-8", form).unwrap();
        assert_eq!(receipts[0].of, ReceiptOf::Provider("m-1".into()));
        assert_eq!(receipts[0].to.as_deref(), Some("+8613800000000"));
        assert_eq!(
            (receipts[0].outcome, receipts[0].detail.as_deref()),
            (ReceiptOutcome::Failed, Some("MK:0001 空号"))
        );
    }

    #[test]
    fn our_own_id_is_taken_before_the_gateways() {
        let echoed = heard(|shape| shape.own_id = Some("/extend".into()));
        let receipts = read(&echoed, JSON, r#"{"msgid":"1","extend":"k-1","status":"DELIVRD"}"#).unwrap();
        assert_eq!((&receipts[0].of, receipts[0].at), (&ReceiptOf::Message("k-1".into()), Instant(7)));
        let receipts = read(&echoed, JSON, r#"{"msgid":"1","extend":"","status":"DELIVRD"}"#).unwrap();
        assert_eq!(receipts[0].of, ReceiptOf::Provider("1".into()));
    }

    #[test]
    fn a_state_that_is_neither_says_nothing_yet() {
        let named = heard(|shape| shape.failed = vec!["UNDELIV".into()]);
        let states = |heard: &Heard, state: &str| {
            let body = format!(r#"{{"msgid":"1","status":"{state}"}}"#);
            read(heard, JSON, &body).unwrap().first().map(|receipt| receipt.outcome)
        };
        assert_eq!(states(&named, "ACCEPTD"), None);
        assert_eq!(states(&named, "UNDELIV"), Some(ReceiptOutcome::Failed));
        assert_eq!(states(&heard(|_| {}), "ACCEPTD"), Some(ReceiptOutcome::Failed), "all others");
        assert_eq!(read(&named, JSON, r#"{"status":"DELIVRD"}"#).unwrap(), [], "it names no message");
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_a_detail_is_no_number() {
        let bare = heard(|_| {});
        for body in ["", "DELIVRD", "<xml/>", "17", "\"text\""] {
            assert!(read(&bare, JSON, body).is_err(), "{body}");
        }
        let receipts = read(&bare, JSON, r#"{"msgid":"1","status":"X","err":"13800000000"}"#).unwrap();
        assert_eq!(receipts[0].detail, None);
    }
}
