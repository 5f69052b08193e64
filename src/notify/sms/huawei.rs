//! `driver: huawei`: 华为云消息&短信 (batchSendSms, for customers of before 2025).
//!
//! A call is a form, authenticated by WSSE. The message's id travels as `extend`, which receipts repeat.

mod receipts;
pub mod wsse;

use super::super::channel::{Channel, Message, Outcome, Receipts, Trouble};
use super::super::http::{self, Answer};
use super::super::open::OpenError;
use super::answer::{Codes, Fate, Troubles, Verdict, about_all, about_one, about_some};
use super::number::international;
use super::outgoing;
use super::params::Registered;
use crate::config::channels::sms::SmsHuawei;
use crate::config::secret::{Secret, SecretSource};
use crate::time::Instant;
use futures_util::future::BoxFuture;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, RequestBuilder, Url};
use serde_json::Value as Json;

const PATH: &str = "/sms/batchSendSms/v1";
const DONE: &str = "000000";

/// What `code` and `status` mean. The words are those of docs/channels.md.
pub(super) const CODES: Codes = Codes {
    gateway: "华为云短信",
    known: &[
        about_one("E000000", Fate::Unknown, "华为云出错，可能已发出"),
        about_all("E00000*", Fate::Never, "鉴权有误", "核对 app_key、app_secret"),
        about_all("E00002*", Fate::Never, "鉴权有误（X-WSSE）", "核对 app_key、app_secret"),
        about_all("E000110", Fate::Again, "本机时钟与华为云相差太多", "校准时钟"),
        about_one("E200015", Fate::After(60), "待发送的短信太多"),
        about_some("E200028", Fate::Never, "变量与模板不符", "核对 params"),
        about_some("E200029", Fate::Never, "模板的类型与通道不符", "核对模板的 id 和 sender"),
        about_some("E200030", Fate::Never, "模板未启用或不存在", "核对模板的 id"),
        about_some("E200033", Fate::Never, "模板的类型不对", "核对 signature（通用模板必填）"),
        about_one("E200041", Fate::Never, "同样的内容已向这个号码发过"),
    ],
};

/// `kind: sms`, `driver: huawei`.
pub struct Huawei {
    client: Client,
    url: Url,
    app_key: String,
    app_secret: Secret,
    sender: String,
    signature: Option<String>,
    status_callback: Option<Secret>,
    registered: Registered,
    troubles: Troubles,
}

impl Huawei {
    /// Reads the secrets, compiles the templates and sets up the client.
    pub fn open(options: &SmsHuawei) -> Result<Huawei, OpenError> {
        let url = format!("{}{PATH}", options.base_url.trim_end_matches('/'));
        Ok(Huawei {
            client: http::client_connecting_anew(&options.way)?,
            url: http::url(&url).ok_or(OpenError::Url { key: "base_url" })?,
            app_key: options.app_key.clone(),
            app_secret: options.app_secret.read()?,
            sender: options.sender.clone(),
            signature: options.signature.clone(),
            status_callback: options.status_callback.as_ref().map(SecretSource::read).transpose()?,
            registered: Registered::compile(&options.templates)?,
            troubles: Troubles::default(),
        })
    }

    async fn send(&self, message: &Message, now: Instant) -> Outcome {
        let request = match self.request(message, now) {
            Ok(request) => request,
            Err(reason) => return Outcome::permanent(reason),
        };
        match http::send(request, now).await {
            Ok(answer) => self.troubles.settled(verdict(&answer)),
            Err(none) => none.into(),
        }
    }

    fn request(&self, message: &Message, now: Instant) -> Result<RequestBuilder, String> {
        let mobile = international(&message.to).ok_or("收件人没有可用的手机号码")?;
        let filled = self.registered.fill(message)?;
        let params = serde_json::to_string(&filled.values()).expect("texts can be written");
        let mut form = vec![
            ("from", self.sender.as_str()),
            ("to", &mobile),
            ("templateId", filled.id),
            ("templateParas", &params),
            ("extend", &message.id),
        ];
        form.extend(self.status_callback.as_ref().map(|callback| ("statusCallback", callback.expose())));
        form.extend(self.signature.as_deref().map(|signature| ("signature", signature)));
        let token = wsse::Token {
            app_key: &self.app_key,
            nonce: &http::nonce(),
            created: &now.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        };
        let request = self.client.post(self.url.clone()).header(AUTHORIZATION, wsse::AUTHORIZATION);
        Ok(request.header("X-WSSE", token.header(self.app_secret.expose())).form(&form))
    }
}

/// `code` is of the whole call, `status` of the number, which says more.
fn verdict(answer: &Answer) -> Verdict {
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    let result = &body["result"][0];
    match (body["code"].as_str(), result["status"].as_str()) {
        (Some(_), Some(DONE)) => Verdict::accepted(result["smsMsgId"].as_str()),
        (Some(_), Some(status)) => CODES.verdict(status, answer),
        (Some(DONE), None) | (None, _) => CODES.unreadable(answer),
        (Some(code), None) => CODES.verdict(code, answer),
    }
}

impl Channel for Huawei {
    fn kind(&self) -> &'static str {
        "sms"
    }

    fn deliver<'a>(&'a self, message: &'a Message, now: Instant) -> BoxFuture<'a, Outcome> {
        Box::pin(self.send(message, now))
    }

    fn segments(&self, message: &Message) -> Option<usize> {
        outgoing::segments(&self.registered, message, self.signature.as_deref().unwrap_or_default())
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

    fn of_number(code: &str, status: &str) -> Outcome {
        outcome_of(&format!(
            r#"{{"code":"{code}","description":"","result":[{{"smsMsgId":"2ea20735_11840135","from":"8824110605","originTo":"+8613800138000","status":"{status}","createTime":"2026-01-05T01:02:03Z","countryId":"CN","total":1}}]}}"#
        ))
    }

    #[test]
    fn the_status_of_the_number_decides_and_names_what_receipts_will_name() {
        assert_eq!(of_number("000000", "000000"), Outcome::Accepted { provider_id: Some("2ea20735_11840135".into()) });
        let refused = of_number("E000510", "E200028");
        assert_eq!(refused, Outcome::permanent("华为云短信：E200028（变量与模板不符：核对 params）"));
        assert!(matches!(of_number("E000510", "E200015"), Outcome::Transient { .. }));
    }

    #[test]
    fn an_error_of_the_call_is_told_apart_from_one_after_which_it_may_have_been_sent() {
        let of_call = |code: &str| outcome_of(&format!(r#"{{"code":"{code}","description":""}}"#));
        for code in ["E000001", "E000008", "E000020", "E000024"] {
            assert!(matches!(of_call(code), Outcome::Permanent { .. }), "{code}");
        }
        assert!(matches!(of_call("E000110"), Outcome::Transient { .. }));
        assert!(matches!(of_call("E000000"), Outcome::Unknown { .. }));
        assert!(matches!(of_call("000000"), Outcome::Unknown { .. }), "no number is named");
    }
}
