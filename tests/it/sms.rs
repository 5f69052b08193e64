//! SMS over a gateway that is described by templates: what is sent, and what each answer means.

use crate::fakes::*;
use crate::gateways::city::{City, Fake, post_receipts, soon, wait_for_state};
use duban::config::channels::sms::{Signature, SmsHttp};
use duban::config::channels::{Answer, AnswerField, GatewayRequest, HeaderValue, Way};
use duban::demo::sinks::gateway::{Gateway, Received, Reply};
use duban::notify::channel::Outcome;
use duban::notify::open::OpenError;
use duban::notify::sms::described::Described as Sms;
use reqwest::header::RETRY_AFTER;
use std::sync::Arc;
use std::time::Duration;

const MOBILE: &str = "13800000000";

/// The gateway of the documented configuration.
fn options(base: &str) -> SmsHttp {
    let field = |equals: &[&str]| AnswerField {
        pointer: "/code".into(),
        equals: equals.iter().map(ToString::to_string).collect(),
    };
    SmsHttp {
        request: GatewayRequest {
            method: "POST".into(),
            url: format!("{base}/sms"),
            headers: vec![("X-Message".into(), HeaderValue::Text("{{ id }}".into()))],
            body: Some(r#"{"to": {{ mobile | tojson }}, "text": {{ text | tojson }}, "id": {{ id | tojson }}}"#.into()),
        },
        accepted: Answer { statuses: [200].into(), field: Some(field(&["0"])), id: None },
        retry: Answer { statuses: [429, 500, 502, 503, 504].into(), field: Some(field(&["busy"])), id: None },
        signature: Signature::AsWritten,
        receipts: None,
        way: way(),
    }
}

/// What becomes of one SMS when the gateway answers so.
async fn when(reply: Reply) -> Outcome {
    let gateway = scripted_gateway([("/sms", reply)]);
    let sms = Sms::open(&options(&serve_http(&gateway).await)).unwrap();
    deliver(&sms, &message("n1", MOBILE)).await
}

#[tokio::test]
async fn the_request_is_as_the_template_says_whatever_the_text_holds() {
    let files = Files::new();
    let gateway = Arc::new(Gateway::taking_all());
    let mut options = options(&serve_http(&gateway).await);
    options.request.headers.push(("X-Key".into(), HeaderValue::Secret(files.secret("sms", "s3cret\n"))));
    let sms = Sms::open(&options).unwrap();
    let mut message = message("n1", "138 0000 0000");
    message.forms.short = " 标题\"},{\"to\":\"139\r\n第二行 ".into();
    assert_eq!(deliver(&sms, &message).await, Outcome::Accepted { provider_id: None });
    let [request] = &gateway.received()[..] else { panic!("{:?}", gateway.received()) };
    assert_eq!(
        request.json(),
        serde_json::json!({ "to": MOBILE, "text": "标题\"},{\"to\":\"139  第二行", "id": "n1" })
    );
    assert_eq!((request.header("x-key"), request.header("x-message")), (Some("s3cret"), Some("n1")));
    assert_eq!(request.header("content-type"), Some("application/json; charset=utf-8"));
}

#[tokio::test]
async fn a_gateway_may_take_everything_in_the_query() {
    let gateway = Arc::new(Gateway::taking_all());
    let mut options = options(&serve_http(&gateway).await);
    options.request.method = "GET".into();
    options.request.url += "?to={{ mobile }}&text={{ text | urlencode }}";
    options.request.body = None;
    let mut message = message("n1", MOBILE);
    message.forms.short = "红牌 & 退回".into();
    assert!(is_accepted(&deliver(&Sms::open(&options).unwrap(), &message).await));
    let [request] = &gateway.received()[..] else { panic!("{:?}", gateway.received()) };
    assert_eq!(request.uri.query(), Some("to=13800000000&text=%E7%BA%A2%E7%89%8C%20%26%20%E9%80%80%E5%9B%9E"));
    assert_eq!((request.method.as_str(), request.body.as_str()), ("GET", ""));
}

#[tokio::test]
async fn an_answer_is_accepted_by_its_status_and_its_field_together() {
    assert!(is_accepted(&when(Reply::ok(r#"{"code":0}"#)).await));
    assert!(is_accepted(&when(Reply::ok(r#"{"code":"0"}"#)).await));
    assert_permanent(&when(Reply::status(201, r#"{"code":"0"}"#)).await);
    assert_permanent(&when(Reply::ok(r#"{"code":"17"}"#)).await);
    assert_permanent(&when(Reply::ok("{}")).await);
    assert_permanent(&when(Reply::ok("<html>登录</html>")).await);
}

#[tokio::test]
async fn an_answer_asks_for_another_attempt_by_its_status_or_by_its_field() {
    for status in [429, 500, 502, 503, 504] {
        assert_transient(&when(Reply::status(status, "busy")).await);
    }
    assert_transient(&when(Reply::ok(r#"{"code":"busy"}"#)).await);
    for status in [400, 401, 403, 404, 302] {
        assert_permanent(&when(Reply::status(status, "")).await);
    }
}

#[tokio::test]
async fn the_pause_that_a_gateway_asks_for_is_handed_on() {
    let reply = Reply::With { status: 429, header: Some((RETRY_AFTER, "30".into())), body: String::new() };
    let Outcome::Transient { retry_after, .. } = when(reply).await else { panic!("not transient") };
    assert_eq!(retry_after, Some(Duration::from_secs(30)));
}

#[tokio::test]
async fn without_an_answer_it_is_unknown_whether_the_sms_went_out() {
    assert_unknown(&when(Reply::After(Duration::from_secs(2))).await);
    assert_unknown(&when(Reply::Cut).await);
    let base = format!("http://{}", serve_hanging_up().await);
    assert_unknown(&deliver(&Sms::open(&options(&base)).unwrap(), &message("n1", MOBILE)).await);
}

#[tokio::test]
async fn a_gateway_that_closes_idle_connections_loses_no_sms() {
    let sms = Sms::open(&options(&format!("http://{}", serve_first_requests().await))).unwrap();
    for id in ["n1", "n2", "n3"] {
        let outcome = deliver(&sms, &message(id, MOBILE)).await;
        assert!(is_accepted(&outcome), "{id}: {outcome:?}");
    }
}

/// Runs another test of this binary with proxies in the environment.
#[test]
fn proxies_in_the_environment_are_not_used() {
    let itself = std::env::current_exe().unwrap();
    let ran = std::process::Command::new(itself)
        .args(["--exact", "sms::the_request_is_as_the_template_says_whatever_the_text_holds"])
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, "http://127.0.0.1:9")))
        .env_remove("REQUEST_METHOD")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn what_never_reached_the_gateway_may_be_tried_again() {
    let base = format!("http://{}", nobody().await);
    let outcome = deliver(&Sms::open(&options(&base)).unwrap(), &message("n1", MOBILE)).await;
    assert_transient(&outcome);
    assert_eq!(reason(&outcome), "未能连上：对方拒绝连接");
    let outcome = deliver(&Sms::open(&options("http://no-such-host.invalid")).unwrap(), &message("n1", MOBILE)).await;
    assert_transient(&outcome);
}

#[tokio::test]
async fn a_private_authority_is_trusted_only_where_it_is_configured() {
    let (files, certificate) = (Files::new(), Certificate::of("localhost"));
    let gateway = Arc::new(Gateway::taking_all());
    let base = serve_https(&gateway, &certificate).await;
    let ca_file = Some(files.holding("ca.pem", &certificate.pem));
    let trusting = SmsHttp { way: Way { ca_file: ca_file.clone(), ..way() }, ..options(&base) };
    assert!(is_accepted(&deliver(&Sms::open(&trusting).unwrap(), &message("n1", MOBILE)).await));
    let outcome = deliver(&Sms::open(&options(&base)).unwrap(), &message("n2", MOBILE)).await;
    assert_transient(&outcome);
    assert!(reason(&outcome).contains("证书不受信任"), "{outcome:?}");
    let other = serve_https(&gateway, &Certificate::of("other.example")).await;
    let mistaken = SmsHttp { way: Way { ca_file, ..way() }, ..options(&other) };
    assert_transient(&deliver(&Sms::open(&mistaken).unwrap(), &message("n3", MOBILE)).await);
    assert_eq!(gateway.received().len(), 1);
}

#[tokio::test]
async fn a_proxy_gets_the_request_instead_of_the_gateway() {
    let proxy = Arc::new(Gateway::taking_all());
    let way = Way { proxy: Some(serve_http(&proxy).await), ..way() };
    let options = SmsHttp { way, ..options("http://sms.example.gov.cn") };
    assert!(is_accepted(&deliver(&Sms::open(&options).unwrap(), &message("n1", MOBILE)).await));
    let [request] = &proxy.received()[..] else { panic!("{:?}", proxy.received()) };
    assert_eq!(request.uri.to_string(), "http://sms.example.gov.cn/sms");
}

#[tokio::test]
async fn nothing_is_sent_to_a_recipient_without_a_number_or_beyond_the_longest_length() {
    let gateway = Arc::new(Gateway::taking_all());
    let mut options = options(&serve_http(&gateway).await);
    options.signature = Signature::ByGateway(Some("【珠海12345】".into()));
    let sms = Sms::open(&options).unwrap();
    for to in ["", "甲", "13800000000;13900000000"] {
        assert_permanent(&deliver(&sms, &message("n1", to)).await);
    }
    let mut long = message("n1", MOBILE);
    long.forms.short = "长".repeat(492);
    assert_permanent(&deliver(&sms, &long).await);
    assert!(gateway.received().is_empty());
    long.forms.short = "长".repeat(491);
    assert!(is_accepted(&deliver(&sms, &long).await));
}

#[tokio::test]
async fn no_reason_holds_the_number_the_text_or_a_secret() {
    let files = Files::new();
    for reply in [
        Reply::ok(r#"{"code":"13800000000 已在黑名单"}"#),
        Reply::status(400, "13800000000 s3cret-url 黄牌"),
        Reply::Cut,
        Reply::After(Duration::from_secs(2)),
    ] {
        let gateway = scripted_gateway([("/sms", reply)]);
        let mut options = options(&serve_http(&gateway).await);
        options.request.url += "?key=s3cret-url&to={{ mobile }}";
        options.request.headers.push(("X-Key".into(), HeaderValue::Secret(files.secret("sms", "s3cret-header"))));
        let outcome = deliver(&Sms::open(&options).unwrap(), &message("n1", MOBILE)).await;
        for private in ["138", "s3cret", "黄牌", "127.0.0.1"] {
            assert!(!reason(&outcome).contains(private), "{outcome:?}");
        }
    }
}

#[test]
fn what_is_wrong_with_the_configuration_is_known_at_the_start() {
    let open = |change: &dyn Fn(&mut SmsHttp)| {
        let mut options = options("http://127.0.0.1:9000");
        change(&mut options);
        Sms::open(&options).err().unwrap().to_string()
    };
    let template = open(&|options| options.request.body = Some("{{ mobil }}".into()));
    assert_eq!(template, "`request.body`: unknown variable `mobil`; there are `mobile`, `text` and `id`");
    let header = open(&|options| options.request.headers.push(("X Key".into(), HeaderValue::Text("1".into()))));
    assert!(header.contains("X Key"), "{header}");
    let proxy = SmsHttp { way: Way { proxy: Some("::".into()), ..way() }, ..options("http://127.0.0.1:9000") };
    assert!(matches!(Sms::open(&proxy).err().unwrap(), OpenError::Proxy(_)));
}

const RECEIPTS: &str = r#"
    kind: sms
    driver: http
    request:
      url: "{base}/send"
      body: '{"to": {{ mobile | tojson }}, "text": {{ text | tojson }}, "seq": {{ id | tojson }}}'
    accepted: { field: /code, equals: "0", id: /msgid }
    receipts: { token: { file: secrets/receipts }, each: /reports, id: /msgid, to: /to, state: /state, delivered: [DELIVRD], thanks: ok }
"#;

/// A gateway that gives each message a number of its own.
struct Numbering;

impl Fake for Numbering {
    fn answer(&self, _: &Received) -> Reply {
        Reply::ok(r#"{"code":0,"msgid":"m-1"}"#)
    }
}

#[test]
fn receipts_of_a_gateway_that_is_described_are_matched_by_its_own_number() {
    let city = City::new(Numbering, RECEIPTS);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    wait_for_state(&daemon, "ZH-1", "accepted");
    let report = r#"{"reports":[{"msgid":"m-1","state":"DELIVRD","to":"13800000000"}]}"#;
    let thanked = post_receipts(&daemon, "token-of-receipts", "application/json", report);
    assert_eq!(thanked, (200, "ok".to_owned()));
    wait_for_state(&daemon, "ZH-1", "delivered");
}
