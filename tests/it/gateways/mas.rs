//! 中国移动云MAS: JSON in Base64, the MD5 of its fields with the account's key, `rspcod` in an answer of HTTP 200.

use super::city::Fake;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use duban::demo::sinks::gateway::{Received, Reply};
use md5::{Digest, Md5};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

pub const EC_NAME: &str = "示例市政务服务数据管理局";
pub const AP_ID: &str = "demoap";
pub const SECRET_KEY: &str = "demo-Secret-1";
pub const SIGN: &str = "demoSIGN1";
pub const TEMPLATE: &str = "tpl0001";
const MOBILES_MAX: usize = 5000;
const CONTENT_MAX: usize = 500;

/// The platform, with one account.
#[derive(Default)]
pub struct Mas {
    sent: AtomicUsize,
}

/// The JSON that was posted.
pub fn posted(request: &Received) -> Option<Value> {
    serde_json::from_slice(&STANDARD.decode(&request.body).ok()?).ok()
}

impl Mas {
    fn rspcod(request: &Received) -> &'static str {
        let Some(body) = posted(request) else { return "InvalidMessage" };
        let field = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let is_template = request.uri.path() == "/sms/tmpsubmit";
        let middle = if is_template {
            field("templateId") + &field("mobiles") + &field("params")
        } else {
            field("mobiles") + &field("content")
        };
        let text = field("ecName") + &field("apId") + SECRET_KEY + &middle + &field("sign") + &field("addSerial");
        let mobiles = field("mobiles");
        let mobiles: Vec<&str> = mobiles.split(',').collect();
        match () {
            () if field("ecName") != EC_NAME || field("apId") != AP_ID => "InvalidUsrOrPwd",
            () if field("mac") != hex::encode(Md5::digest(text)) => "IllegalMac",
            () if field("sign").is_empty() => "NoSignId",
            () if field("sign") != SIGN => "IllegalSignId",
            () if mobiles.len() > MOBILES_MAX => "TooManyMobiles",
            () if !mobiles.iter().all(|mobile| is_mobile(mobile)) => "InvalidMobile",
            () if is_template && field("templateId") != TEMPLATE => "IllegalUseTemplate",
            () if is_template && !is_list(&field("params")) => "InvalidMessage",
            () if !is_template && !(1..=CONTENT_MAX).contains(&field("content").chars().count()) => "InvalidMessage",
            () => "success",
        }
    }
}

fn is_mobile(text: &str) -> bool {
    text.len() == 11 && text.starts_with('1') && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_list(params: &str) -> bool {
    serde_json::from_str::<Vec<String>>(params).is_ok_and(|params| !params.is_empty())
}

/// An answer in the vendor's form.
pub fn answer(rspcod: &str, group: &str) -> Reply {
    Reply::ok(&json!({ "msgGroup": group, "rspcod": rspcod, "success": rspcod == "success" }).to_string())
}

/// The group of the how-manieth message that was taken.
pub fn group(number: usize) -> String {
    format!("09271525060010008{number:05}")
}

impl Fake for Mas {
    fn answer(&self, request: &Received) -> Reply {
        if !["/sms/norsubmit", "/sms/tmpsubmit"].contains(&request.uri.path()) || request.method != "POST" {
            return Reply::status(404, "");
        }
        match Mas::rspcod(request) {
            "success" => answer("success", &group(self.sent.fetch_add(1, Ordering::Relaxed) + 1)),
            refused => answer(refused, ""),
        }
    }
}
