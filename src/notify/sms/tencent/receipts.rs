//! 腾讯云 tells by callbacks what became of messages, and what people answered; it can be asked by number and time
//! (`PullSmsSendStatusByPhoneNumber`).

use super::super::super::channel::{
    AskError, Asked, PostError, Posted, Receipt, ReceiptOf, ReceiptOutcome, Receipts, Reply,
};
use super::super::number::international;
use super::super::report::{beijing, detail, field, objects};
use super::{CODES, Tencent};
use crate::notify::http::NoAnswer;
use crate::time::Instant;
use futures_util::future::BoxFuture;
use serde_json::{Value as Json, json};

/// The most that one answer lists.
const LIST_MAX: u32 = 100;
/// The gateway's clock and ours may differ.
const EARLY_S: i64 = 300;

impl Receipts for Tencent {
    fn read(&self, posted: &Posted<'_>) -> Result<Vec<Receipt>, PostError> {
        let objects = objects(posted.body)?;
        if objects.iter().any(|object| !is_report(object) && !is_reply(object)) {
            return Err(PostError("it is neither a status report nor a reply".into()));
        }
        Ok(objects.iter().filter(|object| is_report(object)).filter_map(|object| receipt(object, posted)).collect())
    }

    fn replies(&self, posted: &Posted<'_>) -> Vec<Reply> {
        let objects = objects(posted.body).unwrap_or_default();
        let reply = |object: &Json| Reply {
            from: number(object),
            at: object["time"].as_i64().map_or(posted.at, seconds),
            text: field(object, "text"),
            to: field(object, "extend").into(),
        };
        objects.iter().filter(|object| is_reply(object)).map(reply).collect()
    }

    fn thanks(&self) -> (&'static str, &str) {
        ("application/json; charset=utf-8", r#"{"result":0,"errmsg":"OK"}"#)
    }

    fn ask<'a>(&'a self, asked: &'a Asked, now: Instant) -> Option<BoxFuture<'a, Result<Vec<Receipt>, AskError>>> {
        Some(Box::pin(self.pull(asked, now)))
    }
}

fn is_report(object: &Json) -> bool {
    object["report_status"].is_string()
}

fn is_reply(object: &Json) -> bool {
    object["text"].is_string() && object["report_status"].is_null()
}

fn receipt(object: &Json, posted: &Posted<'_>) -> Option<Receipt> {
    let serial = field(object, "sid");
    Some(Receipt {
        of: ReceiptOf::Provider(Some(serial).filter(|serial| !serial.is_empty())?.into()),
        to: Some(number(object)).filter(|to| !to.is_empty()),
        at: beijing(&field(object, "user_receive_time")).unwrap_or(posted.at),
        outcome: outcome(&field(object, "report_status"))?,
        detail: detail(&field(object, "errmsg"), &field(object, "description")),
    })
}

fn outcome(status: &str) -> Option<ReceiptOutcome> {
    match status {
        "SUCCESS" => Some(ReceiptOutcome::Delivered),
        "FAIL" => Some(ReceiptOutcome::Failed),
        _ => None,
    }
}

/// 13800138000, or with another country's code before it.
fn number(object: &Json) -> std::sync::Arc<str> {
    let (country, mobile) = (field(object, "nationcode"), field(object, "mobile"));
    if country.is_empty() || country == "86" { mobile.into() } else { format!("+{country}{mobile}").into() }
}

fn seconds(seconds: i64) -> Instant {
    Instant(seconds.saturating_mul(1000))
}

impl Tencent {
    async fn pull(&self, asked: &Asked, now: Instant) -> Result<Vec<Receipt>, AskError> {
        let mobile = international(&asked.to).ok_or_else(|| AskError("the address is no number".into()))?;
        let body = json!({
            "BeginTime": asked.sent_at.0.div_euclid(1000) - EARLY_S, "EndTime": now.0.div_euclid(1000), "Offset": 0,
            "Limit": LIST_MAX, "PhoneNumber": mobile, "SmsSdkAppId": self.app_id,
        });
        let answer = self.call("PullSmsSendStatusByPhoneNumber", body.to_string(), now).await.map_err(unanswered)?;
        let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
        let response = &body["Response"];
        if let Some(code) = response["Error"]["Code"].as_str() {
            return Err(AskError(CODES.said(code)));
        }
        let listed = response["PullSmsSendStatusSet"].as_array();
        let listed = listed.ok_or_else(|| AskError(format!("HTTP {}, and no list in the answer", answer.status)))?;
        Ok(listed.iter().filter_map(|status| pulled(status, asked, now)).collect())
    }
}

fn unanswered(none: NoAnswer) -> AskError {
    let (NoAnswer::Invalid(why) | NoAnswer::NotSent(why) | NoAnswer::Lost(why)) = none;
    AskError(why)
}

/// Of all messages to a number ours is the one with its serial number, or with our id.
fn pulled(status: &Json, asked: &Asked, now: Instant) -> Option<Receipt> {
    let serial = field(status, "SerialNo");
    let of = match &asked.provider_id {
        Some(known) if **known == serial => ReceiptOf::Provider(known.clone()),
        None if field(status, "SessionContext") == *asked.id => ReceiptOf::Message(asked.id.clone()),
        _ => return None,
    };
    Some(Receipt {
        of,
        to: None,
        at: status["UserReceiveTime"].as_i64().map_or(now, seconds),
        outcome: outcome(&field(status, "ReportStatus"))?,
        detail: detail(&field(status, "Description"), ""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_the_serial_number_that_the_answer_gave() {
        let object = json!({
            "user_receive_time": "2026-01-05 09:02:03", "nationcode": "86", "mobile": "13800138000", "report_status": "SUCCESS",
            "errmsg": "DELIVRD", "description": "用户短信送达成功", "sid": "5000:1045710669157053657849499619"
        });
        let posted = Posted { content_type: "", body: b"", at: Instant(0) };
        let expected = Receipt {
            of: ReceiptOf::Provider("5000:1045710669157053657849499619".into()),
            to: Some("13800138000".into()),
            at: Instant::parse("2026-01-05T09:02:03+08:00").unwrap(),
            outcome: ReceiptOutcome::Delivered,
            detail: Some("DELIVRD 用户短信送达成功".into()),
        };
        assert_eq!(receipt(&object, &posted), Some(expected));
    }

    #[test]
    fn of_what_was_pulled_ours_is_found_by_serial_number_or_by_our_id() {
        let status = json!({
            "SerialNo": "2:1", "SessionContext": "evt-0001", "ReportStatus": "FAIL", "Description": "MK:0001", "UserReceiveTime": 1_767_574_923
        });
        let asked = |serial: Option<&str>| Asked {
            id: "evt-0001".into(),
            provider_id: serial.map(Into::into),
            to: "13800138000".into(),
            sent_at: Instant(0),
        };
        let found = pulled(&status, &asked(Some("2:1")), Instant(0)).unwrap();
        assert_eq!((&found.of, found.outcome), (&ReceiptOf::Provider("2:1".into()), ReceiptOutcome::Failed));
        assert_eq!((found.at, found.detail.as_deref()), (Instant(1_767_574_923_000), Some("MK:0001 空号")));
        assert_eq!(pulled(&status, &asked(None), Instant(0)).unwrap().of, ReceiptOf::Message("evt-0001".into()));
        assert_eq!(pulled(&status, &asked(Some("2:2")), Instant(0)), None);
    }
}
