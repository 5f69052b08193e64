//! 腾讯云短信: calls signed by TC3-HMAC-SHA256, whose signature is computed anew from the request as it came; an answer for
//! each number, errors of the call apart; states by number and time.

use super::city::Fake;
use duban::demo::sinks::gateway::{Received, Reply};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Mutex;

pub const SECRET_ID: &str = "AKID-demo";
pub const SECRET_KEY: &str = "demo-Secret-1";
pub const APP_ID: &str = "1400006666";
pub const SIGN_NAME: &str = "示例12345";
pub const TEMPLATE: &str = "1110";
const PARAMS: usize = 2;
const SESSION_MAX: usize = 512;

/// The service, with one account, one application, one signature and one template.
#[derive(Default)]
pub struct Tencent(Mutex<State>);

#[derive(Default)]
struct State {
    sent: Vec<Sent>,
    answers_lost: usize,
    /// Numbers that unsubscribed.
    blacklist: Vec<String>,
    /// At most so many to a number in a day, where the console says so.
    daily_max: Option<usize>,
}

/// A message that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub number: String,
    pub serial: String,
    pub session: String,
    pub params: Value,
}

impl Tencent {
    /// One whose answers to the first messages are cut off.
    pub fn losing_answers(count: usize) -> Tencent {
        Tencent(Mutex::new(State { answers_lost: count, ..State::default() }))
    }

    /// One by which a number unsubscribed.
    pub fn without(number: &str) -> Tencent {
        Tencent(Mutex::new(State { blacklist: vec![number.into()], ..State::default() }))
    }

    /// One whose console allows a number so many a day.
    pub fn sparing(daily_max: usize) -> Tencent {
        Tencent(Mutex::new(State { daily_max: Some(daily_max), ..State::default() }))
    }

    /// Everything that was sent.
    pub fn sent(&self) -> Vec<Sent> {
        self.0.lock().unwrap().sent.clone()
    }
}

impl Fake for Tencent {
    fn answer(&self, request: &Received) -> Reply {
        let state = &mut *self.0.lock().unwrap();
        if let Err(code) = authenticated(request) {
            return failed(code);
        }
        let body = request.json();
        match request.header("x-tc-action") {
            Some("SendSms") => send(state, &body),
            Some("PullSmsSendStatusByPhoneNumber") => pull(state, &body),
            _ => failed("InvalidAction"),
        }
    }
}

fn answered(response: Value) -> Reply {
    let mut response = response;
    response["RequestId"] = "a0aabda6-cf91-4f3e-a81f-9198114a2279".into();
    Reply::ok(&json!({ "Response": response }).to_string())
}

/// An error of the whole call, which is HTTP 200, too.
pub fn failed(code: &str) -> Reply {
    answered(json!({ "Error": { "Code": code, "Message": "失败" } }))
}

fn authenticated(request: &Received) -> Result<(), &'static str> {
    let header = |name: &str| request.header(name).unwrap_or_default();
    let timestamp: i64 = header("x-tc-timestamp").parse().map_err(|_| "MissingParameter")?;
    let date = chrono::DateTime::from_timestamp(timestamp, 0).unwrap().format("%Y-%m-%d").to_string();
    let now = duban::clock::now().0 / 1000;
    let authorization =
        header("authorization").strip_prefix("TC3-HMAC-SHA256 ").ok_or("AuthFailure.SignatureFailure")?;
    let part = |name: &str| authorization.split(", ").find_map(|part| part.strip_prefix(name)).unwrap_or_default();
    match () {
        () if header("x-tc-version") != "2021-01-11" || header("x-tc-region").is_empty() => Err("MissingParameter"),
        () if (now - timestamp).abs() > 300 => Err("AuthFailure.SignatureExpire"),
        () if part("Credential=") != format!("{SECRET_ID}/{date}/sms/tc3_request") => {
            Err("AuthFailure.SecretIdNotFound")
        }
        () if part("Signature=") != signature(request, &date, part("SignedHeaders=")) => {
            Err("AuthFailure.SignatureFailure")
        }
        () => Ok(()),
    }
}

/// As the vendor's page describes it, step by step.
fn signature(request: &Received, date: &str, signed: &str) -> String {
    let header = |name: &str| {
        let value = request.header(name).unwrap_or_default().trim();
        if name == "x-tc-action" { value.to_lowercase() } else { value.to_owned() }
    };
    let headers: Vec<String> = signed.split(';').map(|name| format!("{name}:{}", header(name))).collect();
    let headers = headers.join("\n");
    let canonical = format!("POST\n/\n\n{headers}\n\n{signed}\n{}", sha256(&request.body));
    let scope = format!("{date}/sms/tc3_request");
    let text = format!("TC3-HMAC-SHA256\n{}\n{scope}\n{}", header("x-tc-timestamp"), sha256(&canonical));
    let secret_date = hmac(format!("TC3{SECRET_KEY}").as_bytes(), date);
    let secret_service = hmac(&secret_date, "sms");
    let secret_signing = hmac(&secret_service, "tc3_request");
    hex::encode(hmac(&secret_signing, &text))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn send(state: &mut State, body: &Value) -> Reply {
    let session = body["SessionContext"].as_str().unwrap_or_default();
    let numbers = body["PhoneNumberSet"].as_array().cloned().unwrap_or_default();
    match () {
        () if body["SmsSdkAppId"] != APP_ID => return failed("InvalidParameterValue.SdkAppIdNotExist"),
        () if numbers.is_empty() || numbers.len() > 200 => return failed("LimitExceeded.PhoneNumberCountLimit"),
        () if session.len() > SESSION_MAX => return failed("InvalidParameter.SessionContext"),
        () => {}
    }
    let statuses: Vec<Value> =
        numbers.iter().map(|number| status(state, number.as_str().unwrap_or_default(), body)).collect();
    if state.answers_lost > 0 {
        state.answers_lost -= 1;
        return Reply::Cut;
    }
    answered(json!({ "SendStatusSet": statuses }))
}

fn status(state: &mut State, number: &str, body: &Value) -> Value {
    let params = body["TemplateParamSet"].as_array().cloned().unwrap_or_default();
    let to_number = state.sent.iter().filter(|sent| sent.number == number).count();
    let code = match () {
        () if state.daily_max.is_some_and(|max| to_number >= max) => "LimitExceeded.PhoneNumberDailyLimit",
        () if body["SignName"] != SIGN_NAME => "FailedOperation.SignatureIncorrectOrUnapproved",
        () if body["TemplateId"] != TEMPLATE || params.len() != PARAMS => {
            "FailedOperation.TemplateIncorrectOrUnapproved"
        }
        () if !number.starts_with('+') => "InvalidParameterValue.IncorrectPhoneNumber",
        () if state.blacklist.iter().any(|known| known == number) => "FailedOperation.PhoneNumberInBlacklist",
        () => "Ok",
    };
    let session = body["SessionContext"].as_str().unwrap_or_default().to_owned();
    let serial = if code == "Ok" { format!("5000:10457106691570536578{}", state.sent.len()) } else { String::new() };
    if code == "Ok" {
        let params = body["TemplateParamSet"].clone();
        state.sent.push(Sent { number: number.into(), serial: serial.clone(), session: session.clone(), params });
    }
    json!({
        "SerialNo": serial, "PhoneNumber": number, "Fee": i32::from(code == "Ok"), "SessionContext": session, "Code": code,
        "Message": "", "IsoCode": "CN",
    })
}

fn pull(state: &State, body: &Value) -> Reply {
    let now = duban::clock::now().0 / 1000;
    let is_in_time = body["BeginTime"].as_i64().is_some_and(|begin| begin <= now) && body["EndTime"].is_i64();
    if !is_in_time || body["SmsSdkAppId"] != APP_ID || body["Limit"].as_i64().is_none_or(|limit| limit > 100) {
        return failed("InvalidParameterValue");
    }
    let of_number = state.sent.iter().filter(|sent| body["PhoneNumber"] == *sent.number);
    let statuses = of_number.map(|sent| {
        json!({
            "UserReceiveTime": now, "CountryCode": "86", "SubscriberNumber": sent.number.trim_start_matches("+86"),
            "PhoneNumber": sent.number, "SerialNo": sent.serial, "ReportStatus": "SUCCESS", "Description": "DELIVRD",
            "SessionContext": sent.session,
        })
    });
    answered(json!({ "PullSmsSendStatusSet": statuses.collect::<Vec<_>>() }))
}
