//! 中国移动云MAS, from a card to the platform: the real daemon against a fake of the platform.

use crate::daemon::harness::wait_for;
use crate::fakes::Certificate;
use crate::gateways::city::{City, after_fault, approve, attempts, clue, post_receipts, slow, soon, wait_for_state};
use crate::gateways::mas::{Mas, answer, group, posted};
use duban::demo::sinks::gateway::Reply;
use reqwest::header::RETRY_AFTER;

const TEXTS: &str = r#"{ kind: sms, driver: mas, url: "{base}/sms/norsubmit", ec_name: 示例市政务服务数据管理局, ap_id: demoap, secret_key: { file: secrets/sms }, sign: demoSIGN1, timeout: 2 seconds }"#;

const TEMPLATES: &str = r#"
    kind: sms
    driver: mas
    url: "{base}/sms/tmpsubmit"
    ec_name: 示例市政务服务数据管理局
    ap_id: demoap
    secret_key: { file: secrets/sms }
    sign: demoSIGN1
    templates:
      yellow-card: { id: tpl0001, params: ["{{ order }}", "{{ act }}", "{{ due.brief }}"] }
      confidential: { id: tpl0001, params: ["{{ act }}"] }
"#;

fn texts() -> City {
    City::new(Mas::default(), TEXTS)
}

fn templates() -> City {
    City::new(Mas::default(), TEMPLATES)
}

#[test]
fn a_card_is_a_text_without_the_signature_that_the_platform_adds() {
    let city = texts();
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    assert_eq!(attempts(&daemon, "ZH-1", 1), ["sms accepted"]);
    let body = posted(&city.received()[0]).unwrap();
    let content = body["content"].as_str().unwrap();
    assert!(content.starts_with("黄牌：工单ZH-1未在") && !content.contains('【'), "{content}");
    assert_eq!((body["mobiles"].as_str(), body.get("secretKey")), (Some("13800000000"), None));
    assert!(city.mail.mails().is_empty(), "the preferred channel worked");
    let length = content.encode_utf16().count() + "【12345热线】".encode_utf16().count();
    let segments = if length <= 70 { 1.0 } else { f64::from(u32::try_from(length.div_ceil(67)).unwrap()) };
    assert_eq!(daemon.metric("duban_sms_segments_total{channel=\"sms\"}"), Some(segments), "{content}");
}

#[test]
fn a_signature_of_the_text_is_put_in_front_once_and_the_key_into_the_body_where_a_platform_wants_that() {
    let own = TEXTS.replace("timeout", "signature: 示例12345, signature_by: text, secret_in_body: true, timeout");
    let city = City::new(Mas::default(), &own);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    assert_eq!(attempts(&daemon, "ZH-1", 1), ["sms accepted"]);
    let body = posted(&city.received()[0]).unwrap();
    let content = body["content"].as_str().unwrap();
    assert!(content.starts_with("【示例12345】黄牌：") && content.matches('【').count() == 1, "{content}");
    assert_eq!(body["secretKey"], "demo-Secret-1");
}

#[test]
fn a_card_is_a_registered_template_with_its_parameters_in_order() {
    let city = templates();
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    assert_eq!(attempts(&daemon, "ZH-1", 1), ["sms accepted"]);
    let body = posted(&city.received()[0]).unwrap();
    let params: Vec<String> = serde_json::from_str(body["params"].as_str().unwrap()).unwrap();
    assert_eq!((params.len(), params[0].as_str(), params[1].as_str()), (3, "ZH-1", "黄牌"));
    assert!(params[2].contains('月') && params[2].contains(':'), "{params:?}");
}

#[test]
fn a_confidential_route_is_told_by_the_template_that_says_nothing_of_the_order() {
    let city = templates();
    let daemon = city.site.start();
    daemon.send(&clue("ZH-1"));
    approve(&daemon, "ZH-1");
    let body = wait_for(|| city.received().first().and_then(posted));
    assert_eq!((body["mobiles"].as_str(), body["params"].as_str()), (Some("13900000000"), Some(r#"["移送事项"]"#)));
}

#[test]
fn a_kind_without_a_template_goes_by_the_next_channel() {
    let city = City::new(Mas::default(), &TEMPLATES.replace("yellow-card", "red-card"));
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    assert_eq!(
        attempts(&daemon, "ZH-1", 2),
        ["sms permanent: 没有给这种通知（yellow-card）配置短信模板", "mail accepted"]
    );
    assert!(city.received().is_empty());
}

#[test]
fn a_wrong_account_is_said_in_words_and_the_mail_goes_out() {
    for (written, instead, said) in [
        (
            "ap_id: demoap",
            "ap_id: other",
            "云MAS：InvalidUsrOrPwd（用户名或密码不对：核对 ec_name、ap_id、secret_key）",
        ),
        ("sign: demoSIGN1", "sign: other", "云MAS：IllegalSignId（签名编码不对：核对 sign）"),
    ] {
        let city = City::new(Mas::default(), &TEXTS.replace(written, instead));
        let daemon = city.site.start();
        daemon.send(&soon("ZH-1"));
        assert_eq!(attempts(&daemon, "ZH-1", 2), [format!("sms permanent: {said}"), "mail accepted".into()]);
    }
}

#[test]
fn a_busy_platform_is_tried_again() {
    for fault in [
        answer("SystemBusy", ""),
        Reply::With { status: 429, header: Some((RETRY_AFTER, "1".into())), body: String::new() },
    ] {
        let (city, shown) = after_fault(texts(), fault, 2);
        assert!(shown[0].starts_with("sms transient: 云MAS：") && shown[1] == "sms accepted", "{shown:?}");
        assert_eq!(city.received().len(), 2);
    }
}

#[test]
fn what_was_sent_and_not_answered_is_unknown() {
    for (fault, why) in [
        (slow(), "规定时间内没有答复"),
        (Reply::Cut, "答复中断"),
        (Reply::ok("<html>登录</html>"), "答复不是约定的格式，可能已发出"),
        (Reply::ok(r#"{"success":true}"#), "答复不是约定的格式，可能已发出"),
        (Reply::status(502, "bad gateway"), "HTTP 502"),
    ] {
        let (_, shown) = after_fault(texts(), fault, 1);
        assert!(shown[0].starts_with("sms unknown: ") && shown[0].contains(why), "{shown:?}");
    }
}

#[test]
fn a_certificate_that_nobody_signed_is_refused_unless_its_authority_or_the_danger_is_configured() {
    let certificate = Certificate::of("localhost");
    let tls = |more: &str| {
        let city = City::behind(&certificate, Mas::default(), &TEXTS.replace("timeout", &format!("{more}timeout")));
        city.site.write("ca.pem", &certificate.pem);
        let shown = {
            let daemon = city.site.start();
            daemon.send(&soon("ZH-1"));
            attempts(&daemon, "ZH-1", 1)
        };
        (shown[0].clone(), city.site.read("err.log"))
    };
    let (refused, _) = tls("");
    assert!(refused.starts_with("sms transient: 未能连上：对方的证书不受信任"), "{refused}");
    assert_eq!(tls("ca_file: ca.pem, ").0, "sms accepted");
    let (accepted, log) = tls("danger_accept_invalid_certs: true, ");
    assert_eq!(accepted, "sms accepted");
    assert!(log.contains("certificates are NOT checked"), "{log}");
}

#[test]
fn status_reports_and_replies_are_taken_by_callback() {
    let city = City::new(
        Mas::default(),
        &TEXTS.replace("timeout", "receipts: { token: { file: secrets/receipts } }, timeout"),
    );
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    wait_for_state(&daemon, "ZH-1", "accepted");
    let post = |body: String| post_receipts(&daemon, "token-of-receipts", "application/json", &body).0;
    let reply =
        r#"{"mobile":"13800000000","smsContent":"收到","sendTime":"2026-01-05 09:05:00","addSerial":"106575297722"}"#;
    assert_eq!((post(reply.into()), post(reply.into())), (200, 200));
    let stranger = reply.replace("13800000000", "13911112222");
    assert_eq!(post(stranger), 200);
    let group = group(1);
    let report = format!(
        r#"{{"reportStatus":"DELIVRD","mobile":"13800000000","submitDate":"20260105090200","receiveDate":"20260105090203","errorCode":"","msgGroup":"{group}"}}"#
    );
    assert_eq!(post(report), 200);
    wait_for_state(&daemon, "ZH-1", "delivered");
    let log = city.site.read("err.log");
    assert!(!log.contains("收到") && !log.contains("13800000000"), "{log}");
    for (result, count) in [("known", 1.0), ("repeated", 1.0), ("unknown", 1.0)] {
        let line = format!("duban_replies_total{{channel=\"sms\",result=\"{result}\"}}");
        assert_eq!(daemon.metric(&line), Some(count), "{line}");
    }
    let shown = String::from_utf8(city.site.output(&["notices", "show", "1"]).stdout).unwrap();
    assert!(shown.contains("  回复\n    2026-01-05 09:05  sms  13800000000  收到\n"), "{shown}");
    let json = city.site.output(&["notices", "show", "1", "--format", "jsonl"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((&json["replies"][0]["text"], json["replies"].as_array().unwrap().len()), (&"收到".into(), 1));
}
