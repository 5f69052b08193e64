//! 云MAS tells by callbacks what became of messages (状态报告), and what people answered (上行). It cannot be asked.

use super::super::super::channel::{PostError, Posted, Receipt, ReceiptOf, Receipts, Reply};
use super::super::report::{beijing, detail, field, objects, outcome};
use super::Mas;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use std::borrow::Cow;

impl Receipts for Mas {
    fn read(&self, posted: &Posted<'_>) -> Result<Vec<Receipt>, PostError> {
        let objects = objects(&plain(posted.body))?;
        if objects.iter().any(|object| !is_report(object) && !is_reply(object)) {
            return Err(PostError("it is neither a status report nor a reply".into()));
        }
        Ok(objects.iter().filter(|object| is_report(object)).flat_map(|object| receipts(object, posted)).collect())
    }

    fn replies(&self, posted: &Posted<'_>) -> Vec<Reply> {
        let objects = objects(&plain(posted.body)).unwrap_or_default();
        objects.iter().filter(|object| is_reply(object)).map(|object| reply(object, posted)).collect()
    }
}

/// Requests are in Base64, callbacks as a rule are not: either is read.
fn plain(body: &[u8]) -> Cow<'_, [u8]> {
    let trimmed = body.trim_ascii();
    match STANDARD.decode(trimmed) {
        Ok(decoded) => decoded.into(),
        Err(_) => trimmed.into(),
    }
}

fn is_report(object: &Json) -> bool {
    object["reportStatus"].is_string()
}

fn is_reply(object: &Json) -> bool {
    object["smsContent"].is_string()
}

/// A report is of one number, or of several.
fn receipts(object: &Json, posted: &Posted<'_>) -> Vec<Receipt> {
    let (state, group) = (field(object, "reportStatus"), field(object, "msgGroup"));
    let Some(outcome) = outcome(&state).filter(|_| !group.is_empty()) else { return Vec::new() };
    let code = Some(field(object, "errorCode")).filter(|code| !code.is_empty()).unwrap_or(state);
    let numbers = object["mobiles"].as_array().into_iter().flatten().filter_map(Json::as_str).map(ToOwned::to_owned);
    let mut numbers: Vec<String> = numbers.chain([field(object, "mobile")]).collect();
    numbers.retain(|number| !number.is_empty());
    let receipt = |to: Option<&String>| Receipt {
        of: ReceiptOf::Provider(group.as_str().into()),
        to: to.map(|to| to.as_str().into()),
        at: beijing(&field(object, "receiveDate")).unwrap_or(posted.at),
        outcome,
        detail: detail(&code, ""),
    };
    if numbers.is_empty() { vec![receipt(None)] } else { numbers.iter().map(|to| receipt(Some(to))).collect() }
}

fn reply(object: &Json, posted: &Posted<'_>) -> Reply {
    Reply {
        from: field(object, "mobile").into(),
        at: beijing(&field(object, "sendTime")).unwrap_or(posted.at),
        text: field(object, "smsContent"),
        to: field(object, "addSerial").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::super::channel::ReceiptOutcome;
    use super::*;
    use crate::config::channels::Way;
    use crate::config::channels::sms::{MasContent, Signature, SmsMas};
    use crate::config::secret::SecretSource;
    use crate::time::Instant;

    const AT: Instant = Instant(1_767_574_800_000);

    fn mas() -> Mas {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), "demo-Secret-1").unwrap();
        let options = SmsMas {
            url: "http://10.0.0.1:1992/sms/norsubmit".into(),
            ec_name: "例".into(),
            ap_id: "demoap".into(),
            secret_key: SecretSource::File(secret.path().into()),
            sign: "demoSIGN1".into(),
            add_serial: String::new(),
            secret_in_body: false,
            content: MasContent::Text(Signature::AsWritten),
            way: Way::default(),
        };
        Mas::open(&options).unwrap()
    }

    fn posted(body: &str) -> Posted<'_> {
        Posted { content_type: "application/json", body: body.as_bytes(), at: AT }
    }

    const DELIVERED: &str = r#"{"reportStatus":"DELIVRD","mobile":"13800138000","submitDate":"20260105090200","receiveDate":"20260105090203","errorCode":"","msgGroup":"0927152506001000833076"}"#;

    #[test]
    fn a_report_names_its_group_its_number_and_when() {
        let expected = Receipt {
            of: ReceiptOf::Provider("0927152506001000833076".into()),
            to: Some("13800138000".into()),
            at: Instant::parse("2026-01-05T09:02:03+08:00").unwrap(),
            outcome: ReceiptOutcome::Delivered,
            detail: Some("DELIVRD".into()),
        };
        assert_eq!(mas().read(&posted(DELIVERED)), Ok(vec![expected.clone()]));
        assert_eq!(mas().read(&posted(&STANDARD.encode(DELIVERED))), Ok(vec![expected]), "in Base64, as requests are");
    }

    #[test]
    fn a_report_of_several_numbers_is_one_receipt_for_each() {
        let report = r#"[{"reportStatus":"UNDELIV","mobiles":["13800138000","13800138001"],"submitDate":"2026-01-05 09:02:00","receiveDate":"2026-01-05 09:02:03","errorCode":"DB:0140","msgGroup":"1"}]"#;
        let receipts = mas().read(&posted(report)).unwrap();
        let shown: Vec<_> =
            receipts.iter().map(|one| (one.to.as_deref(), one.outcome, one.detail.as_deref())).collect();
        let failed = |to| (Some(to), ReceiptOutcome::Failed, Some("DB:0140 号码不在端口的白名单内"));
        assert_eq!(shown, [failed("13800138000"), failed("13800138001")]);
        assert_eq!(receipts[0].at, Instant::parse("2026-01-05T09:02:03+08:00").unwrap());
    }

    #[test]
    fn what_is_not_yet_known_is_no_receipt_and_what_is_no_report_is_an_error() {
        let accepted = DELIVERED.replace("DELIVRD", "ACCEPTD");
        assert_eq!(mas().read(&posted(&accepted)), Ok(vec![]));
        for body in ["", "<html>", "{}", r"[1]", r#"{"mobile":"13800138000"}"#] {
            let error = mas().read(&posted(body)).unwrap_err().to_string();
            assert!(!error.contains("138"), "{error}");
        }
    }

    #[test]
    fn an_answer_of_a_person_is_a_reply_and_no_receipt() {
        let body = r#"{"mobile":"13800138000","smsContent":"收到","sendTime":"2026-01-05 09:05:00","addSerial":"106575297722"}"#;
        let reply = Reply {
            from: "13800138000".into(),
            at: Instant::parse("2026-01-05T09:05:00+08:00").unwrap(),
            text: "收到".into(),
            to: "106575297722".into(),
        };
        assert_eq!(mas().read(&posted(body)), Ok(vec![]));
        assert_eq!(mas().replies(&posted(body)), [reply]);
        assert!(mas().replies(&posted(DELIVERED)).is_empty());
    }
}
