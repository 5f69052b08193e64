//! `driver: aliyun`: 阿里云短信服务 (dysmsapi, 2017-05-25).
//!
//! A call is a POST with everything in the query, signed by ACS3-HMAC-SHA256. The message's id travels as `OutId`, which
//! receipts repeat, so that even a message whose answer was lost is found again. Sending is not idempotent, as the vendor
//! says.

pub mod acs3;
mod receipts;

use super::super::channel::{Channel, Message, Outcome, Receipts, Trouble};
use super::super::http::{self, Answer, NoAnswer};
use super::super::open::OpenError;
use super::super::rate::{self, InMemory, Limit, Rates};
use super::answer::{Codes, Fate, Troubles, Verdict, about_all, about_one, about_some};
use super::number::domestic;
use super::outgoing;
use super::params::{Filled, Registered};
use super::room;
use crate::config::channels::sms::SmsAliyun;
use crate::config::secret::Secret;
use crate::time::Instant;
use futures_util::future::BoxFuture;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, Url};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

const VERSION: &str = "2017-05-25";
/// 同一签名、同一模板、同一号码: so many in any 24 hours.
const SAME: [Limit; 1] = [Limit { count: 50, span_ms: 24 * 3_600_000 }];
const SAME_FULL: &str = "阿里云短信：24小时内同一签名、模板、号码已发50条";

/// What `Code` means. The words are those of docs/channels.md.
pub(super) const CODES: Codes = Codes {
    gateway: "阿里云短信",
    known: &[
        about_one("isv.BUSINESS_LIMIT_CONTROL", Fate::NumberAfter(3600), "同一号码发得太密，触发流控"),
        about_all("isv.DAY_LIMIT_CONTROL", Fate::Never, "超过当天的发送上限", "在控制台调高"),
        about_all("isv.MONTH_LIMIT_CONTROL", Fate::Never, "超过当月的发送上限", "在控制台调高"),
        about_all("isv.SMS_SIGNATURE_ILLEGAL", Fate::Never, "签名不存在或未通过审核", "核对 signature"),
        about_some("isv.SMS_TEMPLATE_ILLEGAL", Fate::Never, "模板不存在或未通过审核", "核对模板的 id"),
        about_some("isv.TEMPLATE_MISSING_PARAMETERS", Fate::Never, "模板缺少变量", "核对 params"),
        about_some(
            "isv.TEMPLATE_PARAMS_ILLEGAL",
            Fate::Never,
            "变量的内容不合模板的类型",
            "核对模板的变量类型和 params",
        ),
        about_some("isv.INVALID_JSON_PARAM", Fate::Never, "变量不合格式", "核对 params"),
        about_one("isv.INVALID_PARAMETERS", Fate::Never, "参数有误"),
        about_some("isv.PARAM_LENGTH_LIMIT", Fate::Never, "变量太长", "调小 param_length_max"),
        about_one("isv.PARAM_NOT_SUPPORT_URL", Fate::Never, "变量里有网址"),
        about_one("isv.MOBILE_NUMBER_ILLEGAL", Fate::Never, "号码有误，核对通讯录"),
        about_one("isv.MOBILE_COUNT_OVER_LIMIT", Fate::Never, "一次的号码太多"),
        about_one("isv.BLACK_KEY_CONTROL_LIMIT", Fate::Never, "变量里有禁用的词"),
        about_all("isv.AMOUNT_NOT_ENOUGH", Fate::Never, "余额不足", "充值"),
        about_all("isv.OUT_OF_SERVICE", Fate::Never, "业务停机", "充值，或联系阿里云"),
        about_all("isv.PRODUCT_UN*", Fate::Never, "没有开通短信服务", "在控制台开通"),
        about_all("isv.ACCOUNT_*", Fate::Never, "账号不存在或异常", "联系阿里云"),
        about_all("isv.DENY_IP_RANGE", Fate::Never, "本机出口地址所在地区不许发送", "换一个出口地址"),
        about_one("isp.SYSTEM_ERROR", Fate::Again, "阿里云出错，未发出"),
        about_all("isp.RAM_PERMISSION_DENY", Fate::Never, "这个密钥没有发短信的权限", "在 RAM 里授权"),
        about_all("InvalidAccessKeyId*", Fate::Never, "access_key_id 不存在或已停用", "核对 access_key_id"),
        about_all("SignatureDoesNotMatch", Fate::Never, "请求的签名不符", "核对 access_key_secret"),
        about_all("IncompleteSignature", Fate::Never, "请求的签名不符", "核对 access_key_secret"),
        about_one("SignatureNonceUsed", Fate::Again, "请求重复，未处理"),
        about_all("InvalidTimeStamp*", Fate::Again, "本机时钟与阿里云相差15分钟以上", "校准时钟"),
        about_one("Throttling*", Fate::After(1), "请求太频繁"),
        about_one("ServiceUnavailable*", Fate::Again, "服务暂不可用，未发出"),
        about_all("Forbidden*", Fate::Never, "这个密钥没有权限", "在 RAM 里授权"),
    ],
};

/// `kind: sms`, `driver: aliyun`.
pub struct Aliyun {
    client: Client,
    base: Url,
    access_key_id: String,
    access_key_secret: Secret,
    sign_name: String,
    registered: Registered,
    rates: Arc<dyn Rates>,
    troubles: Troubles,
}

impl Aliyun {
    /// Reads the secret, compiles the templates and sets up the client.
    pub fn open(options: &SmsAliyun) -> Result<Aliyun, OpenError> {
        Ok(Aliyun {
            client: http::client_connecting_anew(&options.way)?,
            base: http::url(&options.base_url).ok_or(OpenError::Url { key: "base_url" })?,
            access_key_id: options.access_key_id.clone(),
            access_key_secret: options.access_key_secret.read()?,
            sign_name: options.signature.clone(),
            registered: Registered::compile(&options.templates)?,
            rates: Arc::<InMemory>::default(),
            troubles: Troubles::default(),
        })
    }

    /// Counting what it sends elsewhere than in memory.
    #[must_use]
    pub fn counting_in(self, rates: Arc<dyn Rates>) -> Aliyun {
        Aliyun { rates, ..self }
    }

    async fn send(&self, message: &Message, now: Instant) -> Outcome {
        let (mobile, filled) = match self.filled(message) {
            Ok(filled) => filled,
            Err(reason) => return Outcome::permanent(reason),
        };
        let same = rate::key("aliyun-sms", &[&self.access_key_id, &self.sign_name, filled.id, &mobile]);
        if let Err(outcome) = room::take(&*self.rates, &same, &SAME, SAME_FULL, now).await {
            return outcome;
        }
        let params = named(&filled);
        let query = [
            ("OutId", &*message.id),
            ("PhoneNumbers", &mobile),
            ("SignName", &self.sign_name),
            ("TemplateCode", filled.id),
            ("TemplateParam", &params),
        ];
        match self.call("SendSms", &query, now).await {
            Ok(answer) => self.troubles.settled(verdict(&answer)),
            Err(none) => none.into(),
        }
    }

    fn filled(&self, message: &Message) -> Result<(String, Filled<'_>), String> {
        let mobile = domestic(&message.to).ok_or("收件人没有可用的手机号码")?;
        Ok((mobile, self.registered.fill(message)?))
    }

    /// Calls an action with these parameters.
    async fn call(&self, action: &str, query: &[(&str, &str)], now: Instant) -> Result<Answer, NoAnswer> {
        let signed = acs3::Call {
            host: &http::host(&self.base),
            path: self.base.path(),
            action,
            version: VERSION,
            date: &now.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            nonce: &http::nonce(),
            query: &acs3::canonical_query(query),
        };
        let mut url = self.base.clone();
        url.set_query(Some(signed.query));
        let mut request = self.client.post(url);
        for (name, value) in signed.headers().into_iter().filter(|(name, _)| *name != "host") {
            request = request.header(name, value);
        }
        let authorization = signed.authorization(&self.access_key_id, self.access_key_secret.expose());
        http::send(request.header(AUTHORIZATION, authorization), now).await
    }
}

/// The parameters as one JSON object.
fn named(filled: &Filled<'_>) -> String {
    let params = filled.params.iter().map(|(name, value)| ((*name).to_owned(), Json::from(value.as_str())));
    Json::Object(params.collect::<Map<_, _>>()).to_string()
}

fn verdict(answer: &Answer) -> Verdict {
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    match body["Code"].as_str() {
        None => CODES.unreadable(answer),
        Some("OK") => Verdict::accepted(body["BizId"].as_str()),
        Some(code @ "isv.BUSINESS_LIMIT_CONTROL") => {
            CODES.verdict_of(code, control(body["Message"].as_str().unwrap_or_default()), answer)
        }
        Some(code) => CODES.verdict(code, answer),
    }
}

/// 分钟级, 小时级, 天级流控: when it is over. A day is too long to wait.
fn control(message: &str) -> Fate {
    match message {
        text if text.contains("分钟") => Fate::NumberAfter(60),
        text if text.contains('天') => Fate::Never,
        _ => Fate::NumberAfter(3600),
    }
}

impl Channel for Aliyun {
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

    #[test]
    fn an_answer_names_the_biz_id_that_receipts_will_name() {
        let taken = outcome_of(r#"{"Code":"OK","Message":"OK","BizId":"900619746936498440^0","RequestId":"F655A8D5"}"#);
        assert_eq!(taken, Outcome::Accepted { provider_id: Some("900619746936498440^0".into()) });
    }

    #[test]
    fn flow_control_is_waited_for_unless_it_lasts_a_day() {
        use std::time::Duration;
        let said = |text: &str| {
            outcome_of(&format!(r#"{{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"触发{text}流控Permits:1"}}"#))
        };
        let pause = |outcome| match outcome {
            Outcome::Limited { retry_after, .. } => retry_after,
            other => panic!("{other:?}"),
        };
        assert_eq!(pause(said("分钟级")), Duration::from_mins(1));
        assert_eq!(pause(said("小时级")), Duration::from_hours(1));
        assert!(matches!(said("天级"), Outcome::Permanent { .. }));
    }

    #[test]
    fn refusals_are_told_apart() {
        for code in ["isp.SYSTEM_ERROR", "Throttling.User", "ServiceUnavailable", "InvalidTimeStamp.Expired"] {
            let outcome = outcome_of(&format!(r#"{{"Code":"{code}"}}"#));
            assert!(matches!(outcome, Outcome::Transient { .. }), "{outcome:?}");
        }
        for code in ["isv.AMOUNT_NOT_ENOUGH", "isv.PARAM_LENGTH_LIMIT", "SignatureDoesNotMatch", "isv.NEW_CODE"] {
            let outcome = outcome_of(&format!(r#"{{"Code":"{code}"}}"#));
            assert!(matches!(outcome, Outcome::Permanent { .. }), "{outcome:?}");
        }
    }
}
