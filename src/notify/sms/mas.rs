//! `driver: mas`: 中国移动云MAS, over HTTP.
//!
//! A request is JSON in Base64, authenticated by the MD5 (`mac`) of its fields with the account's key. An account takes
//! either texts (普通短信) or registered templates (模板短信), each with a body and a `mac` of its own.

mod receipts;

use super::super::channel::{Channel, Message, Outcome, Receipts, Trouble};
use super::super::http::{self, Answer};
use super::super::open::OpenError;
use super::answer::{Codes, Fate, Troubles, Verdict, about_all, about_one, about_some};
use super::number::domestic;
use super::outgoing;
use super::params::Registered;
use super::text;
use crate::config::channels::sms::{MasContent, Signature, SmsMas};
use crate::config::secret::Secret;
use crate::time::Instant;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use md5::{Digest, Md5};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use serde::Serialize;
use serde_json::Value as Json;

/// What `rspcod` means. The words are those of docs/channels.md.
pub(super) const CODES: Codes = Codes {
    gateway: "云MAS",
    known: &[
        about_one("SystemBusy", Fate::Again, "平台繁忙"),
        about_one("QueueOverLimit", Fate::After(30), "平台排队已满"),
        about_one("FlowOverLimit", Fate::Again, "发送太快，超过账号的流量"),
        about_one("RequestTimeout", Fate::Again, "平台处理超时，未发出"),
        about_one("InternalError", Fate::Again, "平台内部出错，未发出"),
        about_all("IllegalMac", Fate::Never, "mac 校验不符", "核对 ec_name、ap_id、secret_key、sign、add_serial"),
        about_all("InvalidUsrOrPwd", Fate::Never, "用户名或密码不对", "核对 ec_name、ap_id、secret_key"),
        about_all("NoSignId", Fate::Never, "没有签名编码", "在“接口管理”里查到后写进 sign"),
        about_all("IllegalSignId", Fate::Never, "签名编码不对", "核对 sign"),
        about_all("IllegalIpAddress", Fate::Never, "本机出口地址不在平台的白名单", "请客户经理加上"),
        about_all("OverDailyMax", Fate::Never, "超过账号当天的条数", "请客户经理调高"),
        about_some("IllegalUseTemplate", Fate::Never, "模板与账号不符", "核对模板编号，或改用普通短信"),
        about_one("InvalidMessage", Fate::Never, "内容不被接受（为空、过长或有敏感词）"),
        about_one("InvalidMobile", Fate::Never, "号码有误，核对通讯录"),
        about_one("TooManyMobiles", Fate::Never, "一次的号码太多"),
    ],
};

/// `kind: sms`, `driver: mas`.
pub struct Mas {
    client: Client,
    url: Url,
    account: Account,
    content: Content,
    troubles: Troubles,
}

/// By whom and under which code messages are sent.
struct Account {
    ec_name: String,
    ap_id: String,
    secret_key: Secret,
    sign: String,
    add_serial: String,
    secret_in_body: bool,
}

enum Content {
    Text(Signature),
    Templates(Box<Registered>),
}

/// What a message is made of.
#[derive(Clone, Copy)]
enum Part<'a> {
    /// A text.
    Content(&'a str),
    /// A template's id, and its parameters as a JSON array.
    Template(&'a str, &'a str),
}

/// The body in the order of the vendor's field tables.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    ec_name: &'a str,
    ap_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_id: Option<&'a str>,
    mobiles: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<&'a str>,
    sign: &'a str,
    add_serial: &'a str,
    mac: String,
}

impl Account {
    /// The lower-case hexadecimal MD5 of the fields in the vendor's order, nothing between.
    fn mac(&self, mobiles: &str, part: Part<'_>) -> String {
        let Account { ec_name, ap_id, secret_key, sign, add_serial, .. } = self;
        let middle = match part {
            Part::Content(content) => [mobiles, content, ""],
            Part::Template(id, params) => [id, mobiles, params],
        };
        let mut digest = Md5::new();
        for field in [ec_name, ap_id, secret_key.expose()].into_iter().chain(middle).chain([&**sign, &**add_serial]) {
            digest.update(field);
        }
        hex::encode(digest.finalize())
    }

    /// The body that is posted: Base64 of compact JSON in UTF-8.
    fn body(&self, mobiles: &str, part: Part<'_>) -> String {
        let (content, template) = match part {
            Part::Content(content) => (Some(content), None),
            Part::Template(id, params) => (None, Some((id, params))),
        };
        let body = Body {
            ec_name: &self.ec_name,
            ap_id: &self.ap_id,
            secret_key: self.secret_in_body.then(|| self.secret_key.expose()),
            template_id: template.map(|(id, _)| id),
            mobiles,
            content,
            params: template.map(|(_, params)| params),
            sign: &self.sign,
            add_serial: &self.add_serial,
            mac: self.mac(mobiles, part),
        };
        STANDARD.encode(serde_json::to_string(&body).expect("texts can be written"))
    }
}

impl Mas {
    /// Reads the secret, compiles the templates and sets up the client.
    pub fn open(options: &SmsMas) -> Result<Mas, OpenError> {
        Ok(Mas {
            client: http::client_connecting_anew(&options.way)?,
            url: http::url(&options.url).ok_or(OpenError::Url { key: "url" })?,
            account: Account {
                ec_name: options.ec_name.clone(),
                ap_id: options.ap_id.clone(),
                secret_key: options.secret_key.read()?,
                sign: options.sign.clone(),
                add_serial: options.add_serial.clone(),
                secret_in_body: options.secret_in_body,
            },
            content: match &options.content {
                MasContent::Text(signature) => Content::Text(signature.clone()),
                MasContent::Templates(templates) => Content::Templates(Box::new(Registered::compile(templates)?)),
            },
            troubles: Troubles::default(),
        })
    }

    async fn send(&self, message: &Message, now: Instant) -> Outcome {
        let body = match self.body(message) {
            Ok(body) => body,
            Err(reason) => return Outcome::permanent(reason),
        };
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/json").body(body);
        match http::send(request, now).await {
            Ok(answer) => self.troubles.settled(verdict(&answer)),
            Err(none) => none.into(),
        }
    }

    fn body(&self, message: &Message) -> Result<String, String> {
        let mobile = domestic(&message.to).ok_or("收件人没有可用的手机号码")?;
        match &self.content {
            Content::Text(signature) => {
                let text = text::text(&message.forms.short, signature)?;
                text.note(&message.id);
                Ok(self.account.body(&mobile, Part::Content(&text.text)))
            }
            Content::Templates(registered) => {
                let filled = registered.fill(message)?;
                Ok(self.account.body(&mobile, Part::Template(filled.id, &params(&filled.values()))))
            }
        }
    }
}

/// The parameters as the vendor wants them: a template without any has one that is empty.
fn params(values: &[&str]) -> String {
    let values = if values.is_empty() { &[""] } else { values };
    serde_json::to_string(values).expect("texts can be written")
}

fn verdict(answer: &Answer) -> Verdict {
    let body: Option<Json> = serde_json::from_slice(&answer.body).ok();
    let Some(code) = body.as_ref().and_then(|body| body["rspcod"].as_str()) else { return CODES.unreadable(answer) };
    if code != "success" {
        return CODES.verdict(code, answer);
    }
    // Some platforms misspell it.
    Verdict::accepted(body.iter().flat_map(|body| [&body["msgGroup"], &body["mgsGroup"]]).find_map(Json::as_str))
}

impl Channel for Mas {
    fn kind(&self) -> &'static str {
        "sms"
    }

    fn deliver<'a>(&'a self, message: &'a Message, now: Instant) -> BoxFuture<'a, Outcome> {
        Box::pin(self.send(message, now))
    }

    fn segments(&self, message: &Message) -> Option<usize> {
        match &self.content {
            Content::Text(signature) => text::text(&message.forms.short, signature).ok().map(|text| text.segments()),
            Content::Templates(registered) => outgoing::segments(registered, message, ""),
        }
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

    const MOBILES: &str = "13800138000,13800138001";
    const CONTENT: &str = "【示例12345】工单ZH20260105001已红牌，请于2小时内反馈。";

    fn account() -> Account {
        Account {
            ec_name: "示例市政务服务数据管理局".into(),
            ap_id: "demoap".into(),
            secret_key: Secret::from("demo-Secret-1".to_owned()),
            sign: "demoSIGN1".into(),
            add_serial: String::new(),
            secret_in_body: false,
        }
    }

    fn decoded(body: &str) -> String {
        String::from_utf8(STANDARD.decode(body).unwrap()).unwrap()
    }

    /// Up to the `mac`.
    fn fields(body: &str) -> String {
        decoded(body).split_once(",\"mac\":").unwrap().0.to_owned()
    }

    #[test]
    fn the_mac_of_a_text_is_the_known_one() {
        assert_eq!(account().mac(MOBILES, Part::Content(CONTENT)), "6f233c857a6f8b213182a59091bf6d1d");
    }

    #[test]
    fn the_mac_of_a_template_is_the_known_one() {
        let params = params(&["ZH20260105001", "红牌"]);
        assert_eq!(params, r#"["ZH20260105001","红牌"]"#);
        assert_eq!(account().mac(MOBILES, Part::Template("tpl0001", &params)), "f030b34a661e4d629b133512f9d3f387");
    }

    #[test]
    fn the_body_of_a_text_is_the_known_one() {
        let body = account().body(MOBILES, Part::Content(CONTENT));
        let start = "eyJlY05hbWUiOiLnpLrkvovluILmlL/liqHmnI3liqHmlbDmja7nrqHnkIblsYAiLCJhcElkIjoiZGVtb2FwIi";
        assert!(
            body.starts_with(start) && body.ends_with("NmYyMzNjODU3YTZmOGIyMTMxODJhNTkwOTFiZjZkMWQifQ=="),
            "{body}"
        );
    }

    #[test]
    fn the_fields_stand_in_the_vendors_order_and_the_key_only_where_it_is_asked_for() {
        let with_key = Account { secret_in_body: true, ..account() };
        insta::assert_snapshot!(fields(&with_key.body("13800138000", Part::Content("他说\"好\""))), @r#"{"ecName":"示例市政务服务数据管理局","apId":"demoap","secretKey":"demo-Secret-1","mobiles":"13800138000","content":"他说\"好\"","sign":"demoSIGN1","addSerial":"""#);
        insta::assert_snapshot!(fields(&account().body("13800138000", Part::Template("tpl0001", &params(&[])))), @r#"{"ecName":"示例市政务服务数据管理局","apId":"demoap","templateId":"tpl0001","mobiles":"13800138000","params":"[\"\"]","sign":"demoSIGN1","addSerial":"""#);
    }

    #[test]
    fn quotes_are_escaped_in_the_body_and_bare_in_the_mac() {
        let mac = |content| {
            hex::encode(Md5::digest(format!(
                "示例市政务服务数据管理局demoapdemo-Secret-113800138000{content}demoSIGN1"
            )))
        };
        let body: Json =
            serde_json::from_str(&decoded(&account().body("13800138000", Part::Content("他说\"好\"")))).unwrap();
        assert_eq!(body["mac"], mac("他说\"好\""));
    }

    #[test]
    fn an_answer_names_the_group_that_receipts_will_name_in_either_spelling() {
        let outcome = |body: &str| verdict(&Answer { status: 200, retry_after: None, body: body.into() }).outcome;
        for body in [
            r#"{"msgGroup":"0927152506001000833076","rspcod":"success","success":true}"#,
            r#"{"mgsGroup":"0927152506001000833076","rspcod":"success","success":true}"#,
        ] {
            assert_eq!(outcome(body), Outcome::Accepted { provider_id: Some("0927152506001000833076".into()) });
        }
        let refused = outcome(r#"{"msgGroup":"","rspcod":"InvalidUsrOrPwd","success":false}"#);
        assert!(matches!(refused, Outcome::Permanent { .. }), "{refused:?}");
        for code in ["SystemBusy", "QueueOverLimit", "FlowOverLimit", "RequestTimeout", "InternalError"] {
            let busy = outcome(&format!(r#"{{"msgGroup":"","rspcod":"{code}","success":false}}"#));
            assert!(matches!(busy, Outcome::Transient { .. }), "{busy:?}");
        }
        assert!(matches!(outcome("<html>"), Outcome::Unknown { .. }));
    }
}
