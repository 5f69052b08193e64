//! 阿里云 tells by callbacks in batches what became of messages (`SmsReport`) and what people answered (`SmsUp`); it can be
//! asked, too (`QuerySendDetails`), by number and day.

use super::super::super::channel::{
    AskError, Asked, PostError, Posted, Receipt, ReceiptOf, ReceiptOutcome, Receipts, Reply,
};
use super::super::number::domestic;
use super::super::report::{beijing, detail, field, objects};
use super::{Aliyun, CODES};
use crate::notify::http::NoAnswer;
use crate::time::Instant;
use chrono_tz::Asia::Shanghai;
use futures_util::future::BoxFuture;
use serde_json::Value as Json;

/// The greatest page of details.
const PAGE: usize = 50;
/// Nobody is sent more of one day's pages.
const PAGES_MAX: usize = 4;
/// The gateway may date a message so much later than we sent it.
const LATE_MS: i64 = 5 * 60_000;

impl Receipts for Aliyun {
    fn read(&self, posted: &Posted<'_>) -> Result<Vec<Receipt>, PostError> {
        let objects = objects(posted.body)?;
        if objects.iter().any(|object| !is_report(object) && !is_reply(object)) {
            return Err(PostError("it is neither a status report nor a reply".into()));
        }
        Ok(objects.iter().filter(|object| is_report(object)).filter_map(|object| receipt(object, posted)).collect())
    }

    fn replies(&self, posted: &Posted<'_>) -> Vec<Reply> {
        let objects = objects(posted.body).unwrap_or_default();
        let replies = objects.iter().filter(|object| is_reply(object));
        let reply = |object: &Json| Reply {
            from: field(object, "phone_number").into(),
            at: beijing(&field(object, "send_time")).unwrap_or(posted.at),
            text: field(object, "content"),
            to: field(object, "dest_code").into(),
        };
        replies.map(reply).collect()
    }

    fn thanks(&self) -> (&'static str, &str) {
        ("application/json; charset=utf-8", r#"{"code":0,"msg":"接收成功"}"#)
    }

    fn ask<'a>(&'a self, asked: &'a Asked, now: Instant) -> Option<BoxFuture<'a, Result<Vec<Receipt>, AskError>>> {
        Some(Box::pin(self.details(asked, now)))
    }
}

fn is_report(object: &Json) -> bool {
    !object["success"].is_null()
}

fn is_reply(object: &Json) -> bool {
    object["success"].is_null() && object["content"].is_string()
}

/// Named by our own id where it is echoed, which holds even for a message whose answer was lost.
fn receipt(object: &Json, posted: &Posted<'_>) -> Option<Receipt> {
    let (own, theirs) = (field(object, "out_id"), field(object, "biz_id"));
    let of = match (own.is_empty(), theirs.is_empty()) {
        (false, _) => ReceiptOf::Message(own.into()),
        (true, false) => ReceiptOf::Provider(theirs.into()),
        (true, true) => return None,
    };
    let delivered = field(object, "success") == "true";
    Some(Receipt {
        of,
        to: Some(field(object, "phone_number")).filter(|to| !to.is_empty()).map(Into::into),
        at: beijing(&field(object, "report_time")).unwrap_or(posted.at),
        outcome: if delivered { ReceiptOutcome::Delivered } else { ReceiptOutcome::Failed },
        detail: detail(&field(object, "err_code"), &field(object, "err_msg")),
    })
}

impl Aliyun {
    /// What the gateway knows of a message: on the day on which it was sent, and about midnight on the next.
    async fn details(&self, asked: &Asked, now: Instant) -> Result<Vec<Receipt>, AskError> {
        let mobile = domestic(&asked.to).ok_or_else(|| AskError("the address is no number".into()))?;
        let mut days = vec![day(asked.sent_at), day(asked.sent_at.plus_ms(LATE_MS))];
        days.dedup();
        for day in days {
            for page in 1..=PAGES_MAX {
                let (found, is_last) = self.page(asked, &mobile, &day, page, now).await?;
                if !found.is_empty() {
                    return Ok(found);
                }
                if is_last {
                    break;
                }
            }
        }
        Ok(Vec::new())
    }

    /// A page of a day's details; whether there are no more.
    async fn page(
        &self,
        asked: &Asked,
        mobile: &str,
        day: &str,
        page: usize,
        now: Instant,
    ) -> Result<(Vec<Receipt>, bool), AskError> {
        let (size, page) = (PAGE.to_string(), page.to_string());
        let mut query = vec![("PhoneNumber", mobile), ("SendDate", day), ("PageSize", &*size), ("CurrentPage", &*page)];
        query.extend(asked.provider_id.as_deref().map(|id| ("BizId", id)));
        let answer = self.call("QuerySendDetails", &query, now).await.map_err(unanswered)?;
        let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
        match body["Code"].as_str() {
            Some("OK") => {}
            Some(code) => return Err(AskError(CODES.said(code))),
            None => return Err(AskError(format!("HTTP {}, and no code in the answer", answer.status))),
        }
        let details = body["SmsSendDetailDTOs"]["SmsSendDetailDTO"].as_array().map(Vec::as_slice).unwrap_or_default();
        let found =
            details.iter().filter(|detail| is_of(detail, asked)).filter_map(|detail| settled(detail, asked, now));
        Ok((found.collect(), details.len() < PAGE))
    }
}

fn unanswered(none: NoAnswer) -> AskError {
    let (NoAnswer::Invalid(why) | NoAnswer::NotSent(why) | NoAnswer::Lost(why)) = none;
    AskError(why)
}

fn day(at: Instant) -> String {
    at.in_zone(Shanghai).format("%Y%m%d").to_string()
}

/// Several messages to a number may stand on a day: ours bears our id.
fn is_of(detail: &Json, asked: &Asked) -> bool {
    let own = field(detail, "OutId");
    own == *asked.id || (own.is_empty() && asked.provider_id.is_some())
}

/// 2 发送失败, 3 发送成功; 1 waits for the carrier.
fn settled(object: &Json, asked: &Asked, now: Instant) -> Option<Receipt> {
    let outcome = match field(object, "SendStatus").as_str() {
        "3" => ReceiptOutcome::Delivered,
        "2" => ReceiptOutcome::Failed,
        _ => return None,
    };
    let provider = asked.provider_id.clone().map(ReceiptOf::Provider);
    Some(Receipt {
        of: provider.unwrap_or_else(|| ReceiptOf::Message(asked.id.clone())),
        to: None,
        at: beijing(&field(object, "ReceiveDate")).unwrap_or(now),
        outcome,
        detail: detail(&field(object, "ErrCode"), ""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(body: &str) -> Posted<'_> {
        Posted { content_type: "application/json", body: body.as_bytes(), at: Instant(0) }
    }

    fn asked(provider_id: Option<&str>) -> Asked {
        Asked {
            id: "evt-0001".into(),
            provider_id: provider_id.map(Into::into),
            to: "13800138000".into(),
            sent_at: Instant(0),
        }
    }

    #[test]
    fn a_report_is_found_by_our_own_id_else_by_the_gateways() {
        let report = r#"{"phone_number":"13800138000","send_time":"2026-01-05 09:02:00","report_time":"2026-01-05 09:02:03","success":true,"err_code":"DELIVERED","err_msg":"用户接收成功","sms_size":"1","biz_id":"900619746936498440^0","out_id":"evt-0001"}"#;
        let object: Json = serde_json::from_str(report).unwrap();
        let expected = Receipt {
            of: ReceiptOf::Message("evt-0001".into()),
            to: Some("13800138000".into()),
            at: Instant::parse("2026-01-05T09:02:03+08:00").unwrap(),
            outcome: ReceiptOutcome::Delivered,
            detail: Some("DELIVERED 用户接收成功".into()),
        };
        assert_eq!(receipt(&object, &posted("")), Some(expected));
        let mut without = object.clone();
        without["out_id"] = "".into();
        without["success"] = false.into();
        let found = receipt(&without, &posted("")).unwrap();
        assert_eq!(
            (found.of, found.outcome),
            (ReceiptOf::Provider("900619746936498440^0".into()), ReceiptOutcome::Failed)
        );
    }

    #[test]
    fn of_a_days_details_ours_is_the_one_with_our_id() {
        let detail = |own: &str| serde_json::json!({ "OutId": own, "SendStatus": 3 });
        assert!(is_of(&detail("evt-0001"), &asked(None)) && !is_of(&detail("evt-0002"), &asked(None)));
        assert!(!is_of(&detail(""), &asked(None)) && is_of(&detail(""), &asked(Some("1"))));
    }

    #[test]
    fn a_detail_that_waits_for_the_carrier_is_no_receipt() {
        let of = |status: i64| {
            settled(&serde_json::json!({ "SendStatus": status, "ErrCode": "MK:0001" }), &asked(None), Instant(7))
        };
        assert_eq!(of(1), None);
        assert_eq!(of(2).unwrap().outcome, ReceiptOutcome::Failed);
        let delivered = of(3).unwrap();
        assert_eq!((delivered.of, delivered.at), (ReceiptOf::Message("evt-0001".into()), Instant(7)));
    }
}
