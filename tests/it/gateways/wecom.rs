//! 粤政易 (企业微信) as its documentation describes it: HTTP 200 whatever happens and `errcode` in the body; tokens, trusted
//! addresses, visible ranges, forms, lengths and rates are checked. Sources: developer.work.weixin.qq.com paths 91039
//! (gettoken), 90236 (message/send), 90389 (media/upload), 99110 (robots), 90313 (codes).

mod card;
mod upload;

use duban::demo::sinks::gateway::{Gateway, Received, Reply};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

pub const CORP: &str = "ww0123456789abcdef";
pub const SECRET: &str = "s3cret-of-the-app";
pub const AGENT: u64 = 1_000_002;
pub const KEY: &str = "s3cret-key-of-the-robot";

const MINUTE: Duration = Duration::from_mins(1);
const ROBOT_A_MINUTE: usize = 20;
const MEMBER_A_MINUTE: usize = 30;
const TOKENS_A_MINUTE: usize = 10;
const TEXT_MAX: usize = 2048;

/// The platform.
pub struct Wecom(Mutex<State>);

struct State {
    /// Who is in the application's visible range.
    members: BTreeSet<String>,
    /// The `msgtype`s that this deployment takes.
    forms: BTreeSet<&'static str>,
    is_trusted: bool,
    is_robot_in_group: bool,
    /// The header that a gateway before it asks for.
    wanted: Option<(&'static str, &'static str)>,
    token: u32,
    fetched: Vec<Instant>,
    robot: Vec<Instant>,
    of_member: BTreeMap<String, Vec<Instant>>,
    media: BTreeMap<String, Media>,
    seen: BTreeSet<String>,
    delivered: Vec<Delivered>,
    requests: Vec<String>,
    script: VecDeque<(&'static str, Reply)>,
}

/// A file that was uploaded.
#[derive(Clone, Debug)]
pub struct Media {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// What a person or the group has got to read.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The user; empty for the group.
    pub to: String,
    /// The whole request.
    pub body: Value,
    /// The file, if it is one.
    pub file: Option<Media>,
}

impl Delivered {
    pub fn kind(&self) -> &str {
        self.body["msgtype"].as_str().unwrap()
    }

    /// What stands under the kind's name.
    pub fn content(&self) -> &Value {
        &self.body[self.kind()]
    }

    /// The text or markdown.
    pub fn text(&self) -> &str {
        self.content()["content"].as_str().unwrap_or_default()
    }
}

fn errcode(code: i64, message: &str) -> Value {
    // What the real one writes there: hints and addresses that are nobody's business.
    let hint = format!(
        "{message}, hint: [1700000000_35_5b2f], from ip: 10.1.2.3, more info at https://open.work.weixin.qq.com/devtool/query?e={code}"
    );
    json!({ "errcode": code, "errmsg": if code == 0 { "ok".into() } else { hint } })
}

impl Wecom {
    pub fn new() -> Arc<Wecom> {
        Arc::new(Wecom(Mutex::new(State {
            members: ["a01", "b02", "c03", "d04"].map(str::to_owned).into(),
            forms: ["text", "markdown", "template_card", "file"].into(),
            is_trusted: true,
            is_robot_in_group: true,
            wanted: None,
            token: 1,
            fetched: Vec::new(),
            robot: Vec::new(),
            of_member: BTreeMap::new(),
            media: BTreeMap::new(),
            seen: BTreeSet::new(),
            delivered: Vec::new(),
            requests: Vec::new(),
            script: VecDeque::new(),
        })))
    }

    /// The platform behind an HTTP server.
    pub fn gateway(self: &Arc<Wecom>) -> Arc<Gateway> {
        let platform = Arc::clone(self);
        Arc::new(Gateway::saying(move |request| Some(platform.answer(request))))
    }

    /// At the next request for a path it answers this instead.
    pub fn then(&self, path: &'static str, reply: Reply) {
        self.lock().script.push_back((path, reply));
    }

    pub fn then_errcode(&self, path: &'static str, code: i64) {
        self.then(path, Reply::ok(&errcode(code, "injected").to_string()));
    }

    /// A deployment that takes no messages of this kind.
    pub fn without(&self, form: &str) {
        self.lock().forms.remove(form);
    }

    pub fn trust(&self, is_trusted: bool) {
        self.lock().is_trusted = is_trusted;
    }

    pub fn remove_robot(&self) {
        self.lock().is_robot_in_group = false;
    }

    pub fn want_header(&self, name: &'static str, value: &'static str) {
        self.lock().wanted = Some((name, value));
    }

    /// Ends the token before its time.
    pub fn end_token(&self) {
        self.lock().token += 1;
    }

    /// Forgets what was uploaded, as after three days.
    pub fn forget_media(&self) {
        self.lock().media.clear();
    }

    pub fn delivered(&self) -> Vec<Delivered> {
        self.lock().delivered.clone()
    }

    pub fn delivered_to(&self, user: &str) -> Vec<Delivered> {
        self.lock().delivered.iter().filter(|one| one.to == user).cloned().collect()
    }

    /// How many requests came for a path, refused ones included.
    pub fn requests(&self, path: &str) -> usize {
        self.lock().requests.iter().filter(|of| *of == path).count()
    }

    pub fn tokens_fetched(&self) -> usize {
        self.lock().fetched.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn answer(&self, request: &Received) -> Reply {
        let mut state = self.lock();
        let path = request.uri.path();
        state.requests.push(path.to_owned());
        if let Some(at) = state.script.iter().position(|(of, _)| *of == path) {
            return state.script.remove(at).unwrap().1;
        }
        if state.wanted.is_some_and(|(name, value)| request.header(name) != Some(value)) {
            return Reply::status(401, "unauthorized");
        }
        Reply::ok(&state.usual(request).to_string())
    }
}

impl State {
    fn usual(&mut self, request: &Received) -> Value {
        let post = request.method == "POST";
        let answered = match request.uri.path() {
            "/cgi-bin/gettoken" if !post => self.token(request),
            "/cgi-bin/message/send" if post => self.message(request),
            "/cgi-bin/media/upload" if post => self.authorized(request).and_then(|()| self.upload(request)),
            "/cgi-bin/webhook/send" if post => self.robot(request),
            "/cgi-bin/webhook/upload_media" if post => self.keyed(request).and_then(|()| self.upload(request)),
            _ => Err(errcode(40066, "invalid url")),
        };
        answered.unwrap_or_else(|refused| refused)
    }

    /// The same token again and again, until it ends.
    fn token(&mut self, request: &Received) -> Result<Value, Value> {
        if request.parameter("corpid") != Some(CORP) {
            return Err(errcode(40013, "invalid corpid"));
        }
        if request.parameter("corpsecret") != Some(SECRET) {
            return Err(errcode(40001, "invalid credential"));
        }
        self.fetched.push(Instant::now());
        if recent(&self.fetched) > TOKENS_A_MINUTE {
            return Err(errcode(45009, "api freq out of limit"));
        }
        Ok(json!({ "errcode": 0, "errmsg": "ok", "access_token": self.current(), "expires_in": 7200 }))
    }

    fn current(&self) -> String {
        format!("token-{}", self.token)
    }

    fn authorized(&self, request: &Received) -> Result<(), Value> {
        match request.parameter("access_token") {
            None => Err(errcode(41001, "access_token missing")),
            Some(token) if token != self.current() => Err(errcode(40014, "invalid access_token")),
            Some(_) if !self.is_trusted => Err(errcode(60020, "not allow to access from your ip")),
            Some(_) => Ok(()),
        }
    }

    fn keyed(&self, request: &Received) -> Result<(), Value> {
        let is_ours = self.is_robot_in_group && request.parameter("key") == Some(KEY);
        if is_ours { Ok(()) } else { Err(errcode(93000, "invalid webhook url")) }
    }

    fn message(&mut self, request: &Received) -> Result<Value, Value> {
        self.authorized(request)?;
        let body = request.json();
        if body["agentid"].as_u64() != Some(AGENT) {
            return Err(errcode(40056, "invalid agentid"));
        }
        let file = self.check_content(&body, TEXT_MAX)?;
        let receivers = body["touser"].as_str().unwrap_or_default();
        if receivers.is_empty() {
            return Err(errcode(82001, "touser, toparty and totag are all empty"));
        }
        let (known, unknown): (Vec<&str>, Vec<&str>) =
            receivers.split('|').partition(|user| self.members.contains(*user));
        if known.is_empty() {
            return Err(errcode(81013, "user & party & tag all invalid"));
        }
        let is_repeat = body["enable_duplicate_check"] == 1 && !self.seen.insert(request.body.clone());
        for user in known.into_iter().filter(|_| !is_repeat) {
            let sent = self.of_member.entry(user.to_owned()).or_default();
            sent.push(Instant::now());
            // What is too much is dropped, and nothing is said of it.
            if recent(sent) <= MEMBER_A_MINUTE {
                self.delivered.push(Delivered { to: user.to_owned(), body: body.clone(), file: file.clone() });
            }
        }
        let invalid = unknown.join("|").to_lowercase();
        let msgid = format!("msg-{}", self.seen.len());
        Ok(json!({ "errcode": 0, "errmsg": "ok", "invaliduser": invalid, "msgid": msgid }))
    }

    fn robot(&mut self, request: &Received) -> Result<Value, Value> {
        self.keyed(request)?;
        self.robot.push(Instant::now());
        if recent(&self.robot) > ROBOT_A_MINUTE {
            return Err(errcode(45009, "api freq out of limit"));
        }
        let body = request.json();
        let file = self.check_content(&body, 4096)?;
        self.delivered.push(Delivered { to: String::new(), body, file });
        Ok(errcode(0, "ok"))
    }

    /// The file of a file's message.
    fn check_content(&self, body: &Value, markdown_max: usize) -> Result<Option<Media>, Value> {
        let kind = body["msgtype"].as_str().unwrap_or_default();
        if !self.forms.contains(kind) {
            return Err(errcode(40008, "invalid message type"));
        }
        let content = &body[kind];
        match kind {
            "text" => check_length(content, TEXT_MAX).and_then(|()| check_mentions(content)),
            "markdown" => check_length(content, markdown_max),
            "template_card" => card::check(content).map_err(|why| errcode(40058, &why)),
            _ => {
                let media = content["media_id"].as_str().and_then(|id| self.media.get(id));
                return media.cloned().map(Some).ok_or_else(|| errcode(40007, "invalid media_id"));
            }
        }
        .map(|()| None)
    }

    fn upload(&mut self, request: &Received) -> Result<Value, Value> {
        if request.parameter("type") != Some("file") {
            return Err(errcode(40004, "invalid media type"));
        }
        let media = upload::read(request).map_err(|(code, why)| errcode(code, why))?;
        let id = format!("media-{}", self.media.len() + 1);
        self.media.insert(id.clone(), media);
        Ok(json!({ "errcode": 0, "errmsg": "ok", "type": "file", "media_id": id, "created_at": "1380000000" }))
    }
}

/// How many lie within the last minute.
fn recent(at: &[Instant]) -> usize {
    at.iter().filter(|at| at.elapsed() < MINUTE).count()
}

fn check_length(content: &Value, max: usize) -> Result<(), Value> {
    match content["content"].as_str() {
        None | Some("") => Err(errcode(44004, "empty content")),
        Some(text) if text.len() > max => Err(errcode(40058, &format!("content exceed max length {max}"))),
        Some(_) => Ok(()),
    }
}

fn check_mentions(content: &Value) -> Result<(), Value> {
    let fits = |list: &Value| list.as_array().is_some_and(|list| list.iter().all(Value::is_string));
    let list = &content["mentioned_list"];
    if list.is_null() || fits(list) { Ok(()) } else { Err(errcode(40035, "invalid parameter mentioned_list")) }
}
