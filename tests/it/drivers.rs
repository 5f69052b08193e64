//! What holds of SMS by whatever gateway: the real daemon against a fake of each, one table for all.

use crate::daemon::harness::{As, Daemon, wait_for};
use crate::fakes::Certificate;
use crate::gateways::aliyun::Aliyun;
use crate::gateways::city::{City, Fake, approve, attempts, clue, notice, slow, soon, wait_for_state};
use crate::gateways::described::Described;
use crate::gateways::huawei::Huawei;
use crate::gateways::mas::{Mas, answer, posted};
use crate::gateways::tencent::{Tencent, failed};
use crate::gateways::{decoded, huawei};
use duban::demo::sinks::gateway::{Received, Reply};
use duban::time::Instant;
use reqwest::header::RETRY_AFTER;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;

/// A driver, its gateway's fake, and what is its own.
struct Driver {
    name: &'static str,
    sms: &'static str,
    fake: fn() -> Arc<dyn Fake>,
    /// A refusal for good, and how it is told.
    refusal: (fn() -> Reply, &'static str),
    /// How an answer of HTTP 200 is told that is none.
    garbled: &'static str,
    /// How a wrong key is told.
    wrong_key: &'static str,
    /// How the operators read of it.
    told: &'static str,
}

const DESCRIBED: &str = r#"
    kind: sms
    driver: http
    request:
      url: "{base}/send"
      headers: { X-Key: { file: secrets/sms } }
      body: '{"to": {{ mobile | tojson }}, "text": {{ text | tojson }}, "seq": {{ id | tojson }}}'
    accepted: { field: /code, equals: "0", id: /msgid }
    receipts:
      each: /reports
      id: /msgid
      own_id: /seq
      state: /state
      delivered: [DELIVRD]
      ask: { method: GET, url: "{base}/report?seq={{ id | urlencode }}", headers: { X-Key: { file: secrets/sms } } }
    timeout: 2 seconds
"#;

const MAS_TEXTS: &str = r#"
    kind: sms
    driver: mas
    url: "{base}/sms/norsubmit"
    ec_name: 示例市政务服务数据管理局
    ap_id: demoap
    secret_key: { file: secrets/sms }
    sign: demoSIGN1
    timeout: 2 seconds
"#;

const MAS_TEMPLATES: &str = r#"
    kind: sms
    driver: mas
    url: "{base}/sms/tmpsubmit"
    ec_name: 示例市政务服务数据管理局
    ap_id: demoap
    secret_key: { file: secrets/sms }
    sign: demoSIGN1
    timeout: 2 seconds
    templates:
      yellow-card: { id: tpl0001, params: ["{{ order }}", "{{ act }}"] }
      confidential: { id: tpl0001, params: ["{{ act }}"] }
"#;

const ALIYUN: &str = r#"
    kind: sms
    driver: aliyun
    base_url: "{base}"
    access_key_id: LTAI-demo
    access_key_secret: { file: secrets/sms }
    signature: 示例12345
    timeout: 2 seconds
    templates:
      yellow-card: { id: SMS_100000001, params: { no: "{{ order }}", card: "{{ act }}" } }
      confidential: { id: SMS_100000001, params: { no: 保密, card: "{{ act }}" } }
"#;

const TENCENT: &str = r#"
    kind: sms
    driver: tencent
    base_url: "{base}"
    secret_id: AKID-demo
    secret_key: { file: secrets/sms }
    app_id: "1400006666"
    signature: 示例12345
    timeout: 2 seconds
    templates:
      yellow-card: { id: "1110", params: ["{{ order }}", "{{ act }}"] }
      confidential: { id: "1110", params: [保密, "{{ act }}"] }
"#;

const HUAWEI: &str = r#"
    kind: sms
    driver: huawei
    base_url: "{base}"
    app_key: demo-key
    app_secret: { file: secrets/sms }
    sender: "8824110605"
    timeout: 2 seconds
    templates:
      yellow-card: { id: 8ff55eac1d0b478ab3c06c3c6a492300, params: ["{{ order }}", "{{ act }}"] }
      confidential: { id: 8ff55eac1d0b478ab3c06c3c6a492300, params: [保密, "{{ act }}"] }
"#;

const DRIVERS: [Driver; 6] = [
    Driver {
        name: "http",
        sms: DESCRIBED,
        fake: || Arc::new(Described::default()),
        refusal: (|| Reply::ok(r#"{"code":"BLACKLIST"}"#), "短信网关拒收：HTTP 200，/code = BLACKLIST"),
        garbled: "permanent: 短信网关答复 HTTP 200，内容不是 JSON",
        wrong_key: "短信网关拒收：HTTP 401，/code = AUTH",
        told: "HTTP 401，短信网关：不许访问",
    },
    Driver {
        name: "mas",
        sms: MAS_TEXTS,
        fake: || Arc::new(Mas::default()),
        refusal: (|| answer("OverDailyMax", ""), "云MAS：OverDailyMax（超过账号当天的条数：请客户经理调高）"),
        garbled: "unknown: 云MAS：HTTP 200，答复不是约定的格式，可能已发出",
        wrong_key: "云MAS：IllegalMac（mac 校验不符：核对 ec_name、ap_id、secret_key、sign、add_serial）",
        told: "IllegalMac，云MAS：mac 校验不符",
    },
    Driver {
        name: "mas by templates",
        sms: MAS_TEMPLATES,
        fake: || Arc::new(Mas::default()),
        refusal: (
            || answer("IllegalUseTemplate", ""),
            "云MAS：IllegalUseTemplate（模板与账号不符：核对模板编号，或改用普通短信）",
        ),
        garbled: "unknown: 云MAS：HTTP 200，答复不是约定的格式，可能已发出",
        wrong_key: "云MAS：IllegalMac（mac 校验不符：核对 ec_name、ap_id、secret_key、sign、add_serial）",
        told: "IllegalMac，云MAS：mac 校验不符",
    },
    Driver {
        name: "aliyun",
        sms: ALIYUN,
        fake: || Arc::new(Aliyun::default()),
        refusal: (
            || Reply::ok(&json!({ "Code": "isv.AMOUNT_NOT_ENOUGH", "Message": "账户余额不足" }).to_string()),
            "阿里云短信：isv.AMOUNT_NOT_ENOUGH（余额不足：充值）",
        ),
        garbled: "unknown: 阿里云短信：HTTP 200，答复不是约定的格式，可能已发出",
        wrong_key: "阿里云短信：SignatureDoesNotMatch（请求的签名不符：核对 access_key_secret）",
        told: "SignatureDoesNotMatch，阿里云短信：请求的签名不符",
    },
    Driver {
        name: "tencent",
        sms: TENCENT,
        fake: || Arc::new(Tencent::default()),
        refusal: (
            || failed("FailedOperation.InsufficientBalanceInSmsPackage"),
            "腾讯云短信：FailedOperation.InsufficientBalanceInSmsPackage（套餐包余量不足：购买套餐包）",
        ),
        garbled: "unknown: 腾讯云短信：HTTP 200，答复不是约定的格式，可能已发出",
        wrong_key: "腾讯云短信：AuthFailure.SignatureFailure（密钥有误：核对 secret_id、secret_key）",
        told: "AuthFailure.SignatureFailure，腾讯云短信：密钥有误",
    },
    Driver {
        name: "huawei",
        sms: HUAWEI,
        fake: || Arc::new(Huawei::default()),
        refusal: (|| huawei::refused("E200030"), "华为云短信：E200030（模板未启用或不存在：核对模板的 id）"),
        garbled: "unknown: 华为云短信：HTTP 200，答复不是约定的格式，可能已发出",
        wrong_key: "华为云短信：E000024（鉴权有误（X-WSSE）：核对 app_key、app_secret）",
        told: "E000024，华为云短信：鉴权有误（X-WSSE）",
    },
];

/// Runs something with every driver at once; a failure names the driver.
fn with_every_driver(run: impl Fn(&'static Driver) + Sync) {
    static ALL: [Driver; 6] = DRIVERS;
    let run = &run;
    thread::scope(|scope| {
        for driver in &ALL {
            thread::Builder::new().name(driver.name.into()).spawn_scoped(scope, move || run(driver)).unwrap();
        }
    });
}

/// Everything that a request says, in the clear.
fn said(request: &Received) -> String {
    let query = decoded(request.uri.query().unwrap_or_default());
    let json = posted(request).unwrap_or_default();
    format!("{query:?} {} {:?} {json}", request.body, decoded(&request.body))
}

/// A gateway that answers the first request about an order otherwise than it would.
struct Faulty {
    fake: Arc<dyn Fake>,
    faults: Mutex<HashMap<&'static str, Reply>>,
}

impl Fake for Faulty {
    fn answer(&self, request: &Received) -> Reply {
        let said = said(request);
        let mut faults = self.faults.lock().unwrap();
        let order = faults.keys().find(|order| said.contains(**order)).copied();
        let fault = order.and_then(|order| faults.remove(order));
        fault.unwrap_or_else(|| self.fake.answer(request))
    }
}

/// How many milliseconds after the first attempt at the liaison the second was made.
fn between_attempts(daemon: &Daemon<'_>, order: &str) -> i64 {
    let notice = notice(daemon, order, "liaison").unwrap();
    let at = |attempt: usize| Instant::parse(notice["deliveries"][attempt]["at"].as_str().unwrap()).unwrap();
    at(1).ms_since(at(0))
}

#[test]
fn whatever_goes_wrong_on_the_way_is_taken_for_what_it_is() {
    with_every_driver(|driver| {
        let busy = Reply::With { status: 429, header: Some((RETRY_AFTER, "7".into())), body: String::new() };
        let refused = format!("permanent: {}", driver.refusal.1);
        let faults = [
            ("ZH-02", Reply::status(503, ""), "transient: ", None),
            ("ZH-03", (driver.refusal.0)(), &*refused, Some("mail accepted")),
            ("ZH-04", slow(), "unknown: 已发出，规定时间内没有答复：可能已送达", None),
            ("ZH-05", Reply::Cut, "unknown: 已发出，答复中断", None),
            ("ZH-06", Reply::ok("<html>登录</html>"), driver.garbled, None),
            ("ZH-07", Reply::status(302, ""), "permanent: ", Some("mail accepted")),
        ];
        let replies =
            faults.iter().map(|(order, reply, ..)| (*order, reply.clone())).chain([("ZH-01", busy)]).collect();
        let city = City::new(Faulty { fake: (driver.fake)(), faults: Mutex::new(replies) }, driver.sms);
        city.site.write("duban.yaml", &format!("notices: {{ digest: never }}\n{}", city.site.read("duban.yaml")));
        let daemon = city.site.start();
        daemon.send(&faults.iter().map(|(order, ..)| soon(order)).collect());
        for (order, _, first, second) in &faults {
            let shown = attempts(&daemon, order, 1 + usize::from(second.is_some()));
            assert!(shown[0].starts_with(&format!("sms {first}")), "{}, {order}: {shown:?}", driver.name);
            if let Some(second) = second {
                assert_eq!(&shown[1], second, "{}, {order}", driver.name);
            }
        }
        // Last, for what it asks for holds of all that goes out by the channel.
        daemon.send(&soon("ZH-01"));
        let shown = attempts(&daemon, "ZH-01", 2);
        assert!(shown[0].starts_with("sms transient: ") && shown[1] == "sms accepted", "{}: {shown:?}", driver.name);
        assert!(between_attempts(&daemon, "ZH-01") >= 7_000, "{}: it waits for as long as asked", driver.name);
    });
}

#[test]
fn a_wrong_key_is_refused_by_the_gateway_and_told_to_the_operators() {
    with_every_driver(|driver| {
        let city = City::new((driver.fake)(), driver.sms);
        city.site.write("secrets/sms", "another\n");
        let daemon = city.site.start();
        daemon.send(&soon("ZH-1"));
        let shown = attempts(&daemon, "ZH-1", 2);
        assert_eq!(shown, [format!("sms permanent: {}", driver.wrong_key), "mail accepted".into()], "{}", driver.name);
        let ready = daemon.get(As::Nobody, "/readyz").body;
        assert!(ready.contains(driver.told), "{}: {ready}", driver.name);
    });
}

#[test]
fn of_a_confidential_order_no_gateway_reads_more_than_that_something_waits() {
    with_every_driver(|driver| {
        let city = City::new((driver.fake)(), driver.sms);
        let daemon = city.site.start();
        daemon.send(&clue("ZH-SECRET"));
        approve(&daemon, "ZH-SECRET");
        let request = wait_for(|| city.received().into_iter().find(|request| said(request).contains("13900000000")));
        let said = said(&request);
        assert!(said.contains("移送事项"), "{}: {said}", driver.name);
        for private in ["ZH-SECRET", "甲局", "慢作为", "快速响应"] {
            assert!(!said.contains(private), "{}: {said}", driver.name);
        }
    });
}

#[test]
fn a_gateway_whose_certificate_is_not_trusted_is_sent_nothing() {
    with_every_driver(|driver| {
        let certificate = Certificate::of("localhost");
        let first = |more: &str| {
            let sms = driver.sms.replace("timeout:", &format!("{more}timeout:"));
            let city = City::behind(&certificate, (driver.fake)(), &sms);
            city.site.write("ca.pem", &certificate.pem);
            let daemon = city.site.start();
            daemon.send(&soon("ZH-1"));
            (attempts(&daemon, "ZH-1", 1).remove(0), city.received().len())
        };
        let (refused, received) = first("");
        assert!(refused.starts_with("sms transient: 未能连上：对方的证书不受信任"), "{}: {refused}", driver.name);
        assert_eq!((received, first("ca_file: ca.pem\n    ").0), (0, "sms accepted".to_owned()), "{}", driver.name);
    });
}

#[test]
fn a_described_gateway_is_asked_about_a_message_whose_answer_was_lost() {
    let fake = Arc::new(Described::losing_answers(1));
    let city = City::new(Arc::clone(&fake), DESCRIBED);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    assert!(attempts(&daemon, "ZH-1", 1)[0].starts_with("sms unknown: "));
    wait_for_state(&daemon, "ZH-1", "delivered");
    let [sent] = &fake.sent()[..] else { panic!("{:?}", fake.sent()) };
    assert!(sent.text.starts_with("【12345热线】黄牌：工单ZH-1"), "{}", sent.text);
}
