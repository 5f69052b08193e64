//! 阿里云短信服务 (dysmsapi): calls signed by ACS3-HMAC-SHA256, whose signature is computed anew from the request as it came;
//! templates with named variables of at most 35 characters and without addresses; details by number and day.

use super::city::Fake;
use super::decoded;
use duban::demo::sinks::gateway::{Received, Reply};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;

pub const KEY_ID: &str = "LTAI-demo";
pub const SECRET: &str = "demo-Secret-1";
pub const SIGN_NAME: &str = "示例12345";
pub const TEMPLATE: &str = "SMS_100000001";
/// The variables of the template.
const VARIABLES: [&str; 2] = ["card", "no"];
const LENGTH_MAX: usize = 35;
const SAME_MAX: usize = 50;

/// The service, with one account, one signature and one template.
#[derive(Default)]
pub struct Aliyun(Mutex<State>);

#[derive(Default)]
struct State {
    nonces: HashSet<String>,
    sent: Vec<Sent>,
    /// So many messages are sent without an answer that arrives.
    answers_lost: usize,
}

/// A message that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub mobile: String,
    pub out_id: String,
    pub biz_id: String,
    pub params: Value,
}

impl Aliyun {
    /// One whose answers to the first messages are cut off.
    pub fn losing_answers(count: usize) -> Aliyun {
        Aliyun(Mutex::new(State { answers_lost: count, ..State::default() }))
    }

    /// Everything that was sent.
    pub fn sent(&self) -> Vec<Sent> {
        self.0.lock().unwrap().sent.clone()
    }
}

impl Fake for Aliyun {
    fn answer(&self, request: &Received) -> Reply {
        let state = &mut *self.0.lock().unwrap();
        if let Err(code) = authenticated(request, &mut state.nonces) {
            return refused(if code.starts_with("Invalid") { 404 } else { 400 }, code, "");
        }
        let query = decoded(request.uri.query().unwrap_or_default());
        match request.header("x-acs-action") {
            Some("SendSms") => send(state, &query),
            Some("QuerySendDetails") => details(state, &query),
            _ => refused(404, "InvalidAction.NotFound", ""),
        }
    }
}

fn refused(status: u16, code: &str, message: &str) -> Reply {
    Reply::status(status, &json!({ "RequestId": "F655A8D5", "Code": code, "Message": message }).to_string())
}

fn authenticated(request: &Received, nonces: &mut HashSet<String>) -> Result<(), &'static str> {
    let header = |name: &str| request.header(name).unwrap_or_default();
    let part = |name: &str| {
        let found =
            header("authorization").split([' ', ',']).find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_default().to_owned()
    };
    let date = duban::time::Instant::parse(header("x-acs-date")).ok_or("InvalidTimeStamp.Format")?;
    let signed = part("SignedHeaders");
    let needed =
        ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"];
    let is_current = duban::clock::now().ms_since(date).abs() < 15 * 60_000;
    match () {
        () if !header("authorization").starts_with("ACS3-HMAC-SHA256 ") => Err("IncompleteSignature"),
        () if header("x-acs-version") != "2017-05-25" => Err("InvalidVersion"),
        () if !is_current => Err("InvalidTimeStamp.Expired"),
        () if !nonces.insert(header("x-acs-signature-nonce").to_owned()) => Err("SignatureNonceUsed"),
        () if part("Credential") != KEY_ID => Err("InvalidAccessKeyId.NotFound"),
        () if !needed.iter().all(|name| signed.split(';').any(|one| one == *name)) => Err("IncompleteSignature"),
        () if header("x-acs-content-sha256") != sha256(&request.body) => Err("SignatureDoesNotMatch"),
        () if part("Signature") != signature(request, &signed) => Err("SignatureDoesNotMatch"),
        () => Ok(()),
    }
}

/// As the vendor's page describes it, step by step.
fn signature(request: &Received, signed: &str) -> String {
    let mut pairs: Vec<&str> =
        request.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    let mut names: Vec<&str> = signed.split(';').collect();
    names.sort_unstable();
    let headers: Vec<String> =
        names.iter().map(|name| format!("{name}:{}", request.header(name).unwrap_or_default().trim())).collect();
    let headers = headers.join("\n") + "\n";
    let canonical = [
        request.method.as_str(),
        request.uri.path(),
        &pairs.join("&"),
        &headers,
        signed,
        request.header("x-acs-content-sha256").unwrap_or_default(),
    ]
    .join("\n");
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("ACS3-HMAC-SHA256\n{}", sha256(&canonical)).as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn send(state: &mut State, query: &BTreeMap<String, String>) -> Reply {
    let field = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let params: Value = serde_json::from_str(field("TemplateParam")).unwrap_or_default();
    let mobile = field("PhoneNumbers");
    let same = state.sent.iter().filter(|sent| sent.mobile == mobile).count();
    let problem = match () {
        () if field("SignName") != SIGN_NAME => Some(("isv.SMS_SIGNATURE_ILLEGAL", "签名不合法")),
        () if field("TemplateCode") != TEMPLATE => Some(("isv.SMS_TEMPLATE_ILLEGAL", "模板不合法")),
        () if mobile.split(',').count() > 1000 => Some(("isv.MOBILE_COUNT_OVER_LIMIT", "手机号码数量超过限制")),
        () if mobile.len() != 11 || !mobile.starts_with('1') => Some(("isv.MOBILE_NUMBER_ILLEGAL", "非法手机号")),
        () if same >= SAME_MAX => Some(("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:50")),
        () => wrong(&params),
    };
    if let Some((code, message)) = problem {
        return refused(200, code, message);
    }
    let biz_id = format!("90061974693649844{}^0", state.sent.len());
    state.sent.push(Sent { mobile: mobile.into(), out_id: field("OutId").into(), biz_id: biz_id.clone(), params });
    if state.answers_lost > 0 {
        state.answers_lost -= 1;
        return Reply::Cut;
    }
    Reply::ok(&json!({ "RequestId": "F655A8D5", "Code": "OK", "Message": "OK", "BizId": biz_id }).to_string())
}

/// What is wrong with the variables.
fn wrong(params: &Value) -> Option<(&'static str, &'static str)> {
    let Some(params) = params.as_object() else { return Some(("isv.INVALID_JSON_PARAM", "JSON参数不合法")) };
    let values = || params.values().map(|value| value.as_str().unwrap_or_default());
    match () {
        () if !VARIABLES.iter().all(|name| params.contains_key(*name)) => {
            Some(("isv.TEMPLATE_MISSING_PARAMETERS", "模板缺少变量"))
        }
        () if values().any(str::is_empty) => Some(("isv.TEMPLATE_PARAMS_ILLEGAL", "变量为空")),
        () if values().any(|value| value.chars().count() > LENGTH_MAX) => {
            Some(("isv.PARAM_LENGTH_LIMIT", "参数超过长度限制"))
        }
        () if values().any(|value| value.contains("http")) => Some(("isv.PARAM_NOT_SUPPORT_URL", "变量不支持传入URL")),
        () => None,
    }
}

fn details(state: &State, query: &BTreeMap<String, String>) -> Reply {
    let field = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let is_asked = |sent: &&Sent| {
        sent.mobile == field("PhoneNumber") && (field("BizId").is_empty() || sent.biz_id == field("BizId"))
    };
    let today = duban::clock::now().in_zone(chrono_tz::Asia::Shanghai);
    let of_day = field("SendDate") == today.format("%Y%m%d").to_string();
    let found: Vec<&Sent> = state.sent.iter().filter(|_| of_day).filter(is_asked).collect();
    let time = today.format("%Y-%m-%d %H:%M:%S").to_string();
    let detail = |sent: &&Sent| {
        json!({
            "PhoneNum": sent.mobile, "OutId": sent.out_id, "SendStatus": 3, "ErrCode": "DELIVERED",
            "TemplateCode": TEMPLATE, "SendDate": time, "ReceiveDate": time, "Content": "",
        })
    };
    let list: Vec<Value> = found.iter().map(detail).collect();
    let answer = json!({
        "RequestId": "F655A8D5", "Code": "OK", "Message": "OK", "TotalCount": list.len().to_string(),
        "SmsSendDetailDTOs": { "SmsSendDetailDTO": list },
    });
    Reply::ok(&answer.to_string())
}
