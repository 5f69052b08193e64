//! 华为云消息&短信: forms authenticated by WSSE, whose digest is computed anew; a code for the call and a status for each number.

use super::city::Fake;
use super::decoded;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use duban::demo::sinks::gateway::{Received, Reply};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;

pub const APP_KEY: &str = "demo-key";
pub const APP_SECRET: &str = "demo-Secret-1";
pub const SENDER: &str = "8824110605";
pub const TEMPLATE: &str = "8ff55eac1d0b478ab3c06c3c6a492300";
const PARAMS: usize = 2;

/// The platform, with one application, one sender and one template.
#[derive(Default)]
pub struct Huawei(Mutex<State>);

#[derive(Default)]
struct State {
    nonces: HashSet<String>,
    sent: Vec<BTreeMap<String, String>>,
}

impl Huawei {
    /// The forms of everything that was sent.
    pub fn sent(&self) -> Vec<BTreeMap<String, String>> {
        self.0.lock().unwrap().sent.clone()
    }
}

/// A number's refusal in the vendor's form.
pub fn refused(status: &str) -> Reply {
    let result = json!([{ "smsMsgId": "", "from": SENDER, "originTo": "", "status": status, "total": 1 }]);
    Reply::ok(&json!({ "code": "E000510", "description": "", "result": result }).to_string())
}

impl Fake for Huawei {
    fn answer(&self, request: &Received) -> Reply {
        let state = &mut *self.0.lock().unwrap();
        if request.uri.path() != "/sms/batchSendSms/v1" {
            return Reply::status(404, "");
        }
        if let Err(code) = authenticated(request, &mut state.nonces) {
            return Reply::status(401, &json!({ "code": code, "description": "鉴权失败" }).to_string());
        }
        let form = decoded(&request.body);
        let status = status(&form);
        let code = if status == "000000" { "000000" } else { "E000510" };
        let id = format!("2ea20735-f856-4376-afbf-570bd70a46ee_{}", state.sent.len());
        let result = json!([{
            "smsMsgId": id, "from": form.get("from"), "originTo": form.get("to"), "status": status,
            "createTime": "2026-01-05T01:02:03Z", "countryId": "CN", "total": 1,
        }]);
        if status == "000000" {
            state.sent.push(form);
        }
        Reply::ok(&json!({ "code": code, "description": "", "result": result }).to_string())
    }
}

fn authenticated(request: &Received, nonces: &mut HashSet<String>) -> Result<(), &'static str> {
    let expected = r#"WSSE realm="SDP",profile="UsernameToken",type="Appkey""#;
    let wsse = request.header("x-wsse").unwrap_or_default();
    let token = wsse.strip_prefix("UsernameToken ").ok_or("E000020")?;
    let part = |name: &str| {
        let found =
            token.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'));
        found.unwrap_or_default()
    };
    let created = duban::time::Instant::parse(part("Created")).ok_or("E000110")?;
    let is_form =
        request.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let hashed = hex::encode(Sha256::digest(format!("{}{}{APP_SECRET}", part("Nonce"), part("Created"))));
    match () {
        () if request.header("authorization") != Some(expected) => Err("E000001"),
        () if part("Username") != APP_KEY => Err("E000021"),
        () if duban::clock::now().ms_since(created).abs() > 24 * 3_600_000 => Err("E000110"),
        () if !nonces.insert(part("Nonce").to_owned()) => Err("E000023"),
        () if part("PasswordDigest") != STANDARD.encode(hashed) => Err("E000024"),
        () if !is_form => Err("E000002"),
        () => Ok(()),
    }
}

fn status(form: &BTreeMap<String, String>) -> &'static str {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let params: Value = serde_json::from_str(field("templateParas")).unwrap_or_default();
    match () {
        () if field("from") != SENDER => "E200018",
        () if field("templateId") != TEMPLATE => "E200030",
        () if params.as_array().map(Vec::len) != Some(PARAMS) => "E200028",
        () if !field("to").starts_with("+86") => "E200040",
        () if field("extend").contains(['{', '}']) => "E000003",
        () => "000000",
    }
}
