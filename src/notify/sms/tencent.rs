//! `driver: tencent`: 腾讯云短信 (2021-01-11).
//!
//! A call is JSON, signed by TC3-HMAC-SHA256. The answer has a state for each number, and for the whole call only where
//! nothing of it was done. The message's id travels as `SessionContext`, which pulled receipts repeat.

mod receipts;
pub mod tc3;

use super::super::channel::{Channel, Message, Outcome, Receipts, Trouble};
use super::super::http::{self, Answer, NoAnswer};
use super::super::open::OpenError;
use super::super::rate::{self, InMemory, Limit, Rates};
use super::answer::{Codes, Fate, Troubles, Verdict, about_all, about_one, about_some};
use super::number::international;
use super::outgoing;
use super::params::Registered;
use super::room;
use crate::config::channels::sms::{PerNumber, SmsTencent};
use crate::config::secret::Secret;
use crate::time::Instant;
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Url};
use serde::Serialize;
use serde_json::Value as Json;
use std::sync::Arc;

const SERVICE: &str = "sms";
const VERSION: &str = "2021-01-11";
const DAY_MS: i64 = 24 * 3_600_000;
/// Why a number gets no more today.
const DAY_FULL: &str = "腾讯云短信：这个号码24小时内的条数已满（per_number）";

/// What `Code` means, of the call or of a number. The words are those of docs/channels.md.
pub(super) const CODES: Codes = Codes {
    gateway: "腾讯云短信",
    known: &[
        about_some(
            "FailedOperation.TemplateIncorrectOrUnapproved",
            Fate::Never,
            "模板不存在、未通过审核或与变量不符",
            "核对模板的 id 和 params",
        ),
        about_some(
            "FailedOperation.TemplateUnapprovedOrNotExist",
            Fate::Never,
            "模板不存在或未通过审核",
            "核对模板的 id",
        ),
        about_some(
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
            Fate::Never,
            "变量与模板不符",
            "核对 params",
        ),
        about_all(
            "FailedOperation.SignatureIncorrectOrUnapproved",
            Fate::Never,
            "签名不存在或未通过审核",
            "核对 signature",
        ),
        about_one("FailedOperation.ContainSensitiveWord", Fate::Never, "内容里有敏感词"),
        about_some("FailedOperation.PhoneNumberInBlacklist", Fate::Never, "号码在黑名单里（退订过）", "联系腾讯云解除"),
        about_all("FailedOperation.InsufficientBalanceInSmsPackage", Fate::Never, "套餐包余量不足", "购买套餐包"),
        about_one("LimitExceeded.PhoneNumberThirtySecondLimit", Fate::NumberAfter(30), "同一号码30秒内的条数已满"),
        about_one("LimitExceeded.PhoneNumberOneHourLimit", Fate::NumberAfter(3600), "同一号码1小时内的条数已满"),
        about_one("LimitExceeded.DeliveryFrequencyLimit", Fate::NumberAfter(60), "触发频率限制"),
        about_some(
            "LimitExceeded.PhoneNumberDailyLimit",
            Fate::Never,
            "同一号码当天的条数已满",
            "在控制台调高频率限制",
        ),
        about_some(
            "LimitExceeded.PhoneNumberSameContentDailyLimit",
            Fate::Never,
            "同一号码当天相同内容的条数已满",
            "在控制台调高频率限制",
        ),
        about_all("LimitExceeded.AppMainlandChinaDailyLimit", Fate::Never, "应用当天的条数已满", "在控制台调高"),
        about_all("LimitExceeded.DailyLimit", Fate::Never, "当天的条数已满", "在控制台调高"),
        about_one("InvalidParameterValue.IncorrectPhoneNumber", Fate::Never, "号码有误，核对通讯录"),
        about_one("InvalidParameterValue.ContentLengthLimit", Fate::Never, "短信太长"),
        about_one("InvalidParameterValue.ProhibitedUseUrlInTemplateParameter", Fate::Never, "变量里有网址"),
        about_all("InvalidParameterValue.SdkAppIdNotExist", Fate::Never, "应用不存在", "核对 app_id"),
        about_one("InternalError.Timeout", Fate::Again, "腾讯云处理超时，未发出"),
        about_one("InternalError*", Fate::Unknown, "腾讯云出错，可能已发出"),
        about_one("RequestLimitExceeded*", Fate::After(1), "请求太频繁"),
        about_all("AuthFailure.SignatureExpire", Fate::Again, "本机时钟与腾讯云相差5分钟以上", "校准时钟"),
        about_all("AuthFailure*", Fate::Never, "密钥有误", "核对 secret_id、secret_key"),
        about_all(
            "UnauthorizedOperation*",
            Fate::Never,
            "没有权限，或本机出口地址不在白名单",
            "在控制台授权，加上出口地址",
        ),
    ],
};

/// `kind: sms`, `driver: tencent`.
pub struct Tencent {
    client: Client,
    url: Url,
    region: String,
    secret_id: String,
    secret_key: Secret,
    app_id: String,
    sign_name: String,
    registered: Registered,
    limits: Vec<Limit>,
    rates: Arc<dyn Rates>,
    troubles: Troubles,
}

/// The body of `SendSms`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SendSms<'a> {
    phone_number_set: [&'a str; 1],
    sms_sdk_app_id: &'a str,
    sign_name: &'a str,
    template_id: &'a str,
    template_param_set: Vec<&'a str>,
    session_context: &'a str,
}

impl Tencent {
    /// Reads the secret, compiles the templates and sets up the client.
    pub fn open(options: &SmsTencent) -> Result<Tencent, OpenError> {
        Ok(Tencent {
            client: http::client_connecting_anew(&options.way)?,
            url: http::url(&options.base_url).ok_or(OpenError::Url { key: "base_url" })?,
            region: options.region.clone(),
            secret_id: options.secret_id.clone(),
            secret_key: options.secret_key.read()?,
            app_id: options.app_id.clone(),
            sign_name: options.signature.clone(),
            registered: Registered::compile(&options.templates)?,
            limits: limits(options.per_number),
            rates: Arc::<InMemory>::default(),
            troubles: Troubles::default(),
        })
    }

    /// Counting what it sends elsewhere than in memory.
    #[must_use]
    pub fn counting_in(self, rates: Arc<dyn Rates>) -> Tencent {
        Tencent { rates, ..self }
    }

    async fn send(&self, message: &Message, now: Instant) -> Outcome {
        let body = match self.body(message) {
            Ok(body) => body,
            Err(reason) => return Outcome::permanent(reason),
        };
        let number = international(&message.to).unwrap_or_default();
        let number = rate::key("tencent-sms", &[&self.secret_id, &self.app_id, &number]);
        if let Err(outcome) = room::take(&*self.rates, &number, &self.limits, DAY_FULL, now).await {
            return outcome;
        }
        match self.call("SendSms", body, now).await {
            Ok(answer) => self.troubles.settled(verdict(&answer)),
            Err(none) => none.into(),
        }
    }

    fn body(&self, message: &Message) -> Result<String, String> {
        let mobile = international(&message.to).ok_or("收件人没有可用的手机号码")?;
        let filled = self.registered.fill(message)?;
        let body = SendSms {
            phone_number_set: [&mobile],
            sms_sdk_app_id: &self.app_id,
            sign_name: &self.sign_name,
            template_id: filled.id,
            template_param_set: filled.values(),
            session_context: &message.id,
        };
        Ok(serde_json::to_string(&body).expect("texts can be written"))
    }

    /// Calls an action with this body.
    async fn call(&self, action: &str, body: String, now: Instant) -> Result<Answer, NoAnswer> {
        let signed = tc3::Call {
            service: SERVICE,
            host: &http::host(&self.url),
            action: Some(action),
            timestamp: now.0.div_euclid(1000),
            body: &body,
        };
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, tc3::CONTENT_TYPE)
            .header("X-TC-Action", action)
            .header("X-TC-Version", VERSION)
            .header("X-TC-Region", &self.region)
            .header("X-TC-Timestamp", signed.timestamp.to_string())
            .header(AUTHORIZATION, signed.authorization(&self.secret_id, self.secret_key.expose()));
        http::send(request.body(body), now).await
    }
}

/// What one number may be sent.
fn limits(per_number: PerNumber) -> Vec<Limit> {
    let stated = [(per_number.half_minute, 30_000), (per_number.hour, 3_600_000), (per_number.day, DAY_MS)];
    let limit = |(count, span_ms): (Option<u32>, i64)| Some(Limit { count: count? as usize, span_ms });
    stated.into_iter().filter_map(limit).collect()
}

fn verdict(answer: &Answer) -> Verdict {
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    let response = &body["Response"];
    // One number was asked for.
    let status = &response["SendStatusSet"][0];
    match (response["Error"]["Code"].as_str(), status["Code"].as_str()) {
        (None, Some("Ok")) => Verdict::accepted(status["SerialNo"].as_str()),
        (Some(code), _) | (None, Some(code)) => CODES.verdict(code, answer),
        (None, None) => CODES.unreadable(answer),
    }
}

impl Channel for Tencent {
    fn kind(&self) -> &'static str {
        "sms"
    }

    fn deliver<'a>(&'a self, message: &'a Message, now: Instant) -> BoxFuture<'a, Outcome> {
        Box::pin(self.send(message, now))
    }

    fn segments(&self, message: &Message) -> Option<usize> {
        outgoing::segments(&self.registered, message, &self.sign_name)
    }

    fn receipts(&self) -> Option<&dyn Receipts> {
        Some(self)
    }

    fn troubles(&self) -> Vec<Trouble> {
        self.troubles.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome_of(body: &str) -> Outcome {
        verdict(&Answer { status: 200, retry_after: None, body: body.into() }).outcome
    }

    fn of_number(code: &str, serial: &str) -> Outcome {
        outcome_of(&format!(
            r#"{{"Response":{{"SendStatusSet":[{{"SerialNo":"{serial}","PhoneNumber":"+8613800138000","Fee":1,"SessionContext":"evt-0001","Code":"{code}","Message":"","IsoCode":"CN"}}],"RequestId":"a0aabda6"}}}}"#
        ))
    }

    #[test]
    fn the_body_is_the_known_one() {
        let body = SendSms {
            phone_number_set: ["+8613800138000"],
            sms_sdk_app_id: "1400006666",
            sign_name: "示例12345",
            template_id: "1110",
            template_param_set: vec!["ZH20260105001", "红牌"],
            session_context: "evt-0001",
        };
        assert_eq!(
            serde_json::to_string(&body).unwrap(),
            r#"{"PhoneNumberSet":["+8613800138000"],"SmsSdkAppId":"1400006666","SignName":"示例12345","TemplateId":"1110","TemplateParamSet":["ZH20260105001","红牌"],"SessionContext":"evt-0001"}"#
        );
    }

    #[test]
    fn the_state_of_the_number_decides() {
        let taken = Outcome::Accepted { provider_id: Some("5000:1045710669157053657849499619".into()) };
        assert_eq!(of_number("Ok", "5000:1045710669157053657849499619"), taken);
        assert!(matches!(of_number("FailedOperation.PhoneNumberInBlacklist", ""), Outcome::Permanent { .. }));
        let seconds = std::time::Duration::from_secs(30);
        let limited = of_number("LimitExceeded.PhoneNumberThirtySecondLimit", "");
        assert!(matches!(&limited, Outcome::Limited { retry_after, .. } if *retry_after == seconds), "{limited:?}");
    }

    #[test]
    fn an_error_of_the_call_is_told_apart_from_one_after_which_it_may_have_been_sent() {
        let of_call = |code: &str| {
            outcome_of(&format!(r#"{{"Response":{{"Error":{{"Code":"{code}","Message":""}},"RequestId":"1"}}}}"#))
        };
        assert!(matches!(of_call("AuthFailure.SignatureFailure"), Outcome::Permanent { .. }));
        assert!(matches!(of_call("AuthFailure.SignatureExpire"), Outcome::Transient { .. }));
        assert!(matches!(of_call("InternalError.Timeout"), Outcome::Transient { .. }));
        assert!(matches!(of_call("InternalError.OtherError"), Outcome::Unknown { .. }));
        assert!(matches!(outcome_of(r#"{"Response":{"RequestId":"1"}}"#), Outcome::Unknown { .. }));
    }
}
