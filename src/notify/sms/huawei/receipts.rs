//! 华为云 tells by callbacks, as forms, what became of messages, and what people answered. It cannot be asked.

use super::super::super::channel::{Part, PostError, Posted, Receipt, ReceiptOf, ReceiptOutcome, Receipts, Reply};
use super::super::report::{detail, form, outcome};
use super::Huawei;
use crate::time::Instant;
use std::collections::HashMap;

impl Receipts for Huawei {
    fn read(&self, posted: &Posted<'_>) -> Result<Vec<Receipt>, PostError> {
        let form = form(posted.body)?;
        match (form.contains_key("status"), form.contains_key("body")) {
            (true, _) => Ok(receipt(&form, posted).into_iter().collect()),
            (false, true) => Ok(Vec::new()),
            (false, false) => Err(PostError("it is neither a status report nor a reply".into())),
        }
    }

    fn part(&self, posted: &Posted<'_>) -> Option<Part> {
        part(&form(posted.body).ok()?)
    }

    fn replies(&self, posted: &Posted<'_>) -> Vec<Reply> {
        let form = form(posted.body).unwrap_or_default();
        let Some(text) = form.get("body").filter(|_| !form.contains_key("status")) else { return Vec::new() };
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let at = Instant::parse(field("createTime")).unwrap_or(posted.at);
        vec![Reply { from: field("from").into(), at, text: text.clone(), to: field("to").into() }]
    }
}

/// A long SMS is reported segment by segment: it has arrived when each has, and has not if any did not.
fn part(form: &HashMap<String, String>) -> Option<Part> {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let (number, of): (u32, u32) = (field("sequence").parse().ok()?, field("total").parse().ok()?);
    let message = Some(field("smsMsgId")).filter(|id| !id.is_empty()).unwrap_or(field("extend"));
    let is_part = of > 1 && (1..=of).contains(&number) && outcome(field("status")) == Some(ReceiptOutcome::Delivered);
    is_part.then(|| Part { message: message.into(), number, of })
}

/// What a report says of its message, or of one part of it.
fn receipt(form: &HashMap<String, String>, posted: &Posted<'_>) -> Option<Receipt> {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let outcome = outcome(field("status"))?;
    let of = match (field("extend"), field("smsMsgId")) {
        ("", "") => return None,
        ("", theirs) => ReceiptOf::Provider(theirs.into()),
        (own, _) => ReceiptOf::Message(own.into()),
    };
    Some(Receipt {
        of,
        to: Some(field("to")).filter(|to| !to.is_empty()).map(Into::into),
        at: Instant::parse(field("updateTime")).unwrap_or(posted.at),
        outcome,
        detail: detail(field("status"), ""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<Receipt> {
        let posted =
            Posted { content_type: "application/x-www-form-urlencoded", body: body.as_bytes(), at: Instant(7) };
        receipt(&form(posted.body).unwrap(), &posted)
    }

    #[test]
    fn a_report_is_found_by_our_own_id_else_by_the_gateways() {
        let body = "sequence=1&total=1&updateTime=2018-10-31T08%3A43%3A41Z&source=2&smsMsgId=2ea20735-f856-4376-afbf-570bd70a46ee_11840135&status=DELIVRD";
        let expected = Receipt {
            of: ReceiptOf::Provider("2ea20735-f856-4376-afbf-570bd70a46ee_11840135".into()),
            to: None,
            at: Instant::parse("2018-10-31T08:43:41Z").unwrap(),
            outcome: ReceiptOutcome::Delivered,
            detail: Some("DELIVRD".into()),
        };
        assert_eq!(read(body), Some(expected));
        let with_ours = read(&format!("{body}&extend=evt-0001&to=%2B8613800138000")).unwrap();
        assert_eq!(
            (with_ours.of, with_ours.to.as_deref()),
            (ReceiptOf::Message("evt-0001".into()), Some("+8613800138000"))
        );
    }

    #[test]
    fn a_long_message_is_reported_part_by_part_and_has_not_arrived_if_one_did_not() {
        let segment = |sequence: u8, status: &str| {
            let body = format!("smsMsgId=1&total=2&sequence={sequence}&status={status}");
            (read(&body).map(|receipt| receipt.outcome), part(&form(body.as_bytes()).unwrap()).map(|part| part.number))
        };
        assert_eq!(segment(1, "DELIVRD"), (Some(ReceiptOutcome::Delivered), Some(1)));
        assert_eq!(segment(2, "DELIVRD"), (Some(ReceiptOutcome::Delivered), Some(2)));
        assert_eq!(segment(1, "UNDELIV"), (Some(ReceiptOutcome::Failed), None));
        assert_eq!(part(&form(b"smsMsgId=1&total=1&sequence=1&status=DELIVRD").unwrap()), None);
    }

    #[test]
    fn what_expired_has_failed_when_it_was_told_and_what_is_unknown_stays_so() {
        let expired = read("smsMsgId=1&total=1&sequence=1&status=EXPIRED&source=1").unwrap();
        assert_eq!((expired.at, expired.outcome), (Instant(7), ReceiptOutcome::Failed));
        assert!(expired.detail.unwrap().starts_with("EXPIRED "));
        assert_eq!(read("smsMsgId=1&total=1&sequence=1&status=UNKNOWN"), None);
    }
}
