//! A province's own gateway, as such are described to integrators: a key in a header, JSON, a code in the answer, its own
//! number for each message, states that are posted and can be asked for by either number.

use super::city::Fake;
use super::decoded;
use duban::demo::sinks::gateway::{Received, Reply};
use serde_json::json;
use std::sync::Mutex;

pub const KEY: &str = "demo-Secret-1";
const LENGTH_MAX: usize = 500;

/// The gateway, with one account.
#[derive(Default)]
pub struct Described(Mutex<State>);

#[derive(Default)]
struct State {
    sent: Vec<Sent>,
    answers_lost: usize,
}

/// A message that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub mobile: String,
    pub text: String,
    /// The sender's number for it.
    pub seq: String,
}

impl Described {
    /// One whose answers to the first messages are cut off.
    pub fn losing_answers(count: usize) -> Described {
        Described(Mutex::new(State { answers_lost: count, ..State::default() }))
    }

    /// Everything that was sent.
    pub fn sent(&self) -> Vec<Sent> {
        self.0.lock().unwrap().sent.clone()
    }
}

impl Fake for Described {
    fn answer(&self, request: &Received) -> Reply {
        let state = &mut *self.0.lock().unwrap();
        match (request.method.as_str(), request.uri.path()) {
            _ if request.header("x-key") != Some(KEY) => Reply::status(401, r#"{"code":"AUTH"}"#),
            ("POST", "/send") => send(state, request),
            ("GET", "/report") => report(state, request),
            _ => Reply::status(404, ""),
        }
    }
}

fn send(state: &mut State, request: &Received) -> Reply {
    let body = request.json();
    let field = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let sent = Sent { mobile: field("to"), text: field("text"), seq: field("seq") };
    let is_mobile = sent.mobile.len() == 11 && sent.mobile.bytes().all(|byte| byte.is_ascii_digit());
    let refused = |code: &str| Reply::ok(&json!({ "code": code }).to_string());
    match () {
        () if !is_mobile => return refused("MOBILE"),
        () if !(1..=LENGTH_MAX).contains(&sent.text.encode_utf16().count()) => return refused("LENGTH"),
        () if !sent.text.starts_with('【') || sent.text.matches('【').count() != 1 => return refused("SIGN"),
        () if sent.text.contains('\n') => return refused("CONTENT"),
        () => {}
    }
    state.sent.push(sent);
    if state.answers_lost > 0 {
        state.answers_lost -= 1;
        return Reply::Cut;
    }
    Reply::ok(&json!({ "code": 0, "msgid": format!("m-{}", state.sent.len()) }).to_string())
}

/// Of one message, by the sender's number.
fn report(state: &State, request: &Received) -> Reply {
    let query = decoded(request.uri.query().unwrap_or_default());
    let reports: Vec<_> =
        state.sent.iter().enumerate().filter(|(_, sent)| query.get("seq") == Some(&sent.seq)).collect();
    let report = |(at, sent): (usize, &Sent)| json!({ "msgid": format!("m-{}", at + 1), "seq": sent.seq, "to": sent.mobile, "state": "DELIVRD" });
    let reports: Vec<_> = reports.into_iter().map(report).collect();
    Reply::ok(&json!({ "reports": reports }).to_string())
}
